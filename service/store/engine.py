"""Opens PostgreSQL: a bounded pool, and single connections for those who must not wait."""

from typing import Any

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from service.settings import Settings
from service.store.primary import Primary

_PRIMARY = "luochui_primary"

DIAL_SECONDS = 10
"""Bound on opening a connection."""


def open_engine(url: str, settings: Settings, beside: AsyncEngine | None = None) -> AsyncEngine:
    """A pool of at most `settings.pool_size` connections. `url` names asyncpg and the app's role.

    Every statement, and every transaction left idle, ends after `settings.statement_timeout_ms`.
    With several hosts (`?host=a:5432&host=b:5432`) every connection goes to the primary; an engine
    `beside` another agrees with it on which that is.
    """
    primary = _primary_of(url) if beside is None else primary_of(beside)
    session = _session(settings)
    if primary is not None:
        session["async_creator_fn"] = primary.connect
    return create_async_engine(
        url,
        execution_options={_PRIMARY: primary},
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.statement_timeout_ms / 1000,
        pool_pre_ping=True,
        # A failed statement's error is logged: its values may be an identity or half of a key.
        hide_parameters=True,
        connect_args=session,
    )


def primary_of(engine: AsyncEngine) -> Primary | None:
    """Which of the URL's hosts takes writes; None when it names one host."""
    found: Primary | None = engine.get_execution_options().get(_PRIMARY)
    return found


async def watch_primary(engine: AsyncEngine, settings: Settings) -> None:
    """Until cancelled: leaves a primary that hangs as soon as another was promoted."""
    primary = primary_of(engine)
    if primary is not None:
        _, place = engine.dialect.create_connect_args(engine.url)
        await primary.watch(**{**place, **_session(settings)})


async def dial(engine: AsyncEngine, settings: Settings) -> asyncpg.Connection:
    """A connection beside the pool: a crowded office must not stop the writer or the clock.

    Raises OSError, TimeoutError or an asyncpg error when the database does not answer.
    """
    _, place = engine.dialect.create_connect_args(engine.url)
    primary = primary_of(engine)
    connect = asyncpg.connect if primary is None else primary.connect
    return await connect(**place, **_session(settings))


async def raw(connection: AsyncConnection) -> asyncpg.Connection:
    """The asyncpg connection underneath. Outside SQLAlchemy's transaction until that has begun."""
    pooled = await connection.get_raw_connection()
    assert isinstance(pooled.driver_connection, asyncpg.Connection)
    return pooled.driver_connection


def _primary_of(url: str) -> Primary | None:
    _, place = make_url(url).get_dialect()().create_connect_args(make_url(url))
    hosts, ports = place.get("host"), place.get("port")
    if not isinstance(hosts, list) or not isinstance(ports, list):
        return None
    return Primary(list(zip(hosts, ports, strict=True)))


def _session(settings: Settings) -> dict[str, Any]:
    bound = str(settings.statement_timeout_ms)
    return {
        "timeout": DIAL_SECONDS,
        "server_settings": {
            "application_name": "luochui",
            "statement_timeout": bound,
            # A process that hangs inside a transaction would hold a lot's lock for ever.
            "idle_in_transaction_session_timeout": bound,
            # A statement whose asker is gone should not go on waiting for a lock.
            "client_connection_check_interval": "1000",
            "timezone": "UTC",
            # Compiling pays for reports; our statements are short and it would cost them 100 ms.
            "jit": "off",
        },
    }
