"""Gathers a lot's evidence pack from the database, all of it as it stood at one instant."""

import asyncio
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.log import RecordLook
from schemas.problem import ProblemCode
from service.audit import canonical
from service.audit.notes import lot_origin
from service.audit.pack import Head, HealthRow, HouseRecord, PackContents, build
from service.audit.policy import Policy
from service.audit.tree import Tree
from service.clock import Clock
from service.desk.admission import published
from service.desk.anchors import newest_with_quorum
from service.desk.officials import OPERATOR, about_lot, house_marks
from service.desk.refused import Refused
from service.store import cosignatures, evidence, house, timestamps
from service.store.ledger import StoredEntry, read_heads
from service.store.log_tables import HOUSE, lot_log
from service.store.signer import Halted, Signer

_ROLL = b'"type":"open_roll"'
_BIRTH = b'"type":"lot_born"'
_SEALED = b'"type":"lot_sealed"'
_JUDGED = (
    *(_BIRTH, b'"type":"record_admission"', b'"type":"revoke_admission"'),
    b'"type":"record_deposit"',
)


async def build_pack(
    engine: AsyncEngine, site: str, lot_id: str, signer: Signer, policy: Policy | None = None
) -> bytes:
    """The pack of a lot, signed by the log's key; refuses an id that is not published, and a log
    that may not be signed.

    Packing a large sale takes seconds of computing, so it is done beside the event loop.
    """
    try:
        key = signer.key_for(lot_origin(site, lot_id))
    except Halted as halted:
        raise Refused(ProblemCode.UNAVAILABLE, str(halted), reason="LOG_HALTED") from halted
    contents = await gather(engine, site, lot_id, policy)
    return await asyncio.to_thread(build, contents, key)


async def record_taken(engine: AsyncEngine, clock: Clock, site: str, lot_id: str) -> None:
    """A pack taken at the machine is a look like any other, and no door sees it."""
    async with engine.begin() as connection:
        await published(connection, lot_id)
        look = RecordLook(
            subject=about_lot(lot_id), field="pack", reason="command line", requester=OPERATOR
        )
        await house.record(connection, clock, site, look)


async def gather(
    engine: AsyncEngine, site: str, lot_id: str, policy: Policy | None = None
) -> PackContents:
    """Everything that is stored about a lot and may be shown now; refuses an unknown id.

    policy: whose quorum the house head of the pack should have.
    """
    connection = await evidence.open_snapshot(engine)
    try:
        return await _gather(connection, lot_origin(site, lot_id), lot_id, policy)
    finally:
        await connection.close()


async def _gather(
    connection: AsyncConnection, origin: str, lot_id: str, policy: Policy | None
) -> PackContents:
    log = lot_log(lot_id)
    entries = await evidence.read_whole_log(connection, log)
    if not entries:
        raise Refused(ProblemCode.NOT_FOUND, "There is no such lot.")
    heads = await read_heads(connection, log)
    about, house_head = await _house(connection, lot_id, entries, policy)
    house_lines = await cosignatures.lines_of(connection, HOUSE, house_head.size)
    return PackContents(
        origin=origin,
        entries=[entry.bytes for entry in entries],
        heads=[Head(head.size, head.root) for head in heads],
        house=about,
        house_head=house_head,
        health=await _health(connection, entries),
        cosignatures=await cosignatures.lines_of(connection, log),
        house_cosignatures=house_lines.get(house_head.size, ()),
        timestamps=await timestamps.tokens_of(connection, log),
    )


async def _house(
    connection: AsyncConnection,
    lot_id: str,
    entries: Sequence[StoredEntry],
    policy: Policy | None,
) -> tuple[list[HouseRecord], Head]:
    """House entries about the lot, proven under one head: the newest that witnesses vouch for.

    Until the roll is opened that is the birth alone: admissions and deposits would tell how many
    bidders there are (rules §11).
    """
    tree = await asyncio.to_thread(Tree, await evidence.read_house_leaves(connection))
    marks = [mark.encode() for mark in house_marks(lot_id)]
    about = await evidence.read_house_about(connection, marks, tree.size)
    if not any(_ROLL in entry.bytes for entry in entries):
        about = [record for record in about if _BIRTH in record.bytes]
    about, size = await _choose_head(connection, about, tree.size, policy)
    records = [HouseRecord(r.bytes, r.seq, tree.inclusion_proof(r.seq, size)) for r in about]
    return records, Head(size, tree.root(size))


async def _choose_head(
    connection: AsyncConnection, about: list[StoredEntry], newest: int, policy: Policy | None
) -> tuple[list[StoredEntry], int]:
    """The house records of the pack, and the size of the head they stand under.

    A head with its quorum is worth more than the last look or action: what it does not cover yet
    is left for the next pack. What the sale is judged by is never left out; nor does a pack say
    that a lot is sealed under a head that too few witnesses have seen.
    """
    if policy is None:
        return about, newest
    judged = [record.seq for record in about if any(mark in record.bytes for mark in _JUDGED)]
    size = await newest_with_quorum(connection, policy, HOUSE, newest)
    if size is not None and all(seq < size for seq in judged):
        return [record for record in about if record.seq < size], size
    return [record for record in about if _SEALED not in record.bytes], newest


async def _health(connection: AsyncConnection, entries: Sequence[StoredEntry]) -> list[HealthRow]:
    """The series while the log was written; a proof counts once, whoever wrote it."""
    first, last = (int(canonical.decode(entries[place].bytes)["at"]) for place in (0, -1))
    found = evidence.read_health(connection, first, last)
    return [HealthRow(proof.at, proof.process) async for proof in found]
