"""The client's half of c2sp.org/tlog-witness: sends a head to one witness, asks which it holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import httpx2

from service.audit import cosignatures, notes
from service.audit.broken import Broken
from service.audit.encodings import read_decimal, write_base64
from service.audit.notes import Checkpoint, VerifyingKey
from service.audit.policy import Witness
from service.audit.tree import Proof
from service.desk import outside
from service.desk.outside import Said, Silent
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Cosigned:
    """line: verified, newline included. at_s: when the witness says that it signed."""

    line: str
    at_s: int


@dataclass(frozen=True, slots=True)
class Holds:
    """The witness's last head of this log has this size (409)."""

    size: int


@dataclass(frozen=True, slots=True)
class Refuses:
    """inconsistent: it says that our tree is not the one it holds (422, or 409 without a size)."""

    said: str
    inconsistent: bool = False


class WitnessLine:
    """One witness of the policy that has a URL. Owns nothing: the HTTP client is the caller's."""

    def __init__(self, witness: Witness, http: httpx2.AsyncClient, settings: Settings) -> None:
        assert witness.url is not None, "a witness without a URL cannot be asked"
        self.name = witness.name
        self._key = witness.key
        self._prefix = witness.url.rstrip("/")
        self._http = http
        self._settings = settings

    async def add_checkpoint(self, note: str, old: int, proof: Proof) -> Cosigned | Holds | Refuses:
        """Asks for a cosignature of this head; raises Silent."""
        lines = [f"old {old}", *(write_base64(each) for each in proof), "", note]
        url, body = f"{self._prefix}/add-checkpoint", "\n".join(lines).encode()
        said = await outside.ask(self._http, "POST", url, self._settings, content=body)
        if said.status == 200:
            return self._cosigned(note, said)
        if said.status == 409:
            size = read_decimal(said.body.decode(errors="replace").removesuffix("\n"))
            # Without a size: two roots for one size, as the text said it before it came to say 422.
            return Refuses(said.words(), inconsistent=True) if size is None else Holds(size)
        return Refuses(said.words(), inconsistent=said.status == 422)

    async def held_head(self, origin: str, keys: Sequence[VerifyingKey]) -> Checkpoint | None:
        """The head it holds, cosigned by itself and signed by a key of ours; None when it has none.

        Raises Silent when it does not answer, or shows anything else: a number proves nothing.
        """
        url = f"{self._prefix}/{sha256(origin.encode()).hexdigest()}/checkpoint"
        said = await outside.ask(self._http, "GET", url, self._settings)
        if said.status == 404:
            return None
        if said.status != 200:
            raise Silent(said.words())
        try:
            note = said.body.decode()
            self._first_line(notes.parse_note(note))
            return _open(note, origin, keys)
        except ValueError as error:
            raise Silent(f"what it shows is no head of ours: {error}") from error

    def _cosigned(self, note: str, said: Said) -> Cosigned | Refuses:
        try:
            line = said.body.decode()
            parsed = notes.parse_note(cosignatures.add_lines(note, line.splitlines()))
            return self._first_line(parsed)
        except ValueError as error:
            return Refuses(f"its cosignature does not verify: {error}")

    def _first_line(self, note: notes.Note) -> Cosigned:
        """The witness's own line, verified; raises NoteBroken."""
        for line in note.signatures:
            if cosignatures.is_by(line, self._key):
                at_s = cosignatures.verify_cosignature(note.text, line, self._key)
                return Cosigned(line.to_line(), at_s)
        raise notes.NoteBroken(notes.Reason.NO_KNOWN_SIGNATURE, self._key.name)


def _open(note: str, origin: str, keys: Sequence[VerifyingKey]) -> Checkpoint:
    """The checkpoint under whichever of the keys signed it; raises NoteBroken."""
    refusal: Broken | None = None
    for key in keys:
        try:
            return notes.open_checkpoint(note, key, origin)
        except Broken as broken:
            refusal = broken
    assert refusal is not None, "a site has a key"
    raise refusal
