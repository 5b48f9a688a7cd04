"""A lot is opened from its folded state: nobody can tell it from one folded from entry 0."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from schemas import live
from schemas import log as w
from service import wire
from service.audit.notes import SigningKey, lot_origin
from service.audit.tree import Frontier, Tree
from service.live import opening, states
from service.live.batch import Draft
from service.live.record import Entry, LogBroken, Record, content_of, make_entry
from service.live.room import Room
from service.live.states import StateUnfit, record_from, state_of
from service.rules import messages as m
from service.rules.decide import apply
from service.settings import Settings
from service.store.ledger import Append, NewEntry, append_on
from service.store.log_tables import lot_log, lot_states
from service.store.lot_states import keep_states, read_states
from service.store.projection import listing_of, project
from service.store.signer import Signer
from tests.corpus.deeds import history
from tests.live.world import (
    KEY,
    LISTING_FROM,
    SITE,
    START,
    STEP,
    Bidder,
    Process,
    World,
    check_receipt,
    outcome,
    room_of,
)

KEPT = 3
"""So few quotes, own bids and entries in memory that every sale here outgrows them."""


def told(lot_id: str, seed: int, steps: int = 80) -> list[Entry]:
    """A random sale as the log of this lot."""
    entries = []
    for line in history(seed, steps).lines:
        if '"refused":' in line and '"seq"' not in line:
            continue
        said = w.LotEntry.model_validate_json(line)
        command = wire.command_from_wire(said.command)
        events = tuple(wire.event_from_wire(event) for event in said.events)
        entries.append(make_entry(lot_origin(SITE, lot_id), said.seq, said.at, command, events))
    return entries


def folded(entries: list[Entry], record: Record | None = None) -> Record:
    """A record that took all of them."""
    if record is None:
        log = lot_origin(SITE, "lot-one")
        record = Record(log, kept_quotes=KEPT, kept_entries=KEPT)
    for entry in entries:
        record.add(entry)
    return record


def own_of(record: Record, entries: list[Entry]) -> dict[str, tuple[live.DecidedBid, ...]]:
    numbers = {e.command.bidder_no for e in entries if isinstance(e.command, m.PlaceBid)}
    for number in numbers:
        record.recall(number, [entries[seq] for seq in record.unread(number)])
    return {number: record.own(number) for number in sorted(numbers)}


def decided(record: Record, entries: list[Entry]) -> Append:
    """What the record would write next: bids new and old, and a tick."""
    draft = Draft("lot-one", record, entries[-1].at + 1_000)
    for number, amount in (("A2K7", START), ("B3M8", START + 90 * STEP), ("A2K7", START * 2)):
        draft.decide(
            m.PlaceBid(
                bid_id=f"0000000{amount % 7}-0000-4000-8000-00000000000{number[1]}",
                bidder_no=number,
                amount_fen=amount,
                seen_seq=0,
                jump_confirmed=True,
                received_at=entries[-1].at,
                key_id="0" * 16,
                signature="A" * 86 + "==",
                admission=7,
            )
        )
    assert record.lot is not None
    draft.decide(m.Advance(leaving=record.lot.stage, proved_to=2**52))
    return draft.to_append()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), chance=st.randoms(use_true_random=False))
def test_a_record_from_any_state_goes_on_as_one_from_entry_0(seed: int, chance: Random) -> None:
    entries = told("lot-one", seed)
    whole, signer = folded(entries), Signer(KEY)
    for _ in range(3):
        cut = chance.randint(1, len(entries))
        stored = state_of(folded(entries[:cut]), "lot/lot-one", signer)
        record = record_from(stored, whole.log, signer, kept_quotes=KEPT, kept_entries=KEPT)
        folded(entries[cut:], record)
        assert record.size == whole.size
        assert state_of(record, "lot/lot-one", signer) == state_of(whole, "lot/lot-one", signer)
        assert record.folded() == whole.folded()
        assert own_of(record, entries) == own_of(whole, entries)
        assert decided(record, entries) == decided(whole, entries)
        for seq in range(max(record.tree.first, whole.tree.first), whole.size):
            proof = whole.tree.inclusion_proof(seq)
            assert record.tree.inclusion_proof(seq) == proof


# ── in the database ─────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def owner(database: SimpleNamespace) -> AsyncIterator[asyncpg.Connection]:
    connection = await database.connect_as_owner()
    yield connection
    await connection.close()


@pytest.fixture
async def small(engine: Any) -> Any:
    """A world whose rooms remember little and keep a state at every poll."""
    made = World(
        engine,
        Settings(site=SITE, recent_quotes=KEPT, room_entries=KEPT, state_entries=1),
    )
    yield made
    await made.close()


async def write(world: World, lot_id: str, entries: list[Entry], chance: Random) -> None:
    """The log as some process committed it, in batches of any size."""
    frontier, lot, first = Frontier(), None, 0
    while first < len(entries):
        batch = entries[first : first + (1 if first == 0 else chance.randint(1, 5))]
        listing = None
        for entry in batch:
            lot = apply(lot, entry.command, entry.events, entry.at)
            frontier = frontier.append(entry.leaf)
        assert lot is not None
        publication = batch[0].command
        if isinstance(publication, m.PublishLot):
            origin = lot_origin(SITE, lot_id)
            commitment = publication.reserve_commitment
            listing = listing_of(origin, lot_id, lot, publication.documents, commitment)
        rows = tuple(NewEntry(e.raw, e.leaf, *_bid_of(lot_id, e)) for e in batch)
        append = Append(
            lot_log(lot_id),
            first,
            rows,
            frontier.to_bytes(),
            frontier.root(),
            batch[-1].at,
            project(lot, listing),
        )
        async with world.engine.begin() as connection:
            await append_on(connection, append)
        first += len(batch)


def _bid_of(lot_id: str, entry: Entry) -> tuple[str | None, bytes | None]:
    if not isinstance(entry.command, m.PlaceBid):
        return None, None
    content = content_of(lot_origin(SITE, lot_id), entry.command)
    return entry.command.bid_id, content


async def said_by(world: World, room: Room, entries: list[Entry]) -> dict[str, Any]:
    """All that a client could hear from this room about the whole sale."""
    bids = [e.command for e in entries if isinstance(e.command, m.PlaceBid)]
    numbers = sorted({bid.bidder_no for bid in bids})
    said: dict[str, Any] = {"public": room.snapshot(None).model_dump_json()}
    for number in numbers:
        await room.recall(number)
        said[number] = room.snapshot(number).model_dump_json()
    for after in range(-1, len(entries) + 1, 3):
        said[f"resync {after}"] = room.resync(after, numbers[0] if numbers else None)
    for bid in bids:
        said[bid.bid_id] = await room.find_receipt(bid.bid_id, bid.bidder_no)
        said[f"again {bid.bid_id}"] = await room.place_bid(bid)
    return said


async def stored_size(world: World, lot_id: str) -> int | None:
    async with world.engine.connect() as connection:
        found = await read_states(connection, [lot_log(lot_id)], states.made_by())
    return found[lot_log(lot_id)].size if found else None


async def fresh_room(world: World, lot_id: str, *, from_state: bool) -> Room:
    """In a process of its own."""
    if not from_state:
        async with world.engine.begin() as connection:
            await connection.execute(delete_states())
    return await room_of(await idle_process(world), lot_id)


async def idle_process(world: World) -> Process:
    """One that does nothing by itself when its lots' time has come."""
    process = world.process()
    await process.waker.stop()
    return process


def delete_states() -> Any:
    """The service may not delete them, but no code knows these."""
    return update(lot_states).values(made_by="folded by another version")


async def keep_state(world: World, lot_id: str) -> None:
    process = await idle_process(world)
    room = await room_of(process, lot_id)
    await process.rooms.poll()
    assert await stored_size(world, lot_id) == room.size


@pytest.mark.parametrize("seed", range(8))
async def test_a_room_from_a_state_says_the_same_bytes(small: World, seed: int) -> None:
    """Snapshots, resyncs, receipts of old bids, answers to repeated bids; and the log stays."""
    chance, lot_id = Random(seed), f"lot-{seed}"
    entries = told(lot_id, seed)
    cut = chance.randint(1, len(entries) - 1)
    await write(small, lot_id, entries[:cut], chance)
    await keep_state(small, lot_id)
    await go_on(small, lot_id, entries, cut)
    resumed = await fresh_room(small, lot_id, from_state=True)
    assert await stored_size(small, lot_id) == cut
    said = await said_by(small, resumed, entries)
    whole = await fresh_room(small, lot_id, from_state=False)
    assert said == await said_by(small, whole, entries)
    assert resumed.size == whole.size == len(entries)
    bids = [e.command.bid_id for e in entries if isinstance(e.command, m.PlaceBid)]
    for bid_id in bids:
        check_receipt(said[bid_id], whole.origin)
        assert said[f"again {bid_id}"] == said[bid_id]
    await small.verify(lot_id)


async def go_on(world: World, lot_id: str, entries: list[Entry], cut: int) -> None:
    """The rest of the log, in one batch for each entry."""
    frontier, lot = Frontier(), None
    for entry in entries:
        lot = apply(lot, entry.command, entry.events, entry.at)
        frontier = frontier.append(entry.leaf)
        if entry.seq < cut:
            continue
        append = Append(
            lot_log(lot_id),
            entry.seq,
            (NewEntry(entry.raw, entry.leaf, *_bid_of(lot_id, entry)),),
            frontier.to_bytes(),
            frontier.root(),
            entry.at,
            project(lot, None),
        )
        async with world.engine.begin() as connection:
            await append_on(connection, append)


# ── bids decided long before ────────────────────────────────────────────────────────────────


async def busy_lot(world: World, bids: int) -> tuple[Room, Bidder, list[m.PlaceBid]]:
    """A lot in its listing with so many decided bids, one batch each, and a state."""
    ann, bob = world.bidders("AAAA", "BBBB")
    await world.publish()
    helper = world.process()
    world.clock.now = LISTING_FROM - 1
    await helper.waker.start()
    await world.wind(1)
    await helper.waker.stop()
    room, placed = await room_of(helper), []
    for number in range(bids):
        who = (ann, bob)[number % 2]
        bid = who.bid(room.origin, START + number * STEP, world.clock.now)
        assert outcome(await room.place_bid(bid)) == "accepted"
        placed.append(bid)
    await helper.rooms.poll()
    return room, ann, placed


async def test_a_bid_of_old_gets_its_old_answer_after_a_crash(small: World) -> None:
    """Fault 2: no bid is decided twice, however long ago it was decided and whoever is asked."""
    room, ann, placed = await busy_lot(small, 20)
    first = placed[0]
    assert first.bid_id not in room._record.bids, "the room has let it go"
    before = await room.find_receipt(first.bid_id, "AAAA")
    assert await stored_size(small, "lot-one") == room.size
    # The process is killed here: nothing is closed, and another one opens the lot.
    reopened = await room_of(small.process())
    assert reopened._record.tree.first > 0, "it was opened from the state"
    again = await asyncio.gather(*(reopened.place_bid(first) for _ in range(3)))
    assert again == [before] * 3
    check_receipt(before, room.origin)
    assert reopened.size == room.size
    other = ann.bid(room.origin, START + 500 * STEP, small.clock.now, bid_id=first.bid_id)
    assert outcome(await reopened.place_bid(other)) == "bid_id_reused"
    stolen = await reopened.find_receipt(first.bid_id, "BBBB")
    assert outcome(stolen) == "unknown_bid"
    await small.verify()


async def test_a_new_bid_beside_a_repeated_one_is_decided(small: World) -> None:
    """The repeated bid takes the batch's write with it, and the batch is decided again."""
    room, ann, placed = await busy_lot(small, 20)
    reopened, size = await room_of(small.process()), room.size
    new = ann.bid(room.origin, START + 50 * STEP, small.clock.now)
    asked = (reopened.place_bid(placed[1]), reopened.place_bid(new), reopened.place_bid(placed[2]))
    answers = await asyncio.gather(*asked)
    assert [outcome(answer) for answer in answers] == ["accepted"] * 3
    assert [answer.seq for answer in answers if isinstance(answer, live.Receipt)] == [
        await seq_of(room, placed[1]),
        size,
        await seq_of(room, placed[2]),
    ]
    await small.verify()


async def seq_of(room: Room, bid: m.PlaceBid) -> int:
    receipt = await room.find_receipt(bid.bid_id, bid.bidder_no)
    assert isinstance(receipt, live.Receipt)
    return receipt.seq


async def test_memory_does_not_grow_with_the_log(small: World) -> None:
    room, _, _ = await busy_lot(small, 60)
    record = room._record
    assert room.size > 60
    assert len(record.bids) <= 3 * KEPT + 1
    assert room.size - record.tree.first <= 2 * KEPT
    assert sum(len(level) for level in record.tree._levels) <= 4 * KEPT + 2 * 60
    assert len(record._batches) <= 2 * KEPT
    assert all(len(own) <= KEPT for own in record._own.values())


# ── states that may not be believed ─────────────────────────────────────────────────────────


async def change(owner: asyncpg.Connection, what: str) -> None:
    done = await owner.execute(f"UPDATE lot_states SET {what}")  # noqa: S608 words of ours
    assert done == "UPDATE 1"


@pytest.mark.parametrize(
    "what",
    [
        "state = convert_to(replace(convert_from(state, 'UTF8'), '\"accepted\":20', "
        "'\"accepted\":21'), 'UTF8')",
        "size = size - 1",
        "mac = sha256(mac)",
        "frontier = substr(frontier, 1, 8) || sha256(frontier) || substr(frontier, 41)",
        "made_by = 'another version'",
    ],
)
async def test_a_state_that_was_changed_is_left_and_the_log_is_folded(
    small: World, owner: asyncpg.Connection, what: str
) -> None:
    room, _, placed = await busy_lot(small, 20)
    await change(owner, what)
    reopened = await room_of(small.process())
    assert reopened.lot == room.lot
    assert reopened.snapshot(None) == room.snapshot(None)
    receipt = await reopened.find_receipt(placed[0].bid_id, "AAAA")
    assert receipt == await room.find_receipt(placed[0].bid_id, "AAAA")


async def test_a_state_of_another_key_or_lot_is_none_of_ours(small: World) -> None:
    room, _, _ = await busy_lot(small, 20)
    stored = state_of(room._record, room.log, small.signer)
    how = {"kept_quotes": KEPT, "kept_entries": KEPT}
    assert record_from(stored, room.origin, small.signer, **how).lot == room.lot
    with pytest.raises(StateUnfit):
        record_from(stored, lot_origin(SITE, "lot-two"), small.signer, **how)
    with pytest.raises(StateUnfit):
        record_from(stored, room.origin, Signer(SigningKey(SITE, b"\x08" * 32)), **how)
    with pytest.raises(StateUnfit):
        record_from(stored, room.origin, small.signer, kept_quotes=KEPT + 1, kept_entries=KEPT)


async def test_a_state_of_a_history_that_is_gone_is_left(
    small: World, owner: asyncpg.Connection
) -> None:
    """The log was written anew beside its state: today's log is opened, and told as it is."""
    room, _, _ = await busy_lot(small, 20)
    for table in ("log_entries", "log_heads", "log_bids"):
        await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        await owner.execute(f"DELETE FROM {table} WHERE log = $1", room.log)  # noqa: S608 two names
    for trigger in ("heads_go_forward", "logs_stay"):
        await owner.execute(f"ALTER TABLE logs DISABLE TRIGGER {trigger}")
    await owner.execute("DELETE FROM logs WHERE log = $1", room.log)
    await small.publish()
    reopened = await room_of(small.process())
    assert (reopened.size, reopened.lot.accepted) == (1, 0)


async def test_an_entry_after_the_state_is_checked_as_ever(
    small: World, owner: asyncpg.Connection
) -> None:
    room, ann, _ = await busy_lot(small, 20)
    bid = ann.bid(room.origin, START + 90 * STEP, small.clock.now)
    assert outcome(await room.place_bid(bid)) == "accepted"
    await owner.execute("ALTER TABLE log_entries DISABLE TRIGGER append_only")
    await owner.execute(
        "UPDATE log_entries SET leaf = sha256(leaf) WHERE log = $1 AND seq = $2",
        room.log,
        room.size - 1,
    )
    with pytest.raises(LogBroken):
        await small.process().rooms.get("lot-one")


async def test_no_receipt_is_signed_from_leaves_that_were_changed(
    small: World, owner: asyncpg.Connection
) -> None:
    """A bid of old is proved against the head that the room itself knows."""
    room, _, placed = await busy_lot(small, 20)
    await owner.execute("ALTER TABLE log_entries DISABLE TRIGGER append_only")
    await owner.execute(
        "UPDATE log_entries SET leaf = sha256(leaf) WHERE log = $1 AND seq = 1", room.log
    )
    rows = await owner.fetch("SELECT leaf FROM log_entries WHERE log = $1 ORDER BY seq", room.log)
    tree = Tree(row["leaf"] for row in rows)
    await owner.execute("ALTER TABLE log_heads DISABLE TRIGGER append_only")
    for size in range(2, room.size):  # all but those that rooms open from
        await owner.execute(
            "UPDATE log_heads SET root = $3 WHERE log = $1 AND size = $2",
            *(room.log, size, tree.root(size)),
        )
    reopened = await room_of(small.process())
    for seq_room in (room, reopened):
        receipt = await seq_room.find_receipt(placed[4].bid_id, "AAAA")
        assert outcome(receipt) == "not_yet_confirmed"


# ── when states are kept ────────────────────────────────────────────────────────────────────


async def test_states_are_kept_at_stage_changes_and_when_a_process_ends(world: World) -> None:
    """With the ordinary settings: not for every bid, and never for a handful of entries."""
    room, ann, _ = await busy_lot(world, 20)
    assert await stored_size(world, "lot-one") == room.size, "LISTING began since it was opened"
    for number in range(17):
        bid = ann.bid(room.origin, START + (90 + 2 * number) * STEP, world.clock.now)
        await room.place_bid(bid)
    process: Process = world.processes[0]
    await process.rooms.poll()
    assert await stored_size(world, "lot-one") == room.size - 17
    await process.rooms.close()
    assert await stored_size(world, "lot-one") == room.size


async def test_a_state_of_a_slower_process_does_not_take_a_newer_ones_place(small: World) -> None:
    room, _, _ = await busy_lot(small, 20)
    async with small.engine.connect() as connection:
        new = (await connection.execute(select(lot_states))).one()
    record = await opening.open_record(small.processes[0].rooms.parts.shelf, room.log)
    older = state_of(record, room.log, small.signer)
    async with small.engine.begin() as connection:
        await opening_keep(connection, older, size=5)
        assert (await connection.execute(select(lot_states))).one() == new


async def opening_keep(connection: Any, state: Any, *, size: int) -> None:
    await keep_states(connection, [replace(state, size=size)])


async def test_a_thousand_entries_are_folded_in_pieces(
    small: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pieces that end within a batch, and many lots in one reading."""
    monkeypatch.setattr(opening, "ENTRIES_A_READ", 1)
    monkeypatch.setattr(opening, "SHARE_AT_LEAST", 2)
    monkeypatch.setattr(opening, "ENTRIES_A_BREATH", 1)
    chance, rooms = Random(1), {}
    for number in range(4):
        lot_id = f"lot-{number}"
        entries = told(lot_id, number, 10 + 20 * number)
        await write(small, lot_id, entries, chance)
        rooms[lot_id] = entries
    process = await idle_process(small)
    await process.rooms.open_all([*rooms, "lot-nobody-published"])
    assert {room.lot_id for room in process.rooms.open_rooms()} == set(rooms)
    for lot_id, entries in rooms.items():
        room = await room_of(process, lot_id)
        assert room.size == len(entries)
        assert room.lot == folded(entries, empty(lot_id)).lot


def empty(lot_id: str) -> Record:
    return Record(lot_origin(SITE, lot_id), kept_quotes=KEPT, kept_entries=KEPT)


async def test_one_lot_that_cannot_be_opened_hinders_no_other(
    small: World, owner: asyncpg.Connection
) -> None:
    for lot_id in ("lot-one", "lot-two"):
        await small.publish(lot_id)
    await owner.execute("ALTER TABLE log_entries DISABLE TRIGGER append_only")
    await owner.execute("UPDATE log_entries SET leaf = sha256(leaf) WHERE log = 'lot/lot-one'")
    process = small.process()
    await process.rooms.open_all(["lot-one", "lot-two"])
    assert [room.lot_id for room in process.rooms.open_rooms()] == ["lot-two"]
    with pytest.raises(LogBroken):
        await process.rooms.get("lot-one")
