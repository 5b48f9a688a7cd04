"""The app: every door, the guards before them and the one shape of every refusal."""

from fastapi import APIRouter, FastAPI

from service.api import guards, problems
from service.api.parts import Parts

ROUTERS: tuple[APIRouter, ...] = ()


def build_app(parts: Parts) -> FastAPI:
    """The ASGI application of one process. `parts` are owned and closed by the caller."""
    app = FastAPI(title="Luochui", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.parts = parts
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    guards.install(app, parts.settings)
    return app
