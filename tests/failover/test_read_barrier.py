"""What is visible on a primary and not on its standby is not answered."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import httpx2
import pytest

from service.settings import Settings
from service.store.engine import open_engine
from service.store.kept import is_kept
from service.store.ledger import read_log
from service.store.log_tables import lot_log
from tests.crash.campaign import PROGRESS_S, open_folder
from tests.crash.clients import ANSWER_S, Bid, Bidder
from tests.crash.serving import DATABASE
from tests.failover.drill import Site, opened
from tests.replicas import ask, until_async

pytestmark = pytest.mark.timeout(240)
_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query ILIKE '{}%'"
_CANCEL = """SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
    WHERE wait_event = 'SyncRep' AND query LIKE '%WITH asked AS%'"""


async def test_a_bid_that_a_failover_loses_was_not_answered_by_anybody() -> None:
    await asyncio.to_thread(_opened, _lose_one)


def _opened(play: Callable[[Site], Awaitable[None]]) -> None:
    async def run(site: Site) -> None:
        await play(site)

    with open_folder() as folder, opened(folder) as site:
        asyncio.run(run(site))


async def _lose_one(site: Site) -> None:
    pair, (bidder, *_) = site.pair, site.bidders(1)
    bid = bidder._signed()
    first, second = site.servers
    pair.standby.signal(signal.SIGSTOP)
    placing = asyncio.create_task(_ask(site, bidder, bid, first.port, placing=True))
    writes = "%WITH asked AS"
    await until_async(lambda: _waits(site, writes), "the write does not wait for the standby")
    # What decision 27 forbids to operators: then the commit is visible, and only here.
    assert await ask(pair.primary, _CANCEL) == 1
    url = pair.primary.app_url(DATABASE)
    seq, leaf = await _seen(url, bid)
    # It stands in the log of the primary, and both processes can read it.
    assert await placing == "not_yet_confirmed"
    assert await _ask(site, bidder, bid, second.port, placing=False) == "not_yet_confirmed"
    engine = open_engine(pair.url(DATABASE), Settings())
    knowing = asyncio.create_task(is_kept(engine, lot_log(bid.lot_id), seq, leaf))
    await until_async(lambda: _waits(site, "COMMIT"), "the barrier does not wait for the standby")
    assert not knowing.done()
    await asyncio.to_thread(pair.stop_primary, signal.SIGKILL)
    await asyncio.wait((knowing,))
    assert knowing.exception() is not None
    pair.standby.signal(signal.SIGCONT)
    await asyncio.to_thread(pair.promote)
    assert await is_kept(engine, lot_log(bid.lot_id), seq, leaf) is False
    await engine.dispose()

    async def told() -> bool:
        return await _ask(site, bidder, bid, second.port, placing=False) == "unknown_bid"

    await until_async(told, "nobody says that the bid is lost", PROGRESS_S)


async def _waits(site: Site, statement: str) -> bool:
    count = await ask(site.pair.primary, _WAITS.format(statement))
    return isinstance(count, int) and count > 0


async def _seen(url: str, bid: Bid) -> tuple[int, bytes]:
    """Its place and leaf, once it is visible."""
    engine = open_engine(url, Settings())
    found: list[tuple[int, bytes]] = []

    async def seen() -> bool:
        async with engine.connect() as connection:
            rows = await read_log(connection, lot_log(bid.lot_id))
        found.extend((row.seq, row.leaf) for row in rows if bid.bid_id.encode() in row.bytes)
        return bool(found)

    try:
        await until_async(seen, "the bid is not visible", PROGRESS_S)
    finally:
        await engine.dispose()
    return found[0]


async def _ask(site: Site, bidder: Bidder, bid: Bid, port: int, *, placing: bool) -> str:
    """What this process says of the bid, in a word."""
    place = f"http://127.0.0.1:{port}/api/lots/{bid.lot_id}/bids"
    headers = {"cookie": bidder._person.cookie}
    async with httpx2.AsyncClient(headers=headers, timeout=ANSWER_S, trust_env=False) as http:
        if placing:
            answer = await http.post(place, json=bid.body)
        else:
            answer = await http.get(f"{place}/{bid.bid_id}")
    said = answer.json()
    return str(said.get("code") or said["type"])
