"""Doors on a port: uvicorn as every process of ours runs it, and the one form of its log lines."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp

from service.api.uvicorn_protocol import socket_options
from service.connections import Bounds, http_protocol, raise_file_limit
from service.settings import Settings

SHUTDOWN_S = 5
BACKLOG = 2_048
"""Connections that wait to be accepted; a reconnect storm comes in one second."""


class CannotStart(Exception):
    """The text is one sentence that says what is missing and what to do."""


@asynccontextmanager
async def doors(
    app: ASGIApp,
    settings: Settings,
    stopping: asyncio.Event,
    farewell: Callable[[], Awaitable[None]],
    *,
    shared: bool = False,
) -> AsyncIterator[None]:
    """The doors are open on the settings' host and port; Ctrl-C or SIGTERM sets `stopping`.

    farewell: sends the audiences away, before the doors close. shared: other processes listen on
    the same port; the kernel deals the connections out among them.
    """
    raise_file_limit(settings.connections)
    server = _Server(_config(app, settings))
    sockets = [shared_socket(settings.host, settings.port)] if shared else None
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    task = asyncio.create_task(server.serve(sockets), name="doors")
    try:
        while not server.started:
            if task.done():
                raise CannotStart(f"Nobody can listen on {settings.host}:{settings.port}.")
            await asyncio.sleep(0.01)
        yield
    finally:
        await farewell()
        server.should_exit = True
        await asyncio.wait((task,), timeout=2 * SHUTDOWN_S)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def shared_socket(host: str, port: int, *, listening: bool = True) -> socket.socket:
    """A socket on a port that several processes of one account share (SO_REUSEPORT).

    One that does not listen keeps the port and gets no connection. Raises OSError.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        opened.bind((host, port))
        if listening:
            opened.listen(BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened


def log_as_json() -> None:
    """One JSON object a line."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    )


def _config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        **socket_options(settings.frame_bytes, ping_ms=settings.ping_ms, pong_ms=settings.pong_ms),
        http=http_protocol(_bounds(settings)),
        timeout_graceful_shutdown=SHUTDOWN_S,
        forwarded_allow_ips=list(settings.trusted_proxies),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
    )


def _bounds(settings: Settings) -> Bounds:
    return Bounds(
        connections=settings.connections,
        per_address=settings.connections_per_address,
        head_bytes=settings.head_bytes,
        head_s=settings.head_ms / 1000,
        body_s=settings.body_ms / 1000,
        unread_s=settings.unread_ms / 1000,
        trusted=settings.trusted_proxies,
    )


class _Server(uvicorn.Server):
    """Leaves the signals to `doors`: they are not the last to close."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield
