"""Announced documents: what may be kept, what a lot has announced, and what its pack takes along.

Announced but lost documents cannot be told from altered ones, so the bytes are kept by their hash.
Who opens one gets what the announcement named, or nothing.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.problem import ProblemCode
from schemas.rest import AnnouncedDocument, KeptDocument
from service.audit import canonical
from service.desk.officials import in_log, record_action
from service.desk.ports import Desk
from service.desk.refused import Refused
from service.store import documents
from service.store.accounts import Account
from service.store.documents import Kept
from service.store.lots import ListedLot

PDF, PNG, JPEG, TEXT = "application/pdf", "image/png", "image/jpeg", "text/plain"
_OOXML = "application/vnd.openxmlformats-officedocument."
DOCX = f"{_OOXML}wordprocessingml.document"
XLSX = f"{_OOXML}spreadsheetml.sheet"

SUFFIXES: Mapping[str, tuple[str, ...]] = {
    PDF: (".pdf",),
    PNG: (".png",),
    JPEG: (".jpg", ".jpeg"),
    TEXT: (".txt",),
    DOCX: (".docx",),
    XLSX: (".xlsx",),
}
"""What may be kept, and the endings its names may have."""

_PUBLISHED = b'"type":"publish_lot"'
_SUPPLEMENTED = b'"type":"supplement_lot"'
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\f\r")) + b"\x7f"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Announced:
    """A document as an announcement names it. version: of the last announcement that does."""

    name: str
    sha256: str
    version: int


# ── keeping ─────────────────────────────────────────────────────────────────────────────────


async def keep_document(
    connection: AsyncConnection,
    desk: Desk,
    account: Account,
    named: str,
    media_type: str,
    content: bytes,
) -> KeptDocument:
    """Keeps the bytes under their hash, which the address must name. The same again is the same."""
    await asyncio.to_thread(_refuse_content, named, media_type, content)
    added = await documents.keep(
        connection,
        sha256=named,
        media_type=media_type,
        content=content,
        uploaded_by=account.account_id,
        uploaded_at=desk.clock.now_ms(),
    )
    kept = await documents.find(connection, named)
    assert kept is not None, "it was just kept, or by another before"
    if added:
        by = in_log(desk, account, "publisher")
        await record_action(connection, desk, "KEEP_DOCUMENT", f"document/{named}", by)
    return as_shown(kept)


def as_shown(kept: Kept) -> KeptDocument:
    return KeptDocument(
        sha256=kept.sha256,
        media_type=kept.media_type,
        size=kept.size,
        uploaded_at=kept.uploaded_at,
    )


def _refuse_content(named: str, media_type: str, content: bytes) -> None:
    if media_type not in SUFFIXES:
        sentence = "A document is PDF, PNG, JPEG, plain text, DOCX or XLSX."
        raise Refused(
            ProblemCode.UNSUPPORTED_MEDIA_TYPE, sentence, reason="DOCUMENT_TYPE_NOT_TAKEN"
        )
    if not content:
        raise Refused(ProblemCode.MALFORMED, "The document is empty.", reason="DOCUMENT_EMPTY")
    found = sha256(content).hexdigest()
    if found != named:
        wrong = [("body", f"has the SHA-256 {found}")]
        sentence = "The SHA-256 of the body is not that of the address."
        raise Refused(ProblemCode.MALFORMED, sentence, reason="DOCUMENT_HASH_DIFFERS", errors=wrong)
    if not is_of_type(media_type, content):
        sentence = "The bytes are not what Content-Type says."
        raise Refused(ProblemCode.UNSUPPORTED_MEDIA_TYPE, sentence, reason="DOCUMENT_NOT_OF_TYPE")


def is_of_type(media_type: str, content: bytes) -> bool:
    """Whether the bytes begin, and where one must look further go on, like a file of that type."""
    if media_type == PDF:
        return content.startswith(b"%PDF-")
    if media_type == PNG:
        return content.startswith(b"\x89PNG\r\n\x1a\n")
    if media_type == JPEG:
        return content.startswith(b"\xff\xd8\xff")
    if media_type == TEXT:
        return _is_text(content)
    return _is_office(content, b"word/" if media_type == DOCX else b"xl/")


def _is_text(content: bytes) -> bool:
    """UTF-8 without control characters: what every reader shows alike."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return len(content.translate(None, _CONTROLS)) == len(content)


def _is_office(content: bytes, folder: bytes) -> bool:
    """ECMA-376 part 2: a ZIP with a list of content types; names in a ZIP are plain."""
    marks = (b"[Content_Types].xml", folder)
    return content.startswith(b"PK\x03\x04") and all(mark in content for mark in marks)


# ── announced ───────────────────────────────────────────────────────────────────────────────


async def list_of_lot(connection: AsyncConnection, lot: ListedLot) -> tuple[AnnouncedDocument, ...]:
    """Every document that a published lot ever announced, in the order in which it did."""
    announced = await announced_by(connection, lot)
    kept = await documents.find_all(connection, (each.sha256 for each in announced))
    return tuple(_shown(each, kept.get(each.sha256)) for each in announced)


def _shown(document: Announced, kept: Kept | None) -> AnnouncedDocument:
    return AnnouncedDocument(
        name=document.name,
        sha256=document.sha256,
        version=document.version,
        kept=kept is not None,
        size=None if kept is None else kept.size,
        media_type=None if kept is None else kept.media_type,
    )


async def find_announced(
    connection: AsyncConnection, lot: ListedLot, named: str
) -> tuple[Announced, Kept]:
    """One of them with what is kept of it; what the lot did not announce is not there."""
    for each in await announced_by(connection, lot):
        if each.sha256 == named:
            kept = await documents.find(connection, named)
            if kept is None:
                sentence = "This document was announced, but its bytes are not kept."
                raise Refused(ProblemCode.NOT_FOUND, sentence, reason="DOCUMENT_NOT_KEPT")
            return each, kept
    raise Refused(ProblemCode.NOT_FOUND, "This lot announced no such document.")


async def announced_by(connection: AsyncConnection, lot: ListedLot) -> tuple[Announced, ...]:
    """The lot's page has those of its newest version; older ones are in the log."""
    newest, version = lot.listing["documents"], int(lot.listing["version"])
    if version == 1:
        return tuple(Announced(each["name"], each["sha256"], 1) for each in newest)
    return read_announced(
        await documents.read_announcements(connection, lot.lot_id, supplements=version - 1)
    )


def read_announced(entries: Iterable[bytes]) -> tuple[Announced, ...]:
    """From stored entries, of which all but announcements are passed over."""
    found: dict[tuple[str, str], Announced] = {}
    version = 0
    for raw in entries:
        if _PUBLISHED not in raw and _SUPPLEMENTED not in raw:
            continue
        version += 1
        for each in canonical.decode(raw)["command"]["documents"]:
            found[each["sha256"], each["name"]] = Announced(each["name"], each["sha256"], version)
    return tuple(found.values())


# ── the evidence pack ───────────────────────────────────────────────────────────────────────


async def gather_documents(
    connection: AsyncConnection, entries: Sequence[bytes], most: int
) -> dict[str, bytes]:
    """The kept documents of these entries by their hash, of at most `most` bytes together.

    They are taken as they were announced; the first that is too large is left out, as is every
    later one that does not fit. What is left out the pack's own check 11 counts.
    """
    announced = dict.fromkeys(each.sha256 for each in read_announced(entries))
    kept = await documents.find_all(connection, announced)
    taken: dict[str, bytes] = {}
    left, out = most, list[str]()
    for named in announced:
        if named not in kept:
            continue
        if kept[named].size > left:
            out.append(named)
            continue
        taken[named] = await documents.read_piece(connection, named, 0, kept[named].size)
        left -= kept[named].size
    if out:
        _log.warning("documents_left_out", documents=out, limit_bytes=most)
    return taken
