"""Idempotency-Key: a creation asked for again is answered as the first time, byte for byte."""

import hashlib
from collections.abc import Awaitable, Callable

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from schemas.problem import ProblemCode
from service.api.parts import parts_of
from service.desk.refused import Refused
from service.store import idempotency
from service.store.accounts import Account

KEPT_MS = 24 * 3_600_000
"""How long an answer is kept. A client that asks again after a day looks first."""


async def once(
    request: Request,
    account: Account,
    key: str,
    create: Callable[[AsyncConnection], Awaitable[BaseModel]],
    status: int = 201,
) -> Response:
    """Creates, and keeps the answer in the same transaction: both are there or neither."""
    parts = parts_of(request)
    said = f"{request.method} {request.url.path}\n".encode() + await request.body()
    asked, now = hashlib.sha256(said).digest(), parts.clock.now_ms()
    async with parts.engine.begin() as connection:
        kept = await idempotency.claim_key(
            connection, account.account_id, key, asked, now, now - KEPT_MS
        )
        if kept is not None:
            if kept.request_hash != asked:
                sentence = "This Idempotency-Key belongs to another request."
                raise Refused(ProblemCode.IDEMPOTENCY_KEY_REUSED, sentence)
            return _json(kept.answer, kept.status)
        text = (await create(connection)).model_dump_json(exclude_none=True, by_alias=True)
        await idempotency.keep_answer(connection, account.account_id, key, status, text)
    return _json(text, status)


def _json(text: str, status: int) -> Response:
    return Response(text, status_code=status, media_type="application/json")
