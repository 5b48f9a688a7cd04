"""The office and the vault: accounts, drafts, applications, money, identities and salts.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

VAULT = "vault"
EDITED = (
    "accounts",
    "sessions",
    "sign_in_tries",
    "idempotency",
    "parcels",
    "drafts",
    "requests",
    "applications",
    "application_keys",
    "refunds",
    "results",
    "holidays",
)
FORGOTTEN = ("sessions", "sign_in_tries", "idempotency", "holidays")
GIVEN_ONCE = ("account_roles", "bidder_keys", "sub_accounts")
APPEND_ONLY = ("bank_notices", "deposit_lines", "looks")
VAULT_APPEND_ONLY = ("vault.openings",)


def upgrade() -> None:
    _people()
    _publication()
    _admission()
    _money()
    _vault()
    _grant()
    _guard()


def downgrade() -> None:
    for table in ("openings", "reserves", "identities"):
        op.drop_table(table, schema=VAULT)
    op.execute(f"DROP SCHEMA {VAULT}")
    for table in (
        *("looks", "holidays", "results", "deposit_lines", "refunds", "bank_notices"),
        *("sub_accounts", "application_keys", "applications", "requests", "drafts", "parcels"),
        *("idempotency", "bidder_keys", "sign_in_tries", "sessions", "account_roles", "accounts"),
    ):
        op.drop_table(table)


def _text(name: str, *, null: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=null)


def _int(name: str, *, null: bool = False) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, nullable=null)


def _json(name: str) -> "sa.Column[object]":
    return sa.Column(name, postgresql.JSONB, nullable=False)


def _one_of(table: str, column: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}"))


def _pk(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _fk(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{to.split('.')[0]}"
    return sa.ForeignKeyConstraint([column], [to], name=name)


def _people() -> None:
    op.create_table(
        "accounts",
        *(_text("account_id"), _text("username"), _text("password_hash"), _text("display_name")),
        _int("created_at"),
        _pk("accounts", "account_id"),
        sa.UniqueConstraint("username", name="uq_accounts_username"),
    )
    roles = ("bidder", "publisher", "approver", "reviewer", "finance", "supervisor", "admin")
    op.create_table(
        "account_roles",
        *(_text("account_id"), _text("role")),
        _pk("account_roles", "account_id", "role"),
        _fk("account_roles", "account_id", "accounts.account_id"),
        _one_of("account_roles", "role", *roles),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        *(_text("account_id"), _int("created_at"), _int("expires_at")),
        _pk("sessions", "token_hash"),
        _fk("sessions", "account_id", "accounts.account_id"),
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_table(
        "sign_in_tries",
        sa.Column("who", sa.LargeBinary, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        _int("first_at"),
        _pk("sign_in_tries", "who"),
    )
    op.create_index("ix_sign_in_tries_first_at", "sign_in_tries", ["first_at"])
    op.create_table(
        "bidder_keys",
        *(_text("key_id"), _text("account_id"), _text("public_key"), _int("enrolled_at")),
        _pk("bidder_keys", "key_id"),
        _fk("bidder_keys", "account_id", "accounts.account_id"),
    )
    op.create_index("ix_bidder_keys_account_id", "bidder_keys", ["account_id"])
    op.create_table(
        "idempotency",
        *(_text("account_id"), _text("key")),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        *(_text("answer"), _int("at")),
        _pk("idempotency", "account_id", "key"),
        _fk("idempotency", "account_id", "accounts.account_id"),
    )
    op.create_index("ix_idempotency_at", "idempotency", ["at"])


def _publication() -> None:
    op.create_table(
        "parcels",
        *(_text("parcel_id"), _json("facts"), _text("method", null=True)),
        *(_int("starting_price_fen", null=True), _int("increment_fen", null=True)),
        *(_int("deposit_fen", null=True), _text("source")),
        _pk("parcels", "parcel_id"),
    )
    op.create_table(
        "drafts",
        *(_text("lot_id"), _text("parcel_id"), _json("parcel"), _json("rules")),
        *(_json("timetable"), _json("documents"), _text("state")),
        sa.Column("version", sa.Integer, nullable=False),
        _text("drafted_by"),
        sa.Column("hands", sa.ARRAY(sa.Text), nullable=False),
        _int("updated_at"),
        _pk("drafts", "lot_id"),
        _fk("drafts", "parcel_id", "parcels.parcel_id"),
        _fk("drafts", "drafted_by", "accounts.account_id"),
        _one_of("drafts", "state", "DRAFT", "SUBMITTED", "RELEASED"),
    )
    op.create_table(
        "requests",
        *(_text("request_id"), _text("lot_id"), _json("action"), _text("state")),
        *(_text("requested_by"), _text("requester"), _int("requested_at")),
        *(_text("approved_by", null=True), _text("approver", null=True)),
        _text("outcome", null=True),
        _pk("requests", "request_id"),
        _fk("requests", "lot_id", "drafts.lot_id"),
        _fk("requests", "requested_by", "accounts.account_id"),
        _fk("requests", "approved_by", "accounts.account_id"),
        _one_of("requests", "state", "PENDING", "DONE", "WITHDRAWN", "REFUSED"),
        sa.CheckConstraint("approved_by <> requested_by", name=op.f("ck_requests_four_eyes")),
    )
    op.create_index("ix_requests_lot_id", "requests", ["lot_id"])


def _admission() -> None:
    op.create_table(
        "applications",
        *(_text("application_id"), _text("lot_id"), _text("account_id"), _text("state")),
        *(_text("reason", null=True), _int("submitted_at"), _int("decided_at", null=True)),
        *(_text("decided_by", null=True), _text("bidder_no", null=True)),
        *(_text("identity_commitment", null=True), _int("admitted_at", null=True)),
        _pk("applications", "application_id"),
        _fk("applications", "lot_id", "drafts.lot_id"),
        _fk("applications", "account_id", "accounts.account_id"),
        _fk("applications", "decided_by", "accounts.account_id"),
        _one_of("applications", "state", "SUBMITTED", "ACCEPTED", "REFUSED", "ADMITTED", "LAPSED"),
        sa.CheckConstraint(
            "(state = 'ADMITTED') = (bidder_no IS NOT NULL AND identity_commitment IS NOT NULL)",
            name=op.f("ck_applications_admitted"),
        ),
        sa.UniqueConstraint("lot_id", "account_id", name="uq_applications_bidder"),
        sa.UniqueConstraint("lot_id", "bidder_no", name="uq_applications_bidder_no"),
    )
    op.create_index("ix_applications_account_id", "applications", ["account_id"])
    op.create_table(
        "application_keys",
        *(_text("application_id"), _text("key_id"), _int("admission_seq", null=True)),
        _pk("application_keys", "application_id", "key_id"),
        _fk("application_keys", "application_id", "applications.application_id"),
        _fk("application_keys", "key_id", "bidder_keys.key_id"),
        sa.UniqueConstraint("key_id", name="uq_application_keys_key_id"),
    )
    op.create_table(
        "sub_accounts",
        *(_text("account"), _text("application_id"), _int("opened_at")),
        _pk("sub_accounts", "account"),
        _fk("sub_accounts", "application_id", "applications.application_id"),
        sa.UniqueConstraint("application_id", name="uq_sub_accounts_application_id"),
    )


def _money() -> None:
    op.create_table(
        "bank_notices",
        sa.Column("notice_id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        *(_text("account"), _text("bank_serial"), _int("bank_time"), _int("received_at")),
        *(_int("amount_fen"), _text("currency"), _text("payer_name"), _text("payer_account")),
        *(_text("code"), _text("application_id", null=True)),
        _pk("bank_notices", "notice_id"),
        _fk("bank_notices", "application_id", "applications.application_id"),
        sa.UniqueConstraint("account", "bank_serial", name="uq_bank_notices_serial"),
    )
    op.create_index("ix_bank_notices_application_id", "bank_notices", ["application_id"])
    op.create_table(
        "refunds",
        *(_text("refund_id"), _text("application_id"), _int("notice_id"), _text("to_account")),
        *(_text("to_name"), _text("currency"), _int("amount_fen"), _text("state")),
        *(_int("ordered_at"), _int("due_at"), _text("bank_reference", null=True)),
        _pk("refunds", "refund_id"),
        _fk("refunds", "application_id", "applications.application_id"),
        _fk("refunds", "notice_id", "bank_notices.notice_id"),
        sa.UniqueConstraint("notice_id", name="uq_refunds_notice_id"),
        _one_of("refunds", "state", "ORDERED", "SENT", "PAID", "FAILED"),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_refunds_amount_fen")),
    )
    op.create_index("ix_refunds_application_id", "refunds", ["application_id"])
    op.create_table(
        "deposit_lines",
        sa.Column("line_id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        *(_text("application_id"), _int("notice_id"), _text("kind"), _text("currency")),
        *(_int("amount_fen"), _int("at")),
        _pk("deposit_lines", "line_id"),
        _fk("deposit_lines", "application_id", "applications.application_id"),
        _fk("deposit_lines", "notice_id", "bank_notices.notice_id"),
        _one_of(
            "deposit_lines", "kind", "CREDIT", "REFUND_ORDERED", "REFUND_PAID", "EARNEST_MONEY"
        ),
        sa.UniqueConstraint("notice_id", "kind", name="uq_deposit_lines_kind"),
    )
    op.create_index("ix_deposit_lines_application_id", "deposit_lines", ["application_id"])
    op.create_table(
        "results",
        *(_text("lot_id"), _text("winner_application", null=True), _text("winner_name", null=True)),
        *(_int("settled_at"), _int("sealed_seq", null=True)),
        _pk("results", "lot_id"),
        _fk("results", "lot_id", "drafts.lot_id"),
        _fk("results", "winner_application", "applications.application_id"),
    )
    op.create_table(
        "holidays",
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("works", sa.Boolean, nullable=False),
        sa.Column("note", sa.Text, nullable=False, server_default=sa.text("''")),
        _pk("holidays", "day"),
    )
    op.create_table(
        "looks",
        *(_text("official"), _text("subject"), _text("field"), _int("hour")),
        _pk("looks", "official", "subject", "field", "hour"),
    )


def _vault() -> None:
    op.execute(f"CREATE SCHEMA {VAULT}")
    op.create_table(
        "identities",
        *(_text("account_id"), _text("display_name"), _text("kind"), _text("id_number")),
        _pk("identities", "account_id"),
        _one_of("identities", "kind", "COMPANY", "PERSON"),
        sa.UniqueConstraint("kind", "id_number", name="uq_identities_id_number"),
        schema=VAULT,
    )
    op.create_table(
        "reserves",
        _text("lot_id"),
        sa.Column("has_reserve", sa.Boolean, nullable=False),
        *(_int("amount_fen"), _text("salt")),
        _pk("reserves", "lot_id"),
        schema=VAULT,
    )
    op.create_table(
        "openings",
        *(_text("commitment"), _text("kind"), _text("subject"), _text("salt")),
        *(_json("value"), _int("at")),
        _pk("openings", "commitment"),
        _one_of("openings", "kind", "identity", "deposit", "head-count"),
        schema=VAULT,
    )
    op.create_index("ix_openings_subject", "openings", ["subject"], schema=VAULT)


def _grant() -> None:
    for table in EDITED:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO luochui_app")
    for table in FORGOTTEN:
        op.execute(f"GRANT DELETE ON {table} TO luochui_app")
    for table in (*GIVEN_ONCE, *APPEND_ONLY):
        op.execute(f"GRANT SELECT, INSERT ON {table} TO luochui_app")
    op.execute(f"GRANT USAGE ON SCHEMA {VAULT} TO luochui_vault")
    op.execute("GRANT SELECT, INSERT ON vault.identities, vault.openings TO luochui_vault")
    op.execute("GRANT SELECT, INSERT, UPDATE ON vault.reserves TO luochui_vault")


def _guard() -> None:
    for table in (*APPEND_ONLY, *VAULT_APPEND_ONLY):
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only")
