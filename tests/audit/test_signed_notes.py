"""Signed notes and checkpoints against the examples published by C2SP and the Go reference."""

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.audit.notes import (
    ED25519,
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    Checkpoint,
    NoteBroken,
    NoteSignature,
    Reason,
    SigningKey,
    VerifyingKey,
    house_origin,
    key_id,
    lot_origin,
    open_checkpoint,
    open_note,
    parse_note,
    sign_checkpoint,
    sign_note,
    site_of,
)
from service.audit.tree import EMPTY_ROOT, leaf_hash

# c2sp.org/signed-note, section "Example".
C2SP_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
# The package documentation of golang.org/x/mod/sumdb/note, the format's first implementation.
GO_SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_NOTE = (
    GO_TEXT + "\n— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
# c2sp.org/tlog-checkpoint and c2sp.org/tlog-cosignature, opening examples.
COSIGNED = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2"
    "oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)

SITE = "auction.example.cn"
ORIGIN = f"{SITE}/lot/hj-2017-07"
KEY = SigningKey(SITE, bytes(range(32)))
OTHER = SigningKey(SITE, bytes(32))
HEAD = Checkpoint(ORIGIN, 1, leaf_hash(b"entry"))
SIGNED = sign_checkpoint(KEY, HEAD)


def refused(reason: Reason) -> Any:
    return pytest.raises(NoteBroken, check=lambda refusal: refusal.reason is reason)


def signed_body(body: str) -> str:
    return sign_note(body, KEY)


# --- published examples -----------------------------------------------------------------------


def test_the_c2sp_example_note_verifies_under_its_key() -> None:
    key = VerifyingKey.from_text(C2SP_VKEY)
    assert open_note(C2SP_NOTE, [key]).text == "This is an example message.\n"
    assert key.key_id.hex() == "530d903a"
    assert key.to_text() == C2SP_VKEY


def test_the_go_example_is_signed_byte_for_byte() -> None:
    key = SigningKey.from_text(GO_SKEY)
    assert sign_note(GO_TEXT, key) == GO_NOTE
    assert key.verifying.to_text() == GO_VKEY
    assert key.to_text() == GO_SKEY
    assert open_note(GO_NOTE, [VerifyingKey.from_text(GO_VKEY)]).text == GO_TEXT


def test_the_c2sp_checkpoint_example_is_read_with_its_cosignature() -> None:
    note = parse_note(COSIGNED)
    checkpoint = Checkpoint.from_text(note.text)
    assert checkpoint.origin == "example.com/behind-the-sofa"
    assert checkpoint.size == 20852163
    assert base64.b64encode(checkpoint.root) == b"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    assert checkpoint.to_text() == note.text
    assert [line.name for line in note.signatures] == [
        "example.com/behind-the-sofa",
        "witness.example.com/w1",
    ]
    assert len(note.signatures[1].signature) == 8 + 64  # timestamp and Ed25519 signature
    assert note.to_text() == COSIGNED


def test_a_note_may_hold_empty_lines_and_splits_at_the_last() -> None:
    text = "Ognuno sta solo\n\ned è subito sera.\n"
    assert open_note(sign_note(text, KEY), [KEY.verifying]).text == text


# --- keys -------------------------------------------------------------------------------------


def test_a_key_id_binds_name_type_and_key() -> None:
    public = KEY.verifying.public
    ids = {
        key_id(SITE, ED25519, public),
        key_id(SITE + "x", ED25519, public),
        key_id(SITE, 0x04, public),
        key_id(SITE, ED25519, OTHER.verifying.public),
    }
    assert len(ids) == 4


def test_every_mangled_key_text_is_refused() -> None:
    for text, read in ((GO_VKEY, VerifyingKey.from_text), (GO_SKEY, SigningKey.from_text)):
        for at in range(len(text)):
            with pytest.raises(NoteBroken):
                read(text[:at])
            with pytest.raises(NoteBroken):
                read(text[:at] + chr(ord(text[at]) + 1) + text[at + 1 :])


@pytest.mark.parametrize(
    ("vkey", "reason"),
    [
        ("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==", "BAD_KEY"),
        (
            "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "UNKNOWN_KEY_TYPE",
        ),
        (GO_VKEY.replace("c74f20a3", "c74f20a4"), "WRONG_KEY_ID"),
        (GO_VKEY.replace("c74f20a3", "C74F20A3"), "BAD_KEY"),
        (GO_VKEY.replace("PeterNeumann", ""), "BAD_KEY_NAME"),
        (GO_VKEY.replace("PeterNeumann", "Peter Neumann"), "BAD_KEY_NAME"),
        (GO_VKEY.replace("PeterNeumann", "Peter\u3000Neumann"), "BAD_KEY_NAME"),
        (GO_VKEY + "\n", "BAD_KEY"),
    ],
)
def test_a_wrong_vkey_is_refused_by_name(vkey: str, reason: str) -> None:
    with refused(Reason(reason)):
        VerifyingKey.from_text(vkey)


def test_a_secret_key_shows_in_no_repr_and_no_refusal() -> None:
    assert "seed" not in repr(KEY)
    secret = GO_SKEY.rpartition("+")[2]
    with pytest.raises(NoteBroken) as refusal:
        SigningKey.from_text(GO_SKEY[:-1])
    assert secret[:8] not in str(refusal.value)


# --- notes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("note", "reason"),
    [
        ("", "NOT_A_NOTE"),
        (GO_TEXT, "NOT_A_NOTE"),
        (GO_NOTE[:-1], "NOT_A_NOTE"),
        (GO_TEXT + "\n", "NOT_A_NOTE"),
        (GO_NOTE.replace("\n", "\r\n"), "NOT_A_NOTE"),
        (GO_NOTE.replace("cryptography", "crypto\tgraphy"), "NOT_A_NOTE"),
        (GO_NOTE.replace("cryptography", "crypto\x00graphy"), "NOT_A_NOTE"),
        (GO_NOTE.replace("cryptography", "\ud800"), "NOT_A_NOTE"),
        (GO_NOTE + "\n", "NOT_A_NOTE"),
        (GO_NOTE + "trailing\n", "BAD_SIGNATURE_LINE"),
        (GO_NOTE.replace("— ", "- "), "BAD_SIGNATURE_LINE"),
        (GO_NOTE.replace("— ", "—"), "BAD_SIGNATURE_LINE"),
        (GO_NOTE.replace("— ", "—  "), "BAD_SIGNATURE_LINE"),
        (GO_NOTE.replace("AM=\n", "AN=\n"), "BAD_SIGNATURE_LINE"),  # stray bits before padding
        (GO_NOTE.replace("AM=\n", "AM\n"), "BAD_SIGNATURE_LINE"),
        (GO_NOTE.replace("AM=\n", "AM= \n"), "BAD_SIGNATURE_LINE"),
        (GO_NOTE.replace("— PeterNeumann", "— Peter+Neumann"), "BAD_SIGNATURE_LINE"),
        (GO_TEXT + "\n— PeterNeumann x08gow==\n", "BAD_SIGNATURE_LINE"),  # a key id, no signature
        ("x" * MAX_NOTE_BYTES + GO_NOTE, "TOO_LARGE"),
    ],
    ids=lambda each: ascii(each)[1:25],
)
def test_a_malformed_note_is_refused_by_name(note: str, reason: str) -> None:
    with refused(Reason(reason)):
        parse_note(note)


def test_signatures_by_unknown_keys_are_ignored_even_under_a_known_name_or_id() -> None:
    key = VerifyingKey.from_text(GO_VKEY)
    same_name = NoteSignature("PeterNeumann", b"\x00\x00\x00\x01", bytes(64)).to_line()
    same_id = NoteSignature("Somebody", key.key_id, bytes(64)).to_line()
    assert open_note(GO_NOTE + same_name + same_id, [key]).text == GO_TEXT


def test_a_note_signed_only_by_strangers_is_refused() -> None:
    with refused(Reason.NO_KNOWN_SIGNATURE):
        open_note(C2SP_NOTE, [VerifyingKey.from_text(GO_VKEY)])
    with refused(Reason.NO_KNOWN_SIGNATURE):
        open_note(C2SP_NOTE, [])


def test_one_wrong_signature_by_a_known_key_spoils_the_whole_note() -> None:
    key = VerifyingKey.from_text(GO_VKEY)
    wrong = NoteSignature("PeterNeumann", key.key_id, bytes(64)).to_line()
    with refused(Reason.WRONG_SIGNATURE):
        open_note(GO_NOTE + wrong, [key])
    short = NoteSignature("PeterNeumann", key.key_id, bytes(63)).to_line()
    with refused(Reason.WRONG_SIGNATURE):
        open_note(GO_NOTE + short, [key])


def test_signature_lines_are_bounded() -> None:
    key = VerifyingKey.from_text(GO_VKEY)
    stranger = NoteSignature("Somebody", b"\x00\x00\x00\x01", bytes(64)).to_line()
    full = GO_NOTE + stranger * (MAX_SIGNATURES - 1)
    assert len(open_note(full, [key]).signatures) == MAX_SIGNATURES
    with refused(Reason.TOO_MANY_SIGNATURES):
        open_note(full + stranger, [key])


@pytest.mark.parametrize("text", ["", "no newline", "tab\there\n", "bell\x07\n"])
def test_a_text_that_no_note_can_hold_is_not_signed(text: str) -> None:
    with refused(Reason.NOT_A_NOTE):
        sign_note(text, KEY)


# --- checkpoints ------------------------------------------------------------------------------


def test_a_checkpoint_comes_back_as_signed() -> None:
    assert open_checkpoint(SIGNED, KEY.verifying, ORIGIN) == HEAD
    house = Checkpoint(house_origin(SITE), 0, EMPTY_ROOT)
    note = sign_checkpoint(KEY, house)
    assert note.startswith(f"{SITE}/house\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— ")
    assert open_checkpoint(note, KEY.verifying, house.origin) == house


ROOT_TEXT = base64.b64encode(HEAD.root).decode()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (f"{ORIGIN}\n01\n{ROOT_TEXT}\n", "BAD_SIZE"),
        (f"{ORIGIN}\n+1\n{ROOT_TEXT}\n", "BAD_SIZE"),
        (f"{ORIGIN}\n-1\n{ROOT_TEXT}\n", "BAD_SIZE"),
        (f"{ORIGIN}\n1 \n{ROOT_TEXT}\n", "BAD_SIZE"),
        (f"{ORIGIN}\n１\n{ROOT_TEXT}\n", "BAD_SIZE"),
        (f"{ORIGIN}\n1_0\n{ROOT_TEXT}\n", "BAD_SIZE"),
        (f"{ORIGIN}\n9007199254740992\n{ROOT_TEXT}\n", "BAD_SIZE"),
        (f"{ORIGIN}\n\n{ROOT_TEXT}\n", "BAD_SIZE"),
        (f"{ORIGIN}\n1\n{ROOT_TEXT[:-1]}\n", "BAD_ROOT"),
        (f"{ORIGIN}\n1\n {ROOT_TEXT}\n", "BAD_ROOT"),
        (f"{ORIGIN}\n1\n{base64.b64encode(HEAD.root[:31]).decode()}\n", "BAD_ROOT"),
        (f"{ORIGIN}\n1\n{base64.b64encode(bytes(33)).decode()}\n", "BAD_ROOT"),
        (f"{ORIGIN}\n0\n{ROOT_TEXT}\n", "BAD_ROOT"),
        (f"{ORIGIN}\n1\n{ROOT_TEXT}\nextension\n", "EXTENSION_LINES"),
        (f"{ORIGIN}\n1\n{ROOT_TEXT}\n\n", "EXTENSION_LINES"),
        (f"{ORIGIN}\n1\n", "NOT_A_CHECKPOINT"),
        (f"\n1\n{ROOT_TEXT}\n", "BAD_ORIGIN"),
        (f"{SITE}/lot/other\n1\n{ROOT_TEXT}\n", "WRONG_ORIGIN"),
        (f"{ORIGIN} \n1\n{ROOT_TEXT}\n", "WRONG_ORIGIN"),
    ],
    ids=lambda each: ascii(each)[1:25],
)
def test_a_loose_checkpoint_is_refused_even_when_well_signed(body: str, reason: str) -> None:
    with refused(Reason(reason)):
        open_checkpoint(signed_body(body), KEY.verifying, ORIGIN)


def test_stray_bits_in_the_root_are_refused() -> None:
    loose = ROOT_TEXT[:-2] + chr(ord(ROOT_TEXT[-2]) + 1) + "="
    assert base64.b64decode(loose) == HEAD.root
    with refused(Reason.BAD_ROOT):
        Checkpoint.from_text(f"{ORIGIN}\n1\n{loose}\n")


def test_a_key_speaks_only_for_its_own_site() -> None:
    stranger = SigningKey("other.example.cn", KEY.seed)
    with refused(Reason.WRONG_KEY_NAME):
        sign_checkpoint(stranger, HEAD)
    with refused(Reason.WRONG_KEY_NAME):
        open_checkpoint(SIGNED, stranger.verifying, ORIGIN)


def test_another_key_of_the_same_name_does_not_open() -> None:
    with refused(Reason.NO_KNOWN_SIGNATURE):
        open_checkpoint(SIGNED, OTHER.verifying, ORIGIN)


@settings(max_examples=300)
@given(st.integers(0, len(SIGNED.encode()) * 8 - 1))
def test_a_flipped_bit_anywhere_in_a_signed_checkpoint_fails(bit: int) -> None:
    raw = bytearray(SIGNED.encode())
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NoteBroken):
        open_checkpoint(raw.decode("utf-8", "surrogateescape"), KEY.verifying, ORIGIN)


# --- origins ----------------------------------------------------------------------------------


def test_origins_name_their_site() -> None:
    assert lot_origin(SITE, "hj-2017-07") == ORIGIN
    assert site_of(ORIGIN) == site_of(house_origin(SITE)) == SITE


@pytest.mark.parametrize("lot_id", ["", "ab", "-abc", "ABC", "a" * 65, "abc\n", "a/b", "abc def"])
def test_a_lot_id_of_another_form_makes_no_origin(lot_id: str) -> None:
    with refused(Reason.BAD_ORIGIN):
        lot_origin(SITE, lot_id)


@pytest.mark.parametrize("site", ["", "a b", "a+b", "a/b", "a\nb", "a\u3000b"])
def test_a_site_of_another_form_makes_no_origin(site: str) -> None:
    with refused(Reason.BAD_ORIGIN):
        house_origin(site)
