"""Writes the house log: one entry for each fact of the office that a verifier must find."""

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
    head = await lock_head(place, HOUSE)
    # Read under the lock: `at` may not be earlier than the entry before (the bid log, §4).
    at = max(clock.now_ms(), head.last_at)
    entry = HouseEntry(at=at, command=command, log=house_origin(site), seq=head.size)
    raw = canonical.encode(wire.plain(entry))
    leaf = leaf_hash(raw)
    frontier = Frontier.from_bytes(head.frontier).append(leaf)
    appended = await append_on(
        place,
        Append(
            HOUSE,
            head.size,
            (NewEntry(raw, leaf),),
            frontier.to_bytes(),
            frontier.root(),
            last_at=at,
        ),
    )
    assert appended is Appended.DONE, "nobody moves a head that we have locked"
    return head.size
