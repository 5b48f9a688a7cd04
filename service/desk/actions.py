"""Official actions on a published lot: one person asks, another approves, the room decides.

An emergency suspension acts at once on one person's word, in the last hour too, and is confirmed
afterwards.
"""

from typing import Any

from pydantic import ValidationError
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.problem import ProblemCode
from schemas.rest import (
    ActionIn,
    ConfirmIn,
    OfficeRequest,
    ResumeIn,
    RevokeIn,
    SealIn,
    SuspendIn,
    TerminateIn,
)
from service import wire
from service.audit import canonical
from service.desk import anchors, revocation, settlement
from service.desk.admission import published
from service.desk.ids import new_rising_id
from service.desk.officials import about_lot, in_log, record_action
from service.desk.ports import Desk
from service.desk.publication import refused_by_rules
from service.desk.refused import Refused
from service.desk.views import office_request
from service.rules import messages as m
from service.rules.refusals import Reason, Refusal
from service.store import applications, requests, results, vault
from service.store.accounts import Account

ASKING = ("publisher", "approver")
"""Roles that may ask for an action, in the order in which their pseudonym is chosen."""


async def request_action(
    connection: AsyncConnection, desk: Desk, account: Account, lot_id: str, action: ActionIn
) -> OfficeRequest:
    """Asks for an action; an emergency suspension is done when this returns.

    The request exists when the caller commits.
    """
    requester = in_log(desk, account, *ASKING)
    _refuse_unspeakable(action)
    await published(connection, lot_id)
    now = desk.clock.now_ms()
    request_id = new_rising_id(now)
    values: dict[str, Any] = {
        "request_id": request_id,
        "lot_id": lot_id,
        "action": action.model_dump(mode="json", exclude_none=True),
        "state": "PENDING",
        "requested_by": account.account_id,
        "requester": requester,
        "requested_at": now,
    }
    if isinstance(action, SuspendIn) and action.emergency:
        # First stop the sale, then write that we did: the log holds who it was.
        await _do(desk, lot_id, _command(action, m.Officials(requester=requester), now))
        values |= {"state": "DONE", "outcome": "EMERGENCY_UNCONFIRMED"}
    await requests.add_request(connection, values)
    subject = about_lot(lot_id)
    await record_action(connection, desk, f"REQUEST_{action.action}", subject, requester)
    row = await requests.read_request(connection, request_id)
    assert row is not None, "the request was just written"
    return office_request(row)


async def approve_action(desk: Desk, approver: Account, request_id: str) -> OfficeRequest:
    """The second person's word does it. What the rules refuse stays pending, for later or never.

    The request is held meanwhile: it can neither be withdrawn nor be approved twice. The room's log
    has the action before the request says so; a crash between them leaves the request pending, and
    approving it again finds the work done.
    """
    async with desk.engine.begin() as connection:
        row = await _found(connection, request_id, lock=True)
        _refuse_same_person(row, approver)
        asked = office_request(row)
        by = in_log(desk, approver, "approver")
        if row["state"] == "DONE" and row["outcome"] == "EMERGENCY_UNCONFIRMED":
            return await _confirm_emergency(connection, desk, row, approver, by)
        if row["state"] != "PENDING":
            sentence = "This request is not waiting."
            raise Refused(ProblemCode.WRONG_STATE, sentence, reason=row["state"])
        if isinstance(asked.action, RevokeIn):
            await revocation.revoke(connection, desk, asked.action, approver)
            outcome = "DONE"
        else:
            officials = m.Officials(requester=row["requester"], approver=by)
            outcome = await _carry_out(
                desk, asked.lot_id, asked.action, asked.requested_at, officials
            )
        done = {
            "state": "DONE",
            "approved_by": approver.account_id,
            "approver": by,
            "outcome": outcome,
        }
        changed = await requests.change_request(connection, request_id, done)
        action, subject = f"APPROVE_{asked.action.action}", about_lot(asked.lot_id)
        await record_action(connection, desk, action, subject, row["requester"], by)
    if isinstance(asked.action, RevokeIn):
        # Committed: every process reads the roll again before the next bid.
        desk.roll_changed(asked.lot_id)
    return office_request(changed)


async def withdraw_action(desk: Desk, account: Account, request_id: str) -> OfficeRequest:
    """Whoever asked may take it back while it waits."""
    async with desk.engine.begin() as connection:
        row = await _found(connection, request_id, lock=True)
        if row["requested_by"] != account.account_id:
            raise Refused(ProblemCode.NOT_ALLOWED, "Only who asked may withdraw a request.")
        if row["state"] != "PENDING":
            raise Refused(
                ProblemCode.WRONG_STATE, "This request is not waiting.", reason=row["state"]
            )
        changed = await requests.change_request(connection, request_id, {"state": "WITHDRAWN"})
        asked = office_request(changed)
        action, subject = f"WITHDRAW_{asked.action.action}", about_lot(asked.lot_id)
        await record_action(connection, desk, action, subject, row["requester"])
    return asked


# ── inside ──────────────────────────────────────────────────────────────────────────────────


async def _carry_out(
    desk: Desk, lot_id: str, action: ActionIn, asked_at: int, officials: m.Officials
) -> str:
    """Does the action and what belongs to it; returns the outcome's name."""
    if isinstance(action, ConfirmIn | SealIn):
        await settlement.settle(desk, lot_id)
    if isinstance(action, SealIn):
        await _seal(desk, lot_id, officials)
        return "SEALED"
    command = _command(action, officials, asked_at)
    if not isinstance(action, ConfirmIn):
        await _do(desk, lot_id, command)
        return "DONE"
    await _do(desk, lot_id, command, done_before=(Reason.ALREADY_CONFIRMED, Reason.SEALED))
    if action.outcome == "CONFIRMED":
        await _publish_winner(desk, lot_id)
    await _seal(desk, lot_id, officials)
    return action.outcome


async def _seal(desk: Desk, lot_id: str, officials: m.Officials) -> None:
    """Refused by name while witnesses or the authority owe the lot something. A result that was
    confirmed on the way here stands: the request waits, and approving it again goes on here."""
    await anchors.check_sealable(desk, lot_id)
    await _do(desk, lot_id, m.SealLog(officials=officials), done_before=(Reason.SEALED,))
    await anchors.ask_now(desk, lot_id)
    await settlement.record_seal(desk, lot_id)


async def _do(
    desk: Desk, lot_id: str, command: m.Command, done_before: tuple[Reason, ...] = ()
) -> None:
    """Sends a command to the room; its refusal is raised unless it says that it is done."""
    done = await desk.submit(lot_id, command)
    if isinstance(done, Refusal) and done.reason not in done_before:
        raise refused_by_rules(done)


def _command(action: ActionIn, officials: m.Officials, asked_at: int) -> m.Command:
    match action:
        case SuspendIn():
            return m.Suspend(
                cause=_cause(action.cause),
                text=action.text,
                emergency=action.emergency,
                officials=officials,
            )
        case ResumeIn():
            table = action.timetable
            return m.Resume(
                # The request is the announcement: nobody can claim an earlier one.
                announced_at=asked_at,
                timetable=None if table is None else wire.timetable_from_wire(table),
                officials=officials,
            )
        case TerminateIn():
            return m.Terminate(cause=_cause(action.cause), text=action.text, officials=officials)
        case ConfirmIn():
            return m.ConfirmResult(
                outcome=m.Confirmation(action.outcome), ruling=action.ruling, officials=officials
            )
        case SealIn():
            return m.SealLog(officials=officials)


def _cause(name: str) -> m.SuspendCause:
    try:
        return m.SuspendCause(name)
    except ValueError as error:
        known = ", ".join(cause.value for cause in m.SuspendCause)
        wrong = ("cause", f"is one of {known}")
        raise Refused(ProblemCode.MALFORMED, "There is no such cause.", errors=[wrong]) from error


def _refuse_unspeakable(action: ActionIn) -> None:
    """Refuses now what could not be carried out later: unknown causes, texts no log can hold."""
    try:
        canonical.encode(action.model_dump(mode="json", exclude_none=True))
        _command(action, m.Officials(requester="publisher-00000000"), 0)
    except (canonical.NotCanonical, ValidationError) as broken:
        wrong = ("body", str(broken)[:200])
        sentence = "The log cannot hold this text."
        raise Refused(ProblemCode.MALFORMED, sentence, errors=[wrong]) from broken


async def _publish_winner(desk: Desk, lot_id: str) -> None:
    """The winner's name becomes public with the confirmed result; losers' names never do."""
    async with desk.engine.begin() as connection:
        result = await results.read_result(connection, lot_id, lock=True)
        if result is None or result["winner_application"] is None:
            return
        row = await applications.read_application(connection, result["winner_application"])
        assert row is not None, "a winner has an application"
        who = await vault.read_identity(connection, row["account_id"])
        assert who is not None, "every bidder registers with an identity"
        await results.publish_winner(connection, lot_id, who.display_name)


async def _confirm_emergency(
    connection: AsyncConnection, desk: Desk, row: RowMapping, approver: Account, by: str
) -> OfficeRequest:
    done = {"approved_by": approver.account_id, "approver": by, "outcome": "EMERGENCY_CONFIRMED"}
    changed = await requests.change_request(connection, row["request_id"], done)
    subject = about_lot(row["lot_id"])
    await record_action(connection, desk, "CONFIRM_EMERGENCY", subject, row["requester"], by)
    return office_request(changed)


def _refuse_same_person(row: RowMapping, approver: Account) -> None:
    if row["requested_by"] == approver.account_id:
        raise Refused(ProblemCode.FOUR_EYES, "Another person must approve this request.")


async def _found(connection: AsyncConnection, request_id: str, *, lock: bool) -> RowMapping:
    row = await requests.read_request(connection, request_id, lock=lock)
    if row is None:
        raise Refused(ProblemCode.NOT_FOUND, "There is no such request.")
    return row
