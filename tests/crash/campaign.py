"""Real bidders on real servers, and somebody who kills one of the servers again and again."""

import asyncio
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import ground
from service.store.embedded import APP
from tests.crash.clients import Bidder, crowd
from tests.crash.comparing import Findings, compare
from tests.crash.serving import (
    DATABASE,
    Server,
    answers,
    now_s,
    prepare,
    served,
    wait_until_listing,
)
from tests.replicas import Node, ask, node, until_async

LOTS = ("crash-001", "crash-002", "crash-003")
EACH = 4
BETWEEN = (40, 200)
"""Receipts that are given between two kills."""
PROGRESS_S = 60.0
"""Within so long bids are answered again, or the campaign says that they are not."""
LAZY = {"wal_writer_delay": "10s", "wal_writer_flush_after": "1GB"}
"""Of PostgreSQL, under which a commit that is not waited for stays in memory for long."""


@dataclass(slots=True)
class Campaign:
    """What was done and what was found. back_s: from each kill until the victim served again."""

    kills: list[str] = field(default_factory=list)
    back_s: list[float] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)

    def lines(self) -> list[str]:
        """For people."""
        back = ", ".join(f"{each:.1f}" for each in self.back_s)
        return [
            f"kills: {', '.join(self.kills)}",
            f"the victim served again after (s): {back}",
            *self.findings.lines(),
        ]


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that other accounts may enter."""
    with tempfile.TemporaryDirectory(prefix="luochui-crash-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def campaign(folder: Path, kills: int, seed: int, *, lazy: bool = False) -> Campaign:
    """Kills so many times, then compares. lazy: the database does not flush before it answers."""
    with node(folder, LAZY if lazy else None) as database:
        prepare(database)
        url = database.app_url(DATABASE)
        servers = [Server(url, folder / f"serve-{name}.log") for name in "ab"]
        with served(servers):
            people = asyncio.run(ground.sales(url, LOTS, EACH))
            wait_until_listing(servers[0].port, LOTS)
            if lazy:
                asyncio.run(_stop_flushing(database))
            bidders = crowd(people, [server.port for server in servers], seed)
            return asyncio.run(_play(database, servers, bidders, kills, seed, lazy))


async def _stop_flushing(database: Node) -> None:
    """A start refuses such a setting; this is the operator who changes it under a running service,
    whose sessions are ended so that the new ones have it."""
    await ask(database, f"ALTER ROLE {APP} SET synchronous_commit = off")
    await ask(
        database,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'luochui'",
    )


async def _play(
    database: Node,
    servers: Sequence[Server],
    bidders: Sequence[Bidder],
    kills: int,
    seed: int,
    lazy: bool,
) -> Campaign:
    chance, made, stop = random.Random(seed), Campaign(), asyncio.Event()
    bidding = [asyncio.create_task(bidder.bid_until(stop)) for bidder in bidders]
    away: list[tuple[float, float]] = []
    try:
        for _ in range(kills):
            await more_receipts(bidders, chance.randint(*BETWEEN))
            victim = "postgres" if lazy else chance.choice(("postgres", "serve-a", "serve-b"))
            begun = now_s()
            await _kill(victim, database, servers)
            made.kills.append(victim)
            made.back_s.append(now_s() - begun)
            if victim == "postgres":
                away.append((begun, now_s()))
        await more_receipts(bidders, BETWEEN[0])
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*bidding), PROGRESS_S)
    bids = [bid for bidder in bidders for bid in bidder.bids]
    made.findings = await compare(database.app_url(DATABASE), bids, away)
    return made


async def more_receipts(bidders: Sequence[Bidder], count: int) -> None:
    """Returns when so many more were given; raises NotInTime when nobody is answered any more."""
    goal = receipts(bidders) + count

    async def reached() -> bool:
        return receipts(bidders) >= goal

    await until_async(reached, f"{count} more receipts", PROGRESS_S)


def receipts(bidders: Sequence[Bidder]) -> int:
    return sum(len(bid.answers) for bidder in bidders for bid in bidder.bids)


async def _kill(victim: str, database: Node, servers: Sequence[Server]) -> None:
    """kill -9, start again at once, and wait until the service is back."""
    if victim == "postgres":
        await asyncio.to_thread(database.kill)
        await asyncio.to_thread(database.start)
        await any_ready(servers)
        return
    server = servers["ab".index(victim[-1])]
    await asyncio.to_thread(server.kill)
    server.start()
    await asyncio.to_thread(server.wait_until_ready)


async def any_ready(servers: Sequence[Server]) -> None:
    """Returns when one of them serves."""

    async def ready() -> bool:
        asked = (asyncio.to_thread(answers, each.port, "/health/ready") for each in servers)
        return any(await asyncio.gather(*asked))

    await until_async(ready, "no server became ready", PROGRESS_S)
