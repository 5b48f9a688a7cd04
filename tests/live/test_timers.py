"""One limit for many answers, on timers wound by hand."""

import asyncio

from service.live.timers import Deadline
from tests.live.world import HandClock, HandTimers

LIMIT_MS = 5_000


class Table:
    """A deadline, its clock, and who was told that it is late."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.timers = HandTimers(self.clock)
        self.deadline = Deadline(self.timers, self.clock.monotonic_ms, LIMIT_MS)
        self.late: list[str] = []

    def ask(self, name: str) -> "asyncio.Future[None]":
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.deadline.watch(answer, lambda: self.late.append(name))
        return answer

    def wind(self, ms: int) -> None:
        until = self.clock.now + ms
        while (timer := self.timers.next_due(until)) is not None:
            self.clock.now = timer.due
            assert timer.callback is not None
            timer.callback()
        self.clock.now = until


async def test_each_is_called_late_at_its_own_end_and_not_before() -> None:
    table = Table()
    first = table.ask("first")
    table.wind(1_000)
    second = table.ask("second")
    table.wind(LIMIT_MS - 1_001)
    assert table.late == []
    table.wind(1)
    assert table.late == ["first"]
    assert not table.deadline.met(first)
    table.wind(999)
    assert table.deadline.met(second)
    table.wind(LIMIT_MS)
    assert table.late == ["first"]


async def test_what_is_answered_is_never_called_late_and_one_timer_serves_all() -> None:
    table = Table()
    answers = [table.ask(str(number)) for number in range(100)]
    assert all(table.deadline.met(answer) for answer in answers)
    assert not table.deadline.met(answers[0])
    rung = 0
    while table.timers.next_due(table.clock.now + 10 * LIMIT_MS) is not None:
        rung += 1
    assert (rung, table.late) == (1, [])


async def test_the_deadline_goes_on_after_all_were_answered() -> None:
    table = Table()
    assert table.deadline.met(table.ask("answered"))
    table.wind(LIMIT_MS + 1)
    table.ask("forgotten")
    table.wind(LIMIT_MS)
    assert table.late == ["forgotten"]
