"""After the term: losers' records and salts are destroyed, and the log points to nobody.

The trade record itself, the log, stays for ever and verifies as before; the winner's opening stays
with it.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.log import RecordAction
from schemas.problem import ProblemCode
from service.clock import Clock
from service.desk.officials import OPERATOR, about_lot
from service.desk.refused import Refused
from service.settings import Settings
from service.store import house, retention
from service.store.retention import Destroyed

LEAST_YEARS = 10
"""How long a trade record is kept at least; the database refuses less for every real sale."""
_REFUSED = "23001"


@dataclass(frozen=True, slots=True)
class Kept:
    """A lot whose term is over and whose records stay; why: the database's own reason."""

    lot_id: str
    why: str


async def destroy_losers(
    engine: AsyncEngine, clock: Clock, settings: Settings, years: int, *, dry_run: bool = False
) -> AsyncIterator[Destroyed | Kept]:
    """Lot by lot, each in one transaction with its record in the house log; again finds nothing.

    dry_run: counts what would go and takes it back. Raises Refused for a term below ten years on a
    site that is not for practice.
    """
    check_term(settings, years)
    async with engine.connect() as connection:
        lots = await retention.due_lots(connection, years)
    for lot_id in lots:
        try:
            yield await _destroy(engine, clock, settings.site, lot_id, years, dry_run)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _REFUSED:
                raise
            yield Kept(lot_id, str(error.orig).rpartition(">: ")[2])


def check_term(settings: Settings, years: int) -> None:
    """Raises Refused for a term that no real sale may have."""
    if years < 0 or (years < LEAST_YEARS and not settings.demo):
        sentence = f"Records are kept for {LEAST_YEARS} years at least."
        raise Refused(ProblemCode.NOT_ALLOWED, sentence)


async def _destroy(
    engine: AsyncEngine, clock: Clock, site: str, lot_id: str, years: int, dry_run: bool
) -> Destroyed:
    async with engine.connect() as connection, connection.begin() as transaction:
        destroyed = await retention.destroy_losers(connection, lot_id, years)
        if dry_run:
            await transaction.rollback()
            return destroyed
        entry = RecordAction(action="DESTROY_LOSERS", subject=about_lot(lot_id), requester=OPERATOR)
        await house.record(connection, clock, site, entry)
        return destroyed
