"""Bidders' signatures over their bids: ES256 with raw r‖s, and Ed25519 (bid-log.md §5).

A quote belongs to whoever holds the key, not to whoever holds our database: the operator can
refuse a bid, but cannot make one.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from service.audit import canonical, encodings
from service.audit.broken import Broken
from service.audit.encodings import read_base64, read_hex, write_base64

SIGNATURE_BYTES = 64
_DOMAIN = b"luochui/bid/v1\n"
_ES256 = ec.ECDSA(hashes.SHA256())

# The SPKI DER of a key is a fixed prefix and the key: one accepted spelling, so one key has
# one key_id. Compressed points and explicit curve parameters are other spellings.
_P256_PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
_P256_BYTES = 64
_ED25519_PREFIX = bytes.fromhex("302a300506032b6570032100")
_ED25519_BYTES = 32
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ED25519_PRIME = 2**255 - 19
# y of the points whose order divides 8: under such a key one signature fits every message,
# and its holder could disown any bid.
_SMALL_ORDER_Y = frozenset(
    {
        0,
        1,
        _ED25519_PRIME - 1,
        0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
        0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    }
)


class Algorithm(StrEnum):
    """The signature algorithms of the first suite."""

    ES256 = "ES256"
    ED25519 = "Ed25519"


class Reason(StrEnum):
    """Why a key or a signature is refused."""

    BAD_KEY_HEX = "BAD_KEY_HEX"
    UNSUPPORTED_KEY = "UNSUPPORTED_KEY"
    POINT_NOT_ON_CURVE = "POINT_NOT_ON_CURVE"
    WEAK_KEY = "WEAK_KEY"
    BAD_BASE64 = "BAD_BASE64"
    WRONG_SIGNATURE_LENGTH = "WRONG_SIGNATURE_LENGTH"
    SIGNATURE_OUT_OF_RANGE = "SIGNATURE_OUT_OF_RANGE"
    WRONG_SIGNATURE = "WRONG_SIGNATURE"


class SignatureBroken(Broken):
    """A bidder's key that cannot be enrolled, or a signature that does not fit the bid."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A bidder's enrolled key; `spki` is its only accepted DER."""

    algorithm: Algorithm
    spki: bytes
    _key: ec.EllipticCurvePublicKey | Ed25519PublicKey = field(repr=False, compare=False)

    @property
    def key_id(self) -> str:
        """16 hex digits; see `key_id`."""
        return key_id(self.spki)

    def _verify(self, signature: bytes, message: bytes) -> None:
        if isinstance(self._key, Ed25519PublicKey):
            self._key.verify(signature, message)
        else:
            self._key.verify(_der(signature), message, _ES256)


def key_id(spki_der: bytes) -> str:
    """The first 16 hex digits of SHA-256 of the key's SPKI DER."""
    return sha256(spki_der).hexdigest()[:16]


def load_public_key(spki_hex: str) -> PublicKey:
    """A key from the lowercase hex of its SPKI DER; raises SignatureBroken by reason."""
    spki = read_hex(spki_hex, len(spki_hex) // 2)
    if spki is None:
        raise SignatureBroken(Reason.BAD_KEY_HEX)
    if spki.startswith(_P256_PREFIX) and len(spki) == len(_P256_PREFIX) + _P256_BYTES:
        return PublicKey(Algorithm.ES256, spki, _load_p256(spki))
    if spki.startswith(_ED25519_PREFIX) and len(spki) == len(_ED25519_PREFIX) + _ED25519_BYTES:
        return PublicKey(Algorithm.ED25519, spki, _load_ed25519(spki))
    raise SignatureBroken(Reason.UNSUPPORTED_KEY, f"{len(spki)} bytes")


def bid_message(
    *,
    log: str,
    amount_fen: int,
    bid_id: str,
    bidder_no: str,
    jump_confirmed: bool,
    seen_seq: int,
) -> bytes:
    """The exact bytes a bidder signs; `log` is the lot log's origin."""
    if encodings.is_plain(log + bid_id + bidder_no):
        jump = "true" if jump_confirmed else "false"
        return (
            f'luochui/bid/v1\n{{"amount_fen":{amount_fen:d},"bid_id":"{bid_id}",'
            f'"bidder_no":"{bidder_no}","jump_confirmed":{jump},"log":"{log}",'
            f'"seen_seq":{seen_seq:d}}}'
        ).encode()
    return _DOMAIN + canonical.encode(
        {
            "amount_fen": amount_fen,
            "bid_id": bid_id,
            "bidder_no": bidder_no,
            "jump_confirmed": jump_confirmed,
            "log": log,
            "seen_seq": seen_seq,
        }
    )


def verify_bid(key: PublicKey, signature: str, message: bytes) -> None:
    """Raise SignatureBroken unless `signature` (base64 of 64 bytes) is the key's over `message`.

    A high s is accepted: browsers sign so half of the time, and a bid's identity is its
    bid_id, not its signature.
    """
    raw = read_base64(signature)
    if raw is None:
        raise SignatureBroken(Reason.BAD_BASE64)
    if len(raw) != SIGNATURE_BYTES:
        raise SignatureBroken(Reason.WRONG_SIGNATURE_LENGTH, f"{len(raw)} bytes")
    try:
        key._verify(raw, message)
    except InvalidSignature as error:
        raise SignatureBroken(Reason.WRONG_SIGNATURE, key.key_id) from error


@dataclass(frozen=True, slots=True)
class BidderKey:
    """A bidder's secret key held by us: simulated bidders and tests, never a real one."""

    _key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls, algorithm: Algorithm = Algorithm.ES256) -> "BidderKey":
        """A fresh key."""
        if algorithm is Algorithm.ED25519:
            return cls(Ed25519PrivateKey.generate())
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @property
    def spki(self) -> bytes:
        """The public half as SPKI DER."""
        public = self._key.public_key()
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def key_id(self) -> str:
        """16 hex digits; see `key_id`."""
        return key_id(self.spki)

    def sign(self, message: bytes) -> str:
        """The signature over `message`, base64 of 64 bytes."""
        if isinstance(self._key, Ed25519PrivateKey):
            return write_base64(self._key.sign(message))
        r, s = decode_dss_signature(self._key.sign(message, _ES256))
        return write_base64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def _load_p256(spki: bytes) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(spki)
    except ValueError as error:
        raise SignatureBroken(Reason.POINT_NOT_ON_CURVE) from error
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


def _load_ed25519(spki: bytes) -> Ed25519PublicKey:
    raw = spki.removeprefix(_ED25519_PREFIX)
    y = int.from_bytes(raw, "little") & (2**255 - 1)  # the top bit is the sign of x
    if y >= _ED25519_PRIME or y in _SMALL_ORDER_Y:
        raise SignatureBroken(Reason.WEAK_KEY)
    return Ed25519PublicKey.from_public_bytes(raw)


def _der(raw: bytes) -> bytes:
    """P-1363 to DER. Range first: a zero r or s has opened doors elsewhere (CVE-2022-21449)."""
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    if not (0 < r < _P256_ORDER and 0 < s < _P256_ORDER):
        raise SignatureBroken(Reason.SIGNATURE_OUT_OF_RANGE)
    return encode_dss_signature(r, s)
