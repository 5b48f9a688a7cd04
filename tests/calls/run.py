"""Bidders on one server while one call after another fails below them; then the log is compared."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import ground
from tests.calls.injecting import Fault, happened, injected
from tests.crash.campaign import PROGRESS_S, more_receipts, open_folder
from tests.crash.clients import Bidder, crowd
from tests.crash.comparing import Findings, compare
from tests.crash.serving import DATABASE, Server, now_s, prepare, served, wait_until_listing
from tests.replicas import Node, node

LOTS = ("calls-001", "calls-002")
EACH = 3
AFTER = 10
"""Receipts that are given after each fault before the next one."""


@dataclass(frozen=True, slots=True)
class Site:
    folder: Path
    database: Node
    server: Server
    people: list[ground.Person]


@contextmanager
def opened(place: Path | None = None) -> Iterator[Site]:
    """One database, in `place` if given, one server, open lots."""
    with open_folder() as folder, node(place or folder) as database:
        prepare(database)
        url = database.app_url(DATABASE)
        with served([Server(url, folder / "serve.log")]) as (server,):
            people = asyncio.run(ground.sales(url, LOTS, EACH))
            wait_until_listing(server.port, LOTS)
            yield Site(folder, database, server, people)


async def play(
    site: Site, faults: Sequence[Fault], tell: Callable[[str], None] = lambda _: None
) -> Findings:
    """Fails one call after another under bids, and compares what was told with the log."""
    bidders, stop = crowd(site.people, [site.server.port], 7), asyncio.Event()
    bidding = [asyncio.create_task(bidder.bid_until(stop)) for bidder in bidders]
    try:
        for number, fault in enumerate(faults):
            await more_receipts(bidders, AFTER)
            before, out = said(bidders), site.folder / f"fault-{number}.strace"
            begun = now_s()
            async with injected(fault, site.database, site.server, out):
                await happened(fault, site.database, out)
            await more_receipts(bidders, AFTER)
            tell(f"{fault}: answered again after {now_s() - begun:.1f} s, {said(bidders) - before}")
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*bidding), PROGRESS_S)
    bids = [bid for bidder in bidders for bid in bidder.bids]
    return await compare(site.database.app_url(DATABASE), bids, [])


def said(bidders: Sequence[Bidder]) -> Counter[str]:
    """How many bids were refused without an entry, by name, and how many were in doubt."""
    bids = [bid for bidder in bidders for bid in bidder.bids]
    count = Counter(bid.refusal for bid in bids if bid.refusal)
    count["in doubt"] = sum(1 for bid in bids if bid.open_at)
    return count
