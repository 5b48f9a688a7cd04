"""`luochui serve --workers N`: real processes on one port, and their parent."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bench.ground import SITE, Person, sales
from service.audit.notes import SigningKey
from tests.bus.servers import WAIT_S, free_port
from tests.conftest import FreshDatabase

KEY = SigningKey(SITE, b"\x0b" * 32)
LOT = "lot-workers"
"""Watched with `max_queue=None`: a client that does not read answers no pings and is given up."""
WORKERS = 2


@dataclass
class Crew:
    """A parent with its workers, and everything they said."""

    port: int
    parent: asyncio.subprocess.Process
    said: list[dict[str, Any]]
    _news: asyncio.Event

    async def until_said(self, event: str, count: int = 1) -> list[dict[str, Any]]:
        """The lines of this event, once there are so many."""
        try:
            async with asyncio.timeout(WAIT_S):
                while len(found := [x for x in self.said if x.get("event") == event]) < count:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError as error:
            raise AssertionError(f"no {count} × {event}: {self.said}") from error
        return found

    async def listen(self) -> None:
        assert self.parent.stdout is not None
        async for line in self.parent.stdout:
            with suppress(ValueError):
                self.said.append(json.loads(line))
            self._news.set()

    @asynccontextmanager
    async def socket(self, cookie: str | None = None) -> AsyncIterator[ClientConnection]:
        headers = {} if cookie is None else {"Cookie": cookie}
        url = f"ws://127.0.0.1:{self.port}/ws/lots/{LOT}"
        given: dict[str, Any] = {"subprotocols": ["luochui.v1"], "max_queue": None}
        async with connect(url, additional_headers=headers, proxy=None, **given) as opened:
            yield opened

    async def worker_of(self, socket: ClientConnection) -> int:
        """The process at the other end, by the kernel's table of connections."""
        return owner_of(self.port, socket.local_address[1])


def owner_of(port: int, client_port: int) -> int:
    inode = None
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        ours, theirs = (int(end.rpartition(":")[2], 16) for end in fields[1:3])
        if (ours, theirs) == (port, client_port):
            inode = fields[9]
    assert inode is not None, "no such connection"
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if os.readlink(link) == f"socket:[{inode}]":
                return int(link.parts[2])
    raise AssertionError("nobody owns the connection")


@asynccontextmanager
async def crew(url: str, workers: int = WORKERS, **knobs: str) -> AsyncIterator[Crew]:
    port = free_port()
    given = {"site": SITE, "database_url": url, "log_key": KEY.to_text(), "drain_ms": "0", **knobs}
    env = {**os.environ, **{f"LUOCHUI_{name.upper()}": value for name, value in given.items()}}
    env.pop("PROMETHEUS_MULTIPROC_DIR", None)
    where = ("--host", "127.0.0.1", "--port", str(port), "--workers", str(workers))
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "service.cli", "serve", *where),
        stdout=asyncio.subprocess.PIPE,
        env=env,
    )
    made = Crew(port, parent, [], asyncio.Event())
    listening = asyncio.create_task(made.listen())
    try:
        yield made
    finally:
        with suppress(ProcessLookupError):
            parent.terminate()
        await parent.wait()
        listening.cancel()


@pytest.fixture
async def sale(database: FreshDatabase) -> list[Person]:
    """A lot that takes quotes for hours, with two admitted bidders."""
    return await sales(database.app_url, [LOT], 2)


async def hear(socket: ClientConnection, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(WAIT_S):
        async for raw in socket:
            frame: dict[str, Any] = json.loads(raw)
            if frame["type"] == kind:
                return frame
    raise AssertionError(f"the socket closed before a {kind}")


async def ending(socket: ClientConnection) -> int | None:
    """Reads to the end; the close code that the server said."""
    try:
        async with asyncio.timeout(WAIT_S):
            while True:
                await socket.recv()
    except ConnectionClosed as closed:
        return None if closed.rcvd is None else closed.rcvd.code


async def test_a_killed_worker_costs_its_own_sockets_and_a_new_one_comes(
    database: FreshDatabase, sale: list[Person]
) -> None:
    async with crew(database.app_url) as ours:
        await ours.until_said("serving", WORKERS)
        async with watchers_of_two_workers(ours) as (lost, kept):
            victim, survivor = await ours.worker_of(lost), await ours.worker_of(kept)
            os.kill(victim, signal.SIGKILL)
            await ending(lost)
            await hear(kept, "heartbeat")
            ended = (await ours.until_said("worker_ended"))[0]
            assert ended["code"] == -signal.SIGKILL
            await ours.until_said("serving", WORKERS + 1)
            pids = [line["pid"] for line in await ours.until_said("worker_started", WORKERS + 1)]
            assert len(set(pids)) == WORKERS + 1
            await hear(kept, "heartbeat")
            assert await ours.worker_of(kept) == survivor
        async with ours.socket() as again:
            await hear(again, "snapshot")
        assert ours.parent.returncode is None


@asynccontextmanager
async def watchers_of_two_workers(
    ours: Crew,
) -> AsyncIterator[tuple[ClientConnection, ClientConnection]]:
    """Two watchers whom the kernel dealt to different workers."""
    async with ours.socket() as first:
        await hear(first, "snapshot")
        mine = await ours.worker_of(first)
        while True:
            async with ours.socket() as second:
                await hear(second, "snapshot")
                if await ours.worker_of(second) != mine:
                    yield first, second
                    return


async def test_a_bidders_newer_socket_at_another_worker_closes_the_older(
    database: FreshDatabase, sale: list[Person]
) -> None:
    async with crew(database.app_url) as ours:
        await ours.until_said("serving", WORKERS)
        cookie = sale[0].cookie
        async with ours.socket(cookie) as older:
            assert (await hear(older, "welcome"))["role"] == "bidder"
            mine = await ours.worker_of(older)
            async with ours.socket(sale[1].cookie) as other:
                await hear(other, "welcome")
                async with elsewhere(ours, cookie, mine) as newer:
                    assert await ending(older) == 4010
                    await hear(newer, "heartbeat")
                    await hear(other, "heartbeat")


@asynccontextmanager
async def elsewhere(ours: Crew, cookie: str, not_at: int) -> AsyncIterator[ClientConnection]:
    """A bidder's socket at another worker. Handshakes that land at the same one are given up
    before they are told of: the cookie goes only with one that is to stay."""
    while True:
        # Asked of the kernel before a word is said; loopback answers at once.
        plain = socket.create_connection(("127.0.0.1", ours.port))
        if await accepted_by(ours.port, plain.getsockname()[1]) != not_at:
            break
        plain.close()
    given: dict[str, Any] = {"subprotocols": ["luochui.v1"], "max_queue": None}
    url = f"ws://127.0.0.1:{ours.port}/ws/lots/{LOT}"
    headers = {"Cookie": cookie}
    async with connect(url, sock=plain, additional_headers=headers, proxy=None, **given) as opened:
        assert (await hear(opened, "welcome"))["role"] == "bidder"
        yield opened


async def accepted_by(port: int, client_port: int) -> int:
    """The worker that took the connection, once one has."""
    async with asyncio.timeout(WAIT_S):
        while True:
            with suppress(AssertionError):
                return owner_of(port, client_port)
            await asyncio.sleep(0.01)


async def test_sigterm_drains_every_worker(database: FreshDatabase, sale: list[Person]) -> None:
    async with crew(database.app_url) as ours:
        await ours.until_said("serving", WORKERS)
        async with ours.socket() as watching:
            await hear(watching, "snapshot")
            ours.parent.send_signal(signal.SIGTERM)
            assert await ending(watching) == 1012
        async with asyncio.timeout(WAIT_S):
            assert await ours.parent.wait() == 0
        await ours.until_said("workers_ended")
        assert Counter(line.get("event") for line in ours.said)["stopping"] == WORKERS
        assert not [line for line in ours.said if line.get("level") == "error"]


async def test_workers_end_with_a_killed_parent(
    database: FreshDatabase, sale: list[Person]
) -> None:
    async with crew(database.app_url, workers=2) as ours:
        await ours.until_said("serving", 2)
        ours.parent.send_signal(signal.SIGKILL)
        pids = [line["pid"] for line in await ours.until_said("worker_started", 2)]
        async with asyncio.timeout(WAIT_S):
            while any(Path(f"/proc/{pid}").exists() for pid in pids):  # noqa: ASYNC240, ASYNC110
                await asyncio.sleep(0.02)


async def test_metrics_are_those_of_all_workers(
    database: FreshDatabase, sale: list[Person]
) -> None:
    async with crew(database.app_url) as ours:
        await ours.until_said("serving", WORKERS)
        async with watchers_of_two_workers(ours):
            base = f"http://127.0.0.1:{ours.port}"
            async with httpx2.AsyncClient(base_url=base, trust_env=False) as http:
                told = (await http.get("/metrics")).text
        found = re.search(r'luochui_watchers\{role="observer"\} (\S+)', told)
        assert found is not None
        assert float(found[1]) == 2.0
        assert "luochui_bus_up 1.0" in told


async def test_wrong_settings_end_the_command_with_one_sentence(database: FreshDatabase) -> None:
    async with crew(database.app_url, site="another.example") as ours:
        async with asyncio.timeout(WAIT_S):
            assert await ours.parent.wait() == 2
