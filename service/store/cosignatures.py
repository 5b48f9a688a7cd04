"""What witnesses signed, and what is known of each of them about each log."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Text, case, cast, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.anchor_tables import cosignatures, witness_marks
from service.store.log_tables import HOUSE, logs

MAX_WAIT_DOUBLINGS = 20


@dataclass(frozen=True, slots=True)
class Cosignature:
    """line: the signature line, newline included. at: ms, when the witness says it signed."""

    size: int
    witness: str
    line: str
    at: int


@dataclass(frozen=True, slots=True)
class Mark:
    """What one witness is known to hold of one log, and what it last said against us."""

    log: str
    witness: str
    size: int
    at: int | None
    said: str | None
    tries: int


async def keep(connection: AsyncConnection, log: str, found: Cosignature) -> None:
    """A verified cosignature; the first line of a witness for a head stands."""
    row = insert(cosignatures).values(
        log=log, size=found.size, witness=found.witness, line=found.line, at=found.at
    )
    await connection.execute(row.on_conflict_do_nothing())
    making = insert(witness_marks).values(
        log=log, witness=found.witness, size=found.size, at=found.at, said=None, tries=0, next_at=0
    )
    new, old = making.excluded, witness_marks.c
    await connection.execute(
        making.on_conflict_do_update(
            index_elements=["log", "witness"],
            set_={
                "size": func.greatest(old.size, new.size),
                "at": func.greatest(old.at, new.at),
                "said": None,
                "tries": 0,
                "next_at": 0,
            },
        )
    )


async def note_refusal(
    connection: AsyncConnection,
    log: str,
    witness: str,
    said: str,
    *,
    now: int,
    wait_ms: int,
    most_ms: int,
) -> None:
    """Why the witness did not cosign; it is asked again after a wait that doubles to `most_ms`."""
    making = insert(witness_marks).values(
        log=log, witness=witness, size=0, at=None, said=said, tries=1, next_at=now + wait_ms
    )
    old = witness_marks.c
    doublings = func.least(old.tries, MAX_WAIT_DOUBLINGS)
    wait = func.least(wait_ms * func.power(2, doublings), most_ms)
    await connection.execute(
        making.on_conflict_do_update(
            index_elements=["log", "witness"],
            set_={"said": said, "tries": old.tries + 1, "next_at": now + wait},
        )
    )


async def behind(
    connection: AsyncConnection,
    witnesses: Sequence[str],
    now: int,
    limit: int,
    *,
    settled: bool = True,
) -> list[str]:
    """Logs whose head one of these witnesses has yet to cosign: the house, then the liveliest.

    settled: the sales of all years too, which their quorum has signed and others perhaps not.
    """
    names = cast(list(witnesses), ARRAY(Text))
    asked_for = func.unnest(names).table_valued("name").render_derived("asked")
    marks = witness_marks.c
    waiting = (
        select(logs.c.log)
        .select_from(logs)
        .join(asked_for, logs.c.size > 0)
        .outerjoin(witness_marks, (marks.log == logs.c.log) & (marks.witness == asked_for.c.name))
        .where(or_(marks.size.is_(None), (marks.size < logs.c.size) & (marks.next_at <= now)))
        .group_by(logs.c.log)
        .order_by(case((logs.c.log == HOUSE, 0), else_=1), func.max(logs.c.last_at).desc())
        .limit(limit)
    )
    if not settled:
        waiting = waiting.where(~logs.c.settled)
    return list((await connection.execute(waiting)).scalars())


async def marks_of(connection: AsyncConnection, names: Iterable[str]) -> list[Mark]:
    """What is known of every witness about these logs."""
    asked = select(
        *(witness_marks.c[name] for name in ("log", "witness", "size", "at", "said", "tries"))
    )
    asked = asked.where(witness_marks.c.log.in_(tuple(names)))
    found = await connection.execute(asked.order_by(witness_marks.c.log, witness_marks.c.witness))
    return [Mark(**row) for row in found.mappings()]


async def due_for(
    connection: AsyncConnection, log: str, size: int, witnesses: Collection[str], now: int
) -> list[str]:
    """Those of the witnesses that have not cosigned this head and may be asked now."""
    marks = witness_marks.c
    done = select(marks.witness).where(
        marks.log == log, or_(marks.size >= size, marks.next_at > now)
    )
    settled = set((await connection.execute(done)).scalars())
    return [name for name in witnesses if name not in settled]


async def cosigners(connection: AsyncConnection, log: str, size: int) -> set[str]:
    """The witnesses whose cosignature of exactly this head is kept."""
    columns = cosignatures.c
    asked = select(columns.witness).where(columns.log == log, columns.size == size)
    return set((await connection.execute(asked)).scalars())


async def lines_of(
    connection: AsyncConnection, log: str, size: int | None = None
) -> Mapping[int, tuple[str, ...]]:
    """size → its cosignature lines in order of witness name; of one head, or of every head."""
    columns = cosignatures.c
    asked = select(columns.size, columns.line).where(columns.log == log)
    if size is not None:
        asked = asked.where(columns.size == size)
    found: dict[int, tuple[str, ...]] = {}
    for row in await connection.execute(asked.order_by(columns.size, columns.witness)):
        found[row.size] = (*found.get(row.size, ()), row.line)
    return found


async def newest_cosigned(
    connection: AsyncConnection, log: str, *, below: int, limit: int
) -> list[tuple[int, set[str]]]:
    """The newest heads of at most `below` entries that anyone cosigned: (size, by whom)."""
    columns = cosignatures.c
    asked = (
        select(columns.size, func.array_agg(columns.witness).label("names"))
        .where(columns.log == log, columns.size <= below)
        .group_by(columns.size)
        .order_by(columns.size.desc())
        .limit(limit)
    )
    return [(row.size, set(row.names)) for row in await connection.execute(asked)]
