"""Every receipt follows a flush of what it says, as the kernel saw it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench import ground
from tests.crash import tracing
from tests.crash.campaign import more_receipts, open_folder
from tests.crash.clients import crowd
from tests.crash.serving import DATABASE, Server, prepare, served, wait_until_listing
from tests.replicas import Node, ask, node, until_async

LOT = "flush-001"
ANSWERS = 30
pytestmark = pytest.mark.timeout(240)


@dataclass(frozen=True, slots=True)
class Seen:
    statements: list[tracing.Statement]
    unflushed: list[tracing.Statement]
    receipts: list[float]
    too_early: list[float]


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[Path, Node, Server, list[ground.Person]]]:
    """One database, one server, one bidder: nobody else flushes the writer's entries."""
    with open_folder() as folder, node(folder) as database:
        prepare(database)
        url = database.app_url(DATABASE)
        with served([Server(url, folder / "serve.log")]) as (server,):
            people = asyncio.run(ground.sales(url, [LOT], 1))
            wait_until_listing(server.port, [LOT])
            yield folder, database, server, people


async def _watch(
    site: tuple[Path, Node, Server, list[ground.Person]], name: str, seed: int
) -> Seen:
    """Some bids under strace."""
    folder, database, server, people = site
    bidders, stop = crowd(people, [server.port], seed), asyncio.Event()
    bidding = [asyncio.create_task(bidder.bid_until(stop)) for bidder in bidders]
    below, above = folder / f"{name}-postgres.strace", folder / f"{name}-serve.strace"
    try:
        await more_receipts(bidders, 1)
        writer = await tracing.writer_of(database)
        # The server is watched last and let go first: whatever it answers was seen below.
        async with (
            tracing.traced(sorted(database.processes()), below),
            tracing.traced([server.pid], above),
        ):
            await more_receipts(bidders, ANSWERS)
    finally:
        stop.set()
        await asyncio.gather(*bidding)
    calls = tracing.read_calls(below)
    asked = tracing.statements(calls, writer)
    told = tracing.receipts(tracing.read_calls(above))
    return Seen(
        asked,
        tracing.unflushed(asked, tracing.flushes(calls)),
        told,
        tracing.too_early(told, asked),
    )


async def test_every_answer_follows_a_flush_of_the_log(
    site: tuple[Path, Node, Server, list[ground.Person]],
) -> None:
    seen = await _watch(site, "on", 1)
    assert len(seen.receipts) >= ANSWERS
    assert len(seen.statements) >= ANSWERS
    assert seen.unflushed == []
    assert seen.too_early == []


async def test_the_trace_tells_when_the_database_does_not_flush(
    site: tuple[Path, Node, Server, list[ground.Person]],
) -> None:
    """A start refuses `fsync = off`; here an operator changes it under the running service."""
    _, database, _, _ = site
    await ask(database, "ALTER SYSTEM SET fsync = off")
    await ask(database, "SELECT pg_reload_conf()")

    async def off() -> bool:
        return await ask(database, "SHOW fsync") == "off"

    await until_async(off, "fsync is still on")
    seen = await _watch(site, "off", 2)
    assert len(seen.statements) >= ANSWERS
    assert len(seen.unflushed) == len(seen.statements)
