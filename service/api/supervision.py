"""The regulator's doors: every lot, its log after the end, the evidence pack, a check."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from schemas.log import LotEntry
from schemas.problem import ProblemCode
from schemas.rest import OfficeLot, Page, VerifyReport
from service.api.doors import Cursor, Limit, TheLot, answer, refusals
from service.api.identity import needs
from service.api.office import list_office_lots
from service.api.parts import Parts, parts_of
from service.api.public import MAX_ENTRIES, After, Entries, entries_answer
from service.desk.admission import published
from service.desk.catalogue import is_over
from service.desk.identities import speakable
from service.desk.officials import about_lot, in_log, record_look
from service.desk.refused import Refused
from service.store.accounts import Account

router = APIRouter(prefix="/api/supervision", tags=["supervision"])

Supervisor = Annotated[Account, Depends(needs("supervisor"))]
Why = Annotated[str, Query(min_length=2, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Exporter = Annotated[Account, Depends(needs("supervisor", "approver"))]

_PROBLEMS = (
    ProblemCode.NOT_SIGNED_IN,
    ProblemCode.NOT_ALLOWED,
    ProblemCode.NOT_FOUND,
    ProblemCode.NOT_ENDED,
)


@router.get(
    "/lots",
    operation_id="list_supervised_lots",
    response_model=Page[OfficeLot],
    response_model_exclude_none=True,
    responses=refusals(ProblemCode.NOT_SIGNED_IN, ProblemCode.NOT_ALLOWED),
)
async def list_supervised_lots(
    request: Request, account: Supervisor, cursor: Cursor = None, limit: Limit = None
) -> dict[str, Any]:
    """Every published lot."""
    return await list_office_lots(request, account, cursor, limit)


@router.get(
    "/lots/{lot_id}/entries",
    operation_id="list_entries",
    response_model=Page[LotEntry],
    responses=refusals(*_PROBLEMS),
)
async def list_entries(
    request: Request,
    _: Supervisor,
    lot_id: TheLot,
    after: After = -1,
    limit: Entries = MAX_ENTRIES,
) -> Response:
    """The log's entries for a replay, once the sale is over."""
    return await entries_answer(parts_of(request), lot_id, after, limit)


@router.get(
    "/lots/{lot_id}/export",
    operation_id="export_lot",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}}, **refusals(*_PROBLEMS)},
)
async def export_lot(
    request: Request, account: Exporter, lot_id: TheLot, reason: Why = "supervision"
) -> Response:
    """The evidence pack, to be verified on the regulator's own machine.

    Each one taken is recorded in the house log with its reason.
    """
    parts = parts_of(request)
    pack = await _pack(parts, account, lot_id, "pack", reason)
    disposition = f'attachment; filename="{lot_id}.zip"'
    headers = {"Content-Disposition": disposition}
    return Response(pack, media_type="application/zip", headers=headers)


@router.get(
    "/lots/{lot_id}/verification",
    operation_id="verify_lot",
    response_model=VerifyReport,
    responses=refusals(*_PROBLEMS),
)
async def verify_lot(request: Request, account: Exporter, lot_id: TheLot) -> Response:
    """The verifier's report on the pack as it would be exported now. Each run is recorded."""
    parts = parts_of(request)
    pack = await _pack(parts, account, lot_id, "verification", "supervision")
    return answer(await asyncio.to_thread(parts.verify_pack, pack))


async def _pack(parts: Parts, account: Account, lot_id: str, field: str, reason: str) -> bytes:
    """The pack of a finished lot; the look is committed before the pack is made."""
    why = speakable(reason)
    async with parts.engine.begin() as connection:
        lot = await published(connection, lot_id)
        if not is_over(lot):
            raise Refused(ProblemCode.NOT_ENDED, "The sale of this lot has not ended.")
        by = in_log(parts.desk, account, "supervisor", "approver")
        subject = about_lot(lot_id)
        await record_look(connection, parts.desk, by, subject, field, why, every=True)
    return await parts.export_pack(lot_id, account.has("supervisor"))
