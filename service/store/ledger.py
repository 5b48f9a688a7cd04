"""The ledger: appends entries to logs by compare-and-swap, one statement for all that wait.

The life of a write:

1. Rooms hand in appends; while a statement is in flight they wait, and then go together.
2. The statement locks the log rows in log order (else two processes would deadlock), advances the
   heads that still stand where their room read them, and inserts the entries of those logs only.
3. The server commits and flushes: from there the entries exist. A lost swap wrote nothing.
"""

import asyncio
import json
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service import gauges
from service.audit.tree import EMPTY_ROOT, Frontier
from service.clock import monotonic_us
from service.settings import Settings
from service.store.engine import dial
from service.store.log_tables import log_entries, log_heads, logs

Raw = bytes  # because a field named `bytes` hides the type inside its class


@dataclass(frozen=True, slots=True)
class NewEntry:
    """Canonical bytes and their leaf hash; for a bid also its id and the hash of its content."""

    bytes: Raw
    leaf: Raw
    bid_id: str | None = None
    bid_hash: Raw | None = None


@dataclass(frozen=True, slots=True)
class Projection:
    """What pages and the waker read of a lot, written in the same statement as its entries.

    state: LotFields as plain JSON. wake_at: ms of the next time-driven command, if any.
    listing: LotPage without `state`, as plain JSON; given at publication and when a supplement
    changes it, else None.
    """

    stage: str
    control: str
    wake_at: int | None
    state: Mapping[str, Any]
    listing: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Append:
    """Entries for one log, decided on its head at `expected_size`.

    frontier, root: of the tree with these entries. last_at: `at` of the last of them.
    projection: None for the house log.
    """

    log: str
    expected_size: int
    entries: tuple[NewEntry, ...]
    frontier: bytes
    root: bytes
    last_at: int
    projection: Projection | None = None

    @property
    def size(self) -> int:
        """The log's size once these entries are in."""
        return self.expected_size + len(self.entries)


class Appended(Enum):
    """LOST: another writer moved the head first, so nothing of this append was written."""

    DONE = "DONE"
    LOST = "LOST"


class NotWritten(Exception):
    """Surely nothing was written: the server refused, or was never asked."""


class BidIdTaken(NotWritten):
    """A bid of this append stands in the log already, under the same bid_id."""


class CommitUnknown(Exception):
    """The connection was lost with the statement in flight: it may be committed, or be so yet.

    Read the log and look. What is not there may still arrive while the server works on the lost
    statement: whoever says that it never happened must move the head himself first, which makes
    the lost statement's swap fail.
    """


@dataclass(frozen=True, slots=True)
class Head:
    """A log's head; `frontier` as `audit.tree.Frontier.to_bytes` wrote it."""

    size: int
    root: bytes
    frontier: bytes
    last_at: int


@dataclass(frozen=True, slots=True)
class CommittedHead:
    """The head after one committed batch: what a checkpoint note is made from."""

    size: int
    root: bytes
    at: int


@dataclass(frozen=True, slots=True)
class StoredEntry:
    seq: int
    bytes: Raw
    leaf: Raw


@dataclass(frozen=True, slots=True)
class OpenLot:
    """A lot that is not sealed yet."""

    log: str
    size: int
    stage: str
    control: str
    wake_at: int | None


@dataclass(frozen=True, slots=True)
class _Lane:
    """The writer's own connection and the one statement it runs."""

    connection: asyncpg.Connection
    write: "PreparedStatement[asyncpg.Record]"


@dataclass(frozen=True, slots=True)
class _Waiting:
    append: Append
    answer: asyncio.Future[Appended]


class Ledger:
    """The process's one writer lane. It owns its connection and the queue of waiting appends."""

    def __init__(self, engine: AsyncEngine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._lane: _Lane | None = None
        self._waiting: deque[_Waiting] = deque()
        self._running: asyncio.Task[None] | None = None
        self._warned = False
        self.out_of_room = False
        """The server had no room for the last write, or a broken disk: 53xxx, 58xxx. Until a write
        succeeds nobody may say that bids can be placed, whatever smaller writes still fit."""

    async def append(self, append: Append) -> Appended:
        """Writes all of it or nothing. Raises NotWritten or CommitUnknown.

        A caller that is cancelled does not call its append back.
        """
        if len(self._waiting) >= self._settings.ledger_waiting:
            raise NotWritten(f"{self._settings.ledger_waiting} appends are waiting already")
        waiting = _Waiting(append, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="ledger")
        return await waiting.answer

    async def look_for_room(self) -> bool:
        """Whether writes find room, as far as is known. After one that did not, tries to take new
        pages and gives them back: nobody else may be writing who would find out."""
        if not self.out_of_room:
            return True
        with suppress(*_NO_ROOM):
            async with self._engine.connect() as connection:
                await connection.execute(_PAGES)
                await connection.rollback()
            self.out_of_room = False
        return not self.out_of_room

    async def close(self) -> None:
        """Writes what is waiting, then lets the connection go."""
        if self._running is not None:
            await self._running
        self._drop_lane()

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._write(self._take())
        finally:
            self._running = None
            # Only a broken promise, or the end of the process, leaves someone waiting here.
            _fail(self._waiting, NotWritten("the writer stopped"))
            self._waiting.clear()

    def _take(self) -> list[_Waiting]:
        """The next write: at most one append of each log, at most `write_entries` entries."""
        taken: dict[str, _Waiting] = {}
        left: deque[_Waiting] = deque()
        room = self._settings.write_entries
        for waiting in self._waiting:
            append = waiting.append
            if append.log in taken or (taken and len(append.entries) > room):
                left.append(waiting)
                continue
            taken[append.log] = waiting
            room -= len(append.entries)
        self._waiting = left
        return list(taken.values())

    async def _write(self, batch: list[_Waiting]) -> None:
        """Answers every append of the batch, whatever happens."""
        try:
            done = await self._commit([waiting.append for waiting in batch])
        except _CONTENT_REFUSED as error:
            await self._write_each(batch, error)
        except (NotWritten, CommitUnknown) as error:
            _fail(batch, error)
        except BaseException as error:
            _fail(batch, CommitUnknown(repr(error)))
            raise
        else:
            for waiting in batch:
                log = waiting.append.log
                _answer(waiting, Appended.DONE if log in done else Appended.LOST)

    async def _write_each(self, batch: list[_Waiting], error: Exception) -> None:
        """One append was refused and took the statement with it: the others are innocent."""
        if len(batch) == 1:
            taken = getattr(error, "constraint_name", None) == _BID_ID
            _fail(batch, BidIdTaken(str(error)) if taken else NotWritten(str(error)))
            return
        for waiting in batch:
            await self._write([waiting])

    async def _commit(self, appends: Sequence[Append]) -> set[str]:
        """The logs that advanced. Names every way in which that can fail."""
        lane = await self._open_lane()
        limit_s = self._settings.statement_timeout_ms / 1000 + 1
        begun_us = monotonic_us()
        try:
            # HERE A QUOTE BEGINS TO EXIST. The server answers only after the commit is flushed to
            # disk. A crash before it: nothing of this write is anywhere. A crash after it: the
            # entries stand, and any process that opens the log finds and answers them.
            self._warned = False
            rows = await lane.write.fetch(*_arguments(appends), timeout=limit_s)
            if self._warned:
                # "Canceling wait for synchronous replication": committed, and perhaps only here.
                raise TimeoutError("the commit did not wait for the standby")
            gauges.LEDGER_WRITE_SECONDS.observe((monotonic_us() - begun_us) / 1e6)
        except _CONTENT_REFUSED:
            raise
        except asyncpg.PostgresError as error:
            self._drop_lane()
            self.out_of_room = (error.sqlstate or "").startswith(("53", "58"))
            if _says_that_it_ends(error):
                raise CommitUnknown(str(error)) from error
            raise NotWritten(str(error)) from error
        except (OSError, TimeoutError, asyncpg.InterfaceError) as error:
            self._drop_lane()
            raise CommitUnknown(repr(error)) from error
        self.out_of_room = False
        return {row["log"] for row in rows}

    async def _open_lane(self) -> _Lane:
        if self._lane is not None and not self._lane.connection.is_closed():
            return self._lane
        try:
            connection = await dial(self._engine, self._settings)
            connection.add_log_listener(self._hear)
            self._lane = _Lane(connection, await connection.prepare(_WRITE))
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise NotWritten(f"the database does not answer: {error!r}") from error
        return self._lane

    def _hear(self, _: object, said: Any) -> None:
        """The statement itself gives no warning."""
        self._warned = self._warned or said.severity_en == "WARNING"

    def _drop_lane(self) -> None:
        if self._lane is not None:
            self._lane.connection.terminate()
            self._lane = None


async def append_on(connection: AsyncConnection, append: Append) -> Appended:
    """The same statement inside the caller's transaction: it exists when the caller commits.

    With `expected_size` 0 it makes the log. Locks the log until the transaction ends: lots before
    the house log, everywhere, else two transactions deadlock.
    """
    if append.expected_size == 0:
        await _make_log(connection, append.log)
    written = await connection.exec_driver_sql(_WRITE, tuple(_arguments((append,))))
    return Appended.DONE if written.all() else Appended.LOST


async def lock_head(connection: AsyncConnection, log: str) -> Head:
    """The head, locked until the caller's transaction ends; makes the log if there is none."""
    await _make_log(connection, log)
    found = await connection.execute(_HEAD.where(logs.c.log == log).with_for_update())
    return Head(**found.mappings().one())


async def read_head(connection: AsyncConnection, log: str) -> Head | None:
    found = await connection.execute(_HEAD.where(logs.c.log == log))
    row = found.mappings().one_or_none()
    return None if row is None else Head(**row)


async def read_sizes(connection: AsyncConnection, names: Iterable[str]) -> dict[str, int]:
    """The sizes of these logs in one look: what a poll compares with what it knows."""
    asked = select(logs.c.log, logs.c.size).where(logs.c.log.in_(tuple(names)))
    return {row.log: row.size for row in await connection.execute(asked)}


async def read_log(
    connection: AsyncConnection, log: str, after_seq: int = -1, limit: int | None = None
) -> list[StoredEntry]:
    """Entries after `after_seq` in order of seq, at most `limit`."""
    entries = log_entries.c
    asked = (
        select(entries.seq, entries.bytes, entries.leaf)
        .where(entries.log == log, entries.seq > after_seq)
        .order_by(entries.seq)
        .limit(limit)
    )
    return [StoredEntry(**row) for row in (await connection.execute(asked)).mappings()]


async def read_heads(connection: AsyncConnection, log: str) -> list[CommittedHead]:
    """The head after every committed batch, in order of size."""
    heads = log_heads.c
    asked = select(heads.size, heads.root, heads.at).where(heads.log == log).order_by(heads.size)
    return [CommittedHead(**row) for row in (await connection.execute(asked)).mappings()]


async def open_lots(connection: AsyncConnection) -> list[OpenLot]:
    """Every lot whose log is not sealed; `wake_at` tells which of them time will move."""
    lots = logs.c
    asked = (
        select(lots.log, lots.size, lots.stage, lots.control, lots.wake_at)
        .where(~lots.settled)
        .where(lots.stage.is_not(None), lots.state["sealed"].as_boolean().is_not(True))
        .order_by(lots.log)
    )
    return [OpenLot(**row) for row in (await connection.execute(asked)).mappings()]


async def _make_log(connection: AsyncConnection, log: str) -> None:
    empty = {"log": log, "size": 0, "root": EMPTY_ROOT, "last_at": 0}
    making = insert(logs).values(**empty, frontier=Frontier().to_bytes())
    await connection.execute(making.on_conflict_do_nothing())


def _answer(waiting: _Waiting, appended: Appended) -> None:
    if not waiting.answer.done():
        waiting.answer.set_result(appended)


def _fail(batch: Iterable[_Waiting], error: NotWritten | CommitUnknown) -> None:
    for waiting in batch:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)


def _says_that_it_ends(error: asyncpg.PostgresError) -> bool:
    """Errors that end the connection do not tell whether the commit came first (57P01, 08xxx)."""
    code = error.sqlstate or ""
    return code.startswith(("08", "57P"))


_CONTENT_REFUSED = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError)
"""Refusals of what an append says; the connection is as good as before."""

_BID_ID = "pk_log_bids"

_NO_ROOM = (DBAPIError, OSError, TimeoutError)

# Random, so that it is stored as long as it is.
_PAGES = text("""
    INSERT INTO lot_states (log, size, frontier, made_by, state, mac)
    SELECT 'room', 1, '', '', string_agg(uuid_send(gen_random_uuid()), ''),
        decode(repeat('00', 32), 'hex')
    FROM generate_series(1, 8192)
""")

_HEAD = select(logs.c.size, logs.c.root, logs.c.frontier, logs.c.last_at)

# FOR UPDATE waits for other writers and then reads their newest committed row, so `locked.size` is
# the truth even when this statement's snapshot is older. Rows are locked in the order of the sort.
_WRITE = """
WITH asked AS (
    SELECT * FROM unnest(
        $1::text[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[], $6::bigint[],
        $7::text[], $8::text[], $9::bigint[], $10::text[], $11::text[]
    ) AS _(log, expected, size, frontier, root, last_at, stage, control, wake_at, state, listing)
), locked AS MATERIALIZED (
    SELECT log, size FROM logs WHERE log = ANY($1::text[]) ORDER BY log FOR UPDATE
), advanced AS (
    UPDATE logs SET
        size = asked.size, frontier = asked.frontier, root = asked.root, last_at = asked.last_at,
        stage = coalesce(asked.stage, logs.stage),
        control = coalesce(asked.control, logs.control),
        wake_at = CASE WHEN asked.stage IS NULL THEN logs.wake_at ELSE asked.wake_at END,
        state = coalesce(asked.state::jsonb, logs.state),
        listing = coalesce(asked.listing::jsonb, logs.listing),
        announced_at = coalesce(
            (asked.listing::jsonb #>> '{timetable,announced_at}')::bigint, logs.announced_at)
    FROM asked JOIN locked USING (log)
    WHERE logs.log = asked.log AND locked.size = asked.expected
    RETURNING logs.log
), entries AS (
    INSERT INTO log_entries (log, seq, bytes, leaf)
    SELECT * FROM unnest($12::text[], $13::bigint[], $14::bytea[], $15::bytea[]) AS _(log)
    WHERE log IN (SELECT log FROM advanced)
), bids AS (
    INSERT INTO log_bids (log, bid_id, seq, content_hash)
    SELECT * FROM unnest($16::text[], $17::text[], $18::bigint[], $19::bytea[]) AS _(log)
    WHERE log IN (SELECT log FROM advanced)
), heads AS (
    INSERT INTO log_heads (log, size, root, at)
    SELECT log, size, root, last_at FROM asked WHERE log IN (SELECT log FROM advanced)
)
SELECT log FROM advanced
"""


def _arguments(appends: Sequence[Append]) -> list[list[Any]]:
    """The columns that _WRITE unnests: of the logs, of their entries, of the bids among them."""
    rows = [_log_row(append) for append in appends]
    entries = [
        (append.log, seq, entry)
        for append in appends
        for seq, entry in enumerate(append.entries, append.expected_size)
    ]
    bids = [(log, e.bid_id, seq, e.bid_hash) for log, seq, e in entries if e.bid_id is not None]
    return [
        *_columns(rows, 11),
        *_columns([(log, seq, entry.bytes, entry.leaf) for log, seq, entry in entries], 4),
        *_columns(bids, 4),
    ]


def _log_row(append: Append) -> tuple[Any, ...]:
    head = (append.log, append.expected_size, append.size, append.frontier, append.root)
    shown = append.projection
    if shown is None:
        return (*head, append.last_at, None, None, None, None, None)
    listing = None if shown.listing is None else json.dumps(shown.listing)
    state = json.dumps(shown.state)
    return (*head, append.last_at, shown.stage, shown.control, shown.wake_at, state, listing)


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [[row[at] for row in rows] for at in range(width)]
