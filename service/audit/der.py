"""A strict reader of DER (X.690 §8, §10), as much of it as timestamps need.

One spelling of each length, tags of one byte, nothing after the end. It never recurses: the caller
opens what it needs, level by level.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from re import ASCII, compile

from service.audit.broken import Broken

BOOLEAN, INTEGER, OCTETS, NULL, OID, SEQUENCE, SET = 0x01, 0x02, 0x04, 0x05, 0x06, 0x30, 0x31
GENERALIZED_TIME = 0x18

_TIME = compile(r"([0-9]{14})(?:\.([0-9]{0,11}[1-9]))?Z", ASCII)


class Reason(StrEnum):
    """Why bytes are not the DER that was expected."""

    BAD_DER = "BAD_DER"


class DerBroken(Broken):
    """Bytes that are not DER, or not of the kind that belongs there."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value: its tag byte, its content, and the whole of it as it stood."""

    tag: int
    content: bytes
    whole: bytes

    def expect(self, tag: int) -> "Value":
        """Itself, when it is of that kind."""
        if self.tag != tag:
            raise DerBroken(Reason.BAD_DER, f"tag 0x{self.tag:02x} instead of 0x{tag:02x}")
        return self

    def parts(self, tag: int) -> list["Value"]:
        """The values inside a constructed one of that kind."""
        return read_all(self.expect(tag).content)

    def integer(self) -> int:
        """A whole number in its shortest spelling."""
        raw = self.expect(INTEGER).content
        if not raw or (len(raw) > 1 and raw[0] in (0x00, 0xFF) and raw[0] >> 7 == raw[1] >> 7):
            raise DerBroken(Reason.BAD_DER, "an integer")
        return int.from_bytes(raw, "big", signed=True)

    def instant(self) -> datetime:
        """A GeneralizedTime as RFC 3161 §2.4.2 spells it: UTC, no trailing zeros."""
        found = _TIME.fullmatch(self.expect(GENERALIZED_TIME).content.decode("latin-1"))
        if found is None:
            raise DerBroken(Reason.BAD_DER, "a time")
        whole, fraction = found.groups()
        try:
            second = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError as error:
            raise DerBroken(Reason.BAD_DER, "a time") from error
        return second + timedelta(microseconds=int((fraction or "").ljust(6, "0")[:6]))


def read(raw: bytes) -> Value:
    """The one value that these bytes are; raises DerBroken."""
    values = read_all(raw)
    if len(values) != 1:
        raise DerBroken(Reason.BAD_DER, f"{len(values)} values instead of one")
    return values[0]


def read_all(raw: bytes) -> list[Value]:
    """The values that follow each other in these bytes; raises DerBroken."""
    values, at = [], 0
    while at < len(raw):
        start = _content_start(raw, at)
        end = start + _length(raw, at)
        if end > len(raw):
            raise DerBroken(Reason.BAD_DER, "shorter than it says")
        values.append(Value(raw[at], raw[start:end], raw[at:end]))
        at = end
    return values


def _content_start(raw: bytes, at: int) -> int:
    if at + 2 > len(raw):
        raise DerBroken(Reason.BAD_DER, "cut short")
    if raw[at] & 0x1F == 0x1F:
        raise DerBroken(Reason.BAD_DER, "a tag of several bytes")
    first = raw[at + 1]
    return at + 2 + (first & 0x7F if first & 0x80 else 0)


def _length(raw: bytes, at: int) -> int:
    first = raw[at + 1]
    if first < 0x80:
        return first
    count = first & 0x7F
    written = raw[at + 2 : at + 2 + count]
    value = int.from_bytes(written, "big")
    if not 1 <= count <= 4 or len(written) != count or written[0] == 0 or value < 0x80:
        raise DerBroken(Reason.BAD_DER, "a length in another spelling")
    return value
