"""Plays sales with simulated people: for a visitor, over and over; or unattended, four at once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from service.audit.signatures import BidderKey
from service.demo.bank import Bank
from service.demo.bidders import Bidder, Mind
from service.demo.client import Person, Refused
from service.demo.office import Office, Plan
from service.rules.terms import Method

LOOK_EVERY_S = 0.5
OVER = ("SOLD", "FAILED")


@dataclass(frozen=True, kw_only=True)
class UnpaidDeposit:
    """A sub-account that waits for its deposit."""

    account: str
    amount_fen: int
    currency: str
    payer_name: str


@dataclass
class Stage:
    """Everyone the play needs. `bidders` are simulated; `visitors` are accounts for real people,
    admitted beforehand so that a person can bid at once. `say` prints one line.
    """

    office: Office
    bank: Bank
    bidders: Sequence[Person]
    visitors: Sequence[Person]
    now_ms: Callable[[], int]
    unpaid: Callable[[], Awaitable[Sequence[UnpaidDeposit]]]
    say: Callable[[str], None]
    _keys: dict[tuple[str, str], BidderKey] = field(default_factory=dict)

    async def key_of(self, person: Person, lot_id: str) -> BidderKey:
        """The person's key of this run for this lot alone, made and enrolled at first use."""
        whose = (person.username, lot_id)
        if whose not in self._keys:
            key = BidderKey.generate()
            await person.post("/api/me/keys", {"public_key": key.spki.hex()})
            self._keys[whose] = key
        return self._keys[whose]

    async def lot(self, lot_id: str) -> dict[str, Any]:
        page: dict[str, Any] = await self.office["publisher"].get(f"/api/lots/{lot_id}")
        return page

    async def stage_of(self, lot_id: str) -> str:
        return str((await self.lot(lot_id))["state"]["stage"])


# ── the clerk: what people behind desks would do ────────────────────────────────────────────


async def clerk(stage: Stage, pay_after_s: float) -> None:
    """Accept applications, pay deposits, open reserves as they come, until cancelled.

    A door that says no (a sale may just have closed) is asked again at the next look.
    """
    while True:
        with suppress(Refused):
            await stage.office.accept_applications()
            await stage.office.open_reserves()
            unpaid = await stage.unpaid()
            if unpaid:
                await asyncio.sleep(pay_after_s)
            for deposit in unpaid:
                await pay(stage, deposit)
        await asyncio.sleep(LOOK_EVERY_S)


async def pay(stage: Stage, deposit: UnpaidDeposit) -> None:
    await stage.bank.credit(
        account=deposit.account,
        amount_fen=deposit.amount_fen,
        currency=deposit.currency,
        payer_name=deposit.payer_name,
    )


# ── bidders ─────────────────────────────────────────────────────────────────────────────────


async def take_part(stage: Stage, person: Person, lot_id: str, mind: Mind) -> None:
    """Apply, be admitted, bid to the end. Someone who comes too late stays outside."""
    key = await stage.key_of(person, lot_id)
    with suppress(Refused):
        if await be_admitted(stage, person, lot_id, key):
            await Bidder(person, key, mind, lot_id, stage.say).play()


async def admit_visitor(stage: Stage, person: Person, lot_id: str) -> None:
    """Apply in a visitor's name; his own browser enrols its own key when he enters the room."""
    key = await stage.key_of(person, lot_id)
    with suppress(Refused):
        await be_admitted(stage, person, lot_id, key)


async def be_admitted(stage: Stage, person: Person, lot_id: str, key: BidderKey) -> bool:
    """Apply for the lot unless done; True once admitted with this key, False when refused."""
    application = await _application(person, lot_id)
    if application is None:
        path = f"/api/lots/{lot_id}/applications"
        await person.post(path, {"key_id": key.key_id, "declared": True})
    while True:
        application = await _application(person, lot_id)
        assert application is not None, "the application was just filed"
        if application["state"] == "ADMITTED":
            break
        if application["state"] in ("REFUSED", "LAPSED") or await _is_over(stage, lot_id):
            return False
        await asyncio.sleep(LOOK_EVERY_S)
    if key.key_id not in application["key_ids"]:
        await person.post(f"/api/lots/{lot_id}/keys", {"key_id": key.key_id})
    return True


async def _application(person: Person, lot_id: str) -> dict[str, Any] | None:
    page = await person.get("/api/me/applications")
    found = [item for item in page["items"] if item["lot"]["lot_id"] == lot_id]
    return found[0] if found else None


async def _is_over(stage: Stage, lot_id: str) -> bool:
    return await stage.stage_of(lot_id) in OVER


# ── one sale ────────────────────────────────────────────────────────────────────────────────


async def see_through(stage: Stage, lot_id: str, minds: Sequence[Mind]) -> None:
    """Send bidders into a published sale, wait for the hammer, confirm and seal."""
    taking_part = [
        asyncio.create_task(take_part(stage, person, lot_id, mind))
        for person, mind in zip(stage.bidders, minds, strict=False)
    ]
    taking_part += [
        asyncio.create_task(admit_visitor(stage, person, lot_id)) for person in stage.visitors
    ]
    try:
        await until(stage, lot_id, OVER)
        await finish(stage, lot_id)
    finally:
        for task in taking_part:
            task.cancel()
        await asyncio.gather(*taking_part, return_exceptions=True)


async def until(stage: Stage, lot_id: str, stages: Sequence[str]) -> None:
    """Wait until the lot is in one of the stages."""
    while True:
        if await stage.stage_of(lot_id) in stages:
            return
        await asyncio.sleep(LOOK_EVERY_S)


async def finish(stage: Stage, lot_id: str) -> None:
    """Confirm the result and seal the log, as soon as the roll is opened."""
    while True:
        state = (await stage.lot(lot_id))["state"]
        if state["sealed"]:
            return
        action = {"action": "SEAL"}
        if state["stage"] == "SOLD":
            action = {"action": "CONFIRM", "outcome": "CONFIRMED"}
        with suppress(Refused):
            await stage.office.ask_and_approve(lot_id, action)
        await asyncio.sleep(LOOK_EVERY_S)


# ── unattended: four sales that every installation should be able to play ───────────────────


@dataclass(frozen=True, kw_only=True)
class Script:
    """A sale and what must come of it."""

    plan: Plan
    minds: tuple[Mind, ...]
    outcome: str
    suspend: bool = False


def unattended_scripts(parcels: Sequence[dict[str, Any]]) -> tuple[Script, ...]:
    """A LISTING and an AUCTION that sell, one below its reserve, one suspended and resumed."""
    listing, auction, unsold, halted = parcels[:4]
    quick = (0.2, 0.8)
    eager = tuple(Mind(limit_steps=n, pause_s=quick, opening_steps=n // 4) for n in (6, 9, 12))
    modest = tuple(Mind(limit_steps=n, pause_s=quick) for n in (2, 3))
    times = {"countdown_s": 5, "opens_s": 15}  # drafted, sealed and released on a busy machine
    return (
        Script(
            plan=Plan(
                lot_id="sold-listing", parcel=listing, method=Method.LISTING, lasts_s=10,
                reserve_steps=3, **times,
            ),
            minds=eager,
            outcome="SOLD",
        ),
        Script(
            plan=Plan(
                lot_id="sold-auction", parcel=auction, method=Method.AUCTION, lasts_s=0,
                reserve_steps=2, ready_s=2, min_bidders=2, countdown_s=5,
                opens_s=20,  # nobody is admitted once it has begun, and a machine may be busy
            ),
            minds=eager,
            outcome="SOLD",
        ),
        Script(
            plan=Plan(
                lot_id="failed-below-reserve", parcel=unsold, method=Method.LISTING, lasts_s=10,
                reserve_steps=40, **times,
            ),
            minds=modest,
            outcome="BELOW_RESERVE",
        ),
        Script(
            plan=Plan(
                lot_id="suspended-and-resumed", parcel=halted, method=Method.LISTING, lasts_s=10,
                reserve_steps=None, **times,
            ),
            minds=eager,
            outcome="SOLD",
            suspend=True,
        ),
    )  # fmt: skip


async def play_script(stage: Stage, script: Script) -> None:
    """Play one sale to its seal; raises AssertionError when it does not end as scripted."""
    lot_id = script.plan.lot_id
    await stage.office.publish(script.plan, stage.now_ms())
    stage.say(f"{lot_id}: published")
    halting = asyncio.create_task(_halt(stage, lot_id)) if script.suspend else None
    await see_through(stage, lot_id, script.minds)
    if halting is not None:
        await halting
    state = (await stage.lot(lot_id))["state"]
    found = state.get("failed_reason") or state["stage"]
    assert found == script.outcome, f"{lot_id} ended {found}, not {script.outcome}"
    stage.say(f"{lot_id}: {found}, log sealed")


async def _halt(stage: Stage, lot_id: str) -> None:
    """An emergency suspension in the timed phase, and its resumption by two officials."""
    await until(stage, lot_id, ("TIMED",))
    suspend = {
        "action": "SUSPEND",
        "cause": "TITLE_DISPUTE",
        "emergency": True,
        "text": "演练:中止",
    }
    await stage.office["publisher"].post(f"/api/office/lots/{lot_id}/requests", suspend)
    stage.say(f"{lot_id}: suspended")
    await asyncio.sleep(2)
    await stage.office.ask_and_approve(lot_id, {"action": "RESUME"})
    stage.say(f"{lot_id}: resumed with a full countdown")


# ── for a visitor: always a listing and an auction that are alive ───────────────────────────


def visitor_plan(method: Method, number: int, parcels: Sequence[dict[str, Any]]) -> Plan:
    """The next sale of a visitor's demonstration."""
    fitting = [parcel for parcel in parcels if parcel["method"] == method.value]
    parcel = fitting[number % len(fitting)]
    listing = method is Method.LISTING
    return Plan(
        lot_id=f"{method.value.lower()}-{number + 1:03d}",
        parcel=parcel,
        method=method,
        opens_s=12 if listing else 75,
        lasts_s=100 if listing else 0,
        countdown_s=40,
        reserve_steps=2,
        ready_s=0 if listing else 10,
        min_bidders=1 if listing else 2,
    )


async def keep_alive(
    stage: Stage, method: Method, parcels: Sequence[dict[str, Any]], pause_s: float
) -> None:
    """Play one sale of the method after another until cancelled; take up what an earlier run left.

    The simulated bidders stop after eight, eleven and fourteen steps, so a person can win.
    """
    minds = tuple(
        Mind(limit_steps=n, pause_s=(3.0, 9.0), opening_steps=n // 5 if n < 14 else None)
        for n in (8, 11, 14)
    )
    while True:
        number, left_open = await _last_sale(stage, method)
        if left_open is None:
            plan = visitor_plan(method, number, parcels)
            await stage.office.publish(plan, stage.now_ms())
            left_open = plan.lot_id
        await see_through(stage, left_open, minds)
        await asyncio.sleep(pause_s)


async def _last_sale(stage: Stage, method: Method) -> tuple[int, str | None]:
    """How many sales of the method there are, and the one that is not sealed yet."""
    count, left_open, cursor = 0, None, ""
    while True:
        page = await stage.office["publisher"].get(f"/api/lots?method={method.value}{cursor}")
        for card in page["items"]:
            count += 1
            left_open = left_open if card["state"]["sealed"] else card["lot_id"]
        if not page.get("next_cursor"):
            return count, left_open
        cursor = f"&cursor={page['next_cursor']}"
