"""What outsiders say about our heads: cosignatures of witnesses, timestamps of authorities.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

NOTES = ("witness_marks", "stamp_cursors")


def upgrade() -> None:
    _make_tables()
    op.execute("GRANT SELECT, INSERT ON cosignatures TO luochui_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON timestamps TO luochui_app")
    for table in NOTES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO luochui_app")
    _refuse("append_only", "cosignatures", "UPDATE OR DELETE OR TRUNCATE", "FOR EACH STATEMENT")
    _refuse("stamps_stay", "timestamps", "DELETE OR TRUNCATE", "FOR EACH STATEMENT")
    changed = "OLD.token IS NOT NULL OR NEW.log <> OLD.log OR NEW.size <> OLD.size"
    _refuse("tokens_stay", "timestamps", "UPDATE", f"FOR EACH ROW WHEN ({changed})")


def downgrade() -> None:
    for table in ("stamp_cursors", "timestamps", "witness_marks", "cosignatures"):
        op.drop_table(table)


def _text(name: str, *, null: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=null)


def _int(name: str, *, null: bool = False) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, nullable=null)


def _make_tables() -> None:
    op.create_table(
        "cosignatures",
        *(_text("log"), _int("size"), _text("witness"), _text("line"), _int("at")),
        sa.PrimaryKeyConstraint("log", "size", "witness", name="pk_cosignatures"),
    )
    op.create_table(
        "witness_marks",
        *(_text("log"), _text("witness"), _int("size"), _int("at", null=True)),
        *(_text("said", null=True), _int("tries"), _int("next_at")),
        sa.PrimaryKeyConstraint("log", "witness", name="pk_witness_marks"),
    )
    op.create_table(
        "timestamps",
        *(_text("log"), _int("size"), _text("moment"), _int("wanted_at")),
        *(sa.Column("token", sa.LargeBinary), _int("stamped_at", null=True)),
        *(_int("tries"), _int("next_at"), _text("said", null=True)),
        sa.PrimaryKeyConstraint("log", "size", name="pk_timestamps"),
        sa.CheckConstraint("(token IS NULL) = (stamped_at IS NULL)", name="ck_timestamps_stamped"),
    )
    op.create_index(
        "ix_timestamps_next_at",
        "timestamps",
        ["next_at"],
        postgresql_where=sa.text("token IS NULL"),
    )
    op.create_table(
        "stamp_cursors",
        *(_text("log"), _int("size"), _int("opened")),
        sa.PrimaryKeyConstraint("log", name="pk_stamp_cursors"),
    )


def _refuse(name: str, table: str, changes: str, when: str) -> None:
    """Grants do not bind the owner, triggers do (0001)."""
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {changes} ON {table} {when} EXECUTE FUNCTION refuse_change()"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
