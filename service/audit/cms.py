"""The signature of a CMS message (RFC 5652 §5) under a key that the caller has chosen to believe.

rfc3161-client verifies against a root only. Whoever trusts one authority's own certificate, or one
issued in between, needs the signature checked under exactly that key.
"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import new

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from service.audit import der
from service.audit.broken import Broken
from service.audit.der import OCTETS, OID, SEQUENCE, SET, Value

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_TST_INFO = bytes.fromhex("2a864886f70d0109100104")
_CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
_TAGGED_0 = 0xA0

_DIGESTS = {
    bytes.fromhex("608648016503040201"): hashes.SHA256(),
    bytes.fromhex("608648016503040202"): hashes.SHA384(),
    bytes.fromhex("608648016503040203"): hashes.SHA512(),
}
_RSA = bytes.fromhex("2a864886f70d010101")  # the hash is that of the digest algorithm
_RSA_WITH = {
    bytes.fromhex("2a864886f70d01010b"): hashes.SHA256(),
    bytes.fromhex("2a864886f70d01010c"): hashes.SHA384(),
    bytes.fromhex("2a864886f70d01010d"): hashes.SHA512(),
}
_ECDSA_WITH = {
    bytes.fromhex("2a8648ce3d040302"): hashes.SHA256(),
    bytes.fromhex("2a8648ce3d040303"): hashes.SHA384(),
    bytes.fromhex("2a8648ce3d040304"): hashes.SHA512(),
}


class Reason(StrEnum):
    """Why a message is not read, or its signature not believed."""

    NOT_SIGNED_DATA = "NOT_SIGNED_DATA"
    NOT_ONE_SIGNER = "NOT_ONE_SIGNER"
    UNKNOWN_ALGORITHM = "UNKNOWN_ALGORITHM"
    WRONG_ATTRIBUTES = "WRONG_ATTRIBUTES"
    WRONG_DIGEST = "WRONG_DIGEST"
    NOT_A_CERTIFICATE = "NOT_A_CERTIFICATE"


class CmsBroken(Broken):
    """A CMS message that is not one signed TSTInfo, or is signed otherwise than it must be."""


@dataclass(frozen=True, slots=True)
class Signed:
    """The content, and the one signature over it; algorithms are OIDs as DER spells them.

    signer: issuer and number of the signer's certificate; certificates: those that came along.
    """

    content: bytes
    certificates: tuple[bytes, ...]
    signer: bytes
    digest: bytes
    attributes: Value
    algorithm: bytes
    signature: bytes


def read(token: bytes) -> Signed:
    """A ContentInfo with one signer over one TSTInfo; raises CmsBroken or DerBroken."""
    kind, wrapped = _exactly(2, der.read(token).parts(SEQUENCE))
    if kind.expect(OID).content != _SIGNED_DATA:
        raise CmsBroken(Reason.NOT_SIGNED_DATA)
    (data,) = _exactly(1, wrapped.parts(_TAGGED_0))
    _, _, inner, *rest = data.parts(SEQUENCE)
    content_type, content = _exactly(2, inner.parts(SEQUENCE))
    if content_type.expect(OID).content != _TST_INFO:
        raise CmsBroken(Reason.NOT_SIGNED_DATA, "of another content")
    (octets,) = _exactly(1, content.parts(_TAGGED_0))
    signers = rest[-1].parts(SET) if rest else []
    if len(signers) != 1:
        raise CmsBroken(Reason.NOT_ONE_SIGNER, str(len(signers)))
    sets = [each.parts(_TAGGED_0) for each in rest if each.tag == _TAGGED_0]
    carried = tuple(each.whole for each in (sets[0] if sets else ()))
    return _signer(octets.expect(OCTETS).content, carried, signers[0].parts(SEQUENCE))


def name_of(certificate: bytes) -> bytes:
    """Issuer and number of an X.509 certificate, as a signer names it; raises ValueError."""
    fields = der.read(certificate).parts(SEQUENCE)[:1]
    rest = [each for each in fields[0].parts(SEQUENCE) if each.tag != _TAGGED_0] if fields else []
    if len(rest) < 3 or rest[0].integer() <= 0:
        raise CmsBroken(Reason.NOT_A_CERTIFICATE)
    number, _, issuer = rest[:3]
    return issuer.expect(SEQUENCE).whole + number.whole


def verify(signed: Signed, key: CertificatePublicKeyTypes) -> None:
    """Raises CmsBroken, or InvalidSignature of the library, unless `key` signed the content."""
    algorithm = _DIGESTS.get(signed.digest)
    if algorithm is None:
        raise CmsBroken(Reason.UNKNOWN_ALGORITHM, "of the digest")
    if _attribute(signed, _CONTENT_TYPE).expect(OID).content != _TST_INFO:
        raise CmsBroken(Reason.WRONG_ATTRIBUTES, "another content type")
    found = new(algorithm.name, signed.content).digest()
    if _attribute(signed, _MESSAGE_DIGEST).expect(OCTETS).content != found:
        raise CmsBroken(Reason.WRONG_DIGEST)
    # RFC 5652 §5.4: what is signed is the SET, not the tag under which it travels.
    message = bytes([SET]) + signed.attributes.whole[1:]
    _verify(signed, key, message, algorithm)


def _verify(
    signed: Signed, key: CertificatePublicKeyTypes, message: bytes, digest: hashes.HashAlgorithm
) -> None:
    if isinstance(key, RSAPublicKey):
        with_hash = digest if signed.algorithm == _RSA else _RSA_WITH.get(signed.algorithm)
        if with_hash is not None:
            key.verify(signed.signature, message, PKCS1v15(), with_hash)
            return
    if isinstance(key, EllipticCurvePublicKey):
        with_hash = _ECDSA_WITH.get(signed.algorithm)
        if with_hash is not None:
            key.verify(signed.signature, message, ECDSA(with_hash))
            return
    raise CmsBroken(Reason.UNKNOWN_ALGORITHM, "of the signature")


def _signer(content: bytes, certificates: tuple[bytes, ...], info: list[Value]) -> Signed:
    """SignerInfo: version, who, digest algorithm, attributes, algorithm, signature."""
    if len(info) not in (6, 7):  # attributes that are not signed may follow
        raise CmsBroken(Reason.WRONG_ATTRIBUTES, "none are signed")
    who, digest, attributes, algorithm, signature = info[1:6]
    return Signed(
        content,
        certificates,
        who.expect(SEQUENCE).content,
        _oid(digest),
        attributes.expect(_TAGGED_0),
        _oid(algorithm),
        signature.expect(OCTETS).content,
    )


def _oid(algorithm: Value) -> bytes:
    return algorithm.parts(SEQUENCE)[0].expect(OID).content


def _attribute(signed: Signed, kind: bytes) -> Value:
    """The one value of the one attribute of that kind."""
    attributes = [each.parts(SEQUENCE) for each in signed.attributes.parts(_TAGGED_0)]
    named = [rest for first, *rest in attributes if first.expect(OID).content == kind]
    if len(named) != 1 or len(named[0]) != 1:
        raise CmsBroken(Reason.WRONG_ATTRIBUTES, "missing or twice")
    (value,) = _exactly(1, named[0][0].parts(SET))
    return value


def _exactly(count: int, values: list[Value]) -> list[Value]:
    if len(values) != count:
        raise CmsBroken(Reason.NOT_SIGNED_DATA, f"{len(values)} values instead of {count}")
    return values
