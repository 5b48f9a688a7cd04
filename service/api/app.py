"""The app: every door, the guards before them and the one shape of every refusal."""

from typing import Any

from fastapi import APIRouter, FastAPI

from service.api import (
    account,
    applications,
    bank,
    bidding,
    channel,
    docs,
    guards,
    heads,
    house,
    office,
    problems,
    public,
    reserves,
    static,
    supervision,
    watch,
)
from service.api import documents as document_doors
from service.api.parts import Parts

ROUTERS: tuple[APIRouter, ...] = (
    public.router,
    account.router,
    applications.router,
    bidding.router,
    channel.router,
    office.router,
    document_doors.router,
    reserves.router,
    bank.router,
    supervision.router,
    heads.router,
    house.router,
    docs.router,
    watch.router,
    static.router,  # last: it takes every other path
)


def build_app(parts: Parts) -> FastAPI:
    """The ASGI application of one process. `parts` are owned and closed by the caller."""
    app = _doors()
    app.state.parts = parts
    problems.install(app)
    guards.install(app, parts.settings)
    return app


def documents() -> tuple[dict[str, Any], dict[str, Any]]:
    """The OpenAPI and the AsyncAPI document, without running anything."""
    return docs.openapi_document(_doors()), docs.asyncapi_document()


def _doors() -> FastAPI:
    app = FastAPI(title="Luochui", docs_url=None, redoc_url=None, openapi_url=None)
    for router in ROUTERS:
        app.include_router(router)
    return app
