"""`luochui serve` processes that a test may kill, stop, continue and restart at one address."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import ground
from tests.replicas import Node, NotInTime, ask, own_port, until

DATABASE = "luochui"
READY_S = 60

_UNLIMITED = {"bids_per_s": 100_000, "frames_per_s": 100_000, "strikes_before_close": 100_000}


@dataclass(slots=True)
class Server:
    """One server process. `said`: its log of every life."""

    url: str
    said: Path
    port: int = field(default_factory=own_port)
    settings: Mapping[str, object] = field(default_factory=dict)
    wrapped_in: Sequence[str] = ()
    _child: "subprocess.Popen[bytes] | None" = None

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    def start(self) -> None:
        """Begins a life; `wait_until_ready` tells when it serves."""
        given = {
            "site": ground.SITE,
            "database_url": self.url,
            "log_key": ground.KEY.to_text(),
            "port": self.port,
            **_UNLIMITED,
            **self.settings,
        }
        env = {f"LUOCHUI_{name.upper()}": str(value) for name, value in given.items()}
        command = [*self.wrapped_in, sys.executable, "-m", "service.cli", "serve"]
        with self.said.open("ab") as said:
            self._child = subprocess.Popen(
                command,
                cwd=ground.ROOT,
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        until(self._is_ready, f"{self.said} is not ready", READY_S)

    def kill(self) -> None:
        """kill -9, and gone when it returns."""
        self.signal(signal.SIGKILL)
        if self._child is not None:
            self._child.wait(READY_S)

    def signal(self, number: signal.Signals) -> None:
        """To the process and, when another program runs it, to that one too: both are ours."""
        if self._child is not None and self._child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, number)

    def is_running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def _is_ready(self) -> bool:
        if not self.is_running():
            tail = self.said.read_text(errors="replace")[-2_000:]
            raise NotInTime(f"the server of {self.said} ended: {tail}")
        return answers(self.port, "/health/ready")


def answers(port: int, path: str) -> bool:
    """Whether this address says 200 now."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def served(servers: Sequence[Server]) -> Iterator[Sequence[Server]]:
    """All of them ready; gone afterwards, stopped ones too."""
    try:
        for server in servers:
            server.start()
        for server in servers:
            server.wait_until_ready()
        yield servers
    finally:
        for server in servers:
            server.kill()


def prepare(node: Node) -> None:
    """The migrated database of the service on this server."""
    from service.store.migrate import upgrade

    asyncio.run(ask(node, f"CREATE DATABASE {DATABASE}"))
    upgrade(node.owner_url(DATABASE))


def wait_until_listing(port: int, lots: Sequence[str]) -> None:
    """Until every lot takes bids. Published before its servers stood, it would first be suspended
    for the outage that their start was."""
    for lot_id in lots:
        until(lambda: _is_listing(port, lot_id), f"{lot_id} does not open")  # noqa: B023


def _is_listing(port: int, lot_id: str) -> bool:
    with contextlib.suppress(urllib.error.URLError, OSError):
        url = f"http://127.0.0.1:{port}/api/lots/{lot_id}"
        with urllib.request.urlopen(url, timeout=5) as answer:
            said = answer.read()
            return b'"stage":"LISTING"' in said and b'"control":"NORMAL"' in said
    return False


def now_s() -> float:
    return time.monotonic()
