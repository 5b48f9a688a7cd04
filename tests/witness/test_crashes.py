"""kill -9 at any moment: what somebody holds a cosignature for is in the store."""

import asyncio
import random
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from service.witness.config import Config
from tests.witness.logs import (
    LOT,
    ask,
    client,
    forked,
    grown,
    held_size,
    signed_at,
    stored,
)
from tests.witness.processes import Running, started, write_config
from tests.witness.test_add_checkpoint import port_of, request

LARGEST = 1_000
FORKED_AT = 4
LOG, FORK = grown(LARGEST), forked(LARGEST, at=FORKED_AT)
ROUNDS = 3
ANSWERS = 100
"""Answers before the kill; the six that are then under way get none."""
LOOKS = 2_000


@dataclass
class Crowd:
    """Clients that ask a witness until it is gone, and what they were answered."""

    chance: random.Random
    cosigned: set[int] = field(default_factory=set)
    answers: int = 0
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask_on(self, http: httpx2.AsyncClient) -> None:
        held = 0
        while True:
            size = min(LARGEST, held + self.chance.randrange(3))
            try:
                answer = await ask(http, LOG.body(held, size))
            except httpx2.HTTPError:
                return
            if answer.status_code == 200:
                signed_at(LOG.note(size), answer)
                self.cosigned.add(size)
                held = size
            else:
                held = held_size(answer)
            self.answers += 1
            if self.answers >= ANSWERS:
                self.enough.set()

    async def until_killed(self, witness: Running) -> None:
        async with client(witness.base_url) as http, asyncio.TaskGroup() as group:
            for _ in range(6):
                group.create_task(self.ask_on(http))
            await self.enough.wait()
            await witness.kill()


async def test_what_was_cosigned_before_kill_9_is_in_the_store(tmp_path: Path) -> None:
    path, store = write_config(tmp_path), tmp_path / "witness.sqlite"
    cosigned: set[int] = set()
    for seed in range(ROUNDS):
        crowd = Crowd(random.Random(seed))
        async with started(path) as witness:
            await crowd.until_killed(witness)
        cosigned |= crowd.cosigned
        # A journal that the crash left is rolled back by the next start, not by this reader.
        async with started(path) as again, client(again.base_url) as http:
            size = held_size(await ask(http, LOG.body(LARGEST, LARGEST)))
            assert stored(store) == (size, LOG.tree.root(size))
            assert size >= max(cosigned)
            # Stored but perhaps never answered: the client asks again, and gets it.
            signed_at(LOG.note(size), await ask(http, LOG.body(size, size)))
            assert size > FORKED_AT
            assert (await ask(http, FORK.body(size, size))).status_code == 422
            cosigned.add(size)
    assert len(cosigned) > ROUNDS


async def test_an_answer_that_nobody_heard_is_harmless(
    http: httpx2.AsyncClient, config: Config
) -> None:
    """Persisted, not answered: the second half of the pair whose first half is a failed write."""
    _, writer = await asyncio.open_connection("127.0.0.1", port_of(str(http.base_url).rstrip("/")))
    writer.write(request(LOG.body(0, 7)))
    await writer.drain()
    writer.close()
    for _ in range(LOOKS):
        if await asyncio.to_thread(stored, config.store):
            break
    assert held_size(await ask(http, LOG.body(0, 7))) == 7
    signed_at(LOG.note(7), await ask(http, LOG.body(7, 7)))
    assert stored(config.store, LOT) == (7, LOG.tree.root(7))
