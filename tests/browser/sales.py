"""Sales for a screen to show, and rivals who bid at the doors."""

from typing import Any

from service.demo.office import Plan, draft
from service.rules.terms import Method
from tests.story.site import Bidder, Site, watching

WAN = 1_000_000
"""Fen in a 万元."""


async def announce(
    site: Site, lot_id: str, *, opens_s: int = 1, lasts_s: int = 15, countdown_s: int = 8,
    method: Method = Method.LISTING, parcel: dict[str, Any] | None = None, **rules: Any,
) -> dict[str, Any]:  # fmt: skip
    """Publishes a sale whose free quotes begin after `opens_s` and end `lasts_s` later.

    People may apply until the timed bidding begins. Returns the rules.
    """
    plan = Plan(
        lot_id=lot_id,
        parcel=parcel or await site.parcel(),
        method=method,
        opens_s=opens_s,
        lasts_s=lasts_s,
        countdown_s=countdown_s,
        reserve_steps=rules.pop("reserve_steps", None),
    )
    if plan.reserve_fen is not None:
        site.reserves[lot_id] = plan.reserve_fen
    body = draft(plan, site.now_ms())
    body["rules"].update(notice_days=1, registration_gap_days=0, warnings_s=[3, 2, 1], **rules)
    ends = body["timetable"].get("listing_to") or body["timetable"]["auction_from"]
    body["timetable"].update(registration_to=ends, deposit_deadline=ends)
    await site.publish(body)
    return dict(body["rules"])


async def bid(site: Site, bidder: Bidder, lot_id: str, amount_fen: int) -> dict[str, Any]:
    """A rival's bid over HTTP; returns his receipt."""
    path = f"/api/lots/{lot_id}/bids"
    receipt: dict[str, Any] = await bidder.person.post(path, bidder.bid(lot_id, amount_fen))
    assert receipt["outcome"] == "accepted", receipt
    return receipt


async def sold(site: Site, lot_id: str, winner: Bidder, *, confirm: bool = True) -> None:
    """A short auction with one bid, sold and, unless told otherwise, confirmed."""
    rules = await announce(site, lot_id, opens_s=5, method=Method.AUCTION, countdown_s=3)
    await site.admit(winner, lot_id)
    async with watching(site.base_url, lot_id) as public:
        await public.until_lot(stage="TIMED")
        await bid(site, winner, lot_id, rules["starting_price_fen"])
        await public.until_lot(stage="SOLD")
    if confirm:
        await site.office.ask_and_approve(lot_id, {"action": "CONFIRM", "outcome": "CONFIRMED"})


def wan(fen: int) -> str:
    """An amount as screens write it, in 万元."""
    whole, rest = divmod(fen, WAN)
    tail = f"{rest:06d}".rstrip("0")
    return f"{whole:,}" + (f".{tail}" if tail else "")
