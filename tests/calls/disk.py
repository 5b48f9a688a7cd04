"""A full disk: a small file system that is really filled, or a server whose files cannot grow."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.calls.injecting import attached
from tests.crash.serving import DATABASE
from tests.replicas import Node, ask

SIZE_MB = 256
_BLOCK = bytes(64 << 10)


class NoSmallDisk(Exception):
    """This account may not mount a file system."""


@dataclass(frozen=True, slots=True)
class Disk:
    """`folder` is the whole file system."""

    folder: Path

    @asynccontextmanager
    async def full(self) -> AsyncIterator[None]:
        """The body runs while no block is free."""
        await asyncio.to_thread(self.fill)
        try:
            yield
        finally:
            self.empty()

    def fill(self) -> None:
        """Takes the last free block."""
        with (self.folder / "ballast").open("ab", buffering=0) as ballast:
            while True:
                try:
                    ballast.write(_BLOCK)
                except OSError:
                    break

    def empty(self) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Mounted in `folder`, gone afterwards. Raises NoSmallDisk."""
    folder.mkdir()
    form = ["-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=755", "luochui-test", str(folder)]
    done = subprocess.run(["mount", *form], capture_output=True, text=True, timeout=30)
    if done.returncode != 0:
        raise NoSmallDisk(done.stderr.strip())
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True, capture_output=True, timeout=30)


GROWS = "pwrite64,pwritev,fallocate"
_FILES = "SELECT json_agg(pg_relation_filepath(oid))::text FROM pg_class WHERE relfilenode <> 0"
_SESSIONS = """SELECT json_agg(pid)::text FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"""


@asynccontextmanager
async def no_room(database: Node, out: Path) -> AsyncIterator[None]:
    """Every call of a session that writes to a table's or index's file fails with ENOSPC, from now
    on, in sessions that are there and in those to come. Segments of the write-ahead log are there
    already, as they are on a disk that has just filled up, and may still be written."""
    files = json.loads(str(await ask(database, _FILES, DATABASE)))
    sessions = json.loads(str(await ask(database, _SESSIONS, DATABASE)))
    words = [word for file in files for word in ("-P", str((database.cluster / file).resolve()))]
    words += ["-e", f"trace={GROWS}", "-e", f"inject={GROWS}:error=ENOSPC:when=1+"]
    async with attached([database.pid, *sessions], words, out):
        yield
