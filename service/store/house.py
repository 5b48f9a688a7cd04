"""Writes the house log: one entry for each fact of the office that a verifier must find."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.log import HouseCommand, HouseEntry
from service import wire
from service.audit import canonical
from service.audit.notes import house_origin
from service.audit.tree import Frontier, leaf_hash
from service.clock import Clock
from service.store.ledger import Append, Appended, NewEntry, append_on, lock_head
from service.store.log_tables import HOUSE


async def record(
    place: AsyncConnection | AsyncEngine, clock: Clock, site: str, command: HouseCommand
) -> int:
    """Appends one entry and returns its seq.

    On a connection it exists when the caller commits, together with the fact that it tells of;
    the house log is locked until then, so record last. On an engine it exists on return.
    """
    if isinstance(place, AsyncEngine):
        async with place.begin() as connection:
            return await record(connection, clock, site, command)
    return (await record_all(place, clock, site, (command,)))[0]


async def record_all(
    connection: AsyncConnection, clock: Clock, site: str, commands: Sequence[HouseCommand]
) -> list[int]:
    """Appends one entry for each fact, in one batch; returns their seqs. Record last, as above."""
    if not commands:
        return []
    head = await lock_head(connection, HOUSE)
    # Read under the lock: `at` may not be earlier than the entry before (the bid log, §4).
    at, frontier = max(clock.now_ms(), head.last_at), Frontier.from_bytes(head.frontier)
    entries: list[NewEntry] = []
    for seq, command in enumerate(commands, head.size):
        entry = HouseEntry(at=at, command=command, log=house_origin(site), seq=seq)
        raw = canonical.encode(wire.plain(entry))
        entries.append(NewEntry(raw, leaf_hash(raw)))
        frontier = frontier.append(entries[-1].leaf)
    batch = Append(
        HOUSE, head.size, tuple(entries), frontier.to_bytes(), frontier.root(), last_at=at
    )
    appended = await append_on(connection, batch)
    assert appended is Appended.DONE, "nobody moves a head that we have locked"
    return list(range(head.size, head.size + len(entries)))
