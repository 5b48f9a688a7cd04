"""What the report says, read from the log's own entries in one pass; words come later."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from json import loads
from typing import Any

from service.report.curve import Step

MAX_BIDS = 3_000
"""Bids on paper: about eighty pages. Beyond that paper serves nobody; log.jsonl has them all."""

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bid:
    """One decided bid. at, received_at, closes_at: ms."""

    seq: int
    at: int
    received_at: int
    bidder_no: str
    amount_fen: int
    reason: str | None
    closes_at: int | None


@dataclass(frozen=True, slots=True)
class Happening:
    """One event that is no bid; `event` as it stands in the log."""

    seq: int
    at: int
    command: str
    event: Entry


@dataclass(slots=True)
class Window:
    """Time given to bidders. opened, closes, ended: ms; `closes` moves with each extension."""

    stage: str
    because: str
    opened: int
    closes: int
    extensions: int = 0
    ended: int | None = None


@dataclass(slots=True)
class Sale:
    """The whole sale as its log tells it."""

    origin: str
    entries: int = 0
    published: Entry = field(default_factory=dict)
    bids: list[Bid] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    dark: list[tuple[int, int]] = field(default_factory=list)
    stage: str = "ANNOUNCED"
    reserve: Entry | None = None
    hammer: Entry | None = None
    total_fen: int | None = None
    last_at: int = 0
    _dark_from: int | None = None

    @property
    def lot_id(self) -> str:
        return self.origin.rpartition("/")[2]

    @property
    def accepted(self) -> list[Bid]:
        return [bid for bid in self.bids if bid.reason is None]

    def steps(self) -> list[Step]:
        """The staircase of accepted quotes."""
        return [Step(bid.at, bid.amount_fen) for bid in self.accepted]

    def on_paper(self) -> tuple[list[Bid], bool]:
        """The bids that are printed, and whether that is all of them."""
        if len(self.bids) <= MAX_BIDS:
            return self.bids, True
        return self.accepted[-MAX_BIDS:], False


def read_sale(origin: str, entries: Iterable[bytes]) -> Sale:
    """`entries`: stored bytes of one log, in order. Believes them: the checks judge them."""
    sale = Sale(origin)
    for raw in entries:
        entry = loads(raw)
        sale.entries += 1
        sale.last_at = entry["at"]
        if entry["command"]["type"] == "publish_lot":
            sale.published = entry["command"]
        for event in entry["events"]:
            _take(sale, entry, event)
    return sale


def longest_silence(instants: Sequence[int]) -> int:
    """The longest stretch without a proof of the bid path (ms)."""
    return max((later - earlier for earlier, later in pairwise(instants)), default=0)


def _take(sale: Sale, entry: Entry, event: Entry) -> None:
    kind = event["type"]
    if kind in ("bid_accepted", "bid_refused"):
        _take_bid(sale, entry, event)
        return
    sale.happenings.append(Happening(entry["seq"], entry["at"], entry["command"]["type"], event))
    _follow_windows(sale, entry["at"], event)
    match kind:
        case "stage_changed":
            sale.stage = event["to"]
        case "reserve_opened":
            sale.reserve = {**event, "has_reserve": entry["command"].get("has_reserve", True)}
        case "hammer_fell":
            sale.hammer = event
        case "lot_sold":
            sale.total_fen = event["total_fen"]


def _take_bid(sale: Sale, entry: Entry, event: Entry) -> None:
    bid, closes_at = entry["command"], event.get("closes_at")
    sale.bids.append(
        Bid(
            seq=entry["seq"],
            at=entry["at"],
            received_at=bid["received_at"],
            bidder_no=bid["bidder_no"],
            amount_fen=bid["amount_fen"],
            reason=event.get("reason"),
            closes_at=closes_at,
        )
    )
    window = _open_window(sale)
    if event["type"] == "bid_accepted" and window and closes_at and closes_at > window.closes:
        window.closes, window.extensions = closes_at, window.extensions + 1


def _follow_windows(sale: Sale, at: int, event: Entry) -> None:
    kind, closes_at = event["type"], event.get("closes_at")
    if kind in ("stage_changed", "suspended", "interrupted", "lot_terminated"):
        window = _open_window(sale)
        if window:
            window.ended = at
    if kind in ("suspended", "interrupted"):
        sale._dark_from = event.get("from", at)
    if kind == "resumed" and sale._dark_from is not None:
        sale.dark.append((sale._dark_from, at))
        sale._dark_from = None
    if closes_at and kind in ("stage_changed", "resumed"):
        stage = event.get("to", sale.stage)
        because = "opening" if kind == "stage_changed" else "resumption"
        sale.windows.append(Window(stage, because, at, closes_at))


def _open_window(sale: Sale) -> Window | None:
    last = sale.windows[-1] if sale.windows else None
    return last if last is not None and last.ended is None else None
