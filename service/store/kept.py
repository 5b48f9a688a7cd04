"""Whether what was read would survive a failover.

A commit is visible on a primary before its standby has it when the wait for the standby was
cancelled (asyncpg does so when a statement takes too long), or when the primary was restarted
alone. Whoever answers from such a read tells what a promotion loses. A later commit of the same
server that did wait proves everything before it: a standby flushes in order.
"""

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.store.log_tables import log_entries


async def is_kept(engine: AsyncEngine, log: str, seq: int, leaf: bytes) -> bool:
    """Whether the log has this entry on every server that commits wait for; waits for them.

    Raises what the database raises: then nothing is known.
    """
    entries = log_entries.c
    asked = select(entries.leaf).where(entries.log == log, entries.seq == seq)
    async with engine.begin() as connection:
        stored = (await connection.execute(asked)).scalar_one_or_none()
        # The least that a commit waits for, and no row of any table. On the connection of the read:
        # another might lead to another server.
        await connection.execute(_LEAST)
    return stored == leaf


_LEAST = text("SELECT pg_logical_emit_message(true, 'luochui', '')")
