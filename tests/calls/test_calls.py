"""A flush or write fails below a bid: refused or in doubt and then settled, never a bad log."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

import pytest

from tests.calls.disk import NoSmallDisk, no_room, small_disk
from tests.calls.injecting import Fault, each_kind
from tests.calls.run import AFTER, Site, opened, play, said
from tests.crash.campaign import PROGRESS_S, more_receipts, open_folder, receipts
from tests.crash.clients import Bidder, crowd
from tests.crash.comparing import Findings, compare
from tests.crash.serving import DATABASE, now_s
from tests.replicas import ask, until_async

pytestmark = pytest.mark.timeout(240)
GAP_S = 5.0
"""A silence longer than this is an outage (rules §7)."""
Run = tuple[Findings, list[str]]
"""What was found, and the names of all commands in the lots' logs."""


def _played(faults: list[Fault]) -> Findings:
    with opened() as site:
        return asyncio.run(play(site, faults))


def _is_right(found: Findings) -> None:
    assert found.is_clean, found.lines()
    assert found.receipts > 0


async def test_a_failed_flush_or_write_never_leaves_a_bad_log() -> None:
    _is_right(await asyncio.to_thread(_played, each_kind(1)))


def _small_disk() -> Run:
    """Really full. Who may not mount one has the same calls fail."""
    with open_folder() as folder:
        try:
            with small_disk(folder / "disk") as disk, opened(disk.folder) as site:
                return asyncio.run(_fill(site, disk.full()))
        except NoSmallDisk:
            return _no_room()


def _no_room() -> Run:
    with opened() as site:
        return asyncio.run(_fill(site, no_room(site.database, site.folder / "no-room.strace")))


async def _fill(site: Site, full: AbstractAsyncContextManager[None]) -> Run:
    """Bids until the path has been closed for longer than a gap; then there is room again."""
    bidders, stop = crowd(site.people, [site.server.port], 9), asyncio.Event()
    bidding = [asyncio.create_task(bidder.bid_until(stop)) for bidder in bidders]
    try:
        await more_receipts(bidders, AFTER)
        async with full:
            await _paused(bidders)
        await more_receipts(bidders, AFTER)
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*bidding), PROGRESS_S)
    url = site.database.app_url(DATABASE)
    found = await compare(url, [bid for bidder in bidders for bid in bidder.bids], [])
    said_so = await ask(site.database, _COMMANDS, DATABASE)
    return found, json.loads(str(said_so))


async def _paused(bidders: Sequence[Bidder]) -> None:
    """Returns once nobody has been answered for longer than a gap, and somebody was refused."""
    last = [now_s(), receipts(bidders)]

    async def paused() -> bool:
        if receipts(bidders) > last[1]:
            last[:] = [now_s(), receipts(bidders)]
        return now_s() - last[0] > GAP_S + 1 and said(bidders)["unavailable"] > 0

    await until_async(paused, "a full disk stops nothing", PROGRESS_S)


@pytest.mark.parametrize("filled", [_small_disk, _no_room])
async def test_a_full_disk_pauses_the_sales_and_answers_nothing_that_is_not_kept(
    filled: Callable[[], Run],
) -> None:
    """A small row still fits where an entry does not: what proves the path must not be that row."""
    found, entries = await asyncio.to_thread(filled)
    _is_right(found)
    assert found.refusals["unavailable"] > 0
    assert "interrupt" in entries


_COMMANDS = """
    SELECT json_agg(DISTINCT convert_from(bytes, 'UTF8')::jsonb #>> '{command,type}')::text
    FROM log_entries WHERE log LIKE 'lot/%'
"""
