"""Real bus servers that a test may kill and start again: NATS from its wheel, and a PostgreSQL."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from service.bus.hints import Bus, Hint
from service.bus.nats_bus import NatsBus
from service.settings import Settings
from service.store.embedded import RunningPostgres, start_postgres
from service.store.engine import open_engine
from service.store.hints import Hints

NATS_SERVER = Path(sys.executable).parent / "nats-server"
SITE = "auction.example.cn"
WAIT_S = 60
"""Bound on every wait: a busy machine starts a server slowly."""
QUICK = Settings(poll_ms=1)


def free_port() -> int:
    """Below those that the kernel gives to outgoing connections: a client that dials a dead
    server's port again and again could otherwise dial itself."""
    for port in range(21_000 + os.getpid() % 8_000, 32_000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("no port is free")


class NatsServer:
    """One NATS core server on loopback."""

    def __init__(self) -> None:
        self.port = free_port()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    def start(self) -> None:
        """Returns once it takes connections."""
        command = [NATS_SERVER, "-a", "127.0.0.1", "-p", str(self.port)]
        quiet = subprocess.DEVNULL
        self._child = subprocess.Popen(command, stdout=quiet, stderr=quiet)
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self._child.poll() is None, "nats-server ended"
            time.sleep(0.02)
        raise AssertionError("nats-server did not start")

    def kill(self) -> None:
        if self._child is not None:
            self._child.send_signal(signal.SIGKILL)
            self._child.wait()
            self._child = None


@contextmanager
def nats_server() -> Iterator[NatsServer]:
    server = NatsServer()
    server.start()
    try:
        yield server
    finally:
        server.kill()


@dataclass
class NatsGround:
    """NATS as the bus's ground."""

    server: NatsServer

    def bus(self, settings: Settings = QUICK) -> Bus:
        return NatsBus(self.server.url, SITE, settings)

    def kill(self) -> None:
        self.server.kill()

    def start(self) -> None:
        self.server.start()

    async def close(self) -> None:
        self.server.kill()


class PostgresGround:
    """PostgreSQL as the bus's ground; a stopped server starts again on the same socket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = self._started()
        # Each start has another socket folder: a link that stays leads to the present one.
        self._link = folder / "socket"
        self._point()
        self._engines: list[AsyncEngine] = []

    def bus(self, settings: Settings = QUICK) -> Bus:
        url = self._server.owner_url()
        host = str(self._server.socket_dir)
        engine = open_engine(url.replace(_quoted(host), _quoted(str(self._link))), settings)
        self._engines.append(engine)
        return Hints(engine, settings)

    def kill(self) -> None:
        self._server.kill()

    def start(self) -> None:
        self._server = self._started()
        self._point()

    async def close(self) -> None:
        for engine in self._engines:
            await engine.dispose()
        self._server.stop()

    def _started(self) -> RunningPostgres:
        return start_postgres(self._folder / "data", private_dir=self._folder / "private")

    def _point(self) -> None:
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(self._server.socket_dir)


def _quoted(path: str) -> str:
    return path.replace("/", "%2F")


Ground = NatsGround | PostgresGround


class Ear:
    """Keeps what it hears and lets a test wait for it."""

    def __init__(self) -> None:
        self.heard: list[Hint] = []
        self._news = asyncio.Event()

    def __call__(self, hint: Hint) -> None:
        self.heard.append(hint)
        self._news.set()

    async def until(self, is_enough: Callable[[list[Hint]], bool]) -> list[Hint]:
        async with asyncio.timeout(WAIT_S):
            while not is_enough(self.heard):
                self._news.clear()
                await self._news.wait()
        return self.heard


async def until(holds: Callable[[], bool]) -> None:
    """Waits for what comes by itself."""
    async with asyncio.timeout(WAIT_S):
        while not holds():  # noqa: ASYNC110 — what is waited for has no event
            await asyncio.sleep(0.01)
