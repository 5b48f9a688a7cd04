"""Whether the sockets of a process are still signed in: one query for all that are due.

Each for itself asked in the same second as all that had opened with it, and every bid that met such
a moment waited.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from service.store import accounts


@dataclass(slots=True, eq=False)
class SignedIn:
    """One socket's session. seen_ms: monotonic, when the database was last asked about it."""

    token_hash: bytes
    account_id: str
    seen_ms: int
    ended: bool = False


class Doorkeeper:
    """Knows of every socket that can bid whether its session was there within `check_ms`."""

    def __init__(self, engine: AsyncEngine, monotonic_ms: Callable[[], int], check_ms: int) -> None:
        self._engine = engine
        self._monotonic_ms = monotonic_ms
        self._check_ms = check_ms
        self._inside: set[SignedIn] = set()
        self._looking: asyncio.Task[None] | None = None

    def enter(self, known: SignedIn) -> None:
        """From here to `leave` it is looked after."""
        self._inside.add(known)

    def leave(self, known: SignedIn) -> None:
        self._inside.discard(known)

    def saw_lately(self, known: SignedIn) -> bool:
        """Whether he may write without a look. From half the time on, the next look begins
        meanwhile, so that who writes steadily never waits for one."""
        age_ms = self._monotonic_ms() - known.seen_ms
        if known.ended or age_ms >= self._check_ms:
            return False
        if 2 * age_ms >= self._check_ms and self._looking is None:
            self._begin(known)
        return True

    async def still(self, known: SignedIn) -> bool:
        """The same with a look where one is needed; raises what the database raises."""
        asked_ms = self._monotonic_ms()
        while not known.ended and not self._covers(known, asked_ms):
            # Who goes away does not take the look with him.
            await asyncio.shield(self._looking or self._begin(known))
        return not known.ended

    def _covers(self, known: SignedIn, asked_ms: int) -> bool:
        return known.seen_ms >= asked_ms or asked_ms - known.seen_ms < self._check_ms

    def _begin(self, asker: SignedIn) -> asyncio.Task[None]:
        looking = asyncio.create_task(self._look(asker), name="sessions")
        looking.add_done_callback(_read)
        self._looking = looking
        return looking

    async def _look(self, asker: SignedIn) -> None:
        """Asks about all whom a look half the time ago does not cover any more, and about the
        asker, who may have hung up: what he said before is still decided."""
        now = self._monotonic_ms()
        try:
            due = {known for known in self._inside if 2 * (now - known.seen_ms) >= self._check_ms}
            due.add(asker)
            async with self._engine.connect() as connection:
                held = await accounts.holders(connection, {known.token_hash for known in due})
        finally:
            self._looking = None
        for known in due:
            known.seen_ms = now
            known.ended |= held.get(known.token_hash) != known.account_id


def _read(looking: "asyncio.Task[None]") -> None:
    """Who waits is told of a failure; when nobody does, the next look tells."""
    if not looking.cancelled():
        looking.exception()
