"""Remembers what each screen was shown, for the regulator: never before a frame, never in its way.

Rows wait in a bounded list and are written once a period. When the database is away for long the
oldest are forgotten, and a `lost` row says how many: a gap is shown as a gap.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.clock import Clock
from service.live.frames import Prepared
from service.settings import Settings
from service.store.views import View, add_views

_log = structlog.get_logger()


class Views:
    """The process's memory of what it showed. Owns the rows that are not written yet."""

    def __init__(self, engine: AsyncEngine, clock: Clock, settings: Settings, process: str) -> None:
        self._engine = engine
        self._clock = clock
        self._settings = settings
        self._process = process
        self._rows: deque[View] = deque()
        self._lost: dict[str, int] = {}

    def add(self, log: str, kind: str, **what: Any) -> None:
        """Remembers one row; at the bound the oldest makes room."""
        if len(self._rows) >= self._settings.view_rows:
            oldest = self._rows.popleft()
            self._lost[oldest.log] = self._lost.get(oldest.log, 0) + 1
        at = self._clock.now_ms()
        self._rows.append(View(log=log, at=at, process=self._process, kind=kind, **what))

    def of(self, log: str) -> "RoomViews":
        """What the room of this log shows."""
        return RoomViews(self, log)

    async def write(self) -> None:
        """Writes what waits; on failure it goes on waiting."""
        for log, rows in tuple(self._lost.items()):
            del self._lost[log]
            self._rows.appendleft(self._lost_row(log, rows))
        while self._rows:
            batch = list(self._rows)[: self._settings.view_batch]
            async with self._engine.begin() as connection:
                await add_views(connection, batch)
            self._forget(batch)

    async def run(self) -> None:
        """Writes once a period until cancelled."""
        while True:
            await asyncio.sleep(self._settings.view_period_ms / 1000)
            try:
                await self.write()
            except Exception as error:
                _log.warning("views_not_written", waiting=len(self._rows), error=repr(error))

    def _forget(self, written: Sequence[View]) -> None:
        """What is written waits no more; meanwhile the bound may have taken some of it."""
        done = set(map(id, written))
        while self._rows and id(self._rows[0]) in done:
            self._rows.popleft()

    def _lost_row(self, log: str, rows: int) -> View:
        facts = {"rows": rows}
        at = self._clock.now_ms()
        return View(log=log, at=at, process=self._process, kind="lost", facts=facts)


class RoomViews:
    """What one room showed. `no` counts its frames for everyone."""

    def __init__(self, views: Views, log: str) -> None:
        self._views = views
        self._log = log
        self._no = 0

    def opened(self, session: str, bidder_no: str | None, facts: dict[str, Any]) -> None:
        known = {} if bidder_no is None else {"bidder_no": bidder_no}
        self._views.add(self._log, "opened", session=session, facts={**facts, **known})

    def closed(self, session: str, code: int | None) -> None:
        """code: with which we closed it; None when the client left."""
        facts = {} if code is None else {"code": code}
        self._views.add(self._log, "closed", session=session, facts=facts)

    def own(self, session: str, frame: Prepared) -> None:
        """Of a receipt the bid alone: its bytes follow from the log, and a copy of each would weigh
        as much as the log."""
        if frame.bid_id is not None:
            facts = {"receipt": frame.bid_id}
            self._views.add(self._log, "own", session=session, facts=facts)
        else:
            self._views.add(self._log, "own", session=session, frame=frame.text.decode())

    def next_no(self) -> int:
        """The number of the next frame for everyone."""
        self._no += 1
        return self._no

    def all(self, no: int, frame: Prepared, waiting: Sequence[str]) -> None:
        """waiting: sessions that do not have it yet."""
        facts = {"waiting": list(waiting)} if waiting else None
        self._views.add(self._log, "all", no=no, frame=frame.text.decode(), facts=facts)

    def late(self, session: str, no: int) -> None:
        self._views.add(self._log, "late", session=session, no=no)
