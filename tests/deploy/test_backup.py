"""Archive, base backup, more bids, a broken disk: what comes back is the whole log, proved."""

import asyncio
import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.settings import Settings
from service.store import migrate
from service.store.engine import open_engine
from service.store.promises import check_promises
from tests.deploy.backups import DATABASE, Backups, archiving, wait_gone
from tests.live.world import SITE, START, STEP, World, in_timed, outcome
from tests.replicas import until_async

Rows = list[tuple[object, ...]]


@pytest.fixture
def backups(open_folder: Path, request: pytest.FixtureRequest) -> Iterator[Backups]:
    folder = open_folder / f"backups-{abs(hash(request.node.nodeid))}"
    folder.mkdir()
    folder.chmod(0o755)
    with archiving(folder) as made:
        yield made


async def migrated(backups: Backups) -> None:
    session = await backups.session("postgres")
    await session.execute(f"CREATE DATABASE {DATABASE} ENCODING 'UTF8' TEMPLATE template0")
    await session.close()
    await asyncio.to_thread(migrate.upgrade, backups.server.owner_url(DATABASE))


async def bids(backups: Backups, *, before: int, after: int) -> None:
    """A sale with so many bids, a base backup in its middle, and as many more."""
    settings = Settings(site=SITE)
    engine = open_engine(backups.server.app_url(DATABASE), settings)
    world = World(engine, settings)
    room = (await in_timed(world))[0]
    people = world.bidders("A001", "A002")
    for number in range(before + after):
        if number == before:
            assert backups.done("base-backup").startswith(str(backups.folder))
        amount = START + number * STEP
        bid = people[number % 2].bid(room.origin, amount, world.clock.now)
        assert outcome(await room.place_bid(bid)) == "accepted"
    await world.verify()
    await world.close()
    await engine.dispose()


async def truth(backups: Backups) -> Rows:
    """Every head and every entry."""
    session = await backups.session()
    with contextlib.closing(session):
        heads = await session.fetch("SELECT log, size, root FROM logs ORDER BY log")
        signed = await session.fetch("SELECT log, size, root, at FROM log_heads ORDER BY log, size")
        entries = await session.fetch("SELECT log, seq, bytes, leaf FROM log_entries ORDER BY 1, 2")
    return [tuple(row.values()) for row in (*heads, *signed, *entries)]


async def test_a_broken_disk_costs_nothing_that_was_archived(backups: Backups) -> None:
    """Elsewhere a backup that nobody had ever restored was none."""
    await migrated(backups)
    await bids(backups, before=5, after=7)
    await backups.archived()
    before = await truth(backups)
    assert len([row for row in before if len(row) == 4]) > 12
    wait_gone(backups.server)

    anew = backups.restored
    backups.done("restore", "latest", str(anew.cluster))
    anew.start()
    await replayed(backups)
    assert await truth(backups) == before
    await bids_go_on(backups)
    anew.stop()


async def replayed(backups: Backups) -> None:
    """The restored server has read the last WAL of the archive and takes writes."""
    session = await backups.session()

    async def is_primary() -> bool:
        return not await session.fetchval("SELECT pg_is_in_recovery()")

    await until_async(is_primary, "the last WAL")
    await session.close()


async def bids_go_on(backups: Backups) -> None:
    """The restored server is a primary that the service trusts."""
    engine = open_engine(backups.server.app_url(DATABASE), Settings())
    async with engine.connect() as connection:
        await check_promises(connection)
    await engine.dispose()


async def test_the_restore_test_proves_every_log_of_the_newest_backup(backups: Backups) -> None:
    await migrated(backups)
    await bids(backups, before=3, after=4)
    await backups.archived()
    session = await backups.session()
    heads = await session.fetch("SELECT log, size, encode(root, 'hex') FROM logs ORDER BY log")
    await session.close()
    said = backups.done("restore-test", LUOCHUI_SCRATCH=str(backups.folder / "scratch"))
    assert said.splitlines() == ["|".join(map(str, head.values())) for head in heads]
    assert not list((backups.folder / "scratch").iterdir()), "nothing of it stays"
    assert backups.server.is_running()


_TRIGGERS_OFF = ";".join(
    f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in ("logs", "log_entries")
)
HARMS = {
    "another byte": "UPDATE log_entries SET bytes = bytes || ' ' "
    "WHERE log = 'lot/lot-one' AND seq = 2",
    "another entry": "UPDATE log_entries SET bytes = bytes || ' ', "
    "leaf = sha256('\\x00'::bytea || bytes || ' ') WHERE log = 'lot/lot-one' AND seq = 2",
    "one missing": "DELETE FROM log_entries WHERE log = 'lot/lot-one' AND seq = 2",
    "the last missing": "DELETE FROM log_entries WHERE (log, seq) IN "
    "(SELECT log, max(seq) FROM log_entries GROUP BY log)",
    "another head": "UPDATE logs SET root = sha256('') WHERE log = 'lot/lot-one'",
    "no head": "DELETE FROM logs WHERE log = 'lot/lot-one'",
}


async def test_the_restore_test_finds_every_log_that_is_not_whole(backups: Backups) -> None:
    await migrated(backups)
    await bids(backups, before=2, after=3)
    check = ("--file", str(backups.scripts / "verify-logs.sql"))
    psql = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", DATABASE)
    assert backups.run_program("psql", *psql, *check).returncode == 0
    for name, harm in HARMS.items():
        # Never committed: the session ends with the error.
        given = ("--command=BEGIN", f"--command={_TRIGGERS_OFF}", f"--command={harm}", *check)
        found = backups.run_program("psql", *psql, *given)
        assert found.returncode == 3, name
        assert "not what was signed: lot/lot-one" in found.stderr or "no head" in found.stderr, name
    session = await backups.session()
    await session.execute(f"{_TRIGGERS_OFF}; {HARMS['one missing']}")
    await session.close()
    backups.done("base-backup", LUOCHUI_BACKUPS=str(backups.folder / "scratch"))
    tested = backups.run("restore-test", LUOCHUI_BACKUPS=str(backups.folder / "scratch"))
    assert tested.returncode != 0
    assert "not what was signed: lot/lot-one" in tested.stderr


async def test_a_damaged_archive_stops_the_restore_and_says_which_file(backups: Backups) -> None:
    await migrated(backups)
    await bids(backups, before=2, after=3)
    await backups.archived()
    newest = max(path for path in backups.archive.iterdir() if len(path.name) == 24)
    whole = bytearray(newest.read_bytes())
    whole[1000] ^= 1
    newest.write_bytes(whole)
    tested = backups.run("restore-test", LUOCHUI_SCRATCH=str(backups.folder / "scratch"))
    assert tested.returncode != 0
    assert f"{newest} is damaged" in tested.stderr


async def test_the_archive_takes_a_file_twice_and_never_another_content(backups: Backups) -> None:
    name = "000000010000000000000077"
    for content, taken in ((b"one", True), (b"one", True), (b"two", False)):
        wal = backups.folder / "scratch" / "wal"
        wal.write_bytes(content)
        done = backups.run("archive-wal", str(wal), name)
        assert (done.returncode == 0) is taken
    assert (backups.archive / name).read_bytes() == b"one"
    back = backups.folder / "scratch" / "back"
    assert backups.run("fetch-wal", str(backups.archive), name, str(back)).returncode == 0
    assert back.read_bytes() == b"one"
    assert backups.run("fetch-wal", str(backups.archive), "0" * 24, str(back)).returncode == 1


async def test_old_backups_go_and_with_them_the_wal_that_only_they_needed(
    backups: Backups,
) -> None:
    await migrated(backups)
    await bids(backups, before=1, after=1)
    await backups.archived()
    early = {path.name for path in backups.archive.iterdir() if len(path.name) == 24}
    for _ in range(2):
        await until_another_second(backups)
        backups.done("base-backup", LUOCHUI_BACKUPS_KEPT="2")
    assert len(backups.kept) == 2
    left = {path.name for path in backups.archive.iterdir()}
    assert not early & left
    assert not {f"{name}.sha256" for name in early} & left
    backups.done("restore-test", LUOCHUI_SCRATCH=str(backups.folder / "scratch"))


async def until_another_second(backups: Backups) -> None:
    """Backups are named by the second."""
    session = await backups.session("postgres")
    newest = backups.kept[-1].name
    now = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD\"T\"HH24MISS\"Z\"')"

    async def is_later() -> bool:
        return str(await session.fetchval(now)) > newest

    await until_async(is_later, "another second")
    await session.close()


async def test_nothing_is_restored_over_what_is_there(backups: Backups) -> None:
    await migrated(backups)
    backups.done("base-backup")
    taken = backups.run("restore", "latest", str(backups.server.cluster))
    assert taken.returncode == 1
    assert "is there already" in taken.stderr


async def test_one_round_of_keeping_makes_a_backup_proves_it_and_says_so(
    backups: Backups,
) -> None:
    await migrated(backups)
    backups.done("keep", "once")
    (made,) = backups.kept
    assert made.with_suffix(".tested").exists()
    said = figures(backups)
    at = said["luochui_backup_timestamp_seconds"]
    assert 0 < at <= said["luochui_restore_test_timestamp_seconds"]
    assert said["luochui_wal_archive_failing"] == 0
    killed = backups.folder / "backups" / "scratch" / "restore-test.Xy12Zz"
    killed.mkdir()
    backups.done("keep", "once")
    assert backups.kept == [made], "it is not a day old"
    assert not killed.exists(), "a restore test that was killed took nothing away"


async def test_a_failing_archive_and_a_backup_that_cannot_be_restored_are_told(
    backups: Backups,
) -> None:
    await migrated(backups)
    backups.done("base-backup")
    (made,) = backups.kept
    (made / "global" / "pg_control").write_bytes(b"not one")
    backups.archive.chmod(0)
    shutil.move(backups.archive, backups.folder / "elsewhere")
    session = await backups.session()
    await session.execute("SELECT pg_switch_wal()")

    async def has_failed() -> bool:
        asked = "SELECT last_failed_time IS NOT NULL FROM pg_stat_archiver"
        return bool(await session.fetchval(asked))

    await until_async(has_failed, "the archive to fail")
    await session.close()
    failed = backups.run("keep", "once")
    assert failed.returncode == 1
    assert "keep: prove failed" in failed.stderr
    said = figures(backups)
    assert said["luochui_restore_test_timestamp_seconds"] == 0
    assert said["luochui_wal_archive_failing"] == 1


def figures(backups: Backups) -> dict[str, float]:
    """What a node exporter would read."""
    text = (backups.folder / "backups" / "metrics" / "luochui.prom").read_text()
    families = text_string_to_metric_families(text)
    return {sample.name: sample.value for family in families for sample in family.samples}
