"""Before a room calls a bid unknown, it makes sure that nobody can still bring it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncEngine

from service.clock import Clock
from service.rules import messages as m
from service.store.denials import Denial, deny, key_of, read_denials
from service.store.ledger import Append

AT_ONCE = 4
"""Denials of one room that are written at the same time."""


class Denials:
    """What one room denies, and what it learned of others' denials. doubt_ms: what a sure clock
    may be wrong by."""

    def __init__(self, engine: AsyncEngine, clock: Clock, log: str, doubt_ms: int) -> None:
        self._engine = engine
        self._clock = clock
        self._log = log
        # An instant of the denial and one of the arrival, each by another clock.
        self._apart_ms = 2 * doubt_ms
        self._known: dict[str, Denial] = {}
        self._asking: dict[str, asyncio.Task[bool]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def deny(self, bid_id: str) -> bool:
        """Whether this bid is not in the log and will not be unless it is sent again from now on.

        However many ask, it is written once. Raises what the database raises.
        """
        asking = self._asking.get(bid_id)
        if asking is None:
            asking = asyncio.create_task(self._deny(bid_id), name=f"deny {bid_id}")
            self._asking[bid_id] = asking
            asking.add_done_callback(lambda _: self._asking.pop(bid_id))
        return await asyncio.shield(asking)

    async def _deny(self, bid_id: str) -> bool:
        async with self._turns:
            denied = await deny(self._engine, self._log, bid_id, self._clock.now_ms())
        if denied:
            # What is sent after the answer must bear a later instant by anybody's sure clock.
            await asyncio.sleep(2 * self._apart_ms / 1000)
        return denied

    def bar(self, bid: m.PlaceBid) -> bool:
        """Whether it arrived before its bidder was told that there is no such bid."""
        known = self._known.get(bid.bid_id)
        return known is not None and bid.received_at <= known.at + self._apart_ms

    async def learn(self, bid_ids: Sequence[str]) -> None:
        """Reads what was denied of these, whose keys were found taken."""
        async with self._engine.connect() as connection:
            self._known |= await read_denials(connection, self._log, bid_ids)

    def keyed(self, append: Append) -> Append:
        """With bids that were denied before they were sent again under their next keys."""
        if not self._known:
            return append
        entries = tuple(
            replace(entry, bid_id=key_of(entry.bid_id, self._known[entry.bid_id].times))
            if entry.bid_id in self._known
            else entry
            for entry in append.entries
        )
        return replace(append, entries=entries)
