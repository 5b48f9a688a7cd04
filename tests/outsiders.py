"""Real outsiders on loopback: witnesses with their own stores, an RFC 3161 authority over HTTP."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.audit.notes import VerifyingKey
from service.clock import wall_ms
from service.witness.config import Config, LogSite
from service.witness.serve import new_key, policy_line, running
from tests.audit.authority import Authority


class Council:
    """Witnesses w0, w1, …; quorum: `least` of them. Each can be away and come back as it was."""

    def __init__(
        self,
        folder: Path,
        key: VerifyingKey,
        count: int = 3,
        least: int = 2,
        clock_ms: Callable[[], int] = wall_ms,
    ) -> None:
        self._clock_ms = clock_ms
        self._up: dict[str, AsyncExitStack] = {}
        self.configs: dict[str, Config] = {}
        lines = []
        for number in range(count):
            name = f"witness.example/w{number}"
            vkey = new_key(name, folder / f"w{number}.key")
            port = free_port()
            self.configs[name] = Config(
                name=name,
                key_file=folder / f"w{number}.key",
                store=folder / f"w{number}.db",
                listen=f"127.0.0.1:{port}",
                log=(LogSite(site=key.name, vkeys=(key.to_text(),)),),
            )
            lines.append(f"{policy_line(vkey)} http://127.0.0.1:{port}\n")
        group = f"group all-of-them {least} {' '.join(self.configs)}\n"
        self.policy = "".join(lines) + group + "quorum all-of-them\n"
        self.file = folder / "policy"
        self.file.write_text(self.policy)

    @property
    def names(self) -> list[str]:
        return list(self.configs)

    async def come(self, *names: str) -> None:
        """These witnesses, or all, begin to answer."""
        for name in names or self.names:
            stack = AsyncExitStack()
            await stack.enter_async_context(running(self.configs[name], self._clock_ms))
            self._up[name] = stack

    async def go(self, *names: str) -> None:
        """These witnesses, or all that are there, are gone; what they signed they remember."""
        for name in names or tuple(self._up):
            await self._up.pop(name).aclose()

    def forget(self, name: str) -> None:
        """A witness that lost everything but its key; it must be away."""
        for file in self.configs[name].store.parent.glob(f"{self.configs[name].store.name}*"):
            file.unlink()


class Office3161:
    """An RFC 3161 authority behind HTTP. is_up False: it answers 503. asked: requests so far."""

    def __init__(self, folder: Path, clock_ms: Callable[[], int] | None = None) -> None:
        folder.mkdir()
        self.authority = Authority(folder)
        self.certificates = folder / "trusted.pem"
        self.certificates.write_bytes(self.authority.ca)
        self.url = ""
        self.is_up = True
        self.asked: list[str] = []
        self._clock_ms = clock_ms
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Office3161"]:
        app = Starlette(routes=[Route("/tsr", self._answer, methods=["POST"])])
        async with served(app) as base_url:
            self.url = f"{base_url}/tsr"
            yield self

    async def _answer(self, request: Request) -> Response:
        body = await request.body()
        self.asked.append(request.headers["content-type"])
        if not self.is_up:
            return Response(status_code=503)
        async with self._turn:  # openssl's serial file has one owner
            return Response(
                await asyncio.to_thread(self._stamp, body), media_type="application/timestamp-reply"
            )

    def _stamp(self, body: bytes) -> bytes:
        if self._clock_ms is None:
            return self.authority.stamp(body)
        return self.authority.stamp_at(body, self._clock_ms())


class _Server(uvicorn.Server):
    """Leaves the test run's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """The app behind a free port; its base URL."""
    port = free_port()
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, lifespan="off", log_config=None, access_log=False
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        assert not task.done(), "the doors did not open"
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await task


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
