"""Reads of whole logs for the evidence pack, in pieces that no statement timeout can cut."""

from collections.abc import AsyncIterator, Sequence

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.store.health import Proof, read_proofs
from service.store.ledger import StoredEntry, read_log
from service.store.log_tables import HOUSE, log_entries

ENTRIES_A_READ = 5_000
LEAVES_A_READ = 100_000
HEALTH_MS_A_READ = 6 * 3_600_000


async def open_snapshot(engine: AsyncEngine) -> AsyncConnection:
    """A connection on which every read sees the same instant; the caller starts and closes it."""
    connection = await engine.connect()
    return await connection.execution_options(isolation_level="REPEATABLE READ")


async def read_whole_log(connection: AsyncConnection, log: str) -> list[StoredEntry]:
    """Every entry of a log."""
    found: list[StoredEntry] = []
    while True:
        piece = await read_log(connection, log, len(found) - 1, ENTRIES_A_READ)
        found += piece
        if len(piece) < ENTRIES_A_READ:
            return found


async def read_house_leaves(connection: AsyncConnection) -> list[bytes]:
    """The leaf hashes of the house log: what its proofs are made of."""
    entries, found = log_entries.c, list[bytes]()
    asked = select(entries.leaf).where(entries.log == HOUSE).order_by(entries.seq)
    while True:
        piece = asked.where(entries.seq >= len(found)).limit(LEAVES_A_READ)
        rows = (await connection.execute(piece)).scalars().all()
        found += rows
        if len(rows) < LEAVES_A_READ:
            return found


async def read_house_about(
    connection: AsyncConnection, marks: Sequence[bytes], size: int
) -> list[StoredEntry]:
    """House entries whose bytes hold one of these marks, among the first `size`.

    Bytes are canonical JSON, so a mark such as `"lot_id":"x"` can stand in no other value.
    """
    entries, found = log_entries.c, list[StoredEntry]()
    asked = (
        select(entries.seq, entries.bytes, entries.leaf)
        .where(entries.log == HOUSE, text("bytes LIKE ANY (CAST(:marks AS bytea[]))"))
        .order_by(entries.seq)
    )
    patterns = [b"%" + literally(mark) + b"%" for mark in marks]
    for first in range(0, size, LEAVES_A_READ):
        last = min(first + LEAVES_A_READ, size) - 1
        piece = asked.where(entries.seq.between(first, last))
        rows = (await connection.execute(piece, {"marks": patterns})).mappings()
        found += [StoredEntry(**row) for row in rows]
    return found


async def read_health(
    connection: AsyncConnection, from_ms: int, to_ms: int
) -> AsyncIterator[Proof]:
    """The health series between two instants, both included."""
    for first in range(from_ms, to_ms + 1, HEALTH_MS_A_READ):
        last = min(first + HEALTH_MS_A_READ - 1, to_ms)
        for proof in await read_proofs(connection, first, last):
            yield proof


def literally(mark: bytes) -> bytes:
    """The mark for LIKE, in which %, _ and a backslash mean other things."""
    return mark.replace(b"\\", b"\\\\").replace(b"%", b"\\%").replace(b"_", b"\\_")
