"""The body of add-checkpoint: one spelling, everything else refused by reason."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.audit.notes import Note, NoteSignature, parse_note, sign_note
from service.audit.tree import EMPTY_ROOT
from service.witness.submission import (
    MAX_PROOF_LINES,
    Malformed,
    Reason,
    read_submission,
    write_submission,
)
from tests.witness.logs import LOG_KEY, LOT, grown

# c2sp.org/tlog-witness, section add-checkpoint: the example request and response bodies.
PUBLISHED = """\
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
"""  # noqa: E501
PUBLISHED_ANSWER = """\
— witness.example/w1 CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krrDJbR1HDnucjL39QsZTSvVjyQLrdk3DXDqI5G2HgLatVs0pWh6Up69HVOw==
— witness.example/w1 I7rEps0pvK2UqkS2gSpVUDhrhVtQV9lgF6pRrWAvjJHjyWpW7VcE3SiOlVlbQNt64vWhO+DlkL0+UfzuOBMh9ChdMkP1vi/lCAsmlw==
— witness.example/w2 AWui8Sk55XjYLOijihBjhqEH6nS1ndDymE0a+6idX7pLcnoB+dhnz0854aLZgrrKbYKA7nC3HNJhm/kWl7oJlqU3rXXvpysAdyP3wQ==
"""  # noqa: E501

ONE = grown(8)
HASH = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw="
GOOD = ONE.body(3, 8)
LAST_BIT = GOOD.replace("old 3", "old 3\n" + HASH.replace("kaw=", "kax="))


def malformed(reason: Reason) -> Any:
    return pytest.raises(Malformed, check=lambda refusal: refusal.reason is reason)


def test_the_published_request_is_read_as_it_stands() -> None:
    asked = read_submission(PUBLISHED.encode())
    assert (asked.old_size, len(asked.proof), asked.size) == (20852014, 4, 20852163)
    assert asked.origin == "example.com/behind-the-sofa"
    assert asked.proof[0].hex()[:8] == "3e544d0a"
    assert [line.key_id.hex() for line in asked.note.signatures] == ["033de0ae", "a292ea05"]
    assert write_submission(asked.old_size, asked.proof, asked.note.to_text()) == PUBLISHED


def test_the_published_answer_can_be_put_under_the_published_checkpoint() -> None:
    whole = read_submission(PUBLISHED.encode()).note.to_text() + PUBLISHED_ANSWER
    lines = parse_note(whole).signatures[2:]
    assert [line.name for line in lines] == ["witness.example/w1"] * 2 + ["witness.example/w2"]
    assert {len(line.signature) for line in lines} == {8 + 64}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xff" + GOOD.encode(), Reason.NOT_UTF8),
        (b"", Reason.NO_EMPTY_LINE),
        (b"old 3\n", Reason.NO_EMPTY_LINE),
        (b"\n\n", Reason.BAD_NOTE),
        (ONE.note(8).encode(), Reason.BAD_PROOF_LINE),
        (GOOD.replace("old 3", "old  3").encode(), Reason.BAD_OLD_SIZE),
        (GOOD.replace("old 3", "old 03").encode(), Reason.BAD_OLD_SIZE),
        (GOOD.replace("old 3", "old +3").encode(), Reason.BAD_OLD_SIZE),
        (GOOD.replace("old 3", "old 3 ").encode(), Reason.BAD_OLD_SIZE),
        (GOOD.replace("old 3", "old 3\r").encode(), Reason.BAD_OLD_SIZE),
        (GOOD.replace("old 3", "old ３").encode(), Reason.BAD_OLD_SIZE),
        (GOOD.replace("old 3", "Old 3").encode(), Reason.BAD_OLD_SIZE),
        (GOOD.replace("old 3", "old").encode(), Reason.BAD_OLD_SIZE),
        (GOOD.replace("old 3", f"old {2**64}").encode(), Reason.BAD_OLD_SIZE),
        (GOOD.replace("old 3", "old 3\n" + HASH[:-1]).encode(), Reason.BAD_PROOF_LINE),
        (GOOD.replace("old 3", "old 3\n" + HASH + " ").encode(), Reason.BAD_PROOF_LINE),
        (GOOD.replace("old 3", "old 3\nAAAA").encode(), Reason.BAD_PROOF_LINE),
        (LAST_BIT.encode(), Reason.BAD_PROOF_LINE),
        (GOOD.removesuffix("\n").encode(), Reason.BAD_NOTE),
        (GOOD.encode() + b"\n", Reason.BAD_NOTE),
        (GOOD.replace("— ", "- ").encode(), Reason.BAD_NOTE),
        (GOOD.partition("\n— ")[0].encode(), Reason.BAD_NOTE),
    ],
)
def test_another_spelling_is_refused_by_reason(body: bytes, reason: Reason) -> None:
    with malformed(reason):
        read_submission(body)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{LOT}\n8\n", Reason.BAD_CHECKPOINT),
        (f"\n8\n{HASH}\n", Reason.BAD_CHECKPOINT),
        (f"{LOT}\n08\n{HASH}\n", Reason.BAD_CHECKPOINT),
        (f"{LOT}\n8\nAAAA\n", Reason.BAD_CHECKPOINT),
        (f"{LOT}\n8\n{HASH}\nmore\n", Reason.EXTENSION_LINES),
    ],
)
def test_a_signed_note_that_is_no_plain_checkpoint_is_refused(text: str, reason: Reason) -> None:
    with malformed(reason):
        read_submission(f"old 0\n\n{sign_note(text, LOG_KEY)}".encode())


def test_63_proof_lines_are_read_and_64_are_not() -> None:
    most = write_submission(3, (EMPTY_ROOT,) * MAX_PROOF_LINES, ONE.note(8))
    assert len(read_submission(most.encode()).proof) == MAX_PROOF_LINES == 63
    with malformed(Reason.TOO_MANY_PROOF_LINES):
        read_submission(most.replace("old 3\n", f"old 3\n{HASH}\n").encode())


HASHES = st.binary(min_size=32, max_size=32)
NAMES = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="+"), min_size=1)
LINES = st.builds(
    NoteSignature, NAMES, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=99)
)


@given(
    old=st.integers(0, 2**53 - 1),
    proof=st.lists(HASHES, max_size=MAX_PROOF_LINES).map(tuple),
    size=st.integers(0, 2**53 - 1),
    origin=NAMES,
    lines=st.lists(LINES, min_size=1, max_size=16).map(tuple),
)
def test_what_is_written_is_read_back(
    old: int, proof: tuple[bytes, ...], size: int, origin: str, lines: tuple[NoteSignature, ...]
) -> None:
    text = f"{origin}\n{size}\n{HASH}\n"
    asked = read_submission(write_submission(old, proof, Note(text, lines).to_text()).encode())
    assert (asked.old_size, asked.proof, asked.origin, asked.size) == (old, proof, origin, size)
    assert asked.note == Note(text, lines)


CUTS = st.tuples(st.integers(0, len(GOOD)), st.integers(0, len(GOOD)), st.binary(max_size=8))


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@example(b"old 0\n\n\n\n")
def test_any_bytes_are_read_or_refused_by_reason(body: bytes) -> None:
    read_or_refused(body)


@given(st.lists(CUTS, max_size=3))
def test_a_damaged_request_is_refused_or_has_but_one_spelling(
    cuts: list[tuple[int, int, bytes]],
) -> None:
    body = GOOD.encode()
    for first, last, put in cuts:
        body = body[: min(first, last)] + put + body[max(first, last) :]
    read_or_refused(body)


def read_or_refused(body: bytes) -> None:
    try:
        asked = read_submission(body)
    except Malformed:
        return
    assert write_submission(asked.old_size, asked.proof, asked.note.to_text()).encode() == body
