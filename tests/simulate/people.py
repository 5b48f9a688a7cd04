"""Bidders who behave, watchers who watch, officials who stop and go on."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas import live
from schemas.problem import ProblemCode
from service.api.bidding import Caller
from service.audit.signatures import BidderKey, bid_message
from service.rules import messages as m
from service.rules.lot import Lot
from service.rules.terms import Stage
from service.store.roll import AdmittedBidder, AdmittedKey
from tests.rules.sale import ALONE, BOTH, SALT
from tests.simulate.plan import Step
from tests.simulate.process import Process, Socket

if TYPE_CHECKING:
    from tests.simulate.world import World

NOTHING_DECIDED = frozenset(
    {
        ProblemCode.BUSY,
        ProblemCode.CLOCK_UNSURE,
        ProblemCode.UNAVAILABLE,
        ProblemCode.RATE_LIMITED,
        ProblemCode.MALFORMED,
        ProblemCode.NOT_ADMITTED,
    }
)
"""Answers that promise that this bid, sent once, is and will be nowhere."""
ANSWER_S = 7.0
COMMITMENT = "ef" * 32


@dataclass(frozen=True, slots=True)
class Told:
    """An answer to a bid by a door without a socket. µs of the loop."""

    asked_us: int
    at_us: int
    host: str
    bid_id: str
    answer: Any


@dataclass(eq=False)
class Sent:
    """A bid that somebody sent. sent_us: when its frame was sent on its way."""

    lot_id: str
    body: live.BidBody
    bidder: "SimBidder"
    sent_us: list[int] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)

    @property
    def deliveries(self) -> int:
        return len(self.sent_us)

    @property
    def receipt(self) -> live.Receipt | None:
        found = (answer for answer in self.answers if isinstance(answer, live.Receipt))
        return next(found, None)


class Client:
    """Somebody at a screen: a socket to some host, and another when it ends."""

    def __init__(self, world: "World", lot_id: str, account: str | None) -> None:
        self.world = world
        self.lot_id = lot_id
        self.account = account
        self.socket: Socket | None = None
        self.lot: dict[str, Any] = {}
        self.seq = 0
        self.awaited: dict[str, asyncio.Future[Any]] = {}

    def connect(self) -> None:
        """To any host that serves, or later."""
        if self.world.over:
            return
        process = self.world.some_process()
        if process is None:
            self.world.loop.after(500_000, self.connect)
            return
        socket = Socket(process, self.lot_id, self.account, self._hear, self._end)
        self.world.sockets.append(socket)
        self.socket = socket
        self.world.loop.spawn(self._shake(socket), process.host)

    async def _shake(self, socket: Socket) -> None:
        try:
            await socket.serve()
        except Exception:
            socket.end()

    def _end(self, socket: Socket) -> None:
        for waiting in self.awaited.values():
            if not waiting.done():
                waiting.set_result(None)
        if self.socket is socket:
            self.socket = None
            self.connect()

    def _hear(self, socket: Socket, text: bytes) -> None:
        frame = json.loads(text)
        if frame["type"] in ("snapshot", "update"):
            self.lot, self.seq = frame["lot"], frame["seq"]
        waiting = self.awaited.get(frame.get("bid_id") or "")
        if waiting is not None and not waiting.done():
            waiting.set_result(read_answer(text))


def read_answer(text: bytes) -> Any:
    """A receipt or a problem from its frame."""
    model = live.Receipt if json.loads(text)["type"] == "receipt" else live.Problem
    return model.model_validate_json(text)


class SimBidder:
    """One admitted bidder, on every lot, with a key made from his name."""

    def __init__(self, world: "World", number: int) -> None:
        self.world = world
        self.bidder_no = f"A{number}K{number + 2}"
        self.account = f"account-{number}"
        self.active = True
        secret = sha256(self.account.encode()).digest()
        self.key = BidderKey(Ed25519PrivateKey.from_private_bytes(secret))
        self.screens = {
            sale.lot_id: Client(world, sale.lot_id, self.account) for sale in world.plan.sales
        }

    def on_roll(self) -> AdmittedBidder:
        keys = {self.key.key_id: AdmittedKey(self.key.spki.hex(), 7)}
        return AdmittedBidder(self.account, self.bidder_no, self.active, keys, COMMITMENT)

    def body(self, lot_id: str, amount_fen: int, seen_seq: int, number: int) -> live.BidBody:
        bid_id = str(UUID(int=number))
        message = bid_message(
            log=self.world.origin(lot_id),
            amount_fen=amount_fen,
            bid_id=bid_id,
            bidder_no=self.bidder_no,
            jump_confirmed=False,
            seen_seq=seen_seq,
        )
        return live.BidBody(
            bid_id=bid_id,
            amount_fen=amount_fen,
            seen_seq=seen_seq,
            jump_confirmed=False,
            key_id=self.key.key_id,
            signature=self.key.sign(message),
        )

    # ── a bid and what becomes of it ────────────────────────────────────────────────────────

    async def bid(self, step: Step, lot_id: str) -> None:
        """Looks, waits for his moment, bids, and finds out what became of it."""
        await self._moment(step, lot_id)
        screen = self.screens[lot_id]
        if not screen.lot or self.world.over:
            return
        self.world.numbers += 1
        least, step_fen = screen.lot["minimum_bid_fen"], screen.lot["increment_fen"]
        amount = max(least + step.steps * step_fen, 1)
        if step.how == "stale":
            amount += 1
        sent = Sent(lot_id, self.body(lot_id, amount, screen.seq, self.world.numbers), self)
        self.world.bids.append(sent)
        await self._find_out(sent, await self._first(sent, step))

    async def _moment(self, step: Step, lot_id: str) -> None:
        now_ms = self.world.loop.now_us // 1000
        if step.how == "together":
            await asyncio.sleep((500 - now_ms % 500) / 1000)
        closes_at = self.screens[lot_id].lot.get("closes_at")
        if step.how == "snipe" and closes_at is not None:
            wait = closes_at - self.world.now_ms() - step.for_ms
            await asyncio.sleep(min(max(wait, 0), 12_000) / 1000)

    async def _first(self, sent: Sent, step: Step) -> Any:
        socket = self.screens[sent.lot_id].socket
        if step.how == "twice":
            self.world.loop.spawn(self._again(sent))
        if socket is None or not socket.open:
            return await self._by_door(sent)
        waiting = self.world.loop.create_future()
        self.screens[sent.lot_id].awaited[sent.body.bid_id] = waiting
        sent.sent_us.append(self.world.loop.now_us)
        self.world.loop.after(self.world.way(), self._deliver, socket, sent)
        if step.how == "cut":
            self.world.loop.after(self.world.way(), socket.end)
        try:
            async with asyncio.timeout(ANSWER_S):
                return await waiting
        except TimeoutError:
            return None

    def _deliver(self, socket: Socket, sent: Sent) -> None:
        if socket.open and socket.process.host.alive:
            self.world.loop.spawn(socket.bid(sent.body), socket.process.host)

    async def _again(self, sent: Sent) -> None:
        answer = await self._by_door(sent)
        if answer is not None:
            sent.answers.append(answer)

    async def _find_out(self, sent: Sent, answer: Any) -> None:
        chance = self.world.loop.chance
        for _ in range(6):
            if answer is not None:
                sent.answers.append(answer)
            if isinstance(answer, live.Receipt) or self.world.over:
                await self._ask_again(sent)
                return
            code = None if answer is None else answer.code
            if code is ProblemCode.UNKNOWN_BID or code in NOTHING_DECIDED:
                if chance.random() < 0.5:
                    return
                await asyncio.sleep(chance.choice((0.01, 0.3, 1.0)))
                answer = await self._by_door(sent)
            else:
                await asyncio.sleep(chance.choice((0.0, 0.05, 0.5)))
                answer = await self.ask(sent)

    async def _ask_again(self, sent: Sent) -> None:
        """The careful look once more whether it still stands, somewhere else."""
        chance = self.world.loop.chance
        for _ in range(chance.choice((0, 1, 3))):
            await asyncio.sleep(chance.choice((0.0, 0.3, 2.0)))
            again = await self.ask(sent)
            if again is not None:
                sent.answers.append(again)

    async def ask(self, sent: Sent) -> Any:
        """bid_status, at any host."""
        caller, bid_id = Caller(self.account, self.account), sent.body.bid_id
        return await self.world.call(
            bid_id, lambda process: process.status(caller, sent.lot_id, bid_id)
        )

    async def _by_door(self, sent: Sent) -> Any:
        caller, bid_id = Caller(self.account, self.account), sent.body.bid_id
        sent.sent_us.append(self.world.loop.now_us)
        return await self.world.call(
            bid_id, lambda process: process.place(caller, sent.lot_id, sent.body)
        )


class Office:
    """The desk's facts, in memory, some milliseconds away."""

    def __init__(self, world: "World") -> None:
        self.world = world

    async def head_count(self, lot_id: str, min_bidders: int) -> tuple[bool, str]:
        return len(self.world.bidders) >= min_bidders, "cd" * 32

    async def reserve(self, lot_id: str) -> m.OpenReserve | None:
        await self._wait()
        sale = self.world.sale(lot_id)
        has = sale.reserve_fen is not None
        return m.OpenReserve(has_reserve=has, amount_fen=sale.reserve_fen or 0, salt=SALT)

    async def any_admitted(self, lot_id: str) -> bool:
        await self._wait()
        return True

    async def roll(self, lot_id: str) -> tuple[AdmittedBidder, ...]:
        await self._wait()
        return tuple(bidder.on_roll() for bidder in self.world.bidders)

    async def _wait(self) -> None:
        await asyncio.sleep(self.world.loop.chance.choice((0.0, 0.002, 0.02)))


class Officials:
    """Suspend when the plan says so; resume, settle and seal whenever there is something to do."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.rest_ms: dict[str, int] = {}

    async def suspend(self, step: Step, lot_id: str) -> None:
        alone = step.how == "alone"
        command = m.Suspend(
            cause=m.SuspendCause.TITLE_DISPUTE,
            text="中止",
            emergency=alone,
            officials=ALONE if alone else BOTH,
        )
        self.rest_ms[lot_id] = step.for_ms
        await self.world.order(lot_id, lambda lot: command)

    async def work(self, lot_id: str) -> None:
        """Round after round until the log is sealed."""
        while not self.world.sealed(lot_id):
            await asyncio.sleep(0.7)
            with_rest = self.rest_ms.get(lot_id, 1_000)
            await self.world.order(lot_id, partial(self._next, rest_ms=with_rest))

    def _next(self, lot: Lot, rest_ms: int) -> m.Command | None:
        if lot.stage in (Stage.SOLD, Stage.FAILED):
            return self._settle(lot)
        if lot.suspended_at is None or lot.resumes_at is not None:
            return None
        now = self.world.now_ms()
        if now < lot.suspended_at + rest_ms or lot.control.value != "SUSPENDED":
            return None
        # The announcement came before the order, by anybody's clock.
        return m.Resume(announced_at=now - 200, officials=BOTH, timetable=_new_times(lot, now))

    def _settle(self, lot: Lot) -> m.Command | None:
        if lot.sealed:
            return None
        if not lot.roll_opened:
            rows = tuple(self._row(bidder) for bidder in self.world.bidders)
            return m.OpenRoll(roll=rows, head_counts=())
        if lot.disputed or (lot.stage is Stage.SOLD and not lot.confirmed):
            ruling = "裁定" if lot.disputed else None
            confirmed = m.Confirmation.CONFIRMED
            return m.ConfirmResult(outcome=confirmed, officials=BOTH, ruling=ruling)
        if self.world.still_bidding():
            return None
        return m.SealLog(officials=BOTH)

    def _row(self, bidder: SimBidder) -> m.RollRow:
        return m.RollRow(
            bidder_no=bidder.bidder_no,
            key_id=bidder.key.key_id,
            public_key=bidder.key.spki.hex(),
            identity_commitment=COMMITMENT,
            admission=7,
        )


def _new_times(lot: Lot, now: int) -> Any:
    """A listing is given another end, with room for all that is owed."""
    if lot.stage not in (Stage.LISTING, Stage.QUIET):
        return None
    since = now if lot.suspended_at is None else lot.suspended_at
    left = max((lot.timetable.listing_to or 0) - since, 0)
    listing_to = now + left + lot.countdown_ms + 3_000
    return replace(lot.timetable, listing_to=listing_to)


Work = Callable[[Process], Coroutine[Any, Any, Any]]
