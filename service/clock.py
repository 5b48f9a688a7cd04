"""The only file that asks the time. Legal time is the database's, in UTC milliseconds."""

import time
from typing import Protocol


class Clock(Protocol):
    """Database time as this process knows it."""

    def now_ms(self) -> int:
        """UTC milliseconds of the database clock, by the measured offset."""
        ...

    def monotonic_ms(self) -> int:
        """Milliseconds of this machine's monotonic clock; never steps."""
        ...

    def is_sure(self) -> bool:
        """False while the uncertainty of the offset is above the bound: then nothing is decided."""
        ...


def wall_ms() -> int:
    """This machine's wall clock (UTC ms): measures the offset, never decides a sale.

    A witness, which has no database, dates its cosignatures by it.
    """
    return time.time_ns() // 1_000_000


def monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def monotonic_us() -> int:
    return time.monotonic_ns() // 1_000
