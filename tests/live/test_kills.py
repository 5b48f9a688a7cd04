"""Everything is killed, at any moment and for any length: nobody loses a window (rules §7)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from itertools import count

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from service.live.room import Room
from service.rules import messages as m
from service.rules.lot import Lot
from service.rules.terms import Control, Stage
from service.store.health import Gap
from service.store.log_tables import health
from tests.live.test_outages import NOTICE_MS, die, reborn
from tests.live.world import BOTH, DRAIN_MS, GAP_MS, START, TIMES, World, outcome, room_of
from tests.rules.sale import listing_rules, publish

SECOND, HOUR, DAY = 1_000, 3_600_000, 86_400_000
BEIJING = timezone(timedelta(hours=8))
LEAD_MS, LISTING_MS, READY_MS, COUNTDOWN_MS = 1_000, 2_000, 2_000, 7_000
ENDS = {
    Stage.LISTING: LEAD_MS + LISTING_MS,
    Stage.READY: LEAD_MS + LISTING_MS + DRAIN_MS + READY_MS,
    Stage.TIMED: LEAD_MS + LISTING_MS + DRAIN_MS + READY_MS + COUNTDOWN_MS,
}
"""When each window ends, ms after the announcement, if nothing happens."""
LASTS = {Stage.LISTING: LISTING_MS, Stage.READY: READY_MS, Stage.TIMED: COUNTDOWN_MS}
_numbers = count(1)


@dataclass(frozen=True)
class Kill:
    """In which stage, and how many ms before its window's end (below 0: while it drains).

    gap: ms from the last proof until somebody is there again. to_midnight: ms from the kill until
    midnight in Beijing.
    """

    stage: Stage
    before_end: int
    gap: int
    to_midnight: int = 12 * HOUR


def moments(stage: Stage) -> st.SearchStrategy[int]:
    last = 1 if stage is Stage.READY else -DRAIN_MS + 1
    return st.integers(last, SECOND) | st.integers(last, LASTS[stage])


GAPS = (
    st.sampled_from([0, GAP_MS, GAP_MS + 1, 2 * HOUR, 2 * HOUR + 1])
    | st.integers(0, 2 * GAP_MS)
    | st.integers(0, 3 * HOUR)
    | st.integers(0, 60 * HOUR)
)
MIDNIGHTS = st.sampled_from([0, 1, SECOND, GAP_MS]) | st.integers(0, DAY - 1)
KILLS = st.sampled_from(list(LASTS)).flatmap(
    lambda stage: st.builds(Kill, st.just(stage), moments(stage), GAPS, MIDNIGHTS)
)


@given(KILLS)
@example(Kill(Stage.TIMED, 1, GAP_MS))
@example(Kill(Stage.TIMED, 1, GAP_MS + 1))
@example(Kill(Stage.TIMED, 1 - DRAIN_MS, 60 * SECOND))
@example(Kill(Stage.LISTING, 0, 2 * HOUR))
@example(Kill(Stage.READY, 1, 2 * HOUR + 1))
@example(Kill(Stage.LISTING, 1_500, 60 * SECOND, to_midnight=10 * SECOND))
@example(Kill(Stage.TIMED, 1, GAP_MS + 1, to_midnight=1))
@example(Kill(Stage.TIMED, 1, GAP_MS, to_midnight=1))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_killed_at_any_moment_for_any_length_nobody_loses_a_window(
    world: World, kill: Kill
) -> None:
    """Fault 20: a court set a sale aside because bidders lost its last 19 s."""
    before = await killed(world, kill)
    died, proved_at = world.clock.now, await last_proof(world, kill)
    world.clock.now = back = max(died, proved_at + kill.gap)
    room = await room_of(await reborn(world), before.lot_id)
    await world.wind(0)
    if back - proved_at <= GAP_MS:
        nothing_has_happened(world, room, before.lot)
    else:
        await it_stands_still(world, room, before.lot, Gap(proved_at, back))
        await goes_on(world, room)
        await gives_a_whole_window(world, room, before.lot)
    entries = await world.entries(room.lot_id)
    assert not [entry for entry in entries if died < entry.at < back]
    assert room.lot.price_fen == before.lot.price_fen, "what was quoted stands"
    await world.verify(room.lot_id)
    await put_away(world, room)


# ── the kill ────────────────────────────────────────────────────────────────────────────────


async def killed(world: World, kill: Kill) -> Room:
    """Runs a lot of its own to the moment and kills everything; the room as it died."""
    died = midnight_after(world.clock.now + DAY) + DAY - kill.to_midnight
    announced = died + kill.before_end - ENDS[kill.stage]
    world.clock.now = announced
    lot_id = await announce(world)
    room = await room_of(await reborn(world), lot_id)
    await world.wind_to(announced + ENDS[kill.stage] - LASTS[kill.stage])
    assert room.lot.stage is kill.stage
    if kill.stage is not Stage.READY:
        (ann,) = world.bidders("A2K7")
        answer = await room.place_bid(ann.bid(room.origin, START, world.clock.now))
        assert outcome(answer) == "accepted"
    await world.wind_to(died)
    await die(world)
    assert (room.lot.stage, room.lot.control) == (kill.stage, Control.NORMAL)
    assert room.lot.closes_at == died + kill.before_end
    return room


async def announce(world: World) -> str:
    """A lot of its own, announced now."""
    now = world.clock.now
    names = ("announced_at", "registration_from", "registration_to", "deposit_deadline")
    table = replace(
        TIMES,
        **dict.fromkeys(names, now),
        listing_from=now + LEAD_MS,
        listing_to=now + LEAD_MS + LISTING_MS,
    )
    rules = listing_rules(
        "demo", countdown_s=COUNTDOWN_MS // SECOND, ready_min=READY_MS // SECOND, warnings_s=(5,)
    )
    return await world.publish_command(f"lot-{next(_numbers)}", publish(rules, timetable=table))


async def last_proof(world: World, kill: Kill) -> int:
    """The last that the dead wrote; the window's beginning counts as proved."""
    async with world.engine.connect() as connection:
        at = (await connection.execute(select(func.max(health.c.at)))).scalar()
    begun = world.clock.now + kill.before_end - LASTS[kill.stage]
    return max(at or 0, begun)


# ── the return ──────────────────────────────────────────────────────────────────────────────


def nothing_has_happened(world: World, room: Room, before: Lot) -> None:
    """The window runs on, or has ended where it would have, with whatever comes after it."""
    assert before.closes_at is not None
    drain = 0 if before.stage is Stage.READY else DRAIN_MS
    assert room.lot.control is Control.NORMAL
    if world.clock.now < before.closes_at + drain:
        assert (room.lot.stage, room.lot.closes_at) == (before.stage, before.closes_at)
        return
    after = {Stage.LISTING: Stage.READY, Stage.READY: Stage.TIMED, Stage.TIMED: Stage.SOLD}
    assert room.lot.stage is after[before.stage]
    if room.lot.stage is not Stage.SOLD:
        assert room.lot.closes_at == world.clock.now + LASTS[room.lot.stage]


async def it_stands_still(world: World, room: Room, before: Lot, gap: Gap) -> None:
    """The first entry says from when until when nobody could bid."""
    assert (room.lot.stage, room.lot.control) == (before.stage, Control.SUSPENDED)
    assert room.lot.closes_at == before.closes_at
    (event,) = (await world.entries(room.lot_id))[-1].events
    assert event.type == "interrupted"
    assert (event.gap_from, event.gap_to) == (gap.gap_from, gap.gap_to)
    one_day = midnight_after(gap.gap_from) == midnight_after(gap.gap_to)
    by_itself = one_day and gap.gap_to - gap.gap_from <= 2 * HOUR
    assert room.lot.resumes_at == (world.clock.now + NOTICE_MS if by_itself else None)


async def goes_on(world: World, room: Room) -> None:
    """By itself after the notice, or by two officials with a whole new timetable."""
    if room.lot.resumes_at is not None:
        await world.wind_to(room.lot.resumes_at - 1)
        assert room.lot.control is Control.SUSPENDED
        await world.wind(1)
        return
    await world.wind(2 * NOTICE_MS)
    assert room.lot.control is Control.SUSPENDED, "nobody but the officials lets it go on"
    table = None
    if room.lot.stage is Stage.LISTING:
        table = replace(room.lot.timetable, listing_to=world.clock.now + COUNTDOWN_MS)
    resume = m.Resume(announced_at=world.clock.now, timetable=table, officials=BOTH)
    assert not hasattr(await room.submit(replace(resume, officials=None)), "seq")
    assert hasattr(await room.submit(resume), "seq")


async def gives_a_whole_window(world: World, room: Room, before: Lot) -> None:
    """And is not left a moment earlier."""
    owed = max(LASTS[before.stage], COUNTDOWN_MS if before.stage is Stage.LISTING else 0)
    assert room.lot.control is Control.NORMAL
    assert room.lot.closes_at == world.clock.now + owed
    await world.wind(owed - 1)
    assert (room.lot.stage, room.lot.control) == (before.stage, Control.NORMAL)
    await world.wind(1 + DRAIN_MS)
    assert room.lot.stage is not before.stage


async def put_away(world: World, room: Room) -> None:
    """The next sale is to be alone in the world."""
    if room.lot.stage is not Stage.SOLD:
        end = m.Terminate(cause=m.SuspendCause.OTHER, text="终止", officials=BOTH)
        assert hasattr(await room.submit(end), "seq")
    await die(world)
    world.office.bidders.clear()


def midnight_after(instant: int) -> int:
    """The first midnight in Beijing that is later than an instant (both ms)."""
    day = datetime.fromtimestamp(instant // SECOND, BEIJING).date() + timedelta(days=1)
    return int(datetime(day.year, day.month, day.day, tzinfo=BEIJING).timestamp()) * SECOND
