"""One world for each live test, on a fresh migrated database."""

from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.settings import Settings
from service.store.engine import open_engine
from tests.live.world import SITE, World


@pytest.fixture
def settings() -> Settings:
    return Settings(site=SITE)


@pytest.fixture
async def engine(database: SimpleNamespace, settings: Settings) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(database.app_url, settings)
    yield opened
    await opened.dispose()


@pytest.fixture
async def world(engine: AsyncEngine, settings: Settings) -> AsyncIterator[World]:
    made = World(engine, settings)
    yield made
    await made.close()
