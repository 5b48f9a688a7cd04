"""An admission is taken back: a reviewer asks with a named cause, an approver's word does it.

Neither is told whether the applicant had been admitted yet: that is sealed while the sale runs
(rules §11). Quotes that were accepted stay (§5: irrevocable); whether a revoked leader is awarded
the lot is decided when the result is confirmed.
"""

from typing import Any

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.log import RevokeAdmission
from schemas.problem import ProblemCode
from schemas.rest import OfficeRequest, Revocation, RevokeIn
from service.audit import canonical
from service.desk.admission import NO_LONGER
from service.desk.ids import new_rising_id
from service.desk.officials import about_lot, in_log, record_action
from service.desk.ports import Desk
from service.desk.refused import Refused
from service.desk.views import office_request
from service.store import applications, house, requests
from service.store.accounts import Account

STANDING = ("ACCEPTED", "ADMITTED")
"""States of an application that still lets its bidder in."""


async def request_revocation(
    connection: AsyncConnection,
    desk: Desk,
    reviewer: Account,
    application_id: str,
    asked: Revocation,
) -> OfficeRequest:
    """Asks for it; the request exists when the caller commits, and changes nothing yet."""
    row = await _standing(connection, application_id)
    _refuse_own(row, reviewer)
    _refuse_unspeakable(asked)
    now, by = desk.clock.now_ms(), in_log(desk, reviewer, "reviewer")
    action = RevokeIn(application_id=application_id, cause=asked.cause, text=asked.text)
    request_id = new_rising_id(now)
    values: dict[str, Any] = {
        "request_id": request_id,
        "lot_id": row["lot_id"],
        "action": action.model_dump(mode="json"),
        "state": "PENDING",
        "requested_by": reviewer.account_id,
        "requester": by,
        "requested_at": now,
    }
    await requests.add_request(connection, values)
    await record_action(connection, desk, "REQUEST_REVOKE", about_lot(row["lot_id"]), by)
    written = await requests.read_request(connection, request_id)
    assert written is not None, "the request was just written"
    return office_request(written)


async def revoke(
    connection: AsyncConnection, desk: Desk, asked: RevokeIn, approver: Account
) -> None:
    """The application's state and the house log's word for it, in the caller's transaction.

    From its commit on no bid of this bidder counts; the caller then tells the rooms. The lot's
    stage is held, so that "was anyone admitted" (bid log, §4) is answered before or after it.
    """
    row = await _standing(connection, asked.application_id)
    _refuse_own(row, approver)
    if await applications.hold_stage(connection, row["lot_id"]) in NO_LONGER:
        raise Refused(ProblemCode.WRONG_STATE, "Bidding is over.", reason="BIDDING_OVER")
    changes = {"state": "REVOKED", "reason": asked.text}
    await applications.change_application(connection, asked.application_id, changes)
    if row["state"] == "ADMITTED":
        entry = RevokeAdmission(
            lot_id=row["lot_id"], bidder_no=row["bidder_no"], reason=asked.cause
        )
        await house.record(connection, desk.clock, desk.settings.site, entry)


async def _standing(connection: AsyncConnection, application_id: str) -> RowMapping:
    row = await applications.read_application(connection, application_id, lock=True)
    if row is None:
        raise Refused(ProblemCode.NOT_FOUND, "There is no such application.")
    if row["state"] not in STANDING:
        sentence = "This application lets nobody in."
        raise Refused(ProblemCode.WRONG_STATE, sentence, reason=row["state"])
    return row


def _refuse_own(row: RowMapping, official: Account) -> None:
    if row["account_id"] == official.account_id:
        raise Refused(ProblemCode.FOUR_EYES, "Nobody decides on his own application.")


def _refuse_unspeakable(asked: Revocation) -> None:
    try:
        canonical.encode(asked.model_dump(mode="json"))
    except canonical.NotCanonical as broken:
        wrong = ("text", str(broken)[:200])
        sentence = "The log cannot hold this text."
        raise Refused(ProblemCode.MALFORMED, sentence, errors=[wrong]) from broken
