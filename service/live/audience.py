"""Everyone who looks at one lot through this process, and what waits to be sent to each.

A slow reader harms only itself: public state that waits is replaced by the newer, and who does not
take a frame within `send_limit_ms` is closed with 4008. One reader that never read once froze a
whole sale elsewhere, because the others waited for its turn.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from prometheus_client import Gauge

from schemas import live
from service import gauges
from service.clock import Clock
from service.live.attendance import Attendance
from service.live.frames import Prepared, prepare
from service.live.timers import Timer, Timers
from service.settings import Settings

UNSEEN = 0
"""The number of frames that no screen shows, heartbeats and clock readings: no evidence."""
RESTART, TOO_SLOW, REPLACED = 1012, 4008, 4010
_SWEEPS = 4
"""Looks for silent seats in one heartbeat: none is silent longer than `heartbeat_ms`."""


class Line(Protocol):
    """The way to one client."""

    def write_now(self, frame: Prepared) -> bool:
        """Hands the frame to the transport at once; False when it would have to wait."""
        ...

    async def write(self, frame: Prepared) -> None:
        """Waits until the transport takes the frame; returns at once when the client is gone."""
        ...

    def close(self, code: int) -> None:
        """Ends the connection without waiting for the client."""
        ...


class Evidence(Protocol):
    """Remembers what one lot's screens were shown; see `views.RoomViews`."""

    def opened(self, session: str, bidder_no: str | None, facts: dict[str, str]) -> None: ...

    def closed(self, session: str, code: int | None) -> None: ...

    def own(self, session: str, frame: Prepared) -> None: ...

    def next_no(self) -> int: ...

    def all(self, no: int, frame: Prepared, waiting: Sequence[str]) -> None: ...

    def late(self, session: str, no: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Sent:
    """A frame on its way. no: its number when it goes to everyone, None for an own frame."""

    frame: Prepared
    no: int | None = None


@dataclass(frozen=True, slots=True)
class PublicState:
    """One update for everybody, made at `at_ms` (monotonic). gapped: the same for those who missed
    the one before."""

    whole: Sent
    gapped: Callable[[], Sent]
    at_ms: int


class Seat:
    """One client's bounded outbox. Its own frames are never dropped, public state is conflated.

    session: its name in the evidence. known: what is known of its client (address, agent).
    """

    def __init__(
        self,
        line: Line,
        clock: Clock,
        timers: Timers,
        settings: Settings,
        *,
        session: str = "",
        known: Mapping[str, str] | None = None,
    ) -> None:
        self.bidder_no: str | None = None
        self.session = session
        self.joined_at = clock.now_ms()
        self.known = dict(known or {})
        self.views: Evidence | None = None
        self.sent_ms = clock.monotonic_ms()
        self._line = line
        self._clock = clock
        self._timers = timers
        self._settings = settings
        self._frames: deque[Sent] = deque()
        self._state: Sent | None = None
        self._pump: asyncio.Task[None] | None = None
        self.closed: int | None = None
        self.left_with: int | None = None
        """The close code with which the client ended, once it has."""

    def send(self, frame: Prepared, no: int | None = None) -> bool:
        """An own frame, or a notice of number `no`; False when it has to wait.

        Who lets too many wait is too slow.
        """
        sent = Sent(frame, no)
        if self._goes_now(sent):
            return True
        if len(self._frames) >= self._settings.outbox_frames:
            self.close(TOO_SLOW)
            return False
        self._frames.append(sent)
        self._start_pump()
        return False

    def show(self, state: PublicState) -> bool:
        """The latest public state; it replaces an older one that still waits. False: it waits."""
        if self._pump is None and self.closed is None and self._line.write_now(state.whole.frame):
            self.sent_ms = state.at_ms
            return True
        if self.closed is not None:
            return True
        if self._state is not None:
            gauges.CONFLATED.inc()
        self._state = state.whole if self._state is None else state.gapped()
        self._start_pump()
        return False

    def close(self, code: int) -> None:
        """Ends this client's connection; the second call does nothing."""
        if self.closed is None:
            self.closed = code
            if code == TOO_SLOW:
                gauges.TOO_SLOW.inc()
            self._line.close(code)
            self.leave()

    def leave(self) -> None:
        """Forgets what waits; the client is gone."""
        if self.closed is None:
            self.closed = 0
        self._frames.clear()
        self._state = None
        if self._pump is not None:
            self._pump.cancel()

    def _goes_now(self, sent: Sent) -> bool:
        """True when there is nothing left to do with this frame."""
        if self.closed is not None:
            return True
        if self._pump is not None or not self._line.write_now(sent.frame):
            return False
        self.sent_ms = self._clock.monotonic_ms()
        if sent.no is None:
            self._remember(sent)
        return True

    def _remember(self, sent: Sent) -> None:
        """Own frames are evidence for bidders alone: an observer's are the public ones."""
        if self.views is None:
            return
        if sent.no:
            self.views.late(self.session, sent.no)
        elif sent.no is None and self.bidder_no is not None:
            self.views.own(self.session, sent.frame)

    def _start_pump(self) -> None:
        if self._pump is None and self.closed is None:
            self._pump = asyncio.create_task(self._run(), name="outbox")

    async def _run(self) -> None:
        try:
            while (sent := self._next()) is not None:
                limit = self._timers.call_later(
                    self._settings.send_limit_ms, lambda: self.close(TOO_SLOW)
                )
                try:
                    await self._line.write(sent.frame)
                finally:
                    limit.cancel()
                self.sent_ms = self._clock.monotonic_ms()
                self._remember(sent)
        finally:
            self._pump = None

    def _next(self) -> Sent | None:
        if self._frames:
            return self._frames.popleft()
        state, self._state = self._state, None
        return state


class Audience:
    """The seats of one lot. Owned by its room, which says when something was decided.

    update: makes the public frame of this instant from the quotes since the last one.
    relays: shown the same public frames, for those who watch through other processes.
    is_current: while it says no, nobody is told that this end is alive.
    """

    def __init__(
        self,
        update: Callable[[tuple[live.AcceptedQuote, ...], bool], live.Update],
        clock: Clock,
        timers: Timers,
        settings: Settings,
        views: Evidence | None = None,
        relays: Callable[[bytes], None] | None = None,
        is_current: Callable[[], bool] = lambda: True,
    ) -> None:
        self.on_bidder: Callable[[Seat], None] | None = None
        """Told of every bidder's seat once it has joined."""
        self._update = update
        self._relays = relays
        self._is_current = is_current
        self._views = views
        self._clock = clock
        self._timers = timers
        self._settings = settings
        self._seats: set[Seat] = set()
        self._bidders: dict[str, Seat] = {}
        self.attendance = Attendance(clock)
        self._new: deque[live.AcceptedQuote] = deque(maxlen=settings.update_quotes)
        self._lost_rows = False
        self._flush: Timer | None = None
        self._flushed_ms: int | None = None
        self._sweep: Timer | None = None
        self._closed: int | None = None

    def __len__(self) -> int:
        return len(self._seats)

    def join(self, seat: Seat, bidder_no: str | None) -> None:
        """A newer session of the same bidder takes the place of the older (4010)."""
        seat.bidder_no = bidder_no
        if bidder_no is not None:
            older = self._bidders.get(bidder_no)
            if older is not None:
                older.close(REPLACED)
                self.leave(older)
            self._bidders[bidder_no] = seat
            self.attendance.came(bidder_no)
        self._seats.add(seat)
        _gauge_of(bidder_no).inc()
        if self._views is not None:
            seat.views = self._views
            self._views.opened(seat.session, bidder_no, seat.known)
        if self._sweep is None:
            self._arm_sweep()
        if bidder_no is not None and self.on_bidder is not None:
            self.on_bidder(seat)
        if self._closed is not None:
            # Its handshake began before the audience was sent away: it goes the same way, and at
            # once, or it would sit in a process that ends without a word to it.
            seat.close(self._closed)
            self.leave(seat)

    def bidders(self) -> tuple[Seat, ...]:
        """The seat of each bidder who is here."""
        return tuple(self._bidders.values())

    def leave(self, seat: Seat) -> None:
        if seat in self._seats:
            _gauge_of(seat.bidder_no).dec()
            if self._views is not None:
                self._views.closed(seat.session, seat.closed)
        self._seats.discard(seat)
        if seat.bidder_no is not None and self._bidders.get(seat.bidder_no) is seat:
            del self._bidders[seat.bidder_no]
            self.attendance.went(seat.bidder_no, seat.closed or seat.left_with)

    def changed(self, quotes: Iterable[live.AcceptedQuote], gap: bool = False) -> None:
        """Something was decided: a frame goes out now, or `conflate_ms` after the last one.

        gap: these are not all quotes since the last change.
        """
        self._lost_rows |= gap
        for quote in quotes:
            self._lost_rows |= len(self._new) == self._new.maxlen
            self._new.append(quote)
        if self._flush is None:
            self._flush = self._timers.call_later(self._wait_ms(), self._send_state)

    def tell(self, notice: live.Notice) -> None:
        """A notice to all, kept in order and never conflated."""
        frame = prepare(notice)
        if self._relays is not None:
            self._relays(frame.text)
        if self._seats:
            no = self._next_no()
            late = [seat for seat in tuple(self._seats) if not seat.send(frame, no)]
            self._remember(no, frame, late)
            self._sweep_out()

    def beat(self, seq: int) -> None:
        """A sign of life to those to whom nothing else was sent (see `silent`)."""
        frame = prepare(live.Heartbeat(server_time_ms=self._clock.now_ms(), seq=seq))
        for seat in self._silent():
            seat.send(frame, UNSEEN)

    def close(self, code: int) -> None:
        """Sends everybody away, and whoever still comes."""
        self._closed = code
        for seat in tuple(self._seats):
            seat.close(code)
            self.leave(seat)
        for timer in (self._flush, self._sweep):
            if timer is not None:
                timer.cancel()

    def _wait_ms(self) -> int:
        if self._flushed_ms is None:
            return 0
        passed = self._clock.monotonic_ms() - self._flushed_ms
        return max(self._settings.conflate_ms - passed, 0)

    def _send_state(self) -> None:
        self._flush = None
        self._flushed_ms = self._clock.monotonic_ms()
        new, gap = tuple(self._new), self._lost_rows
        self._new.clear()
        self._lost_rows = False
        if not self._seats and self._relays is None:
            return
        update = self._update(new, gap)
        whole = prepare(update)
        if self._relays is not None:
            self._relays(whole.text)
        if not self._seats:
            return
        no = self._next_no()
        gapped = _once(lambda: Sent(prepare(_gapped(update)), no))
        state = PublicState(Sent(whole, no), gapped, self._flushed_ms)
        late = [seat for seat in tuple(self._seats) if not seat.show(state)]
        self._remember(no, whole, late)
        self._sweep_out()

    def _next_no(self) -> int:
        return UNSEEN if self._views is None else self._views.next_no()

    def _remember(self, no: int, frame: Prepared, late: list[Seat]) -> None:
        if self._views is not None:
            self._views.all(no, frame, [seat.session for seat in late])

    def _silent(self) -> list[Seat]:
        every = self._settings.heartbeat_ms
        before = self._clock.monotonic_ms() - every + every // _SWEEPS
        return [seat for seat in self._seats if seat.sent_ms <= before]

    def _arm_sweep(self) -> None:
        every = self._settings.heartbeat_ms // _SWEEPS
        self._sweep = self._timers.call_later(every, self._look_for_silence)

    def _look_for_silence(self) -> None:
        self._sweep = None
        self._sweep_out()
        if self._seats:
            if self._is_current() and self._silent():
                self.beat(self._update((), False).seq)
            self._arm_sweep()

    def _sweep_out(self) -> None:
        """Seats that were closed for slowness are no longer here."""
        for seat in [seat for seat in self._seats if seat.closed is not None]:
            self.leave(seat)


def _gauge_of(bidder_no: str | None) -> Gauge:
    return gauges.OBSERVERS if bidder_no is None else gauges.BIDDERS


def _gapped(update: live.Update) -> live.Update:
    return update.model_copy(update={"gap": True})


def _once(make: Callable[[], Sent]) -> Callable[[], Sent]:
    made: list[Sent] = []

    def get() -> Sent:
        if not made:
            made.append(make())
        return made[0]

    return get
