"""Admissions that two officials revoke, and what the supervisor found when he checked identities.

Revision ID: 0006
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None

STATES = ("SUBMITTED", "ACCEPTED", "REFUSED", "ADMITTED", "LAPSED")
BEFORE = "(state = 'ADMITTED') = (bidder_no IS NOT NULL AND identity_commitment IS NOT NULL)"
# Who was admitted once stands on the roll for ever, whatever became of his admission.
AFTER = (
    "(bidder_no IS NULL) = (identity_commitment IS NULL) AND CASE "
    "WHEN state = 'ADMITTED' THEN bidder_no IS NOT NULL "
    "WHEN state IN ('REVOKED', 'LAPSED') THEN true "
    "ELSE bidder_no IS NULL END"
)


def upgrade() -> None:
    _hold((*STATES, "REVOKED"), AFTER)
    op.add_column("results", sa.Column("identity_check", sa.Text))
    op.add_column("results", sa.Column("identity_check_seq", sa.BigInteger))
    op.add_column("results", sa.Column("identity_check_at", sa.BigInteger))
    op.create_check_constraint(
        op.f("ck_results_identity_check"), "results", "identity_check IN ('FITS', 'DIFFERS')"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_results_identity_check"), "results")
    for column in ("identity_check_at", "identity_check_seq", "identity_check"):
        op.drop_column("results", column)
    _hold(STATES, BEFORE)


def _hold(states: tuple[str, ...], admitted: str) -> None:
    listed = ", ".join(f"'{state}'" for state in states)
    for name, rule in (("state", f"state IN ({listed})"), ("admitted", admitted)):
        op.drop_constraint(op.f(f"ck_applications_{name}"), "applications")
        op.create_check_constraint(op.f(f"ck_applications_{name}"), "applications", rule)
