"""A bidder's doors: applying for a lot, following the deposit, using another device's key."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from schemas.problem import ProblemCode
from schemas.rest import Application, Apply, Page, UseKey
from service.api.doors import (
    Cursor,
    IdempotencyKey,
    Limit,
    TheId,
    TheLot,
    answer,
    body,
    page,
    page_size,
    read_cursor,
    refusals,
    takes,
    write_cursor,
)
from service.api.identity import needs
from service.api.once import once
from service.api.parts import parts_of
from service.desk import admission, views
from service.desk.ports import Desk
from service.desk.refused import Refused
from service.store import applications
from service.store.accounts import Account

router = APIRouter(prefix="/api", tags=["bidder"])

Bidder = Annotated[Account, Depends(needs("bidder"))]

_SIGNED_OUT = (ProblemCode.NOT_SIGNED_IN, ProblemCode.NOT_ALLOWED)


@router.post(
    "/lots/{lot_id}/applications",
    operation_id="apply",
    status_code=201,
    response_model=Application,
    responses=refusals(
        *_SIGNED_OUT,
        ProblemCode.NOT_FOUND,
        ProblemCode.IDEMPOTENCY_KEY_MISSING,
        ProblemCode.IDEMPOTENCY_KEY_REUSED,
        ProblemCode.REGISTRATION_CLOSED,
        ProblemCode.ALREADY_APPLIED,
        ProblemCode.UNKNOWN_KEY,
        ProblemCode.UNSUPPORTED_MEDIA_TYPE,
    ),
    openapi_extra=takes(Apply, {"key_id": "2a97516c354b6848", "declared": True}, key=True),
)
async def apply(
    request: Request,
    account: Bidder,
    lot_id: TheLot,
    key: IdempotencyKey,
    asked: Annotated[Apply, Depends(body(Apply))],
) -> Response:
    """Files one application for a lot while its registration is open."""
    desk = parts_of(request).desk

    async def create(connection: AsyncConnection) -> Application:
        filed = await admission.apply_for(connection, desk, account, lot_id, asked)
        return await _view(connection, desk, account, filed)

    return await once(request, account, key, create)


@router.get(
    "/me/applications",
    operation_id="list_my_applications",
    response_model=Page[Application],
    response_model_exclude_none=True,
    responses=refusals(*_SIGNED_OUT),
)
async def list_my_applications(
    request: Request, account: Bidder, cursor: Cursor = None, limit: Limit = None
) -> dict[str, Any]:
    """The bidder's applications, the newest first, each with the state of its deposit."""
    parts = parts_of(request)
    size = page_size(limit, parts.settings.page_limit)
    after = read_cursor(cursor, int, str)
    async with parts.engine.begin() as connection:
        rows = await applications.list_of_bidder(
            connection,
            account.account_id,
            after=after,
            limit=size + 1,
        )
        shown = [await views.application_view(connection, parts.desk, row) for row in rows[:size]]
    more = len(rows) > size and write_cursor(shown[-1].submitted_at, shown[-1].application_id)
    return page(shown, more or None)


@router.get(
    "/me/applications/{application_id}",
    operation_id="get_my_application",
    response_model=Application,
    responses=refusals(*_SIGNED_OUT, ProblemCode.NOT_FOUND),
)
async def get_my_application(request: Request, account: Bidder, application_id: TheId) -> Response:
    """One own application; another's is as if it were not there."""
    parts = parts_of(request)
    async with parts.engine.begin() as connection:
        return answer(await _view(connection, parts.desk, account, application_id))


@router.post(
    "/lots/{lot_id}/keys",
    operation_id="use_key",
    response_model=Application,
    responses=refusals(
        *_SIGNED_OUT,
        ProblemCode.NOT_ADMITTED,
        ProblemCode.UNKNOWN_KEY,
        ProblemCode.WRONG_STATE,
        ProblemCode.UNSUPPORTED_MEDIA_TYPE,
    ),
    openapi_extra=takes(UseKey, {"key_id": "2a97516c354b6848"}),
)
async def use_key(
    request: Request,
    account: Bidder,
    lot_id: TheLot,
    asked: Annotated[UseKey, Depends(body(UseKey))],
) -> Response:
    """One more of the bidder's enrolled keys for this lot: another device."""
    parts = parts_of(request)
    async with parts.engine.begin() as connection:
        used = await admission.use_key(connection, parts.desk, account, lot_id, asked.key_id)
        shown = await _view(connection, parts.desk, account, used)
    parts.roll_changed(lot_id)
    return answer(shown)


async def _view(
    connection: AsyncConnection, desk: Desk, account: Account, application_id: str
) -> Application:
    row = await views.own_application(connection, account.account_id, application_id)
    if row is None:
        raise Refused(ProblemCode.NOT_FOUND, "There is no such application.")
    return await views.application_view(connection, desk, row)
