"""The promoted server's clock is another: nothing closes by it, and the sales stand still."""

import asyncio
import json
import signal

import pytest

from bench.ground import HOURS_MS, Wall
from service.store.embedded import APP
from tests.crash.campaign import PROGRESS_S, more_receipts, open_folder
from tests.crash.serving import DATABASE
from tests.failover.drill import LOAD, LOTS, Site, connect, opened
from tests.replicas import Node, ask, until_async

pytestmark = pytest.mark.timeout(240)
# Found before pg_catalog's own, by the app's role alone; of another timeline than the first, as
# whoever was promoted is, it is wrong by so much.
_SKEW = """
    CREATE SCHEMA skew;
    GRANT USAGE ON SCHEMA skew TO {app};
    CREATE FUNCTION skew.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
        SELECT pg_catalog.clock_timestamp() + CASE
            WHEN left(pg_walfile_name(pg_current_wal_lsn()), 8) > '00000001'
            THEN interval '{by_s} seconds' ELSE interval '0' END
    $$;
    ALTER ROLE {app} SET search_path = skew, pg_catalog, public;
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE application_name = 'luochui';
"""
_STAGES = "SELECT json_agg(DISTINCT stage || ' ' || control) FROM logs WHERE log LIKE 'lot/%'"
_INTERRUPTS = """SELECT json_agg(convert_from(bytes, 'UTF8')::jsonb #>> '{command,cause}')
    FROM log_entries WHERE convert_from(bytes, 'UTF8')::jsonb #>> '{command,type}' = 'interrupt'"""
_LAST_AT = "SELECT max(last_at) FROM logs WHERE log LIKE 'lot/%'"


PAST_THE_END_S = HOURS_MS // 1_000 + 60
"""By that clock every listing is over."""


@pytest.mark.parametrize("by_s", [PAST_THE_END_S, -30], ids=["ahead", "behind"])
async def test_another_clock_after_a_failover_closes_nothing_and_pauses_all(by_s: int) -> None:
    await asyncio.to_thread(_opened, by_s)


def _opened(by_s: int) -> None:
    with open_folder() as folder, opened(folder) as site:
        asyncio.run(_fail_over(site, by_s))


async def _fail_over(site: Site, by_s: int) -> None:
    await _skew(site.pair.primary, by_s)
    bidders, stop = site.bidders(5), asyncio.Event()
    bidding = [asyncio.create_task(bidder.bid_until(stop)) for bidder in bidders]
    try:
        await more_receipts(bidders, LOAD)
        await asyncio.to_thread(site.pair.stop_primary, signal.SIGKILL)
        before = Wall().now_ms()
        await asyncio.to_thread(site.pair.promote)
        new = site.pair.standby
        await until_async(lambda: _stand_still(new), "the sales go on by another clock", PROGRESS_S)
        causes = json.loads(str(await ask(new, _INTERRUPTS, DATABASE)))
        assert set(causes) <= {"CLOCK_STEP", "OUTAGE"}
        last_at = await ask(new, _LAST_AT, DATABASE)
        assert isinstance(last_at, int)
        assert last_at >= before - 60_000
    finally:
        stop.set()
        for task in bidding:
            task.cancel()
        await asyncio.wait(bidding)


async def _skew(node: Node, by_s: int) -> None:
    session = await connect(node)
    try:
        await session.execute(_SKEW.format(app=APP, by_s=by_s))
    finally:
        await session.close()


async def _stand_still(new: Node) -> bool:
    """Every lot is where it was, and interrupted."""
    stages = json.loads(str(await ask(new, _STAGES, DATABASE)))
    assert all(stage.startswith("LISTING ") for stage in stages), stages
    return len(LOTS) > 0 and not any(stage == "LISTING NORMAL" for stage in stages)
