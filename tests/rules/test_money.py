"""Money, area and rounding: the vectors of real notices (rules §1)."""

from dataclasses import replace

import pytest
from pydantic import TypeAdapter, ValidationError

from schemas.base import AmountFen
from service.rules import money
from service.rules.terms import MAX_AMOUNT_FEN, Parcel, PriceUnit
from tests.rules.sale import PARCEL, Sale, listing_rules

WAN = 1_000_000  # fen in 万元


def of_m2(centi_m2: int) -> Parcel:
    return replace(PARCEL, area_centi_m2=centi_m2)


@pytest.mark.parametrize(
    ("centi_m2", "milli_mu", "denominator"),
    [
        (545_074, 817_611, 100_000),
        (1_203_800, 18_057, 1000),
        (532_900, 79_935, 10_000),
    ],
)
def test_areas_of_real_notices_in_mu_are_exact(
    centi_m2: int, milli_mu: int, denominator: int
) -> None:
    held, held_in = money.area_in_unit(of_m2(centi_m2), PriceUnit.PER_MU)
    assert held * denominator == milli_mu * held_in


def test_an_area_printed_with_two_decimals_is_the_exact_one_rounded() -> None:
    held, held_in = money.area_in_unit(of_m2(6_051_061), PriceUnit.PER_MU)
    assert money.half_up(held * 100, held_in) == 9077


@pytest.mark.parametrize(
    ("centi_m2", "wan_per_mu", "total_fen"),
    [
        (545_074, 35, 286_163_900),  # 2,861,638.5 yuan, half up to the yuan
        (1_203_800, 14, 252_798_000),
        (532_900, 12, 95_922_000),
    ],
)
def test_a_price_per_mu_is_a_total_half_up_to_the_yuan(
    centi_m2: int, wan_per_mu: int, total_fen: int
) -> None:
    assert money.total_fen(wan_per_mu * WAN, PriceUnit.PER_MU, of_m2(centi_m2)) == total_fen


def test_a_step_per_mu_is_a_step_of_the_total() -> None:
    rules = listing_rules(increment_fen=WAN // 5, increment_unit=PriceUnit.PER_MU)
    assert money.increment_fen(rules, of_m2(532_900), live=False) == 1_598_700


def test_a_step_of_the_total_is_a_step_per_mu_to_the_fen() -> None:
    rules = listing_rules(
        price_unit=PriceUnit.PER_MU, increment_fen=1_598_700, increment_unit=PriceUnit.TOTAL
    )
    assert money.increment_fen(rules, of_m2(532_900), live=False) == WAN // 5


def test_a_total_over_an_area_is_the_printed_price_per_mu() -> None:
    per_mu = money.converted_fen(1622 * WAN, PriceUnit.TOTAL, PriceUnit.PER_MU, of_m2(432_754))
    assert money.half_up(per_mu, WAN // 100) == 24_987


@pytest.mark.parametrize(("deposit_fen", "passes"), [(3_756_870_000, True), (3_756_860_000, False)])
def test_twenty_percent_of_a_price_is_compared_without_rounding(
    deposit_fen: int, passes: bool
) -> None:
    assert money.deposit_reaches_percent(deposit_fen, 18_784_350_000, 20) is passes


def test_the_step_of_the_timed_phase_may_differ() -> None:
    rules = listing_rules(increment_fen=200, increment_live_fen=50)
    assert money.increment_fen(rules, PARCEL, live=False) == 200
    assert money.increment_fen(rules, PARCEL, live=True) == 50


def test_prices_per_square_metre_of_land_and_of_floor() -> None:
    parcel = replace(of_m2(100_050), floor_area_centi_m2=200_100)
    assert money.total_fen(100, PriceUnit.PER_M2, parcel) == 100_100  # 1000.5 yuan, half up
    assert money.total_fen(100, PriceUnit.PER_FLOOR_M2, parcel) == 200_100


def test_the_total_of_a_lot_follows_its_price() -> None:
    sale = Sale(
        listing_rules(
            price_unit=PriceUnit.PER_MU,
            increment_unit=PriceUnit.PER_MU,
            starting_price_fen=35 * WAN,
            increment_fen=WAN,
            deposit={"CNY": 300 * WAN},
        ),
        parcel=of_m2(545_074),
    )
    assert sale.lot.total_fen is None
    sale.leave()
    sale.accepted("A2K7", 35 * WAN)
    assert sale.lot.total_fen == 286_163_900


def test_half_goes_up_and_less_goes_down() -> None:
    assert [money.half_up(n, 2) for n in (0, 1, 2, 3)] == [0, 1, 1, 2]
    assert [money.half_up(n, 10) for n in (4, 5, 14, 15)] == [0, 1, 1, 2]


@pytest.mark.parametrize("lax", [True, "100", 1000.0, "1_000", None, -1, MAX_AMOUNT_FEN + 1])
def test_only_a_whole_number_of_fen_is_an_amount(lax: object) -> None:
    """Fault 10: float money with an epsilon; here money is integers and nothing else."""
    with pytest.raises(ValidationError):
        TypeAdapter(AmountFen).validate_python(lax)


def test_the_range_of_amounts_ends_where_every_language_still_counts_exactly() -> None:
    assert money.is_amount(0)
    assert money.is_amount(2**53 - 1)
    assert not money.is_amount(2**53)
    assert not money.is_amount(-1)


def test_one_fen_too_little_is_too_little_even_at_the_largest_amounts() -> None:
    """Fault 10: near 2^53 a float cannot tell a bid from one fen more."""
    start = 2**53 - 1 - 40_000
    rules = listing_rules(
        starting_price_fen=start, increment_fen=1, deposit={"CNY": start}, drain_ms=0
    )
    sale = Sale(rules)
    sale.leave()
    sale.accepted("A2K7", start + 1)
    assert sale.no("B3M8", start + 1) == "BELOW_MINIMUM"
    assert sale.accepted("B3M8", start + 2).minimum_next_fen == start + 3
