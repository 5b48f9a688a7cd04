"""One run: hosts, database and people under one seeded hand, from the publication to the seal."""

import asyncio
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError

from service.audit.notes import SigningKey, lot_origin
from service.audit.tree import EMPTY_ROOT, Frontier
from service.live.record import make_entry
from service.rules import messages as m
from service.rules.decide import apply
from service.rules.lot import Lot
from service.settings import Settings
from service.store import engine as store_engine
from service.store import ledger
from service.store.ledger import Append, CommitUnknown, NewEntry, NotWritten, open_lots
from service.store.log_tables import logs, lot_id_of, lot_log
from service.store.projection import listing_of, project
from service.store.signer import Signer
from tests.rules.sale import publish
from tests.simulate.database import Store
from tests.simulate.loop import Host, NothingMoves, SimLoop
from tests.simulate.people import Client, Office, Officials, Sent, SimBidder, Told, Work
from tests.simulate.plan import EPOCH_MS, HORIZON_MS, LIMIT_MS, Plan, Sale, Step
from tests.simulate.process import Machine, Process, Shared, Socket
from tests.simulate.server import Fate, Server, SimAsyncpg

SITE = "auction.example.cn"
KEY = SigningKey(SITE, b"\x07" * 32)
SETTINGS = Settings(site=SITE, statement_timeout_ms=2_500, lost_swaps=20)
SETTLE_S = 6.0


@dataclass(frozen=True, slots=True)
class Order:
    """An official's command and what he was told."""

    at_us: int
    lot_id: str
    command: m.Command
    answer: Any


@cache
def _store() -> Store:
    return Store()


class World:
    """Owns everything of one run, and what was told to anyone in it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.loop = SimLoop(Random(f"schedule {plan.seed}"))  # type: ignore[abstract]
        self.store = _store()
        self.store.clear()
        self.server = Server(self.loop, self.store, SETTINGS.statement_timeout_ms)
        self.shared = Shared(self.loop, SETTINGS, Signer(KEY))
        self.loop.dying = self._dies
        self.machines = [Machine(self.loop, f"host-{n}") for n in range(plan.hosts)]
        for machine in self.machines:
            leans = ((0, 0), (0, 0), (20_000, 0), (0, 20_000), (60_000, 0), (0, 60_000))
            self.server.lean[machine.name] = self.loop.chance.choice(leans)
        self.processes: list[Process] = []
        self.bidders = [SimBidder(self, number) for number in range(plan.bidders)]
        self.office = Office(self)
        self.officials = Officials(self)
        self.sockets: list[Socket] = []
        self.bids: list[Sent] = []
        self.told: list[Told] = []
        self.orders: list[Order] = []
        self.outages: list[tuple[int, int]] = []
        self.watchers: list[Client] = []
        self.errors: list[str] = []
        self.numbers = 0
        self.over = False
        self.finished = False
        self._bidding: list[asyncio.Task[Any]] = []
        self._quiet = False
        self._kept_down: dict[str, int] = {}

    # ── what people ask ─────────────────────────────────────────────────────────────────────

    def origin(self, lot_id: str) -> str:
        return lot_origin(SITE, lot_id)

    def sale(self, lot_id: str) -> Sale:
        return next(sale for sale in self.plan.sales if sale.lot_id == lot_id)

    def now_ms(self) -> int:
        return self.server.clock_us() // 1000

    def way(self) -> int:
        """How long a client's message is on its way (µs)."""
        return self.loop.chance.choice((300, 2_000, 2_000, 9_000, 60_000))

    def some_process(self) -> Process | None:
        serving = [process for process in self.processes if process.serves]
        return self.loop.chance.choice(serving) if serving else None

    def sealed(self, lot_id: str) -> bool:
        rows = _run_read(self.store, open_lots)
        return all(lot_id_of(row.log) != lot_id for row in rows)

    def still_bidding(self) -> bool:
        return not self._quiet or not all(task.done() for task in self._bidding)

    async def call(self, bid_id: str, work: Work) -> Any:
        """One request to some host's door; None when no answer comes."""
        process = self.some_process()
        if process is None:
            return None
        answer, asked = self.loop.create_future(), self.loop.now_us

        async def serve() -> None:
            asked_us = self.loop.now_us
            try:
                told = await work(process)
            except Exception:
                return
            self.told.append(Told(asked_us, self.loop.now_us, process.host.name, bid_id, told))
            self.loop.after(self.way(), _set, answer, told)

        self.loop.after(self.way(), lambda: self._spawn(serve, process))
        try:
            async with asyncio.timeout(8):
                return await answer
        except TimeoutError:
            assert self.loop.now_us > asked
            return None

    async def order(self, lot_id: str, choose: Callable[[Lot], m.Command | None]) -> None:
        """An official's command to some host, if he finds one to give."""
        process = self.some_process()
        if process is None:
            return
        done = self.loop.create_future()

        async def serve() -> None:
            try:
                room = await process.rooms.get(lot_id)
                assert room is not None
                command = choose(room.lot)
                if command is not None:
                    answer = await process.rooms.submit(lot_id, command)
                    self.orders.append(Order(self.loop.now_us, lot_id, command, answer))
            except Exception as error:
                self.orders.append(Order(self.loop.now_us, lot_id, m.SealLog, error))  # type: ignore[arg-type]
            self.loop.after(self.way(), _set, done, None)

        self.loop.after(self.way(), lambda: self._spawn(serve, process))
        try:
            async with asyncio.timeout(8):
                await done
        except TimeoutError:
            return

    def _spawn(self, work: Callable[[], Any], process: Process) -> None:
        if process.serves:
            self.loop.spawn(work(), process.host)

    # ── the run ─────────────────────────────────────────────────────────────────────────────

    def run(self) -> None:
        """To the end, or to the limit: then `finished` is False."""
        with simulated(self.errors):
            for sale in self.plan.sales:
                self._publish(sale)
            task = self.loop.spawn(self._main())
            try:
                self.loop.run(task, LIMIT_MS * 1000)
            except NothingMoves:
                self.loop.failures.append("nothing moves any more")
            self.finished = task.done() and task.exception() is None
            if task.done() and task.exception() is not None:
                self.loop.failures.append(f"the simulation itself: {task.exception()!r}")
            self.loop.bury()

    async def _main(self) -> None:
        for machine in self.machines:
            self._start(machine)
        await asyncio.sleep(1)
        for sale in self.plan.sales:
            self.watchers += [Client(self, sale.lot_id, None) for _ in range(self.plan.watchers)]
        screens = [screen for bidder in self.bidders for screen in bidder.screens.values()]
        for client in (*self.watchers, *screens):
            client.connect()
        works = [self.loop.spawn(self.officials.work(sale.lot_id)) for sale in self.plan.sales]
        for step in self.plan.steps:
            delay = max(step.at_ms * 1000 - self.loop.now_us, 0)
            self.loop.after(delay, self._do, step)
        await asyncio.sleep((HORIZON_MS + 1_000) / 1000)
        await self._heal()
        await asyncio.gather(*self._bidding)
        await asyncio.gather(*works)
        await asyncio.sleep(SETTLE_S)
        await self._ask_all()
        self.over = True

    async def _heal(self) -> None:
        """The end of all faults: whatever is dead comes back, and everything goes on to its end."""
        self._quiet = True
        self.server.heal()
        now = self.loop.now_us
        self.outages = [(begun, min(ended, now)) for begun, ended in self.outages]
        for process in self.processes:
            if process.host.halted:
                self.loop.release(process.host)
            process.host.dies_after = None
        for machine in self.machines:
            if not any(p.host.alive and p.machine is machine for p in self.processes):
                self._start(machine)
        for socket in self.sockets:
            socket.reads = True
        await asyncio.sleep(3)

    async def _ask_all(self) -> None:
        """Every bidder asks at last what became of each of his bids."""
        for sent in self.bids:
            answer = None
            for _ in range(20):
                answer = await sent.bidder.ask(sent)
                if answer is not None and answer.type == "receipt":
                    break
                if answer is not None and answer.code.value == "unknown_bid":
                    break
            sent.answers.append(answer)

    # ── steps ───────────────────────────────────────────────────────────────────────────────

    def _do(self, step: Step) -> None:
        sale = self.plan.sales[step.lot % len(self.plan.sales)]
        if step.kind == "bid":
            bidder = self.bidders[step.who % len(self.bidders)]
            self._bidding.append(self.loop.spawn(bidder.bid(step, sale.lot_id)))
        elif step.kind == "suspend":
            self._bidding.append(self.loop.spawn(self.officials.suspend(step, sale.lot_id)))
        elif step.kind == "revoke":
            self.bidders[0].active = False
        elif not self._quiet:
            self._break(step)

    def _break(self, step: Step) -> None:
        for_us = step.for_ms * 1000
        machine = self.machines[step.who % len(self.machines)]
        running = [p for p in self.processes if p.machine is machine and p.host.alive]
        match step.kind:
            case "write":
                self.server.fates[self.server._writes + step.who] = Fate(step.how, for_us)
            case "crash":
                for process in running:
                    process.host.dies_after = process.host.ran + step.steps
                    self._kept_down[machine.name] = for_us
            case "outage":
                self.outages.append((self.loop.now_us, self.loop.now_us + for_us))
                for process in [p for p in self.processes if p.host.alive]:
                    self._kill(process, for_us)
            case "halt":
                for process in running:
                    process.host.halted = True
                    self.loop.after(for_us, self.loop.release, process.host)
            case "part":
                self.server.part(machine.name, for_us)
            case "server crash":
                self.outages.append((self.loop.now_us, self.loop.now_us + for_us))
                self.server.crash(for_us)
            case "server stall":
                self.server.stall(for_us)
            case "wall":
                machine.wall_us += for_us * (1 if step.steps % 2 else -1)
            case _:
                self._disturb_socket(step, for_us)

    def _disturb_socket(self, step: Step, for_us: int) -> None:
        live = [socket for socket in self.sockets if socket.open]
        if not live:
            return
        if step.kind == "cut socket":
            live[step.steps % len(live)].end()
            return
        for socket in live[step.steps % 2 :: 2]:
            socket.reads = False
            self.loop.after(for_us, _read_again, socket)

    # ── hosts ───────────────────────────────────────────────────────────────────────────────

    def _start(self, machine: Machine) -> None:
        process = Process(machine, self.server, self.office, self.shared)
        self.processes.append(process)
        self.loop.spawn(process.run(), process.host)

    def _dies(self, host: Host) -> None:
        process = next(process for process in self.processes if process.host is host)
        down = self._kept_down.pop(host.name, self.loop.chance.randint(50_000, 3_000_000))
        self._kill(process, down)

    def _kill(self, process: Process, down_us: int) -> None:
        if not process.host.alive:
            return
        process.host.alive = False
        self.server.forget(process.host)
        self.shared.air.processes.remove(process)
        for socket in process.sockets:
            socket.end()
        self.loop.after(down_us, self._restart, process.machine)

    def _restart(self, machine: Machine) -> None:
        if not any(p.host.alive and p.machine is machine for p in self.processes):
            self._start(machine)

    def _publish(self, sale: Sale) -> None:
        command = publish(sale.rules, timetable=sale.times)
        origin = self.origin(sale.lot_id)
        entry = make_entry(origin, 0, EPOCH_MS, command, (m.LotPublished(),))
        lot = apply(None, command, entry.events, entry.at)
        frontier = Frontier().append(entry.leaf)
        listing = listing_of(origin, sale.lot_id, lot, (), command.reserve_commitment)
        append = Append(
            lot_log(sale.lot_id),
            0,
            (NewEntry(entry.raw, entry.leaf),),
            frontier.to_bytes(),
            frontier.root(),
            entry.at,
            project(lot, listing),
        )
        empty = {"log": append.log, "size": 0, "root": EMPTY_ROOT, "last_at": 0}
        self.store.read(logs.insert().values(**empty, frontier=Frontier().to_bytes()))
        office = Host("office")
        self.server.append(office, ledger._arguments((append,)))


def _set(answer: asyncio.Future[Any], value: Any) -> None:
    if not answer.done():
        answer.set_result(value)


def _read_again(socket: Socket) -> None:
    socket.reads = True


class _Now:
    """A connection whose answers are there at once: for those who look from above."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def execute(self, statement: Any) -> Any:
        return self._store.read(statement)


def _run_read(store: Store, read: Callable[..., Any], *args: Any) -> Any:
    """The product's own reading, done at once."""
    work = read(_Now(store), *args)
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("nothing here waits")


read_now = _run_read


HARMLESS = (DBAPIError, OSError, TimeoutError, asyncpg.PostgresError, CommitUnknown, NotWritten)


def _where(error: object) -> str:
    """The last lines of code that an error came through."""
    frames = traceback.extract_tb(getattr(error, "__traceback__", None))[-3:]
    return " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames)


def _listen(errors: list[str]) -> Callable[[Any, str, Any], Any]:
    """Hears what the product says of itself: an error that no fault explains is a finding."""

    def hear(_logger: object, method: str, said: Any) -> Any:
        error = said.get("exc_info")
        if method == "error" and not isinstance(error, HARMLESS):
            where = _where(error)
            errors.append(f"{said.get('event')}: {error!r} {where}")
        raise structlog.DropEvent

    return hear


@contextmanager
def simulated(errors: list[str]) -> Iterator[None]:
    """The database's driver is the simulated one meanwhile, and the log is heard."""
    module: Any = store_engine
    real, before = module.asyncpg, structlog.get_config()
    module.asyncpg = SimAsyncpg
    structlog.configure(processors=[_listen(errors)])
    try:
        yield
    finally:
        module.asyncpg = real
        structlog.configure(**before)
