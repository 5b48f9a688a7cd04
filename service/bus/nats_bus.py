"""NATS core as the bus: hints under one subject of the site, each lot's frames under its own.

Nothing here is kept: NATS core delivers at most once, and polling stands behind it. The client's
own reconnecting is off, so that one loop of ours decides what happens after a break.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import structlog

from service import gauges
from service.bus.hints import Hint, Listener, Listeners, Outbox, Show
from service.settings import Settings

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

RETRY_S = 0.25
"""Between two attempts to reach the server: a restarted one is used again well within 2 s."""
DIAL_S, PING_S = 2, 1
FRAMES_WAITING = 1_000
"""Frames that may wait to be sent; beyond, the oldest go: a relay finds the hole and asks."""
_log = structlog.get_logger()

Hear = Callable[[str], None]


class BusMissing(Exception):
    """The text is one sentence that says what is missing and what to do."""


class NatsBus:
    """The service's side. Owns one connection, what waits to be sent, and who listens."""

    def __init__(self, url: str, site: str, settings: Settings) -> None:
        check_client()
        self._url = url
        self._hints = hints_subject(site)
        self._outbox = Outbox(settings.ledger_waiting)
        self._frames: deque[tuple[str, bytes]] = deque(maxlen=FRAMES_WAITING)
        self._listeners = Listeners()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        return self._listeners.add(listener)

    def on_return(self, listener: Callable[[], None]) -> None:
        self._listeners.on_return(listener)

    def tell(self, hint: Hint) -> None:
        self._outbox.put(hint)

    def frames_of(self, log: str) -> Show:
        subject = frames_subject(log)

        def show(text: bytes) -> None:
            self._frames.append((subject, text))
            self._outbox.wanted.set()

        return show

    async def listening(self) -> None:
        await self._listeners.heard()

    async def run(self) -> None:
        """Hears and sends until cancelled; dials again `RETRY_S` after a lost connection."""
        await _for_ever(self._serve, self._listeners.gone)

    async def _serve(self) -> None:
        async with _dialled(self._url, self._outbox.wanted.set) as client:
            await client.subscribe(self._hints, cb=self._hear)
            await client.flush(DIAL_S)
            self._frames.clear()  # relays ask after a break; what waited is older than that
            gauges.BUS_UP.set(1)
            self._listeners.returned()
            while client.is_connected:
                self._outbox.wanted.clear()
                await self._send(client)
                await self._outbox.wanted.wait()

    async def _send(self, client: "Client") -> None:
        for payload in self._outbox.take():
            await client.publish(self._hints, payload.encode())
        while self._frames:
            subject, text = self._frames.popleft()
            await client.publish(subject, text)

    async def _hear(self, message: "Msg") -> None:
        self._listeners.hear(message.data.decode(errors="replace"))


class NatsFrames:
    """A relay's side: hears the frames of the lots it follows, and nothing else."""

    def __init__(self, url: str) -> None:
        check_client()
        self._url = url
        self._followed: dict[str, tuple[Hear, Callable[[], None]]] = {}
        self._open: dict[str, Any] = {}
        self._changed = asyncio.Event()
        self._heard = asyncio.Event()

    def follow(self, log: str, hear: Hear, opened: Callable[[], None]) -> None:
        """Calls `hear` with the text of every public frame of this log (full name), and `opened`
        whenever they begin to be heard: what was said before that is lost."""
        self._followed[frames_subject(log)] = (hear, opened)
        self._changed.set()

    def leave(self, log: str) -> None:
        self._followed.pop(frames_subject(log), None)
        self._changed.set()

    def is_up(self) -> bool:
        return self._heard.is_set()

    async def run(self) -> None:
        """Hears until cancelled; dials again `RETRY_S` after a lost connection."""
        await _for_ever(self._serve, self._gone)

    async def _serve(self) -> None:
        async with _dialled(self._url, self._changed.set) as client:
            while client.is_connected:
                self._changed.clear()
                await self._match(client)
                self._heard.set()
                gauges.BUS_UP.set(1)
                await self._changed.wait()

    async def _match(self, client: "Client") -> None:
        """Makes the subscriptions what is followed."""
        for subject in self._open.keys() - self._followed.keys():
            await self._open.pop(subject).unsubscribe()
        new = self._followed.keys() - self._open.keys()
        for subject in new:
            self._open[subject] = await client.subscribe(subject, cb=self._hear)
        if new:
            await client.flush(DIAL_S)
        for subject in new & self._followed.keys():
            self._followed[subject][1]()

    async def _hear(self, message: "Msg") -> None:
        followed = self._followed.get(message.subject)
        if followed is not None:
            followed[0](message.data.decode(errors="replace"))

    def _gone(self) -> None:
        self._heard.clear()
        self._open.clear()


def hints_subject(site: str) -> str:
    """Where the processes of a site talk; a relay has no business there."""
    return f"luochui.hints.{_token(site)}"


def frames_subject(log: str) -> str:
    """log: the full name, `<site>/lot/<lot_id>`. Sites have dots and no underscore."""
    return "luochui.frames." + ".".join(_token(part) for part in log.split("/"))


def _token(part: str) -> str:
    return part.replace(".", "_")


def check_client() -> None:
    """Raises BusMissing when this installation has no NATS client."""
    try:
        import nats.aio.client  # noqa: F401 — only whether it is there
    except ImportError as error:
        raise BusMissing(
            "NATS as the bus needs its client: install luochui[nats], or set LUOCHUI_BUS=postgres."
        ) from error


# ── the connection ──────────────────────────────────────────────────────────────────────────


async def _for_ever(serve: Callable[[], Awaitable[None]], gone: Callable[[], None]) -> None:
    told = False
    while True:
        try:
            await serve()
            told = False
        except _lost() as error:
            if not told:  # once a break, and not with every attempt
                _log.warning("bus_lost", error=repr(error))
            told = True
        finally:
            gone()
            gauges.BUS_UP.set(0)
        await asyncio.sleep(RETRY_S)


def _lost() -> tuple[type[BaseException], ...]:
    from nats.errors import Error

    return (OSError, TimeoutError, Error)


@asynccontextmanager
async def _dialled(url: str, wake: Callable[[], None]) -> AsyncIterator["Client"]:
    """A connection; `wake` is called when it ends. A dead peer is noticed by `PING_S` pings."""
    from nats.aio.client import Client

    client = Client()

    async def over() -> None:
        wake()

    async def quiet(error: Exception) -> None:
        _log.info("bus_error", error=repr(error))

    await client.connect(
        url,
        allow_reconnect=False,
        connect_timeout=DIAL_S,
        ping_interval=PING_S,
        max_outstanding_pings=1,
        closed_cb=over,
        disconnected_cb=over,
        error_cb=quiet,
        name="luochui",
    )
    try:
        yield client
    finally:
        with suppress(Exception):
            await client.close()
