"""The ledger on a real server: who gets the seq, what goes together, what can never change."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.settings import Settings
from service.store.ledger import (
    Appended,
    Ledger,
    NotWritten,
    Projection,
    append_on,
    open_lots,
    read_heads,
    read_log,
    read_sizes,
)
from service.store.log_tables import log_bids

NewLog = Callable[[str], Awaitable[Any]]
Verify = Callable[..., Awaitable[int]]
DONE, LOST = Appended.DONE, Appended.LOST


async def lock(owner: asyncpg.Connection, log: str) -> asyncpg.transaction.Transaction:
    """Holds a log's row as a slow writer would, until the transaction is rolled back."""
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("SELECT FROM logs WHERE log = $1 FOR UPDATE", log)
    return transaction


async def transaction_of(owner: asyncpg.Connection, log: str, size: int) -> str:
    """The id of the transaction that committed this head."""
    found: str = await owner.fetchval(
        "SELECT xmin::text FROM log_heads WHERE log = $1 AND size = $2", log, size
    )
    return found


async def bids_of(connection: AsyncConnection, log: str) -> dict[str, int]:
    """bid_id → the seq under which it was decided."""
    bids = log_bids.c
    asked = select(bids.bid_id, bids.seq).where(bids.log == log)
    return {row.bid_id: row.seq for row in await connection.execute(asked)}


async def test_two_writers_of_one_seq_one_of_them_wins(
    engine: AsyncEngine, settings: Settings, ledger: Ledger, new_log: NewLog, verify: Verify
) -> None:
    log, other = await new_log("lot/one"), Ledger(engine, settings)
    for _ in range(10):
        mine, theirs = log.append(2), log.append(3)
        answers = await asyncio.gather(ledger.append(mine), other.append(theirs))
        assert sorted(answer.value for answer in answers) == ["DONE", "LOST"]
        winner = mine if answers[0] is DONE else theirs
        await log.read(engine)
        assert log.frontier.to_bytes() == winner.frontier
    assert await verify("lot/one") == log.frontier.size
    await other.close()


async def test_a_lost_swap_writes_nothing_and_changes_no_projection(
    engine: AsyncEngine, ledger: Ledger, new_log: NewLog, verify: Verify
) -> None:
    log = await new_log("lot/one")
    late = log.append(bid_id="11111111-1111-1111-1111-111111111111")
    late = replace(late, projection=Projection("SOLD", "NORMAL", None, {"sealed": True}))
    assert await ledger.append(log.append()) is DONE
    assert await ledger.append(late) is LOST
    async with engine.connect() as connection:
        assert await bids_of(connection, "lot/one") == {}
        assert [lot.stage for lot in await open_lots(connection)] == ["LISTING"]
        assert len(await read_heads(connection, "lot/one")) == 2
    assert await verify("lot/one") == 2


async def test_two_processes_write_many_lots_without_deadlock_or_loss(
    engine: AsyncEngine, settings: Settings, new_log: NewLog, verify: Verify
) -> None:
    names = [f"lot/lot-{number:02}" for number in range(24)]
    logs = [await new_log(name) for name in names]
    ledgers = [Ledger(engine, settings) for _ in range(2)]

    async def room(ledger: Ledger, log: Any) -> int:
        lost = 0
        for _ in range(6):
            while await ledger.append(log.append(3)) is LOST:
                lost += 1
                await log.read(engine)
            await log.read(engine)
        return lost

    # The second process hears of its lots in the opposite order.
    rooms = [room(ledgers[0], replace(log)) for log in logs]
    rooms += [room(ledgers[1], replace(log)) for log in reversed(logs)]
    lost = await asyncio.gather(*rooms)
    assert sum(lost) > 0, "they must have met"
    assert await verify(*names) == len(names) * (1 + 2 * 6 * 3)
    for ledger in ledgers:
        await ledger.close()


async def test_writers_that_meet_in_opposite_order_wait_and_do_not_deadlock(
    engine: AsyncEngine,
    settings: Settings,
    owner: asyncpg.Connection,
    new_log: NewLog,
    verify: Verify,
    until_waiting: Callable[[int], Awaitable[list[int]]],
) -> None:
    """Were rows locked as they come, each would hold its first and want the other's."""
    logs = [await new_log(f"lot/{name}") for name in ("aaa", "mmm", "zzz")]
    ledgers = [Ledger(engine, settings) for _ in range(2)]
    slow_writer = await lock(owner, "lot/mmm")
    rooms = [asyncio.create_task(ledgers[0].append(log.append())) for log in logs]
    await until_waiting(1)
    rooms += [asyncio.create_task(ledgers[1].append(log.append())) for log in reversed(logs)]
    await until_waiting(2)
    await slow_writer.rollback()
    assert await asyncio.gather(*rooms) == [DONE] * 3 + [LOST] * 3
    assert await verify(*(log.name for log in logs)) == 6
    for ledger in ledgers:
        await ledger.close()


async def test_appends_that_wait_go_together_and_each_log_once(
    ledger: Ledger,
    owner: asyncpg.Connection,
    new_log: NewLog,
    verify: Verify,
    until_waiting: Callable[[int], Awaitable[list[int]]],
) -> None:
    first, second, third = [await new_log(f"lot/{name}") for name in ("aaa", "bbb", "ccc")]
    slow_writer = await lock(owner, first.name)
    in_flight = asyncio.create_task(ledger.append(first.append()))
    await until_waiting(1)
    one = second.append()
    second.frontier = second.frontier.extend(entry.leaf for entry in one.entries)
    two = second.append()
    waiting = [asyncio.create_task(ledger.append(append)) for append in (one, two, third.append())]
    await slow_writer.rollback()
    assert await asyncio.gather(in_flight, *waiting) == [DONE] * 4
    together = [await transaction_of(owner, log.name, 2) for log in (second, third)]
    assert together[0] == together[1], "waiting appends of two logs are one statement"
    assert await transaction_of(owner, first.name, 2) not in together
    assert await transaction_of(owner, second.name, 3) not in together
    assert await verify("lot/aaa", "lot/bbb", "lot/ccc") == 2 + 3 + 2


async def test_one_lost_log_does_not_stop_the_others_of_its_statement(
    ledger: Ledger, owner: asyncpg.Connection, new_log: NewLog, verify: Verify
) -> None:
    good, stale = await new_log("lot/good"), await new_log("lot/stale")
    assert await ledger.append(stale.append()) is DONE
    answers = await asyncio.gather(ledger.append(stale.append()), ledger.append(good.append()))
    assert answers == [LOST, DONE]
    assert await verify("lot/good", "lot/stale") == 4


async def test_a_bid_id_is_written_once_for_each_log(
    engine: AsyncEngine, ledger: Ledger, new_log: NewLog, verify: Verify
) -> None:
    bid_id = "22222222-2222-2222-2222-222222222222"
    log, other = await new_log("lot/one"), await new_log("lot/two")
    assert await ledger.append(log.append(bid_id=bid_id)) is DONE
    await log.read(engine)
    answers = await asyncio.gather(
        ledger.append(log.append(bid_id=bid_id)),
        ledger.append(other.append(bid_id=bid_id)),
        return_exceptions=True,
    )
    assert isinstance(answers[0], NotWritten)
    assert answers[1] is DONE, "the other log's bid is innocent and goes through"
    async with engine.connect() as connection:
        assert await bids_of(connection, "lot/one") == {bid_id: 1}
        assert await bids_of(connection, "lot/two") == {bid_id: 1}
    assert await verify("lot/one", "lot/two") == 4


@pytest.mark.parametrize(
    "wrong",
    [
        {"last_at": -1},
        {"root": b"short"},
        {"last_at": "soon"},
        {"projection": Projection("LISTING", "NORMAL", None, {"nul": chr(0)})},
    ],
    ids=["earlier", "short-root", "not-a-number", "not-json"],
)
async def test_a_refused_append_takes_no_other_with_it(
    ledger: Ledger, new_log: NewLog, verify: Verify, wrong: dict[str, Any]
) -> None:
    log, other = await new_log("lot/one"), await new_log("lot/two")
    answers = await asyncio.gather(
        ledger.append(replace(log.append(), **wrong)),
        ledger.append(other.append()),
        return_exceptions=True,
    )
    assert isinstance(answers[0], NotWritten)
    assert answers[1] is DONE
    assert await ledger.append(log.append()) is DONE
    assert await verify("lot/one", "lot/two") == 4


async def test_appends_beyond_the_bound_are_refused_as_not_written(
    engine: AsyncEngine,
    owner: asyncpg.Connection,
    new_log: NewLog,
    verify: Verify,
    until_waiting: Callable[[int], Awaitable[list[int]]],
) -> None:
    ledger = Ledger(engine, Settings(ledger_waiting=2))
    logs = [await new_log(f"lot/lot-{number}") for number in range(4)]
    slow_writer = await lock(owner, logs[0].name)
    taken = [asyncio.create_task(ledger.append(logs[0].append()))]
    await until_waiting(1)
    taken += [asyncio.create_task(ledger.append(log.append())) for log in logs[1:3]]
    await asyncio.sleep(0)
    with pytest.raises(NotWritten, match="2 appends are waiting"):
        await ledger.append(logs[3].append())
    await slow_writer.rollback()
    assert await asyncio.gather(*taken) == [DONE] * 3
    assert await verify(*(log.name for log in logs)) == 7
    await ledger.close()


async def test_a_statement_holds_no_more_entries_than_the_bound(
    engine: AsyncEngine, owner: asyncpg.Connection, new_log: NewLog, verify: Verify
) -> None:
    ledger = Ledger(engine, Settings(write_entries=5))
    logs = [await new_log(f"lot/lot-{number}") for number in range(3)]
    sizes = (3, 3, 9)
    appends = [ledger.append(log.append(n)) for log, n in zip(logs, sizes, strict=True)]
    assert await asyncio.gather(*appends) == [DONE] * 3
    heads = zip(logs, sizes, strict=True)
    transactions = {await transaction_of(owner, log.name, 1 + n) for log, n in heads}
    assert len(transactions) == 3, "two do not fit together and the long one goes alone"
    assert await verify(*(log.name for log in logs)) == 3 + sum(sizes)
    await ledger.close()


async def test_what_a_transaction_appends_exists_when_it_commits(
    engine: AsyncEngine, ledger: Ledger, new_log: NewLog, verify: Verify
) -> None:
    log = await new_log("lot/one")
    async with engine.connect() as connection:
        assert await append_on(connection, log.append(2)) is DONE
        await connection.rollback()
        assert len(await read_log(connection, "lot/one")) == 1
    async with engine.begin() as connection:
        assert await append_on(connection, log.append(2)) is DONE
        assert await append_on(connection, log.append()) is LOST
    async with engine.connect() as connection:
        assert [entry.seq for entry in await read_log(connection, "lot/one", 0)] == [1, 2]
        assert [entry.seq for entry in await read_log(connection, "lot/one", 0, 1)] == [1]
        assert await read_sizes(connection, ["lot/one", "lot/none"]) == {"lot/one": 3}
    assert await verify("lot/one") == 3


async def test_a_cancelled_caller_does_not_stop_the_writer(
    ledger: Ledger,
    owner: asyncpg.Connection,
    new_log: NewLog,
    verify: Verify,
    until_waiting: Callable[[int], Awaitable[list[int]]],
) -> None:
    log, other = await new_log("lot/one"), await new_log("lot/two")
    slow_writer = await lock(owner, log.name)
    gone = asyncio.create_task(ledger.append(log.append()))
    await until_waiting(1)
    gone.cancel()
    await asyncio.wait((gone,))
    await slow_writer.rollback()
    assert await ledger.append(other.append()) is DONE
    assert await verify("lot/one", "lot/two") == 4


@pytest.mark.parametrize("table", ["log_entries", "log_bids", "log_heads", "health"])
@pytest.mark.parametrize(
    "change",
    ["UPDATE {} SET at_or_seq = at_or_seq", "DELETE FROM {}", "TRUNCATE {}"],
    ids=["update", "delete", "truncate"],
)
async def test_nobody_changes_what_is_written(
    database: Any, owner: asyncpg.Connection, table: str, change: str
) -> None:
    column = {"log_heads": "at", "health": "at"}.get(table, "seq")
    statement = change.replace("at_or_seq", column).format(table)
    app = await database.connect_as_app()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute(statement)
    await app.close()
    with pytest.raises(asyncpg.RestrictViolationError, match="what is written here stands"):
        await owner.execute(statement)
    # A replica session switches ordinary triggers off: not this one.
    await owner.execute("SET session_replication_role = replica")
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute(statement)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE logs SET size = size - 1",
        "UPDATE logs SET last_at = last_at - 1",
        "UPDATE logs SET log = 'lot/other'",
        "DELETE FROM logs",
        "TRUNCATE logs",
    ],
)
async def test_a_head_never_goes_back(
    owner: asyncpg.Connection, new_log: NewLog, verify: Verify, change: str
) -> None:
    await new_log("lot/one")
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute(change)
    assert await verify("lot/one") == 1


async def test_the_service_cannot_rewrite_an_entry_by_inserting_it_again(
    database: Any, new_log: NewLog, verify: Verify
) -> None:
    await new_log("lot/one")
    app = await database.connect_as_app()
    with pytest.raises(asyncpg.UniqueViolationError):
        await app.execute("INSERT INTO log_entries SELECT * FROM log_entries")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute(
            "INSERT INTO log_entries SELECT * FROM log_entries "
            "ON CONFLICT (log, seq) DO UPDATE SET bytes = excluded.bytes"
        )
    await app.close()
    assert await verify("lot/one") == 1
