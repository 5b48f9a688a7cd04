"""Who of a lot's bidders sits here, and how those ended who do not any more."""

from collections.abc import Callable

from service.clock import Clock

LOST = frozenset({1005, 1006, 1011, 1012, 4008})
"""Ends without a goodbye: the line broke (1005 and 1006, as our server and others name it), no pong
came (1011), this process stopped (1012), or the client took nothing any more (4008)."""
REPLACED = 4010


class Attendance:
    """The bidders of one room. Observers are not counted, and nothing of it leaves the engine.

    on_news: called when a bidder's line is lost; and while bidders of this lot are missing, when
    one is back. missing: set by whoever compares the processes.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._here: set[str] = set()
        self._lost: dict[str, tuple[int, int]] = {}
        self._parted: dict[str, int] = {}
        self.on_news: Callable[[], object] | None = None
        self.missing = False

    def came(self, bidder_no: str) -> None:
        self._here.add(bidder_no)
        self._lost.pop(bidder_no, None)
        self._parted.pop(bidder_no, None)
        if self.missing:
            self._tell()

    def asked(self, bidder_no: str) -> None:
        """The bidder bids, or asks what became of a bid, with or without a line. Who lost his line
        and reaches us all the same is not cut off."""
        if self.missing and bidder_no not in self._here:
            self._lost.pop(bidder_no, None)
            self._parted[bidder_no] = self._clock.now_ms()
            self._tell()

    def went(self, bidder_no: str, code: int | None) -> None:
        """`code`: of the close, ours or the client's; None when nobody says how it was."""
        self._here.discard(bidder_no)
        if code is not None and code in LOST:
            self._lost[bidder_no] = (self._clock.now_ms(), code)
            self._tell()
        elif code != REPLACED:
            self._parted[bidder_no] = self._clock.now_ms()

    def since(
        self, instant: int
    ) -> tuple[frozenset[str], dict[str, tuple[int, int]], frozenset[str]]:
        """Who is here; since `instant` (ms): who was lost, when and with which code; who said
        goodbye."""
        self._lost = {who: loss for who, loss in self._lost.items() if loss[0] >= instant}
        self._parted = {who: at for who, at in self._parted.items() if at >= instant}
        return frozenset(self._here), dict(self._lost), frozenset(self._parted)

    def _tell(self) -> None:
        if self.on_news is not None:
            self.on_news()
