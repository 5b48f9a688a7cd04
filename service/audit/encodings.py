"""Text forms with exactly one accepted spelling each; anything else reads as None.

Two spellings of one value are two byte strings with one meaning, which is how a signed
text gets changed without its signature noticing.
"""

import base64
import binascii
import re

MAX_INTEGER = 2**53 - 1  # the largest integer every JSON reader keeps exactly (RFC 8785)

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,15}")
_HEX = re.compile(r"(?:[0-9a-f]{2})*")


def read_base64(text: str) -> bytes | None:
    """Bytes of standard padded base64 (RFC 4648 §4); None when any bit of it is loose."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    # The library accepts stray bits before the padding: only the shortest spelling counts.
    return raw if write_base64(raw) == text else None


def is_plain(text: str) -> bool:
    """Printable ASCII without the two characters that JSON escapes: its JSON is itself."""
    return text.isascii() and text.isprintable() and '"' not in text and "\\" not in text


def write_base64(raw: bytes) -> str:
    """Standard padded base64."""
    return binascii.b2a_base64(raw, newline=False).decode("ascii")


def read_hex(text: str, size: int) -> bytes | None:
    """`size` bytes of lowercase hex, or None."""
    if len(text) != 2 * size or not _HEX.fullmatch(text):
        return None
    return bytes.fromhex(text)


def read_decimal(text: str) -> int | None:
    """A non-negative integer below 2^53 without sign or leading zeros, or None."""
    if not _DECIMAL.fullmatch(text):
        return None
    value = int(text)
    return value if value <= MAX_INTEGER else None
