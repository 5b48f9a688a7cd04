"""What bidders and officials see of applications, deposits, refunds and requests."""

import json
from collections.abc import Sequence

from pydantic import TypeAdapter
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.rest import (
    ActionAsked,
    Application,
    DepositLine,
    DepositState,
    OfficeApplication,
    OfficeRequest,
    RefundOrder,
    RefundState,
)
from service.desk.admission import published
from service.desk.catalogue import lot_card
from service.desk.ports import Desk
from service.store import applications, deposits, vault
from service.store.lots import ListedLot
from service.store.vault import Identity

BANK_NAME = "交易资金监管银行"
PAYEE_NAME = "土地交易保证金专户"

CASES = {
    "PENDING": ("尚未收到保证金。", "请在截止时间前(含)从本人账户一次或分次汇入子账号。"),
    "SHORT": ("已到账金额不足。", "请在截止时间前(含)补足差额。"),
    "PAID": ("保证金已按时足额到账。", "无需操作。"),
    "DEADLINE_PASSED": ("截止时间前到账金额不足。", "已到账款项将按原路退回,无需申请。"),
    "LATE": ("款项的银行入账时间晚于截止时间。", "该笔款项将按原路退回,无需申请。"),
    "PAYER_MISMATCH": (
        "付款户名与竞买申请人不一致。",
        "该笔款项将按原路退回;请用本人账户重新汇款。",
    ),
    "WRONG_CURRENCY": ("币种不符合公告要求。", "该笔款项将按原路退回;请按公告币种重新汇款。"),
    "REVERSAL": ("银行发来冲正或负数通知,未入账。", "请联系财务核对。"),
    "AFTER_REFUSAL": ("竞买申请未通过。", "款项将按原路退回,无需申请。"),
    "REVOKED": (
        "竞买资格已被撤销。",
        "撤销原因见申请;已到账款项在竞价结束后处理,按规定退回的原路退回。",
    ),
    "AFTER_END": ("竞价结束后才收到银行通知。", "款项将按原路退回,无需申请。"),
}
"""code → (cause, cure). Real notices were refused without a word, and refunds asked for by post."""

_ACTION: TypeAdapter[ActionAsked] = TypeAdapter(ActionAsked)
_PROGRESS = ("FAILED", "ORDERED", "SENT", "PAID")


# ── the bidder's own ────────────────────────────────────────────────────────────────────────


async def application_view(connection: AsyncConnection, desk: Desk, row: RowMapping) -> Application:
    """The bidder's application with the state of his money, each case with cause and cure."""
    lot = await published(connection, row["lot_id"])
    returned = await deposits.refunds_of(connection, row["application_id"])
    return Application(
        application_id=row["application_id"],
        lot=lot_card(lot),
        state=row["state"],
        reason=row["reason"],
        submitted_at=row["submitted_at"],
        decided_at=row["decided_at"],
        deposit=await _deposit(connection, desk, row, lot) if row["account"] else None,
        bidder_no=row["bidder_no"],
        key_ids=tuple(sorted(row["key_ids"] or ())),
        refund=_refund_state(returned),
    )


async def _deposit(
    connection: AsyncConnection, desk: Desk, row: RowMapping, lot: ListedLot
) -> DepositState:
    who = await vault.read_identity(connection, row["account_id"])
    notices = await deposits.notices_of(connection, row["application_id"])
    balance = await deposits.credited(connection, row["application_id"])
    required: dict[str, int] = lot.listing["deposit"]
    currency = max(required, key=lambda name: (balance.get(name, 0), name == "CNY"))
    deadline = lot.listing["timetable"]["deposit_deadline"]
    code = _state_code(row, notices, balance.get(currency, 0), desk.clock.now_ms() > deadline)
    cause, cure = CASES[code]
    return DepositState(
        sub_account=row["account"],
        bank_name=BANK_NAME,
        payee_name=PAYEE_NAME,
        payer_name="" if who is None else who.display_name,
        currency=currency,
        required_fen=required[currency],
        paid_fen=balance.get(currency, 0),
        deadline=deadline,
        code=code,
        cause=cause,
        cure=cure,
        # Only the bidder's own notices: another's would tell him that there is another.
        last_bank_contact_at=max((n["received_at"] for n in notices), default=None),
    )


def _state_code(
    row: RowMapping, notices: Sequence[RowMapping], paid_fen: int, is_past: bool
) -> str:
    """The case that stands between the bidder and his admission."""
    if row["state"] in ("ADMITTED", "REVOKED"):
        return "PAID" if row["state"] == "ADMITTED" else "REVOKED"
    last = notices[-1]["code"] if notices else None
    if last is not None and last not in deposits.CREDITED:
        return str(last)
    if is_past:
        return "DEADLINE_PASSED"
    return "SHORT" if paid_fen else "PENDING"


def _refund_state(returned: Sequence[RowMapping]) -> RefundState | None:
    """All refunds of an application as one: it is paid when each of them is."""
    if not returned:
        return None
    least = min(returned, key=lambda row: _PROGRESS.index(row["state"]))
    same = [row for row in returned if row["currency"] == least["currency"]]
    return RefundState(
        amount_fen=sum(row["amount_fen"] for row in same),
        currency=least["currency"],
        state=least["state"],
        ordered_at=min(row["ordered_at"] for row in same),
        bank_reference=least["bank_reference"],
    )


# ── the office's ────────────────────────────────────────────────────────────────────────────


async def office_applications(
    connection: AsyncConnection, rows: Sequence[RowMapping]
) -> tuple[OfficeApplication, ...]:
    """Applicants as a reviewer may see them: never their bidder numbers."""
    ids = tuple({row["account_id"] for row in rows})
    known = await vault.read_identities(connection, ids) if ids else {}
    titles = {
        lot_id: (await published(connection, lot_id)).listing["parcel"]["title"]
        for lot_id in {row["lot_id"] for row in rows}
    }
    return tuple(
        _office_application(row, known[row["account_id"]], titles[row["lot_id"]]) for row in rows
    )


def _office_application(row: RowMapping, who: Identity, title: str) -> OfficeApplication:
    # ADMITTED would tell that the deposit came; the reviewer's part ended with ACCEPTED.
    state = "ACCEPTED" if row["state"] == "ADMITTED" else row["state"]
    return OfficeApplication.model_validate(
        {
            "application_id": row["application_id"],
            "lot_id": row["lot_id"],
            "title": title,
            "applicant": who.display_name,
            "kind": who.kind,
            "id_number": who.id_number,
            "state": state,
            "reason": row["reason"],
            "submitted_at": row["submitted_at"],
        }
    )


def deposit_line(row: RowMapping) -> DepositLine:
    names = DepositLine.model_fields
    return DepositLine(**{name: row[name] for name in names})


def refund_order(row: RowMapping) -> RefundOrder:
    return RefundOrder(**{name: row[name] for name in RefundOrder.model_fields})


def office_request(row: RowMapping) -> OfficeRequest:
    return OfficeRequest(
        request_id=row["request_id"],
        lot_id=row["lot_id"],
        action=_ACTION.validate_json(json.dumps(row["action"])),
        state=row["state"],
        requested_by=row["requester"],
        requested_at=row["requested_at"],
        approved_by=row["approver"],
        outcome=row["outcome"],
    )


async def own_application(
    connection: AsyncConnection, account_id: str, application_id: str
) -> RowMapping | None:
    """The application if it is this bidder's own; another's is as if it were not there."""
    row = await applications.read_application(connection, application_id)
    return row if row is not None and row["account_id"] == account_id else None
