"""What each screen was shown is remembered for the regulator, and never in a frame's way."""

import json
from typing import Any

from schemas import live
from service.desk.screens import gather_screens
from service.live.audience import REPLACED
from service.live.frames import prepare
from service.live.views import Views
from tests.live.test_audience import bids
from tests.live.test_rooms import in_listing
from tests.live.world import START, World, watch

LOG = "lot/lot-one"


async def told(world: World) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """sessions.jsonl and views.jsonl after everything that waits is written."""
    await world.views.write()
    async with world.engine.connect() as connection:
        sessions, shown = await gather_screens(connection, LOG)
    return [json.loads(line) for line in sessions], [json.loads(line) for line in shown]


def screen_of(session: str, shown: list[dict[str, Any]]) -> list[str]:
    """The frames that reached this session, as a regulator reads them from the evidence."""
    frames = {row["no"]: row["frame"] for row in shown if row["kind"] == "all"}
    seen = []
    for row in shown:
        at_once = row["kind"] == "all" and session not in row.get("waiting", ())
        if at_once or (row["kind"] == "own" and row["session"] == session):
            seen.append(row["frame"])
        elif row["kind"] == "late" and row["session"] == session:
            seen.append(frames[row["no"]])
    return seen


async def test_the_evidence_holds_the_very_frames_that_a_bidder_got(world: World) -> None:
    room = await in_listing(world)
    world.bidders("AAAA", "BBBB")
    seat, line = watch(room, world, "AAAA")
    await bids(world, room, 3)
    await world.wind(world.settings.conflate_ms)
    _, shown = await told(world)
    assert screen_of(seat.session, shown) == [frame.decode() for frame in line.frames]


async def test_who_did_not_get_a_frame_is_named_and_what_came_late_is_late(world: World) -> None:
    room = await in_listing(world)
    world.bidders("AAAA", "BBBB")
    quick_seat, _ = watch(room, world)
    slow_seat, slow = watch(room, world, "AAAA")
    slow.reads = False
    await bids(world, room, 1)
    await world.wind(world.settings.conflate_ms)
    _, shown = await told(world)
    row = next(row for row in shown if row["kind"] == "all")
    assert row["waiting"] == [slow_seat.session]
    assert row["frame"] not in screen_of(slow_seat.session, shown)
    assert row["frame"] in screen_of(quick_seat.session, shown)


async def test_sessions_open_and_close_and_bear_their_number_and_address(world: World) -> None:
    room = await in_listing(world)
    world.bidders("AAAA", "BBBB")
    older, _ = watch(room, world, "AAAA")
    newer, _ = watch(room, world, "AAAA")
    observer, _ = watch(room, world)
    room.audience.leave(observer)
    sessions, _ = await told(world)
    opened = {row["session"]: row for row in sessions if row["kind"] == "opened"}
    assert opened[older.session]["bidder_no"] == opened[newer.session]["bidder_no"] == "AAAA"
    assert opened[older.session]["address"] == "192.0.2.7"
    assert "bidder_no" not in opened[observer.session]
    closed = {row["session"]: row for row in sessions if row["kind"] == "closed"}
    assert closed[older.session]["code"] == REPLACED
    assert "code" not in closed[observer.session], "it left by itself"
    assert newer.session not in closed


async def test_an_observers_own_frames_are_not_kept(world: World) -> None:
    room = await in_listing(world)
    seat, _ = watch(room, world)
    _, shown = await told(world)
    assert [row for row in shown if row.get("session") == seat.session] == []


async def test_what_is_lost_at_the_bound_is_counted(world: World) -> None:
    settings = world.settings.model_copy(update={"view_rows": 3})
    views = Views(world.engine, world.clock, settings, "process-9")
    for no in range(1, 6):
        views.of(LOG).all(no, prepare(_heartbeat()), [])
    await views.write()
    _, shown = await told(world)
    assert [(row["kind"], row.get("rows"), row.get("no")) for row in shown] == [
        ("lost", 2, None),
        ("all", None, 3),
        ("all", None, 4),
        ("all", None, 5),
    ]


def _heartbeat() -> Any:
    return live.Heartbeat(server_time_ms=1, seq=1)


async def test_rows_that_could_not_be_written_wait(world: World) -> None:
    views = Views(_Away(), world.clock, world.settings, "process-9")  # type: ignore[arg-type]
    views.of(LOG).all(1, prepare(_heartbeat()), [])
    for _ in range(2):
        try:
            await views.write()
        except ConnectionError:
            continue
    views._engine = world.engine
    await views.write()
    _, shown = await told(world)
    assert [row["no"] for row in shown] == [1]


class _Away:
    """A database that is gone."""

    def begin(self) -> Any:
        raise ConnectionError


async def test_a_receipt_is_named_by_its_bid_for_the_log_gives_its_bytes(world: World) -> None:
    room = await in_listing(world)
    (bidder, _) = world.bidders("AAAA", "BBBB")
    seat, _ = watch(room, world, "AAAA")
    bid = bidder.bid(room.origin, START, world.clock.now)
    seat.send(prepare(await room.place_bid(bid)))
    _, shown = await told(world)
    own = [row for row in shown if row["kind"] == "own" and "receipt" in row]
    assert [row["receipt"] for row in own] == [bid.bid_id]
    assert "frame" not in own[0]
