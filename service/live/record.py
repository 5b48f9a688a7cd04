"""A lot's log as one process holds it: the state it tells, its tree, and what frames are made of.

Only committed entries come in here. The room that owns the record is its only writer.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from schemas import live
from schemas import log as w
from service import wire
from service.audit import canonical
from service.audit.signatures import bid_message
from service.audit.tree import Tree, leaf_hash
from service.live.entry_bytes import entry_bytes
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
    canonical.decode(stored.bytes)
    entry = w.LotEntry.model_validate_json(stored.bytes)
    if leaf_hash(stored.bytes) != stored.leaf:
        raise LogBroken(f"{log} {seq}: the leaf is not the hash of the bytes")
    if (entry.log, entry.seq, stored.seq) != (log, seq, seq):
        raise LogBroken(f"{log} {seq}: found {entry.log} {entry.seq}")
    events = tuple(wire.event_from_wire(event) for event in entry.events)
    command = wire.command_from_wire(entry.command)
    return Entry(seq, entry.at, command, events, stored.bytes, stored.leaf)


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


class Record:
    """Grows by one committed entry at a time.

    window_from: since when the present stage or its resumption has run (ms).
    quotes: the latest accepted ones, oldest first; complete after `quotes_after`.
    """

    def __init__(self, log: str, *, kept_quotes: int) -> None:
        self.log = log
        self.lot: Lot | None = None
        self.tree = Tree()
        self.last_at = 0
        self.window_from = 0
        self.bids: dict[str, BidPlace] = {}
        self.quotes: deque[live.AcceptedQuote] = deque(maxlen=kept_quotes)
        self.quotes_after = -1
        self.documents: tuple[Document, ...] = ()
        self.reserve_commitment = ""
        self._own: dict[str, deque[live.DecidedBid]] = {}
        self._heads: list[int] = []
        self._heads_to = 0

    @property
    def size(self) -> int:
        return self.tree.size

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

    def _begins(self, lot: Lot, at: int) -> int:
        """An announced opening counts from its announced instant, even when we open it late."""
        announced = lot.opened_at is not None and lot.opened_at <= at
        opens = announced and lot.stage.value == "LISTING"
        return lot.opened_at if opens and lot.opened_at is not None else at

    def own(self, bidder_no: str) -> tuple[live.DecidedBid, ...]:
        """The latest decided bids of one bidder, oldest first."""
        return tuple(self._own.get(bidder_no, ()))

    def add_head(self, before: int, after: int) -> None:
        """A batch took the tree from one size to the other."""
        if self._heads_to == before:
            self._heads.append(after)
            self._heads_to = after

    def learn_heads(self, sizes: Sequence[int]) -> None:
        """Every committed head of this log, in order of size; later ones than ours are left."""
        self._heads = [size for size in sizes if size <= self.size]
        self._heads_to = self._heads[-1] if self._heads else 0

    def head_over(self, seq: int) -> int | None:
        """The size after the batch in which `seq` was committed; None when it is not known yet."""
        if seq >= self._heads_to:
            return None
        return self._heads[bisect_right(self._heads, seq)]

    def _add_bid(self, entry: Entry, bid: m.PlaceBid, lot: Lot, content: bytes | None) -> None:
        said = content if content is not None else content_of(self.log, bid)
        self.bids[bid.bid_id] = BidPlace(entry.seq, bid.bidder_no, said)
        own = self._own.setdefault(bid.bidder_no, deque(maxlen=self.quotes.maxlen))
        own.append(decided_bid(entry, bid))
        event = entry.events[0]
        if isinstance(event, m.BidAccepted):
            if len(self.quotes) == self.quotes.maxlen:
                self.quotes_after = self.quotes[0].seq
            self.quotes.append(_quote(entry, event, lot))


def decided_bid(entry: Entry, bid: m.PlaceBid) -> live.DecidedBid:
    """One row of a bidder's own list."""
    event = entry.events[0]
    refused = isinstance(event, m.BidRefused)
    return live.DecidedBid(
        bid_id=bid.bid_id,
        seq=entry.seq,
        at=entry.at,
        received_at=bid.received_at,
        amount_fen=bid.amount_fen,
        outcome="refused" if refused else "accepted",
        reason=event.reason.value if isinstance(event, m.BidRefused) else None,
    )


def _quote(entry: Entry, event: m.BidAccepted, lot: Lot) -> live.AcceptedQuote:
    return live.AcceptedQuote(
        seq=entry.seq,
        at=entry.at,
        bidder_no=event.bidder_no,
        amount_fen=event.amount_fen,
        closes_at=event.closes_at,
        stage=lot.stage.value,
    )
