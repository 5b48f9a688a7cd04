"""How many visitors one address may bring to the live channels of one process.

Without a bound one machine takes every socket there is. Bidders are known by name and have one
socket each, so that nobody behind the same address can shut them out.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from service.connections import counted_as, is_trusted


class Crowds:
    """Owns the count of observers by address; a proxy's own address says nothing of visitors."""

    def __init__(self, most: int, trusted: tuple[str, ...]) -> None:
        self._most = most
        self._trusted = trusted
        self._observers: Counter[str] = Counter()

    @contextmanager
    def one_more(self, address: str, bidder_no: str | None) -> Iterator[bool]:
        """Whether there is room for one more; it is taken until the end of the block."""
        if bidder_no is not None or is_trusted(address, self._trusted):
            yield True
            return
        key = counted_as(address)
        if self._observers.get(key, 0) >= self._most:
            yield False
            return
        self._observers[key] += 1
        try:
            yield True
        finally:
            self._observers[key] -= 1
            if not self._observers[key]:
                del self._observers[key]
