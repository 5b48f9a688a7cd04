"""The vault: who bidders are, sealed reserves, and what opens a commitment.

It belongs to another database role. The service takes that role only here, inside a transaction,
and gives it back at once, so that a query elsewhere cannot reach a name by mistake.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, and_, delete, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.audit.envelopes import Envelope
from service.store.log_tables import logs
from service.store.office_tables import (
    identities,
    openings,
    reserve_halves,
    reserves,
    sealed_reserves,
)


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
class KeptEnvelope:
    """holders: the accounts that hold the first half and the second; pseudonyms: their names in
    the logs. sealed_at: ms."""

    lot_id: str
    envelope: Envelope
    holders: tuple[str, str]
    pseudonyms: tuple[str, str]
    sealed_at: int


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


# ── reserves ────────────────────────────────────────────────────────────────────────────────


async def keep_reserve(connection: AsyncConnection, lot_id: str, reserve: SealedReserve) -> None:
    """What opens the commitment of a lot whose RuleSet has no reserve."""
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


async def keep_envelope(connection: AsyncConnection, kept: KeptEnvelope) -> None:
    """Seals the reserve of a draft, in place of an earlier one."""
    values = {
        "commitment": kept.envelope.commitment,
        "nonce": kept.envelope.nonce,
        "ciphertext": kept.envelope.ciphertext,
        "half_hashes": list(kept.envelope.half_hashes),
        "holders": list(kept.holders),
        "pseudonyms": list(kept.pseudonyms),
        "sealed_at": kept.sealed_at,
    }
    keeping = insert(sealed_reserves).values(lot_id=kept.lot_id, **values)
    async with as_vault(connection):
        await connection.execute(
            keeping.on_conflict_do_update(index_elements=["lot_id"], set_=values)
        )


async def read_envelope(
    connection: AsyncConnection, lot_id: str, *, lock: bool = False
) -> KeptEnvelope | None:
    """The lot's envelope; with `lock` no half of it comes in meanwhile."""
    asked = select(sealed_reserves).where(sealed_reserves.c.lot_id == lot_id)
    async with as_vault(connection):
        found = await connection.execute(asked.with_for_update() if lock else asked)
        row = found.mappings().one_or_none()
    return None if row is None else _kept(row)


async def read_envelopes(
    connection: AsyncConnection, lot_ids: tuple[str, ...]
) -> dict[str, KeptEnvelope]:
    """lot_id → its envelope, of those that have one."""
    asked = select(sealed_reserves).where(sealed_reserves.c.lot_id.in_(lot_ids))
    async with as_vault(connection):
        rows = (await connection.execute(asked)).mappings().all()
    return {row["lot_id"]: _kept(row) for row in rows}


def _kept(row: RowMapping) -> KeptEnvelope:
    first, second = row["half_hashes"]
    envelope = Envelope(row["commitment"], row["nonce"], row["ciphertext"], (first, second))
    holders, names = row["holders"], row["pseudonyms"]
    return KeptEnvelope(
        row["lot_id"], envelope, (holders[0], holders[1]), (names[0], names[1]), row["sealed_at"]
    )


async def add_half(
    connection: AsyncConnection, lot_id: str, place: int, half: str, at: int
) -> bool:
    """False when this half is in already. place: 1 or 2."""
    adding = insert(reserve_halves).values(lot_id=lot_id, place=place, half=half, given_at=at)
    done = adding.on_conflict_do_nothing().returning(reserve_halves.c.place)
    async with as_vault(connection):
        return (await connection.execute(done)).one_or_none() is not None


async def read_halves(
    connection: AsyncConnection, lot_ids: tuple[str, ...]
) -> dict[str, dict[int, str]]:
    """lot_id → place → half, of those that are in."""
    asked = select(reserve_halves).where(reserve_halves.c.lot_id.in_(lot_ids))
    async with as_vault(connection):
        rows = (await connection.execute(asked)).mappings().all()
    found: dict[str, dict[int, str]] = {}
    for row in rows:
        found.setdefault(row["lot_id"], {})[row["place"]] = row["half"]
    return found


async def forget_halves(connection: AsyncConnection) -> list[str]:
    """Destroys the halves of every lot that is stopped or takes bids again; which lots had some."""
    stopped = and_(logs.c.control == "SUSPENDED", logs.c.state["reserve_met"].as_string().is_(None))
    bidding = logs.c.stage.not_in(("CLOSING", "SOLD", "FAILED"))
    astray = select(func.substr(logs.c.log, len("lot/") + 1)).where(
        logs.c.log.like("lot/%"), or_(stopped, bidding)
    )
    asked = select(reserve_halves.c.lot_id).distinct()
    async with as_vault(connection):
        kept = (await connection.execute(asked)).scalars().all()
    if not kept:
        return []
    lots = (await connection.execute(astray)).scalars().all()
    gone = sorted(set(kept) & set(lots))
    async with as_vault(connection):
        await connection.execute(delete(reserve_halves).where(reserve_halves.c.lot_id.in_(gone)))
    return gone


# ── openings ────────────────────────────────────────────────────────────────────────────────


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
