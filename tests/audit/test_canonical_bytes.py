"""Canonical bytes: one value, one spelling; RFC 8785's examples where our profile meets them."""

import json
from typing import Any
from unicodedata import normalize

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from service.audit.canonical import (
    MAX_BYTES,
    MAX_DEPTH,
    NotCanonical,
    Reason,
    decode,
    encode,
)

MAX = 2**53 - 1

nfc = st.text(st.characters(exclude_categories=("Cs",))).map(lambda text: normalize("NFC", text))
integers = st.integers(-MAX, MAX)
values = st.recursive(
    st.booleans() | integers | nfc,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(nfc, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(nfc, values, max_size=5)


def refused(reason: Reason) -> Any:
    return pytest.raises(NotCanonical, check=lambda refusal: refusal.reason is reason)


def nested(depth: int) -> bytes:
    """An object at the top of `depth` containers."""
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


# --- RFC 8785 ---------------------------------------------------------------------------------


def test_rfc_8785_section_3_2_2_string_is_escaped_as_published() -> None:
    value = {"string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/"}
    assert encode(value) == '{"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'.encode()


def test_rfc_8785_section_3_2_3_keys_sort_by_utf_16_units_not_code_points() -> None:
    # The published sample less U+FB33, which is not NFC; U+FF01 stands in above the surrogates.
    value = {
        "€": "Euro Sign",
        "\r": "Carriage Return",
        "\uff01": "Fullwidth Exclamation Mark",
        "1": "One",
        "😀": "Emoji: Grinning Face",
        "\u0080": "Control",
        "ö": "Latin Small Letter O With Diaeresis",
    }
    keys = list(json.loads(encode(value)))
    assert keys == ["\r", "1", "\u0080", "ö", "€", "😀", "\uff01"]
    assert keys != sorted(keys)


@pytest.mark.parametrize(
    ("value", "published"),
    [
        (
            {"1": {"f": {"f": "hi", "F": 5}, "\n": 56}, "10": {}, "": "empty", "a": {}}
            | {"111": [{}], "A": {}},
            '{"":"empty","1":{"\\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{}],"A":{},"a":{}}',
        ),
        (
            {"péché": 1, "peach": 2, "sin": 3, "pêche": 4},
            '{"peach":2,"péché":1,"pêche":4,"sin":3}',
        ),
        ({"literals": [True, False]}, '{"literals":[true,false]}'),
        ({"numbers": [MAX, -MAX, 0]}, '{"numbers":[9007199254740991,-9007199254740991,0]}'),
    ],
    ids=["structures", "french", "literals", "appendix-b-integers"],
)
def test_published_examples_inside_the_profile(value: dict[str, Any], published: str) -> None:
    assert encode(value) == published.encode()
    assert decode(published.encode()) == value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"Unnormalized Unicode": "A\u030a"}, Reason.NOT_NFC),  # RFC 8785's unicode sample
        ({"\ufb33": "Hebrew Letter Dalet With Dagesh"}, Reason.NOT_NFC),
        ({"numbers": [333333333.33333329]}, Reason.FLOAT),
        ({"numbers": [1.0]}, Reason.FLOAT),
        ({"numbers": [float("nan")]}, Reason.FLOAT),
        ({"literals": [None]}, Reason.NULL),
        ({"n": 2**53}, Reason.INTEGER_TOO_BIG),
        ({"n": -(2**53)}, Reason.INTEGER_TOO_BIG),
        ({"s": "\ud800"}, Reason.LONE_SURROGATE),
        ({"\udfff": 1}, Reason.LONE_SURROGATE),
        ({1: "one"}, Reason.KEY_NOT_A_STRING),
        ({"b": b"raw"}, Reason.UNKNOWN_TYPE),
        ({"s": {1, 2}}, Reason.UNKNOWN_TYPE),
    ],
)
def test_values_outside_the_profile_are_refused_by_name(value: Any, reason: Reason) -> None:
    with refused(reason):
        encode(value)


def test_a_value_larger_than_the_bound_is_refused_both_ways() -> None:
    big = {"s": "x" * (MAX_BYTES - len('{"s":""}'))}
    raw = encode(big)
    assert len(raw) == MAX_BYTES
    assert decode(raw) == big
    with refused(Reason.TOO_LARGE):
        encode({"s": big["s"] + "x"})
    with refused(Reason.TOO_LARGE):
        decode(raw[:-2] + b'x"}')


# --- the stored bytes -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"a":1,"a":1}', Reason.DUPLICATE_KEY),
        (b'{"b":{"a":1,"a":2}}', Reason.DUPLICATE_KEY),
        (b'{"a":1,"\\u0061":1}', Reason.DUPLICATE_KEY),
        (b'{"a":1e3}', Reason.FLOAT),
        (b'{"a":1E3}', Reason.FLOAT),
        (b'{"a":1.0}', Reason.FLOAT),
        (b'{"a":-0.0}', Reason.FLOAT),
        (b'{"a":NaN}', Reason.FLOAT),
        (b'{"a":-Infinity}', Reason.FLOAT),
        (b'{"a":-0}', Reason.NEGATIVE_ZERO),
        (b'{"a":null}', Reason.NULL),
        (b'{"a":9007199254740992}', Reason.INTEGER_TOO_BIG),
        (b'{"a":-9007199254740992}', Reason.INTEGER_TOO_BIG),
        (b'{"a":' + b"9" * 5000 + b"}", Reason.INTEGER_TOO_BIG),
        ('{"a":"e\u0301"}'.encode(), Reason.NOT_NFC),
        (b'{"a":"e\\u0301"}', Reason.NOT_NFC),
        ('{"e\u0301":1}'.encode(), Reason.NOT_NFC),
        (b'{"a":"\\ud800"}', Reason.LONE_SURROGATE),
        (b'{"\\ud800":1}', Reason.LONE_SURROGATE),
        (b'{"a":"\xed\xa0\x80"}', Reason.NOT_UTF8),
        (b'{"a":"\xc0\xaf"}', Reason.NOT_UTF8),
        (b'\xef\xbb\xbf{"a":1}', Reason.BYTE_ORDER_MARK),
        (b"", Reason.NOT_JSON),
        (b'{"a":1', Reason.NOT_JSON),
        (b'{"a":01}', Reason.NOT_JSON),
        (b'{"a":1,}', Reason.NOT_JSON),
        (b'{"a":"\n"}', Reason.NOT_JSON),
        (b'{"a":1}{"a":1}', Reason.NOT_JSON),
        (b"[1]", Reason.NOT_AN_OBJECT),
        (b'"a"', Reason.NOT_AN_OBJECT),
        (b"1", Reason.NOT_AN_OBJECT),
        (b'{"a": 1}', Reason.OTHER_SPELLING),
        (b'{"a":1}\n', Reason.OTHER_SPELLING),
        (b'{"b":1,"a":2}', Reason.OTHER_SPELLING),
        (b'{"a":"\\/"}', Reason.OTHER_SPELLING),
        (b'{"a":"\\u0041"}', Reason.OTHER_SPELLING),
        (b'{"a":"\\u00E9"}', Reason.OTHER_SPELLING),
        (b'{"a":"\\u001F"}', Reason.OTHER_SPELLING),
        (b'{"a":"\\u000a"}', Reason.OTHER_SPELLING),
        (nested(MAX_DEPTH + 1), Reason.TOO_DEEP),
        (nested(100_000), Reason.TOO_DEEP),
    ],
    ids=lambda each: each.decode("utf-8", "replace")[:24] if isinstance(each, bytes) else each,
)
def test_bytes_that_mean_the_same_but_are_not_the_same_are_refused(
    raw: bytes, reason: Reason
) -> None:
    with refused(reason):
        decode(raw)


def test_the_deepest_allowed_value_is_read() -> None:
    assert encode(decode(nested(MAX_DEPTH))) == nested(MAX_DEPTH)


def test_the_refusal_tells_where_the_spelling_differs() -> None:
    with pytest.raises(NotCanonical, match="OTHER_SPELLING: first differs at byte 5"):
        decode(b'{"a": 1}')


def test_tuples_are_arrays() -> None:
    assert encode({"a": (1, (2,))}) == b'{"a":[1,[2]]}'


# --- properties -------------------------------------------------------------------------------


@given(objects)
def test_every_value_in_the_profile_comes_back_from_its_bytes(value: dict[str, Any]) -> None:
    raw = encode(value)
    again = decode(raw)
    assert again == value
    assert encode(again) == raw


@given(objects)
def test_our_bytes_are_those_of_the_rfc_8785_library(value: dict[str, Any]) -> None:
    assert encode(value) == rfc8785.dumps(value)


@given(st.dictionaries(st.text("abcAB01_-", min_size=1), values, max_size=6))
def test_the_quick_writer_for_ascii_keys_agrees_too(value: dict[str, Any]) -> None:
    assert encode(value) == rfc8785.dumps(value)


@given(objects, st.data())
def test_any_changed_byte_is_another_value_or_refused(
    value: dict[str, Any], data: st.DataObject
) -> None:
    raw = bytearray(encode(value))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        changed = decode(bytes(raw))
    except NotCanonical:
        return
    assert encode(changed) == bytes(raw)
    assert json.dumps(changed, sort_keys=True) != json.dumps(value, sort_keys=True)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_read_or_refused_never_a_traceback(raw: bytes) -> None:
    try:
        value = decode(raw)
    except NotCanonical:
        return
    assert encode(value) == raw
