"""The moments of a sale that want a timestamp (bid-log.md §5), as its log tells them."""

from dataclasses import dataclass
from enum import StrEnum

from schemas import log as w

INTERVAL_MS = 600_000  # while bidding runs, one every ten minutes

_BIDDING = frozenset({"LISTING", "TIMED"})
_OF_BIDS = frozenset({w.BidAccepted, w.BidRefused})  # nearly all events, and never a moment


class Kind(StrEnum):
    """What happened."""

    OPENING = "opening"
    SUSPENSION = "suspension"
    RESUMPTION = "resumption"
    INTERVAL = "interval"
    CLOSE = "close"
    SEAL = "seal"


@dataclass(frozen=True, slots=True)
class Moment:
    """A token over more than `seq` entries covers it. at: UTC ms."""

    kind: Kind
    seq: int
    at: int


class Moments:
    """Takes the entries of one log in order; `found` are its moments so far.

    Ten minutes in which nothing was written want no stamp of their own: the last head has its own.
    """

    def __init__(self) -> None:
        self.found: list[Moment] = []
        self._opened = False
        self._stage = ""
        self._since: int | None = None  # when bidding last began to run, ms; None: it does not
        self._last = 0

    def take(self, seq: int, entry: w.LotEntry) -> None:
        """The next entry; `seq` is its place, whatever it says itself."""
        self._take_interval(seq, entry.at)
        for event in entry.events:
            if type(event) not in _OF_BIDS:
                self._take_event(seq, entry.at, event)
        if isinstance(entry.command, w.CloseSale):
            self._add(Kind.CLOSE, seq, entry.at)
        self._last = entry.at

    def _take_interval(self, seq: int, at: int) -> None:
        if self._since is None:
            return
        passed = (self._last - self._since) // INTERVAL_MS
        if (at - self._since) // INTERVAL_MS > passed:
            due = self._since + (passed + 1) * INTERVAL_MS
            self._add(Kind.INTERVAL, seq - 1, due)

    def _take_event(self, seq: int, at: int, event: w.Event) -> None:
        match event:
            case w.StageChanged():
                self._stage = event.to
                self._run(at, event.to in _BIDDING)
                if event.to in _BIDDING and not self._opened:
                    self._opened = True
                    self._add(Kind.OPENING, seq, at)
            case w.Suspended() | w.Interrupted():
                self._run(at, False)
                self._add(Kind.SUSPENSION, seq, at)
            case w.Resumed():
                self._run(at, self._stage in _BIDDING)
                self._add(Kind.RESUMPTION, seq, at)
            case w.LotFailed() | w.LotTerminated():
                self._run(at, False)
            case w.LogSealed():
                self._add(Kind.SEAL, seq, at)
            case _:
                pass

    def _run(self, at: int, runs: bool) -> None:
        if not runs:
            self._since = None
        elif self._since is None:
            self._since = at

    def _add(self, kind: Kind, seq: int, at: int) -> None:
        self.found.append(Moment(kind, seq, at))
