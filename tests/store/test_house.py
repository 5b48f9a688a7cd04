"""The house log: office facts in one order, whoever records them at the same moment."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.log import HouseEntry, LotBorn
from service.audit import canonical
from service.store.health import Proof, prove
from service.store.house import record
from service.store.ledger import read_log
from service.store.log_tables import HOUSE, health

SITE = "auction.example.cn"
Verify = Callable[..., Awaitable[int]]


@dataclass
class HandClock:
    """A clock that a test winds by hand."""

    ms: int = 1_793_354_677_412

    def now_ms(self) -> int:
        return self.ms

    def monotonic_ms(self) -> int:
        return self.ms

    def is_sure(self) -> bool:
        return True


def born(number: int) -> LotBorn:
    return LotBorn(lot_id=f"lot-{number:03}", leaf_hash=f"{number:064x}")


async def house_entries(engine: AsyncEngine) -> list[HouseEntry]:
    async with engine.connect() as connection:
        stored = await read_log(connection, HOUSE)
    for entry in stored:
        canonical.decode(entry.bytes)
    return [HouseEntry.model_validate_json(entry.bytes) for entry in stored]


async def test_the_first_fact_makes_the_log(engine: AsyncEngine, verify: Verify) -> None:
    clock = HandClock()
    assert await record(engine, clock, SITE, born(1)) == 0
    assert await record(engine, clock, SITE, born(2)) == 1
    entries = await house_entries(engine)
    assert [entry.command for entry in entries] == [born(1), born(2)]
    assert entries[0].log == f"{SITE}/house"
    assert entries[0].at == clock.ms
    assert await verify(HOUSE) == 2


async def test_facts_recorded_at_once_get_one_order_each(
    engine: AsyncEngine, verify: Verify
) -> None:
    clock = HandClock()
    seqs = await asyncio.gather(*(record(engine, clock, SITE, born(n)) for n in range(24)))
    assert sorted(seqs) == list(range(24))
    entries = await house_entries(engine)
    for number, seq in enumerate(seqs):
        assert (entries[seq].command, entries[seq].seq) == (born(number), seq)
    assert await verify(HOUSE) == 24


async def test_a_fact_and_its_entry_are_committed_together_or_not_at_all(
    engine: AsyncEngine, verify: Verify
) -> None:
    clock = HandClock()
    await record(engine, clock, SITE, born(1))
    for ending in ("rollback", "commit"):
        async with engine.connect() as connection:
            await prove(connection, Proof(1_000, "fact", 0, 0, 0))
            assert await record(connection, clock, SITE, born(2)) == 1
            await getattr(connection, ending)()
            facts = len((await connection.execute(select(health))).all())
        assert facts == len(await house_entries(engine)) - 1 == (ending == "commit")
    assert await verify(HOUSE) == 2


@pytest.mark.parametrize(("wound_by", "expected"), [(-5_000, 0), (0, 0), (1, 1)])
async def test_at_never_decreases_when_a_process_has_an_earlier_clock(
    engine: AsyncEngine, wound_by: int, expected: int
) -> None:
    clock = HandClock()
    await record(engine, clock, SITE, born(1))
    clock.ms += wound_by
    await record(engine, clock, SITE, born(2))
    first, second = await house_entries(engine)
    assert second.at - first.at == expected
