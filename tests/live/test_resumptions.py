"""How a sale that stood still goes on: by two officials, and after a dispute (rules §§6–8)."""

from dataclasses import replace

import pytest

from service.live.batch import Decided
from service.live.room import Room
from service.rules import messages as m
from service.rules.lot import Lot
from service.rules.refusals import Reason, Refusal
from service.rules.terms import Control, Stage
from tests.live.test_outages import NOTICE_MS, die, reborn
from tests.live.world import (
    BOTH,
    COUNTDOWN_MS,
    DRAIN_MS,
    LISTING_FROM,
    LISTING_TO,
    START,
    STEP,
    Bidder,
    World,
    in_timed,
    outcome,
    room_of,
    watch,
)
from tests.rules.sale import ROLL, confirm

LONG_MS = 3 * 3_600_000


async def refused(room: Room, command: m.Command) -> Refusal:
    answer = await room.submit(command)
    assert isinstance(answer, Refusal)
    return answer


async def done(room: Room, command: m.Command) -> None:
    assert isinstance(await room.submit(command), Decided)


async def listing_after_a_long_outage(world: World, ann: Bidder) -> Room:
    """A listing with one quote, of which the last second was left when everything died."""
    await world.publish()
    world.clock.now = LISTING_FROM - 1
    room = await room_of(await reborn(world))
    await world.wind_to(LISTING_TO - 1_000)
    answer = await room.place_bid(ann.bid(room.origin, START, world.clock.now))
    assert outcome(answer) == "accepted"
    await die(world)
    world.jump(LONG_MS)
    room = await room_of(await reborn(world))
    assert (room.lot.stage, room.lot.control) == (Stage.LISTING, Control.SUSPENDED)
    assert room.lot.resumes_at is None
    return room


async def test_two_officials_resume_a_listing_from_its_last_price_with_a_new_timetable(
    world: World,
) -> None:
    """断点续拍. The refusal tells them which end is the earliest, before anything is changed."""
    ann, bob = world.bidders("AAAA", "BBBB")
    room = await listing_after_a_long_outage(world, ann)
    _, page = watch(room, world)
    size, now = room.size, world.clock.now
    without = m.Resume(announced_at=now, officials=BOTH)
    assert (await refused(room, replace(without, officials=None))).reason is Reason.FOUR_EYES
    missing = await refused(room, without)
    earliest = now + COUNTDOWN_MS
    figures = {"earliest_listing_to": earliest}
    assert (missing.reason, missing.figures) == (Reason.TIMETABLE_MISSING, figures)
    short = replace(without, timetable=replace(room.lot.timetable, listing_to=earliest - 1))
    too_short = await refused(room, short)
    assert (too_short.reason, too_short.figures) == (Reason.WINDOW_TOO_SHORT, figures)
    assert room.size == size, "what is refused stands in no log"
    stated = replace(without, timetable=replace(room.lot.timetable, listing_to=earliest))
    await done(room, stated)
    assert (room.lot.control, room.lot.closes_at) == (Control.NORMAL, earliest)
    assert room.lot.timetable.listing_to == earliest
    (notice,) = page.told("notice")
    assert (notice["code"], notice["params"]) == ("RESUMED", {"closes_at": earliest})
    low = await room.place_bid(bob.bid(room.origin, START, world.clock.now))
    assert outcome(low) == "BELOW_MINIMUM", "the last price is the new start"
    await world.wind_to(earliest - 1)
    last = await room.place_bid(bob.bid(room.origin, START + STEP, world.clock.now))
    assert outcome(last) == "accepted"
    await world.wind(1 + DRAIN_MS)
    assert (room.lot.stage, room.lot.closes_at) == (Stage.TIMED, world.clock.now + COUNTDOWN_MS)
    await world.verify()


async def test_who_comes_to_a_sale_that_waits_for_officials_is_told_of_no_time(
    world: World,
) -> None:
    (ann,) = world.bidders("AAAA")
    room = await listing_after_a_long_outage(world, ann)
    _, page = watch(room, world)
    (snapshot,) = page.told("snapshot")
    assert snapshot["lot"]["control"] == "SUSPENDED"
    assert snapshot["lot"].get("resumes_at") is None
    await world.wind(2 * NOTICE_MS)
    assert room.lot.control is Control.SUSPENDED
    answer = await room.place_bid(ann.bid(room.origin, START + STEP, world.clock.now))
    assert outcome(answer) == "SUSPENDED"


# ── an in-time quote that was decided after the close ───────────────────────────────────────


async def disputed(world: World, room: Room, late: Bidder, closes_at: int) -> Lot:
    """His quote arrived in the last millisecond and is decided only now."""
    _, page = watch(room, world)
    answer = await room.place_bid(late.bid(room.origin, START + STEP, closes_at - 1))
    assert outcome(answer) == "CLOSED"
    (notice,) = page.told("notice")
    assert (notice["code"], notice["params"]) == ("SUSPENDED", {"cause": "RESULT_DISPUTED"})
    assert late.bidder_no.encode() not in page.frames[-1], "nobody reads whose quote it was"
    assert (await world.verify()).disputed
    return room.lot


async def closed(world: World, room: Room, ann: Bidder) -> int:
    """Ann quotes, nobody after her; the end of that window."""
    answer = await room.place_bid(ann.bid(room.origin, START, world.clock.now))
    assert outcome(answer) == "accepted"
    closes_at = room.lot.closes_at
    assert closes_at is not None
    await world.wind_to(closes_at + DRAIN_MS)
    return closes_at


async def test_before_the_hammer_a_dispute_stops_the_sale_until_two_officials_reopen_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 1: the reserve's holders are waited for, and a quote turns up that was in time."""
    ann, bob = world.bidders("AAAA", "BBBB")
    (room,) = await in_timed(world)
    opened = world.office.reserve

    async def not_yet(lot_id: str) -> None:
        return None

    monkeypatch.setattr(world.office, "reserve", not_yet)
    closes_at = await closed(world, room, ann)
    assert room.lot.stage is Stage.CLOSING
    lot = await disputed(world, room, bob, closes_at)
    assert (lot.control, lot.resumes_at) == (Control.SUSPENDED, None)
    monkeypatch.setattr(world.office, "reserve", opened)
    await world.wind(10 * NOTICE_MS)
    assert (room.lot.stage, room.lot.price_fen) == (Stage.CLOSING, START), "time decides nothing"
    alone = m.Resume(announced_at=world.clock.now)
    assert (await refused(room, alone)).reason is Reason.FOUR_EYES
    await done(room, replace(alone, officials=BOTH))
    assert (room.lot.stage, room.lot.control) == (Stage.TIMED, Control.NORMAL)
    assert room.lot.closes_at == world.clock.now + COUNTDOWN_MS
    again = await room.place_bid(bob.bid(room.origin, START + STEP, world.clock.now))
    assert outcome(again) == "accepted"
    await world.wind(COUNTDOWN_MS + DRAIN_MS)
    assert (await world.verify()).winner_no == "BBBB"


async def test_after_the_hammer_a_dispute_is_ruled_upon_and_nothing_is_sealed_before(
    world: World,
) -> None:
    ann, bob = world.bidders("AAAA", "BBBB")
    (room,) = await in_timed(world)
    closes_at = await closed(world, room, ann)
    assert room.lot.stage is Stage.SOLD
    lot = await disputed(world, room, bob, closes_at)
    assert (lot.stage, lot.winner_no) == (Stage.SOLD, "AAAA")
    await done(room, ROLL)
    assert (await refused(room, confirm())).reason is Reason.DISPUTED
    assert (await refused(room, m.SealLog(officials=BOTH))).reason is Reason.DISPUTED
    await done(room, confirm(ruling="成交有效"))
    await done(room, m.SealLog(officials=BOTH))
    sealed = await world.verify()
    assert (sealed.sealed, sealed.disputed, sealed.winner_no) == (True, False, "AAAA")
