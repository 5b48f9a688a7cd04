"""A timestamp authority on this machine: certificates of its own, answers by `openssl`.

`stamp` asks `openssl ts`, whose clock is the machine's. `stamp_at` has `openssl cms` sign a TSTInfo
written here, so that a sale of the tests can be stamped at its own moments.
"""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from service.audit import der

FROM, TO = datetime(2020, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)

_POLICY = bytes.fromhex("06042a030401")
_TST_INFO = "1.2.840.113549.1.9.16.1.4"
_CONFIG = """
[tsa]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
clock_precision_digits = 3
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Authority:
    """A certification authority and one timestamp authority under it.

    kind: "ec" (P-256) or "rsa" (2048 bits). usage False: the certificate is not for timestamps.
    """

    def __init__(
        self,
        folder: Path,
        kind: str = "ec",
        *,
        usage: bool = True,
        valid: tuple[datetime, datetime] = (FROM, TO),
    ) -> None:
        self._folder = folder
        self._serial = 0
        ca_key, key = _make_key(kind), _make_key(kind)
        root = _certificate("Test CA", ca_key, ca_key, None, (FROM, TO), usage=False)
        signer = _certificate("Test TSA", key, ca_key, root, valid, usage=usage)
        self.ca, self.certificate = root.public_bytes(Encoding.PEM), signer.public_bytes(_PEM)
        private = key.private_bytes(_PEM, PrivateFormat.PKCS8, NoEncryption())
        files = {"tsa.pem": self.certificate, "ca.pem": self.ca, "tsa.key": private}
        files["ts.cnf"] = _CONFIG.format(folder=folder).encode()
        files["serial"] = b"01\n"
        for name, data in files.items():
            (folder / name).write_bytes(data)

    def stamp(self, request: bytes) -> bytes:
        """What `openssl ts` answers to a TimeStampReq, now."""
        (self._folder / "asked").write_bytes(request)
        config = ("-config", "ts.cnf", "-section", "tsa")
        self._openssl("ts", "-reply", *config, "-queryfile", "asked", *_SIGNER, "-out", "answer")
        return (self._folder / "answer").read_bytes()

    def stamp_at(self, request: bytes, at_ms: int) -> bytes:
        """A granted TimeStampResp for this request, made at this instant."""
        return self.answer(self.sign(self.info(request, at_ms)))

    def info(self, request: bytes, at_ms: int) -> bytes:
        """The TSTInfo that answers a request: its imprint, its nonce, this time."""
        self._serial += 1
        _, imprint, *rest = der.read(request).parts(der.SEQUENCE)
        nonce = [each.whole for each in rest if each.tag == der.INTEGER]
        serial = write(der.INTEGER, self._serial.to_bytes(4, "big").lstrip(b"\0"))
        time = write(der.GENERALIZED_TIME, _spelled(at_ms))
        fields = [b"\x02\x01\x01", _POLICY, imprint.whole, serial, time, *nonce]
        return write(der.SEQUENCE, b"".join(fields))

    def sign(self, info: bytes, kind: str = _TST_INFO) -> bytes:
        """The CMS message over a TSTInfo, by this authority's key."""
        (self._folder / "info").write_bytes(info)
        how = ("-binary", "-nodetach", "-nosmimecap", "-cades", "-md", "sha256")
        form = ("-outform", "DER", "-in", "info", "-out", "token", "-econtent_type", kind)
        self._openssl("cms", "-sign", *how, *form, *_SIGNER)
        return (self._folder / "token").read_bytes()

    @staticmethod
    def answer(token: bytes, status: int = 0) -> bytes:
        """The TimeStampResp around a token."""
        info = write(der.SEQUENCE, write(der.INTEGER, bytes([status])))
        return write(der.SEQUENCE, info + token)

    def _openssl(self, *arguments: str) -> None:
        command = ["openssl", *arguments]
        done = subprocess.run(command, cwd=self._folder, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()


_PEM = Encoding.PEM
_SIGNER = ("-signer", "tsa.pem", "-inkey", "tsa.key")


def write(tag: int, content: bytes) -> bytes:
    """One DER value."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _spelled(at_ms: int) -> bytes:
    whole = datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y%m%d%H%M%S")
    fraction = f".{at_ms % 1000:03d}".rstrip("0").rstrip(".")
    return f"{whole}{fraction}Z".encode()


def _make_key(kind: str) -> Key:
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _certificate(
    name: str,
    key: Key,
    issuer_key: Key,
    issuer: x509.Certificate | None,
    valid: tuple[datetime, datetime],
    *,
    usage: bool,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(
        issuer_name=subject if issuer is None else issuer.subject,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=valid[0],
        not_valid_after=valid[1],
    )
    constraints = x509.BasicConstraints(ca=issuer is None, path_length=None)
    builder = builder.add_extension(constraints, critical=True)
    if usage:
        timestamps = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(timestamps, critical=True)
    return builder.sign(issuer_key, hashes.SHA256())
