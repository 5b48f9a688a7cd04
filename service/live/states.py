"""A record as bytes and back: what a room opens from instead of reading its whole log.

A state is believed only when this very code made it and the process's own key vouches for it: who
holds the database alone cannot put words into a room's mouth. Otherwise the log is folded.
"""

import hmac
from functools import cache
from hashlib import sha256
from importlib import metadata, resources

from pydantic import TypeAdapter

from service.audit.tree import Frontier
from service.live.record import Folded, Record
from service.store.lot_states import StoredState
from service.store.signer import Signer

FORMAT = 1
"""Counted up when the meaning of a field changes and nothing of the code below does."""

_OURS = ("record.py", "states.py")
_FOLDED = TypeAdapter(Folded)


class StateUnfit(Exception):
    """The state is not ours, or not of this log; the text says which."""


@cache
def made_by() -> str:
    """Which code folds here. Another version may fold another state from the same log, and nobody
    would notice a forgotten number: so it is the hash of the code itself."""
    digest = sha256(f"{metadata.version('luochui')} {FORMAT}\n".encode())
    for package in ("service.rules", "service.live"):
        for file in sorted(resources.files(package).iterdir(), key=lambda file: file.name):
            if _folds(package, file.name):
                digest.update(sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:32]


def _folds(package: str, name: str) -> bool:
    """Whether this file says what a log comes to."""
    return name.endswith(".py") if package == "service.rules" else name in _OURS


def state_of(record: Record, log: str, signer: Signer) -> StoredState:
    """The record now, vouched for. `log`: its name in the tables."""
    frontier = record.tree.frontier().to_bytes()
    state = _FOLDED.dump_json(record.folded())
    mac = signer.vouch(_said(record.log, frontier, made_by(), state))
    return StoredState(log, record.size, frontier, made_by(), state, mac)


def record_from(
    stored: StoredState, origin: str, signer: Signer, *, kept_quotes: int, kept_entries: int
) -> Record:
    """The record at the state's size; raises StateUnfit."""
    if stored.made_by != made_by():
        raise StateUnfit(f"{origin}: another version folded it")
    said = _said(origin, stored.frontier, stored.made_by, stored.state)
    if not hmac.compare_digest(signer.vouch(said), stored.mac):
        raise StateUnfit(f"{origin}: it is not vouched for by this log key")
    frontier = Frontier.from_bytes(stored.frontier)
    if frontier.size != stored.size:
        raise StateUnfit(f"{origin}: it is of {frontier.size} entries and not of {stored.size}")
    folded = _FOLDED.validate_json(stored.state)
    if folded.kept_quotes != kept_quotes:
        raise StateUnfit(f"{origin}: it keeps {folded.kept_quotes} quotes and not {kept_quotes}")
    return Record.resumed(origin, folded, frontier, kept_entries=kept_entries)


def _said(origin: str, frontier: bytes, maker: str, state: bytes) -> bytes:
    """What is vouched for. The frontier holds the size and gives the root."""
    return f"{origin}\n{frontier.hex()}\n{maker}\n".encode() + state
