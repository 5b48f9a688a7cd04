"""Announced documents, kept by the SHA-256 of their bytes: one row for each content, for ever.

The log announces names and hashes; what a hash stands for is here as soon as it was uploaded, and
no one can put other bytes in its place.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    RowMapping,
    Table,
    Text,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.evidence import literally
from service.store.log_tables import log_entries, lot_log
from service.store.metadata import metadata
from service.store.office_tables import accounts

documents = Table(
    "documents",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("uploaded_by", Text, ForeignKey(accounts.c.account_id), nullable=False),
    Column("uploaded_at", BigInteger, nullable=False),
    # The content is the address, whoever writes.
    CheckConstraint("sha256 = encode(sha256(content), 'hex')", name="sha256"),
    CheckConstraint("size > 0 AND size = octet_length(content)", name="size"),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A document without its bytes. size: bytes. uploaded_at: ms."""

    sha256: str
    media_type: str
    size: int
    uploaded_at: int


async def keep(
    connection: AsyncConnection,
    *,
    sha256: str,
    media_type: str,
    content: bytes,
    uploaded_by: str,
    uploaded_at: int,
) -> bool:
    """Keeps it for good; False when these very bytes are kept already."""
    adding = insert(documents).values(
        sha256=sha256,
        media_type=media_type,
        size=len(content),
        content=content,
        uploaded_by=uploaded_by,
        uploaded_at=uploaded_at,
    )
    done = adding.on_conflict_do_nothing().returning(documents.c.sha256)
    return (await connection.execute(done)).one_or_none() is not None


async def find(connection: AsyncConnection, sha256: str) -> Kept | None:
    return (await find_all(connection, (sha256,))).get(sha256)


async def find_all(connection: AsyncConnection, hashes: Iterable[str]) -> Mapping[str, Kept]:
    """Those of these hashes that are kept."""
    wanted = set(hashes)
    if not wanted:
        return {}
    rows = await connection.execute(_WITHOUT_BYTES.where(documents.c.sha256.in_(wanted)))
    return {row["sha256"]: _kept(row) for row in rows.mappings()}


async def read_piece(connection: AsyncConnection, sha256: str, start: int, length: int) -> bytes:
    """Bytes from `start` on, at most `length`; the column is not compressed, so that PostgreSQL
    reads no more of it than that."""
    piece = func.substr(documents.c.content, start + 1, length, type_=LargeBinary)
    found = await connection.execute(select(piece).where(documents.c.sha256 == sha256))
    return bytes(found.scalar_one())


async def read_announcements(
    connection: AsyncConnection, lot_id: str, *, supplements: int
) -> list[bytes]:
    """Entry 0 of a lot's log and its first `supplements` entries that supplement it.

    Entries are canonical JSON, in which the mark can stand in no value; the limit ends the search.
    """
    log, entries = lot_log(lot_id), log_entries.c
    first = select(entries.bytes).where(entries.log == log, entries.seq == 0)
    mark = literal(b"%" + literally(b'"type":"supplement_lot"') + b"%", LargeBinary)
    later = (
        select(entries.bytes)
        .where(entries.log == log, entries.bytes.op("LIKE", is_comparison=True)(mark))
        .order_by(entries.seq)
        .limit(supplements)
    )
    found = [row for asked in (first, later) for row in await connection.scalars(asked)]
    return [bytes(raw) for raw in found]


def _kept(row: RowMapping) -> Kept:
    return Kept(row["sha256"], row["media_type"], row["size"], row["uploaded_at"])


_WITHOUT_BYTES = select(
    documents.c.sha256, documents.c.media_type, documents.c.size, documents.c.uploaded_at
)
