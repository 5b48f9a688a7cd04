"""Money and area: whole fen, whole 0.01 m², rounding half up to the yuan (rules §1)."""

from service.rules.terms import MAX_AMOUNT_FEN, Parcel, PriceUnit, RuleSet

FEN_PER_YUAN = 100
# 1 亩 = 2000/3 m², so one 0.01 m² is 3/200000 亩.
MU_NUMERATOR = 3
MU_DENOMINATOR = 200_000
CENTI_M2_PER_M2 = 100


def area_in_unit(parcel: Parcel, unit: PriceUnit) -> tuple[int, int]:
    """The parcel's size in `unit` as an exact fraction (numerator, denominator)."""
    match unit:
        case PriceUnit.TOTAL:
            return 1, 1
        case PriceUnit.PER_MU:
            return parcel.area_centi_m2 * MU_NUMERATOR, MU_DENOMINATOR
        case PriceUnit.PER_M2:
            return parcel.area_centi_m2, CENTI_M2_PER_M2
        case PriceUnit.PER_FLOOR_M2:
            assert parcel.floor_area_centi_m2 is not None, "release refuses a missing floor area"
            return parcel.floor_area_centi_m2, CENTI_M2_PER_M2


def half_up(numerator: int, denominator: int) -> int:
    """Nearest integer of a fraction that is not negative; exactly half goes up."""
    return (2 * numerator + denominator) // (2 * denominator)


def total_fen(amount_fen: int, unit: PriceUnit, parcel: Parcel) -> int:
    """A price in `unit` as the total in fen, rounded half up to the yuan."""
    if unit is PriceUnit.TOTAL:
        return amount_fen
    numerator, denominator = area_in_unit(parcel, unit)
    return half_up(amount_fen * numerator, denominator * FEN_PER_YUAN) * FEN_PER_YUAN


def increment_fen(rules: RuleSet, parcel: Parcel, *, live: bool) -> int:
    """The step in force, in fen per `price_unit`."""
    step = rules.increment_fen
    if live and rules.increment_live_fen is not None:
        step = rules.increment_live_fen
    return converted_fen(step, rules.increment_unit, rules.price_unit, parcel)


def converted_fen(amount_fen: int, origin: PriceUnit, to: PriceUnit, parcel: Parcel) -> int:
    """The same sum per another unit; a total half up to the yuan, a unit price to the fen."""
    if origin is to:
        return amount_fen
    if to is PriceUnit.TOTAL:
        return total_fen(amount_fen, origin, parcel)
    held, held_in = area_in_unit(parcel, origin)
    asked, asked_in = area_in_unit(parcel, to)
    return half_up(amount_fen * held * asked_in, held_in * asked)


def deposit_reaches_percent(deposit_fen: int, total: int, percent: int) -> bool:
    """T6: whether a deposit is at least `percent` of a total, without rounding."""
    return deposit_fen * 100 >= total * percent


def is_amount(value: int) -> bool:
    """Whether a value is inside the range of amounts, 0 … 2^53 − 1."""
    return 0 <= value <= MAX_AMOUNT_FEN
