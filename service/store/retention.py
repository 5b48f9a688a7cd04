"""Whose term is over, and the vault's one function that destroys what tells of losers."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.vault import as_vault


@dataclass(frozen=True, slots=True)
class Destroyed:
    """What is gone of one lot. applications: that point to nobody now. openings: salts and values.
    keys: that told whose a number on the roll was. notices, refunds: whose payer is blank.
    sessions: whose address is. people: identities and accounts of those who had nothing else.
    """

    lot_id: str
    applications: int
    openings: int
    keys: int
    notices: int
    refunds: int
    sessions: int
    people: int


async def due_lots(connection: AsyncConnection, years: int) -> list[str]:
    """Lots sealed at least so long ago, by the database's own clock, that still name a loser."""
    found = await connection.execute(_DUE, {"years": years})
    return list(found.scalars())


async def destroy_losers(connection: AsyncConnection, lot_id: str, years: int) -> Destroyed:
    """Destroys it when the caller commits; the database itself looks at seal and term, and raises
    a restrict_violation (23001) whose text is the reason why it does not."""
    asked = {"lot_id": lot_id, "years": years}
    async with as_vault(connection):
        row = (await connection.execute(_DESTROY, asked)).mappings().one()
    return Destroyed(lot_id=lot_id, **row)


_DESTROY = text("SELECT * FROM vault.destroy_losers(:lot_id, :years)")
_DUE = text("""
    SELECT r.lot_id
    FROM results AS r
    JOIN logs AS l ON l.log = 'lot/' || r.lot_id
    JOIN log_entries AS e ON e.log = 'house' AND e.seq = r.sealed_seq
    WHERE to_timestamp((convert_from(e.bytes, 'UTF8')::jsonb ->> 'at')::bigint / 1000.0)
          + make_interval(years => :years) <= clock_timestamp()
      AND EXISTS (
        SELECT 1 FROM applications AS a
        WHERE a.lot_id = r.lot_id AND a.account_id IS NOT NULL
          AND NOT (l.stage = 'SOLD' AND r.winner_application IS NOT DISTINCT FROM a.application_id)
      )
    ORDER BY r.lot_id
""")
