"""What the rooms ask from outside: the office's sealed facts, who is admitted, the bid path."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service import gauges
from service.clock import Clock
from service.rules import messages as m
from service.store import health
from service.store.health import Gap, Proof
from service.store.ledger import Ledger
from service.store.roll import AdmittedBidder

_log = structlog.get_logger()


SHARED_MS = 200
"""Within this, what the series said to one room is said to others too."""
ASKED_BEFORE = 3
"""Readings of others that one waits for, in the hope that they answer it too."""


class Facts(Protocol):
    """The office's facts that travel inside commands; the desk gives them."""

    async def head_count(self, lot_id: str, min_bidders: int) -> tuple[bool, str]:
        """Whether enough stand admitted, and the commitment (hex) to how many do."""
        ...

    async def reserve(self, lot_id: str) -> m.OpenReserve | None:
        """The sealed reserve, opened; None while its holders have not given their halves.

        Asked only in CLOSING.
        """
        ...

    async def any_admitted(self, lot_id: str) -> bool: ...

    async def roll(self, lot_id: str) -> tuple[AdmittedBidder, ...]: ...


class MeasuredClock(Clock, Protocol):
    """A clock that knows how well it is set."""

    def offset_us(self) -> int: ...

    def uncertainty_us(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Proved:
    """to: ms, how far the path is proved without a gap. gap: what came after, if too long."""

    to: int
    gap: Gap | None


class NoRoom(Exception):
    """The database has no room for bids, so the path is not proved by a row that still fits."""


class BidPath:
    """The site's health series as rooms and waker use it (rules §7).

    ledger: whose writes the path leads to; a full disk refuses them and still takes a small row.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        clock: MeasuredClock,
        process: str,
        ledger: Ledger | None = None,
    ) -> None:
        self._ledger = ledger
        self._engine = engine
        self._clock = clock
        self.process = process
        self._hour = 0
        self._known: dict[int, _Known] = {}
        self._asking: dict[int, asyncio.Task[Proved]] = {}

    async def prove(self, lag_us: int = 0) -> int:
        """Proves by a durable write that bids can be placed now; returns when (ms).

        Raises NoRoom, or what the database raises: then nothing is proved.
        """
        if self._ledger is not None and self._ledger.out_of_room:
            raise NoRoom("the last write found no room")
        clock = self._clock
        at = clock.now_ms()
        proof = Proof(at, self.process, clock.offset_us(), clock.uncertainty_us(), lag_us)
        async with self._engine.begin() as connection:
            await health.prove(connection, proof)
        gauges.PATH_PROOFS.inc()
        await self._close_hours(at)
        return at

    async def look_for_room(self) -> None:
        """While no lot needs the path: a disk that was full is asked again. Raises NoRoom."""
        if self._ledger is not None and not await self._ledger.look_for_room():
            raise NoRoom("the last write found no room")

    async def _close_hours(self, now: int) -> None:
        """Once an hour; whoever asks how far back the path is proved then reads few rows."""
        if now // health.HOUR_MS == self._hour:
            return
        self._hour, more = now // health.HOUR_MS, True
        try:
            while more:
                async with self._engine.begin() as connection:
                    more = await health.close_hours(connection, now)
        except Exception as error:
            _log.warning("hours_not_closed", error=repr(error))

    async def proved(self, since_ms: int, gap_ms: int) -> Proved:
        """From `since_ms` until now. A silence longer than `gap_ms` that still lasts is a gap.

        What is proved for one room is proved for all that ask about the same silence: a start with
        a thousand rooms reads the series once.
        """
        for _ in range(ASKED_BEFORE):
            asking = self._asking.get(gap_ms)
            if asking is not None and not asking.done():
                await asyncio.wait((asking,))
        known = self._known.get(gap_ms)
        if known is not None and known.since_ms <= since_ms <= known.to:
            now = self._clock.now_ms()
            if now - known.asked_at <= SHARED_MS and now - known.to <= gap_ms:
                return Proved(known.to, None)
            since_ms = known.to
        asking = asyncio.create_task(self._read(since_ms, gap_ms), name="health series")
        self._asking[gap_ms] = asking
        return await asyncio.shield(asking)

    async def _read(self, since_ms: int, gap_ms: int) -> Proved:
        async with self._engine.connect() as connection:
            # One snapshot for both looks at the series: a proof that is written between them
            # would hide the gap before it.
            await connection.execution_options(isolation_level="REPEATABLE READ")
            to, gap = await health.proved_to(connection, since_ms, gap_ms)
        now = self._clock.now_ms()
        if gap is None and now - to > gap_ms:
            gap = Gap(to, now)
        if gap is None:
            self._learn(gap_ms, since_ms, to, now)
        return Proved(to, gap)

    def _learn(self, gap_ms: int, since_ms: int, to: int, now: int) -> None:
        known = self._known.get(gap_ms)
        if known is not None and known.since_ms <= since_ms <= known.to:
            since_ms = known.since_ms
        self._known[gap_ms] = _Known(since_ms, to, now)


@dataclass(frozen=True, slots=True)
class _Known:
    """No gap of a length lies between two instants (ms); asked_at: when the series was read."""

    since_ms: int
    to: int
    asked_at: int


@dataclass(slots=True)
class _Roll:
    """A roll being read or read. asked_ms: when the reading began (monotonic). asking: how many
    wait for it, or have not gone on yet. next: the reading that will take its place."""

    asked_ms: int
    by_account: "asyncio.Task[dict[str, AdmittedBidder]]"
    asking: int = 0
    next: "_Roll | None" = None

    def has_failed(self) -> bool:
        task = self.by_account
        return task.done() and (task.cancelled() or task.exception() is not None)


class Rolls:
    """Who may bid, kept for `keep_ms`; a hint makes it be read again at once.

    A revocation therefore bites within `keep_ms` even when its hint is lost. However many ask, a
    roll is read once: a hundred bids that found it old at the same instant read it a hundred times.
    Shortly before it is old it is read anew, and while bids come steadily none of them waits.
    """

    def __init__(self, facts: Facts, monotonic_ms: Callable[[], int], keep_ms: int) -> None:
        self._facts = facts
        self._monotonic_ms = monotonic_ms
        self._keep_ms = keep_ms
        self._rolls: dict[str, _Roll] = {}

    def forget(self, lot_id: str) -> None:
        """The roll of this lot has changed."""
        self._rolls.pop(lot_id, None)

    async def find(self, lot_id: str, account_id: str | None) -> AdmittedBidder | None:
        """The bidder whom this account is on this lot, revoked ones included."""
        roll = self._rolls.get(lot_id)
        now = self._monotonic_ms()
        if roll is None or now - roll.asked_ms > self._keep_ms or roll.has_failed():
            self._drop_old(now)
            roll = self._rolls[lot_id] = self._coming(roll, now) or self._begin(lot_id, now)
        roll.asking += 1
        try:
            # Whoever goes away does not take the reading with him.
            by_account = await asyncio.shield(roll.by_account)
        finally:
            roll.asking -= 1
        return None if account_id is None else by_account.get(account_id)

    def at_hand(self, lot_id: str) -> Mapping[str, AdmittedBidder] | None:
        """The roll by account, when it is read and young, and nobody who came earlier still waits
        for it: a bid must not overtake another on the way to its room."""
        roll = self._rolls.get(lot_id)
        if roll is None or roll.asking or not roll.by_account.done() or roll.has_failed():
            return None
        now = self._monotonic_ms()
        age_ms = now - roll.asked_ms
        if age_ms > self._keep_ms:
            return None
        if 4 * age_ms > 3 * self._keep_ms and roll.next is None:
            roll.next = self._begin(lot_id, now)
            roll.next.by_account.add_done_callback(partial(self._turn_over, lot_id, roll))
        return roll.by_account.result()

    def _coming(self, old: _Roll | None, now: int) -> _Roll | None:
        """What is read already in its place."""
        coming = None if old is None else old.next
        if coming is None or coming.has_failed() or now - coming.asked_ms > self._keep_ms:
            return None
        return coming

    def _begin(self, lot_id: str, now: int) -> _Roll:
        return _Roll(now, asyncio.create_task(self._read(lot_id), name=f"roll {lot_id}"))

    def _turn_over(self, lot_id: str, old: _Roll, _: object) -> None:
        """Unless the old one was forgotten meanwhile: then this was perhaps read too early."""
        assert old.next is not None, "what was read is the next one"
        if old.next.has_failed():
            old.next = None
        elif self._rolls.get(lot_id) is old:
            self._rolls[lot_id] = old.next

    async def _read(self, lot_id: str) -> dict[str, AdmittedBidder]:
        return {bidder.account_id: bidder for bidder in await self._facts.roll(lot_id)}

    def _drop_old(self, now: int) -> None:
        old = [lot for lot, roll in self._rolls.items() if now - roll.asked_ms > self._keep_ms]
        for lot_id in old:
            del self._rolls[lot_id]
