"""The public list: newest first, narrowed and turned page by page without a gap or a double."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.store.ledger import Appended, Ledger, Projection, append_on, open_lots, read_head
from service.store.log_tables import lot_log
from service.store.lots import find_lot, list_lots

NewLog = Callable[[str], Awaitable[Any]]


def shown(at: int, title: str, *, stage: str = "LISTING", method: str = "LISTING") -> Projection:
    listing = {
        "parcel": {"title": title, "parcel_no": f"HJ({at})"},
        "method": method,
        "timetable": {"announced_at": at},
    }
    return Projection(stage, "NORMAL", at, {"stage": stage, "sealed": False}, listing)


@pytest.fixture
async def lots(engine: AsyncEngine, new_log: NewLog, ledger: Ledger) -> dict[str, Any]:
    projections = {
        "lot-a": shown(1_000, "Riverside 地块"),
        "lot-b": shown(3_000, "north field", method="AUCTION"),
        "lot-c": shown(2_000, "100% 工业", stage="TIMED"),
        "lot-d": shown(2_000, "South FIELD"),
        "lot-e": shown(2_000, "hill"),
    }
    logs = {}
    for lot_id, projection in projections.items():
        logs[lot_id] = log = await new_log(lot_log(lot_id))
        append = replace(log.append(), projection=projection)
        assert await ledger.append(append) is Appended.DONE
        await log.read(engine)
    return logs


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, "bcdea"),
        ({"method": "AUCTION"}, "b"),
        ({"stage": "TIMED"}, "c"),
        ({"stage": "SOLD"}, ""),
        ({"q": "FIELD"}, "bd"),
        ({"q": "地块"}, "a"),
        ({"q": "hj(2000)"}, "cde"),
        ({"q": "lot-e"}, "e"),
        ({"q": "%"}, "c"),
        ({"q": "_"}, ""),
        ({"q": "field", "method": "LISTING"}, "d"),
    ],
)
async def test_the_list_is_narrowed(
    engine: AsyncEngine, lots: dict[str, Any], asked: dict[str, Any], found: str
) -> None:
    async with engine.connect() as connection:
        listed = await list_lots(connection, **asked, limit=10)
    assert [lot.lot_id for lot in listed] == [f"lot-{letter}" for letter in found]


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
async def test_pages_follow_each_other_without_gap_or_double(
    engine: AsyncEngine, lots: dict[str, Any], limit: int
) -> None:
    seen: list[str] = []
    after: tuple[int, str] | None = None
    async with engine.connect() as connection:
        while page := await list_lots(connection, after=after, limit=limit):
            assert len(page) <= limit
            seen += [lot.lot_id for lot in page]
            after = page[-1].cursor
    assert seen == ["lot-b", "lot-c", "lot-d", "lot-e", "lot-a"]


async def test_a_lot_shows_what_its_last_entry_made_of_it(
    engine: AsyncEngine, lots: dict[str, Any], ledger: Ledger
) -> None:
    """The listing stays as published when a later append does not give one."""
    later = Projection("SOLD", "NORMAL", None, {"stage": "SOLD", "sealed": True})
    await ledger.append(replace(lots["lot-a"].append(), projection=later))
    async with engine.connect() as connection:
        lot = await find_lot(connection, "lot-a")
        assert lot is not None
        assert lot.state == later.state
        assert lot.listing["parcel"]["title"] == "Riverside 地块"
        assert (lot.announced_at, lot.size) == (1_000, 3)
        assert await find_lot(connection, "lot-z") is None
        still_open = await open_lots(connection)
    assert [lot.log for lot in still_open] == [f"lot/lot-{letter}" for letter in "bcde"]
    assert [lot.wake_at for lot in still_open] == [3_000, 2_000, 2_000, 2_000]


async def test_a_published_lot_is_listed_when_its_publication_commits(
    engine: AsyncEngine, new_log: NewLog
) -> None:
    log = await new_log("lot/plain")
    birth = replace(
        type(log)("lot/newborn").append(), projection=shown(9_000, "born", stage="ANNOUNCED")
    )
    async with engine.connect() as writer, engine.connect() as reader:
        await append_on(writer, birth)
        assert await find_lot(reader, "newborn") is None
        await writer.commit()
        assert await find_lot(reader, "newborn") is not None
        head = await read_head(reader, "lot/newborn")
        assert head is not None
        assert head.size == 1
        assert await find_lot(reader, "plain") is None, "it was never given a listing"
