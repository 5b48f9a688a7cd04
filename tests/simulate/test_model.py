"""The model of the database against the real one: the same questions, the same answers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from random import Random
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.audit.tree import EMPTY_ROOT, leaf_hash
from service.settings import Settings
from service.store import health, ledger, lot_states
from service.store.engine import open_engine
from service.store.ledger import Append, Ledger, NewEntry, NotWritten, Projection
from tests.simulate.database import Store
from tests.simulate.loop import Host, SimLoop
from tests.simulate.server import Server, SimEngine
from tests.simulate.world import simulated

LOGS = ("lot/a", "lot/b", "lot/c")
STAGES = ("LISTING", "TIMED", "CLOSING")
Answers = list[str]


@pytest.fixture
async def engine(database: SimpleNamespace) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(database.app_url, Settings())
    yield opened
    await opened.dispose()


@pytest.mark.parametrize("seed", range(6))
async def test_the_model_answers_as_postgresql_does(engine: AsyncEngine, seed: int) -> None:
    real = await _script(engine, Random(seed))
    assert _on_model(lambda model: _script(model, Random(seed))) == real


async def _script(engine: Any, chance: Random) -> Answers:
    """Appends that fit and that do not, alone and at once, and everything that is read."""
    settings, told = Settings(), Answers()
    writers = Ledger(engine, settings), Ledger(engine, settings)
    sizes = dict.fromkeys(LOGS, 0)
    async with engine.begin() as connection:
        for log in LOGS[:2]:
            await ledger._make_log(connection, log)
            await ledger._make_log(connection, log)
    for round_no in range(40):
        told += await _write(chance, writers, sizes, round_no)
        told += await _proof(engine, chance)
        told += await _state(engine, chance, round_no)
        told += await _reads(engine, chance, sizes)
    for writer in writers:
        await writer.close()
    return told


async def _write(
    chance: Random, writers: tuple[Ledger, Ledger], sizes: dict[str, int], round_no: int
) -> Answers:
    """One append or several in one statement, or the same from two writers at once."""
    appends = [_append(chance, log, sizes, round_no) for log in chance.sample(LOGS, 2)]
    if chance.random() < 0.5:
        appends = appends[:1]
    rivals = writers if chance.random() < 0.3 else writers[:1]
    asked = [_done(writer.append(append)) for append in appends for writer in rivals]
    answers = await asyncio.gather(*asked)
    for place, append in enumerate(appends):
        own = answers[place * len(rivals) : (place + 1) * len(rivals)]
        if any("DONE" in answer for answer in own):
            sizes[append.log] = append.size
    return sorted(answers)


def _append(chance: Random, log: str, sizes: dict[str, int], round_no: int) -> Append:
    expected = max(sizes[log] + chance.choice((0, 0, 0, 0, -1, 1)), 0)
    entries = tuple(
        _entry(chance, log, seq, round_no)
        for seq in range(expected, expected + chance.randint(1, 3))
    )
    listing = None
    if chance.random() < 0.3:
        listing = {"timetable": {"announced_at": chance.randint(1, 99)}}
    sealed = chance.random() < 0.1
    wake_at = chance.choice((None, 7, 9))
    shown = Projection(chance.choice(STAGES), "NORMAL", wake_at, {"sealed": sealed}, listing)
    projection = None if chance.random() < 0.2 else shown
    root = leaf_hash(f"{log} {expected} {round_no}".encode())
    return Append(log, expected, entries, root[:5], root, round_no, projection)


def _entry(chance: Random, log: str, seq: int, round_no: int) -> NewEntry:
    """Now and then under a bid_id that was used before: then nothing of its append is written."""
    raw = f"{log} {seq} {round_no}".encode()
    if chance.random() < 0.5:
        return NewEntry(raw, leaf_hash(raw))
    number = chance.randint(0, 99) if chance.random() < 0.2 else round_no * 100 + seq
    return NewEntry(raw, leaf_hash(raw), str(UUID(int=number)), leaf_hash(raw))


async def _done(asked: Awaitable[Any]) -> str:
    try:
        return str(await asked)
    except NotWritten:
        return "NotWritten"


async def _proof(engine: Any, chance: Random) -> Answers:
    at = chance.randint(1, 60_000)
    async with engine.begin() as connection:
        for _ in range(2):
            await health.prove(connection, health.Proof(at, "host", 1, 2, 3))
    since = chance.randint(0, 50_000)
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ")
        return [repr(await health.proved_to(connection, since, 3_000))]


async def _state(engine: Any, chance: Random, round_no: int) -> Answers:
    """The newest state of a log stays, and another version's goes."""
    made_by = chance.choice(("one", "other"))
    size = chance.randint(1, 9)
    kept = lot_states.StoredState("lot/a", size, b"f", made_by, b"%d" % round_no, EMPTY_ROOT)
    async with engine.begin() as connection:
        await lot_states.keep_states(connection, [kept])
    async with engine.connect() as connection:
        return [repr(await lot_states.read_states(connection, LOGS, "one"))]


async def _reads(engine: Any, chance: Random, sizes: dict[str, int]) -> Answers:
    log, seq = chance.choice(LOGS), chance.randint(-1, 5)
    seqs = [chance.randint(0, 9) for _ in range(3)]
    bid_ids = [str(UUID(int=chance.randint(0, 4_000))) for _ in range(200)]
    async with engine.connect() as connection:
        reads = [
            ledger.read_log(connection, log, seq, chance.choice((None, 2))),
            ledger.read_heads(connection, log),
            ledger.read_head(connection, log),
            ledger.open_lots(connection),
            lot_states.read_pieces(connection, {"lot/b": 1, "lot/a": 0}, 3),
            lot_states.read_heads_between(connection, {"lot/b": (0, 4), "lot/a": (2, 9)}),
            lot_states.read_entries_at(connection, log, seqs),
        ]
        told = [repr(await read) for read in reads]
        found = await lot_states.find_bids(connection, log, bid_ids)
        told.append(repr(sorted(found, key=lambda bid: bid.bid_id)))
        told.append(repr(sorted((await ledger.read_sizes(connection, LOGS)).items())))
    assert len(sizes) == len(LOGS)
    return told


def _on_model(work: Callable[[Any], Awaitable[Answers]]) -> Answers:
    loop = SimLoop(Random(1))  # type: ignore[abstract]
    server = Server(loop, Store(), 2_500)
    engine = SimEngine(server, Host("host"))
    with simulated([]):
        task: asyncio.Task[Answers] = loop.spawn(work(engine))  # type: ignore[arg-type]
        loop.run(task, 10**12)
    loop.bury()
    return task.result()
