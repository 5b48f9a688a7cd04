"""Salted commitments: sealed now, opened later, impossible to change between (bid-log.md §5)."""

import hmac
import secrets
from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from typing import Any

from service.audit import canonical
from service.audit.broken import Broken
from service.audit.encodings import read_hex
from service.audit.notes import site_of

SALT_BYTES = 32


class Kind(StrEnum):
    """What is sealed; a commitment of one kind never opens as another."""

    RESERVE = "reserve"
    IDENTITY = "identity"
    HEAD_COUNT = "head-count"
    DEPOSIT = "deposit"


class Reason(StrEnum):
    """Why a commitment is refused."""

    BAD_SALT = "BAD_SALT"
    BAD_COMMITMENT = "BAD_COMMITMENT"
    WRONG_OPENING = "WRONG_OPENING"


class CommitmentBroken(Broken):
    """A salt or commitment of the wrong form, or an opening that does not fit."""


def new_salt() -> str:
    """32 random bytes as lowercase hex."""
    return secrets.token_hex(SALT_BYTES)


def commit(kind: Kind, origin: str, salt: str, value: Mapping[str, Any]) -> str:
    """The commitment, 64 lowercase hex digits, to `value` in the log named by `origin`.

    Raises CommitmentBroken for a salt that is not 32 bytes of lowercase hex, NoteBroken for
    an origin of another form, NotCanonical for a value outside the canonical profile.
    """
    if read_hex(salt, SALT_BYTES) is None:
        raise CommitmentBroken(Reason.BAD_SALT)
    site_of(origin)  # without a newline in the origin no two inputs share their bytes
    head = f"luochui/{Kind(kind).value}/v1\n{origin}\n{salt}\n"
    return sha256(head.encode() + canonical.encode(dict(value))).hexdigest()


def check_opening(
    commitment: str, kind: Kind, origin: str, salt: str, value: Mapping[str, Any]
) -> None:
    """Raise CommitmentBroken unless salt and value open `commitment`; constant time."""
    if read_hex(commitment, sha256().digest_size) is None:
        raise CommitmentBroken(Reason.BAD_COMMITMENT)
    found = commit(kind, origin, salt, value)
    if not hmac.compare_digest(found, commitment):
        raise CommitmentBroken(Reason.WRONG_OPENING, f"expected {commitment}, found {found}")


def reserve_value(amount_fen: int | None) -> dict[str, Any]:
    """What a reserve commitment seals; None is the sealed absence of a reserve."""
    return {"amount_fen": amount_fen or 0, "has_reserve": amount_fen is not None}


def head_count_value(count: int) -> dict[str, Any]:
    """What a head-count commitment seals: how many bidders stood admitted."""
    return {"count": count}
