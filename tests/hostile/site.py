"""A real server process among hostile clients: `luochui serve` on a real database, with its log."""

import asyncio
import json
import os
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
from websockets.asyncio.client import ClientConnection, connect

from bench import ground
from bench.ground import Person, rss_kib
from service.api.identity import token_hash
from service.audit.signatures import bid_message
from service.settings import Settings
from service.store.accounts import add_account, open_session
from service.store.engine import open_engine
from tests.conftest import FreshDatabase

LOT = "lot-one"
ROLES = ("publisher", "approver", "reviewer", "finance", "supervisor", "admin", "bidder")
_steps, _turns = count(), count()


@dataclass
class Log:
    """What the process says, read as it is said so that its pipe never fills."""

    lines: list[str] = field(default_factory=list)
    serving: threading.Event = field(default_factory=threading.Event)

    def read(self, pipe: Any) -> None:
        for line in pipe:
            self.lines.append(line)
            if '"event": "serving"' in line or "Traceback" in line:
                self.serving.set()
        self.serving.set()

    def complaints(self) -> str:
        """Errors of ours: a traceback, or a line of that level. There may be none, ever."""
        wrong = (
            "Traceback",
            '"level": "error"',
            "Exception in",
            "never retrieved",
            "never awaited",
        )
        if any(word in line for line in self.lines for word in wrong):
            return "".join(self.lines[-24:])
        return ""


@dataclass
class Site:
    """The process, its admitted bidders on one lot, and cookies of officials by role."""

    port: int
    pid: int
    log: Log
    people: list[Person]
    officials: dict[str, str]

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def rss_kib(self) -> int:
        return rss_kib(self.pid)

    def figure(self, name: str, **labels: str) -> float:
        """One figure of /metrics, 0 before it was ever counted."""
        inside = ",".join(f'{key}="{value}"' for key, value in labels.items())
        series = f"{name}{{{inside}}}" if inside else name
        with urllib.request.urlopen(f"{self.base_url}/metrics", timeout=10) as answer:  # noqa: S310
            told = answer.read().decode()
        found = re.search(rf"^{re.escape(series)} (\S+)$", told, re.MULTILINE)
        return float(found[1]) if found else 0.0

    @asynccontextmanager
    async def socket(
        self, person: Person | None = None, host: str = "127.0.0.1", **options: Any
    ) -> AsyncIterator[ClientConnection]:
        """A well-behaved client, from any address of this machine."""
        headers = {} if person is None else {"Cookie": person.cookie}
        async with connect(
            f"ws://127.0.0.1:{self.port}/ws/lots/{LOT}",
            subprotocols=["luochui.v1"],  # type: ignore[list-item]  # a NewType over str
            additional_headers=headers,
            compression=None,
            proxy=None,
            local_addr=(host, 0),
            **options,
        ) as opened:
            yield opened

    def http(self, cookie: str | None = None) -> httpx2.AsyncClient:
        headers = {} if cookie is None else {"Cookie": cookie}
        return httpx2.AsyncClient(base_url=self.base_url, headers=headers, trust_env=False)

    async def bid(self, person: Person, socket: ClientConnection) -> dict[str, Any]:
        """One honest bid and its receipt."""
        frame = signed(person, ground.START_FEN + next(_steps) * ground.STEP_FEN)
        await socket.send(json.dumps({"type": "place_bid", **frame}))
        async for raw in socket:
            told: dict[str, Any] = json.loads(raw)
            if told["type"] in ("receipt", "problem"):
                assert told["bid_id"] == frame["bid_id"]
                return told
        raise AssertionError(f"closed with {socket.close_code}, no answer")

    async def bid_is_answered(self) -> None:
        """An honest bidder comes in and has a receipt for his bid; the next one another time."""
        person = self.people[4 + next(_turns) % (len(self.people) - 4)]
        async with self.socket(person) as socket:
            assert (await self.bid(person, socket))["type"] == "receipt"


def signed(person: Person, amount_fen: int) -> dict[str, Any]:
    said = {
        "bid_id": str(uuid4()),
        "amount_fen": amount_fen,
        "seen_seq": 0,
        "jump_confirmed": False,
    }
    message = bid_message(log=person.origin, bidder_no=person.bidder_no, **said)  # type: ignore[arg-type]
    key = person.key
    return {**said, "key_id": key.key_id, "signature": key.sign(message)}


@asynccontextmanager
async def served(database: FreshDatabase, bidders: int = 24, **knobs: Any) -> AsyncIterator[Site]:
    """One process; knobs are settings by name. Whoever asks for nothing gets ordinary bounds."""
    people = await ground.sales(database.app_url, [LOT], bidders)
    officials = await _officials(database)
    port = ground.free_port()
    given = {
        "site": ground.SITE,
        "database_url": database.app_url,
        "log_key": ground.KEY.to_text(),
        "port": port,
        "drain_ms": 0,
        "bank_secret": "what only this bank knows",
        "trusted_proxies": "[]",
        **knobs,
    }
    env = {**os.environ, **{f"LUOCHUI_{name.upper()}": str(value) for name, value in given.items()}}
    log = Log()
    child = subprocess.Popen(  # noqa: ASYNC220 — it lives as long as the block
        [sys.executable, "-m", "service.cli", "serve"],
        cwd=Path(__file__).parents[2],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    reading = threading.Thread(target=log.read, args=(child.stdout,), daemon=True)
    reading.start()
    try:
        await asyncio.to_thread(log.serving.wait, 60)
        assert not log.complaints(), log.lines
        site = Site(port, child.pid, log, people, officials)
        await _mend_parcel(database)
        await _until_open(site)
        yield site
    finally:
        child.terminate()
        await asyncio.to_thread(child.wait, 30)
        reading.join(10)


async def _until_open(site: Site) -> None:
    async with site.socket() as socket:
        async for raw in socket:
            if json.loads(raw).get("lot", {}).get("stage") == "LISTING":
                return


async def _officials(database: FreshDatabase) -> dict[str, str]:
    """A session of each role, as signing in would have made it."""
    engine = open_engine(database.app_url, Settings())
    cookies = {}
    async with engine.begin() as connection:
        for role in ROLES:
            await add_account(
                connection,
                account_id=f"account-{role}",
                username=role,
                password_hash="-",
                display_name=role,
                roles=[role],
                at=0,
            )
            token = f"token-{role}"
            await open_session(connection, token_hash(token), f"account-{role}", 24 * 3_600_000)
            cookies[role] = f"luochui_session={token}"
    await engine.dispose()
    return cookies


async def _mend_parcel(database: FreshDatabase) -> None:
    """A bench's parcel has no facts, which the office's doors may expect of every parcel."""
    owner = await database.connect_as_owner()
    await owner.execute(
        "UPDATE parcels SET facts = (SELECT facts FROM parcels WHERE source <> 'bench' LIMIT 1) "
        "WHERE source = 'bench'"
    )
    await owner.close()
