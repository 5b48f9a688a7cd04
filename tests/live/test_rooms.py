"""The serial path: batches, several processes on one lot, writes of unknown fate, equal answers."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from service.bus.hints import LogMoved
from service.live.record import Entry
from service.live.room import Room
from service.rules import messages as m
from service.rules.refusals import Refusal
from service.rules.terms import Control, FailedReason, Method, Stage
from service.settings import Settings
from service.store.engine import open_engine
from service.store.ledger import Append, Appended, CommitUnknown, Ledger, NotWritten
from service.store.lots import find_lot
from tests.live.world import (
    BOTH,
    COUNTDOWN_MS,
    DRAIN_MS,
    LISTING_FROM,
    SITE,
    START,
    STEP,
    T0,
    World,
    check_receipt,
    in_timed,
    outcome,
    room_of,
    watch,
)
from tests.rules.sale import auction_times, listing_rules, listing_times, publish, supplement
from tests.store.conftest import Wire


async def in_listing(world: World, **process: Any) -> Room:
    """A room that takes bids; its process has no waker running."""
    await world.publish()
    helper = world.process()
    world.clock.now = LISTING_FROM - 1
    await helper.waker.start()
    await world.wind(1)
    await helper.waker.stop()
    return await room_of(world.process(**process))


# ── order ───────────────────────────────────────────────────────────────────────────────────


async def test_simultaneous_honest_bids_are_queued_and_all_decided(world: World) -> None:
    """Fault 5: a simultaneous bid was refused because another was being processed.

    Fault 11: of two equal bids one is accepted.
    """
    bidders = world.bidders(*(f"A{number:03}" for number in range(20)))
    room = await in_listing(world)
    at = world.clock.now
    bids = [room.place_bid(bidder.bid(room.origin, START, at)) for bidder in bidders]
    answers = await asyncio.gather(*bids)
    assert [outcome(answer) for answer in answers] == ["accepted"] + ["BELOW_MINIMUM"] * 19
    assert len({answer.seq for answer in answers}) == 20
    for answer in answers:
        check_receipt(answer, room.origin)
    await world.verify()


async def test_two_processes_write_one_log_without_a_lease(world: World) -> None:
    """Fault 3: a lease without fencing let two writers in; here the swap decides.

    Fault 1: nothing is written back from a copy read earlier: the loser reads and decides again.
    """
    bidders = world.bidders(*(f"A{number:03}" for number in range(10)))
    first = await in_listing(world)
    second = await room_of(world.process())
    for step in range(5):
        ann, bob = bidders[2 * step : 2 * step + 2]
        at, low, high = world.clock.now, START + 2 * step * STEP, START + (2 * step + 1) * STEP
        answers = await asyncio.gather(
            first.place_bid(ann.bid(first.origin, low, at)),
            second.place_bid(bob.bid(second.origin, high, at)),
        )
        assert outcome(answers[1]) == "accepted"
        assert outcome(answers[0]) in ("accepted", "BELOW_MINIMUM")
        assert answers[0].seq != answers[1].seq
        for answer in answers:
            check_receipt(answer, first.origin)
    for room in (first, second):
        room.look()
    await world.settle()
    assert first.lot == second.lot
    await world.verify()


async def test_equal_bids_in_two_processes_are_decided_by_seq(world: World) -> None:
    """Fault 11: two equal bids were both valid."""
    ann, bob = world.bidders("AAAA", "BBBB")
    first = await in_listing(world)
    second = await room_of(world.process())
    at = world.clock.now
    answers = await asyncio.gather(
        first.place_bid(ann.bid(first.origin, START, at)),
        second.place_bid(bob.bid(second.origin, START, at)),
    )
    assert sorted(outcome(answer) for answer in answers) == ["BELOW_MINIMUM", "accepted"]
    winner, loser = sorted(answers, key=lambda answer: answer.seq)
    assert outcome(winner) == "accepted"
    assert loser.seq == winner.seq + 1
    await world.verify()


async def test_a_hint_and_a_poll_bring_what_another_process_wrote(world: World) -> None:
    """Fault 29: a lost hint hides no row for longer than one poll."""
    ann, bob = world.bidders("AAAA", "BBBB")
    first = await in_listing(world)
    reader = world.process()
    second = await room_of(reader)
    _, line = watch(second, world)
    done = await first.place_bid(ann.bid(first.origin, START, world.clock.now))
    reader.rooms.hear(LogMoved(first.log, done.seq))
    await world.wind(world.settings.conflate_ms)
    assert line.told("update")[-1]["lot"]["leader_no"] == "AAAA"
    await first.place_bid(bob.bid(first.origin, START + STEP, world.clock.now))
    await reader.rooms.poll()
    await world.wind(world.settings.conflate_ms)
    assert line.told("update")[-1]["lot"]["leader_no"] == "BBBB"
    new = [row["seq"] for update in line.told("update") for row in update["new"]]
    assert new == [done.seq, done.seq + 1], "each row once"


# ── the same answer ─────────────────────────────────────────────────────────────────────────


async def test_the_same_bid_gets_the_same_receipt_byte_for_byte_in_any_process(
    world: World,
) -> None:
    """Fault 29: a reconnect delivered a bid twice; here it finds the first answer."""
    ann, bob = world.bidders("AAAA", "BBBB")
    room = await in_listing(world)
    at = world.clock.now
    bid = ann.bid(room.origin, START, at)
    twice = asyncio.gather(room.place_bid(bid), room.place_bid(bid))
    beside = room.place_bid(bob.bid(room.origin, START + STEP, at))
    (first, second), _ = await asyncio.gather(twice, beside)
    assert first.model_dump_json() == second.model_dump_json()
    await room.place_bid(ann.bid(room.origin, START + 2 * STEP, at))
    later = bid.__class__(**{**_fields(bid), "received_at": at + 1, "signature": "B" * 86 + "=="})
    assert (await room.place_bid(later)).model_dump_json() == first.model_dump_json()
    other = await room_of(world.process())
    assert (await other.place_bid(later)).model_dump_json() == first.model_dump_json()
    asked = await other.find_receipt(bid.bid_id, "AAAA")
    assert asked.model_dump_json() == first.model_dump_json()
    check_receipt(first, room.origin)
    assert (await world.commands()).count("place_bid") == 3


async def test_other_content_under_a_used_bid_id_is_no_bid(world: World) -> None:
    ann, bob = world.bidders("AAAA", "BBBB")
    room = await in_listing(world)
    at = world.clock.now
    bid = ann.bid(room.origin, START, at)
    same_batch = await asyncio.gather(
        room.place_bid(bid),
        room.place_bid(ann.bid(room.origin, START + STEP, at, bid_id=bid.bid_id)),
    )
    assert [outcome(answer) for answer in same_batch] == ["accepted", "bid_id_reused"]
    size = room.size
    stolen = await room.place_bid(bob.bid(room.origin, START, at, bid_id=bid.bid_id))
    assert outcome(stolen) == "bid_id_reused"
    assert room.size == size
    assert outcome(await room.find_receipt(bid.bid_id, "BBBB")) == "unknown_bid"


# ── faults ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def wire(database: SimpleNamespace) -> AsyncIterator[Wire]:
    with tempfile.TemporaryDirectory(prefix="wire-") as folder:
        opened = Wire(f"{database.server.socket_dir}/.s.PGSQL.5432", Path(folder))
        await opened.open()
        yield opened
        await opened.close()


@pytest.fixture
async def cuttable(
    database: SimpleNamespace, wire: Wire, settings: Settings
) -> AsyncIterator[AsyncEngine]:
    """An engine whose every connection goes over `wire`."""
    url = make_url(database.app_url).update_query_dict({"host": str(wire.folder)})
    opened = open_engine(url.render_as_string(hide_password=False), settings)
    yield opened
    await opened.dispose()


@pytest.mark.parametrize("cut", ["before", "after"])
async def test_a_commit_of_unknown_fate_is_answered_from_the_log(
    world: World, wire: Wire, cuttable: AsyncEngine, cut: str
) -> None:
    """Fault 26: a dead line loses no bid: written once, answered once, whatever was cut."""
    (ann,) = world.bidders("AAAA")
    ledger = Ledger(cuttable, world.settings)
    world.ledgers.append(ledger)
    room = await in_listing(world, ledger=ledger)
    await room.place_bid(ann.bid(room.origin, START - STEP, world.clock.now))
    wire.cut = cut
    answer = await room.place_bid(ann.bid(room.origin, START, world.clock.now))
    assert wire.happened.is_set()
    assert outcome(answer) == "accepted"
    check_receipt(answer, room.origin)
    assert (await world.commands()).count("place_bid") == 2
    assert (await room.find_receipt(answer.bid_id, "AAAA")) == answer
    await world.verify()


class Faulty:
    """A real ledger behind a fault: `fault` is raised once, before or after the real write."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.faults: list[tuple[str, Exception]] = []

    async def append(self, append: Append) -> Appended:
        when, error = self.faults.pop(0) if self.faults else ("", None)
        if when == "before" and error:
            raise error
        done = await self.ledger.append(append)
        if error:
            raise error
        return done


async def faulty(world: World) -> tuple[Room, Faulty]:
    ledger = Ledger(world.engine, world.settings)
    world.ledgers.append(ledger)
    faults = Faulty(ledger)
    return await in_listing(world, ledger=faults), faults


async def test_an_official_order_of_unknown_fate_is_not_given_twice(world: World) -> None:
    room, faults = await faulty(world)
    faults.faults = [("after", CommitUnknown("cut"))]
    suspend = m.Suspend(
        cause=m.SuspendCause.TITLE_DISPUTE, text="中止", emergency=False, officials=BOTH
    )
    answer = await room.submit(suspend)
    assert not isinstance(answer, Refusal), "it was done, so it is answered as done"
    assert (await world.commands()).count("suspend") == 1
    await world.verify()


async def test_a_bid_that_was_surely_not_written_may_be_sent_again(world: World) -> None:
    (ann,) = world.bidders("AAAA")
    room, faults = await faulty(world)
    bid = ann.bid(room.origin, START, world.clock.now)
    faults.faults = [("before", NotWritten("full"))]
    assert outcome(await room.place_bid(bid)) == "unavailable"
    assert outcome(await room.find_receipt(bid.bid_id, "AAAA")) == "unknown_bid"
    world.clock.now += 1_000
    again = replace(bid, received_at=world.clock.now)
    assert outcome(await room.place_bid(again)) == "accepted"
    await world.verify()


async def test_in_doubt_nobody_is_told_that_nothing_happened(world: World) -> None:
    """Fault 26: what may still arrive is 'not yet confirmed', never 'not written'."""
    (ann,) = world.bidders("AAAA")
    room, faults = await faulty(world)
    bid = ann.bid(room.origin, START, world.clock.now)
    faults.faults = [("before", CommitUnknown("cut")), ("before", NotWritten("down"))]
    assert outcome(await room.place_bid(bid)) == "not_yet_confirmed"
    assert outcome(await room.place_bid(bid)) == "accepted"
    await world.verify()


async def test_a_bid_is_not_called_unknown_while_nobody_can_look(world: World) -> None:
    """Fault 2: the database is away, so whether the bid stands is not known."""
    (ann,) = world.bidders("AAAA")
    room = await in_listing(world)
    other = await room_of(world.process())
    bid = ann.bid(room.origin, START, world.clock.now)
    assert outcome(await room.place_bid(bid)) == "accepted"
    parts = other._parts
    nowhere = open_engine("postgresql+asyncpg://nobody@127.0.0.1:1/none", world.settings)
    other._parts = replace(parts, engine=nowhere)
    assert outcome(await other.find_receipt(bid.bid_id, "AAAA")) == "not_yet_confirmed"
    other._parts = parts
    assert outcome(await other.find_receipt(bid.bid_id, "AAAA")) == "accepted"
    await nowhere.dispose()


async def test_an_exception_inside_a_batch_locks_nothing(world: World) -> None:
    """Fault 4: a lock was kept for ever after an exception in its body."""
    ann, bob = world.bidders("AAAA", "BBBB")
    room, faults = await faulty(world)
    faults.faults = [("after", ZeroDivisionError())]
    bid = ann.bid(room.origin, START, world.clock.now)
    assert outcome(await room.place_bid(bid)) == "not_yet_confirmed"
    found = await room.find_receipt(bid.bid_id, "AAAA")
    assert outcome(found) == "accepted", "it was written, and the room reads it back"
    check_receipt(found, room.origin)
    next_bid = bob.bid(room.origin, START + STEP, world.clock.now)
    assert outcome(await room.place_bid(next_bid)) == "accepted"
    await world.verify()


async def test_a_room_whose_memory_is_in_doubt_reads_the_whole_log_again(world: World) -> None:
    """Fault 4: what failed halfway is not gone on with."""
    ann, bob = world.bidders("AAAA", "BBBB")
    room = await in_listing(world)
    torn = room._record

    def half(entry: Entry, content: bytes | None = None) -> None:
        torn.tree.append(entry.leaf)
        raise ZeroDivisionError

    torn.add = half  # type: ignore[method-assign]  # fails between two of its lines
    bid = ann.bid(room.origin, START, world.clock.now)
    assert outcome(await room.place_bid(bid)) == "not_yet_confirmed"
    equal = bob.bid(room.origin, START, world.clock.now)
    assert outcome(await room.place_bid(equal)) == "BELOW_MINIMUM"
    assert outcome(await room.find_receipt(bid.bid_id, "AAAA")) == "accepted"
    await world.verify()


async def test_nothing_after_the_commit_changes_the_answer(world: World) -> None:
    """Fault 2: a bid was saved and then answered 500, because logging wanted a header."""
    (ann,) = world.bidders("AAAA")
    room = await in_listing(world)

    def broken(_: Room) -> None:
        raise KeyError("x-forwarded-for")

    room.on_change(broken)
    answer = await room.place_bid(ann.bid(room.origin, START, world.clock.now))
    assert outcome(answer) == "accepted"
    check_receipt(answer, room.origin)


async def test_nothing_is_shown_before_the_commit(world: World) -> None:
    (ann,) = world.bidders("AAAA")
    room, faults = await faulty(world)
    _, line = watch(room, world)
    faults.faults = [("before", NotWritten("full"))]
    await room.place_bid(ann.bid(room.origin, START, world.clock.now))
    await world.wind(200)
    assert line.told("update") == []
    assert room.lot.price_fen is None


# ── bounds, admission ───────────────────────────────────────────────────────────────────────


async def test_above_the_bound_of_the_inbox_a_bid_is_busy_and_not_decided(
    engine: AsyncEngine,
) -> None:
    world = World(engine, Settings(site=SITE, inbox_limit=3, batch_limit=2))
    (ann,) = world.bidders("AAAA")
    room = await in_listing(world)
    at = world.clock.now
    bids = [room.place_bid(ann.bid(room.origin, START + n * STEP, at)) for n in range(5)]
    answers = [outcome(answer) for answer in await asyncio.gather(*bids)]
    assert answers[3:] == ["busy", "busy"]
    assert answers[:3] == ["accepted", "ALREADY_LEADING", "ALREADY_LEADING"]
    await world.verify()
    await world.close()


async def test_a_bid_without_a_standing_admission_is_refused_by_the_rules(world: World) -> None:
    """Fault 7: the deposit check was commented out in the accept path."""
    (ann,) = world.bidders("AAAA")
    room = await in_listing(world)
    revoked = ann.bid(room.origin, START, world.clock.now, admitted=False)
    answer = await room.place_bid(revoked)
    assert outcome(answer) == "NOT_ADMITTED"
    assert room.lot.price_fen is None
    await world.verify()


async def test_a_sealed_log_takes_no_bid_at_all(world: World) -> None:
    (ann,) = world.bidders("AAAA")
    await world.publish()
    room = await room_of(world.process())
    await room.submit(m.Terminate(cause=m.SuspendCause.COURT_ORDER, text="终止", officials=BOTH))
    await room.submit(m.OpenRoll(roll=(), head_counts=()))
    await room.submit(m.SealLog(officials=BOTH))
    answer = await room.place_bid(ann.bid(room.origin, START, world.clock.now))
    assert outcome(answer) == "refused_by_rules"
    assert (room.lot.stage, room.lot.control) == (Stage.FAILED, Control.TERMINATED)
    await world.verify()


async def test_rooms_that_nobody_needs_are_let_go_and_opened_again(world: World) -> None:
    await world.publish()
    process = world.process()
    await room_of(process)
    await process.rooms.poll()
    assert process.rooms.open_rooms() == []
    room = await room_of(process)
    seat, _ = watch(room, world)
    await process.rooms.poll()
    assert process.rooms.open_rooms() == [room], "an audience keeps it"
    room.audience.leave(seat)
    assert await process.rooms.get("no-such-lot") is None


def _fields(bid: m.PlaceBid) -> dict[str, Any]:
    return {name: getattr(bid, name) for name in bid.__slots__}


async def test_an_auction_goes_from_its_hour_through_ready_to_the_hammer(world: World) -> None:
    """The reserve is met at P = R, and the head count stands in the log as a commitment."""
    (ann,) = world.bidders("AAAA")
    world.office.reserve_fen = START
    rules = listing_rules("demo", method=Method.AUCTION, ready_min=3)
    times = auction_times(
        registration_to=T0 + 4_000, deposit_deadline=T0 + 4_000, auction_from=T0 + 6_000
    )
    await world.publish_command("lot-one", publish(rules, timetable=times))
    process = world.process()
    await process.waker.start()
    await world.wind(6_000)
    room = await room_of(process)
    assert (room.lot.stage, room.lot.closes_at) == (Stage.READY, world.clock.now + 3_000)
    await world.wind(3_000)
    assert room.lot.stage is Stage.TIMED
    await room.place_bid(ann.bid(room.origin, START, world.clock.now))
    await world.wind(COUNTDOWN_MS + DRAIN_MS)
    lot = await world.verify()
    assert (lot.stage, lot.winner_no) == (Stage.SOLD, "AAAA")
    first = (await world.entries())[1].command
    assert (first.type, first.head_count_commitment) == ("advance", "cd" * 32)


async def test_a_sale_below_its_reserve_fails_by_name(world: World) -> None:
    (ann,) = world.bidders("AAAA")
    (room,) = await in_timed(world)
    world.office.reserve_fen = START + STEP
    await room.place_bid(ann.bid(room.origin, START, world.clock.now))
    await world.wind(COUNTDOWN_MS + DRAIN_MS)
    lot = await world.verify()
    assert (lot.stage, lot.failed_reason) == (Stage.FAILED, FailedReason.BELOW_RESERVE)


async def test_a_supplement_changes_the_page_in_the_same_commit(world: World) -> None:
    times = listing_times(
        registration_to=T0 + 20_000,
        deposit_deadline=T0 + 20_000,
        listing_from=T0 + 6_000,
        listing_to=T0 + 27_000,
    )
    await world.publish_command("lot-one", publish(listing_rules("demo"), timetable=times))
    room = await room_of(world.process())
    later = replace(room.lot.timetable, listing_to=T0 + 32_000)
    answer = await room.submit(supplement(room.lot, timetable=later))
    assert not isinstance(answer, Refusal), answer
    async with world.engine.connect() as connection:
        page = await find_lot(connection, "lot-one")
    assert page is not None
    assert page.listing["timetable"]["listing_to"] == T0 + 32_000
    assert page.listing["version"] == 2
    await world.verify()
