"""The sealed reserve: encrypted under two halves of a key, each held by another official.

The office keeps the commitment, the ciphertext and the hash of each half; it has no half before
CLOSING, so neither it nor who owns its database can read the reserve while bids are placed. The
format is that of docs/decisions/0014; the browser seals (web/src/office/sealing.ts), and a vector
that both sides test holds them together.
"""

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.audit import canonical, commitments
from service.audit.broken import Broken
from service.audit.commitments import CommitmentBroken, Kind
from service.audit.encodings import MAX_INTEGER, read_hex

HALF_BYTES = 32
NONCE_BYTES = 12
PLAIN_BYTES = 128
"""Every plaintext has this length: else the ciphertext's own would tell whether there is a reserve
and how many digits it has."""
CIPHERTEXT_BYTES = PLAIN_BYTES + 16

_HALF_LINE = re.compile(r"luochui-half ([a-z0-9][a-z0-9-]{2,63}) ([12]) ([0-9a-f]{64})\n?")
_NAMES = {"amount_fen", "has_reserve", "salt"}


class Reason(StrEnum):
    """Why an envelope or a half is refused."""

    BAD_ENVELOPE = "BAD_ENVELOPE"
    BAD_HALF = "BAD_HALF"
    WRONG_HALF = "WRONG_HALF"
    CANNOT_DECRYPT = "CANNOT_DECRYPT"
    BAD_CONTENT = "BAD_CONTENT"
    WRONG_OPENING = "WRONG_OPENING"


class EnvelopeBroken(Broken):
    """An envelope of another form, a half that is not its own, or a content it did not commit."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Everything in lowercase hex. half_hashes: SHA-256 of the first and of the second half."""

    commitment: str
    nonce: str
    ciphertext: str
    half_hashes: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Opened:
    """What was sealed; amount_fen is 0 when there is no reserve. salt: hex."""

    has_reserve: bool
    amount_fen: int
    salt: str


Halves = tuple[bytes, bytes]


def seal(origin: str, amount_fen: int | None) -> tuple[Envelope, Halves]:
    """A new envelope and its two halves; None seals that there is no reserve."""
    halves = secrets.token_bytes(HALF_BYTES), secrets.token_bytes(HALF_BYTES)
    nonce = secrets.token_bytes(NONCE_BYTES)
    return seal_with(origin, amount_fen, commitments.new_salt(), nonce, halves), halves


def seal_with(
    origin: str, amount_fen: int | None, salt: str, nonce: bytes, halves: Halves
) -> Envelope:
    """The envelope that these random values make; apart from `seal` only tests call it.

    amount_fen: fen, 1 … 2^53−1, or None; raises EnvelopeBroken for any other.
    """
    if amount_fen is not None and not 0 < amount_fen <= MAX_INTEGER:
        raise EnvelopeBroken(Reason.BAD_CONTENT, "a reserve is more than nothing")
    value = commitments.reserve_value(amount_fen)
    plain = canonical.encode({**value, "salt": salt}).ljust(PLAIN_BYTES)
    ciphertext = AESGCM(_key(origin, halves)).encrypt(nonce, plain, origin.encode())
    return Envelope(
        commitments.commit(Kind.RESERVE, origin, salt, value),
        nonce.hex(),
        ciphertext.hex(),
        (half_hash(halves[0]), half_hash(halves[1])),
    )


def check_envelope(envelope: Envelope) -> None:
    """Raises EnvelopeBroken unless every part has its form; says nothing about the content."""
    sizes = (
        (envelope.commitment, 32),
        (envelope.nonce, NONCE_BYTES),
        (envelope.ciphertext, CIPHERTEXT_BYTES),
        *((found, 32) for found in envelope.half_hashes),
    )
    if any(read_hex(text, size) is None for text, size in sizes):
        raise EnvelopeBroken(Reason.BAD_ENVELOPE)
    if envelope.half_hashes[0] == envelope.half_hashes[1]:
        raise EnvelopeBroken(Reason.BAD_ENVELOPE, "the two halves are one")


def open_envelope(envelope: Envelope, halves: Halves, origin: str) -> Opened:
    """What the envelope holds. Raises EnvelopeBroken by name: a half that is not its own, bytes
    that do not decrypt, a content of another form, or one that the commitment does not seal."""
    check_envelope(envelope)
    for half, expected in zip(halves, envelope.half_hashes, strict=True):
        check_half(half, expected)
    nonce, ciphertext = bytes.fromhex(envelope.nonce), bytes.fromhex(envelope.ciphertext)
    try:
        plain = AESGCM(_key(origin, halves)).decrypt(nonce, ciphertext, origin.encode())
    except InvalidTag as broken:
        raise EnvelopeBroken(Reason.CANNOT_DECRYPT) from broken
    opened = _content(plain)
    amount = opened.amount_fen if opened.has_reserve else None
    value = commitments.reserve_value(amount)
    try:
        commitments.check_opening(envelope.commitment, Kind.RESERVE, origin, opened.salt, value)
    except CommitmentBroken as broken:
        raise EnvelopeBroken(Reason.WRONG_OPENING) from broken
    return opened


def check_half(half: bytes, expected: str) -> None:
    """Raises EnvelopeBroken unless `half` is the one whose SHA-256 (hex) was given."""
    if len(half) != HALF_BYTES:
        raise EnvelopeBroken(Reason.BAD_HALF)
    if not hmac.compare_digest(half_hash(half), expected):
        raise EnvelopeBroken(Reason.WRONG_HALF)


def half_hash(half: bytes) -> str:
    return sha256(half).hexdigest()


def half_text(lot_id: str, place: int, half: bytes) -> str:
    """The file that an official keeps. place: 1 or 2."""
    return f"luochui-half {lot_id} {place} {half.hex()}\n"


def read_half(text: str) -> tuple[str, int, bytes]:
    """(lot_id, place, half) of such a file; raises EnvelopeBroken."""
    found = _HALF_LINE.fullmatch(text)
    if found is None:
        raise EnvelopeBroken(Reason.BAD_HALF)
    return found[1], int(found[2]), bytes.fromhex(found[3])


def _key(origin: str, halves: Halves) -> bytes:
    info = f"luochui/reserve-key/v1\n{origin}".encode()
    # No salt: the input is 64 random bytes already (RFC 5869 §3.1).
    return HKDF(SHA256(), 32, salt=None, info=info).derive(halves[0] + halves[1])


def _content(plain: bytes) -> Opened:
    """Raises EnvelopeBroken unless it is the one accepted encoding of a reserve or of none."""
    try:
        found: Mapping[str, Any] = canonical.decode(plain.rstrip(b" "))
    except Broken as broken:
        raise EnvelopeBroken(Reason.BAD_CONTENT) from broken
    if len(plain) != PLAIN_BYTES or not isinstance(found, dict) or set(found) != _NAMES:
        raise EnvelopeBroken(Reason.BAD_CONTENT)
    has, amount, salt = found["has_reserve"], found["amount_fen"], found["salt"]
    whole = type(amount) is int and 0 <= amount <= MAX_INTEGER
    if type(has) is not bool or not whole or has is not (amount > 0):
        raise EnvelopeBroken(Reason.BAD_CONTENT)
    if not isinstance(salt, str) or read_hex(salt, commitments.SALT_BYTES) is None:
        raise EnvelopeBroken(Reason.BAD_CONTENT)
    return Opened(has, amount, salt)
