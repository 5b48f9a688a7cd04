"""The health series: how far the bid path is proved, and where the first hole is."""

from collections.abc import Sequence
from random import Random

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.store import health
from service.store.health import HOUR_MS, Gap, Proof, close_hours, prove, proved_to, read_proofs

GAP_MS = 5_000


def proof(at: int, process: str = "one") -> Proof:
    return Proof(at, process, offset_us=-3, uncertainty_us=120, lag_us=4)


async def write(engine: AsyncEngine, *proofs: Proof) -> None:
    for each in proofs:
        async with engine.begin() as connection:
            await prove(connection, each)


@pytest.mark.parametrize(
    ("proofs", "since", "answer"),
    [
        ([], 1_000, (1_000, None)),
        ([500], 1_000, (1_000, None)),
        ([2_000, 3_000, 4_000], 1_000, (4_000, None)),
        ([2_000, 7_000], 1_000, (7_000, None)),
        ([2_000, 7_001], 1_000, (2_000, Gap(2_000, 7_001))),
        ([6_000], 1_000, (6_000, None)),
        ([6_001], 1_000, (1_000, Gap(1_000, 6_001))),
        ([2_000, 9_000, 99_000], 1_000, (2_000, Gap(2_000, 9_000))),
        ([2_000, 9_000, 9_500], 9_000, (9_500, None)),
    ],
)
async def test_the_path_is_proved_up_to_the_first_gap(
    engine: AsyncEngine, proofs: Sequence[int], since: int, answer: tuple[int, Gap | None]
) -> None:
    await write(engine, *(proof(at) for at in proofs))
    async with engine.connect() as connection:
        assert await proved_to(connection, since, GAP_MS) == answer


async def test_the_proofs_of_all_processes_are_one_series(engine: AsyncEngine) -> None:
    await write(engine, proof(1_000, "one"), proof(4_000, "two"), proof(8_000, "one"))
    async with engine.connect() as connection:
        assert await proved_to(connection, 1_000, GAP_MS) == (8_000, None)
        found = await read_proofs(connection, 1_000, 4_000)
        assert found == [proof(1_000, "one"), proof(4_000, "two")]


async def test_a_proof_counts_only_once_it_is_committed(engine: AsyncEngine) -> None:
    async with engine.connect() as writer, engine.connect() as reader:
        await prove(writer, proof(2_000))
        assert await proved_to(reader, 1_000, GAP_MS) == (1_000, None)
        await writer.commit()
        assert await proved_to(reader, 1_000, GAP_MS) == (2_000, None)


async def test_two_processes_of_one_name_in_one_millisecond_do_no_harm(engine: AsyncEngine) -> None:
    await write(engine, proof(2_000), proof(2_000))
    async with engine.connect() as connection:
        assert await read_proofs(connection, 0, 9_000) == [proof(2_000)]


# ── closed hours ────────────────────────────────────────────────────────────────────────────


async def closed(engine: AsyncEngine, now: int) -> None:
    more = True
    while more:
        async with engine.begin() as connection:
            more = await close_hours(connection, now)


@pytest.mark.parametrize("seed", range(3))
async def test_closed_hours_tell_what_the_proofs_in_them_tell(
    engine: AsyncEngine, seed: int
) -> None:
    """Over gaps within an hour, at its edge, over whole hours; and where some are not closed."""
    chance, at, proofs = Random(seed), 30_000, []
    while at < 30 * HOUR_MS:
        proofs.append(proof(at, chance.choice(("one", "two"))))
        at += chance.choice((1, 200_000, 400_000, 900_000, 1_100_000, HOUR_MS, 3 * HOUR_MS))
    async with engine.begin() as connection:
        for each in proofs:
            await prove(connection, each)
    asked = [(chance.randrange(31 * HOUR_MS), chance.randrange(1_000_000)) for _ in range(40)]
    async with engine.connect() as connection:
        before = [await proved_to(connection, since, gap) for since, gap in asked]
    assert len({gap is None for _, gap in before}) == 2 or seed
    for now in (9 * HOUR_MS, 31 * HOUR_MS):
        await closed(engine, now)
        async with engine.connect() as connection:
            assert [await proved_to(connection, since, gap) for since, gap in asked] == before


async def test_an_hour_is_closed_once_no_proof_can_come_late(engine: AsyncEngine) -> None:
    await write(engine, proof(500), proof(2_000), proof(3_000))
    await closed(engine, HOUR_MS + health.LATE_MS - 1)
    await write(engine, proof(9_000))
    async with engine.connect() as connection:
        assert await proved_to(connection, 0, GAP_MS) == (3_000, Gap(3_000, 9_000))
    await closed(engine, HOUR_MS + health.LATE_MS)
    async with engine.connect() as connection:
        assert await proved_to(connection, 0, GAP_MS) == (3_000, Gap(3_000, 9_000))
        assert await proved_to(connection, -1, GAP_MS) == (3_000, Gap(3_000, 9_000))


async def test_ten_days_are_few_rows(engine: AsyncEngine) -> None:
    """A listing of ten days must not be read proof by proof for every room of a start."""
    async with engine.begin() as connection:
        for hour in range(240):
            await prove(connection, proof(hour * HOUR_MS + 1))
    await closed(engine, 241 * HOUR_MS)
    async with engine.connect() as connection:
        rows = await connection.exec_driver_sql("SELECT count(*) FROM health_hours")
        assert rows.scalar_one() == 240
        assert await proved_to(connection, 0, HOUR_MS) == (239 * HOUR_MS + 1, None)
