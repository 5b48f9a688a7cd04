"""Bank notices, the immutable deposit lines made from them, and refunds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.log_tables import logs
from service.store.office_tables import (
    applications,
    bank_notices,
    deposit_lines,
    refunds,
)

CREDITED = ("PAID", "SHORT", "AFTER_DEADLINE_IN_TIME")
"""Codes of notices whose money counts."""
RETURNED = ("LATE", "PAYER_MISMATCH", "WRONG_CURRENCY", "AFTER_REFUSAL", "AFTER_END")
"""Codes of notices whose money goes back at once."""


@dataclass(frozen=True, slots=True)
class NewLine:
    application_id: str
    notice_id: int
    kind: str
    currency: str
    amount_fen: int
    at: int


async def find_notice(
    connection: AsyncConnection, account: str, bank_serial: str
) -> RowMapping | None:
    asked = select(bank_notices).where(
        bank_notices.c.account == account, bank_notices.c.bank_serial == bank_serial
    )
    return (await connection.execute(asked)).mappings().one_or_none()


async def add_notice(connection: AsyncConnection, values: Mapping[str, Any]) -> int | None:
    """The notice's id; None when this serial of this account is known already."""
    adding = insert(bank_notices).values(**values)
    done = adding.on_conflict_do_nothing(constraint="uq_bank_notices_serial")
    notice_id: int | None = (
        await connection.execute(done.returning(bank_notices.c.notice_id))
    ).scalar_one_or_none()
    return notice_id


async def add_line(connection: AsyncConnection, line: NewLine) -> None:
    """One movement; the same movement of the same notice cannot be written twice."""
    values = {name: getattr(line, name) for name in NewLine.__slots__}
    await connection.execute(insert(deposit_lines).values(**values))


async def credited(connection: AsyncConnection, application_id: str) -> dict[str, int]:
    """Currency → the sum of what was credited (fen): the balance is a sum of lines."""
    asked = (
        select(deposit_lines.c.currency, func.sum(deposit_lines.c.amount_fen))
        .where(deposit_lines.c.application_id == application_id, deposit_lines.c.kind == "CREDIT")
        .group_by(deposit_lines.c.currency)
    )
    return {currency: int(total) for currency, total in await connection.execute(asked)}


async def notices_of(connection: AsyncConnection, application_id: str) -> list[RowMapping]:
    """The application's notices in the order they came."""
    asked = select(bank_notices).where(bank_notices.c.application_id == application_id)
    ordered = asked.order_by(bank_notices.c.notice_id)
    return list((await connection.execute(ordered)).mappings())


async def list_notices(
    connection: AsyncConnection, *, lot_id: str | None, after: int | None, limit: int
) -> list[RowMapping]:
    """What finance must handle: cases before the end of a sale, everything after it; newest first.

    A notice that simply counted tells how many bidders there are, so it is not shown before.
    """
    over = select(logs.c.log).where(logs.c.stage.in_(("SOLD", "FAILED")))
    asked = (
        select(bank_notices, applications.c.lot_id)
        .outerjoin(applications, applications.c.application_id == bank_notices.c.application_id)
        .where(
            bank_notices.c.code.not_in(CREDITED)
            | func.concat("lot/", applications.c.lot_id).in_(over)
        )
    )
    if lot_id is not None:
        asked = asked.where(applications.c.lot_id == lot_id)
    if after is not None:
        asked = asked.where(bank_notices.c.notice_id < after)
    ordered = asked.order_by(bank_notices.c.notice_id.desc()).limit(limit)
    return list((await connection.execute(ordered)).mappings())


# ── refunds ─────────────────────────────────────────────────────────────────────────────────

_REFUND: Select[Any] = select(refunds, applications.c.lot_id).join(
    applications, applications.c.application_id == refunds.c.application_id
)


async def add_refund(connection: AsyncConnection, values: Mapping[str, Any]) -> bool:
    """False when this notice's money is on its way back already."""
    adding = insert(refunds).values(**values)
    done = adding.on_conflict_do_nothing(index_elements=["notice_id"])
    return (await connection.execute(done.returning(refunds.c.refund_id))).first() is not None


async def read_refund(connection: AsyncConnection, refund_id: str) -> RowMapping | None:
    """The order, locked until the transaction ends."""
    asked = _REFUND.where(refunds.c.refund_id == refund_id).with_for_update(of=refunds)
    found: RowMapping | None = (await connection.execute(asked)).mappings().one_or_none()
    return found


async def change_refund(
    connection: AsyncConnection, refund_id: str, state: str, bank_reference: str
) -> None:
    changing = update(refunds).where(refunds.c.refund_id == refund_id)
    await connection.execute(changing.values(state=state, bank_reference=bank_reference))


async def refunds_of(connection: AsyncConnection, application_id: str) -> list[RowMapping]:
    asked = _REFUND.where(refunds.c.application_id == application_id)
    return list((await connection.execute(asked.order_by(refunds.c.refund_id))).mappings())


async def list_refunds(
    connection: AsyncConnection, *, lot_id: str | None, after: str | None, limit: int
) -> list[RowMapping]:
    """Refund orders in order of id."""
    asked = _REFUND
    if lot_id is not None:
        asked = asked.where(applications.c.lot_id == lot_id)
    if after is not None:
        asked = asked.where(refunds.c.refund_id > after)
    ordered = asked.order_by(refunds.c.refund_id).limit(limit)
    return list((await connection.execute(ordered)).mappings())


async def unreturned(connection: AsyncConnection, limit: int) -> list[RowMapping]:
    """Notices whose money must go back and has no order yet, with the lot they were meant for."""
    asked = (
        select(bank_notices, applications.c.lot_id)
        .join(applications, applications.c.application_id == bank_notices.c.application_id)
        .outerjoin(refunds, refunds.c.notice_id == bank_notices.c.notice_id)
        .where(bank_notices.c.code.in_(RETURNED), refunds.c.refund_id.is_(None))
        .order_by(bank_notices.c.notice_id)
        .limit(limit)
    )
    return list((await connection.execute(asked)).mappings())
