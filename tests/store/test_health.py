"""The health series: how far the bid path is proved, and where the first hole is."""

from collections.abc import Sequence

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.store.health import Gap, Proof, prove, proved_to, read_proofs

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
