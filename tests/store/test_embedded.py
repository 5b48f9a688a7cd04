"""The embedded PostgreSQL as people meet it: killed, started twice, of another version."""

import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from service.store.cluster import (
    DataFolderInUse,
    DataFolderNotOurs,
    DataFolderOfAnotherVersion,
    PostgresDidNotStart,
)
from service.store.embedded import RunningPostgres, create_database, erase_postgres, start_postgres
from service.store.programs import PostgresMissing, account_for, copy_install_tree, find_programs


@pytest.fixture(scope="module")
def folder(open_folder: Path) -> Iterator[Path]:
    """One data folder that lives through everything below."""
    folder = open_folder / "lived-in"
    yield folder
    erase_postgres(folder)


@pytest.fixture
def new_folder(open_folder: Path) -> Iterator[Path]:
    folder = open_folder / uuid4().hex
    yield folder
    erase_postgres(folder)


@pytest.fixture
def private(open_folder: Path) -> Path:
    return open_folder / "private"


async def owner_session(server: RunningPostgres) -> asyncpg.Connection:
    return await asyncpg.connect(
        host=str(server.socket_dir), port=5432, user="luochui_owner", database="postgres"
    )


async def note(server: RunningPostgres, word: str) -> list[str]:
    """Commits one word and returns all words committed so far."""
    session = await owner_session(server)
    try:
        await session.execute("CREATE TABLE IF NOT EXISTS notes (word text)")
        await session.execute("INSERT INTO notes VALUES ($1)", word)
        return [row["word"] for row in await session.fetch("SELECT word FROM notes")]
    finally:
        await session.close()


async def test_a_stopped_server_goes_on_with_the_same_data(folder: Path, private: Path) -> None:
    first = start_postgres(folder, private_dir=private)
    await note(first, "before")
    first.stop()
    first.stop()
    second = start_postgres(folder, private_dir=private)
    assert (await note(second, "after"))[-2:] == ["before", "after"]
    second.stop()
    assert not second.is_running()
    assert not second.socket_dir.exists()


async def test_a_killed_server_recovers_what_it_committed(folder: Path, private: Path) -> None:
    first = start_postgres(folder, private_dir=private)
    await note(first, "committed")
    first.kill()
    assert (folder / "cluster" / "postmaster.pid").exists()
    second = start_postgres(folder, private_dir=private)
    assert (await note(second, "after"))[-2:] == ["committed", "after"]
    second.stop()


async def test_a_session_that_outlives_its_killed_server_does_not_block_the_start(
    folder: Path, private: Path
) -> None:
    first = start_postgres(folder, private_dir=private)
    busy, watching = await owner_session(first), await owner_session(first)
    # Arithmetic without a wait: such a session does not notice that its postmaster is gone.
    count = "SELECT count(md5(number::text)) FROM generate_series(1, 1000000000) AS number"
    counting = asyncio.create_task(busy.execute(count))
    active = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = $1"
    while await watching.fetchval(active, count) == 0:
        pass
    await asyncio.to_thread(first.kill)
    second = await asyncio.to_thread(start_postgres, folder, private_dir=private)
    with pytest.raises((asyncpg.PostgresError, OSError)):
        await counting
    await note(second, "works")
    second.stop()


def stranger_beside(cluster: Path) -> "subprocess.Popen[bytes]":
    """A process of the server's own account: PostgreSQL does not fear those of others."""
    return subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, **account_for(cluster).run_as())


async def test_a_pid_file_that_names_a_stranger_does_not_block_the_start(
    folder: Path, private: Path
) -> None:
    start_postgres(folder, private_dir=private).kill()
    pid_file = folder / "cluster" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    stranger = stranger_beside(folder / "cluster")
    pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
    second = start_postgres(folder, private_dir=private)
    assert stranger.poll() is None, "the stranger was hurt"
    second.stop()
    stranger.communicate()


LAUNCHER = """
import sys
from pathlib import Path
from service.store.embedded import start_postgres
server = start_postgres(Path(sys.argv[1]), private_dir=Path(sys.argv[2]))
print(server.pid, flush=True)
sys.stdin.read()
"""


def launched(folder: Path, private: Path) -> "tuple[subprocess.Popen[bytes], int]":
    command = [sys.executable, "-c", LAUNCHER, str(folder), str(private)]
    launcher = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert launcher.stdout is not None
    return launcher, int(launcher.stdout.readline())


def guards_of(server: int) -> set[int]:
    """The shell that watches the launcher, and its parts: they share the server's group."""
    group, found = os.getpgid(server), set()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(ProcessLookupError):
            if os.getpgid(int(entry.name)) == group:
                found.add(int(entry.name))
    return found - {server}


def ended(watched: int, within_s: float) -> bool:
    ready, _, _ = select.select([watched], [], [], within_s)
    return bool(ready)


def test_a_killed_launcher_takes_its_server_with_it(folder: Path, private: Path) -> None:
    launcher, server = launched(folder, private)
    watched = os.pidfd_open(server)
    launcher.kill()
    launcher.communicate()
    assert ended(watched, within_s=60)
    os.close(watched)


async def test_a_server_that_lost_its_guards_too_is_ended_by_the_next_start(
    folder: Path, private: Path
) -> None:
    launcher, server = launched(folder, private)
    watched = os.pidfd_open(server)
    for guard in guards_of(server):
        os.kill(guard, signal.SIGKILL)
    launcher.kill()
    launcher.communicate()
    assert not ended(watched, within_s=0)
    next_server = await asyncio.to_thread(start_postgres, folder, private_dir=private)
    assert ended(watched, within_s=0)
    os.close(watched)
    await note(next_server, "works")
    next_server.stop()


def test_two_launchers_of_one_folder_get_one_clear_sentence(folder: Path, private: Path) -> None:
    launcher, _ = launched(folder, private)
    with pytest.raises(DataFolderInUse, match=f"Another Luochui .* {folder}: stop it, or choose"):
        start_postgres(folder, private_dir=private)
    with pytest.raises(DataFolderInUse):
        erase_postgres(folder)
    launcher.communicate()
    start_postgres(folder, private_dir=private).stop()


def test_a_folder_of_another_version_names_both_versions(new_folder: Path, private: Path) -> None:
    start_postgres(new_folder, private_dir=private).stop()
    (new_folder / "cluster" / "PG_VERSION").write_text("14\n")
    with pytest.raises(DataFolderOfAnotherVersion) as refused:
        start_postgres(new_folder, private_dir=private)
    ours = find_programs().version
    assert f"made by PostgreSQL 14 and this is PostgreSQL {ours}" in str(refused.value)
    assert "--fresh" in str(refused.value)
    erase_postgres(new_folder)
    start_postgres(new_folder, private_dir=private).stop()


def test_half_a_cluster_never_bears_the_name(new_folder: Path, private: Path) -> None:
    (new_folder / "draft-left-by-a-crash").mkdir(parents=True)
    (new_folder / "draft-left-by-a-crash" / "PG_VERSION").write_text("18\n")
    start_postgres(new_folder, private_dir=private).stop()
    assert [entry.name for entry in new_folder.glob("draft-*")] == []


async def test_a_data_folder_closed_to_the_servers_account_works_too(
    tmp_path: Path, private: Path
) -> None:
    data = tmp_path / "data"
    server = start_postgres(data, private_dir=private)
    await note(server, "kept")
    server.stop()
    server = start_postgres(data, private_dir=private)
    assert await note(server, "after") == ["kept", "after"]
    server.stop()
    cluster = (data / "cluster").resolve()
    erase_postgres(data)
    assert not cluster.exists()


def test_the_part_of_the_wheel_that_is_copied_for_root_suffices(
    new_folder: Path, private: Path
) -> None:
    copied = copy_install_tree(find_programs(), private)
    assert copied == copy_install_tree(find_programs(), private)
    start_postgres(new_folder, bin_dir=copied, private_dir=private).stop()


def test_a_server_that_cannot_start_says_why(folder: Path, private: Path) -> None:
    with pytest.raises(PostgresDidNotStart, match=r"invalid value for parameter.*postgres\.log"):
        start_postgres(folder, private_dir=private, options={"max_connections": "none"})


def test_a_data_folder_that_cannot_be_made_is_refused(open_folder: Path) -> None:
    occupied = open_folder / "occupied"
    occupied.write_text("a file")
    with pytest.raises(DataFolderNotOurs, match=r"cannot be used .*--data-dir"):
        start_postgres(occupied / "below")


def test_a_bin_folder_without_postgres_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PostgresMissing, match="name the bin folder"):
        start_postgres(tmp_path / "data", bin_dir=tmp_path)


def test_the_server_listens_on_no_network(postgres: RunningPostgres) -> None:
    sockets = Path(f"/proc/{postgres.pid}/net/tcp").read_text()
    opened = {os.readlink(entry) for entry in Path(f"/proc/{postgres.pid}/fd").iterdir()}
    owned = [line for line in sockets.splitlines()[1:] if f"socket:[{line.split()[9]}]" in opened]
    assert owned == []
    assert postgres.socket_dir.stat().st_mode & 0o777 == 0o700


async def test_a_database_made_twice_is_left_alone(postgres: RunningPostgres) -> None:
    await create_database(postgres, 'odd "name"')
    await create_database(postgres, 'odd "name"')
    engine = create_async_engine(postgres.owner_url('odd "name"'))
    async with engine.connect() as session:
        facts = await session.execute(
            text("SELECT current_database(), current_setting('server_encoding')")
        )
        assert facts.one() == ('odd "name"', "UTF8")
    await engine.dispose()


async def test_settings_of_the_caller_do_not_leak_in(
    postgres: RunningPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGHOST", "database.invalid")
    engine = create_async_engine(postgres.owner_url())
    async with engine.connect() as session:
        assert (await session.execute(text("SELECT current_user"))).scalar() == "luochui_owner"
    await engine.dispose()
