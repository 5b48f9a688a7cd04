"""The data folder of the embedded PostgreSQL: who holds it, what lies in it, of which version.

data_dir/lock          held by the one process that may run this server
data_dir/cluster       PostgreSQL's own folder, or a link to it (see `_place_for`)
data_dir/postgres.log  what the server said since its last start
"""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import IO

from service.store.programs import (
    Account,
    EmbeddedPostgresError,
    Programs,
    account_for,
    can_run,
    make_public_folder,
)

OWNER = "luochui_owner"
"""Superuser of the embedded cluster: owns the tables and runs the migrations."""
START_SECONDS = 60
"""Bound on making or starting a cluster, crash recovery included."""
STOP_SECONDS = 15
"""Bound on an orderly stop; after it the server is ended at once, which loses no commit."""
STEP_SECONDS = 0.01
SOCKET_FOLDER_PREFIX = "luochui-"


class DataFolderInUse(EmbeddedPostgresError):
    """Another living process has this data folder."""


class DataFolderOfAnotherVersion(EmbeddedPostgresError):
    """The cluster was made by another PostgreSQL major version."""


class DataFolderNotOurs(EmbeddedPostgresError):
    """The folder belongs to another account or cannot be written."""


class PostgresDidNotStart(EmbeddedPostgresError):
    """The server or `initdb` failed; the sentence carries its reason."""


def cluster_of(data_dir: Path) -> Path:
    return data_dir / "cluster"


def exists(cluster: Path) -> bool:
    return (cluster / "PG_VERSION").exists()


def hold(data_dir: Path) -> IO[str]:
    """Locks the folder until the file is closed or our process is gone, however it goes."""
    try:
        make_public_folder(data_dir)
        lock = (data_dir / "lock").open("a")
    except OSError as error:
        raise _not_ours(data_dir, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise DataFolderInUse(
            f"Another Luochui is running with the data folder {data_dir}: "
            "stop it, or choose another folder with --data-dir."
        ) from None
    return lock


def owner_account(cluster: Path) -> Account:
    """The account that runs this cluster's server; raises `DataFolderNotOurs`."""
    try:
        if cluster.exists() and os.geteuid() not in (0, cluster.stat().st_uid):
            raise PermissionError(0, "it belongs to another account")
        return account_for(cluster)
    except PermissionError as error:
        raise _not_ours(cluster.parent, error) from error


def check_version(cluster: Path, programs: Programs) -> None:
    """PostgreSQL reads only clusters of its own major version."""
    made_by = (cluster / "PG_VERSION").read_text().strip()
    if made_by != str(programs.major):
        raise DataFolderOfAnotherVersion(
            f"The data folder {cluster.parent} was made by PostgreSQL {made_by} and this is "
            f"PostgreSQL {programs.version}: begin anew with --fresh, choose another folder with "
            f"--data-dir, or name the bin folder of a PostgreSQL {made_by}."
        )


def make(cluster: Path, programs: Programs, account: Account, private_dir: Path) -> None:
    """Makes an empty cluster under another name and renames it: half of one never exists."""
    draft = _place_for(cluster, account, private_dir)
    # The C locale sorts by bytes: the same order on every system, and always installed.
    form = ["--encoding=UTF8", "--locale=C", "--auth=trust", "--no-instructions"]
    done = subprocess.run(  # noqa: S603 -- our own fixed command, no shell
        [str(programs.initdb), "-D", str(draft), "-U", OWNER, *form],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd="/",
        env=bare_environment(),
        timeout=START_SECONDS,
        **account.run_as(),
    )
    if done.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        raise PostgresDidNotStart(
            f"PostgreSQL could not make its files in {draft.parent} ({reason(done.stderr)}): "
            "free space there, or choose another folder with --data-dir."
        )
    if draft.parent.samefile(cluster.parent):
        draft.rename(cluster)
    else:
        cluster.unlink(missing_ok=True)
        cluster.symlink_to(draft)


def remove(cluster: Path) -> None:
    if cluster.exists():
        shutil.rmtree(cluster.resolve())
    if cluster.is_symlink():
        cluster.unlink()


def end_orphan(cluster: Path) -> None:
    """Ends the server that a killed launcher left behind. Call it only while holding the folder.

    A postmaster alone is asked to shut down; sessions whose postmaster was killed would keep its
    shared memory, and so the next server, waiting until their statement ends. The process id in
    a stale postmaster.pid may by now be a stranger's, above all in a container, where the same
    few numbers come round; PostgreSQL would then refuse to start.
    """
    pid_file = cluster / "postmaster.pid"
    if not pid_file.exists():
        return
    lines = pid_file.read_text().splitlines()
    postmaster = int(lines[0]) if lines else 0
    for step in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        serving = _processes_of(cluster, postmaster)
        if step is signal.SIGINT:
            serving &= {postmaster}
        for pid in serving:
            with suppress(ProcessLookupError):
                os.kill(pid, step)
        if serving:
            _wait_for_the_end(cluster, postmaster)
    pid_file.unlink(missing_ok=True)
    if len(lines) > 4 and Path(lines[4]).name.startswith(SOCKET_FOLDER_PREFIX):
        shutil.rmtree(lines[4], ignore_errors=True)


def bare_environment() -> dict[str, str]:
    """Nothing of the caller's: PG* variables, locales and library paths would leak in."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def reason(said: str) -> str:
    """The line of a log that tells why."""
    lines = [line for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL:" in line or "error:" in line]
    return (telling or lines or ["it said nothing"])[-1].strip()


def _place_for(cluster: Path, account: Account, private_dir: Path) -> Path:
    """An empty folder of `account` for a new cluster: beside its name, or else where it can go.

    A data folder inside /root is closed to `nobody`. Opening the parents is not ours to do, so
    the cluster then lies in `private_dir` and the data folder holds a link to it.
    """
    parent, prefix = cluster.parent.resolve(), "draft-"
    try:
        for half_made in parent.glob("draft-*"):
            shutil.rmtree(half_made)
        if not can_run(account, ["/bin/sh", "-c", 'cd "$0"', str(parent)]):
            make_public_folder(private_dir)
            parent, prefix = private_dir / "clusters", "cluster-"
            make_public_folder(parent)
        place = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        os.chown(place, account.uid, account.gid)
    except OSError as error:
        raise _not_ours(parent, error) from error
    return place


def _not_ours(folder: Path, error: OSError) -> DataFolderNotOurs:
    return DataFolderNotOurs(
        f"The data folder {folder} cannot be used ({error.strerror}): "
        "start as its owner, or choose another folder with --data-dir."
    )


def _processes_of(cluster: Path, postmaster: int) -> set[int]:
    """The living processes of this cluster's server: each works in the cluster's folder."""
    if Path("/proc/self/exe").exists():
        return {
            int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _serves(entry, cluster)
        }
    done = subprocess.run(  # noqa: S603 -- no /proc (macOS): ps knows the command line
        ["/bin/ps", "-p", str(postmaster), "-o", "command="], capture_output=True, text=True
    )
    return {postmaster} if str(cluster.resolve()) in done.stdout else set()


def _serves(process: Path, cluster: Path) -> bool:
    """Asked of the kernel: a number can be a stranger's, a shell can stand in our folder."""
    with suppress(OSError):
        program = Path(os.readlink(process / "exe").removesuffix(" (deleted)"))
        return program.name == "postgres" and (process / "cwd").samefile(cluster)
    return False


def _wait_for_the_end(cluster: Path, postmaster: int) -> None:
    for _ in range(int(STOP_SECONDS / STEP_SECONDS)):
        if not _processes_of(cluster, postmaster):
            return
        sleep(STEP_SECONDS)
