"""Hints between two processes over a real server, and when the connection is cut."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from service.bus.hints import Hint, LogMoved, RollChanged
from service.settings import Settings
from service.store.hints import Hints

QUICK = Settings(poll_ms=1)


class Ear:
    """Keeps what it hears and lets a test wait for it."""

    def __init__(self) -> None:
        self.heard: list[Hint] = []
        self._news = asyncio.Event()

    def __call__(self, hint: Hint) -> None:
        self.heard.append(hint)
        self._news.set()

    async def until(self, is_enough: Callable[[list[Hint]], bool]) -> list[Hint]:
        while not is_enough(self.heard):
            self._news.clear()
            await self._news.wait()
        return self.heard


@asynccontextmanager
async def process(engine: AsyncEngine, settings: Settings = QUICK) -> AsyncIterator[Hints]:
    hints = Hints(engine, settings)
    task = asyncio.create_task(hints.run())
    await hints.listening()
    try:
        yield hints
    finally:
        task.cancel()
        await asyncio.wait((task,))


async def test_what_one_process_tells_the_other_hears(engine: AsyncEngine) -> None:
    async with process(engine) as one, process(engine) as other:
        ear = Ear()
        other.subscribe(ear)
        one.tell(LogMoved("lot/hj-2017-07", 17))
        one.tell(RollChanged("hj-2017-07"))
        one.tell(LogMoved("house", 3))
        heard = await ear.until(lambda heard: len(heard) == 3)
        told = {LogMoved("lot/hj-2017-07", 17), RollChanged("hj-2017-07"), LogMoved("house", 3)}
        assert set(heard) == told


async def test_of_many_hints_about_one_log_only_the_newest_goes(engine: AsyncEngine) -> None:
    async with process(engine) as one, process(engine) as other:
        ear = Ear()
        other.subscribe(ear)
        for seq in [*range(50), 20]:
            one.tell(LogMoved("lot/one", seq))
        one.tell(LogMoved("lot/two", 0))
        await ear.until(lambda heard: LogMoved("lot/two", 0) in heard)
        assert ear.heard == [LogMoved("lot/one", 49), LogMoved("lot/two", 0)]


async def test_hints_beyond_the_bound_are_dropped(engine: AsyncEngine) -> None:
    async with process(engine, Settings(ledger_waiting=2, poll_ms=1)) as one:
        ear = Ear()
        one.subscribe(ear)
        for name in ("lot/one", "lot/two", "lot/three"):
            one.tell(LogMoved(name, 0))
        one.tell(LogMoved("lot/one", 1))
        await ear.until(lambda heard: len(heard) == 2)
        one.tell(LogMoved("lot/end", 0))
        heard = await ear.until(lambda heard: LogMoved("lot/end", 0) in heard)
        assert heard == [LogMoved("lot/one", 1), LogMoved("lot/two", 0), LogMoved("lot/end", 0)]


async def test_who_stopped_listening_hears_nothing(engine: AsyncEngine) -> None:
    async with process(engine) as hints:
        deaf, ear = Ear(), Ear()
        stop = hints.subscribe(deaf)
        hints.subscribe(ear)
        stop()
        hints.tell(LogMoved("lot/one", 1))
        await ear.until(lambda heard: len(heard) == 1)
        assert deaf.heard == []


async def test_after_a_cut_hints_are_heard_again(
    engine: AsyncEngine, cuttable: AsyncEngine, wire: Any
) -> None:
    async with process(cuttable) as one, process(engine) as other:
        theirs, mine = Ear(), Ear()
        other.subscribe(theirs)
        one.subscribe(mine)
        wire.cut = "before"
        one.tell(LogMoved("lot/lost", 1))
        await wire.happened.wait()
        # While the line is down nothing is promised; then both directions work again.
        while LogMoved("lot/one", 2) not in theirs.heard:
            one.tell(LogMoved("lot/one", 2))
            await asyncio.sleep(0)
        other.tell(LogMoved("lot/two", 3))
        await mine.until(lambda heard: LogMoved("lot/two", 3) in heard)


async def test_words_of_a_newer_version_are_ignored(
    engine: AsyncEngine, owner: asyncpg.Connection
) -> None:
    async with process(engine) as hints:
        ear = Ear()
        hints.subscribe(ear)
        for payload in ("", "lot/one", "lot/one:x", "lot/one:-1", "lot/one:²", "lot/one:5"):
            await owner.execute("SELECT pg_notify('luochui', $1)", payload)
        assert await ear.until(lambda heard: len(heard) == 1) == [LogMoved("lot/one", 5)]
