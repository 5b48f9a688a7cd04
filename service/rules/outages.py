"""When the platform fails or is stopped, and how a sale goes on (rules §§7–8)."""

from dataclasses import replace

from service.rules import messages as m
from service.rules.lot import Lot
from service.rules.refusals import Reason, Refusal
from service.rules.release import violations
from service.rules.table import BIDDING_STAGES
from service.rules.terms import OutageResume, Stage, Timetable
from service.rules.timetable import LATEST_MS, beijing_day

AUTO_RESUME_LIMIT_MS = 2 * 3_600_000

Decision = tuple[m.Event, ...] | Refusal


def decide_interrupt(lot: Lot, command: m.Interrupt, at: int) -> Decision:
    """The bid path was not proved: stop the sale, so that it cannot close by wall time."""
    gap = command.gap_to - command.gap_from
    if command.cause is m.InterruptCause.OUTAGE and gap <= lot.rules.outage_gap_s * 1000:
        return Refusal(Reason.NO_GAP, {"gap_ms": gap})
    if gap < 0 or command.gap_to > at:
        return Refusal(Reason.NO_GAP, {"gap_ms": gap})
    resumes_at = at + lot.rules.outage_notice_s * 1000 if _auto(lot, command) else None
    return (m.Interrupted(gap_from=command.gap_from, gap_to=command.gap_to, resumes_at=resumes_at),)


def _auto(lot: Lot, command: m.Interrupt) -> bool:
    same_day = beijing_day(command.gap_from) == beijing_day(command.gap_to)
    short = command.gap_to - command.gap_from <= AUTO_RESUME_LIMIT_MS
    return lot.rules.outage_resume is OutageResume.AUTO and short and same_day


def decide_resume(lot: Lot, command: m.Resume, at: int) -> Decision:
    """Resume with the time that everyone is owed; resuming can shorten nobody's window."""
    refused = _resume_refusal(lot, command, at)
    if refused is not None:
        return refused
    match lot.stage:
        case Stage.LISTING | Stage.QUIET:
            return _resume_listing(lot, command, at)
        case Stage.READY:
            return (m.Resumed(closes_at=at + lot.rules.ready_min * lot.rules.minute_ms),)
        case Stage.TIMED:
            return (m.Resumed(closes_at=at + lot.countdown_ms),)
        case Stage.CLOSING if lot.disputed:
            end = at + lot.countdown_ms
            reopened = m.StageChanged(origin=Stage.CLOSING, to=Stage.TIMED, closes_at=end)
            return m.Resumed(closes_at=end), reopened
        case Stage.ANNOUNCED:
            return _resume_announced(lot, command, at)
        case _:
            return (m.Resumed(),)


def _resume_refusal(lot: Lot, command: m.Resume, at: int) -> Refusal | None:
    assert lot.suspended_at is not None
    if command.officials is None:
        if lot.resumes_at is None:
            return Refusal(Reason.FOUR_EYES)
        if at < lot.resumes_at:
            return Refusal(Reason.TOO_EARLY, {"earliest_at": lot.resumes_at})
        return None
    rule = lot.rules.suspend_rule
    at_once = at - lot.suspended_at <= rule.at_once_within_s * 1000
    # Nobody can announce the end of a suspension before it has begun.
    announced_at = max(command.announced_at, lot.suspended_at)
    earliest = announced_at + (0 if at_once else rule.notice_s * 1000)
    if at < earliest:
        return Refusal(Reason.RESUME_NOT_ANNOUNCED, {"earliest_at": earliest})
    return None


def _resume_announced(lot: Lot, command: m.Resume, at: int) -> Decision:
    """The whole frame holds for a new timetable: resuming is no way around it."""
    table = command.timetable if command.timetable is not None else lot.timetable
    announced_at = lot.timetable.announced_at
    if table.announced_at != announced_at or violations(lot.parcel, lot.rules, table, announced_at):
        return Refusal(Reason.TIMETABLE_INVALID, {"at": at})
    if table.bidding_from < at:
        return Refusal(Reason.TIMETABLE_INVALID, {"at": at})
    if table.bidding_from < lot.timetable.bidding_from:
        return Refusal(Reason.WINDOW_TOO_SHORT, {"earliest_at": lot.timetable.bidding_from})
    return (m.Resumed(timetable=command.timetable),)


def _resume_listing(lot: Lot, command: m.Resume, at: int) -> Decision:
    owed = _owed_ms(lot)
    shift = lot.quiet_ms if lot.stage is Stage.LISTING else 0
    if lot.timetable.listing_to is None:
        return (m.Resumed(closes_at=at + owed),)
    if command.officials is None:
        table = replace(lot.timetable, listing_to=at + owed + shift)
        return (m.Resumed(closes_at=at + owed, timetable=table),)
    if command.timetable is None or command.timetable.listing_to is None:
        return Refusal(Reason.TIMETABLE_MISSING, {"earliest_listing_to": at + owed + shift})
    too_far = command.timetable.listing_to > LATEST_MS
    if too_far or not _same_past(lot.timetable, command.timetable):
        return Refusal(Reason.TIMETABLE_INVALID, {"at": at})
    end = command.timetable.listing_to - shift
    if end < at + owed:
        return Refusal(Reason.WINDOW_TOO_SHORT, {"earliest_listing_to": at + owed + shift})
    return (m.Resumed(closes_at=end, timetable=command.timetable),)


def _owed_ms(lot: Lot) -> int:
    """What was left of the window when it stopped, and a full countdown at the least (ms)."""
    assert lot.closes_at is not None
    assert lot.opened_at is not None
    assert lot.suspended_at is not None
    left = max(lot.closes_at - max(lot.suspended_at, lot.opened_at), 0)
    return max(left, lot.countdown_ms) if lot.stage in BIDDING_STAGES else left


def _same_past(before: Timetable, after: Timetable) -> bool:
    """A listing that has begun can be given another end; the rest has happened already.

    Registration and deposits may get a later end, never an earlier one.
    """
    assert after.listing_to is not None
    ends = replace(
        before,
        listing_to=after.listing_to,
        registration_to=after.registration_to,
        deposit_deadline=after.deposit_deadline,
    )
    return (
        ends == after
        and before.registration_to <= after.registration_to <= after.listing_to
        and before.deposit_deadline <= after.deposit_deadline <= after.listing_to
    )
