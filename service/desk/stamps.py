"""RFC 3161 timestamps over checkpoints: finds the moments that want one, asks, verifies, keeps.

Moments are read from the log's own entries, so no crash loses one; the cursor says how far. A
stamp that cannot be had waits, is asked for again, and says so.
"""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.audit import timestamps as rfc3161
from service.audit.notes import Checkpoint
from service.clock import Clock
from service.desk import gauges, outside
from service.desk.outside import Silent, at_once
from service.rules.table import BIDDING_STAGES
from service.settings import Settings
from service.store import timestamps
from service.store.ledger import StoredEntry, read_log
from service.store.timestamps import Cursor, Wanted

ENTRIES_A_LOOK = 2_000
SLOW_CLOCK_MS = 60_000
"""A token dated longer than this before the entries it covers convicts an honest log."""
MINUTE_MS = 60_000
REQUEST = "application/timestamp-query"  # RFC 3161 §3.4

_BY_EVENT = {
    "suspended": "suspension",
    "interrupted": "suspension",
    "resumed": "resumption",
    "hammer_fell": "close",
    "lot_sold": "close",
    "lot_failed": "close",
    "log_sealed": "seal",
}
_MARKS = tuple(f'"type":"{name}"'.encode() for name in (*_BY_EVENT, "stage_changed"))

_log = structlog.get_logger(__name__)


class Stamps:
    """Owns the connection to the authority. authorities: PEM files whose word is taken."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Clock,
        settings: Settings,
        url: str,
        authorities: tuple[bytes, ...],
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._settings = settings
        self._url = url
        self._authorities = authorities
        self._http = outside.open_http(settings)

    async def run(self) -> None:
        """Rounds without end."""
        while True:
            try:
                await self.round()
            except Exception as error:
                _log.warning("stamp_round_failed", error=repr(error))
            await asyncio.sleep(self._settings.stamp_period_ms / 1000)

    async def close(self) -> None:
        await self._http.aclose()

    async def round(self) -> None:
        """Looks for moments, then asks for what is due."""
        settings = self._settings
        async with self._engine.connect() as connection:
            unlooked = await timestamps.unlooked(connection, settings.moments_logs)
        for log in unlooked:
            await self.look(log)
        await self._want_intervals()
        now = self._clock.now_ms()
        async with self._engine.begin() as connection:
            due = await timestamps.claim(
                connection,
                now,
                wait_ms=settings.outside_wait_ms,
                most_ms=settings.outside_wait_most_ms,
                limit=settings.stamps_at_once,
            )
        await at_once([self._stamp(wanted) for wanted in due], settings.stamps_at_once)
        async with self._engine.connect() as connection:
            gauges.STAMPS_PENDING.set(await timestamps.count_pending(connection))

    async def look(self, log: str) -> None:
        """Finds the moments in all entries that are new since the last look."""
        more = True
        while more:
            async with self._engine.begin() as connection:
                more = await _look_on(connection, log)

    async def ask_close(self, log: str) -> list[Wanted]:
        """The stamps of the close that are still missing, after one more try whatever the wait."""
        await self.look(log)
        waiting = await self._pending_close(log)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(outside.patience_s(self._settings)):
                await at_once([self._stamp(one) for one in waiting], self._settings.stamps_at_once)
        return await self._pending_close(log)

    async def _pending_close(self, log: str) -> list[Wanted]:
        async with self._engine.connect() as connection:
            waiting = await timestamps.pending(connection, [log])
        return [wanted for wanted in waiting if "close" in wanted.moment.split()]

    async def _want_intervals(self) -> None:
        now = self._clock.now_ms()
        before = now - self._settings.stamp_interval_min * MINUTE_MS
        async with self._engine.begin() as connection:
            most = self._settings.moments_logs
            moved = await timestamps.bidding_unstamped(
                connection, sorted(BIDDING_STAGES), before, most
            )
            for log, size in moved:
                await timestamps.want(connection, log, size, "interval", now)

    async def _stamp(self, wanted: Wanted) -> None:
        try:
            token, at_ms = await self._ask(wanted)
        except Silent as silent:
            await self._say(wanted, str(silent), "silent")
        except rfc3161.StampBroken as broken:
            await self._say(wanted, str(broken), "refused")
        else:
            async with self._engine.begin() as connection:
                await timestamps.keep_token(connection, wanted.log, wanted.size, token, at_ms)
            gauges.STAMP_ANSWERS.labels("stamped").inc()

    async def _ask(self, wanted: Wanted) -> tuple[bytes, int]:
        """A token that our authorities prove, and its time (ms); raises Silent or StampBroken."""
        origin = f"{self._settings.site}/{wanted.log}"
        text = Checkpoint(origin, wanted.size, wanted.root).to_text()
        question = rfc3161.request(text)
        said = await outside.ask(
            self._http, "POST", self._url, self._settings, content=question, media_type=REQUEST
        )
        if said.status != 200:
            raise Silent(f"HTTP {said.status}")
        rfc3161.read_answer(said.body, question, text)
        stamp = rfc3161.verify_stamp(said.body, text, self._authorities)
        behind_ms = wanted.at - stamp.at_ms
        if behind_ms > SLOW_CLOCK_MS:
            raise Silent(f"its clock is {behind_ms // 1000} s behind the entries it stamped")
        return said.body, stamp.at_ms

    async def _say(self, wanted: Wanted, said: str, outcome: str) -> None:
        gauges.STAMP_ANSWERS.labels(outcome).inc()
        _log.warning(
            "not_stamped", log=wanted.log, size=wanted.size, moment=wanted.moment,
            tries=wanted.tries, said=said,
        )  # fmt: skip
        async with self._engine.begin() as connection:
            await timestamps.note_failure(connection, wanted.log, wanted.size, said[:500])


async def _look_on(connection: AsyncConnection, log: str) -> bool:
    """One piece of the log; True while there is more. Other processes wait for its end."""
    cursor = await timestamps.lock_cursor(connection, log)
    rows = await read_log(connection, log, cursor.size - 1, ENTRIES_A_LOOK)
    for row in rows:
        if not any(mark in row.bytes for mark in _MARKS):
            continue
        entry = json.loads(row.bytes)
        moments = dict.fromkeys(_moments(entry, opened=cursor.opened))
        if moments:
            size = await timestamps.head_over(connection, log, row.seq)
            for moment in moments:
                await timestamps.want(connection, log, size, moment, entry["at"])
        cursor = Cursor(row.seq + 1, cursor.opened or "opening" in moments)
    if rows:
        moved = Cursor(_after(rows), cursor.opened)
        await timestamps.move_cursor(connection, log, moved)
    return len(rows) == ENTRIES_A_LOOK


def _after(rows: list[StoredEntry]) -> int:
    return rows[-1].seq + 1


def _moments(entry: dict[str, Any], *, opened: bool) -> Iterator[str]:
    """The names of what happened in this entry that wants a stamp."""
    for event in entry["events"]:
        kind = event["type"]
        if kind == "stage_changed" and event["to"] in BIDDING_STAGES and not opened:
            yield "opening"
        if kind in _BY_EVENT:
            yield _BY_EVENT[kind]
