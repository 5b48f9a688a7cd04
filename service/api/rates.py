"""How often one client may ask of one process."""

from collections import OrderedDict
from collections.abc import Callable


class Rates:
    """Token buckets: `per_s` a second and as many at once, for at most `most` keys."""

    def __init__(self, per_s: int, most: int, monotonic_ms: Callable[[], int]) -> None:
        self._per_s = per_s
        self._most = most
        self._monotonic_ms = monotonic_ms
        self._buckets: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def allow(self, key: str) -> bool:
        """Takes one token, or says that there is none."""
        now, full = self._monotonic_ms(), self._per_s * 1000
        before, tokens = self._buckets.pop(key, (now, full))
        tokens = min(full, tokens + (now - before) * self._per_s)
        allowed = tokens >= 1000
        self._buckets[key] = (now, tokens - 1000 if allowed else tokens)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return allowed
