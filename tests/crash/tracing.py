"""What the kernel saw: whether every answer that a bidder was given follows a flush of the log.

`strace` writes each call with its instant and its duration. Looked at are the writer's statements
as its PostgreSQL backend received and answered them, the flushes of write-ahead-log files by any
process of that server, and the receipts as the service wrote them to the bidder's socket.
"""

import asyncio
import contextlib
import re
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.crash.serving import DATABASE
from tests.replicas import Node, ask, until_async

CALLS = "fdatasync,fsync,recvfrom,sendto,write,writev,sendmsg"
_LINE = re.compile(r"^(\d+) +(\d+\.\d+) (\w+)\((.*)\) += (-?\d+)(?:.*?<(\d+\.\d+)>)?")
_UNFINISHED = re.compile(r"^(\d+) +(\d+\.\d+) (\w+)\((.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"^(\d+) +(\d+\.\d+) <\.\.\. (\w+) resumed>(.*)\) += (-?\d+)")
WRITER = """SELECT pid FROM pg_stat_activity
    WHERE query LIKE '%WITH asked AS%' AND pid <> pg_backend_pid()"""


@dataclass(frozen=True, slots=True)
class Call:
    """One finished system call; instants in seconds of the machine's clock."""

    pid: int
    name: str
    began: float
    ended: float
    words: str
    result: int


@dataclass(frozen=True, slots=True)
class Statement:
    """From the last word of the question until the answer began to be sent."""

    heard: float
    answered: float


@asynccontextmanager
async def traced(pids: Sequence[int], out: Path, *, calls: str = CALLS) -> AsyncIterator[None]:
    """strace on these processes and their children to come; detached when the body ends."""
    command = ["strace", "-f", "-ttt", "-T", "-yy", "-s", "80", "-e", f"trace={calls}"]
    for pid in pids:
        command += ["-p", str(pid)]
    child = _begin([*command, "-o", str(out)], out)
    try:
        await until_async(lambda: _is_attached(out, pids), f"strace: {out}")
        yield
    finally:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(child.wait, 10)
        child.kill()
        await asyncio.to_thread(child.wait)


def _begin(command: list[str], out: Path) -> "subprocess.Popen[bytes]":
    with (out.parent / f"{out.name}.err").open("wb") as said:
        return subprocess.Popen(command, stderr=said, start_new_session=True)


async def _is_attached(out: Path, pids: Sequence[int]) -> bool:
    return (out.parent / f"{out.name}.err").read_text().count("attached") >= len(pids)


def read_calls(out: Path) -> list[Call]:
    """Every finished call in order of its end."""
    calls: list[Call] = []
    begun: dict[str, tuple[float, str]] = {}
    for line in out.read_text(errors="replace").splitlines():
        if found := _UNFINISHED.match(line):
            begun[found[1]] = (float(found[2]), found[4])
        elif found := _RESUMED.match(line):
            since, words = begun.pop(found[1], (float(found[2]), ""))
            ended = float(found[2])
            made = Call(int(found[1]), found[3], since, ended, words + found[4], int(found[5]))
            calls.append(made)
        elif found := _LINE.match(line):
            since = float(found[2])
            ended = since + float(found[6] or 0)
            calls.append(Call(int(found[1]), found[3], since, ended, found[4], int(found[5])))
    return sorted(calls, key=lambda call: call.ended)


def flushes(calls: Sequence[Call]) -> list[Call]:
    """Flushes of the write-ahead log that succeeded."""
    names = ("fdatasync", "fsync")
    return [c for c in calls if c.name in names and "/pg_wal/" in c.words and c.result == 0]


def statements(calls: Sequence[Call], writer: int) -> list[Statement]:
    """The questions that the writer's backend answered."""
    made, heard = [], 0.0
    for call in (each for each in calls if each.pid == writer and "TCP:" in each.words):
        if call.name == "recvfrom" and call.result > 0:
            heard = call.ended
        elif call.name == "sendto" and heard:
            made.append(Statement(heard, call.began))
            heard = 0.0
    return made


def receipts(calls: Sequence[Call]) -> list[float]:
    """When each receipt began to be written to a socket."""
    return [c.began for c in calls if c.name != "recvfrom" and r"\"type\":\"receipt\"" in c.words]


def unflushed(asked: Sequence[Statement], flushed: Sequence[Call]) -> list[Statement]:
    """Statements that were answered although no flush began and ended while they ran. A flush that
    began before cannot hold what they wrote."""
    return [
        each
        for each in asked
        if not any(each.heard <= f.began and f.ended <= each.answered for f in flushed)
    ]


def too_early(told: Sequence[float], asked: Sequence[Statement]) -> list[float]:
    """Receipts before which no statement was answered since the receipt before. There is one
    bidder, who sends when he is answered, so each receipt has a statement of its own."""
    pairs = pairwise(told)
    return [at for before, at in pairs if not any(before < s.answered < at for s in asked)]


async def writer_of(database: Node) -> int:
    """The backend that serves the ledger's one writer."""
    found: list[int] = []

    async def known() -> bool:
        pid = await ask(database, WRITER, DATABASE)
        if isinstance(pid, int):
            found.append(pid)
        return bool(found)

    await until_async(known, "nobody has written to the ledger yet")
    return found[0]
