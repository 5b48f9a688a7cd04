"""RFC 3161 timestamps, asked of a local `openssl` authority, and what is not one."""

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha512
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from service.audit import cms, der, timestamps
from service.audit.der import DerBroken
from service.audit.notes import Checkpoint
from service.audit.timestamps import (
    MAX_TOKEN_BYTES,
    Reason,
    StampBroken,
    imprint_of,
    read_about,
    read_answer,
    read_authority,
    read_stamp,
    request,
    verify_stamp,
)
from service.audit.tree import leaf_hash
from tests.audit.authority import Authority, write

TEXT = Checkpoint("auction.example.cn/lot/hj-2017-07", 7, leaf_hash(b"entry")).to_text()
OTHER = Checkpoint("auction.example.cn/lot/hj-2017-07", 8, leaf_hash(b"entry")).to_text()
AT = 1_793_354_400_120

Make = Callable[..., Authority]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    return lambda *args, **facts: Authority(tmp_path_factory.mktemp("tsa"), *args, **facts)


@pytest.fixture(scope="module")
def authority(make: Make) -> Authority:
    return make()


@pytest.fixture(scope="module")
def asked() -> bytes:
    return request(TEXT)


@pytest.fixture(scope="module")
def token(authority: Authority, asked: bytes) -> bytes:
    return authority.stamp_at(asked, AT)


def refused(reason: Reason) -> Any:
    return pytest.raises(StampBroken, check=lambda refusal: refusal.reason is reason)


def openssl(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# ── asked and answered ──────────────────────────────────────────────────────────────────────


def test_a_request_is_what_openssl_reads(tmp_path: Path, asked: bytes) -> None:
    (tmp_path / "asked").write_bytes(asked)
    said = openssl(tmp_path, "ts", "-query", "-in", "asked", "-text")
    assert "Hash Algorithm: sha256" in said
    assert "Certificate required: yes" in said
    assert "Nonce: 0x" in said
    assert imprint_of(TEXT)[:8].hex(" ") in said.replace("-", " ")


def test_each_request_has_its_own_nonce_or_none() -> None:
    assert request(TEXT) != request(TEXT)
    assert request(TEXT, nonce=False) == request(TEXT, nonce=False)


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_what_openssl_answers_is_verified(make: Make, kind: str, asked: bytes) -> None:
    authority = make(kind)
    answer = authority.stamp(asked)
    said = read_answer(answer, asked, TEXT)
    assert said.imprint == imprint_of(TEXT)
    assert verify_stamp(answer, TEXT, (authority.ca,)) == said
    assert verify_stamp(answer, TEXT, (authority.certificate,)) == said


def test_what_the_tests_authority_makes_is_what_openssl_verifies(
    tmp_path: Path, authority: Authority, token: bytes, asked: bytes
) -> None:
    files = {"token": token, "ca.pem": authority.ca, "data": TEXT.encode(), "asked": asked}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    for against in (("-data", "data"), ("-queryfile", "asked")):
        said = openssl(tmp_path, "ts", "-verify", "-in", "token", "-CAfile", "ca.pem", *against)
        assert "Verification: OK" in said


@pytest.mark.parametrize("at_ms", [AT, AT + 880, AT + 1, AT - 20])
def test_the_time_is_exact_to_the_millisecond(
    authority: Authority, asked: bytes, at_ms: int
) -> None:
    assert read_stamp(authority.stamp_at(asked, at_ms)).at_ms == at_ms


def test_one_pem_file_may_hold_several_authorities(
    make: Make, authority: Authority, token: bytes
) -> None:
    other = make()
    assert verify_stamp(token, TEXT, (other.ca + authority.ca,)).at_ms == AT
    assert verify_stamp(token, TEXT, (other.certificate, authority.certificate)).at_ms == AT


# ── not for this, not by them, not then ─────────────────────────────────────────────────────


def test_a_token_serves_no_other_checkpoint(
    authority: Authority, token: bytes, asked: bytes
) -> None:
    for look in (
        lambda: read_about(token, OTHER),
        lambda: read_answer(token, asked, OTHER),
        lambda: verify_stamp(token, OTHER, (authority.ca,)),
    ):
        with refused(Reason.WRONG_IMPRINT):
            look()


def test_an_answer_to_another_question_is_refused(authority: Authority, asked: bytes) -> None:
    replayed = authority.stamp_at(request(TEXT), AT)
    with refused(Reason.WRONG_NONCE):
        read_answer(replayed, asked, TEXT)
    with refused(Reason.WRONG_NONCE):
        read_answer(authority.stamp_at(request(TEXT, nonce=False), AT), asked, TEXT)
    assert read_answer(replayed, request(TEXT, nonce=False), TEXT).at_ms == AT


def test_an_authority_that_was_not_given_is_not_believed(make: Make, token: bytes) -> None:
    other = make()
    with refused(Reason.UNKNOWN_SIGNER):
        verify_stamp(token, TEXT, (other.ca, other.certificate))


def test_a_certificate_that_is_not_for_timestamps_stamps_nothing(make: Make, asked: bytes) -> None:
    clerk = make(usage=False)
    token = clerk.stamp_at(asked, AT)
    for trusted in (clerk.ca, clerk.certificate):
        with refused(Reason.NOT_FOR_TIMESTAMPS):
            verify_stamp(token, TEXT, (trusted,))


def test_a_certificate_counts_only_while_it_is_valid(make: Make, asked: bytes) -> None:
    begin, end = (datetime.fromtimestamp(AT // 1000 + s, UTC) for s in (-10, 10))
    short = make(valid=(begin, end))
    for seconds, holds in ((-12, False), (-9, True), (9, True), (12, False)):
        token = short.stamp_at(asked, AT + seconds * 1000)
        if holds:
            assert verify_stamp(token, TEXT, (short.ca,)).at_ms == AT + seconds * 1000
            continue
        with refused(Reason.NOT_VALID_THEN):
            verify_stamp(token, TEXT, (short.ca,))


def test_a_namesake_with_another_key_does_not_answer(
    make: Make, authority: Authority, asked: bytes
) -> None:
    # The stranger's token bears the honest certificate's name and number, signed by his own key.
    stranger = make()
    token, honest = stranger.stamp_at(asked, AT), authority.certificate
    theirs, ours = (named(each) for each in (stranger.certificate, honest))
    assert theirs in token
    swapped = reframed(token, theirs, ours)
    with refused(Reason.WRONG_SIGNATURE):
        verify_stamp(swapped, TEXT, (honest,))


def named(pem: bytes) -> bytes:
    return cms.name_of(x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER))


def reframed(token: bytes, old: bytes, new: bytes) -> bytes:
    """Every level of the answer written again around one changed value."""
    if len(old) == len(new):
        return token.replace(old, new)

    def walk(value: der.Value) -> bytes:
        if not value.tag & 0x20 or old not in value.content:
            return value.whole
        if value.content == old:
            return write(value.tag, new)
        return write(value.tag, b"".join(walk(each) for each in der.read_all(value.content)))

    return walk(der.read(token))


# ── what is no token ────────────────────────────────────────────────────────────────────────


def info_of(authority: Authority, asked: bytes) -> list[bytes]:
    return [each.whole for each in der.read(authority.info(asked, AT)).parts(der.SEQUENCE)]


def test_a_refusal_of_the_authority_is_named(authority: Authority) -> None:
    for status in (2, 3, 4, 5):
        with refused(Reason.NOT_GRANTED):
            read_stamp(authority.answer(b"", status))
    with refused(Reason.NOT_A_TOKEN):
        read_stamp(authority.answer(b"", 0))


def test_openssl_itself_says_no_to_another_hash(authority: Authority) -> None:
    builder = TimestampRequestBuilder().data(TEXT.encode())
    with refused(Reason.NOT_GRANTED):
        read_stamp(authority.stamp(builder.hash_algorithm(HashAlgorithm.SHA512).build().as_bytes()))


def test_granted_with_changes_is_granted(authority: Authority, asked: bytes) -> None:
    token = authority.sign(authority.info(asked, AT))
    assert verify_stamp(authority.answer(token, 1), TEXT, (authority.ca,)).at_ms == AT


def test_an_imprint_by_another_hash_is_refused(authority: Authority) -> None:
    builder = TimestampRequestBuilder().data(TEXT.encode()).hash_algorithm(HashAlgorithm.SHA512)
    longer = authority.stamp_at(builder.build().as_bytes(), AT)
    assert sha512(TEXT.encode()).digest() in longer
    with refused(Reason.WRONG_HASH):
        read_stamp(longer)


def test_a_signature_over_something_else_is_refused(authority: Authority, asked: bytes) -> None:
    info = authority.info(asked, AT)
    another = authority.sign(info, kind="1.2.840.113549.1.7.1")
    with refused(Reason.NOT_A_TOKEN):
        read_stamp(authority.answer(another))
    token = authority.stamp_at(asked, AT)
    later = authority.info(asked, AT + 3_600_000)
    moved = token.replace(spelled(info), spelled(later))
    assert moved != token
    assert read_stamp(moved).at_ms == AT + 3_600_000  # believed by nobody
    with refused(Reason.WRONG_SIGNATURE):
        verify_stamp(moved, TEXT, (authority.ca,))


def spelled(info: bytes) -> bytes:
    return der.read(info).parts(der.SEQUENCE)[4].content


@pytest.mark.parametrize(
    "time",
    [
        *(b"20261030110000", b"20261030110000+0000", b"202610301100Z", b"20261330110000Z"),
        *(b"20261030110000.Z", b"20261030110000.120Z", b"20261030110000.0Z", b"20261030110060Z"),
        *(b"00000101000000Z", b"2026103011000\xb2Z", b""),
    ],
)
def test_a_time_in_another_spelling_is_refused(
    authority: Authority, asked: bytes, time: bytes
) -> None:
    fields = info_of(authority, asked)
    fields[4] = write(der.GENERALIZED_TIME, time)
    info = write(der.SEQUENCE, b"".join(fields))
    with refused(Reason.NOT_A_TOKEN):
        read_stamp(authority.answer(authority.sign(info)))


def test_a_token_larger_than_the_bound_is_refused(token: bytes) -> None:
    with refused(Reason.TOO_LARGE):
        read_stamp(token + bytes(MAX_TOKEN_BYTES))


@pytest.mark.parametrize("tail", [b"\0", b"\x05\x00"])
def test_nothing_may_follow_a_token(token: bytes, tail: bytes) -> None:
    with refused(Reason.NOT_A_TOKEN):
        read_stamp(token + tail)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_changed_bytes_are_refused_or_change_nothing_that_is_signed(
    authority: Authority, token: bytes, data: st.DataObject
) -> None:
    raw, honest = bytearray(token), verify_stamp(token, TEXT, (authority.ca,))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.sampled_from([None, None, len(raw) // 2, 1]))
    try:
        said = verify_stamp(bytes(raw[:cut]), TEXT, (authority.ca,))
    except StampBroken:
        return
    assert said == honest


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_never_a_traceback(raw: bytes) -> None:
    for look in (read_stamp, read_authority):
        with pytest.raises(StampBroken):
            look(raw)


# ── the certificates that are given ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"no certificate",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\n" + b"A" * 100_000,
        b"\xff\xfe" * 100,
    ],
)
def test_what_is_no_certificate_is_refused(pem: bytes) -> None:
    with refused(Reason.NOT_A_CERTIFICATE):
        read_authority(pem)


def test_a_private_key_is_no_certificate(tmp_path: Path) -> None:
    Authority(tmp_path)
    with refused(Reason.NOT_A_CERTIFICATE):
        read_authority((tmp_path / "tsa.key").read_bytes())


def test_certificates_are_bounded(authority: Authority) -> None:
    with refused(Reason.TOO_LARGE):
        read_authority(authority.ca * (timestamps.MAX_AUTHORITIES + 1))
    with refused(Reason.TOO_LARGE):
        read_authority(b"x" * (timestamps.MAX_AUTHORITY_BYTES + 1))


# ── DER ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "raw",
    [
        *(b"\x30", b"\x30\x80\0\0", b"\x30\x81\x05" + bytes(5), b"\x30\x82\0\x80" + bytes(128)),
        *(b"\x04\x05abcd", b"\x1f\x81\0\0", b"\x30\x85\1\0\0\0\0", b"\x04\x84\xff\xff\xff\xff"),
        *(b"", b"\x05\0\x05\0"),
    ],
)
def test_der_has_one_spelling(raw: bytes) -> None:
    with pytest.raises(DerBroken):
        der.read(raw)


@pytest.mark.parametrize("raw", [b"", b"\x00\x01", b"\x00\x00", b"\xff\xff", b"\xff\x80"])
def test_an_integer_has_one_spelling(raw: bytes) -> None:
    with pytest.raises(DerBroken):
        der.read(write(der.INTEGER, raw)).integer()


@given(st.binary(max_size=70_000), st.integers(0, 30))
def test_what_is_written_is_read(content: bytes, tag: int) -> None:
    value = der.read(write(tag, content))
    assert (value.tag, value.content) == (tag, content)
