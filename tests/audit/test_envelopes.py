"""The sealed reserve: what opens it, what does not, and the vector that both sides share."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from service.audit import canonical, commitments, envelopes
from service.audit.commitments import Kind
from service.audit.encodings import MAX_INTEGER
from service.audit.envelopes import Envelope, EnvelopeBroken, Opened, Reason, open_envelope, seal

ORIGIN = "auction.example.cn/lot/hj-2017-07"
OTHER = "auction.example.cn/lot/hj-2017-08"
VECTOR = json.loads(
    (Path(__file__).parents[2] / "web" / "test" / "reserve_vector.json").read_text()
)
HALVES = bytes.fromhex(VECTOR["halves"][0]), bytes.fromhex(VECTOR["halves"][1])
RESERVE = 28_850_000_000


def reason_of(envelope: Envelope, halves: envelopes.Halves, origin: str = ORIGIN) -> Reason:
    with pytest.raises(EnvelopeBroken) as broken:
        open_envelope(envelope, halves, origin)
    assert isinstance(broken.value.reason, Reason)
    return broken.value.reason


@pytest.mark.parametrize("case", VECTOR["cases"], ids=lambda case: str(case["amount_fen"]))
def test_the_vector_that_the_browser_keeps_too(case: dict[str, Any]) -> None:
    expected = dict(case["envelope"])
    first, second = expected.pop("half_hashes")
    envelope = Envelope(half_hashes=(first, second), **expected)
    nonce = bytes.fromhex(VECTOR["nonce"])
    made = envelopes.seal_with(ORIGIN, case["amount_fen"], VECTOR["salt"], nonce, HALVES)
    assert made == envelope
    amount = case["amount_fen"]
    opened = Opened(amount is not None, amount or 0, VECTOR["salt"])
    assert open_envelope(envelope, HALVES, ORIGIN) == opened
    files = [envelopes.half_text("hj-2017-07", place, half) for place, half in enumerate(HALVES, 1)]
    assert files == VECTOR["files"]


@given(st.one_of(st.none(), st.integers(1, MAX_INTEGER)))
def test_what_was_sealed_opens_and_the_commitment_is_the_logs_own(amount: int | None) -> None:
    envelope, halves = seal(ORIGIN, amount)
    opened = open_envelope(envelope, halves, ORIGIN)
    assert (opened.has_reserve, opened.amount_fen) == (amount is not None, amount or 0)
    value = commitments.reserve_value(amount)
    commitments.check_opening(envelope.commitment, Kind.RESERVE, ORIGIN, opened.salt, value)


@given(st.one_of(st.none(), st.integers(1, MAX_INTEGER)))
def test_no_part_of_it_tells_by_its_length_whether_there_is_a_reserve(amount: int | None) -> None:
    envelope, _ = seal(ORIGIN, amount)
    assert len(envelope.ciphertext) == 2 * envelopes.CIPHERTEXT_BYTES
    assert (len(envelope.nonce), len(envelope.commitment)) == (24, 64)


def test_two_seals_of_one_amount_share_nothing() -> None:
    """Fault 49: a reserve was found by trying amounts; another was encrypted with a constant."""
    (first, halves), (second, others) = seal(ORIGIN, RESERVE), seal(ORIGIN, RESERVE)
    parts = [
        {made.commitment, made.nonce, made.ciphertext, *made.half_hashes}
        for made in (first, second)
    ]
    assert not parts[0] & parts[1]
    assert len({*halves, *others}) == 4


@given(st.integers(0, 1), st.integers(0, 255))
def test_one_half_alone_opens_nothing(place: int, bit: int) -> None:
    envelope, halves = seal(ORIGIN, RESERVE)
    guess = bytearray(halves[place])
    guess[bit // 8] ^= 1 << bit % 8
    tried = (halves[0], bytes(guess)) if place else (bytes(guess), halves[1])
    assert reason_of(envelope, tried) is Reason.WRONG_HALF
    # Nor does it when the hashes are those of the guess: the key is made from both.
    hashes = envelopes.half_hash(tried[0]), envelopes.half_hash(tried[1])
    assert reason_of(replace(envelope, half_hashes=hashes), tried) is Reason.CANNOT_DECRYPT


def test_the_halves_have_an_order() -> None:
    envelope, (first, second) = seal(ORIGIN, RESERVE)
    assert reason_of(envelope, (second, first)) is Reason.WRONG_HALF


def test_an_envelope_opens_for_its_own_lot_alone() -> None:
    envelope, halves = seal(ORIGIN, RESERVE)
    assert reason_of(envelope, halves, OTHER) is Reason.CANNOT_DECRYPT


@given(st.integers(0, 8 * envelopes.CIPHERTEXT_BYTES - 1))
def test_a_changed_bit_of_the_ciphertext_is_found(bit: int) -> None:
    envelope, halves = seal(ORIGIN, RESERVE)
    raw = bytearray.fromhex(envelope.ciphertext)
    raw[bit // 8] ^= 1 << bit % 8
    changed = replace(envelope, ciphertext=raw.hex())
    assert reason_of(changed, halves) is Reason.CANNOT_DECRYPT


def test_an_envelope_that_holds_another_amount_than_it_commits_is_named() -> None:
    envelope, halves = seal(ORIGIN, RESERVE)
    other, _ = seal(ORIGIN, RESERVE + 1)
    changed = replace(envelope, commitment=other.commitment)
    assert reason_of(changed, halves) is Reason.WRONG_OPENING


SALT = "5a" * 32


@pytest.mark.parametrize(
    "content",
    [
        {"amount_fen": 1, "has_reserve": False, "salt": SALT},
        {"amount_fen": 0, "has_reserve": True, "salt": SALT},
        {"amount_fen": True, "has_reserve": True, "salt": SALT},
        {"amount_fen": 1, "has_reserve": 1, "salt": SALT},
        {"amount_fen": -1, "has_reserve": True, "salt": SALT},
        {"amount_fen": 1, "has_reserve": True, "salt": SALT.upper()},
        {"amount_fen": 1, "has_reserve": True},
        {"amount_fen": 1, "has_reserve": True, "salt": SALT, "x": 1},
    ],
)
def test_a_content_of_another_form_is_named(content: dict[str, Any]) -> None:
    assert reason_of(*_with_content(canonical.encode(content))) is Reason.BAD_CONTENT


@pytest.mark.parametrize("plain", [b"", b"{}", b"[1]", b"nonsense", b"{" * 127])
def test_a_content_that_is_no_content_is_named(plain: bytes) -> None:
    assert reason_of(*_with_content(plain)) is Reason.BAD_CONTENT


def _with_content(plain: bytes) -> tuple[Envelope, envelopes.Halves]:
    """An envelope that decrypts to these bytes, padded."""
    envelope, halves = seal(ORIGIN, RESERVE)
    nonce = bytes.fromhex(envelope.nonce)
    cipher = AESGCM(envelopes._key(ORIGIN, halves))
    sealed = cipher.encrypt(nonce, plain.ljust(envelopes.PLAIN_BYTES), ORIGIN.encode())
    return replace(envelope, ciphertext=sealed.hex()), halves


@pytest.mark.parametrize(
    "changes",
    [
        {"commitment": "ab"},
        {"nonce": "ab" * 16},
        {"ciphertext": "ab" * 143},
        {"ciphertext": "AB" * 144},
        {"half_hashes": ("ab" * 32, "ab" * 31)},
        {"half_hashes": ("ab" * 32, "ab" * 32)},
    ],
)
def test_an_envelope_of_another_form_is_named(changes: dict[str, Any]) -> None:
    envelope, halves = seal(ORIGIN, RESERVE)
    assert reason_of(replace(envelope, **changes), halves) is Reason.BAD_ENVELOPE


@pytest.mark.parametrize("amount", [0, -1, MAX_INTEGER + 1])
def test_no_reserve_of_nothing_is_sealed(amount: int) -> None:
    with pytest.raises(EnvelopeBroken):
        seal(ORIGIN, amount)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "luochui-half hj-2017-07 3 " + "ab" * 32,
        "luochui-half hj-2017-07 1 " + "AB" * 32,
        "luochui-half hj-2017-07 1 " + "ab" * 31,
        "luochui-half  hj-2017-07 1 " + "ab" * 32,
        "luochui-half hj-2017-07 1 " + "ab" * 32 + "\n\n",
    ],
)
def test_a_file_that_is_no_half_is_named(text: str) -> None:
    with pytest.raises(EnvelopeBroken, match="BAD_HALF"):
        envelopes.read_half(text)


def test_a_half_comes_back_from_its_file() -> None:
    text = envelopes.half_text("hj-2017-07", 2, HALVES[1])
    assert envelopes.read_half(text) == ("hj-2017-07", 2, HALVES[1])
