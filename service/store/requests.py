"""Official actions that one person asks for and another approves."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping, and_, literal, or_, select, update
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
    seen_by: str,
    revocations: bool = True,
    others: bool = True,
) -> list[RowMapping]:
    """Requests, the newest first: their ids rise with time.

    seen_by: the account that asks; its own requests are always among them. revocations, others:
    whether it handles those, and everything else, too.
    """
    revoking = requests.c.action["action"].astext == "REVOKE"
    handled = or_(and_(revoking, literal(revocations)), and_(~revoking, literal(others)))
    asked = select(requests).where(or_(requests.c.requested_by == seen_by, handled))
    if state is not None:
        asked = asked.where(requests.c.state == state)
    if lot_id is not None:
        asked = asked.where(requests.c.lot_id == lot_id)
    if after is not None:
        asked = asked.where(requests.c.request_id < after)
    ordered = asked.order_by(requests.c.request_id.desc()).limit(limit)
    return list((await connection.execute(ordered)).mappings())
