"""A real site for stories: the whole service behind a port, people at its doors, real time."""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect

from service import clock
from service.audit import keys
from service.audit.notes import SigningKey
from service.audit.signatures import BidderKey, bid_message
from service.demo.bank import Bank
from service.demo.client import Person
from service.demo.office import Office, Plan, draft
from service.main import Running, opened, serving
from service.rules.terms import Method
from service.settings import Settings
from tests.conftest import FreshDatabase

SITE = "story.luochui.example"
BANK_SECRET = "what only this bank and this site know"
PASSWORD = "long enough for a story"
WITHIN_S = 60
"""How long a story waits for a frame before it fails."""

Frame = dict[str, Any]
Wanted = Callable[[Frame], bool]


# ── at the socket ───────────────────────────────────────────────────────────────────────────


class Watcher:
    """One client on one lot. Keeps every frame it was sent, in order, with its bytes."""

    def __init__(self, line: ClientConnection) -> None:
        self._line = line
        self.frames: list[Frame] = []
        self.texts: list[str] = []
        self.lot: dict[str, Any] = {}
        self.seq = -1

    async def until(self, kind: str, wanted: Wanted = lambda frame: True) -> Frame:
        """Reads on to the next frame of this type that is as wanted."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                frame = self._keep(str(await self._line.recv()))
                if frame["type"] == kind and wanted(frame):
                    return frame

    async def until_lot(self, **fields: Any) -> dict[str, Any]:
        """Reads on until the lot shows these values; at once when it does already."""
        return await self.until_so(lambda lot: all(lot.get(n) == v for n, v in fields.items()))

    async def until_so(self, wanted: Wanted) -> dict[str, Any]:
        """Reads on until the lot is as wanted."""
        async with asyncio.timeout(WITHIN_S):
            while not wanted(self.lot):
                self._keep(str(await self._line.recv()))
        return self.lot

    async def say(self, kind: str, **fields: Any) -> None:
        await self._line.send(json.dumps({"type": kind, **fields}))

    def told(self, code: str) -> list[dict[str, Any]]:
        """The params of every notice of this code so far."""
        return [f["params"] for f in self.frames if f["type"] == "notice" and f["code"] == code]

    def _keep(self, text: str) -> Frame:
        frame: Frame = json.loads(text)
        self.frames.append(frame)
        self.texts.append(text)
        if frame["type"] in ("snapshot", "update"):
            assert frame["seq"] >= self.seq, "what is shown never goes back"
            self.lot, self.seq = frame["lot"], frame["seq"]
        return frame


@asynccontextmanager
async def watching(base_url: str, lot_id: str, cookie: str = "") -> AsyncIterator[Watcher]:
    """A socket on the lot whose snapshot is read; an observer's without a cookie."""
    url = f"{base_url.replace('http', 'ws', 1)}/ws/lots/{lot_id}"
    async with connect(
        url,
        origin=base_url,  # type: ignore[arg-type]  # a NewType over str
        subprotocols=["luochui.v1"],  # type: ignore[list-item]  # a NewType over str
        additional_headers={"Cookie": cookie} if cookie else None,
        compression=None,
        max_queue=None,  # a story reads when it comes to it
        proxy=None,
    ) as line:
        watcher = Watcher(line)
        await watcher.until("snapshot")
        yield watcher


# ── people ──────────────────────────────────────────────────────────────────────────────────


@dataclass
class Bidder:
    """Someone who bids: an account, a key for each lot, and the number that this lot gave him."""

    person: Person
    company: str
    bidder_no: str = ""
    applications: dict[str, str] = field(default_factory=dict)
    keys: dict[str, BidderKey] = field(default_factory=dict)

    async def apply(self, lot_id: str) -> str:
        """Applies with a new key, which serves this lot alone."""
        key = self.keys[lot_id] = BidderKey.generate()
        await self.person.post("/api/me/keys", {"public_key": key.spki.hex()})
        path = f"/api/lots/{lot_id}/applications"
        filed = await self.person.post(path, {"key_id": key.key_id, "declared": True})
        self.applications[lot_id] = filed["application_id"]
        return str(filed["application_id"])

    async def application(self, lot_id: str) -> dict[str, Any]:
        found: dict[str, Any] = await self.person.get(
            f"/api/me/applications/{self.applications[lot_id]}"
        )
        return found

    def bid(self, lot_id: str, amount_fen: int, seen_seq: int = 0) -> dict[str, Any]:
        """A new bid, signed: what goes into a frame or a POST."""
        said = {
            "bid_id": str(uuid4()),
            "amount_fen": amount_fen,
            "seen_seq": seen_seq,
            "jump_confirmed": False,
        }
        origin = f"{SITE}/lot/{lot_id}"
        message = bid_message(log=origin, bidder_no=self.bidder_no, **said)  # type: ignore[arg-type]
        key = self.keys[lot_id]
        return {**said, "key_id": key.key_id, "signature": key.sign(message)}


# ── the site ────────────────────────────────────────────────────────────────────────────────


@dataclass
class Site:
    """The service, its officials signed in, and its bank. `now_ms`: the site's own clock."""

    running: Running
    base_url: str
    office: Office
    bank: Bank
    key: SigningKey
    people: AsyncExitStack
    reserves: dict[str, int] = field(default_factory=dict)

    def now_ms(self) -> int:
        return self.running.clock.now_ms()

    async def signed_in(self, username: str) -> Person:
        person = await self.people.enter_async_context(
            aclosing(Person(self.base_url, username, PASSWORD))
        )
        await person.sign_in()
        return person

    async def bidder(self, username: str) -> Bidder:
        """A person with an account, signed in."""
        company = f"{username}置业有限公司"
        body = {
            "username": username,
            "password": PASSWORD,
            "display_name": company,
            "kind": "COMPANY",
            "id_number": f"9113-{username}",
        }
        async with httpx2.AsyncClient(base_url=self.base_url, trust_env=False) as http:
            assert (await http.post("/api/accounts", json=body)).status_code == 201
        person = await self.signed_in(username)
        return Bidder(person, company)

    async def parcel(self) -> dict[str, Any]:
        """The first parcel of the land bank that was announced with all its sums."""
        page = await self.office["publisher"].get("/api/office/parcels")
        sums = ("starting_price_fen", "increment_fen", "deposit_fen")
        found: dict[str, Any] = next(p for p in page["items"] if all(p.get(n) for n in sums))
        return found

    async def drafted(self, lot_id: str, method: Method, **rules: Any) -> dict[str, Any]:
        """A draft in seconds: a listing opens in 6 s for 4 s, an auction begins in 6 s.

        Two passwords are looked at until then, of who is made an official and who seals.
        """
        listing = method is Method.LISTING
        plan = Plan(
            lot_id=lot_id,
            parcel=await self.parcel(),
            method=method,
            opens_s=6,
            lasts_s=4 if listing else 0,
            countdown_s=rules.pop("countdown_s", 4),
            reserve_steps=rules.pop("reserve_steps", None),
        )
        if plan.reserve_fen is not None:
            self.reserves[lot_id] = plan.reserve_fen
        body = draft(plan, self.now_ms())
        body["rules"].update(notice_days=1, registration_gap_days=0, warnings_s=[3, 2, 1], **rules)
        ends = body["timetable"].get("listing_to") or body["timetable"]["auction_from"]
        body["timetable"].update(registration_to=ends, deposit_deadline=ends)
        return body

    async def publish(self, body: dict[str, Any]) -> None:
        """Drafted, sealed and submitted by the publisher, released by the approver."""
        publisher, approver = self.office["publisher"], self.office["approver"]
        lot_id = body["lot_id"]
        path = f"/api/office/drafts/{lot_id}"
        await publisher.post("/api/office/lots", body)
        if lot_id in self.reserves:
            await self.office.seal_reserve(lot_id, self.reserves[lot_id])
        version = await publisher.version_of(path)
        await publisher.post(f"{path}/submit", headers={"If-Match": version})
        version = await approver.version_of(path)
        await approver.post(f"{path}/release", headers={"If-Match": version})

    async def open_reserve(self, sees: Watcher) -> None:
        """When bidding is over both holders give their halves; nothing is sold before."""
        await sees.until_lot(stage="CLOSING")
        await self.office.open_reserves()

    async def admit(self, bidder: Bidder, lot_id: str) -> None:
        """Applied, accepted, paid, numbered."""
        await bidder.apply(lot_id)
        assert await self.office.accept_applications(lot_id) == 1
        deposit = (await bidder.application(lot_id))["deposit"]
        await self.pay(bidder, deposit["sub_account"], deposit["required_fen"])
        bidder.bidder_no = (await bidder.application(lot_id))["bidder_no"]

    async def pay(self, bidder: Bidder, account: str, amount_fen: int) -> dict[str, Any]:
        return await self.bank.credit(
            account=account, amount_fen=amount_fen, currency="CNY", payer_name=bidder.company
        )

    async def state(self, lot_id: str) -> dict[str, Any]:
        page = await self.office["publisher"].get(f"/api/lots/{lot_id}")
        return dict(page["state"])

    async def export(self, lot_id: str, folder: Path) -> tuple[Path, Path]:
        """The pack as the regulator takes it away, and the log's key as everybody can read it."""
        path = f"/api/supervision/lots/{lot_id}/export"
        pack, vkey = folder / f"{lot_id}.zip", folder / "log.vkey"
        pack.write_bytes(await self.office["supervisor"].get_bytes(path))
        vkey.write_bytes(await self.office["supervisor"].get_bytes("/api/log.vkey"))
        return pack, vkey


DESKS = {
    "publisher": ("publisher",),
    "approver": ("approver",),
    "clerk": ("reviewer", "finance", "supervisor"),
}
"""Three officials: each password costs its time, and no act of a story needs a fourth."""


@asynccontextmanager
async def open_site(
    database: FreshDatabase, folder: Path, port: int, people: AsyncExitStack
) -> AsyncIterator[Site]:
    """Opens the service on this database and port, with its officials signed in; the same twice
    is a restart. `people`: what keeps everybody's own connection open, beyond a restart too."""
    key = keys.load_or_generate(folder / "log_key", SITE)
    async with serving_site(database, port, key) as running:
        base_url = f"http://127.0.0.1:{port}"
        bank = await people.enter_async_context(
            aclosing(Bank(base_url, BANK_SECRET, clock.wall_ms))
        )
        site = Site(running, base_url, Office({}, folder / "halves"), bank, key, people)
        for name, roles in DESKS.items():
            await running.make_official(name, PASSWORD, roles=roles)
            official = await site.signed_in(name)
            site.office.people.update(dict.fromkeys(roles, official))
        yield site


@asynccontextmanager
async def serving_site(
    database: FreshDatabase, port: int, key: SigningKey
) -> AsyncIterator[Running]:
    settings = Settings(
        site=SITE,
        demo=True,
        secure_cookies=False,
        port=port,
        database_url=SecretStr(database.app_url),
        bank_secret=SecretStr(BANK_SECRET),
        log_key=SecretStr(key.to_text()),
        poll_ms=200,
        health_period_ms=200,
    )
    async with opened(settings) as running, serving(running):
        yield running


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def stranger_gets(site: Site, path: str) -> Any:
    """What anybody reads there, without an account."""
    async with httpx2.AsyncClient(base_url=site.base_url, trust_env=False) as http:
        answer = await http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()


# ── the regulator's own machine ─────────────────────────────────────────────────────────────


async def verify(pack: Path, vkey: Path) -> tuple[int, dict[str, Any]]:
    """`luochui verify --json` in a process of its own: its exit code and report."""
    luochui = Path(sys.executable).parent / "luochui"
    process = await asyncio.create_subprocess_exec(
        luochui, "verify", pack, "--key", vkey, "--json",
        stdout=asyncio.subprocess.PIPE,
        env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, json.loads(said)
