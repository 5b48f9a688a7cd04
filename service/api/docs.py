"""The documents of the doors: OpenAPI 3.1, AsyncAPI 3 of the channel, and a page to read them.

Self-hosted: offices are offline, and no page of ours may ask another origin for anything.
"""

import json
from functools import lru_cache
from importlib.metadata import version as version_of
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from starlette.responses import HTMLResponse, JSONResponse, Response

from schemas import live, log, rest
from schemas.problem import ProblemCode, ProblemDetails
from service.api.doors import add_problem
from service.api.problems import MEDIA_TYPE, RETRIED, STATUS
from service.api.response_examples import answers as answer_examples
from service.api.response_examples import as_json
from service.desk.refused import Refused

router = APIRouter(prefix="/api", include_in_schema=False)

UI_PACKAGE = "fastapi_offline"
"""A wheel that carries Swagger UI's files; nothing else of it is used."""
UI_FILES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}

_BODIES = (
    *(rest.Register, rest.SignIn, rest.EnrolKey, rest.Apply, rest.UseKey, rest.DraftIn),
    *(rest.SealReserveIn, rest.ReserveHalfIn),
    *(rest.Decision, rest.Revocation, rest.RefundResult, rest.BankNotice, rest.IdentityFinding),
    *(live.BidBody, live.OptInBody),
    *(rest.SuspendIn, rest.ResumeIn, rest.TerminateIn, rest.ConfirmIn, rest.SealIn),
)
_CLIENT_FRAMES = (live.Ping, live.PlaceBid, live.BidStatus, live.OptIn, live.Resync)
_SERVER_FRAMES = (
    *(live.Welcome, live.Snapshot, live.Update, live.Receipt, live.OptedIn),
    *(live.Notice, live.Pong, live.Heartbeat, live.Problem),
)
_SHOWN = (*_BODIES, *_CLIENT_FRAMES, *_SERVER_FRAMES, log.LotEntry, log.HouseEntry, ProblemDetails)

_ANY_MEDIA_TYPE = frozenset({"bank_notice"})
"""Signed over its bytes: whatever a bank calls them, they are the same."""
_RETRY_AFTER = {"description": "Whole seconds until it may help.", "schema": {"type": "integer"}}

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Luochui API</title>
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
<link rel="stylesheet" href="/api/docs/legible.css"></head>
<body><main id="docs"></main>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script></body></html>
"""
_START = """SwaggerUIBundle({
  url: '/api/openapi.json', dom_id: '#docs', deepLinking: false, validatorUrl: null,
})
"""
"""Without deep links: Swagger UI would put each into a button, which keyboards cannot reach."""

_LEGIBLE = """.swagger-ui .info .title small pre.version { color: #fff; }
.swagger-ui .info .title small { background: #3b4151; }
.swagger-ui .info .title small.version-stamp { background: #3b4151; }
.swagger-ui .info .url, .swagger-ui .info a { color: #005a9c; }
.swagger-ui .btn.authorize { color: #0b6e4f; border-color: #0b6e4f; }
.swagger-ui .btn.authorize svg { fill: #0b6e4f; }
.swagger-ui .opblock.opblock-get .opblock-summary-method { background: #005a9c; }
.swagger-ui .opblock.opblock-post .opblock-summary-method { background: #0b6e4f; }
.swagger-ui .opblock.opblock-put .opblock-summary-method { background: #8a4b00; }
.swagger-ui .opblock.opblock-delete .opblock-summary-method { background: #a61b1b; }
.swagger-ui .json-schema-2020-12-expand-deep-button { color: #3b4151; }
"""
"""Swagger UI's own colours are too pale to read: WCAG 2.2 asks for a contrast of 4.5."""


# ── documents ───────────────────────────────────────────────────────────────────────────────


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of the REST doors, with the channel's frames among its components."""
    shown = [
        APIRoute(f"/{number}", _nothing, response_model=model, operation_id=f"shown_{number}")
        for number, model in enumerate(_SHOWN)
    ]
    document = get_openapi(
        title="Luochui",
        version=version_of("luochui"),
        summary="Online land auctions that anyone can verify.",
        description=(
            "Amounts are whole fen, instants UTC milliseconds of the database clock. Every refusal "
            "is problem+json with a code of ours. Writes carry the session cookie and an Origin."
        ),
        routes=[*app.routes, *shown],
        separate_input_output_schemas=False,
    )
    for number in range(len(_SHOWN)):
        del document["paths"][f"/{number}"]
    document["components"]["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": "luochui_session"}
    }
    _mend_answers(document)
    return document


def asyncapi_document() -> dict[str, Any]:
    """The AsyncAPI 3 document of the live channel, made from its models."""
    models = {model.__name__: model for model in (*_CLIENT_FRAMES, *_SERVER_FRAMES)}
    schemas: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for name, model in models.items():
        schema = TypeAdapter(model).json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs", {})
        schemas[name] = schema
        messages[name] = {
            "name": model.model_fields["type"].default,
            "summary": (model.__doc__ or "").partition("\n")[0],
            "contentType": "application/json",
            "payload": {"$ref": f"#/components/schemas/{name}"},
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Luochui live channel",
            "version": version_of("luochui"),
            "description": f"WebSocket subprotocol `{live.SUBPROTOCOL}`. Close codes: "
            + "; ".join(f"{code} {why}" for code, why in live.CLOSE_CODES.items()),
        },
        "defaultContentType": "application/json",
        "channels": {"lot": _channel(list(models))},
        "operations": {
            "fromClient": _operation("receive", [model.__name__ for model in _CLIENT_FRAMES]),
            "fromServer": _operation("send", [model.__name__ for model in _SERVER_FRAMES]),
        },
        "components": {"schemas": schemas, "messages": messages},
    }


def _channel(names: list[str]) -> dict[str, Any]:
    return {
        "address": "/ws/lots/{lot_id}",
        "parameters": {"lot_id": {"description": "The lot's id."}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"ws": {"method": "GET"}},
    }


def _operation(action: str, names: list[str]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/lot"},
        "messages": [{"$ref": f"#/channels/lot/messages/{name}"} for name in names],
    }


def _mend_answers(document: dict[str, Any]) -> None:
    """Problems are problem+json and never the framework's own 422."""
    for methods in document["paths"].values():
        for method, operation in methods.items():
            if "HTTPValidationError" in json.dumps(operation["responses"].get("422", {})):
                del operation["responses"]["422"]
            if method != "get":
                _add_guards(operation)
            for status, said in operation["responses"].items():
                _mend_problem(said) if int(status) >= 400 else _show(operation, said)
            operation["responses"] = dict(sorted(operation["responses"].items()))
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)


def _add_guards(operation: dict[str, Any]) -> None:
    """What stands before every write refuses on its own: `guards`, and `doors.body`."""
    codes = [ProblemCode.ORIGIN_REFUSED, ProblemCode.TOO_LARGE]
    if "requestBody" in operation and operation["operationId"] not in _ANY_MEDIA_TYPE:
        codes.append(ProblemCode.UNSUPPORTED_MEDIA_TYPE)
    for code in codes:
        add_problem(operation["responses"].setdefault(str(STATUS[code]), {}), code)


def _mend_problem(said: dict[str, Any]) -> None:
    examples = said.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {})
    reference = {"$ref": "#/components/schemas/ProblemDetails"}
    said["content"] = {MEDIA_TYPE: {"examples": examples, "schema": reference}}
    if not RETRIED.isdisjoint(examples):
        said["headers"] = {"Retry-After": _RETRY_AFTER}


def _show(operation: dict[str, Any], said: dict[str, Any]) -> None:
    """Puts the example beside the schema of a JSON answer."""
    if content := said.get("content", {}).get("application/json"):
        model = answer_examples()[operation["operationId"]]
        content["examples"] = {"example": {"value": as_json(model)}}


def _nothing() -> None:
    """Stands behind models that only the document shows."""


# ── doors ───────────────────────────────────────────────────────────────────────────────────


@router.get("/openapi.json")
async def get_openapi_document(request: Request) -> JSONResponse:
    return JSONResponse(_openapi_of(request.app))


@router.get("/asyncapi.json")
async def get_asyncapi_document() -> JSONResponse:
    return JSONResponse(asyncapi_document())


@router.get("/docs")
async def get_docs_page() -> HTMLResponse:
    return HTMLResponse(_PAGE)


@router.get("/docs/start.js")
async def get_docs_start() -> Response:
    return Response(_START, media_type="text/javascript")


@router.get("/docs/legible.css")
async def get_docs_colours() -> Response:
    return Response(_LEGIBLE, media_type="text/css")


@router.get("/docs/{name}")
async def get_docs_file(name: str) -> Response:
    if name not in UI_FILES:
        raise Refused(ProblemCode.NOT_FOUND, "There is no such page.")
    headers = {"Cache-Control": "public, max-age=86400"}
    return Response(_ui_file(name), media_type=UI_FILES[name], headers=headers)


@lru_cache(maxsize=2)
def _openapi_of(app: FastAPI) -> dict[str, Any]:
    return openapi_document(app)


@lru_cache(maxsize=4)
def _ui_file(name: str) -> bytes:
    return files(UI_PACKAGE).joinpath("static", name).read_bytes()
