"""Deposits: every bank notice becomes one line and one named case; none is ever dropped.

The legal instant of a credit is the bank's time, not the notice's arrival, and a credit at exactly
the deadline is in time. A notice is told as often as the bank likes and counted once.
"""

from dataclasses import dataclass
from unicodedata import normalize

import structlog
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.log import RecordDeposit
from schemas.problem import ProblemCode
from schemas.rest import BankAnswer, BankNotice, RefundResult
from service.audit import commitments
from service.audit.commitments import Kind
from service.audit.notes import lot_origin
from service.desk.admission import NO_LONGER, admit, published
from service.desk.catalogue import rules_of
from service.desk.ids import new_rising_id
from service.desk.officials import in_log, record_action
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
        duplicate = notice_id is None
        return Taken(_answer(notice, UNKNOWN_ACCOUNT, duplicate=duplicate))
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
    await record_action(connection, desk, f"REFUND_{result.state}", f"refund/{refund_id}", by)


async def order_refund(
    connection: AsyncConnection, desk: Desk, notice: RowMapping, lot: ListedLot
) -> None:
    """Sends one notice's money back to the account it came from, once. Raises HolidaysUnknown."""
    rules, now = rules_of(lot), desk.clock.now_ms()
    due = await due_at(connection, now, rules.refund_days, rules.day_ms)
    ordered = await deposits.add_refund(
        connection,
        {
            "refund_id": new_rising_id(now),
            "application_id": notice["application_id"],
            "notice_id": notice["notice_id"],
            "to_account": notice["payer_account"],
            "to_name": notice["payer_name"],
            "currency": notice["currency"],
            "amount_fen": notice["amount_fen"],
            "state": "ORDERED",
            "ordered_at": now,
            "due_at": due,
        },
    )
    if ordered:
        await deposits.add_line(connection, _line(notice, "REFUND_ORDERED", now))


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
    admits = False
    if code in deposits.CREDITED:
        await deposits.add_line(connection, _line(written, "CREDIT", desk.clock.now_ms()))
        balance = await deposits.credited(connection, row["application_id"])
        enough = balance[notice.currency] >= lot.listing["deposit"][notice.currency]
        admits = enough and row["state"] == "ACCEPTED"
    elif code in deposits.RETURNED:
        await _return_if_known(connection, desk, written, lot)
    await _record_decision(connection, desk, notice, row, code, notice_id)
    if admits:
        await admit(connection, desk, row)
    return admits


async def _return_if_known(
    connection: AsyncConnection, desk: Desk, written: RowMapping, lot: ListedLot
) -> None:
    """An unknown calendar must not lose the notice: `settlement.tidy` orders the refund later."""
    try:
        await order_refund(connection, desk, written, lot)
    except HolidaysUnknown:
        return


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


async def _record_decision(
    connection: AsyncConnection,
    desk: Desk,
    notice: BankNotice,
    row: RowMapping,
    code: str,
    notice_id: int,
) -> None:
    """Who paid what stays behind a commitment; that a decision was made does not."""
    salt = commitments.new_salt()
    value = {**notice.model_dump(), "notice_id": notice_id}
    origin = lot_origin(desk.settings.site, row["lot_id"])
    commitment = commitments.commit(Kind.DEPOSIT, origin, salt, value)
    await vault.add_opening(
        connection,
        Opening(
            commitment,
            Kind.DEPOSIT.value,
            row["application_id"],
            salt,
            value,
            desk.clock.now_ms(),
        ),
    )
    entry = RecordDeposit(lot_id=row["lot_id"], decision=code, deposit_commitment=commitment)
    await house.record(connection, desk.clock, desk.settings.site, entry)


def _line(row: RowMapping, kind: str, at: int) -> NewLine:
    return NewLine(
        application_id=row["application_id"],
        notice_id=row["notice_id"],
        kind=kind,
        currency=row["currency"],
        amount_fen=row["amount_fen"],
        at=at,
    )


def earnest_line(notice: RowMapping, at: int) -> NewLine:
    """The winner's credited money becomes earnest money, later part of the price."""
    return _line(notice, "EARNEST_MONEY", at)


def _answer(notice: BankNotice, code: str, *, duplicate: bool) -> BankAnswer:
    return BankAnswer(bank_serial=notice.bank_serial, code=code, duplicate=duplicate)
