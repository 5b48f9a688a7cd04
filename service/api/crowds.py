"""How many visitors one address may bring to the live channels of one process.

Without a bound one machine takes every socket there is. Bidders are known by name and have one
socket each, so that nobody behind the same address can shut them out.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from service.connections import counted_as, is_trusted

AT_ONCE = 4
"""Handshakes that begin in one round of the loop."""


class Crowds:
    """Owns the count of observers by address; a proxy's own address says nothing of visitors."""

    def __init__(self, most: int, trusted: tuple[str, ...]) -> None:
        self._most = most
        self._trusted = trusted
        self._observers: Counter[str] = Counter()
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def turn(self) -> None:
        """Waits for this handshake's turn. Of a storm a few begin in each round of the loop, so
        that bids go on between them; nobody's slow look into the database holds up the next."""
        async with self._turns:
            await asyncio.sleep(0)

    @contextmanager
    def one_more(self, address: str, bidder_no: str | None) -> Iterator[bool]:
        """Whether there is room for one more; it is taken until the end of the block."""
        if bidder_no is not None or is_trusted(address, self._trusted):
            yield True
            return
        key = counted_as(address)
        if self._observers.get(key, 0) >= self._most:
            yield False
            return
        self._observers[key] += 1
        try:
            yield True
        finally:
            self._observers[key] -= 1
            if not self._observers[key]:
                del self._observers[key]
