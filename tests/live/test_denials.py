"""Who was told that there is no such bid does not find it in the log, unless he sends it again."""

import asyncio
from dataclasses import replace

from sqlalchemy import select, text

from service.live.room import Room
from service.rules import messages as m
from service.store.denials import MOST, deny
from service.store.log_tables import log_bids
from tests.live.test_rooms import in_listing
from tests.live.world import START, STEP, World, check_receipt, outcome, room_of


async def _held(world: World, room: Room, bid: m.PlaceBid) -> tuple[str, str]:
    """What the bidder is told by another process while this one's statement waits, and what then
    becomes of the statement: as that of a killed process whose backend lives on."""
    other = await room_of(world.process())
    async with world.engine.begin() as rival:
        await rival.execute(
            text("SELECT 1 FROM logs WHERE log = :log FOR UPDATE"), {"log": room.log}
        )
        placing = asyncio.create_task(room.place_bid(bid))
        await _waits(world)
        told = outcome(await other.find_receipt(bid.bid_id, bid.bidder_no))
    return told, outcome(await placing)


async def _waits(world: World) -> None:
    asked = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    async with asyncio.timeout(30):
        while True:
            async with world.engine.connect() as connection:
                if (await connection.execute(asked)).scalar_one():
                    return


async def test_a_statement_that_was_under_way_when_its_bid_was_called_unknown_writes_nothing(
    world: World,
) -> None:
    """Fault 26: told "may be sent again", and then the orphan of a killed process committed."""
    (ann,) = world.bidders("AAAA")
    room = await in_listing(world)
    bid = ann.bid(room.origin, START, world.clock.now)
    assert await _held(world, room, bid) == ("unknown_bid", "unavailable")
    assert "place_bid" not in await world.commands()
    await world.verify()


async def test_a_bid_sent_again_after_that_is_decided_once_and_found_everywhere(
    world: World,
) -> None:
    ann, bob = world.bidders("AAAA", "BBBB")
    room = await in_listing(world)
    bid = ann.bid(room.origin, START, world.clock.now)
    await _held(world, room, bid)
    world.clock.now += 1_000
    again = replace(bid, received_at=world.clock.now)
    fresh = await room_of(world.process())
    answers = await asyncio.gather(*(each.place_bid(again) for each in (room, fresh)))
    assert {outcome(answer) for answer in answers} == {"accepted"}
    assert answers[0] == answers[1]
    check_receipt(answers[0], room.origin)
    # The first sending, which somebody may still have, is the same bid now.
    assert await fresh.place_bid(bid) == answers[0]
    last = await room_of(world.process())
    assert await last.find_receipt(bid.bid_id, "AAAA") == answers[0]
    assert outcome(await last.find_receipt(bid.bid_id, "BBBB")) == "unknown_bid"
    assert (await world.commands()).count("place_bid") == 1
    other = bob.bid(room.origin, START + STEP, world.clock.now)
    assert outcome(await room.place_bid(other)) == "accepted"
    await world.verify()


async def test_the_bids_beside_a_denied_one_are_decided(world: World) -> None:
    ann, bob = world.bidders("AAAA", "BBBB")
    room = await in_listing(world)
    other = await room_of(world.process())
    at = world.clock.now
    denied = ann.bid(room.origin, START, at)
    assert outcome(await other.find_receipt(denied.bid_id, "AAAA")) == "unknown_bid"
    beside = bob.bid(room.origin, START, at)
    answers = await asyncio.gather(room.place_bid(denied), room.place_bid(beside))
    assert [outcome(answer) for answer in answers] == ["unavailable", "accepted"]
    await world.verify()


async def test_whoever_asks_again_and_again_is_written_down_a_few_times(world: World) -> None:
    (ann,) = world.bidders("AAAA")
    room = await in_listing(world)
    bid_id = ann.bid(room.origin, START, world.clock.now).bid_id
    asked = [room.find_receipt(bid_id, "AAAA") for _ in range(20)]
    assert {outcome(answer) for answer in await asyncio.gather(*asked)} == {"unknown_bid"}
    assert await _rows(world, room) == 1
    # A stranger's question writes nothing: nothing of his could arrive.
    await room.find_receipt(bid_id, "")
    assert await _rows(world, room) == 1
    for _ in range(2 * MOST):
        assert await deny(world.engine, room.log, bid_id, world.clock.now)
    assert await _rows(world, room) == MOST


async def test_a_bid_is_not_called_unknown_while_the_clock_is_unsure(world: World) -> None:
    """The instant of the denial would say nothing of what arrived before it."""
    (ann,) = world.bidders("AAAA")
    room = await in_listing(world)
    bid = ann.bid(room.origin, START, world.clock.now)
    world.clock.sure = False
    assert outcome(await room.find_receipt(bid.bid_id, "AAAA")) == "not_yet_confirmed"
    assert await _rows(world, room) == 0


async def _rows(world: World, room: Room) -> int:
    async with world.engine.connect() as connection:
        asked = select(log_bids.c.bid_id).where(log_bids.c.log == room.log)
        return len((await connection.execute(asked)).all())
