"""Simulated officials: publish, review, confirm, each through his own door and account."""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from service import wire
from service.demo.client import Person
from service.rules import terms
from service.rules.templates import from_template

OFFICIALS = ("publisher", "approver", "reviewer", "finance", "supervisor", "admin")


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


@dataclass(frozen=True)
class Office:
    """The officials of the demonstration, each signed in."""

    people: dict[str, Person]

    def __getitem__(self, role: str) -> Person:
        return self.people[role]

    async def publish(self, plan: Plan, now_ms: int) -> None:
        """Draft, submit and release one lot: three acts of two people."""
        publisher, approver = self["publisher"], self["approver"]
        path = f"/api/office/drafts/{plan.lot_id}"
        await publisher.post("/api/office/lots", draft(plan, now_ms))
        version = await publisher.version_of(path)
        await publisher.post(f"{path}/submit", headers={"If-Match": version})
        version = await approver.version_of(path)
        await approver.post(f"{path}/release", headers={"If-Match": version})

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
    )
    reserve = 0 if plan.reserve_steps is None else start + plan.reserve_steps * step
    return {
        "lot_id": plan.lot_id,
        "parcel_id": plan.parcel["parcel_id"],
        "parcel": plan.parcel["facts"],
        "rules": _plain(wire.rules_to_wire(rules)),
        "timetable": _plain(wire.timetable_to_wire(_timetable(plan, now_ms))),
        "documents": [],
        "reserve": {"has_reserve": plan.reserve_steps is not None, "amount_fen": reserve},
    }


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
