"""Doors of announced documents: kept by the office under their hash, read by everyone."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse

from schemas.problem import ProblemCode
from schemas.rest import AnnouncedDocument, KeptDocument, Page
from service.api.doors import TheLot, answer, page, refusals
from service.api.identity import needs
from service.api.parts import Parts, parts_of
from service.desk import documents
from service.desk.admission import published
from service.desk.documents import SUFFIXES, TEXT
from service.desk.refused import Refused
from service.store import documents as kept_documents
from service.store.accounts import Account
from service.store.documents import Kept

router = APIRouter(prefix="/api", tags=["documents"])

PIECE_BYTES = 262_144
"""What one answer holds of a document at a time, however slowly it is read."""

TheHash = Annotated[
    str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the bytes, in lowercase hex.")
]
Publisher = Annotated[Account, Depends(needs("publisher"))]
Drafting = Annotated[Account, Depends(needs("publisher", "approver"))]

_SIGNED_OUT = (ProblemCode.NOT_SIGNED_IN, ProblemCode.NOT_ALLOWED)
_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_ANY_TYPE: dict[int | str, dict[str, Any]] = {200: {"content": dict.fromkeys(SUFFIXES, _BYTES)}}
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": dict.fromkeys(SUFFIXES, _BYTES)}
}
_NEVER_RUN = "sandbox; default-src 'none'"
"""Someone else's bytes under our own name: whatever opens them, nothing in them runs."""


@router.put(
    "/office/documents/{sha256}",
    operation_id="keep_document",
    response_model=KeptDocument,
    responses=refusals(*_SIGNED_OUT),
    openapi_extra=_BODY,
)
async def keep_document(request: Request, account: Publisher, sha256: TheHash) -> Response:
    """Keeps a document for good; the same again changes nothing. It is public once a lot that
    announces it is published."""
    parts = parts_of(request)
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    content = await _body(request)
    async with parts.engine.begin() as connection:
        kept = await documents.keep_document(
            connection, parts.desk, account, sha256, media, content
        )
    return answer(kept)


@router.get(
    "/office/documents/{sha256}",
    operation_id="get_kept_document",
    response_class=Response,
    responses={**_ANY_TYPE, **refusals(*_SIGNED_OUT, ProblemCode.NOT_FOUND)},
)
async def get_kept_document(request: Request, _: Drafting, sha256: TheHash) -> Response:
    """A kept document, for those who draft and release: nobody approves what he cannot read."""
    parts = parts_of(request)
    async with parts.engine.connect() as connection:
        kept = await kept_documents.find(connection, sha256)
    if kept is None:
        raise Refused(ProblemCode.NOT_FOUND, "There is no such document.")
    return _as_file(parts, kept, sha256[:16], {})


@router.get(
    "/lots/{lot_id}/documents",
    operation_id="list_documents",
    response_model=Page[AnnouncedDocument],
    response_model_exclude_none=True,
    responses=refusals(ProblemCode.NOT_FOUND),
)
async def list_documents(request: Request, lot_id: TheLot) -> dict[str, Any]:
    """What the lot announced, supplements too: which bytes are kept, and which are not."""
    async with parts_of(request).engine.connect() as connection:
        lot = await published(connection, lot_id)
        return page(await documents.list_of_lot(connection, lot), None)


@router.get(
    "/lots/{lot_id}/documents/{sha256}",
    operation_id="get_document",
    response_class=Response,
    responses={**_ANY_TYPE, **refusals(ProblemCode.NOT_FOUND)},
)
async def get_document(request: Request, lot_id: TheLot, sha256: TheHash) -> Response:
    """A document that this lot announced, as a file under its announced name."""
    parts = parts_of(request)
    async with parts.engine.connect() as connection:
        lot = await published(connection, lot_id)
        announced, kept = await documents.find_announced(connection, lot, sha256)
    # Its address is its hash and it was announced for good: it never becomes another.
    lasting = {"Cache-Control": "public, max-age=31536000, immutable", "ETag": f'"{sha256}"'}
    if request.headers.get("if-none-match") == lasting["ETag"]:
        return Response(status_code=304, headers=lasting)
    return _as_file(parts, kept, announced.name, lasting)


# ── inside ──────────────────────────────────────────────────────────────────────────────────


async def _body(request: Request) -> bytes:
    """The bytes as they came; `guards` counts them. Who hangs up midway has sent nothing."""
    try:
        return await request.body()
    except ClientDisconnect as gone:
        raise Refused(ProblemCode.MALFORMED, "The body ended before its end.") from gone


def _as_file(parts: Parts, kept: Kept, name: str, more: Mapping[str, str]) -> Response:
    headers = {
        "Content-Disposition": disposition(name, kept),
        "Content-Length": str(kept.size),
        "Content-Security-Policy": _NEVER_RUN,
        "X-Content-Type-Options": "nosniff",
        **more,
    }
    media = f"{TEXT}; charset=utf-8" if kept.media_type == TEXT else kept.media_type
    return StreamingResponse(_pieces(parts, kept), media_type=media, headers=headers)


async def _pieces(parts: Parts, kept: Kept) -> AsyncIterator[bytes]:
    """No connection waits for a slow reader: each piece is a query of its own."""
    for start in range(0, kept.size, PIECE_BYTES):
        async with parts.engine.connect() as connection:
            piece = await kept_documents.read_piece(connection, kept.sha256, start, PIECE_BYTES)
        yield piece


def disposition(name: str, kept: Kept) -> str:
    """A file to be saved, under its announced name (RFC 6266, RFC 8187) with an ending of its type:
    an announcement cannot make a program of a picture."""
    endings = SUFFIXES[kept.media_type]
    safe = "".join(sign for sign in name if sign.isprintable() and sign not in '/\\:*?"<>|').strip(
        ". "
    )
    if not safe.lower().endswith(endings):
        safe = f"{safe or kept.sha256[:16]}{endings[0]}"
    plain = f"{kept.sha256[:16]}{endings[0]}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"
