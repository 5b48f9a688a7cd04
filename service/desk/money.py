"""Deposits: every bank notice becomes one line and one named case; none is ever dropped.

The legal instant of a credit is the bank's time, not the notice's arrival, and a credit at exactly
the deadline is in time. A notice is told as often as the bank likes and counted once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

import structlog
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.log import RecordDeposit
from schemas.problem import ProblemCode
from schemas.rest import BankAnswer, BankNotice, RefundResult
from service.audit import commitments
from service.audit.commitments import Kind
from service.audit.notes import house_origin, lot_origin
from service.desk.admission import NO_LONGER, admit, published
from service.desk.catalogue import rules_of
from service.desk.ids import new_rising_id
from service.desk.officials import BANK, about_lot, in_log, record_action
from service.desk.ports import Desk
from service.desk.refused import Refused
from service.desk.workdays import HolidaysUnknown, due_at
from service.store import applications, deposits, house, vault
from service.store.accounts import Account
from service.store.deposits import NewLine
from service.store.lots import ListedLot
from service.store.vault import Opening

_log = structlog.get_logger(__name__)

UNKNOWN_ACCOUNT = "UNKNOWN_ACCOUNT"
UNMATCHED = "unmatched"
"""Whose openings in the vault are of notices that no application is known for."""
REVERSAL = "REVERSAL"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a notice. admitted_to: the lot whose roll it changed, if it did."""

    answer: BankAnswer
    admitted_to: str | None = None


async def take_notice(connection: AsyncConnection, desk: Desk, notice: BankNotice) -> Taken:
    """Writes the notice down with its case, credits it if it counts, admits if it completes.

    It is acknowledged when the caller's transaction has committed.
    """
    notice = _normal(notice)
    row = await applications.read_by_sub_account(connection, notice.account, lock=True)
    known = await deposits.find_notice(connection, notice.account, notice.bank_serial)
    if known is not None:
        if known["amount_fen"] != notice.amount_fen:
            _log.error("bank_serial_reused", serial=notice.bank_serial, account=notice.account)
        return Taken(_answer(notice, known["code"], duplicate=True))
    if row is None:
        notice_id = await _write_down(connection, desk, notice, UNKNOWN_ACCOUNT, None)
        if notice_id is not None:
            await _record_unmatched(connection, desk, notice, notice_id)
        return Taken(_answer(notice, UNKNOWN_ACCOUNT, duplicate=notice_id is None))
    stage = await applications.hold_stage(connection, row["lot_id"])
    lot = await published(connection, row["lot_id"])
    code = await _case(connection, desk, notice, row, lot, stage)
    notice_id = await _write_down(connection, desk, notice, code, row["application_id"])
    assert notice_id is not None, "the application is locked, so nobody else wrote this serial"
    admitted = await _count(connection, desk, notice, row, lot, code, notice_id)
    return Taken(_answer(notice, code, duplicate=False), row["lot_id"] if admitted else None)


async def record_refund(
    connection: AsyncConnection, desk: Desk, finance: Account, refund_id: str, result: RefundResult
) -> None:
    """What the bank said of a refund order; a failed one goes back to the queue."""
    row = await deposits.read_refund(connection, refund_id)
    if row is None:
        raise Refused(ProblemCode.NOT_FOUND, "There is no such refund order.")
    if row["state"] == "PAID" or (row["state"], result.state) == ("SENT", "SENT"):
        sentence = "This refund has gone further already."
        raise Refused(ProblemCode.WRONG_STATE, sentence, reason=row["state"])
    await deposits.change_refund(connection, refund_id, result.state, result.bank_reference)
    if result.state == "PAID":
        await deposits.add_line(connection, _line(row, "REFUND_PAID", desk.clock.now_ms()))
    by = in_log(desk, finance, "finance")
    subject = about_lot(row["lot_id"], "refund", refund_id)
    await record_action(connection, desk, f"REFUND_{result.state}", subject, by)


async def order_refund(
    connection: AsyncConnection, desk: Desk, notice: RowMapping, lot: ListedLot
) -> tuple[RecordDeposit, ...]:
    """Sends one notice's money back to the account it came from, once. Raises HolidaysUnknown.

    Returns what the caller records in the house log, last of all: nothing when it was ordered
    before.
    """
    rules, now = rules_of(lot), desk.clock.now_ms()
    due = await due_at(connection, now, rules.refund_days, rules.day_ms)
    order = {
        "refund_id": new_rising_id(now),
        "notice_id": notice["notice_id"],
        "to_account": notice["payer_account"],
        "to_name": notice["payer_name"],
        "currency": notice["currency"],
        "amount_fen": notice["amount_fen"],
    }
    ordered = await deposits.add_refund(
        connection,
        {
            **order,
            "application_id": notice["application_id"],
            "state": "ORDERED",
            "ordered_at": now,
            "due_at": due,
        },
    )
    if not ordered:
        return ()
    await deposits.add_line(connection, _line(notice, "REFUND_ORDERED", now))
    return (await _decided(connection, desk, lot.lot_id, notice, "REFUND_ORDERED", order),)


async def keep_as_earnest(
    connection: AsyncConnection, desk: Desk, lot_id: str, notice: RowMapping
) -> RecordDeposit:
    """The winner's credited money becomes earnest money; returns what the caller records last."""
    await deposits.add_line(connection, _line(notice, "EARNEST_MONEY", desk.clock.now_ms()))
    kept = {name: notice[name] for name in ("notice_id", "currency", "amount_fen")}
    return await _decided(connection, desk, lot_id, notice, "EARNEST_MONEY", kept)


# ── the cases (rules §10) ───────────────────────────────────────────────────────────────────


async def _case(
    connection: AsyncConnection,
    desk: Desk,
    notice: BankNotice,
    row: RowMapping,
    lot: ListedLot,
    stage: str | None,
) -> str:
    """The name of this notice's case, the first that fits."""
    required = lot.listing["deposit"].get(notice.currency)
    deadline = lot.listing["timetable"]["deposit_deadline"]
    if notice.amount_fen <= 0:
        _log.error("bank_reversal", serial=notice.bank_serial, account=notice.account)
        return REVERSAL
    if row["state"] not in ("ACCEPTED", "ADMITTED"):
        return "AFTER_REFUSAL"
    if required is None:
        return "WRONG_CURRENCY"
    if not await _same_payer(connection, row["account_id"], notice.payer_name):
        return "PAYER_MISMATCH"
    if notice.bank_time > deadline:
        return "LATE"
    if stage in NO_LONGER:
        return "AFTER_END"
    if desk.clock.now_ms() > deadline:
        return "AFTER_DEADLINE_IN_TIME"
    balance = await deposits.credited(connection, row["application_id"])
    return "PAID" if balance.get(notice.currency, 0) + notice.amount_fen >= required else "SHORT"


def _normal(notice: BankNotice) -> BankNotice:
    """Commitments hold NFC alone, and a bank's spelling must not lose its money."""
    texts = {
        name: normalize("NFC", value)
        for name, value in notice.model_dump().items()
        if isinstance(value, str)
    }
    return notice.model_copy(update=texts)


async def _same_payer(connection: AsyncConnection, account_id: str, payer_name: str) -> bool:
    who = await vault.read_identity(connection, account_id)
    return who is not None and _folded(who.display_name) == _folded(payer_name)


def _folded(name: str) -> str:
    """Banks print full-width brackets and spaces where registers have half-width ones."""
    return normalize("NFKC", "".join(name.split()))


async def _count(
    connection: AsyncConnection,
    desk: Desk,
    notice: BankNotice,
    row: RowMapping,
    lot: ListedLot,
    code: str,
    notice_id: int,
) -> bool:
    """Lines, refund and admission that follow from the case; True when it admitted the bidder."""
    written = await deposits.find_notice(connection, notice.account, notice.bank_serial)
    assert written is not None, "it was just written down"
    admits, returned = False, tuple[RecordDeposit, ...]()
    if code in deposits.CREDITED:
        await deposits.add_line(connection, _line(written, "CREDIT", desk.clock.now_ms()))
        balance = await deposits.credited(connection, row["application_id"])
        enough = balance[notice.currency] >= lot.listing["deposit"][notice.currency]
        admits = enough and row["state"] == "ACCEPTED"
    elif code in deposits.RETURNED:
        returned = await _return_if_known(connection, desk, written, lot)
    value = {**notice.model_dump(), "notice_id": notice_id}
    decided = await _decided(connection, desk, row["lot_id"], written, code, value)
    facts = (decided, *returned)
    await house.record_all(connection, desk.clock, desk.settings.site, facts)
    if admits:
        await admit(connection, desk, row)
    return admits


async def _return_if_known(
    connection: AsyncConnection, desk: Desk, written: RowMapping, lot: ListedLot
) -> tuple[RecordDeposit, ...]:
    """An unknown calendar must not lose the notice: `settlement.tidy` orders the refund later."""
    try:
        return await order_refund(connection, desk, written, lot)
    except HolidaysUnknown:
        return ()


async def _write_down(
    connection: AsyncConnection,
    desk: Desk,
    notice: BankNotice,
    code: str,
    application_id: str | None,
) -> int | None:
    values = {
        **notice.model_dump(),
        "received_at": desk.clock.now_ms(),
        "code": code,
        "application_id": application_id,
    }
    return await deposits.add_notice(connection, values)


async def _decided(
    connection: AsyncConnection,
    desk: Desk,
    lot_id: str,
    notice: RowMapping,
    decision: str,
    value: Mapping[str, Any],
) -> RecordDeposit:
    """What was decided of a notice's money; who paid what stays behind a commitment."""
    origin = lot_origin(desk.settings.site, lot_id)
    commitment = await _sealed(connection, desk, origin, notice["application_id"], value)
    return RecordDeposit(lot_id=lot_id, decision=decision, deposit_commitment=commitment)


async def _record_unmatched(
    connection: AsyncConnection, desk: Desk, notice: BankNotice, notice_id: int
) -> None:
    """Money for an account that nobody was given belongs to no lot, and is not lost for that."""
    value = {**notice.model_dump(), "notice_id": notice_id}
    origin = house_origin(desk.settings.site)
    commitment = await _sealed(connection, desk, origin, UNMATCHED, value)
    await record_action(connection, desk, "UNMATCHED_DEPOSIT", f"deposit/{commitment}", BANK)


async def _sealed(
    connection: AsyncConnection, desk: Desk, origin: str, subject: str, value: Mapping[str, Any]
) -> str:
    """A fresh commitment; its opening lies in the vault."""
    salt = commitments.new_salt()
    commitment = commitments.commit(Kind.DEPOSIT, origin, salt, value)
    kind, now = Kind.DEPOSIT.value, desk.clock.now_ms()
    await vault.add_opening(connection, Opening(commitment, kind, subject, salt, value, now))
    return commitment


def _line(row: RowMapping, kind: str, at: int) -> NewLine:
    return NewLine(
        application_id=row["application_id"],
        notice_id=row["notice_id"],
        kind=kind,
        currency=row["currency"],
        amount_fen=row["amount_fen"],
        at=at,
    )


def _answer(notice: BankNotice, code: str, *, duplicate: bool) -> BankAnswer:
    return BankAnswer(bank_serial=notice.bank_serial, code=code, duplicate=duplicate)
