"""Folded states of lots, settled lots, and the hours of the health series.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "lot_states",
        sa.Column("log", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.Column("mac", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("log", name="pk_lot_states"),
        sa.CheckConstraint("size > 0 AND octet_length(mac) = 32", name="ck_lot_states_state"),
    )
    # What a state says can always be folded again from the log: it may be replaced and lost.
    op.execute("GRANT SELECT, INSERT, UPDATE ON lot_states TO luochui_app")
    op.create_table(
        "health_hours",
        sa.Column("hour", sa.BigInteger, nullable=False),
        sa.Column("first_at", sa.BigInteger),
        sa.Column("last_at", sa.BigInteger),
        sa.Column("longest_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("hour", name="pk_health_hours"),
        sa.CheckConstraint("hour >= 0 AND longest_ms >= 0", name="ck_health_hours_hour"),
    )
    op.execute("GRANT SELECT, INSERT ON health_hours TO luochui_app")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON health_hours "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute("ALTER TABLE health_hours ENABLE ALWAYS TRIGGER append_only")
    _settled()


def _settled() -> None:
    """A lot with nothing left to do is looked at no more: neither its room nor the office.

    The index is over this column alone, which a bid never changes: a head's update stays on its
    page (HOT).
    """
    op.add_column(
        "logs",
        sa.Column("settled", sa.Boolean, nullable=False, server_default=sa.text("false")),
    )
    op.execute("""
        UPDATE logs SET settled = true FROM results
        WHERE logs.log = 'lot/' || results.lot_id AND results.sealed_seq IS NOT NULL
    """)
    op.create_index("ix_logs_unsettled", "logs", ["log"], postgresql_where=sa.text("NOT settled"))


def downgrade() -> None:
    op.drop_index("ix_logs_unsettled", table_name="logs")
    op.drop_column("logs", "settled")
    op.drop_table("health_hours")
    op.drop_table("lot_states")
