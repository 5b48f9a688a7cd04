"""The supervisor's doors to the house log and to opened identities, and the winner for everyone."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from schemas.problem import ProblemCode
from schemas.rest import (
    HousePage,
    IdentityCheck,
    IdentityFinding,
    LookPage,
    LotIdentities,
    WinnerOpening,
)
from service.api.doors import (
    Cursor,
    Limit,
    TheLot,
    answer,
    body,
    page_size,
    read_cursor,
    refusals,
    takes,
    write_cursor,
)
from service.api.identity import needs
from service.api.parts import Parts, parts_of
from service.desk import house_log, identities
from service.desk.house_log import Shown
from service.store.accounts import Account
from service.store.house_reads import Place

router = APIRouter(prefix="/api")

Supervisor = Annotated[Account, Depends(needs("supervisor"))]
Kind = Annotated[str | None, Query(pattern=r"^[a-z]{2,20}(_[a-z]{2,20}){0,3}$")]
LotFilter = Annotated[str | None, Query(pattern=r"^[a-z0-9][a-z0-9-]{2,63}$")]
Reason = Annotated[str, Query(min_length=2, max_length=200, pattern=r"^[^\x00-\x1f]*$")]

_SIGNED_OUT = (ProblemCode.NOT_SIGNED_IN, ProblemCode.NOT_ALLOWED)
_ENDED = (*_SIGNED_OUT, ProblemCode.NOT_FOUND, ProblemCode.NOT_ENDED)


@router.get(
    "/supervision/house",
    tags=["supervision"],
    operation_id="list_house_entries",
    response_model=HousePage,
    responses=refusals(*_SIGNED_OUT),
)
async def list_house_entries(
    request: Request,
    _: Supervisor,
    kind: Kind = None,
    lot_id: LotFilter = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> Response:
    """The house log, the newest entry first; what a running sale keeps sealed is left out."""
    shown = await _shown(parts_of(request), kind, lot_id, cursor, limit)
    return answer(house_log.house_page(shown, _more(shown)))


@router.get(
    "/supervision/looks",
    tags=["supervision"],
    operation_id="list_looks",
    response_model=LookPage,
    responses=refusals(*_SIGNED_OUT),
)
async def list_looks(
    request: Request,
    _: Supervisor,
    lot_id: LotFilter = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> Response:
    """Who looked at sealed data, at which field of what, why and when; the newest first."""
    shown = await _shown(parts_of(request), "record_look", lot_id, cursor, limit)
    return answer(house_log.look_page(shown, _more(shown)))


@router.get(
    "/supervision/lots/{lot_id}/identities",
    tags=["supervision"],
    operation_id="open_identities",
    response_model=LotIdentities,
    responses=refusals(*_ENDED),
)
async def open_identities(
    request: Request, account: Supervisor, lot_id: TheLot, reason: Reason
) -> Response:
    """Every identity of an opened roll with its salt. The look and its reason are recorded."""
    desk = parts_of(request).desk
    return answer(await identities.open_identities(desk, account, lot_id, reason))


@router.post(
    "/supervision/lots/{lot_id}/identities/check",
    tags=["supervision"],
    operation_id="record_identity_check",
    response_model=IdentityCheck,
    responses=refusals(*_ENDED, ProblemCode.UNSUPPORTED_MEDIA_TYPE),
    openapi_extra=takes(IdentityFinding, {"outcome": "FITS"}),
)
async def record_identity_check(
    request: Request,
    account: Supervisor,
    lot_id: TheLot,
    asked: Annotated[IdentityFinding, Depends(body(IdentityFinding))],
) -> Response:
    """Records whether every opening fits the roll; the same finding again changes nothing."""
    parts = parts_of(request)
    async with parts.engine.begin() as connection:
        return answer(await identities.record_check(connection, parts.desk, account, lot_id, asked))


@router.get(
    "/lots/{lot_id}/winner",
    tags=["public"],
    operation_id="get_winner_opening",
    response_model=WinnerOpening,
    responses=refusals(ProblemCode.NOT_FOUND, ProblemCode.NOT_ENDED),
)
async def get_winner_opening(request: Request, lot_id: TheLot) -> Response:
    """The winner's identity commitment, opened, once the result is confirmed."""
    parts = parts_of(request)
    async with parts.engine.begin() as connection:
        return answer(await identities.winner_opening(connection, parts.desk, lot_id))


async def _shown(
    parts: Parts, kind: str | None, lot_id: str | None, cursor: str | None, limit: int | None
) -> Shown:
    place = read_cursor(cursor, int, int)
    before = None if place is None else Place(place[0], place[1])
    size = page_size(limit, parts.settings.page_limit)
    async with parts.engine.connect() as connection:
        return await house_log.list_house(
            connection, before=before, limit=size, kind=kind, lot_id=lot_id
        )


def _more(shown: Shown) -> str | None:
    return None if shown.more is None else write_cursor(shown.more.at, shown.more.shown)
