"""Publications: sales that may be released, and some on the edge of what may."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from random import Random
from typing import Any

from service.rules.release import violations
from service.rules.templates import TEMPLATES
from service.rules.terms import (
    CapMode,
    DayCount,
    EntryRule,
    Extension,
    Grid,
    LandUseClass,
    LiveTrigger,
    Method,
    OutageResume,
    Parcel,
    PriceUnit,
    ReserveKind,
    ResumeNotice,
    RuleSet,
    SelfOutbid,
    Shortfall,
    Timetable,
)
from tests.corpus.walk import NOON, SAME, Walk
from tests.rules import sale as given
from tests.rules.sale import DAY, HOUR, START, STEP

CHOICES: dict[str, Sequence[Any]] = {
    "method": list(Method),
    "entry_rule": list(EntryRule),
    "quiet_min": [0, 15],
    "ready_min": [0, 5],
    "free_min": [0, 10],
    "live_trigger": list(LiveTrigger),
    "extension": [Extension.RESET, *Extension],
    "max_live_min": [None, None, 1, 30],
    "grid": list(Grid),
    "price_quantum_fen": [100, 1000, 2500],
    "increment_live_fen": [None, None, STEP // 2, STEP * 2],
    "max_jump_steps": [None, 5],
    "confirm_jump_steps": [None, 2],
    "self_outbid": list(SelfOutbid),
    "price_cap_fen": [None, None, START, START + 2 * STEP, START + 8 * STEP],
    "on_shortfall": list(Shortfall),
    "outage_resume": [OutageResume.AUTO, *OutageResume],
    "outage_notice_s": [5, 0, 600],
    "outage_gap_s": [5, 30],
    "drain_ms": [500, 0, 3000],
    "reserve": [ReserveKind.SEALED, *ReserveKind],
    "suspend_rule": [
        ResumeNotice(notice_s=0, at_once_within_s=0),
        ResumeNotice(notice_s=20, at_once_within_s=0),
        ResumeNotice(notice_s=60, at_once_within_s=10),
    ],
    "day_count": list(DayCount),
    "listing_days": [20, 40],
    "waivers": [{}, {}, {"T3": "疫情防控"}],
}
"""What a RuleSet may choose, in a practice sale whose day is a second."""

UNITS = {
    PriceUnit.TOTAL: START,
    PriceUnit.PER_MU: 35_000_000,
    PriceUnit.PER_M2: 52_500,
    PriceUnit.PER_FLOOR_M2: 31_200,
}


def parcel_of(chance: Random) -> Parcel:
    return replace(
        given.PARCEL,
        area_centi_m2=chance.choice([6_051_061, 545_074, 1_203_800, 333]),
        floor_area_centi_m2=chance.choice([12_000_001, 1_090_149]),
    )


def rules_of(chance: Random) -> RuleSet:
    """A practice RuleSet of free choice; not all of them may be released."""
    choices = {name: chance.choice(values) for name, values in CHOICES.items()}
    if choices["entry_rule"] is EntryRule.OPT_IN:
        choices["ready_min"] = 5
    if choices["entry_rule"] is EntryRule.QUOTED_BEFORE:
        choices["free_min"] = 10
    return given.listing_rules("demo", **choices)


def in_other_units(rules: RuleSet, parcel: Parcel, chance: Random) -> RuleSet:
    """The same rules, priced otherwise: by 亩 or by m², the step in a unit of its own."""
    unit, step_unit = chance.choice(list(PriceUnit)), chance.choice(list(PriceUnit))
    start = UNITS[unit] // 2500 * 2500
    step = max(1, UNITS[step_unit] // chance.choice([50, 100, 70]))
    return replace(
        rules,
        price_unit=unit,
        starting_price_fen=start,
        increment_unit=step_unit,
        increment_fen=step,
        deposit={"CNY": 2**45},
        price_cap_fen=None,
        increment_live_fen=chance.choice([None, step * 3]),
    )


def near_the_largest_amount(rules: RuleSet) -> RuleSet:
    start = (2**53 - 1 - 7 * STEP) // 5000 * 5000
    return replace(rules, starting_price_fen=start, deposit={"CNY": 2**53 - 1}, price_cap_fen=None)


def times_of(rules: RuleSet) -> Timetable:
    if rules.day_ms == DAY:
        return given.times_of(rules)
    length = max(110, rules.listing_days + 2) * 1000
    table = Timetable(
        announced_at=NOON,
        registration_from=NOON,
        registration_to=NOON + 9000,
        deposit_deadline=NOON + 9000,
        auction_from=NOON + 10_000,
    )
    if rules.method is Method.AUCTION:
        return table
    listed = {"listing_from": NOON + 10_000, "listing_to": NOON + length}
    return replace(table, auction_from=None, **listed)


def announce(walk: Walk) -> None:
    """A practice sale, or a real one from a template."""
    chance = walk.chance
    parcel = parcel_of(chance)
    while walk.lot is None:
        template = walk.any("demo", "demo", "demo", *TEMPLATES)
        if template == "demo":
            rules = rules_of(chance)
        else:
            rules, walk.at = given.listing_rules(template), given.T0
            rules = replace(rules, self_outbid=walk.any(*SelfOutbid))
        if chance.random() < 0.3:
            rules = in_other_units(rules, parcel, chance)
        elif chance.random() < 0.05:
            rules = near_the_largest_amount(rules)
        walk.at = given.T0 if rules.day_ms == DAY else NOON
        table = times_of(rules)
        if not violations(parcel, rules, table, walk.at):
            walk.give(replace(given.publish(rules, parcel=parcel, timetable=table), officials=SAME))
            walk.give(given.publish(rules, parcel=parcel, timetable=table))
    step = walk.lot.increment_fen
    walk.reserve_fen = walk.any(None, rules.starting_price_fen, rules.starting_price_fen + 3 * step)


ODD: dict[str, Sequence[Any]] = {
    "starting_price_fen": [0, 1, START + 1, 2**53 - 1, 2**53 - 1 - STEP, 2**52],
    "increment_fen": [0, 1, 3, 2**53 - START, 2**53 - START - 1],
    "increment_live_fen": [0, 1, 3 * STEP, 2 * STEP],
    "increment_unit": list(PriceUnit),
    "price_unit": list(PriceUnit),
    "grid": list(Grid),
    "price_quantum_fen": [0, 1, 3, 1000, 2**40],
    "max_jump_steps": [0, 1, 2**53 - 1],
    "confirm_jump_steps": [0, 1, 2**53 - 1],
    "price_cap_fen": [
        0,
        START,
        START - STEP,
        START + STEP,
        START + 500,
        START + 3 * STEP,
        2**53 - 1,
    ],
    "cap_mode": list(CapMode),
    "quiet_min": [1, 10 * 24 * 60 - 1, 10 * 24 * 60, 2**53 - 1],
    "ready_min": [0, 1, 2**40, 2**53 - 1],
    "free_min": [0, 1, 2**53 - 1],
    "countdown_s": [0, 1, 315_360_000, 315_360_001, 2**53 - 1],
    "drain_ms": [0, 60_000, 315_360_000_000, 315_360_000_001, 2**53 - 1],
    "max_live_min": [0, 1, 5_256_000, 5_256_001, 2**53 - 1],
    "outage_gap_s": [0, 1, 2**53 - 1],
    "outage_notice_s": [0, 2**53 - 1],
    "suspend_rule": [
        ResumeNotice(notice_s=a, at_once_within_s=b)
        for a, b in ((2**53 - 1, 0), (0, 2**53 - 1), (1, 1))
    ],
    "reserve_window_min": [0, 1, 2**53 - 1],
    "warnings_s": [(), (60, 0), (10, 30), (60, 60), (301, 10), (300, 1), (1, 1), (1,)],
    "min_bidders": [0, 1, 3, 2**53 - 1],
    "on_shortfall": list(Shortfall),
    "entry_rule": list(EntryRule),
    "method": list(Method),
    "deposit": [
        {},
        {"USD": START},
        {"CNY": START // 5},
        {"CNY": START // 5 - 1},
        {"CNY": 2**53 - 1},
    ],
    "notice_days": [0, 19, 20, 21, 3650, 3651, 2**53 - 1],
    "listing_days": [0, 9, 10, 11, 12, 2**53 - 1],
    "registration_gap_days": [0, 1, 2, 3, 2**53 - 1],
    "deposit_percent": [0, 19, 20, 21, 101, 2**53 - 1],
    "day_count": list(DayCount),
    "refund_days": [0, 5, 6],
    "publicity_days": [0, 10, 11],
    "contract_days": [0, 10, 11],
    "day_ms": [0, 1, 1000, DAY - 1, DAY + 1, 2**53 - 1],
    "minute_ms": [0, 1, 1000, 60_001, 2**53 - 1],
    "waivers": [
        {"T1": "市政府批准"},
        {"T1": " "},
        dict.fromkeys(("T1", "T2", "T4", "T6", "T7", "T9", "T10", "T15"), "试点批复"),
        {"CAP_MODE_NOT_SUPPORTED": "一定要", "TIMETABLE_INVALID": "一定要"},
    ],
}
"""Values of a RuleSet on both sides of what may be released."""

LAST_INSTANT = 253_402_300_799_999

ODD_TIMES: dict[str, Sequence[int | None]] = {
    "announced_at": [given.T0 - DAY, given.T0 + DAY, given.T0 + 1],
    "registration_from": [given.T0 - 1, given.T0 + 1, given.T0 + 28 * DAY],
    "registration_to": [
        given.T0 + n for n in (0, 18 * DAY, 20 * DAY, 28 * DAY + 1, 30 * DAY + 1, 30 * DAY)
    ],
    "deposit_deadline": [
        given.T0 + n for n in (0, 1, 20 * DAY, 20 * DAY + 1, 30 * DAY, 30 * DAY + 1)
    ],
    "listing_from": [
        None,
        *(given.T0 + n for n in (-1, 18 * DAY, 19 * DAY, 19 * DAY - 8 * HOUR, 25 * DAY)),
    ],
    "listing_to": [
        None,
        2**53 - 1,
        LAST_INSTANT,
        LAST_INSTANT + 1,
        *(given.T0 + n for n in (20 * DAY, 28 * DAY, 29 * DAY, 29 * DAY - 8 * HOUR - 1)),
    ],
    "auction_from": [
        None,
        LAST_INSTANT,
        LAST_INSTANT + 1,
        *(given.T0 + n for n in (0, 18 * DAY, 19 * DAY, 20 * DAY)),
    ],
}

ODD_PARCEL: dict[str, Sequence[Any]] = {
    "area_centi_m2": [0, 1, 2**40, 2**53 - 1],
    "floor_area_centi_m2": [None, 0, 1],
    "term_years": [0, 1, 40, 41, 50, 51, 70, 71],
    "land_use_class": list(LandUseClass),
}


TOGETHER: Sequence[Sequence[str]] = (
    ("quiet_min", "on_shortfall", "listing_days", "method"),
    ("starting_price_fen", "increment_fen", "increment_live_fen", "price_cap_fen"),
    ("grid", "price_quantum_fen", "price_cap_fen", "starting_price_fen"),
    ("price_unit", "increment_unit", "increment_fen", "starting_price_fen"),
    ("deposit", "deposit_percent", "starting_price_fen", "day_ms"),
    ("waivers", "registration_gap_days", "listing_days", "notice_days", "day_count"),
    ("minute_ms", "day_ms", "quiet_min", "max_live_min", "drain_ms"),
    ("entry_rule", "method", "free_min", "ready_min"),
)
"""What bears on one another, so that it is changed together too."""


def odd(chance: Random, thing: Any, values: dict[str, Sequence[Any]], most: int) -> Any:
    names = chance.sample(sorted(values), chance.randint(0, most))
    return replace(thing, **{name: chance.choice(values[name]) for name in names})


WIDE = replace(given.PARCEL, floor_area_centi_m2=12_000_001)


def release(walk: Walk) -> None:
    """One publication on the edge of what may be released."""
    chance = walk.chance
    usual = given.listing_rules(walk.any("hebei-default", *TEMPLATES))
    together = {name: ODD[name] for name in walk.any(*TOGETHER)}
    rules = odd(chance, usual, walk.any(ODD, together), walk.any(1, 1, 3))
    table = odd(chance, given.times_of(rules), ODD_TIMES, walk.any(0, 0, 1, 2))
    parcel = odd(chance, WIDE, ODD_PARCEL, walk.any(0, 0, 1))
    if chance.random() < 0.02:
        floor = PriceUnit.PER_FLOOR_M2
        rules = replace(usual, price_unit=floor, increment_unit=floor)
        parcel = replace(parcel, floor_area_centi_m2=None)
    walk.at = given.T0 + walk.any(0, 0, 0, DAY, 20 * DAY, 20 * DAY + 1, -DAY)
    command = given.publish(rules, parcel=parcel, timetable=table)
    if chance.random() < 0.05:
        command = replace(command, rules_version=2)
    if chance.random() < 0.05:
        command = replace(command, officials=SAME)
    broken = [violation.rule for violation in violations(parcel, rules, table, walk.at)]
    walk.seen |= {f"broken {name}" for name in broken if len(broken) == 1}
    for before, after in ((usual, rules), (given.times_of(rules), table), (WIDE, parcel)):
        walk.seen |= set(edges(before, after, bool(broken)))
    walk.give(command)
    if walk.lot is None:
        walk.give(walk.any(given.SEAL, given.CLOSE, given.suspend()))


def edges(before: Any, after: Any, broken: bool) -> Iterator[str]:
    """What was changed, to what, and whether the sale could be released."""
    for field in fields(after):
        value = getattr(after, field.name)
        if value != getattr(before, field.name):
            yield f"edge {field.name} {value} {broken}"
