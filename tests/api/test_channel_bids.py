"""A bid from frame to receipt: by socket and by POST, signed, answered once, told to all."""

import asyncio
import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import live
from schemas import log as w
from service.rules.terms import EntryRule, Stage
from service.settings import Settings
from service.store.ledger import Append, Appended, Ledger
from tests.api.live_site import ORIGIN, Site, as_frame, hear, opened_site, say
from tests.live.world import DRAIN_MS, LISTING_TO, START, STEP, Bidder, check_receipt


@pytest.fixture
async def site(database: SimpleNamespace) -> AsyncIterator[Site]:
    async with opened_site(database) as opened:
        yield opened


async def test_a_bid_is_receipted_to_its_bidder_and_shown_to_everybody(site: Site) -> None:
    """Fault 26: every bid ends in an answer. Fault 27: an update tells the outbid one at once."""
    ann, bob = site.world.bidders("AAAA", "BBBB")
    room = await site.room()
    async with site.socket() as public, site.bidder(ann) as hers, site.bidder(bob) as his:
        await hear(public, "snapshot")
        for socket, bidder, amount in ((hers, ann, START), (his, bob, START + STEP)):
            await say(socket, "place_bid", **as_frame(bidder.body(room.origin, amount)))
            frame = await hear(socket, "receipt")
            receipt = live.Receipt.model_validate_json(json.dumps(frame))
            check_receipt(receipt, room.origin)
            assert receipt.outcome == "accepted"
            assert receipt.received_at == receipt.at == site.world.clock.now
            assert receipt.minimum_bid_fen == amount + STEP
            await site.world.wind(site.world.settings.conflate_ms)
            seen = [await hear(each, "update") for each in (public, hers, his)]
            assert seen[0] == seen[1] == seen[2]
            assert seen[0]["lot"]["leader_no"] == bidder.bidder_no
    await site.world.verify()


async def test_the_same_bid_by_socket_and_by_post_has_one_receipt_byte_for_byte(
    site: Site,
) -> None:
    """Fault 26: a bidder whose socket is blocked can still bid, and ask."""
    (ann,) = site.world.bidders("AAAA")
    room = await site.room()
    body = as_frame(ann.body(room.origin, START))
    async with site.bidder(ann) as socket, site.http("luochui_session=token-account-AAAA") as http:
        await socket.send(json.dumps({"type": "place_bid", **body}))
        by_socket = await socket.recv()
        posted = await http.post("/api/lots/lot-one/bids", json=body)
        assert posted.status_code == 200
        assert posted.text == by_socket
        asked = await http.get(f"/api/lots/lot-one/bids/{body['bid_id']}")
        assert asked.text == by_socket
        await say(socket, "bid_status", bid_id=body["bid_id"])
        assert await socket.recv() == by_socket
    assert (await site.world.commands()).count("place_bid") == 1


async def test_other_content_under_a_used_bid_id_is_a_problem(site: Site) -> None:
    (ann,) = site.world.bidders("AAAA")
    room = await site.room()
    bid_id = str(uuid4())
    async with site.bidder(ann) as socket:
        first = ann.body(room.origin, START, bid_id=bid_id)
        await say(socket, "place_bid", **as_frame(first))
        await hear(socket, "receipt")
        other = ann.body(room.origin, START + STEP, bid_id=bid_id)
        await say(socket, "place_bid", **as_frame(other))
        problem = await hear(socket, "problem")
        assert (problem["code"], problem["bid_id"]) == ("bid_id_reused", bid_id)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount_fen": START + STEP}, "bad_signature"),
        ({"bid_id": "00000000-0000-4000-8000-00000000ffff"}, "bad_signature"),
        ({"jump_confirmed": True}, "bad_signature"),
        ({"seen_seq": 1}, "bad_signature"),
        ({"signature": "A" * 86 + "=="}, "bad_signature"),
        ({"key_id": "0" * 16}, "unknown_key"),
    ],
)
async def test_a_bid_that_its_key_did_not_sign_leaves_no_entry(
    site: Site, change: dict[str, Any], code: str
) -> None:
    (ann,) = site.world.bidders("AAAA")
    room = await site.room()
    size = room.size
    async with site.bidder(ann) as socket:
        await say(socket, "place_bid", **{**as_frame(ann.body(room.origin, START)), **change})
        assert (await hear(socket, "problem"))["code"] == code
    assert room.size == size


async def test_another_s_key_and_number_sign_nothing_here(site: Site) -> None:
    """Fault 45: whose bid it is comes from the roll, never from the frame."""
    ann, bob = site.world.bidders("AAAA", "BBBB")
    room = await site.room()
    async with site.bidder(bob) as socket:
        await say(socket, "place_bid", **as_frame(ann.body(room.origin, START)))
        assert (await hear(socket, "problem"))["code"] == "unknown_key"
    assert room.lot.price_fen is None


async def test_a_stranger_and_somebody_not_admitted_get_the_same_answer(site: Site) -> None:
    """Replies for unknown and not admitted do not differ in size (rules §11)."""
    outsider = Bidder("ZZZZ", "outsider")
    room = await site.room()
    cookie = await site.sign_in("outsider")
    body = as_frame(outsider.body(room.origin, START))
    heard = []
    for given in (None, "luochui_session=nothing", cookie):
        async with site.socket(given) as socket, site.http(given) as http:
            await hear(socket, "snapshot")
            await say(socket, "place_bid", **body)
            answer = await hear(socket, "problem")
            posted = await http.post("/api/lots/lot-one/bids", json=body)
            asked = await http.get(f"/api/lots/lot-one/bids/{body['bid_id']}")
            opted = await http.post("/api/lots/lot-one/opt-in", json={"join": True})
            codes = [(each.status_code, each.json()["code"]) for each in (posted, asked, opted)]
            heard.append((answer, codes, len(posted.content)))
    assert heard[0] == heard[1] == heard[2]
    codes = [(403, "not_admitted"), (404, "unknown_bid"), (403, "not_admitted")]
    assert heard[0][1] == codes


async def test_a_revoked_bidder_s_bid_is_refused_by_the_rules_and_logged(site: Site) -> None:
    """Fault 7: the admission is looked at for every bid, as it is now."""
    (ann,) = site.world.bidders("AAAA")
    room = await site.room()
    async with site.bidder(ann) as socket:
        ann.active = False
        site.world.clock.now += site.world.settings.poll_ms + 1  # even when the hint was lost
        await say(socket, "place_bid", **as_frame(ann.body(room.origin, START)))
        receipt = await hear(socket, "receipt")
        assert (receipt["outcome"], receipt["reason"]) == ("refused", "NOT_ADMITTED")
    command = (await site.world.entries())[-1].command
    assert isinstance(command, w.PlaceBid)
    assert command.admission is None
    await site.world.verify()


async def test_a_refusal_states_both_times_and_the_figures(site: Site) -> None:
    """Fault 28: arrival and cut-off both stand in the receipt."""
    (ann,) = site.world.bidders("AAAA")
    room = await site.room()
    closes_at = room.lot.closes_at
    async with site.bidder(ann) as socket:
        site.world.clock.now = closes_at or 0
        await say(socket, "place_bid", **as_frame(ann.body(room.origin, START)))
        receipt = await hear(socket, "receipt")
    assert receipt["reason"] == "CLOSED"
    assert (receipt["received_at"], receipt["closes_at"]) == (closes_at, closes_at)
    assert receipt["minimum_bid_fen"] == START


class Held:
    """A real ledger whose door the test holds shut."""

    def __init__(self, engine: AsyncEngine, settings: Settings) -> None:
        self.ledger = Ledger(engine, settings)
        self.door = asyncio.Event()
        self.asked = asyncio.Event()

    async def append(self, append: Append) -> Appended:
        self.asked.set()
        await self.door.wait()
        return await self.ledger.append(append)


async def test_a_bid_without_an_answer_in_time_is_not_yet_confirmed_and_then_resolved(
    database: SimpleNamespace,
) -> None:
    """Fault 26: in doubt the bidder is told so, and bid_status resolves it."""
    held: list[Held] = []

    def hold(engine: AsyncEngine, settings: Settings) -> Held:
        held.append(Held(engine, settings))
        return held[0]

    async with opened_site(database, ledger=hold) as site:
        (ann,) = site.world.bidders("AAAA")
        room = await site.room()
        body = as_frame(ann.body(room.origin, START))
        async with site.bidder(ann) as socket:
            await say(socket, "place_bid", **body)
            await held[0].asked.wait()
            limit = site.world.timers.next_due(2**60)
            while limit is not None and limit.due < site.world.clock.now + 5_000:
                limit = site.world.timers.next_due(2**60)
            assert limit is not None
            assert limit.callback is not None
            site.world.clock.now = limit.due
            limit.callback()
            problem = await hear(socket, "problem")
            assert (problem["code"], problem["bid_id"]) == ("not_yet_confirmed", body["bid_id"])
            held[0].door.set()
            await say(socket, "bid_status", bid_id=body["bid_id"])
            assert (await hear(socket, "receipt"))["outcome"] == "accepted"
        await held[0].ledger.close()
        assert (await site.world.commands()).count("place_bid") == 1


async def test_asking_for_a_receipt_is_bounded_like_frames(site: Site) -> None:
    """The door costs what `bid_status` costs, and shares its rate with the bidder's socket."""
    (ann,) = site.world.bidders("AAAA")
    room, most = await site.room(), site.world.settings.frames_per_s
    body = as_frame(ann.body(room.origin, START))
    cookie = await site.sign_in(ann.account_id)
    async with site.http(cookie) as http:
        assert (await http.post("/api/lots/lot-one/bids", json=body)).status_code == 200
        path = f"/api/lots/lot-one/bids/{body['bid_id']}"
        asked = [await http.get(path) for _ in range(most + 1)]
        assert [each.status_code for each in asked] == [200] * most + [429]
        assert asked[-1].json()["code"] == "rate_limited"
        assert asked[-1].headers["retry-after"] == "1"
        async with site.http() as stranger:
            assert (await stranger.get(path)).status_code == 404, "another's rate is another's"
        site.world.clock.now += 1_000
        assert (await http.get(path)).status_code == 200


async def test_head_leaves_the_connection_in_order(site: Site) -> None:
    """On a real server: content after HEAD would be read as the next answer's beginning."""
    path = f"/api/lots/lot-one/bids/{uuid4()}"
    async with site.http() as http:
        for _ in range(3):
            head, whole = await http.head(path), await http.get(path)
            assert head.status_code == whole.status_code == 404
            assert head.content == b""
            assert int(head.headers["content-length"]) == len(whole.content)


async def test_a_bid_is_decided_though_its_socket_died(site: Site) -> None:
    """Fault 26: a socket died silently and bids vanished."""
    (ann,) = site.world.bidders("AAAA")
    room = await site.room()
    body = as_frame(ann.body(room.origin, START))
    async with site.bidder(ann) as socket:
        await say(socket, "place_bid", **body)
        socket.transport.abort()
    async with site.http("luochui_session=token-account-AAAA") as http:
        await http.post("/api/lots/lot-one/bids", json=body)
        asked = await http.get(f"/api/lots/lot-one/bids/{body['bid_id']}")
    assert asked.json()["outcome"] == "accepted"
    assert (await site.world.commands()).count("place_bid") == 1


async def test_own_rows_come_back_after_a_reconnect_and_no_one_else_s(site: Site) -> None:
    """Fault 29: after a reconnect the client is whole again with one snapshot."""
    ann, bob = site.world.bidders("AAAA", "BBBB")
    room = await site.room()
    now = site.world.clock.now
    await room.place_bid(ann.bid(room.origin, START, now))
    await room.place_bid(bob.bid(room.origin, START, now))
    own = {}
    for bidder in (ann, bob):
        async with site.socket(await site.sign_in(bidder.account_id)) as socket:
            snapshot = await hear(socket, "snapshot")
            own[bidder.bidder_no] = [(r["outcome"], r.get("reason")) for r in snapshot["yours"]]
            assert [row["bidder_no"] for row in snapshot["recent"]] == ["AAAA"]
    assert own == {"AAAA": [("accepted", None)], "BBBB": [("refused", "BELOW_MINIMUM")]}


async def test_opting_in_is_logged_and_asked_only_where_the_rules_ask(
    database: SimpleNamespace, site: Site
) -> None:
    (ann,) = site.world.bidders("AAAA")
    async with site.bidder(ann) as socket, site.http("luochui_session=token-account-AAAA") as http:
        await say(socket, "opt_in", join=True)
        problem = await hear(socket, "problem")
        assert (problem["code"], problem["detail"]) == ("refused_by_rules", "WRONG_STAGE")
        await site.world.publish("lot-two", entry_rule=EntryRule.OPT_IN, ready_min=10)
        await site.process.waker.start()
        await site.world.wind_to(LISTING_TO + DRAIN_MS)
        room = await site.process.rooms.get("lot-two")
        assert room is not None
        assert room.lot.stage is Stage.READY
        async with site.socket("luochui_session=token-account-AAAA", lot_id="lot-two") as second:
            await say(second, "opt_in", join=True)
            answer = await hear(second, "opted_in")
            assert (answer["join"], answer["seq"]) == (True, room.size - 1)
        undone = await http.post("/api/lots/lot-two/opt-in", json={"join": False})
        assert undone.json()["join"] is False
        assert room.lot.entered == frozenset()


@pytest.mark.parametrize(
    "change",
    [{"amount_fen": True}, {"amount_fen": "100"}, {"amount_fen": 1000.5}, {"extra": 1}],
)
async def test_posted_bids_are_as_strict_as_frames(site: Site, change: dict[str, Any]) -> None:
    """Fault 51: lax numbers were taken as amounts."""
    (ann,) = site.world.bidders("AAAA")
    room = await site.room()
    size = room.size
    cookie = await site.sign_in(ann.account_id)
    async with site.http(cookie) as http:
        body = {**as_frame(ann.body(room.origin, START)), **change}
        posted = await http.post("/api/lots/lot-one/bids", json=body)
        assert (posted.status_code, posted.json()["code"]) == (400, "malformed")
        unknown = await http.post("/api/lots/no-such-lot/bids", json=as_frame(ann.body("x", 1)))
        assert unknown.status_code == 404
        foreign = {"Origin": "https://evil.example"}
        hostile = await http.post("/api/lots/lot-one/bids", json=body, headers=foreign)
        assert (hostile.status_code, hostile.json()["code"]) == (403, "origin_refused")
    assert ORIGIN not in foreign.values()
    assert room.size == size


async def test_a_bid_that_says_its_amount_twice_is_no_bid(site: Site) -> None:
    """Two readers of the same bytes would see two bids."""
    (ann,) = site.world.bidders("AAAA")
    room = await site.room()
    size = room.size
    signed = json.dumps(as_frame(ann.body(room.origin, START)))
    twice = signed.replace("{", '{"amount_fen": 1, ', 1)
    async with site.bidder(ann) as socket, site.http("luochui_session=token-account-AAAA") as http:
        await socket.send(twice.replace("{", '{"type": "place_bid", ', 1))
        assert (await hear(socket, "problem"))["code"] == "malformed"
        for text, media, status in (
            (twice, "application/json", 400),
            (signed, "text/plain", 415),
        ):
            posted = await http.post(
                "/api/lots/lot-one/bids", content=text, headers={"Content-Type": media}
            )
            assert posted.status_code == status
    assert room.size == size
