"""Runs something later: the event loop's timers, or a test's that are wound by hand."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

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
