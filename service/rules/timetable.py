"""What time does: when a stage may be left, what follows it, and how long its window is."""

from dataclasses import replace

from service.rules import messages as m
from service.rules.lot import Lot
from service.rules.refusals import Reason, Refusal
from service.rules.table import BIDDING_STAGES, PROVED_STAGES
from service.rules.terms import (
    BEIJING_OFFSET_MS,
    DayCount,
    EntryRule,
    FailedReason,
    LiveTrigger,
    Method,
    RuleSet,
    Shortfall,
    Stage,
    Timetable,
)

HOUR_MIN = 60
DAY_MS = 86_400_000
AUTO_RESUME_LIMIT_MS = 2 * 3_600_000


def next_wake_at(lot: Lot) -> int | None:
    """When time next asks something of this lot (ms), or None when only people can."""
    if lot.resumes_at is not None:
        return lot.resumes_at
    if lot.suspended_at is not None or lot.sealed:
        return None
    return leaves_at(lot)


def leaves_at(lot: Lot) -> int | None:
    """The earliest instant at which the present stage may be left (ms).

    A window that takes bids is left `drain_ms` after its end, so that quotes which arrived in
    time in another process are decided too.
    """
    match lot.stage:
        case Stage.ANNOUNCED:
            return lot.timetable.bidding_from
        case Stage.LISTING | Stage.TIMED:
            assert lot.closes_at is not None
            return lot.closes_at + lot.rules.drain_ms
        case Stage.QUIET | Stage.READY:
            return lot.closes_at
        case _:
            return None


def decide_advance(lot: Lot, command: m.Advance, at: int) -> tuple[m.Event, ...] | Refusal:
    """Leave a stage whose time is over. A tick that comes second finds the stage gone."""
    if command.leaving is not lot.stage:
        return Refusal(Reason.STALE_ADVANCE)
    earliest = leaves_at(lot)
    assert earliest is not None, "the table lets only timed stages advance"
    if at < earliest:
        return Refusal(Reason.TOO_EARLY, {"earliest_at": earliest})
    if lot.stage in PROVED_STAGES:
        assert lot.closes_at is not None
        if command.proved_to < lot.closes_at:
            return Refusal(Reason.PATH_NOT_PROVED, {"closes_at": lot.closes_at})
    if lot.stage is Stage.ANNOUNCED and lot.rules.method is Method.AUCTION:
        return _start_auction(lot, command, at)
    return _to(lot, *_following(lot, at))


def _following(lot: Lot, at: int) -> tuple[Stage, int | None]:
    """The stage after the present one and the end of its window."""
    match lot.stage:
        case Stage.ANNOUNCED:
            return Stage.LISTING, quotes_end(lot.timetable, lot.quiet_ms)
        case Stage.LISTING if lot.runs_as_listing and lot.quiet_ms > 0:
            return Stage.QUIET, lot.timetable.listing_to
        case Stage.LISTING | Stage.QUIET:
            if not _live_phase(lot):
                return Stage.CLOSING, None
            return _ready_or_timed(lot, at) if lot.runs_as_listing else _timed(lot, at)
        case Stage.READY if _free_phase_due(lot):
            return Stage.LISTING, at + lot.rules.free_min * lot.rules.minute_ms
        case Stage.READY:
            return _timed(lot, at)
        case _:
            return Stage.CLOSING, None


def _start_auction(lot: Lot, command: m.Advance, at: int) -> tuple[m.Event, ...] | Refusal:
    if command.enough is None or command.head_count_commitment is None:
        return Refusal(Reason.HEAD_COUNT_MISSING)
    if command.enough:
        return _to(lot, *_ready_or_timed(lot, at))
    if lot.rules.on_shortfall is Shortfall.TERMINATE:
        failed = m.LotFailed(reason=FailedReason.TOO_FEW_BIDDERS)
        return (*_to(lot, Stage.FAILED, None), failed)
    listing_to = at + lot.rules.listing_days * lot.rules.day_ms
    return _to(lot, Stage.LISTING, listing_to - lot.quiet_ms)


def _to(lot: Lot, stage: Stage, closes_at: int | None) -> tuple[m.Event, ...]:
    return (m.StageChanged(origin=lot.stage, to=stage, closes_at=closes_at),)


def _ready_or_timed(lot: Lot, at: int) -> tuple[Stage, int]:
    if lot.rules.ready_min > 0:
        return Stage.READY, at + lot.rules.ready_min * lot.rules.minute_ms
    if _free_phase_due(lot):
        return Stage.LISTING, at + lot.rules.free_min * lot.rules.minute_ms
    return _timed(lot, at)


def _timed(lot: Lot, at: int) -> tuple[Stage, int]:
    return Stage.TIMED, at + lot.countdown_ms


def _free_phase_due(lot: Lot) -> bool:
    return not lot.runs_as_listing and lot.rules.free_min > 0 and not lot.free_phase_over


def _live_phase(lot: Lot) -> bool:
    """Whether a timed phase follows the listing (rules §3, `live_trigger`)."""
    if lot.cap_reached:
        return False
    if not lot.runs_as_listing:
        return True
    if lot.rules.entry_rule is EntryRule.QUOTED_BEFORE and not lot.quoted:
        return False
    match lot.rules.live_trigger:
        case LiveTrigger.ALWAYS:
            return True
        case LiveTrigger.TWO_BIDDERS:
            return len(lot.quoted) >= 2
        case LiveTrigger.TWO_IN_LAST_HOUR:
            end = lot.last_cutoff if lot.stage is Stage.QUIET else lot.closes_at
            assert end is not None
            since = end - HOUR_MIN * lot.rules.minute_ms
            return sum(1 for quoted_at in lot.quoted.values() if quoted_at >= since) >= 2


def quotes_end(timetable: Timetable, quiet_ms: int) -> int:
    """The end of the free quotes of a listing (ms): its end less the quiet time."""
    assert timetable.listing_to is not None, "release refuses a listing without an end"
    return timetable.listing_to - quiet_ms


# ── outages and resumption (rules §§7–8) ────────────────────────────────────────────────────


def decide_interrupt(lot: Lot, command: m.Interrupt, at: int) -> tuple[m.Event, ...] | Refusal:
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
    return lot.rules.outage_resume.value == "AUTO" and short and same_day


def decide_resume(lot: Lot, command: m.Resume, at: int) -> tuple[m.Event, ...] | Refusal:
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
    earliest = command.announced_at + (0 if at_once else rule.notice_s * 1000)
    if at < earliest:
        return Refusal(Reason.RESUME_NOT_ANNOUNCED, {"earliest_at": earliest})
    return None


def _resume_announced(lot: Lot, command: m.Resume, at: int) -> tuple[m.Event, ...] | Refusal:
    table = command.timetable if command.timetable is not None else lot.timetable
    if not is_ordered(table, lot.rules.method) or table.bidding_from < at:
        return Refusal(Reason.TIMETABLE_INVALID, {"at": at})
    if table.bidding_from < lot.timetable.bidding_from:
        return Refusal(Reason.WINDOW_TOO_SHORT, {"earliest_at": lot.timetable.bidding_from})
    return (m.Resumed(timetable=command.timetable),)


def _resume_listing(lot: Lot, command: m.Resume, at: int) -> tuple[m.Event, ...] | Refusal:
    assert lot.closes_at is not None
    assert lot.suspended_at is not None
    owed = max(lot.closes_at - lot.suspended_at, 0)
    if lot.stage in BIDDING_STAGES:
        owed = max(owed, lot.countdown_ms)
    shift = lot.quiet_ms if lot.stage is Stage.LISTING else 0
    if lot.timetable.listing_to is None:
        return (m.Resumed(closes_at=at + owed),)
    if command.officials is None:
        table = replace(lot.timetable, listing_to=at + owed + shift)
        return (m.Resumed(closes_at=at + owed, timetable=table),)
    if command.timetable is None or command.timetable.listing_to is None:
        return Refusal(Reason.TIMETABLE_MISSING, {"earliest_listing_to": at + owed + shift})
    end = command.timetable.listing_to - shift
    if end < at + owed:
        return Refusal(Reason.WINDOW_TOO_SHORT, {"earliest_listing_to": at + owed + shift})
    return (m.Resumed(closes_at=end, timetable=command.timetable),)


# ── days ────────────────────────────────────────────────────────────────────────────────────


def beijing_day(instant: int, day_ms: int = DAY_MS) -> int:
    """The number of the civil day in 北京时间; China keeps UTC+8 the whole year."""
    return (instant + BEIJING_OFFSET_MS) // day_ms


def days_between(rules: RuleSet, start: int, end: int) -> int:
    """How many days of the sale's counting lie from start to end.

    INCLUSIVE counts the first day as a day (two of three real notices: 04-01 09:00→04-10 10:00 is
    ten days); FULL_DAYS counts complete spans of 24 hours.
    """
    if end < start:
        return 0
    if rules.day_count is DayCount.FULL_DAYS:
        return (end - start) // rules.day_ms
    return beijing_day(end, rules.day_ms) - beijing_day(start, rules.day_ms) + 1


def is_ordered(timetable: Timetable, method: Method) -> bool:
    """Whether the announced instants follow one another as they must."""
    t = timetable
    start = t.listing_from if method is Method.LISTING else t.auction_from
    if start is None or (method is Method.LISTING and t.listing_to is None):
        return False
    other = t.auction_from if method is Method.LISTING else t.listing_from
    in_order = t.announced_at <= t.registration_from < t.registration_to
    end = t.listing_to if t.listing_to is not None else start
    return (
        other is None
        and in_order
        and t.deposit_deadline <= end
        and t.announced_at <= start
        and (t.listing_to is None or start < t.listing_to)
    )
