"""The primary goes away under load and the standby takes over: what was answered is there."""

import asyncio
import signal

import pytest

from tests.crash.campaign import open_folder
from tests.failover.drill import BACK_S, Drill, drill, opened

pytestmark = pytest.mark.timeout(240)


def _drill(how: signal.Signals, seed: int, *, synchronous: bool, lagging: bool) -> Drill:
    with open_folder() as folder, opened(folder, synchronous=synchronous) as site:
        return asyncio.run(drill(site, how, seed, lagging=lagging))


async def test_no_answered_bid_is_lost_and_writes_are_back_soon() -> None:
    """The standby lags when the primary dies: what it missed nobody was told."""
    made = await asyncio.to_thread(_drill, signal.SIGKILL, 1, synchronous=True, lagging=True)
    found = made.findings
    assert found.is_clean, found.lines()
    assert found.receipts > 0
    assert made.writes_s <= BACK_S
