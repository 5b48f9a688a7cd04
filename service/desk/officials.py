"""Officials in the logs: role-scoped pseudonyms, and a record of every look at sealed data."""

from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.log import RecordAction, RecordLook
from service.desk.ports import Desk
from service.store import house, results
from service.store.accounts import Account

HOUR_MS = 3_600_000

OPERATOR = "operator-00000000"
"""Whoever holds the machine: accounts and packs that the command line makes bear this name."""
BANK = "bank-00000000"
"""The bank's signed notices, where no lot is known that they belong to."""


def about_lot(lot_id: str, *part: str) -> str:
    """The subject of an entry about a lot, or about one thing of it; packs find it by its lot."""
    return "/".join(("lot", lot_id, *part))


def house_marks(lot_id: str) -> tuple[str, ...]:
    """What stands in the canonical bytes of every house entry about this lot, and in no other."""
    subject = about_lot(lot_id)
    return f'"lot_id":"{lot_id}"', f'"subject":"{subject}"', f'"subject":"{subject}/'


def pseudonym(site: str, role: str, account_id: str) -> str:
    """`publisher-1a2b3c4d`: the same person in the same role, and in no other, is the same name.

    The account id is 16 random bytes, so that nobody finds the person by trying.
    """
    digest = sha256(f"luochui/official/v1\n{site}\n{role}\n{account_id}".encode()).hexdigest()
    return f"{role}-{digest[:8]}"


def acting_as(account: Account, *roles: str) -> str:
    """The first of `roles` that the account has; the door has checked that there is one."""
    return next(role for role in roles if role in account.roles)


def in_log(desk: Desk, account: Account, *roles: str) -> str:
    """The pseudonym of an official who acts in the first of `roles` that is his."""
    return pseudonym(desk.settings.site, acting_as(account, *roles), account.account_id)


async def record_action(
    connection: AsyncConnection,
    desk: Desk,
    action: str,
    subject: str,
    requester: str,
    approver: str | None = None,
) -> int:
    """An official's action outside a lot's log; call it last, it locks the house log."""
    entry = RecordAction(action=action, subject=subject, requester=requester, approver=approver)
    return await house.record(connection, desk.clock, desk.settings.site, entry)


async def record_look(
    connection: AsyncConnection,
    desk: Desk,
    official: str,
    subject: str,
    field: str,
    reason: str,
    *,
    every: bool = False,
) -> None:
    """Every look at sealed data is recorded for the regulator, once for each hour of looking.

    every: one that takes something away, or has a reason of its own, is recorded each time.
    """
    hour = desk.clock.now_ms() // HOUR_MS
    if await results.first_look(connection, official, subject, field, hour) or every:
        entry = RecordLook(subject=subject, field=field, reason=reason, requester=official)
        await house.record(connection, desk.clock, desk.settings.site, entry)
