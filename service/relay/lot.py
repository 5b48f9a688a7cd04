"""One lot as a relay shows it: the last whole state, and the watchers who see it.

The state moves only forward, by `seq`. Two processes of the service may both show a frame; the
second changes nothing. A frame was lost when the count of accepted quotes does not come out, or a
sign of life names a later entry: then the service is asked, and until it answers this lot is not
current and says nothing.
"""

from collections import deque
from collections.abc import Callable
from typing import Annotated

from prometheus_client import Counter
from pydantic import Field, TypeAdapter, ValidationError

from schemas import live
from service.clock import Clock
from service.live.audience import Audience
from service.live.timers import Timers
from service.settings import Settings

HOLES = Counter("luochui_relay_holes_total", "Frames of the bus found missing by later ones.")
NOTICES_KEPT = 64
"""To know the second copy of a notice by: every process of the service shows the same bytes."""

ON_ITS_WAY = 4
"""Times `conflate_ms` that a frame may come behind the sign of life which names its seq."""

_Shown = Annotated[live.Update | live.Notice | live.Heartbeat, Field(discriminator="type")]
_FRAME: TypeAdapter[live.Update | live.Notice | live.Heartbeat] = TypeAdapter(_Shown)


class RelayLot:
    """Owns the state, the audience, and the knowledge of how long ago both were proved right.

    ask: wants the service asked soon.
    """

    def __init__(
        self,
        first: live.Snapshot,
        clock: Clock,
        timers: Timers,
        settings: Settings,
        ask: Callable[["RelayLot"], None],
    ) -> None:
        self.lot_id, self.log = first.lot_id, first.log
        self._clock = clock
        self._timers = timers
        self._settings = settings
        self._ask = ask
        self._state = first
        self._quotes = deque(first.recent, maxlen=settings.recent_quotes)
        self._notices: deque[str] = deque(maxlen=NOTICES_KEPT)
        self._whole = True
        self.proved_ms = clock.monotonic_ms()
        self.asked_ms = self.proved_ms
        self.left_ms = self.proved_ms
        self.audience = Audience(self.update, clock, timers, settings, is_current=self.is_current)

    # ── what watchers are shown ─────────────────────────────────────────────────────────────

    @property
    def seq(self) -> int:
        return self._state.seq

    def is_current(self) -> bool:
        """Whether this state was proved to be the service's own a moment ago."""
        age_ms = self._clock.monotonic_ms() - self.proved_ms
        return age_ms <= self._settings.relay_proof_ms and self._clock.is_sure()

    def snapshot(self) -> live.Snapshot:
        return self._state.model_copy(update={"recent": tuple(self._quotes)})

    def update(self, new: tuple[live.AcceptedQuote, ...], gap: bool) -> live.Update:
        state = self._state
        return live.Update(
            seq=state.seq, at=state.at, lot=state.lot, new=new, gap=True if gap else None
        )

    def resync(self, after_seq: int) -> live.Update | live.Snapshot:
        """The missing rows when they fit one update, else everything."""
        rows = tuple(quote for quote in self._quotes if quote.seq > after_seq)
        known_after = self._quotes[0].seq - 1 if len(self._quotes) < self._accepted else -1
        fits = len(rows) <= self._settings.update_quotes
        if fits and known_after <= after_seq <= self.seq:
            return self.update(rows, gap=False)
        return self.snapshot()

    # ── what the bus says ───────────────────────────────────────────────────────────────────

    def hear(self, text: str) -> None:
        """A frame of the bus. What cannot be read is of a newer service: the next call tells."""
        try:
            frame = _FRAME.validate_json(text, extra="ignore")
        except ValidationError:
            return
        match frame:
            case live.Notice():
                self._tell(text, frame)
            case live.Heartbeat():
                self._compare(frame.seq)
            case live.Update():
                self._follow(frame)

    def _tell(self, text: str, notice: live.Notice) -> None:
        if text not in self._notices:
            self._notices.append(text)
            self.audience.tell(notice)

    def _compare(self, seq: int) -> None:
        """A process that is behind proves nothing; one that is ahead shows that we lack something.

        What we lack may still be on its way: a room shows a state up to `conflate_ms` late.
        """
        if seq == self.seq and self._whole:
            self._prove()
        elif seq > self.seq:
            late_ms = ON_ITS_WAY * self._settings.conflate_ms
            self._timers.call_later(late_ms, lambda: self._ask_unless_at(seq))

    def _ask_unless_at(self, seq: int) -> None:
        if self.seq < seq:
            HOLES.inc()
            self._ask(self)

    def _follow(self, update: live.Update) -> None:
        if update.seq < self.seq:
            return
        fresh = self._fresh(update.new)
        if update.gap or self._accepted + len(fresh) != update.lot.accepted:
            HOLES.inc()
            self._whole = False
            self._ask(self)
            return
        if self._whole:
            self._advance(update, fresh)

    # ── what the service answers ────────────────────────────────────────────────────────────

    def take(self, answer: live.Snapshot | live.Update) -> bool:
        """The answer to the call; False when only a snapshot would help."""
        if answer.seq < self.seq:
            return True  # the bus was faster; the next sign of life proves it
        if isinstance(answer, live.Snapshot):
            fresh = self._fresh(answer.recent)
            gap = self._accepted + len(fresh) != answer.lot.accepted
            self._quotes.clear()
            self._quotes.extend(quote for quote in answer.recent if quote not in fresh)
        else:
            fresh, gap = self._fresh(answer.new), False
            if self._accepted + len(fresh) != answer.lot.accepted:
                return False
        self._whole = True
        self._advance(answer, fresh, gap)
        return True

    @property
    def _accepted(self) -> int:
        return self._state.lot.accepted

    def _fresh(self, quotes: tuple[live.AcceptedQuote, ...]) -> list[live.AcceptedQuote]:
        return [quote for quote in quotes if quote.seq > self.seq]

    def _advance(
        self,
        state: live.Snapshot | live.Update,
        fresh: list[live.AcceptedQuote],
        gap: bool = False,
    ) -> None:
        """To a whole state of the same seq or a later one."""
        moved = state.seq > self.seq
        changes = {"seq": state.seq, "at": state.at, "lot": state.lot}
        self._state = self._state.model_copy(update=changes)
        self._quotes.extend(fresh)
        self._prove()
        if moved:
            self.audience.changed(fresh, gap)

    def _prove(self) -> None:
        self.proved_ms = self._clock.monotonic_ms()
