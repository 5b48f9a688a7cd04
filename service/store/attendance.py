"""Which bidders sit in a lot through which process, and whose line was lost a moment ago.

Each process keeps its own rows, and only of lots that take bids. It is no evidence (that stands in
`views`) and reaches no screen: not even officials may know how many bid (rules §11).
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Column, PrimaryKeyConstraint, Table, Text, bindparam, delete, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.log_tables import health
from service.store.metadata import metadata

RECENT_MS = 60_000
"""A process that proved nothing for so long is no news any more."""
FORGOTTEN_MS = 600_000

attendance = Table(
    "attendance",
    metadata,
    Column("log", Text, nullable=False),
    Column("process", Text, nullable=False),
    Column("here", ARRAY(Text), nullable=False),
    Column("lost", JSONB, nullable=False),
    Column("parted", ARRAY(Text), nullable=False),
    PrimaryKeyConstraint("log", "process"),
)


@dataclass(frozen=True, slots=True)
class Loss:
    """A line that ended without a goodbye: when (ms), and with which close code."""

    at: int
    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """One lot's bidders in one process.

    here: who sits there. lost: whose line was lost. parted: who said goodbye lately, or asked there
    without a line. proved_at: the process's last proof (ms), None when that is long ago.
    """

    log: str
    process: str
    here: frozenset[str]
    lost: Mapping[str, Loss]
    parted: frozenset[str]
    proved_at: int | None = None


async def write(
    connection: AsyncConnection, process: str, rows: Collection[Sitting], left: Collection[str]
) -> None:
    """Replaces these rows of this process, and removes those of the logs in `left`."""
    if rows:
        put = insert(attendance).values(
            [
                {
                    "log": row.log,
                    "process": process,
                    "here": sorted(row.here),
                    "lost": {who: asdict(loss) for who, loss in row.lost.items()},
                    "parted": sorted(row.parted),
                }
                for row in rows
            ]
        )
        changed = {name: put.excluded[name] for name in ("here", "lost", "parted")}
        await connection.execute(
            put.on_conflict_do_update(index_elements=["log", "process"], set_=changed)
        )
    if left:
        ours = attendance.c.process == process
        await connection.execute(delete(attendance).where(ours, attendance.c.log.in_(list(left))))


_SUSPECTED = text("""
    WITH proofs AS (
        SELECT process, max(at) AS at FROM health WHERE at > :recent GROUP BY process
    ), sitting AS (
        SELECT attendance.*, proofs.at AS proved_at FROM attendance LEFT JOIN proofs USING (process)
    )
    SELECT log, process, here, lost, parted, proved_at,
        (SELECT coalesce(max(at), 0) FROM proofs) AS newest
    FROM sitting WHERE log IN (
        SELECT log FROM sitting WHERE lost <> '{}' OR proved_at < :silent
    )
""")


async def read_suspected(
    connection: AsyncConnection, now: int, silent_ms: int
) -> tuple[list[Sitting], int]:
    """Every row of the lots of which somebody lost a line, or a process may have fallen silent;
    and the latest proof of any process (ms, 0 when there is none lately)."""
    asked = {"recent": now - RECENT_MS, "silent": now - silent_ms}
    found = (await connection.execute(_SUSPECTED, asked)).all()
    sitting = [
        Sitting(
            log=row.log,
            process=row.process,
            here=frozenset(row.here),
            lost={who: Loss(**loss) for who, loss in row.lost.items()},
            parted=frozenset(row.parted),
            proved_at=row.proved_at,
        )
        for row in found
    ]
    return sitting, max((row.newest for row in found), default=0)


async def forget_the_dead(connection: AsyncConnection, now: int) -> None:
    """Removes what processes left behind that have not been heard of for ten minutes."""
    alive = health.c.process
    known = health.select().with_only_columns(alive).where(health.c.at > bindparam("since"))
    dead = delete(attendance).where(attendance.c.process.not_in(known))
    await connection.execute(dead, {"since": now - FORGOTTEN_MS})
