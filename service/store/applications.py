"""Applications to take part in a sale, their keys and their sub-accounts."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping, Select, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.log_tables import logs, lot_log
from service.store.office_tables import (
    application_keys,
    applications,
    bidder_keys,
    sub_accounts,
)

_APPLICATION: Select[Any] = select(
    applications,
    sub_accounts.c.account,
    select(func.array_agg(application_keys.c.key_id))
    .where(application_keys.c.application_id == applications.c.application_id)
    .scalar_subquery()
    .label("key_ids"),
).outerjoin(sub_accounts, sub_accounts.c.application_id == applications.c.application_id)


async def add_application(connection: AsyncConnection, values: Mapping[str, Any]) -> bool:
    """False when this bidder has applied for this lot before."""
    adding = insert(applications).values(**values)
    done = adding.on_conflict_do_nothing(constraint="uq_applications_bidder")
    returned = await connection.execute(done.returning(applications.c.application_id))
    return returned.one_or_none() is not None


async def read_application(
    connection: AsyncConnection, application_id: str, *, lock: bool = False
) -> RowMapping | None:
    """The application with `account` (its sub-account) and `key_ids`."""
    asked = _APPLICATION.where(applications.c.application_id == application_id)
    return await _one(connection, asked, lock)


async def read_by_bidder(
    connection: AsyncConnection, lot_id: str, account_id: str, *, lock: bool = False
) -> RowMapping | None:
    asked = _APPLICATION.where(
        applications.c.lot_id == lot_id, applications.c.account_id == account_id
    )
    return await _one(connection, asked, lock)


async def read_by_sub_account(
    connection: AsyncConnection, account: str, *, lock: bool = False
) -> RowMapping | None:
    return await _one(connection, _APPLICATION.where(sub_accounts.c.account == account), lock)


async def list_of_bidder(
    connection: AsyncConnection, account_id: str, *, after: tuple[int, str] | None, limit: int
) -> list[RowMapping]:
    """The bidder's own applications, newest first."""
    asked = _APPLICATION.where(applications.c.account_id == account_id)
    return await _page(connection, asked, after, limit)


async def list_for_office(
    connection: AsyncConnection,
    *,
    lot_id: str | None,
    state: str | None,
    after: tuple[int, str] | None,
    limit: int,
) -> list[RowMapping]:
    """What a reviewer must handle: waiting ones; decided ones only once their sale is over, and
    until their term is: then nobody is behind a loser's."""
    over = select(logs.c.log).where(logs.c.stage.in_(("SOLD", "FAILED")))
    asked = _APPLICATION.where(
        (applications.c.state == "SUBMITTED") | func.concat("lot/", applications.c.lot_id).in_(over)
    )
    asked = asked.where(applications.c.account_id.is_not(None))
    if lot_id is not None:
        asked = asked.where(applications.c.lot_id == lot_id)
    if state is not None:
        asked = asked.where(applications.c.state == state)
    return await _page(connection, asked, after, limit)


async def list_of_lot(connection: AsyncConnection, lot_id: str) -> list[RowMapping]:
    asked = _APPLICATION.where(applications.c.lot_id == lot_id)
    rows = await connection.execute(asked.order_by(applications.c.application_id))
    return list(rows.mappings())


async def change_application(
    connection: AsyncConnection, application_id: str, values: Mapping[str, Any]
) -> None:
    changing = update(applications).where(applications.c.application_id == application_id)
    await connection.execute(changing.values(**values))


async def add_sub_account(
    connection: AsyncConnection, account: str, application_id: str, at: int
) -> bool:
    """False when the number was given before: draw another."""
    adding = insert(sub_accounts).values(
        account=account, application_id=application_id, opened_at=at
    )
    done = adding.on_conflict_do_nothing(index_elements=["account"])
    return (await connection.execute(done.returning(sub_accounts.c.account))).first() is not None


async def add_key(connection: AsyncConnection, application_id: str, key_id: str) -> bool:
    """False when the key serves another application: one key, one lot. Twice is as once."""
    adding = insert(application_keys).values(application_id=application_id, key_id=key_id)
    await connection.execute(adding.on_conflict_do_nothing())
    asked = select(application_keys.c.application_id).where(application_keys.c.key_id == key_id)
    serves: str = (await connection.execute(asked)).scalar_one()
    return serves == application_id


async def keys_of(connection: AsyncConnection, application_id: str) -> list[RowMapping]:
    """key_id, public_key, admission_seq of the application's keys, in the order of the ids."""
    asked = (
        select(
            application_keys.c.key_id, bidder_keys.c.public_key, application_keys.c.admission_seq
        )
        .join(bidder_keys, bidder_keys.c.key_id == application_keys.c.key_id)
        .where(application_keys.c.application_id == application_id)
        .order_by(application_keys.c.key_id)
    )
    return list((await connection.execute(asked)).mappings())


async def admit_key(
    connection: AsyncConnection, application_id: str, key_id: str, admission_seq: int
) -> None:
    changing = update(application_keys).where(
        application_keys.c.application_id == application_id, application_keys.c.key_id == key_id
    )
    await connection.execute(changing.values(admission_seq=admission_seq))


async def numbers_of(connection: AsyncConnection, lot_id: str) -> set[str]:
    """The bidder numbers of a lot."""
    asked = select(applications.c.bidder_no).where(
        applications.c.lot_id == lot_id, applications.c.bidder_no.is_not(None)
    )
    return set((await connection.execute(asked)).scalars())


async def hold_stage(connection: AsyncConnection, lot_id: str) -> str | None:
    """The lot's stage, which cannot change until the transaction ends; None for no such lot.

    Without this an admission could slip in between the closing's question whether anyone was
    admitted and its answer, and the roll would contradict the log.
    """
    asked = select(logs.c.stage).where(logs.c.log == lot_log(lot_id)).with_for_update(read=True)
    stage: str | None = (await connection.execute(asked)).scalar_one_or_none()
    return stage


async def _one(connection: AsyncConnection, asked: Select[Any], lock: bool) -> RowMapping | None:
    if lock:
        asked = asked.with_for_update(of=applications)
    found: RowMapping | None = (await connection.execute(asked)).mappings().one_or_none()
    return found


async def _page(
    connection: AsyncConnection, asked: Select[Any], after: tuple[int, str] | None, limit: int
) -> list[RowMapping]:
    place = tuple_(applications.c.submitted_at, applications.c.application_id)
    if after is not None:
        asked = asked.where(place < after)
    ordered = asked.order_by(
        applications.c.submitted_at.desc(), applications.c.application_id.desc()
    )
    return list((await connection.execute(ordered.limit(limit))).mappings())
