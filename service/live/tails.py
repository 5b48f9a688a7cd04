"""Reads what others wrote at the ends of logs: all rooms that look while a query runs, in the next.

Fifty lots with bidders in two processes are hundreds of hints a second, and a checkout and a query
for each cost more than the entries that they bring.
"""

import asyncio
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from service.store.ledger import StoredEntry
from service.store.lot_states import read_pieces

ENTRIES_A_QUERY = 4_000
"""Of all logs of one query; each gets its share, within these two bounds."""
SHARE_AT_LEAST, SHARE_AT_MOST = 50, 500
LOGS_A_QUERY = 100


@dataclass(frozen=True, slots=True)
class Tail:
    """Entries in order of seq. more: the log may go on after them."""

    rows: list[StoredEntry]
    more: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    log: str
    since: int
    answer: asyncio.Future[Tail]


class Tails:
    """Owns who waits for the next query."""

    def __init__(self) -> None:
        self._waiting: list[_Asked] = []
        self._running: asyncio.Task[None] | None = None

    async def read(self, engine: AsyncEngine, log: str, since: int) -> Tail:
        """Entries from seq `since` on. Raises what the database raises, to all at once."""
        asked = _Asked(log, since, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if self._running is None:
            self._running = asyncio.create_task(self._run(engine), name="tails")
        return await asked.answer

    async def _run(self, engine: AsyncEngine) -> None:
        try:
            while batch := self._take():
                await _answer(engine, batch)
        finally:
            self._running = None

    def _take(self) -> dict[str, _Asked]:
        """Who goes together now: each log once, no more than one query bears."""
        batch: dict[str, _Asked] = {}
        left = []
        for asked in self._waiting:
            if asked.log in batch or len(batch) == LOGS_A_QUERY:
                left.append(asked)
            else:
                batch[asked.log] = asked
        self._waiting = left
        return batch


async def _answer(engine: AsyncEngine, batch: dict[str, _Asked]) -> None:
    """Answers everybody, whatever happens."""
    share = min(max(ENTRIES_A_QUERY // len(batch), SHARE_AT_LEAST), SHARE_AT_MOST)
    try:
        async with engine.connect() as connection:
            since = {log: asked.since for log, asked in batch.items()}
            pieces = await read_pieces(connection, since, share)
    except Exception as error:
        for asked in batch.values():
            if not asked.answer.done():
                asked.answer.set_exception(error)
        return
    for log, asked in batch.items():
        if not asked.answer.done():
            asked.answer.set_result(Tail(pieces[log], len(pieces[log]) == share))
