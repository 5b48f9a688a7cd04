"""Announced documents, kept by the hash of their bytes.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "documents",
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("uploaded_by", sa.Text, nullable=False),
        sa.Column("uploaded_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_documents"),
        sa.ForeignKeyConstraint(
            ["uploaded_by"], ["accounts.account_id"], name="fk_documents_uploaded_by_accounts"
        ),
        # The content is the address, whoever writes.
        sa.CheckConstraint("sha256 = encode(sha256(content), 'hex')", name="ck_documents_sha256"),
        sa.CheckConstraint("size > 0 AND size = octet_length(content)", name="ck_documents_size"),
    )
    # Documents are compressed already, and a download reads them in pieces: out of line and as they
    # are, a piece costs what it is long.
    op.execute("ALTER TABLE documents ALTER COLUMN content SET STORAGE EXTERNAL")
    op.execute("GRANT SELECT, INSERT ON documents TO luochui_app")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON documents "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute("ALTER TABLE documents ENABLE ALWAYS TRIGGER append_only")


def downgrade() -> None:
    op.drop_table("documents")
