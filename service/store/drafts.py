"""Drafts of announcements, with versions."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ARRAY, RowMapping, Text, cast, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.office_tables import drafts


async def add_draft(connection: AsyncConnection, values: Mapping[str, Any]) -> bool:
    """False when the lot id is taken."""
    adding = insert(drafts).values(**values)
    done = adding.on_conflict_do_nothing().returning(drafts.c.lot_id)
    return (await connection.execute(done)).one_or_none() is not None


async def read_draft(
    connection: AsyncConnection, lot_id: str, *, lock: bool = False
) -> RowMapping | None:
    """The draft; with `lock` nobody else changes it until the transaction ends."""
    asked = select(drafts).where(drafts.c.lot_id == lot_id)
    if lock:
        asked = asked.with_for_update()
    return (await connection.execute(asked)).mappings().one_or_none()


async def list_drafts(
    connection: AsyncConnection, *, after: str | None, limit: int
) -> list[RowMapping]:
    """Drafts that are not released yet, in order of lot id."""
    asked = select(drafts).where(drafts.c.state != "RELEASED")
    if after is not None:
        asked = asked.where(drafts.c.lot_id > after)
    rows = await connection.execute(asked.order_by(drafts.c.lot_id).limit(limit))
    return list(rows.mappings())


async def change_draft(
    connection: AsyncConnection,
    lot_id: str,
    values: Mapping[str, Any],
    *,
    hand: str | None = None,
) -> RowMapping:
    """Writes `values` and raises the version by one. hand: who wrote in the text, if anyone did.

    Call it with the draft locked and its version compared.
    """
    changes: dict[str, Any] = {**values, "version": drafts.c.version + 1}
    if hand is not None:
        changes["hands"] = func.array_append(drafts.c.hands, cast(hand, Text), type_=ARRAY(Text))
    changing = update(drafts).where(drafts.c.lot_id == lot_id).values(**changes)
    changed: RowMapping = (await connection.execute(changing.returning(drafts))).mappings().one()
    return changed
