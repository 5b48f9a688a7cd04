"""Clients of the live channel that flood, sleep, vanish and talk nonsense. Faults 30 and 35."""

import asyncio
import json

import pytest

from bench import ground
from tests.hostile.raw import (
    BINARY,
    CLOSE,
    CONT,
    HANDSHAKE,
    PING,
    PONG,
    TEXT,
    Raw,
    dial,
    frame,
    joined,
    request,
    said,
)
from tests.hostile.site import LOT, Site, signed

NEVER_ENDS = b"\x81\xff" + (1 << 62).to_bytes(8, "big") + b"\0\0\0\0"


async def gone(site: Site, observers: float) -> None:
    """Until so many observers' seats are left; the test's time-out ends what never is."""
    while site.figure("luochui_watchers", role="observer") > observers:
        await asyncio.to_thread(site.figure, "luochui_watchers", role="observer")


# ── floods ──────────────────────────────────────────────────────────────────────────────────


async def test_a_flooder_is_told_why_and_closed(site: Site) -> None:
    raw = await joined(site)
    await raw.send(said("ping", t0=1) * 5_000)
    assert await raw.until_closed() == 4009
    assert raw.reason == "too many frames"
    assert {told.get("code") for told in raw.told} >= {"rate_limited"}


async def test_a_flood_of_bids_is_told_why_and_closed_and_moves_no_honest_one(site: Site) -> None:
    ann, bob = site.people[:2]
    async with site.socket(bob) as honest:
        raw = await joined(site, cookie=ann.cookie)
        bids = [signed(ann, ground.START_FEN) for _ in range(200)]
        await raw.send(b"".join(said("place_bid", **bid) for bid in bids))
        assert (await site.bid(bob, honest))["type"] == "receipt"
        assert await raw.until_closed() == 4009
    answered = [told["bid_id"] for told in raw.told if told["type"] in ("receipt", "problem")]
    assert len(answered) == len(set(answered)), "no bid was answered twice"
    limited = [told for told in raw.told if told.get("code") == "rate_limited"]
    assert limited, "the flooder knows why"


@pytest.mark.parametrize(
    ("each", "code"),
    [
        (frame(PING, b"x" * 125), 4009),
        (frame(PONG), 4009),
        (frame(CONT, fin=False), 1009),
    ],
    ids=["pings", "pongs", "empty fragments"],
)
async def test_frames_that_no_application_sees_are_counted_too(
    site: Site, each: bytes, code: int
) -> None:
    raw = await joined(site)
    await raw.send(frame(TEXT, b"x", fin=False) + each * 2_000)
    assert await raw.until_closed() == code


async def test_pings_of_a_client_that_reads_nothing_are_not_kept_for_it(site: Site) -> None:
    raw = await joined(site, small=True)
    before = site.rss_kib
    for _ in range(40):
        await raw.send(frame(PING, b"x" * 125) * 2_000)
    assert await raw.until_closed() in (4009, None)
    assert site.rss_kib - before < 8_192


# ── slow, silent, half open ─────────────────────────────────────────────────────────────────


async def test_a_slow_reader_is_closed_with_4008_and_rejoins_by_resync(site: Site) -> None:
    """Fault 30."""
    async with site.socket(site.people[2]) as quick:
        slow = await joined(site, small=True)
        await slow.send(said("resync", after_seq=0) * 900)
        closed = site.figure("luochui_sockets_closed_total", code="4008")
        while site.figure("luochui_sockets_closed_total", code="4008") == closed:
            await asyncio.to_thread(site.figure, "luochui_loop_lag_seconds")
        receipt = await site.bid(site.people[2], quick)
        assert receipt["type"] == "receipt", "the slow one harms only itself"
        assert await slow.until_closed() == 4008
        assert slow.reason == "too slow"
    again = await joined(site)
    assert await again.until("snapshot")
    await again.send(said("resync", after_seq=receipt["seq"] - 1))
    update = await again.until("update")
    assert update is not None
    assert update["seq"] >= receipt["seq"]
    again.cut()


async def test_a_client_that_vanishes_without_a_word_keeps_no_seat(site: Site) -> None:
    """Half open: no FIN, no RST, and pings that nobody answers."""
    await gone(site, 0)
    silent = [await joined(site) for _ in range(5)]
    for raw in silent:
        await raw.until("snapshot")
    assert site.figure("luochui_watchers", role="observer") == 5
    await gone(site, 0)
    for raw in silent:
        assert await raw.until_closed() == 1011
        assert raw.reason == "no answer to pings"


async def test_a_half_open_client_whose_buffer_is_full_keeps_no_seat_either(site: Site) -> None:
    await gone(site, 0)
    raw = await joined(site, small=True)
    await raw.send(said("resync", after_seq=0) * 19)
    await gone(site, 0)
    raw.cut()


async def test_a_client_that_closes_and_reads_nothing_is_let_go(site: Site) -> None:
    raw = await joined(site, small=True)
    await raw.send(said("resync", after_seq=0) * 19 + frame(CLOSE, (1000).to_bytes(2, "big")))
    await gone(site, 0)
    raw.cut()


# ── nonsense ────────────────────────────────────────────────────────────────────────────────

BROKEN: dict[str, tuple[bytes, int]] = {
    "unmasked": (frame(TEXT, b"{}", masked=False), 1002),
    "compressed": (frame(TEXT, b"\xaa\x56\x2a\xa9\x2c", bits=4), 1002),
    "reserved bits": (frame(TEXT, b"{}", bits=3), 1002),
    "reserved opcode": (frame(3, b"{}"), 1002),
    "a ping too long": (frame(PING, b"x" * 126), 1002),
    "a ping in pieces": (frame(PING, b"x", fin=False), 1002),
    "a rest without a beginning": (frame(CONT, b"{}"), 1002),
    "a beginning inside another": (frame(TEXT, b"{", fin=False) + frame(TEXT, b"{}"), 1002),
    "no UTF-8": (frame(TEXT, b"\xff\xfe"), 1007),
    "half a character": (frame(TEXT, "落".encode()[:2]), 1007),
    "endless": (NEVER_ENDS, 1009),
    "far too long": (frame(TEXT, b"x" * 16_385), 1009),
    "far too long in pieces": (
        frame(TEXT, b"x" * 9_000, fin=False) + frame(CONT, b"x" * 9_000),
        1009,
    ),
    "a close of one byte": (frame(CLOSE, b"x"), 1002),
    "a close with no such code": (frame(CLOSE, (999).to_bytes(2, "big")), 1002),
    "a close with a broken reason": (frame(CLOSE, (1000).to_bytes(2, "big") + b"\xff"), 1007),
}


@pytest.mark.parametrize(("sent", "code"), BROKEN.values(), ids=BROKEN.keys())
async def test_a_broken_frame_ends_its_own_connection_by_name(
    site: Site, sent: bytes, code: int
) -> None:
    raw = await joined(site)
    await raw.send(sent)
    assert await raw.until_closed() == code


WRONG: dict[str, tuple[bytes, str]] = {
    "binary": (frame(BINARY, b"{}"), "malformed"),
    "empty": (frame(TEXT), "malformed"),
    "too long": (frame(TEXT, b" " * 5_000), "too_large"),
    "deep": (frame(TEXT, b"[" * 4_000), "malformed"),
    "deep objects": (frame(TEXT, b'{"a":' * 800), "malformed"),
    "a huge integer": (frame(TEXT, b'{"type":"ping","t0":' + b"9" * 4_000 + b"}"), "malformed"),
    "a huge exponent": (frame(TEXT, b'{"type":"ping","t0":1e999}'), "malformed"),
    "no number": (frame(TEXT, b'{"type":"ping","t0":NaN}'), "malformed"),
    "a name twice": (frame(TEXT, b'{"type":"ping","type":"ping","t0":1}'), "malformed"),
    "a NUL": (frame(TEXT, b'{"type":"ping","t0":1,"x":"\\u0000"}'), "malformed"),
    "half a pair": (frame(TEXT, b'{"type":"\\ud800","t0":1}'), "malformed"),
    "no known type": (frame(TEXT, b'{"type":"shout"}'), "unknown_type"),
}


@pytest.mark.parametrize(("sent", "code"), WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_frame_gets_a_named_problem_and_the_connection_stays(
    site: Site, sent: bytes, code: str
) -> None:
    raw = await joined(site)
    await raw.send(sent)
    problem = await raw.until("problem")
    assert problem is not None
    assert problem["code"] == code
    await raw.send(said("ping", t0=7))
    assert await raw.until("pong")
    raw.cut()


async def test_a_message_in_pieces_with_a_ping_between_them_is_one_message(site: Site) -> None:
    raw = await joined(site)
    whole = json.dumps({"type": "ping", "t0": 41}).encode()
    pieces = [frame(TEXT, whole[:5], fin=False), frame(PING), frame(CONT, whole[5:9], fin=False)]
    for piece in (*pieces, frame(CONT, whole[9:])):
        await raw.send(piece)
    pong = await raw.until("pong")
    assert pong is not None
    assert pong["t0"] == 41
    raw.cut()


async def test_a_handshake_that_breaks_off_anywhere_is_no_fault_of_ours(site: Site) -> None:
    whole = request(f"/ws/lots/{LOT}", "Upgrade: websocket", "Connection: Upgrade")
    for end in range(1, len(whole), 7):
        raw = await dial(site)
        await raw.send(whole[:end])
        raw.cut()
    for path in ("/ws/lots/x", f"/ws/lots/{LOT}?{'a' * 3_000}", "/ws/lots/%ff%00", "/ws/落"):
        raw = await dial(site)
        await raw.send(whole.replace(f"/ws/lots/{LOT}".encode(), path.encode()))
        assert (await raw.rest()).startswith(b"HTTP/1.1 4")


# ── many at once ────────────────────────────────────────────────────────────────────────────


async def test_a_storm_of_reconnects_finds_everybody_a_seat_and_bids_are_answered(
    site: Site,
) -> None:
    hosts = [f"127.0.1.{place}" for place in range(1, 6)]
    async with site.socket(site.people[0]) as honest:
        for _ in range(3):
            storm = asyncio.gather(*(joined(site, host) for host in hosts for _ in range(20)))
            receipt = await site.bid(site.people[0], honest)
            assert receipt["type"] == "receipt"
            lines: list[Raw] = await storm
            heard = await asyncio.gather(*(line.until("snapshot") for line in lines))
            assert all(heard)
            for line in lines:
                line.cut()
            await gone(site, 0)


async def test_one_address_brings_so_many_observers_and_bidders_still_come_in(site: Site) -> None:
    crowd = [await joined(site, "127.0.2.1") for _ in range(40)]
    for raw in crowd:
        asyncio.ensure_future(_answer_pings(raw))  # noqa: RUF006 — ends with its connection
    one_more = await dial(site, "127.0.2.1")
    await one_more.send(HANDSHAKE)
    answer = await one_more.rest()
    assert answer.startswith(b"HTTP/1.1 429 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "rate_limited"
    async with site.socket(site.people[2], host="127.0.2.1") as bidder:
        assert (await site.bid(site.people[2], bidder))["type"] == "receipt"
    for raw in crowd:
        raw.cut()
    await gone(site, 0)
    again = await joined(site, "127.0.2.1")
    again.cut()


async def _answer_pings(raw: Raw) -> None:
    while (found := await raw.read_frame()) is not None:
        if found[0] == PING:
            await raw.send(frame(PONG, found[1]))
