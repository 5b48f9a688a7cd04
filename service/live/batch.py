"""A batch being decided: the rules on one state after another, nothing written, nothing shown."""

from dataclasses import dataclass
from typing import Any

from schemas import live
from schemas.problem import ProblemCode
from service.live.frames import problem
from service.live.record import Entry, Record, content_of, make_entry
from service.rules import messages as m
from service.rules.decide import apply, decide
from service.rules.lot import Lot
from service.rules.refusals import Refusal
from service.store.ledger import Append, NewEntry
from service.store.log_tables import lot_log
from service.store.projection import changes_listing, listing_of, project


@dataclass(frozen=True, slots=True)
class Decided:
    """A command stands in the log at `seq`; `entry` when it was this batch that decided it."""

    seq: int
    entry: Entry | None = None


Answer = Decided | Refusal | live.Problem


class Draft:
    """The entries of one batch. `at`: ms, the same for all of them.

    contents, lots: beside each entry, the hash of a bid's content, and the lot after it.
    """

    def __init__(self, lot_id: str, record: Record, at: int) -> None:
        assert record.lot is not None, "a room opens on a published lot"
        self.at = max(at, record.last_at)
        self.entries: list[Entry] = []
        self.contents: list[bytes | None] = []
        self.lots: list[Lot] = []
        self._lot_id = lot_id
        self._record = record
        self._lot = record.lot
        self._relisted = False
        self._bids: dict[str, tuple[int, bytes]] = {}

    def decide(self, command: m.Command) -> Answer:
        if isinstance(command, m.PlaceBid):
            return self._decide_bid(command)
        return self._decide_once(command)

    def _decide_bid(self, bid: m.PlaceBid) -> Answer:
        """The same bid_id gets the same answer; other content under it is no bid at all."""
        content = content_of(self._record.log, bid)
        known = self._record.bids.get(bid.bid_id)
        before = (known.seq, known.content) if known else self._bids.get(bid.bid_id)
        if before is not None:
            seq, said = before
            if said == content:
                return Decided(seq)
            return problem(ProblemCode.BID_ID_REUSED, bid.bid_id)
        if bid.seen_seq >= self._record.size:
            # Logged, it would make every verifier call the whole sale false: its signer says that
            # he saw what nobody had written. Any bidder could spoil any sale with one such bid.
            return problem(ProblemCode.MALFORMED, bid.bid_id, "seen_seq: there is no such entry")
        answer = self._decide_once(bid, content)
        if isinstance(answer, Refusal):
            # Only a sealed log refuses even to write a refusal.
            return problem(ProblemCode.REFUSED_BY_RULES, bid.bid_id, answer.reason.value)
        self._bids[bid.bid_id] = (answer.seq, content)
        return answer

    def _decide_once(self, command: m.Command, content: bytes | None = None) -> Decided | Refusal:
        events = decide(self._lot, command, self.at)
        if isinstance(events, Refusal):
            return events
        seq = self._record.size + len(self.entries)
        entry = make_entry(self._record.log, seq, self.at, command, events)
        after = apply(self._lot, command, events, self.at)
        self._relisted |= changes_listing(command, self._lot, after)
        self._lot = after
        self.entries.append(entry)
        self.contents.append(content)
        self.lots.append(after)
        return Decided(seq, entry)

    def to_append(self) -> Append:
        """What the ledger writes: the entries, the new head, and the row that pages read."""
        frontier = self._record.tree.frontier().extend(entry.leaf for entry in self.entries)
        entries = tuple(
            NewEntry(entry.raw, entry.leaf, _bid_id(entry.command), content)
            for entry, content in zip(self.entries, self.contents, strict=True)
        )
        return Append(
            log=lot_log(self._lot_id),
            expected_size=self._record.size,
            entries=entries,
            frontier=frontier.to_bytes(),
            root=frontier.root(),
            last_at=self.at,
            projection=project(self._lot, self._listing()),
        )

    def _listing(self) -> dict[str, Any] | None:
        if not self._relisted:
            return None
        documents = self._record.documents
        for entry in self.entries:
            if isinstance(entry.command, m.SupplementLot):
                documents = entry.command.documents
        committed = self._record.reserve_commitment
        return listing_of(self._record.log, self._lot_id, self._lot, documents, committed)


def _bid_id(command: m.Command) -> str | None:
    return command.bid_id if isinstance(command, m.PlaceBid) else None
