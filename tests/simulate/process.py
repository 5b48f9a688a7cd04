"""One process of the service: the product's own parts on a simulated machine."""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any

from schemas import live
from schemas.problem import ProblemCode
from service.api.bidding import BidDoor, Caller
from service.bus.hints import Hint, Listener, Show
from service.live.audience import Seat
from service.live.facts import BidPath
from service.live.frames import Prepared, prepare, problem
from service.live.room import Parts, Room
from service.live.rooms import Rooms
from service.live.sessions import Sessions
from service.live.timers import LoopTimers
from service.live.waker import Waker
from service.settings import Settings
from service.store.dbclock import AskPostgres, DatabaseClock
from service.store.ledger import Ledger
from service.store.signer import Signer
from tests.simulate.loop import Host, SimLoop
from tests.simulate.plan import EPOCH_MS
from tests.simulate.server import Server, SimEngine


class Air:
    """Between the buses of all processes: hints are lost, doubled, late."""

    def __init__(self, loop: SimLoop) -> None:
        self._loop = loop
        self.processes: list[Process] = []

    def tell(self, hint: Hint) -> None:
        chance = self._loop.chance
        for process in self.processes:
            for _ in range(chance.choices((0, 1, 2), (10, 80, 10))[0]):
                delay = chance.choice((200, 1_000, 5_000, 5_000, 50_000, 1_500_000))
                self._loop.after(delay, process.hear, hint)


class SimBus:
    """One process's end of the bus."""

    def __init__(self, air: Air) -> None:
        self.tell = air.tell
        self.listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def on_return(self, listener: Callable[[], None]) -> None:
        """This bus never says that it was away."""

    async def listening(self) -> None:
        return None

    def frames_of(self, log: str) -> Show | None:
        return None

    async def run(self) -> None:
        """Nothing to keep going."""


class SimSeat(Seat):
    """A seat whose place in a set does not depend on where it lies in memory."""

    def __init__(self, number: int, line: "Socket", parts: Parts) -> None:
        session = f"{number:016x}"
        super().__init__(line, parts.clock, parts.timers, parts.settings, session=session)
        self.number = number

    def __hash__(self) -> int:
        return self.number

    def __eq__(self, other: object) -> bool:
        return self is other


class Machine:
    """What outlives a process: its clocks. µs; the drift is within what NTP allows."""

    def __init__(self, loop: SimLoop, name: str) -> None:
        self.loop = loop
        self.name = name
        self.offset_us = loop.chance.randrange(10**12)
        self.drift_ppm = loop.chance.randint(-300, 300)
        self.wall_us = loop.chance.randint(-40_000, 40_000)

    def monotonic_us(self) -> int:
        now = self.loop.now_us
        return self.offset_us + now + now * self.drift_ppm // 1_000_000

    def wall_ms(self) -> int:
        return EPOCH_MS + (self.loop.now_us + self.wall_us) // 1000


class Process:
    """Rooms, waker, door and clock of one start of the service."""

    def __init__(self, machine: Machine, server: Server, office: Any, world: "Shared") -> None:
        self.machine = machine
        self.host = Host(machine.name)
        self.shared = world
        self.sockets: list[Socket] = []
        self.up = False
        settings = world.settings
        engine: Any = SimEngine(server, self.host)
        ask = AskPostgres(engine, settings)
        self.clock = DatabaseClock(
            ask, settings, wall_ms=machine.wall_ms, monotonic_us=machine.monotonic_us
        )
        self.ledger = Ledger(engine, settings)
        self.bus = SimBus(world.air)
        parts = Parts(
            engine=engine,
            ledger=self.ledger,
            clock=self.clock,
            timers=LoopTimers(),
            settings=settings,
            signer=world.signer,
            path=BidPath(engine, self.clock, machine.name),
            hints=self.bus,
        )
        self.rooms = Rooms(parts, office)
        self.waker = Waker(self.rooms)
        self.clock.on_step(self.waker.clock_stepped)
        self.door = BidDoor(self.rooms)
        Sessions(self.rooms, self.bus, b"secret")
        self.bus.subscribe(self.rooms.hear)
        world.air.processes.append(self)

    @property
    def serves(self) -> bool:
        return self.host.alive and self.up

    async def run(self) -> None:
        """From the start on; the supervisor of a real machine would try again and again."""
        while True:
            try:
                await self.clock.start()
                break
            except Exception:
                await asyncio.sleep(0.5)
        self.keeping = asyncio.create_task(self.clock.run())
        await self.waker.start()
        self.up = True

    def hear(self, hint: Hint) -> None:
        if self.serves:
            self.shared.loop.spawn(self._hear(hint), self.host)

    async def _hear(self, hint: Hint) -> None:
        for listener in self.bus.listeners:
            listener(hint)

    # ── the doors ───────────────────────────────────────────────────────────────────────────

    async def place(self, caller: Caller, lot_id: str, bid: live.BidBody) -> Any:
        received_at = self.clock.now_ms()
        room = await self.rooms.get(lot_id)
        assert room is not None, "a published lot stays published"
        return await self.door.place(room, caller, bid, received_at)

    async def status(self, caller: Caller, lot_id: str, bid_id: str) -> Any:
        room = await self.rooms.get(lot_id)
        assert room is not None, "a published lot stays published"
        return await self.door.status(room, caller, bid_id)


class Shared:
    """What all processes of a run have in common."""

    def __init__(self, loop: SimLoop, settings: Settings, signer: Signer) -> None:
        self.loop = loop
        self.settings = settings
        self.signer = signer
        self.air = Air(loop)
        self.numbers = count(1)


class Socket:
    """A client's connection: frames arrive in order, or the connection ends.

    heard: called with each frame's text as it arrives. ended: called once, without a reason.
    """

    def __init__(
        self,
        process: Process,
        lot_id: str,
        account: str | None,
        heard: Callable[["Socket", bytes], None],
        ended: Callable[["Socket"], None],
    ) -> None:
        self.process = process
        self.lot_id = lot_id
        self.caller = Caller(account, f"{lot_id} {account}")
        self.open = True
        self.reads = True
        self.seat: SimSeat | None = None
        self.sent: list[tuple[int, bytes]] = []
        self.opened_us = 0
        self.closed_us: int | None = None
        self.bidder_no: str | None = None
        self._loop = process.shared.loop
        self._heard = heard
        self._ended = ended
        self._last = 0
        self._room: Room | None = None
        process.sockets.append(self)

    # ── the line that the seat writes to ────────────────────────────────────────────────────

    def write_now(self, frame: Prepared) -> bool:
        if not self.open:
            return True
        if not self.reads:
            return False
        self._travel(frame.text)
        return True

    async def write(self, frame: Prepared) -> None:
        while self.open and not self.reads:  # noqa: ASYNC110 (whoever reads again tells nobody)
            await asyncio.sleep(0.05)
        if self.open:
            self._travel(frame.text)

    def close(self, code: int) -> None:
        self.end()

    def _travel(self, text: bytes) -> None:
        self.sent.append((self._loop.now_us, text))
        self._last = max(self._last, self._loop.now_us + self._loop.chance.randint(200, 9_000)) + 1
        self._loop.after(self._last - self._loop.now_us, self._arrive, text)

    def _arrive(self, text: bytes) -> None:
        if self.open:
            self._heard(self, text)

    # ── from outside ────────────────────────────────────────────────────────────────────────

    def end(self) -> None:
        """Both sides learn of it, each in its time."""
        if self.open:
            self.open = False
            self.closed_us = self._loop.now_us
            self._loop.after(self._loop.chance.randint(1_000, 400_000), self._ended, self)
            if self.process.host.alive:
                self._loop.spawn(self._leave(), self.process.host)

    async def _leave(self) -> None:
        if self._room is not None and self.seat is not None:
            self._room.audience.leave(self.seat)
            self.seat.leave()

    async def serve(self) -> None:
        """The handshake: from then on the audience's frames come."""
        process = self.process
        bidder = await process.rooms.rolls.find(self.lot_id, self.caller.account_id)
        self.bidder_no = None if bidder is None else bidder.bidder_no
        # As the live channel does it: from here to the first frame nothing is waited for.
        room = self._room = await process.rooms.enter(self.lot_id, self.bidder_no)
        assert room is not None
        self.seat = SimSeat(next(process.shared.numbers), self, process.rooms.parts)
        self.opened_us = self._loop.now_us
        room.audience.join(self.seat, self.bidder_no)
        self.seat.send(prepare(room.snapshot(self.bidder_no)))

    async def bid(self, body: live.BidBody) -> None:
        """A bid frame that arrived: its answer goes out by the seat."""
        process = self.process
        received_at = process.clock.now_ms()
        if self._room is None or self.seat is None:
            return
        door, room, seat = process.door, self._room, self.seat

        def answered(answer: live.Receipt | live.Problem) -> None:
            seat.send(prepare(answer))

        try:
            if not door.place_now(room, self.caller, body, received_at, answered):
                answered(await door.place(room, self.caller, body, received_at))
        except Exception:
            answered(problem(ProblemCode.NOT_YET_CONFIRMED, body.bid_id))
