"""Sealed facts that the rules ask for while a sale runs: asked at the needed moment, by the room.

No door leads here: before the end nobody, officials included, learns how many bidders there are.
"""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from service.audit import commitments
from service.audit.commitments import Kind
from service.audit.envelopes import EnvelopeBroken, Opened
from service.audit.notes import lot_origin
from service.clock import Clock
from service.desk.reserves import open_reserve
from service.rules import messages as m
from service.store import vault
from service.store.roll import AdmittedBidder, count_admitted, load_roll


@dataclass(frozen=True, slots=True)
class DeskFacts:
    """Answers from the office tables and the vault."""

    engine: AsyncEngine
    clock: Clock
    site: str

    async def head_count(self, lot_id: str, min_bidders: int) -> tuple[bool, str]:
        """Whether enough bidders stand admitted, and a fresh commitment to how many.

        The opening is kept in the vault before anyone hears the commitment; two processes that
        ask at once make two, and the roll opens the one that entered the log.
        """
        async with self.engine.begin() as connection:
            count = await count_admitted(connection, lot_id)
            salt, value = commitments.new_salt(), commitments.head_count_value(count)
            commitment = commitments.commit(
                Kind.HEAD_COUNT, lot_origin(self.site, lot_id), salt, value
            )
            opening = vault.Opening(
                commitment, Kind.HEAD_COUNT.value, lot_id, salt, value, self.clock.now_ms()
            )
            await vault.add_opening(connection, opening)
        return count >= min_bidders, commitment

    async def reserve(self, lot_id: str) -> m.OpenReserve | None:
        """The sealed reserve, to be opened by the log itself.

        None while a half of its key is missing, and for an envelope that does not open: both are
        said to the officials where they look, and wait for them.
        """
        async with self.engine.begin() as connection:
            plain = await vault.read_reserve(connection, lot_id)
            found: vault.SealedReserve | Opened | None = plain
            if plain is None:
                try:
                    found = await open_reserve(connection, self.site, lot_id)
                except EnvelopeBroken:
                    return None
        if found is None:
            return None
        return m.OpenReserve(
            has_reserve=found.has_reserve, amount_fen=found.amount_fen, salt=found.salt
        )

    async def any_admitted(self, lot_id: str) -> bool:
        async with self.engine.connect() as connection:
            return await count_admitted(connection, lot_id) > 0

    async def roll(self, lot_id: str) -> tuple[AdmittedBidder, ...]:
        async with self.engine.connect() as connection:
            return await load_roll(connection, lot_id)
