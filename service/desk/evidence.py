"""Gathers a lot's evidence pack from the database, all of it as it stood at one instant."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.log import RecordLook
from schemas.problem import ProblemCode
from schemas.rest import VerifyReport
from service.audit import canonical
from service.audit.cosignatures import add_lines
from service.audit.notes import (
    Checkpoint,
    NoteBroken,
    SigningKey,
    house_origin,
    lot_origin,
    sign_checkpoint,
    site_of,
)
from service.audit.pack import Head, HealthRow, HouseRecord, PackContents, build
from service.audit.policy import Policy, cosigned
from service.audit.timestamps import read_stamp
from service.audit.tree import Tree, leaf_hash
from service.audit.verifier import verify_pack
from service.clock import Clock
from service.desk import gauges
from service.desk.admission import published
from service.desk.anchors import newest_with_quorum
from service.desk.documents import gather_documents
from service.desk.officials import OPERATOR, about_lot, house_marks
from service.desk.refused import Refused
from service.desk.screens import gather_screens
from service.desk.witnesses import REMEDY
from service.report.paper import Paper, draw_report
from service.store import cosignatures, evidence, house, timestamps
from service.store.ledger import StoredEntry, read_heads
from service.store.log_tables import HOUSE, lot_log
from service.store.signer import Halted, Signer

Verify = Callable[[bytes], VerifyReport]

DOCUMENTS_BYTES = 256 << 20
"""Of all documents of one pack, unless the settings say otherwise."""

_ROLL = b'"type":"open_roll"'
_BIRTH = b'"type":"lot_born"'
_SEALED = b'"type":"lot_sealed"'
_JUDGED = (
    *(_BIRTH, b'"type":"record_admission"', b'"type":"revoke_admission"'),
    b'"type":"record_deposit"',
)


async def build_pack(
    engine: AsyncEngine,
    site: str,
    lot_id: str,
    signer: Signer,
    policy: Policy | None = None,
    *,
    verify: Verify | None = None,
    regulator: bool = False,
    documents_bytes: int = DOCUMENTS_BYTES,
) -> bytes:
    """The pack of a lot, signed by the log's key; refuses an id that is not published, and a log
    that may not be signed.

    verify: makes the checks that the report on paper tells of; the key's own, unless it is given.
    regulator: with what each screen was shown. documents_bytes: of all announced documents in it;
    those beyond are left out, which the pack's check 11 counts. Packing a large sale takes seconds
    of computing, so it is done beside the event loop.
    """
    try:
        key = signer.key_for(lot_origin(site, lot_id))
    except Halted as halted:
        raise Refused(ProblemCode.UNAVAILABLE, str(halted), reason="LOG_HALTED") from halted
    contents = await gather(
        engine, site, lot_id, policy, regulator=regulator, documents_bytes=documents_bytes
    )
    try:
        await asyncio.to_thread(_check_heads, contents, policy)
    except _Rewritten as broken:
        why = f"{broken}: this database was changed from outside. {REMEDY}"
        signer.halt(broken.origin, why)
        gauges.HALTED_LOGS.set(len(signer.all_halted()))
        raise Refused(ProblemCode.UNAVAILABLE, why, reason="LOG_HALTED") from broken
    vkey = key.verifying.to_text()
    return await asyncio.to_thread(
        _with_report, contents, key, verify or (lambda pack: verify_pack(pack, vkey))
    )


class _Rewritten(Exception):
    """What is stored is not what was signed; the text says where."""

    def __init__(self, origin: str, said: str) -> None:
        super().__init__(f"{origin}: {said}")
        self.origin = origin


def _check_heads(contents: PackContents, policy: Policy | None) -> None:
    """Before every head is signed once more: the entries give it, and witnesses saw no other.

    The newest head that anyone cosigned is enough: it stands over every entry before it. Raises
    _Rewritten.
    """
    tree = Tree(leaf_hash(entry) for entry in contents.entries)
    for head in contents.heads:
        if head.size > tree.size or tree.root(head.size) != head.root:
            said = f"the stored entries do not give the head of {head.size}"
            raise _Rewritten(contents.origin, said)
    if policy is None:
        return
    seen = [head for head in contents.heads if contents.cosignatures.get(head.size)]
    for head in seen[-1:]:
        _check_lines(contents.origin, head, contents.cosignatures[head.size], policy)
    if contents.house_cosignatures:
        house_log = house_origin(site_of(contents.origin))
        _check_lines(house_log, contents.house_head, contents.house_cosignatures, policy)


def _check_lines(origin: str, head: Head, lines: Sequence[str], policy: Policy) -> None:
    text = Checkpoint(origin, head.size, head.root).to_text()
    try:
        cosigned(f"{text}\n{''.join(lines)}", policy)
    except NoteBroken as broken:
        said = f"a witness's cosignature of {head.size} entries is of another head ({broken})"
        raise _Rewritten(origin, said) from broken


def _with_report(contents: PackContents, key: SigningKey, verify: Verify) -> bytes:
    """The report tells of the checks of the pack, so the pack is made before it and with it."""
    report = verify(build(contents, key))
    last, house = contents.heads[-1], contents.house_head
    lot_lines = contents.cosignatures.get(last.size, ())
    house_log = house_origin(site_of(contents.origin))
    paper = Paper(
        origin=contents.origin,
        entries=contents.entries,
        health=[row.at for row in contents.health],
        lot_note=_note(contents.origin, last, key, lot_lines),
        house_note=_note(house_log, house, key, contents.house_cosignatures),
        stamps={size: read_stamp(tsr).at_ms for size, tsr in contents.timestamps.items()},
        report=report,
    )
    return build(replace(contents, report=draw_report(paper)), key)


def _note(origin: str, head: Head, key: SigningKey, lines: Sequence[str]) -> str:
    return add_lines(sign_checkpoint(key, Checkpoint(origin, head.size, head.root)), lines)


async def record_taken(engine: AsyncEngine, clock: Clock, site: str, lot_id: str) -> None:
    """A pack taken at the machine is a look like any other, and no door sees it."""
    async with engine.begin() as connection:
        await published(connection, lot_id)
        look = RecordLook(
            subject=about_lot(lot_id), field="pack", reason="command line", requester=OPERATOR
        )
        await house.record(connection, clock, site, look)


async def gather(
    engine: AsyncEngine,
    site: str,
    lot_id: str,
    policy: Policy | None = None,
    *,
    regulator: bool = False,
    documents_bytes: int = DOCUMENTS_BYTES,
) -> PackContents:
    """Everything that is stored about a lot and may be shown now; refuses an unknown id.

    policy: whose quorum the house head of the pack should have. regulator: with what each screen
    was shown, once the roll is open: before, it would tell how many bid.
    """
    connection = await evidence.open_snapshot(engine)
    try:
        contents = await _gather(connection, lot_origin(site, lot_id), lot_id, policy)
        taken = await gather_documents(connection, contents.entries, documents_bytes)
        contents = replace(contents, documents=taken)
        if not regulator or not _roll_is_open(contents.entries):
            return contents
        sessions, shown = await gather_screens(connection, lot_log(lot_id))
        return replace(contents, sessions=sessions, views=shown)
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
    if not _roll_is_open([entry.bytes for entry in entries]):
        about = [record for record in about if _BIRTH in record.bytes]
    about, size = await _choose_head(connection, about, tree.size, policy)
    records = [HouseRecord(r.bytes, r.seq, tree.inclusion_proof(r.seq, size)) for r in about]
    return records, Head(size, tree.root(size))


def _roll_is_open(entries: Sequence[bytes]) -> bool:
    return any(_ROLL in entry for entry in entries)


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
