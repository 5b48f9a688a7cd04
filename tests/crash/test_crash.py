"""kill -9 under load: what clients were told is in the log. `python -m tests.crash` is the long
form."""

import asyncio

import pytest

from tests.crash.campaign import Campaign, campaign, open_folder

RESOLVED_S = 5.0
"""What the live protocol promises, counted from the return of the service."""
pytestmark = pytest.mark.timeout(240)


async def _campaign(kills: int, seed: int) -> Campaign:
    with open_folder() as folder:
        return await asyncio.to_thread(campaign, folder, kills, seed)


async def test_no_answered_bid_is_lost_or_doubled_when_servers_are_killed() -> None:
    made = await _campaign(4, 5)
    found = made.findings
    assert {"postgres", "serve-a", "serve-b"} == set(made.kills)
    assert (found.lost, found.doubled, found.denied) == ([], [], [])
    assert (found.unproved, found.broken_logs) == ([], [])
    assert found.unknown_then_logged == []
    assert found.receipts > 0
    assert found.resolved_s, "nobody was in doubt: the kills missed"
    assert max(found.resolved_s) <= RESOLVED_S
