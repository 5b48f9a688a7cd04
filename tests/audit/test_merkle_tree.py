"""The Merkle tree against the published Certificate Transparency vectors and its own definition."""

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.audit.tree import (
    EMPTY_ROOT,
    MAX_PROOF,
    Frontier,
    Reason,
    Tree,
    TreeBroken,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

LARGEST = 300

# The eight entries and roots of the Certificate Transparency reference tests.
ENTRIES = [
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
L1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
N23 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
N4567 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
L4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
N45 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
N67 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
INCLUSION = [
    (0, 1, []),
    (0, 8, [L1, N23, N4567]),
    (5, 8, [L4, N67, ROOTS[4]]),
    (2, 3, [ROOTS[2]]),
    (1, 5, [ROOTS[1], N23, L4]),
]
CONSISTENCY = [
    (1, 1, []),
    (1, 8, [L1, N23, N4567]),
    (6, 8, [N45, N67, ROOTS[4]]),
    (2, 5, [N23, L4]),
    (
        3,
        8,
        [
            "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
            "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
            ROOTS[2],
            N4567,
        ],
    ),
]

LEAVES = [leaf_hash(index.to_bytes(2, "big")) for index in range(LARGEST)]
TREE = Tree(LEAVES)
PUBLISHED = Tree(leaf_hash(entry) for entry in ENTRIES)

sizes = st.integers(1, LARGEST)


def refused(reason: Reason) -> Any:
    return pytest.raises(TreeBroken, check=lambda refusal: refusal.reason is reason)


def hexes(proof: tuple[bytes, ...]) -> list[str]:
    return [each.hex() for each in proof]


def split(size: int) -> int:
    """RFC 6962: the largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH(D[n]) word for word from RFC 6962 §2.1."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node_hash(by_definition(leaves[:k]), by_definition(leaves[k:]))


def path_by_definition(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH(m, D[n]) word for word from RFC 6962 §2.1.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path_by_definition(m, leaves[:k]), by_definition(leaves[k:])]
    return [*path_by_definition(m - k, leaves[k:]), by_definition(leaves[:k])]


def subproof_by_definition(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b) word for word from RFC 6962 §2.1.2."""
    if m == len(leaves):
        return [] if whole else [by_definition(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof_by_definition(m, leaves[:k], whole), by_definition(leaves[k:])]
    return [*subproof_by_definition(m - k, leaves[k:], False), by_definition(leaves[:k])]


def flipped(raw: bytes, bit: int) -> bytes:
    changed = bytearray(raw)
    changed[bit // 8 % len(raw)] ^= 1 << bit % 8
    return bytes(changed)


# --- published vectors ------------------------------------------------------------------------


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    assert PUBLISHED.root(size).hex() == ROOTS[size]
    leaves = [leaf_hash(entry) for entry in ENTRIES[:size]]
    assert Frontier().extend(leaves).root().hex() == ROOTS[size]


def test_published_leaf_and_node_hashes() -> None:
    assert leaf_hash(b"").hex() == ROOTS[1]
    published_leaf = "3bfb960453ebaebf33727da7a1f4db38acc051d381b6da20d6d4e88f0eabfd7a"
    assert leaf_hash(bytes(range(0x10, 0x20))).hex() == published_leaf
    published_node = "1a378704c17da31e2d05b6d121c2bb2c7d76f6ee6fa8f983e596c2d034963c57"
    assert node_hash(bytes(range(0x20)), bytes(range(0x20, 0x40))).hex() == published_node
    assert EMPTY_ROOT.hex() == ROOTS[0]


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_published_inclusion_proofs(index: int, size: int, path: list[str]) -> None:
    proof = PUBLISHED.inclusion_proof(index, size)
    assert hexes(proof) == path
    verify_inclusion(leaf_hash(ENTRIES[index]), index, size, proof, PUBLISHED.root(size))


@pytest.mark.parametrize(("old", "new", "path"), CONSISTENCY)
def test_published_consistency_proofs(old: int, new: int, path: list[str]) -> None:
    proof = PUBLISHED.consistency_proof(old, new)
    assert hexes(proof) == path
    verify_consistency(old, PUBLISHED.root(old), new, PUBLISHED.root(new), proof)


# --- every tree up to 300 leaves --------------------------------------------------------------


def test_every_root_and_frontier_up_to_300_is_the_one_the_rfc_defines() -> None:
    frontier = Frontier()
    for size in range(LARGEST + 1):
        expected = by_definition(LEAVES[:size])
        assert TREE.root(size) == frontier.root() == expected
        assert TREE.frontier(size) == frontier == Frontier().extend(LEAVES[:size])
        assert Frontier.from_bytes(frontier.to_bytes()) == frontier
        if size < LARGEST:
            frontier = frontier.append(LEAVES[size])


def test_every_inclusion_proof_up_to_300_is_valid() -> None:
    for size in range(1, LARGEST + 1):
        root = TREE.root(size)
        for index in range(size):
            proof = TREE.inclusion_proof(index, size)
            verify_inclusion(LEAVES[index], index, size, proof, root)


def test_every_consistency_proof_up_to_300_is_valid() -> None:
    for new in range(LARGEST + 1):
        root = TREE.root(new)
        for old in range(new + 1):
            proof = TREE.consistency_proof(old, new)
            verify_consistency(old, TREE.root(old), new, root, proof)


@given(sizes, st.data())
def test_proofs_are_those_of_the_rfc_definition(size: int, data: st.DataObject) -> None:
    leaves = LEAVES[:size]
    index = data.draw(st.integers(0, size - 1))
    assert list(inclusion_proof(LEAVES, index, size)) == path_by_definition(index, leaves)
    old = data.draw(st.integers(1, size))
    assert list(consistency_proof(LEAVES, old, size)) == subproof_by_definition(old, leaves, True)


# --- a flipped bit, a moved figure ------------------------------------------------------------


@given(sizes, st.data())
def test_a_flipped_bit_anywhere_breaks_an_inclusion_proof(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    parts = [LEAVES[index], TREE.root(size), *TREE.inclusion_proof(index, size)]
    at = data.draw(st.integers(0, len(parts) - 1))
    parts[at] = flipped(parts[at], data.draw(st.integers(0, 255)))
    leaf, root, *proof = parts
    with refused(Reason.WRONG_ROOT):
        verify_inclusion(leaf, index, size, proof, root)


@given(st.integers(2, LARGEST), st.data())
def test_a_flipped_bit_anywhere_breaks_a_consistency_proof(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new - 1))
    parts = [TREE.root(old), TREE.root(new), *TREE.consistency_proof(old, new)]
    at = data.draw(st.integers(0, len(parts) - 1))
    parts[at] = flipped(parts[at], data.draw(st.integers(0, 255)))
    old_root, new_root, *proof = parts
    with pytest.raises(TreeBroken) as refusal:
        verify_consistency(old, old_root, new, new_root, proof)
    assert refusal.value.reason in {Reason.WRONG_ROOT, Reason.WRONG_OLD_ROOT}


def test_every_bit_of_every_small_proof_counts() -> None:
    for size in range(1, 9):
        for index in range(size):
            proof = PUBLISHED.inclusion_proof(index, size)
            for at in range(len(proof)):
                for bit in range(256):
                    bad = [*proof[:at], flipped(proof[at], bit), *proof[at + 1 :]]
                    with pytest.raises(TreeBroken):
                        verify_inclusion(
                            leaf_hash(ENTRIES[index]), index, size, bad, PUBLISHED.root(size)
                        )


@given(sizes, st.data())
def test_a_proof_serves_no_other_index(size: int, data: st.DataObject) -> None:
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    proof = TREE.inclusion_proof(index, size)
    if other != index:
        with pytest.raises(TreeBroken):
            verify_inclusion(LEAVES[index], other, size, proof, TREE.root(size))


@given(sizes, st.data())
def test_a_cut_or_padded_proof_is_refused_by_its_length(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof, root = TREE.inclusion_proof(index, size), TREE.root(size)
    with refused(Reason.WRONG_PROOF_LENGTH):
        verify_inclusion(LEAVES[index], index, size, (*proof, root), root)
    if proof:
        with refused(Reason.WRONG_PROOF_LENGTH):
            verify_inclusion(LEAVES[index], index, size, proof[:-1], root)


@given(st.integers(2, LARGEST), st.data())
def test_a_cut_or_padded_consistency_proof_is_refused_by_its_length(
    new: int, data: st.DataObject
) -> None:
    old = data.draw(st.integers(1, new - 1))
    proof, old_root, root = TREE.consistency_proof(old, new), TREE.root(old), TREE.root(new)
    for wrong in ((*proof, root), proof[:-1]):
        with refused(Reason.WRONG_PROOF_LENGTH):
            verify_consistency(old, old_root, new, root, wrong)


def test_a_node_cannot_pose_as_a_leaf() -> None:
    # Without the two prefixes the inner node over leaves 0 and 1 would pass as an entry.
    forged = PUBLISHED.leaf(0) + PUBLISHED.leaf(1)
    with refused(Reason.WRONG_ROOT):
        verify_inclusion(leaf_hash(forged), 0, 1, (), PUBLISHED.root(2))


# --- refused by name --------------------------------------------------------------------------


@pytest.mark.parametrize(("index", "size"), [(-1, 8), (8, 8), (0, 0), (9, 8), (0, 2**53)])
def test_an_index_outside_the_tree_is_refused(index: int, size: int) -> None:
    with refused(Reason.INDEX_OUTSIDE_TREE):
        verify_inclusion(LEAVES[0], index, size, (), EMPTY_ROOT)


@pytest.mark.parametrize("index", [-1, 8])
def test_no_proof_or_leaf_is_given_outside_the_tree(index: int) -> None:
    with refused(Reason.INDEX_OUTSIDE_TREE):
        PUBLISHED.inclusion_proof(index)
    with refused(Reason.INDEX_OUTSIDE_TREE):
        PUBLISHED.leaf(index)


def test_no_proof_is_given_for_a_tree_that_does_not_exist_yet() -> None:
    for ask in (PUBLISHED.root, PUBLISHED.frontier):
        with refused(Reason.SIZE_OUTSIDE_TREE):
            ask(9)
    with refused(Reason.SIZE_OUTSIDE_TREE):
        PUBLISHED.consistency_proof(5, 4)
    with refused(Reason.SIZE_OUTSIDE_TREE):
        consistency_proof(LEAVES, 1, LARGEST + 1)


def test_a_tree_that_shrank_is_refused() -> None:
    with refused(Reason.TREE_SHRANK):
        verify_consistency(8, TREE.root(8), 7, TREE.root(7), ())


def test_two_heads_of_one_size_are_a_fork() -> None:
    with refused(Reason.WRONG_ROOT):
        verify_consistency(8, TREE.root(8), 8, PUBLISHED.root(8), ())


def test_from_the_empty_tree_nothing_is_proved_and_nothing_offered() -> None:
    verify_consistency(0, EMPTY_ROOT, 8, TREE.root(8), ())
    with refused(Reason.WRONG_PROOF_LENGTH):
        verify_consistency(0, EMPTY_ROOT, 8, TREE.root(8), (LEAVES[0],))
    with refused(Reason.WRONG_OLD_ROOT):
        verify_consistency(0, TREE.root(1), 8, TREE.root(8), ())
    with refused(Reason.WRONG_OLD_ROOT):
        verify_consistency(0, LEAVES[0], 0, LEAVES[0], ())


def test_a_hash_of_the_wrong_length_is_refused_everywhere() -> None:
    short = LEAVES[0][:-1]
    for call in (
        lambda: verify_inclusion(short, 0, 1, (), LEAVES[0]),
        lambda: verify_inclusion(LEAVES[0], 0, 2, (short,), LEAVES[0]),
        lambda: verify_consistency(1, LEAVES[0], 2, TREE.root(2), (short,)),
        lambda: Tree((short,)),
        lambda: Frontier().append(short),
    ):
        with refused(Reason.WRONG_HASH_LENGTH):
            call()


def test_a_proof_longer_than_any_tree_is_refused() -> None:
    endless = (LEAVES[0],) * (MAX_PROOF + 1)
    with refused(Reason.WRONG_PROOF_LENGTH):
        verify_inclusion(LEAVES[0], 0, 2**53 - 1, endless, LEAVES[0])
    with refused(Reason.WRONG_PROOF_LENGTH):
        verify_consistency(1, LEAVES[0], 2**53 - 1, LEAVES[0], endless)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        bytes(7),
        bytes(8) + LEAVES[0],
        bytes(7) + b"\x03" + LEAVES[0],
        bytes(7) + b"\x01",
        bytes(7) + b"\x01" + LEAVES[0] + b"\x00",
        b"\xff" * 8 + b"".join(LEAVES[:64]),
    ],
)
def test_a_stored_frontier_of_the_wrong_shape_is_refused(raw: bytes) -> None:
    with refused(Reason.WRONG_FRONTIER):
        Frontier.from_bytes(raw)


def test_the_stored_frontier_is_its_size_and_its_subtrees() -> None:
    stored = PUBLISHED.frontier(6).to_bytes()
    assert stored.hex() == "0000000000000006" + ROOTS[4] + N45


@pytest.mark.parametrize("first", [0, 1, 2, 3, 5, 6, 8, 13, 31, 32, 33, 40])
@pytest.mark.parametrize("how", ["after a frontier", "by forgetting"])
def test_a_tree_without_its_first_leaves_proves_the_later_ones_alike(first: int, how: str) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(41)]
    whole = Tree(leaves)
    if how == "after a frontier":
        late = Tree(leaves[first:], after=whole.frontier(first))
    else:
        late = Tree(leaves)
        late.forget(first // 2)
        late.forget(first)
    for size in range(first, len(leaves) + 1):
        assert late.root(size) == whole.root(size)
        assert late.frontier(size) == whole.frontier(size)
        for index in range(first, size):
            assert late.inclusion_proof(index, size) == whole.inclusion_proof(index, size)
        for old in range(first + 1, size):
            assert late.consistency_proof(old, size) == whole.consistency_proof(old, size)
    for asked in ("leaf", "root", "frontier"):
        with pytest.raises(TreeBroken):
            getattr(late, asked)(first - 1)
