"""Sales that do not run straight: below the reserve, stopped and resumed, cut by a restart."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from service.demo.client import Refused
from service.rules.terms import Method
from tests.conftest import FreshDatabase
from tests.story.site import (
    Bidder,
    Site,
    Watcher,
    free_port,
    open_site,
    serving_site,
    verify,
    watching,
)

COUNTDOWN_S = 3


async def test_an_auction_below_its_reserve_fails_and_everybody_gets_his_money(
    site: Site, tmp_path: Path
) -> None:
    lot_id = "story-auction"
    bidders = [await site.bidder(name) for name in ("cai", "deng")]
    start, _ = await auction(site, lot_id, bidders, reserve_steps=5)
    async with watching(site.base_url, lot_id, bidders[0].person.cookie) as sees:
        await sees.until_lot(stage="TIMED")
        await place(sees, bidders[0], lot_id, start)
        await site.open_reserve(sees)
        await sees.until_lot(stage="FAILED", failed_reason="BELOW_RESERVE", reserve_met=False)
    await site.office.ask_and_approve(lot_id, {"action": "SEAL"})
    for bidder in bidders:
        assert (await bidder.application(lot_id))["refund"]["state"] == "ORDERED"
    code, report = await verify(*await site.export(lot_id, tmp_path))
    assert (code, report["outcome"]) == (0, "FAILED: BELOW_RESERVE"), report
    assert "winner_no" not in report


async def test_a_suspended_sale_resumes_with_a_full_countdown_and_sells(
    site: Site, tmp_path: Path
) -> None:
    """Fault 23: a freeze works at any moment, and only a second person lifts it.

    Fault 37: who comes late is told of it by his snapshot.
    """
    lot_id = "story-stopped"
    bidder = await site.bidder("feng")
    start, step = await auction(site, lot_id, [bidder])
    async with watching(site.base_url, lot_id, bidder.person.cookie) as sees:
        await sees.until_lot(stage="TIMED")
        await place(sees, bidder, lot_id, start)
        stop = {
            "action": "SUSPEND", "cause": "TITLE_DISPUTE", "emergency": True, "text": "权属争议",
        }  # fmt: skip
        await site.office["publisher"].post(f"/api/office/lots/{lot_id}/requests", stop)
        await sees.until_lot(control="SUSPENDED", suspend_cause="TITLE_DISPUTE")
        async with watching(site.base_url, lot_id) as late:
            assert late.lot["control"] == "SUSPENDED"
        refused = await place(sees, bidder, lot_id, start + step, outcome="refused")
        assert refused["reason"] == "SUSPENDED"
        await resume_by_two(site, lot_id)
        resumed = await sees.until("notice", lambda notice: notice["code"] == "RESUMED")
        assert resumed["params"]["closes_at"] == resumed["at"] + COUNTDOWN_S * 1000
        await sees.until_lot(stage="SOLD", winner_no=bidder.bidder_no, price_fen=start)
    await site.office.ask_and_approve(lot_id, {"action": "CONFIRM", "outcome": "CONFIRMED"})
    code, report = await verify(*await site.export(lot_id, tmp_path))
    assert (code, report["outcome"]) == (0, "SOLD"), report


async def test_a_restart_in_the_countdown_closes_nothing_and_gives_a_full_window(
    database: FreshDatabase, tmp_path: Path
) -> None:
    """Fault 19: the end of the sale survives the crash; it hangs on no thread that slept.

    Fault 20: nobody loses seconds of his window to an outage; the sale stops and begins it anew.
    """
    lot_id, port, asleep = "story-restart", free_port(), {"outage_gap_s": 2, "outage_notice_s": 3}
    async with AsyncExitStack() as people:
        async with open_site(database, tmp_path, port, people) as site:
            gao, hua = await site.bidder("gao"), await site.bidder("hua")
            start, step = await auction(site, lot_id, [gao, hua], **asleep)
            sold_at_ms = await bid_and_be_cut_off(site, gao, lot_id, start)
        await until_the_database_says(database, sold_at_ms)
        async with serving_site(database, port, site.key):
            async with watching(site.base_url, lot_id, hua.person.cookie) as sees:
                assert sees.lot["stage"] == "TIMED", "nothing closed while nobody could bid"
                await sees.until_so(lambda lot: lot.get("closes_at", 0) > sold_at_ms)
                assert sees.lot["control"] == "NORMAL"
                assert sees.lot["price_fen"] == start, "the accepted quote stands"
                await place(sees, hua, lot_id, start + step)
                await sees.until_lot(stage="SOLD", winner_no=hua.bidder_no)
            entries = await entries_of(site, lot_id)
            confirm = {"action": "CONFIRM", "outcome": "CONFIRMED"}
            await site.office.ask_and_approve(lot_id, confirm)
            code, report = await verify(*await site.export(lot_id, tmp_path))
    assert (code, report["winner_no"]) == (0, hua.bidder_no), report
    gap = only(entries, "interrupted")
    assert gap["event"]["from"] < sold_at_ms <= gap["event"]["to"]
    resumed = only(entries, "resumed")
    assert resumed["event"]["closes_at"] == resumed["at"] + COUNTDOWN_S * 1000
    assert resumed["at"] >= gap["at"] + 3000, "after the notice"
    assert resumed["at"] < only(entries, "hammer_fell")["at"]


# ── what these sales share ──────────────────────────────────────────────────────────────────


async def auction(
    site: Site, lot_id: str, bidders: Sequence[Bidder], **rules: Any
) -> tuple[int, int]:
    """Publishes an auction and admits these bidders before it begins; its start and step."""
    body = await site.drafted(lot_id, Method.AUCTION, countdown_s=COUNTDOWN_S, **rules)
    await site.publish(body)
    for bidder in bidders:
        await site.admit(bidder, lot_id)
    return body["rules"]["starting_price_fen"], body["rules"]["increment_fen"]


async def place(
    sees: Watcher, bidder: Bidder, lot_id: str, amount_fen: int, outcome: str = "accepted"
) -> dict[str, Any]:
    await sees.say("place_bid", **bidder.bid(lot_id, amount_fen, sees.seq))
    receipt = await sees.until("receipt")
    assert receipt["outcome"] == outcome, receipt
    return receipt


async def resume_by_two(site: Site, lot_id: str) -> None:
    publisher, approver = site.office["publisher"], site.office["approver"]
    asked = await publisher.post(f"/api/office/lots/{lot_id}/requests", {"action": "RESUME"})
    path = f"/api/office/requests/{asked['request_id']}/approve"
    with pytest.raises(Refused):
        await publisher.post(path)
    await approver.post(path)


async def bid_and_be_cut_off(site: Site, bidder: Bidder, lot_id: str, amount_fen: int) -> int:
    """Bids in the timed phase, then the service goes down under him; when the sale would have
    been over by wall time (ms)."""
    async with watching(site.base_url, lot_id, bidder.person.cookie) as sees:
        await sees.until_lot(stage="TIMED")
        receipt = await place(sees, bidder, lot_id, amount_fen)
        await site.running.parts.rooms.close()
        with pytest.raises(ConnectionClosed) as cut:
            await sees.until("nothing more")
        assert cut.value.rcvd is not None
        assert cut.value.rcvd.code == 1012
    return int(receipt["closes_at"])


async def until_the_database_says(database: FreshDatabase, at_ms: int) -> None:
    """Returns when the database's clock, the sale's only clock, has passed this instant."""
    owner = await database.connect_as_owner()
    await owner.execute("SELECT pg_sleep_until(to_timestamp($1::float8 / 1000))", at_ms)
    await owner.close()


async def entries_of(site: Site, lot_id: str) -> list[dict[str, Any]]:
    page = await site.office["supervisor"].get(f"/api/supervision/lots/{lot_id}/entries")
    return list(page["items"])


def only(entries: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """The one event of this kind, with the instant of its entry."""
    found = [
        {"at": entry["at"], "event": event}
        for entry in entries
        for event in entry["events"]
        if event["type"] == kind
    ]
    assert len(found) == 1, found
    return found[0]
