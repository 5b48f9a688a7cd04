"""What every bus promises, kept by both on their real servers, also when these are killed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from service.bus.hints import Bus, LogMoved, RollChanged, SessionReplaced, read_hint, write_hint
from service.bus.nats_bus import FRAMES_WAITING
from service.settings import Settings
from tests.bus.servers import QUICK, WAIT_S, Ear, Ground

WHO = "0123456789abcdef0123456789abcdef"


@asynccontextmanager
async def process(ground: Ground, settings: Settings = QUICK) -> AsyncIterator[Bus]:
    bus = ground.bus(settings)
    task = asyncio.create_task(bus.run())
    await bus.listening()
    try:
        yield bus
    finally:
        task.cancel()
        await asyncio.wait((task,))


def session(at: int, name: str) -> SessionReplaced:
    return SessionReplaced("hj-2017-07", WHO, at, name)


async def test_what_one_process_tells_every_process_hears(ground: Ground) -> None:
    async with process(ground) as one, process(ground) as other:
        mine, theirs = Ear(), Ear()
        one.subscribe(mine)
        other.subscribe(theirs)
        told = [
            LogMoved("lot/hj-2017-07", 17),
            RollChanged("hj-2017-07"),
            LogMoved("house", 3),
            session(5, "0a"),
        ]
        for hint in told:
            one.tell(hint)
        for ear in (mine, theirs):
            assert set(await ear.until(lambda heard: len(heard) == 4)) == set(told)


async def test_of_many_hints_about_one_thing_only_the_newest_goes(ground: Ground) -> None:
    async with process(ground) as one, process(ground) as other:
        ear = Ear()
        other.subscribe(ear)
        for seq in [*range(50), 20]:
            one.tell(LogMoved("lot/one", seq))
        for hint in (session(7, "0a"), session(9, "0b"), session(8, "0c")):
            one.tell(hint)
        one.tell(LogMoved("lot/two", 0))
        await ear.until(lambda heard: LogMoved("lot/two", 0) in heard)
        assert ear.heard == [LogMoved("lot/one", 49), session(9, "0b"), LogMoved("lot/two", 0)]


async def test_hints_beyond_the_bound_are_dropped(ground: Ground) -> None:
    async with process(ground, Settings(ledger_waiting=2, poll_ms=1)) as one:
        ear = Ear()
        one.subscribe(ear)
        for name in ("lot/one", "lot/two", "lot/three"):
            one.tell(LogMoved(name, 0))
        one.tell(LogMoved("lot/one", 1))
        await ear.until(lambda heard: len(heard) == 2)
        one.tell(LogMoved("lot/end", 0))
        heard = await ear.until(lambda heard: LogMoved("lot/end", 0) in heard)
        assert heard == [LogMoved("lot/one", 1), LogMoved("lot/two", 0), LogMoved("lot/end", 0)]


async def test_who_stopped_listening_hears_nothing(ground: Ground) -> None:
    async with process(ground) as bus:
        deaf, ear = Ear(), Ear()
        stop = bus.subscribe(deaf)
        bus.subscribe(ear)
        stop()
        bus.tell(LogMoved("lot/one", 1))
        await ear.until(lambda heard: len(heard) == 1)
        assert deaf.heard == []


async def test_a_killed_bus_is_used_again_once_it_is_back(ground: Ground) -> None:
    async with process(ground) as one, process(ground) as other:
        returns: list[str] = []
        one.on_return(lambda: returns.append("one"))
        other.on_return(lambda: returns.append("other"))
        ear = Ear()
        other.subscribe(ear)
        await asyncio.to_thread(ground.kill)
        one.tell(LogMoved("lot/one", 1))
        await asyncio.to_thread(ground.start)
        while set(returns) != {"one", "other"}:
            await asyncio.gather(one.listening(), other.listening())
            await asyncio.sleep(0)
        one.tell(LogMoved("lot/one", 2))
        await ear.until(lambda heard: LogMoved("lot/one", 2) in heard)


async def test_telling_never_waits_for_a_bus_that_is_away(ground: Ground) -> None:
    """What waits stays bounded meanwhile, and the newest is heard once the bus is back."""
    bound = 50
    async with process(ground, Settings(ledger_waiting=bound, poll_ms=1)) as one:
        returned = asyncio.Event()
        ear = Ear()
        one.subscribe(ear)
        await asyncio.to_thread(ground.kill)
        for seq in range(20_000):
            one.tell(LogMoved(f"lot/{seq}", seq))
        show = one.frames_of("auction.example.cn/lot/one")
        for _ in range(5_000 if show else 0):
            assert show is not None
            show(b"{}")
        # No breath of the loop since the first of them: nothing of it can have gone.
        assert len(vars(one)["_outbox"].take()) == bound
        assert len(vars(one).get("_frames", ())) == (FRAMES_WAITING if show else 0)
        one.on_return(returned.set)
        await asyncio.to_thread(ground.start)
        async with asyncio.timeout(WAIT_S):
            await returned.wait()
        one.tell(LogMoved("lot/0", 20_001))
        heard = await ear.until(lambda heard: bool(heard))
        assert heard == [LogMoved("lot/0", 20_001)]


@pytest.mark.parametrize(
    "hint", [LogMoved("lot/one", 2**53 - 1), RollChanged("hj-2017-07"), session(1, "ff")]
)
def test_a_hint_reads_as_it_was_written(hint: LogMoved | RollChanged | SessionReplaced) -> None:
    assert read_hint(write_hint(hint)) == hint


@pytest.mark.parametrize(
    "payload",
    ["", "lot/one", "lot/one:x", "lot/one:-1", "lot/one:²", "session:lot-one:short:1:aa"],
)
def test_words_of_a_newer_version_are_ignored(payload: str) -> None:
    assert read_hint(payload) is None
