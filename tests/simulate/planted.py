"""Bugs that real systems have had, planted one at a time for the length of a run.

Each is a patch on the product's own functions; the judges always see the product as it is.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from schemas.problem import ProblemCode
from service.live import audience
from service.live import batch as live_batch
from service.live.denying import Denials
from service.live.frames import problem
from service.live.record import Record
from service.live.room import Nudge, Room
from service.rules import bidding, timetable
from service.rules import decide as rules_decide
from service.rules import messages as m
from service.rules.lot import Lot
from service.rules.terms import Stage
from service.store import ledger
from service.store.ledger import Append, Appended, CommitUnknown, Ledger, NotWritten
from tests.simulate.database import Store
from tests.simulate.history import Finding

Patch = tuple[Any, str, Any]
batch: Any = live_batch
rules: Any = rules_decide


@dataclass(frozen=True, slots=True)
class Planted:
    """A bug by its name, how it is put in, and the invariants of which one at least must miss it:
    a run that only falls over shows nothing about the net."""

    name: str
    patches: Callable[[], list[Patch]]
    breaks: frozenset[str]

    def is_found(self, findings: Iterable[Finding]) -> bool:
        """Whether one of them is what this bug breaks."""
        return any(finding.invariant in self.breaks for finding in findings)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        with ExitStack() as stack:
            for where, name, what in self.patches():
                stack.enter_context(patch.object(where, name, what))
            yield


# ── writing ─────────────────────────────────────────────────────────────────────────────────


def _last_writer_wins() -> list[Patch]:
    """The statement without `locked.size = asked.expected`, and its entries in place of others."""

    def size(store: Store, log: str) -> int:
        return store.asked_size

    def append(store: Store, columns: Any) -> Any:
        rows = []
        for place, store.asked_size in enumerate(columns[1]):
            rows += real(store, _only(columns, columns[0][place]))
        return rows

    def insert(store: Store, into: str, rows: Any) -> None:
        for row in rows:
            marks = ", ".join("?" * len(row))
            store.sqlite.execute(f"INSERT OR REPLACE INTO {into} VALUES ({marks})", row)  # noqa: S608

    real = Store.append
    return [(Store, "append", append), (Store, "_size", size), (Store, "_insert", insert)]


def _only(columns: Any, log: str) -> list[list[Any]]:
    groups = columns[:11], columns[11:15], columns[15:19]
    rows = [[row for row in zip(*group, strict=True) if row[0] == log] for group in groups]
    widths = (11, 4, 4)
    return [
        [row[at] for row in some]
        for some, width in zip(rows, widths, strict=True)
        for at in range(width)
    ]


def _lost_is_done() -> list[Patch]:
    real = ledger._answer
    return [(ledger, "_answer", lambda waiting, _: real(waiting, Appended.DONE))]


def _answered_before_commit() -> list[Patch]:
    real = Ledger.append
    written: list[asyncio.Task[Appended]] = []

    async def append(self: Ledger, asked: Append) -> Appended:
        written.append(asyncio.create_task(real(self, asked)))
        return Appended.DONE

    return [(Ledger, "append", append)]


def _unknown_is_not_written() -> list[Patch]:
    real = Ledger.append

    async def append(self: Ledger, asked: Append) -> Appended:
        try:
            return await real(self, asked)
        except CommitUnknown as error:
            raise NotWritten(str(error)) from error

    return [(Ledger, "append", append)]


def _bid_id_forgotten() -> list[Patch]:
    """The bid is neither remembered by its id nor kept under it."""
    real_decide, real_insert = batch.Draft.decide, Store._insert

    def decide(self: live_batch.Draft, command: m.Command) -> Any:
        if isinstance(command, m.PlaceBid):
            self._bids.clear()
            self._record.bids.pop(command.bid_id, None)
        return real_decide(self, command)

    def insert(self: Store, into: str, rows: Any) -> None:
        real_insert(self, into, [] if into.startswith("log_bids") else rows)

    return [(batch.Draft, "decide", decide), (Store, "_insert", insert)]


def _time_goes_back() -> list[Patch]:
    real = batch.Draft.__init__

    def init(self: live_batch.Draft, lot_id: str, record: Record, at: int) -> None:
        real(self, lot_id, record, at)
        self.at = at

    return [(batch.Draft, "__init__", init)]


# ── answering and showing ───────────────────────────────────────────────────────────────────


def _wrong_batch() -> list[Patch]:
    return [(Record, "head_over", lambda self, seq: self.size)]


def _unknown_without_looking() -> list[Patch]:
    async def find_receipt(self: Room, bid_id: str, bidder_no: str) -> Any:
        real = Room.ask
        if bid_id not in self._record.bids:
            await real(self, Nudge.LOOK)
        place = self._record.bids.get(bid_id)
        if place is None or place.bidder_no != bidder_no:
            return problem(ProblemCode.UNKNOWN_BID, bid_id)
        return await found(self, bid_id, bidder_no)

    found = Room.find_receipt
    return [(Room, "find_receipt", find_receipt)]


def _unknown_while_under_way() -> list[Patch]:
    async def deny(self: Denials, bid_id: str) -> bool:
        return True

    return [(Denials, "deny", deny)]


def _entry_not_shown() -> list[Patch]:
    real = Room._show

    def show(self: Room, entries: Any) -> None:
        real(self, entries[1:] if len(entries) > 1 else entries)

    return [(Room, "_show", show)]


def _gap_not_said() -> list[Patch]:
    return [(audience, "_gapped", lambda update: update)]


# ── the rules ───────────────────────────────────────────────────────────────────────────────


def _refused_restarts() -> list[Patch]:
    real = rules.evolve

    def evolve(lot: Lot, event: m.Event, command: m.Command, at: int) -> Lot:
        after: Lot = real(lot, event, command, at)
        if isinstance(event, m.BidRefused) and lot.stage is Stage.TIMED:
            return replace(after, closes_at=at + lot.countdown_ms)
        return after

    return [(rules, "evolve", evolve)]


def _first_of_batch_only() -> list[Patch]:
    """One test of the deadline for all that are decided at the same instant."""
    real, last = batch.decide, [0]

    def decide(lot: Lot, command: m.Command, at: int) -> Any:
        if isinstance(command, m.PlaceBid) and lot.closes_at is not None:
            if last[0] == at:
                in_time = min(command.received_at, lot.closes_at - 1)
                command = replace(command, received_at=in_time)
            last[0] = at
        return real(lot, command, at)

    return [(batch, "decide", decide)]


def _grace() -> list[Patch]:
    real = rules.decide_bid

    def decide_bid(lot: Lot, bid: m.PlaceBid, at: int) -> Any:
        if lot.closes_at is not None and 0 <= bid.received_at - lot.closes_at < 300:
            bid = replace(bid, received_at=lot.closes_at - 1)
        return real(lot, bid, at)

    return [(rules, "decide_bid", decide_bid)]


def _never_restarts() -> list[Patch]:
    return [(bidding, "_new_end", lambda lot, at, at_cap: lot.closes_at)]


def _rest_only() -> list[Patch]:
    real = rules.decide_resume

    def decide_resume(lot: Lot, command: m.Resume, at: int) -> Any:
        events = real(lot, command, at)
        if lot.stage is not Stage.TIMED or not isinstance(events, tuple):
            return events
        assert lot.closes_at is not None
        assert lot.suspended_at is not None
        return (m.Resumed(closes_at=at + max(lot.closes_at - lot.suspended_at, 0)),)

    return [(rules, "decide_resume", decide_resume)]


def _no_drain() -> list[Patch]:
    real = timetable.leaves_at

    def leaves_at(lot: Lot) -> int | None:
        at = real(lot)
        windows = (Stage.LISTING, Stage.TIMED)
        return at - lot.rules.drain_ms if at is not None and lot.stage in windows else at

    return [(timetable, "leaves_at", leaves_at)]


def _second_close() -> list[Patch]:
    real = rules.refusal_by_table

    def refusal_by_table(stage: Stage, control: Any, command: type) -> Any:
        return None if command is m.CloseSale else real(stage, control, command)

    return [(rules, "refusal_by_table", refusal_by_table)]


def _last_is_leader() -> list[Patch]:
    real = rules.evolve

    def evolve(lot: Lot, event: m.Event, command: m.Command, at: int) -> Lot:
        after: Lot = real(lot, event, command, at)
        if isinstance(event, m.BidRefused) and lot.leader_no is not None:
            return replace(after, leader_no=event.bidder_no)
        return after

    return [(rules, "evolve", evolve)]


# ── outages ─────────────────────────────────────────────────────────────────────────────────


async def _never(self: Room, waiting: Any) -> None:
    return None


def _gap_overlooked() -> list[Patch]:
    return [(Room, "_interruption", _never)]


def _gap_only_for_ticks() -> list[Patch]:
    real = Room._interruption

    async def interruption(self: Room, waiting: Any) -> Any:
        if any(isinstance(each.command, m.Advance) for each in waiting):
            return await real(self, waiting)
        return None

    return [(Room, "_interruption", interruption)]


PLANTED = (
    Planted(
        "the swap is not compared: the last writer wins",
        _last_writer_wins,
        frozenset({"answered = logged, once", "order = seq"}),
    ),
    Planted("a lost swap is taken for done", _lost_is_done, frozenset({"answered = logged, once"})),
    Planted(
        "answered before the commit",
        _answered_before_commit,
        frozenset({"answered = logged, once"}),
    ),
    Planted(
        "an unknown commit is taken for not written",
        _unknown_is_not_written,
        frozenset({"what is promised holds"}),
    ),
    Planted("bid_id is not remembered", _bid_id_forgotten, frozenset({"answered = logged, once"})),
    Planted("time goes back with the slower clock", _time_goes_back, frozenset({"order = seq"})),
    Planted(
        "a receipt under another batch's head", _wrong_batch, frozenset({"answered = logged, once"})
    ),
    Planted(
        "called unknown though nobody could look",
        _unknown_without_looking,
        frozenset({"what is promised holds"}),
    ),
    Planted(
        "called unknown while a statement is under way",
        _unknown_while_under_way,
        frozenset({"what is promised holds"}),
    ),
    Planted(
        "of several entries the first is not told",
        _entry_not_shown,
        frozenset({"notices to all", "screens show the log"}),
    ),
    Planted(
        "a screen with a gap does not say so", _gap_not_said, frozenset({"screens show the log"})
    ),
    Planted(
        "a refused bid restarts the countdown",
        _refused_restarts,
        frozenset({"a full window always", "decided again"}),
    ),
    Planted(
        "the deadline is tested for the first bid of a batch",
        _first_of_batch_only,
        frozenset({"decided again", "a full window always"}),
    ),
    Planted(
        "a bid 300 ms late is let in", _grace, frozenset({"a full window always", "decided again"})
    ),
    Planted(
        "an accepted bid does not restart the countdown",
        _never_restarts,
        frozenset({"decided again", "a full window always"}),
    ),
    Planted("resuming gives what was left", _rest_only, frozenset({"a full window always"})),
    Planted(
        "the close does not wait for what arrived in time",
        _no_drain,
        frozenset({"a full window always"}),
    ),
    Planted("a sale is closed twice", _second_close, frozenset({"one winner"})),
    Planted(
        "who was refused last leads",
        _last_is_leader,
        frozenset({"one winner", "decided again", "screens show the log"}),
    ),
    Planted(
        "a gap in the proofs is overlooked",
        _gap_overlooked,
        frozenset({"no close inside an outage"}),
    ),
    Planted(
        "a gap is looked for by ticks alone",
        _gap_only_for_ticks,
        frozenset({"no close inside an outage"}),
    ),
)
