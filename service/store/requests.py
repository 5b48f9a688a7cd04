"""Official actions that one person asks for and another approves."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.office_tables import requests


async def add_request(connection: AsyncConnection, values: Mapping[str, Any]) -> None:
    await connection.execute(insert(requests).values(**values))


async def read_request(
    connection: AsyncConnection, request_id: str, *, lock: bool = False
) -> RowMapping | None:
    asked = select(requests).where(requests.c.request_id == request_id)
    if lock:
        asked = asked.with_for_update()
    return (await connection.execute(asked)).mappings().one_or_none()


async def change_request(
    connection: AsyncConnection, request_id: str, values: Mapping[str, Any]
) -> RowMapping:
    changing = update(requests).where(requests.c.request_id == request_id).values(**values)
    changed: RowMapping = (await connection.execute(changing.returning(requests))).mappings().one()
    return changed


async def list_requests(
    connection: AsyncConnection,
    *,
    state: str | None,
    lot_id: str | None,
    after: str | None,
    limit: int,
) -> list[RowMapping]:
    """Requests, the newest first: their ids rise with time."""
    asked = select(requests)
    if state is not None:
        asked = asked.where(requests.c.state == state)
    if lot_id is not None:
        asked = asked.where(requests.c.lot_id == lot_id)
    if after is not None:
        asked = asked.where(requests.c.request_id < after)
    ordered = asked.order_by(requests.c.request_id.desc()).limit(limit)
    return list((await connection.execute(ordered)).mappings())
