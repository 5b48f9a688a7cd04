"""Tables of what outsiders say about our heads: witnesses' cosignatures, authorities' timestamps.

`log` and instants are as in log_tables. Cosignatures and tokens stand for ever; what we know of a
witness, and how far a log was looked at, are working notes.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from service.store.metadata import metadata

# line: the signature line verbatim, newline included. at: when the witness says that it signed.
cosignatures = Table(
    "cosignatures",
    metadata,
    Column("log", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("witness", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("log", "size", "witness"),
)

# size: the largest that the witness is known to hold. said: why it does not cosign our head.
witness_marks = Table(
    "witness_marks",
    metadata,
    Column("log", Text, nullable=False),
    Column("witness", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("at", BigInteger),
    Column("said", Text),
    Column("tries", BigInteger, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("log", "witness"),
)

# One row for each head that wants a stamp; token: DER TimeStampResp, verified before it is kept.
timestamps = Table(
    "timestamps",
    metadata,
    Column("log", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("moment", Text, nullable=False),
    Column("wanted_at", BigInteger, nullable=False),
    Column("token", LargeBinary),
    Column("stamped_at", BigInteger),
    Column("tries", BigInteger, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("said", Text),
    PrimaryKeyConstraint("log", "size"),
    CheckConstraint("(token IS NULL) = (stamped_at IS NULL)", name="stamped"),
    Index("ix_timestamps_next_at", "next_at", postgresql_where=text("token IS NULL")),
)

# size: entries before it were looked at for moments. opened: an opening was found among them.
stamp_cursors = Table(
    "stamp_cursors",
    metadata,
    Column("log", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("opened", BigInteger, nullable=False),
)
