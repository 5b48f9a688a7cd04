"""A thousand submissions at once, of one history and of a fork of it: nothing is rolled back."""

import asyncio
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from service.audit.tree import verify_consistency
from service.witness.config import Config
from service.witness.serve import running
from tests.witness.logs import (
    FORKED_AT,
    History,
    ask,
    client,
    config_in,
    forked,
    grown,
    held_size,
    signed_at,
    stored,
)
from tests.witness.processes import started, write_config

SUBMISSIONS = 1_000
AT_ONCE = 20
LARGEST = 400
HONEST, FORK = grown(LARGEST), forked(LARGEST)


@dataclass
class Race:
    """What all clients together have seen."""

    left: int = SUBMISSIONS
    largest: int = 0
    """The largest size whose cosignature somebody already holds."""
    cosigned: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    """size → (time, root) of every cosigned head."""
    statuses: dict[int, int] = field(default_factory=dict)

    async def submit(self, http: httpx2.AsyncClient, log: History, old: int, size: int) -> int:
        """One submission; returns the size that the witness is known to hold after it."""
        self.left -= 1
        known_before = self.largest
        answer = await ask(http, log.body(old, size))
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        if answer.status_code == 409:
            held = held_size(answer)
            assert held >= known_before, "the witness went back"
            return held
        if answer.status_code != 200:
            assert answer.status_code in (400, 422), answer.text
            return old
        assert size >= known_before, "a smaller head was cosigned after a larger one"
        root = log.tree.root(size)
        assert self.cosigned.get(size, (0, root))[1] == root, "two roots of one size"
        self.cosigned[size] = (signed_at(log.note(size), answer), root)
        self.largest = max(self.largest, size)
        return size


async def racer(race: Race, https: list[httpx2.AsyncClient], chance: random.Random) -> None:
    """Either log, any size from the last known one on, now and then from far behind or beside."""
    held = 0
    while race.left > 0:
        http, log = chance.choice(https), chance.choice((HONEST, FORK))
        old = held if chance.random() < 0.8 else chance.randrange(LARGEST)
        size = min(LARGEST, max(0, old + chance.randrange(-1, 5)))
        held = await race.submit(http, log, old, size)


async def watcher(race: Race, store: Path) -> None:
    """Reads the file as another process would, for as long as the race goes on."""
    last = 0
    while race.left > 0:
        held = await asyncio.to_thread(stored, store)
        size = held[0] if held else 0
        assert size >= last, "the stored size went back"
        last = size


async def run_race(base_urls: list[str], store: Path) -> Race:
    race = Race()
    async with AsyncExitStack() as stack:
        https = [await stack.enter_async_context(client(url)) for url in base_urls]
        racers = [racer(race, https, random.Random(seed)) for seed in range(AT_ONCE)]
        await asyncio.gather(*racers, watcher(race, store))
    return race


def check_one_history(race: Race, store: Path) -> None:
    """Every cosigned head is consistent with every other, and the store holds the last."""
    assert race.cosigned, race.statuses
    past_fork = [size for size in race.cosigned if size > FORKED_AT]
    assert past_fork, "the race never reached the fork"
    last = max(race.cosigned)
    winner = HONEST if race.cosigned[last][1] == HONEST.tree.root(last) else FORK
    sizes = sorted(race.cosigned)
    for old in sizes:
        for new in sizes[sizes.index(old) :]:
            proof = winner.tree.consistency_proof(old, new)
            verify_consistency(old, race.cosigned[old][1], new, race.cosigned[new][1], proof)
            assert race.cosigned[old][0] <= race.cosigned[new][0], "a larger head was dated before"
    assert stored(store) == (last, race.cosigned[last][1])
    assert min(race.statuses.get(code, 0) for code in (200, 409, 422)) > 0, race.statuses
    assert sum(race.statuses.values()) >= SUBMISSIONS


async def test_a_thousand_racing_submissions_never_roll_the_witness_back(config: Config) -> None:
    async with running(config) as base_url:
        race = await run_race([base_url], config.store)
    check_one_history(race, config.store)


async def test_nor_when_two_processes_share_one_store(tmp_path: Path) -> None:
    path = write_config(tmp_path)
    async with started(path) as one, started(path) as two:
        race = await run_race([one.base_url, two.base_url], tmp_path / "witness.sqlite")
    check_one_history(race, tmp_path / "witness.sqlite")


@pytest.mark.parametrize("rounds", [50])
async def test_two_heads_of_one_size_at_the_same_moment_one_wins(
    tmp_path: Path, rounds: int
) -> None:
    """Both are honest to a witness that has seen nothing: exactly one may be cosigned."""
    config = config_in(tmp_path)
    async with running(config) as base_url, client(base_url) as http:
        for each in range(rounds):
            origin = f"{HONEST.origin}-{each}"
            sides = [History(log.tree, origin) for log in (HONEST, FORK)]
            answers = await asyncio.gather(*(ask(http, side.body(0, 99)) for side in sides))
            assert sorted(answer.status_code for answer in answers) == [200, 409]
