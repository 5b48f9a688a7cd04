"""Which heads want a timestamp, which have one, and how far each log was looked at for moments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.anchor_tables import stamp_cursors, timestamps
from service.store.log_tables import log_heads, logs

MAX_WAIT_DOUBLINGS = 20


@dataclass(frozen=True, slots=True)
class Cursor:
    """size: how many entries were looked at. opened: whether bidding had opened among them."""

    size: int
    opened: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A head that wants a stamp. moment: its names, parted by spaces. tries: this one included.

    at: ms, of the last entry under the head.
    """

    log: str
    size: int
    moment: str
    wanted_at: int
    root: bytes
    at: int
    tries: int
    said: str | None = None


async def unlooked(connection: AsyncConnection, limit: int) -> list[str]:
    """Lot logs with entries nobody has looked at for moments."""
    asked = (
        select(logs.c.log)
        .outerjoin(stamp_cursors, stamp_cursors.c.log == logs.c.log)
        .where(logs.c.stage.is_not(None))
        .where(or_(stamp_cursors.c.size.is_(None), stamp_cursors.c.size < logs.c.size))
        .order_by(logs.c.last_at.desc())
        .limit(limit)
    )
    return list((await connection.execute(asked)).scalars())


async def lock_cursor(connection: AsyncConnection, log: str) -> Cursor:
    """How far the log was looked at; others wait until the caller's transaction ends."""
    making = insert(stamp_cursors).values(log=log, size=0, opened=0)
    await connection.execute(making.on_conflict_do_nothing())
    asked = select(stamp_cursors).where(stamp_cursors.c.log == log).with_for_update()
    row = (await connection.execute(asked)).one()
    return Cursor(row.size, bool(row.opened))


async def move_cursor(connection: AsyncConnection, log: str, cursor: Cursor) -> None:
    moving = update(stamp_cursors).where(stamp_cursors.c.log == log)
    await connection.execute(moving.values(size=cursor.size, opened=int(cursor.opened)))


async def head_over(connection: AsyncConnection, log: str, seq: int) -> int:
    """The size of the first committed head that covers the entry at `seq`."""
    asked = select(func.min(log_heads.c.size)).where(log_heads.c.log == log, log_heads.c.size > seq)
    found = (await connection.execute(asked)).scalar_one()
    assert found is not None, "every entry was committed under a head"
    return int(found)


async def want(
    connection: AsyncConnection, log: str, size: int, moment: str, wanted_at: int
) -> None:
    """This head wants a stamp, if it does not already. wanted_at: ms, the moment itself."""
    row = insert(timestamps).values(
        log=log, size=size, moment=moment, wanted_at=wanted_at, tries=0, next_at=0
    )
    old, new = timestamps.c, row.excluded
    # Two moments under one head share its stamp; a head that has one needs no second name.
    await connection.execute(
        row.on_conflict_do_update(
            index_elements=["log", "size"],
            set_={"moment": old.moment + " " + new.moment},
            where=old.token.is_(None) & (func.strpos(old.moment, new.moment) == 0),
        )
    )


async def bidding_unstamped(
    connection: AsyncConnection, stages: Sequence[str], before_ms: int, limit: int
) -> list[tuple[str, int]]:
    """(log, size) of running lots whose head moved past their last wanted stamp, made long ago."""
    last = (
        select(
            timestamps.c.log,
            func.max(timestamps.c.size).label("size"),
            func.max(timestamps.c.wanted_at).label("wanted_at"),
        )
        .group_by(timestamps.c.log)
        .subquery()
    )
    asked = (
        select(logs.c.log, logs.c.size)
        .join(last, last.c.log == logs.c.log)
        .where(logs.c.stage.in_(tuple(stages)), logs.c.control == "NORMAL")
        .where(logs.c.size > last.c.size, last.c.wanted_at <= before_ms)
        .order_by(last.c.wanted_at)
        .limit(limit)
    )
    return [(row.log, row.size) for row in await connection.execute(asked)]


async def claim(
    connection: AsyncConnection, now: int, *, wait_ms: int, most_ms: int, limit: int
) -> list[Wanted]:
    """Pending stamps whose turn it is; nobody else takes them before their wait is over."""
    columns = timestamps.c
    due = (
        select(columns.log, columns.size)
        .where(columns.token.is_(None), columns.next_at <= now)
        .order_by(columns.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    doublings = func.least(columns.tries, MAX_WAIT_DOUBLINGS)
    wait = func.least(wait_ms * func.power(2, doublings), most_ms)
    taking = (
        update(timestamps)
        .where(columns.log == due.c.log, columns.size == due.c.size)
        .where(log_heads.c.log == columns.log, log_heads.c.size == columns.size)
        .values(tries=columns.tries + 1, next_at=now + wait)
        .returning(
            columns.log, columns.size, columns.moment, columns.wanted_at, log_heads.c.root,
            log_heads.c.at, columns.tries, columns.said,
        )
    )  # fmt: skip
    return [Wanted(**row) for row in (await connection.execute(taking)).mappings()]


async def keep_token(
    connection: AsyncConnection, log: str, size: int, token: bytes, stamped_at: int
) -> None:
    """A verified token; the first one stands."""
    keeping = update(timestamps).where(
        timestamps.c.log == log, timestamps.c.size == size, timestamps.c.token.is_(None)
    )
    await connection.execute(keeping.values(token=token, stamped_at=stamped_at, said=None))


async def note_failure(connection: AsyncConnection, log: str, size: int, said: str) -> None:
    """Why the stamp is not there yet."""
    noting = update(timestamps).where(
        timestamps.c.log == log, timestamps.c.size == size, timestamps.c.token.is_(None)
    )
    await connection.execute(noting.values(said=said))


async def tokens_of(connection: AsyncConnection, log: str) -> Mapping[int, bytes]:
    """size → DER TimeStampResp."""
    asked = select(timestamps.c.size, timestamps.c.token).where(
        timestamps.c.log == log, timestamps.c.token.is_not(None)
    )
    found = await connection.execute(asked.order_by(timestamps.c.size))
    return {row.size: row.token for row in found}


async def pending(connection: AsyncConnection, names: Sequence[str]) -> list[Wanted]:
    """The stamps these logs still wait for, in order of size."""
    columns = timestamps.c
    asked = (
        select(
            columns.log, columns.size, columns.moment, columns.wanted_at, log_heads.c.root,
            log_heads.c.at, columns.tries, columns.said,
        )
        .join(log_heads, (log_heads.c.log == columns.log) & (log_heads.c.size == columns.size))
        .where(columns.token.is_(None), columns.log.in_(tuple(names)))
        .order_by(columns.log, columns.size)
    )  # fmt: skip
    return [Wanted(**row) for row in (await connection.execute(asked)).mappings()]


async def count_pending(connection: AsyncConnection) -> int:
    """Stamps that wait, over all logs."""
    asked = select(func.count()).select_from(timestamps).where(timestamps.c.token.is_(None))
    return int((await connection.execute(asked)).scalar_one())


async def count_stamped(connection: AsyncConnection, names: Sequence[str]) -> dict[str, int]:
    """Stamps that these logs have."""
    asked = (
        select(timestamps.c.log, func.count().label("stamped"))
        .where(timestamps.c.token.is_not(None), timestamps.c.log.in_(tuple(names)))
        .group_by(timestamps.c.log)
    )
    return {row.log: row.stamped for row in await connection.execute(asked)}
