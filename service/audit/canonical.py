"""Canonical bytes: RFC 8785 JSON in the log's narrow profile, the only form that is hashed.

Objects, arrays, NFC strings, booleans and integers with |n| < 2^53. No floats and no null:
both have more than one spelling in the wild, and an auction needs neither.
"""

import json
from enum import StrEnum
from typing import Any, NoReturn
from unicodedata import is_normalized

import rfc8785

from service.audit.broken import Broken
from service.audit.encodings import MAX_INTEGER

MAX_BYTES = 8 * 1024 * 1024  # bytes of one value: a roll of some 20,000 bidders
MAX_DEPTH = 32  # containers inside one another; an entry needs about six
MAX_DIGITS = 16  # decimal digits of 2^53


class Reason(StrEnum):
    """Why a value or its bytes are not canonical."""

    TOO_LARGE = "TOO_LARGE"
    TOO_DEEP = "TOO_DEEP"
    NOT_UTF8 = "NOT_UTF8"
    BYTE_ORDER_MARK = "BYTE_ORDER_MARK"
    NOT_JSON = "NOT_JSON"
    NOT_AN_OBJECT = "NOT_AN_OBJECT"
    DUPLICATE_KEY = "DUPLICATE_KEY"
    KEY_NOT_A_STRING = "KEY_NOT_A_STRING"
    NULL = "NULL"
    FLOAT = "FLOAT"
    NEGATIVE_ZERO = "NEGATIVE_ZERO"
    INTEGER_TOO_BIG = "INTEGER_TOO_BIG"
    NOT_NFC = "NOT_NFC"
    LONE_SURROGATE = "LONE_SURROGATE"
    UNKNOWN_TYPE = "UNKNOWN_TYPE"
    OTHER_SPELLING = "OTHER_SPELLING"


class NotCanonical(Broken):
    """The value has no canonical bytes, or the bytes are not the canonical ones."""


def encode(value: Any) -> bytes:
    """The canonical bytes of `value`; lists and tuples are arrays.

    Raises NotCanonical by reason for everything outside the profile.
    """
    ascii_keys = _check(value, MAX_DEPTH)
    try:
        # Code-point order equals RFC 8785's UTF-16 order for ASCII keys, and ours all are;
        # for those the standard encoder writes the same bytes six times faster.
        raw = _write(value).encode() if ascii_keys else rfc8785.dumps(value)
    except (UnicodeEncodeError, rfc8785.CanonicalizationError) as error:
        raise NotCanonical(Reason.LONE_SURROGATE) from error
    if len(raw) > MAX_BYTES:
        raise NotCanonical(Reason.TOO_LARGE, f"{len(raw)} bytes")
    return raw


def decode(raw: bytes) -> dict[str, Any]:
    """The object whose canonical bytes are exactly `raw`; raises NotCanonical by reason."""
    if len(raw) > MAX_BYTES:
        raise NotCanonical(Reason.TOO_LARGE, f"{len(raw)} bytes")
    value = _read(_text(raw))
    if type(value) is not dict:
        raise NotCanonical(Reason.NOT_AN_OBJECT)
    again = encode(value)
    if again != raw:
        raise NotCanonical(Reason.OTHER_SPELLING, f"first differs at byte {_fork(raw, again)}")
    return value


def _text(raw: bytes) -> str:
    if raw.startswith(b"\xef\xbb\xbf"):
        raise NotCanonical(Reason.BYTE_ORDER_MARK)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise NotCanonical(Reason.NOT_UTF8, f"byte {error.start}") from error


def _read(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except NotCanonical:
        raise
    except RecursionError as error:
        raise NotCanonical(Reason.TOO_DEEP) from error
    except ValueError as error:
        raise NotCanonical(Reason.NOT_JSON, str(error)) from error


def _fork(left: bytes, right: bytes) -> int:
    pairs = enumerate(zip(left, right, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(left), len(right)))


def _check(value: Any, depth: int) -> bool:
    """Refuse what lies outside the profile; tell whether every key is ASCII."""
    if isinstance(value, str):
        _check_string(value)
    elif isinstance(value, int):  # booleans too: they are the integers 0 and 1
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise NotCanonical(Reason.INTEGER_TOO_BIG)
    elif isinstance(value, dict):
        return _check_object(value, depth)
    elif isinstance(value, list | tuple):
        return _check_array(value, depth)
    else:
        _refuse_type(value)
    return True


def _check_object(value: dict[Any, Any], depth: int) -> bool:
    if not depth:
        raise NotCanonical(Reason.TOO_DEEP)
    ascii_keys = True
    for key, member in value.items():
        if not isinstance(key, str):
            raise NotCanonical(Reason.KEY_NOT_A_STRING, repr(key)[:80])
        if not key.isascii():
            _check_string(key)
            ascii_keys = False
        ascii_keys &= _check(member, depth - 1)
    return ascii_keys


def _check_array(value: list[Any] | tuple[Any, ...], depth: int) -> bool:
    if not depth:
        raise NotCanonical(Reason.TOO_DEEP)
    ascii_keys = True
    for member in value:
        ascii_keys &= _check(member, depth - 1)
    return ascii_keys


def _check_string(value: str) -> None:
    # NFC and NFD of one name look alike on a screen and hash apart.
    if not value.isascii() and not is_normalized("NFC", value):
        raise NotCanonical(Reason.NOT_NFC, ascii(value)[:80])


def _refuse_type(value: Any) -> NoReturn:
    if value is None:
        raise NotCanonical(Reason.NULL)
    if isinstance(value, float):
        raise NotCanonical(Reason.FLOAT, repr(value))
    raise NotCanonical(Reason.UNKNOWN_TYPE, type(value).__name__)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise NotCanonical(Reason.DUPLICATE_KEY)
    return value


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS + 1:
        raise NotCanonical(Reason.INTEGER_TOO_BIG)
    if digits == "-0":
        raise NotCanonical(Reason.NEGATIVE_ZERO)
    return int(digits)


def _float(digits: str) -> NoReturn:
    raise NotCanonical(Reason.FLOAT, digits[:80])


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_float
)
# check_circular is off because _check has already bounded the depth.
_write = json.JSONEncoder(
    ensure_ascii=False,
    check_circular=False,
    allow_nan=False,
    sort_keys=True,
    separators=(",", ":"),
).encode
