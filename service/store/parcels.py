"""The land bank: parcels that may be offered."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import RowMapping, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.office_tables import parcels


async def keep_parcels(connection: AsyncConnection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Writes parcels by their id; one that is there takes the new facts."""
    for row in rows:
        adding = insert(parcels).values(**row)
        changes = {name: adding.excluded[name] for name in row if name != "parcel_id"}
        await connection.execute(
            adding.on_conflict_do_update(index_elements=["parcel_id"], set_=changes)
        )


async def list_parcels(
    connection: AsyncConnection, *, after: str | None, limit: int
) -> list[RowMapping]:
    """At most `limit` parcels in order of id."""
    asked = select(parcels).order_by(parcels.c.parcel_id).limit(limit)
    if after is not None:
        asked = asked.where(parcels.c.parcel_id > after)
    return list((await connection.execute(asked)).mappings())


async def has_parcel(connection: AsyncConnection, parcel_id: str) -> bool:
    asked = select(parcels.c.parcel_id).where(parcels.c.parcel_id == parcel_id)
    return (await connection.execute(asked)).one_or_none() is not None
