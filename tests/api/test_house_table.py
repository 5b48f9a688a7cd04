"""docs/house-log.md is true: every door says what it records, and what can be done here is done."""

import json
import re
from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from service.api.app import documents
from service.store.ledger import read_log
from service.store.log_tables import HOUSE
from tests.desk.world import OfficeWorld, draft
from tests.rules.sale import START

HOUSE_TABLE = Path(__file__).parents[2] / "docs" / "house-log.md"
SUSPEND = {"action": "SUSPEND", "cause": "OTHER", "text": "核查"}
ELSEWHERE = {"seal_reserve", "give_reserve_half"}
"""Done in the tests of the reserve, which have browsers' halves at hand."""


def rows(heading: str) -> list[list[str]]:
    """The cells of a table's rows under a heading, without its head."""
    part = HOUSE_TABLE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def spans(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def recording() -> dict[str, list[str]]:
    """operation → the entries that its row allows."""
    told = [*rows("Acts"), *rows("Looks")]
    return {name: spans(row[1]) for row in told for name in spans(row[0])}


RECORDING = recording()
SILENT = {name for row in rows("Nothing, and why") for name in spans(row[0])}


def operations() -> set[str]:
    openapi, _ = documents()
    return {
        operation["operationId"]
        for methods in openapi["paths"].values()
        for operation in methods.values()
    }


def test_every_door_says_what_it_records() -> None:
    unsaid = operations() - set(RECORDING) - SILENT
    assert unsaid == set(), "give each a row in docs/house-log.md, and the entry that it promises"
    assert not set(RECORDING) & SILENT


def fits(told: str, allowed: list[str]) -> bool:
    return any(
        told.startswith(each[:-1]) if each.endswith("…") else told == each for each in allowed
    )


class Story:
    """Does one thing after another and looks what the house log grew by."""

    def __init__(self, office: OfficeWorld) -> None:
        self.office = office
        self.done: set[str] = set()

    async def does(self, operation: str, act: Callable[[], Awaitable[Any]], *told: str) -> Any:
        """`told`: what exactly must have been recorded, in order."""
        before = len(await self.told())
        answer = await act()
        assert answer.is_success, (operation, answer.text)
        grown = (await self.told())[before:]
        assert grown == list(told), operation
        allowed = RECORDING.get(operation, [])
        assert all(fits(each, allowed) for each in grown), (operation, grown)
        self.done.add(operation)
        return answer

    async def told(self) -> list[str]:
        async with self.office.engine.connect() as connection:
            found = await read_log(connection, HOUSE)
        return [_name(row.bytes) for row in found]


def _name(raw: bytes) -> str:
    command = json.loads(raw)["command"]
    more = command.get("action") or command.get("field") or command.get("decision") or ""
    return f"{command['type']} {more}".strip()


async def test_what_the_table_promises_is_what_is_written(office: OfficeWorld) -> None:
    story = Story(office)
    await prepare(story)
    paid = await admit(story)
    await stop(story)
    await revoke(story)
    await end(story, paid)
    assert set(RECORDING) - story.done == ELSEWHERE


async def prepare(story: Story) -> None:
    office, path = story.office, "/office/drafts/lot-one"
    publisher, approver = office["publisher"], office["approver"]
    body = draft()
    await story.does(
        "create_draft",
        lambda: publisher.post("/office/lots", body),
        "record_action CREATE_DRAFT",
    )
    await story.does(
        "edit_draft",
        lambda: publisher.put(path, body, if_match='"1"'),
        "record_action EDIT_DRAFT",
    )
    notice = "出让公告".encode()
    document = f"/api/office/documents/{sha256(notice).hexdigest()}"
    text = {"Content-Type": "text/plain"}
    for told in (("record_action KEEP_DOCUMENT",), ()):
        await story.does(
            "keep_document",
            lambda: publisher.http.put(document, content=notice, headers=text),
            *told,
        )
    await story.does("preflight", lambda: publisher.post(f"{path}/preflight"))
    version = await seal_reserve_if_needed(office, path)
    await story.does(
        "submit_draft",
        lambda: publisher.post(f"{path}/submit", if_match=version),
        "record_action SUBMIT_DRAFT",
    )
    version = (await publisher.get(path)).headers["etag"]
    await story.does(
        "release_lot", lambda: approver.post(f"{path}/release", if_match=version), "lot_born"
    )


async def seal_reserve_if_needed(office: OfficeWorld, path: str) -> str:
    seal = getattr(office, "seal_reserve", None)
    if seal is not None:
        await seal("lot-one")
    return str((await office["publisher"].get(path)).headers["etag"])


async def admit(story: Story) -> str:
    """Three bidders: one who will be admitted, one refused, one revoked. Returns an account."""
    office = story.office
    reviewer, finance = office["reviewer"], office["finance"]
    first, second = await office.bidder("jiajia"), await office.bidder("yiyi")
    filed = [await office.apply(person) for person in (first, second)]
    await story.does(
        "list_applications",
        lambda: reviewer.get("/office/applications"),
        "record_look applicants",
    )
    await story.does("list_applications", lambda: reviewer.get("/office/applications"))
    for application, decision, action in (
        (filed[0], {"accept": True}, "ACCEPT_APPLICATION"),
        (filed[1], {"accept": False, "reason": "材料不齐"}, "REFUSE_APPLICATION"),
    ):
        path = f"/office/applications/{application['application_id']}/decision"
        await story.does(
            "decide_application",
            partial(reviewer.post, path, decision),
            f"record_action {action}",
        )
    account = str((await office.mine(first))["deposit"]["sub_account"])
    await story.does(
        "bank_notice",
        lambda: office.tell("9999999999999999"),
        "record_action UNMATCHED_DEPOSIT",
    )
    await story.does(
        "bank_notice",
        lambda: office.tell(account, payer_name="别人"),
        "record_deposit PAYER_MISMATCH",
        "record_deposit REFUND_ORDERED",
    )
    await story.does(
        "bank_notice",
        lambda: office.tell(account, payer_name=first.name, amount_fen=-5),
        "record_deposit REVERSAL",
    )
    await story.does(
        "bank_notice",
        lambda: office.tell(account, payer_name=first.name, amount_fen=START - 1),
        "record_deposit SHORT",
    )
    await story.does(
        "bank_notice",
        lambda: office.tell(account, payer_name=first.name, amount_fen=2),
        "record_deposit PAID",
        "record_admission",
    )
    await story.does(
        "list_deposits",
        lambda: finance.get("/office/deposits"),
        "record_look deposits",
        "record_look deposits",
    )
    await story.does("list_refunds", lambda: finance.get("/office/refunds"), "record_look refunds")
    await story.does("list_refunds", lambda: finance.get("/office/refunds"))
    first.keys["another device"] = type(first.key).generate()
    key_id = await first.enrol("another device")
    await story.does(
        "use_key",
        lambda: first.post("/lots/lot-one/keys", {"key_id": key_id}),
        "record_admission",
    )
    return account


async def stop(story: Story) -> None:
    office = story.office
    publisher, approver = office["publisher"], office["approver"]
    path = "/office/lots/lot-one/requests"
    asked = await story.does(
        "request_action", lambda: publisher.post(path, SUSPEND), "record_action REQUEST_SUSPEND"
    )
    request = f"/office/requests/{asked.json()['request_id']}"
    await story.does(
        "withdraw_action",
        lambda: publisher.post(f"{request}/withdraw"),
        "record_action WITHDRAW_SUSPEND",
    )
    emergency = {**SUSPEND, "emergency": True}
    asked = await story.does(
        "request_action", lambda: publisher.post(path, emergency), "record_action REQUEST_SUSPEND"
    )
    request = f"/office/requests/{asked.json()['request_id']}"
    await story.does(
        "approve_action",
        lambda: approver.post(f"{request}/approve"),
        "record_action CONFIRM_EMERGENCY",
    )
    asked = await story.does(
        "request_action",
        lambda: publisher.post(path, {"action": "RESUME"}),
        "record_action REQUEST_RESUME",
    )
    request = f"/office/requests/{asked.json()['request_id']}"
    await story.does(
        "approve_action",
        lambda: approver.post(f"{request}/approve"),
        "record_action APPROVE_RESUME",
    )


async def revoke(story: Story) -> None:
    office = story.office
    person = await office.admitted("bingbing")
    application = (await office.mine(person))["application_id"]
    path = f"/office/applications/{application}/revocation"
    asked = await story.does(
        "request_revocation",
        lambda: office["reviewer"].post(path, {"cause": "COLLUSION", "text": "经核实串标"}),
        "record_action REQUEST_REVOKE",
    )
    request = f"/office/requests/{asked.json()['request_id']}/approve"
    await story.does(
        "approve_action",
        lambda: office["approver"].post(request),
        "revoke_admission",
        "record_action APPROVE_REVOKE",
    )


async def end(story: Story, account: str) -> None:
    office = story.office
    supervisor, finance = office["supervisor"], office["finance"]
    terminate = {"action": "TERMINATE", "cause": "COURT_ORDER", "text": "法院裁定"}
    await office.ask_and_approve(terminate)
    before = len(await story.told())
    await office.settle_lot()
    # Two instalments of one bidder, and the whole deposit of the one who was revoked.
    assert (await story.told())[before:] == ["record_deposit REFUND_ORDERED"] * 3
    lot = "/supervision/lots/lot-one"
    for operation, path, field in (
        ("export_lot", f"{lot}/export?reason=年度抽查", "pack"),
        ("export_lot", f"{lot}/export?reason=年度抽查", "pack"),
        ("verify_lot", f"{lot}/verification", "verification"),
        ("open_identities", f"{lot}/identities?reason=核对名册", "identities"),
        ("open_identities", f"{lot}/identities?reason=核对名册", "identities"),
    ):
        await story.does(operation, partial(supervisor.get, path), f"record_look {field}")
    await story.does(
        "record_identity_check",
        lambda: supervisor.post(f"{lot}/identities/check", {"outcome": "FITS"}),
        "record_action IDENTITIES_FITS",
    )
    await story.does(
        "record_identity_check",
        lambda: supervisor.post(f"{lot}/identities/check", {"outcome": "FITS"}),
    )
    [order, *_] = (await finance.get("/office/refunds")).json()["items"]
    for state in ("SENT", "FAILED", "PAID"):
        body = {"state": state, "bank_reference": "R-1"}
        await story.does(
            "record_refund",
            partial(finance.post, f"/office/refunds/{order['refund_id']}/result", body),
            f"record_action REFUND_{state}",
        )
    sealed = await office["publisher"].post("/office/lots/lot-one/requests", {"action": "SEAL"})
    request = f"/office/requests/{sealed.json()['request_id']}/approve"
    await story.does(
        "approve_action",
        lambda: office["approver"].post(request),
        "lot_sealed",
        "record_action APPROVE_SEAL",
    )


@pytest.mark.parametrize("kind", ["GRANT_ROLE"])
async def test_every_role_given_is_recorded_under_its_pseudonym(
    office: OfficeWorld, kind: str
) -> None:
    before = len(await office.house("record_action"))
    person = await office.official("two.hats", "reviewer", "approver")
    given = (await office.house("record_action"))[before:]
    assert [each["action"] for each in given] == [kind, kind]
    assert [each["requester"] for each in given] == ["operator-00000000"] * 2
    assert [each["subject"].partition("-")[0] for each in given] == ["approver", "reviewer"]
    await office.publish_lot()
    asked = await person.post("/office/lots/lot-one/requests", SUSPEND)
    assert asked.json()["requested_by"] == given[0]["subject"]
