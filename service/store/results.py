"""Frozen results, and the office's own tables beside them: holidays and looks."""

import datetime

from sqlalchemy import RowMapping, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.log_tables import logs, lot_id_of, lot_log
from service.store.office_tables import holidays, looks, results


async def freeze_result(
    connection: AsyncConnection, lot_id: str, winner_application: str | None, at: int
) -> bool:
    """True for the first call: whoever freezes the result also settles the money."""
    freezing = insert(results).values(
        lot_id=lot_id, winner_application=winner_application, settled_at=at
    )
    done = freezing.on_conflict_do_nothing().returning(results.c.lot_id)
    return (await connection.execute(done)).one_or_none() is not None


async def read_result(
    connection: AsyncConnection, lot_id: str, *, lock: bool = False
) -> RowMapping | None:
    asked = select(results).where(results.c.lot_id == lot_id)
    if lock:
        asked = asked.with_for_update()
    return (await connection.execute(asked)).mappings().one_or_none()


async def publish_winner(connection: AsyncConnection, lot_id: str, name: str) -> None:
    naming = update(results).where(results.c.lot_id == lot_id)
    await connection.execute(naming.values(winner_name=name))


async def note_identity_check(
    connection: AsyncConnection, lot_id: str, outcome: str, seq: int, at: int
) -> None:
    """What the supervisor found, with the house-log entry that says so."""
    noting = update(results).where(results.c.lot_id == lot_id)
    found = {"identity_check": outcome, "identity_check_seq": seq, "identity_check_at": at}
    await connection.execute(noting.values(**found))


async def note_settled(connection: AsyncConnection, lot_id: str) -> None:
    """Nothing is left to do for this lot: no round looks at it again. Locks the lot's log."""
    noting = update(logs).where(logs.c.log == lot_log(lot_id))
    await connection.execute(noting.values(settled=True))


async def note_sealed(connection: AsyncConnection, lot_id: str, seq: int) -> None:
    noting = update(results).where(results.c.lot_id == lot_id)
    await connection.execute(noting.values(sealed_seq=seq))


async def unsettled(connection: AsyncConnection, limit: int) -> list[str]:
    """Lots that ended and whose money or final checkpoint the office has not written down."""
    sealed = logs.c.state["sealed"].as_boolean()
    asked = (
        select(logs.c.log)
        .outerjoin(results, func.concat("lot/", results.c.lot_id) == logs.c.log)
        .where(~logs.c.settled)
        .where(logs.c.stage.in_(("SOLD", "FAILED")))
        .where(or_(results.c.lot_id.is_(None), sealed & results.c.sealed_seq.is_(None)))
        .order_by(logs.c.log)
        .limit(limit)
    )
    return [lot_id_of(log) for log in (await connection.execute(asked)).scalars()]


async def holiday_changes(
    connection: AsyncConnection, start: datetime.date, end: datetime.date
) -> dict[datetime.date, bool]:
    """day → whether people work, of the days the office itself has entered."""
    asked = select(holidays.c.day, holidays.c.works).where(holidays.c.day.between(start, end))
    return {row.day: row.works for row in await connection.execute(asked)}


async def first_look(
    connection: AsyncConnection, official: str, subject: str, field: str, hour: int
) -> bool:
    """True for the official's first look at this in this hour."""
    noting = insert(looks).values(official=official, subject=subject, field=field, hour=hour)
    done = noting.on_conflict_do_nothing().returning(looks.c.hour)
    return (await connection.execute(done)).first() is not None
