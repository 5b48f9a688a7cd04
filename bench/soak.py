"""Whether an hour is like a minute: 500 watchers, 50 bidders, 50 bids a second, for minutes on end.

    uv run --group dev python -m bench.soak --minutes 60 [--ci] [--json FILE]

Prints each minute p50 and p99 of the answers, the server's memory and CPU, and errors; at the end
the slope of its memory after the first third, for ten minutes, and what the watchers were shown,
also as one JSON line for each server. Bars: p99 at most 200 ms, slope at most 1 MiB in 10 minutes,
no error (a watcher who was cut off is one); exit code 1 when one is missed. With --ci the one bar
is no error, because figures of a busy machine prove nothing. Peer: `bench/naive.py` under the same
load.
"""

import argparse
import asyncio
import itertools
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench import ground
from bench.bids import _KEY, Shown, _frame, _shown, _watchers
from bench.ground import Person, cpu_s, percentile, rss_kib
from bench.line import dial
from service.store.embedded import RunningPostgres

WATCHERS, BIDDERS, BIDS_PER_S = 500, 50, 50
P99_MS, SLOPE_MIB = 200.0, 1.0
MINUTE_S, TEN_MIN_S = 60.0, 600.0
SAMPLE_S = 5.0
ANSWER_S = 10.0
LOT = "soak"


@dataclass
class Minute:
    """What one minute gave. cpu: share of one core."""

    who: str
    minute: int
    bids: int = 0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    rss_mib: float = 0.0
    cpu: float = 0.0
    errors: int = 0


@dataclass
class Soak:
    """A whole run. memory: (seconds since the start, KiB)."""

    who: str
    minutes: list[Minute] = field(default_factory=list)
    memory: list[tuple[float, int]] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    shown: Shown | None = None

    @property
    def cut_off(self) -> int:
        return self.shown.cut_off if self.shown is not None else 0

    @property
    def errors(self) -> int:
        return sum(minute.errors for minute in self.minutes) + self.cut_off

    @property
    def p99_ms(self) -> float:
        return percentile(self.took, 0.99) * 1000

    def slope_mib(self) -> float:
        """MiB in ten minutes, by least squares over the run without its first third."""
        warm = self.memory[len(self.memory) // 3 :]
        if len(warm) < 3:
            return 0.0
        times, sizes = [t for t, _ in warm], [kib / 1024 for _, kib in warm]
        middle_t, middle_s = sum(times) / len(times), sum(sizes) / len(sizes)
        across = sum((t - middle_t) ** 2 for t in times)
        along = sum((t - middle_t) * (s - middle_s) for t, s in zip(times, sizes, strict=True))
        return along / across * TEN_MIN_S if across else 0.0


class Client:
    """One bidder: sends when told to, and remembers when each answer came."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.sent: dict[bytes, float] = {}
        self.took: list[float] = []
        self.errors = 0

    async def come_in(self, port: int) -> None:
        path = f"/ws/lots/{self.person.lot_id}"
        self.line = await dial(port, path, self.person.cookie, self.heard)

    def bid(self, amount_fen: int) -> None:
        bid_id, frame = _frame(self.person, amount_fen)
        self.sent[bid_id.encode()] = time.perf_counter()
        self.line.send(frame)

    def heard(self, payload: bytes) -> None:
        kind = payload[:40]
        if b'"type":"receipt"' not in kind and b'"type":"problem"' not in kind:
            return
        bid_id = payload.partition(b'"bid_id":"')[2][:36]
        begun = self.sent.pop(bid_id, None)
        if begun is None or b'"type":"problem"' in kind:
            self.errors += 1
        else:
            self.took.append(time.perf_counter() - begun)

    def take(self) -> tuple[list[float], int]:
        """Times and errors since the last look. An answer that never came is an error."""
        late = [bid for bid, at in self.sent.items() if time.perf_counter() - at > ANSWER_S]
        for bid in late:
            del self.sent[bid]
        took, errors = self.took, self.errors + len(late)
        self.took, self.errors = [], 0
        return took, errors


async def run(who: str, port: int, pid: int, people: Sequence[Person], minutes: int) -> Soak:
    """The load for so many minutes; prints as it goes."""
    watching = await _watchers(port, f"/ws/lots/{people[0].lot_id}", WATCHERS)
    clients = [Client(person) for person in people]
    for client in clients:
        await client.come_in(port)
    soak, turns = Soak(who), itertools.count()
    pacing = asyncio.create_task(_pace(clients, turns))
    begun, used = time.perf_counter(), cpu_s(pid)
    try:
        for number in range(1, minutes + 1):
            soak.minutes.append(await _minute(soak, number, clients, pid, begun))
            now = cpu_s(pid)
            soak.minutes[-1].cpu = round((now - used) / MINUTE_S, 3)
            used = now
            print(_row(soak.minutes[-1]), flush=True)
    finally:
        pacing.cancel()
        await asyncio.wait((pacing,))
        for client in clients:
            client.line.close()
        soak.shown = await _seen(watching)
    return soak


async def _seen(watching: "subprocess.Popen[bytes] | None") -> Shown | None:
    """What the watchers' process counted, asked for at its end."""
    if watching is None:
        return None
    watching.send_signal(signal.SIGTERM)
    return await asyncio.to_thread(_shown, watching)


async def _pace(clients: list[Client], turns: "itertools.count[int]") -> None:
    """Bids at an even pace whatever the answers do: a slow server is not spared."""
    due = time.perf_counter()
    while True:
        turn = next(turns)
        clients[turn % len(clients)].bid(ground.START_FEN + turn * ground.STEP_FEN)
        due += 1 / BIDS_PER_S
        await asyncio.sleep(max(due - time.perf_counter(), 0))


async def _minute(soak: Soak, number: int, clients: list[Client], pid: int, begun: float) -> Minute:
    ends = begun + number * MINUTE_S
    while time.perf_counter() < ends:
        await asyncio.sleep(min(SAMPLE_S, max(ends - time.perf_counter(), 0)))
        soak.memory.append((time.perf_counter() - begun, rss_kib(pid)))
    taken = [client.take() for client in clients]
    took = [each for times, _ in taken for each in times]
    soak.took += took
    return Minute(
        who=soak.who,
        minute=number,
        bids=len(took),
        p50_ms=round(percentile(took, 0.5) * 1000, 2),
        p99_ms=round(percentile(took, 0.99) * 1000, 2),
        rss_mib=round(soak.memory[-1][1] / 1024, 2),
        errors=sum(errors for _, errors in taken),
    )


def _row(minute: Minute) -> str:
    return (
        f"{minute.who:<6} minute {minute.minute:>3}: {minute.bids:>5} bids, "
        f"p50 {minute.p50_ms:>8} ms, p99 {minute.p99_ms:>8} ms, {minute.rss_mib:>7} MiB, "
        f"cpu {minute.cpu:.3f}, {minute.errors} errors"
    )


# ── servers ─────────────────────────────────────────────────────────────────────────────────


def ours(server: RunningPostgres, minutes: int) -> Soak:
    url = server.app_url("bench")
    people = asyncio.run(ground.sales(url, [LOT], BIDDERS))
    with ground.served(url) as (port, pid):
        ground.wait_until_listing(port, [LOT])
        return asyncio.run(run("ours", port, pid, people, minutes))


def naive(server: RunningPostgres, minutes: int) -> Soak:
    lot = f"{LOT}-naive"
    people = [
        Person(lot, "", str(place), f"luochui_session={place}", _KEY) for place in range(BIDDERS)
    ]
    port, url = ground.free_port(), server.owner_url("bench")
    command = [sys.executable, "-m", "bench.naive", "--url", url, "--port", str(port)]
    with ground.process([*command, "--lots", lot]) as pid:
        ground.wait_until_ready(f"http://127.0.0.1:{port}/health/ready")
        return asyncio.run(run("naive", port, pid, people, minutes))


def missed(soak: Soak, *, errors_alone: bool) -> list[str]:
    """The bars that this run does not reach."""
    bars = [f"{soak.errors} errors"] if soak.errors else []
    if errors_alone:
        return bars
    if soak.p99_ms > P99_MS:
        bars.append(f"p99 {soak.p99_ms:.1f} ms")
    if soak.slope_mib() > SLOPE_MIB:
        bars.append(f"slope {soak.slope_mib():.2f} MiB in 10 minutes")
    return bars


def _end(soak: Soak) -> dict[str, object]:
    return {
        "what": f"soak, {soak.who}",
        "bids": len(soak.took),
        "p50 ms": round(percentile(soak.took, 0.5) * 1000, 2),
        "p99 ms": round(soak.p99_ms, 2),
        "slope MiB in 10 min": round(soak.slope_mib(), 3),
        "updates/s a watcher": round(soak.shown.updates_per_s, 1) if soak.shown else 0.0,
        "watchers cut off": soak.cut_off,
        "errors": soak.errors,
        "minutes": [asdict(minute) for minute in soak.minutes],
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=int, default=60)
    options.add_argument("--peer-minutes", type=int, default=2)
    options.add_argument("--quick", action="store_true", help="two minutes, and one of the peer")
    options.add_argument("--ci", action="store_true", help="errors are the one bar; no peer")
    options.add_argument("--json", type=Path, help="append one line for each server here")
    asked = options.parse_args()
    if asked.quick:
        asked.minutes, asked.peer_minutes = 2, 1
    with ground.database() as (server, _):
        runs = [ours(server, asked.minutes)]
        if not asked.ci and asked.peer_minutes:
            runs.append(naive(server, min(asked.peer_minutes, asked.minutes)))
    ends = [_end(soak) for soak in runs]
    for end in ends:
        print(", ".join(f"{name} {value}" for name, value in end.items() if name != "minutes"))
    ground.tell_json(ends, asked.json)
    short = missed(runs[0], errors_alone=asked.ci)
    print("missed: " + "; ".join(short) if short else "every bar is reached")
    sys.exit(1 if short else 0)


if __name__ == "__main__":
    main()
