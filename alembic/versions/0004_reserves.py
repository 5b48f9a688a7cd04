"""Reserves sealed by two officials' halves, given in CLOSING.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    _make_tables()
    # Whatever was entered in the plain for a draft is sealed anew, by two people.
    op.execute(
        "DELETE FROM vault.reserves "
        "WHERE lot_id NOT IN (SELECT lot_id FROM drafts WHERE state = 'RELEASED')"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON vault.sealed_reserves TO luochui_vault")
    op.execute("GRANT SELECT, INSERT, DELETE ON vault.reserve_halves TO luochui_vault")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON vault.reserve_halves "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute("ALTER TABLE vault.reserve_halves ENABLE ALWAYS TRIGGER append_only")


def downgrade() -> None:
    for table in ("reserve_halves", "sealed_reserves"):
        op.drop_table(table, schema="vault")


def _make_tables() -> None:
    op.create_table(
        "sealed_reserves",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("lot_id", "commitment")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("nonce", "ciphertext")),
        *(
            sa.Column(name, sa.ARRAY(sa.Text), nullable=False)
            for name in ("half_hashes", "holders", "pseudonyms")
        ),
        sa.Column("sealed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("lot_id", name="pk_sealed_reserves"),
        sa.CheckConstraint(
            "cardinality(half_hashes) = 2", name=op.f("ck_sealed_reserves_half_hashes")
        ),
        sa.CheckConstraint(
            "cardinality(holders) = 2 AND holders[1] <> holders[2]",
            name=op.f("ck_sealed_reserves_holders"),
        ),
        schema="vault",
    )
    op.create_table(
        "reserve_halves",
        sa.Column("lot_id", sa.Text, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("half", sa.Text, nullable=False),
        sa.Column("given_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("lot_id", "place", name="pk_reserve_halves"),
        sa.ForeignKeyConstraint(
            ["lot_id"],
            ["vault.sealed_reserves.lot_id"],
            name="fk_reserve_halves_lot_id_sealed_reserves",
        ),
        sa.CheckConstraint("place IN (1, 2)", name=op.f("ck_reserve_halves_place")),
        schema="vault",
    )
