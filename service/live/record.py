"""A lot's log as one process holds it: the state it tells, its tree, and what frames are made of.

Only committed entries come in here. The room that owns the record is its only writer.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice

from schemas import live
from schemas import log as w
from service import wire
from service.audit import canonical
from service.audit.signatures import bid_message
from service.audit.tree import Frontier, Tree, leaf_hash
from service.live.entry_bytes import entry_bytes
from service.live.entry_reader import read_bid
from service.rules import messages as m
from service.rules.decide import apply
from service.rules.lot import Lot
from service.rules.terms import Document
from service.store.ledger import StoredEntry


class LogBroken(Exception):
    """Stored bytes that are not what this log must hold: the room stops rather than go on."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry with its stored bytes. at: ms."""

    seq: int
    at: int
    command: m.Command
    events: tuple[m.Event, ...]
    raw: bytes
    leaf: bytes


@dataclass(frozen=True, slots=True)
class BidPlace:
    """Where a bid stands, whose it is, and the hash of what it said."""

    seq: int
    bidder_no: str
    content: bytes


def make_entry(
    log: str, seq: int, at: int, command: m.Command, events: tuple[m.Event, ...]
) -> Entry:
    """A decision in canonical bytes. `log`: the origin."""
    raw = entry_bytes(log, seq, at, command, events)
    return Entry(seq, at, command, events, raw, leaf_hash(raw))


def read_entry(log: str, seq: int, stored: StoredEntry) -> Entry:
    """A stored row believed only after its bytes, hash, place and form are checked.

    Raises LogBroken, NotCanonical or ValueError.
    """
    found_log, found_seq, entry = _read(stored)
    if leaf_hash(stored.bytes) != stored.leaf:
        raise LogBroken(f"{log} {seq}: the leaf is not the hash of the bytes")
    if (found_log, found_seq, stored.seq) != (log, seq, seq):
        raise LogBroken(f"{log} {seq}: found {found_log} {found_seq}")
    return entry


def _read(stored: StoredEntry) -> tuple[str, int, Entry]:
    """The log and the seq that it names, and what it says."""
    bid = read_bid(stored.bytes)
    if bid is not None:
        log, seq, at, command, event = bid
        return log, seq, Entry(seq, at, command, (event,), stored.bytes, stored.leaf)
    return read_strictly(stored)


def read_strictly(stored: StoredEntry) -> tuple[str, int, Entry]:
    """The same for an entry of any kind, by the canonical decoder and the schema."""
    canonical.decode(stored.bytes)
    said = w.LotEntry.model_validate_json(stored.bytes)
    events = tuple(wire.event_from_wire(event) for event in said.events)
    command = wire.command_from_wire(said.command)
    entry = Entry(said.seq, said.at, command, events, stored.bytes, stored.leaf)
    return said.log, said.seq, entry


def content_of(log: str, bid: m.PlaceBid) -> bytes:
    """What makes two bids the same bid: all that is signed, and the key. 32 bytes.

    Not the signature, which ECDSA makes anew each time, and not the arrival.
    """
    said = bid_message(
        log=log,
        amount_fen=bid.amount_fen,
        bid_id=bid.bid_id,
        bidder_no=bid.bidder_no,
        jump_confirmed=bid.jump_confirmed,
        seen_seq=bid.seen_seq,
    )
    return sha256(said + bid.key_id.encode()).digest()


@dataclass(frozen=True, slots=True)
class OwnBid:
    """A decided bid as its bidder sees it in his own list, in few bytes."""

    bid_id: str
    seq: int
    at: int
    received_at: int
    amount_fen: int
    reason: str | None

    def row(self) -> live.DecidedBid:
        """As it is sent."""
        return live.DecidedBid(
            bid_id=self.bid_id,
            seq=self.seq,
            at=self.at,
            received_at=self.received_at,
            amount_fen=self.amount_fen,
            outcome="accepted" if self.reason is None else "refused",
            reason=self.reason,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A log folded into what a record goes on from: as much as memory, not as long as the log.

    own: bidder number → seqs of his latest bids. kept_quotes: how many of either were kept.
    """

    lot: Lot
    last_at: int
    window_from: int
    kept_quotes: int
    quotes: tuple[live.AcceptedQuote, ...]
    quotes_after: int
    documents: tuple[Document, ...]
    reserve_commitment: str
    own: dict[str, tuple[int, ...]]


class Record:
    """Grows by one committed entry at a time, and forgets at the other end what is long past.

    window_from: since when the present stage or its resumption has run (ms).
    quotes: the latest accepted ones, oldest first; complete after `quotes_after`.
    bids: of the latest `kept_entries` entries at least, and those that were looked up; older ones
    are in the database alone. tree: goes back about as far. began_at: the size of the state that it
    goes on from.
    """

    def __init__(self, log: str, *, kept_quotes: int, kept_entries: int) -> None:
        self.log = log
        self.lot: Lot | None = None
        self.tree = Tree()
        self.began_at = 0
        self.last_at = 0
        self.window_from = 0
        self.bids: dict[str, BidPlace] = {}
        self.quotes: deque[live.AcceptedQuote] = deque(maxlen=kept_quotes)
        self.quotes_after = -1
        self.documents: tuple[Document, ...] = ()
        self.reserve_commitment = ""
        self._kept_entries = kept_entries
        # A seq stands for a bid that is still to be read: whoever wants to see it recalls it first.
        self._own: dict[str, deque[OwnBid | int]] = {}
        self._batches: list[tuple[int, int]] = []

    @classmethod
    def resumed(
        cls, log: str, folded: Folded, frontier: Frontier, *, kept_entries: int
    ) -> "Record":
        """Goes on where another record of this log was folded, at the frontier's size."""
        record = cls(log, kept_quotes=folded.kept_quotes, kept_entries=kept_entries)
        record.lot, record.last_at = folded.lot, folded.last_at
        record.tree, record.began_at = Tree(after=frontier), frontier.size
        record.window_from = folded.window_from
        record.quotes.extend(folded.quotes)
        record.quotes_after = folded.quotes_after
        record.documents = folded.documents
        record.reserve_commitment = folded.reserve_commitment
        record._own = {number: record._row(seqs) for number, seqs in folded.own.items()}
        return record

    @property
    def size(self) -> int:
        return self.tree.size

    def folded(self) -> Folded:
        """All that another record needs to go on from this size."""
        assert self.lot is not None, "a published lot"
        return Folded(
            lot=self.lot,
            last_at=self.last_at,
            window_from=self.window_from,
            kept_quotes=self.quotes.maxlen or 0,
            quotes=tuple(self.quotes),
            quotes_after=self.quotes_after,
            documents=self.documents,
            reserve_commitment=self.reserve_commitment,
            own={number: tuple(map(_seq, rows)) for number, rows in self._own.items()},
        )

    def add(self, entry: Entry, content: bytes | None = None, after: Lot | None = None) -> None:
        """Takes the next entry in; `content` of a bid and the lot `after` it, if known already."""
        assert entry.seq == self.size, "entries come in order of seq"
        before = self.lot
        if after is None:
            after = apply(before, entry.command, entry.events, entry.at)
        if isinstance(entry.command, m.PlaceBid):
            assert before is not None, "a bid follows a publication"
            self._add_bid(entry, entry.command, before, content)
        elif isinstance(entry.command, m.PublishLot):
            self.reserve_commitment = entry.command.reserve_commitment
        if isinstance(entry.command, m.PublishLot | m.SupplementLot):
            self.documents = entry.command.documents
        if any(isinstance(event, m.StageChanged | m.Resumed) for event in entry.events):
            self.window_from = self._begins(after, entry.at)
        self.tree.append(entry.leaf)
        self.lot, self.last_at = after, entry.at
        if self.size - self.tree.first > 2 * self._kept_entries:
            self._forget()

    def _forget(self) -> None:
        """Half of what is kept, so that each entry is moved once and no more."""
        self.tree.forget(self.size - self._kept_entries)
        self._batches = [batch for batch in self._batches if batch[0] >= self.tree.first]
        self._forget_bids()

    def _forget_bids(self) -> None:
        surplus = len(self.bids) - self._kept_entries
        if surplus > 0:
            self.bids = dict(islice(self.bids.items(), surplus, None))

    def _begins(self, lot: Lot, at: int) -> int:
        """An announced opening counts from its announced instant, even when we open it late."""
        announced = lot.opened_at is not None and lot.opened_at <= at
        opens = announced and lot.stage.value == "LISTING"
        return lot.opened_at if opens and lot.opened_at is not None else at

    # ── own bids ────────────────────────────────────────────────────────────────────────────

    def own(self, bidder_no: str) -> tuple[live.DecidedBid, ...]:
        """The latest decided bids of one bidder, oldest first; recalled before."""
        rows = self._own.get(bidder_no, ())
        return tuple(row.row() for row in rows if isinstance(row, OwnBid))

    def unread(self, bidder_no: str) -> list[int]:
        """The seqs of his bids that must be recalled before `own` tells all."""
        return [row for row in self._own.get(bidder_no, ()) if isinstance(row, int)]

    def recall(self, bidder_no: str, entries: Iterable[Entry]) -> None:
        """His bids of old, read from the log."""
        read: dict[int, OwnBid] = {}
        for entry in entries:
            if isinstance(entry.command, m.PlaceBid) and entry.command.bidder_no == bidder_no:
                read[entry.seq] = own_bid(entry, entry.command)
        rows = self._own.get(bidder_no, deque())
        for place, row in enumerate(rows):
            if isinstance(row, int):
                rows[place] = read.get(row, row)

    def remember(self, entry: Entry) -> BidPlace:
        """A bid of old that somebody asked about."""
        bid = entry.command
        assert isinstance(bid, m.PlaceBid), "only bids have a bid_id"
        if len(self.bids) > 3 * self._kept_entries:
            self._forget_bids()
        place = BidPlace(entry.seq, bid.bidder_no, content_of(self.log, bid))
        self.bids[bid.bid_id] = place
        return place

    # ── heads ───────────────────────────────────────────────────────────────────────────────

    def add_head(self, before: int, after: int) -> None:
        """A batch took the tree from one size to the other."""
        if not self._batches or self._batches[-1][1] <= before:
            self._batches.append((before, after))

    def head_over(self, seq: int) -> int | None:
        """The size after the batch in which `seq` was committed; None when it is not known here."""
        place = bisect_right(self._batches, seq, key=lambda batch: batch[0]) - 1
        if place < 0 or seq >= self._batches[place][1]:
            return None
        return self._batches[place][1]

    def _add_bid(self, entry: Entry, bid: m.PlaceBid, lot: Lot, content: bytes | None) -> None:
        said = content if content is not None else content_of(self.log, bid)
        self.bids[bid.bid_id] = BidPlace(entry.seq, bid.bidder_no, said)
        own = self._own.get(bid.bidder_no)
        if own is None:
            own = self._own[bid.bidder_no] = self._row(())
        own.append(own_bid(entry, bid))
        event = entry.events[0]
        if isinstance(event, m.BidAccepted):
            if len(self.quotes) == self.quotes.maxlen:
                self.quotes_after = self.quotes[0].seq
            self.quotes.append(_quote(entry, event, lot))

    def _row(self, seqs: Iterable[int]) -> deque[OwnBid | int]:
        return deque(seqs, maxlen=self.quotes.maxlen)


def own_bid(entry: Entry, bid: m.PlaceBid) -> OwnBid:
    """One row of a bidder's own list."""
    event = entry.events[0]
    reason = event.reason.value if isinstance(event, m.BidRefused) else None
    return OwnBid(bid.bid_id, entry.seq, entry.at, bid.received_at, bid.amount_fen, reason)


def _seq(row: OwnBid | int) -> int:
    return row if isinstance(row, int) else row.seq


def _quote(entry: Entry, event: m.BidAccepted, lot: Lot) -> live.AcceptedQuote:
    return live.AcceptedQuote(
        seq=entry.seq,
        at=entry.at,
        bidder_no=event.bidder_no,
        amount_fen=event.amount_fen,
        closes_at=event.closes_at,
        stage=lot.stage.value,
    )
