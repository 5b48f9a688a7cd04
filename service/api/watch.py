"""Doors for the operator's watchmen: is this process well, and how much does it do."""

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from starlette.responses import JSONResponse, Response

from schemas.problem import ProblemCode
from service.api.parts import parts_of
from service.desk.refused import Refused

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz(request: Request) -> JSONResponse:
    """200 while this process can decide: database, time, and no log that it may not sign."""
    parts = parts_of(request)
    try:
        async with parts.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except Exception as error:
        raise Refused(ProblemCode.UNAVAILABLE, "The database does not answer.") from error
    if not parts.clock.is_sure():
        raise Refused(ProblemCode.CLOCK_UNSURE, "The time is not sure.")
    for origin, why in sorted(parts.signer.all_halted().items()):
        raise Refused(ProblemCode.UNAVAILABLE, f"{origin} is not signed any more: {why}")
    return JSONResponse({"status": "ok"})


@router.get("/metrics")
async def metrics() -> Response:
    """Prometheus text. Nothing in it counts bidders."""
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
