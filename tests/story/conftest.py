"""The site that a story is told on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import FreshDatabase
from tests.story.site import Site, free_port, open_site


@pytest.fixture
async def site(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(database, tmp_path, free_port()) as opened:
        yield opened
