"""The pack as the desk gathers it from a real database verifies, and tells nothing too early."""

from collections.abc import AsyncIterator, Callable, Sequence
from types import SimpleNamespace

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.audit.pack import PackContents, build
from service.audit.tree import Frontier, leaf_hash
from service.audit.verifier import verify_pack
from service.desk import evidence
from service.desk.refused import Refused
from service.settings import Settings
from service.store import evidence as reads
from service.store.engine import open_engine
from service.store.health import Proof, prove
from service.store.ledger import Append, NewEntry, append_on
from service.store.log_tables import HOUSE, lot_log
from service.store.signer import Signer
from service.store.views import View, add_views
from tests.audit import sales
from tests.audit.forgers import unpack


@pytest.fixture
async def engine(database: SimpleNamespace) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(database.app_url, Settings())
    yield opened
    await opened.dispose()


async def append(
    connection: AsyncConnection, log: str, entries: Sequence[bytes], sizes: Sequence[int]
) -> None:
    """These entries, committed in batches that end at these sizes."""
    frontier = Frontier()
    for size in sizes:
        batch = [NewEntry(raw, leaf_hash(raw)) for raw in entries[frontier.size : size]]
        after = frontier.extend(entry.leaf for entry in batch)
        one = Append(log, frontier.size, tuple(batch), after.to_bytes(), after.root(), after.size)
        await append_on(connection, one)
        frontier = after


async def store(engine: AsyncEngine, sale: PackContents, house: Sequence[bytes] = ()) -> str:
    """A sale as the service would have left it; between its house entries stand strangers."""
    lot_id = sale.origin.rpartition("/")[2]
    entries = list(house) or [b'{"subject":"lot/hj-2017-070"}'] * sale.house_head.size
    for record in sale.house:
        entries[record.seq] = record.entry
    async with engine.begin() as connection:
        await append(connection, lot_log(lot_id), sale.entries, [h.size for h in sale.heads])
        await append(connection, HOUSE, entries, [len(entries)])
        for row in sale.health:
            await prove(connection, Proof(row.at, row.process, 0, 0, 0))
    return lot_id


@pytest.mark.parametrize("sale", sales.HONEST)
async def test_a_pack_from_the_database_verifies(
    engine: AsyncEngine, sale: Callable[[], PackContents]
) -> None:
    lot_id = await store(engine, sale())
    pack = await evidence.build_pack(engine, sales.SITE, lot_id, Signer(sales.KEY))
    report = verify_pack(pack, sales.VKEY)
    assert report.exit_code == 0, report
    assert report.entries == len(sale().entries)
    assert [check.counted for check in report.checks][3] == len(sale().heads)


async def test_long_logs_are_read_in_pieces(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "ENTRIES_A_READ", 4)
    monkeypatch.setattr(reads, "LEAVES_A_READ", 2)
    monkeypatch.setattr(reads, "HEALTH_MS_A_READ", 7_000)
    sale = sales.sold_listing()
    lot_id = await store(engine, sale)
    gathered = await evidence.gather(engine, sales.SITE, lot_id)
    assert tuple(gathered.entries) == sale.entries
    assert tuple(gathered.health) == sale.health
    assert [record.entry for record in gathered.house] == [r.entry for r in sale.house]
    assert verify_pack(build(gathered, sales.KEY), sales.VKEY).exit_code == 0


async def test_looks_and_actions_about_the_lot_are_in_the_pack(engine: AsyncEngine) -> None:
    sale = sales.sold_listing()
    house = [b"{}"] * (sale.house_head.size + 3)
    house[-3] = b'{"command":{"subject":"lot/hj-2017-07"}}'
    house[-2] = b'{"command":{"subject":"lot/hj-2017-070"}}'
    house[-1] = b'{"command":{"lotXid":"hj-2017-07"}}'
    lot_id = await store(engine, sale, house)
    gathered = await evidence.gather(engine, sales.SITE, lot_id)
    assert [record.seq for record in gathered.house] == [1, 2, 3, 4, 5, len(house) - 3]


async def test_before_the_roll_opens_a_pack_does_not_tell_who_or_how_many(
    engine: AsyncEngine,
) -> None:
    sale, one, two, _ = sales.listing("hj-2017-50")
    sale.bid(one, sales.START_FEN)
    lot_id = await store(engine, sale.contents())
    gathered = await evidence.gather(engine, sales.SITE, lot_id)
    assert [b"lot_born" in record.entry for record in gathered.house] == [True]
    pack = await evidence.build_pack(engine, sales.SITE, lot_id, Signer(sales.KEY))
    assert two.number.encode() not in b"".join(record.entry for record in gathered.house)
    report = verify_pack(pack, sales.VKEY)
    assert (report.exit_code, report.outcome) == (0, "UNFINISHED: LISTING")


async def test_a_lot_that_is_not_there_is_refused_by_name(engine: AsyncEngine) -> None:
    with pytest.raises(Refused, match="not_found"):
        await evidence.build_pack(engine, sales.SITE, "hj-2099-99", Signer(sales.KEY))


async def test_a_pack_is_one_instant_even_when_the_log_grows_meanwhile(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Heads that are newer than the entries would make an honest log look truncated."""
    sale = sales.sold_listing()
    half = [head for head in sale.heads if head.size <= 6]
    lot_id = await store(engine, sales_part(sale, half[-1].size))
    true_read = reads.read_whole_log

    async def read_then_grow(connection: AsyncConnection, log: str) -> object:
        found = await true_read(connection, log)
        async with engine.begin() as other:
            frontier = Frontier().extend(leaf_hash(raw) for raw in sale.entries[: half[-1].size])
            raw = sale.entries[half[-1].size]
            after = frontier.append(leaf_hash(raw))
            entry = (NewEntry(raw, leaf_hash(raw)),)
            grown = Append(log, frontier.size, entry, after.to_bytes(), after.root(), after.size)
            await append_on(other, grown)
        return found

    monkeypatch.setattr(reads, "read_whole_log", read_then_grow)
    pack = await evidence.build_pack(engine, sales.SITE, lot_id, Signer(sales.KEY))
    report = verify_pack(pack, sales.VKEY)
    assert (report.exit_code, report.entries) == (0, half[-1].size)


def sales_part(sale: PackContents, size: int) -> PackContents:
    """The beginning of a sale."""
    return PackContents(
        origin=sale.origin,
        entries=sale.entries[:size],
        heads=[head for head in sale.heads if head.size <= size],
        house=sale.house[:1],
        house_head=sale.house_head,
        health=sale.health,
    )


async def test_every_pack_bears_the_report_for_people(engine: AsyncEngine) -> None:
    lot_id = await store(engine, sales.sold_listing())
    pack = unpack(await evidence.build_pack(engine, sales.SITE, lot_id, Signer(sales.KEY)))
    assert pack["report.pdf"].startswith(b"%PDF-")
    again = unpack(await evidence.build_pack(engine, sales.SITE, lot_id, Signer(sales.KEY)))
    assert again == pack, "the same sale gives the same bytes"


@pytest.mark.parametrize(("sale", "told"), [(sales.sold_listing, True), (sales.unfinished, False)])
async def test_what_screens_were_shown_is_for_the_regulator_once_the_roll_is_open(
    engine: AsyncEngine, sale: Callable[[], PackContents], told: bool
) -> None:
    lot_id = await store(engine, sale())
    row = View(log=lot_log(lot_id), at=1, process="one", kind="opened", session="s", facts={})
    frame = View(log=lot_log(lot_id), at=2, process="one", kind="all", no=1, frame="{}")
    async with engine.begin() as connection:
        await add_views(connection, [row, frame])
    signer = Signer(sales.KEY)
    own = await evidence.build_pack(engine, sales.SITE, lot_id, signer, regulator=True)
    assert verify_pack(own, sales.VKEY).exit_code == 0
    shown = {"sessions.jsonl", "views.jsonl"}
    assert shown <= set(unpack(own)) if told else not shown & set(unpack(own))
    assert not shown & set(unpack(await evidence.build_pack(engine, sales.SITE, lot_id, signer)))
