"""What a witness answers to a signed head, given the head it holds: arithmetic, no store, no clock.

The order of the questions is that of c2sp.org/tlog-witness, section add-checkpoint.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum

from service.audit.tree import EMPTY_ROOT, TreeBroken, shown_old_root, verify_consistency
from service.witness.submission import Submission


class Why(Enum):
    """Every refusal, with its HTTP status and its sentence."""

    MALFORMED = (400, "The body is no add-checkpoint request.")
    TOO_SLOW = (408, "The request did not arrive in time.")
    TOO_LARGE = (413, "The body is larger than any checkpoint.")
    UNKNOWN_LOG = (404, "This witness does not know the checkpoint's origin.")
    NOT_SIGNED = (403, "No trusted key signed the checkpoint, or a trusted key's line is wrong.")
    OLD_ABOVE_NEW = (400, "The old size is above the checkpoint's size.")
    OLD_SIZE_DIFFERS = (409, "The old size is not the size last cosigned.")
    NO_SUCH_TREE = (422, "An empty tree has only one root, and this is another.")
    PROOF_NOT_EMPTY = (422, "From the empty tree there is nothing to prove.")
    OTHER_ROOT = (422, "Another root was cosigned for this size.")
    WRONG_PROOF = (422, "The consistency proof does not hold.")
    TOO_MANY_LOGS = (503, "This witness holds as many logs as it may (max_logs).")
    CLOCK_BEHIND = (503, "This witness's clock is behind a time it has already signed.")
    STORE_FAILED = (503, "This witness's store cannot be written; nothing was cosigned.")
    BUSY = (503, "This witness answers as many requests as it may; ask again.")

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        self.sentence = sentence


class Fork(StrEnum):
    """What a head that was not cosigned shows about the log that signed it."""

    TWO_ROOTS = "TWO_ROOTS"
    OTHER_PREFIX = "OTHER_PREFIX"
    NO_SUCH_TREE = "NO_SUCH_TREE"
    UNPROVEN = "UNPROVEN"

    @property
    def is_proven(self) -> bool:
        # Anyone may send an honest head with a rotten proof, so a failed proof convicts nobody.
        return self is not Fork.UNPROVEN


@dataclass(frozen=True, slots=True)
class Head:
    """A cosigned head as it is stored: `signed` is the note with the log's lines alone."""

    size: int
    root: bytes
    signed: str
    cosignature: str
    at_s: int

    def to_note(self) -> str:
        """The checkpoint with the log's signatures and the witness's."""
        return self.signed + self.cosignature


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal; `held_size` is what a 409 answers, `fork` is what it shows of the log.

    `kept` says that the store took it as new evidence.
    """

    why: Why
    detail: str = ""
    held_size: int = 0
    fork: Fork | None = None
    kept: bool = False


def judge(asked: Submission, held: Head | None) -> Refused | None:
    """None when `asked` may be cosigned after `held`. The log's signature holds already."""
    held_size, held_root = (held.size, held.root) if held else (0, EMPTY_ROOT)
    if asked.old_size > asked.size:
        return Refused(Why.OLD_ABOVE_NEW, f"{asked.old_size} > {asked.size}")
    if asked.old_size != held_size:
        return Refused(Why.OLD_SIZE_DIFFERS, held_size=held_size, fork=_two_roots(asked, held))
    if asked.size == 0 and asked.root != EMPTY_ROOT:
        return Refused(Why.NO_SUCH_TREE, fork=Fork.NO_SUCH_TREE)
    if asked.old_size == 0 and asked.proof:
        return Refused(Why.PROOF_NOT_EMPTY)
    if asked.size == held_size and asked.root != held_root:
        return Refused(Why.OTHER_ROOT, fork=Fork.TWO_ROOTS)
    try:
        verify_consistency(held_size, held_root, asked.size, asked.root, asked.proof)
    except TreeBroken as broken:
        return Refused(Why.WRONG_PROOF, str(broken), fork=_failed(asked, held_root))
    return None


def _two_roots(asked: Submission, held: Head | None) -> Fork | None:
    """Two signed heads of one size convict whatever old size was claimed."""
    if asked.size == 0 and asked.root != EMPTY_ROOT:
        return Fork.NO_SUCH_TREE
    if held and asked.size == held.size and asked.root != held.root:
        return Fork.TWO_ROOTS
    return None


def _failed(asked: Submission, held_root: bytes) -> Fork | None:
    """A proof that reaches the new root from another old one proves the fork by itself."""
    if asked.size == asked.old_size:
        return None  # the heads are equal, only the proof is superfluous
    shown = shown_old_root(asked.old_size, asked.size, asked.root, asked.proof)
    return Fork.UNPROVEN if shown in (None, held_root) else Fork.OTHER_PREFIX
