"""The database's clock with every source wound by hand, and once against the real server."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.settings import Settings
from service.store.dbclock import ClockNotSet, ClockStep, DatabaseClock, database_clock

NOON_US = 1_793_354_677_412_000


class World:
    """Two machines: the database's clock, and our wall and monotonic clocks. All in µs."""

    def __init__(self, settings: Settings) -> None:
        self.database_us = NOON_US
        self.wall_us = NOON_US - 90_000_000
        self.monotonic_us = 5_000_000
        self.there_us = self.back_us = 100
        self.steps: list[ClockStep] = []
        self.clock = DatabaseClock(
            self._answer,
            settings,
            wall_ms=lambda: self.wall_us // 1000,
            monotonic_us=lambda: self.monotonic_us,
        )
        self.clock.on_step(self.steps.append)

    def go(self, us: int) -> None:
        """True time passes everywhere."""
        self.database_us += us
        self.wall_us += us
        self.monotonic_us += us

    async def measure(self, *, there_us: int = 100, back_us: int = 100) -> None:
        self.there_us, self.back_us = there_us, back_us
        await self.clock.measure()

    def error_ms(self) -> float:
        return self.clock.now_ms() - self.database_us / 1000

    async def _answer(self) -> int:
        self.go(self.there_us)
        read = self.database_us
        self.go(self.back_us)
        return read


@pytest.fixture
def world(settings: Settings) -> World:
    return World(settings)


async def test_before_the_first_answer_there_is_no_time(world: World) -> None:
    assert not world.clock.is_sure()
    with pytest.raises(ClockNotSet):
        world.clock.now_ms()


async def test_time_is_the_databases_whatever_our_wall_clock_says(world: World) -> None:
    await world.clock.start()
    assert -1 <= world.error_ms() <= 0
    world.go(40_000_000)
    assert -1 <= world.error_ms() <= 0
    assert world.clock.is_sure()
    assert world.clock.monotonic_ms() == world.monotonic_us // 1000
    assert world.clock.offset_us() == pytest.approx(90_000_000, abs=1000)
    world.wall_us += 300_000
    assert -1 <= world.error_ms() <= 0


@pytest.mark.parametrize(("there_us", "back_us"), [(80_000, 100), (100, 80_000), (0, 99_999)])
async def test_a_lopsided_trip_errs_within_the_stated_uncertainty(
    world: World, there_us: int, back_us: int
) -> None:
    await world.measure(there_us=there_us, back_us=back_us)
    error_us = abs(world.clock.now_ms() * 1000 - world.database_us)
    assert error_us <= world.clock.uncertainty_us() + 1000


async def test_the_shortest_trip_is_believed_and_not_the_latest(world: World) -> None:
    await world.measure(there_us=100, back_us=100)
    await world.measure(there_us=40_000, back_us=100)
    assert -1 <= world.error_ms() <= 0
    assert world.clock.uncertainty_us() < 200


@pytest.mark.parametrize(("half_trip_us", "sure"), [(50_000, True), (50_001, False)])
async def test_more_doubt_than_the_bound_is_not_sure(
    world: World, half_trip_us: int, sure: bool
) -> None:
    await world.measure(there_us=half_trip_us, back_us=half_trip_us)
    assert world.clock.is_sure() is sure


async def test_without_answers_doubt_grows_until_nothing_is_decided(world: World) -> None:
    await world.clock.start()
    world.go(45_000_000)
    assert world.clock.is_sure()
    world.go(10_000_000)
    assert not world.clock.is_sure()
    await world.measure()
    assert world.clock.is_sure()


async def test_time_never_goes_back_and_standing_still_is_not_sure(world: World) -> None:
    await world.clock.start()
    before = world.clock.now_ms()
    world.database_us -= 10_000_000
    await world.measure()
    assert world.clock.now_ms() == before
    assert not world.clock.is_sure()
    world.go(9_990_000)
    assert world.clock.is_sure()
    world.go(20_000)
    assert before < world.clock.now_ms() <= world.database_us / 1000


async def test_a_small_correction_of_the_databases_clock_is_followed_quietly(world: World) -> None:
    await world.clock.start()
    world.database_us += 400_000
    await world.measure()
    assert -1 <= world.error_ms() <= 0
    assert world.steps == []


@pytest.mark.parametrize(("by_us", "seen"), [(499_000, 0), (502_000, 1), (-502_000, 1)])
async def test_a_jump_of_the_databases_clock_is_told(world: World, by_us: int, seen: int) -> None:
    await world.clock.start()
    world.database_us += by_us
    await world.measure()
    assert len(world.steps) == world.clock.steps == seen
    for step in world.steps:
        assert step.by_ms == pytest.approx(by_us / 1000, abs=1)
        assert not step.wall
    await world.measure()
    assert world.clock.steps == seen, "one jump is told once"


@pytest.mark.parametrize(("by_us", "seen"), [(500_000, 0), (502_000, 1), (-502_000, 1)])
async def test_our_wall_and_monotonic_clocks_drifting_apart_is_told(
    world: World, by_us: int, seen: int
) -> None:
    await world.clock.start()
    world.wall_us += by_us
    await world.measure()
    await world.measure()
    assert len(world.steps) == seen
    assert all(step.wall for step in world.steps)


async def test_a_machine_that_slept_wakes_with_the_right_time_and_says_so(world: World) -> None:
    await world.clock.start()
    world.database_us += 3_600_000_000  # the monotonic clock stands still in sleep
    world.wall_us += 3_600_000_000
    await world.measure()
    assert -1 <= world.error_ms() <= 0
    assert world.steps[0].at == pytest.approx(world.database_us / 1000, abs=1)
    assert world.steps[0].by_ms == pytest.approx(3_600_000, abs=1)


async def test_the_real_server_is_asked(engine: AsyncEngine, settings: Settings) -> None:
    async with database_clock(engine, settings) as clock, engine.connect() as connection:
        before = clock.now_ms()
        database_ms = await connection.exec_driver_sql(
            "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
        )
        asked, doubt_ms = database_ms.scalar_one(), clock.uncertainty_us() // 1000 + 1
        assert before - doubt_ms <= asked <= clock.now_ms() + doubt_ms
