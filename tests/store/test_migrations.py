"""Every migration goes up and down, and ends where `tables.py` says; who may do what."""

import asyncio
from typing import Any

import asyncpg
import pytest
from pytest_alembic.tests import (
    test_model_definitions_match_ddl,
    test_single_head_revision,
    test_up_down_consistency,
    test_upgrade,
)

from service.store import migrate

__all__ = [
    "test_model_definitions_match_ddl",
    "test_single_head_revision",
    "test_up_down_consistency",
    "test_upgrade",
]

LOGS = ("logs", "log_entries", "log_bids", "log_heads", "health")


async def test_the_service_may_read_and_add_to_the_logs_and_nothing_else(
    owner: asyncpg.Connection,
) -> None:
    rows = await owner.fetch(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants "
        "WHERE grantee IN ('luochui_app', 'PUBLIC') AND table_name = ANY($1)",
        LOGS,
    )
    added = {(table, what) for table in LOGS for what in ("SELECT", "INSERT")}
    assert {tuple(row) for row in rows} == added | {("logs", "UPDATE")}


async def test_the_service_neither_owns_nor_makes_anything(
    database: Any, owner: asyncpg.Connection
) -> None:
    role = await owner.fetchrow("SELECT * FROM pg_roles WHERE rolname = 'luochui_app'")
    assert role is not None
    assert not any(role[f"rol{power}"] for power in ("super", "createrole", "createdb", "inherit"))
    app = await database.connect_as_app()
    for forbidden in (
        "CREATE TABLE public.own (a int)",
        "ALTER TABLE log_entries DISABLE TRIGGER append_only",
        "DROP TABLE log_entries",
        "SET session_replication_role = replica",
        "SET ROLE luochui_owner",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(forbidden)
    await app.close()


async def test_after_the_way_down_nothing_of_ours_is_left(empty_database: Any) -> None:
    await asyncio.to_thread(migrate.upgrade, empty_database.owner_url)
    await asyncio.to_thread(migrate.downgrade, empty_database.owner_url, "base")
    owner = await empty_database.connect_as_owner()
    rows = await owner.fetch("""
        SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL
        SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL
        SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|public$)'
    """)
    await owner.close()
    assert {row["name"] for row in rows} <= {"alembic_version", "alembic_version_pkc"}


async def test_the_way_up_goes_again_after_the_way_down(empty_database: Any) -> None:
    for _ in range(2):
        await asyncio.to_thread(migrate.upgrade, empty_database.owner_url)
        await asyncio.to_thread(migrate.downgrade, empty_database.owner_url, "base")
    await asyncio.to_thread(migrate.upgrade, empty_database.owner_url)
    app = await empty_database.connect_as_app()
    assert await app.fetchval("SELECT version_num FROM alembic_version") == migrate.head()
    assert await app.fetchval("SELECT count(*) FROM log_entries") == 0
    await app.close()
