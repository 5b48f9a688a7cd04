"""Who may bid on a lot: its admitted bidders and their keys."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.office_tables import application_keys, applications, bidder_keys


@dataclass(frozen=True, slots=True)
class AdmittedKey:
    """public_key_hex: SPKI DER. admission_seq: house-log entry that recorded this key."""

    public_key_hex: str
    admission_seq: int


@dataclass(frozen=True, slots=True)
class AdmittedBidder:
    """active: False once the admission lapsed or was revoked. keys: key_id → key."""

    account_id: str
    bidder_no: str
    active: bool
    keys: Mapping[str, AdmittedKey]
    identity_commitment: str


async def load_roll(connection: AsyncConnection, lot_id: str) -> tuple[AdmittedBidder, ...]:
    """Every bidder who was given a number for this lot, by number; keys by admission."""
    a, k, b = applications.c, application_keys.c, bidder_keys.c
    asked = (
        select(
            a.account_id,
            a.bidder_no,
            a.state,
            a.identity_commitment,
            k.key_id,
            k.admission_seq,
            b.public_key,
        )
        .join(application_keys, k.application_id == a.application_id)
        .join(bidder_keys, b.key_id == k.key_id)
        .where(a.lot_id == lot_id, a.bidder_no.is_not(None), k.admission_seq.is_not(None))
        .order_by(a.bidder_no, k.admission_seq)
    )
    keys: dict[str, dict[str, AdmittedKey]] = {}
    found: dict[str, AdmittedBidder] = {}
    for row in await connection.execute(asked):
        of_bidder = keys.setdefault(row.bidder_no, {})
        of_bidder[row.key_id] = AdmittedKey(row.public_key, row.admission_seq)
        found[row.bidder_no] = AdmittedBidder(
            account_id=row.account_id,
            bidder_no=row.bidder_no,
            active=row.state == "ADMITTED",
            keys=of_bidder,
            identity_commitment=row.identity_commitment,
        )
    return tuple(found.values())


async def count_admitted(connection: AsyncConnection, lot_id: str) -> int:
    """How many stand admitted. Sealed until the end: only the rules' own questions may ask."""
    asked = select(func.count()).where(
        applications.c.lot_id == lot_id, applications.c.state == "ADMITTED"
    )
    return int((await connection.execute(asked)).scalar_one())
