"""Verifies an evidence pack with nothing but the pack and the log's published key.

The checks, in the order of the specification; the code below follows the numbers.

 1. Pack: a manifest in canonical form names every other file, with its size and SHA-256.
 2. Entries: every line is canonical JSON and exactly one entry of the schema.
 3. Order: seq counts from 0, every entry names this log, time never runs backwards.
 4. Tree: every checkpoint is signed by the given key, whose name is the site, for this log; sizes
    ascend; each root is the root of the entries; the last covers all of them.
 5. Receipts: every decided bid has one, proving the same entry under the head of its batch; there
    is none besides.
 6. Signatures: every bid is signed by the key on the roll, and its signer had seen no later entry.
 7. Commitments: reserve, head counts and "any admitted" open to what was sealed and decided on.
 8. Decisions: the rules, run again, give the same events for every command; no bid_id is decided
    twice and nothing before it arrived.
 9. Roll: everyone who bids is on it, numbers are told apart, and it repeats the admissions of the
    house log, no more and no less.
10. House: the house entries stand under one signed house head; the birth is of this entry 0.
11. Documents: each file is one that was announced.
12. Result: the hammer fell to the highest accepted quote, at or above the reserve; the seal comes
    last.
13. Health: no window was closed over a gap in the proofs, and no outage is claimed without one.
14. Witnesses: their cosignatures hold, no entry is dated after them, and what is sealed has its
    quorum.
15. Timestamps: each is of a checkpoint of this pack, proven, and not before the entries it covers;
    a sealed sale's close has one.

Keys and certificates inside a pack are never believed: 14 needs a policy, 15 an authority.
"""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from schemas import log as w
from schemas.rest import VerifyReport
from service.audit import keys, notes, proofs
from service.audit.archive import PackUnreadable, Reason
from service.audit.broken import Broken
from service.audit.checks import Check, shown
from service.audit.heads import Heads
from service.audit.inputs import read_file
from service.audit.notes import VerifyingKey
from service.audit.pack import DOCUMENTS, LOG, RECEIPTS, Pack
from service.audit.policy import MAX_POLICY_BYTES, Policy, PolicyBroken, read_policy
from service.audit.policy import Reason as PolicyReason
from service.audit.proofs import SUFFIX
from service.audit.replay import Checks, Replay, Told, find_roll, read_entry
from service.audit.roll import NO_ROLL, check_commitments, check_house, check_roll, read_house
from service.audit.stamps import check_stamps
from service.audit.timestamps import MAX_AUTHORITY_BYTES, StampBroken, read_authority
from service.audit.tree import leaf_hash, verify_inclusion
from service.audit.windows import check_windows
from service.audit.witnesses import Witnesses
from service.rules import money
from service.rules.terms import FailedReason

NAMES = (
    "pack and manifest",
    "entries",
    "order",
    "tree and checkpoints",
    "receipts",
    "bidders' signatures",
    "commitments",
    "decisions",
    "roll",
    "house log",
    "documents",
    "result",
    "health",
    "witnesses",
    "timestamps",
)
_FINAL = frozenset({"SOLD", "FAILED"})


def verify_files(
    pack: Path, key: Path, policy: Path | None = None, tsa: tuple[Path, ...] = ()
) -> VerifyReport:
    """`verify_pack` with all that is given from outside read from files; never raises for them."""
    try:
        vkey = keys.load_verifying(key).to_text()
    except Broken as refusal:
        return _unreadable(pack.name, f"the key: {refusal}")
    try:
        text = None if policy is None else read_file(policy, MAX_POLICY_BYTES)
        authorities = tuple(read_file(each, MAX_AUTHORITY_BYTES) for each in tsa)
    except Broken as refusal:
        return _unreadable(pack.name, str(refusal))
    return verify_pack(pack, vkey, text, authorities)


def verify_pack(
    pack: Path | bytes,
    vkey: str,
    policy: str | bytes | None = None,
    tsa: tuple[bytes, ...] = (),
) -> VerifyReport:
    """Check a pack, a file's path or its bytes, against the verifier key in C2SP vkey form.

    policy: a tlog-policy file, whose witnesses are believed. tsa: PEM files, the certificates of
    timestamp authorities that are believed. Never raises for bad input: a pack, key, policy or
    certificate that cannot be read is a report with exit code 2.
    """
    name = pack.name if isinstance(pack, Path) else "pack"
    try:
        key = VerifyingKey.from_text(vkey)
    except Broken as refusal:
        return _unreadable(name, f"the key: {refusal}")
    try:
        given = _read_given(key, policy, tsa)
    except ValueError as refusal:
        return _unreadable(name, str(refusal))
    try:
        with BytesIO(pack) if isinstance(pack, bytes) else pack.open("rb") as source:
            return _verify(source, name, key, given)
    except OSError as error:
        return _unreadable(name, f"{Reason.NO_FILE}: {error.strerror}")
    except PackUnreadable as refusal:
        return _unreadable(name, str(refusal))


@dataclass(frozen=True, slots=True)
class Given:
    """What is believed besides the key: witnesses, and PEM files of timestamp authorities."""

    policy: Policy | None
    authorities: tuple[bytes, ...]


def _read_given(
    key: VerifyingKey, policy: str | bytes | None, authorities: tuple[bytes, ...]
) -> Given:
    """Raises ValueError with the sentence for the report."""
    try:
        read = None if policy is None else read_policy(policy)
        if read is not None and not read.accepts(key):
            raise PolicyBroken(PolicyReason.LOG_NOT_LISTED, key.to_text())
    except PolicyBroken as refusal:
        raise ValueError(f"the policy: {refusal}") from refusal
    try:
        for pem in authorities:
            read_authority(pem)
    except StampBroken as refusal:
        raise ValueError(f"the timestamp authority: {refusal}") from refusal
    return Given(read, authorities)


def _verify(source: BinaryIO, name: str, key: VerifyingKey, given: Given) -> VerifyReport:
    checks = [Check(number, title) for number, title in enumerate(NAMES, 1)]
    (c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15) = checks
    pack = Pack(source)
    origin = pack.origin or _origin_of_entries(pack)
    roll = find_roll(pack.lines(LOG))
    witnesses = Witnesses(given.policy, c14)
    heads = Heads(pack, key, origin, c4, witnesses.take)
    replay = Replay(origin, roll, Checks(c2, c3, c6, c8, c9))
    for line in pack.lines(LOG):
        replay.take(line)
        heads.compare(replay.told.tree)
    told = replay.told
    heads.finish(told.entries)
    _check_presence(told, c2, c3, c8)
    _check_receipts(pack, key, told, heads, origin, c5)
    _check_signatures(roll, told, c6)
    house = read_house(pack, key, origin, c10, witnesses.take_house)
    check_commitments(origin, roll, told, house, c7)
    check_roll(roll, told, house, c9)
    check_house(told, house, c10)
    _check_documents(pack, told, c11)
    _check_result(told, c12)
    check_windows(pack, told, c13)
    witnesses.finish(told, house)
    check_stamps(pack, told, heads, origin, given.authorities, c15)
    pack.finish()
    _check_manifest(pack, c1)
    return _report(name, origin, told, checks)


def _report(name: str, origin: str, told: Told, checks: list[Check]) -> VerifyReport:
    hammer = told.hammers[-1][1] if told.hammers and told.stage == "SOLD" else None
    return VerifyReport(
        pack=shown(name),
        log=shown(origin),
        entries=told.entries,
        root=told.tree.root().hex(),
        winner_no=None if hammer is None else hammer.bidder_no,
        amount_fen=None if hammer is None else hammer.amount_fen,
        outcome=_outcome(told),
        exit_code=1 if any(check.failed for check in checks) else 0,
        checks=tuple(check.result() for check in checks),
    )


def _unreadable(name: str, error: str) -> VerifyReport:
    return VerifyReport(pack=shown(name), entries=0, exit_code=2, checks=(), error=shown(error))


def _outcome(told: Told) -> str:
    if told.stage not in _FINAL:
        return f"UNFINISHED: {told.stage}"
    if told.stage == "FAILED" and told.failed is not None:
        return f"FAILED: {told.failed[1].reason}"
    return told.stage


def _origin_of_entries(pack: Pack) -> str:
    """Without a readable manifest, the log that entry 0 names; other checks judge it."""
    first = next(pack.lines(LOG), b"")
    try:
        origin = read_entry(first, w.LotEntry).log
        notes.site_of(origin)
    except ValueError as error:
        missing = "the name of the log, in the manifest and in entry 0"
        raise PackUnreadable(Reason.MISSING_FILE, missing) from error
    return origin


# ── 1 ───────────────────────────────────────────────────────────────────────────────────────


def _check_manifest(pack: Pack, check: Check) -> None:
    check.counted = pack.files
    if pack.fault is not None:
        check.fail(pack.fault.detail, None, pack.fault.expected, pack.fault.found)


# ── 2, 3, 8: while the log is read, in `replay` ─────────────────────────────────────────────


def _check_presence(told: Told, *checks: Check) -> None:
    if not told.entries:
        for check in checks:
            check.fail("the log is empty", 0)


# ── 4: in `heads`, while the tree grows ─────────────────────────────────────────────────────

# ── 5 ───────────────────────────────────────────────────────────────────────────────────────


def _check_receipts(
    pack: Pack, key: VerifyingKey, told: Told, heads: Heads, origin: str, check: Check
) -> None:
    names = pack.names(RECEIPTS)
    for name in names:
        bid_id = name.removeprefix(RECEIPTS).removesuffix(SUFFIX)
        seq = told.bids.get(bid_id)
        if seq is None:
            check.fail("a receipt for a bid that the log does not hold", None, None, bid_id)
            continue
        check.counted += 1
        try:
            text = pack.read(name, proofs.MAX_BYTES).decode()
            _check_receipt(text, seq, key, told, heads, origin)
        except PackUnreadable:
            raise  # damage is nobody's lie
        except ValueError as refusal:
            check.fail(f"the receipt of bid {bid_id}", seq, "proves its entry", refusal)
    if check.counted < len(told.bids):
        held = {name.removeprefix(RECEIPTS).removesuffix(SUFFIX) for name in names}
        seq, bid_id = min((seq, bid_id) for bid_id, seq in told.bids.items() if bid_id not in held)
        check.fail("a decided bid has no receipt", seq, bid_id)
    if not names and not told.bids:
        check.skip("no bid was decided")


def _check_receipt(
    text: str, seq: int, key: VerifyingKey, told: Told, heads: Heads, origin: str
) -> None:
    """Raises ValueError unless the receipt proves the entry at `seq` under its batch's head."""
    receipt, batch = proofs.parse(text), heads.of_batch(seq)
    if batch is None:
        raise ValueError("no signed head covers its entry")
    if not heads.is_note(batch, receipt.checkpoint):
        # Not the very note that check 4 has verified: the same head may bear more signatures.
        head = notes.open_checkpoint(receipt.checkpoint, key, origin)
        if (head.size, head.root) != (heads.sizes[batch], heads.roots[batch]):
            raise ValueError(f"head of size {head.size}, its batch ended at {heads.sizes[batch]}")
    if receipt.index != seq or leaf_hash(receipt.entry) != told.tree.leaf(seq):
        raise ValueError(f"holds another entry, at index {receipt.index}")
    leaf, size, root = told.tree.leaf(seq), heads.sizes[batch], heads.roots[batch]
    verify_inclusion(leaf, seq, size, receipt.proof, root)


# ── 6: while the log is read, in `replay` ───────────────────────────────────────────────────


def _check_signatures(roll: w.OpenRoll | None, told: Told, check: Check) -> None:
    if not told.bids:
        check.skip("no bid was decided")
    elif roll is None:
        check.skip(f"the bidders' keys are not published yet: {NO_ROLL}")


# ── 7, 9, 10: in `roll` ─────────────────────────────────────────────────────────────────────

# ── 11 ──────────────────────────────────────────────────────────────────────────────────────


def _check_documents(pack: Pack, told: Told, check: Check) -> None:
    """Documents are named by their hash; announced ones may be missing, others may not be added."""
    names = pack.names(DOCUMENTS)
    for name in names:
        check.counted += 1
        named, found = name.removeprefix(DOCUMENTS), pack.digest(name)
        if named != found:
            check.fail(f"{name} is another document", None, named, found)
        if named not in told.documents:
            check.fail(f"{name} was never announced")
    check.say(f"{len(names)} of {len(told.documents)} announced documents are in the pack")
    if not names and not told.documents:
        check.skip("no document was announced")


# ── 12 ──────────────────────────────────────────────────────────────────────────────────────


def _check_result(told: Told, check: Check) -> None:
    """The result from the log's own words, without asking the rules a second time."""
    if told.stage not in _FINAL:
        check.skip(f"the sale is not over: {told.stage}")
        return
    check.counted = 1
    if told.hammers:
        _check_hammer(told, check)
    elif told.stage == "SOLD":
        check.fail("sold, but the hammer never fell")
    elif told.failed is not None:
        _check_failure(told, check)
    if told.sealed_seq is None:
        check.say("the log is not sealed yet")
    elif told.sealed_seq != told.entries - 1:
        check.fail("entries after the seal", told.sealed_seq + 1, told.sealed_seq, told.entries - 1)


def _check_hammer(told: Told, check: Check) -> None:
    seq, hammer = told.hammers[0]
    if len(told.hammers) > 1:
        check.fail("the hammer fell twice", told.hammers[1][0])
    best = None if told.highest is None else told.highest[1]
    expected = "no quote" if best is None else f"{best.bidder_no} at {best.amount_fen}"
    found = f"{hammer.bidder_no} at {hammer.amount_fen}"
    if expected != found:
        check.fail("the hammer fell to another than the highest quote", seq, expected, found)
    if not told.reserves or hammer.amount_fen < told.reserves[-1][1].amount_fen:
        reserve = told.reserves[-1][1].amount_fen if told.reserves else "an opened reserve"
        check.fail("the hammer fell below the reserve", seq, reserve, hammer.amount_fen)
    if told.sold is None or told.lot is None:
        return
    total = money.total_fen(hammer.amount_fen, told.lot.rules.price_unit, told.lot.parcel)
    if told.sold[1].total_fen != total:
        check.fail("the total is not the price", told.sold[0], total, told.sold[1].total_fen)


def _check_failure(told: Told, check: Check) -> None:
    """A sale may not be called unsold when a quote met its reserve."""
    assert told.failed is not None
    seq, reason = told.failed[0], told.failed[1].reason
    quoted = told.highest is not None
    if reason in (FailedReason.NO_QUOTE, FailedReason.NO_QUALIFIED_BIDDER) and quoted:
        check.fail("there were quotes", seq, told.highest, reason)
    if reason == FailedReason.BELOW_RESERVE and told.highest is not None:
        amount, reserve = told.highest[1].amount_fen, told.reserves[-1:]
        if not reserve or amount >= reserve[0][1].amount_fen:
            check.fail("the reserve was met", seq, f"below {reserve}", amount)


# ── 13: in `windows`; 14: in `witnesses`; 15: in `stamps` ───────────────────────────────────
