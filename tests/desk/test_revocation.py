"""An admission is revoked by two officials: it bites at the next bid, and the log says so."""

from typing import Any

import pytest

from service.audit.pack import build
from service.audit.verifier import verify_pack
from service.desk import evidence
from tests.desk.test_secrecy import bidding
from tests.desk.world import OfficeWorld, Person, code
from tests.live.world import KEY, SITE
from tests.rules.sale import START, STEP

CAUSE = {"cause": "FALSE_DOCUMENTS", "text": "所交文件经核实系伪造。"}


async def asked(office: OfficeWorld, person: Person) -> str:
    """Asked for by the reviewer; returns the request's id."""
    application = (await office.mine(person))["application_id"]
    path = f"/office/applications/{application}/revocation"
    response = await office["reviewer"].post(path, CAUSE)
    assert response.status_code == 201, response.text
    return str(response.json()["request_id"])


async def approved(office: OfficeWorld, request_id: str) -> Any:
    return await office["approver"].post(f"/office/requests/{request_id}/approve")


async def test_it_bites_at_once_and_the_bidder_is_told(office: OfficeWorld) -> None:
    bidders = await bidding(office)
    number = (await office.mine(bidders[1]))["bidder_no"]
    request_id = await asked(office, bidders[1])
    assert (await office.bid(bidders[1], START + STEP))["outcome"] == "accepted"
    office.heard.clear()
    done = await approved(office, request_id)
    assert (done.json()["state"], done.json()["outcome"]) == ("DONE", "DONE")
    assert office.heard == ["lot-one"], "every process was told after the commit"
    refused = await office.bid(bidders[1], START + 2 * STEP)
    assert (refused["outcome"], refused["reason"]) == ("refused", "NOT_ADMITTED")
    mine = await office.mine(bidders[1])
    assert (mine["state"], mine["reason"], mine["bidder_no"]) == ("REVOKED", CAUSE["text"], number)
    assert mine["deposit"]["code"] == "REVOKED"
    [entry] = await office.house("revoke_admission")
    told = {"lot_id": "lot-one", "bidder_no": number, "reason": "FALSE_DOCUMENTS"}
    assert entry == {"type": "revoke_admission", **told}


async def test_the_pack_of_a_sale_with_a_revoked_bidder_verifies(office: OfficeWorld) -> None:
    """Check 9 finds the revocation behind the bid that was refused for it."""
    bidders = await bidding(office)
    await approved(office, await asked(office, bidders[1]))
    await office.bid(bidders[1], START + STEP)
    await office.wind(60_000)
    await office.settle_lot()
    confirmed = await office.ask_and_approve({"action": "CONFIRM", "outcome": "CONFIRMED"})
    assert confirmed.status_code == 200, confirmed.text
    gathered = await evidence.gather(office.engine, SITE, "lot-one")
    report = verify_pack(build(gathered, KEY), KEY.verifying.to_text())
    assert [check for check in report.checks if check.status == "FAILED"] == []
    assert report.outcome == "SOLD"


async def test_a_lot_whose_only_bidder_was_revoked_has_no_qualified_bidder(
    office: OfficeWorld,
) -> None:
    await office.publish_lot()
    person = await office.admitted("jiajia")
    await approved(office, await asked(office, person))
    await office.start()
    await office.wind(60_000)
    assert await office.stage() == "FAILED"
    await office.settle_lot()
    gathered = await evidence.gather(office.engine, SITE, "lot-one")
    report = verify_pack(build(gathered, KEY), KEY.verifying.to_text())
    assert [check for check in report.checks if check.status == "FAILED"] == []
    assert "NO_QUALIFIED_BIDDER" in str(report.outcome)
    [order] = (await office["finance"].get("/office/refunds")).json()["items"]
    assert order["to_name"] == person.name, "his deposit goes back with the losers'"


async def test_it_needs_two_persons_and_neither_learns_whether_he_was_admitted(
    office: OfficeWorld,
) -> None:
    await office.publish_lot()
    admitted = await office.admitted("jiajia")
    waiting, _ = await office.applied("yiyi")
    both = await office.official("both", "reviewer", "approver")
    application = (await office.mine(admitted))["application_id"]
    own = await both.post(f"/office/applications/{application}/revocation", CAUSE)
    refused = await both.post(f"/office/requests/{own.json()['request_id']}/approve")
    assert code(refused) == "four_eyes"
    assert await office.house("revoke_admission") == []
    answers = [await approved(office, await asked(office, each)) for each in (admitted, waiting)]
    varying = ("request_id", "action", "requested_at")
    shown = [
        {name: value for name, value in answer.json().items() if name not in varying}
        for answer in answers
    ]
    assert shown[0] == shown[1]
    assert len(await office.house("revoke_admission")) == 1, "only one of them had a number"
    assert (await office.mine(waiting))["state"] == "REVOKED"


async def test_a_revoked_bidder_comes_back_neither_by_money_nor_by_a_key(
    office: OfficeWorld,
) -> None:
    await office.publish_lot()
    person, account = await office.applied("jiajia")
    await approved(office, await asked(office, person))
    told = await office.tell(account, payer_name=person.name)
    assert told.json()["code"] == "AFTER_REFUSAL"
    key_id = await person.enrol("another")
    assert code(await person.post("/lots/lot-one/keys", {"key_id": key_id})) == "not_admitted"
    path = f"/office/applications/{(await office.mine(person))['application_id']}/revocation"
    again = await office["reviewer"].post(path, CAUSE)
    assert (code(again), again.json()["reason"]) == ("wrong_state", "REVOKED")


async def test_after_bidding_nobody_is_revoked_any_more(office: OfficeWorld) -> None:
    """Whether anyone stood admitted is in the log by then; the confirmation decides instead."""
    bidders = await bidding(office)
    request_id = await asked(office, bidders[0])
    await office.wind(60_000)
    refused = await approved(office, request_id)
    assert (code(refused), refused.json()["reason"]) == ("wrong_state", "BIDDING_OVER")
    assert await office.house("revoke_admission") == []


async def test_a_revocation_is_shown_to_approvers_and_to_who_asked(office: OfficeWorld) -> None:
    """A publisher would learn from it that someone takes part."""
    await office.publish_lot()
    request_id = await asked(office, await office.admitted("jiajia"))
    suspend = {"action": "SUSPEND", "cause": "OTHER", "text": "核查"}
    await office["publisher"].post("/office/lots/lot-one/requests", suspend)
    seen = {
        role: {
            each["action"]["action"]
            for each in (await office[role].get("/office/requests")).json()["items"]
        }
        for role in ("publisher", "approver", "reviewer")
    }
    assert seen == {
        "publisher": {"SUSPEND"},
        "approver": {"SUSPEND", "REVOKE"},
        "reviewer": {"REVOKE"},
    }
    path = f"/office/requests/{request_id}/withdraw"
    assert code(await office["publisher"].post(path)) == "not_allowed"
    assert (await office["reviewer"].post(path)).json()["state"] == "WITHDRAWN"


WRONG = (
    {"cause": "NO_SUCH", "text": "x"},
    {"cause": "OTHER", "text": ""},
    {"cause": "OTHER", "text": "e\u0301"},
    {"cause": "OTHER"},
)


@pytest.mark.parametrize("body", WRONG)
async def test_a_reason_of_another_form_is_refused(
    office: OfficeWorld, body: dict[str, str]
) -> None:
    await office.publish_lot()
    person = await office.admitted("jiajia")
    path = f"/office/applications/{(await office.mine(person))['application_id']}/revocation"
    assert code(await office["reviewer"].post(path, body)) == "malformed"
    assert (await office["approver"].get("/office/requests")).json()["items"] == []
