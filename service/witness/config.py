"""The witness's configuration: one TOML file, read once, every wrong field named."""

import json
import tomllib
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from service.audit.notes import MAX_NOTE_BYTES, NoteBroken, VerifyingKey, house_origin, site_of


class CannotStart(Exception):
    """The text is one sentence that says what is wrong and what to do."""


class LogSite(BaseModel):
    """One site: its house log and every lot log, present and to come, under these keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    site: str
    vkeys: Annotated[tuple[str, ...], Field(min_length=1, max_length=16)]
    """C2SP vkeys of type 0x01 named after the site; several while a key changes."""

    @model_validator(mode="after")
    def _keys_bear_the_sites_name(self) -> Self:
        house_origin(self.site)
        for key in self.keys:
            if key.name != self.site:
                raise ValueError(f"the key {key.name} does not bear the site's name {self.site}")
        return self

    @property
    def keys(self) -> tuple[VerifyingKey, ...]:
        return tuple(VerifyingKey.from_text(vkey) for vkey in self.vkeys)


class Config(BaseModel):
    """Everything a witness is told. Units stand in the names; every bound has one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """The key's name: a URL without a scheme, such as `witness.example.cn/w1`."""
    key_file: Path
    store: Path
    """The sqlite file; it must stay on this machine's own disk and is never put back."""
    listen: str = "127.0.0.1:8140"
    """Address and port; port 0 takes a free one."""
    log: Annotated[tuple[LogSite, ...], Field(min_length=1, max_length=64)]
    max_logs: Annotated[int, Field(ge=1, le=10_000_000)] = 10_000
    """Origins kept; a new origin beyond them gets 503."""
    max_conflicts: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    """Conflicts kept of each sort, proven and unproven."""
    requests_at_once: Annotated[int, Field(ge=1, le=10_000)] = 64
    body_bytes: Annotated[int, Field(ge=1_024, le=1 << 24)] = MAX_NOTE_BYTES + 4_096
    body_ms: Annotated[int, Field(ge=1, le=600_000)] = 10_000
    """How long a request may take to arrive."""

    @field_validator("listen")
    @classmethod
    def _has_a_port(cls, listen: str) -> str:
        host, _, port = listen.rpartition(":")
        if not host or not port.isascii() or not port.isdecimal() or int(port) > 65_535:
            raise ValueError("write an address and a port, such as 127.0.0.1:8140")
        return listen

    @field_validator("log")
    @classmethod
    def _each_site_once(cls, log: tuple[LogSite, ...]) -> tuple[LogSite, ...]:
        sites = [each.site for each in log]
        if len(set(sites)) < len(sites):
            raise ValueError("a site stands there twice: give all its keys in one vkeys list")
        return log

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.listen.rpartition(":")
        return host.removeprefix("[").removesuffix("]"), int(port)

    def keys_by_site(self) -> dict[str, tuple[VerifyingKey, ...]]:
        return {each.site: each.keys for each in self.log}


def trusted_keys(
    keys_by_site: dict[str, tuple[VerifyingKey, ...]], origin: str
) -> tuple[VerifyingKey, ...]:
    """The keys that may sign for `origin`; none when it is no log of a configured site."""
    try:
        return keys_by_site.get(site_of(origin), ())
    except NoteBroken:
        return ()


def read_config(path: Path) -> Config:
    """The file's configuration, its relative paths taken from the file's own folder.

    Raises CannotStart with one sentence that names the file and the first wrong field.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CannotStart(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CannotStart(f"{path} is not TOML: {error}.") from error
    try:
        # By way of JSON: strictness then forbids "12" for 12 but still allows text for a path.
        config = Config.model_validate_json(json.dumps(raw, default=str), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise CannotStart(f"{path}: {field}: {first['msg']}.") from error
    folder = path.resolve().parent
    return config.model_copy(
        update={"key_file": folder / config.key_file, "store": folder / config.store}
    )
