"""Keys and a timestamp authority made from seeds: the same work gives the same bytes each time.

The authority answers in this process, fifty times faster than a call of `openssl`; that its tokens
are what openssl takes for tokens is a test of its own.
"""

from functools import cache
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from service.audit import cms, der, timestamps
from service.audit.encodings import write_base64
from service.audit.notes import Checkpoint
from service.audit.pack import Head
from service.audit.signatures import Algorithm, BidderKey
from tests.audit.authority import FROM, TO, Authority, write

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ECDSA = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


class SteadyKey(BidderKey):
    """A bidder's key from a seed. Half of its ES256 signatures have a high s, as browsers' do."""

    @classmethod
    def of(cls, seed: bytes, algorithm: Algorithm) -> "SteadyKey":
        digest = sha256(seed).digest()
        if algorithm is Algorithm.ED25519:
            return cls(Ed25519PrivateKey.from_private_bytes(digest))
        return cls(_p256(digest))

    def sign(self, message: bytes) -> str:
        if not isinstance(self._key, ec.EllipticCurvePrivateKey):
            return super().sign(message)
        r, s = decode_dss_signature(self._key.sign(message, _ECDSA))
        s = max(s, _ORDER - s) if sha256(message).digest()[0] & 1 else min(s, _ORDER - s)
        return write_base64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


class SteadyAuthority(Authority):
    """Certificates and tokens from a name; no file, no clock of its own, no `openssl`."""

    def __init__(self, name: str) -> None:
        ca_key, self._key = _p256(f"{name} CA".encode()), _p256(f"{name} TSA".encode())
        root = _certificate(f"{name} CA", 1, ca_key, ca_key, None)
        signer = _certificate(f"{name} TSA", 2, self._key, ca_key, root)
        self.ca, self.certificate = root.public_bytes(_PEM), signer.public_bytes(_PEM)
        self._der = signer.public_bytes(Encoding.DER)

    def stamp_head(self, origin: str, head: Head, at_ms: int) -> bytes:
        """The answer for the checkpoint of that head, made at this instant."""
        text = Checkpoint(origin, head.size, head.root).to_text()
        return self.stamp_at(timestamps.request(text, nonce=False), at_ms)

    def info(self, request: bytes, at_ms: int) -> bytes:
        # info() adds one; the first byte stays below 0x80, so that the number is positive.
        self._serial = int.from_bytes(sha256(request).digest()[:3], "big") & 0x3FFFFE | 0x400000
        return super().info(request, at_ms)

    def sign(self, info: bytes, kind: str = "") -> bytes:
        """The CMS message over a TSTInfo (RFC 5652 §5, RFC 5816)."""
        attributes = _attributes(info, sha256(self._der).digest())
        signature = self._key.sign(write(der.SET, attributes), _ECDSA)
        signer = _sequence(
            _ONE,
            _sequence(cms.name_of(self._der)),
            _sequence(_SHA256),
            write(0xA0, attributes),
            _sequence(_ECDSA_SHA256),
            write(der.OCTETS, signature),
        )
        content = _sequence(_TST_INFO, write(0xA0, write(der.OCTETS, info)))
        data = _sequence(
            *(_THREE, write(der.SET, _sequence(_SHA256)), content),
            *(write(0xA0, self._der), write(der.SET, signer)),
        )
        return _sequence(_SIGNED_DATA, write(0xA0, data))


@cache
def authority(name: str = "Steady") -> SteadyAuthority:
    """The one of that name."""
    return SteadyAuthority(name)


def _oid(value: str) -> bytes:
    return write(der.OID, bytes.fromhex(value))


_PEM = Encoding.PEM
_ONE, _THREE = b"\x02\x01\x01", b"\x02\x01\x03"
_SIGNED_DATA = _oid("2a864886f70d010702")
_TST_INFO = _oid("2a864886f70d0109100104")
_SHA256 = _oid("608648016503040201")
_ECDSA_SHA256 = _oid("2a8648ce3d040302")
_CONTENT_TYPE = _oid("2a864886f70d010903")
_MESSAGE_DIGEST = _oid("2a864886f70d010904")
_SIGNING_CERTIFICATE = _oid("2a864886f70d010910022f")


def _sequence(*parts: bytes) -> bytes:
    return write(der.SEQUENCE, b"".join(parts))


def _attributes(info: bytes, certificate: bytes) -> bytes:
    """The signed attributes as the content of a SET: sorted, as DER wants them."""
    named = _sequence(_sequence(_sequence(write(der.OCTETS, certificate))))
    each = (
        _sequence(_CONTENT_TYPE, write(der.SET, _TST_INFO)),
        _sequence(_MESSAGE_DIGEST, write(der.SET, write(der.OCTETS, sha256(info).digest()))),
        _sequence(_SIGNING_CERTIFICATE, write(der.SET, named)),
    )
    return b"".join(sorted(each))


def _p256(seed: bytes) -> ec.EllipticCurvePrivateKey:
    secret = int.from_bytes(sha256(seed).digest(), "big") % (_ORDER - 1) + 1
    return ec.derive_private_key(secret, ec.SECP256R1())


def _certificate(
    name: str,
    number: int,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(
        issuer_name=subject if issuer is None else issuer.subject,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=number,
        not_valid_before=FROM,
        not_valid_after=TO,
    )
    constraints = x509.BasicConstraints(ca=issuer is None, path_length=None)
    builder = builder.add_extension(constraints, critical=True)
    if issuer is not None:
        timestamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(timestamping, critical=True)
    return builder.sign(issuer_key, hashes.SHA256(), ecdsa_deterministic=True)
