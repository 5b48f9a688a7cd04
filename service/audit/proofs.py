"""Receipts: C2SP tlog-proof files that hold an entry, its place and a signed tree head.

Facts from c2sp.org/tlog-proof. The `extra` line carries the entry's stored bytes; it is not
authenticated by itself, the inclusion proof is what binds it to the checkpoint.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from service.audit import canonical, notes
from service.audit.broken import Broken
from service.audit.encodings import read_base64, read_decimal, write_base64
from service.audit.notes import Checkpoint, VerifyingKey
from service.audit.tree import HASH_BYTES, MAX_PROOF, Proof, leaf_hash, verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
SUFFIX = ".tlog-proof"
MAX_BYTES = MAX_CHARACTERS = canonical.MAX_BYTES * 4 // 3 + MAX_PROOF * 64 + notes.MAX_NOTE_BYTES


class Reason(StrEnum):
    """Why a receipt is refused before any hash or signature is looked at."""

    TOO_LARGE = "TOO_LARGE"
    WRONG_HEADER = "WRONG_HEADER"
    NO_ENTRY = "NO_ENTRY"
    BAD_ENTRY = "BAD_ENTRY"
    BAD_INDEX = "BAD_INDEX"
    BAD_HASH = "BAD_HASH"
    TOO_MANY_HASHES = "TOO_MANY_HASHES"
    NO_CHECKPOINT = "NO_CHECKPOINT"


class ReceiptBroken(Broken):
    """Text that is not one of our tlog-proof files."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a bidder takes home; `checkpoint` is the signed note, verbatim."""

    entry: bytes
    index: int
    proof: Proof
    checkpoint: str

    def to_text(self) -> str:
        """The tlog-proof file."""
        hashes = "".join([_line(each) for each in self.proof])
        head = f"{HEADER}\nextra {write_base64(self.entry)}\nindex {self.index}\n"
        return f"{head}{hashes}\n{self.checkpoint}"


@lru_cache(maxsize=4096)
def _line(node: bytes) -> str:
    """The receipts of one batch share most of their hashes."""
    return write_base64(node) + "\n"


@dataclass(frozen=True, slots=True)
class Proven:
    """What a verified receipt says: these bytes stand at this index under this head.

    note: the head as the receipt carries it, with whatever others signed.
    """

    entry: bytes
    index: int
    checkpoint: Checkpoint
    note: str


def parse(text: str) -> Receipt:
    """Take a receipt apart without believing it; raises ReceiptBroken by reason."""
    if len(text) > MAX_CHARACTERS:
        raise ReceiptBroken(Reason.TOO_LARGE, f"{len(text)} characters")
    head, gap, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != HEADER:
        raise ReceiptBroken(Reason.WRONG_HEADER, lines[0][:80])
    if not gap or not checkpoint:
        raise ReceiptBroken(Reason.NO_CHECKPOINT)
    entry, index = _read_entry(lines[1:2]), _read_index(lines[2:3])
    return Receipt(entry, index, _read_hashes(lines[3:]), checkpoint)


def verify(text: str, key: VerifyingKey, origin: str) -> Proven:
    """Prove a receipt against the published key and the log's origin.

    Raises ReceiptBroken (form), NoteBroken (signature, origin) or TreeBroken (inclusion),
    all of them Broken. What the entry says is not judged here.
    """
    receipt = parse(text)
    checkpoint = notes.open_checkpoint(receipt.checkpoint, key, origin)
    leaf = leaf_hash(receipt.entry)
    verify_inclusion(leaf, receipt.index, checkpoint.size, receipt.proof, checkpoint.root)
    return Proven(receipt.entry, receipt.index, checkpoint, receipt.checkpoint)


def _read_entry(lines: list[str]) -> bytes:
    """The format lets `extra` be absent; a receipt of ours proves nothing without its entry."""
    if not lines or not lines[0].startswith("extra "):
        raise ReceiptBroken(Reason.NO_ENTRY)
    entry = read_base64(lines[0].removeprefix("extra "))
    if not entry:
        raise ReceiptBroken(Reason.BAD_ENTRY)
    return entry


def _read_index(lines: list[str]) -> int:
    value = lines[0] if lines else ""
    index = read_decimal(value.removeprefix("index ")) if value.startswith("index ") else None
    if index is None:
        raise ReceiptBroken(Reason.BAD_INDEX, value[:80])
    return index


def _read_hashes(lines: list[str]) -> Proof:
    if len(lines) > MAX_PROOF:
        raise ReceiptBroken(Reason.TOO_MANY_HASHES, str(len(lines)))
    hashes = []
    for line in lines:
        raw = read_base64(line)
        if raw is None or len(raw) != HASH_BYTES:
            raise ReceiptBroken(Reason.BAD_HASH, line[:80])
        hashes.append(raw)
    return tuple(hashes)
