"""Bytes by chance, from a seed that is printed; LUOCHUI_FUZZ_SEED plays one again."""

import asyncio
import json
import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bench import ground
from tests.hostile.raw import HANDSHAKE, PING, TEXT, dial, frame, joined, request, said
from tests.hostile.site import Site, signed

ROUNDS, AT_ONCE = 12, 10
GROWTH_KIB = 32_768
"""How much a process may weigh more after all rounds than after the first."""


@pytest.fixture
def chance() -> random.Random:
    seed = int(os.environ.get("LUOCHUI_FUZZ_SEED") or int.from_bytes(os.urandom(4), "big"))
    print(f"LUOCHUI_FUZZ_SEED={seed}")  # noqa: T201 — pytest shows it when the test fails
    return random.Random(seed)


def torn(chance: random.Random, whole: bytes) -> bytes:
    """The same bytes with a few of them flipped, cut out, doubled or put in."""
    made = bytearray(whole)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(made) + 1)
        match chance.randrange(4):
            case 0 if made:
                made[at % len(made)] ^= 1 << chance.randrange(8)
            case 1:
                del made[at : at + chance.randint(1, 8)]
            case 2:
                made[at:at] = made[at : at + 16]
            case _:
                made[at:at] = chance.randbytes(chance.randint(1, 8))
    return bytes(made)


def any_frame(chance: random.Random) -> bytes:
    """A frame whose every field is chance."""
    return frame(
        chance.randrange(16),
        chance.randbytes(chance.choice((0, 1, 2, 125, 126, 300, 5_000))),
        fin=chance.random() < 0.8,
        masked=chance.random() < 0.9,
        bits=chance.choice((0, 0, 0, 1, 2, 4)),
    )


ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1.5, 2**53, 2**64, -(2**63), 1e308, "", "x" * 500, "落槌", "\u0000",
    "\ud800", [], {}, [[]], {"a": {}}, "0" * 16, "A" * 88,
)  # fmt: skip


def odd_fields(chance: random.Random, fields: dict[str, Any]) -> dict[str, Any]:
    """The same fields with one of them odd, away, or beside another one."""
    made = dict(fields)
    name = chance.choice(list(made))
    match chance.randrange(3):
        case 0:
            del made[name]
        case 1:
            made[name] = chance.choice(ODD)
        case _:
            made[chance.choice(("extra", "bidder_no", "received_at"))] = chance.choice(ODD)
    return made


async def all_at_once(site: Site, makings: Iterator[bytes], *, shaken: bool = True) -> None:
    """Each on a connection of its own, which the server ends or which we leave."""

    async def one(sent: bytes) -> None:
        raw = await joined(site) if shaken else await dial(site)
        await raw.send(sent)
        raw.writer.write_eof()
        await raw.rest()
        raw.cut()

    await asyncio.gather(*(one(sent) for sent in makings))


def made_by(chance: random.Random, make: Callable[[random.Random], bytes]) -> Iterator[bytes]:
    return (make(chance) for _ in range(AT_ONCE))


async def test_bytes_and_frames_by_chance_break_nothing_and_are_not_kept(
    site: Site, chance: random.Random
) -> None:
    bid = said("place_bid", **signed(site.people[0], ground.START_FEN))
    kinds: tuple[Callable[[random.Random], bytes], ...] = (
        lambda c: c.randbytes(c.choice((1, 20, 400, 30_000))),
        lambda c: b"".join(any_frame(c) for _ in range(c.randint(1, 30))),
        lambda c: torn(c, bid),
        lambda c: torn(c, said("ping", t0=1) * 10 + frame(PING, b"x") + bid),
    )
    after_first = 0
    for turn in range(ROUNDS):
        for make in kinds:
            await all_at_once(site, made_by(chance, make))
        assert site.log.complaints() == "", turn
        after_first = after_first or site.rss_kib
    assert site.rss_kib - after_first < GROWTH_KIB


async def test_requests_by_chance_break_nothing_and_are_not_kept(
    site: Site, chance: random.Random
) -> None:
    body = json.dumps({"username": "x", "password": "y"})
    more = ("Content-Type: application/json", f"Content-Length: {len(body)}")
    post = request("/api/session", *more, method="POST") + body.encode()
    kinds: tuple[Callable[[random.Random], bytes], ...] = (
        lambda c: c.randbytes(c.choice((1, 20, 400, 30_000))),
        lambda c: torn(c, HANDSHAKE),
        lambda c: torn(c, request("/api/lots?limit=3", "Accept: */*")),
        lambda c: torn(c, post),
    )
    await all_at_once(site, (post for _ in range(4)), shaken=False)  # hashing has its own memory
    after_first = 0
    for turn in range(ROUNDS):
        for make in kinds:
            await all_at_once(site, made_by(chance, make), shaken=False)
        assert site.log.complaints() == "", turn
        after_first = after_first or site.rss_kib
    assert site.rss_kib - after_first < GROWTH_KIB


async def test_every_odd_frame_has_an_answer_and_none_of_them_enters_the_log(
    site: Site, chance: random.Random
) -> None:
    accepted = site.figure("luochui_bids_total", outcome="accepted")
    for turn in range(60):
        bid = {"type": "place_bid", **signed(site.people[0], ground.START_FEN + 10**9)}
        fields = chance.choice(
            [bid, {"type": "ping", "t0": 1}, {"type": "resync", "after_seq": 0},
             {"type": "bid_status", "bid_id": bid["bid_id"]}, {"type": "opt_in", "join": True}]
        )  # fmt: skip
        raw = await joined(site, cookie=site.people[0].cookie)
        assert await raw.until("snapshot")
        await raw.send(frame(TEXT, json.dumps(odd_fields(chance, fields)).encode()))
        found = await raw.read_frame()
        while found is not None and found[0] != TEXT:
            found = await raw.read_frame()
        assert found is not None, (turn, fields)
        told = json.loads(found[1])
        assert told["type"] in ("problem", "pong", "receipt", "update", "snapshot", "heartbeat"), (
            told
        )
        raw.cut()
    assert site.figure("luochui_bids_total", outcome="accepted") == accepted
