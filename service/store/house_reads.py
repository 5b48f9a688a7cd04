"""Reads the house log backwards, for the supervisor's screen."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import LargeBinary, and_, func, literal, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.evidence import literally
from service.store.log_tables import HOUSE, log_entries, logs, lot_id_of
from service.store.office_tables import results

ENTRIES_A_READ = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the instant of its last entry, and how many of that instant it showed.

    Not a seq: what was left out between two seqs could be counted.
    """

    at: int
    shown: int


@dataclass(frozen=True, slots=True)
class Running:
    """Lots whose roll is not opened yet, and when the first of them was published (ms)."""

    lots: frozenset[str]
    since: int | None


async def running_lots(connection: AsyncConnection) -> Running:
    """Lots that were published and whose result is not frozen: their roll is sealed."""
    over = logs.c.stage.in_(("SOLD", "FAILED"))
    settled = select(results.c.lot_id).where(func.concat("lot/", results.c.lot_id) == logs.c.log)
    asked = (
        select(logs.c.log, log_entries.c.bytes)
        .join(log_entries, and_(log_entries.c.log == logs.c.log, log_entries.c.seq == 0))
        .where(logs.c.stage.is_not(None), not_(and_(over, settled.exists())))
    )
    rows = (await connection.execute(asked)).all()
    since = min((int(json.loads(row.bytes)["at"]) for row in rows), default=None)
    return Running(frozenset(lot_id_of(row.log) for row in rows), since)


async def newest_first(
    connection: AsyncConnection, before: Place | None, marks: Sequence[Sequence[str]]
) -> AsyncIterator[dict[str, Any]]:
    """Entries from `before` on backwards, decoded; those at its very instant once more.

    marks: of each group one must stand in the entry's bytes. Bytes are canonical JSON, so that a
    mark such as `"lot_id":"x"` can stand in no other value.
    """
    entries = log_entries.c
    found = [or_(*(_holds(mark) for mark in group)) for group in marks]
    seq = await _last_until(connection, before.at) if before else await _size(connection) - 1
    asked = select(entries.seq, entries.bytes).where(entries.log == HOUSE, *found)
    while seq >= 0:
        piece = asked.where(entries.seq <= seq).order_by(entries.seq.desc())
        rows = (await connection.execute(piece.limit(ENTRIES_A_READ))).all()
        for row in rows:
            yield json.loads(row.bytes)
        seq = rows[-1].seq - 1 if len(rows) == ENTRIES_A_READ else -1


async def _last_until(connection: AsyncConnection, at: int) -> int:
    """The last seq whose entry is not later than `at`: `at` never decreases along the log."""
    low, high = -1, await _size(connection) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if await _at(connection, middle) <= at:
            low = middle
        else:
            high = middle - 1
    return low


async def _at(connection: AsyncConnection, seq: int) -> int:
    entries = log_entries.c
    asked = select(entries.bytes).where(entries.log == HOUSE, entries.seq == seq)
    return int(json.loads((await connection.execute(asked)).scalar_one())["at"])


async def _size(connection: AsyncConnection) -> int:
    asked = select(logs.c.size).where(logs.c.log == HOUSE)
    return int((await connection.execute(asked)).scalar_one_or_none() or 0)


def _holds(mark: str) -> Any:
    pattern = literal(b"%" + literally(mark.encode()) + b"%", LargeBinary)
    return log_entries.c.bytes.op("LIKE", is_comparison=True)(pattern)
