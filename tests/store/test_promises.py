"""A database that could lose or rewrite a bid is refused before the first bid."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from service.store import migrate
from service.store.embedded import start_postgres
from service.store.promises import (
    DatabaseCannotKeepItsPromises,
    MigrationMissing,
    check_facts,
    check_promises,
    check_revision,
    read_facts,
)
from tests.conftest import FreshDatabase


@asynccontextmanager
async def session(url: str) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


@pytest.fixture(scope="module")
def careless_folder(open_folder: Path) -> Path:
    folder = open_folder / "careless"
    start_postgres(folder, private_dir=open_folder / "private").stop()
    return folder


async def test_the_service_role_on_a_migrated_database_is_accepted(
    database: FreshDatabase,
) -> None:
    async with session(database.app_url) as connection:
        await check_promises(connection)


@pytest.mark.parametrize("promise", ["fsync", "synchronous_commit", "full_page_writes"])
async def test_a_server_that_may_lose_commits_is_refused(
    promise: str, careless_folder: Path, open_folder: Path
) -> None:
    careless = start_postgres(
        careless_folder, options={promise: "off"}, private_dir=open_folder / "private"
    )
    try:
        async with session(careless.owner_url()) as connection:
            with pytest.raises(DatabaseCannotKeepItsPromises, match=f"set {promise} = on in"):
                await check_promises(connection, least_privilege=False)
    finally:
        careless.stop()


async def test_synchronous_commit_off_for_our_role_alone_is_seen(database: FreshDatabase) -> None:
    owner = await database.connect_as_owner()
    await owner.execute(
        f"ALTER ROLE luochui_app IN DATABASE {database.name} SET synchronous_commit = off"
    )
    await owner.close()
    async with session(database.app_url) as connection:
        with pytest.raises(DatabaseCannotKeepItsPromises, match="synchronous_commit"):
            await check_promises(connection)
        await check_promises(connection, durable=False)


async def test_a_role_that_could_rewrite_the_log_is_refused(database: FreshDatabase) -> None:
    async with session(database.owner_url) as connection:
        with pytest.raises(DatabaseCannotKeepItsPromises, match="luochui_owner owns the tables"):
            await check_promises(connection)
        await check_promises(connection, least_privilege=False)


async def test_a_database_without_our_tables_is_refused(empty_database: FreshDatabase) -> None:
    async with session(empty_database.owner_url) as connection:
        with pytest.raises(MigrationMissing, match=r"at migration none .* run `luochui migrate`"):
            await check_promises(connection, least_privilege=False)


async def test_a_database_of_a_newer_luochui_is_refused(database: FreshDatabase) -> None:
    owner = await database.connect_as_owner()
    await owner.execute("UPDATE alembic_version SET version_num = '9999'")
    await owner.close()
    async with session(database.app_url) as connection:
        with pytest.raises(MigrationMissing, match=r"9999, .* start the newer Luochui"):
            await check_promises(connection)


async def test_a_database_that_cannot_store_chinese_is_refused(
    empty_database: FreshDatabase,
) -> None:
    owner = await empty_database.connect_as_owner()
    await owner.execute("CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII'")
    await owner.close()
    async with session(empty_database.server.owner_url("ascii")) as connection:
        with pytest.raises(DatabaseCannotKeepItsPromises, match="stores text as SQL_ASCII"):
            await check_promises(connection, least_privilege=False)


async def test_an_old_server_and_a_standby_are_refused(database: FreshDatabase) -> None:
    async with session(database.app_url) as connection:
        facts = await read_facts(connection)
        version = (await connection.execute(text("SHOW server_version_num"))).scalar_one()
    assert facts.version_num == int(version)
    with pytest.raises(DatabaseCannotKeepItsPromises, match="is PostgreSQL 14: use"):
        check_facts(replace(facts, version_num=140_012))
    with pytest.raises(DatabaseCannotKeepItsPromises, match="is a standby"):
        check_facts(replace(facts, is_standby=True))


def test_the_newest_revision_is_the_one_expected() -> None:
    head = migrate.head()
    assert head is not None
    check_revision(head)
