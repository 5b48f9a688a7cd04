"""How the service grows: with processes on one database, with the length of a log, with open lots.

    uv run --group dev python -m bench.scale [--quick] [--only NAME] [--json FILE]

processes: 1 and 2 `luochui serve` on one database, bids landing on both, for one lot and for fifty;
afterwards every answer that a client was given is held to the log: none lost, none doubled. The
peer is the single process in the same run. Clients run on the same machine.
length: opening, a snapshot and a decision for a lot of 10, 1,000 and 100,000 entries beside a new
one; the peer is folding the same log from entry 0, and its memory.
restart: from the start of a process to its readiness with 1,000 open lots; the peer is one lot.
Prints a table, then one JSON line for each figure; --json appends them to a file too. Figures are
medians of the repeats.
"""

import argparse
import asyncio
import json
import statistics
import time
import tracemalloc
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from bench import ground
from bench.bids import Ladders
from bench.ground import Person, Wall, percentile
from bench.line import Bidder, dial
from schemas import log as w
from service.audit.signatures import bid_message
from service.live import opening
from service.live.batch import Draft
from service.live.facts import BidPath
from service.live.opening import Shelf, open_record
from service.live.record import Record
from service.live.room import Parts, Room
from service.live.states import state_of
from service.live.timers import LoopTimers
from service.rules import messages as m
from service.settings import Settings
from service.store import health
from service.store.engine import open_engine
from service.store.ledger import Appended, Ledger, read_log
from service.store.log_tables import lot_log
from service.store.lot_states import keep_states
from service.store.signer import Signer

SEEDED_AT_ONCE = 500
SWAPS = "lost swaps/1,000 bids"
Figure = dict[str, Any]


# ── processes ───────────────────────────────────────────────────────────────────────────────


class Listening(Bidder):
    """Keeps every answer as it came."""

    def __init__(self, make: Callable[[], tuple[str, bytes]], done: Callable[[], None]) -> None:
        super().__init__(self._made, done)
        self._next_bid = make
        self.sent: list[str] = []
        self.told: list[bytes] = []

    def _made(self) -> tuple[str, bytes]:
        bid_id, frame = self._next_bid()
        self.sent.append(bid_id)
        return bid_id, frame

    def heard(self, payload: bytes) -> None:
        if b'"type":"receipt"' in payload[:40] or b'"type":"problem"' in payload[:40]:
            self.told.append(payload)
        super().heard(payload)


async def drive(ports: Sequence[int], people: Sequence[Person], seconds: float) -> Figure:
    """Everyone bids, each at the port of his turn; all that was sent and told, and how fast."""
    ended, ladders = asyncio.Semaphore(0), Ladders()
    bidders = [Listening(partial(ladders.next_bid, person), ended.release) for person in people]
    for turn, (person, bidder) in enumerate(zip(people, bidders, strict=True)):
        port, path = ports[turn % len(ports)], f"/ws/lots/{person.lot_id}"
        bidder.line = await dial(port, path, person.cookie, bidder.heard)
    cpu, began = time.process_time(), time.perf_counter()
    for bidder in bidders:
        bidder.go()
    await asyncio.sleep(seconds)
    for bidder in bidders:
        bidder.stopped = True
    for _ in bidders:
        await asyncio.wait_for(ended.acquire(), 30)
    lasted, client_cpu = time.perf_counter() - began, time.process_time() - cpu
    for bidder in bidders:
        assert bidder.line is not None
        bidder.line.close()
    return {
        "seconds": lasted,
        "client_cpu_s": client_cpu,
        "took": [each for bidder in bidders for each in bidder.took],
        "sent": [bid_id for bidder in bidders for bid_id in bidder.sent],
        "told": [json.loads(payload) for bidder in bidders for payload in bidder.told],
    }


async def compare(engine: AsyncEngine, lots: Sequence[str], run: Figure) -> dict[str, int]:
    """What clients were told against the log. All must be 0 but `told`.

    unanswered: sent and never answered. lost: told decided, and not so in the log. doubled: in the
    log twice, or answered twice otherwise. unasked: in the log and never told.
    """
    logged: dict[str, tuple[int, str]] = {}
    doubled = 0
    for lot_id in lots:
        async with engine.connect() as connection:
            rows = await read_log(connection, lot_log(lot_id))
        for row in rows:
            entry = w.LotEntry.model_validate_json(row.bytes)
            if isinstance(entry.command, w.PlaceBid):
                doubled += entry.command.bid_id in logged
                verdict = "accepted" if entry.events[0].type == "bid_accepted" else "refused"
                logged[entry.command.bid_id] = (row.seq, verdict)
    answers: dict[str, tuple[int, str]] = {}
    for told in run["told"]:
        if told["type"] == "receipt":
            said = (told["seq"], told["outcome"])
            doubled += answers.setdefault(told["bid_id"], said) != said
    asked, answered = set(run["sent"]), {told.get("bid_id") for told in run["told"]}
    return {
        "told": len(answers),
        "unanswered": len(asked - answered),
        "lost": sum(logged.get(bid_id) != said for bid_id, said in answers.items()),
        "doubled": doubled,
        "unasked": len((set(logged) & asked) - set(answers)),
    }


async def clients(
    url: str, ports: Sequence[int], people: Sequence[Person], lots: Sequence[str], seconds: float
) -> tuple[Figure, dict[str, int]]:
    run = await drive(ports, people, seconds)
    engine = open_engine(url, Settings(site=ground.SITE))
    try:
        return run, await compare(engine, lots, run)
    finally:
        await engine.dispose()


def processes(url: str, asked: argparse.Namespace) -> Iterator[Figure]:
    """One lot and fifty; one process, two with every lot's bidders on both, two with lots apart."""
    shapes = ((1, 20, "mixed"), (50, 2, "mixed"), (50, 2, "by lot"))
    alone: dict[int, float] = {}
    for lots, bidders, how in shapes:
        for count in (1, 2) if how == "mixed" else (2,):
            runs = [
                one_run(url, lots, bidders, count, how, turn, asked.seconds)
                for turn in range(asked.repeats)
            ]
            per_s = statistics.median(run["per_s"] for run in runs)
            alone.setdefault(lots, per_s)
            figure: Figure = {"what": f"processes: {count}, {lots} lots, {how}", "bids/s": per_s}
            for name in ("p50 ms", "p99 ms", "server CPU us/bid", "client CPU us/bid", SWAPS):
                figure[name] = statistics.median(run[name] for run in runs)
            for name in ("told", "unanswered", "lost", "doubled", "unasked"):
                figure[name] = sum(run[name] for run in runs)
            yield figure | {"times one process": per_s / alone[lots]}


def one_run(
    url: str, lots: int, bidders: int, count: int, how: str, turn: int, seconds: float
) -> Figure:
    names = [f"s{lots}-{count}-{how.replace(' ', '')}-{turn}-{n:02}" for n in range(lots)]
    people = asyncio.run(ground.sales(url, names, bidders))
    if how == "by lot":
        # Turn by turn to the ports: neighbours of one lot must fall to the same one.
        people = [people[(n // 2) * 2 % len(people) + n % 2] for n in range(len(people))]
        halves = people[: len(people) // 2], people[len(people) // 2 :]
        people = [each for pair in zip(*halves, strict=True) for each in pair]
    with ExitStack() as stack:
        served = [stack.enter_context(ground.served(url)) for _ in range(count)]
        ports, pids = [port for port, _ in served], [pid for _, pid in served]
        for port in ports:
            ground.wait_until_listing(port, names)
        before = sum(map(ground.cpu_s, pids))
        run, held = asyncio.run(clients(url, ports, people, names, seconds))
        cpu = sum(map(ground.cpu_s, pids)) - before
        swaps = sum(map(lost_swaps, ports))
    decided = max(held["told"], 1)
    return held | {
        "per_s": held["told"] / run["seconds"],
        "p50 ms": percentile(run["took"], 0.5) * 1000,
        "p99 ms": percentile(run["took"], 0.99) * 1000,
        "server CPU us/bid": cpu / decided * 1e6,
        "client CPU us/bid": run["client_cpu_s"] / decided * 1e6,
        SWAPS: swaps / decided * 1000,
    }


def lost_swaps(port: int) -> float:
    """What this process decided again because another wrote first."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    found = [line for line in lines if line.startswith("luochui_lost_swaps_total ")]
    return float(found[0].split()[1])


# ── length ──────────────────────────────────────────────────────────────────────────────────


class SureWall(Wall):
    """The machine's clock, taken for the database's."""

    def offset_us(self) -> int:
        return 0

    def uncertainty_us(self) -> int:
        return 0


async def seed(engine: AsyncEngine, people: Sequence[Person], entries: int) -> Record:
    """A log of so many entries in its listing: decided by the rules, written by the ledger."""
    lot_id, origin = people[0].lot_id, people[0].origin
    settings, signer = Settings(site=ground.SITE), Signer(ground.KEY)
    record = await open_record(Shelf(engine, settings, signer), lot_log(lot_id))
    ledger = Ledger(engine, settings)
    while record.size < entries:
        assert record.lot is not None
        opens_at = record.lot.timetable.bidding_from
        await asyncio.sleep(max(0, opens_at - Wall().now_ms()) / 1000)
        draft = Draft(lot_id, record, Wall().now_ms())
        if record.size == 1:
            draft.decide(m.Advance(leaving=record.lot.stage, proved_to=draft.at))
        else:
            more = min(SEEDED_AT_ONCE, entries - record.size)
            for number in range(more):
                person = people[(record.size + number) % len(people)]
                draft.decide(signed(person, record.size + number, draft.at))
        assert await ledger.append(draft.to_append()) is Appended.DONE
        for entry, content, after in zip(draft.entries, draft.contents, draft.lots, strict=True):
            record.add(entry, content, after)
    await ledger.close()
    assert record.log == origin
    async with engine.begin() as connection:
        await keep_states(connection, [state_of(record, lot_log(lot_id), signer)])
    return record


def signed(person: Person, step: int, at: int) -> m.PlaceBid:
    said: dict[str, Any] = {
        "bid_id": str(uuid.uuid4()),
        "amount_fen": ground.START_FEN + step * ground.STEP_FEN,
        "seen_seq": 0,
        "jump_confirmed": False,
    }
    message = bid_message(log=person.origin, bidder_no=person.bidder_no, **said)
    return m.PlaceBid(
        **said,
        bidder_no=person.bidder_no,
        received_at=at,
        key_id=person.key.key_id,
        signature=person.key.sign(message),
        admission=1,
    )


async def of_length(url: str, entries: int, asked: argparse.Namespace) -> Figure:
    """Medians of many openings, snapshots and decisions. Times in ms."""
    settings, signer, clock = Settings(site=ground.SITE), Signer(ground.KEY), SureWall()
    engine = open_engine(url, settings)
    people = await ground.sales(engine.url.render_as_string(False), [f"long-{entries}"], 20)
    await seed(engine, people, entries)
    log, shelf = lot_log(f"long-{entries}"), Shelf(engine, settings, signer)
    opened, record = await timed(lambda: open_record(shelf, log), 5 * asked.repeats)
    folded, whole = await timed(lambda: fold(shelf, log), 1 if entries > 2_000 else 5)
    assert isinstance(record, Record)
    assert isinstance(whole, Record)
    assert record.folded().lot == whole.folded().lot
    ledger, path = Ledger(engine, settings), BidPath(engine, clock, "bench")
    parts = Parts(
        engine=engine, ledger=ledger, clock=clock, timers=LoopTimers(), settings=settings,
        signer=signer, path=path,
    )  # fmt: skip
    room = Room(people[0].lot_id, record, parts)
    await room.recall(people[0].bidder_no)
    await proofs_between(engine, record.window_from, clock.now_ms())
    shown, _ = await timed(lambda: snapshot(room, people[0].bidder_no), 20)
    decided = []
    for number in range(asked.decisions):
        await path.prove()
        bid = signed(people[number % 20], entries + number, clock.now_ms())
        began = time.perf_counter()
        answer = await room.place_bid(bid)
        decided.append((time.perf_counter() - began) * 1000)
        assert getattr(answer, "outcome", None) == "accepted", answer
    memory = {name: await bytes_of(work) for name, work in holdings(shelf, log).items()}
    await ledger.close()
    await engine.dispose()
    return {
        "what": f"length: {entries} entries",
        "open ms": opened,
        "fold ms (peer)": folded,
        "snapshot ms": shown,
        "decide ms": statistics.median(decided),
        **memory,
    }


async def proofs_between(engine: AsyncEngine, from_ms: int, to_ms: int) -> None:
    """The path was open while the log was being seeded."""
    async with engine.begin() as connection:
        for at in range(from_ms, to_ms, 1_000):
            await health.prove(connection, health.Proof(at, "bench", 0, 0, 0))


def holdings(shelf: Shelf, log: str) -> dict[str, Callable[[], Any]]:
    endless = shelf.settings.model_copy(update={"room_entries": 10**9})
    return {
        "room KiB": partial(open_record, shelf, log),
        "room that forgets nothing KiB (peer)": partial(
            fold, Shelf(shelf.engine, endless, shelf.signer), log
        ),
    }


async def bytes_of(work: Callable[[], Any]) -> float:
    """What its result holds, KiB."""
    tracemalloc.start()
    held = await work()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held is not None
    return size / 1024


async def fold(shelf: Shelf, log: str) -> Record:
    """The log from entry 0, as if no state had ever been kept."""
    record = opening._empty(shelf, log)
    opened = (await opening._read_on(shelf, {log: record}))[log]
    assert isinstance(opened, Record)
    return opened


async def snapshot(room: Room, bidder_no: str) -> str:
    return room.snapshot(bidder_no).model_dump_json()


async def timed(work: Callable[[], Any], times: int) -> tuple[float, Any]:
    """Median in ms, and the last result."""
    took, result = [], None
    for _ in range(times):
        began = time.perf_counter()
        result = await work()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), result


def lengths(url: str, asked: argparse.Namespace) -> Iterator[Figure]:
    for entries in (2, 10, 1_000, asked.longest):
        yield asyncio.run(of_length(url, entries, asked))


# ── restart ─────────────────────────────────────────────────────────────────────────────────


def restarts(url: str, asked: argparse.Namespace) -> Iterator[Figure]:
    """The peer first: what a start costs with next to nothing to open."""
    for count in (1, asked.open_lots):
        names = [f"open-{count}-{number:04}" for number in range(count)]
        asyncio.run(ground.sales(url, names, 0))
        with ground.served(url) as (port, _):
            ground.wait_until_listing(port, names, 120)
        took, cpu = [], []
        for _ in range(asked.repeats):
            began = time.perf_counter()
            with ground.served(url) as (_, pid):
                took.append(time.perf_counter() - began)
                cpu.append(ground.cpu_s(pid))
        yield {
            "what": f"restart: {count} more open lots",
            "s to ready": statistics.median(took),
            "server CPU s": statistics.median(cpu),
        }


PARTS = {"processes": processes, "length": lengths, "restart": restarts}


def row(figure: Figure) -> str:
    def told(value: Any) -> str:
        return f"{value:,.2f}" if isinstance(value, float) else str(value)

    rest = "  ".join(f"{name} {told(value)}" for name, value in figure.items() if name != "what")
    return f"{figure['what']:36} {rest}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="small, one short repeat")
    options.add_argument("--only", choices=sorted(PARTS))
    options.add_argument("--json", type=Path, help="append one line for each figure here")
    asked = options.parse_args()
    asked.seconds, asked.repeats = (1.5, 1) if asked.quick else (5.0, 3)
    asked.longest, asked.decisions = (5_000, 20) if asked.quick else (100_000, 200)
    asked.open_lots = 100 if asked.quick else 1_000
    figures = []
    for name, part in PARTS.items():
        if asked.only not in (None, name):
            continue
        # Each part on a database of its own: what one leaves open is not the next one's load.
        with ground.database() as (server, _):
            for figure in part(server.app_url("bench"), asked):
                print(row(figure), flush=True)
                figures.append(figure)
    ground.tell_json(figures, asked.json)


if __name__ == "__main__":
    main()
