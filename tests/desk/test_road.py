"""The whole narrow road by the doors: publish, admit, bid, hammer, settle, confirm, seal."""

import json

from service.audit import commitments
from service.audit.commitments import Kind
from tests.desk.world import OfficeWorld
from tests.live.world import SITE
from tests.rules.sale import START, STEP


async def test_a_sale_from_the_draft_to_the_seal(office: OfficeWorld) -> None:
    await office.publish_lot()
    winner = await office.admitted("yiyi")
    loser = await office.admitted("bing")
    idle = await office.admitted("ding")
    await office.start()
    await office.wind(7_000)
    assert (await office.bid(loser, START))["outcome"] == "accepted"
    assert (await office.bid(winner, START + STEP))["outcome"] == "accepted"
    await office.wind(60_000)
    assert await office.stage() == "SOLD"

    assert await office.settle_lot()
    assert await office.settle_lot(), "settling again changes nothing"
    lot = await office.verify()
    assert lot.roll_opened
    refunds = (await office["finance"].get("/office/refunds")).json()["items"]
    assert {r["to_name"] for r in refunds} == {loser.name, idle.name}
    assert {r["amount_fen"] for r in refunds} == {START}
    assert (await office.mine(winner)).get("refund") is None
    assert (await office.mine(loser))["refund"]["state"] == "ORDERED"

    done = await office.ask_and_approve({"action": "CONFIRM", "outcome": "CONFIRMED"})
    assert done.json()["outcome"] == "CONFIRMED"
    page = (await office.stranger().get("/lots/lot-one")).json()
    assert page["winner_name"] == winner.name
    assert page["state"]["sealed"]
    lot = await office.verify()
    assert lot.sealed
    [sealed] = await office.house("lot_sealed")
    entries = await office.entries()
    assert sealed["size"] == len(entries)
    again = await office.ask_and_approve({"action": "CONFIRM", "outcome": "CONFIRMED"})
    assert again.status_code == 200, "a crash between the log and the request is made up"
    assert len(await office.house("lot_sealed")) == 1


async def test_the_roll_accounts_for_everyone_and_opens_by_the_vault(
    office: OfficeWorld,
) -> None:
    await office.publish_lot()
    people = [await office.admitted(name) for name in ("yiyi", "bing")]
    await office.start()
    await office.wind(80_000)
    assert await office.stage() == "FAILED"
    await office.settle_lot()
    [opened] = [e.command for e in await office.entries() if e.command.type == "open_roll"]
    numbers = {(await office.mine(person))["bidder_no"] for person in people}
    assert {row.bidder_no for row in opened.roll} == numbers
    records = {r["bidder_no"]: r for r in await office.house("record_admission")}
    for row in opened.roll:
        assert records[row.bidder_no]["identity_commitment"] == row.identity_commitment
    async with office.engine.begin() as connection:
        from sqlalchemy import text

        await connection.execute(text("SET LOCAL ROLE luochui_vault"))
        kept = (await connection.execute(text("SELECT * FROM vault.openings"))).mappings().all()
    identities = {o["commitment"]: o for o in kept if o["kind"] == "identity"}
    for row in opened.roll:
        opening = identities[row.identity_commitment]
        origin = f"{SITE}/lot/lot-one"
        commitments.check_opening(
            row.identity_commitment, Kind.IDENTITY, origin, opening["salt"], opening["value"]
        )
    assert {o["value"]["name"] for o in identities.values()} == {p.name for p in people}
    assert not any(p.name in json.dumps(r) for p in people for r in records.values())
