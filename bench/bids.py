"""How many bids are decided a second, and how long a bidder waits for the answer.

    uv run --group dev python -m bench.bids [--seconds 5] [--repeats 3] [--quick]

Over real WebSockets against `luochui serve` with flush on, signatures checked, receipts given: 1,
10, 100 and 1,000 bidders on one lot, 50 lots, and 100 bidders with 500 watchers. Each bidder sends
his next bid when the last is answered, and bids one step more than anybody has sent so far: nearly
every bid is accepted, and shown to everyone, by any server that keeps their order.
Peers in the same run: `bench/naive.py`, the server of one transaction a bid through the ORM, which
checks no signature (with 100 bidders also once with the same check, "naive, signatures"); for the
ledger alone, the naive transaction without its web server by as many callers as the batch is large,
and the bare driver that writes the same rows in the same batches: the limit.
Prints a table, then one JSON line for each figure; --json appends these lines to a file too.
"""

import argparse
import asyncio
import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import asyncpg

from bench import ground
from bench.ground import Person, cpu_s, percentile
from bench.line import Bidder, Line, dial, dial_many
from bench.naive import Naive
from service.audit.signatures import BidderKey, bid_message
from service.audit.tree import Frontier, leaf_hash
from service.settings import Settings
from service.store.engine import open_engine
from service.store.ledger import Append, Appended, Ledger, NewEntry, append_on

CHECKED = 100
"""With so many bidders the naive server is measured a second time, checking signatures too."""
ENTRY_BYTES = 700
"""About what an accepted bid weighs in the log."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One case: so many bidders on each of so many lots, and watchers on the first."""

    name: str
    bidders: int
    lots: int = 1
    watchers: int = 0


SHAPES = (
    Shape("1 bidder, 1 lot", 1),
    Shape("10 bidders, 1 lot", 10),
    Shape("100 bidders, 1 lot", 100),
    Shape("1,000 bidders, 1 lot", 1_000),
    Shape("1 bidder each, 50 lots", 1, lots=50),
    Shape("100 bidders, 1 lot, 500 watchers", 100, watchers=500),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the watchers saw: public states a second, how many of them were cut off, and the share
    of a core that their process took."""

    updates_per_s: float
    cut_off: int
    cpu_share: float


@dataclass(slots=True)
class Run:
    """What one run of one server gave."""

    seconds: float = 0.0
    took: list[float] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    server_cpu: float = 0.0
    client_cpu: float = 0.0
    shown: Shown | None = None

    @property
    def decided(self) -> int:
        accepted = self.answers.get("accepted", 0)
        return accepted + sum(n for name, n in self.answers.items() if name.startswith("refused"))

    @property
    def per_s(self) -> float:
        return self.decided / self.seconds if self.seconds else 0.0

    @property
    def accepted_share(self) -> float:
        return self.answers.get("accepted", 0) / max(self.decided, 1)


# ── clients ─────────────────────────────────────────────────────────────────────────────────


def frames_of(people: Sequence[Person], each: int) -> list[list[tuple[str, bytes]]]:
    """`each` signed bids for everyone, on amounts that climb together."""
    made: list[list[tuple[str, bytes]]] = []
    for place, person in enumerate(people):
        steps = range(place, each * len(people), len(people))
        made.append([_frame(person, ground.START_FEN + step * ground.STEP_FEN) for step in steps])
    return made


def _frame(person: Person, amount_fen: int) -> tuple[str, bytes]:
    """One signed bid and its id."""
    bid_id = str(uuid.uuid4())
    message = bid_message(
        log=person.origin,
        amount_fen=amount_fen,
        bid_id=bid_id,
        bidder_no=person.bidder_no,
        jump_confirmed=False,
        seen_seq=0,
    )
    key = person.key
    frame = (
        f'{{"type":"place_bid","bid_id":"{bid_id}","amount_fen":{amount_fen},"seen_seq":0,'
        f'"jump_confirmed":false,"key_id":"{_key_id(key)}","signature":"{key.sign(message)}"}}'
    )
    return bid_id, frame.encode()


@cache
def _key_id(key: BidderKey) -> str:
    return key.key_id


class Ladders:
    """The next amount on each lot: one step above everything that was sent."""

    def __init__(self) -> None:
        self._steps: dict[str, int] = {}

    def next_bid(self, person: Person) -> tuple[str, bytes]:
        step = self._steps.get(person.lot_id, 0)
        self._steps[person.lot_id] = step + 1
        return _frame(person, ground.START_FEN + step * ground.STEP_FEN)


async def drive(port: int, people: Sequence[Person], seconds: float) -> Run:
    """Everyone bids for so many seconds; waits for the last answers."""
    ended = asyncio.Semaphore(0)
    ladders = Ladders()
    bidders = [Bidder(partial(ladders.next_bid, person), ended.release) for person in people]
    lines: list[Line] = []
    for person, bidder in zip(people, bidders, strict=True):
        path = f"/ws/lots/{person.lot_id}"
        bidder.line = await dial(port, path, person.cookie, bidder.heard)
        lines.append(bidder.line)
    cpu, began = time.process_time(), time.perf_counter()
    for bidder in bidders:
        bidder.go()
    await asyncio.sleep(seconds)
    for bidder in bidders:
        bidder.stopped = True
    for _ in bidders:
        await asyncio.wait_for(ended.acquire(), 30)
    run = Run(seconds=time.perf_counter() - began, client_cpu=time.process_time() - cpu)
    for bidder in bidders:
        run.took += bidder.took
        for name, count in bidder.answers.items():
            run.answers[name] = run.answers.get(name, 0) + count
    for line in lines:
        line.close()
    return run


async def watched(
    port: int, pid: int, shape: Shape, people: Sequence[Person], seconds: float
) -> Run:
    """One run, with the watchers in a process of their own."""
    path = f"/ws/lots/{people[0].lot_id}"
    watching = await _watchers(port, path, shape.watchers)
    try:
        used = cpu_s(pid)
        run = await drive(port, people, seconds)
        run.server_cpu = cpu_s(pid) - used
        return run
    finally:
        if watching is not None:
            watching.send_signal(signal.SIGTERM)
            run.shown = await asyncio.to_thread(_shown, watching)


def _shown(watching: "subprocess.Popen[bytes]") -> Shown:
    """What the watchers' process says when it ends."""
    said, _ = watching.communicate()
    return Shown(**json.loads(said.splitlines()[-1]))


async def _watchers(port: int, path: str, count: int) -> "subprocess.Popen[bytes] | None":
    if not count:
        return None
    command = [sys.executable, "-m", "bench.bids", "--watch", str(count), path, str(port)]
    child = await asyncio.to_thread(
        lambda: subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ground.ROOT)
    )
    assert child.stdout is not None
    await asyncio.to_thread(child.stdout.readline)
    return child


async def watch(count: int, path: str, port: int) -> None:
    """The watchers' process: opens the sockets, says so, and counts until it is ended.

    One of them reads its frames, the others count bytes.
    """
    frames: list[bytes] = []
    lines = [await dial(port, path, heard=frames.append), *await dial_many(port, path, count - 1)]
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    cpu, began = time.process_time(), time.perf_counter()
    print("watching", flush=True)
    await ended.wait()
    updates = sum(b'"type":"update"' in frame[:40] for frame in frames)
    seconds = time.perf_counter() - began
    cut_off = sum(line.transport is None or line.transport.is_closing() for line in lines)
    print(
        json.dumps(
            {
                "updates_per_s": updates / seconds,
                "cut_off": cut_off,
                "cpu_share": (time.process_time() - cpu) / seconds,
            }
        ),
        flush=True,
    )


# ── servers ─────────────────────────────────────────────────────────────────────────────────


def ours(server: Any, shape: Shape, seconds: float, name: str) -> Run:
    lots = [f"{name}-{place:03d}" for place in range(shape.lots)]
    url = server.app_url("bench")
    with ground.served(url) as (port, pid):
        # Published to a server that runs: one that comes too late for an opening pauses the sale.
        people = asyncio.run(ground.sales(url, lots, shape.bidders))
        ground.wait_until_listing(port, lots)
        return asyncio.run(watched(port, pid, shape, people, seconds))


def naive(server: Any, shape: Shape, seconds: float, name: str, check: bool = False) -> Run:
    lots = [f"{name}-{place:03d}" for place in range(shape.lots)]
    people = [
        Person(lot_id, "", "", f"luochui_session={lot_id}-{place}", _KEY)
        for lot_id in lots
        for place in range(shape.bidders)
    ]
    port, url = ground.free_port(), server.owner_url("bench")
    command = [sys.executable, "-m", "bench.naive", "--url", url, "--port", str(port)]
    if check:
        command += ["--check", _KEY.spki.hex()]
    with ground.process([*command, "--lots", ",".join(lots)]) as pid:
        ground.wait_until_ready(f"http://127.0.0.1:{port}/health/ready")
        return asyncio.run(watched(port, pid, shape, people, seconds))


_KEY = BidderKey.generate()


# ── the ledger alone, and its limit ─────────────────────────────────────────────────────────


async def ledger_alone(url: str, log: str, batch: int, seconds: float) -> float:
    """Entries a second: batches of prepared entries, one log, one after another."""
    engine = open_engine(url, Settings(site=ground.SITE))
    ledger = Ledger(engine, Settings(site=ground.SITE))
    try:
        async with engine.begin() as connection:
            await append_on(connection, _append(log, 0, Frontier(), 1)[0])
        append, frontier = _append(log, 0, Frontier(), 1)
        size, written, began = 1, 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            append, frontier = _append(log, size, frontier, batch)
            assert await ledger.append(append) is Appended.DONE
            size, written = size + batch, written + batch
        return written / (time.perf_counter() - began)
    finally:
        await ledger.close()
        await engine.dispose()


def _append(log: str, size: int, frontier: Frontier, batch: int) -> tuple[Append, Frontier]:
    entries = tuple(_entry(size + place) for place in range(batch))
    after = frontier.extend(entry.leaf for entry in entries)
    append = Append(log, size, entries, after.to_bytes(), after.root(), size + batch)
    return append, after


def _entry(seq: int) -> NewEntry:
    raw = seq.to_bytes(8, "big") * (ENTRY_BYTES // 8)
    return NewEntry(raw, leaf_hash(raw), str(uuid.UUID(int=seq)), raw[:32])


async def bare_driver(url: str, log: str, batch: int, seconds: float) -> float:
    """The limit: the same rows in the same batches, by COPY in one transaction, nothing else."""
    dsn = url.replace("postgresql+asyncpg", "postgresql")
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        "INSERT INTO logs (log, size, root, frontier, last_at) VALUES ($1, 0, $2, $3, 0)",
        *(log, bytes(32), b""),
    )
    try:
        frontier, size, written, began = Frontier(), 0, 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            append, frontier = _append(log, size, frontier, batch)
            await _copy(connection, append)
            size, written = size + batch, written + batch
        return written / (time.perf_counter() - began)
    finally:
        await connection.close()


async def _copy(connection: asyncpg.Connection, append: Append) -> None:
    rows = list(enumerate(append.entries, append.expected_size))
    async with connection.transaction():
        await connection.execute(
            "UPDATE logs SET size=$2, root=$3, frontier=$4, last_at=$5 WHERE log=$1",
            *(append.log, append.size, append.root, append.frontier, append.last_at),
        )
        await connection.copy_records_to_table(
            "log_entries",
            records=[(append.log, seq, entry.bytes, entry.leaf) for seq, entry in rows],
            columns=["log", "seq", "bytes", "leaf"],
        )
        await connection.copy_records_to_table(
            "log_bids",
            records=[(append.log, entry.bid_id, seq, entry.bid_hash) for seq, entry in rows],
            columns=["log", "bid_id", "seq", "content_hash"],
        )
        await connection.execute(
            "INSERT INTO log_heads (log, size, root, at) VALUES ($1, $2, $3, $4)",
            *(append.log, append.size, append.root, append.last_at),
        )


async def naive_alone(url: str, lot_id: str, callers: int, seconds: float) -> float:
    """Bids a second of the naive transaction without a web server, by so many at once."""
    peer, steps, done = Naive(url), itertools.count(1), 0
    await peer.prepare([lot_id])
    began = time.perf_counter()

    async def bids(bidder: str) -> None:
        nonlocal done
        while time.perf_counter() - began < seconds:
            await peer.place(lot_id, bidder, str(uuid.uuid4()), next(steps))
            done += 1

    await asyncio.gather(*(bids(str(number)) for number in range(callers)))
    rate = done / (time.perf_counter() - began)
    await peer.close()
    return rate


async def one_flush(url: str, repeats: int = 200) -> float:
    """Seconds of one durable write and its answer: a single row in its own transaction."""
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    took = []
    try:
        for _ in range(repeats):
            began = time.perf_counter()
            await connection.execute(
                "INSERT INTO health (at, process, offset_us, uncertainty_us, lag_us) "
                "VALUES ($1, 'flush', 0, 0, 0)",
                time.time_ns(),
            )
            took.append(time.perf_counter() - began)
        return statistics.median(took)
    finally:
        await connection.close()


async def one_round_trip(repeats: int = 500) -> float:
    """Seconds of one small message over loopback and back."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    took = []
    for _ in range(repeats):
        began = time.perf_counter()
        writer.write(b"x" * 64)
        await reader.read(100)
        took.append(time.perf_counter() - began)
    writer.close()
    await writer.wait_closed()
    await asyncio.sleep(0.01)
    server.close()
    return statistics.median(took)


# ── the run ─────────────────────────────────────────────────────────────────────────────────


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=5)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--quick", action="store_true", help="one short repeat")
    options.add_argument("--only", help="shapes whose name holds this, or `ledger`")
    options.add_argument("--json", type=Path, help="append one line for each figure here")
    options.add_argument("--watch", nargs=3, metavar=("COUNT", "PATH", "PORT"))
    asked = options.parse_args()
    if asked.watch:
        count, path, port = asked.watch
        asyncio.run(watch(int(count), path, int(port)))
        return
    if asked.quick:
        asked.seconds, asked.repeats = 1.5, 1
    figures = []
    with ground.database() as (server, _):
        for figure in _figures(server, asked):
            print(_row(figure), flush=True)
            figures.append(figure)
    ground.tell_json(figures, asked.json)


def _figures(server: Any, asked: argparse.Namespace) -> Any:
    url = server.app_url("bench")
    flush, trip = asyncio.run(one_flush(url)), asyncio.run(one_round_trip())
    yield {"what": "one flush, ms", "value": round(flush * 1000, 3)}
    yield {"what": "one loopback round trip, ms", "value": round(trip * 1000, 3)}
    if asked.only is None or asked.only in "ledger alone":
        yield from _ledger_figures(server, asked)
    for shape in SHAPES:
        if asked.only and asked.only not in shape.name:
            continue
        yield from _shape_figures(server, shape, asked, flush + trip)


def _ledger_figures(server: Any, asked: argparse.Namespace) -> Any:
    owner, seconds = server.owner_url("bench"), asked.seconds / 2
    for batch in (1, 10, 100, 1_000):
        runs = []
        for turn in range(asked.repeats):
            name = f"{batch}-{turn}"
            alone = ledger_alone(server.app_url("bench"), f"lot/alone-{name}", batch, seconds)
            bare = bare_driver(owner, f"lot/bare-{name}", batch, seconds)
            naive = naive_alone(owner, f"alone-{name}", batch, seconds)
            runs.append([asyncio.run(each) for each in (alone, bare, naive)])
        own, limit, peer = (statistics.median(each) for each in zip(*runs, strict=True))
        yield {
            "what": f"ledger alone, batches of {batch}, entries/s",
            "value": round(own),
            "bare driver": round(limit),
            "share of the limit": round(own / limit, 2),
            "naive writes alone": round(peer),
            "times naive": round(own / peer, 1),
        }


def _shape_figures(server: Any, shape: Shape, asked: argparse.Namespace, floor: float) -> Any:
    players: dict[str, Callable[..., Run]] = {"ours": ours, "naive": naive}
    if shape.bidders == CHECKED:
        players["naive, signatures"] = partial(naive, check=True)
    runs: dict[str, list[Run]] = {who: [] for who in players}
    for turn in range(asked.repeats):
        for place, (who, play) in enumerate(players.items()):
            name = f"s{SHAPES.index(shape)}-{place}-{turn}"
            runs[who].append(play(server, shape, asked.seconds, name))
    middles = {who: _middle(made) for who, made in runs.items()}
    own = middles.pop("ours")
    figure: dict[str, Any] = {
        "what": f"{shape.name}: decided bids/s",
        "value": own.pop("decided/s"),
        **own,
        "p99 / (flush + round trip)": round(own["p99 ms"] / 1000 / floor, 1),
        "answers": " ".join(f"{n} {name}" for name, n in runs["ours"][-1].answers.items()),
    }
    for who, peer in middles.items():
        times = round(figure["value"] / max(peer["decided/s"], 1), 1)
        shown = round(own["accepted/s"] / max(peer["accepted/s"], 1), 1)
        figure[who] = {**peer, "times": times, "times, accepted": shown}
    yield figure


def _middle(runs: Sequence[Run]) -> dict[str, float]:
    """Medians over the repeats."""

    def of(figure: Callable[[Run], float], digits: int = 0) -> float:
        middle = round(statistics.median(figure(run) for run in runs), digits)
        return middle if digits else int(middle)

    middle = {
        "decided/s": of(lambda run: run.per_s),
        "accepted/s": of(lambda run: run.per_s * run.accepted_share),
        "accepted share": of(lambda run: run.accepted_share, 3),
        "p50 ms": of(lambda run: percentile(run.took, 0.5) * 1000, 2),
        "p99 ms": of(lambda run: percentile(run.took, 0.99) * 1000, 2),
        "server cpu µs a bid": of(lambda run: run.server_cpu / max(run.decided, 1) * 1e6),
        "server core": of(lambda run: run.server_cpu / run.seconds, 2),
        "clients' core": of(lambda run: run.client_cpu / run.seconds, 2),
    }
    shown = [run.shown for run in runs if run.shown is not None]
    if shown:
        middle["updates/s a watcher"] = round(statistics.median(s.updates_per_s for s in shown), 1)
        middle["watchers' core"] = round(statistics.median(s.cpu_share for s in shown), 2)
        middle["watchers cut off"] = max(s.cut_off for s in shown)
    return middle


def _row(figure: dict[str, Any]) -> str:
    """The figure on one line, and each peer on one below it."""
    rest = {name: value for name, value in figure.items() if name not in ("what", "value")}
    peers = {name: rest.pop(name) for name in list(rest) if isinstance(rest[name], dict)}
    lines = [f"{figure['what']:<58} {figure['value']:>10,}  {_said(rest)}"]
    lines += [
        f"    {who:<54} {peer['decided/s']:>10,}  {_said(peer)}" for who, peer in peers.items()
    ]
    return "\n".join(lines)


def _said(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    main()
