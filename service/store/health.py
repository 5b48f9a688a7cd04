"""The health series: one durable write a second that proves the bid path open (rules §7).

The series is the site's: a bidder could be served by any process, so the proof of any one counts.
"""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.log_tables import health


@dataclass(frozen=True, slots=True)
class Proof:
    """What a process says of itself when it writes.

    at: ms of database time. offset_us, uncertainty_us: of its clock. lag_us: how late its event
    loop ran.
    """

    at: int
    process: str
    offset_us: int
    uncertainty_us: int
    lag_us: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody proved the path between these two instants (ms)."""

    gap_from: int
    gap_to: int


async def prove(connection: AsyncConnection, proof: Proof) -> None:
    """One line of the series; it counts when the caller commits."""
    values = {name: getattr(proof, name) for name in Proof.__slots__}
    await connection.execute(insert(health).values(**values).on_conflict_do_nothing())


async def proved_to(
    connection: AsyncConnection, since_ms: int, gap_ms: int
) -> tuple[int, Gap | None]:
    """How far the path is proved from `since_ms` on without a gap longer than `gap_ms`.

    With a gap, the first one, which begins where the proof ends. Without, the last proof, or
    `since_ms` itself when there is none: then whoever asks compares with now, because a silence
    that still lasts is no gap between two proofs yet. Hand the answer in as the next `since_ms`:
    only what is newer is read.
    """
    after = (
        select(
            health.c.at,
            func.lag(health.c.at, 1, since_ms).over(order_by=health.c.at).label("before"),
        )
        .where(health.c.at > since_ms)
        .subquery()
    )
    gaps = select(after.c.before, after.c.at).where(after.c.at - after.c.before > gap_ms)
    gap = (await connection.execute(gaps.order_by(after.c.at).limit(1))).one_or_none()
    if gap is not None:
        return gap.before, Gap(gap.before, gap.at)
    latest = select(func.max(health.c.at)).where(health.c.at > since_ms)
    found = (await connection.execute(latest)).scalar_one()
    return (since_ms if found is None else found), None


async def read_proofs(connection: AsyncConnection, from_ms: int, to_ms: int) -> list[Proof]:
    """The series between two instants, both included: evidence for the export."""
    asked = select(health).where(health.c.at.between(from_ms, to_ms))
    found = await connection.execute(asked.order_by(health.c.at, health.c.process))
    return [Proof(**row) for row in found.mappings()]
