"""C2SP signed notes and checkpoints: what the log signs, in a form any C2SP tool reads.

Facts from c2sp.org/signed-note and c2sp.org/tlog-checkpoint. Only Ed25519 (type 0x01) signs
here; signatures by unknown keys, such as witnesses, are kept and ignored, as the text demands.
Witnesses' own keys and signatures (type 0x04) are in `cosignatures`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from service.audit.broken import Broken
from service.audit.encodings import (
    MAX_INTEGER,
    read_base64,
    read_decimal,
    read_hex,
    write_base64,
)
from service.audit.tree import EMPTY_ROOT, HASH_BYTES

ED25519 = 0x01  # signature type byte of signed-note
MAX_NOTE_BYTES = 256 * 1024  # room for every signature at the largest assigned size
MAX_SIGNATURES = 100  # signed-note asks for at least 16; a policy may name 32 witnesses

KEY_BYTES = 32
_KEY_ID_BYTES = 4
PRIVATE = "PRIVATE+KEY+"  # the reference implementation's prefix for a secret key's text
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_NAME = re.compile(r"[^\s+\x00-\x1f]+")
_SITE = r"[^\s+/\x00-\x1f]+"
_LOT_ID = r"[a-z0-9][a-z0-9-]{2,63}"
_ORIGIN = re.compile(rf"(?P<site>{_SITE})/(?:house|lot/{_LOT_ID})")


class Reason(StrEnum):
    """Why a note, a checkpoint or a key's text is refused."""

    TOO_LARGE = "TOO_LARGE"
    NOT_A_NOTE = "NOT_A_NOTE"
    BAD_SIGNATURE_LINE = "BAD_SIGNATURE_LINE"
    TOO_MANY_SIGNATURES = "TOO_MANY_SIGNATURES"
    WRONG_SIGNATURE = "WRONG_SIGNATURE"
    NO_KNOWN_SIGNATURE = "NO_KNOWN_SIGNATURE"
    BAD_KEY = "BAD_KEY"
    BAD_KEY_NAME = "BAD_KEY_NAME"
    WRONG_KEY_ID = "WRONG_KEY_ID"
    UNKNOWN_KEY_TYPE = "UNKNOWN_KEY_TYPE"
    BAD_ORIGIN = "BAD_ORIGIN"
    WRONG_ORIGIN = "WRONG_ORIGIN"
    WRONG_KEY_NAME = "WRONG_KEY_NAME"
    BAD_COSIGNATURE = "BAD_COSIGNATURE"
    BAD_COSIGNATURE_TIME = "BAD_COSIGNATURE_TIME"
    NOT_A_CHECKPOINT = "NOT_A_CHECKPOINT"
    EXTENSION_LINES = "EXTENSION_LINES"
    BAD_SIZE = "BAD_SIZE"
    BAD_ROOT = "BAD_ROOT"


class NoteBroken(Broken):
    """A note, checkpoint or key text that is malformed or not signed as it must be."""


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A named Ed25519 public key (32 bytes), the part that is published."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public) != KEY_BYTES:
            raise NoteBroken(Reason.BAD_KEY, f"{len(self.public)} bytes")

    @property
    def key_id(self) -> bytes:
        """The four bytes that, with the name, single this key out."""
        return key_id(self.name, ED25519, self.public)

    def to_text(self) -> str:
        """The vkey: `<name>+<hex key id>+<base64(0x01 ‖ public)>`."""
        material = write_base64(bytes([ED25519]) + self.public)
        return f"{self.name}+{self.key_id.hex()}+{material}"

    @classmethod
    def from_text(cls, vkey: str) -> "VerifyingKey":
        """Read a vkey; raises NoteBroken by reason."""
        name, claimed, public = read_key(vkey, ED25519)
        key = cls(name, public)
        check_key_id(claimed, key.key_id)
        return key


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A named Ed25519 secret key. Its text form is a secret; its repr is not."""

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.seed) != KEY_BYTES:
            raise NoteBroken(Reason.BAD_KEY, f"{len(self.seed)} bytes")

    @property
    def verifying(self) -> VerifyingKey:
        """The public half."""
        return VerifyingKey(self.name, public_half(self.seed))

    def to_text(self) -> str:
        """The secret text: `PRIVATE+KEY+<name>+<hex key id>+<base64(0x01 ‖ seed)>`."""
        material = write_base64(bytes([ED25519]) + self.seed)
        return f"{PRIVATE}{self.name}+{self.verifying.key_id.hex()}+{material}"

    @classmethod
    def from_text(cls, skey: str) -> "SigningKey":
        """Read the secret text; raises NoteBroken by reason, never quoting the text."""
        if not skey.startswith(PRIVATE):
            raise NoteBroken(Reason.BAD_KEY, "no PRIVATE+KEY+ prefix")
        name, claimed, seed = read_key(skey.removeprefix(PRIVATE), ED25519)
        key = cls(name, seed)
        check_key_id(claimed, key.verifying.key_id)
        return key


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who claims to have signed, and the bytes after the key id."""

    name: str
    key_id: bytes
    signature: bytes

    def to_line(self) -> str:
        """The line as it stands in a note, newline included."""
        return f"— {self.name} {write_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note. Nothing in it may be believed before `open_note` has passed it."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def to_text(self) -> str:
        """The whole note: text, empty line, signature lines."""
        return self.text + "\n" + "".join(each.to_line() for each in self.signatures)


def key_id(name: str, kind: int, material: bytes) -> bytes:
    """SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4]; `kind` is the signature type byte."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + material).digest()[:_KEY_ID_BYTES]


def sign_note(text: str, key: SigningKey) -> str:
    """The signed note over `text`, which must end in a newline and hold no other control."""
    check_text(text)
    if not text.endswith("\n"):
        raise NoteBroken(Reason.NOT_A_NOTE, "text does not end in a newline")
    signature = private_key(key.seed).sign(text.encode())
    line = NoteSignature(key.name, key.verifying.key_id, signature)
    return Note(text, (line,)).to_text()


def parse_note(note: str) -> Note:
    """Take a note apart without checking any signature; raises NoteBroken by reason."""
    check_text(note)
    text, gap, lines = note.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        raise NoteBroken(Reason.NOT_A_NOTE, "no signature lines")
    parts = lines[:-1].split("\n")
    if len(parts) > MAX_SIGNATURES:
        raise NoteBroken(Reason.TOO_MANY_SIGNATURES, str(len(parts)))
    return Note(text + "\n", tuple(read_line(part) for part in parts))


def open_note(note: str, keys: Iterable[VerifyingKey]) -> Note:
    """The note, once at least one known key signed it and no known key's signature is wrong."""
    parsed = parse_note(note)
    known = {(key.name, key.key_id): key for key in keys}
    verified = False
    for line in parsed.signatures:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue  # signed-note: unknown keys are ignored, even under a known name or id
        _check_signature(key, parsed.text, line)
        verified = True
    if not verified:
        raise NoteBroken(Reason.NO_KNOWN_SIGNATURE)
    return parsed


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: whose log, how many entries, which root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not self.origin or "\n" in self.origin:
            raise NoteBroken(Reason.BAD_ORIGIN)
        if not 0 <= self.size <= MAX_INTEGER:
            raise NoteBroken(Reason.BAD_SIZE, str(self.size))
        if len(self.root) != HASH_BYTES or (self.size == 0 and self.root != EMPTY_ROOT):
            raise NoteBroken(Reason.BAD_ROOT, self.root.hex()[:80])

    def to_text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{write_base64(self.root)}\n"

    @classmethod
    def from_text(cls, text: str) -> "Checkpoint":
        """Read exactly three lines; our logs never write extension lines (bid-log.md §5)."""
        lines = text.split("\n")
        if len(lines) < 4:
            raise NoteBroken(Reason.NOT_A_CHECKPOINT, f"{len(lines) - 1} lines")
        if len(lines) > 4 or lines[3]:
            raise NoteBroken(Reason.EXTENSION_LINES)
        size, root = read_decimal(lines[1]), read_base64(lines[2])
        if size is None:
            raise NoteBroken(Reason.BAD_SIZE, lines[1][:80])
        if root is None:
            raise NoteBroken(Reason.BAD_ROOT, lines[2][:80])
        return cls(lines[0], size, root)


def lot_origin(site: str, lot_id: str) -> str:
    """`<site>/lot/<lot_id>`; raises NoteBroken for a site or lot id of the wrong form."""
    origin = f"{site}/lot/{lot_id}"
    site_of(origin)
    return origin


def house_origin(site: str) -> str:
    """`<site>/house`; raises NoteBroken for a site of the wrong form."""
    origin = f"{site}/house"
    site_of(origin)
    return origin


def site_of(origin: str) -> str:
    """The configured name that an origin begins with, which is also its key's name."""
    match = _ORIGIN.fullmatch(origin)
    if match is None:
        raise NoteBroken(Reason.BAD_ORIGIN, origin[:80])
    return match["site"]


def sign_checkpoint(key: SigningKey, checkpoint: Checkpoint) -> str:
    """The signed checkpoint; the key must bear the name of the origin's site."""
    _check_site(key.name, checkpoint.origin)
    return sign_note(checkpoint.to_text(), key)


def open_checkpoint(note: str, key: VerifyingKey, origin: str) -> Checkpoint:
    """The checkpoint of `origin` signed by `key`; raises NoteBroken by reason."""
    return open_head(note, key, origin)[0]


def open_head(note: str, key: VerifyingKey, origin: str) -> tuple[Checkpoint, Note]:
    """The same, and the note itself for the signatures of others in it."""
    _check_site(key.name, origin)
    opened = open_note(note, (key,))
    checkpoint = Checkpoint.from_text(opened.text)
    if checkpoint.origin != origin:
        raise NoteBroken(Reason.WRONG_ORIGIN, checkpoint.origin[:80])
    return checkpoint, opened


def signed_only_by(note: Note, key: VerifyingKey) -> Note:
    """The note without the lines of others, as it was before any witness saw it."""
    own = (key.name, key.key_id)
    return Note(note.text, tuple(s for s in note.signatures if (s.name, s.key_id) == own))


def _check_site(name: str, origin: str) -> None:
    # One key speaks for every log of a site, so its name is the site (bid-log.md §5).
    if site_of(origin) != name:
        raise NoteBroken(Reason.WRONG_KEY_NAME, f"{name} for {origin}"[:160])


def check_name(name: str) -> None:
    """Raises NoteBroken for what signed-note does not take as a key's name."""
    if not _NAME.fullmatch(name) or not _is_utf8(name):
        raise NoteBroken(Reason.BAD_KEY_NAME, ascii(name)[:80])


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= each <= "\udfff" for each in text)


def check_text(text: str) -> None:
    """Raises NoteBroken for what no note may hold, signed or not."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise NoteBroken(Reason.NOT_A_NOTE, "not UTF-8") from error
    if size > MAX_NOTE_BYTES:
        raise NoteBroken(Reason.TOO_LARGE, f"{size} bytes")
    if _CONTROL.search(text):
        raise NoteBroken(Reason.NOT_A_NOTE, "a control character")


def read_line(line: str) -> NoteSignature:
    """A signature line without its newline; raises NoteBroken."""
    mark, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    raw = read_base64(encoded)
    if mark != "—" or not _NAME.fullmatch(name) or raw is None or len(raw) <= _KEY_ID_BYTES:
        raise NoteBroken(Reason.BAD_SIGNATURE_LINE, line[:80])
    return NoteSignature(name, raw[:_KEY_ID_BYTES], raw[_KEY_ID_BYTES:])


def read_key(text: str, kind: int) -> tuple[str, bytes, bytes]:
    """Name, claimed key id and the bytes after the type byte `kind`; base64 may hold a plus."""
    name, _, rest = text.partition("+")
    claimed, _, encoded = rest.partition("+")
    claimed_id, material = read_hex(claimed, _KEY_ID_BYTES), read_base64(encoded)
    if claimed_id is None or not material:
        raise NoteBroken(Reason.BAD_KEY, "not name+id+base64")
    if material[0] != kind:
        raise NoteBroken(Reason.UNKNOWN_KEY_TYPE, f"0x{material[0]:02x}")
    return name, claimed_id, material[1:]


def check_key_id(claimed: bytes, expected: bytes) -> None:
    """Raises NoteBroken when a key's text names another id than its key has."""
    if claimed != expected:
        raise NoteBroken(Reason.WRONG_KEY_ID, f"expected {expected.hex()}")


def _check_signature(key: VerifyingKey, text: str, line: NoteSignature) -> None:
    try:
        public_key(key.public).verify(line.signature, text.encode())
    except InvalidSignature as error:
        raise NoteBroken(Reason.WRONG_SIGNATURE, key.name) from error


@lru_cache(maxsize=64)
def public_key(raw: bytes) -> Ed25519PublicKey:
    """The loaded key of 32 bytes."""
    return Ed25519PublicKey.from_public_bytes(raw)


@lru_cache(maxsize=64)
def private_key(seed: bytes) -> Ed25519PrivateKey:
    """The loaded key of a 32-byte seed."""
    return Ed25519PrivateKey.from_private_bytes(seed)


@lru_cache(maxsize=64)
def public_half(seed: bytes) -> bytes:
    """The 32 public bytes of a seed."""
    return private_key(seed).public_key().public_bytes_raw()
