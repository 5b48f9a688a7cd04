"""The bank's door: signed notices of credits, told as often as the bank likes."""

import hashlib
import hmac
import re

from fastapi import APIRouter, Request
from pydantic import TypeAdapter
from starlette.responses import Response

from schemas.problem import ProblemCode
from schemas.rest import BankAnswer, BankNotice
from service.api.doors import answer, header, parse, refusals, takes
from service.api.parts import Parts, parts_of
from service.desk import money
from service.desk.refused import Refused

router = APIRouter(prefix="/api/bank", tags=["bank"])

HEADER = "Luochui-Bank-Signature"
_SIGNATURE = re.compile(r"t=([1-9][0-9]{0,15}),v1=([0-9a-f]{64})")
_NOTICE = TypeAdapter(BankNotice)
_EXAMPLE = {
    "account": "4821937710293847",
    "amount_fen": 28_250_000_000,
    "bank_serial": "B20261122000017",
    "bank_time": 1_795_000_000_000,
    "currency": "CNY",
    "payer_account": "6222020402001234567",
    "payer_name": "黄河置业有限公司",
}


@router.post(
    "/notices",
    operation_id="bank_notice",
    response_model=BankAnswer,
    responses=refusals(ProblemCode.BAD_BANK_SIGNATURE, ProblemCode.UNAVAILABLE),
    openapi_extra={
        **takes(BankNotice, _EXAMPLE),
        "parameters": [header(HEADER, required=True)],
    },
)
async def bank_notice(request: Request) -> Response:
    """Takes one credit down; the same serial of the same account is only acknowledged again."""
    parts, raw = parts_of(request), await request.body()
    _check_signature(parts, request.headers.get(HEADER), raw)
    notice = parse(_NOTICE, raw)
    async with parts.engine.begin() as connection:
        taken = await money.take_notice(connection, parts.desk, notice)
    # Committed: the bank may be answered, and rooms may hear of a new bidder.
    if taken.admitted_to is not None:
        parts.roll_changed(taken.admitted_to)
    return answer(taken.answer)


def _check_signature(parts: Parts, said: str | None, raw: bytes) -> None:
    """Refuses what the bank did not sign, or signed too long ago to be sent now."""
    secret = parts.settings.bank_secret
    if secret is None:
        raise Refused(ProblemCode.UNAVAILABLE, "No bank is connected: set LUOCHUI_BANK_SECRET.")
    found = _SIGNATURE.fullmatch(said or "")
    signed_at = int(found[1]) if found else 0
    mac = hmac.new(
        secret.get_secret_value().encode(), f"{signed_at}.".encode() + raw, hashlib.sha256
    )
    fits = hmac.compare_digest(mac.hexdigest(), found[2] if found else "")
    fresh = abs(parts.clock.now_ms() - signed_at) <= parts.settings.bank_skew_ms
    if not (fits and fresh):
        raise Refused(ProblemCode.BAD_BANK_SIGNATURE, "This notice is not signed by the bank now.")
