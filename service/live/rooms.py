"""The rooms of this process, opened when somebody asks and let go when nobody needs them."""

import asyncio
from collections.abc import Callable, Collection, Iterable

import structlog

from schemas import live
from service.bus.hints import Hint, LogMoved, RollChanged
from service.live.audience import RESTART
from service.live.batch import Decided
from service.live.facts import Facts, Rolls
from service.live.opening import Opened, open_records
from service.live.room import Parts, Room
from service.rules import messages as m
from service.rules.messages import Event
from service.rules.refusals import Reason, Refusal
from service.rules.table import PROVED_STAGES
from service.rules.terms import Stage
from service.store.ledger import OpenLot, read_sizes
from service.store.log_tables import lot_id_of, lot_log
from service.store.lot_states import keep_states

_NEEDED = PROVED_STAGES | {Stage.CLOSING}

OPENED_TOGETHER = 100
"""Lots whose logs one start reads in the same few queries."""
KEPT_TOGETHER = 20
"""States that one statement writes."""

RoomListener = Callable[[Room], None]

_log = structlog.get_logger()


class Unanswered(Exception):
    """The room could not decide, or cannot say whether it did; `problem` names why."""

    def __init__(self, problem: live.Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class Rooms:
    """At most one room a lot. Owns them all."""

    def __init__(self, parts: Parts, facts: Facts) -> None:
        self.parts = parts
        self.facts = facts
        self.rolls = Rolls(facts, parts.clock.monotonic_ms, parts.settings.poll_ms)
        self._rooms: dict[str, asyncio.Task[Room | None]] = {}
        self._listeners: list[RoomListener] = []

    async def get(self, lot_id: str) -> Room | None:
        """The lot's room, opened from its log; None when no such lot was published."""
        if not self._is_begun(lot_id):
            self._begin([lot_id])
        opening = self._rooms[lot_id]
        try:
            room = await asyncio.shield(opening)
        except BaseException:
            if opening.done():
                self._forget(lot_id, opening)
            raise
        if room is None:
            self._forget(lot_id, opening)
        return room

    async def enter(self, lot_id: str, bidder_no: str | None) -> Room | None:
        """The room at its head, knowing all that this bidder's snapshot shows. Join it in
        the same breath: a room that nobody is in may be let go, and reads no further."""
        while True:
            room = await self.get(lot_id)
            if room is None:
                return None
            await room.current()
            if bidder_no is not None:
                await room.recall(bidder_no)
            if await self.get(lot_id) is room:
                return room

    async def open_all(self, lot_ids: Iterable[str]) -> None:
        """Opens those of these rooms that are not open: many at once cost little more than one.

        A lot that cannot be opened is said, and no hindrance to the others.
        """
        missing = [lot_id for lot_id in lot_ids if not self._is_begun(lot_id)]
        for first in range(0, len(missing), OPENED_TOGETHER):
            begun = self._begin(missing[first : first + OPENED_TOGETHER])
            await asyncio.wait(begun)
            for lot_id, opening in zip(missing[first:], begun, strict=False):
                if not _stands(opening) or opening.result() is None:
                    _log.error("room_not_opened", lot_id=lot_id, error=repr(_error_of(opening)))
                    self._forget(lot_id, opening)

    def open_rooms(self) -> list[Room]:
        """Every room that is open now."""
        done = (opening for opening in self._rooms.values() if _stands(opening))
        return [room for opening in done if (room := opening.result()) is not None]

    async def submit(
        self, lot_id: str, command: m.Command
    ) -> tuple[int, tuple[Event, ...]] | Refusal:
        """Decides a command of time or of officials; raises Unanswered when it cannot."""
        room = await self.get(lot_id)
        if room is None:
            return Refusal(Reason.NOT_PUBLISHED)
        answer = await room.submit(command)
        if isinstance(answer, live.Problem):
            raise Unanswered(answer)
        if isinstance(answer, Decided):
            assert answer.entry is not None, "only a repeated bid has no entry of its own"
            return answer.seq, answer.entry.events
        return answer

    def on_change(self, listener: RoomListener) -> None:
        """Calls `listener` for every room when it opens and after every batch that changed it."""
        self._listeners.append(listener)

    def hear(self, hint: Hint) -> None:
        """Another process says that a log moved, or the desk that a roll has changed."""
        if isinstance(hint, RollChanged):
            self.rolls.forget(hint.lot_id)
        if isinstance(hint, LogMoved) and hint.log.startswith("lot/"):
            room = self._open_room(lot_id_of(hint.log))
            if room is not None:
                room.moved(hint.seq + 1)

    def stands(self, lot: OpenLot) -> None:
        """The projection's row of a lot: a room that has its stage or control from before reads on,
        watched or not."""
        room = self._open_room(lot_id_of(lot.log))
        if room is not None and room.size < lot.size:
            room.moved(lot.size)
            if (room.lot.stage.value, room.lot.control.value) != (lot.stage, lot.control):
                room.look()

    async def poll(self) -> None:
        """Finds what no hint told, and lets rooms go that nobody needs."""
        rooms = self.open_rooms()
        async with self.parts.engine.connect() as connection:
            sizes = await read_sizes(connection, [room.log for room in rooms])
        idle = []
        for room in rooms:
            room.moved(sizes.get(room.log, 0))
            if room.is_idle() and room.lot.stage not in _NEEDED:
                idle.append(room)
        await self._keep_states(rooms, frozenset(idle))
        for room in idle:
            if room.is_idle():
                room.close(RESTART)
                self._rooms.pop(room.lot_id, None)

    def proved(self, at: int) -> None:
        """The bid path was proved at `at` (ms)."""
        for room in self.open_rooms():
            room.proved(at)

    async def settled(self) -> None:
        """Returns when no room has anything waiting."""
        while busy := [room for room in self.open_rooms() if room.is_deciding()]:
            for room in busy:
                await room.settled()

    async def close(self) -> None:
        """Sends every audience away with 1012; what waits is still decided and answered."""
        for room in self.open_rooms():
            room.close(RESTART)
        await self.settled()
        rooms = self.open_rooms()
        await self._keep_states(rooms, frozenset(rooms))

    def _open_room(self, lot_id: str) -> Room | None:
        opening = self._rooms.get(lot_id)
        return opening.result() if opening is not None and _stands(opening) else None

    def _is_begun(self, lot_id: str) -> bool:
        opening = self._rooms.get(lot_id)
        return opening is not None and (not opening.done() or _stands(opening))

    def _begin(self, lot_ids: list[str]) -> list["asyncio.Task[Room | None]"]:
        """Their rooms, being opened from one reading of the database."""
        logs = [lot_log(lot_id) for lot_id in lot_ids]
        reading = asyncio.create_task(open_records(self.parts.shelf, logs), name="open logs")
        for lot_id in lot_ids:
            opening = asyncio.create_task(self._open(lot_id, reading), name=f"open {lot_id}")
            self._rooms[lot_id] = opening
        return [self._rooms[lot_id] for lot_id in lot_ids]

    async def _open(self, lot_id: str, reading: "asyncio.Task[dict[str, Opened]]") -> Room | None:
        # One lot's opening that is given up does not take the others' reading with it.
        record = (await asyncio.shield(reading))[lot_log(lot_id)]
        if isinstance(record, Exception):
            raise record
        if record.lot is None:
            return None
        room = Room(lot_id, record, self.parts)
        for listener in self._listeners:
            room.on_change(listener)
            listener(room)
        return room

    async def _keep_states(self, rooms: list[Room], closing: Collection[Room]) -> None:
        """What has grown since its last state gets a new one; without it the log is folded."""
        try:
            kept = []
            for room in rooms:
                state = room.new_state(closing=room in closing)
                if state is not None:
                    kept.append(state)
                if len(kept) >= KEPT_TOGETHER or (kept and room is rooms[-1]):
                    async with self.parts.engine.begin() as connection:
                        await keep_states(connection, kept)
                    kept = []
        except Exception as error:
            _log.warning("states_not_kept", error=repr(error))

    def _forget(self, lot_id: str, opening: "asyncio.Task[Room | None]") -> None:
        if self._rooms.get(lot_id) is opening:
            del self._rooms[lot_id]


def _stands(opening: "asyncio.Task[Room | None]") -> bool:
    return opening.done() and not opening.cancelled() and opening.exception() is None


def _error_of(opening: "asyncio.Task[Room | None]") -> BaseException | None:
    return None if opening.cancelled() else opening.exception()
