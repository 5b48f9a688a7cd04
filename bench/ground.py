"""What the benches stand on: a durable PostgreSQL, published lots with admitted bidders, and real
server processes. Nothing here is measured.
"""

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.log import LotBorn, RecordAdmission
from service import wire
from service.audit import commitments
from service.audit.commitments import Kind
from service.audit.notes import SigningKey, lot_origin
from service.audit.signatures import Algorithm, BidderKey
from service.audit.tree import Frontier
from service.live.record import make_entry
from service.rules import messages as m
from service.rules.decide import apply
from service.rules.templates import from_template
from service.rules.terms import RULES_VERSION, SUITE, LandUseClass, Parcel, Timetable
from service.settings import Settings
from service.store import house, vault
from service.store.embedded import RunningPostgres, create_database, start_postgres
from service.store.engine import open_engine
from service.store.ledger import Append, NewEntry, append_on
from service.store.log_tables import lot_log
from service.store.migrate import upgrade
from service.store.office_tables import (
    accounts,
    application_keys,
    applications,
    bidder_keys,
    drafts,
    parcels,
    sessions,
)
from service.store.projection import listing_of, project
from service.store.vault import SealedReserve

ROOT = Path(__file__).resolve().parent.parent
SITE = "bench.luochui.example"
KEY = SigningKey(SITE, sha256(b"the log key of the benches").digest())
START_FEN, STEP_FEN = 100_000_000, 1_000
HOURS_MS = 6 * 3_600_000
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
OFFICIALS = m.Officials(requester="publisher-0a1b2c3d", approver="approver-4e5f6071")


@dataclass(frozen=True, slots=True)
class Person:
    """An admitted bidder with his session and his key for one lot."""

    lot_id: str
    origin: str
    bidder_no: str
    cookie: str
    key: BidderKey


class Wall:
    """The machine's clock: what a bench needs of one."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    def is_sure(self) -> bool:
        return True


@contextmanager
def database() -> Iterator[tuple[RunningPostgres, str]]:
    """A migrated database with flush on, gone afterwards: the server and the database's name."""
    folder = Path(tempfile.mkdtemp(prefix="luochui-bench-"))
    folder.chmod(0o755)
    server = start_postgres(folder / "postgres", private_dir=folder / "private")
    try:
        asyncio.run(create_database(server, "bench"))
        upgrade(server.owner_url("bench"))
        yield server, "bench"
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def sales(url: str, lots: Sequence[str], bidders: int) -> list[Person]:
    """Publishes these lots, open for hours, with so many admitted bidders each."""
    settings = Settings(site=SITE)
    engine = open_engine(url, settings)
    try:
        people: list[Person] = []
        for lot_id in lots:
            people += await _sale(engine, lot_id, bidders)
        return people
    finally:
        await engine.dispose()


async def _sale(engine: AsyncEngine, lot_id: str, bidders: int) -> list[Person]:
    now = Wall().now_ms()
    command = _publication(lot_id, now)
    async with engine.begin() as connection:
        await _draft(connection, lot_id, command, now)
        people = await _admit(connection, lot_id, bidders, now)
        await _entry_zero(connection, lot_id, command, now)
    return people


def _publication(lot_id: str, now: int) -> m.PublishLot:
    parcel = Parcel(
        parcel_no=lot_id,
        title=f"测试宗地 {lot_id}",
        land_use="工业用地",
        land_use_class=LandUseClass.INDUSTRIAL,
        term_years=50,
        area_centi_m2=545_074,
    )
    rules = from_template(
        "demo",
        starting_price_fen=START_FEN,
        increment_fen=STEP_FEN,
        price_quantum_fen=STEP_FEN,
        confirm_jump_steps=None,
        deposit={"CNY": START_FEN},
        # Without it the verifier says that the rules refuse such a publication.
        waivers={"T1": "nobody needs five days of notice of a bench"},
    )
    times = Timetable(
        announced_at=now,
        registration_from=now,
        registration_to=now + HOURS_MS // 2,
        deposit_deadline=now + HOURS_MS // 2,
        listing_from=now + 1_000,
        listing_to=now + HOURS_MS,
    )
    value = commitments.reserve_value(None)
    sealed = commitments.commit(Kind.RESERVE, lot_origin(SITE, lot_id), "00" * 32, value)
    return m.PublishLot(
        lot=parcel,
        rules=rules,
        rules_version=RULES_VERSION,
        suite=SUITE,
        timetable=times,
        reserve_commitment=sealed,
        documents=(),
        officials=OFFICIALS,
    )


async def _draft(connection: AsyncConnection, lot_id: str, command: m.PublishLot, now: int) -> None:
    """The office's rows that a published lot has."""
    official = f"official-{lot_id}"
    await connection.execute(
        insert(accounts).values(
            account_id=official,
            username=official,
            password_hash="-",
            display_name=official,
            created_at=now,
        )
    )
    plain = wire.plain(
        wire.lot_entry(lot_origin(SITE, lot_id), 0, now, command, (m.LotPublished(),))
    )
    said = plain["command"]
    await connection.execute(
        insert(parcels).values(parcel_id=lot_id, facts={}, source="bench", method="LISTING")
    )
    await connection.execute(
        insert(drafts).values(
            lot_id=lot_id,
            parcel_id=lot_id,
            parcel=said["lot"],
            rules=said["rules"],
            timetable=said["timetable"],
            documents=[],
            state="RELEASED",
            version=1,
            drafted_by=official,
            hands=[official],
            updated_at=now,
        )
    )
    await vault.keep_reserve(connection, lot_id, SealedReserve(False, 0, "00" * 32))


async def _admit(connection: AsyncConnection, lot_id: str, bidders: int, now: int) -> list[Person]:
    """Accounts, sessions, keys, admissions: what the doors would have written."""
    people, rows = [], []
    for number in range(bidders):
        key = BidderKey.generate(Algorithm.ES256)
        who, token = secrets.token_hex(8), secrets.token_hex(16)
        person = Person(
            lot_id=lot_id,
            origin=lot_origin(SITE, lot_id),
            bidder_no=_number(number),
            cookie=f"luochui_session={token}",
            key=key,
        )
        people.append(person)
        rows.append((who, token, person))
    if not rows:
        return []
    await connection.execute(
        insert(accounts),
        [
            {
                "account_id": who,
                "username": who,
                "password_hash": "-",
                "display_name": who,
                "created_at": now,
            }
            for who, _, _ in rows
        ],
    )
    await connection.execute(
        insert(sessions),
        [
            {
                "token_hash": sha256(token.encode()).digest(),
                "account_id": who,
                "created_at": now,
                "expires_at": now + HOURS_MS,
            }
            for who, token, _ in rows
        ],
    )
    await connection.execute(
        insert(bidder_keys),
        [
            {
                "key_id": person.key.key_id,
                "account_id": who,
                "public_key": person.key.spki.hex(),
                "enrolled_at": now,
            }
            for who, _, person in rows
        ],
    )
    await connection.execute(
        insert(applications),
        [
            {
                "application_id": who,
                "lot_id": lot_id,
                "account_id": who,
                "state": "ADMITTED",
                "submitted_at": now,
                "bidder_no": person.bidder_no,
                "identity_commitment": "00" * 32,
                "admitted_at": now,
            }
            for who, _, person in rows
        ],
    )
    keys = []
    for who, _, person in rows:
        record = RecordAdmission(
            lot_id=lot_id,
            bidder_no=person.bidder_no,
            key_id=person.key.key_id,
            public_key=person.key.spki.hex(),
            identity_commitment="00" * 32,
        )
        seq = await house.record(connection, Wall(), SITE, record)
        keys.append({"application_id": who, "key_id": person.key.key_id, "admission_seq": seq})
    await connection.execute(insert(application_keys), keys)
    return people


async def _entry_zero(
    connection: AsyncConnection, lot_id: str, command: m.PublishLot, now: int
) -> None:
    origin = lot_origin(SITE, lot_id)
    entry = make_entry(origin, 0, now, command, (m.LotPublished(),))
    lot = apply(None, command, entry.events, now)
    frontier = Frontier().append(entry.leaf)
    listing = listing_of(origin, lot_id, lot, (), command.reserve_commitment)
    append = Append(
        lot_log(lot_id),
        0,
        (NewEntry(entry.raw, entry.leaf),),
        frontier.to_bytes(),
        frontier.root(),
        now,
        project(lot, listing),
    )
    await append_on(connection, append)
    born = LotBorn(lot_id=lot_id, leaf_hash=entry.leaf.hex())
    await house.record(connection, Wall(), SITE, born)


def _number(place: int) -> str:
    """Bidder numbers that differ in two places at least, as the rules ask."""
    first, second = divmod(place, len(_ALPHABET))
    third = (first + second) % len(_ALPHABET)
    fourth = (first + 2 * second) % len(_ALPHABET)
    return "".join(_ALPHABET[each] for each in (first, second, third, fourth))


# ── servers ─────────────────────────────────────────────────────────────────────────────────


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(url: str, **knobs: object) -> Iterator[tuple[int, int]]:
    """`luochui serve` on this database: its port and its process id. Ends with SIGTERM.

    Rate limits are out of the way; knobs are settings by name.
    """
    port = free_port()
    given = {
        "site": SITE,
        "database_url": url,
        "log_key": KEY.to_text(),
        "port": port,
        "drain_ms": 0,
        "bids_per_s": 1_000_000,
        "frames_per_s": 1_000_000,
        "strikes_before_close": 1_000_000,
        **knobs,
    }
    env = {**os.environ, **{f"LUOCHUI_{name.upper()}": str(value) for name, value in given.items()}}
    with process([sys.executable, "-m", "service.cli", "serve"], env) as pid:
        wait_until_ready(f"http://127.0.0.1:{port}/health/ready")
        yield port, pid


@contextmanager
def process(command: list[str], env: dict[str, str] | None = None) -> Iterator[int]:
    """A child of ours, ended by SIGTERM and after five seconds by SIGKILL."""
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(command, cwd=ROOT, env=env, stdout=said, stderr=said)
        try:
            yield child.pid
        finally:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(5)
            child.kill()
            child.wait()
            if os.environ.get("BENCH_LOG"):
                said.seek(0)
                sys.stderr.write(said.read().decode(errors="replace")[-20_000:])


def wait_until_ready(url: str, limit_s: float = 30) -> None:
    begun = time.monotonic()
    while True:
        with contextlib.suppress(urllib.error.URLError, OSError):
            if urllib.request.urlopen(url, timeout=1).status == 200:
                return
        if time.monotonic() - begun > limit_s:
            raise SystemExit(f"{url} did not answer in {limit_s} s")
        time.sleep(0.05)


def wait_until_listing(port: int, lots: Sequence[str], limit_s: float = 30) -> None:
    """Until every lot takes bids."""
    begun = time.monotonic()
    for lot_id in lots:
        url = f"http://127.0.0.1:{port}/api/lots/{lot_id}"
        while True:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if b'"stage":"LISTING"' in answer.read():
                    break
            if time.monotonic() - begun > limit_s:
                raise SystemExit(f"{lot_id} did not open in {limit_s} s")
            time.sleep(0.05)


# ── figures ─────────────────────────────────────────────────────────────────────────────────


def tell_json(figures: Iterable[Mapping[str, Any]], file: Path | None) -> None:
    """One JSON line for each figure: below the table, and appended to the file if there is one."""
    lines = "".join(json.dumps(figure, ensure_ascii=False) + "\n" for figure in figures)
    print(lines, end="", flush=True)
    if file is not None:
        with file.open("a") as out:
            out.write(lines)


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank; 0.0 of nothing."""
    if not values:
        return 0.0
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def cpu_s(pid: int) -> float:
    """Time on a core of a process and its threads so far, by the scheduler's own nanoseconds.

    The times in `stat` are sampled by ticks, which miss a burst that begins right after one.
    """
    spent = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            spent += int((task / "schedstat").read_text().split()[0])
    return spent / 1e9


def rss_kib(pid: int) -> int:
    """Resident memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0
