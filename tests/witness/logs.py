"""A log that tells one history, a log that tells two, and the client who asks a witness."""

import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import httpx2

from service.audit.cosignatures import CosigningKey, verify_cosignature
from service.audit.notes import Checkpoint, SigningKey, parse_note, sign_checkpoint
from service.audit.tree import Proof, Tree, leaf_hash
from service.witness.config import Config, LogSite
from service.witness.submission import write_submission

SITE = "auction.example.cn"
LOT = f"{SITE}/lot/hj-2017-07"
HOUSE = f"{SITE}/house"
LOG_KEY = SigningKey(SITE, bytes(range(32)))
NEXT_KEY = SigningKey(SITE, bytes(range(1, 33)))
STRANGER = SigningKey(SITE, bytes(range(2, 34)))
WITNESS_KEY = CosigningKey("witness.example.cn/w1", bytes(range(3, 35)))
FORKED_AT = 40
"""The size up to which both histories are one."""


@dataclass(frozen=True)
class History:
    """One tree of a log and its signed heads."""

    tree: Tree
    origin: str = LOT
    key: SigningKey = LOG_KEY

    def head(self, size: int) -> Checkpoint:
        return Checkpoint(self.origin, size, self.tree.root(size))

    def note(self, size: int) -> str:
        return sign_checkpoint(self.key, self.head(size))

    def proof(self, old: int, size: int) -> Proof:
        return self.tree.consistency_proof(old, size) if old <= size else ()

    def body(self, old: int, size: int) -> str:
        """An honest request: nothing is proven from or to nothing."""
        return write_submission(old, self.proof(old, size), self.note(size))


def grown(size: int, *, origin: str = LOT, key: SigningKey = LOG_KEY) -> History:
    return History(Tree(leaf_hash(b"entry %d" % each) for each in range(size)), origin, key)


def forked(size: int, at: int = FORKED_AT) -> History:
    """The same log with another history from entry `at` on, under the same key."""
    words = (b"entry %d" if each < at else b"other %d" for each in range(size))
    return History(Tree(leaf_hash(word % each) for each, word in enumerate(words)))


def config_in(folder: Path, **changes: object) -> Config:
    """A witness of SITE with its key on disk, on a free port, its store in `folder`."""
    key_file = folder / "witness_key"
    if not key_file.exists():
        key_file.write_text(WITNESS_KEY.to_text() + "\n")
    fields: dict[str, object] = {
        "name": WITNESS_KEY.name,
        "key_file": key_file,
        "store": folder / "witness.sqlite",
        "listen": "127.0.0.1:0",
        "log": (LogSite(site=SITE, vkeys=(LOG_KEY.verifying.to_text(),)),),
    }
    return Config.model_validate(fields | changes)


def client(base_url: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=base_url, trust_env=False, timeout=60)


async def ask(http: httpx2.AsyncClient, body: str | bytes) -> httpx2.Response:
    content = body if isinstance(body, bytes) else body.encode()
    return await http.post("/add-checkpoint", content=content)


def signed_at(note: str, answer: httpx2.Response) -> int:
    """The cosignature's POSIX second, once it is shown to be the witness's over this note."""
    assert answer.status_code == 200, answer.text
    (line,) = parse_note(f"{parse_note(note).text}\n{answer.text}").signatures
    return verify_cosignature(parse_note(note).text, line, WITNESS_KEY.verifying)


def held_size(answer: httpx2.Response) -> int:
    """The size that a 409 tells, in exactly the form of the text."""
    assert answer.status_code == 409, answer.text
    assert answer.headers.get_list("content-type") == ["text/x.tlog.size"]
    assert re.fullmatch(r"(0|[1-9][0-9]*)\n", answer.text)
    return int(answer.text)


def stored(store: Path, origin: str = LOT) -> tuple[int, bytes] | None:
    """Size and root as any other process reads them from the file."""
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=10) as db:
        row = db.execute("SELECT size, root FROM heads WHERE origin = ?", (origin,)).fetchone()
    db.close()
    return (row[0], row[1]) if row else None
