"""A primary and its standby under real bidders: the one goes away and the other takes over."""

import asyncio
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from bench import ground
from service.store.cluster import OWNER
from tests.crash.campaign import PROGRESS_S, more_receipts, receipts
from tests.crash.clients import Bidder, crowd
from tests.crash.comparing import Findings, compare
from tests.crash.serving import DATABASE, Server, now_s, prepare, served, wait_until_listing
from tests.replicas import Node, Pair, ask, replicated, until_async

LOTS = ("failover-001", "failover-002")
EACH = 4
BACK_S = 10.0
"""From the promotion until bids are answered again."""
LOAD = 60
"""Receipts given before the primary goes."""
HELD = 20
"""Receipts that an asynchronous standby misses, or the calls that a synchronous one holds up."""


@dataclass(slots=True)
class Drill:
    """What a failover was like. promoted_s: the promotion itself. writes_s: from its begin until a
    bid was answered again that was decided after it."""

    promoted_s: float = 0.0
    writes_s: float = 0.0
    findings: Findings = field(default_factory=Findings)


@dataclass(slots=True)
class Site:
    """One site: two databases, two processes that know both, and who may bid."""

    pair: Pair
    servers: Sequence[Server]
    people: list[ground.Person]

    def bidders(self, seed: int) -> list[Bidder]:
        return crowd(self.people, [server.port for server in self.servers], seed)


@contextmanager
def opened(folder: Path, *, synchronous: bool = True, **settings: object) -> Iterator[Site]:
    """Everything up, every lot open. settings: of the service, by name."""
    with replicated(folder, synchronous=synchronous) as pair:
        prepare(pair.primary)
        url = pair.url(DATABASE)
        logs = [folder / f"serve-{name}.log" for name in "ab"]
        servers = [Server(url, log, settings=settings) for log in logs]
        with served(servers):
            people = asyncio.run(ground.sales(url, LOTS, EACH))
            wait_until_listing(servers[0].port, LOTS)
            yield Site(pair, servers, people)


async def drill(site: Site, how: signal.Signals, seed: int, *, lagging: bool = False) -> Drill:
    """Under load: the primary is killed or held, the standby promoted; then what clients were told
    is compared with the new primary's log. lagging: the standby hears nothing for a while before.
    """
    made, bidders, stop = Drill(), site.bidders(seed), asyncio.Event()
    bidding = [asyncio.create_task(bidder.bid_until(stop)) for bidder in bidders]
    try:
        await more_receipts(bidders, LOAD)
        if lagging:
            await _lag(site.pair, bidders)
        await asyncio.to_thread(site.pair.stop_primary, how)
        begun = now_s()
        made.promoted_s = await asyncio.to_thread(site.pair.promote)
        made.writes_s = await first_new(bidders, begun) - begun
        await more_receipts(bidders, LOAD)
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*bidding), PROGRESS_S)
    bids = [bid for bidder in bidders for bid in bidder.bids]
    made.findings = await compare(site.pair.standby.app_url(DATABASE), bids, [(begun, begun)])
    return made


async def first_new(bidders: Sequence[Bidder], since: float) -> float:
    """When the first bid was answered that was sent after `since`."""
    found: list[float] = []

    async def answered() -> bool:
        bids = (bid for bidder in bidders for bid in bidder.bids)
        found[:] = [b.settled_at for b in bids if b.answers and b.sent_at > since]
        return bool(found)

    await until_async(answered, "no bid was answered after the promotion", PROGRESS_S)
    return min(found)


async def _lag(pair: Pair, bidders: Sequence[Bidder]) -> None:
    """The primary's sender stands still while the primary goes on, if it may."""
    sender = await ask(pair.primary, "SELECT pid FROM pg_stat_replication")
    assert isinstance(sender, int)
    os.kill(sender, signal.SIGSTOP)
    goal = receipts(bidders) + HELD
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"

    async def seen() -> bool:
        held_up = await ask(pair.primary, waiting)
        return receipts(bidders) >= goal or (isinstance(held_up, int) and held_up > 0)

    await until_async(seen, "neither answers nor commits that wait")


async def connect(node: Node) -> asyncpg.Connection:
    """A session of the owner."""
    return await asyncpg.connect(
        host="127.0.0.1", port=node.port, user=OWNER, database=DATABASE, timeout=PROGRESS_S
    )
