"""The quick copy of a lot is the slow one, field for field."""

from dataclasses import FrozenInstanceError, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.rules.lot import Lot, changed
from tests.rules.sale import listing

NAMES = [field.name for field in fields(Lot)]
ANY = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4))
CHANGES = st.dictionaries(st.sampled_from(NAMES), ANY)


@given(CHANGES, CHANGES)
def test_it_is_replace(first: dict[str, object], then: dict[str, object]) -> None:
    before = replace(listing().lot, **first)  # type: ignore[arg-type]  # any value will do
    kept = dict(vars(before))
    quick, slow = changed(before, **then), replace(before, **then)  # type: ignore[arg-type]
    assert quick == slow
    assert (vars(quick), type(quick), repr(quick)) == (vars(slow), Lot, repr(slow))
    assert vars(before) == kept


def test_it_makes_only_lots_and_lots_are_frozen() -> None:
    lot = listing().lot
    with pytest.raises(AssertionError):
        changed(lot, prize_fen=1)
    with pytest.raises(FrozenInstanceError):
        changed(lot, price_fen=1).price_fen = 2  # type: ignore[misc]
