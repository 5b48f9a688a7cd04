"""The database server and the wires to it: what is asked arrives, arrives late, or never does."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError

from service.store import dbclock
from tests.simulate.database import WRITE, Snapshot, Store, reads
from tests.simulate.loop import Host, SimLoop
from tests.simulate.plan import EPOCH_MS

FAST_US, SLOW_US = 100, 4_000
"""A message's way, mostly; one in fifty takes ten times as long."""


@dataclass(frozen=True, slots=True)
class Commit:
    """The log grew from one size to the other at this instant (µs of the loop)."""

    log: str
    before: int
    size: int
    at_us: int
    host: str


@dataclass(frozen=True, slots=True)
class Fate:
    """What befalls one write of the ledger."""

    kind: str
    delay_us: int


@dataclass(eq=False)
class Link:
    """One connection of one host."""

    host: Host
    open: bool = True
    waiting: list["_Message"] = field(default_factory=list)


@dataclass(eq=False)
class _Message:
    link: Link
    act: Callable[[], Any]
    answer: asyncio.Future[Any]
    epoch: int
    leans: tuple[int, int] = (0, 0)
    lost: bool = False


class Server:
    """Owns what is committed, when it was, and the faults of wires and disk."""

    def __init__(self, loop: SimLoop, store: Store, statement_ms: int) -> None:
        self.loop = loop
        self.store = store
        self.commits: list[Commit] = []
        self.fates: dict[int, Fate] = {}
        self.step_us = 0
        self.lean: dict[str, tuple[int, int]] = {}
        """Of a host: what the clock's own wire takes longer there and back (µs). The clock is off
        by half the difference, and cannot know it."""
        self.on_commit: Callable[[Commit], None] = lambda commit: None
        self._statement_us = statement_ms * 1000
        self._links: list[Link] = []
        self._away: dict[str, int] = {}
        self._down_until = 0
        self._stalled_until = 0
        self._epoch = 0
        self._writes = 0

    # ── faults ──────────────────────────────────────────────────────────────────────────────

    def clock_us(self) -> int:
        return EPOCH_MS * 1000 + self.loop.now_us + self.step_us

    def crash(self, down_us: int) -> None:
        """What is not committed never will be; nobody is answered."""
        self._epoch += 1
        self._down_until = max(self._down_until, self.loop.now_us + down_us)
        for link in tuple(self._links):
            self.cut(link)

    def stall(self, for_us: int) -> None:
        """The disk stands still: what comes meanwhile waits."""
        self._stalled_until = max(self._stalled_until, self.loop.now_us + for_us)

    def part(self, name: str, for_us: int) -> None:
        """This host's wires to the database are cut."""
        self._away[name] = max(self._away.get(name, 0), self.loop.now_us + for_us)
        for link in [link for link in self._links if link.host.name == name]:
            self.cut(link)

    def forget(self, host: Host) -> None:
        """A dead host's connections end; what it asked may still be done."""
        for link in [link for link in self._links if link.host is host]:
            link.open = False
            self._links.remove(link)

    def heal(self) -> None:
        self._away.clear()
        self._down_until = self._stalled_until = self.loop.now_us
        self.fates.clear()

    def cut(self, link: Link) -> None:
        """The connection breaks; of what is under way some still arrives."""
        link.open = False
        if link in self._links:
            self._links.remove(link)
        for message in tuple(link.waiting):
            message.lost = message.lost or self.loop.chance.random() < 0.5
            self._fail(message, self._broken())

    # ── one question ────────────────────────────────────────────────────────────────────────

    async def dial(self, host: Host) -> Link:
        """Raises OSError or TimeoutError when nobody answers."""
        await asyncio.sleep(self._way() * 2 / 1e6)
        if not self._reachable(host):
            await asyncio.sleep(self.loop.chance.choice((0.001, 0.3, 1.5)))
            raise self.loop.chance.choice((ConnectionRefusedError, TimeoutError))("no server")
        return self.link(host)

    def link(self, host: Host) -> Link:
        made = Link(host)
        self._links.append(made)
        return made

    def hang_up(self, link: Link) -> None:
        link.open = False
        if link in self._links:
            self._links.remove(link)

    async def ask_time(self, link: Link) -> Any:
        """As `ask`, on the way that leans."""
        return await self.ask(link, self.clock_us, leans=self.lean.get(link.host.name, (0, 0)))

    async def ask(
        self,
        link: Link,
        act: Callable[[], Any],
        *,
        write: bool = False,
        leans: tuple[int, int] = (0, 0),
    ) -> Any:
        """The answer. Raises what the server or the wire raises."""
        if not link.open or not self._reachable(link.host):
            self.hang_up(link)
            raise self._broken()
        message = _Message(link, act, self.loop.create_future(), self._epoch, leans)
        link.waiting.append(message)
        fate = self._next_fate() if write else None
        self._send(message, fate)
        try:
            return await message.answer
        finally:
            link.waiting.remove(message)

    def _next_fate(self) -> Fate | None:
        self._writes += 1
        return self.fates.pop(self._writes, None)

    def _send(self, message: _Message, fate: Fate | None) -> None:
        kind = "" if fate is None else fate.kind
        delay = self._way() + message.leans[0]
        if fate is not None and kind in ("late", "slow"):
            delay += fate.delay_us
        if kind in ("late", "cut before"):
            message.lost = kind == "cut before"
            self.loop.after(self._way(), self._break, message)
        self.loop.after(delay, self._arrive, message, fate)

    def _break(self, message: _Message) -> None:
        """The wire breaks; this message goes its own way."""
        self._fail(message, self._broken())
        self.cut(message.link)

    def _arrive(self, message: _Message, fate: Fate | None) -> None:
        if message.lost or message.epoch != self._epoch or self.loop.now_us < self._down_until:
            return
        if fate is not None and fate.kind == "refused":
            refusal = asyncpg.exceptions.OutOfMemoryError("out of memory")
            self.loop.after(self._way(), self._fail, message, refusal)
            return
        wait = self._stalled_until - self.loop.now_us
        if wait <= 0:
            self._execute(message, fate)
        elif wait > self._statement_us and self.loop.chance.random() < 0.5:
            ended = asyncpg.QueryCanceledError("statement timeout")
            self.loop.after(self._statement_us, self._fail, message, ended)
        else:
            self.loop.after(wait, self._arrive, message, fate)

    def _execute(self, message: _Message, fate: Fate | None) -> None:
        kind = "" if fate is None else fate.kind
        try:
            result = message.act()
        except asyncpg.PostgresError as error:
            self.loop.after(self._way(), self._fail, message, error)
            return
        if kind == "cut after":
            self.loop.after(self._way(), self._break, message)
        elif kind == "ends":
            ended = asyncpg.AdminShutdownError("terminating connection")
            self.loop.after(self._way(), self._fail, message, ended)
        elif kind == "crash on commit":
            self.loop.dying(message.link.host)
        else:
            if kind == "crash on answer":
                assert fate is not None
                self.loop.after(self._way(), self._answer_and_die, message, result, fate.delay_us)
                return
            way = self._way() + message.leans[1]
            self.loop.after(way, self._answer, message, result)

    def _answer_and_die(self, message: _Message, result: Any, after: int) -> None:
        """The host goes some callbacks after it learned of its commit."""
        host = message.link.host
        host.dies_after = host.ran + after % 24
        self._answer(message, result)

    def _answer(self, message: _Message, result: Any) -> None:
        if not message.answer.done():
            message.answer.set_result(result)

    def _fail(self, message: _Message, error: Exception) -> None:
        if not message.answer.done():
            message.answer.set_exception(error)
            message.answer.exception()

    def _broken(self) -> Exception:
        if self.loop.chance.random() < 0.5:
            return ConnectionResetError("connection lost")
        return asyncpg.ConnectionDoesNotExistError("connection was closed")

    def _reachable(self, host: Host) -> bool:
        until = max(self._down_until, self._away.get(host.name, 0))
        return self.loop.now_us >= until

    def _way(self) -> int:
        slow = 10 if self.loop.chance.random() < 0.02 else 1
        return self.loop.chance.randint(FAST_US, SLOW_US) * slow

    # ── acts ────────────────────────────────────────────────────────────────────────────────

    def append(self, host: Host, columns: Sequence[Sequence[Any]]) -> list[dict[str, str]]:
        before = dict(zip(columns[0], columns[1], strict=True))
        after = dict(zip(columns[0], columns[2], strict=True))
        rows = self.store.append(columns)
        for row in rows:
            log = row["log"]
            commit = Commit(log, before[log], after[log], self.loop.now_us, host.name)
            self.commits.append(commit)
            self.on_commit(commit)
        return rows


# ── what the product holds in its hand ──────────────────────────────────────────────────────


class SimEngine:
    """As much of an AsyncEngine as the live part uses."""

    url = "simulated"

    def __init__(self, server: Server, host: Host) -> None:
        self.server = server
        self.host = host

    @property
    def dialect(self) -> "SimEngine":
        return self

    def get_execution_options(self) -> dict[str, Any]:
        return {}

    def create_connect_args(self, _url: object) -> tuple[list[Any], dict[str, Any]]:
        return [], {"simulated": self}

    def connect(self) -> "SimConnection":
        return SimConnection(self, commits=False)

    def begin(self) -> "SimConnection":
        return SimConnection(self, commits=True)


class SimConnection:
    """As much of an AsyncConnection: reads see what is committed, writes wait for the commit."""

    def __init__(self, engine: SimEngine, *, commits: bool) -> None:
        self._server = engine.server
        self._host = engine.host
        self._commits = commits
        self._link: Link | None = None
        self._repeats = False
        self._snapshot: Snapshot | None = None
        self._writes: list[tuple[Any, Any]] = []

    async def __aenter__(self) -> "SimConnection":
        try:
            self._link = await self._server.dial(self._host)
        except (OSError, TimeoutError) as error:
            raise DBAPIError("dial", None, error) from error
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None and self._commits:
                await self.commit()
        finally:
            if self._snapshot is not None:
                self._snapshot.close()
            assert self._link is not None
            self._server.hang_up(self._link)

    async def execution_options(self, *, isolation_level: str) -> "SimConnection":
        self._repeats = isolation_level == "REPEATABLE READ"
        return self

    async def execute(self, statement: Any, values: Any = None) -> Any:
        if not reads(statement):
            self._writes.append((statement, values))
            return await self._ask(lambda: None)
        return await self._ask(lambda: self._read(statement, values))

    async def commit(self) -> None:
        await self._ask(self._write)

    def _read(self, statement: Any, values: Any) -> Any:
        store = self._server.store
        if not self._repeats:
            return store.read(statement, values)
        if self._snapshot is None:
            self._snapshot = store.snapshot()
        return self._snapshot.read(statement, values)

    def _write(self) -> None:
        for statement, values in self._writes:
            self._server.store.read(statement, values)
        self._writes.clear()

    async def _ask(self, act: Callable[[], Any]) -> Any:
        assert self._link is not None
        try:
            return await self._server.ask(self._link, act)
        except (OSError, asyncpg.PostgresError) as error:
            raise DBAPIError("statement", None, error) from error


class SimAsyncpg:
    """Stands where `service.store.engine` finds asyncpg."""

    Connection = asyncpg.Connection

    @staticmethod
    async def connect(*, simulated: SimEngine, **_: object) -> "SimRaw":
        link = await simulated.server.dial(simulated.host)
        return SimRaw(simulated, link)


class SimRaw:
    """As much of an asyncpg connection as the writer and the clock use; its own statement too."""

    def __init__(self, engine: SimEngine, link: Link) -> None:
        self._server = engine.server
        self._host = engine.host
        self._link = link

    def is_closed(self) -> bool:
        return not self._link.open

    def terminate(self) -> None:
        self._server.hang_up(self._link)

    def add_log_listener(self, listener: object) -> None:
        """This server gives no warnings."""

    async def prepare(self, sql: str) -> "SimRaw":
        assert sql == WRITE, "the model knows one written statement"
        await self._server.ask(self._link, lambda: None)
        return self

    async def fetch(self, *columns: Any, timeout: float) -> Any:  # noqa: ASYNC109
        def act() -> Any:
            return self._server.append(self._host, columns)

        async with asyncio.timeout(timeout):
            return await self._server.ask(self._link, act, write=True)

    async def fetchval(self, sql: str, *, timeout: float) -> Any:  # noqa: ASYNC109
        assert sql == dbclock._TIME
        async with asyncio.timeout(timeout):
            return await self._server.ask_time(self._link)
