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

    async def roll(self, lot_id: str) -> tuple[AdmittedBidder, ...]:
        self.asked += 1
        await self.door.wait()
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
