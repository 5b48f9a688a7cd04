"""What a witness says of a checkpoint: at this time, this was the largest tree it had seen.

Facts from c2sp.org/tlog-cosignature, its Ed25519 form (type 0x04). The key's text and the
signature line are those of `notes`; the signed message and the time before the signature are not.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature

from service.audit import notes
from service.audit.encodings import write_base64
from service.audit.notes import KEY_BYTES, PRIVATE, NoteBroken, NoteSignature, Reason

COSIGNATURE = 0x04  # signature type byte of tlog-cosignature
MAX_TIME_S = 2**63 - 1

_TIME_BYTES = 8
_SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class CosignerKey:
    """A witness's named public key (32 bytes)."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        notes.check_name(self.name)
        if len(self.public) != KEY_BYTES:
            raise NoteBroken(Reason.BAD_KEY, f"{len(self.public)} bytes")

    @property
    def key_id(self) -> bytes:
        """The four bytes that, with the name, single this key out."""
        return notes.key_id(self.name, COSIGNATURE, self.public)

    def to_text(self) -> str:
        """The vkey: `<name>+<hex key id>+<base64(0x04 ‖ public)>`."""
        material = write_base64(bytes([COSIGNATURE]) + self.public)
        return f"{self.name}+{self.key_id.hex()}+{material}"

    @classmethod
    def from_text(cls, vkey: str) -> "CosignerKey":
        """Read a vkey of type 0x04; raises NoteBroken by reason."""
        name, claimed, public = notes.read_key(vkey, COSIGNATURE)
        key = cls(name, public)
        notes.check_key_id(claimed, key.key_id)
        return key


@dataclass(frozen=True, slots=True)
class CosigningKey:
    """A witness's named secret key. Its text form is a secret; its repr is not."""

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        notes.check_name(self.name)
        if len(self.seed) != KEY_BYTES:
            raise NoteBroken(Reason.BAD_KEY, f"{len(self.seed)} bytes")

    @property
    def verifying(self) -> CosignerKey:
        """The public half."""
        return CosignerKey(self.name, notes.public_half(self.seed))

    def to_text(self) -> str:
        """The secret text: `PRIVATE+KEY+<name>+<hex key id>+<base64(0x04 ‖ seed)>`."""
        material = write_base64(bytes([COSIGNATURE]) + self.seed)
        return f"{PRIVATE}{self.name}+{self.verifying.key_id.hex()}+{material}"

    @classmethod
    def from_text(cls, skey: str) -> "CosigningKey":
        """Read the secret text; raises NoteBroken by reason, never quoting the text."""
        if not skey.startswith(PRIVATE):
            raise NoteBroken(Reason.BAD_KEY, "no PRIVATE+KEY+ prefix")
        name, claimed, seed = notes.read_key(skey.removeprefix(PRIVATE), COSIGNATURE)
        key = cls(name, seed)
        notes.check_key_id(claimed, key.verifying.key_id)
        return key


def cosign(checkpoint_text: str, key: CosigningKey, at_s: int) -> NoteSignature:
    """The witness's line for a checkpoint's text, newline included; at_s: POSIX seconds."""
    notes.check_text(checkpoint_text)
    _check_time(at_s)
    signature = notes.private_key(key.seed).sign(_message(checkpoint_text, at_s))
    stamped = at_s.to_bytes(_TIME_BYTES, "big") + signature
    return NoteSignature(key.name, key.verifying.key_id, stamped)


def is_by(line: NoteSignature, key: CosignerKey) -> bool:
    """Whether the line claims to be this witness's; all others are ignored, as the text demands."""
    return (line.name, line.key_id) == (key.name, key.key_id)


def verify_cosignature(checkpoint_text: str, line: NoteSignature, key: CosignerKey) -> int:
    """When the witness signed (POSIX seconds); raises NoteBroken unless it did."""
    if not is_by(line, key):
        raise NoteBroken(Reason.NO_KNOWN_SIGNATURE, key.name)
    if len(line.signature) != _TIME_BYTES + _SIGNATURE_BYTES:
        raise NoteBroken(Reason.BAD_COSIGNATURE, f"{len(line.signature)} bytes")
    at_s = int.from_bytes(line.signature[:_TIME_BYTES], "big")
    _check_time(at_s)
    try:
        message = _message(checkpoint_text, at_s)
        notes.public_key(key.public).verify(line.signature[_TIME_BYTES:], message)
    except InvalidSignature as error:
        raise NoteBroken(Reason.WRONG_SIGNATURE, key.name) from error
    return at_s


def add_lines(note: str, lines: Iterable[str]) -> str:
    """The note with these signature lines after its own; raises NoteBroken when it cannot be."""
    whole = note + "".join(line.removesuffix("\n") + "\n" for line in lines)
    notes.parse_note(whole)
    return whole


def _message(checkpoint_text: str, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{checkpoint_text}".encode()


def _check_time(at_s: int) -> None:
    # Zero is how ML-DSA cosigners say that they make no statement about time; an Ed25519 witness
    # always makes one (tlog-witness).
    if not 0 < at_s <= MAX_TIME_S:
        raise NoteBroken(Reason.BAD_COSIGNATURE_TIME, str(at_s))
