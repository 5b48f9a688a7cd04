"""decide(lot, command, at) → events or a refusal. The only door into the rules."""

from service.rules import messages as m
from service.rules.bidding import decide_bid, may_enter
from service.rules.lot import Lot, born, evolve
from service.rules.outages import decide_interrupt, decide_resume
from service.rules.refusals import Reason, Refusal
from service.rules.release import violations
from service.rules.table import refusal_by_table
from service.rules.terms import RULES_VERSION, EntryRule, FailedReason, ReserveKind, RuleSet, Stage
from service.rules.timetable import (
    days_between,
    decide_advance,
    is_ordered,
    is_waived,
    needed_days,
)

__all__ = ["apply", "decide", "fold", "may_enter"]

Decision = tuple[m.Event, ...] | Refusal


def decide(lot: Lot | None, command: m.Command, at: int) -> Decision:
    """What the rules say to `command` at `at` (ms, database time).

    Returns the events to log, or a Refusal when nothing may be logged. From publication to the
    seal a bid is always decided: its refusal is an event. Pure; raises only AssertionError for a
    broken promise of the caller.
    """
    if isinstance(command, m.PublishLot):
        return _publish(lot, command, at)
    if lot is None:
        return Refusal(Reason.NOT_PUBLISHED)
    if lot.sealed:
        return Refusal(Reason.SEALED)
    by_table = refusal_by_table(lot.stage, lot.control, type(command))
    if by_table is not None:
        return Refusal(by_table)
    if not _four_eyes(command):
        return Refusal(Reason.FOUR_EYES)
    return _decide_allowed(lot, command, at)


def apply(lot: Lot | None, command: m.Command, events: tuple[m.Event, ...], at: int) -> Lot:
    """The lot after one entry."""
    if lot is None:
        assert isinstance(command, m.PublishLot), "entry 0 publishes the lot"
        lot = born(command)
    for event in events:
        lot = evolve(lot, event, command, at)
    return lot


def fold(entries: list[tuple[m.Command, tuple[m.Event, ...], int]]) -> Lot | None:
    """The state that a whole log tells; None for an empty log."""
    lot: Lot | None = None
    for command, events, at in entries:
        lot = apply(lot, command, events, at)
    return lot


def _decide_allowed(lot: Lot, command: m.Command, at: int) -> Decision:
    match command:
        case m.PlaceBid():
            return decide_bid(lot, command, at)
        case m.Advance():
            return decide_advance(lot, command, at)
        case m.Interrupt():
            return decide_interrupt(lot, command, at)
        case m.Resume():
            return decide_resume(lot, command, at)
        case m.OptIn():
            return _opt_in(lot, command)
        case m.SupplementLot():
            return _supplement(lot, command, at)
        case m.Suspend():
            return _suspend(lot, command)
        case m.Terminate():
            return m.LotTerminated(), m.LotFailed(reason=FailedReason.TERMINATED)
        case m.OpenReserve():
            return _open_reserve(lot, command)
        case m.CloseSale():
            return _close(lot, command)
        case m.OpenRoll():
            return _open_roll(lot, command)
        case m.ConfirmResult():
            return _confirm(lot, command)
        case m.SealLog():
            return _seal(lot)
        case m.PublishLot():
            return Refusal(Reason.ALREADY_PUBLISHED)


def _four_eyes(command: m.Command) -> bool:
    """Two different officials; one alone only for an emergency suspension or automatically."""
    officials = getattr(command, "officials", None)
    if officials is None:
        return True
    if isinstance(command, m.Suspend) and command.emergency:
        return officials.approver is None or officials.approver != officials.requester
    return officials.approver is not None and officials.approver != officials.requester


def _publish(lot: Lot | None, command: m.PublishLot, at: int) -> Decision:
    if lot is not None:
        return Refusal(Reason.ALREADY_PUBLISHED)
    if not _four_eyes(command):
        return Refusal(Reason.FOUR_EYES)
    if command.rules_version != RULES_VERSION:
        return Refusal(Reason.RULES_NOT_VALID, {"rules_version": RULES_VERSION})
    if violations(command.lot, command.rules, command.timetable, at):
        return Refusal(Reason.RULES_NOT_VALID)
    return (m.LotPublished(),)


PRICE_FACTS = (
    "price_unit",
    "starting_price_fen",
    "increment_fen",
    "increment_unit",
    "increment_live_fen",
    "reserve",
    "price_cap_fen",
    "deposit",
)
"""A change of one of these is price-relevant, whatever the supplement calls itself."""


def _supplement(lot: Lot, command: m.SupplementLot, at: int) -> Decision:
    """T3: a late price-relevant change postpones the start."""
    if at >= lot.timetable.bidding_from:
        return Refusal(Reason.BIDDING_HAS_OPENED)
    if command.rules.method is not lot.rules.method:
        return Refusal(Reason.RULES_NOT_VALID)
    table = command.timetable
    if not is_ordered(table, command.rules.method) or table.bidding_from < at:
        return Refusal(Reason.TIMETABLE_INVALID)
    if table.bidding_from < lot.timetable.bidding_from:
        return Refusal(Reason.WINDOW_TOO_SHORT, {"earliest_at": lot.timetable.bidding_from})
    left = days_between(lot.rules, at, table.bidding_from)
    if _price_relevant(lot.rules, command) and left < needed_days(lot.rules, "T1"):
        return Refusal(Reason.START_NOT_POSTPONED, {"days_left": left})
    as_announced = table.announced_at == lot.timetable.announced_at
    if not as_announced or violations(lot.parcel, command.rules, table, table.announced_at):
        return Refusal(Reason.RULES_NOT_VALID)
    postponed = table.bidding_from > lot.timetable.bidding_from
    return (m.LotSupplemented(version=lot.version + 1, postponed=postponed),)


def _price_relevant(before: RuleSet, command: m.SupplementLot) -> bool:
    if is_waived(before, "T3"):
        return False
    changed = any(getattr(before, fact) != getattr(command.rules, fact) for fact in PRICE_FACTS)
    return command.price_relevant or changed


def _opt_in(lot: Lot, command: m.OptIn) -> Decision:
    if lot.rules.entry_rule is not EntryRule.OPT_IN:
        return Refusal(Reason.OPT_IN_NOT_ASKED)
    assert lot.opened_at is not None, "READY has a beginning"
    assert lot.closes_at is not None, "READY has an end"
    if command.received_at < lot.opened_at:
        return Refusal(Reason.NOT_OPEN, {"opened_at": lot.opened_at})
    if command.received_at >= lot.closes_at:
        return Refusal(Reason.CLOSED, {"closes_at": lot.closes_at})
    return (m.BidderEntered(bidder_no=command.bidder_no, join=command.join),)


def _suspend(lot: Lot, command: m.Suspend) -> Decision:
    if lot.suspended_at is not None and lot.resumes_at is None:
        return Refusal(Reason.ALREADY_SUSPENDED)
    return (m.Suspended(cause=command.cause),)


def _open_reserve(lot: Lot, command: m.OpenReserve) -> Decision:
    if lot.reserve_met is not None:
        return Refusal(Reason.RESERVE_ALREADY_OPENED)
    may_have = lot.rules.reserve is ReserveKind.SEALED
    without_reserve = not command.has_reserve and command.amount_fen != 0
    if without_reserve or (command.has_reserve and not may_have):
        return Refusal(Reason.RESERVE_NOT_ALLOWED)
    # The test is P ≥ R; prior art used > and failed a sale that had met its reserve.
    met = lot.price_fen is not None and lot.price_fen >= command.amount_fen
    return (m.ReserveOpened(amount_fen=command.amount_fen, salt=command.salt, met=met),)


def _close(lot: Lot, command: m.CloseSale) -> Decision:
    if lot.reserve_met is None:
        return Refusal(Reason.RESERVE_NOT_OPENED)
    if lot.price_fen is None:
        reason = FailedReason.NO_QUOTE
        if not command.any_admitted:
            reason = FailedReason.NO_QUALIFIED_BIDDER
        return _fail(lot, reason)
    if not lot.reserve_met:
        return _fail(lot, FailedReason.BELOW_RESERVE)
    assert lot.leader_no is not None, "a price has a leader"
    assert lot.total_fen is not None
    return (
        m.StageChanged(origin=lot.stage, to=Stage.SOLD),
        m.HammerFell(bidder_no=lot.leader_no, amount_fen=lot.price_fen),
        m.LotSold(total_fen=lot.total_fen),
    )


def _fail(lot: Lot, reason: FailedReason) -> Decision:
    return m.StageChanged(origin=lot.stage, to=Stage.FAILED), m.LotFailed(reason=reason)


def _open_roll(lot: Lot, command: m.OpenRoll) -> Decision:
    if lot.roll_opened:
        return Refusal(Reason.ROLL_ALREADY_OPENED)
    return (m.RollOpened(bidders=len({row.bidder_no for row in command.roll})),)


def _confirm(lot: Lot, command: m.ConfirmResult) -> Decision:
    """A result disputed after its confirmation is confirmed once more, with the ruling."""
    if lot.confirmed and not lot.disputed:
        return Refusal(Reason.ALREADY_CONFIRMED)
    if lot.disputed and not command.ruling:
        return Refusal(Reason.DISPUTED)
    if command.outcome is m.Confirmation.UNQUALIFIED:
        if lot.stage is Stage.FAILED:
            return Refusal(Reason.WRONG_STAGE)
        return _fail(lot, FailedReason.WINNER_UNQUALIFIED)
    return (m.ResultConfirmed(),)


def _seal(lot: Lot) -> Decision:
    if not lot.roll_opened:
        return Refusal(Reason.ROLL_NOT_OPENED)
    if lot.disputed:
        return Refusal(Reason.DISPUTED)
    if lot.stage is Stage.SOLD and not lot.confirmed:
        return Refusal(Reason.NOT_CONFIRMED)
    return (m.LogSealed(),)
