"""The pre-flight: the statutory frame and the RuleSet's own sense, each violation by name (§2)."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from service.rules.decide import decide
from service.rules.refusals import Reason, Refusal
from service.rules.release import Severity, Violation, findings, violations
from service.rules.table import TRANSITIONS
from service.rules.templates import TEMPLATES, from_template
from service.rules.terms import (
    CapMode,
    DayCount,
    EntryRule,
    Extension,
    Grid,
    LandUseClass,
    LiveTrigger,
    Method,
    Parcel,
    PriceUnit,
    ResumeNotice,
    RuleSet,
    Shortfall,
    Stage,
    Timetable,
)
from service.rules.timetable import beijing_day, days_between, is_ordered
from tests.rules.sale import (
    DAY,
    HOUR,
    MINUTE,
    PARCEL,
    START,
    STEP,
    T0,
    auction_rules,
    auction_times,
    listing,
    listing_rules,
    listing_times,
    publish,
    supplement,
    times_of,
)

YUAN = 100
BEIJING = timezone(timedelta(hours=8))


def beijing(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BEIJING).timestamp()) * 1000


def names(
    rules: RuleSet, *, timetable: Timetable | None = None, parcel: Parcel = PARCEL, at: int = T0
) -> list[str]:
    table = times_of(rules) if timetable is None else timetable
    return [violation.rule for violation in violations(parcel, rules, table, at)]


# ── days ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("start", "end", "inclusive", "full"),
    [
        ("2025-04-01 09:00", "2025-04-10 10:00", 10, 9),
        ("2024-10-31 00:00", "2024-11-09 00:00", 10, 9),
        ("2025-04-01 09:00", "2025-04-11 09:00", 11, 10),
        ("2025-04-01 09:00", "2025-04-11 08:59", 11, 9),
        ("2025-04-01 23:59", "2025-04-02 00:00", 2, 0),
        ("2025-04-01 09:00", "2025-04-01 09:00", 1, 0),
        ("2025-04-02 09:00", "2025-04-01 09:00", 0, 0),
    ],
)
def test_days_are_counted_both_ways(start: str, end: str, inclusive: int, full: int) -> None:
    for convention, days in ((DayCount.INCLUSIVE, inclusive), (DayCount.FULL_DAYS, full)):
        rules = listing_rules(day_count=convention)
        assert days_between(rules, beijing(start), beijing(end)) == days


@pytest.mark.parametrize(
    ("opens", "ends"),
    [("2025-04-01 09:00", "2025-04-10 10:00"), ("2024-10-31 09:00", "2024-11-09 09:00")],
)
def test_real_notices_hold_inclusively_and_break_t2_in_full_days(opens: str, ends: str) -> None:
    table = listing_times(
        announced_at=beijing(opens) - 30 * DAY,
        registration_from=beijing(opens) - 30 * DAY,
        registration_to=beijing(ends) - 2 * DAY,
        deposit_deadline=beijing(ends) - 2 * DAY,
        listing_from=beijing(opens),
        listing_to=beijing(ends),
    )
    at = table.announced_at
    assert names(listing_rules(), timetable=table, at=at) == []
    strict = listing_rules(day_count=DayCount.FULL_DAYS)
    assert names(strict, timetable=table, at=at) == ["T2"]


def test_the_civil_day_is_beijings() -> None:
    """Fault 24: daylight saving broke windows; China keeps UTC+8 the whole year."""
    midnight = beijing("2025-07-01 00:00")
    assert beijing_day(midnight) == beijing_day(midnight - 1) + 1
    assert beijing_day(midnight) == beijing_day(midnight + DAY - 1)


# ── the statutory frame ─────────────────────────────────────────────────────────────────────


def test_a_lawful_sale_of_either_method_breaks_nothing() -> None:
    assert names(listing_rules()) == []
    assert names(auction_rules()) == []


def test_t1_the_announcement_comes_twenty_days_before() -> None:
    # INCLUSIVE: day 1 is the day of the announcement, so that day 20 is T0 + 19 days.
    early, late = T0 + 18 * DAY, T0 + 19 * DAY
    assert names(listing_rules(), timetable=listing_times(listing_from=late)) == []
    assert names(listing_rules(), timetable=listing_times(listing_from=early)) == ["T1"]
    assert names(auction_rules(), timetable=auction_times(auction_from=early)) == ["T1"]


def test_t1_is_counted_from_the_release_and_not_from_the_date_on_the_paper() -> None:
    assert names(listing_rules(), at=T0 + DAY) == []
    assert names(listing_rules(), at=T0 + 2 * DAY) == ["T1"]


def test_t2_the_listing_lasts_ten_days() -> None:
    table = listing_times(registration_to=T0 + 26 * DAY, deposit_deadline=T0 + 26 * DAY)
    assert names(listing_rules(), timetable=replace(table, listing_to=T0 + 29 * DAY)) == []
    assert names(listing_rules(), timetable=replace(table, listing_to=T0 + 28 * DAY)) == ["T2"]


def test_t4_registration_closes_two_days_before_the_listing_ends() -> None:
    assert names(listing_rules(), timetable=listing_times(registration_to=T0 + 28 * DAY)) == []
    late = listing_times(registration_to=T0 + 28 * DAY + 1)
    assert names(listing_rules(), timetable=late) == ["T4"]


@pytest.mark.parametrize(("deposit_fen", "broken"), [(3_756_870_000, []), (3_756_860_000, ["T6"])])
def test_t6_the_deposit_is_a_fifth_of_the_starting_price(
    deposit_fen: int, broken: list[str]
) -> None:
    price = 18_784_350_000
    rules = listing_rules(starting_price_fen=price, deposit={"CNY": deposit_fen})
    assert names(rules) == broken


def test_t6_compares_with_the_total_and_not_with_the_price_per_mu() -> None:
    per_mu = listing_rules(
        price_unit=PriceUnit.PER_MU,
        increment_unit=PriceUnit.PER_MU,
        deposit={"CNY": START},
    )
    assert names(per_mu) == ["T6"]


def test_t6_a_deposit_above_the_price_warns_and_does_not_forbid() -> None:
    rules = listing_rules(deposit={"CNY": START + 1})
    found = findings(PARCEL, rules, listing_times(), T0)
    assert [(v.rule, v.severity) for v in found] == [("T6_ABOVE_PRICE", Severity.WARN)]
    assert names(rules) == []
    assert findings(PARCEL, listing_rules(deposit={"CNY": START}), listing_times(), T0) == ()


def test_t6_asks_for_yuan() -> None:
    assert names(listing_rules(deposit={"USD": START})) == ["T6"]


@pytest.mark.parametrize(
    ("rule", "field", "most"),
    [("T7", "contract_days", 10), ("T9", "refund_days", 5), ("T10", "publicity_days", 10)],
)
def test_t7_t9_t10_bound_what_follows_the_sale(rule: str, field: str, most: int) -> None:
    longest: dict[str, Any] = {field: most}
    longer: dict[str, Any] = {field: most + 1}
    assert names(listing_rules(**longest)) == []
    assert names(listing_rules(**longer)) == [rule]


@pytest.mark.parametrize(
    ("use", "years"),
    [
        (LandUseClass.RESIDENTIAL, 70),
        (LandUseClass.INDUSTRIAL, 50),
        (LandUseClass.PUBLIC, 50),
        (LandUseClass.COMMERCIAL, 40),
        (LandUseClass.MIXED, 50),
    ],
)
def test_t15_the_longest_term_of_each_use(use: LandUseClass, years: int) -> None:
    for term, broken in ((20, []), (years, []), (years + 1, ["T15"])):
        parcel = replace(PARCEL, land_use_class=use, term_years=term)
        assert names(listing_rules(), parcel=parcel) == broken


def test_several_violations_are_told_at_once_with_their_figures() -> None:
    table = listing_times(listing_to=T0 + 25 * DAY, registration_to=T0 + 24 * DAY)
    table = replace(table, deposit_deadline=T0 + 24 * DAY)
    found = violations(PARCEL, listing_rules(deposit={}), table, T0)
    assert found == (
        Violation("T2", {"days": 6, "needed_days": 10}),
        Violation("T4", {"days": 1, "needed_days": 2}),
        Violation("T6", {"deposit_fen": 0, "total_fen": START}),
    )


def test_a_statutory_rule_is_switched_off_only_by_a_recorded_reason() -> None:
    table = listing_times(listing_from=T0 + DAY)
    for waivers, broken in (({}, ["T1"]), ({"T1": " "}, ["T1"]), ({"T1": "市政府批准"}, [])):
        assert names(listing_rules(waivers=waivers), timetable=table) == broken


@pytest.mark.parametrize("rule", ["TIMETABLE_INVALID", "CAP_MODE_NOT_SUPPORTED"])
def test_what_makes_a_sale_undecidable_cannot_be_waived(rule: str) -> None:
    capped = listing_rules(cap_mode=CapMode.LOTTERY, waivers={rule: "一定要"})
    assert names(capped) == ["CAP_MODE_NOT_SUPPORTED"]
    quiet = listing_rules(quiet_min=10 * 24 * 60, waivers={rule: "一定要"})
    assert names(quiet) == ["TIMETABLE_INVALID"]


def test_a_rule_set_cannot_ask_for_less_than_the_law_without_a_reason() -> None:
    table = listing_times(
        listing_from=T0 + 5 * DAY,
        listing_to=T0 + 8 * DAY,
        registration_to=T0 + 8 * DAY - HOUR,
        deposit_deadline=T0 + 7 * DAY,
    )
    low: dict[str, Any] = {
        "notice_days": 5,
        "listing_days": 3,
        "registration_gap_days": 0,
        "deposit_percent": 1,
        "deposit": {"CNY": START // 100},
    }
    assert names(listing_rules(**low), timetable=table) == ["T1", "T2", "T4", "T6"]
    reasons = dict.fromkeys(("T1", "T2", "T4", "T6"), "试点批复")
    assert names(listing_rules(**low, waivers=reasons), timetable=table) == []


def test_a_rule_set_may_ask_for_more_than_the_law() -> None:
    rules = listing_rules(
        notice_days=30, listing_days=15, registration_gap_days=3, deposit_percent=150
    )
    assert names(rules) == ["T1", "T2", "T4", "T6"]


# ── the RuleSet's own sense ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("step", "broken"), [(200, []), (250, ["CAP_OFF_GRID"])])
def test_a_cap_lies_on_the_grid_of_a_real_notice(step: int, broken: list[str]) -> None:
    """Cap 32,900, start 18,500: 72 steps of 200, but 57.6 of 250."""
    start = 18_500 * YUAN
    rules = listing_rules(
        starting_price_fen=start,
        increment_fen=step * YUAN,
        price_cap_fen=32_900 * YUAN,
        deposit={"CNY": start},
    )
    assert names(rules) == broken


def test_the_valid_cap_is_seventy_two_steps_and_the_last_one_wins() -> None:
    start = 18_500 * YUAN
    sale = listing(
        starting_price_fen=start,
        increment_fen=200 * YUAN,
        price_cap_fen=32_900 * YUAN,
        deposit={"CNY": start},
    ).to(Stage.TIMED)
    for steps in range(72):
        sale.accepted("A2K7" if steps % 2 else "B3M8", start + steps * 200 * YUAN)
    assert not sale.lot.cap_reached
    sale.accepted("B3M8" if sale.lot.leader_no == "A2K7" else "A2K7", 32_900 * YUAN)
    assert sale.lot.cap_reached


def test_a_cap_lies_on_the_live_grid_too_or_on_the_quantum() -> None:
    cap: dict[str, Any] = {"price_cap_fen": START + 3 * STEP}
    assert names(listing_rules(**cap, increment_live_fen=3 * STEP)) == []
    assert names(listing_rules(**cap, increment_live_fen=2 * STEP)) == ["CAP_OFF_GRID"]
    loose: dict[str, Any] = {"grid": Grid.MIN_ONLY, "price_quantum_fen": 1000}
    assert names(listing_rules(**loose, price_cap_fen=START + 1000)) == []
    assert names(listing_rules(**loose, price_cap_fen=START + 500)) == ["CAP_OFF_GRID"]


@pytest.mark.parametrize("mode", [CapMode.LOTTERY, CapMode.ONE_SHOT_NEAREST_MEAN])
def test_cap_procedures_are_refused_by_name(mode: CapMode) -> None:
    rules = listing_rules(cap_mode=mode, price_cap_fen=START + STEP)
    assert names(rules) == ["CAP_MODE_NOT_SUPPORTED"]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"starting_price_fen": 0}, "STARTING_PRICE_INVALID"),
        ({"starting_price_fen": 2**53}, "STARTING_PRICE_INVALID"),
        ({"starting_price_fen": 2**53 - 1}, "PRICE_OUT_OF_RANGE"),
        ({"increment_fen": 2**53 - START}, "PRICE_OUT_OF_RANGE"),
        ({"price_cap_fen": START + STEP * (2**53 // STEP)}, "PRICE_OUT_OF_RANGE"),
        ({"increment_fen": 0}, "INCREMENT_INVALID"),
        ({"increment_live_fen": 0}, "INCREMENT_INVALID"),
        ({"increment_fen": 2**53}, "INCREMENT_INVALID"),
        ({"price_unit": PriceUnit.PER_M2, "increment_fen": 1}, "INCREMENT_INVALID"),
        ({"grid": Grid.MIN_ONLY, "price_quantum_fen": 0}, "QUANTUM_INVALID"),
        ({"grid": Grid.MIN_ONLY, "price_quantum_fen": 3}, "STARTING_PRICE_OFF_QUANTUM"),
        ({"price_cap_fen": START - STEP}, "CAP_BELOW_START"),
        ({"price_unit": PriceUnit.PER_FLOOR_M2}, "FLOOR_AREA_MISSING"),
        ({"max_jump_steps": 0}, "MAX_JUMP_INVALID"),
        ({"countdown_s": 0}, "DURATION_INVALID"),
        ({"countdown_s": 2**53 - 1}, "DURATION_INVALID"),
        ({"quiet_min": -1}, "DURATION_INVALID"),
        ({"max_live_min": 0}, "DURATION_INVALID"),
        ({"outage_gap_s": 0}, "DURATION_INVALID"),
        ({"suspend_rule": ResumeNotice(notice_s=-1)}, "DURATION_INVALID"),
        ({"entry_rule": EntryRule.OPT_IN}, "OPT_IN_WITHOUT_WINDOW"),
        ({"warnings_s": (60, 0)}, "WARNINGS_INVALID"),
        ({"min_bidders": 0}, "MIN_BIDDERS_INVALID"),
    ],
)
def test_a_senseless_rule_set_is_refused_by_name(changes: dict[str, Any], rule: str) -> None:
    assert rule in names(listing_rules(**changes))


def test_an_auction_for_earlier_quotes_needs_a_phase_to_make_them_in() -> None:
    rules = auction_rules(entry_rule=EntryRule.QUOTED_BEFORE)
    assert names(rules) == ["QUOTED_BEFORE_WITHOUT_FREE_PHASE"]
    assert names(replace(rules, free_min=60)) == []


def test_a_parcel_without_area_or_term_is_refused() -> None:
    assert names(listing_rules(), parcel=replace(PARCEL, area_centi_m2=0)) == ["PARCEL_INVALID"]
    assert names(listing_rules(), parcel=replace(PARCEL, term_years=0)) == ["PARCEL_INVALID"]


@pytest.mark.parametrize(
    "changes",
    [
        {"listing_from": None},
        {"listing_to": None},
        {"auction_from": T0 + 20 * DAY},
        {"listing_to": T0 + 20 * DAY},
        {"registration_from": T0 - 1},
        {"registration_to": T0},
        {"registration_to": T0 + 30 * DAY + 1},
        {"deposit_deadline": T0 + 30 * DAY + 1},
        {"deposit_deadline": T0},
        {"listing_from": T0 - 1},
        {"listing_to": 2**53 - 1},
    ],
)
def test_a_listings_instants_follow_one_another(changes: dict[str, Any]) -> None:
    table = listing_times(**changes)
    assert not is_ordered(table, Method.LISTING)
    assert names(listing_rules(), timetable=table) == ["TIMETABLE_INVALID"]


@pytest.mark.parametrize(
    "changes",
    [
        {"auction_from": None},
        {"listing_from": T0 + 20 * DAY},
        {"listing_to": T0 + 30 * DAY},
        {"registration_to": T0 + 20 * DAY + 1},
    ],
)
def test_an_auctions_instants_follow_one_another(changes: dict[str, Any]) -> None:
    assert names(auction_rules(), timetable=auction_times(**changes)) == ["TIMETABLE_INVALID"]


def test_a_sale_cannot_be_released_after_its_start() -> None:
    assert names(listing_rules(), at=T0 + 20 * DAY + 1) == ["TIMETABLE_INVALID"]


def test_a_converted_auction_must_leave_time_for_quotes() -> None:
    quiet = auction_rules(quiet_min=10 * 24 * 60)
    assert names(quiet) == []
    converting = replace(quiet, on_shortfall=Shortfall.CONVERT_TO_LISTING)
    assert names(converting) == ["TIMETABLE_INVALID"]


def test_a_sale_that_breaks_a_rule_is_not_published() -> None:
    sale = listing()
    broken = publish(listing_rules(cap_mode=CapMode.LOTTERY))
    assert decide(None, broken, T0) == Refusal(Reason.RULES_NOT_VALID)
    assert sale.refused(publish(listing_rules())) is Reason.ALREADY_PUBLISHED


# ── templates ───────────────────────────────────────────────────────────────────────────────

MONEY: dict[str, Any] = {
    "starting_price_fen": START * 100,
    "increment_fen": 100_000,
    "deposit": {"CNY": START * 100},
}


def practice_times() -> Timetable:
    return Timetable(
        announced_at=T0,
        registration_from=T0,
        registration_to=T0 + 20_000,
        deposit_deadline=T0 + 22_000,
        listing_from=T0 + 5_000,
        listing_to=T0 + 25_000,
    )


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_every_template_can_be_released(name: str) -> None:
    rules = from_template(name, **MONEY)
    table = practice_times() if name == "demo" else times_of(rules)
    assert violations(PARCEL, rules, table, T0) == ()


def test_the_templates_hold_what_their_places_do() -> None:
    def of(name: str) -> RuleSet:
        return from_template(name, **MONEY)

    hebei, suzhou, fujian = of("hebei-default"), of("suzhou-2017"), of("fujian-2012")
    assert (hebei.countdown_s, hebei.extension, hebei.quiet_min, hebei.ready_min) == (
        300,
        Extension.RESET,
        0,
        0,
    )
    assert hebei.entry_rule is EntryRule.ALL_QUALIFIED
    assert (suzhou.countdown_s, suzhou.quiet_min, suzhou.max_jump_steps) == (240, 60, 5)
    assert (suzhou.live_trigger, suzhou.entry_rule) == (
        LiveTrigger.TWO_BIDDERS,
        EntryRule.QUOTED_BEFORE,
    )
    assert suzhou.suspend_rule.notice_s == 5 * DAY // 1000
    assert (fujian.countdown_s, fujian.ready_min, fujian.grid) == (300, 15, Grid.MIN_ONLY)
    assert (fujian.live_trigger, fujian.price_quantum_fen) == (
        LiveTrigger.TWO_IN_LAST_HOUR,
        100_000,
    )
    assert fujian.suspend_rule == ResumeNotice(notice_s=86_400, at_once_within_s=3600)
    qinzhou = of("qinzhou-2021")
    assert (qinzhou.method, qinzhou.free_min, qinzhou.countdown_s) == (Method.AUCTION, 60, 300)


def test_only_the_demo_has_another_day_and_another_minute() -> None:
    odd = {
        name
        for name in TEMPLATES
        if (rules := from_template(name, **MONEY)).day_ms != DAY or rules.minute_ms != MINUTE
    }
    assert odd == {"demo"}


def test_a_template_that_does_not_exist_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        from_template("atlantis", **MONEY)


# ── supplements ─────────────────────────────────────────────────────────────────────────────


def later(days: int) -> Timetable:
    return listing_times(listing_from=T0 + (20 + days) * DAY, listing_to=T0 + (30 + days) * DAY)


def test_t3_a_late_price_relevant_change_postpones_the_start() -> None:
    sale = listing()
    sale.at = T0 + 5 * DAY
    how: dict[str, Any] = {"price_relevant": True}
    assert sale.refused(supplement(sale.lot, **how)) is Reason.START_NOT_POSTPONED
    too_soon = supplement(sale.lot, **how, timetable=later(3))
    assert sale.refused(too_soon) is Reason.START_NOT_POSTPONED
    sale.do(supplement(sale.lot, **how, timetable=later(4)))
    assert (sale.lot.version, sale.lot.timetable) == (2, later(4))


def test_t3_a_change_of_the_price_is_price_relevant_whatever_it_calls_itself() -> None:
    sale = listing()
    dearer = listing_rules(increment_fen=2 * STEP)
    sale.do(supplement(sale.lot, rules=dearer))
    assert sale.lot.rules == dearer
    sale.at = T0 + 5 * DAY
    again = supplement(sale.lot, rules=listing_rules())
    assert sale.refused(again) is Reason.START_NOT_POSTPONED


def test_t3_can_be_waived_with_a_reason_given_before() -> None:
    sale = listing(waivers={"T3": "疫情防控"})
    sale.at = T0 + 19 * DAY
    sale.do(supplement(sale.lot, price_relevant=True))
    sale = listing()
    sale.at = T0 + 19 * DAY
    waiving = listing_rules(waivers={"T3": "此刻才说"})
    command = supplement(sale.lot, price_relevant=True, rules=waiving)
    assert sale.refused(command) is Reason.START_NOT_POSTPONED


def test_a_change_without_bearing_on_the_price_needs_no_delay() -> None:
    sale = listing()
    sale.do(supplement(sale.lot, rules=listing_rules(warnings_s=(30, 20, 10))), T0 + 19 * DAY)
    assert not sale.entries[-1][1][0].postponed  # type: ignore[union-attr]  # a LotSupplemented
    assert sale.lot.rules.warnings_s == (30, 20, 10)


def test_once_the_announced_instant_has_come_no_supplement_is_possible() -> None:
    sale = listing()
    start = T0 + 20 * DAY
    postponing = supplement(sale.lot, timetable=later(5))
    assert sale.refused(postponing, start) is Reason.BIDDING_HAS_OPENED
    sale.do(postponing, start - 1)


def test_a_supplement_breaks_no_rule_and_keeps_the_announcement() -> None:
    sale = listing()
    lot = sale.lot
    for changes, reason in (
        ({"rules": auction_rules()}, Reason.RULES_NOT_VALID),
        ({"rules": listing_rules(cap_mode=CapMode.LOTTERY)}, Reason.RULES_NOT_VALID),
        ({"timetable": listing_times(announced_at=T0 - DAY)}, Reason.RULES_NOT_VALID),
        ({"timetable": listing_times(listing_to=T0 + 28 * DAY)}, Reason.RULES_NOT_VALID),
        ({"timetable": listing_times(listing_to=None)}, Reason.TIMETABLE_INVALID),
        ({"timetable": listing_times(listing_from=T0 + 19 * DAY)}, Reason.WINDOW_TOO_SHORT),
    ):
        assert sale.refused(supplement(lot, **changes)) is reason, changes


def test_the_opening_follows_the_supplemented_timetable() -> None:
    sale = listing()
    sale.do(supplement(sale.lot, timetable=later(5)))
    assert sale.leave() is Stage.LISTING
    assert sale.lot.opened_at == T0 + 25 * DAY
    assert (Stage.ANNOUNCED, Stage.LISTING) in TRANSITIONS
