"""Tells alembic which tables we mean and which database to change."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from service.store.tables import metadata

ONE_MIGRATION_AT_A_TIME = 0x6C756F63  # advisory lock: "luoc"
OUR_SCHEMAS = {None} | {table.schema for table in metadata.tables.values()}


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_schemas=True,
        include_name=lambda name, kind, _parents: kind != "schema" or name in OUR_SCHEMAS,
    )
    with context.begin_transaction():
        # Two processes starting together would both see the old revision.
        connection.execute(text(f"SELECT pg_advisory_xact_lock({ONE_MIGRATION_AT_A_TIME})"))
        context.run_migrations()


async def migrate_through(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
        await connection.commit()


def engine() -> AsyncEngine:
    given = context.config.attributes.get("connection")
    if isinstance(given, AsyncEngine):
        return given
    asked = context.config.attributes.get("url")
    url = asked or context.get_x_argument(as_dictionary=True).get("url")
    if not url:
        raise SystemExit("Name the database: alembic -x url=postgresql+asyncpg://… upgrade head")
    return create_async_engine(url, poolclass=NullPool)


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(migrate_through(engine()))
