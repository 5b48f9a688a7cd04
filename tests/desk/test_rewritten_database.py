"""The tables' owner rewrites a running site's log, triggers off: what still stands in his way.

He changes a bid and everything that hangs on it: leaf, heads, root and frontier agree again. Whom
he cannot reach is the witness, who has signed another head.
"""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from schemas.problem import ProblemCode
from service.api.bidding import submit_port
from service.audit import canonical, proofs
from service.audit.proofs import Proven
from service.audit.tree import Frontier, Tree, leaf_hash
from service.audit.verifier import verify_pack
from service.desk import evidence
from service.desk.anchors import Anchors
from service.desk.held_heads import CannotSign, check_held_heads
from service.desk.refused import Refused
from service.store.ledger import read_log
from service.store.log_tables import HOUSE
from tests.desk.test_witnesses import LOT, ORIGIN, QUICK, Watched
from tests.desk.world import OfficeWorld
from tests.live.world import KEY, SITE
from tests.outsiders import Council
from tests.rules.sale import START

WINDOW_MS = 7_000
Entry = dict[str, Any]


@pytest.fixture
async def seen(office: OfficeWorld, tmp_path: Path) -> AsyncIterator[Watched]:
    """A lot with a bid, whose heads three witnesses have signed."""
    council = Council(tmp_path, KEY.verifying, clock_ms=office.clock.now_ms)
    await council.come()
    made = Watched(office, council, None)  # type: ignore[arg-type]  # one line further
    made.witnesses = made.another(office.engine, office.signer)
    office.anchor(Anchors(policy=made.witnesses.policy, witnesses=made.witnesses))
    await office.publish_lot()
    await office.admitted("jiajia")
    await office.admitted("yiyi")
    await office.start()
    await office.wind(WINDOW_MS)
    await made.round()
    yield made
    await made.witnesses.close()
    await council.go()


async def rewrite(
    owner: asyncpg.Connection, seq: int, change: Callable[[Entry], None], *, cosigned: bool = True
) -> None:
    """One entry in other bytes, and every head above it; cosigned False: what witnesses signed is
    deleted as well."""
    for table in ("log_entries", "log_heads", "cosignatures", "witness_marks"):
        await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    rows = await owner.fetch("SELECT seq, bytes FROM log_entries WHERE log = $1 ORDER BY seq", LOT)
    entry = json.loads(rows[seq]["bytes"])
    change(entry)
    raw = canonical.encode(entry)
    update = "UPDATE log_entries SET bytes = $3, leaf = $4 WHERE log = $1 AND seq = $2"
    await owner.execute(update, LOT, seq, raw, leaf_hash(raw))
    frontier = Frontier()
    for row in rows:
        frontier = frontier.append(leaf_hash(raw if row["seq"] == seq else row["bytes"]))
        head = "UPDATE log_heads SET root = $3 WHERE log = $1 AND size = $2"
        await owner.execute(head, LOT, frontier.size, frontier.root())
    top = "UPDATE logs SET root = $2, frontier = $3 WHERE log = $1"
    await owner.execute(top, LOT, frontier.root(), frontier.to_bytes())
    if not cosigned:
        await owner.execute("DELETE FROM cosignatures WHERE log = $1", LOT)
        await owner.execute("DELETE FROM witness_marks WHERE log = $1", LOT)


def cheaper(entry: Entry) -> None:
    """The bid of another amount, in command and event alike."""
    for part in (entry["command"], *entry["events"]):
        if "amount_fen" in part:
            part["amount_fen"] -= 1_000_000


async def last_bid(seen: Watched) -> int:
    async with seen.office.engine.connect() as connection:
        rows = await read_log(connection, LOT)
    return max(seq for seq, row in enumerate(rows) if b'"place_bid"' in row.bytes)


async def true_entries(seen: Watched, held: Proven) -> list[bytes]:
    """What is stored, with the entry that a receipt proves in its place."""
    async with seen.office.engine.connect() as connection:
        entries = [row.bytes for row in await read_log(connection, LOT)]
    assert entries[held.index] != held.entry
    entries[held.index] = held.entry
    return entries


async def place(seen: Watched, who: str, amount: int) -> Any:
    seen.office.clock.now += 20
    return await seen.office.bid(seen.office[who], amount)


def another_process(office: OfficeWorld) -> None:
    """The doors lead into rooms of a process that opens its logs from the database."""
    rooms = office.process().rooms
    office.parts = replace(office.parts, rooms=rooms, submit=submit_port(rooms))
    office.app.state.parts = office.parts
    del office.app.state.bid_door


async def is_refused(seen: Watched) -> str:
    """No pack of this lot is signed; why."""
    office = seen.office
    with pytest.raises(Refused) as refused:
        await evidence.build_pack(
            office.engine, SITE, "lot-one", office.signer, seen.witnesses.policy
        )
    assert (refused.value.code, refused.value.reason) == (ProblemCode.UNAVAILABLE, "LOG_HALTED")
    return str(refused.value)


# ── a running process ───────────────────────────────────────────────────────────────────────


async def test_a_room_that_runs_signs_what_it_knows_and_no_pack_is_signed(
    seen: Watched, owner: asyncpg.Connection
) -> None:
    """Room and witnesses go on from the true tree in memory; what is stored no longer gives it."""
    first = await place(seen, "jiajia", START + 10_000_000)
    await seen.round()
    await rewrite(owner, await last_bid(seen), cheaper)
    second = await place(seen, "yiyi", START + 20_000_000)
    one, two = (proofs.verify(each["proof"], KEY.verifying, ORIGIN) for each in (first, second))
    await seen.round()
    assert await seen.line_count() == 3
    true = Tree(leaf_hash(entry) for entry in await true_entries(seen, one))
    assert true.root(one.checkpoint.size) == one.checkpoint.root
    assert true.root(two.checkpoint.size) == two.checkpoint.root
    why = await is_refused(seen)
    assert "the stored entries do not give the head" in why
    assert str(seen.office.signer.halted(ORIGIN)) in why


async def test_an_export_beside_a_witnessed_head_is_refused_at_once(
    seen: Watched, owner: asyncpg.Connection
) -> None:
    """Nothing has moved, so no round asks anyone; but the kept cosignatures are of another head."""
    await place(seen, "jiajia", START + 10_000_000)
    await seen.round()
    await rewrite(owner, await last_bid(seen), cheaper)
    why = await is_refused(seen)
    assert "cosignature" in why
    assert seen.office.signer.halted(ORIGIN) is not None


async def test_without_what_witnesses_signed_the_next_round_asks_them_and_halts(
    seen: Watched, owner: asyncpg.Connection
) -> None:
    await place(seen, "jiajia", START + 10_000_000)
    await seen.round()
    await rewrite(owner, await last_bid(seen), cheaper, cosigned=False)
    await seen.round()
    assert "another history" in str(seen.office.signer.halted(ORIGIN))
    await is_refused(seen)


async def test_a_house_log_that_was_rewritten_halts_every_log(
    seen: Watched, owner: asyncpg.Connection
) -> None:
    await owner.execute("ALTER TABLE log_entries DISABLE TRIGGER USER")
    await owner.execute(
        "UPDATE log_entries SET leaf = $2 WHERE log = $1 AND seq = 0", HOUSE, bytes(32)
    )
    other = seen.another(seen.office.engine, seen.office.signer)
    await place(seen, "jiajia", START + 10_000_000)
    await seen.office.admitted("bingbing")  # something of the house must move
    await other.round()
    assert seen.office.signer.halted(ORIGIN) is not None
    await is_refused(seen)
    await other.close()


# ── a process that starts ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("cosigned", [True, False])
async def test_a_process_that_opens_the_rewritten_log_does_not_start(
    seen: Watched, owner: asyncpg.Connection, cosigned: bool
) -> None:
    await place(seen, "jiajia", START + 10_000_000)
    await seen.round()
    await rewrite(owner, await last_bid(seen), cheaper, cosigned=cosigned)
    starting = seen.another(seen.office.engine)
    with pytest.raises(CannotSign, match="another history"):
        await check_held_heads(starting, [LOT, HOUSE], seen.office.clock, QUICK)
    await starting.close()


async def test_until_a_witness_is_asked_a_new_room_believes_and_what_it_signs_convicts(
    seen: Watched, owner: asyncpg.Connection
) -> None:
    """The one gap, as long as one round: two receipts of one log that do not fit each other."""
    office = seen.office
    first = await place(seen, "jiajia", START + 10_000_000)
    await seen.round()
    await rewrite(owner, await last_bid(seen), cheaper, cosigned=False)
    another_process(office)
    second = await place(seen, "yiyi", START + 20_000_000)
    held, false = (proofs.verify(each["proof"], KEY.verifying, ORIGIN) for each in (first, second))
    async with office.engine.connect() as connection:
        tree = Tree(row.leaf for row in await read_log(connection, LOT))
    assert tree.root(false.checkpoint.size) == false.checkpoint.root
    assert tree.root(held.checkpoint.size) != held.checkpoint.root
    await seen.round()
    assert office.signer.halted(ORIGIN) is not None
    await is_refused(seen)


# ── without witnesses ───────────────────────────────────────────────────────────────────────


async def test_without_a_witness_the_pack_is_signed_and_the_bidders_signature_names_it(
    office: OfficeWorld, owner: asyncpg.Connection
) -> None:
    """What a receipt or a bidder's key must do when nobody else watches."""
    await office.publish_lot()
    person = await office.admitted("jiajia")
    await office.start()
    await office.wind(WINDOW_MS)
    receipt = (await office.bid(person, START + 10_000_000))["proof"]
    await rewrite(owner, 2, cheaper)
    pack = await evidence.build_pack(office.engine, SITE, "lot-one", office.signer)
    report = verify_pack(pack, KEY.verifying.to_text())
    held = proofs.verify(receipt, KEY.verifying, ORIGIN)
    assert report.root != held.checkpoint.root.hex()
    assert held.checkpoint.size == report.entries
