"""A lot's roll as a process keeps it: read once for all who ask, young, and in order of asking."""

import asyncio
from typing import cast

from service.live.facts import Facts, Rolls
from service.store.roll import AdmittedBidder
from tests.live.world import Bidder, HandClock

KEEP_MS = 1_000


class Office:
    """Gives the roll of one bidder when the door is opened."""

    def __init__(self) -> None:
        self.door = asyncio.Event()
        self.asked = 0
        self.fails = False

    async def roll(self, lot_id: str) -> tuple[AdmittedBidder, ...]:
        self.asked += 1
        await self.door.wait()
        if self.fails:
            raise ConnectionError("the office is away")
        return (Bidder("AAAA", "ann").on_roll(),)


def rolls_of(office: Office) -> tuple[Rolls, HandClock]:
    clock = HandClock()
    return Rolls(cast(Facts, office), clock.monotonic_ms, KEEP_MS), clock


async def test_a_roll_is_at_hand_once_read_until_it_is_old_or_changed() -> None:
    office = Office()
    rolls, clock = rolls_of(office)
    assert rolls.at_hand("lot-one") is None
    office.door.set()
    await rolls.find("lot-one", "ann")
    roll = rolls.at_hand("lot-one")
    assert roll is not None
    assert roll["ann"].bidder_no == "AAAA"
    clock.now += KEEP_MS + 1
    assert rolls.at_hand("lot-one") is None
    await rolls.find("lot-one", "ann")
    assert rolls.at_hand("lot-one") is not None
    rolls.forget("lot-one")
    assert rolls.at_hand("lot-one") is None


async def test_nobody_overtakes_those_who_wait_for_the_roll() -> None:
    """Who came while it was read goes on before who comes when it is there."""
    office = Office()
    rolls, _ = rolls_of(office)
    order: list[str] = []

    async def early(name: str) -> None:
        await rolls.find("lot-one", "ann")
        order.append(name)

    waiting = [asyncio.create_task(early(name)) for name in ("first", "second")]
    await asyncio.sleep(0)
    office.door.set()
    while rolls.at_hand("lot-one") is None:  # noqa: ASYNC110 — nobody tells when it is
        await asyncio.sleep(0)
    order.append("late")
    await asyncio.gather(*waiting)
    assert (order, office.asked) == (["first", "second", "late"], 1)


async def read_once(office: Office) -> tuple[Rolls, HandClock]:
    """A roll that is read, and an office that lets nobody in."""
    rolls, clock = rolls_of(office)
    office.door.set()
    await rolls.find("lot-one", "ann")
    office.door.clear()
    return rolls, clock


async def read_through(office: Office) -> None:
    """The reading under way ends, and what follows from it is done."""
    office.door.set()
    for _ in range(3):
        await asyncio.sleep(0)


async def test_while_bids_come_steadily_none_waits_for_the_roll() -> None:
    office = Office()
    rolls, clock = await read_once(office)
    for _ in range(5):
        office.door.clear()
        clock.now += KEEP_MS * 3 // 4 + 1
        assert rolls.at_hand("lot-one") is not None, "the next reading only begins"
        assert rolls.at_hand("lot-one") is not None
        await read_through(office)
    assert office.asked == 6


async def test_a_reading_ahead_counts_from_its_beginning() -> None:
    office = Office()
    rolls, clock = await read_once(office)
    clock.now += KEEP_MS
    assert rolls.at_hand("lot-one") is not None
    await asyncio.sleep(0)
    clock.now += KEEP_MS
    await read_through(office)
    assert rolls.at_hand("lot-one") is not None
    clock.now += 1
    assert rolls.at_hand("lot-one") is None


async def test_who_finds_the_roll_old_waits_for_the_reading_under_way() -> None:
    office = Office()
    rolls, clock = await read_once(office)
    clock.now += KEEP_MS
    assert rolls.at_hand("lot-one") is not None
    await asyncio.sleep(0)
    clock.now += 1
    assert rolls.at_hand("lot-one") is None
    waiting = asyncio.create_task(rolls.find("lot-one", "ann"))
    await asyncio.sleep(0)
    await read_through(office)
    assert await waiting is not None
    assert office.asked == 2
    assert rolls.at_hand("lot-one") is not None


async def test_a_change_is_not_hidden_by_what_was_read_ahead_of_it() -> None:
    office = Office()
    rolls, clock = await read_once(office)
    clock.now += KEEP_MS
    assert rolls.at_hand("lot-one") is not None
    await asyncio.sleep(0)
    rolls.forget("lot-one")
    await read_through(office)
    assert rolls.at_hand("lot-one") is None


async def test_a_reading_ahead_that_fails_is_tried_again() -> None:
    office = Office()
    rolls, clock = await read_once(office)
    clock.now += KEEP_MS
    assert rolls.at_hand("lot-one") is not None
    office.fails = True
    await read_through(office)
    office.fails = False
    assert rolls.at_hand("lot-one") is not None
    await read_through(office)
    clock.now += KEEP_MS
    assert (rolls.at_hand("lot-one") is not None, office.asked) == (True, 3)
