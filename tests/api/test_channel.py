"""The channel's door: who may open a socket, which frames are taken, and what ends a connection."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from types import SimpleNamespace
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from schemas import live
from service.api.identity import token_hash
from service.api.uvicorn_protocol import MEASURE
from service.store.accounts import end_session
from tests.api.live_site import ORIGIN, Site, as_frame, hear, opened_site, say
from tests.live.world import START, STEP


@pytest.fixture
async def site(database: SimpleNamespace) -> AsyncIterator[Site]:
    async with opened_site(database) as opened:
        yield opened


async def closed_with(socket: ClientConnection) -> int | None:
    """The code with which the server hangs up."""
    with suppress(ConnectionClosed):
        async for _ in socket:
            pass
    return socket.close_code


# ── the handshake ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://auction.example.cn.evil.example",
        "http://auction.example.cn",
        "https://auction.example.cn:8443",
        "https://AUCTION.example.cn/",
        "null",
        "",
    ],
)
async def test_a_wrong_origin_is_refused_before_accept(site: Site, origin: str) -> None:
    """Fault 31: cross-site sockets were accepted behind an allow-list CORS middleware."""
    with pytest.raises(InvalidStatus) as refused:
        async with site.socket(origin=origin):
            pytest.fail("the socket was accepted")
    response = refused.value.response
    assert response.status_code == 403
    assert json.loads(response.body or b"{}")["code"] == "origin_refused"
    assert len((await site.room()).audience) == 0


@pytest.mark.parametrize("origin", [ORIGIN, "same host", None])
async def test_our_own_origins_and_programs_may_open_sockets(
    site: Site, origin: str | None
) -> None:
    own = f"http://127.0.0.1:{site.port}" if origin == "same host" else origin
    async with site.socket(origin=own) as socket:
        assert socket.subprotocol == "luochui.v1"
        assert (await hear(socket, "welcome"))["role"] == "observer"


@pytest.mark.parametrize(
    ("lot_id", "subprotocols", "status"),
    [("no-such-lot", ["luochui.v1"], 404), ("..house", ["luochui.v1"], 404),
     ("lot-one", ["luochui.v2"], 400), ("lot-one", None, 400)],
)  # fmt: skip
async def test_an_unknown_lot_or_subprotocol_is_refused_before_accept(
    site: Site, lot_id: str, subprotocols: list[str] | None, status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with site.socket(lot_id=lot_id, subprotocols=subprotocols):
            pytest.fail("the socket was accepted")
    assert refused.value.response.status_code == status


async def test_welcome_and_snapshot_come_first_and_tell_the_whole_state(site: Site) -> None:
    async with site.socket() as socket:
        welcome = live.Welcome.model_validate_json(await socket.recv())
        snapshot = live.Snapshot.model_validate_json(await socket.recv())
    room = await site.room()
    assert (welcome.role, welcome.bidder_no) == ("observer", None)
    assert welcome.limits == live.Limits(frame_bytes=4096, frames_per_s=20, bids_per_s=5)
    assert (snapshot.seq, snapshot.log) == (room.size - 1, room.origin)
    assert snapshot.lot.stage == "LISTING"
    assert snapshot.yours is None


async def test_a_signed_in_person_who_is_not_admitted_is_an_observer(site: Site) -> None:
    cookie = await site.sign_in("somebody")
    async with site.socket(cookie) as socket:
        assert (await hear(socket, "welcome"))["role"] == "observer"


# ── frames ──────────────────────────────────────────────────────────────────────────────────

BID_ID = "00000000-0000-4000-8000-000000000001"
GOOD_BID = {
    "type": "place_bid", "bid_id": BID_ID, "amount_fen": START, "seen_seq": 0,
    "jump_confirmed": False, "key_id": "0" * 16, "signature": "A" * 86 + "==",
}  # fmt: skip


def bid_with(**fields: Any) -> str:
    return json.dumps({**GOOD_BID, **fields})


REFUSED_FRAMES: list[tuple[str | bytes, str]] = [
    ("", "malformed"),
    ("{", "malformed"),
    ("[]", "malformed"),
    ("null", "malformed"),
    ('"place_bid"', "malformed"),
    (b"\x00\x01", "malformed"),
    ("{}", "malformed"),
    ('{"type":"shout"}', "unknown_type"),
    ('{"type":"ping"}', "malformed"),
    ('{"type":"ping","t0":1.5}', "malformed"),
    ('{"type":"ping","t0":1,"t0":2}', "malformed"),
    ('{"type":"opt_in","join":false,"join":true}', "malformed"),
    ('{"type":"ping","t0":-1}', "malformed"),
    ('{"type":"ping","t0":1,"extra":1}', "malformed"),
    ('{"type":"resync","after_seq":-2}', "malformed"),
    ('{"type":"bid_status","bid_id":"1"}', "malformed"),
    ('{"type":"opt_in","join":"yes"}', "malformed"),
    (bid_with(amount_fen=True), "malformed"),
    (bid_with(amount_fen="100"), "malformed"),
    (bid_with(amount_fen=1000.0), "malformed"),
    (bid_with(amount_fen=2**53), "malformed"),
    (bid_with(amount_fen=-1), "malformed"),
    (bid_with(amount_fen=None), "malformed"),
    (bid_with(jump_confirmed=1), "malformed"),
    (bid_with(bid_id="x"), "malformed"),
    (bid_with(bidder_no="AAAA"), "malformed"),
    (bid_with(received_at=1), "malformed"),
    (bid_with(signature="A" * 88), "malformed"),
    (bid_with(key_id="G" * 16), "malformed"),
    ("[" * 3000, "malformed"),
    (json.dumps({"type": "ping", "t0": 1, "pad": "x" * 4096}), "too_large"),
    (
        json.dumps({"type": "ping", "t0": 1, "pad": "落" * 1500}, ensure_ascii=False),
        "too_large",
    ),
]


async def test_a_frame_of_another_form_gets_a_named_problem_and_changes_nothing(
    site: Site,
) -> None:
    """Fault 51: lax numbers were taken as amounts. Fault 38: the refusal is a visible outcome."""
    size = (await site.room()).size
    async with site.socket() as socket:
        for number, (frame, code) in enumerate(REFUSED_FRAMES):
            site.world.clock.now += 1_000
            await socket.send(frame)
            problem = await hear(socket, "problem")
            assert problem["code"] == code, frame
            if isinstance(frame, str) and BID_ID in frame:
                assert problem["bid_id"] == BID_ID, "the client knows which bid it was"
            await say(socket, "ping", t0=number)
            assert (await hear(socket, "pong"))["t0"] == number, "the connection stays"
    assert (await site.room()).size == size


async def test_a_frame_beyond_any_measure_ends_the_connection(site: Site) -> None:
    most = MEASURE * site.world.settings.frame_bytes
    async with site.socket() as socket:
        await socket.send("x" * most)
        assert (await hear(socket, "problem"))["code"] == "too_large"
        await socket.send("x" * (most + 1))
        assert await closed_with(socket) == 1009


async def test_ping_gives_the_server_s_times_and_resync_the_missing_rows(site: Site) -> None:
    """Fault 28: the countdown stands on the server's offset, not on the PC's clock."""
    (ann,) = site.world.bidders("AAAA")
    room = await site.room()
    receipt = await room.place_bid(ann.bid(room.origin, START, site.world.clock.now))
    async with site.socket() as socket:
        await say(socket, "ping", t0=77)
        pong = await hear(socket, "pong")
        assert pong == {"type": "pong", "t0": 77, "t1": pong["t2"], "t2": site.world.clock.now}
        await say(socket, "resync", after_seq=receipt.seq - 1)
        update = await hear(socket, "update")
        assert [row["seq"] for row in update["new"]] == [receipt.seq]
        await say(socket, "resync", after_seq=10**6)
        assert (await hear(socket, "snapshot"))["seq"] == receipt.seq


# ── rates and sessions ──────────────────────────────────────────────────────────────────────


async def test_more_than_twenty_frames_a_second_are_refused_and_then_closed(site: Site) -> None:
    async with site.socket() as socket:
        for number in range(20):
            await say(socket, "ping", t0=number)
        for number in range(20):
            assert (await hear(socket, "pong"))["t0"] == number
        await say(socket, "ping", t0=20)
        assert (await hear(socket, "problem"))["code"] == "rate_limited"
        site.world.clock.now += 50
        await say(socket, "ping", t0=21)
        assert (await hear(socket, "pong"))["t0"] == 21, "one more after a twentieth of a second"
        for _ in range(19):
            await say(socket, "ping", t0=22)
        assert await closed_with(socket) == 4009


async def test_refused_frames_over_a_long_time_close_nothing(site: Site) -> None:
    async with site.socket() as socket:
        for _ in range(30):
            await socket.send("{")
            assert (await hear(socket, "problem"))["code"] == "malformed"
            site.world.clock.now += 1_000


async def test_more_than_five_bids_a_second_are_refused_whatever_the_way(site: Site) -> None:
    """A second socket or POST has no other purse, and nobody else's is touched."""
    ann, bob = site.world.bidders("AAAA", "BBBB")
    room = await site.room()
    cookie = await site.sign_in(ann.account_id)
    async with site.socket(cookie) as socket, site.http(cookie) as http, site.bidder(bob) as other:
        for step in range(5):
            await say(socket, "place_bid", **as_frame(ann.body(room.origin, START + step * STEP)))
            await hear(socket, "receipt")
        sixth = as_frame(ann.body(room.origin, START + 5 * STEP))
        await say(socket, "place_bid", **sixth)
        problem = await hear(socket, "problem")
        assert (problem["code"], problem["bid_id"]) == ("rate_limited", sixth["bid_id"])
        posted = await http.post("/api/lots/lot-one/bids", json=sixth)
        assert (posted.status_code, posted.json()["code"]) == (429, "rate_limited")
        await say(other, "place_bid", **as_frame(bob.body(room.origin, START + 9 * STEP)))
        assert (await hear(other, "receipt"))["outcome"] == "accepted"
        site.world.clock.now += 200
        again = await http.post("/api/lots/lot-one/bids", json=sixth)
        assert again.json()["outcome"] == "refused"


async def test_a_newer_socket_of_the_same_bidder_closes_the_older_with_4010(site: Site) -> None:
    (ann,) = site.world.bidders("AAAA")
    async with (
        site.bidder(ann) as older,
        site.socket("luochui_session=token-account-AAAA") as newer,
    ):
        await hear(newer, "snapshot")
        assert await closed_with(older) == 4010
        await say(newer, "ping", t0=1)
        await hear(newer, "pong")


async def test_a_socket_opened_before_a_sign_out_bids_no_more(site: Site) -> None:
    (ann,) = site.world.bidders("AAAA")
    room = await site.room()
    async with site.bidder(ann) as socket:
        async with site.engine.begin() as connection:
            await end_session(connection, token_hash("token-account-AAAA"))
        site.world.clock.now += 5_000
        await say(socket, "place_bid", **as_frame(ann.body(room.origin, START)))
        assert (await hear(socket, "problem"))["code"] == "not_admitted"
        assert await closed_with(socket) == 4001
    assert room.lot.price_fen is None


async def test_a_socket_opened_before_a_sign_out_enters_nothing(site: Site) -> None:
    (ann,) = site.world.bidders("AAAA")
    async with site.bidder(ann) as socket:
        async with site.engine.begin() as connection:
            await end_session(connection, token_hash("token-account-AAAA"))
        site.world.clock.now += 5_000
        await say(socket, "opt_in", join=True)
        assert (await hear(socket, "problem"))["code"] == "not_admitted"
        assert await closed_with(socket) == 4001


# ── many, slow, and the end ─────────────────────────────────────────────────────────────────


async def test_idle_sockets_hold_no_database_connection(database: SimpleNamespace) -> None:
    """Fault 35: a database session for each socket emptied the pool."""
    async with opened_site(database, pool_size=2) as site, AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(site.socket(max_queue=64)) for _ in range(60)]
        for socket in sockets:
            await hear(socket, "snapshot")
        assert len((await site.room()).audience) == 60
        assert site.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # a queue pool
        owner = await database.connect_as_owner()
        open_now = await owner.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND usename = 'luochui_app'"
        )
        await owner.close()
        assert open_now <= 3, "the pool and the writer, however many look on"
        await site.world.wind(60_000)
        for socket in sockets:
            assert (await hear(socket, "heartbeat"))["seq"] == (await site.room()).size - 1


async def test_shutdown_closes_every_socket_with_1012_and_waits_for_none(site: Site) -> None:
    """Fault 35: shutdown hung on open sockets."""
    async with site.socket() as reading, site.socket(max_queue=1, close_timeout=0.1):
        await hear(reading, "snapshot")
        await site.stop()
        assert await closed_with(reading) == 1012


async def test_closing_the_rooms_sends_everybody_away_with_1012(site: Site) -> None:
    async with site.socket() as socket:
        await hear(socket, "snapshot")
        await site.process.rooms.close()
        assert await closed_with(socket) == 1012


async def test_a_client_that_never_reads_is_closed_with_4008_and_hurts_nobody(site: Site) -> None:
    """Fault 30: one reader that never reads froze everybody."""
    room = await site.room()
    async with site.socket() as quick, site.socket(max_queue=1) as slow:
        await hear(quick, "snapshot")
        await hear(slow, "welcome")
        assert len(room.audience) == 2
        seats = list(room.audience._seats)
        sent = 0
        while not any(seat._pump for seat in seats):
            note = live.Notice(code="BROADCAST", at=sent, params={"text": "x" * 16_000})
            room.audience.tell(note)
            heard = await hear(quick, "notice")
            assert heard["at"] == sent, "the quick one hears everything at once"
            sent += 1
        (behind,) = [seat for seat in seats if seat._pump]
        assert room.audience._seats == set(seats)
        await site.world.wind(site.world.settings.send_limit_ms)
        assert behind.closed == 4008
        await say(quick, "ping", t0=1)
        await hear(quick, "pong")
        assert await closed_with(slow) == 4008


async def test_on_a_server_without_prepared_frames_the_channel_is_the_same(
    database: SimpleNamespace,
) -> None:
    async with opened_site(database, ws="websockets-sansio") as site:
        (ann,) = site.world.bidders("AAAA")
        room = await site.room()
        async with site.socket() as public, site.bidder(ann) as socket:
            await hear(public, "snapshot")
            await say(socket, "place_bid", **as_frame(ann.body(room.origin, START)))
            assert (await hear(socket, "receipt"))["outcome"] == "accepted"
            await site.world.wind(site.world.settings.conflate_ms)
            assert (await hear(public, "update"))["lot"]["leader_no"] == "AAAA"
            async with site.socket("luochui_session=token-account-AAAA"):
                assert await closed_with(socket) == 4010
