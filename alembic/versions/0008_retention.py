"""The one way in which losers' records are destroyed when their term is over.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | None = None
depends_on: str | None = None

ERASER = "luochui_retention"
"""Owns the one function that destroys. Nobody may become it: the service and the vault's own role
can only call the function, which looks for itself whether the lot is sealed and the term over."""

READS = ("logs", "log_entries", "results", "sub_accounts")
ERASES = {
    "applications": "UPDATE (account_id)",
    "bank_notices": "UPDATE (payer_name, payer_account)",
    "refunds": "UPDATE (to_account, to_name)",
    "views": "UPDATE (facts)",
    **dict.fromkeys(
        ("application_keys", "bidder_keys", "idempotency", "sessions", "account_roles", "accounts"),
        "DELETE",
    ),
    "vault.openings": "DELETE",
    "vault.identities": "DELETE",
}
GUARDED = ("bank_notices", "views", "vault.openings")


def upgrade() -> None:
    op.alter_column("applications", "account_id", nullable=True)
    _make_eraser()
    op.execute(_REFUSE)
    for table in GUARDED:
        _guard(table, "vault.refuse_change_but_retention")
    op.execute(_DESTROY)
    _give_to_eraser("vault.destroy_losers(text, integer)")


def downgrade() -> None:
    """The role stays: it belongs to the whole cluster. Destroyed records do not come back."""
    for table in GUARDED:
        _guard(table, "refuse_change")
    op.execute("DROP FUNCTION vault.destroy_losers(text, integer)")
    op.execute("DROP FUNCTION vault.refuse_change_but_retention()")
    for table in (*READS, *ERASES):
        op.execute(f"REVOKE ALL ON {table} FROM {ERASER}")
    op.execute(f"REVOKE ALL ON SCHEMA public, vault FROM {ERASER}")
    op.alter_column("applications", "account_id", nullable=False)


def _make_eraser() -> None:
    op.execute(f"""
        DO $$ BEGIN
            CREATE ROLE {ERASER} NOLOGIN NOINHERIT;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- another database of this cluster has made it
        END $$
    """)
    op.execute(f"GRANT USAGE ON SCHEMA public, vault TO {ERASER}")
    for table in READS:
        op.execute(f"GRANT SELECT ON {table} TO {ERASER}")
    for table, what in ERASES.items():
        op.execute(f"GRANT SELECT, {what} ON {table} TO {ERASER}")


def _give_to_eraser(function: str) -> None:
    """PostgreSQL gives a function only to a role that could have made it, and from its member."""
    op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO luochui_vault")
    op.execute(f"GRANT {ERASER} TO CURRENT_USER")
    op.execute(f"GRANT CREATE ON SCHEMA vault TO {ERASER}")
    op.execute(f"ALTER FUNCTION {function} OWNER TO {ERASER}")
    op.execute(f"REVOKE CREATE ON SCHEMA vault FROM {ERASER}")
    op.execute(f"REVOKE {ERASER} FROM CURRENT_USER")


def _guard(table: str, function: str) -> None:
    op.execute(f"DROP TRIGGER IF EXISTS append_only ON {table}")
    op.execute(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only")


_REFUSE = f"""
CREATE FUNCTION vault.refuse_change_but_retention() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = '{ERASER}' AND TG_OP <> 'TRUNCATE' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% on % is refused: what is written here stands', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
"""

_DESTROY = """
CREATE FUNCTION vault.destroy_losers(the_lot text, term_years integer)
RETURNS TABLE (applications bigint, openings bigint, keys bigint, notices bigint, refunds bigint,
               sessions bigint, people bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    sealed_at bigint;
    practice boolean;
    losers text[];
    persons text[];
    leaving text[];
BEGIN
    -- The term begins with the lot's own entry in the house log, which nobody can date back.
    SELECT (entry ->> 'at')::bigint INTO sealed_at
    FROM public.results AS r
    JOIN public.log_entries AS e ON e.log = 'house' AND e.seq = r.sealed_seq
    CROSS JOIN LATERAL (SELECT convert_from(e.bytes, 'UTF8')::jsonb AS entry) AS j
    WHERE r.lot_id = the_lot
      AND entry #>> '{command,type}' = 'lot_sealed'
      AND entry #>> '{command,lot_id}' = the_lot;
    IF sealed_at IS NULL THEN
        RAISE EXCEPTION 'lot % is not sealed', the_lot USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT convert_from(bytes, 'UTF8')::jsonb #>> '{command,rules,day_ms}' <> '86400000'
    INTO practice FROM public.log_entries WHERE log = 'lot/' || the_lot AND seq = 0;
    IF term_years < 0 OR (term_years < 10 AND NOT practice) THEN
        RAISE EXCEPTION 'records are kept for ten years at least'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF to_timestamp(sealed_at / 1000.0) + make_interval(years => term_years) > clock_timestamp()
    THEN
        RAISE EXCEPTION 'the term of lot % is not over', the_lot
            USING ERRCODE = 'restrict_violation';
    END IF;

    SELECT array_agg(a.application_id), array_agg(DISTINCT a.account_id) INTO losers, persons
    FROM public.applications AS a
    JOIN public.logs AS l ON l.log = 'lot/' || the_lot
    JOIN public.results AS r ON r.lot_id = the_lot
    WHERE a.lot_id = the_lot AND a.account_id IS NOT NULL
      AND NOT (l.stage = 'SOLD' AND r.winner_application IS NOT DISTINCT FROM a.application_id);
    IF losers IS NULL THEN
        RETURN QUERY SELECT 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint,
                            0::bigint;
        RETURN;
    END IF;
    -- To whom money is owed must be known. A practice sale moves none.
    IF NOT practice AND EXISTS (
        SELECT 1 FROM public.refunds WHERE application_id = ANY (losers) AND state <> 'PAID'
    ) THEN
        RAISE EXCEPTION 'refunds of lot % are not paid', the_lot
            USING ERRCODE = 'restrict_violation';
    END IF;

    applications := cardinality(losers);
    UPDATE public.applications SET account_id = NULL WHERE application_id = ANY (losers);
    DELETE FROM vault.openings WHERE subject = ANY (losers) AND kind IN ('identity', 'deposit');
    GET DIAGNOSTICS openings = ROW_COUNT;
    -- The public roll names the key, and the key its owner.
    WITH theirs AS (
        DELETE FROM public.application_keys WHERE application_id = ANY (losers) RETURNING key_id
    )
    SELECT array_agg(key_id) INTO leaving FROM theirs;
    DELETE FROM public.bidder_keys WHERE key_id = ANY (leaving);
    GET DIAGNOSTICS keys = ROW_COUNT;
    UPDATE public.bank_notices SET payer_name = '—', payer_account = '—'
    WHERE application_id = ANY (losers)
       OR account IN (SELECT account FROM public.sub_accounts WHERE application_id = ANY (losers));
    GET DIAGNOSTICS notices = ROW_COUNT;
    UPDATE public.refunds SET to_name = '—', to_account = '—' WHERE application_id = ANY (losers);
    GET DIAGNOSTICS refunds = ROW_COUNT;
    -- From which address and with what browser the sale was looked at. The winner's stays; whoever
    -- has no number may be a loser who came before his admission, or who had not signed in.
    UPDATE public.views SET facts = facts - 'address' - 'agent'
    WHERE log = 'lot/' || the_lot AND kind = 'opened' AND facts ?| ARRAY['address', 'agent']
      AND facts ->> 'bidder_no' IS DISTINCT FROM (
        SELECT a.bidder_no FROM public.results AS r
        JOIN public.logs AS l ON l.log = 'lot/' || the_lot AND l.stage = 'SOLD'
        JOIN public.applications AS a ON a.application_id = r.winner_application
        WHERE r.lot_id = the_lot);
    GET DIAGNOSTICS sessions = ROW_COUNT;
    -- Kept answers name the application to its account.
    DELETE FROM public.idempotency WHERE account_id = ANY (persons);

    SELECT coalesce(array_agg(p), '{}') INTO leaving FROM unnest(persons) AS p
    WHERE NOT EXISTS (SELECT 1 FROM public.applications WHERE account_id = p)
      AND NOT EXISTS (
          SELECT 1 FROM public.account_roles WHERE account_id = p AND role <> 'bidder');
    DELETE FROM vault.identities WHERE account_id = ANY (leaving);
    DELETE FROM public.bidder_keys WHERE account_id = ANY (leaving);
    DELETE FROM public.sessions WHERE account_id = ANY (leaving);
    DELETE FROM public.account_roles WHERE account_id = ANY (leaving);
    DELETE FROM public.accounts WHERE account_id = ANY (leaving);
    GET DIAGNOSTICS people = ROW_COUNT;
    RETURN NEXT;
END $$
"""
