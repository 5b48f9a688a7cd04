"""Receipts as C2SP tlog-proof files: what a bidder can prove alone, and what is refused."""

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.audit.broken import Broken
from service.audit.canonical import encode
from service.audit.notes import Checkpoint, NoteSignature, SigningKey, sign_checkpoint
from service.audit.proofs import MAX_CHARACTERS, Reason, Receipt, ReceiptBroken, parse, verify
from service.audit.tree import Reason as TreeReason
from service.audit.tree import Tree, TreeBroken, leaf_hash

SITE = "auction.example.cn"
ORIGIN = f"{SITE}/lot/hj-2017-07"
KEY = SigningKey(SITE, bytes(range(32)))
ENTRIES = [encode({"log": ORIGIN, "seq": seq, "v": 1}) for seq in range(11)]
TREE = Tree(leaf_hash(entry) for entry in ENTRIES)


def head(size: int) -> str:
    return sign_checkpoint(KEY, Checkpoint(ORIGIN, size, TREE.root(size)))


def receipt(index: int, size: int) -> Receipt:
    return Receipt(ENTRIES[index], index, TREE.inclusion_proof(index, size), head(size))


TEXT = receipt(5, 11).to_text()


def refused(reason: Reason) -> Any:
    return pytest.raises(ReceiptBroken, check=lambda refusal: refusal.reason is reason)


def test_the_file_is_laid_out_as_c2sp_says() -> None:
    lines = TEXT.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1] == "extra " + base64.b64encode(ENTRIES[5]).decode()
    assert lines[2] == "index 5"
    assert lines[3] == base64.b64encode(TREE.leaf(4)).decode()  # the sibling leaf comes first
    assert len(lines[3:7]) == len(TREE.inclusion_proof(5, 11))
    assert lines[7] == ""
    assert "\n".join(lines[8:]) == head(11)


@pytest.mark.parametrize("size", range(1, len(ENTRIES) + 1))
def test_every_entry_proves_itself_under_every_later_head(size: int) -> None:
    for index in range(size):
        proven = verify(receipt(index, size).to_text(), KEY.verifying, ORIGIN)
        assert proven.entry == ENTRIES[index]
        assert proven.index == index
        assert proven.checkpoint == Checkpoint(ORIGIN, size, TREE.root(size))


# c2sp.org/tlog-proof, opening example, its signatures as short as they stand there.
PUBLISHED = """\
c2sp.org/tlog-proof@v1
extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

example.com/fancylog
109482
sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

— example.com/fancylog hI2DJw[...]1roloI=
— witness1.example mJirIklj[...]qY9v2B/5bg==
"""


def test_the_published_example_is_taken_apart_and_put_together() -> None:
    example = parse(PUBLISHED)
    assert example.entry.startswith(b"age-v1.2.1-darwin-arm64.tar.gz")
    assert (example.index, len(example.proof)) == (73_894, 5)
    assert example.proof[0].hex().startswith("8122b25e8619")
    assert example.checkpoint.startswith("example.com/fancylog\n109482\nsFodV/vS")
    assert example.to_text() == PUBLISHED


def test_parsing_gives_back_what_was_written() -> None:
    assert parse(TEXT) == receipt(5, 11)
    assert parse(TEXT).to_text() == TEXT


def test_a_cosignature_by_a_witness_we_do_not_know_does_no_harm() -> None:
    cosigned = TEXT + NoteSignature("witness.example", b"\x01\x02\x03\x04", bytes(72)).to_line()
    assert verify(cosigned, KEY.verifying, ORIGIN).index == 5


HASH = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "WRONG_HEADER"),
        (TEXT.replace("@v1", "@v2"), "WRONG_HEADER"),
        ("\n" + TEXT, "WRONG_HEADER"),
        (TEXT.replace("\n", "\r\n"), "WRONG_HEADER"),
        ("c2sp.org/tlog-proof@v1\nindex 0\n\n" + head(1), "NO_ENTRY"),
        ("c2sp.org/tlog-proof@v1\n\n" + head(1), "NO_ENTRY"),
        (TEXT.replace("extra ", "extra  "), "BAD_ENTRY"),
        (TEXT.replace("extra ", "extra !"), "BAD_ENTRY"),
        (TEXT.replace("extra " + base64.b64encode(ENTRIES[5]).decode(), "extra "), "BAD_ENTRY"),
        (TEXT.replace("index 5", "index 05"), "BAD_INDEX"),
        (TEXT.replace("index 5", "index -5"), "BAD_INDEX"),
        (TEXT.replace("index 5", "index  5"), "BAD_INDEX"),
        (TEXT.replace("index 5", "index five"), "BAD_INDEX"),
        (TEXT.replace("index 5", "index 18446744073709551616"), "BAD_INDEX"),
        (TEXT.replace("index 5", "index 9007199254740992"), "BAD_INDEX"),
        (TEXT.replace("index 5\n", ""), "BAD_INDEX"),
        (TEXT.replace("index 5\n", "index 5\nindex 5\n"), "BAD_HASH"),
        (TEXT.replace("index 5\n", "index 5\n!!notbase64!!\n"), "BAD_HASH"),
        (
            TEXT.replace("index 5\n", f"index 5\n{base64.b64encode(bytes(64)).decode()}\n"),
            "BAD_HASH",
        ),
        (TEXT.replace("index 5\n", f"index 5\n{HASH} \n"), "BAD_HASH"),
        (TEXT.replace("index 5\n", "index 5\n" + f"{HASH}\n" * 61), "TOO_MANY_HASHES"),
        (TEXT.split("\n\n")[0], "NO_CHECKPOINT"),
        (TEXT.split("\n\n")[0] + "\n\n", "NO_CHECKPOINT"),
        ("c2sp.org/tlog-proof@v1\n" + "x" * MAX_CHARACTERS, "TOO_LARGE"),
    ],
    ids=lambda each: ascii(each)[1:25],
)
def test_a_file_of_another_form_is_refused_by_name(text: str, reason: str) -> None:
    with refused(Reason(reason)):
        parse(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (TEXT.replace("index 5\n", "index 4\n"), TreeReason.WRONG_ROOT),
        (TEXT.replace("index 5\n", "index 11\n"), TreeReason.INDEX_OUTSIDE_TREE),
        (TEXT.replace("index 5\n", f"index 5\n{HASH}\n"), TreeReason.WRONG_PROOF_LENGTH),
        (Receipt(ENTRIES[5], 5, (), head(11)).to_text(), TreeReason.WRONG_PROOF_LENGTH),
        (Receipt(ENTRIES[6], 5, receipt(5, 11).proof, head(11)).to_text(), TreeReason.WRONG_ROOT),
        (Receipt(ENTRIES[5], 5, receipt(5, 10).proof, head(11)).to_text(), TreeReason.WRONG_ROOT),
    ],
    ids=["index", "outside", "padded", "cut", "other-entry", "other-head"],
)
def test_a_proof_that_does_not_bind_its_entry_is_refused(text: str, reason: TreeReason) -> None:
    with pytest.raises(TreeBroken) as refusal:
        verify(text, KEY.verifying, ORIGIN)
    assert refusal.value.reason is reason


@settings(max_examples=400)
@given(st.integers(0, len(TEXT.encode()) * 8 - 1))
def test_a_flipped_bit_anywhere_in_a_receipt_fails(bit: int) -> None:
    raw = bytearray(TEXT.encode())
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Broken):
        verify(raw.decode("utf-8", "surrogateescape"), KEY.verifying, ORIGIN)
