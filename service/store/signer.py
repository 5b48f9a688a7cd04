"""The one hand that signs heads, and the word that stops it: a halted log is signed no further.

A head that a witness holds and our database does not have means that this database is an older
backup, or another history. One more signature on it would be a fork.
"""

import hmac
from collections.abc import Mapping

from service.audit import notes
from service.audit.notes import Checkpoint, SigningKey, VerifyingKey


class Halted(Exception):
    """The log may not be signed; the text is the sentence that says why."""


class Signer:
    """Holds the log key of this process. Owns what is halted; nothing takes a halt back but a
    start on the right database."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key
        self._vouching = hmac.digest(key.seed, b"luochui/vouch/v1", "sha256")
        self._house = notes.house_origin(key.name)
        self._halted: dict[str, str] = {}

    @property
    def verifying(self) -> VerifyingKey:
        """The public half."""
        return self._key.verifying

    def halted(self, origin: str) -> str | None:
        """Why this log may not be signed, None while it may. A halted house halts every log."""
        return self._halted.get(origin) or self._halted.get(self._house)

    def all_halted(self) -> Mapping[str, str]:
        """Every origin that was halted, with its sentence."""
        return dict(self._halted)

    def halt(self, origin: str, why: str) -> None:
        """Signs nothing of this log any more; the first sentence stays."""
        self._halted.setdefault(origin, why)

    def key_for(self, origin: str) -> SigningKey:
        """The key, for a whole pack's worth of signatures; raises Halted."""
        why = self.halted(origin)
        if why is not None:
            raise Halted(why)
        return self._key

    def sign(self, checkpoint: Checkpoint) -> str:
        """The signed checkpoint; raises Halted."""
        return notes.sign_checkpoint(self.key_for(checkpoint.origin), checkpoint)

    def vouch(self, said: bytes) -> bytes:
        """32 bytes that only a holder of the log key can make, for what this process itself will
        read again. HMAC under a key of its own: nothing signed here can be taken for a head."""
        return hmac.digest(self._vouching, said, "sha256")
