"""Examples for the console's doors in the OpenAPI document: a real parcel of Hebei."""

from typing import Any

from service import wire
from service.api.doors import header
from service.rules.templates import from_template

_DAY = 86_400_000
_START = 1_795_000_000_000


def draft() -> dict[str, Any]:
    """A whole draft of a listing."""
    rules = from_template(
        "hebei-default",
        starting_price_fen=28_250_000_000,
        increment_fen=20_000_000,
        deposit={"CNY": 28_250_000_000},
    )
    return {
        "lot_id": "hh-2025-02",
        "parcel_id": "hebei-001",
        "parcel": {
            "parcel_no": "2025-02",
            "title": "新海路南、建华大街东",
            "land_use": "二类城镇住宅用地",
            "land_use_class": "RESIDENTIAL",
            "term_years": 70,
            "area_centi_m2": 6_051_061,
            "attempt_no": 1,
            "facts": {"容积率": "1<容积率≤2.0"},
        },
        "rules": wire.rules_to_wire(rules).model_dump(mode="json", exclude_none=True),
        "timetable": {
            "announced_at": _START,
            "registration_from": _START,
            "registration_to": _START + 28 * _DAY,
            "deposit_deadline": _START + 28 * _DAY,
            "listing_from": _START + 20 * _DAY,
            "listing_to": _START + 30 * _DAY,
        },
        "documents": [{"name": "出让公告.pdf", "sha256": "ab" * 32}],
    }


def sealing() -> dict[str, Any]:
    """The body of `seal_reserve`: what the browser made of a reserve and two new halves."""
    return {
        "commitment": "1a" * 32,
        "nonce": "2b" * 12,
        "ciphertext": "3c" * 144,
        "half_hashes": ["4d" * 32, "5e" * 32],
        "second": {"username": "supervisor", "password": "correct horse battery"},
    }


def action() -> dict[str, Any]:
    """The body of `request_action`: one of five actions, named by `action`."""
    names = ("SuspendIn", "ResumeIn", "TerminateIn", "ConfirmIn", "SealIn")
    suspend = {
        "action": "SUSPEND",
        "cause": "TITLE_DISPUTE",
        "text": "有权利人提出异议,现予核查。",
        "emergency": True,
    }
    confirm = {"action": "CONFIRM", "outcome": "CONFIRMED"}
    schema = {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in names]}
    shown = {"suspend": {"value": suspend}, "confirm": {"value": confirm}}
    content = {"application/json": {"schema": schema, "examples": shown}}
    key = header("Idempotency-Key", required=True)
    return {"requestBody": {"required": True, "content": content}, "parameters": [key]}
