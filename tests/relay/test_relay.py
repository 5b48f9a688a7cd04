"""A relay shows observers what the service shows them, from the bus and one call, and owns up when
it cannot know."""

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

from tests.api.live_site import hear, say
from tests.bus.servers import NatsServer, until
from tests.live.world import START, STEP
from tests.relay.conftest import Relay, Upstream, relay_of


async def until_seq(socket: ClientConnection, seq: int) -> list[dict[str, Any]]:
    """Every update up to this seq."""
    updates = []
    while not updates or updates[-1]["seq"] < seq:
        updates.append(await hear(socket, "update"))
    return updates


async def test_an_observer_joins_by_a_welcome_and_the_services_own_snapshot(
    upstream: Upstream, relay: Relay
) -> None:
    await upstream.bid(upstream.world.office.bidders[0], START)
    async with relay.socket() as socket:
        welcome = await hear(socket, "welcome")
        assert (welcome["role"], welcome["limits"]["bids_per_s"]) == ("observer", 0)
        shown = await hear(socket, "snapshot")
    room = await upstream.room()
    assert shown == json.loads(room.snapshot(None).model_dump_json(exclude_none=True))


async def test_frames_come_by_the_bus_once_and_in_order_though_two_processes_show_them(
    upstream: Upstream, relay: Relay
) -> None:
    first, second = upstream.world.office.bidders
    await upstream.room(1)
    async with relay.socket() as socket:
        seen, quotes = [(await hear(socket, "snapshot"))["seq"]], []
        await hear(socket, "heartbeat")
        asked = upstream.calls
        for step in range(8):
            who = (first, second)[step % 2]
            seq = await upstream.bid(who, START + step * STEP, number=step % 2)
            updates = await until_seq(socket, seq)
            seen += [update["seq"] for update in updates]
            quotes += [quote["amount_fen"] for update in updates for quote in update["new"]]
            assert not any(update.get("gap") for update in updates)
        assert upstream.calls - asked <= 2, "it was the bus that brought them"
        assert seen == sorted(set(seen))
        assert quotes == [START + step * STEP for step in range(8)]


async def test_a_lost_frame_is_found_by_the_next_and_asked_for(
    upstream: Upstream, relay: Relay
) -> None:
    first, second = upstream.world.office.bidders
    async with relay.socket() as socket:
        await hear(socket, "snapshot")
        lot = await relay.parts.lots.get("lot-one")
        assert lot is not None
        await until(lambda: lot.is_current())
        lost: list[str] = []
        relay.parts.frames.follow(lot.log, lost.append, lambda: None)
        await upstream.bid(first, START)
        await until(lambda: any('"update"' in text for text in lost))
        relay.parts.frames.follow(lot.log, lot.hear, lambda: None)
        seq = await upstream.bid(second, START + STEP)
        updates = await until_seq(socket, seq)
        quotes = [quote["amount_fen"] for update in updates for quote in update["new"]]
        assert quotes == [START, START + STEP]


async def test_without_the_bus_the_service_is_asked_and_with_it_again_frames_flow(
    upstream: Upstream, relay: Relay, nats: NatsServer
) -> None:
    first, second = upstream.world.office.bidders
    async with relay.socket() as socket:
        await hear(socket, "snapshot")
        await asyncio.to_thread(nats.kill)
        seq = await upstream.bid(first, START)
        assert (await until_seq(socket, seq))[-1]["new"][-1]["amount_fen"] == START
        await hear(socket, "heartbeat")
        await asyncio.to_thread(nats.start)
        await asyncio.gather(*(bus.listening() for bus in upstream.buses))
        await until(relay.parts.frames.is_up)
        seq = await upstream.bid(second, START + STEP)
        await until_seq(socket, seq)


async def test_a_relay_cut_off_from_everything_is_silent(
    upstream: Upstream, nats: NatsServer
) -> None:
    """A client calls four seconds of silence unknown; a relay that went on beating would lie."""
    async with relay_of(upstream, nats, relay_proof_ms=600) as relay, relay.socket() as socket:
        await hear(socket, "heartbeat")
        await asyncio.to_thread(nats.kill)
        await upstream.close()
        lot = await relay.parts.lots.get("lot-one")
        assert lot is not None
        await until(lambda: not lot.is_current())
        await say(socket, "ping", t0=1)
        await say(socket, "resync", after_seq=0)
        await say(socket, "opt_in", join=True)  # refused: the one answer that needs no knowledge
        last = None
        while last != "problem":
            last = json.loads(await socket.recv())["type"]
            assert last in ("heartbeat", "problem")  # beats sent before it knew
        looks = 2 * relay.parts.settings.heartbeat_ms
        quiet = asyncio.create_task(socket.recv())
        begun = relay.parts.clock.monotonic_ms()
        await until(lambda: relay.parts.clock.monotonic_ms() - begun > looks or quiet.done())
        assert not quiet.done(), "nothing is said while nothing is known"
        with pytest.raises(InvalidStatus) as refused:
            async with relay.socket():
                pass
        assert refused.value.response.status_code == 503
        await upstream.open()
        assert json.loads(await quiet)["type"] in ("heartbeat", "update")


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ({"cookie": "luochui_session=abc"}, 403, "not_allowed"),
        ({"origin": "https://elsewhere.example"}, 403, "origin_refused"),
        ({"lot_id": "no-such-lot"}, 404, "not_found"),
    ],
)
async def test_a_handshake_is_refused_by_name(
    relay: Relay, how: dict[str, str], status: int, code: str
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with relay.socket(**how):  # type: ignore[arg-type]  # one knob each
            pass
    assert refused.value.response.status_code == status
    told = json.loads(refused.value.response.body or b"")
    assert told["code"] == code
    if "cookie" in how:
        assert relay.parts.settings.relay_upstream in told["detail"]


async def test_who_wants_to_bid_is_told_where(upstream: Upstream, relay: Relay) -> None:
    bidder = upstream.world.office.bidders[0]
    room = await upstream.room()
    async with relay.socket() as socket:
        body = bidder.body(room.origin, START).model_dump(mode="json")
        await say(socket, "place_bid", **body)
        told = await hear(socket, "problem")
        assert (told["code"], told["bid_id"]) == ("not_allowed", body["bid_id"])
        assert relay.parts.settings.relay_upstream in told["detail"]
        await say(socket, "ping", t0=5)
        assert (await hear(socket, "pong"))["t0"] == 5
    assert room.lot.leader_no is None


async def test_bounds_hold_and_are_named(upstream: Upstream, nats: NatsServer) -> None:
    async with relay_of(upstream, nats, relay_watchers=1) as relay, relay.socket() as socket:
        await hear(socket, "snapshot")
        with pytest.raises(InvalidStatus) as refused:
            async with relay.socket():
                pass
        assert json.loads(refused.value.response.body or b"")["code"] == "busy"
        async with relay.http() as http:
            ready = await http.get("/health/ready")
            assert ready.status_code == 503
            assert ready.json()["reason"] == "full"


async def test_health_says_whether_the_service_answers(upstream: Upstream, relay: Relay) -> None:
    async with relay.http() as http:
        assert (await http.get("/health/live")).status_code == 200
        async with relay.socket() as socket:
            await hear(socket, "snapshot")
        assert (await http.get("/health/ready")).status_code == 200
        assert "luochui_relay_calls_total" in (await http.get("/metrics")).text


async def test_while_the_bus_speaks_the_service_is_hardly_asked(
    upstream: Upstream, relay: Relay
) -> None:
    """Otherwise a thousand relays would ask a thousand times a second."""
    async with relay.socket() as socket:
        for _ in range(3):
            await hear(socket, "heartbeat")
        before = upstream.calls
        for _ in range(5):
            await hear(socket, "heartbeat")
        assert upstream.calls - before <= 2
