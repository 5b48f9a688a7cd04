"""Working days: a maintained calendar of China, under the office's own entries.

A year whose holidays are not published is an error, never a guess (rules §2).
"""

import datetime
from datetime import UTC, timedelta

import chinese_calendar
from sqlalchemy.ext.asyncio import AsyncConnection

from service.rules.terms import BEIJING_OFFSET_MS
from service.store.results import holiday_changes

REAL_DAY_MS = 86_400_000
LAST_YEAR = 9000
LAST_MS = 221_845_392_000_000
"""9000-01-01: no calendar reaches there, and the library's dates end soon after."""
LOOK_AHEAD_DAYS = 60
"""Ten working days never take longer than this, the spring festival included."""


class HolidaysUnknown(Exception):
    """The holidays of `year` are neither published nor entered."""

    def __init__(self, year: int) -> None:
        super().__init__(
            f"The holidays of {year} are not known: enter its days in the table `holidays`, "
            "or install the newer calendar package."
        )
        self.year = year


async def due_at(connection: AsyncConnection, start: int, days: int, day_ms: int) -> int:
    """The end of the `days`-th working day after `start` (ms, 北京时间).

    In a practice sale, whose day is not 86,400,000 ms, every day is a working day.
    Raises HolidaysUnknown.
    """
    if day_ms != REAL_DAY_MS:
        return start + days * day_ms
    if start >= LAST_MS:
        raise HolidaysUnknown(LAST_YEAR)
    first = _beijing_date(start)
    changes = await holiday_changes(connection, first, first + timedelta(days=LOOK_AHEAD_DAYS))
    day = first
    while days > 0:
        day += timedelta(days=1)
        days -= _works(day, changes)
    end_of_day = datetime.datetime.combine(day, datetime.time(), UTC) + timedelta(days=1)
    return int(end_of_day.timestamp() * 1000) - BEIJING_OFFSET_MS - 1


def _works(day: datetime.date, changes: dict[datetime.date, bool]) -> bool:
    if day in changes:
        return changes[day]
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError as error:
        raise HolidaysUnknown(day.year) from error


def _beijing_date(instant: int) -> datetime.date:
    return datetime.datetime.fromtimestamp((instant + BEIJING_OFFSET_MS) / 1000, UTC).date()
