"""Rooms that nobody watches: they read on when somebody asks, and whoever asks sees the head."""

import pytest

from schemas import live
from service.bus.hints import LogMoved
from service.live import room as live_room
from service.live.room import Room
from service.rules import messages as m
from service.rules.terms import Control, Stage
from tests.live.world import (
    BOTH,
    DRAIN_MS,
    LISTING_FROM,
    START,
    STEP,
    Process,
    World,
    in_timed,
    outcome,
    room_of,
    watch,
)


async def two_rooms(world: World) -> tuple[Room, Process, Room]:
    """Two processes on one lot that takes bids; the second hears hints, and nobody sits there."""
    await world.publish()
    first, second = world.process(), world.process()
    world.clock.now = LISTING_FROM - 1
    await first.waker.start()
    await world.wind(1)
    await first.waker.stop()
    return await room_of(first), second, await room_of(second)


def suspend() -> m.Suspend:
    return m.Suspend(
        cause=m.SuspendCause.TITLE_DISPUTE, text="中止", emergency=False, officials=BOTH
    )


async def bid_and_tell(world: World, first: Room, second: Process, times: int = 1) -> None:
    """The first room decides so many bids; the second process hears of each."""
    for _ in range(times):
        (somebody,) = world.bidders(f"A{first.size:03}")
        bid = somebody.bid(first.origin, START + first.size * STEP, world.clock.now)
        answer = await first.place_bid(bid)
        assert isinstance(answer, live.Receipt)
        assert outcome(answer) == "accepted"
        second.rooms.hear(LogMoved(first.log, answer.seq))
    await world.settle()


async def test_hints_are_not_followed_where_nobody_watches(world: World) -> None:
    first, process, second = await two_rooms(world)
    size = second.size
    await bid_and_tell(world, first, process, times=3)
    assert second.size == size
    await process.rooms.poll()
    await world.settle()
    assert second.size == size, "nor polls"


async def test_who_joins_is_shown_the_head(world: World) -> None:
    first, process, second = await two_rooms(world)
    await bid_and_tell(world, first, process)
    assert await process.rooms.enter("lot-one", None) is second
    _, line = watch(second, world)
    assert line.told("snapshot")[0]["seq"] == first.size - 1
    await bid_and_tell(world, first, process)
    await world.wind(world.settings.conflate_ms)
    updates = line.told("update")
    assert [row["seq"] for update in updates for row in update["new"]] == [first.size - 1]


async def test_a_bid_is_decided_on_the_head_and_loses_no_swap(world: World) -> None:
    first, process, second = await two_rooms(world)
    await bid_and_tell(world, first, process, times=2)
    (bob,) = world.bidders("BBBB")
    low = bob.bid(second.origin, START, world.clock.now)
    answer = await second.place_bid(low)
    assert isinstance(answer, live.Receipt)
    assert (outcome(answer), answer.seq) == ("BELOW_MINIMUM", first.size)
    await world.verify()


async def test_a_room_that_is_far_behind_reads_on_unasked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, process, second = await two_rooms(world)
    monkeypatch.setattr(live_room, "FAR_BEHIND", 3)
    await bid_and_tell(world, first, process, times=2)
    assert second.size < first.size
    await bid_and_tell(world, first, process)
    assert second.size == first.size


async def test_a_poll_brings_a_new_stage_or_control_to_every_room(world: World) -> None:
    """What was cut off before a resumption is history in every process, watched there or not."""
    first, process, second = await two_rooms(world)
    await first.submit(suspend())
    process.rooms.hear(LogMoved(first.log, first.size - 1))
    await world.settle()
    assert second.lot.control is Control.NORMAL
    await process.waker.poll()
    await world.settle()
    assert second.lot.control is not Control.NORMAL
    await process.waker.stop()


async def test_a_window_that_another_process_extended_is_closed_in_time_by_this_one(
    world: World,
) -> None:
    """The process that took the last bid is gone; this one never looked, and closes it."""
    first, _ = await in_timed(world, processes=2)
    survivor = world.processes[1]
    await bid_and_tell(world, first, survivor)
    ends = first.lot.closes_at
    assert ends is not None
    await world.processes[0].waker.stop()
    await survivor.waker.start()
    await world.wind_to(ends + DRAIN_MS)
    assert (await room_of(survivor)).lot.stage not in (Stage.LISTING, Stage.TIMED)
    await survivor.waker.stop()
    await world.verify()


async def test_a_gap_that_others_answered_is_not_answered_again(world: World) -> None:
    """An interruption is found on a state of old, and is looked at again on the head."""
    first, process, second = await two_rooms(world)
    world.jump((second.lot.rules.outage_gap_s + 5) * 1000)
    first.check()
    await world.settle()
    assert first.lot.control is not Control.NORMAL
    process.rooms.hear(LogMoved(first.log, first.size - 1))
    second.check()
    await world.settle()
    assert (await world.commands()).count("interrupt") == 1
    assert second.size == first.size
    await world.verify()
