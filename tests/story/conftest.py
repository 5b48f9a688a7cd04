"""The site that a story is told on."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.conftest import FreshDatabase
from tests.story.site import Site, free_port, open_site


@pytest.fixture
async def site(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Site]:
    async with (
        AsyncExitStack() as people,
        open_site(database, tmp_path, free_port(), people) as opened,
    ):
        yield opened
