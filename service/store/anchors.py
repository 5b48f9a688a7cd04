"""The logs in order of name, for the regulator's view of what anchors them outside."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.log_tables import logs


async def heads_after(connection: AsyncConnection, after: str, limit: int) -> dict[str, int]:
    """log → size of its head, at most `limit` of them after this name."""
    asked = select(logs.c.log, logs.c.size).where(logs.c.log > after).order_by(logs.c.log)
    return {row.log: row.size for row in await connection.execute(asked.limit(limit))}
