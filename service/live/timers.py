"""Runs something later: the event loop's timers, or a test's that are wound by hand."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

Answer = TypeVar("Answer")


class Timer(Protocol):
    def cancel(self) -> None: ...


class Timers(Protocol):
    def call_later(self, delay_ms: int, callback: Callable[[], object]) -> Timer:
        """Calls back once, after `delay_ms` (≥ 0), unless cancelled first."""
        ...


class LoopTimers:
    """The timers of the running event loop."""

    def call_later(self, delay_ms: int, callback: Callable[[], object]) -> Timer:
        return asyncio.get_running_loop().call_later(max(delay_ms, 0) / 1000, callback)


class Deadline:
    """One limit for many answers, and one timer for them all: a timer for each bid cost as much as
    the rules that decide it."""

    def __init__(self, timers: Timers, monotonic_ms: Callable[[], int], limit_ms: int) -> None:
        self._timers = timers
        self._monotonic_ms = monotonic_ms
        self._limit_ms = limit_ms
        self._timer: Timer | None = None
        # In order of their ends, the limit being the same for all.
        self._waiting: dict[asyncio.Future[Any], tuple[int, Callable[[], None]]] = {}

    def watch(self, answer: "asyncio.Future[Any]", late: Callable[[], None]) -> None:
        """Calls `late` once, unless `met` is called within the limit."""
        self._waiting[answer] = (self._monotonic_ms() + self._limit_ms, late)
        if self._timer is None:
            self._timer = self._timers.call_later(self._limit_ms, self._look)

    def met(self, answer: "asyncio.Future[Any]") -> bool:
        """Whether the answer came in time: then nobody is called any more."""
        return self._waiting.pop(answer, None) is not None

    def _look(self) -> None:
        self._timer = None
        now = self._monotonic_ms()
        while self._waiting:
            answer, (ends, late) = next(iter(self._waiting.items()))
            if ends > now:
                self._timer = self._timers.call_later(ends - now, self._look)
                return
            del self._waiting[answer]
            late()


async def within(timers: Timers, limit_ms: int, asked: Awaitable[Answer]) -> Answer | None:
    """The answer, or None when it takes longer than `limit_ms`; what was asked goes on."""
    answer = asyncio.ensure_future(asked)
    either: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def over(_: object = None) -> None:
        if not either.done():
            either.set_result(None)

    answer.add_done_callback(over)
    timer = timers.call_later(limit_ms, over)
    try:
        await either
    finally:
        timer.cancel()
        answer.remove_done_callback(over)
    return answer.result() if answer.done() else None
