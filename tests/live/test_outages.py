"""When the platform fails: no window closes by wall time in which nobody could bid (rules §7)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.live.facts import BidPath
from service.rules import messages as m
from service.rules.terms import Control, Stage
from service.store.dbclock import ClockStep
from service.store.health import Gap
from tests.live.world import (
    BOTH,
    COUNTDOWN_MS,
    DRAIN_MS,
    GAP_MS,
    LISTING_FROM,
    START,
    STEP,
    T0,
    Process,
    World,
    in_timed,
    outcome,
    room_of,
    watch,
)

NOTICE_MS = 5_000


async def die(world: World) -> None:
    """The only process is killed: nothing of it acts any more."""
    for process in world.processes:
        await process.waker.stop()
    world.processes.clear()


async def reborn(world: World) -> Process:
    process = world.process()
    await process.waker.start()
    await world.settle()
    return process


@pytest.mark.parametrize("before_end", [1_000, 1, 0])
async def test_an_outage_in_the_last_second_closes_nothing_and_gives_a_full_window(
    world: World, before_end: int
) -> None:
    """Fault 20: bidders lost the last 19 s, and a court set the sale aside.

    Fault 19: the exact end survives the crash, and so does the duty to give it anew.
    """
    ann, bob = world.bidders("AAAA", "BBBB")
    (room,) = await in_timed(world)
    await room.place_bid(ann.bid(room.origin, START, world.clock.now))
    closes_at = room.lot.closes_at
    assert closes_at is not None
    await world.wind_to(closes_at - before_end)
    await die(world)
    world.jump(60_000)
    room = await room_of(await reborn(world))
    assert (room.lot.stage, room.lot.control) == (Stage.TIMED, Control.SUSPENDED)
    assert (await world.commands())[-1] == "interrupt"
    assert room.lot.resumes_at == world.clock.now + NOTICE_MS
    await world.wind(NOTICE_MS)
    assert room.lot.control is Control.NORMAL
    assert room.lot.closes_at == world.clock.now + COUNTDOWN_MS, "one full fresh countdown"
    assert room.lot.price_fen == START, "accepted quotes stand"
    answer = await room.place_bid(bob.bid(room.origin, START + STEP, world.clock.now))
    assert outcome(answer) == "accepted"
    await world.wind(COUNTDOWN_MS + DRAIN_MS)
    assert (await world.verify()).winner_no == "BBBB"


async def test_a_silence_of_exactly_the_bound_is_no_outage_and_one_ms_more_is(
    world: World,
) -> None:
    """Fault 24: integer milliseconds; the bound itself is still in order."""
    (ann,) = world.bidders("AAAA")
    (room,) = await in_timed(world)
    last_proof = room.proved_to
    world.clock.now = last_proof + GAP_MS
    fine = await room.place_bid(ann.bid(room.origin, START, world.clock.now))
    assert outcome(fine) == "accepted"
    world.clock.now += 1
    stopped = await room.place_bid(ann.bid(room.origin, START + STEP, world.clock.now))
    assert outcome(stopped) == "SUSPENDED"
    interrupt = (await world.entries())[-2].command
    assert interrupt.type == "interrupt"
    assert (interrupt.gap_from, interrupt.gap_to) == (last_proof, world.clock.now)
    await world.verify()


async def test_a_gap_that_ended_before_anybody_looked_is_still_found(world: World) -> None:
    """A proof after the gap does not hide it: the series is read, not its last line."""
    (room,) = await in_timed(world)
    await die(world)
    world.jump(GAP_MS + 1_000)
    other = world.process()
    path = (await room_of(other))._parts.path
    await path.prove()
    world.jump(500)
    await path.prove()
    inherited = await room_of(other)
    inherited.check()
    await world.settle()
    assert inherited.lot.control is Control.SUSPENDED
    assert inherited.lot.closes_at == room.lot.closes_at
    await world.verify()


async def test_a_process_that_was_frozen_and_proves_again_does_not_overlook_its_gap(
    world: World,
) -> None:
    """Fault 21: the system froze in the extension phase, woke up and called lots sold."""
    (ann,) = world.bidders("AAAA")
    (room,) = await in_timed(world)
    world.jump(GAP_MS + 1)
    await world.processes[0].waker.prove()
    answer = await room.place_bid(ann.bid(room.origin, START, world.clock.now))
    assert outcome(answer) == "SUSPENDED"
    await world.verify()


async def test_another_process_that_proves_the_path_keeps_the_sale_running(world: World) -> None:
    """The series is the site's: the death of one process alone suspends nothing."""
    (ann,) = world.bidders("AAAA")
    first, second = await in_timed(world, processes=2)
    await world.processes[1].waker.start()
    await world.processes[0].waker.stop()
    await world.wind(GAP_MS + 3_000)
    answer = await first.place_bid(ann.bid(first.origin, START, world.clock.now))
    assert outcome(answer) == "accepted"
    await world.settle()
    assert second.lot.control is Control.NORMAL
    await world.verify()


async def test_an_opening_that_nobody_attended_is_an_outage_too(world: World) -> None:
    """Fault 20: the announced beginning counts, not the instant at which we woke up."""
    await world.publish()
    world.clock.now = LISTING_FROM + GAP_MS + 1
    process = await reborn(world)
    room = await room_of(process)
    await world.wind(world.settings.poll_ms)
    assert (room.lot.stage, room.lot.control) == (Stage.LISTING, Control.SUSPENDED)
    assert room.lot.suspended_at == LISTING_FROM
    assert room.lot.resumes_at is not None
    await world.wind_to(room.lot.resumes_at)
    assert room.lot.control is Control.NORMAL
    assert room.lot.closes_at == world.clock.now + COUNTDOWN_MS, "a whole window is owed"
    await world.verify()


async def test_a_day_long_outage_waits_for_officials(world: World) -> None:
    (room,) = await in_timed(world)
    await die(world)
    world.jump(3 * 3_600_000)
    room = await room_of(await reborn(world))
    assert room.lot.control is Control.SUSPENDED
    assert room.lot.resumes_at is None
    await world.wind(NOTICE_MS * 2)
    assert room.lot.control is Control.SUSPENDED
    answer = await room.submit(m.Resume(announced_at=world.clock.now, officials=BOTH))
    assert "closes_at" in str(answer)
    assert room.lot.closes_at == world.clock.now + COUNTDOWN_MS
    await world.verify()


async def test_a_clock_step_interrupts_every_lot_that_takes_bids(world: World) -> None:
    """A clock that jumped moves no deadline; the sale stops and starts afresh."""
    (room,) = await in_timed(world)
    await world.publish("lot-two")
    waker = world.processes[0].waker
    waker.clock_stepped(ClockStep(at=world.clock.now, by_ms=700, wall=True))
    await world.settle()
    assert room.lot.control is Control.SUSPENDED
    assert room.lot.suspend_cause is m.InterruptCause.CLOCK_STEP
    assert (await world.commands("lot-two")) == ["publish_lot"]
    await world.verify()


async def test_in_doubt_about_the_time_nothing_is_decided_but_a_suspension(world: World) -> None:
    """Fault 23: a freeze works at any moment, in doubt and in the last second too."""
    (ann,) = world.bidders("AAAA")
    (room,) = await in_timed(world)
    closes_at = room.lot.closes_at
    assert closes_at is not None
    await world.wind_to(closes_at - 1)
    world.clock.sure = False
    size = room.size
    answer = await room.place_bid(ann.bid(room.origin, START, world.clock.now))
    assert outcome(answer) == "clock_unsure"
    assert room.size == size
    freeze = m.Suspend(
        cause=m.SuspendCause.TITLE_DISPUTE,
        text="中止",
        emergency=True,
        officials=m.Officials(requester="publisher-00000001"),
    )
    assert hasattr(await room.submit(freeze), "seq")
    assert room.lot.control is Control.SUSPENDED
    await world.wind(60_000)
    assert room.lot.stage is Stage.TIMED
    await world.verify()


async def test_a_late_joiner_is_told_of_the_pause_and_everybody_of_the_resumption(
    world: World,
) -> None:
    """Fault 37: the pause is in the snapshot.

    Fault 23: resuming needs two officials and ends in a full window.
    """
    (room,) = await in_timed(world)
    _, early = watch(room, world)
    suspend = m.Suspend(
        cause=m.SuspendCause.COURT_ORDER, text="法院裁定", emergency=False, officials=BOTH
    )
    await room.submit(suspend)
    _, late = watch(room, world)
    (snapshot,) = late.told("snapshot")
    assert snapshot["lot"]["control"] == "SUSPENDED"
    assert snapshot["lot"]["suspend_cause"] == "COURT_ORDER"
    (notice,) = early.told("notice")
    assert (notice["code"], notice["params"]["text"]) == ("SUSPENDED", "法院裁定")
    await room.submit(m.Resume(announced_at=world.clock.now, officials=BOTH))
    assert [n["code"] for n in late.told("notice")] == ["RESUMED"]
    assert late.told("notice")[0]["params"]["closes_at"] == world.clock.now + COUNTDOWN_MS
    await world.verify()


async def test_while_no_lot_takes_bids_nothing_is_proved(world: World) -> None:
    await world.publish()
    process = await reborn(world)
    await world.wind_to(LISTING_FROM - 1)
    path = process.rooms.parts.path
    assert (await path.proved(T0 - 1, 10**9)).to == T0 - 1
    await world.wind(3_000)
    assert (await path.proved(T0 - 1, 10**9)).to >= LISTING_FROM


class BetweenLooks:
    """The real engine; after the first statement of a connection another process proves."""

    def __init__(self, engine: AsyncEngine, prove: Callable[[], Awaitable[int]]) -> None:
        self._engine = engine
        self._prove = prove
        self._looks = count()

    @asynccontextmanager
    async def connect(self) -> AsyncIterator["BetweenLooks"]:
        async with self._engine.connect() as self._connection:
            yield self

    async def execution_options(self, **options: Any) -> None:
        await self._connection.execution_options(**options)

    async def execute(self, asked: Any) -> Any:
        found = await self._connection.execute(asked)
        if next(self._looks) == 0:
            await self._prove()
        return found


async def test_a_proof_written_while_one_looks_does_not_hide_the_gap_before_it(
    world: World,
) -> None:
    """Fault 20: the series is read as it stood at one instant."""
    path = BidPath(world.engine, world.clock, "one")
    begun = await path.prove()
    world.jump(60_000)
    between = BetweenLooks(world.engine, path.prove)
    looking = BidPath(between, world.clock, "two")  # type: ignore[arg-type]  # connects alike
    proved = await looking.proved(begun, GAP_MS)
    assert proved.to == begun
    assert proved.gap == Gap(begun, world.clock.now)
