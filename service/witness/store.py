"""What a witness has cosigned, in a sqlite file of its own: heads only grow, conflicts stay.

Compare and store are one transaction under sqlite's write lock, so threads and processes on one
file take turns. Every statement blocks: callers in an event loop use a thread.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from service.witness.judge import Fork, Head, Refused, Why, judge
from service.witness.submission import Submission

BUSY_S = 5.0
"""How long one transaction waits for another's write lock."""

MAX_BACK_S = 60
"""How far this machine's clock may be behind a time already signed before nothing more is."""

Seconds = Callable[[], int]
"""The time now, POSIX seconds."""

# The triggers hold what the code promises, against the code itself and a person with sqlite3.
_TABLES = """
CREATE TABLE IF NOT EXISTS heads (
  origin TEXT PRIMARY KEY,
  origin_hash TEXT NOT NULL UNIQUE,
  size INTEGER NOT NULL CHECK (size >= 0),
  root BLOB NOT NULL CHECK (length(root) = 32),
  signed TEXT NOT NULL,
  cosignature TEXT NOT NULL,
  at_s INTEGER NOT NULL CHECK (at_s > 0)
) STRICT;
CREATE TRIGGER IF NOT EXISTS heads_only_grow BEFORE UPDATE ON heads
WHEN NEW.origin <> OLD.origin OR NEW.size < OLD.size OR NEW.at_s < OLD.at_s
  OR (NEW.size = OLD.size AND NEW.root <> OLD.root)
BEGIN SELECT RAISE(ABORT, 'a cosigned head is never taken back'); END;
CREATE TRIGGER IF NOT EXISTS heads_stay BEFORE DELETE ON heads
BEGIN SELECT RAISE(ABORT, 'a cosigned head is never taken back'); END;
CREATE TABLE IF NOT EXISTS conflicts (
  id INTEGER PRIMARY KEY,
  origin TEXT NOT NULL,
  fork TEXT NOT NULL,
  proven INTEGER NOT NULL CHECK (proven IN (0, 1)),
  old_size INTEGER NOT NULL,
  size INTEGER NOT NULL,
  root BLOB NOT NULL,
  signed TEXT NOT NULL,
  proof TEXT NOT NULL,
  held TEXT NOT NULL,
  at_s INTEGER NOT NULL,
  UNIQUE (origin, size, root)
) STRICT;
CREATE TRIGGER IF NOT EXISTS proven_conflicts_stay BEFORE DELETE ON conflicts WHEN OLD.proven
BEGIN SELECT RAISE(ABORT, 'proof of a fork is never thrown away'); END;
CREATE TABLE IF NOT EXISTS born (one INTEGER PRIMARY KEY CHECK (one = 1), at_s INTEGER NOT NULL)
STRICT;
"""
_HEAD = "SELECT size, root, signed, cosignature, at_s FROM heads"
_UPSERT = """
INSERT INTO heads (origin, origin_hash, size, root, signed, cosignature, at_s)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root,
  signed = excluded.signed, cosignature = excluded.cosignature, at_s = excluded.at_s
"""
_CONFLICT = "SELECT id, origin, fork, old_size, size, signed, proof, held, at_s FROM conflicts"
# A better proof of the same head takes an unproven row's place; a proven row stays as it is.
_KEEP = """
INSERT INTO conflicts (origin, fork, proven, old_size, size, root, signed, proof, held, at_s)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (origin, size, root) DO UPDATE SET fork = excluded.fork, proven = 1,
  old_size = excluded.old_size, signed = excluded.signed, proof = excluded.proof,
  held = excluded.held, at_s = excluded.at_s
WHERE excluded.proven AND NOT conflicts.proven
"""
_ACQUIT = "DELETE FROM conflicts WHERE origin = ? AND size = ? AND root = ? AND NOT proven"
_DROP_OLDEST_UNPROVEN = """
DELETE FROM conflicts WHERE id IN
  (SELECT id FROM conflicts WHERE NOT proven ORDER BY id DESC LIMIT -1 OFFSET ?)
"""


class StoreFailed(Exception):
    """The store cannot be read or written now; nothing was stored."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A head that its log signed and this witness would not cosign, and what it held then."""

    id: int
    origin: str
    fork: Fork
    old_size: int
    size: int
    signed: str
    proof: str
    held: str
    at_s: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What is in the store; `born_s` is when it was made (POSIX seconds)."""

    logs: int
    proven: int
    unproven: int
    born_s: int


class Store:
    """One sqlite file, one connection; used by one thread at a time."""

    def __init__(self, path: Path, *, max_logs: int, max_conflicts: int, seconds: Seconds) -> None:
        """Open or make the file and write to it once; raises StoreFailed when that cannot be."""
        self._max_logs = max_logs
        self._max_conflicts = max_conflicts
        self._seconds = seconds
        with _as_failure():
            self._db = sqlite3.connect(
                path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
            )
        try:
            self._prepare()
        except StoreFailed:
            self._db.close()
            raise

    def close(self) -> None:
        self._db.close()

    def cosign(self, asked: Submission, signed: str, sign: Callable[[int], str]) -> Head | Refused:
        """Compare `asked` with the head held, and store what `sign` gives, atomically.

        `signed` is the note with the log's verified lines; `sign` makes the cosignature line for
        a POSIX second. When this returns a Head it is on the disk: a crash before that leaves the
        old head, a crash after it the new one, for which the client asks again. Raises
        StoreFailed: then nothing may be answered with.
        """
        with self._transaction():
            held, now_s = self._held(asked.origin), self._seconds()
            refused = judge(asked, held) or self._no_room(held) or _clock_behind(held, now_s)
            if refused:
                kept = self._keep(asked, signed, held, refused, now_s)
                return replace(refused, kept=kept)
            # Never before the last: each time says that no larger tree had been seen by then.
            at_s = max(now_s, held.at_s) if held else now_s
            head = Head(asked.size, asked.root, signed, sign(at_s), at_s)
            if head == held:
                return head  # asked again within one second: it is on the disk already
            self._put(asked.origin, head)
        # The moment a cosignature exists: the commit above is flushed. Nobody saw it before.
        return head

    def find(self, origin_hash: str) -> Head | None:
        """The newest cosigned head of the origin with this SHA-256 (lowercase hex)."""
        with _as_failure():
            row = self._db.execute(f"{_HEAD} WHERE origin_hash = ?", (origin_hash,)).fetchone()
        return Head(*row) if row else None

    def conflicts(self, limit: int) -> tuple[Conflict, ...]:
        """Proven ones first, then the newest first; at most `limit`."""
        with _as_failure():
            rows = self._db.execute(f"{_CONFLICT} ORDER BY proven DESC, id DESC LIMIT ?", (limit,))
            return tuple(
                Conflict(number, origin, Fork(fork), *rest) for number, origin, fork, *rest in rows
            )

    def counts(self) -> Counts:
        with _as_failure():
            (born_s,) = self._db.execute("SELECT at_s FROM born").fetchone()
            return Counts(
                logs=self._count("heads"),
                proven=self._count("conflicts WHERE proven"),
                unproven=self._count("conflicts WHERE NOT proven"),
                born_s=born_s,
            )

    def _prepare(self) -> None:
        with _as_failure():
            # A rollback journal: one file, no shared memory beside it. EXTRA is FULL and flushes
            # the folder too: without that a power cut may bring a finished journal back.
            self._db.execute("PRAGMA journal_mode = DELETE").fetchone()
            self._db.execute("PRAGMA synchronous = EXTRA")
        with self._transaction():
            for statement in _statements(_TABLES):
                self._db.execute(statement)
            self._db.execute("INSERT OR IGNORE INTO born VALUES (1, ?)", (self._seconds(),))
            # Also on an old file: a start proves that the store can be written.
            self._db.execute("UPDATE born SET at_s = at_s")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _as_failure():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def _held(self, origin: str) -> Head | None:
        row = self._db.execute(f"{_HEAD} WHERE origin = ?", (origin,)).fetchone()
        return Head(*row) if row else None

    def _put(self, origin: str, head: Head) -> None:
        origin_hash = sha256(origin.encode()).hexdigest()
        row = (head.size, head.root, head.signed, head.cosignature, head.at_s)
        self._db.execute(_UPSERT, (origin, origin_hash, *row))
        # What was cosigned is consistent after all: only the earlier proof was rotten.
        acquitted = (
            "DELETE FROM conflicts WHERE origin = ? AND size = ? AND root = ? AND NOT proven"
        )
        self._db.execute(acquitted, (origin, head.size, head.root))

    def _keep(
        self, asked: Submission, signed: str, held: Head | None, refused: Refused, now_s: int
    ) -> bool:
        """Keep what convicts, or may; false when there is nothing new or no room for it."""
        fork = refused.fork
        if fork is None or (fork.is_proven and self._is_full_of_proof()):
            return False
        held_note = held.to_note() if held else ""
        what = (asked.origin, fork.value, fork.is_proven, asked.old_size, asked.size, asked.root)
        cursor = self._db.execute(_KEEP, (*what, signed, asked.proof_lines(), held_note, now_s))
        self._db.execute(_DROP_OLDEST_UNPROVEN, (self._max_conflicts,))
        return cursor.rowcount > 0

    def _no_room(self, held: Head | None) -> Refused | None:
        if held is None and self._count("heads") >= self._max_logs:
            return Refused(Why.TOO_MANY_LOGS, str(self._max_logs))
        return None

    def _is_full_of_proof(self) -> bool:
        return self._count("conflicts WHERE proven") >= self._max_conflicts

    def _count(self, what: str) -> int:
        count: int = self._db.execute(f"SELECT count(*) FROM {what}").fetchone()[0]  # noqa: S608
        return count


def _clock_behind(held: Head | None, now_s: int) -> Refused | None:
    """A clock set back would date a larger tree before a smaller one: better silent than wrong."""
    if held and held.at_s - now_s > MAX_BACK_S:
        return Refused(Why.CLOCK_BEHIND, f"{held.at_s - now_s} s")
    return None


@contextmanager
def _as_failure() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreFailed(str(error)) from error


def _statements(script: str) -> Iterator[str]:
    """The script's statements one by one: `executescript` would commit before it begins."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
