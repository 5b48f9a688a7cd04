"""A small world for live tests: a hand-wound clock, real rooms on a real database, real keys."""

import asyncio
import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import live
from schemas import log as w
from service import wire
from service.audit import canonical, proofs
from service.audit.notes import SigningKey, lot_origin
from service.audit.signatures import BidderKey, bid_message
from service.audit.tree import Frontier, Tree, leaf_hash
from service.live.audience import Seat
from service.live.cut_off import CutOffs
from service.live.facts import BidPath
from service.live.frames import Prepared, prepare
from service.live.record import make_entry
from service.live.room import Parts, Room
from service.live.rooms import Rooms
from service.live.timers import Timer
from service.live.views import Views
from service.live.waker import Waker
from service.rules import messages as m
from service.rules.decide import apply, decide
from service.rules.lot import Lot
from service.rules.refusals import Refusal
from service.rules.terms import Document, Stage, Timetable
from service.settings import Settings
from service.store.ledger import (
    Append,
    Ledger,
    NewEntry,
    append_on,
    read_head,
    read_heads,
    read_log,
)
from service.store.log_tables import lot_log
from service.store.projection import listing_of, project
from service.store.roll import AdmittedBidder, AdmittedKey
from service.store.signer import Signer
from tests.rules.sale import BOTH, SALT, START, STEP, T0, listing_rules, publish

SITE = "auction.example.cn"
KEY = SigningKey(SITE, b"\x07" * 32)
LISTING_FROM, LISTING_TO = T0 + 6_000, T0 + 9_000
COUNTDOWN_MS, DRAIN_MS, GAP_MS = 20_000, 500, 5_000
DOCUMENT = Document(name="公告.pdf", sha256="0d" * 32)
_serial = count(1)


class HandClock:
    """Database time as the test winds it."""

    def __init__(self, now: int = T0) -> None:
        self.now = now
        self.sure = True

    def now_ms(self) -> int:
        return self.now

    def monotonic_ms(self) -> int:
        return self.now - T0

    def is_sure(self) -> bool:
        return self.sure

    def offset_us(self) -> int:
        return 0

    def uncertainty_us(self) -> int:
        return 1_000


@dataclass(order=True)
class HandTimer:
    due: int
    number: int
    callback: Callable[[], object] | None = field(compare=False)

    def cancel(self) -> None:
        self.callback = None


class HandTimers:
    """Timers that ring when the clock is wound past them, in order."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock
        self._timers: list[HandTimer] = []
        self._numbers = count()

    def call_later(self, delay_ms: int, callback: Callable[[], object]) -> Timer:
        timer = HandTimer(self._clock.now + delay_ms, next(self._numbers), callback)
        heapq.heappush(self._timers, timer)
        return timer

    def next_due(self, until: int) -> HandTimer | None:
        while self._timers and self._timers[0].due <= until:
            timer = heapq.heappop(self._timers)
            if timer.callback is not None:
                return timer
        return None


@dataclass
class Bidder:
    """One admitted bidder with his key."""

    bidder_no: str
    account_id: str
    key: BidderKey = field(default_factory=BidderKey.generate)
    active: bool = True

    def on_roll(self) -> AdmittedBidder:
        keys = {self.key.key_id: AdmittedKey(self.key.spki.hex(), 7)}
        return AdmittedBidder(self.account_id, self.bidder_no, self.active, keys, "ef" * 32)

    def body(
        self, log: str, amount_fen: int, *, bid_id: str | None = None, jump: bool = False
    ) -> live.BidBody:
        bid_id = bid_id or str(UUID(int=next(_serial)))
        message = bid_message(
            log=log,
            amount_fen=amount_fen,
            bid_id=bid_id,
            bidder_no=self.bidder_no,
            jump_confirmed=jump,
            seen_seq=0,
        )
        return live.BidBody(
            bid_id=bid_id,
            amount_fen=amount_fen,
            seen_seq=0,
            jump_confirmed=jump,
            key_id=self.key.key_id,
            signature=self.key.sign(message),
        )

    def bid(
        self,
        log: str,
        amount_fen: int,
        received_at: int,
        *,
        bid_id: str | None = None,
        admitted: bool = True,
    ) -> m.PlaceBid:
        body = self.body(log, amount_fen, bid_id=bid_id)
        return m.PlaceBid(
            bid_id=body.bid_id,
            bidder_no=self.bidder_no,
            amount_fen=amount_fen,
            seen_seq=0,
            jump_confirmed=body.jump_confirmed,
            received_at=received_at,
            key_id=body.key_id,
            signature=body.signature,
            admission=7 if admitted else None,
        )


@dataclass
class Office:
    """What the desk would tell the rooms: facts held in memory."""

    bidders: list[Bidder] = field(default_factory=list)
    reserve_fen: int | None = None

    async def head_count(self, lot_id: str, min_bidders: int) -> tuple[bool, str]:
        return len(self.bidders) >= min_bidders, "cd" * 32

    async def reserve(self, lot_id: str) -> m.OpenReserve:
        has = self.reserve_fen is not None
        return m.OpenReserve(has_reserve=has, amount_fen=self.reserve_fen or 0, salt=SALT)

    async def any_admitted(self, lot_id: str) -> bool:
        return bool(self.bidders)

    async def roll(self, lot_id: str) -> tuple[AdmittedBidder, ...]:
        return tuple(bidder.on_roll() for bidder in self.bidders)


class HeardLine:
    """A client that takes every frame at once, or, when `reads` is False, none at all."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.closed: list[int] = []
        self.reads = True

    def write_now(self, frame: Prepared) -> bool:
        if self.reads:
            self.frames.append(frame.text)
        return self.reads

    async def write(self, frame: Prepared) -> None:
        if not self.reads:
            await asyncio.get_running_loop().create_future()
        self.frames.append(frame.text)

    def close(self, code: int) -> None:
        self.closed.append(code)

    def told(self, kind: str) -> list[dict[str, Any]]:
        frames = [canonical_json(frame) for frame in self.frames]
        return [frame for frame in frames if frame["type"] == kind]


def canonical_json(frame: bytes) -> dict[str, Any]:
    import json

    decoded: dict[str, Any] = json.loads(frame)
    return decoded


@dataclass
class Process:
    """One process's worth of rooms."""

    rooms: Rooms
    waker: Waker

    async def settled(self) -> None:
        await self.waker.settled()
        await self.rooms.settled()


class World:
    """Clock, timers and any number of processes on one database."""

    def __init__(self, engine: AsyncEngine, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self.clock = HandClock()
        self.timers = HandTimers(self.clock)
        self.office = Office()
        self.signer = Signer(KEY)
        self.views = Views(engine, self.clock, settings, "process-0")
        self.processes: list[Process] = []
        self.ledgers: list[Ledger] = []
        self.sessions = 0

    def process(
        self, ledger: Any = None, engine: AsyncEngine | None = None, clock: Any = None
    ) -> Process:
        """Another process. `ledger`: a faulty one. `clock`: its own; else the world's."""
        clock = self.clock if clock is None else clock
        if ledger is None:
            ledger = Ledger(engine or self.engine, self.settings)
            self.ledgers.append(ledger)
        parts = Parts(
            engine=engine or self.engine,
            ledger=ledger,
            clock=clock,
            timers=self.timers,
            settings=self.settings,
            signer=self.signer,
            path=BidPath(self.engine, clock, f"process-{len(self.processes)}"),
            views=self.views,
        )
        rooms = Rooms(parts, self.office)
        made = Process(rooms, Waker(rooms, CutOffs(rooms)))
        self.processes.append(made)
        return made

    async def close(self) -> None:
        for process in self.processes:
            await process.waker.stop()
            await process.rooms.close()
        for ledger in self.ledgers:
            await ledger.close()

    def bidders(self, *numbers: str) -> list[Bidder]:
        made = [Bidder(number, f"account-{number}") for number in numbers]
        self.office.bidders.extend(made)
        return made

    # ── the log ─────────────────────────────────────────────────────────────────────────────

    async def publish(self, lot_id: str = "lot-one", **rules: Any) -> str:
        """Entry 0 of a listing in seconds: LISTING from T0+6 s to T0+9 s, countdown 20 s."""
        return await self.publish_command(
            lot_id, publish(listing_rules("demo", **rules), timetable=TIMES)
        )

    async def publish_command(self, lot_id: str, command: m.PublishLot) -> str:
        origin = lot_origin(SITE, lot_id)
        entry = make_entry(origin, 0, self.clock.now, command, (m.LotPublished(),))
        lot = apply(None, command, entry.events, entry.at)
        frontier = Frontier().append(entry.leaf)
        listing = listing_of(origin, lot_id, lot, command.documents, command.reserve_commitment)
        append = Append(
            lot_log(lot_id),
            0,
            (NewEntry(entry.raw, entry.leaf),),
            frontier.to_bytes(),
            frontier.root(),
            entry.at,
            project(lot, listing),
        )
        async with self.engine.begin() as connection:
            await append_on(connection, append)
        return lot_id

    async def entries(self, lot_id: str = "lot-one") -> list[w.LotEntry]:
        async with self.engine.connect() as connection:
            rows = await read_log(connection, lot_log(lot_id))
        return [w.LotEntry.model_validate_json(row.bytes) for row in rows]

    async def commands(self, lot_id: str = "lot-one") -> list[str]:
        return [entry.command.type for entry in await self.entries(lot_id)]

    async def verify(self, lot_id: str = "lot-one") -> Lot:
        """Every byte, hash and head, and every command decided again to the same events."""
        async with self.engine.connect() as connection:
            rows = await read_log(connection, lot_log(lot_id))
            heads = await read_heads(connection, lot_log(lot_id))
            head = await read_head(connection, lot_log(lot_id))
        tree, lot, last_at = Tree(row.leaf for row in rows), None, 0
        for row in rows:
            canonical.decode(row.bytes)
            assert row.leaf == leaf_hash(row.bytes)
            entry = w.LotEntry.model_validate_json(row.bytes)
            command = wire.command_from_wire(entry.command)
            events = tuple(wire.event_from_wire(event) for event in entry.events)
            if lot is not None:
                assert decide(lot, command, entry.at) == events
            assert entry.at >= last_at
            lot, last_at = apply(lot, command, events, entry.at), entry.at
        assert head is not None
        assert (head.size, head.root) == (len(rows), tree.root())
        assert all(tree.root(each.size) == each.root for each in heads)
        assert lot is not None
        return lot

    # ── time ────────────────────────────────────────────────────────────────────────────────

    async def settle(self) -> None:
        """Until nothing moves that could move without time."""
        for _ in range(3):
            for process in self.processes:
                await process.settled()
            for _ in range(5):
                await asyncio.sleep(0)

    async def wind(self, ms: int) -> None:
        """Lets time pass; every timer rings at its instant."""
        await self.wind_to(self.clock.now + ms)

    async def wind_to(self, instant: int) -> None:
        await self.settle()
        while (timer := self.timers.next_due(instant)) is not None:
            self.clock.now = max(self.clock.now, timer.due)
            assert timer.callback is not None
            timer.callback()
            await self.settle()
        self.clock.now = instant
        await self.settle()

    def jump(self, ms: int) -> None:
        """Time passes and nobody here was there: the machine slept, or all was killed."""
        self.clock.now += ms


TIMES = Timetable(
    announced_at=T0,
    registration_from=T0,
    registration_to=T0 + 5_000,
    deposit_deadline=T0 + 5_000,
    listing_from=LISTING_FROM,
    listing_to=LISTING_TO,
)


def watch(room: Room, world: World, bidder_no: str | None = None) -> tuple[Seat, HeardLine]:
    """A client in the room's audience."""
    line = HeardLine()
    world.sessions += 1
    seat = Seat(
        line,
        world.clock,
        world.timers,
        world.settings,
        session=f"session-{world.sessions}",
        known={"address": "192.0.2.7", "agent": "a browser"},
    )
    room.audience.join(seat, bidder_no)
    seat.send(prepare(room.snapshot(bidder_no)))
    return seat, line


async def room_of(process: Process, lot_id: str = "lot-one") -> Room:
    room = await process.rooms.get(lot_id)
    assert room is not None
    return room


async def in_timed(world: World, *, processes: int = 1, **rules: Any) -> Sequence[Room]:
    """Rooms on one lot that has just entered its timed phase; the first process's waker runs."""
    await world.publish(**rules)
    for _ in range(processes):
        world.process()
    world.clock.now = LISTING_FROM - 1
    await world.processes[0].waker.start()
    await world.wind_to(LISTING_TO + DRAIN_MS)
    rooms = [await room_of(process) for process in world.processes]
    for room in rooms:
        room.look()
    await world.settle()
    assert [room.lot.stage for room in rooms] == [Stage.TIMED] * processes
    return rooms


def outcome(answer: live.Receipt | live.Problem) -> str:
    """`accepted`, the rules' refusal, or the problem's code."""
    if isinstance(answer, live.Problem):
        return answer.code.value
    return answer.reason or answer.outcome


def check_receipt(receipt: live.Receipt | live.Problem, origin: str) -> None:
    """The receipt proves itself against the published key."""
    assert isinstance(receipt, live.Receipt)
    proven = proofs.verify(receipt.proof, KEY.verifying, origin)
    entry = w.LotEntry.model_validate_json(proven.entry)
    assert (proven.index, entry.at) == (receipt.seq, receipt.at)
    assert isinstance(entry.command, w.PlaceBid)
    assert entry.command.bid_id == receipt.bid_id


__all__ = ["BOTH", "START", "STEP", "T0", "Refusal"]
