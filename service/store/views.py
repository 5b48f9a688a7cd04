"""What each screen was shown, and when: rows for the regulator, written behind the frames.

kind `opened`, `closed`: a session began or ended. `all`: a frame for everyone in the room; `facts`
names the sessions that did not get it at once. `late`: such a session got frame `no` after all.
`own`: a frame for one session alone. `lost`: rows that could not be kept, and how many.
"""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Table,
    Text,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.engine import raw
from service.store.metadata import metadata

ROWS_A_READ = 2_000
_COLUMNS = ("log", "at", "process", "kind", "session", "no", "frame", "facts")

views = Table(
    "views",
    metadata,
    Column("view_id", BigInteger, Identity(always=True), primary_key=True),
    Column("log", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("process", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("session", Text),
    Column("no", BigInteger),
    Column("frame", Text),
    Column("facts", JSONB),
    CheckConstraint("kind IN ('opened', 'closed', 'all', 'own', 'late', 'lost')", name="kind"),
    Index("ix_views_log_view_id", "log", "view_id"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One row. at: ms. no: of a frame for everyone, counted from 1 by its process and room."""

    log: str
    at: int
    process: str
    kind: str
    session: str | None = None
    no: int | None = None
    frame: str | None = None
    facts: dict[str, Any] | None = None


async def add_views(connection: AsyncConnection, rows: Sequence[View]) -> None:
    """Keeps these rows in their order."""
    driver = await raw(connection)
    await connection.execute(text("SELECT 1"))  # SQLAlchemy begins a transaction with its first
    await driver.copy_records_to_table(
        "views",
        columns=_COLUMNS,
        records=[_record(row) for row in rows],
    )


def _record(row: View) -> tuple[Any, ...]:
    """In the order of `_COLUMNS`; a row is written for every receipt."""
    facts = None if row.facts is None else json.dumps(row.facts)
    return row.log, row.at, row.process, row.kind, row.session, row.no, row.frame, facts


async def read_views(connection: AsyncConnection, log: str) -> AsyncIterator[View]:
    """Every row of a log in the order in which it was written."""
    last = 0
    while True:
        asked = (
            select(views)
            .where(views.c.log == log, views.c.view_id > last)
            .order_by(views.c.view_id)
            .limit(ROWS_A_READ)
        )
        rows = (await connection.execute(asked)).mappings().all()
        for row in rows:
            last = row["view_id"]
            yield View(**{name: row[name] for name in row if name != "view_id"})
        if len(rows) < ROWS_A_READ:
            return
