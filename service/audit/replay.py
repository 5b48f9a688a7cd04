"""Reads a lot's log once, from the first entry to the last, and decides every command again.

One entry at a time is in memory. What later checks ask about is noted in `Told`: it is what the
log says, and believed only as far as the checks hold.
"""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from schemas import log as w
from service import wire
from service.audit import canonical
from service.audit.broken import Broken
from service.audit.checks import Check
from service.audit.moments import Moments
from service.audit.signatures import PublicKey, bid_message, load_public_key, verify_bid
from service.audit.tree import Tree, leaf_hash
from service.rules import messages as m
from service.rules.decide import apply, decide
from service.rules.lot import Lot
from service.rules.refusals import Refusal
from service.rules.table import PROVED_STAGES
from service.rules.terms import RULES_VERSION, SUITE

Entry = TypeVar("Entry", w.LotEntry, w.HouseEntry)

_KNOWN_RULES = frozenset({RULES_VERSION})
_KNOWN_SUITES = frozenset({SUITE})
# What code that trusts its caller raises when a forged log breaks the caller's promises.
_CANNOT_DECIDE = (AssertionError, ArithmeticError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class RollKey:
    """A row of the roll as bids rely on it; `key` is None when it cannot be loaded."""

    key: PublicKey | None
    admission: int


@dataclass(frozen=True, slots=True)
class HeadCountClaim:
    """An `advance` that rested on a sealed head count."""

    seq: int
    enough: bool
    commitment: str
    min_bidders: int


@dataclass(frozen=True, slots=True)
class WindowClaim:
    """A proved window that was closed: said to have no gap from `since` to `proved_to` (ms)."""

    seq: int
    since: int
    proved_to: int
    gap_ms: int


@dataclass(frozen=True, slots=True)
class OutageClaim:
    """An interruption: said to be without any proof between the two instants (ms)."""

    seq: int
    gap_from: int
    gap_to: int
    gap_ms: int


@dataclass(slots=True)
class Told:
    """What the log says. Every figure stands beside the seq that says it.

    ats: entry by entry, the latest instant (ms) so far. bids: bid_id → seq. lot: the state decided
    again, up to the first difference. highest: the highest accepted quote, the first of equals.
    unadmitted: bidder number → seq and instant (ms) of his first bid without an admission.
    any_admitted: seq, instant (ms) and what was claimed.
    """

    entries: int = 0
    tree: Tree = field(default_factory=Tree)
    last_at: int = 0
    ats: "array[int]" = field(default_factory=lambda: array("q"))
    moments: Moments = field(default_factory=Moments)
    published: w.PublishLot | None = None
    rules: w.RuleSet | None = None
    documents: set[str] = field(default_factory=set)
    bids: dict[str, int] = field(default_factory=dict)
    unadmitted: dict[str, tuple[int, int]] = field(default_factory=dict)
    head_counts: list[HeadCountClaim] = field(default_factory=list)
    windows: list[WindowClaim] = field(default_factory=list)
    outages: list[OutageClaim] = field(default_factory=list)
    reserves: list[tuple[int, w.OpenReserve]] = field(default_factory=list)
    any_admitted: tuple[int, int, bool] | None = None
    roll_seq: int | None = None
    highest: tuple[int, w.BidAccepted] | None = None
    hammers: list[tuple[int, w.HammerFell]] = field(default_factory=list)
    sold: tuple[int, w.LotSold] | None = None
    failed: tuple[int, w.LotFailed] | None = None
    sealed_seq: int | None = None
    stage: str = "ANNOUNCED"
    lot: Lot | None = None


@dataclass(frozen=True, slots=True)
class Checks:
    """The checks that are made while the log is read, by their numbers in the verifier."""

    spelling: Check
    order: Check
    signatures: Check
    decisions: Check
    roll: Check


class Replay:
    """Takes the entries of the log named `origin` in order. Owns `told`."""

    def __init__(self, origin: str, roll: w.OpenRoll | None, checks: Checks) -> None:
        self.told = Told()
        self._origin = origin
        self._checks = checks
        self._keys = None if roll is None else roll_keys(roll)
        self._admissions = {(no, row.admission) for (no, _), row in (self._keys or {}).items()}
        self._since = 0
        self._lost = False

    def take(self, raw: bytes) -> None:
        """The next entry's stored bytes."""
        told, seq = self.told, self.told.entries
        told.entries += 1
        told.tree.append(leaf_hash(raw))
        try:
            entry = read_entry(raw, w.LotEntry)
        except ValueError as error:
            self._checks.spelling.fail(str(error), seq)
            self._lose(seq, "the entry cannot be read")
            told.ats.append(told.last_at)
            return
        self._checks.spelling.counted += 1
        self._check_place(seq, entry)
        self._check_bidder(seq, entry.at, entry.command)
        self._note(seq, entry)
        self._decide_again(seq, entry)

    def _check_place(self, seq: int, entry: w.LotEntry) -> None:
        check = self._checks.order
        check.counted += 1
        if entry.seq != seq:
            check.fail("an entry names another place", seq, seq, entry.seq)
        if entry.log != self._origin:
            check.fail("an entry names another log", seq, self._origin, entry.log)
        if entry.at < self.told.last_at:
            check.fail("time runs backwards", seq, f"at least {self.told.last_at}", entry.at)
        self.told.last_at = max(entry.at, self.told.last_at)
        self.told.ats.append(self.told.last_at)

    # ── who bids ────────────────────────────────────────────────────────────────────────────

    def _check_bidder(self, seq: int, at: int, command: w.Command) -> None:
        if self._keys is None:
            return
        if isinstance(command, w.PlaceBid):
            row = self._keys.get((command.bidder_no, command.key_id))
            self._check_signature(seq, command, row)
            self._check_admission(seq, at, command, row)
        elif isinstance(command, w.OptIn):
            self._checks.roll.counted += 1
            if (command.bidder_no, command.admission) not in self._admissions:
                self._checks.roll.fail("one who is not on the roll opts in", seq)

    def _check_signature(self, seq: int, bid: w.PlaceBid, row: RollKey | None) -> None:
        check = self._checks.signatures
        check.counted += 1
        if row is None or row.key is None:
            check.fail("no key on the roll answers for this bid", seq, found=bid.key_id)
            return
        message = bid_message(
            log=self._origin,
            amount_fen=bid.amount_fen,
            bid_id=bid.bid_id,
            bidder_no=bid.bidder_no,
            jump_confirmed=bid.jump_confirmed,
            seen_seq=bid.seen_seq,
        )
        try:
            verify_bid(row.key, bid.signature, message)
        except Broken as refusal:
            check.fail("the bidder did not sign this bid", seq, "a valid signature", refusal)
        if bid.seen_seq >= seq:
            # The bidder's own hand says that other entries stood before this one.
            seen = f"before {seq}"
            check.fail("the bidder signed to have seen a later entry", seq, seen, bid.seen_seq)

    def _check_admission(self, seq: int, at: int, bid: w.PlaceBid, row: RollKey | None) -> None:
        check = self._checks.roll
        check.counted += 1
        if row is None:
            check.fail("a bidder number or key is not on the roll", seq, found=bid.bidder_no)
        elif bid.admission is None:
            self.told.unadmitted.setdefault(bid.bidder_no, (seq, at))
        elif bid.admission != row.admission:
            check.fail("a bid names another admission", seq, row.admission, bid.admission)

    # ── what is said ────────────────────────────────────────────────────────────────────────

    def _note(self, seq: int, entry: w.LotEntry) -> None:
        told, command = self.told, entry.command
        match command:
            case w.PlaceBid():
                self._note_bid(seq, entry.at, command)
            case w.PublishLot():
                told.published = told.published or command
                told.rules = command.rules
                told.documents.update(each.sha256 for each in command.documents)
            case w.SupplementLot():
                told.rules = command.rules
                told.documents.update(each.sha256 for each in command.documents)
            case w.Advance():
                self._note_head_count(seq, command)
            case w.OpenReserve():
                told.reserves.append((seq, command))  # again, when a dispute reopened the sale
            case w.CloseSale():
                told.any_admitted = seq, entry.at, command.any_admitted
            case w.OpenRoll():
                told.roll_seq = seq if told.roll_seq is None else told.roll_seq
            case w.Interrupt() if command.cause == m.InterruptCause.OUTAGE and told.rules:
                gap_ms = told.rules.outage_gap_s * 1000
                told.outages.append(OutageClaim(seq, command.gap_from, command.gap_to, gap_ms))
            case w.OptIn() if command.received_at > entry.at:
                self._lose(seq, "decided before it arrived", entry.at, command.received_at)
            case _:
                pass
        for event in entry.events:
            self._note_event(seq, event)
        told.moments.take(seq, entry)

    def _note_bid(self, seq: int, at: int, bid: w.PlaceBid) -> None:
        if self.told.bids.setdefault(bid.bid_id, seq) != seq:
            self._lose(seq, "a bid_id is decided twice", found=bid.bid_id)
        if bid.received_at > at:
            self._lose(seq, "decided before it arrived", f"at most {at}", bid.received_at)

    def _note_head_count(self, seq: int, command: w.Advance) -> None:
        if command.head_count_commitment is None or self.told.rules is None:
            return
        least = self.told.rules.min_bidders
        enough, sealed = command.enough is True, command.head_count_commitment
        self.told.head_counts.append(HeadCountClaim(seq, enough, sealed, least))

    def _note_event(self, seq: int, event: w.Event) -> None:
        told = self.told
        match event:
            case w.BidAccepted():
                if told.highest is None or event.amount_fen > told.highest[1].amount_fen:
                    told.highest = seq, event
            case w.StageChanged():
                told.stage = event.to
            case w.HammerFell():
                told.hammers.append((seq, event))
            case w.LotSold():
                told.sold = seq, event
            case w.LotFailed():
                told.failed, told.stage = (seq, event), "FAILED"
            case w.LogSealed():
                told.sealed_seq = seq
            case _:
                pass

    # ── deciding again ──────────────────────────────────────────────────────────────────────

    def _decide_again(self, seq: int, entry: w.LotEntry) -> None:
        """Up to the first difference: after it there is no state to decide on."""
        if self._lost:
            return
        try:
            command = wire.command_from_wire(entry.command)
            self._check_version(seq, command)
            decision = decide(self.told.lot, command, entry.at)
            if not self._same(seq, decision, entry.events):
                return
            assert not isinstance(decision, Refusal)
            self._note_windows(seq, command, entry.at)
            self.told.lot = apply(self.told.lot, command, decision, entry.at)
        except _CANNOT_DECIDE as error:
            self._lose(seq, "the rules cannot decide this", found=error or type(error).__name__)
            return
        if any(isinstance(event, m.StageChanged | m.Resumed) for event in decision):
            self._since = entry.at
        self._checks.decisions.counted += 1

    def _check_version(self, seq: int, command: m.Command) -> None:
        if not isinstance(command, m.PublishLot):
            return
        if command.rules_version not in _KNOWN_RULES:
            known, found = sorted(_KNOWN_RULES), command.rules_version
            self._lose(seq, "rules of a version that is not known here", known, found)
        if command.suite not in _KNOWN_SUITES:
            self._lose(seq, "a suite that is not known here", SUITE, command.suite)

    def _same(
        self, seq: int, decision: tuple[m.Event, ...] | Refusal, logged: tuple[w.Event, ...]
    ) -> bool:
        if isinstance(decision, Refusal):
            refused = f"refused: {decision.reason}"
            self._lose(seq, "the rules refuse this command", refused, _kinds(logged))
            return False
        events = tuple(wire.event_to_wire(event) for event in decision)
        if events == logged:
            return True
        pairs = zip(events, logged, strict=False)
        one, other = next(((a, b) for a, b in pairs if a != b), (None, None))
        if one is None or other is None:
            self._lose(seq, "the rules decide otherwise", _kinds(events), _kinds(logged))
        else:
            self._lose(seq, "the rules decide otherwise", _json(one), _json(other))
        return False

    def _note_windows(self, seq: int, command: m.Command, at: int) -> None:
        lot = self.told.lot
        if lot is None or not isinstance(command, m.Advance) or lot.stage not in PROVED_STAGES:
            return
        gap_ms = lot.rules.outage_gap_s * 1000
        self.told.windows.append(WindowClaim(seq, self._since, command.proved_to, gap_ms))

    def _lose(self, seq: int, detail: str, expected: object = None, found: object = None) -> None:
        self._lost = True
        self._checks.decisions.fail(detail, seq, expected, found)


def read_entry(raw: bytes, model: type[Entry]) -> Entry:
    """The entry whose stored bytes are exactly `raw`.

    Raises ValueError: NotCanonical for the bytes, pydantic's error for the fields, a plain one
    when a field is spelled or left out in a way that reads the same and hashes apart.
    """
    value = canonical.decode(raw)
    try:
        entry = model.model_validate_json(raw)
    except ValueError as error:
        raise ValueError(_plainly(error)) from error
    if wire.plain(entry) != value:
        raise ValueError("a field is spelled otherwise or left out")
    return entry


def _plainly(error: ValueError) -> str:
    """The schema's words without its advertisement."""
    lines = str(error).splitlines()
    return " ".join(line.strip() for line in lines if "For further information" not in line)


def find_roll(lines: Iterable[bytes]) -> w.OpenRoll | None:
    """The opened roll among a log's entries; every line is read, so that its file is hashed.

    Inside a JSON string the quotes would be escaped, so the mark can only be the command's own.
    """
    roll: w.OpenRoll | None = None
    for line in lines:
        if roll is None and b'"type":"open_roll"' in line:
            roll = _read_roll(line)
    return roll


def roll_keys(roll: w.OpenRoll) -> Mapping[tuple[str, str], RollKey]:
    """The roll by bidder number and key_id."""
    rows = roll.roll
    return {(r.bidder_no, r.key_id): RollKey(_load(r.public_key), r.admission) for r in rows}


def _read_roll(line: bytes) -> w.OpenRoll | None:
    try:
        command = read_entry(line, w.LotEntry).command
    except ValueError:
        return None  # check 2 names it when the entry's turn comes
    return command if isinstance(command, w.OpenRoll) else None


def _load(public_key: str) -> PublicKey | None:
    try:
        return load_public_key(public_key)
    except Broken:
        return None  # check 9 names it


def _kinds(events: tuple[w.Event, ...]) -> str:
    return ", ".join(event.type for event in events) or "no event"


def _json(event: w.Event) -> str:
    return event.model_dump_json(by_alias=True, exclude_none=True)
