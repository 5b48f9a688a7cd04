"""What a log needs from outside before it may be sealed, and what it has: for office and regulator.

A lot cannot be sealed without its witnesses' quorum (the bid log, §5); bidding never waits.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.problem import ProblemCode
from schemas.rest import LogAnchors, PendingStamp, WitnessMark
from service.audit.policy import Policy
from service.desk.refused import Refused
from service.desk.stamps import Stamps
from service.desk.witnesses import Witnesses
from service.store import anchors, cosignatures, timestamps
from service.store.house_reads import running_lots
from service.store.ledger import read_head
from service.store.log_tables import HOUSE, lot_log
from service.store.signer import Signer
from service.store.trees import Trees

if TYPE_CHECKING:
    from service.desk.ports import Desk

QUORUM_MISSING = "WITNESS_QUORUM_MISSING"
STAMP_PENDING = "CLOSE_STAMP_PENDING"
TREE_LEAVES = 1_000_000
HEADS_SEARCHED = 200
"""Cosigned heads among which the newest with its quorum is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """What this process has been given: a policy, and with it witnesses; an authority.

    trees: of the logs whose consistency somebody asks about.
    """

    policy: Policy | None = None
    witnesses: Witnesses | None = None
    stamps: Stamps | None = None
    trees: Trees = field(default_factory=lambda: Trees(TREE_LEAVES))


async def check_sealable(desk: "Desk", lot_id: str) -> None:
    """Asks witnesses and authority now; refuses by name while the lot's head lacks what it needs.

    Raises Refused: WITNESS_QUORUM_MISSING or CLOSE_STAMP_PENDING, with the figures.
    """
    log = lot_log(lot_id)
    if desk.anchors.witnesses is not None:
        size, names = await desk.anchors.witnesses.ask(log)
        if desk.anchors.witnesses.policy.needs(names):
            raise _quorum_missing(desk.anchors.witnesses.policy, size, names)
    if desk.anchors.stamps is not None:
        waiting = await desk.anchors.stamps.ask_close(log)
        if waiting:
            raise _stamp_pending(waiting[0].tries, desk.clock.now_ms() - waiting[0].wanted_at)


async def ask_now(desk: "Desk", lot_id: str) -> None:
    """Brings the lot's present head to the witnesses at once instead of with the next round."""
    if desk.anchors.witnesses is not None:
        await desk.anchors.witnesses.ask(lot_log(lot_id))


async def has_quorum(connection: AsyncConnection, policy: Policy | None, log: str) -> bool:
    """Whether the log's present head has the cosignatures that the policy asks for."""
    if policy is None:
        return True
    head = await read_head(connection, log)
    size = 0 if head is None else head.size
    return policy.satisfied(await cosignatures.cosigners(connection, log, size))


async def newest_with_quorum(
    connection: AsyncConnection, policy: Policy, log: str, below: int
) -> int | None:
    """The largest size of at most `below` whose head has its quorum, None when there is none."""
    found = await cosignatures.newest_cosigned(connection, log, below=below, limit=HEADS_SEARCHED)
    return next((size for size, names in found if policy.satisfied(names)), None)


async def list_anchors(
    connection: AsyncConnection, given: Anchors, signer: Signer, after: str, limit: int
) -> list[LogAnchors]:
    """What is known of at most `limit` logs after this name, in order of name: the house first.

    While a lot is running the house log's sizes are left out (rules §11, decision 16).
    """
    heads = await anchors.heads_after(connection, after, limit)
    names = list(heads)
    marks = await cosignatures.marks_of(connection, names)
    waiting = await timestamps.pending(connection, names)
    stamped = await timestamps.count_stamped(connection, names)
    running = await running_lots(connection)
    found = []
    for log, size in heads.items():
        quorum = None
        if given.policy is not None:
            quorum = await newest_with_quorum(connection, given.policy, log, size) or 0
        told = log != HOUSE or not running.lots
        found.append(
            LogAnchors(
                log=log,
                size=size if told else None,
                quorum_size=quorum if told else None,
                quorum_newest=None if quorum is None else quorum == size,
                witnesses=tuple(_mark(mark, size, told) for mark in marks if mark.log == log),
                stamped=stamped.get(log, 0),
                stamps_pending=tuple(_pending(each) for each in waiting if each.log == log),
                halted=signer.halted(f"{signer.verifying.name}/{log}"),
            )
        )
    return found


# ── inside ──────────────────────────────────────────────────────────────────────────────────


def _quorum_missing(policy: Policy, size: int, names: set[str]) -> Refused:
    known = sorted(each.name for each in policy.witnesses)
    missing = ", ".join(name for name in known if name not in names)
    sentence = (
        f"The log cannot be sealed yet: its head of {size} entries is cosigned by {len(names)} of "
        f"{len(known)} witnesses and the quorum {policy.quorum_name} is not reached; "
        f"missing: {missing}."
    )
    figures = {"size": size, "cosigned": len(names), "witnesses": len(known)}
    return Refused(ProblemCode.WRONG_STATE, sentence, reason=QUORUM_MISSING, figures=figures)


def _stamp_pending(tries: int, waited_ms: int) -> Refused:
    sentence = (
        f"The log cannot be sealed yet: the timestamp of the close has been waiting for "
        f"{waited_ms // 1000} s, after {tries} tries."
    )
    figures = {"tries": tries, "waited_ms": max(waited_ms, 0)}
    return Refused(ProblemCode.WRONG_STATE, sentence, reason=STAMP_PENDING, figures=figures)


def _mark(mark: cosignatures.Mark, size: int, told: bool) -> WitnessMark:
    return WitnessMark(
        witness=mark.witness,
        size=mark.size if told else None,
        newest=mark.size == size,
        at=mark.at if told else None,
        said=mark.said,
        tries=mark.tries,
    )


def _pending(wanted: timestamps.Wanted) -> PendingStamp:
    return PendingStamp(
        size=wanted.size,
        moments=tuple(wanted.moment.split()),
        wanted_at=wanted.wanted_at,
        tries=wanted.tries,
        said=wanted.said,
    )
