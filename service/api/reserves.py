"""The reserve's doors: two officials seal it before the release and open it after the bidding."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from schemas.problem import ProblemCode
from schemas.rest import Draft, ReserveHalfIn, ReserveWait, SealReserveIn
from service.api import office_examples as examples
from service.api.doors import IfMatch, TheLot, answer, body, header, refusals, takes
from service.api.identity import needs
from service.api.parts import Parts, parts_of
from service.desk import people, reserves
from service.store import accounts
from service.store.accounts import Account

router = APIRouter(prefix="/api/office", tags=["office"])

Publisher = Annotated[Account, Depends(needs("publisher"))]
Holder = Annotated[Account, Depends(needs("publisher", *reserves.SECONDS))]

_IF_MATCH: dict[str, Any] = {"parameters": [header("If-Match", required=True)]}


@router.put(
    "/drafts/{lot_id}/reserve",
    operation_id="seal_reserve",
    response_model=Draft,
    responses=refusals(
        ProblemCode.NOT_SIGNED_IN,
        ProblemCode.NOT_ALLOWED,
        ProblemCode.NOT_FOUND,
        ProblemCode.VERSION_MISSING,
        ProblemCode.VERSION_CHANGED,
        ProblemCode.WRONG_STATE,
        ProblemCode.FOUR_EYES,
        ProblemCode.WRONG_PASSWORD,
        ProblemCode.LOCKED_OUT,
        ProblemCode.BUSY,
        ProblemCode.UNSUPPORTED_MEDIA_TYPE,
    ),
    openapi_extra={**takes(SealReserveIn, examples.sealing()), **_IF_MATCH},
)
async def seal_reserve(
    request: Request,
    account: Publisher,
    lot_id: TheLot,
    version: IfMatch,
    asked: Annotated[SealReserveIn, Depends(body(SealReserveIn))],
) -> Response:
    """Seals the reserve, or that there is none, in place of what was sealed before. The second
    official signs in for this act alone; he gets no session."""
    parts = parts_of(request)
    second = await _second(parts, request, asked)
    async with parts.engine.begin() as connection:
        draft = await reserves.seal_reserve(
            connection, parts.desk, account, second, lot_id, version, asked
        )
    return answer(draft, version=draft.version)


async def _second(parts: Parts, request: Request, asked: SealReserveIn) -> Account:
    address = request.client.host if request.client else ""
    account_id = await people.check_password(
        parts.desk, parts.passwords, asked.second.username, asked.second.password, address
    )
    async with parts.engine.connect() as connection:
        second = await accounts.account_by_id(connection, account_id)
    assert second is not None, "whose password was right has an account"
    return second


@router.post(
    "/lots/{lot_id}/reserve-half",
    operation_id="give_reserve_half",
    response_model=ReserveWait,
    response_model_exclude_none=True,
    responses=refusals(
        ProblemCode.NOT_SIGNED_IN,
        ProblemCode.NOT_ALLOWED,
        ProblemCode.NOT_FOUND,
        ProblemCode.WRONG_STATE,
        ProblemCode.UNSUPPORTED_MEDIA_TYPE,
    ),
    openapi_extra=takes(ReserveHalfIn, {"half": "5c" * 32}),
)
async def give_reserve_half(
    request: Request,
    account: Holder,
    lot_id: TheLot,
    asked: Annotated[ReserveHalfIn, Depends(body(ReserveHalfIn))],
) -> Response:
    """A holder's half, in CLOSING only; with the second the log opens the reserve. The same half
    again is answered alike."""
    parts = parts_of(request)
    async with parts.engine.begin() as connection:
        wait = await reserves.give_half(connection, parts.desk, account, lot_id, asked.half)
    parts.reserve_given(lot_id)
    return answer(wait)
