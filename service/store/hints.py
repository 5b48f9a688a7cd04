"""The bus over PostgreSQL's LISTEN and NOTIFY: hints alone, no frames.

Hints go out after the commit on a connection of their own: a NOTIFY inside the bid's transaction
takes a lock of the whole server at commit and halves the throughput.
"""

import asyncio
from collections.abc import Callable

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service import gauges
from service.bus.hints import Hint, Listener, Listeners, Outbox, Show
from service.settings import Settings
from service.store.engine import dial

CHANNEL = "luochui"
_LOST = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
_log = structlog.get_logger()


class Hints:
    """Owns one connection, the hints waiting to be sent, and who listens."""

    def __init__(self, engine: AsyncEngine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._outbox = Outbox(settings.ledger_waiting)
        self._listeners = Listeners()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        return self._listeners.add(listener)

    def on_return(self, listener: Callable[[], None]) -> None:
        self._listeners.on_return(listener)

    def tell(self, hint: Hint) -> None:
        self._outbox.put(hint)

    def frames_of(self, log: str) -> Show | None:
        """None: each frame would pass through every process of the database, and 8,000 bytes are
        the most that a NOTIFY takes."""
        return None

    async def listening(self) -> None:
        await self._listeners.heard()

    async def run(self) -> None:
        """Hears and sends until cancelled; dials again `poll_ms` after a lost connection."""
        while True:
            try:
                await self._serve()
            except _LOST as error:
                _log.warning("hints_lost", error=repr(error))
            self._listeners.gone()
            gauges.BUS_UP.set(0)
            await asyncio.sleep(self._settings.poll_ms / 1000)

    async def _serve(self) -> None:
        connection = await dial(self._engine, self._settings)
        try:
            # Wakes the sender, which then finds the connection gone.
            connection.add_termination_listener(lambda _: self._outbox.wanted.set())
            await connection.add_listener(CHANNEL, self._hear)
            gauges.BUS_UP.set(1)
            self._listeners.returned()
            while not connection.is_closed():
                await self._send(connection)
                await self._outbox.wanted.wait()
        finally:
            connection.terminate()

    async def _send(self, connection: asyncpg.Connection) -> None:
        self._outbox.wanted.clear()
        if payloads := self._outbox.take():
            await connection.execute(_NOTIFY, CHANNEL, payloads)

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        self._listeners.hear(str(payload))


_NOTIFY = "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload"
