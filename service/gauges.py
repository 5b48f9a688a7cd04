"""What the operator's watchmen see in /metrics of the engine: bids, screens, clock, writes.

Of several workers on one port, gauges are summed or the worst of them is shown.
Counted where the fact arises, once a batch where there is one, through children looked up once:
finding a label costs more than counting. No label names a lot or a person.
"""

import asyncio
import os
from collections.abc import Iterable
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from service.rules import messages as m

_FAST_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0)
_SAMPLE_S = 0.25

BIDS = Counter(
    "luochui_bids_total",
    "Bids decided here (accepted, refused), and bids answered with a problem, by its code.",
    ("outcome",),
)
ANSWER_SECONDS = Histogram(
    "luochui_answer_seconds",
    "From a bid's frame being read to its answer being handed to the transport.",
    buckets=_FAST_S,
)
WATCHERS = Gauge(
    "luochui_watchers",
    "Open live channels: observers and bidders.",
    ("role",),
    multiprocess_mode="livesum",
)
ROOM_LAG_SECONDS = Histogram(
    "luochui_room_lag_seconds",
    "Age of the oldest entry of another process when a room reads it.",
    buckets=_FAST_S,
)
CLOCK_OFFSET_SECONDS = Gauge(
    "luochui_clock_offset_seconds",
    "The database's clock minus this machine's.",
    multiprocess_mode="livemostrecent",
)
CLOCK_UNCERTAINTY_SECONDS = Gauge(
    "luochui_clock_uncertainty_seconds",
    "How far the measured offset may be wrong.",
    multiprocess_mode="livemax",
)
OUTBOX_DROPS = Counter(
    "luochui_outbox_drops_total",
    "Public states replaced by a newer one before they were sent (conflated), and clients "
    "closed because they did not read (too_slow).",
    ("kind",),
)
SOCKETS_CLOSED = Counter(
    "luochui_sockets_closed_total",
    "Live channels that ended, by close code; `other` when a client made one up.",
    ("code",),
)
CONNECTIONS_REFUSED = Counter(
    "luochui_connections_refused_total",
    "Connections and handshakes refused before they were read: too_many, too_slow.",
    ("why",),
)
LOOP_LAG_SECONDS = Gauge(
    "luochui_loop_lag_seconds",
    "How late the event loop woke for its latest sample.",
    multiprocess_mode="livemax",
)
LEDGER_WRITE_SECONDS = Histogram(
    "luochui_ledger_write_seconds",
    "One write of the ledger, from the statement to its durable commit.",
    buckets=_FAST_S,
)
LOST_SWAPS = Counter(
    "luochui_lost_swaps_total", "Batches decided again because another process wrote first."
)
INTERRUPTIONS = Counter(
    "luochui_interruptions_total", "Sales interrupted by this process, by cause.", ("cause",)
)
PATH_PROOFS = Counter("luochui_path_proofs_total", "Durable proofs that bids can be placed now.")
BUS_UP = Gauge(
    "luochui_bus_up",
    "1 while hints from other processes are heard, else 0.",
    multiprocess_mode="livemin",
)

ACCEPTED, REFUSED = BIDS.labels("accepted"), BIDS.labels("refused")
OBSERVERS, BIDDERS = WATCHERS.labels("observer"), WATCHERS.labels("bidder")
CONFLATED, TOO_SLOW = OUTBOX_DROPS.labels("conflated"), OUTBOX_DROPS.labels("too_slow")

_CAUSES = {cause: INTERRUPTIONS.labels(cause.value) for cause in m.InterruptCause}
_CODES = {
    code: SOCKETS_CLOSED.labels(str(code))
    for code in (1000, 1001, 1002, 1003, 1005, 1006, 1007, 1009, 1011, 1012, 4001, 4008, 4009, 4010)
}
_OTHER_CODE = SOCKETS_CLOSED.labels("other")


def exposition() -> bytes:
    """The Prometheus text of this process, or of every worker on its port together."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # the package has no types
    return generate_latest(together)


class Measured(Protocol):
    """A clock that knows how well it is set."""

    def offset_us(self) -> int: ...

    def uncertainty_us(self) -> int: ...


def count_decided(batch: Iterable[tuple[m.Command, tuple[m.Event, ...]]]) -> None:
    """Counts the entries of one batch that this process has committed."""
    accepted = refused = 0
    for command, events in batch:
        if isinstance(command, m.PlaceBid):
            if isinstance(events[0], m.BidAccepted):  # the verdict comes first
                accepted += 1
            else:
                refused += 1
        elif isinstance(command, m.Interrupt):
            _CAUSES[command.cause].inc()
    if accepted:
        ACCEPTED.inc(accepted)
    if refused:
        REFUSED.inc(refused)


def count_undecided(code: str) -> None:
    """A bid was answered with a problem: nothing of it stands in the log yet."""
    BIDS.labels(code).inc()


def count_closed(code: int) -> None:
    """One live channel has ended. A client may send any code, so only known ones get a series."""
    _CODES.get(code, _OTHER_CODE).inc()


async def sample(clock: Measured) -> None:
    """Keeps the gauges that nobody else would move, until cancelled.

    The doubt about the time grows by itself while the database is silent.
    """
    loop = asyncio.get_running_loop()
    while True:
        CLOCK_OFFSET_SECONDS.set(clock.offset_us() / 1e6)
        CLOCK_UNCERTAINTY_SECONDS.set(clock.uncertainty_us() / 1e6)
        due = loop.time() + _SAMPLE_S
        await asyncio.sleep(_SAMPLE_S)
        LOOP_LAG_SECONDS.set(max(loop.time() - due, 0.0))
