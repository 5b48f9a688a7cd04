"""Clocks that jump in the middle of a countdown: nothing is closed by a jump (rules §7).

Real clocks of processes, real rooms and the real database; only the hands of the machines' clocks
are moved: the database host's, and the wall clock of each process.
"""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from service.live.room import Room
from service.rules import messages as m
from service.rules.terms import Control, Stage
from service.store.dbclock import DatabaseClock
from service.store.ledger import Append, Appended, Ledger, NotWritten
from tests.live.world import (
    COUNTDOWN_MS,
    DRAIN_MS,
    LISTING_FROM,
    LISTING_TO,
    START,
    STEP,
    World,
    outcome,
    room_of,
)

HALF_MINUTE, HOUR = 30_000, 3_600_000
STEPS = [HALF_MINUTE, -HALF_MINUTE, HOUR, -HOUR]
NOTICE_MS = 5_000


@dataclass
class Machine:
    """One process's machine: its own clocks, and what it asks of the database's."""

    world: World
    database: "Database"
    wall_step_ms: int = 0

    def clock(self) -> DatabaseClock:
        return DatabaseClock(
            self.database.answer,
            self.world.settings,
            wall_ms=lambda: self.world.clock.now + self.wall_step_ms,
            monotonic_us=lambda: self.world.clock.now * 1000,
        )


@dataclass
class Database:
    """The database host's clock: true time, and how far somebody moved its hands."""

    world: World
    step_ms: int = 0

    async def answer(self) -> int:
        return (self.world.clock.now + self.step_ms) * 1000

    def now(self) -> int:
        return self.world.clock.now + self.step_ms


class Site:
    """Processes with a clock each on one database, in a lot that takes bids."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.database = Database(world)
        self.machines: list[Machine] = []
        self.clocks: list[DatabaseClock] = []

    async def add(self) -> None:
        machine = Machine(self.world, self.database)
        clock = machine.clock()
        await clock.start()
        process = self.world.process(clock=clock)
        clock.on_step(process.waker.clock_stepped)
        self.machines.append(machine)
        self.clocks.append(clock)
        await process.waker.start()
        await self.world.settle()

    async def measure(self) -> None:
        """Every process asks the database, one after the other, as it does each second."""
        for clock in self.clocks:
            await clock.measure()
        await self.world.settle()

    async def wind(self, ms: int) -> None:
        """True time passes; clocks are measured each second."""
        while ms > 0:
            step = min(ms, 1000)
            await self.world.wind(step)
            await self.measure()
            ms -= step

    async def room(self, number: int = 0) -> Room:
        return await room_of(self.world.processes[number])

    async def changes(self) -> list[str]:
        """Which stages were left, in order."""
        entries = await self.world.entries()
        return [
            event.to for entry in entries for event in entry.events if event.type == "stage_changed"
        ]


async def site_in(world: World, stage: Stage, processes: int, **rules: Any) -> Site:
    await world.publish(**rules)
    world.clock.now = LISTING_FROM - 1
    site = Site(world)
    for _ in range(processes):
        await site.add()
    into = LISTING_FROM + 2_000 if stage is Stage.LISTING else LISTING_TO + DRAIN_MS
    await site.wind(into - world.clock.now)
    if stage is Stage.TIMED:
        await site.wind(COUNTDOWN_MS // 2)
    for process in world.processes:
        (await room_of(process)).look()
    await world.settle()
    assert (await site.room()).lot.stage is stage
    return site


async def resumed(site: Site) -> Room:
    """The pause lasts its notice and ends in a full fresh window; then the room."""
    room = await site.room()
    assert room.lot.control is Control.SUSPENDED
    assert room.lot.resumes_at is not None
    await site.wind(max(room.lot.resumes_at - site.database.now(), 0) + 2_000)
    assert room.lot.control is Control.NORMAL
    return room


async def runs_to_its_end(site: Site, room: Room) -> None:
    """A bid is taken in the fresh window, and only that window's own end closes it."""
    (bidder,) = site.world.bidders("A2K7")
    answer = await room.place_bid(bidder.bid(room.origin, START, site.clocks[0].now_ms()))
    assert outcome(answer) == "accepted"
    closes_at = room.lot.closes_at
    assert closes_at is not None
    await site.wind(closes_at - site.database.now() - 1_000)
    assert Stage.CLOSING not in await site.changes()
    await site.wind(1_000 + DRAIN_MS + 2_000)
    assert room.lot.stage in (Stage.SOLD, Stage.TIMED)
    await site.world.verify()


@pytest.mark.parametrize(("outage_gap_s", "processes"), [(5, 1), (7_200, 2)])
@pytest.mark.parametrize("stage", [Stage.LISTING, Stage.TIMED])
@pytest.mark.parametrize("by_ms", [HALF_MINUTE, HOUR])
async def test_when_the_truth_jumps_ahead_the_sale_is_interrupted_and_not_closed(
    world: World, by_ms: int, stage: Stage, processes: int, outage_gap_s: int
) -> None:
    """The end of the window lies behind the new time, and nobody could bid till then.

    A gap that the outage rule would bear leaves it to the clock alone.
    """
    site = await site_in(world, stage, processes, outage_gap_s=outage_gap_s)
    before = await site.changes()
    site.database.step_ms += by_ms
    await site.measure()
    room = await site.room()
    assert room.lot.control is Control.SUSPENDED
    assert room.lot.stage is stage
    assert await site.changes() == before, "no stage was left by the jump"
    room = await resumed(site)
    assert room.lot.stage is stage
    assert room.lot.opened_at is not None
    assert room.lot.closes_at == room.lot.opened_at + COUNTDOWN_MS, "one full fresh window"
    await runs_to_its_end(site, room)


@pytest.mark.parametrize("stage", [Stage.LISTING, Stage.TIMED])
@pytest.mark.parametrize("by_ms", [-HALF_MINUTE, -HOUR])
async def test_when_the_truth_jumps_back_time_stands_still_and_then_gives_a_full_window(
    world: World, by_ms: int, stage: Stage
) -> None:
    """`at` never goes back: until the database has caught up nothing but a stop is decided."""
    (bidder,) = world.bidders("B3M8")
    site = await site_in(world, stage, processes=2)
    before = await site.changes()
    stood_at = site.clocks[0].now_ms()
    site.database.step_ms += by_ms
    await site.measure()
    room = await site.room()
    assert room.lot.control is Control.SUSPENDED
    assert room.lot.suspend_cause is m.InterruptCause.CLOCK_STEP
    assert site.clocks[0].now_ms() == stood_at
    answer = await room.place_bid(bidder.bid(room.origin, START, stood_at))
    assert outcome(answer) == "clock_unsure"
    world.jump(-by_ms - 1_000)  # nobody decides meanwhile: nothing happens but this
    await site.measure()
    assert await site.changes() == before
    room = await resumed(site)
    assert room.lot.stage is stage
    assert room.lot.opened_at is not None
    assert room.lot.closes_at == room.lot.opened_at + COUNTDOWN_MS
    await runs_to_its_end(site, room)


@pytest.mark.parametrize(
    ("stage", "by_ms"), [*((Stage.TIMED, by_ms) for by_ms in STEPS), (Stage.LISTING, HOUR)]
)
async def test_a_process_whose_own_wall_clock_jumps_closes_nothing_early_or_late(
    world: World, stage: Stage, by_ms: int
) -> None:
    """In one of two processes only. Legal time is the database's; the sale pauses all the same."""
    site = await site_in(world, stage, processes=2)
    before = await site.changes()
    site.machines[1].wall_step_ms += by_ms
    truth = site.database.now()
    await site.measure()
    assert [clock.now_ms() for clock in site.clocks] == [truth, truth]
    room = await site.room()
    room.look()
    await world.settle()
    assert room.lot.suspend_cause is m.InterruptCause.CLOCK_STEP
    assert await site.changes() == before
    room = await resumed(site)
    assert room.lot.opened_at is not None
    assert room.lot.closes_at == room.lot.opened_at + COUNTDOWN_MS
    await runs_to_its_end(site, room)


@pytest.mark.parametrize("by_ms", [-HALF_MINUTE, HOUR])
async def test_a_process_that_starts_with_a_wrong_wall_clock_changes_nothing(
    world: World, by_ms: int
) -> None:
    site = await site_in(world, Stage.TIMED, processes=1)
    room = await site.room()
    closes_at = room.lot.closes_at
    machine = Machine(world, site.database, wall_step_ms=by_ms)
    clock = machine.clock()
    await clock.start()
    late = world.process(clock=clock)
    clock.on_step(late.waker.clock_stepped)
    await late.waker.start()
    site.clocks.append(clock)
    await site.wind(2_000)
    assert room.lot.control is Control.NORMAL
    assert room.lot.closes_at == closes_at
    await world.verify()


@pytest.mark.parametrize("before_end", [1, 0, -DRAIN_MS + 1])
@pytest.mark.parametrize("by_ms", [HALF_MINUTE, -HOUR])
async def test_a_jump_in_the_last_second_closes_nothing(
    world: World, before_end: int, by_ms: int
) -> None:
    """Fault 20: bidders lost the last 19 s, and a court set the sale aside."""
    site = await site_in(world, Stage.TIMED, processes=2, outage_gap_s=7_200)
    room = await site.room()
    closes_at = room.lot.closes_at
    assert closes_at is not None
    await world.wind_to(closes_at - before_end)
    site.database.step_ms += by_ms
    await site.measure()
    assert room.lot.stage is Stage.TIMED
    assert room.lot.control is Control.SUSPENDED
    await world.verify()


@pytest.mark.parametrize(("by_ms", "stops"), [(500, False), (-500, False), (502, True)])
async def test_five_hundred_ms_are_borne_and_more_is_not(
    world: World, by_ms: int, stops: bool
) -> None:
    site = await site_in(world, Stage.TIMED, processes=1)
    site.machines[0].wall_step_ms += by_ms
    await site.measure()
    room = await site.room()
    assert (room.lot.control is Control.SUSPENDED) is stops


async def test_every_entry_is_dated_at_or_after_the_one_before_through_any_jumps(
    world: World,
) -> None:
    ann, bob = world.bidders("A2K7", "B3M8")
    site = await site_in(world, Stage.TIMED, processes=2, max_jump_steps=None)
    amount = START
    for by_ms in (200, -300, HALF_MINUTE, 400, -HALF_MINUTE, -200):
        site.database.step_ms += by_ms
        for number, bidder in enumerate((ann, bob)):
            room = await site.room(number)
            now = site.clocks[number].now_ms()
            await room.place_bid(bidder.bid(room.origin, amount, now))
            amount += STEP
            await site.clocks[number].measure()
        await world.settle()
        await site.wind(1_000)
    dates = [entry.at for entry in await world.entries()]
    assert dates == sorted(dates)
    await world.verify()


class Refusing:
    """The real ledger, but for some writes that the database refuses."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.refuses = 0

    async def append(self, append: Append) -> Appended:
        if self.refuses:
            self.refuses -= 1
            raise NotWritten("the database has just changed its host")
        return await self.ledger.append(append)


async def test_a_stop_that_could_not_be_written_is_not_forgotten(world: World) -> None:
    """A primary changes its host: its clock jumps and its first writes fail, both at once."""
    site = await site_in(world, Stage.TIMED, processes=1, outage_gap_s=7_200)
    room = await site.room()
    ledger = Refusing(world.ledgers[0])
    room._parts = replace(room._parts, ledger=ledger)  # type: ignore[arg-type]  # writes alike
    ledger.refuses = 3
    site.database.step_ms += HALF_MINUTE
    await site.measure()
    assert room.lot.control is Control.NORMAL
    await site.wind(4 * world.settings.poll_ms)
    assert room.lot.suspend_cause is m.InterruptCause.CLOCK_STEP
    assert room.lot.stage is Stage.TIMED
    await world.verify()
