"""One server for each file of hostile tests, and an honest bidder after every test."""

from collections.abc import AsyncIterator

import pytest

from service.store.embedded import RunningPostgres
from tests.conftest import _database
from tests.hostile.site import Site, served

QUICK = {
    "ping_ms": 200,
    "pong_ms": 400,
    "head_ms": 2_000,
    "body_ms": 2_000,
    "unread_ms": 1_000,
    "send_limit_ms": 500,
    "frames_per_s": 1_000,
    "connections_per_address": 60,
    "observers_per_address": 40,
}
"""Bounds that a test can reach in a moment."""


@pytest.fixture(scope="module")
async def site(postgres: RunningPostgres, template: str) -> AsyncIterator[Site]:
    async for database in _database(postgres, template):
        async with served(database, **QUICK) as opened:
            yield opened
            assert opened.log.complaints() == ""


@pytest.fixture(autouse=True)
async def honest_bidder(site: Site) -> AsyncIterator[None]:
    """Whatever was done to the server: a bid is answered, and nothing of ours broke."""
    yield
    await site.bid_is_answered()
    assert site.log.complaints() == ""
