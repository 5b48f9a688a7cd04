"""Every knob and bound with its unit. Environment `LUOCHUI_…`, secrets also as `…_FILE`."""

from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRETS = ("database_url", "migration_url", "bank_secret", "log_key", "nats_url")


class Settings(BaseSettings):
    """Read once at start. A secret has no default: without it the part that needs it refuses."""

    model_config = SettingsConfigDict(
        env_prefix="LUOCHUI_", extra="ignore", frozen=True, env_ignore_empty=True
    )

    site: str = Field(default="luochui.localhost", pattern=r"^[a-z0-9][a-z0-9.-]{1,100}$")
    database_url: SecretStr | None = None
    migration_url: SecretStr | None = None
    postgres_bin: Path | None = None
    bank_secret: SecretStr | None = None
    log_key: SecretStr | None = None
    """The Ed25519 log key in C2SP signer-key form."""

    host: str = "127.0.0.1"
    port: int = 8130
    origins: tuple[str, ...] = ()
    """Exact origins that may open sockets or send writes, e.g. https://auction.example.cn."""
    secure_cookies: bool = True
    trusted_proxies: tuple[str, ...] = ("127.0.0.1",)
    """Addresses or networks whose X-Forwarded-For and -Proto are believed; empty: nobody's."""
    demo: bool = False
    """Practice site: `demo` RuleSets may be released and pages say so."""

    # between processes
    bus: Literal["postgres", "nats"] = "postgres"
    """How processes of this site hear of each other; relays need NATS."""
    nats_url: SecretStr | None = None
    """nats://user:password@host:port, or several with commas between."""
    relay_upstream: str | None = None
    """Of a relay: the service's address, e.g. https://auction.example.cn."""
    relay_lots: int = 200
    """Lots that a relay has open; a visitor to one more is sent away."""
    relay_watchers: int = 10_000
    relay_proof_ms: int = 2_000
    """How long after its last proof of being current a relay still says that it is alive."""

    # bounds: queues, frames, waits
    pool_size: int = 8
    statement_timeout_ms: int = 10_000
    inbox_limit: int = 10_000
    batch_limit: int = 2_000
    lost_swaps: int = 100
    """Swaps one batch may lose to other processes before its bids are answered `busy`."""
    ledger_waiting: int = 10_000
    """Appends that may wait for the next write; one more is refused as not written."""
    write_entries: int = 4_000
    """Entries in one statement; an append with more than that goes alone."""
    frame_bytes: int = 4_096
    frames_per_s: int = 20
    bids_per_s: int = 5
    rate_keys: int = 100_000
    """Bidders whose rates are remembered at once; the longest silent is forgotten first."""
    strikes_before_close: int = 20
    """Refused frames within ten seconds after which a socket is closed with 4009."""
    outbox_frames: int = 64
    """Own receipts and notices a socket may have waiting; public state is conflated to one."""
    send_limit_ms: int = 2_000
    conflate_ms: int = 50
    heartbeat_ms: int = 2_000
    ping_ms: int = 5_000
    pong_ms: int = 10_000
    """How long a socket's client may leave a ping unanswered before its seat is given up."""
    recent_quotes: int = 50
    update_quotes: int = 20
    room_entries: int = 2_000
    """Entries whose bids and proofs a room has in memory, at least; older ones are looked up."""
    state_entries: int = 256
    """New entries after which a lot's folded state is kept, at the next poll."""
    view_rows: int = 50_000
    """Rows of what screens were shown that may wait to be written; beyond, the oldest are lost."""
    view_batch: int = 1_000
    view_period_ms: int = 1_000
    connections: int = 10_000
    connections_per_address: int = 1_000
    """Open at once from one address (IPv6: one /64). Trusted proxies bring as many as there are."""
    observers_per_address: int = 500
    """Live channels of visitors behind one address. Admitted bidders are never refused for it."""
    head_bytes: int = 32_768
    head_ms: int = 10_000
    body_ms: int = 20_000
    """A body must be whole by then, or have brought 500 bytes a second meanwhile."""
    unread_ms: int = 30_000
    """How long an HTTP answer may wait for a client that reads none of it."""
    body_bytes: int = 262_144
    document_bytes: int = 10_485_760
    """Of one announced document: the only body that may be larger than `body_bytes`."""
    pack_documents_bytes: int = 268_435_456
    """Of all documents in one evidence pack, which is made in memory; others are left out."""
    page_limit: int = 100

    # witnesses and timestamps
    witness_policy: Path | None = None
    """A C2SP tlog-policy file: whose cosignatures a head needs before its log may be sealed."""
    witness_period_ms: int = 2_000
    witness_timeout_ms: int = 5_000
    witness_logs: int = 100
    """Logs that one round brings to the witnesses."""
    witness_at_once: int = 8
    """Logs, and at the start heads, that are asked about at the same time."""
    witness_start_ms: int = 15_000
    """How long a start waits for silent witnesses before it refuses."""
    start_without_witnesses: bool = False
    """The operator's way out when too many witnesses are silent at the start; it is logged."""
    tsa_url: str | None = None
    """Where RFC 3161 requests are posted."""
    tsa_certificates: tuple[Path, ...] = ()
    """PEM files: a token is kept only when one of these certificates vouches for it."""
    stamp_period_ms: int = 1_000
    stamp_interval_min: int = 10
    """While bidding runs, a head that moved is stamped this often."""
    stamps_at_once: int = 8
    moments_logs: int = 100
    """Logs that one round looks at for moments that want a stamp."""
    outside_wait_ms: int = 1_000
    """The first wait after a witness or an authority failed; it doubles."""
    outside_wait_most_ms: int = 60_000
    outside_answer_bytes: int = 65_536
    tree_leaves: int = 1_000_000
    """Leaves of trees kept for consistency proofs, about 150 bytes each."""

    # time and health
    clock_period_ms: int = 1_000
    clock_uncertainty_ms: int = 50
    clock_step_ms: int = 500
    health_period_ms: int = 1_000
    path_stale_ms: int = 5_000
    """A process that last proved the bid path longer ago than this is not ready for visitors."""
    ready_wait_ms: int = 1_000
    """How long /health/ready waits for the database before it says no."""
    drain_ms: int = 2_000
    """How long a process told to stop still serves, not ready, so that the proxy moves away."""
    poll_ms: int = 1_000
    bid_answer_ms: int = 5_000
    cut_off_bidders: int = Field(default=3, ge=2)
    """So many bidders of a lot lose their lines in one process at once, at the least, before the
    sale is paused: one bidder's own line never pauses it."""
    cut_off_percent: int = Field(default=50, ge=1, le=100)
    """And so many of those who sat in the lot through that process."""
    cut_off_window_ms: int = 6_000
    """What counts as at once: dead lines are noticed one ping interval apart."""
    cut_off_return_ms: int = 8_000
    """How long they have to come back, through any process."""
    cut_off_restart_ms: int = 15_000
    """The same when a process that ends sent them away itself: pages wait longer after each try
    that finds nobody yet, and no ring can bring this about."""
    session_check_ms: int = 5_000
    """How old a socket's session may be, when it bids, before the cookie is looked up again."""

    # identity
    session_hours: int = 12
    password_workers: int = 2
    sign_in_tries: int = 8
    sign_in_window_s: int = 300
    bank_skew_ms: int = 300_000

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, values: dict[str, Any]) -> dict[str, Any]:
        import os

        for name in SECRETS:
            path = os.environ.get(f"LUOCHUI_{name.upper()}_FILE")
            if path and not values.get(name):
                values[name] = Path(path).read_text(encoding="utf-8").strip()
        return values


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """The settings of this process."""
    return Settings()
