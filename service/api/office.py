"""The console's doors: drafts and their release, applications, deposits, refunds, actions."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from schemas.live import LotFields
from schemas.problem import ProblemCode
from schemas.rest import (
    ActionIn,
    Decision,
    DepositLine,
    Draft,
    DraftIn,
    OfficeApplication,
    OfficeLot,
    OfficeRequest,
    Page,
    Parcel,
    Preflight,
    RefundOrder,
    RefundResult,
    ReserveWait,
    Revocation,
    Template,
)
from service import wire
from service.api import office_examples as examples
from service.api.doors import (
    Cursor,
    IdempotencyKey,
    IfMatch,
    Limit,
    MaybeIfMatch,
    TheId,
    TheLot,
    answer,
    body,
    etag,
    header,
    page,
    page_size,
    read_cursor,
    refusals,
    takes,
    write_cursor,
)
from service.api.identity import needs
from service.api.once import once
from service.api.parts import Parts, parts_of
from service.audit.notes import lot_origin
from service.desk import actions, admission, money, publication, reserves, revocation, views
from service.desk.catalogue import lot_card
from service.desk.officials import about_lot, in_log, record_look
from service.desk.parcels import parcel_of
from service.desk.ports import Desk
from service.desk.refused import Refused
from service.rules.templates import TEMPLATES, from_template
from service.store import applications, deposits, drafts, health, lots, parcels, requests
from service.store.accounts import Account

router = APIRouter(prefix="/api/office", tags=["office"])

Anyone = Annotated[
    Account, Depends(needs("publisher", "approver", "reviewer", "finance", "supervisor", "admin"))
]
Drafting = Annotated[Account, Depends(needs("publisher", "approver"))]
Asking = Annotated[Account, Depends(needs("publisher", "approver", "reviewer"))]
Publisher = Annotated[Account, Depends(needs("publisher"))]
Approver = Annotated[Account, Depends(needs("approver"))]
Reviewer = Annotated[Account, Depends(needs("reviewer"))]
Finance = Annotated[Account, Depends(needs("finance"))]
LotFilter = Annotated[str | None, Query(pattern=r"^[a-z0-9][a-z0-9-]{2,63}$")]
ApplicationState = Literal["SUBMITTED", "ACCEPTED", "REFUSED", "ADMITTED", "LAPSED", "REVOKED"]
RequestState = Literal["PENDING", "DONE", "WITHDRAWN", "REFUSED"]

_SIGNED_OUT = (ProblemCode.NOT_SIGNED_IN, ProblemCode.NOT_ALLOWED)
_VERSIONED = (
    ProblemCode.NOT_FOUND,
    ProblemCode.VERSION_MISSING,
    ProblemCode.VERSION_CHANGED,
    ProblemCode.WRONG_STATE,
)
_IF_MATCH: dict[str, Any] = {"parameters": [header("If-Match", required=True)]}


# ── what to draft from ──────────────────────────────────────────────────────────────────────


@router.get(
    "/parcels",
    operation_id="list_parcels",
    response_model=Page[Parcel],
    response_model_exclude_none=True,
    responses=refusals(*_SIGNED_OUT),
)
async def list_parcels(
    request: Request, _: Drafting, cursor: Cursor = None, limit: Limit = None
) -> dict[str, Any]:
    """The land bank, in order of id."""
    parts = parts_of(request)
    size = page_size(limit, parts.settings.page_limit)
    after = _text_place(cursor)
    async with parts.engine.connect() as connection:
        rows = await parcels.list_parcels(connection, after=after, limit=size + 1)
    shown = [parcel_of(row) for row in rows[:size]]
    return page(shown, write_cursor(shown[-1].parcel_id) if len(rows) > size else None)


@router.get(
    "/templates",
    operation_id="list_templates",
    response_model=Page[Template],
    response_model_exclude_none=True,
    responses=refusals(*_SIGNED_OUT),
)
async def list_templates(request: Request, _: Drafting) -> dict[str, Any]:
    """RuleSets to start from; `demo` on a practice site only."""
    practice = parts_of(request).settings.demo
    names = [name for name in TEMPLATES if practice or name != "demo"]
    return page([_template(name) for name in names], None)


def _template(name: str) -> Template:
    rules = from_template(name, starting_price_fen=0, increment_fen=0, deposit={"CNY": 0})
    return Template(name=name, rules=wire.rules_to_wire(rules))


# ── drafts ──────────────────────────────────────────────────────────────────────────────────


@router.post(
    "/lots",
    operation_id="create_draft",
    status_code=201,
    response_model=Draft,
    responses=refusals(
        *_SIGNED_OUT,
        ProblemCode.LOT_ID_TAKEN,
        ProblemCode.IDEMPOTENCY_KEY_MISSING,
        ProblemCode.IDEMPOTENCY_KEY_REUSED,
        ProblemCode.UNSUPPORTED_MEDIA_TYPE,
    ),
    openapi_extra=takes(DraftIn, examples.draft(), key=True),
)
async def create_draft(
    request: Request,
    account: Publisher,
    key: IdempotencyKey,
    asked: Annotated[DraftIn, Depends(body(DraftIn))],
) -> Response:
    """A new draft of an announcement. Its first version is 1."""
    desk = parts_of(request).desk

    async def create(connection: AsyncConnection) -> Draft:
        return await publication.create_draft(connection, desk, account, asked)

    created = await once(request, account, key, create)
    created.headers["ETag"] = etag(1)
    return created


@router.get(
    "/drafts",
    operation_id="list_drafts",
    response_model=Page[Draft],
    response_model_exclude_none=True,
    responses=refusals(*_SIGNED_OUT),
)
async def list_drafts(
    request: Request, _: Drafting, cursor: Cursor = None, limit: Limit = None
) -> dict[str, Any]:
    """Drafts that are not released yet."""
    parts = parts_of(request)
    size = page_size(limit, parts.settings.page_limit)
    after = _text_place(cursor)
    async with parts.engine.connect() as connection:
        rows = await drafts.list_drafts(connection, after=after, limit=size + 1)
        shown = await publication.drafts_of(connection, parts.desk, rows[:size])
    return page(shown, write_cursor(shown[-1].lot_id) if len(rows) > size else None)


@router.get(
    "/drafts/{lot_id}",
    operation_id="get_draft",
    response_model=Draft,
    responses=refusals(*_SIGNED_OUT, ProblemCode.NOT_FOUND),
)
async def get_draft(request: Request, _: Drafting, lot_id: TheLot) -> Response:
    """The draft; its ETag is what If-Match must say to change it."""
    parts = parts_of(request)
    async with parts.engine.connect() as connection:
        draft = await publication.read_draft(connection, parts.desk, lot_id)
    return answer(draft, version=draft.version)


@router.put(
    "/drafts/{lot_id}",
    operation_id="edit_draft",
    response_model=Draft,
    responses=refusals(*_SIGNED_OUT, *_VERSIONED, ProblemCode.UNSUPPORTED_MEDIA_TYPE),
    openapi_extra={**takes(DraftIn, examples.draft()), **_IF_MATCH},
)
async def edit_draft(
    request: Request,
    account: Publisher,
    lot_id: TheLot,
    version: IfMatch,
    asked: Annotated[DraftIn, Depends(body(DraftIn))],
) -> Response:
    """Writes the whole draft anew; a submitted one goes back to DRAFT."""
    parts = parts_of(request)
    async with parts.engine.begin() as connection:
        draft = await publication.edit_draft(
            connection, parts.desk, account, lot_id, version, asked
        )
    return answer(draft, version=draft.version)


@router.post(
    "/drafts/{lot_id}/preflight",
    operation_id="preflight",
    response_model=Preflight,
    responses=refusals(*_SIGNED_OUT, ProblemCode.NOT_FOUND),
)
async def preflight(request: Request, _: Drafting, lot_id: TheLot) -> Response:
    """What forbids a release at this moment, by rule name, and what deserves another look."""
    parts = parts_of(request)
    async with parts.engine.begin() as connection:
        return answer(await publication.preflight(connection, parts.desk, lot_id))


@router.post(
    "/drafts/{lot_id}/submit",
    operation_id="submit_draft",
    response_model=Draft,
    responses=refusals(
        *_SIGNED_OUT,
        ProblemCode.NOT_FOUND,
        ProblemCode.VERSION_CHANGED,
        ProblemCode.WRONG_STATE,
        ProblemCode.PREFLIGHT_FAILED,
    ),
    openapi_extra={"parameters": [header("If-Match", required=False)]},
)
async def submit_draft(
    request: Request, account: Publisher, lot_id: TheLot, version: MaybeIfMatch
) -> Response:
    """Hands the draft to an approver."""
    parts = parts_of(request)
    async with parts.engine.begin() as connection:
        draft = await publication.submit_draft(connection, parts.desk, account, lot_id, version)
    return answer(draft, version=draft.version)


@router.post(
    "/drafts/{lot_id}/release",
    operation_id="release_lot",
    response_model=Draft,
    responses=refusals(
        *_SIGNED_OUT,
        *_VERSIONED,
        ProblemCode.FOUR_EYES,
        ProblemCode.PREFLIGHT_FAILED,
        ProblemCode.REFUSED_BY_RULES,
        ProblemCode.CLOCK_UNSURE,
        ProblemCode.UNAVAILABLE,
    ),
    openapi_extra=_IF_MATCH,
)
async def release_lot(
    request: Request, account: Approver, lot_id: TheLot, version: IfMatch
) -> Response:
    """Publishes the lot: entry 0 of its log. By a person who wrote nothing in the draft."""
    parts = parts_of(request)
    _refuse_while_halted(parts, lot_id)
    async with parts.engine.begin() as connection:
        draft = await publication.release_lot(connection, parts.desk, account, lot_id, version)
    return answer(draft, version=draft.version)


def _refuse_while_halted(parts: Parts, lot_id: str) -> None:
    """A lot whose log may not be signed could take no bid: it is not published at all."""
    why = parts.signer.halted(lot_origin(parts.settings.site, lot_id))
    if why is not None:
        raise Refused(ProblemCode.UNAVAILABLE, why, reason="LOG_HALTED")


# ── published lots ──────────────────────────────────────────────────────────────────────────


@router.get(
    "/lots",
    operation_id="list_office_lots",
    response_model=Page[OfficeLot],
    response_model_exclude_none=True,
    responses=refusals(*_SIGNED_OUT),
)
async def list_office_lots(
    request: Request, account: Anyone, cursor: Cursor = None, limit: Limit = None
) -> dict[str, Any]:
    """Published lots for the console: no identities, no head counts."""
    parts = parts_of(request)
    size = page_size(limit, parts.settings.page_limit)
    after = read_cursor(cursor, int, str)
    now = parts.clock.now_ms()
    async with parts.engine.connect() as connection:
        found = await lots.list_lots(
            connection, after=(after[0], after[1]) if after else None, limit=size + 1
        )
        proved_to, _gap = await health.proved_to(connection, now - HEALTH_MS, HEALTH_MS)
        waits = await reserves.waits(connection, parts.desk, account, found[:size])
    more = write_cursor(*found[size - 1].cursor) if len(found) > size else None
    rows = [_office_lot(lot, proved_to, waits.get(lot.lot_id)) for lot in found[:size]]
    return page(rows, more)


HEALTH_MS = 60_000
"""How far back the console looks for the last proof of the bid path."""


def _office_lot(lot: lots.ListedLot, proved_to: int, wait: ReserveWait | None) -> OfficeLot:
    card = lot_card(lot)
    bidding = card.state.stage in ("LISTING", "READY", "TIMED")
    return OfficeLot(
        lot_id=lot.lot_id,
        title=card.parcel.title,
        method=card.method,
        state=LotFields.model_validate(card.state),
        timetable=card.timetable,
        bidding_path_proved_to=proved_to if bidding else None,
        reserve_wait=wait,
    )


@router.post(
    "/lots/{lot_id}/requests",
    operation_id="request_action",
    status_code=201,
    response_model=OfficeRequest,
    responses=refusals(
        *_SIGNED_OUT,
        ProblemCode.NOT_FOUND,
        ProblemCode.REFUSED_BY_RULES,
        ProblemCode.UNSUPPORTED_MEDIA_TYPE,
        ProblemCode.IDEMPOTENCY_KEY_MISSING,
        ProblemCode.IDEMPOTENCY_KEY_REUSED,
    ),
    openapi_extra=examples.action(),
)
async def request_action(
    request: Request,
    account: Drafting,
    lot_id: TheLot,
    key: IdempotencyKey,
    asked: Annotated[ActionIn, Depends(body(ActionIn))],
) -> Response:
    """Asks for an action, which another person approves. An emergency suspension acts at once."""

    async def create(connection: AsyncConnection) -> OfficeRequest:
        desk = parts_of(request).desk
        return await actions.request_action(connection, desk, account, lot_id, asked)

    return await once(request, account, key, create)


@router.get(
    "/requests",
    operation_id="list_requests",
    response_model=Page[OfficeRequest],
    response_model_exclude_none=True,
    responses=refusals(*_SIGNED_OUT),
)
async def list_requests(
    request: Request,
    account: Asking,
    state: RequestState | None = None,
    lot_id: LotFilter = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> dict[str, Any]:
    """Requests, the newest first. Revocations are shown to approvers and to who asked."""
    parts = parts_of(request)
    size = page_size(limit, parts.settings.page_limit)
    after = _text_place(cursor)
    async with parts.engine.connect() as connection:
        rows = await requests.list_requests(
            connection,
            state=state,
            lot_id=lot_id,
            after=after,
            limit=size + 1,
            seen_by=account.account_id,
            revocations=account.has("approver"),
            others=account.has("publisher", "approver"),
        )
    shown = [views.office_request(row) for row in rows[:size]]
    return page(shown, write_cursor(shown[-1].request_id) if len(rows) > size else None)


@router.post(
    "/requests/{request_id}/approve",
    operation_id="approve_action",
    response_model=OfficeRequest,
    responses=refusals(
        *_SIGNED_OUT,
        ProblemCode.NOT_FOUND,
        ProblemCode.FOUR_EYES,
        ProblemCode.WRONG_STATE,
        ProblemCode.REFUSED_BY_RULES,
    ),
)
async def approve_action(request: Request, account: Approver, request_id: TheId) -> Response:
    """Does what another person asked for. What the rules refuse stays pending."""
    return answer(await actions.approve_action(parts_of(request).desk, account, request_id))


@router.post(
    "/requests/{request_id}/withdraw",
    operation_id="withdraw_action",
    response_model=OfficeRequest,
    responses=refusals(*_SIGNED_OUT, ProblemCode.NOT_FOUND, ProblemCode.WRONG_STATE),
)
async def withdraw_action(request: Request, account: Asking, request_id: TheId) -> Response:
    """Takes one's own request back while it waits."""
    return answer(await actions.withdraw_action(parts_of(request).desk, account, request_id))


# ── applications ────────────────────────────────────────────────────────────────────────────


@router.get(
    "/applications",
    operation_id="list_applications",
    response_model=Page[OfficeApplication],
    response_model_exclude_none=True,
    responses=refusals(*_SIGNED_OUT),
)
async def list_applications(
    request: Request,
    account: Reviewer,
    lot_id: LotFilter = None,
    state: ApplicationState | None = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> dict[str, Any]:
    """What waits for a decision; decided applications only after their sale has ended."""
    parts = parts_of(request)
    size = page_size(limit, parts.settings.page_limit)
    after = read_cursor(cursor, int, str)
    async with parts.engine.begin() as connection:
        rows = await applications.list_for_office(
            connection,
            lot_id=lot_id,
            state=state,
            after=(after[0], after[1]) if after else None,
            limit=size + 1,
        )
        shown = await views.office_applications(connection, rows[:size])
        by = in_log(parts.desk, account, "reviewer")
        for seen in sorted({row.lot_id for row in shown}):
            await record_look(connection, parts.desk, by, about_lot(seen), "applicants", "review")
    more = len(rows) > size and write_cursor(shown[-1].submitted_at, shown[-1].application_id)
    return page(shown, more or None)


@router.post(
    "/applications/{application_id}/decision",
    operation_id="decide_application",
    response_model=OfficeApplication,
    responses=refusals(
        *_SIGNED_OUT,
        ProblemCode.NOT_FOUND,
        ProblemCode.WRONG_STATE,
        ProblemCode.FOUR_EYES,
        ProblemCode.UNSUPPORTED_MEDIA_TYPE,
    ),
    openapi_extra=takes(Decision, {"accept": True}),
)
async def decide_application(
    request: Request,
    account: Reviewer,
    application_id: TheId,
    asked: Annotated[Decision, Depends(body(Decision))],
) -> Response:
    """Accepts, which opens a sub-account for the deposit, or refuses with a reason."""
    parts = parts_of(request)
    async with parts.engine.begin() as connection:
        row = await admission.decide_application(
            connection, parts.desk, account, application_id, asked
        )
        shown = await views.office_applications(connection, [row])
    return answer(shown[0])


@router.post(
    "/applications/{application_id}/revocation",
    operation_id="request_revocation",
    status_code=201,
    response_model=OfficeRequest,
    responses=refusals(
        *_SIGNED_OUT,
        ProblemCode.NOT_FOUND,
        ProblemCode.WRONG_STATE,
        ProblemCode.FOUR_EYES,
        ProblemCode.UNSUPPORTED_MEDIA_TYPE,
        ProblemCode.IDEMPOTENCY_KEY_MISSING,
        ProblemCode.IDEMPOTENCY_KEY_REUSED,
    ),
    openapi_extra=takes(
        Revocation, {"cause": "FALSE_DOCUMENTS", "text": "所交文件经核实系伪造。"}, key=True
    ),
)
async def request_revocation(
    request: Request,
    account: Reviewer,
    application_id: TheId,
    key: IdempotencyKey,
    asked: Annotated[Revocation, Depends(body(Revocation))],
) -> Response:
    """Asks that an admission be taken back; an approver's word does it, until bidding is over."""
    desk = parts_of(request).desk

    async def create(connection: AsyncConnection) -> OfficeRequest:
        return await revocation.request_revocation(connection, desk, account, application_id, asked)

    return await once(request, account, key, create)


# ── money ───────────────────────────────────────────────────────────────────────────────────


@router.get(
    "/deposits",
    operation_id="list_deposits",
    response_model=Page[DepositLine],
    response_model_exclude_none=True,
    responses=refusals(*_SIGNED_OUT),
)
async def list_deposits(
    request: Request,
    account: Finance,
    lot_id: LotFilter = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> dict[str, Any]:
    """Bank notices that need a person; those that simply counted only after the sale."""
    parts = parts_of(request)
    size = page_size(limit, parts.settings.page_limit)
    place = read_cursor(cursor, int)
    async with parts.engine.begin() as connection:
        rows = await deposits.list_notices(
            connection, lot_id=lot_id, after=place[0] if place else None, limit=size + 1
        )
        lots_seen = [row["lot_id"] for row in rows[:size]]
        await _record_payers(connection, parts.desk, account, lots_seen, "deposits")
    shown = [views.deposit_line(row) for row in rows[:size]]
    more = write_cursor(rows[size - 1]["notice_id"]) if len(rows) > size else None
    return page(shown, more)


@router.get(
    "/refunds",
    operation_id="list_refunds",
    response_model=Page[RefundOrder],
    response_model_exclude_none=True,
    responses=refusals(*_SIGNED_OUT),
)
async def list_refunds(
    request: Request,
    account: Finance,
    lot_id: LotFilter = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> dict[str, Any]:
    """Refund orders, each tracked to the bank's reference."""
    parts = parts_of(request)
    size = page_size(limit, parts.settings.page_limit)
    after = _text_place(cursor)
    async with parts.engine.begin() as connection:
        rows = await deposits.list_refunds(connection, lot_id=lot_id, after=after, limit=size + 1)
        lots_seen = [row["lot_id"] for row in rows[:size]]
        await _record_payers(connection, parts.desk, account, lots_seen, "refunds")
    shown = [views.refund_order(row) for row in rows[:size]]
    return page(shown, write_cursor(shown[-1].refund_id) if len(rows) > size else None)


@router.post(
    "/refunds/{refund_id}/result",
    operation_id="record_refund",
    status_code=204,
    responses=refusals(
        *_SIGNED_OUT,
        ProblemCode.NOT_FOUND,
        ProblemCode.WRONG_STATE,
        ProblemCode.UNSUPPORTED_MEDIA_TYPE,
    ),
    openapi_extra=takes(RefundResult, {"state": "PAID", "bank_reference": "R20261122-0001"}),
)
async def record_refund(
    request: Request,
    account: Finance,
    refund_id: TheId,
    asked: Annotated[RefundResult, Depends(body(RefundResult))],
) -> Response:
    """What the bank said of a refund order; a failed one stays in the queue."""
    parts = parts_of(request)
    async with parts.engine.begin() as connection:
        await money.record_refund(connection, parts.desk, account, refund_id, asked)
    return Response(status_code=204)


async def _record_payers(
    connection: AsyncConnection,
    desk: Desk,
    finance: Account,
    lots_seen: list[str | None],
    field: str,
) -> None:
    """Payers' names and accounts were shown. None among the lots: of notices of no lot."""
    by = in_log(desk, finance, "finance")
    subjects = {"deposit/unmatched" if lot is None else about_lot(lot) for lot in lots_seen}
    for subject in sorted(subjects):
        await record_look(connection, desk, by, subject, field, "finance")


def _text_place(cursor: str | None) -> str | None:
    place = read_cursor(cursor, str)
    return place[0] if place else None
