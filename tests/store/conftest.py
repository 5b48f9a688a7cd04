"""What the store's tests share: an engine as the service opens it, logs to write, a wire to cut."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from service.audit import canonical
from service.audit.tree import Frontier, Tree, leaf_hash
from service.settings import Settings
from service.store.engine import open_engine
from service.store.ledger import (
    Append,
    Ledger,
    NewEntry,
    Projection,
    append_on,
    read_head,
    read_heads,
    read_log,
)

_READY = b"Z\x00\x00\x00\x05"  # ReadyForQuery: the server has committed and says so


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
async def engine(database: SimpleNamespace, settings: Settings) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(database.app_url, settings)
    yield opened
    await opened.dispose()


@pytest.fixture
async def owner(database: SimpleNamespace) -> AsyncIterator[asyncpg.Connection]:
    """A session of the tables' owner, for what the service itself may not do."""
    session = await database.connect_as_owner()
    yield session
    await session.close()


@pytest.fixture
async def ledger(engine: AsyncEngine, settings: Settings) -> AsyncIterator[Ledger]:
    opened = Ledger(engine, settings)
    yield opened
    await opened.close()


@dataclass
class Log:
    """One log as a room knows it: its frontier, from which the next append is made."""

    name: str
    frontier: Frontier = field(default_factory=Frontier)

    def entry(self, seq: int, bid_id: str | None = None) -> NewEntry:
        raw = canonical.encode({"at": seq, "log": self.name, "seq": seq, "who": uuid4().hex})
        bid_hash = leaf_hash(raw) if bid_id else None
        return NewEntry(raw, leaf_hash(raw), bid_id, bid_hash)

    def append(self, count: int = 1, *, bid_id: str | None = None) -> Append:
        seqs = range(self.frontier.size, self.frontier.size + count)
        entries = tuple(self.entry(seq, bid_id) for seq in seqs)
        after = self.frontier.extend(entry.leaf for entry in entries)
        last_at = after.size - 1
        shown = Projection("LISTING", "NORMAL", 7, {"accepted": after.size, "sealed": False})
        return Append(
            self.name, seqs.start, entries, after.to_bytes(), after.root(), last_at, shown
        )

    async def read(self, engine: AsyncEngine) -> None:
        """What a room does after a lost swap."""
        async with engine.connect() as connection:
            head = await read_head(connection, self.name)
            assert head is not None
            self.frontier = Frontier.from_bytes(head.frontier)


@pytest.fixture
def new_log(engine: AsyncEngine) -> Callable[[str], Awaitable[Log]]:
    async def make(name: str) -> Log:
        log = Log(name)
        async with engine.begin() as connection:
            await append_on(connection, log.append())
        await log.read(engine)
        return log

    return make


@pytest.fixture
def verify(engine: AsyncEngine) -> Callable[..., Awaitable[int]]:
    """Checks whole logs: entries contiguous, every leaf, every committed root, the head."""

    async def check(*names: str) -> int:
        async with engine.connect() as connection:
            sizes = [await _check(connection, name) for name in names]
        return sum(sizes)

    async def _check(connection: object, name: str) -> int:
        entries = await read_log(connection, name)  # type: ignore[arg-type] -- one connection
        heads = await read_heads(connection, name)  # type: ignore[arg-type] -- one connection
        head = await read_head(connection, name)  # type: ignore[arg-type] -- one connection
        tree = Tree(entry.leaf for entry in entries)
        assert [entry.seq for entry in entries] == list(range(len(entries)))
        assert all(entry.leaf == leaf_hash(entry.bytes) for entry in entries)
        assert all(each.root == tree.root(each.size) for each in heads)
        assert head is not None
        assert (head.size, head.root) == (len(entries), tree.root())
        assert (heads[-1].size, heads[-1].root) == (head.size, head.root)
        assert Frontier.from_bytes(head.frontier) == tree.frontier()
        return len(entries)

    return check


class Wire:
    """A socket between the service and the real server that a test can cut at a chosen moment.

    cut: None lets everything pass. "before": the next words of the service never arrive.
    "after": the server hears them and commits, its answer never arrives. "away": the server hears
    them and the service is gone at once, while the server still works. "hole": every word vanishes.
    """

    def __init__(self, real: str, folder: Path) -> None:
        self._real = real
        self.folder = folder
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.cut: str | None = None
        self.happened = asyncio.Event()

    async def open(self) -> None:
        path = self.folder / ".s.PGSQL.5432"
        self._server = await asyncio.start_unix_server(self._carry, path)

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _carry(self, up: asyncio.StreamReader, down: asyncio.StreamWriter) -> None:
        reader, writer = await asyncio.open_unix_connection(self._real)
        for work in (self._forward(up, writer, down), self._back(reader, down, writer)):
            task = asyncio.create_task(work)
            self._tasks.add(task)

    async def _forward(
        self, words: asyncio.StreamReader, server: asyncio.StreamWriter, down: asyncio.StreamWriter
    ) -> None:
        while data := await words.read(65536):
            if self.cut == "before":
                self._end(down, server)
                return
            if self.cut == "hole":
                continue
            server.write(data)
            if self.cut == "away":
                self._end(down)
                return
        if self.cut is None:
            server.close()

    async def _back(
        self, words: asyncio.StreamReader, down: asyncio.StreamWriter, server: asyncio.StreamWriter
    ) -> None:
        while data := await words.read(65536):
            if self.cut == "after" and _READY in data:
                self._end(down, server)
                return
            down.write(data)

    def _end(self, *writers: asyncio.StreamWriter) -> None:
        for writer in writers:
            writer.transport.abort()
        self.cut = None
        self.happened.set()


@pytest.fixture
async def wire(database: SimpleNamespace) -> AsyncIterator[Wire]:
    folder = Path(tempfile.mkdtemp(prefix="wire-"))
    opened = Wire(f"{database.server.socket_dir}/.s.PGSQL.5432", folder)
    await opened.open()
    yield opened
    await opened.close()
    shutil.rmtree(folder)


@pytest.fixture
async def cuttable(
    database: SimpleNamespace, wire: Wire, settings: Settings
) -> AsyncIterator[AsyncEngine]:
    """An engine whose every connection goes over `wire`."""
    url = make_url(database.app_url).update_query_dict({"host": str(wire.folder)})
    opened = open_engine(url.render_as_string(hide_password=False), settings)
    yield opened
    await opened.dispose()


@pytest.fixture
def until_waiting(owner: asyncpg.Connection) -> Callable[[int], Awaitable[list[int]]]:
    """Returns the pids of the sessions that wait for a lock, once there are `count` of them."""

    async def wait(count: int) -> list[int]:
        pids: list[int] = []
        while len(pids) < count:
            rows = await owner.fetch("SELECT DISTINCT pid FROM pg_locks WHERE NOT granted")
            pids = [row["pid"] for row in rows]
        return pids

    return wait
