"""The health series: one durable write a second that proves the bid path open (rules §7).

The series is the site's: a bidder could be served by any process, so the proof of any one counts.
"""

from dataclasses import dataclass
from itertools import takewhile

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.log_tables import health, health_hours

HOUR_MS = 3_600_000
HOURS_AT_ONCE = 24
LATE_MS = 600_000
"""No proof is committed this long after its instant: an hour that ended before it is closed."""


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

    Closed hours are read as one row each, so a listing of ten days costs some hundred rows.

    With a gap, the first one, which begins where the proof ends. Without, the last proof, or
    `since_ms` itself when there is none: then whoever asks compares with now, because a silence
    that still lasts is no gap between two proofs yet. Hand the answer in as the next `since_ms`:
    only what is newer is read.
    """
    hours = await _closed_hours(connection, since_ms)
    if not hours:
        return await _walk(connection, since_ms, since_ms, None, gap_ms)
    last, gap = await _walk(connection, since_ms, since_ms, hours[0].hour, gap_ms)
    if gap is not None:
        return last, gap
    for hour in hours:
        if hour.first_at is None or hour.last_at is None:
            continue
        if hour.first_at - last > gap_ms:
            return last, Gap(last, hour.first_at)
        if hour.longest_ms > gap_ms:
            return await _walk(connection, last, hour.hour - 1, hour.hour + HOUR_MS, gap_ms)
        last = hour.last_at
    return await _walk(connection, last, hours[-1].hour + HOUR_MS - 1, None, gap_ms)


async def close_hours(connection: AsyncConnection, now: int) -> bool:
    """Writes down what each hour that is over comes to; True while there are more to write."""
    newest = (await connection.execute(select(func.max(health_hours.c.hour)))).scalar_one()
    if newest is None:
        oldest = (await connection.execute(select(func.min(health.c.at)))).scalar_one()
        first = None if oldest is None else oldest // HOUR_MS * HOUR_MS
    else:
        first = newest + HOUR_MS
    last = (now - LATE_MS) // HOUR_MS * HOUR_MS - HOUR_MS
    if first is None or first > last:
        return False
    until = min(last, first + (HOURS_AT_ONCE - 1) * HOUR_MS)
    await connection.execute(_CLOSE, {"first": first, "last": until, "length": HOUR_MS})
    return bool(until < last)


@dataclass(frozen=True, slots=True)
class _Hour:
    """What a closed hour comes to. longest_ms: the longest silence between two proofs in it."""

    hour: int
    first_at: int | None
    last_at: int | None
    longest_ms: int


async def _closed_hours(connection: AsyncConnection, since_ms: int) -> list[_Hour]:
    """Every closed hour that begins after this instant, up to the first that is not closed."""
    first = since_ms // HOUR_MS * HOUR_MS + HOUR_MS
    asked = select(health_hours).where(health_hours.c.hour >= first).order_by(health_hours.c.hour)
    hours = [_Hour(**row) for row in (await connection.execute(asked)).mappings()]
    whole = takewhile(lambda each: each[1].hour == first + each[0] * HOUR_MS, enumerate(hours))
    return [hour for _, hour in whole]


async def _walk(
    connection: AsyncConnection, last: int, after: int, before: int | None, gap_ms: int
) -> tuple[int, Gap | None]:
    """The same, proof by proof, over those after one instant and before another; `last` stands
    before them all."""
    meant = health.c.at > after
    if before is not None:
        meant &= health.c.at < before
    at = health.c.at
    each = select(at, func.lag(at, 1, last).over(order_by=at).label("before"))
    proofs = each.where(meant).subquery()
    gaps = select(proofs.c.before, proofs.c.at).where(proofs.c.at - proofs.c.before > gap_ms)
    gap = (await connection.execute(gaps.order_by(proofs.c.at).limit(1))).one_or_none()
    if gap is not None:
        return gap.before, Gap(gap.before, gap.at)
    found = (await connection.execute(select(func.max(at)).where(meant))).scalar_one()
    return (last if found is None else found), None


_CLOSE = text("""
    INSERT INTO health_hours (hour, first_at, last_at, longest_ms)
    SELECT hours.hour, min(proofs.at), max(proofs.at), coalesce(max(proofs.at - proofs.before), 0)
    FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint), CAST(:length AS bigint))
        AS hours(hour)
    LEFT JOIN LATERAL (
        SELECT at, lag(at) OVER (ORDER BY at) AS before FROM health
        WHERE at >= hours.hour AND at < hours.hour + CAST(:length AS bigint)
    ) AS proofs ON true
    GROUP BY hours.hour
    ON CONFLICT DO NOTHING
""")


async def read_proofs(connection: AsyncConnection, from_ms: int, to_ms: int) -> list[Proof]:
    """The series between two instants, both included: evidence for the export."""
    asked = select(health).where(health.c.at.between(from_ms, to_ms))
    found = await connection.execute(asked.order_by(health.c.at, health.c.process))
    return [Proof(**row) for row in found.mappings()]
