"""The body of `add-checkpoint`, taken apart exactly (c2sp.org/tlog-witness); nothing is believed.

old <size>
<base64 of one hash>        at most 63 such lines
                            an empty line
<checkpoint: a signed note>
"""

from dataclasses import dataclass
from enum import StrEnum

from service.audit.broken import Broken
from service.audit.encodings import read_base64, read_decimal, write_base64
from service.audit.notes import Note, NoteBroken, VerifyingKey, open_note, parse_note
from service.audit.tree import HASH_BYTES, Proof

MAX_PROOF_LINES = 63
_HEAD_LINES = 3


class Reason(StrEnum):
    """Why a body is no submission."""

    NOT_UTF8 = "NOT_UTF8"
    NO_EMPTY_LINE = "NO_EMPTY_LINE"
    BAD_OLD_SIZE = "BAD_OLD_SIZE"
    TOO_MANY_PROOF_LINES = "TOO_MANY_PROOF_LINES"
    BAD_PROOF_LINE = "BAD_PROOF_LINE"
    BAD_NOTE = "BAD_NOTE"
    BAD_CHECKPOINT = "BAD_CHECKPOINT"
    EXTENSION_LINES = "EXTENSION_LINES"


class Malformed(Broken):
    """A body that does not keep the format."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One request to cosign. `note` is unverified; a root that no tree has is still let in."""

    old_size: int
    proof: Proof
    note: Note
    origin: str
    size: int
    root: bytes

    def signed_by(self, keys: tuple[VerifyingKey, ...]) -> str:
        """The note with the lines of these keys alone; raises NoteBroken unless all hold."""
        opened = open_note(self.note.to_text(), keys)
        known = {(key.name, key.key_id) for key in keys}
        lines = {line: None for line in opened.signatures if (line.name, line.key_id) in known}
        return Note(opened.text, tuple(lines)).to_text()

    def proof_lines(self) -> str:
        return "".join(f"{write_base64(each)}\n" for each in self.proof)


def read_submission(body: bytes) -> Submission:
    """The submission in `body`; raises Malformed by reason."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Malformed(Reason.NOT_UTF8) from error
    asked, gap, rest = text.partition("\n\n")
    if not gap:
        raise Malformed(Reason.NO_EMPTY_LINE)
    old, *proof = asked.split("\n")
    if len(proof) > MAX_PROOF_LINES:
        raise Malformed(Reason.TOO_MANY_PROOF_LINES, str(len(proof)))
    hashes = tuple(_read_hash(line) for line in proof)
    try:
        note = parse_note(rest)
    except NoteBroken as error:
        raise Malformed(Reason.BAD_NOTE, str(error)) from error
    return Submission(_read_old(old), hashes, note, *_read_head(note.text))


def write_submission(old_size: int, proof: Proof, note: str) -> str:
    """The body that asks to cosign `note`, as a client sends it."""
    return f"old {old_size}\n" + "".join(f"{write_base64(each)}\n" for each in proof) + "\n" + note


def _read_old(line: str) -> int:
    word, _, figure = line.partition(" ")
    size = read_decimal(figure)
    if word != "old" or size is None:
        raise Malformed(Reason.BAD_OLD_SIZE, ascii(line)[:80])
    return size


def _read_hash(line: str) -> bytes:
    raw = read_base64(line)
    if raw is None or len(raw) != HASH_BYTES:
        raise Malformed(Reason.BAD_PROOF_LINE, ascii(line)[:80])
    return raw


def _read_head(text: str) -> tuple[str, int, bytes]:
    """Origin, size and root; the logs witnessed here never write extension lines."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) > _HEAD_LINES:
        raise Malformed(Reason.EXTENSION_LINES)
    if len(lines) < _HEAD_LINES or not lines[0]:
        raise Malformed(Reason.BAD_CHECKPOINT, ascii(text)[:80])
    size, root = read_decimal(lines[1]), read_base64(lines[2])
    if size is None or root is None or len(root) != HASH_BYTES:
        raise Malformed(Reason.BAD_CHECKPOINT, ascii(text)[:80])
    return lines[0], size, root
