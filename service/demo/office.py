"""Simulated officials: publish, review, confirm, each through his own door and account."""

import asyncio
import os
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from service import wire
from service.audit import envelopes
from service.audit.notes import lot_origin
from service.demo.announcement import announcement, file_name
from service.demo.client import Person
from service.rules import terms
from service.rules.templates import from_template

OFFICIALS = ("publisher", "approver", "reviewer", "finance", "supervisor", "admin")
HOLDERS = ("publisher", "supervisor")
"""Who hold the first half of a reserve's key, and the second."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One sale of the demonstration; times are seconds from its announcement."""

    lot_id: str
    parcel: dict[str, Any]
    method: terms.Method
    opens_s: int
    lasts_s: int
    countdown_s: int
    reserve_steps: int | None
    """The sealed reserve, in steps above the starting price; None for no reserve."""
    ready_s: int = 0
    min_bidders: int = 1

    @property
    def reserve_fen(self) -> int | None:
        if self.reserve_steps is None:
            return None
        start, step = self.parcel["starting_price_fen"], self.parcel["increment_fen"]
        return int(start + self.reserve_steps * step)


@dataclass(frozen=True)
class Office:
    """The officials of the demonstration, each signed in.

    halves: a folder for the two halves of each reserve's key. Real holders keep them apart.
    """

    people: dict[str, Person]
    halves: Path

    def __getitem__(self, role: str) -> Person:
        return self.people[role]

    async def publish(self, plan: Plan, now_ms: int) -> None:
        """Draft, seal, submit and release one lot: the acts of three people."""
        publisher, approver = self["publisher"], self["approver"]
        path = f"/api/office/drafts/{plan.lot_id}"
        body = draft(plan, now_ms)
        body["documents"] = [await self.keep_announcement(body)]
        await publisher.post("/api/office/lots", body)
        if plan.reserve_fen is not None:
            await self.seal_reserve(plan.lot_id, plan.reserve_fen)
        version = await publisher.version_of(path)
        await publisher.post(f"{path}/submit", headers={"If-Match": version})
        version = await approver.version_of(path)
        await approver.post(f"{path}/release", headers={"If-Match": version})

    async def keep_announcement(self, body: dict[str, Any]) -> dict[str, str]:
        """Uploads the announcement of this draft; returns how the draft names it."""
        content = announcement(body).encode()
        named = sha256(content).hexdigest()
        await self["publisher"].put_file(f"/api/office/documents/{named}", content, "text/plain")
        return {"name": file_name(body), "sha256": named}

    async def seal_reserve(self, lot_id: str, amount_fen: int | None) -> None:
        """Seals the reserve, or that there is none; each holder's half goes into a file of his."""
        first, second = (self[role] for role in HOLDERS)
        site = (await first.get("/api/site"))["site"]
        envelope, halves = envelopes.seal(lot_origin(site, lot_id), amount_fen)
        await asyncio.to_thread(self._keep, lot_id, halves)
        path = f"/api/office/drafts/{lot_id}"
        body = {**asdict(envelope), "second": second.credentials}
        version = await first.version_of(path)
        await first.put(f"{path}/reserve", body, headers={"If-Match": version})

    async def open_reserves(self) -> None:
        """Gives every half that a sale in CLOSING waits for and that was kept here."""
        for place, role in enumerate(HOLDERS, 1):
            page = await self[role].get("/api/office/lots")
            for lot in page["items"]:
                waited_for = lot.get("reserve_wait", {}).get("yours") == "WAITED_FOR"
                half = await asyncio.to_thread(self._kept, lot["lot_id"], place)
                if waited_for and half is not None:
                    path = f"/api/office/lots/{lot['lot_id']}/reserve-half"
                    await self[role].post(path, {"half": half.hex()})

    def _keep(self, lot_id: str, halves: envelopes.Halves) -> None:
        self.halves.mkdir(mode=0o700, parents=True, exist_ok=True)
        for place, half in enumerate(halves, 1):
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            with os.fdopen(os.open(self._file(lot_id, place), flags, 0o600), "w") as file:
                file.write(envelopes.half_text(lot_id, place, half))

    def _kept(self, lot_id: str, place: int) -> bytes | None:
        """The half, or None for a lot that was sealed by somebody else."""
        file = self._file(lot_id, place)
        return envelopes.read_half(file.read_text())[2] if file.exists() else None

    def _file(self, lot_id: str, place: int) -> Path:
        return self.halves / f"{lot_id}-{place}.txt"

    async def ask_and_approve(self, lot_id: str, action: dict[str, Any]) -> dict[str, Any]:
        """An official action: one requests, another approves."""
        asked = await self["publisher"].post(f"/api/office/lots/{lot_id}/requests", action)
        done: dict[str, Any] = await self["approver"].post(
            f"/api/office/requests/{asked['request_id']}/approve"
        )
        return done

    async def accept_applications(self, lot_id: str | None = None) -> int:
        """Accept every application that waits; returns how many."""
        reviewer = self["reviewer"]
        query = "?state=SUBMITTED" + (f"&lot_id={lot_id}" if lot_id else "")
        page = await reviewer.get(f"/api/office/applications{query}")
        for application in page["items"]:
            path = f"/api/office/applications/{application['application_id']}/decision"
            await reviewer.post(path, {"accept": True})
        return len(page["items"])


def draft(plan: Plan, now_ms: int) -> dict[str, Any]:
    """The body of a new draft: the parcel's real price and step, the demo's times."""
    start, step = plan.parcel["starting_price_fen"], plan.parcel["increment_fen"]
    rules = from_template(
        "demo",
        method=plan.method,
        starting_price_fen=start,
        increment_fen=step,
        deposit={"CNY": plan.parcel["deposit_fen"]},
        countdown_s=plan.countdown_s,
        ready_min=plan.ready_s,
        min_bidders=plan.min_bidders,
        reserve=terms.ReserveKind.NONE if plan.reserve_steps is None else terms.ReserveKind.SEALED,
        listing_days=min(plan.lasts_s, 20),
        notice_days=min(plan.opens_s, 5),
        natural_person_allowed=_allowed(plan, "自然人竞买"),
        joint_allowed=_allowed(plan, "联合竞买"),
    )
    return {
        "lot_id": plan.lot_id,
        "parcel_id": plan.parcel["parcel_id"],
        "parcel": plan.parcel["facts"],
        "rules": _plain(wire.rules_to_wire(rules)),
        "timetable": _plain(wire.timetable_to_wire(_timetable(plan, now_ms))),
        "documents": [],
    }


def _allowed(plan: Plan, fact: str) -> bool:
    """As the parcel was really announced; what it does not say is allowed."""
    return bool(plan.parcel["facts"]["facts"].get(fact) != "不允许")


def _timetable(plan: Plan, now_ms: int) -> terms.Timetable:
    opens = now_ms + plan.opens_s * 1000
    ends = opens + plan.lasts_s * 1000
    if plan.method is terms.Method.AUCTION:
        return terms.Timetable(
            announced_at=now_ms,
            registration_from=now_ms,
            registration_to=opens - 1000,
            deposit_deadline=opens - 1000,
            auction_from=opens,
        )
    return terms.Timetable(
        announced_at=now_ms,
        registration_from=now_ms,
        registration_to=ends - 2000,
        deposit_deadline=ends - 1000,
        listing_from=opens,
        listing_to=ends,
    )


def _plain(model: Any) -> dict[str, Any]:
    plain: dict[str, Any] = TypeAdapter(type(model)).dump_python(
        model, mode="json", by_alias=True, exclude_none=True
    )
    return plain
