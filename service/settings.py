"""Every knob and bound with its unit. Environment `LUOCHUI_…`, secrets also as `…_FILE`."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRETS = ("database_url", "migration_url", "bank_secret", "log_key")


class Settings(BaseSettings):
    """Read once at start. A secret has no default: without it the part that needs it refuses."""

    model_config = SettingsConfigDict(env_prefix="LUOCHUI_", extra="ignore", frozen=True)

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
    demo: bool = False
    """Practice site: `demo` RuleSets may be released and pages say so."""

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
    recent_quotes: int = 50
    update_quotes: int = 20
    body_bytes: int = 262_144
    page_limit: int = 100

    # time and health
    clock_period_ms: int = 1_000
    clock_uncertainty_ms: int = 50
    clock_step_ms: int = 500
    health_period_ms: int = 1_000
    poll_ms: int = 1_000
    bid_answer_ms: int = 5_000
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
