"""The logs, the roles that may touch them, and the triggers that keep them append-only.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

APPEND_ONLY = ("log_entries", "log_bids", "log_heads", "health")


def upgrade() -> None:
    _make_roles()
    _make_tables()
    _grant()
    _guard()


def downgrade() -> None:
    """The roles stay: they belong to the whole cluster and other databases may use them."""
    for table in (*reversed(APPEND_ONLY), "logs"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_change()")
    op.execute("REVOKE SELECT ON alembic_version FROM luochui_app")


def _make_roles() -> None:
    # NOINHERIT: the service reaches the vault only where it says SET LOCAL ROLE luochui_vault.
    for role, how in (("luochui_app", "LOGIN NOINHERIT"), ("luochui_vault", "NOLOGIN")):
        op.execute(f"""
            DO $$ BEGIN
                CREATE ROLE {role} {how};
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;  -- another database of this cluster has made it
            END $$
        """)
    op.execute("GRANT luochui_vault TO luochui_app")


def _make_tables() -> None:
    op.create_table(
        "logs",
        sa.Column("log", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("stage", sa.Text),
        sa.Column("control", sa.Text),
        sa.Column("wake_at", sa.BigInteger),
        sa.Column("state", postgresql.JSONB),
        sa.Column("listing", postgresql.JSONB),
        sa.Column("announced_at", sa.BigInteger),
        sa.CheckConstraint("size >= 0 AND octet_length(root) = 32", name="ck_logs_head"),
    )
    op.create_index("ix_logs_announced_at_log", "logs", [sa.text("announced_at DESC"), "log"])
    op.create_table(
        "log_entries",
        sa.Column("log", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.LargeBinary, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("log", "seq", name="pk_log_entries"),
        sa.CheckConstraint("seq >= 0 AND octet_length(leaf) = 32", name="ck_log_entries_entry"),
    )
    op.create_table(
        "log_bids",
        sa.Column("log", sa.Text, nullable=False),
        sa.Column("bid_id", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("content_hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("log", "bid_id", name="pk_log_bids"),
    )
    op.create_table(
        "log_heads",
        sa.Column("log", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("log", "size", name="pk_log_heads"),
    )
    op.create_table(
        "health",
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("process", sa.Text, nullable=False),
        sa.Column("offset_us", sa.BigInteger, nullable=False),
        sa.Column("uncertainty_us", sa.BigInteger, nullable=False),
        sa.Column("lag_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("at", "process", name="pk_health"),
    )


def _grant() -> None:
    op.execute("GRANT USAGE ON SCHEMA public TO luochui_app")
    # At start the service asks at which migration the database stands.
    op.execute("GRANT SELECT ON alembic_version TO luochui_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON logs TO luochui_app")
    for table in APPEND_ONLY:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO luochui_app")


def _guard() -> None:
    """Grants do not bind the owner, triggers do; ENABLE ALWAYS holds in a replica session too."""
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% on % is refused: what is written here stands', TG_OP, TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        END $$
    """)
    for table in APPEND_ONLY:
        _refuse("append_only", table, "UPDATE OR DELETE OR TRUNCATE", "FOR EACH STATEMENT")
    _refuse("logs_stay", "logs", "DELETE OR TRUNCATE", "FOR EACH STATEMENT")
    goes_back = "NEW.log <> OLD.log OR NEW.size < OLD.size OR NEW.last_at < OLD.last_at"
    _refuse("heads_go_forward", "logs", "UPDATE", f"FOR EACH ROW WHEN ({goes_back})")


def _refuse(name: str, table: str, changes: str, when: str) -> None:
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {changes} ON {table} {when} EXECUTE FUNCTION refuse_change()"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
