"""Many bidders cut off at once from our side: seen over all processes, and the sale is paused.

Our side is one process, with its machine and its line. When within `cut_off_window_ms` at least
`cut_off_bidders` and `cut_off_percent` of those who sat in a lot through one process lose their
lines without a goodbye, and are not back through any process `cut_off_return_ms` later, it was not
their own lines. A process that proves nothing any more has lost all of them at its last proof. One
that ends in order sent them away itself; they have `cut_off_restart_ms`.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from service.live.audience import RESTART
from service.live.room import Room
from service.live.rooms import Rooms
from service.rules import messages as m
from service.rules.terms import Control
from service.settings import Settings
from service.store import attendance
from service.store.attendance import Loss, Sitting
from service.store.log_tables import lot_id_of

_LATE_MS = 20_000
"""How long after it is ripe a cut-off is still acted upon; then it is history."""
DIED = 1006
"""How lines end whose process has died."""


@dataclass(frozen=True, slots=True)
class CutOff:
    """Bidders were lost between two instants (ms). return_ms: they have to come back. ripe: and
    had."""

    gap_from: int
    lost_to: int
    return_ms: int
    ripe: bool

    def interrupt(self, now: int) -> m.Interrupt:
        cause = m.InterruptCause.CUT_OFF
        return m.Interrupt(cause=cause, gap_from=self.gap_from, gap_to=now)


def judge(
    rows: Sequence[Sitting], now: int, settings: Settings, *, newest: int, since: int = 0
) -> CutOff | None:
    """The cut-off that one lot's rows tell of, None when there is none.

    newest: ms, the latest proof of any process: who is silent together with all others is the
    outage rule's. since: ms, what happened before the sale was last resumed does not count.
    """
    silent_before = newest - settings.path_stale_ms
    back = {who for row in rows if not _silent(row, silent_before) for who in row.here}
    back |= {who for row in rows for who in row.parted}
    losses = [_counted(_lost(row, silent_before), now, since, settings) for row in rows]
    # Who was lost twice had come back in between: an upgrade sends everybody away once by each
    # process, and the time to come back from the second begins with the second.
    last = _latest(losses)
    for row, lost in zip(rows, losses, strict=True):
        missing = [loss for who, loss in lost.items() if who not in back and loss == last[who]]
        burst = _burst(sorted(missing, key=_at), settings.cut_off_window_ms)
        if len(burst) < settings.cut_off_bidders:
            continue
        begun, ended = burst[0].at, burst[-1].at
        here = frozenset() if _silent(row, silent_before) else row.here
        sat = len(here | {who for who, loss in lost.items() if loss.at >= begun})
        if len(burst) * 100 >= sat * settings.cut_off_percent:
            return_ms = max(_return_ms(loss, settings) for loss in burst)
            return CutOff(begun, ended, return_ms, ripe=now - ended >= return_ms)
    return None


def _counted(
    lost: Mapping[str, Loss], now: int, since: int, settings: Settings
) -> Mapping[str, Loss]:
    """Those losses that are no history yet."""

    def counts(loss: Loss) -> bool:
        return loss.at >= since and now - loss.at <= _return_ms(loss, settings) + _LATE_MS

    return {who: loss for who, loss in lost.items() if counts(loss)}


def _latest(losses: Iterable[Mapping[str, Loss]]) -> Mapping[str, Loss]:
    """The last loss of each bidder, through whichever process."""
    last: dict[str, Loss] = {}
    for lost in losses:
        for who, loss in lost.items():
            if who not in last or loss.at > last[who].at:
                last[who] = loss
    return last


def _return_ms(loss: Loss, settings: Settings) -> int:
    return settings.cut_off_restart_ms if loss.code == RESTART else settings.cut_off_return_ms


def _at(loss: Loss) -> int:
    return loss.at


def _silent(row: Sitting, before: int) -> bool:
    return row.proved_at is None or row.proved_at < before


def _lost(row: Sitting, silent_before: int) -> Mapping[str, Loss]:
    """How each was lost who sat there; with a process that fell silent everybody was."""
    if row.proved_at is None or not _silent(row, silent_before):
        return row.lost
    return {**dict.fromkeys(row.here, Loss(row.proved_at, DIED)), **row.lost}


def _burst(losses: Sequence[Loss], window_ms: int) -> Sequence[Loss]:
    """The most of these sorted losses that lie within one window; the latest such."""
    best: Sequence[Loss] = ()
    first = 0
    for place, loss in enumerate(losses):
        while loss.at - losses[first].at > window_ms:
            first += 1
        if place + 1 - first >= len(best):
            best = losses[first : place + 1]
    return best


class CutOffs:
    """Keeps this process's attendance in the database, and reads everybody's. Owns what it wrote
    last, so that only changes are written."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._engine = rooms.parts.engine
        self._clock = rooms.parts.clock
        self._settings = rooms.parts.settings
        self._process = rooms.parts.path.process
        self._written: dict[str, Sitting] = {}
        self._writing = asyncio.Lock()
        self._stopped: set[str] = set()
        self._since: dict[str, int] = {}

    def follow(self, room: Room) -> None:
        """What happened until a sale is resumed was answered by its pause."""
        # A process that has just begun does not know better than the log.
        self._since.setdefault(room.lot_id, room.lot.opened_at or 0)
        if room.lot.control is not Control.NORMAL:
            self._stopped.add(room.lot_id)
        elif room.lot_id in self._stopped:
            self._stopped.discard(room.lot_id)
            self._since[room.lot_id] = self._clock.now_ms()

    async def begin(self) -> None:
        """Forgets what dead processes left behind long ago."""
        async with self._engine.begin() as connection:
            await attendance.forget_the_dead(connection, self._clock.now_ms())

    async def look(self, lot_ids: Collection[str], *, alone: bool = False) -> dict[str, CutOff]:
        """Writes who is here in these lots, and judges them. `alone`: they are not all the lots
        that take bids, so the others' rows stay.

        Raises what the database raises; then everything is written anew the next time.
        """
        try:
            async with self._writing:
                await self._write(lot_ids, alone=alone)
            now = self._clock.now_ms()
            async with self._engine.connect() as connection:
                rows, newest = await attendance.read_suspected(
                    connection, now, self._settings.path_stale_ms
                )
        except BaseException:
            self._written.clear()
            raise
        found = dict(self._judged(rows, now, newest, lot_ids))
        for room in self._rooms.open_rooms():
            if room.lot_id in lot_ids:
                room.audience.attendance.missing = room.lot_id in found
        return found

    def _judged(
        self, rows: Sequence[Sitting], now: int, newest: int, lot_ids: Collection[str]
    ) -> Iterable[tuple[str, CutOff]]:
        by_lot: dict[str, list[Sitting]] = {}
        for row in rows:
            by_lot.setdefault(lot_id_of(row.log), []).append(row)
        for lot_id in by_lot.keys() & set(lot_ids):
            since = self._since.get(lot_id, 0)
            found = judge(by_lot[lot_id], now, self._settings, newest=newest, since=since)
            if found is not None:
                yield lot_id, found

    async def _write(self, lot_ids: Collection[str], *, alone: bool) -> None:
        new = {row.log: row for row in self._sitting(lot_ids)}
        changed = [row for log, row in new.items() if self._written.get(log) != row]
        left = set() if alone else self._written.keys() - new.keys()
        if changed or left:
            async with self._engine.begin() as connection:
                await attendance.write(connection, self._process, changed, left)
            self._written.update({row.log: row for row in changed})
            for log in left:
                del self._written[log]

    def _sitting(self, lot_ids: Collection[str]) -> Iterable[Sitting]:
        """Of each lot that takes bids and in which anybody sits, or sat a moment ago."""
        settings = self._settings
        longest = max(settings.cut_off_return_ms, settings.cut_off_restart_ms)
        oldest = self._clock.now_ms() - longest - _LATE_MS
        for room in self._rooms.open_rooms():
            here, lost, parted = room.audience.attendance.since(oldest)
            if room.lot_id in lot_ids and (here or lost or parted):
                yield Sitting(
                    log=room.log,
                    process=self._process,
                    here=here,
                    lost={who: Loss(*loss) for who, loss in lost.items()},
                    parted=parted,
                )
