"""Bidders' signatures: the message, both algorithms, and the edges where others were broken."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from service.audit import canonical
from service.audit.signatures import (
    Algorithm,
    BidderKey,
    Reason,
    SignatureBroken,
    bid_message,
    key_id,
    load_public_key,
    verify_bid,
)

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PRIME = 2**255 - 19
P256_HEAD = "3059301306072a8648ce3d020106082a8648ce3d030107034200"
ED25519_HEAD = "302a300506032b6570032100"

# RFC 6979 A.2.5: P-256 with SHA-256, message "sample".
RFC6979_X = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
RFC6979_Y = "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
RFC6979_R = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
RFC6979_S = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
# RFC 8032 §7.1, test 2.
RFC8032_KEY = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
RFC8032_SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)

BID: dict[str, Any] = {
    "log": "auction.example.cn/lot/hj-2017-07",
    "amount_fen": 1234500000,
    "bid_id": "6f0c1c52-8d5e-4b8e-9e7e-0d6f1b0c7a11",
    "bidder_no": "017",
    "jump_confirmed": False,
    "seen_seq": 16,
}
MESSAGE = bid_message(**BID)
KEYS = {algorithm: BidderKey.generate(algorithm) for algorithm in Algorithm}
algorithms = pytest.mark.parametrize("algorithm", list(Algorithm))


def refused(reason: Reason) -> Any:
    return pytest.raises(SignatureBroken, check=lambda refusal: refusal.reason is reason)


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def raw_signature(r: int, s: int) -> str:
    return b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def split(signature: str) -> tuple[int, int]:
    raw = base64.b64decode(signature)
    return int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")


def ed25519_spki(y: int, sign: int = 0) -> str:
    return ED25519_HEAD + (y | sign << 255).to_bytes(32, "little").hex()


# --- the message ------------------------------------------------------------------------------


def test_the_signed_bytes_are_those_the_specification_spells_out() -> None:
    assert MESSAGE == (
        b"luochui/bid/v1\n"
        b'{"amount_fen":1234500000,"bid_id":"6f0c1c52-8d5e-4b8e-9e7e-0d6f1b0c7a11",'
        b'"bidder_no":"017","jump_confirmed":false,"log":"auction.example.cn/lot/hj-2017-07",'
        b'"seen_seq":16}'
    )


@algorithms
@pytest.mark.parametrize(
    "change",
    [
        {"log": "auction.example.cn/lot/hj-2017-08"},
        {"amount_fen": 1234500001},
        {"bid_id": "6f0c1c52-8d5e-4b8e-9e7e-0d6f1b0c7a12"},
        {"bidder_no": "018"},
        {"jump_confirmed": True},
        {"seen_seq": 15},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_signature_fits_no_other_bid(algorithm: Algorithm, change: dict[str, Any]) -> None:
    key = KEYS[algorithm]
    public, signature = load_public_key(key.spki.hex()), key.sign(MESSAGE)
    verify_bid(public, signature, MESSAGE)
    with refused(Reason.WRONG_SIGNATURE):
        verify_bid(public, signature, bid_message(**(BID | change)))


# --- published vectors ------------------------------------------------------------------------


def test_the_rfc_6979_signature_verifies() -> None:
    public = load_public_key(P256_HEAD + "04" + RFC6979_X + RFC6979_Y)
    assert public.algorithm is Algorithm.ES256
    signature = b64(bytes.fromhex(RFC6979_R + RFC6979_S))
    verify_bid(public, signature, b"sample")
    with refused(Reason.WRONG_SIGNATURE):
        verify_bid(public, signature, b"sampled")


def test_the_rfc_8032_signature_verifies() -> None:
    public = load_public_key(ED25519_HEAD + RFC8032_KEY)
    assert public.algorithm is Algorithm.ED25519
    verify_bid(public, b64(bytes.fromhex(RFC8032_SIGNATURE)), b"\x72")


def test_a_key_id_is_the_first_16_digits_of_the_spki_hash() -> None:
    spki = bytes.fromhex(P256_HEAD + "04" + RFC6979_X + RFC6979_Y)
    assert key_id(spki) == load_public_key(spki.hex()).key_id == "5a7a78cca4a0f420"
    key = KEYS[Algorithm.ED25519]
    assert key.key_id == key_id(key.spki) == load_public_key(key.spki.hex()).key_id


# --- P-1363 edges -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("r", "s"),
    [(0, 0), (0, 1), (1, 0), (ORDER, 1), (1, ORDER), (ORDER + 1, 1), (2**256 - 1, 2**256 - 1)],
)
def test_r_or_s_out_of_range_is_refused_by_name(r: int, s: int) -> None:
    public = load_public_key(KEYS[Algorithm.ES256].spki.hex())
    with refused(Reason.SIGNATURE_OUT_OF_RANGE):
        verify_bid(public, raw_signature(r, s), MESSAGE)


@pytest.mark.parametrize(("r", "s"), [(1, 1), (ORDER - 1, ORDER - 1), (1, ORDER - 1)])
def test_r_and_s_at_the_ends_of_the_range_are_simply_wrong(r: int, s: int) -> None:
    public = load_public_key(KEYS[Algorithm.ES256].spki.hex())
    with refused(Reason.WRONG_SIGNATURE):
        verify_bid(public, raw_signature(r, s), MESSAGE)


def test_low_and_high_s_are_both_accepted_as_browsers_make_both() -> None:
    key = KEYS[Algorithm.ES256]
    public, (r, s) = load_public_key(key.spki.hex()), split(key.sign(MESSAGE))
    verify_bid(public, raw_signature(r, s), MESSAGE)
    verify_bid(public, raw_signature(r, ORDER - s), MESSAGE)


@pytest.mark.parametrize("half", [slice(0, 32), slice(32, 64)], ids=["r", "s"])
def test_a_short_r_or_s_keeps_its_leading_zeros(half: slice) -> None:
    key = KEYS[Algorithm.ES256]
    signatures = (key.sign(MESSAGE) for _ in range(20_000))  # one in 256 begins with a zero byte
    short = next(each for each in signatures if base64.b64decode(each)[half][0] == 0)
    assert len(base64.b64decode(short)) == 64
    verify_bid(load_public_key(key.spki.hex()), short, MESSAGE)


@algorithms
@pytest.mark.parametrize("length", [0, 1, 63, 65, 70, 128])
def test_a_signature_of_another_length_is_refused(algorithm: Algorithm, length: int) -> None:
    public = load_public_key(KEYS[algorithm].spki.hex())
    with refused(Reason.WRONG_SIGNATURE_LENGTH):
        verify_bid(public, b64(bytes(length)), MESSAGE)


def test_a_der_signature_is_refused() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    der = private.sign(MESSAGE, ec.ECDSA(hashes.SHA256()))
    public = load_public_key(KEYS[Algorithm.ES256].spki.hex())
    with refused(Reason.WRONG_SIGNATURE_LENGTH):
        verify_bid(public, b64(der), MESSAGE)


def test_signature_text_has_one_spelling() -> None:
    key = KEYS[Algorithm.ES256]
    signature = key.sign(MESSAGE)
    stray_bits = signature[:-3] + chr(ord(signature[-3]) + 1) + "=="
    assert base64.b64decode(stray_bits) == base64.b64decode(signature)
    for loose in (stray_bits, signature + "\n", " " + signature, signature[:-2]):
        with refused(Reason.BAD_BASE64):
            verify_bid(load_public_key(key.spki.hex()), loose, MESSAGE)


@algorithms
@given(bit=st.integers(0, 511))
def test_a_flipped_bit_anywhere_in_a_signature_fails(algorithm: Algorithm, bit: int) -> None:
    key = KEYS[algorithm]
    raw = bytearray(base64.b64decode(key.sign(MESSAGE)))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SignatureBroken):
        verify_bid(load_public_key(key.spki.hex()), b64(bytes(raw)), MESSAGE)


@algorithms
def test_another_bidders_key_does_not_verify(algorithm: Algorithm) -> None:
    other = load_public_key(BidderKey.generate(algorithm).spki.hex())
    with refused(Reason.WRONG_SIGNATURE):
        verify_bid(other, KEYS[algorithm].sign(MESSAGE), MESSAGE)


# --- keys -------------------------------------------------------------------------------------


def compressed() -> str:
    # A P-256 key in its 33-byte spelling: the same key, another key_id.
    head = "3039301306072a8648ce3d020106082a8648ce3d030107032200"
    return head + f"{2 + (int(RFC6979_Y, 16) & 1):02x}" + RFC6979_X


def spki_of(private: Any) -> str:
    public = private.public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).hex()


@pytest.mark.parametrize(
    ("spki", "reason"),
    [
        ("", "UNSUPPORTED_KEY"),
        ("00", "UNSUPPORTED_KEY"),
        ("0", "BAD_KEY_HEX"),
        ((P256_HEAD + "04" + RFC6979_X + RFC6979_Y).upper(), "BAD_KEY_HEX"),
        ("zz", "BAD_KEY_HEX"),
        (P256_HEAD + "04" + RFC6979_X + RFC6979_X, "POINT_NOT_ON_CURVE"),
        (P256_HEAD + "04" + "00" * 64, "POINT_NOT_ON_CURVE"),
        (P256_HEAD + "04" + "ff" * 64, "POINT_NOT_ON_CURVE"),
        (P256_HEAD + "06" + RFC6979_X + RFC6979_Y, "UNSUPPORTED_KEY"),  # hybrid point
        (P256_HEAD + "04" + RFC6979_X + RFC6979_Y + "00", "UNSUPPORTED_KEY"),
        (P256_HEAD + "04" + RFC6979_X, "UNSUPPORTED_KEY"),
        (compressed(), "UNSUPPORTED_KEY"),
        (spki_of(ec.generate_private_key(ec.SECP256K1())), "UNSUPPORTED_KEY"),
        (spki_of(ec.generate_private_key(ec.SECP384R1())), "UNSUPPORTED_KEY"),
        (spki_of(rsa.generate_private_key(65537, 2048)), "UNSUPPORTED_KEY"),
        (spki_of(ed448.Ed448PrivateKey.generate()), "UNSUPPORTED_KEY"),
        (ED25519_HEAD + RFC8032_KEY + "00", "UNSUPPORTED_KEY"),
        (ED25519_HEAD + "ff" * 32, "WEAK_KEY"),
    ],
    # Named by hand: a fresh key in a test's name would differ from worker to worker.
    ids=[
        "empty",
        "one-byte",
        "odd",
        "uppercase",
        "not-hex",
        "off-curve",
        "origin",
        "field-overflow",
        "hybrid",
        "trailing",
        "short",
        "compressed",
        "secp256k1",
        "p384",
        "rsa",
        "ed448",
        "ed25519-trailing",
        "ed25519-overflow",
    ],
)
def test_a_key_that_cannot_be_enrolled_is_refused_by_name(spki: str, reason: str) -> None:
    with refused(Reason(reason)):
        load_public_key(spki)


def eighth_roots() -> list[int]:
    """The y of the points of order 8: d·y⁴ + 2y² = 1 on the Ed25519 curve."""
    d = -121665 * pow(121666, -1, PRIME) % PRIME
    root = square_root(1 + d)
    squares = ((sign * root - 1) * pow(d, -1, PRIME) % PRIME for sign in (1, -1))
    found = [square_root(each) for each in squares if pow(each, (PRIME - 1) // 2, PRIME) == 1]
    return [y for each in found for y in (each, PRIME - each)]


def square_root(value: int) -> int:
    root = pow(value, (PRIME + 3) // 8, PRIME)
    if root * root % PRIME != value % PRIME:
        root = root * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    assert root * root % PRIME == value % PRIME
    return root


@pytest.mark.parametrize("sign", [0, 1])
def test_a_key_under_which_one_signature_fits_every_message_is_refused(sign: int) -> None:
    weak = [0, 1, PRIME - 1, *eighth_roots()]
    assert len(weak) == 5
    for y in [*weak, PRIME, PRIME + 1]:
        with refused(Reason.WEAK_KEY):
            load_public_key(ed25519_spki(y, sign))


@given(st.binary(max_size=200))
def test_arbitrary_key_bytes_are_refused_never_a_traceback(raw: bytes) -> None:
    with pytest.raises(SignatureBroken):
        load_public_key(raw.hex())


def test_a_bidders_secret_shows_in_no_repr() -> None:
    assert repr(KEYS[Algorithm.ES256]) == "BidderKey()"


@given(
    log=st.text(max_size=20) | st.just(BID["log"]),
    amount_fen=st.integers(0, 2**53 - 1),
    bid_id=st.text(max_size=8) | st.uuids().map(str),
    bidder_no=st.text(max_size=4),
    jump_confirmed=st.booleans(),
    seen_seq=st.integers(0, 2**53 - 1),
)
def test_the_signed_bytes_are_the_canonical_ones(**said: Any) -> None:
    """They are written by hand, a bid being signed and checked so often."""
    assert bid_message(**said) == b"luochui/bid/v1\n" + canonical.encode(said)
