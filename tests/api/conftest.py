"""One office for each test, on a fresh migrated database."""

from collections.abc import AsyncIterator
from types import SimpleNamespace

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.store.engine import open_engine
from tests.desk.world import SETTINGS, OfficeWorld


@pytest.fixture
async def engine(database: SimpleNamespace) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(database.app_url, SETTINGS)
    yield opened
    await opened.dispose()


@pytest.fixture
async def office(engine: AsyncEngine) -> AsyncIterator[OfficeWorld]:
    made = OfficeWorld(engine)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def owner(database: SimpleNamespace) -> AsyncIterator[asyncpg.Connection]:
    """A session of the tables' owner, for what the service itself may not do."""
    session = await database.connect_as_owner()
    yield session
    await session.close()


@pytest.fixture
async def app_session(database: SimpleNamespace) -> AsyncIterator[asyncpg.Connection]:
    """A session of the role the service runs as."""
    session = await database.connect_as_app()
    yield session
    await session.close()
