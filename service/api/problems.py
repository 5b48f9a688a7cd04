"""Every refusal as problem+json (RFC 9457), with our codes; nothing answers in another shape."""

import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from schemas.problem import FieldError, ProblemCode, ProblemDetails
from service.desk.refused import Refused

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 20

_log = structlog.get_logger(__name__)

STATUS: Mapping[ProblemCode, int] = {
    ProblemCode.MALFORMED: 400,
    ProblemCode.TOO_LARGE: 413,
    ProblemCode.UNKNOWN_TYPE: 400,
    ProblemCode.RATE_LIMITED: 429,
    ProblemCode.ORIGIN_REFUSED: 403,
    ProblemCode.NOT_FOUND: 404,
    ProblemCode.METHOD_NOT_ALLOWED: 405,
    ProblemCode.UNSUPPORTED_MEDIA_TYPE: 415,
    ProblemCode.INTERNAL: 500,
    ProblemCode.UNAVAILABLE: 503,
    ProblemCode.NOT_SIGNED_IN: 401,
    ProblemCode.WRONG_PASSWORD: 401,
    ProblemCode.LOCKED_OUT: 429,
    ProblemCode.NOT_ALLOWED: 403,
    ProblemCode.USERNAME_TAKEN: 409,
    ProblemCode.WEAK_PASSWORD: 422,
    ProblemCode.VERSION_MISSING: 428,
    ProblemCode.VERSION_CHANGED: 412,
    ProblemCode.IDEMPOTENCY_KEY_MISSING: 400,
    ProblemCode.IDEMPOTENCY_KEY_REUSED: 422,
    ProblemCode.FOUR_EYES: 403,
    ProblemCode.WRONG_STATE: 409,
    ProblemCode.PREFLIGHT_FAILED: 422,
    ProblemCode.REFUSED_BY_RULES: 409,
    ProblemCode.LOT_ID_TAKEN: 409,
    ProblemCode.NOT_ADMITTED: 403,
    ProblemCode.BID_ID_REUSED: 409,
    ProblemCode.BAD_SIGNATURE: 422,
    ProblemCode.UNKNOWN_KEY: 422,
    ProblemCode.UNKNOWN_BID: 404,
    ProblemCode.NOT_YET_CONFIRMED: 409,
    ProblemCode.BUSY: 503,
    ProblemCode.CLOCK_UNSURE: 503,
    ProblemCode.REGISTRATION_CLOSED: 409,
    ProblemCode.ALREADY_APPLIED: 409,
    ProblemCode.BLOCKED_BIDDER: 403,
    ProblemCode.BAD_BANK_SIGNATURE: 401,
    ProblemCode.NOT_ENDED: 409,
}

_BY_STATUS = {
    404: ProblemCode.NOT_FOUND,
    405: ProblemCode.METHOD_NOT_ALLOWED,
    413: ProblemCode.TOO_LARGE,
    415: ProblemCode.UNSUPPORTED_MEDIA_TYPE,
    429: ProblemCode.RATE_LIMITED,
    503: ProblemCode.UNAVAILABLE,
}

RETRIED = frozenset({ProblemCode.RATE_LIMITED, ProblemCode.LOCKED_OUT, ProblemCode.BUSY})
"""Refusals that time alone mends: their answers say when to ask again."""

Problem = Refused
"""What a door raises to refuse: code, detail, and reason, figures or errors where they help."""


def problem_response(problem: Refused, trace: str | None = None) -> Response:
    """The answer to a refusal; `trace` is what the person can quote to us."""
    details = problem_details(problem, trace or new_trace())
    headers = {"Cache-Control": "no-store"}
    if problem.code in RETRIED:
        headers["Retry-After"] = str(_retry_after_s(problem))
    return Response(
        details.model_dump_json(exclude_none=True),
        status_code=details.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def _retry_after_s(problem: Refused) -> int:
    """Whole seconds, never too few. Rates are a second's, and a full queue is a moment's."""
    left_ms = (problem.figures or {}).get("left_ms", 0)
    return max(1, -(-left_ms // 1000))


def problem_details(problem: Refused, trace: str) -> ProblemDetails:
    status = STATUS[problem.code]
    errors = [FieldError(where=w, message=m) for w, m in problem.errors or ()]
    return ProblemDetails(
        type=f"urn:luochui:problem:{problem.code.value}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=problem.code,
        detail=problem.detail,
        trace=trace,
        figures=dict(problem.figures) if problem.figures else None,
        errors=errors or None,
        reason=problem.reason,
    )


def malformed(errors: list[Any]) -> Refused:
    """The refusal of values that are not what the schema asks, from pydantic's error list."""
    found = [
        (".".join(str(part) for part in error["loc"]) or "body", str(error["msg"]))
        for error in errors[:MAX_ERRORS]
    ]
    return Refused(ProblemCode.MALFORMED, "The request is not what the schema asks.", errors=found)


def new_trace() -> str:
    return uuid.uuid4().hex


def install(app: FastAPI) -> None:
    """Every way out of a door that is not an answer; `guards` catches what else breaks."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _http)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return problem_response(error)


async def _not_valid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem_response(malformed(list(error.errors())))


async def _http(_: Request, error: Exception) -> Response:
    """What the framework itself refuses: unknown paths, methods."""
    assert isinstance(error, HTTPException)
    code = _BY_STATUS.get(error.status_code, ProblemCode.MALFORMED)
    answer = problem_response(Refused(code, str(error.detail)))
    answer.headers.update(error.headers or {})
    return answer


def broken(path: str, error: Exception) -> Response:
    """A broken promise of ours: the trace leads from the person's screen to this log line."""
    trace = new_trace()
    _log.error("broken", trace=trace, path=path, exc_info=error)
    sentence = "Something broke on our side; nothing more is known. Quote the trace to the office."
    return problem_response(Refused(ProblemCode.INTERNAL, sentence), trace)
