"""What a bidder says he saw, and what everybody is shown after a fault."""

from dataclasses import replace
from typing import Any

from service.live.record import Entry
from service.live.room import Room
from tests.live.world import LISTING_FROM, START, STEP, World, outcome, room_of, watch


async def in_listing(world: World) -> Room:
    """A room that takes bids; its process has no waker running."""
    await world.publish()
    helper = world.process()
    world.clock.now = LISTING_FROM - 1
    await helper.waker.start()
    await world.wind(1)
    await helper.waker.stop()
    return await room_of(world.process())


async def test_a_bid_that_has_seen_what_nobody_wrote_does_not_spoil_the_log(world: World) -> None:
    """The verifier calls a log false that holds one: any bidder could have made it so."""
    (ann,) = world.bidders("AAAA")
    room = await in_listing(world)
    bid = ann.bid(room.origin, START, world.clock.now)
    for seen in (room.size, 2**53 - 1):
        assert outcome(await room.place_bid(replace(bid, seen_seq=seen))) == "malformed"
    assert "place_bid" not in await world.commands()
    assert outcome(await room.place_bid(replace(bid, seen_seq=room.size - 1))) == "accepted"
    await world.verify()


async def test_a_bidder_may_have_seen_more_than_this_process_has(world: World) -> None:
    """He read it from another process a moment ago; this one reads before it judges."""
    ann, bob = world.bidders("AAAA", "BBBB")
    first = await in_listing(world)
    second = await room_of(world.process())
    await first.place_bid(ann.bid(first.origin, START, world.clock.now))
    seen = first.size - 1
    assert second.size == seen
    bid = replace(bob.bid(second.origin, START + STEP, world.clock.now), seen_seq=seen)
    assert outcome(await second.place_bid(bid)) == "accepted"
    await world.verify()


async def test_what_was_committed_in_a_fault_is_shown_once_it_is_read_again(world: World) -> None:
    """Fault 29: a quote that stands in the log stands on every screen, without waiting for more."""
    (ann,) = world.bidders("AAAA")
    room = await in_listing(world)
    _, line = watch(room, world)
    torn: Any = room._record

    def half(entry: Entry, content: bytes | None = None) -> None:
        raise ZeroDivisionError

    torn.add = half  # fails after the commit
    bid = ann.bid(room.origin, START, world.clock.now)
    assert outcome(await room.place_bid(bid)) == "not_yet_confirmed"
    assert outcome(await room.find_receipt(bid.bid_id, "AAAA")) == "accepted"
    await world.wind(world.settings.conflate_ms)
    shown = line.told("update")[-1]
    assert (shown["lot"]["leader_no"], [row["bidder_no"] for row in shown["new"]]) == (
        "AAAA",
        ["AAAA"],
    )
    await world.verify()
