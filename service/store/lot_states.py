"""Folded states of lots beside their logs, and the pieces of many logs that a start reads at once.

A state saves reading what lies before it, and is never needed: the log alone is the truth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import RowMapping, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.ledger import CommittedHead, StoredEntry
from service.store.log_tables import lot_states


@dataclass(frozen=True, slots=True)
class StoredState:
    """A lot's log folded to `size` entries.

    frontier: of the tree, as `Frontier.to_bytes` wrote it. made_by: which code folded it. state:
    what it came to. mac: 32 bytes over all of it under a key of the log's signer.
    """

    log: str
    size: int
    frontier: bytes
    made_by: str
    state: bytes
    mac: bytes


@dataclass(frozen=True, slots=True)
class StoredBid:
    """A decided bid's entry, found by the key under which `log_bids` has it."""

    bid_id: str
    entry: StoredEntry


async def read_states(
    connection: AsyncConnection, logs: Sequence[str], made_by: str
) -> dict[str, StoredState]:
    """log → its state, of those that this code folded."""
    columns = lot_states.c
    asked = select(lot_states).where(columns.log.in_(tuple(logs)), columns.made_by == made_by)
    return {row["log"]: StoredState(**row) for row in (await connection.execute(asked)).mappings()}


async def keep_states(connection: AsyncConnection, states: Sequence[StoredState]) -> None:
    """Puts them in the place of older ones, and of those that another version folded."""
    making = insert(lot_states)
    new, old = making.excluded, lot_states.c
    keeping = making.on_conflict_do_update(
        index_elements=["log"],
        set_={name: new[name] for name in ("size", "frontier", "made_by", "state", "mac")},
        where=or_(old.size < new.size, old.made_by != new.made_by),
    )
    # In order of log: two processes that keep many at once must not wait for each other.
    rows = [
        {name: getattr(state, name) for name in StoredState.__slots__}
        for state in sorted(states, key=lambda state: state.log)
    ]
    if rows:
        await connection.execute(keeping, rows)


async def read_pieces(
    connection: AsyncConnection, after: Mapping[str, int], limit: int
) -> dict[str, list[StoredEntry]]:
    """Of each of these logs at most `limit` entries from seq `after[log]` on, in order of seq."""
    found: dict[str, list[StoredEntry]] = {log: [] for log in after}
    asked = {"logs": list(after), "after": list(after.values()), "limit": limit}
    for row in (await connection.execute(_PIECES, asked)).mappings():
        found[row["log"]].append(StoredEntry(row["seq"], row["bytes"], row["leaf"]))
    return found


async def read_heads_between(
    connection: AsyncConnection, spans: Mapping[str, tuple[int, int]]
) -> dict[str, list[CommittedHead]]:
    """The heads of each of these logs from one size to another, both included, in order of size."""
    found: dict[str, list[CommittedHead]] = {log: [] for log in spans}
    first, last = zip(*spans.values(), strict=True)
    asked = {"logs": list(spans), "first": list(first), "last": list(last)}
    for row in (await connection.execute(_HEADS, asked)).mappings():
        found[row["log"]].append(CommittedHead(row["size"], row["root"], row["at"]))
    return found


async def find_bids(
    connection: AsyncConnection, log: str, bid_ids: Sequence[str]
) -> list[StoredBid]:
    """Those of these bids that stand in the log."""
    rows = (await connection.execute(_BIDS, {"log": log, "bid_ids": list(bid_ids)})).mappings()
    return [StoredBid(row["bid_id"], _entry(row)) for row in rows]


async def read_entries_at(
    connection: AsyncConnection, log: str, seqs: Sequence[int]
) -> list[StoredEntry]:
    """The entries at these places, in order of seq."""
    rows = (await connection.execute(_AT, {"log": log, "seqs": list(seqs)})).mappings()
    return [_entry(row) for row in rows]


def _entry(row: RowMapping) -> StoredEntry:
    return StoredEntry(row["seq"], row["bytes"], row["leaf"])


# One range of the primary key for each log, however long the others are.
_PIECES = text("""
    SELECT asked.log, found.seq, found.bytes, found.leaf
    FROM unnest(CAST(:logs AS text[]), CAST(:after AS bigint[])) AS asked(log, after)
    CROSS JOIN LATERAL (
        SELECT seq, bytes, leaf FROM log_entries
        WHERE log = asked.log AND seq >= asked.after ORDER BY seq LIMIT :limit
    ) AS found
    ORDER BY asked.log, found.seq
""")

_HEADS = text("""
    SELECT asked.log, heads.size, heads.root, heads.at
    FROM unnest(CAST(:logs AS text[]), CAST(:first AS bigint[]), CAST(:last AS bigint[]))
        AS asked(log, first, last)
    JOIN log_heads AS heads
        ON heads.log = asked.log AND heads.size BETWEEN asked.first AND asked.last
    ORDER BY asked.log, heads.size
""")

_BIDS = text("""
    SELECT bids.bid_id, entries.seq, entries.bytes, entries.leaf
    FROM log_bids AS bids JOIN log_entries AS entries USING (log, seq)
    WHERE bids.log = :log AND bids.bid_id = ANY(CAST(:bid_ids AS text[]))
""")

_AT = text("""
    SELECT seq, bytes, leaf FROM log_entries
    WHERE log = :log AND seq = ANY(CAST(:seqs AS bigint[])) ORDER BY seq
""")
