"""The short way of an ordinary bid's frame is the long one without its first look."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import live
from schemas.problem import ProblemCode
from service.api.client_frames import _ORDINARY_BID, read_frame
from service.api.doors import check_json

BID: dict[str, Any] = {
    "type": "place_bid",
    "bid_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "amount_fen": 28_270_000_000,
    "seen_seq": 17,
    "jump_confirmed": False,
    "key_id": "2a97516c354b6848",
    "signature": "A" * 86 + "==",
}
TEXT = json.dumps(BID, separators=(",", ":"))


def test_an_ordinary_bid_is_read_in_either_spelling() -> None:
    assert _ORDINARY_BID.fullmatch(TEXT)
    loose = json.dumps(dict(reversed(BID.items())))
    assert not _ORDINARY_BID.fullmatch(loose)
    assert read_frame(TEXT, 4096) == read_frame(loose, 4096) == live.PlaceBid(**BID)


@given(st.from_regex(_ORDINARY_BID, fullmatch=True))
def test_what_is_not_looked_at_would_have_passed(text: str) -> None:
    """Or is no JSON at all, such as a number with a zero before it, and is refused as that."""
    if is_json(text):
        check_json(text)
        return
    answer = read_frame(text, 4096)
    assert isinstance(answer, live.Problem)
    assert answer.detail == "frame: json_invalid"


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except json.JSONDecodeError:
        return False
    return True


@pytest.mark.parametrize(
    "text",
    [
        TEXT[:-1] + ',"amount_fen":1}',
        TEXT.replace('"seen_seq"', '"amount_fen":1,"seen_seq"'),
        TEXT.replace("2a97516c354b6848", "2a97516c354b\\u0000"),
        TEXT.replace("28270000000", "NaN"),
        TEXT.replace("28270000000", "028270000000"),
        TEXT + "\n{}",
        TEXT.replace(":17", ":17e3"),
    ],
)
def test_two_readers_never_see_two_bids(text: str) -> None:
    answer = read_frame(text, 4096)
    assert isinstance(answer, live.Problem)
    assert answer.code is ProblemCode.MALFORMED
