"""Admission: a bidder applies, a reviewer decides, the deposit admits; then a number is drawn."""

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.log import RecordAdmission
from schemas.problem import ProblemCode
from schemas.rest import Apply, Decision
from service.audit import commitments
from service.audit.commitments import Kind
from service.audit.notes import lot_origin
from service.desk.catalogue import is_over, rules_of
from service.desk.ids import new_bidder_number, new_rising_id, new_sub_account
from service.desk.officials import about_lot, in_log, record_action, record_look
from service.desk.ports import Desk
from service.desk.refused import Refused
from service.store import accounts, applications, house, vault
from service.store.accounts import Account
from service.store.lots import ListedLot, find_lot
from service.store.vault import Identity, Opening

MAX_KEYS = 20
"""Keys a bidder may use for one lot: his devices, and one more after each cleared browser."""
NO_LONGER = ("CLOSING", "SOLD", "FAILED")
"""Stages in which nobody is admitted any more: bidding is over."""


async def published(connection: AsyncConnection, lot_id: str) -> ListedLot:
    """The lot; refuses an id that is not published."""
    lot = await find_lot(connection, lot_id)
    if lot is None:
        raise Refused(ProblemCode.NOT_FOUND, "There is no such lot.")
    return lot


# ── the bidder ──────────────────────────────────────────────────────────────────────────────


async def apply_for(
    connection: AsyncConnection, desk: Desk, account: Account, lot_id: str, asked: Apply
) -> str:
    """Files an application with a key of the bidder's for this lot alone; returns its id."""
    lot = await published(connection, lot_id)
    now = desk.clock.now_ms()
    _refuse_closed(lot, now)
    await _refuse_foreign_key(connection, account, asked.key_id)
    await _refuse_person(connection, account, lot)
    application_id = new_rising_id(now)
    values = {
        "application_id": application_id,
        "lot_id": lot_id,
        "account_id": account.account_id,
        "state": "SUBMITTED",
        "submitted_at": now,
    }
    if not await applications.add_application(connection, values):
        raise Refused(ProblemCode.ALREADY_APPLIED, "You have applied for this lot before.")
    await _add_key(connection, application_id, asked.key_id)
    return application_id


async def use_key(
    connection: AsyncConnection, desk: Desk, account: Account, lot_id: str, key_id: str
) -> str:
    """One more key of the bidder's for this lot alone; returns the application's id.

    An admitted bidder's key is recorded in the house log, which every bid by it names.
    """
    await _refuse_foreign_key(connection, account, key_id)
    row = await applications.read_by_bidder(connection, lot_id, account.account_id, lock=True)
    if row is None or row["state"] in ("REFUSED", "LAPSED", "REVOKED"):
        # The same answer for a lot that does not exist: nothing is to be learnt here.
        raise Refused(ProblemCode.NOT_ADMITTED, "You take no part in the sale of this lot.")
    if await applications.hold_stage(connection, lot_id) in NO_LONGER:
        raise Refused(ProblemCode.WRONG_STATE, "Bidding is over.", reason="BIDDING_OVER")
    if key_id in row["key_ids"]:
        return str(row["application_id"])
    if len(row["key_ids"]) >= MAX_KEYS:
        sentence, most = "No more keys can be used for this lot.", {"most": MAX_KEYS}
        raise Refused(ProblemCode.WRONG_STATE, sentence, reason="TOO_MANY_KEYS", figures=most)
    await _add_key(connection, row["application_id"], key_id)
    if row["state"] == "ADMITTED":
        await _record_keys(connection, desk, row, row["bidder_no"], row["identity_commitment"])
    return str(row["application_id"])


async def _add_key(connection: AsyncConnection, application_id: str, key_id: str) -> None:
    """Refuses a key of another lot: on two public rolls it would tell whose numbers they are."""
    if not await applications.add_key(connection, application_id, key_id):
        sentence = "This key is used for another lot: enrol a new one for this lot."
        raise Refused(ProblemCode.UNKNOWN_KEY, sentence, reason="KEY_USED_ELSEWHERE")


# ── the reviewer ────────────────────────────────────────────────────────────────────────────


async def decide_application(
    connection: AsyncConnection,
    desk: Desk,
    reviewer: Account,
    application_id: str,
    decision: Decision,
) -> RowMapping:
    """Accepts, which opens a sub-account of its own, or refuses with a reason."""
    row = await applications.read_application(connection, application_id, lock=True)
    if row is None:
        raise Refused(ProblemCode.NOT_FOUND, "There is no such application.")
    if row["account_id"] == reviewer.account_id:
        raise Refused(ProblemCode.FOUR_EYES, "Nobody decides on his own application.")
    if row["state"] != "SUBMITTED":
        sentence = "This application is decided already."
        raise Refused(ProblemCode.WRONG_STATE, sentence, reason=row["state"])
    if not decision.accept and decision.reason is None:
        wrong = ("reason", "is needed for a refusal")
        raise Refused(ProblemCode.MALFORMED, "A refusal has a reason.", errors=[wrong])
    now = desk.clock.now_ms()
    changes = {
        "state": "ACCEPTED" if decision.accept else "REFUSED",
        "reason": decision.reason,
        "decided_at": now,
        "decided_by": reviewer.account_id,
    }
    await applications.change_application(connection, application_id, changes)
    if decision.accept:
        while not await applications.add_sub_account(
            connection, new_sub_account(), application_id, now
        ):
            pass  # given before, in some other sale: a sub-account is never used twice
    action = "ACCEPT_APPLICATION" if decision.accept else "REFUSE_APPLICATION"
    by = in_log(desk, reviewer, "reviewer")
    subject = about_lot(row["lot_id"])
    # Whoever decides has the applicant before him, whether or not he opened the list first.
    await record_look(connection, desk, by, subject, "applicants", "review")
    await record_action(connection, desk, action, subject, by)
    decided = await applications.read_application(connection, application_id)
    assert decided is not None, "it was just decided"
    return decided


# ── admission ───────────────────────────────────────────────────────────────────────────────


async def admit(connection: AsyncConnection, desk: Desk, row: RowMapping) -> None:
    """Draws the bidder's number and records him: from the commit on he may bid.

    row: the application, ACCEPTED and locked; the lot's stage is held. The caller has recorded the
    deposit in the house log and so holds it: no other admission draws a number meanwhile. The
    identity stays behind a salted commitment, whose opening lies in the vault.
    """
    who = await vault.read_identity(connection, row["account_id"])
    assert who is not None, "every bidder registers with an identity"
    taken = await applications.numbers_of(connection, row["lot_id"])
    bidder_no = new_bidder_number(taken)
    commitment = await _commit_identity(connection, desk, row, who)
    changes = {
        "state": "ADMITTED",
        "bidder_no": bidder_no,
        "identity_commitment": commitment,
        "admitted_at": desk.clock.now_ms(),
    }
    await applications.change_application(connection, row["application_id"], changes)
    await _record_keys(connection, desk, row, bidder_no, commitment)


async def _commit_identity(
    connection: AsyncConnection, desk: Desk, row: RowMapping, who: Identity
) -> str:
    origin = lot_origin(desk.settings.site, row["lot_id"])
    value = {"id_number": who.id_number, "kind": who.kind, "name": who.display_name}
    salt = commitments.new_salt()
    commitment = commitments.commit(Kind.IDENTITY, origin, salt, value)
    opening = Opening(
        commitment, Kind.IDENTITY.value, row["application_id"], salt, value, desk.clock.now_ms()
    )
    await vault.add_opening(connection, opening)
    return commitment


async def _record_keys(
    connection: AsyncConnection, desk: Desk, row: RowMapping, bidder_no: str, commitment: str
) -> None:
    """Each key has its own house-log record; call it last, it locks the house log."""
    for key in await applications.keys_of(connection, row["application_id"]):
        if key["admission_seq"] is not None:
            continue
        entry = RecordAdmission(
            lot_id=row["lot_id"],
            bidder_no=bidder_no,
            key_id=key["key_id"],
            public_key=key["public_key"],
            identity_commitment=commitment,
        )
        seq = await house.record(connection, desk.clock, desk.settings.site, entry)
        await applications.admit_key(connection, row["application_id"], key["key_id"], seq)


# ── refusals ────────────────────────────────────────────────────────────────────────────────


def _refuse_closed(lot: ListedLot, now: int) -> None:
    times = lot.listing["timetable"]
    opens, closes = times["registration_from"], times["registration_to"]
    if not opens <= now <= closes or is_over(lot) or lot.state["stage"] in NO_LONGER:
        figures = {"registration_from": opens, "registration_to": closes, "at": now}
        sentence = "Registration for this lot is not open."
        raise Refused(ProblemCode.REGISTRATION_CLOSED, sentence, figures=figures)


async def _refuse_foreign_key(connection: AsyncConnection, account: Account, key_id: str) -> None:
    key = await accounts.find_key(connection, key_id)
    if key is None or key.account_id != account.account_id:
        raise Refused(ProblemCode.UNKNOWN_KEY, "Enrol this key first.")


async def _refuse_person(connection: AsyncConnection, account: Account, lot: ListedLot) -> None:
    who = await vault.read_identity(connection, account.account_id)
    if who is None:
        raise Refused(ProblemCode.NOT_ALLOWED, "This account belongs to no bidder.")
    if who.kind == "PERSON" and not rules_of(lot).natural_person_allowed:
        sentence, reason = "This lot is offered to companies only.", "NATURAL_PERSON_NOT_ALLOWED"
        raise Refused(ProblemCode.NOT_ALLOWED, sentence, reason=reason)
