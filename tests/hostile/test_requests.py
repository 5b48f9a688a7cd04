"""Clients of the HTTP doors that send by drops, without end, too many or nothing at all."""

import asyncio
import json

import pytest

from tests.hostile.raw import Raw, dial, request
from tests.hostile.site import Site

DROP_S = 0.05
"""Between two drops of a slow client: far below every bound of this site."""
BODY = ("Content-Type: application/json", "Content-Length: 1000")
CHUNKED = ("Content-Type: application/json", "Transfer-Encoding: chunked")


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def code(answer: bytes) -> str:
    return str(json.loads(answer.partition(b"\r\n\r\n")[2])["code"])


async def drip(raw: Raw, drop: bytes) -> None:
    """Drop by drop until the server hangs up."""
    while not raw.reader.at_eof():
        await raw.send(drop)
        await asyncio.sleep(DROP_S)  # the pace is the attack


@pytest.mark.parametrize(
    ("first", "drop"),
    [
        (b"", b""),
        (b"GET / HT", b""),
        (b"GET / HTTP/1.1\r\nX: ", b"x"),
        (b"GET / HTTP/1.1\r\n", b"X: y\r\n"),
        (b"", b"\r\n"),
        (request("/api/session", *BODY, method="POST"), b" "),
        (request("/api/session", *CHUNKED, method="POST"), b"1\r\n \r\n"),
        (request("/api/session", *CHUNKED, method="POST"), b"1;"),
    ],
    ids=["nothing", "half a line", "a header", "headers", "empty lines", "a body", "chunks",
         "a chunk's name"],
)  # fmt: skip
async def test_who_sends_by_drops_is_told_and_let_go(site: Site, first: bytes, drop: bytes) -> None:
    """Slowloris, and its sisters: fifty of them hold nothing for longer than the bound."""
    slow = [await dial(site, "127.0.3.1") for _ in range(50)]
    drops = [asyncio.create_task(drip(raw, drop)) for raw in slow]
    for raw in slow:
        await raw.send(first)
    await site.bid_is_answered()
    answers = await asyncio.gather(*(raw.rest() for raw in slow))
    assert {status(answer) for answer in answers} <= {408, 0}
    assert 408 in {status(answer) for answer in answers}, "somebody heard why"
    for task in drops:
        task.cancel()
    await asyncio.gather(*drops, return_exceptions=True)
    for raw in slow:
        raw.cut()


async def test_an_answered_connection_may_not_drip_either(site: Site) -> None:
    raw = await dial(site)
    await raw.send(request("/api/site"))
    head = await raw.reader.readuntil(b"\r\n\r\n")
    size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    assert status(head) == 200
    await raw.reader.readexactly(size)
    drops = asyncio.create_task(drip(raw, b"\r\n"))
    assert status(await raw.rest()) == 408
    drops.cancel()
    raw.cut()


@pytest.mark.parametrize(
    "endless",
    [
        b"GET /" + b"a" * 300_000,
        b"GET / HTTP/1.1\r\nX: " + b"a" * 300_000,
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 50_000,
        request("/api/session", *CHUNKED, method="POST") + b"1;" + b"a" * 300_000,
        request("/api/session", *CHUNKED, method="POST") + b"0\r\nX: " + b"a" * 300_000,
        request("/api/session", *CHUNKED, method="POST") + b"0\r\n" + b"X: y\r\n" * 50_000,
    ],
    ids=["address", "header", "headers", "chunk's name", "trailer", "trailers"],
)
async def test_a_head_without_end_is_refused_and_not_kept(site: Site, endless: bytes) -> None:
    before = site.rss_kib
    for _ in range(10):
        raw = await dial(site)
        sending = asyncio.create_task(raw.send(endless))
        answer = await raw.rest()
        assert status(answer) in (431, 0)
        if answer:
            assert code(answer) == "too_large"
        await sending
        raw.cut()
    assert site.rss_kib - before < 8_192


async def test_who_reads_none_of_his_answers_is_cut(site: Site) -> None:
    greedy = [await dial(site, "127.0.3.2", small=True) for _ in range(5)]
    before = site.figure("luochui_connections_refused_total", why="too_slow")
    for raw in greedy:
        await raw.send(request("/api/openapi.json") * 20)
    while site.figure("luochui_connections_refused_total", why="too_slow") < before + 5:
        await asyncio.to_thread(site.figure, "luochui_loop_lag_seconds")
    for raw in greedy:
        raw.cut()


async def test_one_address_has_so_many_connections_and_others_come_in(site: Site) -> None:
    crowd = [await dial(site, "127.0.3.3") for _ in range(60)]
    one_more = await dial(site, "127.0.3.3")
    await one_more.send(request("/api/site"))
    answer = await one_more.rest()
    assert (status(answer), code(answer)) == (429, "rate_limited")
    assert b"retry-after" in answer.lower()
    other = await dial(site, "127.0.3.4")
    await other.send(request("/api/site", "Connection: close"))
    assert status(await other.rest()) == 200
    for raw in crowd:
        raw.cut()


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\xff\xfe\xfd\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        request("/api/session", "Content-Length: 5", *CHUNKED, method="POST") + b"0\r\n\r\n",
        request("/api/session", "Content-Length: 5", "Content-Length: 6", method="POST"),
        request("/api/session", "Content-Length: -1", method="POST"),
        request("/api/session", *CHUNKED, method="POST") + b"zz\r\n",
        request("/api/session", "Transfer-Encoding: gzip", method="POST") + b"x",
        request("/", "Upgrade: h2c", "Connection: Upgrade"),
    ],
)  # fmt: skip
async def test_what_is_no_request_is_refused_and_leaves_no_trace_in_the_log(
    site: Site, sent: bytes
) -> None:
    raw = await dial(site)
    await raw.send(sent)
    assert status(await raw.rest()) < 500
    raw.cut()


async def test_a_pipeline_of_requests_is_answered_in_order(site: Site) -> None:
    raw = await dial(site)
    asked = request("/api/site") * 50 + request("/api/nothing", "Connection: close")
    await raw.send(asked)
    answers = await raw.rest()
    assert answers.count(b"HTTP/1.1 200 ") == 50
    assert answers.count(b"HTTP/1.1 404 ") == 1


async def test_a_body_longer_than_a_head_may_be_is_still_a_body(site: Site) -> None:
    """A document of 300 kB was refused for the length of its last piece."""
    length = 200_000
    raw = await dial(site)
    head = ("Content-Type: application/json", f"Content-Length: {length}", "Connection: close")
    await raw.send(request("/api/session", *head, method="POST") + b" " * length)
    answer = await raw.rest()
    assert (status(answer), code(answer)) == (400, "malformed")
