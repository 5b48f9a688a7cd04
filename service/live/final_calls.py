"""The warnings before the hammer (连续三次提示): each process calls them to its own audience."""

from collections.abc import Callable

from schemas import live
from service.clock import Clock
from service.live.timers import Timer, Timers
from service.rules.lot import Lot
from service.rules.terms import Control, Stage


class FinalCalls:
    """Keeps one timer, for the next warning of the present countdown."""

    def __init__(self, tell: Callable[[live.Notice], None], clock: Clock, timers: Timers) -> None:
        self._tell = tell
        self._clock = clock
        self._timers = timers
        self._closes_at: int | None = None
        self._timer: Timer | None = None

    def follow(self, lot: Lot) -> None:
        """The lot has changed: a new end of the countdown means a new round of warnings."""
        running = lot.stage is Stage.TIMED and lot.control is Control.NORMAL
        closes_at = lot.closes_at if running else None
        if closes_at != self._closes_at:
            self.stop()
            self._closes_at = closes_at
            if closes_at is not None:
                self._arm(closes_at, lot.rules.warnings_s)

    def stop(self) -> None:
        self._closes_at = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, closes_at: int, warnings_s: tuple[int, ...]) -> None:
        now = self._clock.now_ms()
        left = sorted((s for s in warnings_s if closes_at - s * 1000 > now), reverse=True)
        if left:
            delay = closes_at - left[0] * 1000 - now
            self._timer = self._timers.call_later(
                delay, lambda: self._call(closes_at, left[0], warnings_s)
            )

    def _call(self, closes_at: int, seconds: int, warnings_s: tuple[int, ...]) -> None:
        params: dict[str, str | int] = {"seconds": seconds, "closes_at": closes_at}
        # The stated instant is the promised one, so that every screen reads the same bytes.
        self._tell(live.Notice(code="WARNING", at=closes_at - seconds * 1000, params=params))
        self._arm(closes_at, tuple(s for s in warnings_s if s < seconds))
