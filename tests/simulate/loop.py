"""An event loop without a machine under it: virtual time, and a seeded hand that picks what runs.

Whatever is ready may run next, so every await is a place where the order can be any. Each callback
belongs to a host; a dead host's callbacks are dropped, a halted one's wait until it goes on.
"""

import asyncio
import heapq
from asyncio import events
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from itertools import count
from random import Random
from typing import Any

CALLBACK_US = 40
"""The most that one callback takes (µs)."""
JITTER_US = 2_000
"""How late a timer may ring (µs)."""


class Host:
    """A machine's process as the scheduler knows it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.halted = False
        self.held: list[asyncio.Handle] = []
        self.ran = 0
        self.dies_after: int | None = None
        self.context = copy_context()
        self.context.run(_OWNER.set, self)


_OWNER: ContextVar[Host | None] = ContextVar("owner", default=None)


class NothingMoves(Exception):
    """Nobody is ready and no timer is set, and what was awaited is not done."""


class SimLoop(asyncio.AbstractEventLoop):
    """Owns time and order. `now_us`: µs since the beginning."""

    def __init__(self, chance: Random) -> None:
        self.now_us = 0
        self.chance = chance
        self.outside = copy_context()
        """The context of whatever is no host: the network, the database, the people."""
        self.outside.run(_OWNER.set, None)
        self.failures: list[str] = []
        self.dying: Callable[[Host], None] = lambda host: None
        self._ready: list[asyncio.Handle] = []
        self._timers: list[tuple[int, int, asyncio.TimerHandle]] = []
        self._numbers = count()
        self._kept: list[asyncio.Task[Any]] = []

    # ── what asyncio asks of a loop ─────────────────────────────────────────────────────────

    def time(self) -> float:
        return self.now_us / 1e6

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, **kwargs: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self, **kwargs)
        # A dead host's coroutines must not be closed by the collector: their `finally` would run.
        self._kept.append(task)
        return task

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        return self._at(self.now_us + int(max(delay, 0) * 1e6), callback, args, context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        return self._at(int(when * 1e6), callback, args, context)

    def run_in_executor(  # type: ignore[override]
        self, executor: object, work: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """A thread that is done at some later moment, and at one."""
        done = self.create_future()

        def finish() -> None:
            try:
                result = work(*args)
            except Exception as error:
                done.set_exception(error)
            else:
                done.set_result(result)

        self.call_later(self.chance.random() / 200, finish)
        return done

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Cancelled timers are thrown away when their time comes."""

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self.failures.append(f"{context.get('message')}: {error!r}")

    # ── what the simulation asks ────────────────────────────────────────────────────────────

    def after(self, delay_us: int, callback: Callable[..., object], *args: Any) -> None:
        """Runs something outside every host, exactly then."""
        when = self.now_us + delay_us
        handle = asyncio.TimerHandle(when / 1e6, callback, args, self, self.outside)
        heapq.heappush(self._timers, (when, next(self._numbers), handle))

    def spawn(self, work: Coroutine[Any, Any, Any], host: Host | None = None) -> asyncio.Task[Any]:
        """A task of this host, or of the world outside."""
        context = self.outside if host is None else host.context
        return self.create_task(work, context=context.copy())

    def release(self, host: Host) -> None:
        """A halted host goes on."""
        host.halted = False
        self._ready += host.held
        host.held = []

    def run(self, task: asyncio.Task[Any], until_us: int) -> None:
        """Until the task is done or the time has come."""
        before = events._get_running_loop()
        events._set_running_loop(self)
        try:
            while not task.done() and self.now_us <= until_us:
                self._step()
        finally:
            events._set_running_loop(before)

    def tasks(self) -> list[asyncio.Task[Any]]:
        """Every task that ever was."""
        return self._kept

    def bury(self) -> None:
        """Nothing of this run makes a sound any more."""
        for task in self._kept:
            task._log_destroy_pending = False  # type: ignore[attr-defined]
        self._ready.clear()
        self._timers.clear()

    def _at(
        self, when: int, callback: Callable[..., object], args: Any, context: Context | None
    ) -> asyncio.TimerHandle:
        when = max(when, self.now_us) + self.chance.randrange(JITTER_US)
        handle = asyncio.TimerHandle(when / 1e6, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), handle))
        return handle

    def _step(self) -> None:
        if not self._ready:
            self._wind()
        while self._timers and self._timers[0][0] <= self.now_us:
            self._ready.append(heapq.heappop(self._timers)[2])
        place = self.chance.randrange(len(self._ready))
        handle = self._ready[place]
        self._ready[place] = self._ready[-1]
        self._ready.pop()
        if not handle._cancelled:
            self._run_one(handle)

    def _wind(self) -> None:
        if not self._timers:
            raise NothingMoves
        self.now_us = max(self.now_us, self._timers[0][0])

    def _run_one(self, handle: asyncio.Handle) -> None:
        owner = handle._context.get(_OWNER)  # type: ignore[attr-defined]
        if owner is not None:
            if not owner.alive:
                return
            if owner.halted:
                owner.held.append(handle)
                return
            owner.ran += 1
            if owner.dies_after is not None and owner.ran > owner.dies_after:
                self.dying(owner)
                return
        self.now_us += self.chance.randrange(CALLBACK_US)
        handle._run()
