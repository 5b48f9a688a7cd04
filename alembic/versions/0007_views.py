"""What each screen was shown, and when: evidence for the regulator.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "views",
        sa.Column("view_id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("log", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("process", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("session", sa.Text),
        sa.Column("no", sa.BigInteger),
        sa.Column("frame", sa.Text),
        sa.Column("facts", postgresql.JSONB),
        sa.PrimaryKeyConstraint("view_id", name="pk_views"),
        sa.CheckConstraint(
            "kind IN ('opened', 'closed', 'all', 'own', 'late', 'lost')", name="ck_views_kind"
        ),
    )
    op.create_index("ix_views_log_view_id", "views", ["log", "view_id"])
    op.execute("GRANT SELECT, INSERT ON views TO luochui_app")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON views "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute("ALTER TABLE views ENABLE ALWAYS TRIGGER append_only")


def downgrade() -> None:
    op.drop_table("views")
