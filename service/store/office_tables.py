"""Tables of the office: accounts, drafts, applications, money; and the vault.

Who a bidder is stands in the schema `vault`, which the service reaches only by taking the role
`luochui_vault` inside a transaction. Every rule that must hold under two clerks at once is a
constraint here, not a check in code: doubled deposit rows and one deposit behind many lots both
came from uniqueness that lived only in a model.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from service.store.metadata import metadata

VAULT = "vault"
ROLES = ("bidder", "publisher", "approver", "reviewer", "finance", "supervisor", "admin")


def _one_of(column: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


# ── people ──────────────────────────────────────────────────────────────────────────────────

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("username", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("display_name", Text, nullable=False),  # an official's; a bidder's is in the vault
    Column("created_at", BigInteger, nullable=False),
)

account_roles = Table(
    "account_roles",
    metadata,
    Column("account_id", Text, ForeignKey(accounts.c.account_id), primary_key=True),
    Column("role", Text, primary_key=True),
    _one_of("role", *ROLES),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("account_id", Text, ForeignKey(accounts.c.account_id), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_sessions_expires_at", "expires_at"),
)

sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    Column("who", LargeBinary, primary_key=True),  # SHA-256 of name and address, known or not
    Column("failures", Integer, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Index("ix_sign_in_tries_first_at", "first_at"),
)

bidder_keys = Table(
    "bidder_keys",
    metadata,
    Column("key_id", Text, primary_key=True),  # one key, one bidder
    Column("account_id", Text, ForeignKey(accounts.c.account_id), nullable=False),
    Column("public_key", Text, nullable=False),
    Column("enrolled_at", BigInteger, nullable=False),
    Index("ix_bidder_keys_account_id", "account_id"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("account_id", Text, ForeignKey(accounts.c.account_id), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("answer", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_idempotency_at", "at"),
)

# ── publication ─────────────────────────────────────────────────────────────────────────────

parcels = Table(
    "parcels",
    metadata,
    Column("parcel_id", Text, primary_key=True),
    Column("facts", JSONB, nullable=False),
    Column("method", Text),
    Column("starting_price_fen", BigInteger),
    Column("increment_fen", BigInteger),
    Column("deposit_fen", BigInteger),
    Column("source", Text, nullable=False),
)

drafts = Table(
    "drafts",
    metadata,
    Column("lot_id", Text, primary_key=True),
    Column("parcel_id", Text, ForeignKey(parcels.c.parcel_id), nullable=False),
    Column("parcel", JSONB, nullable=False),
    Column("rules", JSONB, nullable=False),
    Column("timetable", JSONB, nullable=False),
    Column("documents", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("drafted_by", Text, ForeignKey(accounts.c.account_id), nullable=False),
    Column("hands", ARRAY(Text), nullable=False),  # every account that wrote in it
    Column("updated_at", BigInteger, nullable=False),
    _one_of("state", "DRAFT", "SUBMITTED", "RELEASED"),
)

requests = Table(
    "requests",
    metadata,
    Column("request_id", Text, primary_key=True),
    Column("lot_id", Text, ForeignKey(drafts.c.lot_id), nullable=False),
    Column("action", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("requested_by", Text, ForeignKey(accounts.c.account_id), nullable=False),
    Column("requester", Text, nullable=False),  # the pseudonym that the log bears
    Column("requested_at", BigInteger, nullable=False),
    Column("approved_by", Text, ForeignKey(accounts.c.account_id)),
    Column("approver", Text),
    Column("outcome", Text),
    _one_of("state", "PENDING", "DONE", "WITHDRAWN", "REFUSED"),
    CheckConstraint("approved_by <> requested_by", name="four_eyes"),
    Index("ix_requests_lot_id", "lot_id"),
)

# ── admission ───────────────────────────────────────────────────────────────────────────────

applications = Table(
    "applications",
    metadata,
    Column("application_id", Text, primary_key=True),
    Column("lot_id", Text, ForeignKey(drafts.c.lot_id), nullable=False),
    Column("account_id", Text, ForeignKey(accounts.c.account_id)),  # null once destroyed
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("submitted_at", BigInteger, nullable=False),
    Column("decided_at", BigInteger),
    Column("decided_by", Text, ForeignKey(accounts.c.account_id)),
    Column("bidder_no", Text),
    Column("identity_commitment", Text),
    Column("admitted_at", BigInteger),
    _one_of("state", "SUBMITTED", "ACCEPTED", "REFUSED", "ADMITTED", "LAPSED", "REVOKED"),
    CheckConstraint(  # who was admitted once keeps his number: he stands on the roll
        "(bidder_no IS NULL) = (identity_commitment IS NULL) AND CASE "
        "WHEN state = 'ADMITTED' THEN bidder_no IS NOT NULL "
        "WHEN state IN ('REVOKED', 'LAPSED') THEN true "
        "ELSE bidder_no IS NULL END",
        name="admitted",
    ),
    UniqueConstraint("lot_id", "account_id", name="uq_applications_bidder"),
    UniqueConstraint("lot_id", "bidder_no", name="uq_applications_bidder_no"),
    Index("ix_applications_account_id", "account_id"),
)

application_keys = Table(
    "application_keys",
    metadata,
    Column("application_id", Text, ForeignKey(applications.c.application_id), primary_key=True),
    # One key, one lot: rolls are public, and a key on two of them links two secret numbers.
    Column("key_id", Text, ForeignKey(bidder_keys.c.key_id), primary_key=True, unique=True),
    Column("admission_seq", BigInteger),  # house-log seq; set when the bidder is admitted
)

sub_accounts = Table(
    "sub_accounts",
    metadata,
    Column("account", Text, primary_key=True),  # never given twice
    Column(
        "application_id",
        Text,
        ForeignKey(applications.c.application_id),
        nullable=False,
        unique=True,
    ),
    Column("opened_at", BigInteger, nullable=False),
)

# ── money ───────────────────────────────────────────────────────────────────────────────────

bank_notices = Table(
    "bank_notices",
    metadata,
    Column("notice_id", BigInteger, Identity(always=True), primary_key=True),
    Column("account", Text, nullable=False),
    Column("bank_serial", Text, nullable=False),
    Column("bank_time", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("payer_name", Text, nullable=False),
    Column("payer_account", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("application_id", Text, ForeignKey(applications.c.application_id)),
    UniqueConstraint("account", "bank_serial", name="uq_bank_notices_serial"),
    Index("ix_bank_notices_application_id", "application_id"),
)

refunds = Table(
    "refunds",
    metadata,
    Column("refund_id", Text, primary_key=True),
    Column("application_id", Text, ForeignKey(applications.c.application_id), nullable=False),
    Column(  # money goes back once, to where it came from
        "notice_id",
        BigInteger,
        ForeignKey(bank_notices.c.notice_id),
        nullable=False,
        unique=True,
    ),
    Column("to_account", Text, nullable=False),
    Column("to_name", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("ordered_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("bank_reference", Text),
    _one_of("state", "ORDERED", "SENT", "PAID", "FAILED"),
    CheckConstraint("amount_fen > 0", name="amount_fen"),
    Index("ix_refunds_application_id", "application_id"),
)

deposit_lines = Table(  # immutable: balances are sums of these
    "deposit_lines",
    metadata,
    Column("line_id", BigInteger, Identity(always=True), primary_key=True),
    Column("application_id", Text, ForeignKey(applications.c.application_id), nullable=False),
    Column("notice_id", BigInteger, ForeignKey(bank_notices.c.notice_id), nullable=False),
    Column("kind", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    _one_of("kind", "CREDIT", "REFUND_ORDERED", "REFUND_PAID", "EARNEST_MONEY"),
    UniqueConstraint("notice_id", "kind", name="uq_deposit_lines_kind"),
    Index("ix_deposit_lines_application_id", "application_id"),
)

results = Table(  # frozen records: nothing that happens to an account changes who won
    "results",
    metadata,
    Column("lot_id", Text, ForeignKey(drafts.c.lot_id), primary_key=True),
    Column("winner_application", Text, ForeignKey(applications.c.application_id)),
    Column("winner_name", Text),  # public; set when the result is confirmed
    Column("settled_at", BigInteger, nullable=False),
    Column("sealed_seq", BigInteger),  # house-log seq of the final checkpoint
    # What the supervisor found when he compared the opened identities with the roll, and the
    # house-log entry that says so; public with the winner.
    Column("identity_check", Text),
    Column("identity_check_seq", BigInteger),
    Column("identity_check_at", BigInteger),
    _one_of("identity_check", "FITS", "DIFFERS"),
)

holidays = Table(  # laid over the maintained package; the office edits it
    "holidays",
    metadata,
    Column("day", Date, primary_key=True),
    Column("works", Boolean, nullable=False),
    Column("note", Text, nullable=False, server_default=text("''")),
)

looks = Table(  # one record in the house log for each hour of looking, not for each refresh
    "looks",
    metadata,
    Column("official", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("hour", BigInteger, primary_key=True),
)

# ── the vault ───────────────────────────────────────────────────────────────────────────────

identities = Table(
    "identities",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("id_number", Text, nullable=False),
    _one_of("kind", "COMPANY", "PERSON"),
    UniqueConstraint("kind", "id_number", name="uq_identities_id_number"),
    schema=VAULT,
)

reserves = Table(  # where the RuleSet has none; and lots released before there were envelopes
    "reserves",
    metadata,
    Column("lot_id", Text, primary_key=True),
    Column("has_reserve", Boolean, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("salt", Text, nullable=False),
    schema=VAULT,
)

sealed_reserves = Table(  # the office holds no half of the key that opens this
    "sealed_reserves",
    metadata,
    Column("lot_id", Text, primary_key=True),
    Column("commitment", Text, nullable=False),
    Column("nonce", Text, nullable=False),
    Column("ciphertext", Text, nullable=False),
    Column("half_hashes", ARRAY(Text), nullable=False),
    Column("holders", ARRAY(Text), nullable=False),  # account ids, of the first half and the second
    Column("pseudonyms", ARRAY(Text), nullable=False),  # of the same two
    Column("sealed_at", BigInteger, nullable=False),
    CheckConstraint("cardinality(half_hashes) = 2", name="half_hashes"),
    CheckConstraint("cardinality(holders) = 2 AND holders[1] <> holders[2]", name="holders"),
    schema=VAULT,
)

reserve_halves = Table(  # given in CLOSING; forgotten when the lot leaves it for more bids
    "reserve_halves",
    metadata,
    Column("lot_id", Text, ForeignKey(sealed_reserves.c.lot_id), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("half", Text, nullable=False),
    Column("given_at", BigInteger, nullable=False),
    CheckConstraint("place IN (1, 2)", name="place"),
    schema=VAULT,
)

openings = Table(  # what opens a commitment: identity and deposit by subject, head counts by lot
    "openings",
    metadata,
    Column("commitment", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("salt", Text, nullable=False),
    Column("value", JSONB, nullable=False),
    Column("at", BigInteger, nullable=False),
    _one_of("kind", "identity", "deposit", "head-count"),
    Index("ix_openings_subject", "subject"),
    schema=VAULT,
)

APPEND_ONLY = (bank_notices, deposit_lines, looks, openings)
"""INSERT and SELECT only, by trigger and by grants. After the retention term one function of the
vault, and nothing else, empties what in `bank_notices` and `openings` tells of losers."""
