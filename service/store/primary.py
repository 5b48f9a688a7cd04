"""Finds the primary among several hosts, and never goes back to one that was left behind.

A promotion begins a new timeline, so of two servers that both call themselves primary the one on
the higher timeline is right. What stops the other: with a synchronous standby its commits wait for
a flush that nobody makes, so none is ever answered; and a process that has once seen the higher
timeline closes its connections to the lower one and opens none. asyncpg's own list of hosts does
not do: it asks one after another, and a server that hangs takes all the time there is.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import asyncpg
import structlog

LOST = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What a server that is away, starting or going raises."""
OTHERS_S = 0.3
"""How long a primary that answered waits for the other hosts: one of them may be the newer one."""
STANDBY_S = 2.0
"""How long a standby that answered waits for a primary: one that hangs may be about to be left."""
LOOK_S = 1.0
"""Between two looks for a newer primary, and the bound on one."""

_log = structlog.get_logger()


class NoPrimary(ConnectionError):
    """None of the hosts takes writes, or only one that was left behind does."""


@dataclass(frozen=True, slots=True)
class _Found:
    """timeline: 0 for a standby."""

    connection: asyncpg.Connection
    timeline: int


class Primary:
    """The hosts of one URL. Owns the highest timeline that this process has seen, and knows the
    open connections by their timeline. One for all engines of a process."""

    def __init__(self, places: Sequence[tuple[str, int]]) -> None:
        self._places = tuple(places)
        self._open: WeakKeyDictionary[asyncpg.Connection, int] = WeakKeyDictionary()
        self.timeline = 0

    async def connect(self, **words: Any) -> asyncpg.Connection:
        """A connection to the newest primary; `words` as asyncpg.connect takes them, whose host
        and port are ours. Raises NoPrimary, or what the last host raised."""
        words.pop("host", None)
        words.pop("port", None)
        found, errors = await self._ask_all(words)
        best = max(found, key=lambda each: each.timeline, default=None)
        if best is None or best.timeline == 0 or best.timeline < self.timeline:
            _drop(found)
            raise NoPrimary(self._why(best, errors))
        _drop(each for each in found if each is not best)
        self._open[best.connection] = best.timeline
        self._saw(best.timeline)
        return best.connection

    async def watch(self, **words: Any) -> None:
        """Looks for a newer primary until cancelled: a server that hangs closes no connection, so
        whoever waits for it would wait on after another was promoted."""
        words["timeout"] = LOOK_S
        while True:
            await asyncio.sleep(LOOK_S)
            with suppress(*LOST):
                (await self.connect(**words)).terminate()

    async def _ask_all(self, words: dict[str, Any]) -> tuple[list[_Found], list[BaseException]]:
        """Every host at the same time; those who say nothing are not waited for."""
        asking = {asyncio.create_task(_ask(*place, words)) for place in self._places}
        done, waiting, patience_s = set[Any](), set(asking), None
        try:
            while waiting and not _primaries(asking):
                done, waiting = await asyncio.wait(
                    waiting, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED
                )
                if not done:
                    break
                patience_s = STANDBY_S if _found(asking) else None
            if waiting:
                await asyncio.wait(waiting, timeout=OTHERS_S)
        except BaseException:
            _drop(_found(asking))
            raise
        finally:
            for task in asking:
                # One that answers while it is cancelled closes its own connection.
                task.cancel()
        errors = [error for task in asking if (error := _error(task)) is not None]
        return _found(asking), errors

    def _saw(self, timeline: int) -> None:
        if timeline <= self.timeline:
            return
        if self.timeline:
            _log.warning("primary_changed", timeline=timeline, before=self.timeline)
        self.timeline = timeline
        for connection, theirs in tuple(self._open.items()):
            if theirs < timeline:
                connection.terminate()

    def _why(self, best: _Found | None, errors: Sequence[BaseException]) -> str:
        if best is None:
            return f"no host answers: {'; '.join(map(repr, errors))}"
        if best.timeline == 0:
            return "every host that answers is a standby"
        return f"timeline {best.timeline} was left behind: {self.timeline} has been seen"


async def _ask(host: str, port: int, words: dict[str, Any]) -> _Found:
    connection = await asyncpg.connect(host=host, port=port, **words)
    try:
        limit_s = words.get("timeout")
        timeline: int = await connection.fetchval(_TIMELINE, timeout=limit_s)
    except BaseException:
        connection.terminate()
        raise
    return _Found(connection, timeline)


# The timeline of the WAL that a primary writes now; the control file learns it later.
_TIMELINE = """
    SELECT CASE WHEN pg_is_in_recovery() THEN 0
           ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END
"""


def _found(asked: "set[asyncio.Task[_Found]]") -> list[_Found]:
    return [task.result() for task in asked if task.done() and _error(task) is None]


def _primaries(asked: "set[asyncio.Task[_Found]]") -> bool:
    return any(each.timeline for each in _found(asked))


def _error(task: "asyncio.Task[_Found]") -> BaseException | None:
    if not task.done() or task.cancelled():
        return asyncio.CancelledError() if task.done() else None
    return task.exception()


def _drop(found: Any) -> None:
    for each in found:
        each.connection.terminate()
