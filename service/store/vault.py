"""The vault: who bidders are, sealed reserves, and what opens a commitment.

It belongs to another database role. The service takes that role only here, inside a transaction,
and gives it back at once, so that a query elsewhere cannot reach a name by mistake.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.office_tables import identities, openings, reserves


@dataclass(frozen=True, slots=True)
class Identity:
    """kind: COMPANY or PERSON. id_number: 统一社会信用代码 or identity card number."""

    account_id: str
    display_name: str
    kind: str
    id_number: str


@dataclass(frozen=True, slots=True)
class SealedReserve:
    has_reserve: bool
    amount_fen: int
    salt: str


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens `commitment`; kind as `service.audit.commitments.Kind` names it."""

    commitment: str
    kind: str
    subject: str
    salt: str
    value: Mapping[str, Any]
    at: int


@asynccontextmanager
async def as_vault(connection: AsyncConnection) -> AsyncIterator[None]:
    """Runs the body as the vault's role. Needs a transaction, which also ends the role."""
    await connection.execute(text("SET LOCAL ROLE luochui_vault"))
    yield
    await connection.execute(text("SET LOCAL ROLE NONE"))


async def add_identity(connection: AsyncConnection, identity: Identity) -> bool:
    """False when this person or company is known under another account."""
    adding = insert(identities).values(
        account_id=identity.account_id,
        display_name=identity.display_name,
        kind=identity.kind,
        id_number=identity.id_number,
    )
    done = adding.on_conflict_do_nothing().returning(identities.c.account_id)
    async with as_vault(connection):
        return (await connection.execute(done)).one_or_none() is not None


async def read_identity(connection: AsyncConnection, account_id: str) -> Identity | None:
    return (await read_identities(connection, (account_id,))).get(account_id)


async def read_identities(
    connection: AsyncConnection, account_ids: tuple[str, ...]
) -> dict[str, Identity]:
    """account_id → identity, of those that have one."""
    asked = select(identities).where(identities.c.account_id.in_(account_ids))
    async with as_vault(connection):
        rows = (await connection.execute(asked)).mappings().all()
    return {row["account_id"]: Identity(**row) for row in rows}


async def keep_reserve(connection: AsyncConnection, lot_id: str, reserve: SealedReserve) -> None:
    """Seals the reserve of a draft, in place of an earlier one."""
    values = {
        "has_reserve": reserve.has_reserve,
        "amount_fen": reserve.amount_fen,
        "salt": reserve.salt,
    }
    keeping = insert(reserves).values(lot_id=lot_id, **values)
    async with as_vault(connection):
        await connection.execute(
            keeping.on_conflict_do_update(index_elements=["lot_id"], set_=values)
        )


async def read_reserve(connection: AsyncConnection, lot_id: str) -> SealedReserve | None:
    asked = select(reserves.c.has_reserve, reserves.c.amount_fen, reserves.c.salt).where(
        reserves.c.lot_id == lot_id
    )
    async with as_vault(connection):
        row = (await connection.execute(asked)).mappings().one_or_none()
    return None if row is None else SealedReserve(**row)


async def add_opening(connection: AsyncConnection, opening: Opening) -> None:
    """Keeps what opens a commitment; append-only."""
    adding = insert(openings).values(
        commitment=opening.commitment,
        kind=opening.kind,
        subject=opening.subject,
        salt=opening.salt,
        value=dict(opening.value),
        at=opening.at,
    )
    async with as_vault(connection):
        await connection.execute(adding)


async def openings_of(connection: AsyncConnection, kind: str, subject: str) -> list[Opening]:
    """Every opening of this kind kept for a subject, in the order they were made."""
    asked = select(openings).where(openings.c.kind == kind, openings.c.subject == subject)
    async with as_vault(connection):
        rows = (await connection.execute(asked.order_by(openings.c.at))).mappings().all()
    return [Opening(**row) for row in rows]


async def openings_for(
    connection: AsyncConnection, kind: str, commitments: tuple[str, ...]
) -> dict[str, Opening]:
    """commitment → what opens it, of those that are kept still."""
    asked = select(openings).where(openings.c.kind == kind, openings.c.commitment.in_(commitments))
    async with as_vault(connection):
        rows = (await connection.execute(asked)).mappings().all()
    return {row["commitment"]: Opening(**row) for row in rows}
