"""tlog-policy files: read to the letter of the C2SP text, refused by name and line."""

from contextlib import suppress
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.audit import policy
from service.audit.cosignatures import CosigningKey, add_lines, cosign
from service.audit.notes import Checkpoint, NoteBroken, SigningKey, sign_checkpoint
from service.audit.policy import PolicyBroken, Reason, cosigned, read_policy
from service.audit.tree import leaf_hash

SITE = "auction.example.cn"
LOG = SigningKey(SITE, bytes(32))
LOG_VKEY = LOG.verifying.to_text()
HEAD = Checkpoint(f"{SITE}/lot/hj-2017-07", 1, leaf_hash(b"entry"))
NOTE = sign_checkpoint(LOG, HEAD)


def witness(number: int) -> CosigningKey:
    return CosigningKey(f"w{number}.example", number.to_bytes(32, "big"))


def vkey(number: int) -> str:
    return witness(number).verifying.to_text()


def lines(*said: str) -> str:
    return "".join(f"{line}\n" for line in said)


W1, W2, W3 = (f"witness W{number} {vkey(number)}" for number in (1, 2, 3))
# c2sp.org/tlog-policy, "Example policy", with keys filled in.
EXAMPLE = lines(
    f"log {LOG_VKEY}",
    "",
    *(f"witness X{number} {vkey(number)}" for number in (1, 2, 3)),
    "group X-witnesses 2 X1 X2 X3",
    "",
    *(f"witness Y{number} {vkey(10 + number)}" for number in (1, 2, 3)),
    "group Y-witnesses any Y1 Y2 Y3",
    "",
    "group X-and-Y all X-witnesses Y-witnesses",
    "quorum X-and-Y",
)


def refused(reason: Reason) -> Any:
    return pytest.raises(PolicyBroken, check=lambda refusal: refusal.reason is reason)


# ── what a policy means ─────────────────────────────────────────────────────────────────────


def test_the_example_of_the_text_asks_for_two_x_and_one_y() -> None:
    read = read_policy(EXAMPLE)
    assert [each.name for each in read.witnesses] == ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
    assert read.logs == (LOG.verifying,)
    names = [each.name for each in read.witnesses]
    for count in range(len(names) + 1):
        for chosen in map(set, combinations(names, count)):
            xs, ys = (sum(name[0] == letter for name in chosen) for letter in "XY")
            assert read.satisfied(chosen) is (xs >= 2 and ys >= 1)
            assert read.needs(chosen) is not read.satisfied(chosen)


def test_a_group_counts_as_its_threshold_says() -> None:
    for least, enough in (("any", 1), ("1", 1), ("2", 2), ("3", 3), ("all", 3)):
        read = read_policy(lines(W1, W2, W3, f"group g {least} W1 W2 W3", "quorum g"))
        for count in range(4):
            chosen = {f"W{number}" for number in range(1, count + 1)}
            assert read.satisfied(chosen) is (count >= enough)


def test_a_quorum_may_be_one_witness_or_nobody() -> None:
    one = read_policy(lines(W1, W2, "quorum W2"))
    assert (one.satisfied({"W2"}), one.satisfied({"W1"})) == (True, False)
    none = read_policy("quorum none\n")
    assert none.satisfied(set())
    assert (none.quorum_name, one.quorum_name) == ("none", "W2")


def test_groups_and_strangers_do_not_pose_as_cosigners() -> None:
    read = read_policy(lines(W1, W2, "group g all W1 W2", "quorum g"))
    assert not read.satisfied({"g", "W1"})
    assert not read.satisfied({"stranger", "W1"})


def test_whitespace_comments_and_urls_are_as_the_text_allows() -> None:
    read = read_policy(
        lines(
            "# a comment", " \t # another", "", "\t", f"  witness\tW1 \t {vkey(1)}  https://w/1 \t",
            f"log {LOG_VKEY} https://auction.example.cn", "\tquorum  W1 ",
        )
    )  # fmt: skip
    assert read.witnesses[0].url == "https://w/1"
    assert read_policy(lines(W1, "quorum W1").removesuffix("\n")) == read_policy(
        lines(W1, "quorum W1")
    )


def test_names_are_octets() -> None:
    kelvin = f"witness \u212a {vkey(1)}\nwitness K {vkey(2)}\nquorum \u212a\n"
    read = read_policy(kelvin.encode())
    assert read.satisfied({"\u212a"})
    assert not read.satisfied({"K"})
    composed, apart = "é", "e\u0301"
    read = read_policy(f"witness {composed} {vkey(1)}\nwitness {apart} {vkey(2)}\nquorum {apart}\n")
    assert not read.satisfied({composed})
    broken = read_policy(b"witness \xff " + vkey(1).encode() + b"\nquorum \xff\n")
    assert broken.satisfied({broken.witnesses[0].name})
    # U+3000 and U+00A0 are whitespace to Python, and part of a name here.
    spaced = read_policy(f"witness a\u3000b\u00a0c {vkey(1)}\nquorum a\u3000b\u00a0c\n")
    assert spaced.satisfied({"a\u3000b\u00a0c"})


def test_a_name_may_be_a_threshold_word() -> None:
    read = read_policy(lines(f"witness all {vkey(1)}", f"witness 2 {vkey(2)}", "group any 2 2 all",
                             "quorum any"))  # fmt: skip
    assert read.satisfied({"all", "2"})
    assert not read.satisfied({"2"})


def test_a_log_that_is_not_listed_is_not_accepted() -> None:
    other = SigningKey(SITE, bytes(range(32))).verifying
    assert read_policy(EXAMPLE).accepts(LOG.verifying)
    assert not read_policy(EXAMPLE).accepts(other)
    assert read_policy("quorum none\n").accepts(other)


# ── what is no policy ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ((), Reason.NO_QUORUM),
        ((W1,), Reason.NO_QUORUM),
        ((W1, "quorum W1", "quorum W1"), Reason.SEVERAL_QUORUMS),
        (("quorum none", "quorum none"), Reason.SEVERAL_QUORUMS),
        (("quorum W1", W1), Reason.UNKNOWN_NAME),
        (("quorum",), Reason.WRONG_ITEM_COUNT),
        ((W1, "quorum W1 W1"), Reason.WRONG_ITEM_COUNT),
        (("log",), Reason.WRONG_ITEM_COUNT),
        ((f"log {LOG_VKEY} a b", "quorum none"), Reason.WRONG_ITEM_COUNT),
        (("witness W1", "quorum none"), Reason.WRONG_ITEM_COUNT),
        ((W1 + " url more", "quorum none"), Reason.WRONG_ITEM_COUNT),
        ((W1, "group g all", "quorum g"), Reason.WRONG_ITEM_COUNT),
        (("Quorum none",), Reason.UNKNOWN_LINE),
        (("policy 1", "quorum none"), Reason.UNKNOWN_LINE),
        ((W1, W1.replace("W1 ", "W9 "), "quorum none"), Reason.DUPLICATE_KEY),
        ((W1, W2.replace("W2 ", "W1 "), "quorum none"), Reason.DUPLICATE_NAME),
        ((f"log {LOG_VKEY}", f"log {LOG_VKEY}", "quorum none"), Reason.DUPLICATE_KEY),
        ((W1, W2, "group W1 any W2", "quorum W1"), Reason.DUPLICATE_NAME),
        ((W1, "group g any W1", W2.replace("W2 ", "g "), "quorum g"), Reason.DUPLICATE_NAME),
        ((W1.replace("W1 ", "none "), "quorum none"), Reason.RESERVED_NAME),
        ((W1, "group none any W1", "quorum none"), Reason.RESERVED_NAME),
        ((W1, "group g any W1 none", "quorum g"), Reason.RESERVED_NAME),
        ((W1, "group g any W1 W2", W2, "quorum g"), Reason.UNKNOWN_NAME),
        ((W1, "group g any g", "quorum g"), Reason.UNKNOWN_NAME),
        ((W1, "group g any W1 W1", "quorum g"), Reason.MEMBER_TWICE),
        ((W1, W2, "group g any W1", "group h any W1 W2", "quorum h"), Reason.MEMBER_TWICE),
        ((W1, "group g 0 W1", "quorum g"), Reason.BAD_THRESHOLD),
        ((W1, "group g 2 W1", "quorum g"), Reason.BAD_THRESHOLD),
        ((W1, "group g 01 W1", "quorum g"), Reason.BAD_THRESHOLD),
        ((W1, "group g -1 W1", "quorum g"), Reason.BAD_THRESHOLD),
        ((W1, "group g +1 W1", "quorum g"), Reason.BAD_THRESHOLD),
        ((W1, "group g 0x1 W1", "quorum g"), Reason.BAD_THRESHOLD),
        ((W1, "group g \u0661 W1", "quorum g"), Reason.BAD_THRESHOLD),
        ((W1, "group g ALL W1", "quorum g"), Reason.BAD_THRESHOLD),
        ((W1, f"group g {9**99} W1", "quorum g"), Reason.BAD_THRESHOLD),
        ((f"witness W1 {LOG_VKEY}", "quorum W1"), Reason.BAD_KEY),
        ((f"log {vkey(1)}", "quorum none"), Reason.BAD_KEY),
        (("witness W1 nonsense", "quorum W1"), Reason.BAD_KEY),
        ((W1 + "\r", "quorum W1"), Reason.FORBIDDEN_OCTET),
        ((W1, "quorum W1\x0b"), Reason.FORBIDDEN_OCTET),
        ((W1, "quorum\x00W1"), Reason.FORBIDDEN_OCTET),
        ((W1, "# \x7f", "quorum W1"), Reason.FORBIDDEN_OCTET),
    ],
)
def test_a_file_that_the_text_does_not_allow_is_refused_by_name(
    said: tuple[str, ...], reason: Reason
) -> None:
    with refused(reason):
        read_policy(lines(*said))


def test_a_key_is_the_same_under_another_name() -> None:
    renamed = CosigningKey("another.example", witness(1).seed).verifying.to_text()
    with refused(Reason.DUPLICATE_KEY):
        read_policy(lines(W1, f"witness W9 {renamed}", "quorum W1"))
    moved = SigningKey("another.example.cn", LOG.seed).verifying.to_text()
    with refused(Reason.DUPLICATE_KEY):
        read_policy(lines(f"log {LOG_VKEY}", f"log {moved}", "quorum none"))


def test_a_refusal_tells_the_line() -> None:
    with pytest.raises(PolicyBroken, match=r"UNKNOWN_NAME: line 4: W9"):
        read_policy(lines("# one", W1, "", "quorum W9"))
    with pytest.raises(PolicyBroken, match=r"FORBIDDEN_OCTET: line 2: 0x0d"):
        read_policy(lines(W1, "quorum W1\r"))


def test_what_a_refusal_quotes_is_plain_and_bounded() -> None:
    with pytest.raises(PolicyBroken) as refusal:
        read_policy(b"quorum \xff" + b"x" * 100_000 + b"\n")
    assert len(str(refusal.value)) < 250
    assert str(refusal.value).isascii()


def test_thirty_two_of_each_are_read_and_no_more() -> None:
    logs = [
        SigningKey(f"s{n}.example", n.to_bytes(32, "big")).verifying.to_text() for n in range(33)
    ]
    members = [f"witness w{n} {vkey(n)}" for n in range(33)]
    groups = [f"group g{n} any w{n}" for n in range(33)]
    full = lines(*(f"log {log}" for log in logs[:32]), *members[:32], *groups[:32], "quorum g31")
    read = read_policy(full)
    assert (len(read.logs), len(read.witnesses), len(read.groups)) == (32, 32, 32)
    with refused(Reason.TOO_MANY_LOGS):
        read_policy(full + f"log {logs[32]}\n")
    with refused(Reason.TOO_MANY_WITNESSES):
        read_policy(full + members[32] + "\n")
    with refused(Reason.TOO_MANY_GROUPS):
        read_policy(full + "group more any g1\n")
    with refused(Reason.TOO_LARGE):
        read_policy(b"#" * (policy.MAX_POLICY_BYTES + 1))


@given(st.binary(max_size=200))
def test_arbitrary_octets_are_read_or_refused_never_a_traceback(raw: bytes) -> None:
    for said in (raw, EXAMPLE.encode() + raw, b"witness " + raw, b"log " + raw + b"\nquorum none"):
        with suppress(PolicyBroken):
            read_policy(said)


# ── who cosigned ────────────────────────────────────────────────────────────────────────────


def test_the_witnesses_of_a_note_are_named_as_the_policy_names_them() -> None:
    text = HEAD.to_text()
    note = add_lines(NOTE, [cosign(text, witness(n), 1000 + n).to_line() for n in (1, 3, 9)])
    read = read_policy(lines(W1, W2, W3, "group g 2 W1 W2 W3", "quorum g"))
    assert cosigned(note, read) == {"W1": 1001, "W3": 1003}  # nobody knows number 9
    assert read.satisfied(cosigned(note, read).keys())
    assert cosigned(NOTE, read) == {}


def test_of_several_lines_by_one_witness_the_earliest_counts() -> None:
    text = HEAD.to_text()
    times = (2000, 1000, 3000)
    note = add_lines(NOTE, [cosign(text, witness(1), at_s).to_line() for at_s in times])
    assert cosigned(note, read_policy(lines(W1, "quorum W1"))) == {"W1": 1000}


def test_a_false_line_of_a_known_witness_spoils_the_note_and_of_a_stranger_nothing() -> None:
    other = Checkpoint(HEAD.origin, 1, leaf_hash(b"another")).to_text()
    note = add_lines(NOTE, [cosign(other, witness(1), 1000).to_line()])
    assert cosigned(note, read_policy(lines(W2, "quorum W2"))) == {}
    with pytest.raises(NoteBroken, match="WRONG_SIGNATURE"):
        cosigned(note, read_policy(lines(W1, "quorum W1")))
