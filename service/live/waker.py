"""Time's hand on every lot: proves the bid path, finds the lots, and sends the ticks they are due.

Every process does it for every lot; the swap makes the second tick a no-op. Nothing sleeps through
a deadline and forgets it: the instant stands in the log, and whoever runs next acts on it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from schemas import live
from service.live.batch import Decided
from service.live.cut_off import CutOff, CutOffs
from service.live.facts import BidPath
from service.live.room import Room
from service.live.rooms import Rooms
from service.live.timers import Timer
from service.rules import messages as m
from service.rules.lot import Lot
from service.rules.table import PROVED_STAGES
from service.rules.terms import Control, Method, Stage
from service.rules.timetable import next_wake_at
from service.store.dbclock import ClockStep
from service.store.ledger import open_lots
from service.store.log_tables import lot_id_of

_log = structlog.get_logger()
_STEPS = 10
"""Stages that one tick may pass through at once: READY may be 0 and CLOSING lasts an instant."""


class Waker:
    """Owns the timers of this process's lots and the tasks that act on them."""

    def __init__(self, rooms: Rooms, cut_offs: CutOffs | None = None) -> None:
        self._rooms = rooms
        self._cut_offs = cut_offs
        self._facts = rooms.facts
        self._path: BidPath = rooms.parts.path
        self._clock = rooms.parts.clock
        self._timers = rooms.parts.timers
        self._settings = rooms.parts.settings
        self._armed: dict[str, tuple[int, Timer]] = {}
        self._ticking: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._repeating: list[Timer] = []
        self._proved: set[str] = set()
        self._proved_at = self._clock.monotonic_ms()
        self._stopped = False
        self._telling = self._untold = False
        self._stops: dict[str, m.Interrupt] = {}
        """Of lots that a clock's jump stops: kept until they stand still, whatever becomes of the
        first attempt. A database that changes its host may jump and refuse to write at once."""
        rooms.on_change(self._follow)

    async def start(self) -> None:
        """Finds every lot and acts on what is due; then goes on by itself."""
        await self._guarded(self.poll)
        await self._guarded(self.prove)
        self._repeat(self._settings.poll_ms, self.poll)
        self._repeat(self._settings.health_period_ms, self.prove)
        if self._cut_offs is not None:
            await self._guarded(self._cut_offs.begin)
            self._repeat(self._settings.health_period_ms, self.find_cut_offs)

    async def stop(self) -> None:
        """No tick begins after this; those that have begun are finished."""
        self._stopped = True
        for timer in (*self._repeating, *(timer for _, timer in self._armed.values())):
            timer.cancel()
        await self.settled()

    async def settled(self) -> None:
        """Returns when no tick is under way."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))

    async def poll(self) -> None:
        """Looks at every unfinished lot: what is due, what other processes wrote, what is proved.

        A room that takes bids is kept open in every process, so that it can be interrupted.
        """
        async with self._rooms.parts.engine.connect() as connection:
            lots = await open_lots(connection)
        proved = [lot for lot in lots if lot.stage in PROVED_STAGES and lot.control == "NORMAL"]
        self._proved = {lot_id_of(lot.log) for lot in proved}
        for lot_id in self._stops.keys() & self._proved:
            self._begin_tick(lot_id)
        soon = self._clock.now_ms() + 2 * self._settings.poll_ms
        due = {lot_id_of(lot.log) for lot in lots if (lot.wake_at or soon + 1) <= soon}
        await self._rooms.open_all(self._proved | due)
        for lot in lots:
            lot_id = lot_id_of(lot.log)
            self._rooms.stands(lot)
            if lot.stage == Stage.CLOSING and lot.control == Control.NORMAL:
                self._begin_tick(lot_id)
            else:
                self._arm(lot_id, lot.wake_at)
        for room in self._rooms.open_rooms():
            if room.lot_id in self._proved:
                room.check()
        await self._rooms.poll()

    async def prove(self) -> None:
        """Proves the bid path while any lot needs it. In doubt about the time nothing is proved."""
        if self._proved and not self._clock.is_sure():
            return
        if self._proved:
            self._rooms.proved(await self._path.prove())
        else:
            await self._path.look_for_room()
        self._proved_at = self._clock.monotonic_ms()

    async def find_cut_offs(self) -> None:
        """Interrupts every lot from which many bidders were cut off at once by us."""
        assert self._cut_offs is not None
        found = await self._cut_offs.look(self._proved)
        for lot_id in sorted(found):
            if found[lot_id].ripe:
                self._begin(self._submit(lot_id, found[lot_id].interrupt(self._clock.now_ms())))

    def path_is_proved(self) -> bool:
        """Whether the path was proved within `path_stale_ms`, or no lot needs it."""
        return self._clock.monotonic_ms() - self._proved_at <= self._settings.path_stale_ms

    def clock_stepped(self, step: ClockStep) -> None:
        """Nobody knows how much of a window was lost: everything that takes bids is interrupted."""
        cause = m.InterruptCause.CLOCK_STEP
        interrupt = m.Interrupt(cause=cause, gap_from=step.at, gap_to=step.at)
        for lot_id in sorted(self._proved):
            self._stops[lot_id] = interrupt
            self._begin_tick(lot_id)

    def nudge(self, lot_id: str) -> None:
        """Something that this lot waited for has come: looks now and not at the next poll."""
        self._begin_tick(lot_id)

    async def tick(self, lot_id: str) -> None:
        """Does everything that time asks of this lot now."""
        room = await self._rooms.get(lot_id)
        if room is None:
            return
        await room.current()
        for _ in range(_STEPS):
            command = await self._due(room)
            if command is None:
                self._arm_later(room)
                return
            answer = await room.submit(command)
            if not isinstance(answer, Decided):
                self._say_refused(lot_id, command, answer)
                return

    # ── what is due ─────────────────────────────────────────────────────────────────────────

    async def _due(self, room: Room) -> m.Command | None:
        lot, now = room.lot, self._clock.now_ms()
        wake_at = next_wake_at(lot)
        if room.lot_id in self._stops and _takes_time(lot):
            return self._stops[room.lot_id]
        if lot.resumes_at is not None:
            if now < lot.resumes_at:
                return None
            return m.Resume(announced_at=lot.resumes_at - lot.rules.outage_notice_s * 1000)
        if lot.stage is Stage.CLOSING and lot.control is Control.NORMAL:
            if lot.reserve_met is None:
                return await self._facts.reserve(room.lot_id)
            return m.CloseSale(any_admitted=await self._facts.any_admitted(room.lot_id))
        if wake_at is None or now < wake_at:
            return None
        cut_off = await self._cut_off(room)
        if cut_off is not None:
            # Nothing is closed over bidders who may have been cut off; the next poll looks again,
            # but lines that are dropped one after the other do not hold the end for ever.
            now = self._clock.now_ms()
            held_ms = self._settings.cut_off_window_ms + cut_off.return_ms
            stops = cut_off.ripe or now - wake_at > held_ms
            return cut_off.interrupt(now) if stops else None
        return await self._advance(room)

    async def _cut_off(self, room: Room) -> CutOff | None:
        if self._cut_offs is None or room.lot.stage not in PROVED_STAGES:
            return None
        return (await self._cut_offs.look((room.lot_id,), alone=True)).get(room.lot_id)

    async def _advance(self, room: Room) -> m.Advance:
        """With a proof of the path made now, after the window's end. A gap before it is found by
        the room, which then interrupts instead."""
        lot = room.lot
        proved_to = await self._path.prove() if self._clock.is_sure() else 0
        enough: tuple[bool, str] | tuple[None, None] = (None, None)
        if lot.stage is Stage.ANNOUNCED and lot.rules.method is Method.AUCTION:
            enough = await self._facts.head_count(room.lot_id, lot.rules.min_bidders)
        return m.Advance(
            leaving=lot.stage,
            proved_to=proved_to,
            enough=enough[0],
            head_count_commitment=enough[1],
        )

    async def _submit(self, lot_id: str, command: m.Command) -> None:
        room = await self._rooms.get(lot_id)
        if room is not None:
            answer = await room.submit(command)
            if not isinstance(answer, Decided):
                self._say_refused(lot_id, command, answer)

    def _say_refused(self, lot_id: str, command: m.Command, answer: object) -> None:
        """The ordinary fate of the second of two ticks; the next poll tries again if need be."""
        why = answer.code if isinstance(answer, live.Problem) else getattr(answer, "reason", None)
        _log.info("tick_refused", lot_id=lot_id, command=type(command).__name__, why=str(why))

    # ── when ────────────────────────────────────────────────────────────────────────────────

    def _follow(self, room: Room) -> None:
        """The room has changed: its next instant too."""
        lot = room.lot
        if not _takes_time(lot):
            self._stops.pop(room.lot_id, None)
        if self._cut_offs is not None:
            self._cut_offs.follow(room)
            room.audience.attendance.on_news = self._tell_attendance
        if _takes_time(lot):
            self._proved.add(room.lot_id)
        else:
            self._proved.discard(room.lot_id)
        if lot.stage is Stage.CLOSING and lot.control is Control.NORMAL:
            self._begin_tick(room.lot_id)
        else:
            self._arm(room.lot_id, next_wake_at(lot))

    def _tell_attendance(self) -> None:
        """The other processes are to know before one of them closes or pauses anything; what comes
        while it is told is told together afterwards."""
        self._untold = True
        if not self._telling:
            self._telling = True
            self._begin(self._tell_all())

    async def _tell_all(self) -> None:
        assert self._cut_offs is not None
        try:
            while self._untold:
                self._untold = False
                await self._cut_offs.look(self._proved)
        finally:
            self._telling = False

    def _arm(self, lot_id: str, wake_at: int | None) -> None:
        """One timer a lot, and only for instants before the next poll but one."""
        armed = self._armed.get(lot_id)
        if armed is not None and armed[0] == wake_at:
            return
        if armed is not None:
            armed[1].cancel()
            del self._armed[lot_id]
        delay = None if wake_at is None else wake_at - self._clock.now_ms()
        if wake_at is None or delay is None or delay > 2 * self._settings.poll_ms:
            return
        timer = self._timers.call_later(max(delay, 0), lambda: self._ring(lot_id))
        self._armed[lot_id] = (wake_at, timer)

    def _arm_later(self, room: Room) -> None:
        """A timer may ring a moment early, by its grain or by a new offset of the clock."""
        wake_at = next_wake_at(room.lot)
        if wake_at is not None and wake_at > self._clock.now_ms():
            self._arm(room.lot_id, wake_at)

    def _ring(self, lot_id: str) -> None:
        self._armed.pop(lot_id, None)
        self._begin_tick(lot_id)

    def _begin_tick(self, lot_id: str) -> None:
        if lot_id not in self._ticking:
            self._ticking.add(lot_id)
            self._begin(self._tick_once(lot_id))

    async def _tick_once(self, lot_id: str) -> None:
        try:
            await self.tick(lot_id)
        finally:
            self._ticking.discard(lot_id)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        if self._stopped:
            work.close()
            return
        task = asyncio.create_task(self._guarded(lambda: work), name="waker")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """A database that is away for a while must not end the waker: the next poll goes on."""
        try:
            await work()
        except Exception as error:
            _log.warning("waker_failed", error=repr(error))

    def _repeat(self, every_ms: int, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begins `work` every so often, unless the one before is still under way."""
        running: list[asyncio.Task[None]] = []

        def go() -> None:
            if self._stopped:
                return
            self._repeating[place] = self._timers.call_later(every_ms, go)
            if not running or running[0].done():
                running[:] = [asyncio.create_task(self._guarded(work), name="waker")]
                self._tasks.add(running[0])
                running[0].add_done_callback(self._tasks.discard)

        place = len(self._repeating)
        self._repeating.append(self._timers.call_later(every_ms, go))


def _takes_time(lot: Lot) -> bool:
    """Whether its window runs now: lost time is someone's loss."""
    return lot.stage in PROVED_STAGES and lot.control is Control.NORMAL
