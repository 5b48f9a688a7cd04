"""What the bus costs: NOTIFY beside NATS, and a watcher behind a relay.

    uv run --group dev python -m bench.bus [--quick] [--repeats 3] [--json F]

Hints: one process tells, another hears; the latency of one hint at a time (the two processes share
the machine's monotonic clock), then as many about different logs as go through in a few seconds,
with the CPU of the server in the middle. Relays: `luochui serve` on NATS and two `luochui relay`,
each in a network namespace of its own where we are root, else on loopback; two bidders outbid each
other five times a second and every accepted bid is shown to everybody; the peer is the same crowd
at the service itself. Killed: two processes on NATS, a bidder on each, a watcher on the second;
`kill -9` of NATS in the middle; the watcher's longest silence, and the answers held to the log.
Figures are medians of the repeats; counts of what went wrong are the worst.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench import bids, fanout, ground, scale
from bench.ground import cpu_s, percentile, rss_kib
from bench.line import dial
from service.bus.hints import Bus, Hint, LogMoved
from service.bus.nats_bus import NatsBus
from service.settings import Settings
from service.store.engine import open_engine
from service.store.hints import Hints

NATS_SERVER = Path(sys.executable).parent / "nats-server"
BURST = 500
"""Hints told between two breaths of the loop; each about a log of its own."""
PAUSE_S = 0.005
SETTLE_S = 1.0
"""Until ended sessions are counted with their parent."""
RELAYS = 2
NET = "10.213.{}.{}"


# ── hints ───────────────────────────────────────────────────────────────────────────────────


def bus_of(kind: str, url: str) -> Bus:
    settings = Settings(site=ground.SITE)
    if kind == "nats":
        return NatsBus(url, ground.SITE, settings)
    return Hints(open_engine(url, settings), settings)


async def tell(kind: str, url: str, seconds: float, *, flood: bool) -> None:
    """The teller: one hint every `PAUSE_S`, or as many as the bus takes."""
    bus = bus_of(kind, url)
    running = asyncio.create_task(bus.run())
    await bus.listening()
    ends, number = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        for _ in range(BURST if flood else 1):
            number += 1
            bus.tell(LogMoved(f"lot/{number % 9_999}", time.monotonic_ns()))
        await asyncio.sleep(0 if flood else PAUSE_S)
    await asyncio.sleep(0.2)
    running.cancel()


async def hear(kind: str, url: str, seconds: float, *, flood: bool) -> list[float]:
    """Latencies (s) of the hints of a teller in another process."""
    bus = bus_of(kind, url)
    running = asyncio.create_task(bus.run())
    await bus.listening()
    took: list[float] = []

    def note(hint: Hint) -> None:
        if isinstance(hint, LogMoved):
            took.append((time.monotonic_ns() - hint.seq) / 1e9)

    bus.subscribe(note)
    how = "flood" if flood else "calm"
    teller = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.bus", "--tell", kind, url, str(seconds), how),
        cwd=ground.ROOT,
    )
    await teller.wait()
    await asyncio.sleep(0.2)
    running.cancel()
    return took


def server_cpu_s(kind: str, pid: int) -> float:
    """NATS is one process; PostgreSQL one for each session, and its parent knows what the ended
    ones used."""
    if kind == "nats":
        return cpu_s(pid)
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    used = sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with suppress(FileNotFoundError):
            used += cpu_s(int(child))
    return used


def hints_of(kind: str, url: str, pid: int, seconds: float) -> dict[str, Any]:
    calm = asyncio.run(hear(kind, url, seconds, flood=False))
    time.sleep(SETTLE_S)
    before = server_cpu_s(kind, pid)
    heard = len(asyncio.run(hear(kind, url, seconds, flood=True)))
    time.sleep(SETTLE_S)
    return {
        "bus": kind,
        "p50_ms": 1e3 * percentile(calm, 0.5),
        "p99_ms": 1e3 * percentile(calm, 0.99),
        "hints_per_s": heard / seconds,
        "server_cpu_us": 1e6 * (server_cpu_s(kind, pid) - before) / max(heard, 1),
    }


# ── relays ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Place:
    """Where one relay and its watchers run. prefix: of every command there."""

    prefix: tuple[str, ...]
    service: str
    """The address under which the service and NATS are reached from there."""


@contextmanager
def places(count: int, *, apart: bool) -> Iterator[list[Place]]:
    """Network namespaces, each with a wire to ours, or loopback."""
    if not apart:
        yield [Place((), "127.0.0.1")] * count
        return
    with ExitStack() as stack:
        yield [stack.enter_context(_namespace(number)) for number in range(count)]


@contextmanager
def _namespace(number: int) -> Iterator[Place]:
    name, near, far = f"luochui-{os.getpid()}-{number}", f"lu{number}a", f"lu{number}b"
    ours, theirs = NET.format(number, 1), NET.format(number, 2)
    steps = (
        f"ip netns add {name}",
        f"ip link add {near} type veth peer name {far} netns {name}",
        f"ip addr add {ours}/30 dev {near}",
        f"ip link set {near} up",
        f"ip -n {name} addr add {theirs}/30 dev {far}",
        f"ip -n {name} link set {far} up",
        f"ip -n {name} link set lo up",
    )
    try:
        for step in steps:
            subprocess.run(step.split(), check=True)
        yield Place(("ip", "netns", "exec", name), ours)
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False)


@contextmanager
def relay(place: Place, service_port: int, nats_port: int) -> Iterator[tuple[int, int]]:
    """A relay at that place: its port there, and its process id."""
    port = ground.free_port()
    env = {
        **os.environ,
        "LUOCHUI_RELAY_UPSTREAM": f"http://{place.service}:{service_port}",
        "LUOCHUI_NATS_URL": f"nats://{place.service}:{nats_port}",
        "LUOCHUI_PORT": str(port),
        "LUOCHUI_OBSERVERS_PER_ADDRESS": "100000",
        "LUOCHUI_CONNECTIONS_PER_ADDRESS": "100000",
    }
    command = [*place.prefix, sys.executable, "-m", "service.cli", "relay"]
    with ground.process(command, env) as pid:
        asked = (
            f"import bench.ground as g; g.wait_until_ready('http://127.0.0.1:{port}/health/ready')"
        )
        subprocess.run([*place.prefix, sys.executable, "-c", asked], check=True, cwd=ground.ROOT)
        yield port, pid


@contextmanager
def crowd(place: Place, count: int, port: int, path: str) -> Iterator[Any]:
    """So many watchers at that place; what is handed out asks them what they heard."""
    command = [sys.executable, "-m", "bench.fanout", "--watch", str(count), str(port), path, "0"]
    child = subprocess.Popen(
        [*place.prefix, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ground.ROOT,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    talk_in, talk_out = child.stdin, child.stdout
    try:
        if talk_out.readline() != "watching\n":
            raise SystemExit(f"{count} watchers could not join")

        def report() -> Any:
            talk_in.write("report\n")
            talk_in.flush()
            return json.loads(talk_out.readline())

        yield report
    finally:
        child.kill()
        child.wait()


def relays_of(
    database_url: str, nats_port: int, watching: int, turns: int, turn: int, *, direct: bool = False
) -> dict[str, Any]:
    """Two relays with so many watchers each, beside what the service itself still does. direct: the
    same watchers at the service itself, the relays idle: the peer."""
    apart = os.geteuid() == 0 and shutil.which("ip") is not None
    lot_id = f"{'direct' if direct else 'relayed'}-{watching}-{turn}"
    people = asyncio.run(ground.sales(database_url, [lot_id], 2))
    words = [[frame for _, frame in own] for own in bids.frames_of(people, turns + 1)]
    cookies = fanout._cookies(people)
    nats_url = f"nats://127.0.0.1:{nats_port}"
    with ExitStack() as stack:
        port, service = stack.enter_context(
            ground.served(
                database_url,
                host="0.0.0.0",  # noqa: S104
                bus="nats",
                nats_url=nats_url,
                observers_per_address=100_000,
                connections_per_address=100_000,
            )
        )
        ground.wait_until_listing(port, [lot_id])
        path = f"/ws/lots/{lot_id}"
        server = fanout.Server(port, service, path, cookies, words)
        spots = stack.enter_context(places(RELAYS, apart=apart))
        relays = [stack.enter_context(relay(spot, port, nats_port)) for spot in spots]
        before_kib = [rss_kib(pid) for _, pid in relays]
        reports = [
            stack.enter_context(
                crowd(Place((), "127.0.0.1"), watching, port, path)
                if direct
                else crowd(spot, watching, there, path)
            )
            for spot, (there, _) in zip(spots, relays, strict=True)
        ]
        time.sleep(1)
        grown = [rss_kib(pid) - was for (_, pid), was in zip(relays, before_kib, strict=True)]
        used = [cpu_s(pid) for _, pid in relays]
        own = cpu_s(service)
        said = asyncio.run(fanout._drive(server, 0, turns))
        own = cpu_s(service) - own
        used = [cpu_s(pid) - was for (_, pid), was in zip(relays, used, strict=True)]
        told = [report() for report in reports]
    heard = sum(each["heard"] for each in told)
    last = [
        1e3 * (at - asked) for each in told for asked, at in zip(said, each["last"], strict=False)
    ]
    return {
        "relays": 0 if direct else RELAYS,
        "where": "namespaces" if apart and not direct else "loopback",
        "watchers": RELAYS * watching,
        "heard": heard,
        "bytes": told[0]["bytes"],
        "relay_us": 1e6 * sum(used) / max(heard, 1),
        "service_us_per_bid": 1e6 * own / turns,
        "last_p50_ms": percentile(last, 0.5),
        "last_p99_ms": percentile(last, 0.99),
        "idle_kib": sum(grown) / (RELAYS * watching),
    }


# ── killed ──────────────────────────────────────────────────────────────────────────────────


def killed(database_url: str, turn: int, seconds: float) -> dict[str, Any]:
    """NATS is killed in the middle of bids on both processes, and does not come back."""
    lot_id = f"killed-{turn}"
    people = asyncio.run(ground.sales(database_url, [lot_id], 2))
    with ExitStack() as stack:
        nats_port, nats_pid = stack.enter_context(nats())
        knobs = {"bus": "nats", "nats_url": f"nats://127.0.0.1:{nats_port}"}
        ports = [stack.enter_context(ground.served(database_url, **knobs))[0] for _ in range(2)]
        for port in ports:
            ground.wait_until_listing(port, [lot_id])
        silence, run = asyncio.run(_under_bids(ports, people, nats_pid, seconds))
    held = asyncio.run(_held(database_url, lot_id, run))
    wrong = {name: held[name] for name in ("unanswered", "lost", "doubled")}
    return {"killed": "nats", "longest_silence_ms": 1e3 * silence, "bids": held["told"], **wrong}


async def _under_bids(
    ports: list[int], people: list[ground.Person], pid: int, seconds: float
) -> tuple[float, Any]:
    """The longest time between two updates at the watcher, and what the bidders sent and heard."""
    seen: list[float] = []

    def heard(payload: bytes) -> None:
        if payload[:16] == b'{"type":"update"':
            seen.append(time.perf_counter())

    screen = await dial(ports[1], f"/ws/lots/{people[0].lot_id}", heard=heard)
    bidding = asyncio.create_task(scale.drive(ports, people, seconds))
    await asyncio.sleep(seconds / 2)
    os.kill(pid, signal.SIGKILL)
    run = await bidding
    screen.close()
    return max((after - before for before, after in pairwise(seen)), default=seconds), run


async def _held(url: str, lot_id: str, run: Any) -> dict[str, int]:
    engine = open_engine(url, Settings(site=ground.SITE))
    try:
        return await scale.compare(engine, [lot_id], run)
    finally:
        await engine.dispose()


# ── figures ─────────────────────────────────────────────────────────────────────────────────


@contextmanager
def nats() -> Iterator[tuple[int, int]]:
    """A NATS server: its port and its process id."""
    port = ground.free_port()
    with ground.process([str(NATS_SERVER), "-a", "0.0.0.0", "-p", str(port)]) as pid:  # noqa: S104
        fanout._wait_for_port(port)
        yield port, pid


def figures_of(
    seconds: float, counts: tuple[int, ...], turns: int, repeats: int
) -> Iterator[dict[str, Any]]:
    with ground.database() as (server, name), nats() as (nats_port, nats_pid):
        url, nats_url = server.app_url(name), f"nats://127.0.0.1:{nats_port}"
        again = range(repeats)
        yield middle([hints_of("postgres", url, server.pid, seconds) for _ in again])
        yield middle([hints_of("nats", nats_url, nats_pid, seconds) for _ in again])
        for count in counts:
            for direct in (False, True):
                made = (relays_of(url, nats_port, count, turns, n, direct=direct) for n in again)
                yield middle(list(made))
        yield middle([killed(url, turn, max(seconds, 6.0)) for turn in again])


def middle(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians of the figures; of what must be 0 the worst."""
    worst = ("unanswered", "lost", "doubled")

    def of(name: str, values: list[Any]) -> Any:
        if isinstance(values[0], str):
            return values[0]
        return max(values) if name in worst else statistics.median(values)

    return {name: of(name, [row[name] for row in rows]) for name in rows[0]}


def show(figures: list[dict[str, Any]]) -> None:
    for kind in ("bus", "relays", "killed"):
        rows = [row for row in figures if kind in row]
        if rows:
            print("\n| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
        for row in rows:
            cells = (_shown(each) for each in row.values())
            print("| " + " | ".join(cells) + " |")


def _shown(figure: Any) -> str:
    return f"{figure:,.1f}" if isinstance(figure, float) else str(figure)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--quick", action="store_true", help="two seconds, 200 watchers a relay, once"
    )
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--json", type=Path)
    options.add_argument("--tell", nargs=4, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.tell:
        kind, url, seconds, how = asked.tell
        asyncio.run(tell(kind, url, float(seconds), flood=how == "flood"))
        return
    seconds, counts, turns = (2.0, (200,), 20) if asked.quick else (10.0, (500, 2_000), 60)
    figures = []
    for row in figures_of(seconds, counts, turns, 1 if asked.quick else asked.repeats):
        print(json.dumps(row), flush=True)
        figures.append(row)
    show(figures)
    if asked.json:
        asked.json.write_text("".join(json.dumps(row) + "\n" for row in figures))


if __name__ == "__main__":
    main()
