"""What one more watcher costs: server CPU a message, time to the last watcher, memory of a socket.

    uv run --group dev python -m bench.fanout [--quick] [--repeats 3] [--json F]

Ours is the whole `luochui serve`: two bidders outbid each other five times a second, and every
accepted bid shows everybody one frame. The peers (bench/peers) send a text of the same size to
everybody when they are told to: Starlette's `send_text`, `websockets.broadcast`, Node `ws` and
Socket.IO. What the same run costs without watchers is taken off each, so that a bid's decision is
not counted as fan-out. The time to the last watcher runs from the bid, or from the word to the
peer: ours has a signature to check and a flush to wait for in it.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import bids, ground
from bench.ground import Person, cpu_s, percentile, rss_kib
from bench.line import Line, dial

PEERS = ground.ROOT / "bench" / "peers"
EVERY_S = 0.2
WATCHERS = (100, 1_000, 5_000)
UPDATE_BYTES = 700
"""About what an update of a lot in LISTING weighs; printed beside what it really was."""


@dataclass(frozen=True, slots=True)
class Run:
    """us: server CPU a message. last_ms: time to the last watcher. idle_kib: of one socket."""

    us: float
    last_p50_ms: float
    last_p99_ms: float
    idle_kib: float
    heard: int
    bytes: int


# ── watchers, in a process of their own ─────────────────────────────────────────────────────


class Crowd:
    """Sockets that note when the n-th frame of a run reached the last of them."""

    def __init__(self, port: int, path: str, socketio: bool) -> None:
        self._port, self._path, self._socketio = port, path, socketio
        self._lines: list[Line] = []
        self._counts: list[int] = []
        self.last: list[float] = []
        self.bytes = 0

    async def grow(self, count: int, at_once: int = 50) -> None:
        while len(self._lines) < count:
            more = min(at_once, count - len(self._lines))
            await asyncio.gather(*(self._join() for _ in range(more)))

    async def _join(self) -> None:
        place = len(self._counts)
        self._counts.append(0)
        line = await dial(self._port, self._path, None, self._hearer(place))
        if self._socketio:
            line.send(b"40")
        self._lines.append(line)

    def _hearer(self, place: int) -> Callable[[bytes], None]:
        def heard(payload: bytes) -> None:
            if _is_update(payload):
                self._note(place, payload)

        return heard

    def _note(self, place: int, payload: bytes) -> None:
        turn = self._counts[place]
        self._counts[place] = turn + 1
        self.bytes = len(payload)
        if turn == len(self.last):
            self.last.append(0.0)
        self.last[turn] = time.perf_counter()

    def report(self) -> dict[str, Any]:
        return {"heard": sum(self._counts), "last": self.last, "bytes": self.bytes}


def _is_update(payload: bytes) -> bool:
    """Not a greeting, a heartbeat or a ping."""
    return payload[:1] == b"x" or payload[:16] == b'{"type":"update"' or payload[:2] == b"42"


async def watch(count: int, port: int, path: str, socketio: bool) -> None:
    """Joins, says so, and answers the line `report` with what was heard since."""
    crowd = Crowd(port, path, socketio)
    await crowd.grow(count)
    print("watching", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print(json.dumps(crowd.report()), flush=True)


@contextmanager
def watchers(count: int, port: int, path: str, socketio: bool) -> Iterator[Callable[[], Any]]:
    """So many watchers are there; what is handed out asks them what they heard."""
    if not count:
        yield lambda: {"heard": 0, "last": [], "bytes": 0}
        return
    command = [sys.executable, "-m", "bench.fanout", "--watch", str(count), str(port), path]
    child = subprocess.Popen(
        [*command, "1" if socketio else "0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ground.ROOT,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdin is not None
    try:
        if child.stdout.readline() != "watching\n":
            raise SystemExit(f"{count} watchers could not join")

        def report() -> Any:
            assert child.stdout is not None
            assert child.stdin is not None
            child.stdin.write("report\n")
            child.stdin.flush()
            return json.loads(child.stdout.readline())

        yield report
    finally:
        child.kill()
        child.wait()


# ── one run ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs. words: what is sent in turn, by sockets with these cookies."""

    port: int
    pid: int
    path: str
    cookies: tuple[str | None, ...]
    words: Sequence[Sequence[bytes]]
    socketio: bool = False


async def _drive(server: Server, first: int, turns: int) -> list[float]:
    """Says the next word every `EVERY_S`; when each was said."""
    lines = [await dial(server.port, server.path, cookie, _deaf) for cookie in server.cookies]
    if server.socketio:
        lines[0].send(b"40")
        await asyncio.sleep(EVERY_S)
    said = []
    for turn in range(first, first + turns):
        place = turn % len(lines)
        said.append(time.perf_counter())
        lines[place].send(server.words[place][turn // len(lines)])
        await asyncio.sleep(EVERY_S)
    for line in lines:
        line.close()
    return said


def _deaf(_payload: bytes) -> None:
    """Frames are read and left."""


def measure(server: Server, count: int, first: int, turns: int) -> tuple[float, Any, list[float]]:
    """Server CPU seconds, what the watchers heard, when each message was asked for."""
    with watchers(count, server.port, server.path, server.socketio) as report:
        used = cpu_s(server.pid)
        said = asyncio.run(_drive(server, first, turns))
        return cpu_s(server.pid) - used, report(), said


def idle_kib(server: Server, count: int) -> float:
    """Resident memory of one more socket on which nothing happens."""
    before = rss_kib(server.pid)
    with watchers(count, server.port, server.path, server.socketio):
        time.sleep(1)
        return (rss_kib(server.pid) - before) / count


def run_of(server: Server, count: int, turns: int) -> Run:
    """Idle memory first (a server keeps what it once needed), then the bare run, then the full."""
    idle = idle_kib(server, count)
    bare, _, _ = measure(server, 0, 0, turns)
    used, told, said = measure(server, count, turns, turns)
    last = [1e3 * (at - asked) for asked, at in zip(said, told["last"], strict=False)]
    return Run(
        us=1e6 * max(used - bare, 0.0) / max(told["heard"], 1),
        last_p50_ms=percentile(last, 0.5),
        last_p99_ms=percentile(last, 0.99),
        idle_kib=idle,
        heard=told["heard"],
        bytes=told["bytes"],
    )


# ── servers ─────────────────────────────────────────────────────────────────────────────────


@contextmanager
def ours(url: str, lot_id: str, turns: int) -> Iterator[Server]:
    people = asyncio.run(ground.sales(url, [lot_id], 2))
    words = [[frame for _, frame in own] for own in bids.frames_of(people, turns + 1)]
    with ground.served(url) as (port, pid):
        ground.wait_until_listing(port, [lot_id])
        yield Server(port, pid, f"/ws/lots/{lot_id}", _cookies(people), words)


def _cookies(people: Sequence[Person]) -> tuple[str | None, ...]:
    return tuple(person.cookie for person in people)


@contextmanager
def peer(command: Sequence[str], size: int, turns: int, socketio: bool) -> Iterator[Server]:
    port = ground.free_port()
    with ground.process([*command, str(port), str(size)]) as pid:
        _wait_for_port(port)
        path = "/socket.io/?EIO=4&transport=websocket" if socketio else "/"
        word = b'42["go"]' if socketio else b"go"
        yield Server(port, pid, path, (None,), [[word] * (2 * turns + 1)], socketio)


def _wait_for_port(port: int, limit_s: float = 10) -> None:
    import socket

    begun = time.monotonic()
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() - begun > limit_s:
            raise SystemExit(f"nobody listens on {port}")
        time.sleep(0.05)


PEER_COMMANDS: dict[str, tuple[list[str], bool]] = {
    "Starlette send_text": ([sys.executable, "-m", "bench.peers.starlette_server"], False),
    "websockets.broadcast": ([sys.executable, "-m", "bench.peers.websockets_server"], False),
    "Node ws": (["node", str(PEERS / "ws.mjs")], False),
    "Socket.IO": (["node", str(PEERS / "socketio.mjs")], True),
}


def node_peers_installed() -> None:
    if not (PEERS / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=PEERS, check=True)


# ── figures ─────────────────────────────────────────────────────────────────────────────────


def median_of(runs: Sequence[Run]) -> dict[str, float]:
    names = ("us", "last_p50_ms", "last_p99_ms", "idle_kib", "heard", "bytes")
    return {name: statistics.median(getattr(run, name) for run in runs) for name in names}


def show(figures: Sequence[dict[str, Any]]) -> None:
    head = ("watchers", "server", "CPU us/message", "x Node ws", "last p50 ms", "p99", "KiB idle")
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in figures:
        ws = next((each["us"] for each in figures if _is_ws(each, row["watchers"])), 0.0)
        share = f"{row['us'] / ws:.2f}" if ws else ""
        print(
            f"| {row['watchers']:,} | {row['server']} | {row['us']:.1f} | {share} | "
            f"{row['last_p50_ms']:.1f} | {row['last_p99_ms']:.1f} | {row['idle_kib']:.1f} |"
        )


def _is_ws(row: dict[str, Any], watching: int) -> bool:
    return bool(row["server"] == "Node ws" and row["watchers"] == watching)


def figures_of(counts: Sequence[int], turns: int, repeats: int) -> Iterator[dict[str, Any]]:
    node_peers_installed()
    with ground.database() as (database, name):
        url = database.app_url(name)
        for count in counts:
            mine = []
            for turn in range(repeats):
                with ours(url, f"fan-{count}-{turn}", turns) as server:
                    mine.append(run_of(server, count, turns))
            made = {"watchers": count, "server": "luochui serve", **median_of(mine)}
            yield made
            size = mine[-1].bytes or UPDATE_BYTES
            for title, (command, socketio) in PEER_COMMANDS.items():
                theirs = []
                for _ in range(repeats):
                    with peer(command, size, turns, socketio) as server:
                        theirs.append(run_of(server, count, turns))
                yield {"watchers": count, "server": title, **median_of(theirs)}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="100 and 1,000 watchers, once")
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--turns", type=int, default=40, help="messages to everybody in a run")
    options.add_argument("--json", type=Path)
    options.add_argument("--watch", nargs=4, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.watch:
        count, port, path, socketio = asked.watch
        asyncio.run(watch(int(count), int(port), path, socketio == "1"))
        return
    counts = WATCHERS[:2] if asked.quick else WATCHERS
    figures = []
    for row in figures_of(counts, asked.turns, 1 if asked.quick else asked.repeats):
        print(json.dumps(row), flush=True)
        figures.append(row)
    show(figures)
    if asked.json:
        asked.json.write_text("".join(json.dumps(row) + "\n" for row in figures))


if __name__ == "__main__":
    main()
