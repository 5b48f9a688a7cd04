"""Database time as this process knows it: measured continually, carried by the monotonic clock.

Every bid is stamped without asking the database, so the offset must be known before. One question
and answer bounds it: the database read its clock somewhere between them, so the middle is wrong by
at most half the round trip. Later the two clocks drift apart; the best answer of the last few wins.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service import clock
from service.settings import Settings
from service.store.engine import dial

DRIFT_PPM = 1_000
"""Bound on how fast two clocks part: NTP may slew each of them by 500 ppm."""
REMEMBERED = 16
"""Answers among which the best is chosen."""
FIRST_QUESTIONS = 5

AskDatabase = Callable[[], Awaitable[int]]
_LOST = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
_log = structlog.get_logger()


class ClockNotSet(Exception):
    """The database has not been asked for the time yet."""


@dataclass(frozen=True, slots=True)
class ClockStep:
    """A clock jumped: ours (`wall`) or the database's, by this much. `at`: ms, as known then."""

    at: int
    by_ms: int
    wall: bool


@dataclass(frozen=True, slots=True)
class _Answer:
    """The database's clock minus our monotonic one, µs, known to ± half_trip when asked."""

    asked_us: int
    offset_us: int
    half_trip_us: int

    def uncertainty_us(self, now_us: int) -> int:
        return self.half_trip_us + abs(now_us - self.asked_us) * DRIFT_PPM // 1_000_000


class DatabaseClock:
    """Keeps the offset. It is the one owner of this process's idea of legal time.

    `ask` gives the database's clock in UTC µs; `wall_ms` and `monotonic_us` are this machine's.
    """

    def __init__(
        self,
        ask: AskDatabase,
        settings: Settings,
        *,
        wall_ms: Callable[[], int] = clock.wall_ms,
        monotonic_us: Callable[[], int] = clock.monotonic_us,
    ) -> None:
        self._ask = ask
        self._settings = settings
        self._wall_ms = wall_ms
        self._monotonic_us = monotonic_us
        self._answers: deque[_Answer] = deque(maxlen=REMEMBERED)
        self._best: _Answer | None = None
        self._wall_minus_monotonic_ms: int | None = None
        self._latest_ms = 0
        self._listeners: list[Callable[[ClockStep], None]] = []
        self.steps = 0
        """Jumps seen since the start."""

    def now_ms(self) -> int:
        """UTC ms of the database clock; never less than the time before. Raises ClockNotSet."""
        self._latest_ms = max(self._latest_ms, self._measured_ms())
        return self._latest_ms

    def monotonic_ms(self) -> int:
        return self._monotonic_us() // 1000

    def is_sure(self) -> bool:
        """Within `clock_uncertainty_ms`, and not standing still because the database went back."""
        if not self._answers:
            return False
        held_back_us = (self._latest_ms - self._measured_ms()) * 1000
        bound_us = self._settings.clock_uncertainty_ms * 1000
        return self.uncertainty_us() <= bound_us and held_back_us <= bound_us

    def offset_us(self) -> int:
        """The database's clock minus this machine's wall clock, µs: for the health series."""
        now_us = self._monotonic_us()
        return now_us + self._chosen().offset_us - self._wall_ms() * 1000

    def uncertainty_us(self) -> int:
        """Half the best round trip plus the drift since, µs."""
        now_us = self._monotonic_us()
        return self._chosen().uncertainty_us(now_us)

    def on_step(self, listener: Callable[[ClockStep], None]) -> None:
        """Calls `listener` when a clock jumped by more than `clock_step_ms` (rules §7)."""
        self._listeners.append(listener)

    async def measure(self) -> None:
        """Asks once. Raises what asking raises."""
        before_us = self._monotonic_us()
        database_us = await self._ask()
        after_us = self._monotonic_us()
        # Half the trip, rounded up: the bound must hold.
        half_trip_us = (after_us - before_us + 1) // 2
        answer = _Answer(after_us, database_us - before_us - half_trip_us, half_trip_us)
        self._take(answer)
        self._watch_our_clock()

    async def start(self) -> None:
        """The first questions; afterwards the clock may be read."""
        for _ in range(FIRST_QUESTIONS):
            await self.measure()

    async def run(self) -> None:
        """Asks every `clock_period_ms` until cancelled; while nobody answers doubt only grows."""
        while True:
            await asyncio.sleep(self._settings.clock_period_ms / 1000)
            try:
                await self.measure()
            except _LOST as error:
                _log.warning("clock_unanswered", error=repr(error))

    def _take(self, answer: _Answer) -> None:
        """An answer that the older ones exclude means that the database's clock was set."""
        if self._answers:
            best = self._chosen()
            by_us = answer.offset_us - best.offset_us
            doubt_us = answer.half_trip_us + best.uncertainty_us(answer.asked_us)
            if abs(by_us) > doubt_us:
                self._answers.clear()
            if abs(by_us) > doubt_us + self._settings.clock_step_ms * 1000:
                self._keep(answer)
                self._tell(by_us // 1000, wall=False)
                return
        self._keep(answer)

    def _keep(self, answer: _Answer) -> None:
        """Doubt grows alike in every answer, so the best of them changes with a new one alone; the
        time is asked several times for each bid."""
        self._answers.append(answer)
        now_us = answer.asked_us
        self._best = min(self._answers, key=lambda each: each.uncertainty_us(now_us))

    def _watch_our_clock(self) -> None:
        """Somebody set this machine's wall clock, or the machine slept."""
        apart_ms = self._wall_ms() - self._monotonic_us() // 1000
        if self._wall_minus_monotonic_ms is None:
            self._wall_minus_monotonic_ms = apart_ms
        by_ms = apart_ms - self._wall_minus_monotonic_ms
        if abs(by_ms) > self._settings.clock_step_ms:
            self._wall_minus_monotonic_ms = apart_ms
            self._tell(by_ms, wall=True)

    def _tell(self, by_ms: int, *, wall: bool) -> None:
        self.steps += 1
        _log.warning("clock_stepped", by_ms=by_ms, wall=wall)
        step = ClockStep(self.now_ms(), by_ms, wall)
        for listener in self._listeners:
            listener(step)

    def _measured_ms(self) -> int:
        now_us = self._monotonic_us()
        return (now_us + self._chosen().offset_us) // 1000

    def _chosen(self) -> _Answer:
        if self._best is None:
            raise ClockNotSet("the database has not been asked for the time yet")
        return self._best


class AskPostgres:
    """Asks `clock_timestamp()` on a connection of its own, so that no queue spoils the trip."""

    def __init__(self, engine: AsyncEngine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._connection: asyncpg.Connection | None = None

    async def __call__(self) -> int:
        """The database's clock, UTC µs."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await dial(self._engine, self._settings)
        limit_s = self._settings.statement_timeout_ms / 1000
        time_us: int = await self._connection.fetchval(_TIME, timeout=limit_s)
        return time_us

    def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()


_TIME = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"


@asynccontextmanager
async def database_clock(engine: AsyncEngine, settings: Settings) -> AsyncIterator[DatabaseClock]:
    """A clock of this database that may be read at once and is kept right until the end."""
    ask = AskPostgres(engine, settings)
    kept = DatabaseClock(ask, settings)
    try:
        await kept.start()
        keeping = asyncio.create_task(kept.run(), name="clock")
        try:
            yield kept
        finally:
            keeping.cancel()
            await asyncio.wait((keeping,))
    finally:
        ask.close()
