"""Hints over PostgreSQL when the connection is cut, and words of others on its channel."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from service.bus.hints import LogMoved
from service.settings import Settings
from service.store.hints import Hints
from tests.bus.servers import Ear

QUICK = Settings(poll_ms=1)


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
