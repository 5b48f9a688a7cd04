"""The pre-flight at release: the statutory frame and the RuleSet's own sense (rules §§2, 4).

Each violation has a rule's name. A statutory one (T…) may be waived only by a recorded reason in
`RuleSet.waivers`; one that would make the sale undecidable may not be waived.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from service.rules import money
from service.rules.terms import (
    CapMode,
    EntryRule,
    Grid,
    LandUseClass,
    Method,
    Parcel,
    PriceUnit,
    RuleSet,
    Shortfall,
    Timetable,
)
from service.rules.timetable import DAY_MS, days_between, is_ordered, is_waived, needed_days

LONGEST_TERM_YEARS: Mapping[LandUseClass, int] = {
    LandUseClass.RESIDENTIAL: 70,
    LandUseClass.INDUSTRIAL: 50,
    LandUseClass.PUBLIC: 50,
    LandUseClass.COMMERCIAL: 40,
    LandUseClass.MIXED: 50,
}
"""Order 55 (1990), article 12."""

LEAST_DEPOSIT_PERCENT = 20
MOST_CONTRACT_DAYS = 10
MOST_REFUND_DAYS = 5
MOST_PUBLICITY_DAYS = 10
LONGEST_DURATION_MS = 3650 * DAY_MS
"""No window, notice or countdown of a sale can last longer than ten years."""


class Severity(StrEnum):
    REFUSE = "REFUSE"
    WARN = "WARN"


@dataclass(frozen=True, slots=True)
class Violation:
    """rule: its name. figures: what was found and what is asked, integers with units in names."""

    rule: str
    figures: Mapping[str, int] = field(default_factory=dict)
    severity: Severity = Severity.REFUSE


def violations(
    parcel: Parcel, rules: RuleSet, timetable: Timetable, at: int
) -> tuple[Violation, ...]:
    """What forbids release at `at` (ms); empty when the sale may be announced."""
    found = findings(parcel, rules, timetable, at)
    return tuple(v for v in found if v.severity is Severity.REFUSE)


def findings(
    parcel: Parcel, rules: RuleSet, timetable: Timetable, at: int
) -> tuple[Violation, ...]:
    """Violations and warnings, for the pre-flight list that officials see."""
    broken = tuple(_broken(parcel, rules))
    if broken:
        return broken
    ordered = is_ordered(timetable, rules.method)
    if not ordered or timetable.bidding_from < at or _no_time_for_quotes(rules, timetable):
        return (Violation("TIMETABLE_INVALID"),)
    statutory = (*_times(rules, timetable, at), *_sums(parcel, rules))
    return tuple(v for v in statutory if not is_waived(rules, v.rule))


def _no_time_for_quotes(rules: RuleSet, t: Timetable) -> bool:
    """Whether the quiet time fills the listing announced, or the one an auction may become."""
    if rules.method is Method.LISTING:
        assert t.listing_from is not None
        assert t.listing_to is not None
        lasts = t.listing_to - t.listing_from
    elif rules.on_shortfall is Shortfall.CONVERT_TO_LISTING:
        lasts = needed_days(rules, "T2") * rules.day_ms
    else:
        return False
    return lasts <= rules.quiet_min * rules.minute_ms


def _broken(parcel: Parcel, rules: RuleSet) -> Iterator[Violation]:
    """What would make the sale undecidable."""
    if rules.cap_mode is not CapMode.NONE:
        yield Violation("CAP_MODE_NOT_SUPPORTED")
    if rules.starting_price_fen <= 0 or not money.is_amount(rules.starting_price_fen):
        yield Violation("STARTING_PRICE_INVALID")
    if parcel.area_centi_m2 <= 0 or parcel.term_years <= 0:
        yield Violation("PARCEL_INVALID")
    units = {rules.price_unit, rules.increment_unit}
    if PriceUnit.PER_FLOOR_M2 in units and not parcel.floor_area_centi_m2:
        yield Violation("FLOOR_AREA_MISSING")
        return
    if parcel.area_centi_m2 > 0:
        yield from _broken_steps(parcel, rules)
    yield from _broken_times(rules)


def _broken_steps(parcel: Parcel, rules: RuleSet) -> Iterator[Violation]:
    steps = {money.increment_fen(rules, parcel, live=live) for live in (False, True)}
    if min(steps) <= 0 or not all(money.is_amount(step) for step in steps):
        yield Violation("INCREMENT_INVALID")
        return
    highest_fen = max(rules.starting_price_fen, rules.price_cap_fen or 0) + max(steps)
    total = money.total_fen(highest_fen, rules.price_unit, parcel)
    if not money.is_amount(max(highest_fen, total)):
        yield Violation("PRICE_OUT_OF_RANGE")
    if rules.max_jump_steps is not None and rules.max_jump_steps < 1:
        yield Violation("MAX_JUMP_INVALID")
    if rules.price_quantum_fen <= 0:
        yield Violation("QUANTUM_INVALID")
        return
    if rules.grid is Grid.MIN_ONLY and rules.starting_price_fen % rules.price_quantum_fen:
        yield Violation("STARTING_PRICE_OFF_QUANTUM", {"quantum_fen": rules.price_quantum_fen})
    yield from _broken_cap(rules, steps)


def _broken_cap(rules: RuleSet, steps: set[int]) -> Iterator[Violation]:
    """A cap must be reachable, else it can never be met exactly."""
    cap = rules.price_cap_fen
    if cap is None:
        return
    room = cap - rules.starting_price_fen
    if room < 0:
        yield Violation("CAP_BELOW_START", {"cap_fen": cap})
    elif _off_grid(rules, room, steps):
        yield Violation("CAP_OFF_GRID", {"cap_fen": cap, "room_fen": room})


def _off_grid(rules: RuleSet, room_fen: int, steps: set[int]) -> bool:
    if rules.grid is Grid.MULTIPLE:
        return any(room_fen % step for step in steps)
    return (rules.starting_price_fen + room_fen) % rules.price_quantum_fen != 0


def _broken_times(rules: RuleSet) -> Iterator[Violation]:
    durations = _durations_ms(rules)
    positive = (rules.countdown_s, rules.day_ms, rules.minute_ms, rules.outage_gap_s)
    most_live = 1 if rules.max_live_min is None else rules.max_live_min
    if min(*durations) < 0 or max(durations) > LONGEST_DURATION_MS or min(*positive, most_live) < 1:
        yield Violation("DURATION_INVALID")
    if _nobody_could_enter(rules):
        yield Violation("QUOTED_BEFORE_WITHOUT_FREE_PHASE")
    if rules.entry_rule is EntryRule.OPT_IN and rules.ready_min == 0:
        yield Violation("OPT_IN_WITHOUT_WINDOW")
    if any(mark <= 0 for mark in rules.warnings_s):
        yield Violation("WARNINGS_INVALID")
    if rules.min_bidders < 1:
        yield Violation("MIN_BIDDERS_INVALID")


def _durations_ms(rules: RuleSet) -> tuple[int, ...]:
    in_minutes = (rules.quiet_min, rules.ready_min, rules.free_min, rules.max_live_min or 0)
    in_seconds = (
        rules.countdown_s,
        rules.outage_gap_s,
        rules.outage_notice_s,
        rules.suspend_rule.notice_s,
        rules.suspend_rule.at_once_within_s,
    )
    in_days = (rules.notice_days, rules.listing_days, rules.registration_gap_days)
    return (
        rules.drain_ms,
        *(minutes * rules.minute_ms for minutes in in_minutes),
        *(seconds * 1000 for seconds in in_seconds),
        *(days * rules.day_ms for days in in_days),
    )


def _nobody_could_enter(rules: RuleSet) -> bool:
    """An auction that admits only earlier quotes needs a phase in which to make them."""
    quoted_before = rules.entry_rule is EntryRule.QUOTED_BEFORE
    return rules.method is Method.AUCTION and quoted_before and rules.free_min == 0


def _times(rules: RuleSet, t: Timetable, at: int) -> Iterator[Violation]:
    # Nobody has read an announcement before it was released, whatever instant it bears.
    notice = days_between(rules, max(at, t.announced_at), t.bidding_from)
    if notice < needed_days(rules, "T1"):
        yield Violation("T1", {"days": notice, "needed_days": needed_days(rules, "T1")})
    if rules.method is Method.LISTING:
        yield from _listing_times(rules, t)
    yield from _too_long("T7", rules.contract_days, MOST_CONTRACT_DAYS)
    yield from _too_long("T9", rules.refund_days, MOST_REFUND_DAYS)
    yield from _too_long("T10", rules.publicity_days, MOST_PUBLICITY_DAYS)


def _listing_times(rules: RuleSet, t: Timetable) -> Iterator[Violation]:
    assert t.listing_from is not None
    assert t.listing_to is not None
    lasts = days_between(rules, t.listing_from, t.listing_to)
    if lasts < needed_days(rules, "T2"):
        yield Violation("T2", {"days": lasts, "needed_days": needed_days(rules, "T2")})
    gap_ms = t.listing_to - t.registration_to
    if gap_ms < needed_days(rules, "T4") * rules.day_ms:
        figures = {"days": gap_ms // rules.day_ms, "needed_days": needed_days(rules, "T4")}
        yield Violation("T4", figures)


def _too_long(rule: str, days: int, most: int) -> Iterator[Violation]:
    if days > most:
        yield Violation(rule, {"days": days, "most_days": most})


def _sums(parcel: Parcel, rules: RuleSet) -> Iterator[Violation]:
    total = money.total_fen(rules.starting_price_fen, rules.price_unit, parcel)
    deposit = rules.deposit.get("CNY", 0)
    percent = max(rules.deposit_percent, LEAST_DEPOSIT_PERCENT)
    if not money.deposit_reaches_percent(deposit, total, percent):
        yield Violation("T6", {"deposit_fen": deposit, "total_fen": total})
    elif deposit > total:
        yield Violation("T6_ABOVE_PRICE", {"deposit_fen": deposit}, Severity.WARN)
    longest = LONGEST_TERM_YEARS[parcel.land_use_class]
    if parcel.term_years > longest:
        yield Violation("T15", {"years": parcel.term_years, "most_years": longest})
