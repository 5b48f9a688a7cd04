"""Doors for the operator's watchmen: does this process live, may it get visitors, what does it do.

The proxy asks `/health/ready` and brings visitors only where it says 200; `/health/live` is for
whoever restarts what hangs. A database that is away is no reason to restart this process.
"""

import asyncio
from collections.abc import Iterator

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import text
from starlette.responses import JSONResponse, Response

from schemas.problem import ProblemCode
from service import gauges
from service.api.parts import Parts, parts_of
from service.desk.refused import Refused

router = APIRouter(include_in_schema=False)

Reason = tuple[str, str]
"""A reason's name, which alarms and tests know, and its sentence."""


@router.get("/health/live")
async def live() -> JSONResponse:
    """200 while this process runs its loop, whatever else is wrong."""
    return JSONResponse({"status": "live"})


@router.get("/health/ready")
async def ready(request: Request) -> JSONResponse:
    """200 while this process can decide bids and is not about to end.

    Else 503, with each reason in `errors`: stopping, database, clock, path_unproved, log_halted.
    """
    parts = parts_of(request)
    reasons = [*_of_this_process(parts), *await _of_the_database(parts)]
    if reasons:
        said = " ".join(sentence for _, sentence in reasons)
        raise Refused(ProblemCode.UNAVAILABLE, said, reason=reasons[0][0], errors=reasons)
    return JSONResponse({"status": "ready"})


@router.get("/metrics")
async def metrics() -> Response:
    """Prometheus text, of all workers on this port. Nothing in it names a bidder."""
    return Response(gauges.exposition(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _of_this_process(parts: Parts) -> Iterator[Reason]:
    if parts.stopping.is_set():
        yield "stopping", "This process was told to stop."
    if not parts.clock.is_sure():
        yield "clock", "The time is not sure."
    if not parts.has_room():
        yield "database", "The database has no room for bids."
    if not parts.path_is_proved():
        yield "path_unproved", "The bid path was not proved lately."
    for origin, why in sorted(parts.signer.all_halted().items()):
        yield "log_halted", f"{origin} is not signed any more: {why}"


async def _of_the_database(parts: Parts) -> list[Reason]:
    """Asked within `ready_wait_ms`: a proxy that waits for us longer has given us up."""
    try:
        async with asyncio.timeout(parts.settings.ready_wait_ms / 1000):
            async with parts.engine.connect() as connection:
                standby = (await connection.execute(text("SELECT pg_is_in_recovery()"))).scalar()
    except Exception:
        return [("database", "The database does not answer.")]
    return [("database", "The database is a standby and takes no bids.")] if standby else []
