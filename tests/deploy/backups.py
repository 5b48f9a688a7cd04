"""The backup scripts as an operator runs them, on a server that archives its WAL."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from service.store.cluster import OWNER, bare_environment
from service.store.programs import (
    Account,
    Programs,
    account_for,
    can_run,
    find_programs,
    make_public_folder,
)
from tests.replicas import Node, node, until, until_async

SCRIPTS = Path(__file__).parents[2] / "deploy" / "backup"
DATABASE = "luochui"


@dataclass(slots=True)
class Backups:
    """A server, its archive and its backups. Everything runs as the server's own account."""

    server: Node
    folder: Path
    scripts: Path
    bin_dir: Path

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    @property
    def kept(self) -> list[Path]:
        """The base backups, oldest first."""
        return sorted(self.folder.glob("backups/*Z"))

    def run(self, script: str, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """What the script said; the caller looks at its exit code."""
        return self.run_program(str(self.scripts / script), *words, **more)

    def run_program(
        self, program: str, *words: str, **more: str
    ) -> "subprocess.CompletedProcess[str]":
        """A program of PostgreSQL, or any other."""
        named = program if "/" in program else str(self.bin_dir / program)
        return subprocess.run(
            [named, *words],
            env={**self._environment(), **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            timeout=100,
            **self.server.account.run_as(),
        )

    def done(self, script: str, *words: str, **more: str) -> str:
        """What a script printed that did what it should."""
        ran = self.run(script, *words, **more)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    async def archived(self) -> None:
        """Returns when everything that was committed until now stands in the archive."""
        session = await self.session()
        with contextlib.closing(session):
            name = await session.fetchval("SELECT pg_walfile_name(pg_current_wal_insert_lsn())")
            await session.execute("SELECT pg_switch_wal()")

        async def is_there() -> bool:
            return (self.archive / name).exists()

        await until_async(is_there, f"{name} in the archive")

    async def session(self, database: str = DATABASE) -> asyncpg.Connection:
        return await asyncpg.connect(
            host="127.0.0.1", port=self.server.port, user=OWNER, database=database
        )

    @property
    def restored(self) -> Node:
        """A server beside the old one's place, whose data folder `restore` makes."""
        old = self.server
        return Node(self.folder / "scratch", old.port, old.programs, old.account, old.settings)

    def _environment(self) -> dict[str, str]:
        return {
            **bare_environment(),
            "PATH": f"{self.bin_dir}:{bare_environment()['PATH']}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.server.port),
            "PGUSER": OWNER,
            "LUOCHUI_ARCHIVE": str(self.archive),
            "LUOCHUI_BACKUPS": str(self.folder / "backups"),
        }


@contextmanager
def archiving(folder: Path) -> Iterator[Backups]:
    """A server whose WAL goes to an archive; `folder` must be open to other accounts."""
    account = account_for(folder / "none")
    scripts = _folder(folder / "scripts", account)
    for script in SCRIPTS.iterdir():
        shutil.copy2(script, scripts)
    for name in ("archive", "backups", "scratch"):
        _folder(folder / name, account)
    command = f"LUOCHUI_ARCHIVE='{folder / 'archive'}' '{scripts / 'archive-wal'}' %p %f"
    settings = {"archive_mode": "on", "archive_command": command}
    with node(folder / "server", settings) as server:
        yield Backups(server, folder, scripts, _programs_for(account, folder).bin_dir)


def wait_gone(server: Node) -> None:
    """A power cut and a broken disk at once."""
    server.kill()
    shutil.rmtree(server.cluster)
    until(lambda: not server.cluster.exists(), "the disk gone")


def _folder(path: Path, account: Account) -> Path:
    make_public_folder(path)
    shutil.chown(path, account.uid, account.gid)
    return path


def _programs_for(account: Account, folder: Path) -> Programs:
    """All programs of the installation, where the account can run them."""
    found = find_programs()
    if can_run(account, [str(found.bin_dir / "pg_basebackup"), "--version"]):
        return found
    tree = found.bin_dir.parent
    home = folder / "programs" / tree.parent.name
    shutil.copytree(tree, home / tree.name)
    libraries = tree.parents[1] / f"{tree.parent.name}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, folder / "programs" / libraries.name)
    for entry in (folder / "programs", *(folder / "programs").rglob("*")):
        entry.chmod(0o755 if entry.is_dir() or entry.stat().st_mode & 0o100 else 0o644)
    return Programs(home / tree.name / "bin", found.version)
