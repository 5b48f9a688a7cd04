"""Runs a real PostgreSQL server beside us: one data folder, one Unix socket, durable.

The life of a server:

1. The data folder is locked for as long as our process lives: one folder, one launcher.
2. A server that a killed launcher left behind is stopped; what it committed is on the disk.
3. An empty folder gets a cluster; one that is there must be of our PostgreSQL major version.
4. The server starts under a small shell that waits for our end of a pipe to close. However our
   process ends, the pipe closes and the server shuts down in order.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import asyncpg
from sqlalchemy import URL

from service.store import cluster as clusters
from service.store.cluster import OWNER, START_SECONDS, STEP_SECONDS, STOP_SECONDS
from service.store.programs import Account, Programs, can_run, find_programs, runnable_by

APP = "luochui_app"
"""The role the service runs as; the first migration makes it."""

_PORT = 5432  # only names the socket file: no TCP port is opened
_LONGEST_SOCKET_PATH = 103  # sun_path holds 107 bytes on Linux, 103 on macOS
_ROOTS_FOLDER = Path("/var/lib/luochui")

_DURABLE: Mapping[str, str] = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

# The server runs in the background of this shell; the subshell ends it when our pipe closes.
# $0 is the socket folder, empty once the server is gone.
_WATCHED = """
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
{ cat <&3 >/dev/null; kill -INT "$server"; } &
watcher=$!
wait "$server"
code=$?
kill "$watcher"
rmdir "$0"
exit "$code"
"""


@dataclass(frozen=True, slots=True)
class RunningPostgres:
    """A server that accepts connections. `stop` ends it, from any thread, any number of times.

    `socket_dir` is a private folder under the system's temporary one; `pid` is the postmaster's.
    """

    data_dir: Path
    socket_dir: Path
    pid: int
    version: str
    _shell: "subprocess.Popen[bytes]" = field(repr=False)
    _lock: IO[str] = field(repr=False)

    def owner_url(self, database: str = "postgres") -> str:
        """SQLAlchemy URL of the superuser: for migrations and for making databases."""
        return self._url(OWNER, database)

    def app_url(self, database: str) -> str:
        """SQLAlchemy URL of the role the service runs as."""
        return self._url(APP, database)

    def is_running(self) -> bool:
        return self._shell.poll() is None

    def stop(self) -> None:
        """Ends the sessions, writes everything down and returns when the server is gone."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Ends the server as a power cut would; the next start recovers. For tests of that."""
        self._end(signal.SIGKILL)

    def _url(self, user: str, database: str) -> str:
        query = {"host": str(self.socket_dir), "port": str(_PORT)}
        url = URL.create("postgresql+asyncpg", username=user, database=database, query=query)
        return url.render_as_string(hide_password=False)

    def _end(self, how: signal.Signals) -> None:
        for step in (how, signal.SIGQUIT, signal.SIGKILL):
            if self.is_running():
                with suppress(ProcessLookupError):
                    os.kill(self.pid, step)
                with suppress(subprocess.TimeoutExpired):
                    self._shell.wait(STOP_SECONDS)
        _release(self._shell, self.socket_dir)
        self._lock.close()


def start_postgres(
    data_dir: Path,
    *,
    bin_dir: Path | None = None,
    options: Mapping[str, str] | None = None,
    private_dir: Path = _ROOTS_FOLDER,
) -> RunningPostgres:
    """Starts the server of `data_dir`, making its cluster if there is none. Blocks until ready.

    `options` are server settings laid over the durable defaults. `private_dir` is where root
    keeps what the unprivileged account must reach when `data_dir` or the programs are closed
    to it. Raises an `EmbeddedPostgresError`, whose text is one sentence that says what to do.
    """
    data_dir = data_dir.absolute()
    programs = find_programs(bin_dir)
    lock = clusters.hold(data_dir)
    try:
        cluster = clusters.cluster_of(data_dir)
        account = clusters.owner_account(cluster)
        programs = runnable_by(account, programs, private_dir)
        clusters.end_orphan(cluster)
        if not clusters.exists(cluster):
            clusters.make(cluster, programs, account, private_dir)
        clusters.check_version(cluster, programs)
        settings = {**_DURABLE, **(options or {})}
        return _start(data_dir, programs, account, settings, lock)
    except BaseException:
        lock.close()
        raise


def erase_postgres(data_dir: Path) -> None:
    """Removes the cluster, wherever it lies; raises `DataFolderInUse` while it is running."""
    if data_dir.exists():
        with clusters.hold(data_dir):
            clusters.end_orphan(clusters.cluster_of(data_dir))
            clusters.remove(clusters.cluster_of(data_dir))


async def create_database(
    postgres: RunningPostgres, name: str, *, template: str = "template0"
) -> None:
    """Makes a UTF-8 database as a copy of `template`; one that exists is left alone."""
    connection = await asyncpg.connect(
        host=str(postgres.socket_dir), port=_PORT, user=OWNER, database="postgres"
    )
    try:
        with suppress(asyncpg.DuplicateDatabaseError):
            await connection.execute(
                f"CREATE DATABASE {_quoted(name)} TEMPLATE {_quoted(template)}"
            )
    finally:
        await connection.close()


def _start(
    data_dir: Path,
    programs: Programs,
    account: Account,
    settings: Mapping[str, str],
    lock: IO[str],
) -> RunningPostgres:
    cluster = clusters.cluster_of(data_dir).resolve()
    socket_dir = _socket_folder(account)
    command = [str(programs.postgres), "-D", str(cluster)]
    places = {"unix_socket_directories": str(socket_dir), "port": str(_PORT)}
    for name, value in {**settings, **places}.items():
        command += ["-c", f"{name}={value}"]
    shell = _launch([str(socket_dir), *command], account, data_dir / "postgres.log")
    try:
        pid = _pid_when_ready(shell, cluster, socket_dir, data_dir / "postgres.log")
    except BaseException:
        _release(shell, socket_dir)
        raise
    return RunningPostgres(data_dir, socket_dir, pid, programs.version, shell, lock)


def _launch(command: list[str], account: Account, log: Path) -> "subprocess.Popen[bytes]":
    with log.open("wb") as said:
        return subprocess.Popen(  # noqa: S603 -- our own fixed script and programs
            ["/bin/sh", "-c", _WATCHED, *command],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            cwd="/",
            env=clusters.bare_environment(),
            start_new_session=True,  # Ctrl-C is for us: we stop the server when we are done
            **account.run_as(),
        )


def _pid_when_ready(
    shell: "subprocess.Popen[bytes]", cluster: Path, socket_dir: Path, log: Path
) -> int:
    """The postmaster's pid, once the eighth line of its pid file says that it accepts sessions."""
    for _ in range(int(START_SECONDS / STEP_SECONDS)):
        with suppress(subprocess.TimeoutExpired):
            shell.wait(STEP_SECONDS)
            break
        with suppress(OSError, IndexError):
            lines = (cluster / "postmaster.pid").read_text().splitlines()
            if lines[4] == str(socket_dir) and lines[7].strip() == "ready":
                return int(lines[0])
    raise clusters.PostgresDidNotStart(
        f"PostgreSQL did not start ({clusters.reason(log.read_text(errors='replace'))}): "
        f"read {log}, mend what it names, or begin anew with --fresh."
    )


def _socket_folder(account: Account) -> Path:
    """A short private folder: the path of a Unix socket must fit into `sun_path`."""
    for parent in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 -- mkdtemp makes it private
        folder = Path(tempfile.mkdtemp(prefix=clusters.SOCKET_FOLDER_PREFIX, dir=parent))
        os.chown(folder, account.uid, account.gid)
        short = len(f"{folder}/.s.PGSQL.{_PORT}".encode()) <= _LONGEST_SOCKET_PATH
        if short and can_run(account, ["/bin/sh", "-c", 'cd "$0"', str(folder)]):
            return folder
        folder.rmdir()
    raise clusters.PostgresDidNotStart(
        "PostgreSQL finds no place for its socket: make /tmp writable for every account."
    )


def _release(shell: "subprocess.Popen[bytes]", socket_dir: Path) -> None:
    if shell.stdin:
        shell.stdin.close()
    shutil.rmtree(socket_dir, ignore_errors=True)


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
