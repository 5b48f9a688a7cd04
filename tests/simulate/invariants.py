"""What must hold however a run went.

The rules under judgement are not asked where it can be helped: windows, winner and order are
counted here anew from the events alone.
"""

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from schemas import live
from schemas import log as w
from schemas.problem import ProblemCode
from service import wire
from service.audit import proofs
from service.audit.broken import Broken
from service.audit.checks import Check
from service.audit.replay import Checks, Replay
from service.audit.tree import Tree
from service.audit.windows import check_windows
from service.live.frames import notices
from service.rules import messages as m
from service.rules.table import PROVED_STAGES
from service.rules.terms import Extension, Stage
from service.store.projection import lot_fields
from tests.simulate.history import Finding, History, instant_ms, proofs_of, read_history
from tests.simulate.people import NOTHING_DECIDED, Told
from tests.simulate.process import Socket
from tests.simulate.world import KEY, Order, World

CLOCK_MS = 60
"""What a sure clock may be wrong by, and the grain of milliseconds."""


def judge(world: World) -> list[Finding]:
    """Everything that does not hold, the gravest first; empty when all is well."""
    found = [Finding("nothing breaks inside", each) for each in (*world.errors, *_loop(world))]
    for sale in world.plan.sales:
        try:
            history = read_history(world, sale)
        except Exception as error:
            found.append(Finding("the log can be read", f"{sale.lot_id}: {error!r}"))
            continue
        for invariant, check in INVARIANTS.items():
            found += [Finding(invariant, detail) for detail in check(world, history)]
    if not world.finished:
        found.append(Finding("every sale ends", f"after {world.loop.now_us // 1000} ms"))
    return found


def _loop(world: World) -> Iterator[str]:
    yield from world.loop.failures
    for task in world.loop.tasks():
        if task.done() and not task.cancelled():
            error = task.exception()
            if isinstance(error, AssertionError | LookupError | TypeError | AttributeError):
                yield f"{task.get_name()}: {error!r}"


# ── the log ─────────────────────────────────────────────────────────────────────────────────


def _order(world: World, history: History) -> Iterator[str]:
    """Order = seq: no gap, time never back, heads and tree of these very entries."""
    tree = Tree(row.leaf for row in history.rows)
    for before, entry in pairwise(history.entries):
        if entry.at < before.at:
            yield f"entry {entry.seq} is dated {before.at - entry.at} ms before the one before it"
    for entry, committed in zip(history.entries, history.committed_us, strict=False):
        early = entry.at - instant_ms(committed) - world.server.step_us // 1000
        if early > CLOCK_MS:
            yield f"entry {entry.seq} is dated {early} ms after its commit"
    if len(history.committed_us) != len(history.rows):
        yield f"{len(history.committed_us)} committed, {len(history.rows)} in the log"
    for head in history.heads:
        if head.size > tree.size or head.root != tree.root(head.size):
            yield f"the head at {head.size} is not of these entries"
    last = history.head
    if last is None or (last.size, last.root) != (tree.size, tree.root()):
        yield "the log's row is not its last head"


def _decided_again(world: World, history: History) -> Iterator[str]:
    """The verifier's own reading, with the rules as they stand."""
    checks = [Check(n, name) for n, name in enumerate(("spelling", "order", "signatures"), 2)]
    checks += [Check(8, "decisions"), Check(9, "roll"), Check(13, "health")]
    commands = [wire.command_to_wire(entry.command) for entry in history.entries]
    roll = next((each for each in commands if isinstance(each, w.OpenRoll)), None)
    spelling, order, signatures, decisions, on_roll, windows = checks
    replay = Replay(history.origin, roll, Checks(spelling, order, signatures, decisions, on_roll))
    for row in history.rows:
        replay.take(row.bytes)
    series: Any = _Series(proofs_of(world))
    check_windows(series, replay.told, windows)
    for check in checks:
        if check.failed:
            difference = f"{check.expected}; {check.found}"
            yield f"{check.name}, entry {check.seq}: {check.remark} ({difference})"


class _Series:
    """The health series as a pack holds it."""

    def __init__(self, ats: list[int]) -> None:
        self._ats = ats

    def lines(self, _name: str) -> Iterator[bytes]:
        for at in self._ats:
            yield json.dumps({"at": at, "process": "p"}, separators=(",", ":")).encode()


# ── answers ─────────────────────────────────────────────────────────────────────────────────


def _answered(world: World, history: History) -> Iterator[str]:
    """Answered = logged, exactly once: every receipt is of the entry, and of no other."""
    places, receipts = history.place_of, dict[str, str]()
    if places != history.bid_rows:
        yield "log_bids is not what the entries say"
    if len(places) != sum(isinstance(e.command, m.PlaceBid) for e in history.entries):
        yield "a bid_id stands twice in the log"
    bodies = {sent.body.bid_id: sent for sent in world.bids if sent.lot_id == history.sale.lot_id}
    for bid_id, seq in places.items():
        bid = history.entries[seq].command
        assert isinstance(bid, m.PlaceBid)
        sent = bodies.get(bid_id)
        if sent is None or sent.body.amount_fen != bid.amount_fen:
            yield f"entry {seq} holds a bid that nobody sent so"
    for told_us, answer in _answers(world):
        if answer.bid_id not in bodies or not isinstance(answer, live.Receipt):
            continue
        text = answer.model_dump_json()
        if receipts.setdefault(answer.bid_id, text) != text:
            yield f"two receipts of {_short(answer.bid_id)} differ"
        yield from _receipt(history, places, told_us, answer)


def _receipt(
    history: History, places: dict[str, int], told_us: int, receipt: live.Receipt
) -> Iterator[str]:
    name, seq = _short(receipt.bid_id), receipt.seq
    if places.get(receipt.bid_id) != seq:
        yield f"bid {name} was answered with entry {seq} and stands at {places.get(receipt.bid_id)}"
        return
    if told_us < history.committed_us[seq]:
        yield f"bid {name} was answered {history.committed_us[seq] - told_us} µs before its commit"
    event = history.entries[seq].events[0]
    if (receipt.outcome == "accepted") != isinstance(event, m.BidAccepted):
        yield f"bid {name} was told {receipt.outcome}, entry {seq} says {type(event).__name__}"
    try:
        proven = proofs.verify(receipt.proof, KEY.verifying, history.origin)
    except Broken as error:
        yield f"the receipt of bid {name} proves nothing: {error}"
        return
    if (proven.index, proven.entry) != (seq, history.rows[seq].bytes):
        yield f"the receipt of bid {name} proves another entry"
    batch = min((head.size for head in history.heads if head.size > seq), default=None)
    if proven.checkpoint.size != batch:
        yield f"the receipt of bid {name} is under head {proven.checkpoint.size}, not {batch}"


def _answers(world: World) -> Iterator[tuple[int, Any]]:
    """Every answer to a bid that left a host, and when (µs)."""
    for told in world.told:
        yield told.at_us, told.answer
    for socket in world.sockets:
        for at_us, text in socket.sent:
            if text.startswith(b'{"type":"receipt"'):
                yield at_us, live.Receipt.model_validate_json(text)
            elif text.startswith(b'{"type":"problem"'):
                yield at_us, live.Problem.model_validate_json(text)


def _promised(world: World, history: History) -> Iterator[str]:
    """Who was told that nothing was decided, and never sent it again, is not in the log."""
    refused: dict[str, str] = {}
    for _, answer in _answers(world):
        if isinstance(answer, live.Problem) and answer.code in NOTHING_DECIDED:
            refused[answer.bid_id or ""] = answer.code.value
    for sent in world.bids:
        seq = history.bid_rows.get(sent.body.bid_id)
        if sent.deliveries == 1 and seq is not None and sent.body.bid_id in refused:
            code = refused[sent.body.bid_id]
            yield f"bid {_short(sent.body.bid_id)} was told {code} and stands at {seq}"
    for told in world.told:
        seq = history.bid_rows.get(told.bid_id)
        unknown = told.answer.type == "problem" and told.answer.code is ProblemCode.UNKNOWN_BID
        if not unknown or seq is None:
            continue
        if history.committed_us[seq] < told.asked_us:
            yield f"bid {_short(told.bid_id)} stood at {seq} and was called unknown"
        elif not _sent_again(world, history, told, seq):
            yield f"bid {_short(told.bid_id)} was called unknown and then came to stand at {seq}"


def _sent_again(world: World, history: History, told: Told, seq: int) -> bool:
    """Whether it was sent after it was called unknown, or a process that stood still had not even
    read the sending when it was asked about: that one it cannot tell from another."""
    sent = next(each for each in world.bids if each.body.bid_id == told.bid_id)
    bid = history.entries[seq].command
    assert isinstance(bid, m.PlaceBid)
    asked = instant_ms(told.asked_us) + world.server.step_us // 1000
    return max(sent.sent_us) > told.at_us or bid.received_at > asked + CLOCK_MS


def _resolved(world: World, history: History) -> Iterator[str]:
    """In the end every bidder knows of each bid whether it was decided, and how."""
    for sent in world.bids:
        if sent.lot_id != history.sale.lot_id or not world.finished:
            continue
        last = sent.answers[-1] if sent.answers else None
        seq = history.bid_rows.get(sent.body.bid_id)
        told = isinstance(last, live.Receipt)
        unknown = isinstance(last, live.Problem) and last.code is ProblemCode.UNKNOWN_BID
        if (seq is not None) != told or (seq is None and not unknown):
            said = "nothing" if last is None else last.type if told else last.code
            yield f"bid {_short(sent.body.bid_id)} is at {seq} and its bidder was told {said}"


def _orders(world: World, history: History) -> Iterator[str]:
    """What an official was told is done stands in the log."""
    for order in world.orders:
        if order.lot_id == history.sale.lot_id and isinstance(order.answer, tuple):
            yield from _order_done(order, history)


def _order_done(order: Order, history: History) -> Iterator[str]:
    seq, events = order.answer
    entry = history.entries[seq] if seq < len(history.entries) else None
    if entry is None or (entry.command, entry.events) != (order.command, events):
        yield f"an official was told that entry {seq} is his {type(order.command).__name__}"
    elif order.at_us < history.committed_us[seq]:
        yield f"an official was told of entry {seq} before its commit"


# ── windows ─────────────────────────────────────────────────────────────────────────────────


class _Window:
    """The sale by its events alone."""

    def __init__(self, history: History) -> None:
        self.rules = history.sale.rules
        self.stage = Stage.ANNOUNCED
        self.suspended = False
        self.since = 0
        self.closes_at = 0
        self.price = 0

    @property
    def countdown_ms(self) -> int:
        return self.rules.countdown_s * 1000

    @property
    def resets(self) -> bool:
        return self.rules.extension is Extension.RESET and self.rules.max_live_min is None

    def take(self, seq: int, at: int, command: m.Command, event: m.Event) -> Iterator[str]:
        match event:
            case m.BidAccepted():
                assert isinstance(command, m.PlaceBid)
                yield from self._accept(seq, at, command, event)
            case m.Suspended() | m.Interrupted() | m.ResultDisputed():
                self.suspended = self.stage not in (Stage.SOLD, Stage.FAILED)
            case m.Resumed():
                self.suspended, self.since = False, at
                if event.closes_at is not None:
                    self.closes_at = event.closes_at
                if self.stage is Stage.TIMED and self.closes_at - at < self.countdown_ms:
                    yield f"entry {seq} resumes with {self.closes_at - at} ms"
            case m.StageChanged():
                yield from self._change(seq, at, event)
            case _:
                pass

    def _accept(
        self, seq: int, at: int, command: m.PlaceBid, event: m.BidAccepted
    ) -> Iterator[str]:
        if self.suspended or self.stage not in (Stage.LISTING, Stage.TIMED):
            yield f"entry {seq} accepts a bid in {self.stage}, suspended: {self.suspended}"
        if command.received_at >= self.closes_at:
            yield f"entry {seq} accepts a bid {command.received_at - self.closes_at} ms late"
        if event.amount_fen <= self.price:
            yield f"entry {seq} accepts {event.amount_fen} over {self.price}"
        self.price = max(self.price, event.amount_fen)
        if self.stage is Stage.TIMED and self.resets:
            self.since = at
            if event.closes_at != at + self.countdown_ms:
                yield f"entry {seq} leaves {event.closes_at - at} ms after an accepted bid"
        elif event.closes_at != self.closes_at and self.stage is not Stage.TIMED:
            yield f"entry {seq} moves the end of a listing"
        self.closes_at = event.closes_at

    def _change(self, seq: int, at: int, event: m.StageChanged) -> Iterator[str]:
        if event.origin is not self.stage and not self.stage.value.startswith("FAIL"):
            yield f"entry {seq} leaves {event.origin} and the sale is in {self.stage}"
        if self.suspended and event.to is not Stage.FAILED and event.origin is not Stage.CLOSING:
            yield f"entry {seq} leaves {event.origin} while suspended"
        if self.stage in (Stage.LISTING, Stage.TIMED) and event.to is not Stage.FAILED:
            left = self.closes_at + self.rules.drain_ms - at
            if left > 0:
                yield f"entry {seq} leaves {self.stage} {left} ms before its end"
        if self.stage is Stage.TIMED and self.closes_at - self.since < self.countdown_ms:
            yield f"entry {seq} closes a window of {self.closes_at - self.since} ms"
        self.stage, self.since = event.to, at
        if event.closes_at is not None:
            self.closes_at = event.closes_at


def _full_window(world: World, history: History) -> Iterator[str]:
    """Only accepted bids restart the clock; nobody is closed out before his full window."""
    window = _Window(history)
    for entry in history.entries:
        for event in entry.events:
            yield from window.take(entry.seq, entry.at, entry.command, event)
        after = history.lots[entry.seq].closes_at or 0
        if isinstance(entry.events[0], m.BidRefused) and after != window.closes_at:
            yield f"entry {entry.seq} refuses a bid and moves the end"


def _no_close_in_outage(world: World, history: History) -> Iterator[str]:
    """While nothing ran, nothing closed, nor was anything decided before the interruption."""
    gap_ms = history.sale.rules.outage_gap_s * 1000
    for begun_us, ended_us in world.outages:
        begun, ended = instant_ms(begun_us), instant_ms(ended_us)
        before = [entry.seq for entry in history.entries if entry.at <= begun]
        later = [entry for entry in history.entries if entry.at > begun]
        if ended - begun <= gap_ms + 200 or not before or not later:
            continue
        lot, first = history.lots[before[-1]], later[0]
        committed = instant_ms(history.committed_us[first.seq])
        if lot.stage not in PROVED_STAGES or lot.control != "NORMAL" or committed < ended:
            continue
        opened = lot.opened_at if lot.opened_at is not None else begun
        if opened > begun or isinstance(first.command, m.Interrupt | m.Suspend | m.Terminate):
            continue
        what = type(first.command).__name__
        yield f"entry {first.seq} ({what}) follows {ended - begun} ms without any process"


def _one_winner(world: World, history: History) -> Iterator[str]:
    """The hammer falls once, to the highest accepted bid, and only over the reserve."""
    falls = [
        (entry.seq, event)
        for entry in history.entries
        for event in entry.events
        if isinstance(event, m.HammerFell)
    ]
    bids = [(event.amount_fen, event.bidder_no) for _, event in history.accepted()]
    sold = history.lots[-1].stage is Stage.SOLD
    if len(falls) > 1:
        yield f"the hammer fell {len(falls)} times"
    if sold and not falls:
        yield "sold without a hammer"
    for seq, fall in falls:
        if (fall.amount_fen, fall.bidder_no) != max(bids, default=(0, "")):
            yield f"entry {seq} gives it to {fall.bidder_no} for {fall.amount_fen}"
        if fall.amount_fen < (history.sale.reserve_fen or 0):
            yield f"entry {seq} sells below the reserve"
    reserve = history.sale.reserve_fen or 0
    if history.lots[-1].stage is Stage.FAILED and bids and max(bids)[0] >= reserve:
        yield "failed although the reserve was met"


# ── screens ─────────────────────────────────────────────────────────────────────────────────


def _screens(world: World, history: History) -> Iterator[str]:
    """Nobody is ever shown what is not in the log, nor before it is; no quote is left out."""
    quotes = {entry.seq: event for entry, event in history.accepted()}
    for socket in world.sockets:
        if socket.lot_id != history.sale.lot_id:
            continue
        last: int | None = None
        for at_us, text in socket.sent:
            frame = json.loads(text)
            if frame["type"] not in ("snapshot", "update"):
                continue
            seq = frame["seq"]
            if seq >= len(history.rows) or at_us < history.committed_us[seq]:
                yield f"{_who(socket)} was shown entry {seq} before its commit"
                break
            if frame["lot"] != _fields(history, seq):
                yield f"{_who(socket)} was shown another state at entry {seq}"
            if last is not None and seq < last:
                yield f"{_who(socket)} was shown entry {seq} after {last}"
            yield from _quotes_shown(socket, frame, quotes, last)
            yield from _own_shown(socket, frame, history)
            last = seq


def _fields(history: History, seq: int) -> Any:
    return lot_fields(history.lots[seq]).model_dump(mode="json", exclude_none=True)


def _quotes_shown(
    socket: Socket, frame: Any, quotes: dict[int, m.BidAccepted], last: int | None
) -> Iterator[str]:
    snapshot = frame["type"] == "snapshot"
    rows = frame["recent" if snapshot else "new"]
    for row in rows:
        event = quotes.get(row["seq"])
        if event is None or (row["amount_fen"], row["bidder_no"]) != (
            event.amount_fen,
            event.bidder_no,
        ):
            yield f"{_who(socket)} was shown a quote at {row['seq']} that is none"
    if frame.get("gap") or (last is None and not snapshot):
        return
    after = -1 if snapshot or last is None else last
    due = {seq for seq in quotes if after < seq <= frame["seq"]}
    missing = due - {row["seq"] for row in rows}
    if missing and len(rows) < 50:
        yield f"{_who(socket)} was not shown the quotes {sorted(missing)} and no gap"


def _own_shown(socket: Socket, frame: Any, history: History) -> Iterator[str]:
    if frame["type"] != "snapshot" or socket.bidder_no is None:
        return
    own = [
        entry.seq
        for entry in history.entries[: frame["seq"] + 1]
        if isinstance(entry.command, m.PlaceBid) and entry.command.bidder_no == socket.bidder_no
    ]
    if [row["seq"] for row in frame.get("yours", ())] != own[-50:]:
        yield f"{_who(socket)} was shown other bids of his own at entry {frame['seq']}"


def _notices(world: World, history: History) -> Iterator[str]:
    """Whoever is there is told of everything that is told to all: in order, once."""
    due = [
        (entry.seq, json.loads(notice.model_dump_json(by_alias=True, exclude_none=True)))
        for entry in history.entries
        for notice in notices(entry.command, entry.events, entry.at)
    ]
    for socket in world.sockets:
        if socket.lot_id != history.sale.lot_id or not socket.sent:
            continue
        frames = [json.loads(text) for _, text in socket.sent]
        if frames[0]["type"] != "snapshot":
            yield f"{_who(socket)} was told something before the snapshot"
            continue
        heard = [f for f in frames if f["type"] == "notice" and f["code"] != "WARNING"]
        expected = [notice for seq, notice in due if seq > frames[0]["seq"]]
        stayed = socket.open and world.finished
        if heard != (expected if stayed else expected[: len(heard)]):
            codes = [f["code"] for f in heard], [f["code"] for f in expected]
            yield f"{_who(socket)} was told {codes[0]} of {codes[1]} since {frames[0]['seq']}"


def _agreement(world: World, history: History) -> Iterator[str]:
    """After quiet all processes hold the same, and so do the pages."""
    if not world.finished:
        return
    for process in world.processes:
        if not process.host.alive:
            continue
        for room in process.rooms.open_rooms():
            if room.lot_id != history.sale.lot_id:
                continue
            if room.size != len(history.rows) or room.lot != history.lots[-1]:
                yield f"{process.host.name} holds {room.size} of {len(history.rows)} entries"


def _short(bid_id: str | None) -> str:
    return (bid_id or "").lstrip("0-")


def _who(socket: Socket) -> str:
    name = socket.bidder_no or "an observer"
    return f"{name} at {socket.process.host.name}"


INVARIANTS: dict[str, Callable[[World, History], Iterator[str]]] = {
    "order = seq": _order,
    "decided again": _decided_again,
    "answered = logged, once": _answered,
    "what is promised holds": _promised,
    "every bid is resolved": _resolved,
    "orders are done": _orders,
    "a full window always": _full_window,
    "no close inside an outage": _no_close_in_outage,
    "one winner": _one_winner,
    "screens show the log": _screens,
    "notices to all": _notices,
    "every process agrees": _agreement,
}

__all__ = ["INVARIANTS", "Finding", "judge"]
