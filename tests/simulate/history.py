"""What a run left behind: the logs as they are, read once, for those who judge."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from service.live.record import Entry, read_entry
from service.rules import messages as m
from service.rules.decide import apply
from service.rules.lot import Lot
from service.store.denials import bid_id_of
from service.store.ledger import CommittedHead, StoredEntry, read_head, read_heads, read_log
from service.store.log_tables import health, log_bids, lot_log
from tests.simulate.plan import EPOCH_MS, Sale
from tests.simulate.world import World, read_now

if TYPE_CHECKING:
    from service.store.ledger import Head


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant that does not hold, and where."""

    invariant: str
    detail: str


@dataclass
class History:
    """One lot. committed_us: when each entry began to exist. lots: the state after each entry."""

    sale: Sale
    origin: str
    log: str
    rows: list[StoredEntry]
    heads: list[CommittedHead]
    head: "Head | None"
    entries: list[Entry] = field(default_factory=list)
    lots: list[Lot] = field(default_factory=list)
    committed_us: list[int] = field(default_factory=list)
    bid_rows: dict[str, int] = field(default_factory=dict)

    @property
    def place_of(self) -> dict[str, int]:
        """bid_id → seq, as the entries say."""
        return {
            entry.command.bid_id: entry.seq
            for entry in self.entries
            if isinstance(entry.command, m.PlaceBid)
        }

    def accepted(self) -> Iterator[tuple[Entry, m.BidAccepted]]:
        for entry in self.entries:
            for event in entry.events:
                if isinstance(event, m.BidAccepted):
                    yield entry, event


def read_history(world: World, sale: Sale) -> History:
    """Raises what reading a broken log raises."""
    log, origin = lot_log(sale.lot_id), world.origin(sale.lot_id)
    found = History(
        sale,
        origin,
        log,
        read_now(world.store, read_log, log),
        read_now(world.store, read_heads, log),
        read_now(world.store, read_head, log),
    )
    lot: Lot | None = None
    for seq, row in enumerate(found.rows):
        entry = read_entry(origin, seq, row)
        lot = apply(lot, entry.command, entry.events, entry.at)
        found.entries.append(entry)
        found.lots.append(lot)
    for commit in world.server.commits:
        if commit.log == log:
            found.committed_us += [commit.at_us] * (commit.size - commit.before)
    asked = select(log_bids.c.bid_id, log_bids.c.seq)
    rows = world.store.read(asked.where(log_bids.c.log == log, log_bids.c.seq >= 0))
    found.bid_rows = {bid_id_of(row.bid_id): row.seq for row in rows}
    return found


def proofs_of(world: World) -> list[int]:
    """The instants (ms) at which the path was proved."""
    return [row.at for row in world.store.read(select(health.c.at).order_by(health.c.at))]


def instant_ms(us: int) -> int:
    """Database time at an instant of the loop."""
    return EPOCH_MS + us // 1000


def root_of(world: World) -> str:
    """Everything that was written and everything that was told, in 64 hex digits."""
    digest = sha256()
    for sale in world.plan.sales:
        head: Any = read_now(world.store, read_head, lot_log(sale.lot_id))
        digest.update(head.root + head.size.to_bytes(8, "big"))
    for socket in world.sockets:
        for at_us, text in socket.sent:
            digest.update(at_us.to_bytes(8, "big") + text)
    for told in world.told:
        digest.update(f"{told.at_us} {told.host} {told.answer!r}".encode())
    return digest.hexdigest()
