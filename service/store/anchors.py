"""Heads by size and in order of name, for the doors that show them."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.ledger import CommittedHead
from service.store.log_tables import log_heads, logs


async def heads_after(connection: AsyncConnection, after: str, limit: int) -> dict[str, int]:
    """log → size of its head, at most `limit` of them after this name."""
    asked = select(logs.c.log, logs.c.size).where(logs.c.log > after).order_by(logs.c.log)
    return {row.log: row.size for row in await connection.execute(asked.limit(limit))}


async def find_head(connection: AsyncConnection, log: str, size: int) -> CommittedHead | None:
    """The head after the batch that made the log this long, None when no batch did."""
    heads = log_heads.c
    asked = select(heads.size, heads.root, heads.at).where(heads.log == log, heads.size == size)
    row = (await connection.execute(asked)).mappings().one_or_none()
    return None if row is None else CommittedHead(**row)
