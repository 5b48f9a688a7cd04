"""The log's signing key on disk: made once, never overwritten, readable by its owner only."""

import os
import secrets
from enum import StrEnum
from pathlib import Path

from service.audit.broken import Broken
from service.audit.notes import SigningKey, VerifyingKey, house_origin

MAX_KEY_FILE_BYTES = 4096


class Reason(StrEnum):
    """Why a key file is refused."""

    KEY_EXISTS = "KEY_EXISTS"
    KEY_MISSING = "KEY_MISSING"
    KEY_UNREADABLE = "KEY_UNREADABLE"


class KeyFileBroken(Broken):
    """A key file that is absent, already there, or no key file."""


def generate(site: str) -> SigningKey:
    """A fresh Ed25519 key named after the site; NoteBroken when no origin can bear that name."""
    house_origin(site)
    return SigningKey(site, secrets.token_bytes(32))


def save(path: Path, key: SigningKey) -> None:
    """Write the secret text with mode 0600; KeyFileBroken when the path is taken."""
    save_text(path, key.to_text())


def save_text(path: Path, secret: str) -> None:
    """Write one line of secret text with mode 0600; KeyFileBroken when the path is taken.

    A log key lost to an overwrite takes every past signature's successor with it, so the
    file appears whole or not at all, and never in place of another.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secret + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # unlike a rename, a link refuses to replace
    except FileExistsError as error:
        raise KeyFileBroken(Reason.KEY_EXISTS, str(path)) from error
    finally:
        draft.unlink()


def load(path: Path) -> SigningKey:
    """Read a key that `save` wrote; raises KeyFileBroken or NoteBroken by reason."""
    return SigningKey.from_text(read_text(path))


def load_or_generate(path: Path, site: str) -> SigningKey:
    """The key at `path`, made on the first start; two starters end with the same key."""
    if not path.exists():
        try:
            save(path, generate(site))
        except KeyFileBroken as refusal:
            if refusal.reason is not Reason.KEY_EXISTS:
                raise
    return load(path)


def load_verifying(path: Path) -> VerifyingKey:
    """Read a published key from a file that holds its vkey text."""
    return VerifyingKey.from_text(read_text(path))


def read_text(path: Path) -> str:
    """The text of a key file without its newline; raises KeyFileBroken by reason."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_KEY_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise KeyFileBroken(Reason.KEY_MISSING, str(path)) from error
    except OSError as error:
        raise KeyFileBroken(Reason.KEY_UNREADABLE, f"{path}: {error.strerror}") from error
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise KeyFileBroken(Reason.KEY_UNREADABLE, f"{path}: not text") from error
    if len(raw) > MAX_KEY_FILE_BYTES:
        raise KeyFileBroken(Reason.KEY_UNREADABLE, f"{path}: more than a key")
    return text.removesuffix("\n")
