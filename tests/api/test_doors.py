"""Every door against every kind of person: a stranger, a wrong role, the right one."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from service.api import office_examples as examples
from service.api.app import documents
from tests.desk.world import OfficeWorld, Person, code, draft
from tests.rules.sale import START

OPENAPI, ASYNCAPI = documents()
EVERYONE = frozenset({"bidder", *("publisher", "approver", "reviewer", "finance", "supervisor")})
CONSOLE = EVERYONE - {"bidder"} | {"admin"}
ALL = EVERYONE | {"admin"}
SUSPEND = {"action": "SUSPEND", "cause": "OTHER", "text": "核查"}
BID = {
    "bid_id": "00000000-0000-4000-8000-000000000001",
    "amount_fen": START,
    "seen_seq": 0,
    "jump_confirmed": False,
    "key_id": "ab" * 8,
    "signature": "A" * 86 + "==",
}
REGISTER = {
    "username": "somebody",
    "password": "correct horse battery",
    "display_name": "某某",
    "kind": "PERSON",
    "id_number": "1",
}
ID = "0123456789abcdef"


@dataclass(frozen=True)
class Door:
    """roles: who may pass, None for everybody. codes: what the right person may be told here."""

    method: str
    path: str
    roles: frozenset[str] | None
    body: Any = None
    codes: frozenset[str] = frozenset()


def _of(*names: str) -> frozenset[str]:
    return frozenset(names)


DOORS = {
    "get_site": Door("GET", "/site", None),
    "get_log_vkey": Door("GET", "/log.vkey", None),
    "get_witness_policy": Door("GET", "/witness.policy", None, codes=_of("not_found")),
    "get_timestamp_authorities": Door(
        "GET", "/timestamp-authorities.pem", None, codes=_of("not_found")
    ),
    "list_lots": Door("GET", "/lots", None),
    "get_lot": Door("GET", "/lots/lot-one", None),
    "get_live": Door("GET", "/lots/lot-one/live", None),
    "list_quotes": Door("GET", "/lots/lot-one/quotes", None),
    "get_checkpoint": Door("GET", "/lots/lot-one/checkpoint", None),
    "prove_consistency": Door("GET", "/lots/lot-one/consistency?from=0", None),
    "list_anchors": Door("GET", "/supervision/anchors", _of("supervisor")),
    "get_replay": Door("GET", "/lots/lot-one/replay", None, codes=_of("not_ended")),
    "register": Door("POST", "/accounts", None, REGISTER, _of("username_taken")),
    "sign_in": Door("POST", "/session", None, {"username": "x", "password": "y"},
                    _of("wrong_password")),
    "sign_out": Door("DELETE", "/session", None),
    "get_me": Door("GET", "/me", ALL),
    "list_keys": Door("GET", "/me/keys", _of("bidder")),
    "enrol_key": Door("POST", "/me/keys", _of("bidder"), {"public_key": "00"},
                      _of("unknown_key")),
    "apply": Door("POST", "/lots/lot-one/applications", _of("bidder"),
                  {"key_id": "ab" * 8, "declared": True}, _of("unknown_key")),
    "list_my_applications": Door("GET", "/me/applications", _of("bidder")),
    "get_my_application": Door("GET", f"/me/applications/{ID}", _of("bidder"),
                               codes=_of("not_found")),
    "use_key": Door("POST", "/lots/lot-one/keys", _of("bidder"), {"key_id": "ab" * 8},
                    _of("unknown_key")),
    # Whether one is admitted is a secret, so a bid is answered alike for all who are not.
    "place_bid": Door("POST", "/lots/lot-one/bids", None, BID, _of("not_admitted", "rate_limited")),
    "get_bid": Door("GET", f"/lots/lot-one/bids/{BID['bid_id']}", None, codes=_of("unknown_bid")),
    "opt_in": Door("POST", "/lots/lot-one/opt-in", None, {"join": True},
                   _of("not_admitted", "rate_limited")),
    "list_parcels": Door("GET", "/office/parcels", _of("publisher", "approver")),
    "list_templates": Door("GET", "/office/templates", _of("publisher", "approver")),
    "create_draft": Door("POST", "/office/lots", _of("publisher"), draft("lot-three"),
                         _of("lot_id_taken")),
    "list_office_lots": Door("GET", "/office/lots", CONSOLE),
    "list_drafts": Door("GET", "/office/drafts", _of("publisher", "approver")),
    "get_draft": Door("GET", "/office/drafts/lot-two", _of("publisher", "approver")),
    "edit_draft": Door("PUT", "/office/drafts/lot-two", _of("publisher"), draft("lot-two"),
                       _of("version_missing")),
    "seal_reserve": Door("PUT", "/office/drafts/lot-two/reserve", _of("publisher"),
                         examples.sealing(), _of("version_missing")),
    "give_reserve_half": Door("POST", "/office/lots/lot-one/reserve-half",
                              _of("publisher", "approver", "supervisor"), {"half": "5c" * 32},
                              _of("not_allowed")),
    "preflight": Door("POST", "/office/drafts/lot-two/preflight", _of("publisher", "approver")),
    "keep_document": Door("PUT", f"/office/documents/{'ab' * 32}", _of("publisher"), {},
                          _of("unsupported_media_type")),
    "get_kept_document": Door("GET", f"/office/documents/{'ab' * 32}",
                              _of("publisher", "approver"), codes=_of("not_found")),
    "list_documents": Door("GET", "/lots/lot-one/documents", None),
    "get_document": Door("GET", f"/lots/lot-one/documents/{'ab' * 32}", None,
                         codes=_of("not_found")),
    "submit_draft": Door("POST", "/office/drafts/lot-two/submit", _of("publisher"),
                         codes=_of("wrong_state")),
    "release_lot": Door("POST", "/office/drafts/lot-two/release", _of("approver"),
                        codes=_of("version_missing")),
    "list_applications": Door("GET", "/office/applications", _of("reviewer")),
    "decide_application": Door("POST", f"/office/applications/{ID}/decision", _of("reviewer"),
                               {"accept": True}, _of("not_found")),
    "list_deposits": Door("GET", "/office/deposits", _of("finance")),
    "list_refunds": Door("GET", "/office/refunds", _of("finance")),
    "record_refund": Door("POST", f"/office/refunds/{ID}/result", _of("finance"),
                          {"state": "PAID", "bank_reference": "R"}, _of("not_found")),
    "request_action": Door("POST", "/office/lots/lot-one/requests", _of("publisher", "approver"),
                           SUSPEND),
    "list_requests": Door("GET", "/office/requests", _of("publisher", "approver", "reviewer")),
    "request_revocation": Door("POST", f"/office/applications/{ID}/revocation", _of("reviewer"),
                               {"cause": "OTHER", "text": "核查"}, _of("not_found")),
    "approve_action": Door("POST", f"/office/requests/{ID}/approve", _of("approver"),
                           codes=_of("not_found")),
    "withdraw_action": Door("POST", f"/office/requests/{ID}/withdraw",
                            _of("publisher", "approver", "reviewer"),
                            codes=_of("not_found")),
    "bank_notice": Door("POST", "/bank/notices", None, {}, _of("bad_bank_signature")),
    "list_supervised_lots": Door("GET", "/supervision/lots", _of("supervisor")),
    "list_entries": Door("GET", "/supervision/lots/lot-one/entries", _of("supervisor"),
                         codes=_of("not_ended")),
    "export_lot": Door("GET", "/supervision/lots/lot-one/export", _of("supervisor", "approver"),
                       codes=_of("not_ended")),
    "verify_lot": Door("GET", "/supervision/lots/lot-one/verification",
                       _of("supervisor", "approver"), codes=_of("not_ended")),
    "list_house_entries": Door("GET", "/supervision/house", _of("supervisor")),
    "list_looks": Door("GET", "/supervision/looks", _of("supervisor")),
    "open_identities": Door("GET", "/supervision/lots/lot-one/identities?reason=check",
                            _of("supervisor"), codes=_of("not_ended")),
    "record_identity_check": Door("POST", "/supervision/lots/lot-one/identities/check",
                                  _of("supervisor"), {"outcome": "FITS"}, _of("not_ended")),
    "get_winner_opening": Door("GET", "/lots/lot-one/winner", None, codes=_of("not_ended")),
}  # fmt: skip


def test_every_door_of_the_document_stands_in_this_matrix() -> None:
    found = {
        operation["operationId"]: (method.upper(), path)
        for path, methods in OPENAPI["paths"].items()
        for method, operation in methods.items()
    }
    assert set(found) == set(DOORS)
    for name, (method, _) in found.items():
        assert DOORS[name].method == method


async def knock(person: Person, door: Door) -> Any:
    headers = {"Idempotency-Key": f"the-key-for{door.path}"}
    body = {} if door.body is None else {"json": door.body}
    return await person.http.request(door.method, f"/api{door.path}", headers=headers, **body)


@pytest.fixture
async def house(office: OfficeWorld) -> OfficeWorld:
    """A published lot, a draft, a bidder, and someone of every role."""
    await office.publish_lot()
    await office["publisher"].post("/office/lots", draft("lot-two"))
    await office.bidder("bidder")
    return office


async def test_every_door_knows_strangers_wrong_roles_and_the_right_one(
    house: OfficeWorld,
) -> None:
    for name in sorted(DOORS):
        door = DOORS[name]
        stranger = await knock(house.stranger(), door)
        if door.roles is None:
            _check_passed(name, stranger, door)
            continue
        assert code(stranger) == "not_signed_in", name
        for role in sorted(ALL - door.roles):
            assert code(await knock(house[role], door)) == "not_allowed", (name, role)
        for role in sorted(door.roles):
            _check_passed(name, await knock(house[role], door), door)


def _check_passed(name: str, response: Any, door: Door) -> None:
    """Answered, or refused for a reason that only someone inside is told."""
    if not response.is_success:
        assert code(response) in door.codes, name


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://auction.example.cn.evil.example",
        "https://auction.example.cn",
    ],
)
async def test_a_page_of_another_origin_writes_nothing(office: OfficeWorld, origin: str) -> None:
    await office.bidder("bidder")
    for name, door in DOORS.items():
        if door.method == "GET":
            continue
        person = office[min(door.roles)] if door.roles else office.stranger()
        body = {} if door.body is None else {"json": door.body}
        refused = await person.http.request(
            door.method, f"/api{door.path}", headers={"Origin": origin}, **body
        )
        assert code(refused) == "origin_refused", name


def test_the_document_tells_every_problem_in_our_form() -> None:
    for methods in OPENAPI["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert set(answer["content"]) == {"application/problem+json"}
    assert "HTTPValidationError" not in json.dumps(OPENAPI)


def test_every_body_of_the_document_has_an_example_that_its_model_takes() -> None:
    from pydantic import TypeAdapter

    from schemas import live, rest

    for methods in OPENAPI["paths"].values():
        for operation in methods.values():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None:
                continue
            name = content["schema"].get("$ref", "").rpartition("/")[2]
            model: Any = getattr(rest, name, getattr(live, name, rest.ActionIn))
            for example in content["examples"].values():
                TypeAdapter(model).validate_json(json.dumps(example["value"]))


def test_the_documents_hold_the_frames_of_the_channel() -> None:
    schemas = OPENAPI["components"]["schemas"]
    for frame in ("Welcome", "Snapshot", "Update", "Receipt", "Notice", "Pong", "Heartbeat"):
        assert frame in schemas
        assert frame in ASYNCAPI["components"]["messages"]
    assert "LotEntry" in schemas
    for document in (OPENAPI, ASYNCAPI):
        text = json.dumps(document)
        known = set(document["components"]["schemas"])
        asked = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
        assert asked <= known
