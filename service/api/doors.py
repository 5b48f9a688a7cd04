"""What every door shares: strict bodies, versions, pages, and its entry in the OpenAPI document."""

import base64
import binascii
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Path, Query
from pydantic import BaseModel, BeforeValidator, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from schemas.base import LotId
from schemas.problem import ProblemCode, ProblemDetails
from service.api.problems import MEDIA_TYPE, STATUS, malformed, problem_details
from service.desk.refused import Refused

Model = TypeVar("Model")

TIME_HEADER = "Luochui-Time-Ms"
"""Database time of an answer (UTC ms), while it is sure."""
COOKIE = "luochui_session"
"""Holds a signed-in person's token."""

TheLot = LotId
TheId = Annotated[str, Path(pattern=r"^[0-9a-f]{8,64}$")]
Cursor = Annotated[
    str | None, Query(max_length=200, description="`next_cursor` of the page before; opaque.")
]


def _digits(said: Any) -> Any:
    """Numbers in addresses are as strict as in bodies: `1_0` and ` 10` are not ten."""
    if isinstance(said, str) and not _DIGITS.fullmatch(said):
        raise ValueError("is not a whole number")
    return said


_DIGITS = re.compile(r"-?[0-9]{1,16}")
Digits = Annotated[int, BeforeValidator(_digits)]
Limit = Annotated[
    Digits | None, Query(ge=1, description="Rows on a page; the site's bound at most.")
]

_IF_MATCH = re.compile(r'^"([1-9][0-9]{0,8})"$')
_IDEMPOTENCY_KEY = re.compile(r"^[\x21-\x7e]{8,128}$")


# ── bodies ──────────────────────────────────────────────────────────────────────────────────


def body(model: Any) -> Callable[[Request], Awaitable[Any]]:
    """A dependency: the request's body as `model`, read strictly from its JSON text.

    The framework would first make Python values and then check them, which loses what strict JSON
    is about: an integer is a JSON integer, a name stands once.
    """
    adapter: TypeAdapter[Any] = TypeAdapter(model)

    async def read(request: Request) -> Any:
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != "application/json":
            sentence = "Send JSON: Content-Type application/json."
            raise Refused(ProblemCode.UNSUPPORTED_MEDIA_TYPE, sentence)
        return parse(adapter, await request.body())

    return read


def parse(adapter: TypeAdapter[Model], raw: bytes) -> Model:
    """Strict JSON of one model; refuses it as `malformed` with the places."""
    try:
        check_json(raw.decode())
        return adapter.validate_json(raw)
    except ValidationError as error:
        raise malformed(list(error.errors(include_url=False))) from error
    except (ValueError, RecursionError) as error:
        wrong = [("body", str(error)[:200])]
        raise Refused(ProblemCode.MALFORMED, "The body is not JSON.", errors=wrong) from error


def check_json(text: str) -> None:
    """Raises ValueError or RecursionError for what lenient readers take as JSON.

    A name twice, NaN, a NUL, half a surrogate pair: two readers would see two bids in it.
    """
    _CHECKER.decode(text)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in an object")
    for text in (*found, *found.values()):
        _check_text(text)
    return found


def _check_text(value: Any) -> None:
    """PostgreSQL holds no NUL, and half a surrogate pair is no text."""
    if isinstance(value, list):
        for item in value:
            _check_text(item)
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("a text holds a NUL")
        value.encode()


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_CHECKER = json.JSONDecoder(object_pairs_hook=_once_each, parse_constant=_no_constant)


# ── versions and keys ───────────────────────────────────────────────────────────────────────


def etag(version: int) -> str:
    return f'"{version}"'


def if_match(request: Request) -> int:
    """The version the person looked at; refuses a request without one."""
    version = maybe_if_match(request)
    if version is None:
        sentence = "Say which version you have seen: If-Match with its ETag."
        raise Refused(ProblemCode.VERSION_MISSING, sentence)
    return version


def maybe_if_match(request: Request) -> int | None:
    said = request.headers.get("if-match")
    if said is None:
        return None
    found = _IF_MATCH.fullmatch(said)
    if found is None:
        raise Refused(ProblemCode.VERSION_CHANGED, "This If-Match is no version of ours.")
    return int(found[1])


def idempotency_key(request: Request) -> str:
    """The client's name for this creation; refuses a request without one."""
    said = request.headers.get("idempotency-key")
    if said is None:
        sentence = "Send an Idempotency-Key, so that asking again creates nothing twice."
        raise Refused(ProblemCode.IDEMPOTENCY_KEY_MISSING, sentence)
    if not _IDEMPOTENCY_KEY.fullmatch(said):
        wrong = [("Idempotency-Key", "has 8 to 128 visible ASCII characters")]
        raise Refused(ProblemCode.MALFORMED, "This Idempotency-Key is no key.", errors=wrong)
    return said


IfMatch = Annotated[int, Depends(if_match)]
MaybeIfMatch = Annotated[int | None, Depends(maybe_if_match)]
IdempotencyKey = Annotated[str, Depends(idempotency_key)]


# ── pages ───────────────────────────────────────────────────────────────────────────────────


def page_size(limit: int | None, most: int) -> int:
    return most if limit is None else min(limit, most)


def write_cursor(*place: str | int) -> str:
    """A place in a list; opaque to clients."""
    raw = json.dumps(place, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def read_cursor(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """The place that `write_cursor` wrote, of these kinds; refuses anything else."""
    if cursor is None:
        return None
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _bad_cursor() from error
    if not isinstance(place, list) or [type(part) for part in place] != list(kinds):
        raise _bad_cursor()
    for part in place:
        if isinstance(part, int) and not 0 <= part < 2**53:
            raise _bad_cursor()
        if isinstance(part, str) and ("\x00" in part or not part.isascii()):
            raise _bad_cursor()
    return tuple(place)


def _bad_cursor() -> Refused:
    wrong = [("cursor", "is not one of ours")]
    return Refused(ProblemCode.MALFORMED, "Begin again without a cursor.", errors=wrong)


def page(items: Sequence[BaseModel], next_cursor: str | None) -> dict[str, Any]:
    """A page as the generic model `Page[…]` describes it."""
    found: dict[str, Any] = {"items": tuple(items)}
    if next_cursor is not None:
        found["next_cursor"] = next_cursor
    return found


# ── answers and the OpenAPI document ────────────────────────────────────────────────────────


def answer(model: BaseModel, status: int = 200, version: int | None = None) -> Response:
    """A model as its JSON text, without fields that are absent."""
    headers = {} if version is None else {"ETag": etag(version)}
    return Response(
        model.model_dump_json(exclude_none=True, by_alias=True),
        status_code=status,
        media_type="application/json",
        headers=headers,
    )


def refusals(*codes: ProblemCode) -> dict[int | str, dict[str, Any]]:
    """The problems a door may answer with, for the document; the common ones come by themselves."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for code in (*codes, ProblemCode.MALFORMED, ProblemCode.INTERNAL):
        add_problem(by_status.setdefault(STATUS[code], {"model": ProblemDetails}), code)
    return by_status


def add_problem(said: dict[str, Any], code: ProblemCode) -> None:
    """Names one more problem, with its example, in the document's answer of that status."""
    content = said.setdefault("content", {}).setdefault(MEDIA_TYPE, {})
    examples = content.setdefault("examples", {})
    examples[code.value] = {"value": _example(code)}
    said["description"] = ", ".join(examples)


def _example(code: ProblemCode) -> dict[str, Any]:
    refusal = Refused(code, "One sentence for the person.")
    details = problem_details(refusal, "9f1c0f7d2b6e4a5c8d3e2f1a0b9c8d7e")
    return details.model_dump(mode="json", exclude_none=True)


def takes(model: Any, example: Mapping[str, Any], *, key: bool = False) -> dict[str, Any]:
    """The body of a door for the OpenAPI document; `key` when it wants an Idempotency-Key."""
    extra: dict[str, Any] = {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": f"#/components/schemas/{model.__name__}"},
                    "examples": {"example": {"value": example}},
                }
            },
        }
    }
    if key:
        extra["parameters"] = [header("Idempotency-Key", required=True)]
    return extra


def header(name: str, *, required: bool) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": {"type": "string"}}
