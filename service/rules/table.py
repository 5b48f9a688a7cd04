"""The law: which command is allowed in which stage, and which stage may follow which.

Read a row aloud: "while LISTING, a bid may be placed, …". Anything not in a row is refused by name.
The diagram in the documents is drawn from these tables and a property test holds `decide` to them.
"""

from collections.abc import Mapping

from service.rules import messages as m
from service.rules.refusals import Reason
from service.rules.terms import Control, Stage

BIDDING_STAGES = frozenset({Stage.LISTING, Stage.TIMED})
PROVED_STAGES = frozenset({Stage.LISTING, Stage.READY, Stage.TIMED})
FINAL_STAGES = frozenset({Stage.SOLD, Stage.FAILED})

ALLOWED: Mapping[Stage, frozenset[type]] = {
    Stage.ANNOUNCED: frozenset({m.SupplementLot, m.Advance, m.Suspend, m.Terminate}),
    Stage.LISTING: frozenset({m.PlaceBid, m.Advance, m.Suspend, m.Interrupt, m.Terminate}),
    Stage.QUIET: frozenset({m.Advance, m.Suspend, m.Terminate}),
    Stage.READY: frozenset({m.OptIn, m.Advance, m.Suspend, m.Interrupt, m.Terminate}),
    Stage.TIMED: frozenset({m.PlaceBid, m.Advance, m.Suspend, m.Interrupt, m.Terminate}),
    Stage.CLOSING: frozenset({m.OpenReserve, m.CloseSale, m.Suspend, m.Terminate}),
    Stage.SOLD: frozenset({m.OpenRoll, m.ConfirmResult, m.SealLog}),
    Stage.FAILED: frozenset({m.OpenRoll, m.ConfirmResult, m.SealLog}),
}
"""What may be done while control is NORMAL."""

ALLOWED_WHEN_SUSPENDED = frozenset({m.Resume, m.Suspend, m.Terminate})
"""A second suspension takes an interrupted sale out of its automatic resumption."""

REFUSED_BID: Mapping[Stage, Reason] = {
    Stage.ANNOUNCED: Reason.NOT_OPEN,
    Stage.QUIET: Reason.NOT_OPEN,
    Stage.READY: Reason.NOT_OPEN,
    Stage.CLOSING: Reason.CLOSED,
    Stage.SOLD: Reason.CLOSED,
    Stage.FAILED: Reason.CLOSED,
}
"""A bid is always answered; these rows name the answer where it cannot be accepted."""

TRANSITIONS: Mapping[tuple[Stage, Stage], str] = {
    (Stage.ANNOUNCED, Stage.LISTING): "listing_from, free phase, or too few and converted",
    (Stage.ANNOUNCED, Stage.READY): "auction_from",
    (Stage.ANNOUNCED, Stage.TIMED): "auction_from, no preparation",
    (Stage.ANNOUNCED, Stage.FAILED): "too few bidders",
    (Stage.LISTING, Stage.QUIET): "listing_to − quiet",
    (Stage.LISTING, Stage.READY): "listing_to",
    (Stage.LISTING, Stage.TIMED): "listing_to or end of the free phase",
    (Stage.LISTING, Stage.CLOSING): "listing_to, no live phase",
    (Stage.QUIET, Stage.READY): "listing_to",
    (Stage.QUIET, Stage.TIMED): "listing_to",
    (Stage.QUIET, Stage.CLOSING): "listing_to, no live phase",
    (Stage.READY, Stage.LISTING): "auction's free phase",
    (Stage.READY, Stage.TIMED): "timer",
    (Stage.TIMED, Stage.CLOSING): "countdown at 0, or cap reached",
    (Stage.CLOSING, Stage.TIMED): "resumed after a dispute",
    (Stage.CLOSING, Stage.SOLD): "reserve met",
    (Stage.CLOSING, Stage.FAILED): "no quote or reserve not met",
    (Stage.SOLD, Stage.FAILED): "winner not qualified",
}
"""Every stage change there is, but termination, which leads from any unfinished stage to FAILED."""


def refusal_by_table(stage: Stage, control: Control, command: type) -> Reason | None:
    """The reason why `command` may not be decided here, or None when the law allows it.

    Bids are never stopped here: they are always decided and answered (see REFUSED_BID).
    """
    if command is m.PlaceBid:
        return None
    if command is m.PublishLot:
        return Reason.ALREADY_PUBLISHED
    if stage in FINAL_STAGES:
        if command in ALLOWED[stage]:
            return None
        return Reason.TERMINATED if control is Control.TERMINATED else Reason.WRONG_STAGE
    if control is Control.SUSPENDED:
        return None if command in ALLOWED_WHEN_SUSPENDED else Reason.SUSPENDED
    if command in ALLOWED[stage]:
        return None
    if command is m.Resume:
        return Reason.NOT_SUSPENDED
    if command is m.SupplementLot:
        return Reason.BIDDING_HAS_OPENED
    return Reason.WRONG_STAGE


def diagram() -> str:
    """The stages as a Mermaid state diagram, for the documents."""
    lines = ["stateDiagram-v2", "    [*] --> ANNOUNCED: publish_lot"]
    lines += [f"    {a} --> {b}: {why}" for (a, b), why in TRANSITIONS.items()]
    unfinished = [stage for stage in Stage if stage not in FINAL_STAGES]
    lines += [f"    {stage} --> FAILED: terminate" for stage in unfinished]
    return "\n".join(lines) + "\n"
