"""Refuses a database that cannot keep our promises, before the first bid trusts it.

A receipt says that a bid exists. That is true only if a commit survives a power cut, if nobody
but the owner of the tables can rewrite the log, and if the tables are those this version expects.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store import migrate
from service.store.programs import OLDEST_MAJOR


class DatabaseCannotKeepItsPromises(Exception):
    """The text is one sentence that says what is wrong and what to do."""


class MigrationMissing(DatabaseCannotKeepItsPromises):
    """The tables are not those of this version of Luochui."""


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What the server says of itself, as seen by our own role in our own database."""

    version_num: int
    settings: Mapping[str, str]
    is_standby: bool
    role: str
    owns_tables: bool
    revision: str | None


async def check_promises(
    connection: AsyncConnection, *, durable: bool = True, least_privilege: bool = True
) -> None:
    """Raises `DatabaseCannotKeepItsPromises` on the first promise that would be broken.

    `durable=False` and `least_privilege=False` are for tests, which throw their data away and may
    work as the owner; no setting reaches them.
    """
    check_facts(await read_facts(connection), durable=durable, least_privilege=least_privilege)


def check_facts(
    facts: DatabaseFacts, *, durable: bool = True, least_privilege: bool = True
) -> None:
    _check_server(facts)
    if durable:
        _check_durable(facts)
    if least_privilege:
        _check_role(facts)
    check_revision(facts.revision)


def check_revision(revision: str | None) -> None:
    """Raises `MigrationMissing` unless the database stands at the newest revision we know."""
    head = migrate.head()
    if revision == head:
        return
    if revision is not None and not _is_known(revision):
        raise MigrationMissing(
            f"The database is at migration {revision}, which this Luochui does not know: "
            "start the newer Luochui that made it."
        )
    raise MigrationMissing(
        f"The database is at migration {revision or 'none'} and this Luochui needs {head}: "
        "run `luochui migrate`."
    )


async def read_facts(connection: AsyncConnection) -> DatabaseFacts:
    row = (await connection.execute(_FACTS)).mappings().one()
    return DatabaseFacts(
        version_num=row["version_num"],
        settings={name: row[name] for name in (*_DURABLE, "server_encoding")},
        is_standby=row["is_standby"],
        role=row["role"],
        owns_tables=row["owns_tables"],
        revision=await _revision(connection) if row["is_migrated"] else None,
    )


_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")

_FACTS = text("""
    SELECT current_setting('server_version_num')::int AS version_num,
           current_setting('fsync') AS fsync,
           current_setting('synchronous_commit') AS synchronous_commit,
           current_setting('full_page_writes') AS full_page_writes,
           current_setting('server_encoding') AS server_encoding,
           pg_is_in_recovery() AS is_standby,
           current_user AS role,
           coalesce(has_table_privilege(to_regclass('alembic_version'), 'SELECT'), false)
               AS is_migrated,
           (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
           OR EXISTS (SELECT FROM pg_class
                      WHERE oid = to_regclass('alembic_version')
                      AND pg_has_role(relowner, 'MEMBER')) AS owns_tables
""")


async def _revision(connection: AsyncConnection) -> str | None:
    found = await connection.execute(text("SELECT version_num FROM alembic_version"))
    revision: str | None = found.scalar_one_or_none()
    return revision


def _check_server(facts: DatabaseFacts) -> None:
    if facts.version_num < OLDEST_MAJOR * 10_000:
        raise DatabaseCannotKeepItsPromises(
            f"The database is PostgreSQL {facts.version_num // 10_000}: "
            f"use PostgreSQL {OLDEST_MAJOR} or later."
        )
    if facts.settings["server_encoding"] != "UTF8":
        raise DatabaseCannotKeepItsPromises(
            f"The database stores text as {facts.settings['server_encoding']}: "
            "make one with ENCODING 'UTF8'."
        )
    if facts.is_standby:
        raise DatabaseCannotKeepItsPromises(
            "The database is a standby and takes no bids: give the URL of the primary."
        )


def _check_durable(facts: DatabaseFacts) -> None:
    for name in _DURABLE:
        if facts.settings[name] == "off":
            raise DatabaseCannotKeepItsPromises(
                f"The database has {name} switched off, so a power cut could take bids whose "
                f"receipts are out: set {name} = on in postgresql.conf."
            )


def _check_role(facts: DatabaseFacts) -> None:
    if facts.owns_tables:
        raise DatabaseCannotKeepItsPromises(
            f"The database role {facts.role} owns the tables and could rewrite the log: "
            "let the service connect as luochui_app and only `luochui migrate` as the owner."
        )


def _is_known(revision: str) -> bool:
    try:
        return ScriptDirectory.from_config(migrate.config()).get_revision(revision) is not None
    except CommandError:
        return False
