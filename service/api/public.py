"""Doors for everyone: the site, the list of lots, their pages, quotes and finished replays."""

import json
from importlib.metadata import version as version_of
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import PlainTextResponse, Response

from schemas.live import AcceptedQuote, Snapshot, Update
from schemas.log import LotEntry
from schemas.problem import ProblemCode
from schemas.rest import LotCard, LotPage, Page, SiteInfo
from service.api.doors import (
    TIME_HEADER,
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
from service.api.parts import Parts, parts_of
from service.desk.admission import published
from service.desk.catalogue import is_over, lot_card, lot_page
from service.desk.refused import Refused
from service.rules.terms import Method, Stage
from service.store import lots, results
from service.store.ledger import StoredEntry, read_log
from service.store.log_tables import lot_log

router = APIRouter(prefix="/api", tags=["public"])

MAX_ENTRIES = 500
"""Entries on a page of a replay, some 200 KiB."""

Words = Annotated[str | None, Query(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
After = Annotated[Digits, Query(ge=-1, le=2**53 - 1, description="seq of the last entry you have.")]
MaybeAfter = Annotated[
    Digits | None, Query(ge=-1, le=2**53 - 1, description="seq of the last state you have.")
]
Entries = Annotated[Digits, Query(ge=1, le=MAX_ENTRIES)]


@router.get("/site", operation_id="get_site", responses=refusals())
async def get_site(request: Request) -> SiteInfo:
    """The site's name, whether it is a practice site, and the key of its logs."""
    parts = parts_of(request)
    return SiteInfo(
        site=parts.settings.site,
        demo=parts.settings.demo,
        version=version_of("luochui"),
        log_vkey=parts.signer.verifying.to_text(),
        document_bytes=parts.settings.document_bytes,
    )


@router.get("/log.vkey", operation_id="get_log_vkey", response_class=PlainTextResponse)
async def get_log_vkey(request: Request) -> PlainTextResponse:
    """The verifier key of every log of this site, in C2SP form."""
    return PlainTextResponse(parts_of(request).signer.verifying.to_text() + "\n")


@router.get(
    "/witness.policy",
    operation_id="get_witness_policy",
    response_class=PlainTextResponse,
    responses=refusals(ProblemCode.NOT_FOUND),
)
async def get_witness_policy(request: Request) -> PlainTextResponse:
    """The C2SP tlog-policy of this site, byte for byte as its hash stands in the house log.

    Compare it with what the witnesses themselves publish: a policy from the operator alone is as
    good as the operator.
    """
    policy = parts_of(request).trust.policy
    if not policy:
        raise Refused(ProblemCode.NOT_FOUND, "This site has no witnesses.")
    return PlainTextResponse(policy.decode())


@router.get(
    "/timestamp-authorities.pem",
    operation_id="get_timestamp_authorities",
    response_class=PlainTextResponse,
    responses=refusals(ProblemCode.NOT_FOUND),
)
async def get_timestamp_authorities(request: Request) -> PlainTextResponse:
    """The certificates (PEM) under which this site's timestamps are to be verified."""
    authorities = parts_of(request).trust.authorities
    if not authorities:
        raise Refused(ProblemCode.NOT_FOUND, "This site has no time-stamp authority.")
    return PlainTextResponse("".join(pem.decode() for pem in authorities))


@router.get(
    "/lots",
    operation_id="list_lots",
    response_model=Page[LotCard],
    response_model_exclude_none=True,
    responses=refusals(),
)
async def list_lots(
    request: Request,
    stage: Stage | None = None,
    method: Method | None = None,
    q: Words = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> dict[str, Any]:
    """Published lots, the newest announcement first."""
    parts = parts_of(request)
    size = page_size(limit, parts.settings.page_limit)
    async with parts.engine.connect() as connection:
        found = await lots.list_lots(
            connection,
            stage=stage,
            method=method,
            q=q,
            after=read_cursor(cursor, int, str),
            limit=size + 1,
        )
    more = write_cursor(*found[size - 1].cursor) if len(found) > size else None
    return page([lot_card(lot) for lot in found[:size]], more)


@router.get(
    "/lots/{lot_id}",
    operation_id="get_lot",
    response_model=LotPage,
    response_model_exclude_none=True,
    responses=refusals(ProblemCode.NOT_FOUND),
)
async def get_lot(request: Request, lot_id: TheLot) -> Response:
    """A lot with its rules, documents and present state."""
    async with parts_of(request).engine.connect() as connection:
        lot = await published(connection, lot_id)
        result = await results.read_result(connection, lot_id)
    return answer(lot_page(lot, None if result is None else result["winner_name"]))


@router.get(
    "/lots/{lot_id}/live",
    operation_id="get_live",
    response_model=Snapshot | Update,
    response_model_exclude_none=True,
    responses=refusals(ProblemCode.NOT_FOUND),
)
async def get_live(request: Request, lot_id: TheLot, after_seq: MaybeAfter = None) -> Response:
    """What the live channel shows everyone now, for relays and for programs without a socket.

    With `after_seq` the missing rows when they fit one update, else and without it a snapshot, as
    the channel answers `resync`. The header `Luochui-Time-Ms` is the database's time.
    """
    parts = parts_of(request)
    room = await parts.rooms.get(lot_id)
    if room is None:
        raise Refused(ProblemCode.NOT_FOUND, "No such lot is published.")
    await room.current()
    shown = room.snapshot(None) if after_seq is None else room.resync(after_seq, None)
    answered = answer(shown)
    if parts.clock.is_sure():
        answered.headers[TIME_HEADER] = str(parts.clock.now_ms())
    return answered


@router.get(
    "/lots/{lot_id}/quotes",
    operation_id="list_quotes",
    response_model=Page[AcceptedQuote],
    response_model_exclude_none=True,
    responses=refusals(ProblemCode.NOT_FOUND),
)
async def list_quotes(
    request: Request, lot_id: TheLot, cursor: Cursor = None, limit: Limit = None
) -> dict[str, Any]:
    """Accepted quotes in the order of the log."""
    parts = parts_of(request)
    size = page_size(limit, parts.settings.page_limit)
    place = read_cursor(cursor, int, str) or (-1, "ANNOUNCED")
    quotes, stage, seq = list[AcceptedQuote](), str(place[1]), int(place[0])
    async with parts.engine.connect() as connection:
        await published(connection, lot_id)
        rows = await read_log(connection, lot_log(lot_id), seq, MAX_ENTRIES)
        while rows and len(quotes) < size:
            for row in rows:
                stage = _note_quotes(row, stage, quotes)
                seq = row.seq
                if len(quotes) == size:
                    break
            rows = await read_log(connection, lot_log(lot_id), seq, MAX_ENTRIES)
    return page(quotes, write_cursor(seq, stage) if rows else None)


def _note_quotes(row: StoredEntry, stage: str, quotes: list[AcceptedQuote]) -> str:
    """Adds the entry's accepted quote, if any; returns the stage after it."""
    entry = json.loads(row.bytes)
    for event in entry["events"]:
        if event["type"] == "stage_changed":
            stage = event["to"]
        if event["type"] == "bid_accepted":
            quote = {name: event[name] for name in ("bidder_no", "amount_fen", "closes_at")}
            quotes.append(AcceptedQuote(seq=row.seq, at=entry["at"], stage=stage, **quote))
    return stage


@router.get(
    "/lots/{lot_id}/replay",
    operation_id="get_replay",
    response_model=Page[LotEntry],
    responses=refusals(ProblemCode.NOT_FOUND, ProblemCode.NOT_ENDED),
)
async def get_replay(
    request: Request, lot_id: TheLot, after: After = -1, limit: Entries = MAX_ENTRIES
) -> Response:
    """The log of a finished sale, entry by entry; it holds bidder numbers and no names."""
    return await entries_answer(parts_of(request), lot_id, after, limit)


async def entries_answer(parts: Parts, lot_id: str, after: int, limit: int) -> Response:
    """Stored entries after a seq, exactly as they stand in the log; only once the sale is over."""
    async with parts.engine.connect() as connection:
        lot = await published(connection, lot_id)
        if not is_over(lot):
            raise Refused(ProblemCode.NOT_ENDED, "The sale of this lot has not ended.")
        rows = await read_log(connection, lot_log(lot_id), after, limit + 1)
    shown = rows[:limit]
    text = b'{"items":[' + b",".join(row.bytes for row in shown) + b"]"
    if len(rows) > limit:
        text += b',"next_cursor":"%d"' % shown[-1].seq
    return Response(text + b"}", media_type="application/json")
