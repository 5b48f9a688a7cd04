"""Working days of China: holidays, made-up working days, and years that nobody has published."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from service.desk.workdays import REAL_DAY_MS, HolidaysUnknown, due_at
from tests.desk.world import OfficeWorld

BEIJING = timedelta(hours=8)


def beijing(year: int, month: int, day: int, hour: int = 0) -> int:
    return int((datetime(year, month, day, hour, tzinfo=UTC) - BEIJING).timestamp() * 1000)


@pytest.mark.parametrize(
    ("start", "days", "last"),
    [
        # An ordinary week: Monday and five working days, to the end of the next Monday.
        (beijing(2025, 11, 17, 10), 5, (2025, 11, 24)),
        # Over the holidays of October 2025 (1st to 8th), with the 11th worked.
        (beijing(2025, 9, 30, 16), 2, (2025, 10, 10)),
        (beijing(2025, 9, 30, 16), 3, (2025, 10, 11)),
        # The day changes at midnight in Beijing, not in London.
        (beijing(2025, 11, 17, 23), 1, (2025, 11, 18)),
        (beijing(2025, 11, 18, 0), 1, (2025, 11, 19)),
    ],
)
async def test_working_days_count_from_the_day_after(
    office: OfficeWorld, start: int, days: int, last: tuple[int, int, int]
) -> None:
    async with office.engine.connect() as connection:
        assert await due_at(connection, start, days, REAL_DAY_MS) == (
            beijing(*last) + REAL_DAY_MS - 1
        )


async def test_the_offices_own_entry_wins_over_the_calendar(office: OfficeWorld) -> None:
    async with office.engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO holidays (day, works) "
                "VALUES ('2025-11-18', false), ('2025-11-22', true)"
            )
        )
        due = await due_at(connection, beijing(2025, 11, 17), 4, REAL_DAY_MS)
    assert due == beijing(2025, 11, 22) + REAL_DAY_MS - 1


@pytest.mark.parametrize("start", [beijing(2100, 1, 1), 2**53 - 1])
async def test_a_year_that_nobody_has_published_is_an_error_by_name(
    office: OfficeWorld, start: int
) -> None:
    async with office.engine.connect() as connection:
        with pytest.raises(HolidaysUnknown, match="holidays"):
            await due_at(connection, start, 5, REAL_DAY_MS)


async def test_a_practice_sale_counts_its_own_days(office: OfficeWorld) -> None:
    async with office.engine.connect() as connection:
        assert await due_at(connection, 1_000, 5, 1_000) == 6_000
