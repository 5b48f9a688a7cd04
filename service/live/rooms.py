"""The rooms of this process, opened when somebody asks and let go when nobody needs them."""

import asyncio
from collections.abc import Callable

from schemas import live
from service.audit.notes import lot_origin
from service.bus.hints import Hint, LogMoved, RollChanged
from service.live.audience import RESTART
from service.live.batch import Decided
from service.live.facts import Facts, Rolls
from service.live.room import Parts, Room, open_record
from service.rules import messages as m
from service.rules.messages import Event
from service.rules.refusals import Reason, Refusal
from service.rules.table import PROVED_STAGES
from service.rules.terms import Stage
from service.store.ledger import read_sizes
from service.store.log_tables import lot_log

_NEEDED = PROVED_STAGES | {Stage.CLOSING}

RoomListener = Callable[[Room], None]


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
        opening = self._rooms.get(lot_id)
        if opening is None or (opening.done() and not _stands(opening)):
            opening = asyncio.create_task(self._open(lot_id), name=f"open {lot_id}")
            self._rooms[lot_id] = opening
        try:
            room = await asyncio.shield(opening)
        except BaseException:
            if opening.done():
                self._forget(lot_id, opening)
            raise
        if room is None:
            self._forget(lot_id, opening)
        return room

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
        if not isinstance(hint, LogMoved) or not hint.log.startswith("lot/"):
            return
        for room in self.open_rooms():
            if room.log == hint.log and room.size <= hint.seq:
                room.look()

    async def poll(self) -> None:
        """Finds what no hint told, and lets rooms go that nobody needs."""
        rooms = self.open_rooms()
        async with self.parts.engine.connect() as connection:
            sizes = await read_sizes(connection, [room.log for room in rooms])
        for room in rooms:
            if room.size < sizes.get(room.log, 0):
                room.look()
            elif room.is_idle() and room.lot.stage not in _NEEDED:
                room.close(RESTART)
                del self._rooms[room.lot_id]

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

    async def _open(self, lot_id: str) -> Room | None:
        log = lot_log(lot_id)
        record = await open_record(lot_origin(self.parts.settings.site, lot_id), log, self.parts)
        if record.lot is None:
            return None
        room = Room(lot_id, record, self.parts)
        for listener in self._listeners:
            room.on_change(listener)
            listener(room)
        return room

    def _forget(self, lot_id: str, opening: "asyncio.Task[Room | None]") -> None:
        if self._rooms.get(lot_id) is opening:
            del self._rooms[lot_id]


def _stands(opening: "asyncio.Task[Room | None]") -> bool:
    return opening.done() and not opening.cancelled() and opening.exception() is None
