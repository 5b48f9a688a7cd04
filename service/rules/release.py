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
    Timetable,
)
from service.rules.timetable import days_between, is_ordered

LONGEST_TERM_YEARS: Mapping[LandUseClass, int] = {
    LandUseClass.RESIDENTIAL: 70,
    LandUseClass.INDUSTRIAL: 50,
    LandUseClass.PUBLIC: 50,
    LandUseClass.COMMERCIAL: 40,
    LandUseClass.MIXED: 50,
}
"""Order 55 (1990), article 12."""


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
    if not is_ordered(timetable, rules.method) or timetable.bidding_from < at:
        return (Violation("TIMETABLE_INVALID"),)
    statutory = (*_times(rules, timetable, at), *_sums(parcel, rules))
    return tuple(v for v in statutory if not rules.waivers.get(v.rule))


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
    if rules.increment_unit is not rules.price_unit and rules.price_unit is not PriceUnit.TOTAL:
        yield Violation("INCREMENT_UNIT_NOT_SUPPORTED")
        return
    yield from _broken_steps(parcel, rules)
    yield from _broken_times(rules)


def _broken_steps(parcel: Parcel, rules: RuleSet) -> Iterator[Violation]:
    steps = {money.increment_fen(rules, parcel, live=live) for live in (False, True)}
    if min(steps) <= 0 or not all(money.is_amount(step) for step in steps):
        yield Violation("INCREMENT_INVALID")
        return
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
    never_negative = (
        rules.quiet_min,
        rules.ready_min,
        rules.free_min,
        rules.drain_ms,
        rules.outage_notice_s,
        rules.suspend_rule.notice_s,
        rules.suspend_rule.at_once_within_s,
    )
    positive = (rules.countdown_s, rules.day_ms, rules.minute_ms, rules.outage_gap_s)
    if min(never_negative) < 0 or min(positive) <= 0 or (rules.max_live_min or 1) <= 0:
        yield Violation("DURATION_INVALID")
    if rules.entry_rule is EntryRule.OPT_IN and rules.ready_min == 0:
        yield Violation("OPT_IN_WITHOUT_WINDOW")
    if any(mark <= 0 for mark in rules.warnings_s):
        yield Violation("WARNINGS_INVALID")
    if rules.min_bidders < 1:
        yield Violation("MIN_BIDDERS_INVALID")


def _times(rules: RuleSet, t: Timetable, at: int) -> Iterator[Violation]:
    # Nobody has read an announcement before it was released, whatever instant it bears.
    notice = days_between(rules, max(at, t.announced_at), t.bidding_from)
    if notice < rules.notice_days:
        yield Violation("T1", {"days": notice, "needed_days": rules.notice_days})
    if rules.method is Method.LISTING:
        assert t.listing_from is not None
        assert t.listing_to is not None
        lasts = days_between(rules, t.listing_from, t.listing_to)
        if lasts < rules.listing_days:
            yield Violation("T2", {"days": lasts, "needed_days": rules.listing_days})
        gap_ms = t.listing_to - t.registration_to
        if gap_ms < rules.registration_gap_days * rules.day_ms:
            needed = rules.registration_gap_days
            yield Violation("T4", {"days": gap_ms // rules.day_ms, "needed_days": needed})
        if t.listing_to - t.listing_from <= rules.quiet_min * rules.minute_ms:
            yield Violation("TIMETABLE_INVALID")
    if rules.contract_days > 10:
        yield Violation("T7", {"days": rules.contract_days, "most_days": 10})
    if rules.refund_days > 5:
        yield Violation("T9", {"days": rules.refund_days, "most_days": 5})
    if rules.publicity_days > 10:
        yield Violation("T10", {"days": rules.publicity_days, "most_days": 10})


def _sums(parcel: Parcel, rules: RuleSet) -> Iterator[Violation]:
    total = money.total_fen(rules.starting_price_fen, rules.price_unit, parcel)
    deposit = rules.deposit.get("CNY", 0)
    if not money.deposit_reaches_percent(deposit, total, rules.deposit_percent):
        yield Violation("T6", {"deposit_fen": deposit, "total_fen": total})
    elif deposit > total:
        yield Violation("T6_ABOVE_PRICE", {"deposit_fen": deposit}, Severity.WARN)
    longest = LONGEST_TERM_YEARS[parcel.land_use_class]
    if parcel.term_years > longest:
        yield Violation("T15", {"years": parcel.term_years, "most_years": longest})
