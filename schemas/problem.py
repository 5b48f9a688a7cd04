"""Every refusal outside the log, as problem+json (RFC 9457), by name."""

from enum import StrEnum

from pydantic import Field

from schemas.base import Strict


class ProblemCode(StrEnum):
    # the wire
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    UNKNOWN_TYPE = "unknown_type"
    RATE_LIMITED = "rate_limited"
    ORIGIN_REFUSED = "origin_refused"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"
    # identity
    NOT_SIGNED_IN = "not_signed_in"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 — a problem's name
    LOCKED_OUT = "locked_out"
    NOT_ALLOWED = "not_allowed"
    USERNAME_TAKEN = "username_taken"
    WEAK_PASSWORD = "weak_password"  # noqa: S105 — a problem's name
    # edits
    VERSION_MISSING = "version_missing"
    VERSION_CHANGED = "version_changed"
    IDEMPOTENCY_KEY_MISSING = "idempotency_key_missing"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    FOUR_EYES = "four_eyes"
    WRONG_STATE = "wrong_state"
    PREFLIGHT_FAILED = "preflight_failed"
    REFUSED_BY_RULES = "refused_by_rules"
    LOT_ID_TAKEN = "lot_id_taken"
    # bids
    NOT_ADMITTED = "not_admitted"
    BID_ID_REUSED = "bid_id_reused"
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_KEY = "unknown_key"
    UNKNOWN_BID = "unknown_bid"
    NOT_YET_CONFIRMED = "not_yet_confirmed"
    BUSY = "busy"
    CLOCK_UNSURE = "clock_unsure"
    # admission and money
    REGISTRATION_CLOSED = "registration_closed"
    ALREADY_APPLIED = "already_applied"
    BLOCKED_BIDDER = "blocked_bidder"
    BAD_BANK_SIGNATURE = "bad_bank_signature"
    # the log
    NOT_ENDED = "not_ended"


class FieldError(Strict):
    """where: the path of the value, e.g. `rules.increment_fen`."""

    where: str
    message: str


class ProblemDetails(Strict):
    """RFC 9457. `figures` are the integers that explain the refusal; `trace` names the request."""

    type: str = Field(examples=["urn:luochui:problem:version_changed"])
    title: str
    status: int
    code: ProblemCode
    detail: str
    trace: str
    figures: dict[str, int] | None = None
    errors: list[FieldError] | None = None
    reason: str | None = Field(default=None, description="The rules' own name of the refusal.")
