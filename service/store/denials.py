"""Bids that somebody was told do not exist: whoever still holds one can no longer write it.

A process that was killed leaves a statement behind, one that stood still an inbox. Both would write
a bid after its bidder was told by another process that he may send it again. So the answer takes
the place that the bid would need: in `log_bids`, whose key refuses the statement that comes later,
and waits for one that is not committed yet. A bid that is sent again stands under the next key.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.store.log_tables import log_bids

MOST = 8
"""Denials of one bid_id that are written down; whoever sends and asks more often is on his own."""


@dataclass(frozen=True, slots=True)
class Denial:
    """times: how often a bid was denied. at: when last (ms)."""

    times: int
    at: int


def key_of(bid_id: str, times: int) -> str:
    """Under which a bid that was denied so often stands in `log_bids`."""
    return f"{bid_id}/{times}" if times else bid_id


def keys_of(bid_ids: Sequence[str]) -> list[str]:
    """Every key under which one of these bids may stand."""
    return [key_of(bid_id, times) for bid_id in bid_ids for times in range(MOST + 1)]


def bid_id_of(key: str) -> str:
    return key.partition("/")[0]


async def deny(engine: AsyncEngine, log: str, bid_id: str, at: int) -> bool:
    """Whether this bid is not in the log now, and no sending of it from before `at` (ms) will be.

    Waits while a statement that holds the bid is being committed.
    """
    async with engine.connect() as connection:
        times, stands = await _look(connection, log, bid_id)
    if stands or times >= MOST:
        return not stands
    denied = {"log": log, "bid_id": key_of(bid_id, times), "seq": -at, "content_hash": b""}
    # Alone in its transaction: with a second one it could wait for a writer that waits for it.
    async with engine.begin() as connection:
        await connection.execute(insert(log_bids).values(**denied).on_conflict_do_nothing())
    async with engine.connect() as connection:
        _, stands = await _look(connection, log, bid_id)
    return not stands


async def read_denials(
    connection: AsyncConnection, log: str, bid_ids: Sequence[str]
) -> dict[str, Denial]:
    """bid_id → its denials, of those that were denied."""
    found: dict[str, Denial] = {}
    for key, seq in await _rows(connection, log, bid_ids):
        if seq < 0:
            before = found.get(bid_id_of(key), Denial(0, 0))
            found[bid_id_of(key)] = Denial(before.times + 1, max(before.at, -seq))
    return found


async def _look(connection: AsyncConnection, log: str, bid_id: str) -> tuple[int, bool]:
    """How often it was denied, and whether it stands in the log."""
    rows = await _rows(connection, log, [bid_id])
    return sum(seq < 0 for _, seq in rows), any(seq >= 0 for _, seq in rows)


async def _rows(
    connection: AsyncConnection, log: str, bid_ids: Sequence[str]
) -> list[tuple[str, int]]:
    bids = log_bids.c
    asked = select(bids.bid_id, bids.seq).where(bids.log == log, bids.bid_id.in_(keys_of(bid_ids)))
    return [(row.bid_id, row.seq) for row in await connection.execute(asked)]
