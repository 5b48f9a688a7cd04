"""What time does: when a stage may be left, what follows it, and how long its window is."""

from collections.abc import Mapping

from service.rules import messages as m
from service.rules.lot import Lot
from service.rules.refusals import Reason, Refusal
from service.rules.table import PROVED_STAGES
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
LATEST_MS = 253_402_300_799_999
"""The end of the year 9999, the last that people's calendars on our way can show."""

LEAST_DAYS: Mapping[str, int] = {"T1": 20, "T2": 10, "T4": 2}
"""Order 39: notice, listing, and the days between the end of registration and of the listing."""


def next_wake_at(lot: Lot) -> int | None:
    """When time next asks something of this lot (ms), or None when only people can."""
    if lot.resumes_at is not None:
        return lot.resumes_at
    if lot.suspended_at is not None or lot.sealed:
        return None
    return leaves_at(lot)


def leaves_at(lot: Lot) -> int | None:
    """The earliest instant at which the present stage may be left (ms).

    A window that takes bids or entries is left `drain_ms` after its end, so that those which
    arrived in time in another process are decided too.
    """
    match lot.stage:
        case Stage.ANNOUNCED:
            return lot.timetable.bidding_from
        case Stage.LISTING | Stage.TIMED:
            assert lot.closes_at is not None
            return lot.closes_at + lot.rules.drain_ms
        case Stage.READY if lot.rules.entry_rule is EntryRule.OPT_IN:
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
    listing_to = at + needed_days(lot.rules, "T2") * lot.rules.day_ms
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
    return not lot.runs_as_listing and lot.rules.free_min > 0


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


def is_waived(rules: RuleSet, rule: str) -> bool:
    """Whether the RuleSet switches a statutory rule off, which takes a recorded reason."""
    return bool(rules.waivers.get(rule, "").strip())


def needed_days(rules: RuleSet, rule: str) -> int:
    """How many days T1, T2 or T4 ask for: the RuleSet's number, and at least the law's.

    A waived rule, and a practice sale whose day is not a day, keep the RuleSet's number.
    """
    own = {
        "T1": rules.notice_days,
        "T2": rules.listing_days,
        "T4": rules.registration_gap_days,
    }[rule]
    if rules.day_ms != DAY_MS or is_waived(rules, rule):
        return own
    return max(own, LEAST_DAYS[rule])


def is_ordered(timetable: Timetable, method: Method) -> bool:
    """Whether the announced instants follow one another as they must."""
    t = timetable
    start, end, other = t.listing_from, t.listing_to, t.auction_from
    if method is Method.AUCTION:
        start, end, other = t.auction_from, t.auction_from, t.listing_from or t.listing_to
    if start is None or end is None or other is not None:
        return False
    return (
        t.announced_at <= t.registration_from < t.registration_to <= end
        and t.registration_from < t.deposit_deadline <= end
        and t.announced_at <= start
        and (method is Method.AUCTION or start < end)
        and end <= LATEST_MS
    )
