"""Hints between processes: "this log moved", "this lot's roll changed", by LISTEN and NOTIFY.

A hint may be lost, doubled or late; it only saves waiting. Whoever needs to be right also polls
(`settings.poll_ms`). Hints go out after the commit on a connection of their own: a NOTIFY inside
the bid's transaction takes a lock of the whole server at commit and halves the throughput.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service import gauges
from service.settings import Settings
from service.store.engine import dial

CHANNEL = "luochui"
_LOST = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LogMoved:
    """Some process has committed the entry `seq` of this log."""

    log: str
    seq: int


@dataclass(frozen=True, slots=True)
class RollChanged:
    """An admission to this lot, or one of its keys, has changed."""

    lot_id: str


Hint = LogMoved | RollChanged
Listener = Callable[[Hint], None]


class Hints:
    """Owns one connection, the hints waiting to be sent, and who listens.

    A process hears its own hints too.
    """

    def __init__(self, engine: AsyncEngine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._listeners: list[Listener] = []
        self._waiting: dict[str, Hint] = {}
        self._wanted = asyncio.Event()
        self._listening = asyncio.Event()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener` for every hint, from the event loop; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, hint: Hint) -> None:
        """Sends it soon. Of several waiting hints about one log only the newest goes.

        Call it after the commit. Beyond `settings.ledger_waiting` logs hints are dropped.
        """
        about = hint.log if isinstance(hint, LogMoved) else f"roll:{hint.lot_id}"
        waiting = self._waiting.get(about)
        if isinstance(waiting, LogMoved) and isinstance(hint, LogMoved) and hint.seq < waiting.seq:
            return
        if waiting is not None or len(self._waiting) < self._settings.ledger_waiting:
            self._waiting[about] = hint
            self._wanted.set()

    async def listening(self) -> None:
        """Returns once hints are heard."""
        await self._listening.wait()

    async def run(self) -> None:
        """Hears and sends until cancelled; dials again `poll_ms` after a lost connection."""
        while True:
            try:
                await self._serve()
            except _LOST as error:
                _log.warning("hints_lost", error=repr(error))
            self._listening.clear()
            gauges.BUS_UP.set(0)
            await asyncio.sleep(self._settings.poll_ms / 1000)

    async def _serve(self) -> None:
        connection = await dial(self._engine, self._settings)
        try:
            # Wakes the sender, which then finds the connection gone.
            connection.add_termination_listener(lambda _: self._wanted.set())
            await connection.add_listener(CHANNEL, self._hear)
            self._listening.set()
            gauges.BUS_UP.set(1)
            while not connection.is_closed():
                await self._send(connection)
                await self._wanted.wait()
        finally:
            connection.terminate()

    async def _send(self, connection: asyncpg.Connection) -> None:
        self._wanted.clear()
        if self._waiting:
            payloads = [_payload(hint) for hint in self._waiting.values()]
            self._waiting.clear()
            await connection.execute(_NOTIFY, CHANNEL, payloads)

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        hint = _read(str(payload))
        for listener in tuple(self._listeners) if hint else ():
            assert hint is not None
            listener(hint)


_NOTIFY = "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload"


def _payload(hint: Hint) -> str:
    match hint:
        case LogMoved():
            return f"{hint.log}:{hint.seq}"
        case RollChanged():
            return f"roll:{hint.lot_id}"


def _read(payload: str) -> Hint | None:
    """None for a hint of a newer Luochui: not knowing it loses nothing."""
    about, _, what = payload.partition(":")
    if about == "roll":
        return RollChanged(what)
    return LogMoved(about, int(what)) if what.isascii() and what.isdigit() else None
