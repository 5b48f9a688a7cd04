"""Database time as a relay knows it: from the header of the service's answers.

As `service.store.dbclock` does it with the database itself: an answer bounds the offset by half its
round trip, and the doubt grows with the drift of two clocks.
"""

from collections import deque
from collections.abc import Callable

from service import clock

DRIFT_PPM = 1_000
REMEMBERED = 16


class RelayClock:
    """Keeps the offset. `bound_ms`: of the doubt, beyond which the relay says no time at all.

    A relay decides nothing: its time only lets screens count down.
    """

    def __init__(self, bound_ms: int, monotonic_us: Callable[[], int] = clock.monotonic_us) -> None:
        self._bound_us = bound_ms * 1000
        self._monotonic_us = monotonic_us
        self._answers: deque[tuple[int, int, int]] = deque(maxlen=REMEMBERED)
        self._latest_ms = 0

    def take(self, before_us: int, after_us: int, server_ms: int) -> None:
        """An answer that said `server_ms` came between these two instants of our own clock."""
        # The service read its clock in whole ms: on the average half of one is cut off.
        offset_us = server_ms * 1000 + 500 - (before_us + after_us) // 2
        half_trip_us = (after_us - before_us + 1) // 2 + 500
        if self._answers:
            known_us, doubt_us = self._best(after_us)
            if abs(offset_us - known_us) > doubt_us + half_trip_us:
                self._answers.clear()  # the database's clock was set, or another one took over
        self._answers.append((after_us, offset_us, half_trip_us))

    def now_ms(self) -> int:
        """UTC ms; never less than the time before."""
        now_us = self._monotonic_us()
        offset_us = self._best(now_us)[0] if self._answers else 0
        self._latest_ms = max(self._latest_ms, (now_us + offset_us) // 1000)
        return self._latest_ms

    def monotonic_ms(self) -> int:
        return self._monotonic_us() // 1000

    def is_sure(self) -> bool:
        now_us = self._monotonic_us()
        return bool(self._answers) and self._best(now_us)[1] <= self._bound_us

    def _best(self, now_us: int) -> tuple[int, int]:
        """The offset that is known best, and its doubt, µs."""
        known = (
            (half_us + (now_us - at_us) * DRIFT_PPM // 1_000_000, offset_us)
            for at_us, offset_us, half_us in self._answers
        )
        doubt_us, offset_us = min(known)
        return offset_us, doubt_us
