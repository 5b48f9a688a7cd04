"""Doors about heads: a lot's newest one, proofs between two of them, and what anchors them outside.

The house log has no public door: its size would tell how many were admitted before the end.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import PlainTextResponse, Response

from schemas.problem import ProblemCode
from schemas.rest import ConsistencyProof, LogAnchors, Page
from service.api.doors import (
    Cursor,
    Digits,
    Limit,
    TheLot,
    answer,
    page,
    page_size,
    read_cursor,
    refusals,
    write_cursor,
)
from service.api.identity import needs
from service.api.parts import Parts, parts_of
from service.audit.cosignatures import add_lines
from service.audit.encodings import write_base64
from service.audit.notes import Checkpoint, lot_origin
from service.desk import anchors
from service.desk.refused import Refused
from service.store import cosignatures
from service.store.accounts import Account
from service.store.anchors import find_head
from service.store.ledger import CommittedHead, Head, read_head
from service.store.log_tables import lot_log
from service.store.signer import Halted

router = APIRouter(prefix="/api", tags=["heads"])

Supervisor = Annotated[Account, Depends(needs("supervisor"))]
From = Annotated[
    Digits, Query(alias="from", ge=0, le=2**53 - 1, description="Entries of the head you have.")
]
To = Annotated[
    Digits | None,
    Query(ge=1, le=2**53 - 1, description="Entries of a later committed head; else the newest."),
]


@router.get(
    "/lots/{lot_id}/checkpoint",
    operation_id="get_checkpoint",
    response_class=PlainTextResponse,
    responses=refusals(ProblemCode.NOT_FOUND, ProblemCode.UNAVAILABLE),
)
async def get_checkpoint(request: Request, lot_id: TheLot) -> PlainTextResponse:
    """The newest head of the lot's log as a C2SP signed note, with the cosignatures it has."""
    parts = parts_of(request)
    async with parts.engine.connect() as connection:
        head = await _newest(connection, lot_id)
        note = await _note(connection, parts, lot_id, head)
    return PlainTextResponse(note, headers={"Cache-Control": "no-store"})


@router.get(
    "/lots/{lot_id}/consistency",
    operation_id="prove_consistency",
    response_model=ConsistencyProof,
    responses=refusals(ProblemCode.NOT_FOUND, ProblemCode.UNAVAILABLE),
)
async def prove_consistency(
    request: Request, lot_id: TheLot, from_size: From, to: To = None
) -> Response:
    """That the log you have seen is a prefix of a later one: nothing in it was changed since."""
    parts = parts_of(request)
    async with parts.engine.connect() as connection:
        newest = await _newest(connection, lot_id)
        to_size = newest.size if to is None else to
        _check_sizes(from_size, to_size, newest.size)
        head = await find_head(connection, lot_log(lot_id), to_size)
        if head is None:
            sentence = "No batch was committed with this many entries."
            raise Refused(ProblemCode.NOT_FOUND, sentence, reason="NO_SUCH_HEAD")
        tree = await parts.anchors.trees.tree(connection, lot_log(lot_id), head.size, head.root)
        note = await _note(connection, parts, lot_id, head)
    proof = tree.consistency_proof(from_size, head.size)
    return answer(
        ConsistencyProof(
            log=lot_origin(parts.settings.site, lot_id),
            from_size=from_size,
            to_size=head.size,
            proof=tuple(write_base64(each) for each in proof),
            checkpoint=note,
        )
    )


@router.get(
    "/supervision/anchors",
    operation_id="list_anchors",
    response_model=Page[LogAnchors],
    response_model_exclude_none=True,
    responses=refusals(ProblemCode.NOT_SIGNED_IN, ProblemCode.NOT_ALLOWED),
)
async def list_anchors(
    request: Request, _: Supervisor, cursor: Cursor = None, limit: Limit = None
) -> dict[str, Any]:
    """Every log, the house first: witnesses, stamps that wait and why, and what is halted."""
    parts = parts_of(request)
    size = page_size(limit, parts.settings.page_limit)
    place = read_cursor(cursor, str) or ("",)
    async with parts.engine.connect() as connection:
        found = await anchors.list_anchors(
            connection, parts.anchors, parts.signer, place[0], size + 1
        )
    more = write_cursor(found[size - 1].log) if len(found) > size else None
    return page(found[:size], more)


# ── inside ──────────────────────────────────────────────────────────────────────────────────


def _check_sizes(start: int, end: int, newest: int) -> None:
    """Refuses by name what no tree has a proof for."""
    figures = {"from": start, "to": end, "size": newest}
    if start > end:
        sentence = "`from` is larger than `to`: a log never becomes shorter."
        raise Refused(ProblemCode.MALFORMED, sentence, reason="FROM_ABOVE_TO", figures=figures)
    if end > newest:
        sentence = f"The log has {newest} entries."
        raise Refused(ProblemCode.MALFORMED, sentence, reason="BEYOND_THE_HEAD", figures=figures)


async def _newest(connection: AsyncConnection, lot_id: str) -> Head:
    head = await read_head(connection, lot_log(lot_id))
    if head is None or head.size == 0:
        raise Refused(ProblemCode.NOT_FOUND, "There is no such lot.")
    return head


async def _note(
    connection: AsyncConnection, parts: Parts, lot_id: str, head: Head | CommittedHead
) -> str:
    origin = lot_origin(parts.settings.site, lot_id)
    try:
        note = parts.signer.sign(Checkpoint(origin, head.size, head.root))
    except Halted as halted:
        raise Refused(ProblemCode.UNAVAILABLE, str(halted), reason="LOG_HALTED") from halted
    lines = await cosignatures.lines_of(connection, lot_log(lot_id), head.size)
    return add_lines(note, lines.get(head.size, ()))
