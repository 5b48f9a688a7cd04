"""An office for tests: the real app on a real database, real rooms, a clock wound by hand."""

import hashlib
import hmac
import json
from dataclasses import asdict, replace
from itertools import count
from typing import Any
from uuid import uuid4

import httpx2
from argon2 import PasswordHasher
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.rest import VerifyReport
from service import wire
from service.api.app import build_app
from service.api.bidding import submit_port
from service.api.parts import Parts
from service.audit import envelopes
from service.audit.signatures import BidderKey, bid_message
from service.desk import parcels, people, settlement
from service.desk.anchors import Anchors
from service.desk.facts import DeskFacts
from service.desk.passwords import Passwords
from service.rules.terms import ReserveKind, Timetable
from service.settings import Settings
from service.store.ledger import read_log
from service.store.log_tables import HOUSE
from tests.live.world import SITE, World
from tests.rules.sale import PARCEL, START, T0, listing_rules

ORIGIN = "http://auction.example.cn"
BANK_SECRET = "a bank's secret of tests"
PASSWORD = "correct horse battery"
ROLES = ("publisher", "approver", "reviewer", "finance", "supervisor", "admin")
REGISTRATION_TO = DEADLINE = T0 + 20_000
_serial = count(1)

SETTINGS = Settings(
    site=SITE, demo=True, secure_cookies=False, bank_secret=SecretStr(BANK_SECRET), pool_size=8
)

TIMES = Timetable(
    announced_at=T0,
    registration_from=T0,
    registration_to=REGISTRATION_TO,
    deposit_deadline=DEADLINE,
    listing_from=T0 + 6_000,
    listing_to=T0 + 27_000,
)


class Person:
    """Someone at the doors, with a browser's cookie jar and Origin. `key`: his for lot-one."""

    def __init__(self, app: Any, username: str = "stranger") -> None:
        transport = httpx2.ASGITransport(app)
        self.http = httpx2.AsyncClient(
            transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN}
        )
        self.username = username
        self.keys: dict[str, BidderKey] = {}
        self.name = f"{username}有限公司"

    @property
    def key(self) -> BidderKey:
        return self.key_for("lot-one")

    def key_for(self, lot_id: str) -> BidderKey:
        """His key for this lot alone."""
        if lot_id not in self.keys:
            self.keys[lot_id] = BidderKey.generate()
        return self.keys[lot_id]

    async def enrol(self, lot_id: str) -> str:
        """Enrols his key for this lot; returns its id."""
        key = self.key_for(lot_id)
        enrolled = await self.post("/me/keys", {"public_key": key.spki.hex()})
        assert enrolled.status_code == 201, enrolled.text
        return key.key_id

    async def get(self, path: str, **given: Any) -> httpx2.Response:
        return await self.http.get(f"/api{path}", **given)

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        sent = {"idempotency-key": uuid4().hex, **_headers(headers)}
        return await self.http.post(f"/api{path}", json=body, headers=sent)

    async def put(self, path: str, body: Any, **headers: str) -> httpx2.Response:
        return await self.http.put(f"/api{path}", json=body, headers=_headers(headers))

    async def sign_in(self, password: str = PASSWORD) -> httpx2.Response:
        return await self.post("/session", {"username": self.username, "password": password})


class OfficeWorld(World):
    """The whole service in one process, without sockets. Call `open` first."""

    def __init__(self, engine: AsyncEngine, settings: Settings = SETTINGS) -> None:
        super().__init__(engine, settings)
        self.facts = DeskFacts(engine, self.clock, SITE)
        self.office = self.facts  # type: ignore[assignment]  # the real desk in its place
        self.passwords = Passwords(1, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.heard: list[str] = []
        self.packs: list[str] = []
        rooms = self.process().rooms
        self.parts = Parts(
            engine=engine,
            clock=self.clock,
            settings=settings,
            signer=self.signer,
            passwords=self.passwords,
            submit=submit_port(rooms),
            roll_changed=self._roll_changed,
            export_pack=self._export,
            verify_pack=lambda pack: VerifyReport(
                pack=pack.decode(), entries=0, exit_code=0, checks=()
            ),
            rooms=rooms,
            reserve_given=self.processes[0].waker.nudge,
        )
        self.desk = self.parts.desk
        self.app = build_app(self.parts)
        self.people: dict[str, Person] = {}
        self.halves: dict[str, envelopes.Halves] = {}

    async def open(self) -> None:
        await parcels.load_parcels(self.engine)
        for role in ROLES:
            self.people[role] = await self.official(role, role)

    def anchor(self, anchors: Anchors) -> None:
        """Gives the office its witnesses and its authority."""
        self.parts = replace(self.parts, anchors=anchors)
        self.desk = self.parts.desk
        self.app.state.parts = self.parts

    async def close(self) -> None:
        for person in self.people.values():
            await person.http.aclose()
        self.passwords.close()
        await super().close()

    def __getitem__(self, username: str) -> Person:
        return self.people[username]

    def stranger(self) -> Person:
        person = Person(self.app)
        self.people[f"stranger-{next(_serial)}"] = person
        return person

    async def official(self, username: str, *roles: str) -> Person:
        await people.make_official(
            self.desk,
            self.passwords,
            username=username,
            password=PASSWORD,
            display_name=username,
            roles=roles,
        )
        return await self._signed_in(username)

    async def bidder(self, username: str, kind: str = "COMPANY") -> Person:
        """Registered, signed in, with an enrolled key for lot-one."""
        person = Person(self.app, username)
        body = {
            "username": username,
            "password": PASSWORD,
            "display_name": person.name,
            "kind": kind,
            "id_number": f"9113-{username}",
        }
        assert (await person.post("/accounts", body)).status_code == 201
        assert (await person.sign_in()).status_code == 200
        await person.enrol("lot-one")
        self.people[username] = person
        return person

    # ── a sale ──────────────────────────────────────────────────────────────────────────────

    async def publish_lot(self, lot_id: str = "lot-one", **changes: Any) -> None:
        """Drafted, submitted and released by the doors. The RuleSet has no reserve."""
        created = await self["publisher"].post("/office/lots", draft(lot_id, **changes))
        assert created.status_code == 201, created.text
        await self.release(lot_id)

    async def publish_sealed(
        self, amount_fen: int | None, lot_id: str = "lot-one", **changes: Any
    ) -> None:
        """The same with a reserve, or that there is none, sealed by publisher and supervisor."""
        created = await self["publisher"].post("/office/lots", sealed_draft(lot_id, **changes))
        assert created.status_code == 201, created.text
        sealed = await self.seal(self.envelope(amount_fen, lot_id), lot_id)
        assert sealed.status_code == 200, sealed.text
        await self.release(lot_id)

    async def release(self, lot_id: str = "lot-one") -> None:
        path = f"/office/drafts/{lot_id}"
        seen = (await self["publisher"].get(path)).headers["etag"]
        submitted = await self["publisher"].post(f"{path}/submit", if_match=seen)
        assert submitted.status_code == 200, submitted.text
        seen = submitted.headers["etag"]
        released = await self["approver"].post(f"{path}/release", if_match=seen)
        assert released.status_code == 200, released.text

    def envelope(
        self, amount_fen: int | None, lot_id: str = "lot-one", second: str = "supervisor"
    ) -> dict[str, Any]:
        """What the publisher's browser sends; the halves are kept in `halves`."""
        made, self.halves[lot_id] = envelopes.seal(f"{SITE}/lot/{lot_id}", amount_fen)
        return {**asdict(made), "second": {"username": second, "password": PASSWORD}}

    async def seal(
        self, body: dict[str, Any], lot_id: str = "lot-one", version: int = 1
    ) -> httpx2.Response:
        path = f"/office/drafts/{lot_id}/reserve"
        return await self["publisher"].put(path, body, if_match=f'"{version}"')

    async def give_half(self, who: str, place: int, lot_id: str = "lot-one") -> httpx2.Response:
        """This official gives the first half or the second."""
        half = self.halves[lot_id][place - 1].hex()
        return await self[who].post(f"/office/lots/{lot_id}/reserve-half", {"half": half})

    async def apply(self, person: Person, lot_id: str = "lot-one") -> dict[str, Any]:
        body = {"key_id": await person.enrol(lot_id), "declared": True}
        filed = await person.post(f"/lots/{lot_id}/applications", body)
        assert filed.status_code == 201, filed.text
        return dict(filed.json())

    async def accept(self, application_id: str, **decision: Any) -> None:
        path = f"/office/applications/{application_id}/decision"
        decided = await self["reviewer"].post(path, {"accept": True, **decision})
        assert decided.status_code == 200, decided.text

    async def applied(self, username: str, lot_id: str = "lot-one") -> tuple[Person, str]:
        """A bidder whose application is accepted; with it his sub-account."""
        person = await self.bidder(username)
        filed = await self.apply(person, lot_id)
        await self.accept(filed["application_id"])
        shown = await self.mine(person)
        return person, str(shown["deposit"]["sub_account"])

    async def admitted(self, username: str, lot_id: str = "lot-one") -> Person:
        person, account = await self.applied(username, lot_id)
        told = await self.tell(account, payer_name=person.name)
        assert told.json()["code"] == "PAID", told.text
        return person

    async def mine(self, person: Person) -> dict[str, Any]:
        """The bidder's newest application."""
        shown = await person.get("/me/applications")
        assert shown.status_code == 200, shown.text
        return dict(shown.json()["items"][0])

    async def tell(self, account: str, **changes: Any) -> httpx2.Response:
        """One signed bank notice of the whole deposit, now."""
        notice = {
            "account": account,
            "amount_fen": START,
            "bank_serial": f"B{next(_serial):06d}",
            "bank_time": self.clock.now,
            "currency": "CNY",
            "payer_account": "6222020402001234567",
            "payer_name": "某某有限公司",
            **changes,
        }
        raw = json.dumps(notice, ensure_ascii=False).encode()
        return await self.send_notice(raw, signature(raw, self.clock.now))

    async def send_notice(self, raw: bytes, signed: str) -> httpx2.Response:
        headers = {"Content-Type": "application/json", "Luochui-Bank-Signature": signed}
        return await self.stranger().http.post("/api/bank/notices", content=raw, headers=headers)

    async def bid(self, person: Person, amount_fen: int, lot_id: str = "lot-one") -> Any:
        """A signed bid by POST."""
        bid_id = str(uuid4())
        message = bid_message(
            log=f"{SITE}/lot/{lot_id}",
            amount_fen=amount_fen,
            bid_id=bid_id,
            bidder_no=(await self.mine(person))["bidder_no"],
            jump_confirmed=False,
            seen_seq=0,
        )
        body = {
            "bid_id": bid_id,
            "amount_fen": amount_fen,
            "seen_seq": 0,
            "jump_confirmed": False,
            "key_id": person.key_for(lot_id).key_id,
            "signature": person.key_for(lot_id).sign(message),
        }
        placed = await person.post(f"/lots/{lot_id}/bids", body)
        assert placed.status_code == 200, placed.text
        return placed.json()

    async def start(self) -> None:
        """The waker begins: time moves lots from now on."""
        await self.processes[0].waker.start()

    async def stage(self, lot_id: str = "lot-one") -> str:
        shown = await self.stranger().get(f"/lots/{lot_id}")
        return str(shown.json()["state"]["stage"])

    async def settle_lot(self, lot_id: str = "lot-one") -> bool:
        return await settlement.settle(self.desk, lot_id)

    async def ask_and_approve(self, action: dict[str, Any], lot_id: str = "lot-one") -> Any:
        asked = await self["publisher"].post(f"/office/lots/{lot_id}/requests", action)
        assert asked.status_code == 201, asked.text
        path = f"/office/requests/{asked.json()['request_id']}/approve"
        return await self["approver"].post(path)

    async def house(self, kind: str) -> list[dict[str, Any]]:
        """The commands of this kind in the house log."""
        async with self.engine.connect() as connection:
            rows = await read_log(connection, HOUSE)
        commands = [json.loads(row.bytes)["command"] for row in rows]
        return [command for command in commands if command["type"] == kind]

    def _roll_changed(self, lot_id: str) -> None:
        self.heard.append(lot_id)
        self.parts.rooms.rolls.forget(lot_id)

    async def _export(self, lot_id: str, _: bool) -> bytes:
        self.packs.append(lot_id)
        return lot_id.encode()

    async def _signed_in(self, username: str) -> Person:
        person = Person(self.app, username)
        signed = await person.sign_in()
        assert signed.status_code == 200, signed.text
        self.people[username] = person
        return person


def draft(lot_id: str = "lot-one", **changes: Any) -> dict[str, Any]:
    """A draft that may be released at T0, as JSON; `rules` changes the RuleSet by name."""
    rules = listing_rules("demo", **{"reserve": ReserveKind.NONE, **changes.pop("rules", {})})
    times = changes.pop("times", TIMES)
    body: dict[str, Any] = {
        "lot_id": lot_id,
        "parcel_id": "parcel-001",
        "parcel": plain(wire.parcel_to_wire(PARCEL)),
        "rules": plain(wire.rules_to_wire(rules)),
        "timetable": plain(wire.timetable_to_wire(times)),
        "documents": [{"name": "出让公告.pdf", "sha256": "ab" * 32}],
    }
    return {**body, **changes}


def sealed_draft(lot_id: str = "lot-one", **changes: Any) -> dict[str, Any]:
    """A draft whose RuleSet wants a sealed reserve."""
    rules = {"reserve": ReserveKind.SEALED, **changes.pop("rules", {})}
    return draft(lot_id, rules=rules, **changes)


def plain(model: Any) -> dict[str, Any]:
    return dict(model.model_dump(mode="json", exclude_none=True))


def signature(raw: bytes, at: int, secret: str = BANK_SECRET) -> str:
    mac = hmac.new(secret.encode(), f"{at}.".encode() + raw, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


def code(response: httpx2.Response) -> str:
    """The problem's code; checks that a refusal is a whole problem."""
    problem = response.json()
    assert response.headers["content-type"] == "application/problem+json", response.text
    assert problem["status"] == response.status_code
    assert problem["type"] == f"urn:luochui:problem:{problem['code']}"
    assert problem["detail"]
    assert problem["trace"]
    return str(problem["code"])


def _headers(given: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in given.items()}
