"""The one serial path of a lot in this process: bids, ticks and officials' orders, in batches.

The life of a batch:

1. Everything that waits is taken, in order of arrival; a tick yields to the bids beside it.
2. If the bid path was not proved, the first entry is `interrupt`.
3. The rules decide each command on the state that the one before left.
4. The ledger swaps the head. Lost: read what the others wrote, and decide again.
5. Only then: sign, answer, show.

Several processes may hold a room for one lot; the swap decides between them, not a lease.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import live
from schemas.problem import ProblemCode
from service import gauges
from service.audit.tree import Tree
from service.bus.hints import Bus, LogMoved
from service.clock import Clock
from service.live.audience import Audience
from service.live.batch import Answer, Decided, Draft
from service.live.denying import Denials
from service.live.facts import BidPath
from service.live.final_calls import FinalCalls
from service.live.frames import notices, problem
from service.live.opening import (
    Shelf,
    find_place,
    open_record,
    read_back,
    recall_bids,
    recall_own,
)
from service.live.receipts import receipt_of
from service.live.record import Entry, Record, read_entry
from service.live.states import state_of
from service.live.tails import SHARE_AT_MOST, Tails
from service.live.timers import Timers
from service.live.views import Views
from service.rules import messages as m
from service.rules.lot import Lot
from service.rules.refusals import Refusal
from service.rules.table import PROVED_STAGES
from service.rules.terms import Control
from service.settings import Settings
from service.store.kept import is_kept
from service.store.ledger import (
    Appended,
    BidIdTaken,
    CommitUnknown,
    Ledger,
    NotWritten,
)
from service.store.log_tables import lot_log
from service.store.lot_states import StoredState
from service.store.projection import lot_fields, rules_summary
from service.store.signer import Halted, Signer
from service.store.trees import Trees

FAR_BEHIND = SHARE_AT_MOST
"""Entries after which a room reads on though nobody asks, so that who asks need not wait long."""
TREE_LEAVES = 1_000_000
"""Of trees for old receipts, where nobody shares those of the witnesses."""
LOOKS = 3
"""For a bid that arrives again and again just when it is about to be called unknown."""
FEW = 16
"""Entries so few that nobody keeps a state for them."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What every room of a process shares."""

    engine: AsyncEngine
    ledger: Ledger
    clock: Clock
    timers: Timers
    settings: Settings
    signer: Signer
    path: BidPath
    hints: Bus | None = None
    views: Views | None = None
    trees: Trees = field(default_factory=lambda: Trees(TREE_LEAVES))
    tails: Tails = field(default_factory=Tails)
    keeping: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the one who waits for the standby: more of them would take the pages' connections."""

    @property
    def shelf(self) -> Shelf:
        """Where records are read from."""
        return Shelf(self.engine, self.settings, self.signer)


class Nudge(Enum):
    """What may wait in the inbox beside commands.

    LOOK: read what others wrote. CHECK: interrupt the sale if the bid path was not proved.
    """

    LOOK = "LOOK"
    CHECK = "CHECK"


class Fate(Enum):
    """What became of a write. UNKNOWN: it is not in the log, and may still arrive. TAKEN: a bid of
    it stands in the log already, decided longer ago than this room remembered. UNKEPT: it is in the
    log, and a failover may yet lose it."""

    WRITTEN = "WRITTEN"
    LOST = "LOST"
    NOT_WRITTEN = "NOT_WRITTEN"
    UNKNOWN = "UNKNOWN"
    TAKEN = "TAKEN"
    UNKEPT = "UNKEPT"


@dataclass(slots=True, eq=False)
class _Waiting:
    command: m.Command | Nudge
    answer: asyncio.Future[Answer]

    @property
    def bid_id(self) -> str | None:
        return self.command.bid_id if isinstance(self.command, m.PlaceBid) else None

    def reply(self, answer: Answer) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)


_Answered = tuple[_Waiting, Answer]

NEEDS_CLOCK = (m.PlaceBid, m.OptIn, m.Advance, m.Resume, m.OpenReserve, m.CloseSale)
"""What may not go on while the time is in doubt. Stopping a sale always may: a freeze that was
refused in the last hour is how a real one went wrong."""


MAY_STOP = (m.Suspend, m.Interrupt)
"""What may still be done to a lot whose log may not be signed: stopping the sale."""


class Room:
    """One lot in one process. Owns the record, the inbox and the audience."""

    def __init__(self, lot_id: str, record: Record, parts: Parts) -> None:
        self.lot_id = lot_id
        self.log = lot_log(lot_id)
        self._record = record
        self._parts = parts
        self._inbox: deque[_Waiting] = deque()
        self._deciding: dict[str, asyncio.Future[Answer]] = {}
        self._running: asyncio.Task[None] | None = None
        self._behind = False
        self._torn = False
        self._shown = record.size
        self._heard = record.size
        self._state_of = (record.began_at, self.lot.stage, self.lot.control)
        self._recalled: set[str] = set()
        self._kept = 0
        doubt_ms = parts.settings.clock_uncertainty_ms
        self._denials = Denials(parts.engine, parts.clock, self.log, doubt_ms)
        self._proved_to = 0
        self._listeners: list[Callable[[Room], None]] = []
        clock, timers, settings = parts.clock, parts.timers, parts.settings
        shown = None if parts.views is None else parts.views.of(self.log)
        relays = None if parts.hints is None else parts.hints.frames_of(record.log)
        self._relayed = relays is not None
        self.audience = Audience(self.update, clock, timers, settings, shown, relays)
        self._calls = FinalCalls(self.audience.tell, clock, timers)
        self._calls.follow(self.lot)

    # ── what others ask ─────────────────────────────────────────────────────────────────────

    @property
    def origin(self) -> str:
        """The log's full name, as it stands in entries and signatures."""
        return self._record.log

    @property
    def lot(self) -> Lot:
        """The state after the last committed entry that this process knows."""
        assert self._record.lot is not None, "a room opens on a published lot"
        return self._record.lot

    @property
    def size(self) -> int:
        return self._record.size

    @property
    def proved_to(self) -> int:
        """How far the present window is known to be proved, its beginning at least (ms)."""
        return max(self._proved_to, self._record.window_from)

    async def place_bid(self, bid: m.PlaceBid) -> live.Receipt | live.Problem:
        """Decides the bid, or finds it decided. Always an answer."""
        # A caller who goes away does not take the decision with him.
        return await self.answer_to(bid, await asyncio.shield(self.ask(bid)))

    def answer_at_hand(self, bid: m.PlaceBid, answer: Answer) -> live.Receipt | live.Problem | None:
        """What the bidder is told of the decision on his bid; None when an entry that others or an
        earlier batch wrote must be read for it."""
        if not isinstance(answer, Decided):
            assert not isinstance(answer, Refusal), "a bid's refusal is an event"
            return answer
        head = self._record.head_over(answer.seq)
        if answer.entry is None or head is None:
            return None
        return self._receipt(answer.entry, head, bid.bid_id)

    async def answer_to(self, bid: m.PlaceBid, answer: Answer) -> live.Receipt | live.Problem:
        """The same, with that entry read."""
        at_hand = self.answer_at_hand(bid, answer)
        if at_hand is not None:
            return at_hand
        assert isinstance(answer, Decided), "everything else is at hand"
        return await self._receipt_at(answer.seq, bid.bid_id)

    async def submit(self, command: m.Command) -> Decided | Refusal | live.Problem:
        """Decides a command of time or of officials. A problem says that nothing is known of it."""
        return await asyncio.shield(self.ask(command))

    async def find_receipt(self, bid_id: str, bidder_no: str) -> live.Receipt | live.Problem:
        """What became of an own bid, wherever it was decided; waits while it is being decided."""
        deciding = self._deciding.get(bid_id)
        if deciding is not None:
            await asyncio.wait((deciding,))
        for _ in range(LOOKS):
            if bid_id not in self._record.bids:
                looked = await asyncio.shield(self.ask(Nudge.LOOK))
                if isinstance(looked, live.Problem):
                    # Nobody could look: to call the bid unknown would be a guess.
                    return problem(ProblemCode.NOT_YET_CONFIRMED, bid_id)
            place = await find_place(self._parts.shelf, self._record, self.log, bid_id)
            if place is not None and place.bidder_no == bidder_no:
                return await self._receipt_at(place.seq, bid_id)
            if place is not None or not bidder_no or self.lot.sealed:
                return problem(ProblemCode.UNKNOWN_BID, bid_id)
            # A killed process may have left it in a statement, a slow one may still have it.
            if self._parts.clock.is_sure() and await self._denials.deny(bid_id):
                return problem(ProblemCode.UNKNOWN_BID, bid_id)
        return problem(ProblemCode.NOT_YET_CONFIRMED, bid_id)

    def look(self) -> None:
        """Reads what others wrote."""
        self._nudge(Nudge.LOOK)

    def moved(self, size: int) -> None:
        """A hint or a poll says that the log is this long. It is read at once where somebody
        watches; else when somebody asks, for to read every entry in every process costs each bid
        as often as there are processes."""
        self._heard = max(self._heard, size)
        if self._heard - self.size >= (1 if self._is_watched() else FAR_BEHIND):
            self.look()

    async def current(self) -> None:
        """Returns when the room that nobody watched knows what it was told of. Without a database
        it returns as well, and the state is the last that was known."""
        if self._lags() and not self._is_watched():
            await asyncio.shield(self._nudge(Nudge.LOOK).answer)

    def check(self) -> None:
        """Makes sure that the path is proved, or interrupts the sale."""
        self._nudge(Nudge.CHECK)

    def proved(self, at: int) -> None:
        """The path was proved at `at` (ms): a later look may begin there, if no gap lies before."""
        gap_ms = self.lot.rules.outage_gap_s * 1000
        if at - self.proved_to <= gap_ms:
            self._proved_to = max(at, self._proved_to)

    def on_change(self, listener: Callable[["Room"], None]) -> None:
        """Calls `listener` after every batch that changed the lot."""
        self._listeners.append(listener)

    def is_idle(self) -> bool:
        """Nobody looks and nothing waits."""
        return not (len(self.audience) or self.is_deciding())

    def is_deciding(self) -> bool:
        return self._running is not None

    async def settled(self) -> None:
        """Returns when nothing waits any more."""
        while self._running is not None:
            await asyncio.wait((self._running,))

    def close(self, code: int) -> None:
        """Sends the audience away; what waits is still decided."""
        self._calls.stop()
        self.audience.close(code)

    async def recall(self, bidder_no: str) -> None:
        """Reads the bidder's own bids of old, before a snapshot shows them."""
        await recall_own(self._parts.shelf, self._record, self.log, bidder_no)
        self._recalled.add(bidder_no)

    def new_state(self, *, closing: bool = False) -> StoredState | None:
        """The folded log to be kept, when it has grown or moved on enough since the last one.

        Call it outside the serial path's awaits: between two batches the record is whole.
        """
        lot, record = self.lot, self._record
        size, *moved = self._state_of
        new = record.size - size
        most = self._parts.settings.state_entries
        due = closing or moved != [lot.stage, lot.control]
        if self._behind or self._lags() or new < (min(FEW, most) if due else most):
            return None
        self._state_of = (record.size, lot.stage, lot.control)
        return state_of(record, self.log, self._parts.signer)

    # ── frames ──────────────────────────────────────────────────────────────────────────────

    def snapshot(self, bidder_no: str | None) -> live.Snapshot:
        """The whole state now; take it in the same breath as joining the audience."""
        record = self._record
        kept = self._parts.settings.recent_quotes
        return live.Snapshot(
            seq=record.size - 1,
            at=record.last_at,
            lot_id=self.lot_id,
            log=record.log,
            lot=lot_fields(self.lot),
            rules=rules_summary(self.lot),
            recent=tuple(record.quotes)[-kept:],
            yours=None if bidder_no is None else record.own(bidder_no),
        )

    def update(self, new: tuple[live.AcceptedQuote, ...], gap: bool) -> live.Update:
        """The public state now, with these new quotes."""
        return live.Update(
            seq=self._record.size - 1,
            at=self._record.last_at,
            lot=lot_fields(self.lot),
            new=new,
            gap=True if gap else None,
        )

    def resync(self, after_seq: int, bidder_no: str | None) -> live.Update | live.Snapshot:
        """The missing rows when they fit one update, else everything."""
        record = self._record
        rows = tuple(quote for quote in record.quotes if quote.seq > after_seq)
        fits = len(rows) <= self._parts.settings.update_quotes
        if fits and record.quotes_after <= after_seq < record.size:
            return self.update(rows, gap=False)
        return self.snapshot(bidder_no)

    # ── the serial path ─────────────────────────────────────────────────────────────────────

    def ask(self, command: m.Command | Nudge) -> asyncio.Future[Answer]:
        """Puts a command into the inbox; the future is the room's, so never cancel it."""
        if len(self._inbox) < self._parts.settings.inbox_limit:
            return self._enqueue(command).answer
        bid_id = command.bid_id if isinstance(command, m.PlaceBid) else None
        refused: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        refused.set_result(problem(ProblemCode.BUSY, bid_id))
        return refused

    def _nudge(self, nudge: Nudge) -> _Waiting:
        same = (waiting for waiting in self._inbox if waiting.command is nudge)
        return next(same, None) or self._enqueue(nudge)

    def _enqueue(self, command: m.Command | Nudge) -> _Waiting:
        waiting = _Waiting(command, asyncio.get_running_loop().create_future())
        self._inbox.append(waiting)
        if waiting.bid_id is not None:
            self._deciding.setdefault(waiting.bid_id, waiting.answer)
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name=f"room {self.lot_id}")
        return waiting

    async def _run(self) -> None:
        try:
            while self._inbox:
                await self._serve(self._take())
        finally:
            self._running = None

    def _take(self) -> list[_Waiting]:
        """The next batch. Advances come last: a bid that waits beside one arrived in time."""
        most = min(len(self._inbox), self._parts.settings.batch_limit)
        batch = [self._inbox.popleft() for _ in range(most)]
        return sorted(batch, key=lambda waiting: isinstance(waiting.command, m.Advance))

    async def _serve(self, batch: list[_Waiting]) -> None:
        """Answers every command of the batch, whatever happens; nothing here can stay locked."""
        try:
            await self._decide(batch)
        except Exception as error:
            _log.error("room_failed", lot_id=self.lot_id, exc_info=error)
            self._behind = self._torn = True
            for waiting in batch:
                waiting.reply(problem(ProblemCode.NOT_YET_CONFIRMED, waiting.bid_id))
        finally:
            for waiting in batch:
                if self._deciding.get(waiting.bid_id or "") is waiting.answer:
                    del self._deciding[waiting.bid_id or ""]

    async def _decide(self, batch: list[_Waiting]) -> None:
        self._behind |= any(self._asks_for_more(waiting.command) for waiting in batch)
        doubt = False
        for _ in range(self._parts.settings.lost_swaps):
            await self._catch_up()
            interrupt = await self._interruption(batch)
            if interrupt is not None and self._lags():
                # Found on a state of old: what stands in the log since may have answered it.
                self._behind = True
                await self._catch_up()
                interrupt = await self._interruption(batch)
            # Read after the gap was: what interrupts must not lie in the future of its entry.
            draft = Draft(self.lot_id, self._record, self._parts.clock.now_ms())
            answers = self._decide_all(draft, interrupt, batch)
            fate = await self._write(draft) if draft.entries else Fate.WRITTEN
            if fate is Fate.WRITTEN:
                for waiting, answer in answers:
                    waiting.reply(answer)
                return
            # What was lost from sight may still arrive until somebody moves the head past it.
            doubt = doubt or fate in (Fate.UNKNOWN, Fate.UNKEPT)
            if fate in (Fate.NOT_WRITTEN, Fate.UNKEPT):
                code = ProblemCode.NOT_YET_CONFIRMED if doubt else ProblemCode.UNAVAILABLE
                _reply_all(batch, code)
                return
        _reply_all(batch, ProblemCode.NOT_YET_CONFIRMED if doubt else ProblemCode.BUSY)

    def _asks_for_more(self, command: m.Command | Nudge) -> bool:
        """Whether it is to be answered from more of the log than this room knows."""
        if command is Nudge.CHECK:
            # The poll knows that the lot takes bids; a window is as open in a state of old.
            return self._lags() and not self._takes_time()
        ahead = isinstance(command, m.PlaceBid) and command.seen_seq >= self.size
        return ahead or command is Nudge.LOOK or self._lags()

    def _lags(self) -> bool:
        """Whether the log is longer than this room has read, as far as it was told."""
        return self._heard > self.size

    def _is_watched(self) -> bool:
        return self._relayed or len(self.audience) > 0

    def _takes_time(self) -> bool:
        return self.lot.stage in PROVED_STAGES and self.lot.control is Control.NORMAL

    def _decide_all(
        self, draft: Draft, interrupt: m.Interrupt | None, batch: list[_Waiting]
    ) -> list[_Answered]:
        """Decides the batch into the draft; touches nothing of the room's."""
        if interrupt is not None:
            draft.decide(interrupt)
        sure = self._parts.clock.is_sure()
        return [(waiting, self._answer(draft, waiting, sure=sure)) for waiting in batch]

    def _answer(self, draft: Draft, waiting: _Waiting, *, sure: bool) -> Answer:
        if isinstance(waiting.command, Nudge):
            return Decided(self.size - 1)
        why = self._parts.signer.halted(self.origin)
        if why is not None and not isinstance(waiting.command, MAY_STOP):
            return problem(ProblemCode.UNAVAILABLE, waiting.bid_id, why)
        if not sure and isinstance(waiting.command, NEEDS_CLOCK):
            return problem(ProblemCode.CLOCK_UNSURE, waiting.bid_id)
        if self._is_denied(waiting.command):
            return problem(ProblemCode.UNAVAILABLE, waiting.bid_id)
        return draft.decide(waiting.command)

    def _is_denied(self, command: m.Command) -> bool:
        """A bid whose bidder was told meanwhile that there is none: it needs to be sent again."""
        if not isinstance(command, m.PlaceBid) or command.bid_id in self._record.bids:
            return False
        return self._denials.bar(command)

    async def _interruption(self, batch: list[_Waiting]) -> m.Interrupt | None:
        """The gap in the health series that nobody has acted on yet, if there is one (rules §7)."""
        lot, now = self.lot, self._parts.clock.now_ms()
        if not self._takes_time():
            return None
        gap_ms = lot.rules.outage_gap_s * 1000
        since = self.proved_to
        ticking = any(isinstance(waiting.command, m.Advance) for waiting in batch)
        if now - since <= gap_ms and not ticking:
            return None
        proved = await self._parts.path.proved(since, gap_ms)
        self._proved_to = max(self._proved_to, proved.to)
        if proved.gap is None:
            return None
        gap_from, gap_to = proved.gap.gap_from, proved.gap.gap_to
        return m.Interrupt(cause=m.InterruptCause.OUTAGE, gap_from=gap_from, gap_to=gap_to)

    async def _write(self, draft: Draft) -> Fate:
        try:
            # HERE THE BATCH BEGINS TO EXIST, with the ledger's commit. Nothing before this line
            # signs, answers or shows. A crash after it loses no entry, only answers, and those
            # bid_status gives, from the same log and by the same code.
            appended = await self._parts.ledger.append(self._denials.keyed(draft.to_append()))
        except BidIdTaken:
            bids = [entry.command for entry in draft.entries]
            taken = [bid.bid_id for bid in bids if isinstance(bid, m.PlaceBid)]
            await recall_bids(self._parts.shelf, self._record, self.log, taken)
            await self._denials.learn(taken)
            return Fate.TAKEN
        except NotWritten as error:
            _log.warning("not_written", lot_id=self.lot_id, error=str(error))
            return Fate.NOT_WRITTEN
        except CommitUnknown as error:
            _log.warning("commit_unknown", lot_id=self.lot_id, error=str(error))
            self._behind = True
            first = draft.entries[0]
            found = any(entry.raw == first.raw for entry in await self._catch_up())
            if not found:
                return Fate.UNKNOWN
            return Fate.WRITTEN if await self._is_kept(first) else Fate.UNKEPT
        if appended is Appended.LOST:
            gauges.LOST_SWAPS.inc()
            self._behind = True
            return Fate.LOST
        self._take_in(draft)
        return Fate.WRITTEN

    # ── taking in what is committed ─────────────────────────────────────────────────────────

    def _take_in(self, draft: Draft) -> None:
        """Own entries after their commit."""
        before = self.size
        for entry, content, after in zip(draft.entries, draft.contents, draft.lots, strict=True):
            self._record.add(entry, content, after)
        self._record.add_head(before, self.size)
        # A commit that waited for the standby proves all that stood before it.
        self._kept = self.size
        gauges.count_decided((entry.command, entry.events) for entry in draft.entries)
        if self._parts.hints is not None:
            self._parts.hints.tell(LogMoved(self.log, self.size - 1))
        self._show(draft.entries)

    async def _catch_up(self) -> list[Entry]:
        """Reads what other processes wrote, or everything when our own copy is in doubt."""
        if not self._behind:
            return []
        record = self._record
        if self._torn:
            record = await open_record(self._parts.shelf, self.log)
            for bidder_no in self._recalled:
                await recall_own(self._parts.shelf, record, self.log, bidder_no)
        news: list[Entry] = []
        heard, more = self._heard, True
        while more:
            since = self._shown + len(news)
            tail = await self._parts.tails.read(self._parts.engine, self.log, since)
            piece = [read_entry(self.origin, seq, row) for seq, row in enumerate(tail.rows, since)]
            foreign = [entry for entry in piece if entry.seq >= record.size]
            if foreign and self._is_watched():
                gauges.ROOM_LAG_SECONDS.observe((self._parts.clock.now_ms() - foreign[0].at) / 1000)
            for entry in foreign:
                record.add(entry)
            news += piece
            more = tail.more
        # In one breath with showing it: who joined before would be told again what he was shown.
        self._record, self._torn, self._behind = record, False, False
        if self._heard == heard:
            # No longer than it is: a hint of what a failing primary took with it must not last.
            self._heard = self.size
        if news:
            self._show(news)
        return news

    def _show(self, entries: list[Entry]) -> None:
        """Tells audience and listeners. What they make of it never reaches the bidder's answer:
        elsewhere a bid was saved and then answered 500 because a log line wanted a header."""
        self._shown = self.size
        try:
            first = entries[0].seq
            if self._is_watched():
                self.audience.changed(quote for quote in self._record.quotes if quote.seq >= first)
                for entry in entries:
                    for notice in notices(entry.command, entry.events, entry.at):
                        self.audience.tell(notice)
            self._calls.follow(self.lot)
            for listener in self._listeners:
                listener(self)
        except Exception as error:
            _log.error("show_failed", lot_id=self.lot_id, exc_info=error)

    def _receipt(
        self, entry: Entry, head: int, bid_id: str, tree: Tree | None = None
    ) -> live.Receipt | live.Problem:
        """Bytes that depend on the log alone, so asking again gives the same."""
        try:
            return receipt_of(
                entry,
                log=self.origin,
                tree=tree or self._record.tree,
                head_size=head,
                signer=self._parts.signer,
            )
        except Halted as halted:
            return problem(ProblemCode.NOT_YET_CONFIRMED, bid_id, str(halted))
        except Exception as error:
            return self._no_receipt(error, bid_id)

    async def _receipt_at(self, seq: int, bid_id: str) -> live.Receipt | live.Problem:
        parts = self._parts
        try:
            entry, head, tree = await read_back(
                parts.shelf, self._record, self.log, seq, parts.trees
            )
            if not await self._is_kept(entry):
                return problem(ProblemCode.NOT_YET_CONFIRMED, bid_id)
        except Exception as error:
            return self._no_receipt(error, bid_id)
        return self._receipt(entry, head, bid_id, tree)

    async def _is_kept(self, entry: Entry) -> bool:
        """Whether this entry, which was read, survives a failover."""
        async with self._parts.keeping:
            if entry.seq < self._kept:
                return True
            seq, leaf, tree = entry.seq, entry.leaf, self._record.tree
            if tree.first < tree.size:
                seq, leaf = tree.size - 1, tree.leaf(tree.size - 1)
            try:
                kept = await is_kept(self._parts.engine, self.log, seq, leaf)
            except Exception as error:
                _log.warning("not_known_to_be_kept", lot_id=self.lot_id, error=repr(error))
                return False
            if kept:
                self._kept = seq + 1
            else:
                # Another server leads now, and its log is another: read anew.
                self._behind = self._torn = True
            return kept

    def _no_receipt(self, error: Exception, bid_id: str) -> live.Problem:
        _log.error("receipt_failed", lot_id=self.lot_id, exc_info=error)
        return problem(ProblemCode.NOT_YET_CONFIRMED, bid_id)


def _reply_all(batch: list[_Waiting], code: ProblemCode) -> None:
    for waiting in batch:
        waiting.reply(problem(code, waiting.bid_id))
