"""Which bidders sit in a lot through which process, so that a cut-off from our side is seen.

Revision ID: 0012
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision: str = "0012"
down_revision: str | None = "0010"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "attendance",
        sa.Column("log", sa.Text, nullable=False),
        sa.Column("process", sa.Text, nullable=False),
        sa.Column("here", ARRAY(sa.Text), nullable=False),
        sa.Column("lost", JSONB, nullable=False),
        sa.Column("parted", ARRAY(sa.Text), nullable=False),
        sa.PrimaryKeyConstraint("log", "process", name="pk_attendance"),
    )
    # No evidence, that stands in `views`: only the present, forgotten when a lot takes no bids.
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON attendance TO luochui_app")


def downgrade() -> None:
    op.drop_table("attendance")
