"""Everyone who looks on: one frame for all, a bounded outbox for each, and nobody's name in it."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from schemas import live
from service.live.audience import REPLACED, TOO_SLOW
from service.live.frames import prepare
from service.rules import messages as m
from tests.live.test_rooms import in_listing
from tests.live.world import (
    BOTH,
    COUNTDOWN_MS,
    DRAIN_MS,
    START,
    STEP,
    T0,
    HeardLine,
    World,
    in_timed,
    room_of,
    watch,
)


async def bids(world: World, room: Any, count: int, first_step: int = 0) -> None:
    """Accepted quotes, by turns of two bidders."""
    known = world.office.bidders or world.bidders("AAAA", "BBBB")
    for step in range(first_step, first_step + count):
        bidder = known[step % 2]
        answer = await room.place_bid(bidder.bid(room.origin, START + step * STEP, world.clock.now))
        assert answer.outcome == "accepted"


async def test_many_bids_make_one_conflated_frame_and_the_last_state_wins(world: World) -> None:
    room = await in_listing(world)
    _, line = watch(room, world)
    await bids(world, room, 1)
    await world.wind(0)
    await bids(world, room, 5, first_step=1)
    assert len(line.told("update")) == 1, "the second frame waits for its time"
    await world.wind(world.settings.conflate_ms - 1)
    assert len(line.told("update")) == 1
    await world.wind(1)
    _, second = line.told("update")
    assert len(second["new"]) == 5
    assert second["seq"] == room.size - 1
    assert second["lot"]["price_fen"] == START + 5 * STEP
    assert "gap" not in second


async def test_more_quotes_than_a_frame_holds_are_said_to_be_missing(world: World) -> None:
    """Fault 29: a gap is told, never hidden; resync brings the whole."""
    room = await in_listing(world)
    _, line = watch(room, world)
    await bids(world, room, 1)
    await world.wind(0)
    await bids(world, room, 25, first_step=1)
    await world.wind(world.settings.conflate_ms)
    update = line.told("update")[-1]
    assert len(update["new"]) == 20
    assert update["gap"] is True
    known = update["new"][-1]["seq"]
    near = room.resync(known - 3, None)
    assert isinstance(near, live.Update)
    assert [row.seq for row in near.new] == [known - 2, known - 1, known]
    far = room.resync(1, None)
    assert isinstance(far, live.Snapshot)
    assert len(far.recent) == 26
    ahead = room.resync(10_000, None)
    assert isinstance(ahead, live.Snapshot), "a client of another history gets everything"


async def test_a_slow_reader_harms_only_itself(world: World) -> None:
    """Fault 30: one reader that never reads froze everybody."""
    room = await in_listing(world)
    _, quick = watch(room, world)
    slow_seat, slow = watch(room, world)
    slow.reads = False
    await bids(world, room, 1)
    await world.wind(world.settings.conflate_ms)
    await bids(world, room, 1, first_step=1)
    await world.wind(world.settings.conflate_ms)
    assert len(quick.told("update")) == 2
    assert slow.told("update") == []
    assert slow_seat._state is not None, "only the latest state waits"
    await world.wind(world.settings.send_limit_ms - 2 * world.settings.conflate_ms)
    assert slow.closed == [TOO_SLOW]
    assert quick.closed == []
    assert len(room.audience) == 1
    await bids(world, room, 1, first_step=2)
    await world.wind(world.settings.conflate_ms)
    assert len(quick.told("update")) == 3


async def test_a_reader_that_catches_up_is_told_of_the_gap_and_loses_no_receipt(
    world: World,
) -> None:
    """Fault 30: the latest state replaces the older; own receipts are never conflated away."""
    room = await in_listing(world)
    seat, line = watch(room, world)
    gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def write_when_open(frame: Any) -> None:
        await gate
        line.frames.append(frame.text)

    line.reads = False
    line.write = write_when_open  # type: ignore[method-assign]  # a line that opens later
    for step in range(3):
        await bids(world, room, 1, first_step=step)
        seat.send(prepare(live.Pong(t0=step, t1=0, t2=0)))
        await world.wind(world.settings.conflate_ms)
    gate.set_result(None)
    await world.settle()
    assert [pong["t0"] for pong in line.told("pong")] == [0, 1, 2]
    updates = line.told("update")
    assert updates[-1]["seq"] == room.size - 1
    assert updates[-1]["gap"] is True
    assert len(updates) <= 2


async def test_an_outbox_has_a_bound(world: World) -> None:
    room = await in_listing(world)
    seat, line = watch(room, world)
    line.reads = False
    for number in range(world.settings.outbox_frames + 2):
        seat.send(prepare(live.Pong(t0=number, t1=0, t2=0)))
        await asyncio.sleep(0)
    assert line.closed == [TOO_SLOW]


async def test_a_heartbeat_comes_within_two_seconds_of_silence_and_only_then(
    world: World,
) -> None:
    """Fault 34: an idle line shows life, so that nothing between drops it."""
    await world.publish()
    process = world.process()
    room = await room_of(process)
    _, line = watch(room, world)
    await world.wind(60_000)
    beats = line.told("heartbeat")
    times = [T0, *(beat["server_time_ms"] for beat in beats)]
    gaps = [after - before for before, after in pairwise(times)]
    assert max(gaps) <= world.settings.heartbeat_ms
    assert min(gaps) >= world.settings.heartbeat_ms * 3 // 4
    assert beats[-1]["seq"] == room.size - 1


async def test_no_heartbeat_while_frames_come(world: World) -> None:
    (room,) = await in_timed(world)
    _, line = watch(room, world)
    for step in range(8):
        await bids(world, room, 1, first_step=step)
        await world.wind(500)
    assert line.told("heartbeat") == []


async def test_a_newer_session_of_a_bidder_takes_the_place_of_the_older(world: World) -> None:
    room = await in_listing(world)
    world.bidders("AAAA", "BBBB")
    _, older = watch(room, world, "AAAA")
    _, other = watch(room, world, "BBBB")
    _, newer = watch(room, world, "AAAA")
    assert older.closed == [REPLACED]
    assert (other.closed, newer.closed) == ([], [])
    assert len(room.audience) == 2


async def test_snapshot_and_later_frames_are_whole_whenever_one_joins(world: World) -> None:
    """Fault 29: no row is missing between the snapshot and the first update."""
    room = await in_listing(world)
    lines: list[HeardLine] = []
    for step in range(12):
        await bids(world, room, 1, first_step=step)
        lines.append(watch(room, world)[1])
        await world.wind(17)
    await world.wind(world.settings.conflate_ms)
    everything = [quote.seq for quote in room.snapshot(None).recent]
    for line in lines:
        (snapshot,) = line.told("snapshot")
        rows = [row["seq"] for row in snapshot["recent"]]
        for update in line.told("update"):
            rows += [row["seq"] for row in update["new"] if row["seq"] > max(rows, default=-1)]
        assert rows == everything


async def test_own_rows_are_in_own_frames_alone(world: World) -> None:
    """Fault 33: a maximum bid reached other browsers; a refused bid is its bidder's alone."""
    ann, bob = world.bidders("AAAA", "BBBB")
    room = await in_listing(world)
    _, mine = watch(room, world, "AAAA")
    _, theirs = watch(room, world, "BBBB")
    _, public = watch(room, world)
    await room.place_bid(ann.bid(room.origin, START, world.clock.now))
    low = await room.place_bid(bob.bid(room.origin, START, world.clock.now))
    await world.wind(world.settings.conflate_ms)
    assert mine.frames[1:] == theirs.frames[1:] == public.frames[1:], "public frames are the same"
    (own,) = [row for row in room.snapshot("BBBB").yours or () if row.outcome == "refused"]
    assert own.bid_id == low.bid_id
    assert "yours" not in prepare(room.snapshot(None)).text.decode()
    for line in (mine, public):
        assert low.bid_id.encode() not in b"".join(line.frames)


@pytest.mark.parametrize("who", [None, "AAAA"])
async def test_for_two_sales_that_differ_only_in_identities_the_public_frames_are_equal(
    world: World, who: str | None
) -> None:
    """Fault 32: the bidder's user id was in the public feed.

    Fault 33: nothing sealed leaks into public payloads.
    """
    heard = []
    for people in ("first", "second"):
        sale = World(world.engine, world.settings)
        ann, bob = sale.bidders("AAAA", "BBBB")
        ann.account_id, bob.account_id = f"{people}-company", f"{people}-person"
        lot_id = f"lot-{people}"
        await sale.publish(lot_id)
        process = sale.process()
        await process.waker.start()
        await sale.wind_to(T0 + 6_000)
        room = await room_of(process, lot_id)
        _, line = watch(room, sale)
        await room.place_bid(ann.bid(room.origin, START, sale.clock.now))
        await room.place_bid(bob.bid(room.origin, START, sale.clock.now))
        await sale.wind(3_000 + DRAIN_MS)
        await room.place_bid(bob.bid(room.origin, START + STEP, sale.clock.now))
        await room.submit(
            m.Suspend(
                cause=m.SuspendCause.TITLE_DISPUTE, text="中止", emergency=False, officials=BOTH
            )
        )
        await sale.wind(1_000)
        await room.submit(m.Resume(announced_at=sale.clock.now, officials=BOTH))
        await sale.wind(COUNTDOWN_MS + DRAIN_MS)
        assert room.lot.winner_no == "BBBB"
        frames = b"\n".join(line.frames).replace(lot_id.encode(), b"lot")
        heard.append(frames)
        for secret in (ann.account_id, bob.account_id, ann.key.key_id, bob.key.spki.hex()):
            assert secret.encode() not in frames
        await sale.close()
    assert heard[0] == heard[1]
    assert len(heard[0].splitlines()) > 10


async def test_a_prepared_frame_is_a_websocket_text_frame() -> None:
    """RFC 6455 §5.2: lengths in 7, 16 and 64 bits, never masked by a server."""
    from websockets.client import ClientProtocol
    from websockets.protocol import State
    from websockets.uri import parse_uri

    for size in (0, 125, 126, 65_535, 65_536):
        frame = prepare(live.Notice(code="BROADCAST", at=0, params={"text": "x" * size}))
        client = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN)
        client.receive_data(frame.wire)
        (event,) = client.events_received()
        assert bytes(event.data) == frame.text


async def test_the_room_of_a_sale_that_runs_is_open_in_every_process(world: World) -> None:
    rooms = await in_timed(world, processes=2)
    await world.processes[1].waker.start()
    assert rooms[1] in world.processes[1].rooms.open_rooms()
