"""RFC 3161: someone with a clock of his own says that a checkpoint existed at a time.

A token is asked for over the three lines of a checkpoint and kept as the whole answer, DER. The
trust is in certificates given from outside, as they are: the signer's is one of them or was issued
directly by one of them. No further chain is built, and nothing is fetched (no CRL, no OCSP).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import (
    Certificate,
    DuplicateExtension,
    ExtendedKeyUsage,
    ExtensionNotFound,
    InvalidVersion,
    UnsupportedGeneralNameType,
    load_der_x509_certificate,
    load_pem_x509_certificates,
)
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    decode_timestamp_response,
)

from service.audit import cms, der
from service.audit.broken import Broken
from service.audit.cms import Signed

MAX_TOKEN_BYTES = 64 * 1024
MAX_AUTHORITY_BYTES = 256 * 1024
MAX_AUTHORITIES = 32

# What the library raises for a certificate that breaks X.509; Broken is a ValueError too.
_BAD_CERTIFICATE = (
    DuplicateExtension,
    InvalidVersion,
    TypeError,
    UnsupportedAlgorithm,
    UnsupportedGeneralNameType,
    ValueError,
)
_GRANTED = (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS)  # RFC 3161 §2.4.2: a token is there
_SHA256 = "2.16.840.1.101.3.4.2.1"


class Reason(StrEnum):
    """Why a timestamp, or a certificate it would be judged by, is refused."""

    TOO_LARGE = "TOO_LARGE"
    NOT_A_TOKEN = "NOT_A_TOKEN"  # noqa: S105  # a timestamp token, nobody's password
    NOT_GRANTED = "NOT_GRANTED"
    WRONG_HASH = "WRONG_HASH"
    WRONG_IMPRINT = "WRONG_IMPRINT"
    WRONG_NONCE = "WRONG_NONCE"
    UNKNOWN_SIGNER = "UNKNOWN_SIGNER"
    NOT_FOR_TIMESTAMPS = "NOT_FOR_TIMESTAMPS"
    NOT_VALID_THEN = "NOT_VALID_THEN"
    WRONG_SIGNATURE = "WRONG_SIGNATURE"
    NOT_A_CERTIFICATE = "NOT_A_CERTIFICATE"


class StampBroken(Broken):
    """A timestamp that does not say, or does not prove, what it must."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a token says. imprint: SHA-256, 32 bytes; at_ms: genTime, UTC ms, rounded down."""

    imprint: bytes
    at_ms: int
    serial: int
    nonce: int | None


def request(checkpoint_text: str, nonce: bool = True) -> bytes:
    """The DER of a TimeStampReq for this text by SHA-256, asking for the certificate as well."""
    builder = TimestampRequestBuilder().data(checkpoint_text.encode())
    builder = builder.hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=nonce)
    return builder.cert_request(cert_request=True).build().as_bytes()


def imprint_of(checkpoint_text: str) -> bytes:
    """SHA-256 of the text as it is signed, its last newline included."""
    return sha256(checkpoint_text.encode()).digest()


def read_stamp(tsr: bytes) -> Stamp:
    """What a TimeStampResp says, granted and by SHA-256; no signature is looked at.

    Raises StampBroken by reason.
    """
    return _open(tsr).stamp


def read_about(tsr: bytes, checkpoint_text: str) -> Stamp:
    """The same, for this text and no other. Raises StampBroken."""
    return _about(_open(tsr), checkpoint_text)


def read_answer(tsr: bytes, asked: bytes, checkpoint_text: str) -> Stamp:
    """What an authority answered to `asked`: for this text, with this request's nonce.

    For the one who asks. It proves nothing yet: `verify_stamp` does. Raises StampBroken.
    """
    stamp = read_about(tsr, checkpoint_text)
    fields = der.read(asked).parts(der.SEQUENCE)[2:]
    nonce = next((each.integer() for each in fields if each.tag == der.INTEGER), None)
    if nonce is not None and nonce != stamp.nonce:
        raise StampBroken(Reason.WRONG_NONCE, str(stamp.nonce))
    return stamp


def verify_stamp(tsr: bytes, checkpoint_text: str, authorities: tuple[bytes, ...]) -> Stamp:
    """The stamp, once one of the authorities (PEM files) proves it; raises StampBroken."""
    opened = _open(tsr)
    stamp = _about(opened, checkpoint_text)
    trusted = [each for pem in authorities for each in read_authority(pem)]
    certificate = _signer(opened, trusted)
    _check_certificate(certificate, opened.at)
    try:
        cms.verify(opened.signed, certificate.public_key())
    except (InvalidSignature, *_BAD_CERTIFICATE) as error:
        raise StampBroken(Reason.WRONG_SIGNATURE, str(error)) from error
    return stamp


@lru_cache(maxsize=MAX_AUTHORITIES)
def read_authority(pem: bytes) -> tuple[Certificate, ...]:
    """The certificates of a PEM file; raises StampBroken."""
    if len(pem) > MAX_AUTHORITY_BYTES:
        raise StampBroken(Reason.TOO_LARGE, f"{len(pem)} bytes of certificates")
    try:
        found = tuple(load_pem_x509_certificates(pem))
    except _BAD_CERTIFICATE as error:
        raise StampBroken(Reason.NOT_A_CERTIFICATE) from error
    if len(found) > MAX_AUTHORITIES:
        raise StampBroken(Reason.TOO_LARGE, f"{len(found)} certificates")
    return found


@dataclass(frozen=True, slots=True)
class _Opened:
    stamp: Stamp
    at: datetime
    signed: Signed


def _open(tsr: bytes) -> _Opened:
    if len(tsr) > MAX_TOKEN_BYTES:
        raise StampBroken(Reason.TOO_LARGE, f"{len(tsr)} bytes")
    try:
        response = decode_timestamp_response(tsr)
        if response.status not in _GRANTED:
            raise StampBroken(Reason.NOT_GRANTED, f"status {response.status}")
        signed = cms.read(response.time_stamp_token())
        return _Opened(*_read_info(response, signed), signed)
    except StampBroken:
        raise
    except (ValueError, IndexError) as error:
        raise StampBroken(Reason.NOT_A_TOKEN, str(error)[:160]) from error


def _read_info(response: TimeStampResponse, signed: Signed) -> tuple[Stamp, datetime]:
    info = response.tst_info
    if info.message_imprint.hash_algorithm.dotted_string != _SHA256:
        raise StampBroken(Reason.WRONG_HASH)
    # The library leaves out the fractions of the second; TSTInfo has the time at its fifth place.
    at = der.read(signed.content).parts(der.SEQUENCE)[4].instant()
    at_ms = int(at.timestamp()) * 1000 + at.microsecond // 1000
    imprint = bytes(info.message_imprint.message)
    return Stamp(imprint, at_ms, info.serial_number, info.nonce), at


def _about(opened: _Opened, checkpoint_text: str) -> Stamp:
    expected = imprint_of(checkpoint_text)
    if opened.stamp.imprint != expected:
        found = opened.stamp.imprint.hex()
        raise StampBroken(Reason.WRONG_IMPRINT, f"of {found}, not {expected.hex()}")
    return opened.stamp


def _signer(opened: _Opened, trusted: list[Certificate]) -> Certificate:
    """The certificate that the token names as its signer's, when it is one we may believe."""
    named = list(_certificates(opened, trusted))
    for certificate in named:
        if any(certificate == each or _issued(certificate, each) for each in trusted):
            return certificate
    found = "not of a given authority" if named else "its certificate is not there"
    raise StampBroken(Reason.UNKNOWN_SIGNER, found)


def _certificates(opened: _Opened, trusted: list[Certificate]) -> Iterator[Certificate]:
    """Those that bear the signer's name and number, from outside and from the token."""
    found = [each.public_bytes(Encoding.DER) for each in trusted]
    for raw in (*found, *opened.signed.certificates):
        try:
            if cms.name_of(raw) == opened.signed.signer:
                yield load_der_x509_certificate(raw)
        except _BAD_CERTIFICATE:
            continue  # one that cannot be read is nobody's


def _issued(certificate: Certificate, by: Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(by)
    except (InvalidSignature, *_BAD_CERTIFICATE):
        return False
    return True


def _check_certificate(certificate: Certificate, at: datetime) -> None:
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise StampBroken(Reason.NOT_VALID_THEN, at.isoformat())
    try:
        usages = certificate.extensions.get_extension_for_class(ExtendedKeyUsage).value
    except (ExtensionNotFound, *_BAD_CERTIFICATE) as error:
        raise StampBroken(Reason.NOT_FOR_TIMESTAMPS) from error
    if ExtendedKeyUsageOID.TIME_STAMPING not in usages:
        raise StampBroken(Reason.NOT_FOR_TIMESTAMPS)
