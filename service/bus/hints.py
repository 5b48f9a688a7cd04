"""The port between processes: hints that something moved, and public frames for relays.

A hint may be lost, doubled or late; it only saves waiting. Whoever needs to be right also polls
(`settings.poll_ms`). Two adapters stand behind the port: `service.store.hints` speaks PostgreSQL's
LISTEN and NOTIFY, `service.bus.nats_bus` speaks NATS and carries frames besides.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LogMoved:
    """Some process has committed the entry `seq` of this log."""

    log: str
    seq: int


@dataclass(frozen=True, slots=True)
class RollChanged:
    """An admission to this lot, or one of its keys, has changed."""

    lot_id: str


@dataclass(frozen=True, slots=True)
class SessionReplaced:
    """A bidder has this socket now; an older one of his in another process gets 4010.

    who: the bidder under a key that only the site's processes have: who is here is nobody's
    business before the sale has ended. (at, session) orders the sockets of all processes;
    at: database time, ms.
    """

    lot_id: str
    who: str
    at: int
    session: str


Hint = LogMoved | RollChanged | SessionReplaced
Listener = Callable[[Hint], None]
Show = Callable[[bytes], None]


class Bus(Protocol):
    """What a process needs of the bus. Every call but the last two returns at once."""

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener` for every hint, from the event loop; returns how to stop that.

        A process hears its own hints too.
        """
        ...

    def on_return(self, listener: Callable[[], None]) -> None:
        """Calls `listener` whenever hints begin to be heard, at first and after each break."""
        ...

    def tell(self, hint: Hint) -> None:
        """Sends it soon; call it after the commit. Of several waiting hints about one thing only
        the newest goes. Beyond `settings.ledger_waiting` things hints are dropped."""
        ...

    def frames_of(self, log: str) -> Show | None:
        """How to show relays the public frames (UTF-8 JSON) of the log of this full name; None
        where the bus carries no frames."""
        ...

    async def listening(self) -> None:
        """Returns once hints are heard."""
        ...

    async def run(self) -> None:
        """Hears and sends until cancelled; comes back by itself after a break."""
        ...


class Outbox:
    """Hints that wait to be sent. Of several about one thing only the newest waits."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[str, Hint] = {}
        self.wanted = asyncio.Event()
        """Set when something waits."""

    def put(self, hint: Hint) -> None:
        about = _about(hint)
        waiting = self._waiting.get(about)
        if waiting is not None and _order(hint) < _order(waiting):
            return
        if waiting is not None or len(self._waiting) < self._most:
            self._waiting[about] = hint
            self.wanted.set()

    def take(self) -> list[str]:
        """Everything that waits, as it is written on the bus."""
        payloads = [write_hint(hint) for hint in self._waiting.values()]
        self._waiting.clear()
        return payloads


class Listeners:
    """Who listens to hints, and who is told when they begin to be heard."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._returns: list[Callable[[], None]] = []
        self._heard = asyncio.Event()

    def add(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def on_return(self, listener: Callable[[], None]) -> None:
        self._returns.append(listener)

    def hear(self, payload: str) -> None:
        hint = read_hint(payload)
        for listener in tuple(self._listeners) if hint else ():
            assert hint is not None
            listener(hint)

    def returned(self) -> None:
        self._heard.set()
        for listener in self._returns:
            listener()

    def gone(self) -> None:
        self._heard.clear()

    async def heard(self) -> None:
        await self._heard.wait()


def write_hint(hint: Hint) -> str:
    match hint:
        case LogMoved():
            return f"{hint.log}:{hint.seq}"
        case RollChanged():
            return f"roll:{hint.lot_id}"
        case SessionReplaced():
            return f"session:{hint.lot_id}:{hint.who}:{hint.at}:{hint.session}"


def read_hint(payload: str) -> Hint | None:
    """None for a hint of a newer Luochui: not knowing it loses nothing."""
    about, _, what = payload.partition(":")
    if about == "roll":
        return RollChanged(what)
    if about == "session":
        said = _SESSION.fullmatch(what)
        return SessionReplaced(said[1], said[2], int(said[3]), said[4]) if said else None
    return LogMoved(about, int(what)) if what.isascii() and what.isdigit() else None


_SESSION = re.compile(r"([a-z0-9-]{3,64}):([0-9a-f]{32}):([0-9]{1,16}):([0-9A-Za-z-]{1,64})")


def _about(hint: Hint) -> str:
    match hint:
        case LogMoved():
            return hint.log
        case RollChanged():
            return f"roll:{hint.lot_id}"
        case SessionReplaced():
            return f"session:{hint.lot_id}:{hint.who}"


def _order(hint: Hint) -> tuple[int, str]:
    """Of two hints about one thing the greater is the newer."""
    match hint:
        case LogMoved():
            return hint.seq, ""
        case RollChanged():
            return 0, ""
        case SessionReplaced():
            return hint.at, hint.session
