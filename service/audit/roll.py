"""Who was admitted: the roll of the lot against the house log, and the commitments it opens."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from schemas import log as w
from service.audit import commitments, notes, proofs, signatures
from service.audit.archive import PackUnreadable
from service.audit.broken import Broken
from service.audit.checks import Check
from service.audit.commitments import Kind
from service.audit.notes import Checkpoint, VerifyingKey
from service.audit.pack import HOUSE, Pack
from service.audit.proofs import SUFFIX, Proven
from service.audit.replay import Told, read_entry

NO_ROLL = "the roll is not opened: the sale has not ended, or its officials have not opened it yet"

SKEW_MS = 1_000
"""How far the clocks of the processes that wrote the lot's log and the house log may lie apart."""


@dataclass(slots=True)
class House:
    """What the pack's house entries say of this lot; admissions as the roll must repeat them.

    ats: seq and instant (ms) of every entry. revoked: bidder number → when (ms), the first time.
    """

    ats: list[tuple[int, int]] = field(default_factory=list)
    admitted: set[w.RollRow] = field(default_factory=set)
    revoked: dict[str, int] = field(default_factory=dict)
    born: list[w.LotBorn] = field(default_factory=list)
    sealed: list[w.LotSealed] = field(default_factory=list)
    head: Checkpoint | None = None


def read_house(
    pack: Pack, key: VerifyingKey, lot_origin: str, check: Check, proven: Callable[[str], None]
) -> House:
    """Every house entry of the pack that is proven; the others fail the check.

    proven: is told of the note under which each of them stands.
    """
    house, origin = House(), notes.house_origin(notes.site_of(lot_origin))
    lot_id = lot_origin.rpartition("/")[2]
    for name in pack.names(HOUSE):
        check.counted += 1
        try:
            found = proofs.verify(pack.read(name, proofs.MAX_BYTES).decode(), key, origin)
            entry = _prove(found, name, origin, house)
            _take(entry, lot_id, house)
            proven(found.note)
        except PackUnreadable:
            raise  # damage is nobody's lie
        except ValueError as error:
            check.fail(f"{name}: {error}")
    return house


def check_house(told: Told, house: House, check: Check) -> None:
    """The birth is that of this log's entry 0, and a final head is that of this log."""
    if len(house.born) != 1:
        check.fail("the house log must tell of one birth of this lot", None, 1, len(house.born))
    for born in house.born:
        leaf = told.tree.leaf(0).hex() if told.entries else "no entry"
        if born.leaf_hash != leaf:
            check.fail("the lot that was born is another", 0, born.leaf_hash, leaf)
    for sealed in house.sealed:
        if sealed.size != told.entries or told.tree.root().hex() != sealed.root:
            found = f"{told.entries} entries, root {told.tree.root().hex()}"
            expected = f"{sealed.size} entries, root {sealed.root}"
            check.fail("the log that was sealed is another", None, expected, found)


def check_roll(roll: w.OpenRoll | None, told: Told, house: House, check: Check) -> None:
    """The roll by itself, then against the house log, both ways."""
    if roll is None:
        check.skip(NO_ROLL)
        return
    seq = told.roll_seq
    check.counted += len(roll.roll)
    for detail, found in (*_row_faults(roll), *_number_faults(roll)):
        check.fail(detail, seq, found=found)
    rows = set(roll.roll)
    for missing in house.admitted - rows:
        check.fail("an admission of the house log is not on the roll", seq, missing)
    for extra in rows - house.admitted:
        check.fail("the roll names one whom the house log did not admit", seq, None, extra)
    for bidder_no, (bid_seq, at) in told.unadmitted.items():
        # Without this an operator could shut out a bidder bid by bid, or first and revoke later.
        revoked = house.revoked.get(bidder_no)
        if revoked is None:
            check.fail("a bid is held for not admitted, but no admission was revoked", bid_seq)
        elif at < revoked - SKEW_MS:
            detail = "a bid is held for not admitted before the admission was revoked"
            check.fail(detail, bid_seq, f"not before {revoked}", at)


def check_commitments(
    origin: str, roll: w.OpenRoll | None, told: Told, house: House, check: Check
) -> None:
    """Reserve, head counts and "any admitted": what was sealed is what was opened."""
    for opened in told.reserves:
        _check_reserve(origin, opened, told.published, check)
    if roll is None:
        check.say(f"head counts are still sealed: {NO_ROLL}")
        if not told.reserves:
            check.skip(f"nothing is opened yet: {NO_ROLL}")
        return
    _check_head_counts(origin, roll, told, check)
    if told.any_admitted is not None:
        seq, at, claimed = told.any_admitted
        check.counted += 1
        surely, maybe = (_anyone_stood(roll, house, at + skew) for skew in (SKEW_MS, -SKEW_MS))
        if claimed is not surely and claimed is not maybe:
            check.fail("whether anyone stood admitted", seq, surely, claimed)


def _anyone_stood(roll: w.OpenRoll, house: House, at: int) -> bool:
    """Whether somebody on the roll had not been revoked by the instant `at` (ms)."""
    return any(house.revoked.get(row.bidder_no, at + 1) > at for row in roll.roll)


def _prove(proven: Proven, name: str, origin: str, house: House) -> w.HouseEntry:
    """The entry, once it stands where the file's name says under the one house head."""
    house.head = house.head or proven.checkpoint
    if proven.checkpoint != house.head:
        # Two heads without a proof between them might be two houses.
        raise ValueError("proven against another house head than the others")
    entry = read_entry(proven.entry, w.HouseEntry)
    named = name.removeprefix(HOUSE).removesuffix(SUFFIX)
    if not named == str(proven.index) == str(entry.seq):
        raise ValueError(f"seq {entry.seq} at index {proven.index}")
    if entry.log != origin:
        raise ValueError(f"an entry of {entry.log}")
    return entry


def _take(entry: w.HouseEntry, lot_id: str, house: House) -> None:
    command = entry.command
    if getattr(command, "lot_id", lot_id) != lot_id:
        raise ValueError(f"an entry about another lot: {command.type}")
    house.ats.append((entry.seq, entry.at))
    match command:
        case w.RecordAdmission():
            house.admitted.add(_row(entry.seq, command))
        case w.RevokeAdmission():
            house.revoked.setdefault(command.bidder_no, entry.at)
        case w.LotBorn():
            house.born.append(command)
        case w.LotSealed():
            house.sealed.append(command)
        case w.RecordDeposit() | w.RecordAction() | w.RecordLook():
            pass
        case w.RecordKey() | w.RecordPolicy():
            pass


def _row(admission: int, record: w.RecordAdmission) -> w.RollRow:
    return w.RollRow(
        bidder_no=record.bidder_no,
        key_id=record.key_id,
        public_key=record.public_key,
        identity_commitment=record.identity_commitment,
        admission=admission,
    )


def _row_faults(roll: w.OpenRoll) -> Iterator[tuple[str, str]]:
    identities: dict[str, str] = {}
    keys = Counter((row.bidder_no, row.key_id) for row in roll.roll)
    for row in roll.roll:
        if keys[row.bidder_no, row.key_id] > 1:
            yield "a key stands twice on the roll", row.key_id
        if identities.setdefault(row.bidder_no, row.identity_commitment) != row.identity_commitment:
            yield "one bidder number stands for two identities", row.bidder_no
        try:
            loaded = signatures.load_public_key(row.public_key)
        except Broken as refusal:
            yield f"a public key cannot be loaded: {refusal}", row.key_id
            continue
        if loaded.key_id != row.key_id:
            yield f"key_id is not that of the public key, {loaded.key_id}", row.key_id


def _number_faults(roll: w.OpenRoll) -> Iterator[tuple[str, str]]:
    """Two numbers are too like when leaving out one place makes them equal (rules §11)."""
    numbers = sorted({row.bidder_no for row in roll.roll})
    for place in range(4):
        seen: dict[str, str] = {}
        for number in numbers:
            other = seen.setdefault(number[:place] + number[place + 1 :], number)
            if other != number:
                yield "two bidder numbers differ in one place only", f"{other} and {number}"


def _check_reserve(
    origin: str, opened: tuple[int, w.OpenReserve], published: w.PublishLot | None, check: Check
) -> None:
    seq, opening = opened
    check.counted += 1
    if published is None:
        check.fail("a reserve is opened that was never committed to", seq)
        return
    if not opening.has_reserve and opening.amount_fen:
        check.fail("no reserve, yet an amount", seq, 0, opening.amount_fen)
    value = {"amount_fen": opening.amount_fen, "has_reserve": opening.has_reserve}
    try:
        salt, sealed = opening.salt, published.reserve_commitment
        commitments.check_opening(sealed, Kind.RESERVE, origin, salt, value)
    except Broken as refusal:
        check.fail("the reserve is not the one that was sealed", seq, sealed, refusal.detail)


def _check_head_counts(origin: str, roll: w.OpenRoll, told: Told, check: Check) -> None:
    claims, opened = told.head_counts, roll.head_counts
    if len(claims) != len(opened):
        found = len(opened)
        check.fail("each sealed head count is opened once", told.roll_seq, len(claims), found)
    most = len({row.bidder_no for row in roll.roll})
    for claim, head_count in zip(claims, opened, strict=False):
        check.counted += 1
        value = commitments.head_count_value(head_count.count)
        try:
            salt = head_count.salt
            commitments.check_opening(claim.commitment, Kind.HEAD_COUNT, origin, salt, value)
        except Broken as refusal:
            check.fail("a head count is not the one that was sealed", claim.seq, found=refusal)
        if claim.enough is not (head_count.count >= claim.min_bidders):
            count, least = head_count.count, claim.min_bidders
            check.fail("whether enough bidders stood", claim.seq, f"{count} of {least}", claim)
        if head_count.count > most:
            check.fail("more heads than the roll has numbers", claim.seq, most, head_count.count)
