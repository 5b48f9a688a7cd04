"""Official actions: two persons, the rules' own refusals, an emergency by one."""

from typing import Any

import pytest

from tests.desk.world import OfficeWorld, code
from tests.rules.sale import START

SUSPEND = {"action": "SUSPEND", "cause": "TITLE_DISPUTE", "text": "有权利人提出异议,现予核查。"}
EMERGENCY = {**SUSPEND, "emergency": True}


async def control(office: OfficeWorld) -> str:
    return str((await office.stranger().get("/lots/lot-one")).json()["state"]["control"])


async def asked(office: OfficeWorld, action: dict[str, Any], role: str = "publisher") -> str:
    response = await office[role].post("/office/lots/lot-one/requests", action)
    assert response.status_code == 201, response.text
    return str(response.json()["request_id"])


async def test_a_suspension_waits_for_the_second_person(office: OfficeWorld) -> None:
    await office.publish_lot()
    request_id = await asked(office, SUSPEND)
    assert await control(office) == "NORMAL"
    [shown] = (await office["approver"].get("/office/requests?state=PENDING")).json()["items"]
    assert shown["requested_by"].startswith("publisher-")
    done = await office["approver"].post(f"/office/requests/{request_id}/approve")
    assert done.json()["state"] == "DONE"
    assert await control(office) == "SUSPENDED"
    last = (await office.entries())[-1].command
    assert (last.type, last.requester, last.approver) == (
        "suspend",
        shown["requested_by"],
        done.json()["approved_by"],
    )
    again = await office["approver"].post(f"/office/requests/{request_id}/approve")
    assert code(again) == "wrong_state"


async def test_nobody_approves_his_own_request(office: OfficeWorld) -> None:
    await office.publish_lot()
    request_id = await asked(office, SUSPEND, "approver")
    refused = await office["approver"].post(f"/office/requests/{request_id}/approve")
    assert code(refused) == "four_eyes"
    other = await office.official("another", "approver")
    assert (await other.post(f"/office/requests/{request_id}/approve")).status_code == 200


async def test_an_emergency_acts_at_once_and_is_confirmed_later(office: OfficeWorld) -> None:
    """Fault 23: a freeze was refused in the last hour."""
    await office.publish_lot()
    await office.start()
    await office.wind(7_000)
    request_id = await asked(office, EMERGENCY)
    assert await control(office) == "SUSPENDED"
    assert (await office.entries())[-1].command.approver is None
    confirmed = await office["approver"].post(f"/office/requests/{request_id}/approve")
    assert confirmed.json()["outcome"] == "EMERGENCY_CONFIRMED"
    record = (await office.house("record_action"))[-1]
    assert record["action"] == "CONFIRM_EMERGENCY"


async def test_what_the_rules_refuse_stays_pending_with_their_reason(
    office: OfficeWorld,
) -> None:
    await office.publish_lot()
    refused = await office.ask_and_approve({"action": "RESUME"})
    assert code(refused) == "refused_by_rules"
    assert refused.json()["reason"] == "NOT_SUSPENDED"
    [waiting] = (await office["approver"].get("/office/requests?state=PENDING")).json()["items"]
    path = f"/office/requests/{waiting['request_id']}/withdraw"
    assert code(await office["approver"].post(path)) == "not_allowed"
    assert (await office["publisher"].post(path)).json()["state"] == "WITHDRAWN"
    approve = f"/office/requests/{waiting['request_id']}/approve"
    assert code(await office["approver"].post(approve)) == "wrong_state"


async def test_a_termination_sends_every_deposit_back(office: OfficeWorld) -> None:
    await office.publish_lot()
    person = await office.admitted("jiajia")
    terminate = {"action": "TERMINATE", "cause": "COURT_ORDER", "text": "法院裁定。"}
    done = await office.ask_and_approve(terminate)
    assert done.status_code == 200, done.text
    await office.settle_lot()
    [order] = (await office["finance"].get("/office/refunds")).json()["items"]
    assert (order["to_name"], order["amount_fen"]) == (person.name, START)
    sealed = await office.ask_and_approve({"action": "SEAL"})
    assert sealed.json()["outcome"] == "SEALED"
    assert (await office.verify()).sealed


async def test_a_result_is_not_confirmed_before_there_is_one(office: OfficeWorld) -> None:
    await office.publish_lot()
    for action in ({"action": "CONFIRM", "outcome": "CONFIRMED"}, {"action": "SEAL"}):
        assert code(await office.ask_and_approve(action)) == "refused_by_rules"
    assert not (await office.verify()).sealed


@pytest.mark.parametrize(
    "action",
    [
        {"action": "SUSPEND", "cause": "NO_SUCH", "text": "x"},
        {"action": "SUSPEND", "cause": "OTHER", "text": ""},
        {"action": "SUSPEND", "cause": "OTHER", "text": "e\u0301"},
        {"action": "NUKE"},
        {"action": "CONFIRM", "outcome": "MAYBE"},
        {"action": "RESUME", "announced_at": 1.0},
        {"action": "SEAL", "more": 1},
    ],
)
async def test_an_action_of_another_form_is_refused_at_once(
    office: OfficeWorld, action: dict[str, Any]
) -> None:
    await office.publish_lot()
    response = await office["publisher"].post("/office/lots/lot-one/requests", action)
    assert code(response) == "malformed"
    assert (await office["publisher"].get("/office/requests")).json()["items"] == []


async def test_the_regulator_gets_the_log_and_the_pack_after_the_end_only(
    office: OfficeWorld,
) -> None:
    await office.publish_lot()
    doors = ("entries", "export", "verification")
    for door in doors:
        refused = await office["supervisor"].get(f"/supervision/lots/lot-one/{door}")
        assert code(refused) == "not_ended"
    await office.start()
    await office.wind(80_000)
    for door in doors:
        found = await office["supervisor"].get(f"/supervision/lots/lot-one/{door}")
        assert found.status_code == 200
    entries = (await office.stranger().get("/lots/lot-one/replay?limit=2")).json()
    assert [entry["seq"] for entry in entries["items"]] == [0, 1]
    rest = await office.stranger().get(f"/lots/lot-one/replay?after={entries['next_cursor']}")
    assert rest.json()["items"][0]["seq"] == 2
    looks = await office.house("record_look")
    assert [(look["field"], look["requester"].partition("-")[0]) for look in looks] == [
        ("pack", "supervisor"),
        ("verification", "supervisor"),
    ]
