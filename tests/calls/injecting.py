"""Fails one call of a running process: the K-th flush or write, as a broken disk or line would."""

import asyncio
import contextlib
import json
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.crash.serving import DATABASE, Server
from tests.crash.tracing import writer_of
from tests.replicas import Node, ask, until_async


@dataclass(frozen=True, slots=True)
class Fault:
    """whose: writer, walwriter, checkpointer or serve. calls: of one kind, by comma. when: from 1,
    counted from the moment strace is there."""

    whose: str
    calls: str
    error: str
    when: int

    def __str__(self) -> str:
        return f"{self.whose}: {self.calls} number {self.when} fails with {self.error}"


WRITES = "write,writev,sendto,sendmsg"
KINDS = (
    ("writer", "fdatasync", "EIO"),
    ("writer", "pwrite64", "ENOSPC"),
    ("writer", "pwrite64", "EIO"),
    ("checkpointer", "fsync,fdatasync", "EIO"),
    ("walwriter", "fdatasync", "EIO"),
    ("serve", WRITES, "ECONNRESET"),
    ("serve", WRITES, "EPIPE"),
)
"""What may break below a bid: whose calls, which, and how."""


def each_kind(times: int) -> list[Fault]:
    """Every kind on its first, second, … call."""
    return [Fault(*kind, when) for kind in KINDS for when in range(1, times + 1)]


@asynccontextmanager
async def injected(fault: Fault, database: Node, server: Server, out: Path) -> AsyncIterator[None]:
    """The body runs while the fault is waiting to happen; it happens once."""
    pid = await _pid(fault, database, server)
    words = ["-e", f"trace={fault.calls}"]
    words += ["-e", f"inject={fault.calls}:error={fault.error}:when={fault.when}"]
    async with attached([pid], words, out):
        yield


@asynccontextmanager
async def attached(pids: Sequence[int], words: Sequence[str], out: Path) -> AsyncIterator[None]:
    """The body runs with strace on these processes and their children to come."""
    who = [word for pid in pids for word in ("-p", str(pid))]
    child = _begin(["strace", "-f", *who, "-o", str(out), *words], out)

    async def all_attached() -> bool:
        said = await asyncio.to_thread(_text, _errors(out))
        return all(f"Process {pid} attached" in said for pid in pids)

    try:
        await until_async(all_attached, f"strace: {' '.join(words)}"[:200])
        yield
    finally:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(child.wait, 10)
        child.kill()
        await asyncio.to_thread(child.wait)


async def happened(fault: Fault, database: Node, out: Path) -> None:
    """Returns when the call has failed."""

    async def seen() -> bool:
        if fault.whose == "checkpointer":
            with contextlib.suppress(Exception):  # the server that this brings down
                await ask(database, "CHECKPOINT", DATABASE)
        if fault.whose == "walwriter":
            with contextlib.suppress(Exception):
                # A commit that nobody waits for is what the walwriter flushes.
                await ask(database, _UNAWAITED, DATABASE)
        return await _said(out, "(INJECTED)")

    await until_async(seen, f"{fault} did not happen")


_KINDS = "SELECT json_object_agg(backend_type, pid)::text FROM pg_stat_activity"
_UNAWAITED = """DO $$ BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    CREATE TABLE IF NOT EXISTS public.unawaited (at timestamptz);
    INSERT INTO public.unawaited VALUES (now());
END $$"""


async def _pid(fault: Fault, database: Node, server: Server) -> int:
    if fault.whose == "serve":
        return server.pid
    if fault.whose == "writer":
        return await writer_of(database)
    found = await ask(database, _KINDS)
    assert isinstance(found, str)
    return int(json.loads(found)[fault.whose])


def _begin(command: list[str], out: Path) -> "subprocess.Popen[bytes]":
    with _errors(out).open("wb") as said:
        return subprocess.Popen(command, stderr=said, start_new_session=True)


def _errors(out: Path) -> Path:
    return out.parent / f"{out.name}.err"


async def _said(file: Path, words: str) -> bool:
    return words in await asyncio.to_thread(_text, file)


def _text(file: Path) -> str:
    return file.read_text(errors="replace") if file.exists() else ""
