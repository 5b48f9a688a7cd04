"""PostgreSQL servers that a test may kill, stop, continue, restart and promote, from the programs
that the embedded server uses.

Every server listens on loopback TCP, on a port below those that the kernel gives to outgoing
connections: a client that dials a dead server's port again and again could otherwise dial itself.
Whatever happens to the test process, its servers end: each stands under a shell that waits for our
end of a pipe to close.
"""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from service.store import cluster as clusters
from service.store.cluster import OWNER
from service.store.embedded import APP
from service.store.programs import Account, Programs, account_for, find_programs, runnable_by

STANDBY = "standby"
"""The standby's application_name, and its slot on the primary."""
WAIT_S = 60
"""Bound on every wait here: a busy machine starts a server slowly."""

_WATCHED = """
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
{ cat <&3 >/dev/null; kill -CONT "$server"; kill -QUIT "$server"; } 2>/dev/null &
watcher=$!
wait "$server"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
"""
# Flush and full pages are on by default, and not named here: the command line outweighs what a test
# may want to change under a running service.
_PLACE = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "wal_level": "replica",
    "hot_standby": "on",
    # A primary that is cut off is noticed by its socket, not by minutes of silence.
    "wal_sender_timeout": "5s",
    "wal_receiver_timeout": "5s",
}


class NotInTime(Exception):
    """What was waited for did not happen within `WAIT_S`."""


def own_port() -> int:
    """A free port that no outgoing connection is given by the kernel."""
    for port in random.sample(range(20_000, 30_000), 200):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise NotInTime("no port below 30000 is free")


def until(true: Callable[[], bool], what: str, limit_s: float = WAIT_S) -> None:
    """Returns once `true()`; raises NotInTime after `limit_s`."""
    begun = time.monotonic()
    while not true():
        if time.monotonic() - begun > limit_s:
            raise NotInTime(what)
        time.sleep(0.01)


@dataclass(slots=True)
class Node:
    """One PostgreSQL server: may be started and killed any number of times, at one address.

    settings: of the command line, so they outweigh every file. pid: the postmaster's.
    """

    folder: Path
    port: int
    programs: Programs
    account: Account
    settings: dict[str, str] = field(default_factory=dict)
    pid: int = 0
    _shell: "subprocess.Popen[bytes] | None" = None

    @property
    def cluster(self) -> Path:
        return self.folder / "cluster"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    def owner_url(self, database: str = "postgres") -> str:
        """SQLAlchemy URL of the superuser."""
        return f"postgresql+asyncpg://{OWNER}@127.0.0.1:{self.port}/{database}"

    def app_url(self, database: str) -> str:
        """SQLAlchemy URL of the role the service runs as."""
        return f"postgresql+asyncpg://{APP}@127.0.0.1:{self.port}/{database}"

    def start(self, *, wrapped_in: tuple[str, ...] = ()) -> None:
        """Starts the server and returns once it accepts sessions; recovers first if need be.

        wrapped_in: a program that runs the server, such as strace.
        """
        # A killed server's file: its number may be a stranger's by now.
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)
        command = [*wrapped_in, str(self.programs.postgres), "-D", str(self.cluster.resolve())]
        given = {**_PLACE, "port": str(self.port), **self.settings}
        for name, value in given.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as said:
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", _WATCHED, "luochui-test", *command],
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
                cwd="/",
                env=clusters.bare_environment(),
                start_new_session=True,
                **self.account.run_as(),
            )
        until(self._is_ready, f"the server of {self.folder} did not start: {self._said()}")

    def is_running(self) -> bool:
        return self._shell is not None and self._shell.poll() is None

    def processes(self) -> set[int]:
        """The postmaster and its children, who lead sessions of their own."""
        return {self.pid, *_children(self.pid)} if self.pid else set()

    def signal(self, number: signal.Signals) -> None:
        """To the postmaster and every child, as near to one instant as can be."""
        for pid in sorted(self.processes()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self) -> None:
        """kill -9 of every process of the server; returns when all are gone."""
        victims = self.processes()
        # Stopped first: a postmaster that lives for a moment would restart what we kill.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in sorted(victims):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        self._gone(victims)

    def stop(self) -> None:
        """An orderly end, at once if that takes too long. Any number of times."""
        if self.is_running():
            self.signal(signal.SIGCONT)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGINT)
            with contextlib.suppress(NotInTime):
                until(lambda: not self.is_running(), "an orderly end", 10)
        if self.is_running():
            self.kill()
        self._close()

    def _gone(self, victims: set[int]) -> None:
        until(lambda: not any(_lives(pid) for pid in victims), f"{victims} would not die")
        self._close()

    def _close(self) -> None:
        if self._shell is not None and self._shell.stdin is not None:
            self._shell.stdin.close()
            self._shell.wait(WAIT_S)
        self._shell, self.pid = None, 0

    def _is_ready(self) -> bool:
        if not self.is_running():
            raise NotInTime(f"the server of {self.folder} ended: {self._said()}")
        with contextlib.suppress(OSError, IndexError, ValueError):
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
            if lines[7].strip() == "ready":
                self.pid = int(lines[0])
                return True
        return False

    def _said(self) -> str:
        with contextlib.suppress(OSError):
            return self.log.read_text(errors="replace")[-2_000:]
        return "nothing"


@dataclass(slots=True)
class Pair:
    """A primary and its standby, as they began: the names stay when the roles change."""

    primary: Node
    standby: Node

    def url(self, database: str) -> str:
        """The app's URL that finds whichever of the two is the primary."""
        return (
            f"postgresql+asyncpg://{APP}@/{database}"
            f"?host=127.0.0.1:{self.primary.port}&host=127.0.0.1:{self.standby.port}"
        )

    def promote(self) -> float:
        """Makes the standby a primary; seconds until it took writes."""
        begun = time.monotonic()
        # What `pg_ctl promote` does, without a program that refuses to be run by root.
        promoted = asyncio.run(ask(self.standby, "SELECT pg_promote(true, 60)"))
        assert promoted is True
        return time.monotonic() - begun

    def stop_primary(self, number: signal.Signals = signal.SIGKILL) -> None:
        """SIGKILL ends the primary, SIGSTOP and SIGCONT hold and free it, else an orderly end."""
        if number is signal.SIGKILL:
            self.primary.kill()
        elif number in (signal.SIGSTOP, signal.SIGCONT):
            self.primary.signal(number)
        else:
            self.primary.stop()


@contextmanager
def node(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Node]:
    """One running server with an empty cluster; `folder` must be open to other accounts."""
    made = _made(folder, "primary", settings)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(made.folder, ignore_errors=True)


@contextmanager
def replicated(
    folder: Path, *, synchronous: bool = True, settings: Mapping[str, str] | None = None
) -> Iterator[Pair]:
    """A primary and a streaming standby; `folder` must be open to other accounts.

    synchronous: a commit on the primary returns only when the standby has flushed it too.
    """
    with node(folder, settings) as primary:
        second = _bare(folder, "standby", primary.programs, primary.account, settings)
        _copy(primary, second)
        pair = Pair(primary, second)
        try:
            second.start()
            asyncio.run(_joined(primary, synchronous))
            yield pair
        finally:
            second.stop()
            shutil.rmtree(second.folder, ignore_errors=True)


def _made(folder: Path, name: str, settings: Mapping[str, str] | None) -> Node:
    account = account_for(folder / name / "cluster")
    programs = runnable_by(account, find_programs(), folder / "private")
    made = _bare(folder, name, programs, account, settings)
    clusters.make(made.cluster, programs, account, folder / "private")
    return made


def _bare(
    folder: Path,
    name: str,
    programs: Programs,
    account: Account,
    settings: Mapping[str, str] | None,
) -> Node:
    home = folder / name
    home.mkdir(parents=True)
    home.chmod(0o755)
    return Node(home, own_port(), programs, account, dict(settings or {}))


def _copy(primary: Node, second: Node) -> None:
    """A base backup. The program may be run by root, who then gives the files away: the copy of
    the programs for the other account holds the server alone."""
    asyncio.run(ask(primary, f"SELECT pg_create_physical_replication_slot('{STANDBY}', true)"))
    place = f"host=127.0.0.1 port={primary.port} user={OWNER}"
    form = ["-X", "stream", "-c", "fast", "--no-password"]
    program = find_programs().bin_dir / "pg_basebackup"
    subprocess.run(
        [str(program), "-d", place, "-D", str(second.cluster), *form],
        check=True,
        capture_output=True,
        timeout=WAIT_S,
        env=clusters.bare_environment(),
    )
    (second.cluster / "standby.signal").touch()
    second.settings["primary_conninfo"] = f"{place} application_name={STANDBY}"
    second.settings["primary_slot_name"] = STANDBY
    for entry in (second.cluster, *second.cluster.rglob("*")):
        os.chown(entry, second.account.uid, second.account.gid, follow_symlinks=False)


async def _joined(primary: Node, synchronous: bool) -> None:
    state = f"SELECT state || ' ' || sync_state FROM pg_stat_replication WHERE application_name = '{STANDBY}'"  # noqa: E501,S608
    await _until_says(primary, state, ("streaming async", "streaming sync"))
    if synchronous:
        # In the file of the primary's settings and not in the standby's copy: the one who is
        # promoted stands alone and takes writes; the old one never again without the other.
        await ask(primary, f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'")
        await ask(primary, "SELECT pg_reload_conf()")
        await _until_says(primary, state, ("streaming sync",))


async def _until_says(server: Node, question: str, answers: tuple[str, ...]) -> None:
    async def says() -> bool:
        return await ask(server, question) in answers

    await until_async(says, question)


async def until_async(
    true: Callable[[], Awaitable[bool]], what: str, limit_s: float = WAIT_S
) -> None:
    """Returns once `true()`; raises NotInTime after `limit_s`."""
    begun = time.monotonic()
    while not await true():
        if time.monotonic() - begun > limit_s:
            raise NotInTime(what)
        await asyncio.sleep(0.01)


async def ask(server: Node, question: str, database: str = "postgres") -> object:
    connection = await asyncpg.connect(
        host="127.0.0.1", port=server.port, user=OWNER, database=database, timeout=WAIT_S
    )
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def _children(pid: int) -> set[int]:
    """Of this process alone: what a shell or a stranger runs is not ours."""
    with contextlib.suppress(OSError):
        said = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return {int(child) for child in said.split()}
    return set()


def _lives(pid: int) -> bool:
    """Whether it runs; a dead one that nobody has buried yet does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False
