"""A witness that listens on loopback, in this process."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from service.witness.config import Config
from service.witness.serve import running
from tests.witness.logs import client, config_in


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return config_in(tmp_path)


@pytest.fixture
async def http(config: Config) -> AsyncIterator[httpx2.AsyncClient]:
    async with running(config) as base_url, client(base_url) as open_client:
        yield open_client
