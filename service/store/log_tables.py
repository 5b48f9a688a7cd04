"""Tables of the logs: heads, entries, bids, committed batches, and the health of the bid path.

`log` is the part of an origin after the site: `lot/<lot_id>` or `house`. Instants are UTC ms.
Only `logs` and `lot_states` are ever updated; the other tables are append-only by grant and by
trigger.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from service.store.metadata import metadata

HOUSE = "house"

# One row per log: its head, and what the public pages and the waker need to know of a lot.
# No foreign keys point here: the only statement that writes entries holds this row's lock.
logs = Table(
    "logs",
    metadata,
    Column("log", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("stage", Text),
    Column("control", Text),
    Column("wake_at", BigInteger),
    Column("state", JSONB),
    Column("listing", JSONB),
    Column("announced_at", BigInteger),
    # Sealed, and the office has written everything down: nobody looks after it any more.
    Column("settled", Boolean, nullable=False, server_default=false()),
    CheckConstraint("size >= 0 AND octet_length(root) = 32", name="head"),
    Index("ix_logs_announced_at_log", text("announced_at DESC"), "log"),
    Index("ix_logs_unsettled", "log", postgresql_where=text("NOT settled")),
)

log_entries = Table(
    "log_entries",
    metadata,
    Column("log", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    PrimaryKeyConstraint("log", "seq"),
    CheckConstraint("seq >= 0 AND octet_length(leaf) = 32", name="entry"),
)

# The same bid_id gets the same answer for ever: the key refuses a second one. With a negative seq,
# minus the instant at which its bidder was told that there is no such bid (service/store/denials).
log_bids = Table(
    "log_bids",
    metadata,
    Column("log", Text, nullable=False),
    Column("bid_id", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("log", "bid_id"),
)

# One row per committed batch. The signed note is made from it after the commit: Ed25519 is
# deterministic, so the same head always yields the same note.
log_heads = Table(
    "log_heads",
    metadata,
    Column("log", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("log", "size"),
)

# The site-wide series of durable writes that proves the bid path open (rules §7).
health = Table(
    "health",
    metadata,
    Column("at", BigInteger, nullable=False),
    Column("process", Text, nullable=False),
    Column("offset_us", BigInteger, nullable=False),
    Column("uncertainty_us", BigInteger, nullable=False),
    Column("lag_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("at", "process"),
)

# What each closed hour of that series comes to. longest_ms: between two proofs within the hour.
health_hours = Table(
    "health_hours",
    metadata,
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    Column("first_at", BigInteger),
    Column("last_at", BigInteger),
    Column("longest_ms", BigInteger, nullable=False),
    CheckConstraint("hour >= 0 AND longest_ms >= 0", name="hour"),
)

# The newest folded state of a lot: opening it need not read what lies before. Never the truth.
lot_states = Table(
    "lot_states",
    metadata,
    Column("log", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    CheckConstraint("size > 0 AND octet_length(mac) = 32", name="state"),
)


def lot_log(lot_id: str) -> str:
    """The name of a lot's log in these tables."""
    return f"lot/{lot_id}"


def lot_id_of(log: str) -> str:
    """The lot whose log this is; the house log has none."""
    kind, _, lot_id = log.partition("/")
    assert kind == "lot", log
    return lot_id
