"""Commitments: bound to kind, log, salt and value, byte for byte as bid-log.md §5 writes them."""

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.audit.canonical import NotCanonical
from service.audit.commitments import (
    CommitmentBroken,
    Kind,
    Reason,
    check_opening,
    commit,
    head_count_value,
    new_salt,
    reserve_value,
)
from service.audit.notes import NoteBroken

ORIGIN = "auction.example.cn/lot/hj-2017-07"
SALT = "00112233445566778899aabbccddeeff" * 2


def refused(reason: Reason) -> Any:
    return pytest.raises(CommitmentBroken, check=lambda refusal: refusal.reason is reason)


def test_a_commitment_is_the_hash_that_the_specification_spells_out() -> None:
    preimage = (
        "luochui/reserve/v1\n"
        "auction.example.cn/lot/hj-2017-07\n"
        f"{SALT}\n"
        '{"amount_fen":1234500,"has_reserve":true}'
    )
    expected = sha256(preimage.encode()).hexdigest()
    assert commit(Kind.RESERVE, ORIGIN, SALT, reserve_value(1234500)) == expected
    # Pinned, so that an edit of both sides at once is noticed.
    assert expected == "0331d7657e533f8a8bcd780d20e83774b246265a7b894a40fe94d577778ff6ca"


def test_no_reserve_is_committed_in_the_same_form() -> None:
    assert reserve_value(None) == {"amount_fen": 0, "has_reserve": False}
    assert reserve_value(0) == {"amount_fen": 0, "has_reserve": True}
    assert len(commit(Kind.RESERVE, ORIGIN, SALT, reserve_value(None))) == 64


@given(st.sampled_from(Kind), st.integers(0, 10**9))
def test_an_honest_opening_holds(kind: Kind, count: int) -> None:
    salt, value = new_salt(), head_count_value(count)
    check_opening(commit(kind, ORIGIN, salt, value), kind, ORIGIN, salt, value)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": Kind.DEPOSIT},
        {"origin": "auction.example.cn/lot/hj-2017-08"},
        {"origin": "auction.example.cn/house"},
        {"salt": SALT[:-1] + "e"},
        {"value": reserve_value(1234501)},
        {"value": reserve_value(None)},
        {"value": reserve_value(1234500) | {"note": ""}},
    ],
    ids=str,
)
def test_nothing_can_be_exchanged_at_the_opening(change: dict[str, Any]) -> None:
    sealed: dict[str, Any] = {
        "kind": Kind.RESERVE,
        "origin": ORIGIN,
        "salt": SALT,
        "value": reserve_value(1234500),
    }
    commitment = commit(**sealed)
    check_opening(commitment, **sealed)
    with refused(Reason.WRONG_OPENING):
        check_opening(commitment, **(sealed | change))


@pytest.mark.parametrize(
    "salt", ["", SALT[:-2], SALT + "00", SALT.upper(), "zz" * 32, SALT[:-1] + "\n"]
)
def test_a_salt_of_another_form_is_refused(salt: str) -> None:
    with refused(Reason.BAD_SALT):
        commit(Kind.IDENTITY, ORIGIN, salt, {})


def test_a_commitment_of_another_form_is_refused() -> None:
    commitment = commit(Kind.IDENTITY, ORIGIN, SALT, {})
    for wrong in (commitment.upper(), commitment[:-1], "", commitment + "00"):
        with refused(Reason.BAD_COMMITMENT):
            check_opening(wrong, Kind.IDENTITY, ORIGIN, SALT, {})


def test_an_origin_that_could_blur_the_lines_is_refused() -> None:
    with pytest.raises(NoteBroken):
        commit(Kind.IDENTITY, f"auction.example.cn/house\n{SALT}", SALT, {})


def test_a_value_outside_the_profile_is_refused() -> None:
    with pytest.raises(NotCanonical):
        commit(Kind.IDENTITY, ORIGIN, SALT, {"name": None})


def test_salts_are_32_fresh_bytes() -> None:
    salts = {new_salt() for _ in range(100)}
    assert len(salts) == 100
    assert {len(bytes.fromhex(salt)) for salt in salts} == {32}
