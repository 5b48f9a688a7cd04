"""What a healthy bidder feels while others misbehave: p99 of his answers beside his own baseline.

    uv run --group dev python -m bench.hostile [--seconds 10] [--repeats 3] [--quick] [--json FILE]

Ten bidders place 20 bids a second in all. In turn beside them, from another process: nobody (the
baseline), sockets that never read, floods of frames, of WebSocket pings, of broken frames, slow
heads, and a storm of 500 reconnects in one second. Prints p50, p99, the ratio to the baseline of
the same repeat, the server's memory before and after, and how many sockets the attack got open:
whoever is refused at the door attacks nobody. Bars: ratio below 2, no bid without an answer, memory
back within 16 MiB, every attack with sockets open, 500 handshakes in a second of the storm.
"""

import argparse
import asyncio
import json
import signal
import statistics
import subprocess
import sys
import time
from bisect import bisect_right
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import ground
from bench.ground import Person, percentile, rss_kib
from bench.line import masked
from bench.soak import Client

BIDDERS, BIDS_PER_S = 10, 20
RATIO, GROWTH_MIB = 2.0, 16.0
STORM, STORMERS, SPREAD_S = "500 reconnects in a second", 500, 0.9
ATTACK_ENDS_S = 30
PING = 9
_OPEN = (
    "GET /ws/lots/{lot} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: luochui.v1\r\n\r\n"
)


# ── the hostile side, in a process of its own ───────────────────────────────────────────────


class Refused(OSError):
    """The server answered, and not with a handshake."""


@dataclass
class Opened:
    """When sockets were opened (monotonic seconds): handshakes, or the bare connections of an
    attack that makes none."""

    at: list[float] = field(default_factory=list)

    def in_a_second(self) -> int:
        """The most within one second."""
        return max((bisect_right(self.at, at + 1) - n for n, at in enumerate(self.at)), default=0)


COUNT = Opened()


async def opened(port: int, lot: str, *, shaken: bool = True) -> tuple[Any, Any]:
    """A socket; raises Refused unless the server switches protocols."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2_048)
    if shaken:
        writer.write(_OPEN.format(port=port, lot=lot).encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            writer.transport.abort()
            raise Refused(head.split(b"\r\n")[0].decode(errors="replace"))
    COUNT.at.append(time.monotonic())
    return reader, writer


async def flood(port: int, lot: str, each: bytes, reads: bool = True) -> None:
    """Sends without a pause; comes back as soon as it is closed."""
    while True:
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await opened(port, lot)
            while not reader.at_eof():
                writer.write(each)
                await writer.drain()
                if reads:
                    await reader.read(65_536)
            writer.transport.abort()


async def never_reads(port: int, lot: str) -> None:
    ask = masked(b'{"type":"resync","after_seq":0}')
    while True:
        with suppress(OSError, asyncio.IncompleteReadError):
            _, writer = await opened(port, lot)
            while not writer.transport.is_closing():
                writer.write(ask * 10)
                await writer.drain()
                await asyncio.sleep(1)


async def slow_head(port: int, lot: str) -> None:
    while True:
        with suppress(OSError):
            reader, writer = await opened(port, lot, shaken=False)
            writer.write(b"GET / HTTP/1.1\r\nX: ")
            while not reader.at_eof():
                writer.write(b"x")
                await asyncio.sleep(0.2)


async def storm(port: int, lot: str) -> None:
    """500 come within a second, look once, and are gone; then again. The last of them begins early
    enough for its handshake to lie in the same second."""

    async def one(after_s: float) -> None:
        await asyncio.sleep(after_s)
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await opened(port, lot)
            await reader.read(2_048)
            writer.transport.abort()

    while True:
        await asyncio.gather(*(one(place / STORMERS * SPREAD_S) for place in range(STORMERS)))
        await asyncio.sleep(1)


Attack = Callable[[int, str], Awaitable[None]]
PING_FRAME = masked(b'{"type":"ping","t0":1}')
ATTACKS: dict[str, tuple[Attack, int]] = {
    "50 that never read": (never_reads, 50),
    "10 floods of frames": (lambda p, lot: flood(p, lot, PING_FRAME * 50), 10),
    "10 floods of pings": (lambda p, lot: flood(p, lot, masked(b"x", PING) * 50), 10),
    "10 floods of pings, unread": (
        lambda p, lot: flood(p, lot, masked(b"x" * 125, PING) * 50, reads=False), 10),
    "10 floods of nonsense": (lambda p, lot: flood(p, lot, b"\xff" * 1_000), 10),
    "100 slow heads": (slow_head, 100),
    STORM: (storm, 1),
}  # fmt: skip


async def attack(name: str, port: int, lot: str) -> None:
    """Until SIGTERM; then says how many sockets it got open."""
    make, count = ATTACKS[name]
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    print("begun", flush=True)
    running = [asyncio.create_task(make(port, lot)) for _ in range(count)]
    await ended.wait()
    for task in running:
        task.cancel()
    said = {"opened": len(COUNT.at), "in_a_second": COUNT.in_a_second()}
    print(json.dumps(said), flush=True)


# ── the healthy side ────────────────────────────────────────────────────────────────────────


async def bidding(port: int, people: list[Person], seconds: float, first: int) -> Any:
    """Times of the answers, errors, and how many bids were sent."""
    clients = [Client(person) for person in people]
    for client in clients:
        await client.come_in(port)
    due = time.perf_counter()
    turns = int(seconds * BIDS_PER_S)
    for turn in range(turns):
        clients[turn % len(clients)].bid(ground.START_FEN + (first + turn) * ground.STEP_FEN)
        due += 1 / BIDS_PER_S
        await asyncio.sleep(max(due - time.perf_counter(), 0))
    ends = time.perf_counter() + 10
    while any(client.sent for client in clients) and time.perf_counter() < ends:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    took, errors = [], 0
    for client in clients:
        errors += len(client.sent) + client.errors
        took += client.took
        client.line.close()
    return took, errors, turns


def under(
    name: str | None, port: int, lot: str, people: list[Person], seconds: float, first: int
) -> Any:
    """The healthy side's figures beside this attack, or beside nobody."""
    if name is None:
        return *asyncio.run(bidding(port, people, seconds, first)), {"opened": 0, "in_a_second": 0}
    command = [sys.executable, "-m", "bench.hostile", "--attack", name, str(port), lot]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ground.ROOT)
    try:
        assert child.stdout is not None
        child.stdout.readline()
        felt = asyncio.run(bidding(port, people, seconds, first))
        child.send_signal(signal.SIGTERM)
        said, _ = child.communicate(timeout=ATTACK_ENDS_S)
        return *felt, json.loads(said)
    finally:
        child.kill()
        child.wait()


def figures(asked: argparse.Namespace) -> Any:
    with ground.database() as (server, _):
        url = server.app_url("bench")
        people = asyncio.run(ground.sales(url, ["hostile"], BIDDERS))
        # The ordinary bounds on frames; the clients are all of one address.
        plain = {"frames_per_s": 20, "strikes_before_close": 20}
        with ground.served(url, **plain) as (port, pid):
            ground.wait_until_listing(port, ["hostile"])
            asyncio.run(bidding(port, people, 2, 0))
            first = 1_000
            found: dict[str, list[tuple[float, float, float, int, float, int, int]]] = {}
            for _ in range(asked.repeats):
                base: float | None = None
                for name in (None, *ATTACKS):
                    before = rss_kib(pid)
                    took, errors, sent, got = under(
                        name, port, "hostile", people, asked.seconds, first
                    )
                    first += sent
                    p99 = percentile(took, 0.99) * 1000
                    base = p99 if base is None else base
                    grown = (rss_kib(pid) - before) / 1024
                    felt = (percentile(took, 0.5) * 1000, p99, p99 / base, errors, grown)
                    row = (*felt, got["opened"], got["in_a_second"])
                    found.setdefault(name or "nobody", []).append(row)
    for what, rows in found.items():
        p50, p99, ratio, _, grown, _, _ = (
            statistics.median(column) for column in zip(*rows, strict=True)
        )
        yield {
            "what": f"beside {what}",
            "p50 ms": round(p50, 2),
            "p99 ms": round(p99, 2),
            "times the baseline": round(ratio, 2),
            "errors": sum(row[3] for row in rows),
            "memory grown MiB": round(grown, 1),
            "sockets opened": min(row[5] for row in rows),
            "most in a second": min(row[6] for row in rows),
        }


def misses(figure: dict[str, Any]) -> bool:
    """Whether a row misses a bar. An attack that opened nothing shows nothing."""
    name = figure["what"].removeprefix("beside ")
    over = figure["times the baseline"] >= RATIO or figure["memory grown MiB"] > GROWTH_MIB
    idle = name in ATTACKS and not figure["sockets opened"]
    weak = name == STORM and figure["most in a second"] < STORMERS
    return bool(over or figure["errors"] or idle or weak)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--quick", action="store_true", help="one repeat of three seconds")
    options.add_argument("--json", type=Path, help="append one line for each figure here")
    options.add_argument("--attack", nargs=3, metavar=("NAME", "PORT", "LOT"))
    asked = options.parse_args()
    if asked.attack:
        name, port, lot = asked.attack
        asyncio.run(attack(name, int(port), lot))
        return
    if asked.quick:
        asked.seconds, asked.repeats = 3.0, 1
    made = []
    for figure in figures(asked):
        print(", ".join(f"{name} {value}" for name, value in figure.items()), flush=True)
        made.append(figure)
    ground.tell_json(made, asked.json)
    missed = sum(map(misses, made))
    print(f"{missed} rows miss a bar" if missed else "every bar is reached")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
