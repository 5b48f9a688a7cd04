"""A model of PostgreSQL for the statements of rooms, ledger, health series and clock.

Reads run as the product wrote them, on SQLite; the ledger's one statement, which only PostgreSQL
can read, is done by hand. A statement happens at one instant, between its asking and its answer;
tests/simulate/test_model.py holds this to the real server.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from types import ModuleType
from typing import Any

import asyncpg
from sqlalchemy import Engine, StaticPool, Table, create_engine
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles

from service.store import kept, ledger, log_tables, lot_states
from service.store.metadata import metadata

WRITE: str = ledger._WRITE
"""The product's own words, which the model knows by heart."""


@compiles(JSONB, "sqlite")
def _jsonb(*_: object, **__: object) -> str:
    return "JSON"


class Store:
    """What is committed. One writer at a time, as it is single in its thread."""

    def __init__(self) -> None:
        self.sqlite = _memory()
        self.engine = _engine(self.sqlite)
        metadata.create_all(self.engine, tables=_tables(log_tables))
        self.asked_size = 0
        self._spare: list[tuple[sqlite3.Connection, Engine]] = []

    def clear(self) -> None:
        """As if it were new: making the tables costs more than a whole sale."""
        for table in _tables(log_tables):
            self.sqlite.execute(f"DELETE FROM {table.name}")  # noqa: S608 (our own name)

    def read(self, statement: Any, values: Any = None) -> Any:
        """One statement on what is committed now; its buffered result."""
        return _execute(self.sqlite, self.engine, statement, values)

    def snapshot(self) -> "Snapshot":
        """What is committed now, for good."""
        copied, engine = self._spare.pop() if self._spare else _pair()
        self.sqlite.backup(copied)
        return Snapshot(copied, engine, lambda: self._spare.append((copied, engine)))

    # ── the ledger's statement ──────────────────────────────────────────────────────────────

    def append(self, columns: Sequence[Sequence[Any]]) -> list[dict[str, str]]:
        """`_WRITE`: the logs that advanced. Raises UniqueViolationError and writes nothing."""
        asked = sorted(zip(*columns[:11], strict=True))
        advanced = [row for row in asked if self._size(row[0]) == row[1]]
        names = {row[0] for row in advanced}
        entries = [row for row in zip(*columns[11:15], strict=True) if row[0] in names]
        bids = [row for row in zip(*columns[15:19], strict=True) if row[0] in names]
        self.sqlite.execute("BEGIN")
        try:
            for row in advanced:
                self._advance(row)
            self._insert("log_entries (log, seq, bytes, leaf)", entries)
            self._insert("log_bids (log, bid_id, seq, content_hash)", bids)
            heads = [(row[0], row[2], row[4], row[5]) for row in advanced]
            self._insert("log_heads (log, size, root, at)", heads)
        except sqlite3.IntegrityError as error:
            self.sqlite.execute("ROLLBACK")
            raise asyncpg.UniqueViolationError(str(error)) from error
        self.sqlite.execute("COMMIT")
        return [{"log": row[0]} for row in advanced]

    def _size(self, log: str) -> int | None:
        found = self.sqlite.execute("SELECT size FROM logs WHERE log = ?", (log,)).fetchone()
        return None if found is None else int(found[0])

    def _advance(self, row: tuple[Any, ...]) -> None:
        log, stage, control, wake_at, state, listing = row[0], *row[6:11]
        told = None if listing is None else json.loads(listing)["timetable"]["announced_at"]
        self.sqlite.execute(
            "UPDATE logs SET size = ?, frontier = ?, root = ?, last_at = ?,"
            " stage = coalesce(?, stage), control = coalesce(?, control),"
            " wake_at = CASE WHEN ? IS NULL THEN wake_at ELSE ? END,"
            " state = coalesce(?, state), listing = coalesce(?, listing),"
            " announced_at = coalesce(?, announced_at) WHERE log = ?",
            (*row[2:7], control, stage, wake_at, state, listing, told, log),
        )

    def _insert(self, into: str, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            marks = ", ".join("?" * len(row))
            self.sqlite.execute(f"INSERT INTO {into} VALUES ({marks})", row)  # noqa: S608


class Snapshot:
    """A REPEATABLE READ transaction's sight of the database."""

    def __init__(self, copied: sqlite3.Connection, engine: Engine, done: Any) -> None:
        self._sqlite = copied
        self._engine = engine
        self.close = done

    def read(self, statement: Any, values: Any = None) -> Any:
        return _execute(self._sqlite, self._engine, statement, values)


class Rows:
    """As much of a result as the product asks of one."""

    def __init__(self, names: str, rows: Iterable[Sequence[Any]]) -> None:
        self._rows = [dict(zip(names.split(), row, strict=True)) for row in rows]

    def mappings(self) -> list[dict[str, Any]]:
        return self._rows


def _pieces(sqlite: sqlite3.Connection, asked: Any) -> Rows:
    found: list[Any] = []
    for log, after in sorted(zip(asked["logs"], asked["after"], strict=True)):
        found += sqlite.execute(
            "SELECT log, seq, bytes, leaf FROM log_entries WHERE log = ? AND seq >= ?"
            " ORDER BY seq LIMIT ?",
            (log, after, asked["limit"]),
        )
    return Rows("log seq bytes leaf", found)


def _heads(sqlite: sqlite3.Connection, asked: Any) -> Rows:
    found: list[Any] = []
    spans = zip(asked["logs"], asked["first"], asked["last"], strict=True)
    for span in sorted(spans):
        found += sqlite.execute(
            "SELECT log, size, root, at FROM log_heads WHERE log = ? AND size BETWEEN ? AND ?"
            " ORDER BY size",
            span,
        )
    return Rows("log size root at", found)


def _bids(sqlite: sqlite3.Connection, asked: Any) -> Rows:
    found = sqlite.execute(
        "SELECT bid_id, seq, bytes, leaf FROM log_bids JOIN log_entries USING (log, seq)"
        " WHERE log = ?",
        (asked["log"],),
    )
    return Rows("bid_id seq bytes leaf", [row for row in found if row[0] in asked["bid_ids"]])


def _at(sqlite: sqlite3.Connection, asked: Any) -> Rows:
    found = sqlite.execute(
        "SELECT seq, bytes, leaf FROM log_entries WHERE log = ? ORDER BY seq", (asked["log"],)
    )
    return Rows("seq bytes leaf", [row for row in found if row[0] in asked["seqs"]])


BY_HEART: dict[str, Callable[[sqlite3.Connection, Any], Rows]] = {
    lot_states._PIECES.text: _pieces,
    lot_states._HEADS.text: _heads,
    lot_states._BIDS.text: _bids,
    lot_states._AT.text: _at,
    kept._LEAST.text: lambda sqlite, asked: Rows("lsn", []),
}
"""Reads whose words only PostgreSQL understands."""


def reads(statement: Any) -> bool:
    """Whether it changes nothing."""
    return statement.is_select or getattr(statement, "text", None) in BY_HEART


def _execute(sqlite: sqlite3.Connection, engine: Engine, statement: Any, values: Any) -> Any:
    known = BY_HEART.get(getattr(statement, "text", ""))
    if known is not None:
        return known(sqlite, values)
    with engine.connect() as connection:
        found = connection.execute(statement, values) if values else connection.execute(statement)
        return found.freeze()() if found.returns_rows else None


def _memory() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    made.create_function("octet_length", 1, len, deterministic=True)
    return made


def _engine(connection: sqlite3.Connection) -> Engine:
    options: Any = {"creator": lambda: connection, "poolclass": StaticPool}
    return create_engine("sqlite://", isolation_level="AUTOCOMMIT", **options)


def _pair() -> tuple[sqlite3.Connection, Engine]:
    made = _memory()
    return made, _engine(made)


@cache
def _tables(module: ModuleType) -> list[Table]:
    """Every table that this module declares."""
    found = (value for value in vars(module).values() if isinstance(value, Table))
    return sorted(found, key=lambda table: table.name)
