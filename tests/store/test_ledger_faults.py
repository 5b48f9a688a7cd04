"""Faults in pairs: surely not written, and written or not but unknown. The server is real."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.settings import Settings
from service.store.ledger import Append, Appended, CommitUnknown, Ledger, NotWritten, read_log

NewLog = Callable[[str], Awaitable[Any]]
Verify = Callable[..., Awaitable[int]]
UntilWaiting = Callable[[int], Awaitable[list[int]]]


async def is_written(engine: AsyncEngine, append: Append) -> bool:
    async with engine.connect() as connection:
        stored = await read_log(connection, append.log, append.expected_size - 1)
    return [entry.bytes for entry in stored] == [entry.bytes for entry in append.entries]


async def test_failed_and_not_written_when_the_words_never_arrive(
    engine: AsyncEngine,
    cuttable: AsyncEngine,
    wire: Any,
    settings: Settings,
    new_log: NewLog,
    verify: Verify,
) -> None:
    ledger, log = Ledger(cuttable, settings), await new_log("lot/one")
    assert await ledger.append(log.append()) is Appended.DONE
    await log.read(engine)
    wire.cut = "before"
    lost = log.append(2)
    with pytest.raises(CommitUnknown):
        await ledger.append(lost)
    assert not await is_written(engine, lost)
    assert await ledger.append(lost) is Appended.DONE, "the next connection works"
    assert await is_written(engine, lost)
    assert await verify("lot/one") == 4
    await ledger.close()


async def test_failed_but_written_when_only_the_answer_is_lost(
    engine: AsyncEngine,
    cuttable: AsyncEngine,
    wire: Any,
    settings: Settings,
    new_log: NewLog,
    verify: Verify,
) -> None:
    ledger, log = Ledger(cuttable, settings), await new_log("lot/one")
    assert await ledger.append(log.append()) is Appended.DONE
    await log.read(engine)
    wire.cut = "after"
    lost = log.append(2)
    with pytest.raises(CommitUnknown):
        await ledger.append(lost)
    assert await is_written(engine, lost)
    assert await ledger.append(lost) is Appended.LOST, "asked again, it is not written twice"
    assert await verify("lot/one") == 4
    await ledger.close()


async def test_every_append_of_a_lost_statement_is_unknown_and_the_waiting_ones_are_not(
    engine: AsyncEngine,
    cuttable: AsyncEngine,
    owner: asyncpg.Connection,
    wire: Any,
    settings: Settings,
    new_log: NewLog,
    until_waiting: UntilWaiting,
    verify: Verify,
) -> None:
    ledger = Ledger(cuttable, settings)
    logs = [await new_log(f"lot/lot-{number}") for number in range(3)]
    slow_writer = owner.transaction()
    await slow_writer.start()
    await owner.execute("SELECT FROM logs WHERE log = 'lot/lot-0' FOR UPDATE")
    lost = [asyncio.create_task(ledger.append(log.append())) for log in logs[:2]]
    await until_waiting(1)
    waiting = asyncio.create_task(ledger.append(logs[2].append()))
    wire.cut = "after"
    await slow_writer.rollback()
    answers = await asyncio.gather(*lost, return_exceptions=True)
    assert [type(answer) for answer in answers] == [CommitUnknown, CommitUnknown]
    assert await waiting is Appended.DONE
    assert await verify(*(log.name for log in logs)) == 6
    await ledger.close()


async def test_a_statement_still_at_work_after_the_cut_cannot_write_twice(
    engine: AsyncEngine,
    cuttable: AsyncEngine,
    owner: asyncpg.Connection,
    wire: Any,
    settings: Settings,
    new_log: NewLog,
    until_waiting: UntilWaiting,
    verify: Verify,
) -> None:
    """The server goes on with what it heard. Whoever moves the head first makes the other lose."""
    ledger, log = Ledger(cuttable, settings), await new_log("lot/one")
    assert await ledger.append(log.append()) is Appended.DONE
    await log.read(engine)
    slow_writer = owner.transaction()
    await slow_writer.start()
    await owner.execute("SELECT FROM logs WHERE log = 'lot/one' FOR UPDATE")
    wire.cut = "away"
    ghost = log.append(2)
    with pytest.raises(CommitUnknown):
        await ledger.append(ghost)
    await until_waiting(1)
    assert not await is_written(engine, ghost), "a look alone would say that it never happened"
    again = asyncio.create_task(ledger.append(log.append(3)))
    await until_waiting(2)
    await slow_writer.rollback()
    redone = await again is Appended.DONE
    assert await is_written(engine, ghost) is not redone
    assert await verify("lot/one") == 2 + (3 if redone else 2)
    await ledger.close()


async def test_not_written_when_the_server_refuses(
    engine: AsyncEngine,
    ledger: Ledger,
    owner: asyncpg.Connection,
    new_log: NewLog,
    verify: Verify,
) -> None:
    log = await new_log("lot/one")
    await owner.execute("REVOKE INSERT ON log_heads FROM luochui_app")
    refused = log.append()
    with pytest.raises(NotWritten):
        await ledger.append(refused)
    assert not await is_written(engine, refused)
    await owner.execute("GRANT INSERT ON log_heads TO luochui_app")
    assert await ledger.append(refused) is Appended.DONE
    assert await verify("lot/one") == 2


async def test_not_written_when_the_lock_is_not_had_in_time(
    engine: AsyncEngine, owner: asyncpg.Connection, new_log: NewLog, verify: Verify
) -> None:
    ledger, log = Ledger(engine, Settings(statement_timeout_ms=100)), await new_log("lot/one")
    slow_writer = owner.transaction()
    await slow_writer.start()
    await owner.execute("SELECT FROM logs WHERE log = 'lot/one' FOR UPDATE")
    with pytest.raises(NotWritten, match="statement timeout"):
        await ledger.append(log.append())
    await slow_writer.rollback()
    assert await ledger.append(log.append()) is Appended.DONE
    assert await verify("lot/one") == 2
    await ledger.close()


async def test_not_written_when_nobody_answers_the_call(
    engine: AsyncEngine, cuttable: AsyncEngine, wire: Any, settings: Settings, new_log: NewLog
) -> None:
    ledger, log = Ledger(cuttable, settings), await new_log("lot/one")
    wire.cut = "before"
    refused = log.append()
    with pytest.raises(NotWritten, match="does not answer"):
        await ledger.append(refused)
    assert not await is_written(engine, refused)
    assert await ledger.append(refused) is Appended.DONE
    await ledger.close()


async def test_unknown_when_nothing_comes_back_at_all(
    engine: AsyncEngine, cuttable: AsyncEngine, wire: Any, new_log: NewLog, verify: Verify
) -> None:
    """A dead network path answers nothing, not even an error: the wait is bounded on our side."""
    ledger, log = Ledger(cuttable, Settings(statement_timeout_ms=100)), await new_log("lot/one")
    assert await ledger.append(log.append()) is Appended.DONE
    await log.read(engine)
    wire.cut = "hole"
    lost = log.append()
    with pytest.raises(CommitUnknown):
        await ledger.append(lost)
    wire.cut = None
    assert not await is_written(engine, lost)
    assert await ledger.append(lost) is Appended.DONE
    assert await verify("lot/one") == 3
    await ledger.close()


async def test_unknown_when_the_server_ends_the_session_in_the_middle(
    engine: AsyncEngine,
    ledger: Ledger,
    owner: asyncpg.Connection,
    new_log: NewLog,
    until_waiting: UntilWaiting,
    verify: Verify,
) -> None:
    """Fault 4 too: the dead session's locks go with it and the next write goes through."""
    log = await new_log("lot/one")
    slow_writer = owner.transaction()
    await slow_writer.start()
    await owner.execute("SELECT FROM logs WHERE log = 'lot/one' FOR UPDATE")
    lost = log.append()
    writing = asyncio.create_task(ledger.append(lost))
    (pid,) = await until_waiting(1)
    await owner.execute("SELECT pg_terminate_backend($1)", pid)
    with pytest.raises(CommitUnknown):
        await writing
    await slow_writer.rollback()
    assert not await is_written(engine, lost)
    assert await ledger.append(lost) is Appended.DONE
    assert await verify("lot/one") == 2
