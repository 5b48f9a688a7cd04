"""Cosignatures of witnesses against the C2SP text, and everything that is not quite one."""

import base64
from hashlib import sha256
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from service.audit.cosignatures import (
    COSIGNATURE,
    MAX_TIME_S,
    CosignerKey,
    CosigningKey,
    add_lines,
    cosign,
    is_by,
    verify_cosignature,
)
from service.audit.notes import (
    ED25519,
    NoteBroken,
    NoteSignature,
    Reason,
    SigningKey,
    VerifyingKey,
    open_note,
    parse_note,
    sign_note,
)
from tests.audit.test_signed_notes import COSIGNED

# c2sp.org/tlog-cosignature: the checkpoint, the time and the signed message of its examples.
SOFA = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
SOFA_TIME = 1_679_315_147
SOFA_MESSAGE = f"cosignature/v1\ntime 1679315147\n{SOFA}"
# A witness of the open network, as the tests of transparency-dev/formats publish its key.
REMORA = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
# A signature and its time from the same tests.
STAMPED = (
    "ZGhGuQAAAABm/qTPeyKXD+R2rzyQsxPiP8mXum7qq/iF0u4vanlqJyocWODBt97w9uL+8qT7S5gxEHWWOworDcFiEBYJ"
    "XORmnFBOBA=="
)
STAMPED_TIME = 1_727_964_367

NAME = "notary.example.cn/w1"
KEY = CosigningKey(NAME, bytes(range(32)))
LINE = cosign(SOFA, KEY, SOFA_TIME)


def refused(reason: Reason) -> Any:
    return pytest.raises(NoteBroken, check=lambda refusal: refusal.reason is reason)


# ── what is published ───────────────────────────────────────────────────────────────────────


def test_the_published_key_of_a_witness_is_read_and_written() -> None:
    key = CosignerKey.from_text(REMORA)
    assert (key.name, key.key_id.hex()) == ("remora.n621.de", "da77ade7")
    assert key.to_text() == REMORA


def test_the_published_line_bears_its_key_id_and_its_time() -> None:
    line = parse_note(COSIGNED).signatures[1]
    assert (line.name, line.key_id.hex()) == ("witness.example.com/w1", "8d66cf3f")
    assert int.from_bytes(line.signature[:8], "big") == SOFA_TIME
    assert len(line.signature) == 8 + 64
    raw = base64.b64decode(STAMPED)
    assert (len(raw), int.from_bytes(raw[4:12], "big")) == (4 + 8 + 64, STAMPED_TIME)


def test_the_signed_message_is_the_one_of_the_text() -> None:
    private = Ed25519PrivateKey.from_private_bytes(KEY.seed)
    expected = SOFA_TIME.to_bytes(8, "big") + private.sign(SOFA_MESSAGE.encode())
    assert LINE.signature == expected
    with pytest.raises(InvalidSignature):
        private.public_key().verify(LINE.signature[8:], SOFA.encode())


def test_the_key_id_is_the_one_of_the_text() -> None:
    public = KEY.verifying.public
    assert KEY.verifying.key_id == sha256(NAME.encode() + b"\n\x04" + public).digest()[:4]


# ── a witness signs and is believed ─────────────────────────────────────────────────────────


@given(st.integers(1, MAX_TIME_S), st.binary(min_size=32, max_size=32))
def test_a_cosignature_gives_back_its_time(at_s: int, seed: bytes) -> None:
    key = CosigningKey(NAME, seed)
    assert verify_cosignature(SOFA, cosign(SOFA, key, at_s), key.verifying) == at_s


def test_keys_come_back_from_their_texts() -> None:
    assert CosigningKey.from_text(KEY.to_text()) == KEY
    assert CosignerKey.from_text(KEY.verifying.to_text()) == KEY.verifying


def test_extension_lines_are_signed_too() -> None:
    extended = SOFA + "one more line\n"
    line = cosign(extended, KEY, 1)
    assert verify_cosignature(extended, line, KEY.verifying) == 1
    with refused(Reason.WRONG_SIGNATURE):
        verify_cosignature(SOFA, line, KEY.verifying)


def test_a_line_joins_the_note_without_touching_it() -> None:
    log = SigningKey("example.com", bytes(32))
    note = sign_note(SOFA, log)
    other = cosign(SOFA, CosigningKey("other.example", bytes(32)), 5)
    both = add_lines(note, (LINE.to_line(), other.to_line().removesuffix("\n")))
    assert both.startswith(note)
    opened = open_note(both, [log.verifying])
    assert [line.name for line in opened.signatures] == ["example.com", NAME, "other.example"]
    assert opened.signatures[1] == LINE
    assert add_lines(note, ()) == note


@pytest.mark.parametrize("line", ["", "\n\n", "— x\n", "— x AAAA\n— \n", "no dash\n", "— x y\n\nz"])
def test_what_is_no_line_does_not_join_a_note(line: str) -> None:
    note = sign_note(SOFA, SigningKey("example.com", bytes(32)))
    with pytest.raises(NoteBroken):
        add_lines(note, (line,))


# ── and everything else is not ──────────────────────────────────────────────────────────────


@given(st.integers(0, (8 + 64) * 8 - 1))
def test_a_flipped_bit_anywhere_fails(bit: int) -> None:
    raw = bytearray(LINE.signature)
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NoteBroken):
        verify_cosignature(SOFA, NoteSignature(NAME, LINE.key_id, bytes(raw)), KEY.verifying)


@given(st.integers(0, len(SOFA.encode()) - 1))
def test_a_cosignature_fits_no_other_checkpoint(place: int) -> None:
    raw = bytearray(SOFA.encode())
    raw[place] ^= 1
    with refused(Reason.WRONG_SIGNATURE):
        verify_cosignature(raw.decode("latin-1"), LINE, KEY.verifying)


@pytest.mark.parametrize("at_s", [0, 2**63, 2**64 - 1])
def test_a_time_that_no_witness_may_write_is_refused_even_when_signed(at_s: int) -> None:
    with refused(Reason.BAD_COSIGNATURE_TIME):
        verify_cosignature(SOFA, forged(at_s), KEY.verifying)


@pytest.mark.parametrize("at_s", [-1, 0, 2**63])
def test_a_witness_writes_no_such_time(at_s: int) -> None:
    with refused(Reason.BAD_COSIGNATURE_TIME):
        cosign(SOFA, KEY, at_s)


def forged(at_s: int) -> NoteSignature:
    private = Ed25519PrivateKey.from_private_bytes(KEY.seed)
    signed = private.sign(f"cosignature/v1\ntime {at_s}\n{SOFA}".encode())
    return NoteSignature(NAME, LINE.key_id, at_s.to_bytes(8, "big") + signed)


@pytest.mark.parametrize("size", [0, 8, 64, 71, 73, 2428])
def test_a_signature_of_another_length_is_refused(size: int) -> None:
    line = NoteSignature(NAME, LINE.key_id, LINE.signature.ljust(size, b"\0")[:size])
    with refused(Reason.BAD_COSIGNATURE):
        verify_cosignature(SOFA, line, KEY.verifying)


def test_a_logs_signature_is_no_cosignature_and_the_other_way_round() -> None:
    log = SigningKey(NAME, KEY.seed)
    own = parse_note(sign_note(SOFA, log)).signatures[0]
    assert not is_by(own, KEY.verifying)
    with refused(Reason.NO_KNOWN_SIGNATURE):
        verify_cosignature(SOFA, own, KEY.verifying)
    with refused(Reason.NO_KNOWN_SIGNATURE):
        open_note(f"{SOFA}\n{LINE.to_line()}", [log.verifying])


def test_another_witness_does_not_answer_for_this_one() -> None:
    stranger = CosigningKey(NAME, bytes(32))
    with refused(Reason.NO_KNOWN_SIGNATURE):
        verify_cosignature(SOFA, cosign(SOFA, stranger, 1), KEY.verifying)
    posing = NoteSignature(NAME, LINE.key_id, cosign(SOFA, stranger, 1).signature)
    with refused(Reason.WRONG_SIGNATURE):
        verify_cosignature(SOFA, posing, KEY.verifying)


def text_of(kind: int, material: bytes = bytes(32), key_id: str = "00000000") -> str:
    return f"w+{key_id}+{base64.b64encode(bytes([kind]) + material).decode()}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (VerifyingKey("w", bytes(32)).to_text(), Reason.UNKNOWN_KEY_TYPE),
        (text_of(0x06, bytes(1312)), Reason.UNKNOWN_KEY_TYPE),
        (text_of(COSIGNATURE), Reason.WRONG_KEY_ID),
        (text_of(COSIGNATURE, bytes(31)), Reason.BAD_KEY),
        (text_of(COSIGNATURE, bytes(33)), Reason.BAD_KEY),
        (REMORA.replace("da77ade7", "DA77ADE7"), Reason.BAD_KEY),
        (REMORA.replace("remora", "re mora"), Reason.BAD_KEY_NAME),
        (REMORA + "\n", Reason.BAD_KEY),
        ("", Reason.BAD_KEY),
    ],
)
def test_a_wrong_key_text_is_refused_by_name(text: str, reason: Reason) -> None:
    with refused(reason):
        CosignerKey.from_text(text)


def test_a_logs_key_does_not_read_a_witness_key_and_a_secret_is_of_its_own_kind() -> None:
    with refused(Reason.UNKNOWN_KEY_TYPE):
        VerifyingKey.from_text(REMORA)
    with refused(Reason.UNKNOWN_KEY_TYPE):
        CosigningKey.from_text(SigningKey("w", bytes(32)).to_text())
    with refused(Reason.BAD_KEY):
        CosigningKey.from_text(KEY.verifying.to_text())
    assert ED25519 != COSIGNATURE


def test_a_secret_shows_in_no_repr_and_no_refusal() -> None:
    secret = base64.b64encode(b"\x04" + KEY.seed).decode()
    assert secret not in repr(KEY)
    assert KEY.seed.hex() not in repr(KEY)
    with pytest.raises(NoteBroken) as refusal:
        CosigningKey.from_text(KEY.to_text().replace("+", "-", 3))
    assert secret[4:] not in str(refusal.value)
