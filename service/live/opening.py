"""Opens the records of lots from the database: one, or a thousand at a start, in few queries.

From its state where one fits, else from entry 0; the entries after it are read, checked and folded
in pieces, between which the event loop serves others. Reads of what a record has let go stand here
too.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.audit.notes import lot_origin
from service.audit.tree import Tree
from service.live.record import BidPlace, Entry, LogBroken, Record, read_entry
from service.live.states import StateUnfit, made_by, record_from
from service.rules import messages as m
from service.settings import Settings
from service.store import timestamps
from service.store.denials import bid_id_of, keys_of
from service.store.ledger import CommittedHead, StoredEntry
from service.store.log_tables import lot_id_of
from service.store.lot_states import (
    StoredState,
    find_bids,
    read_entries_at,
    read_heads_between,
    read_pieces,
    read_states,
)
from service.store.signer import Signer
from service.store.trees import Trees

ENTRIES_A_READ = 4_000
"""Of all logs that are read together; each gets its share, at least `SHARE_AT_LEAST`."""
SHARE_AT_LEAST = 50
ENTRIES_A_BREATH = 50
"""Checked and folded between two turns of the event loop: about 5 ms."""

_log = structlog.get_logger()

Opened = Record | Exception


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where records are read from."""

    engine: AsyncEngine
    settings: Settings
    signer: Signer


async def open_record(shelf: Shelf, log: str) -> Record:
    """One log read, checked and folded. Raises LogBroken when it is not what it must be."""
    opened = (await open_records(shelf, [log]))[log]
    if isinstance(opened, Exception):
        raise opened
    return opened


async def open_records(shelf: Shelf, logs: Sequence[str]) -> dict[str, Opened]:
    """log → its record, empty when there is no such log; or why it cannot be opened."""
    states = await _states(shelf, logs)
    begun: dict[str, Record] = {}
    for log, stored in states.items():
        record = _resumed(shelf, stored)
        if record is not None:
            begun[log] = record
    opened = await _read_on(shelf, {log: begun.get(log) or _empty(shelf, log) for log in logs})
    # A state that does not fit its log is as good as none.
    again = [log for log in begun if isinstance(opened[log], Exception)]
    if again:
        for log in again:
            _log.warning("state_unfit", log=log, why=repr(opened[log]))
        opened |= await _read_on(shelf, {log: _empty(shelf, log) for log in again})
    return opened


# ── what a record has let go ────────────────────────────────────────────────────────────────


async def recall_bids(shelf: Shelf, record: Record, log: str, bid_ids: Sequence[str]) -> None:
    """Those of these bids that the log holds stand in the record's memory again."""
    async with shelf.engine.connect() as connection:
        found = await find_bids(connection, log, keys_of(bid_ids))
    for bid in found:
        entry = read_entry(record.log, bid.entry.seq, bid.entry)
        command, bid_id = entry.command, bid_id_of(bid.bid_id)
        if not isinstance(command, m.PlaceBid) or command.bid_id != bid_id:
            raise LogBroken(f"{record.log} {entry.seq}: is not the bid {bid.bid_id}")
        record.remember(entry)


async def find_place(shelf: Shelf, record: Record, log: str, bid_id: str) -> BidPlace | None:
    """Where a bid stands, however long ago it was decided."""
    if bid_id not in record.bids:
        await recall_bids(shelf, record, log, [bid_id])
    return record.bids.get(bid_id)


async def recall_own(shelf: Shelf, record: Record, log: str, bidder_no: str) -> None:
    """`record.own` tells all that it keeps of this bidder."""
    seqs = record.unread(bidder_no)
    if not seqs:
        return
    async with shelf.engine.connect() as connection:
        rows = await read_entries_at(connection, log, seqs)
    record.recall(bidder_no, [read_entry(record.log, row.seq, row) for row in rows])


async def read_back(
    shelf: Shelf, record: Record, log: str, seq: int, trees: Trees
) -> tuple[Entry, int, Tree]:
    """An entry, the size after its batch, and a tree that proves the one against the other.

    Nothing read here is believed that does not give the record's own head: the stored leaves of a
    database that was rewritten under a running room prove nothing. Raises LogBroken or LookupError.
    """
    size, root = record.size, record.tree.root()
    async with shelf.engine.connect() as connection:
        rows = await read_entries_at(connection, log, [seq])
        if not rows or seq >= size:
            raise LogBroken(f"{record.log} {seq}: decided but not in the log")
        head = record.head_over(seq) or await timestamps.head_over(connection, log, seq)
        tree = record.tree
        if seq < tree.first or not tree.first < head <= size:
            tree = await trees.tree(connection, log, size, root)
    entry = read_entry(record.log, seq, rows[0])
    if tree.leaf(seq) != entry.leaf:
        raise LogBroken(f"{record.log} {seq}: is stored otherwise than it was committed")
    return entry, head, tree


# ── reading on ──────────────────────────────────────────────────────────────────────────────


async def _states(shelf: Shelf, logs: Sequence[str]) -> dict[str, StoredState]:
    async with shelf.engine.connect() as connection:
        return await read_states(connection, logs, made_by())


def _resumed(shelf: Shelf, stored: StoredState) -> Record | None:
    settings = shelf.settings
    try:
        return record_from(
            stored,
            _origin(shelf, stored.log),
            shelf.signer,
            kept_quotes=settings.recent_quotes,
            kept_entries=settings.room_entries,
        )
    except (StateUnfit, ValueError) as error:
        _log.warning("state_unfit", log=stored.log, why=str(error)[:200])
        return None


def _empty(shelf: Shelf, log: str) -> Record:
    settings = shelf.settings
    return Record(
        _origin(shelf, log), kept_quotes=settings.recent_quotes, kept_entries=settings.room_entries
    )


def _origin(shelf: Shelf, log: str) -> str:
    return lot_origin(shelf.settings.site, lot_id_of(log))


async def _read_on(shelf: Shelf, records: Mapping[str, Record]) -> dict[str, Opened]:
    """Every record to the end of its log."""
    opened: dict[str, Opened] = dict(records)
    left = dict(records)
    share = max(ENTRIES_A_READ // max(len(left), 1), SHARE_AT_LEAST)
    while left:
        pieces, heads = await _read(shelf, left, share)
        for log, record in tuple(left.items()):
            try:
                await _fold(record, pieces[log], heads[log])
            except (LogBroken, ValueError) as error:
                opened[log] = error
            if len(pieces[log]) < share or isinstance(opened[log], Exception):
                del left[log]
    return opened


async def _read(
    shelf: Shelf, records: Mapping[str, Record], share: int
) -> tuple[dict[str, list[StoredEntry]], dict[str, list[CommittedHead]]]:
    """The next piece of every log, and the heads from its beginning to its end."""
    async with shelf.engine.connect() as connection:
        after = {log: record.size for log, record in records.items()}
        pieces = await read_pieces(connection, after, share)
        spans = {log: (after[log], after[log] + len(piece)) for log, piece in pieces.items()}
        return pieces, await read_heads_between(connection, spans)


async def _fold(record: Record, piece: Iterable[StoredEntry], heads: list[CommittedHead]) -> None:
    """Checks every entry and head of the piece and takes it in."""
    if record.size == record.tree.first > 0 and (not heads or heads[0].size != record.size):
        raise LogBroken(f"{record.log}: no head has the size {record.size}")
    left = deque(heads)
    before = _check_head(record, left, record.size)
    for number, row in enumerate(piece, 1):
        record.add(read_entry(record.log, record.size, row))
        before = _check_head(record, left, before)
        if number % ENTRIES_A_BREATH == 0:
            await asyncio.sleep(0)


def _check_head(record: Record, left: deque[CommittedHead], before: int) -> int:
    """The stored head of this size gives our root, if one is stored; the size of the latest."""
    if not left or left[0].size != record.size:
        return before
    if left.popleft().root != record.tree.root():
        raise LogBroken(f"{record.log}: the root at size {record.size} is not the stored one")
    if record.size > before:
        record.add_head(before, record.size)
    return record.size
