"""What was left behind by a promotion writes nothing that anybody is told."""

import asyncio
import signal
from collections.abc import Iterator

import asyncpg
import pytest

from service.settings import Settings
from service.store.engine import dial, open_engine, primary_of, raw
from service.store.primary import NoPrimary
from tests.crash.campaign import PROGRESS_S, more_receipts, open_folder
from tests.crash.comparing import compare
from tests.crash.serving import DATABASE, now_s
from tests.failover.drill import BACK_S, LOAD, Drill, Site, connect, first_new, opened
from tests.replicas import Pair, ask, replicated, until_async

pytestmark = pytest.mark.timeout(240)
_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
_PROOF = "INSERT INTO health (at, process, offset_us, uncertainty_us, lag_us) VALUES ($1, 'old', 0, 0, 0)"  # noqa: E501


@pytest.fixture
def pair() -> Iterator[Pair]:
    with open_folder() as folder, replicated(folder) as made:
        yield made


async def test_a_stopped_and_continued_primary_and_process_write_nothing_that_is_answered() -> None:
    made = await asyncio.to_thread(_stopped_and_continued)
    assert made.findings.is_clean, made.findings.lines()
    assert made.writes_s <= BACK_S


def _stopped_and_continued() -> Drill:
    with open_folder() as folder, opened(folder) as site:
        return asyncio.run(_hold_and_free(site))


async def _hold_and_free(site: Site) -> Drill:
    """The primary and one process stand still through the promotion and then go on."""
    made, bidders, stop = Drill(), site.bidders(3), asyncio.Event()
    bidding = [asyncio.create_task(bidder.bid_until(stop)) for bidder in bidders]
    try:
        await more_receipts(bidders, LOAD)
        await asyncio.to_thread(site.pair.stop_primary, signal.SIGSTOP)
        site.servers[1].signal(signal.SIGSTOP)
        begun = now_s()
        made.promoted_s = await asyncio.to_thread(site.pair.promote)
        made.writes_s = await first_new(bidders, begun) - begun
        await more_receipts(bidders, LOAD)
        await asyncio.to_thread(site.pair.stop_primary, signal.SIGCONT)
        site.servers[1].signal(signal.SIGCONT)
        await more_receipts(bidders, LOAD)
        await _old_one_waits(site.pair)
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*bidding), PROGRESS_S)
    bids = [bid for bidder in bidders for bid in bidder.bids]
    url = site.pair.standby.app_url(DATABASE)
    made.findings = await compare(url, bids, [(begun, now_s())])
    return made


async def _old_one_waits(pair: Pair) -> None:
    """A commit on the old primary is not answered: the standby that must flush it is gone."""
    session = await connect(pair.primary)
    writing = asyncio.create_task(session.execute(_PROOF, 1))

    async def waits() -> bool:
        count = await ask(pair.primary, _WAITS)
        return isinstance(count, int) and count > 0

    await until_async(waits, "the old primary does not wait for its standby")
    assert not writing.done()
    session.terminate()
    await asyncio.wait((writing,))


async def test_every_connection_goes_to_the_newest_primary_and_none_back(pair: Pair) -> None:
    engine = open_engine(pair.url("postgres").replace("luochui_app", "luochui_owner"), Settings())
    primary = primary_of(engine)
    assert primary is not None
    try:
        before = await dial(engine, Settings())
        assert await before.fetchval("SHOW port") == str(pair.primary.port)
        await asyncio.to_thread(pair.stop_primary, signal.SIGSTOP)
        await asyncio.to_thread(pair.promote)
        after = await dial(engine, Settings())
        assert await after.fetchval("SHOW port") == str(pair.standby.port)
        # The old one hangs: whoever waited for it is told at once that the line is gone.
        assert before.is_closed()
        await asyncio.to_thread(pair.stop_primary, signal.SIGCONT)
        async with engine.connect() as connection:
            pooled = await raw(connection)
            assert await pooled.fetchval("SHOW port") == str(pair.standby.port)
        await asyncio.to_thread(pair.standby.kill)
        # The old one is there and calls itself the primary.
        assert await ask(pair.primary, "SELECT pg_is_in_recovery()") is False
        with pytest.raises(NoPrimary, match="left behind"):
            await dial(engine, Settings())
    finally:
        await engine.dispose()


async def test_a_standby_alone_is_no_primary(pair: Pair) -> None:
    """Before anybody promotes, a service waits with a name for what is missing."""
    url = pair.url("postgres").replace("luochui_app", "luochui_owner")
    engine = open_engine(url, Settings())
    try:
        await asyncio.to_thread(pair.stop_primary, signal.SIGKILL)
        with pytest.raises(NoPrimary, match="standby"):
            await dial(engine, Settings())
        with pytest.raises((NoPrimary, asyncpg.PostgresError)):
            async with engine.connect():
                pass
    finally:
        await engine.dispose()
