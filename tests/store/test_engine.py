"""What an engine's errors tell: they end in the service's log."""

import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.processors import format_exc_info
from structlog.testing import CapturingLogger

from service.api import problems

HALF = "5c" * 32


async def test_a_failed_statement_tells_none_of_its_values(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of a reserve's key went into the log with whatever broke while it was being kept."""
    asked = text("SELECT 1 / (length(:half) - 64)")
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError) as failed:
            await connection.execute(asked, {"half": HALF})
    logger = CapturingLogger()
    monkeypatch.setattr(problems, "_log", logger)
    problems.broken("/api/office", failed.value)
    (call,) = logger.calls
    line = json.dumps(format_exc_info(logger, "error", dict(call.kwargs)))
    assert "DivisionByZeroError" in line
    assert "SELECT 1" in line
    assert HALF not in line
    assert HALF not in repr(failed.value)
