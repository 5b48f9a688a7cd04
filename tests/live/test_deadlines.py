"""Time's edge: arrivals, drain, closing, warnings, with a clock that the test winds."""

from service.rules import messages as m
from service.rules.terms import Control, Stage
from tests.live.world import (
    COUNTDOWN_MS,
    DRAIN_MS,
    LISTING_FROM,
    LISTING_TO,
    START,
    STEP,
    World,
    check_receipt,
    in_timed,
    outcome,
    room_of,
    watch,
)


async def test_a_bid_one_ms_before_the_deadline_is_in_time_and_at_the_deadline_is_closed(
    world: World,
) -> None:
    """Fault 8: the deadline is compared for every bid, the second and the thousandth too.

    Fault 14: what arrives at or after the close is refused by the table of stages.
    """
    ann, bob = world.bidders("AAAA", "BBBB")
    (room,) = await in_timed(world)
    closes_at = room.lot.closes_at
    assert closes_at is not None
    await world.wind_to(closes_at)
    late = await room.place_bid(ann.bid(room.origin, START, closes_at))
    assert outcome(late) == "CLOSED"
    assert late.closes_at == closes_at, "the cut-off is stated beside the arrival"
    assert late.received_at == closes_at
    in_time = await room.place_bid(bob.bid(room.origin, START, closes_at - 1))
    assert outcome(in_time) == "accepted"
    again = room.lot.closes_at
    assert again == in_time.at + COUNTDOWN_MS
    second = await room.place_bid(ann.bid(room.origin, START + STEP, again))
    assert outcome(second) == "CLOSED"
    assert room.lot.price_fen == START
    check_receipt(in_time, room.origin)
    await world.verify()


async def test_a_bid_before_the_opening_and_on_a_sold_lot_is_refused_and_logged(
    world: World,
) -> None:
    """Fault 14: bids before opening and after the sale."""
    ann, bob = world.bidders("AAAA", "BBBB")
    await world.publish()
    process = world.process()
    room = await room_of(process)
    early = await room.place_bid(ann.bid(room.origin, START, world.clock.now))
    assert outcome(early) == "NOT_OPEN"
    await process.waker.start()
    await world.wind_to(LISTING_FROM)
    room = await room_of(process)
    first = await room.place_bid(ann.bid(room.origin, START, world.clock.now))
    assert outcome(first) == "accepted"
    await world.wind_to(LISTING_TO + 2 * DRAIN_MS + COUNTDOWN_MS + 1)
    assert room.lot.stage is Stage.SOLD
    after = await room.place_bid(bob.bid(room.origin, START + STEP, world.clock.now))
    assert outcome(after) == "CLOSED"
    assert room.lot.winner_no == "AAAA"
    assert not (await world.verify()).disputed


async def test_a_bid_that_arrived_in_time_is_decided_during_the_drain(world: World) -> None:
    """Fault 6: closing and bids share one serial path.

    Fault 9: arrival and decision are two fields; the order is `seq`.
    """
    ann, bob = world.bidders("AAAA", "BBBB")
    (room,) = await in_timed(world)
    closes_at = room.lot.closes_at
    assert closes_at is not None
    await world.wind_to(closes_at + DRAIN_MS - 1)
    assert room.lot.stage is Stage.TIMED, "not closed before the drain is over"
    later = await room.place_bid(bob.bid(room.origin, START, closes_at - 1))
    earlier = await room.place_bid(ann.bid(room.origin, START + STEP, closes_at - 5))
    assert [outcome(later), outcome(earlier)] == ["accepted", "accepted"]
    assert earlier.received_at < later.received_at
    assert earlier.seq > later.seq
    assert earlier.at == closes_at + DRAIN_MS - 1
    await world.wind(1)
    assert room.lot.stage is Stage.TIMED, "the tick of the old end closes nothing"
    await world.verify()


async def test_a_bid_that_waits_beside_the_closing_tick_is_decided_first(world: World) -> None:
    """Fault 6: the closing job does not overtake a bid that is in the house already."""
    (ann,) = world.bidders("AAAA")
    (room,) = await in_timed(world)
    closes_at = room.lot.closes_at
    assert closes_at is not None
    await world.wind_to(closes_at + DRAIN_MS - 1)
    world.jump(1)
    proved = await room._parts.path.prove()
    tick = m.Advance(leaving=Stage.TIMED, proved_to=proved)
    closing = room._enqueue(tick)
    receipt = await room.place_bid(ann.bid(room.origin, START, closes_at - 1))
    assert outcome(receipt) == "accepted"
    await closing.answer
    assert room.lot.stage is Stage.TIMED
    await world.verify()


async def test_a_bid_in_time_but_decided_after_the_close_makes_the_result_disputed(
    world: World,
) -> None:
    """Fault 1: an in-time bid is never silently lost, however late it is decided."""
    ann, bob = world.bidders("AAAA", "BBBB")
    (room,) = await in_timed(world)
    closes_at = room.lot.closes_at
    assert closes_at is not None
    await room.place_bid(ann.bid(room.origin, START, world.clock.now))
    closes_at = room.lot.closes_at
    assert closes_at is not None
    await world.wind_to(closes_at + DRAIN_MS)
    assert room.lot.stage is Stage.SOLD
    answer = await room.place_bid(bob.bid(room.origin, START + STEP, closes_at - 1))
    assert outcome(answer) == "CLOSED"
    assert (await world.verify()).disputed


async def test_closing_twice_sells_once(world: World) -> None:
    """Fault 18: close is idempotent: every process sends it, one entry comes of it."""
    (ann,) = world.bidders("AAAA")
    rooms = await in_timed(world, processes=3)
    await rooms[0].place_bid(ann.bid(rooms[0].origin, START, world.clock.now))
    for process in world.processes[1:]:
        await process.waker.start()
    closes_at = rooms[0].lot.closes_at
    assert closes_at is not None
    await world.wind_to(closes_at + DRAIN_MS)
    await world.wind(3_000)
    commands = await world.commands()
    assert commands.count("close_sale") == 1
    assert commands.count("open_reserve") == 1
    assert commands.count("advance") == 3
    assert (await world.verify()).stage is Stage.SOLD


async def test_the_end_stands_in_the_log_and_whoever_runs_next_closes_at_it(world: World) -> None:
    """Fault 17: everything uses the one extended end.

    Fault 19: closing does not hang on a thread that forgot the end in a crash.
    """
    (ann,) = world.bidders("AAAA")
    (room,) = await in_timed(world)
    first_end = room.lot.closes_at
    assert first_end is not None
    await world.wind(10_000)
    await room.place_bid(ann.bid(room.origin, START, world.clock.now))
    extended = room.lot.closes_at
    assert extended == world.clock.now + COUNTDOWN_MS
    await world.processes[0].waker.stop()
    heir = world.process()
    await heir.waker.start()
    await world.wind_to(first_end + DRAIN_MS)
    inherited = await room_of(heir)
    assert inherited.lot.stage is Stage.TIMED
    await world.wind_to(extended + DRAIN_MS - 1)
    assert inherited.lot.stage is Stage.TIMED
    await world.wind(1)
    assert inherited.lot.stage is Stage.SOLD
    await world.verify()


async def test_only_an_accepted_bid_restarts_the_countdown(world: World) -> None:
    """Fault 12: the extension lies in the accept decision, whatever the way of the bid.

    Fault 13: a refused low bid moves nothing.
    """
    ann, bob = world.bidders("AAAA", "BBBB")
    (room,) = await in_timed(world)
    await room.place_bid(ann.bid(room.origin, START + STEP, world.clock.now))
    end = room.lot.closes_at
    await world.wind(7_000)
    low = await room.place_bid(bob.bid(room.origin, START, world.clock.now))
    assert outcome(low) == "BELOW_MINIMUM"
    assert room.lot.closes_at == end
    good = await room.place_bid(bob.bid(room.origin, START + 2 * STEP, world.clock.now))
    assert good.closes_at == room.lot.closes_at == world.clock.now + COUNTDOWN_MS
    await world.verify()


async def test_an_extension_is_the_lots_own_and_everybody_hears_of_it(world: World) -> None:
    """Fault 22: one bid anywhere extended every lot, and only leaders were told."""
    ann, _ = world.bidders("AAAA", "BBBB")
    await world.publish("lot-two")
    (room,) = await in_timed(world)
    other = await room_of(world.processes[0], "lot-two")
    lines = [watch(room, world, number)[1] for number in ("AAAA", "BBBB", None)]
    end_of_other = other.lot.closes_at
    await world.wind(5_000)
    await room.place_bid(ann.bid(room.origin, START, world.clock.now))
    await world.wind(world.settings.conflate_ms)
    assert other.lot.closes_at == end_of_other
    assert room.lot.closes_at != end_of_other
    for line in lines:
        assert line.told("update")[-1]["lot"]["closes_at"] == room.lot.closes_at


async def test_nothing_is_called_sold_before_the_window_is_proved(world: World) -> None:
    """Fault 21: a frozen system showed 72 unfinished lots as sold."""
    (ann,) = world.bidders("AAAA")
    (room,) = await in_timed(world)
    await room.place_bid(ann.bid(room.origin, START, world.clock.now))
    _, line = watch(room, world)
    closes_at = room.lot.closes_at
    assert closes_at is not None
    world.clock.now = closes_at + DRAIN_MS
    unproved = await room.submit(m.Advance(leaving=Stage.TIMED, proved_to=closes_at - 1))
    assert getattr(unproved, "reason", None) == "SUSPENDED", "the gap interrupts first"
    assert room.lot.stage is Stage.TIMED
    await world.wind(100)
    assert all(frame["lot"]["stage"] == "TIMED" for frame in line.told("update"))
    assert room.lot.control is Control.SUSPENDED
    await world.verify()


async def test_the_three_warnings_come_at_their_instants_and_begin_anew_after_a_bid(
    world: World,
) -> None:
    (ann,) = world.bidders("AAAA")
    (room,) = await in_timed(world)
    _, line = watch(room, world)
    await world.wind(9_999)
    assert [notice["params"]["seconds"] for notice in line.told("notice")] == [15]
    await world.wind(1)
    assert [notice["params"]["seconds"] for notice in line.told("notice")] == [15, 10]
    await room.place_bid(ann.bid(room.origin, START, world.clock.now))
    closes_at = room.lot.closes_at
    assert closes_at is not None
    await world.wind_to(closes_at - 1)
    warnings = [n for n in line.told("notice") if n["code"] == "WARNING"]
    assert [notice["params"]["seconds"] for notice in warnings] == [15, 10, 15, 10, 5]
    assert warnings[-1]["at"] == closes_at - 5_000
