"""Two processes, primary and synchronous standby, the committed proxy: people come in by TLS."""

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import asyncpg
import pytest
from websockets.exceptions import InvalidStatus

from service.store.cluster import OWNER
from tests.crash.campaign import PROGRESS_S, more_receipts
from tests.crash.comparing import Findings, compare
from tests.crash.serving import DATABASE, Server
from tests.deploy.topology import (
    LOT,
    RESTART,
    ProxiedBidder,
    Topology,
    figure,
    ready,
    topology,
)
from tests.replicas import until, until_async

SOME = 30
"""Receipts that show that bidding goes on."""

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def site(open_folder: Path) -> Iterator[Topology]:
    folder = open_folder / "topology"
    folder.mkdir()
    folder.chmod(0o755)
    with topology(folder) as made:
        yield made


# ── what the proxy lets in ──────────────────────────────────────────────────────────────────


def test_the_page_and_the_doors_are_there_by_tls(site: Topology) -> None:
    status, headers, page = site.proxy.ask("GET", "/")
    assert (status, b"<html" in page.lower()) == (200, True)
    assert headers["Strict-Transport-Security"].startswith("max-age=")
    assert f"wss://{site.proxy.origin[8:]}" in headers["Content-Security-Policy"]
    assert "Server" not in headers
    status, _, body = site.proxy.ask("GET", f"/api/lots/{LOT}")
    assert (status, json.loads(body)["state"]["stage"]) == (200, "LISTING")


def test_what_comes_without_tls_is_sent_to_tls(site: Topology) -> None:
    from http.client import HTTPConnection

    line = HTTPConnection("127.0.0.1", site.proxy.http_port, timeout=20)
    line.request("GET", "/lots", headers={"Host": "bench.luochui.example"})
    answer = line.getresponse()
    assert answer.status == 308
    assert answer.headers["Location"].startswith("https://bench.luochui.example")
    line.close()


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "/health/ready", "/health/live"])
def test_the_watchmen_s_doors_are_not_public(site: Topology, path: str) -> None:
    assert site.proxy.ask("GET", path)[0] == 404
    assert site.proxy.ask("GET", path.replace("/", "//", 1))[2][:8] != b"# HELP p"


def test_the_static_files_are_compressed_and_answers_are_not(site: Topology) -> None:
    _, page, _ = site.proxy.ask("GET", "/", **{"Accept-Encoding": "gzip"})
    _, doors, _ = site.proxy.ask("GET", "/api/openapi.json", **{"Accept-Encoding": "gzip"})
    assert page.get("Content-Encoding") == "gzip"
    assert "Content-Encoding" not in doors


def test_a_page_of_another_origin_opens_no_socket_and_writes_nothing(site: Topology) -> None:
    async def knocks(origin: str) -> int:
        try:
            async with site.proxy.socket(LOT, origin=origin) as line:
                assert json.loads(await line.recv())["type"] == "welcome"
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code

    assert asyncio.run(knocks(site.proxy.origin)) == 101
    assert asyncio.run(knocks("https://evil.example")) == 403
    # The proxy ends TLS: only what it says of the scheme makes this origin our own.
    assert asyncio.run(knocks(site.proxy.origin.replace("https", "http"))) == 403
    kind = {"Content-Type": "application/json"}
    stranger = site.proxy.ask("POST", "/api/session", Origin="https://evil.example", **kind)
    assert (stranger[0], json.loads(stranger[2])["code"]) == (403, "origin_refused")


def test_the_service_knows_the_client_and_nobody_can_say_he_is_another(site: Topology) -> None:
    async def look() -> None:
        lied = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9"}
        given = {"local_addr": ("127.0.0.7", 0), "additional_headers": lied}
        async with site.proxy.socket(LOT, **given) as line:
            await line.recv()

    asyncio.run(look())
    asked = "SELECT count(*) FROM views WHERE kind = 'opened' AND facts->>'address' = $1"
    asyncio.run(eventually(site, asked, "127.0.0.7"))
    assert asyncio.run(fetch(site, asked, "203.0.113.9")) == 0


# ── two processes, and one of them goes ─────────────────────────────────────────────────────


def test_people_are_spread_over_both_processes(site: Topology) -> None:
    async def watch() -> list[float]:
        lines = [await site.proxy.socket(LOT) for _ in range(6)]
        for line in lines:
            await line.recv()
        seen = await asyncio.to_thread(
            lambda: [figure(server, "luochui_watchers{") for server in site.servers]
        )
        for line in lines:
            await line.close()
        return seen

    assert asyncio.run(watch()) == [3.0, 3.0]


def test_an_upgrade_of_every_process_costs_a_running_sale_nothing(site: Topology) -> None:
    """Elsewhere an upgrade in the middle of a sale lost bids."""
    bidders = site.bidders(seed=1)
    # The lot was open before the first process was: that is one outage already.
    before = asyncio.run(fetch_all(site, _STOPS, f"lot/{LOT}"))

    async def upgrade() -> None:
        for server in site.servers:
            await more_receipts(bidders, SOME)
            await stopped_gently(site, server, bidders)
            await more_receipts(bidders, SOME)
            server.start()
            await asyncio.to_thread(server.wait_until_ready)
            await until_async(partial(gets_people, site, server), "people at it again")
        await more_receipts(bidders, SOME)

    found = asyncio.run(while_bidding(site, bidders, upgrade))
    assert found.is_clean, found.lines()
    assert found.receipts >= 5 * SOME
    codes = {code for bidder in bidders for code in bidder.closed}
    assert codes == {RESTART}, "everybody was told that it is a restart"
    after = asyncio.run(fetch_all(site, _STOPS, f"lot/{LOT}"))
    assert after[len(before) :] == [], "and the sale never stood still"


async def stopped_gently(site: Topology, server: Server, bidders: Sequence[ProxiedBidder]) -> None:
    """It says that it is going before it closes anything; nobody new is brought to it."""
    before = sum(len(bidder.closed) for bidder in bidders)
    server.signal(signal.SIGTERM)

    async def says_so() -> bool:
        status, body = await asyncio.to_thread(ready, server)
        return status == 503 and [error["where"] for error in body["errors"]] == ["stopping"]

    await until_async(says_so, "the process to say that it is stopping")
    assert sum(len(bidder.closed) for bidder in bidders) == before, "nobody was cut off yet"
    await until_async(lambda: gone(server), "the process to end")
    assert "stopping" in server.said.read_text()


async def gets_people(site: Topology, server: Server) -> bool:
    """The proxy brings the next one to whoever has fewest: to the one who has just come back."""
    async with site.proxy.socket(LOT) as line:
        await line.recv()
        return await asyncio.to_thread(figure, server, "luochui_watchers{") > 0


async def gone(server: Server) -> bool:
    return not server.is_running()


def test_a_process_that_is_killed_costs_nobody_a_page_or_a_bid(site: Topology) -> None:
    """What only asks is asked again at the other process; a bid is settled by its own sender."""
    bidders, victim = site.bidders(seed=2), site.servers[0]

    async def kill() -> None:
        await more_receipts(bidders, SOME)
        victim.kill()
        for _ in range(20):
            status, _, _ = await asyncio.to_thread(site.proxy.ask, "GET", f"/api/lots/{LOT}")
            assert status == 200
        await more_receipts(bidders, SOME)
        victim.start()
        await asyncio.to_thread(victim.wait_until_ready)

    found = asyncio.run(while_bidding(site, bidders, kill))
    assert found.is_clean, found.lines()


def test_without_any_process_the_proxy_says_so_in_our_words(site: Topology) -> None:
    for server in site.servers:
        server.kill()
    status, headers, body = site.proxy.ask("GET", "/api/lots")
    assert (status, json.loads(body)["code"]) == (503, "unavailable")
    assert headers["Content-Type"] == "application/problem+json"
    status, _, body = site.proxy.ask("GET", "/lots")
    assert (status, "系统暂时无法访问" in body.decode()) == (503, True)
    for server in site.servers:
        server.start()
    for server in site.servers:
        server.wait_until_ready()
    until(site.proxy.serves, "the proxy to find the processes again")


# ── what the tests ask ──────────────────────────────────────────────────────────────────────

_STOPS = """
    SELECT convert_from(bytes, 'UTF8') FROM log_entries
    WHERE log = $1 AND convert_from(bytes, 'UTF8')::json->'command'->>'type' = 'interrupt'
    ORDER BY seq
"""


async def while_bidding(
    site: Topology, bidders: Sequence[ProxiedBidder], deed: Callable[[], Awaitable[None]]
) -> Findings:
    """Everybody bids while it is done; then what they were told is held against the log."""
    stop = asyncio.Event()
    bidding = [asyncio.create_task(bidder.bid_until(stop)) for bidder in bidders]
    try:
        await deed()
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*bidding), PROGRESS_S)
    bids = [bid for bidder in bidders for bid in bidder.bids]
    assert all(bid.is_settled for bid in bids)
    return await compare(site.pair.primary.app_url(DATABASE), bids, [])


async def fetch_all(site: Topology, question: str, *values: str) -> list[str]:
    session = await asyncpg.connect(
        host="127.0.0.1", port=site.pair.primary.port, user=OWNER, database=DATABASE
    )
    try:
        return [str(row[0]) for row in await session.fetch(question, *values)]
    finally:
        await session.close()


async def fetch(site: Topology, question: str, *values: str) -> int:
    session = await asyncpg.connect(
        host="127.0.0.1", port=site.pair.primary.port, user=OWNER, database=DATABASE
    )
    try:
        return int(await session.fetchval(question, *values))
    finally:
        await session.close()


async def eventually(site: Topology, question: str, *values: str) -> None:
    async def is_so() -> bool:
        return await fetch(site, question, *values) > 0

    await until_async(is_so, f"{question} {values}")
