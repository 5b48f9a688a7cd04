"""The RFC 6962 Merkle tree: roots, inclusion and consistency proofs, and their checks.

A leaf here is always a leaf *hash*, 32 bytes; `leaf_hash` makes it from an entry's stored bytes.
Levels count from the leaves: the node `i` of level `h` covers the leaves from `i << h` on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from service.audit.broken import Broken
from service.audit.encodings import MAX_INTEGER

HASH_BYTES = 32
MAX_PROOF = 64  # hashes; a tree of 2^53 leaves needs 54
_SIZE_BYTES = 8

Proof = tuple[bytes, ...]


class Reason(StrEnum):
    """Why a tree, a frontier or a proof is refused."""

    INDEX_OUTSIDE_TREE = "INDEX_OUTSIDE_TREE"
    SIZE_OUTSIDE_TREE = "SIZE_OUTSIDE_TREE"
    TREE_SHRANK = "TREE_SHRANK"
    WRONG_HASH_LENGTH = "WRONG_HASH_LENGTH"
    WRONG_PROOF_LENGTH = "WRONG_PROOF_LENGTH"
    WRONG_ROOT = "WRONG_ROOT"
    WRONG_OLD_ROOT = "WRONG_OLD_ROOT"
    WRONG_FRONTIER = "WRONG_FRONTIER"


class TreeBroken(Broken):
    """A figure, hash or proof that no honest tree gives."""


def leaf_hash(entry: bytes) -> bytes:
    """RFC 6962 §2.1: SHA-256(0x00 ‖ entry). The prefix keeps a leaf from posing as a node."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 §2.1: SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


EMPTY_ROOT = sha256(b"").digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree reduced to what appending needs: its size and its full subtrees, largest first.

    One subtree for each one-bit of `size`, so at most 53 hashes whatever the size.
    """

    size: int = 0
    subtrees: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_INTEGER or len(self.subtrees) != self.size.bit_count():
            raise TreeBroken(Reason.WRONG_FRONTIER, f"{len(self.subtrees)} for size {self.size}")
        _check_hashes(self.subtrees)

    def append(self, leaf: bytes) -> "Frontier":
        """The frontier after one more leaf hash."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> "Frontier":
        """The frontier after these leaf hashes, in order."""
        size, subtrees = self.size, list(self.subtrees)
        for leaf in leaves:
            node, ones = leaf, size
            while ones & 1:
                node = node_hash(subtrees.pop(), node)
                ones >>= 1
            subtrees.append(node)
            size += 1
        return Frontier(size, tuple(subtrees))

    def root(self) -> bytes:
        """The tree's root, 32 bytes."""
        if not self.subtrees:
            return EMPTY_ROOT
        root = self.subtrees[-1]
        for left in reversed(self.subtrees[:-1]):
            root = node_hash(left, root)
        return root

    def to_bytes(self) -> bytes:
        """Stored form: size as 8 big-endian bytes, then the subtrees, largest first."""
        return self.size.to_bytes(_SIZE_BYTES, "big") + b"".join(self.subtrees)

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Frontier":
        """Read the stored form; raises TreeBroken for any other length."""
        hashes = raw[_SIZE_BYTES:]
        if len(raw) < _SIZE_BYTES or len(hashes) % HASH_BYTES:
            raise TreeBroken(Reason.WRONG_FRONTIER, f"{len(raw)} bytes")
        cuts = range(0, len(hashes), HASH_BYTES)
        subtrees = tuple(hashes[at : at + HASH_BYTES] for at in cuts)
        return cls(int.from_bytes(raw[:_SIZE_BYTES], "big"), subtrees)


class Tree:
    """A growing tree that keeps every full subtree's hash, about 64 bytes of hash a leaf.

    Any earlier size can be asked too, down to `first`: proofs and roots cost O(log n). One owner
    appends. after: the frontier that the tree goes on from; leaves before it are not here.
    """

    def __init__(self, leaves: Iterable[bytes] = (), *, after: Frontier | None = None) -> None:
        before = after or Frontier()
        self.first = before.size
        heights = range(max(before.size.bit_length(), 1))
        # How many nodes of each level are not here: always an even number, so pairs stay pairs.
        self._gone = [_left_of(before.size, height) for height in heights]
        self._levels: list[list[bytes]] = [[] for _ in heights]
        full = [height for height in reversed(heights) if before.size >> height & 1]
        for height, node in zip(full, before.subtrees, strict=True):
            self._levels[height].append(node)
        self._last_edges: tuple[int, list[bytes]] = (0, [])
        self.extend(leaves)

    @property
    def size(self) -> int:
        """Leaves appended so far, those before `first` included."""
        return self._gone[0] + len(self._levels[0])

    def append(self, leaf: bytes) -> int:
        """Append one leaf hash and return its index."""
        _check_hashes((leaf,))
        levels, height, node = self._levels, 0, leaf
        index = self.size
        levels[0].append(node)
        while len(levels[height]) % 2 == 0:
            node = node_hash(levels[height][-2], node)
            height += 1
            if height == len(levels):
                levels.append([])
                self._gone.append(0)
            levels[height].append(node)
        return index

    def forget(self, before: int) -> None:
        """Keeps what sizes and leaves from `before` on need, and lets the rest go."""
        before = self._known(before)
        for height, level in enumerate(self._levels):
            gone = _left_of(before, height)
            del level[: gone - self._gone[height]]
            self._gone[height] = gone
        self.first = before

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Append leaf hashes in order."""
        for leaf in leaves:
            self.append(leaf)

    def leaf(self, index: int) -> bytes:
        """The leaf hash at `index`."""
        if not self.first <= index < self.size:
            raise TreeBroken(Reason.INDEX_OUTSIDE_TREE, f"{index} of {self.size}")
        return self._node(0, index)

    def root(self, size: int | None = None) -> bytes:
        """The root at `size` leaves, by default at all of them."""
        size = self._known(size)
        return self.frontier(size).root() if size == self.first else self._edges(size)[-1]

    def frontier(self, size: int | None = None) -> Frontier:
        """The frontier at `size` leaves, by default at all of them."""
        size = self._known(size)
        heights = [h for h in reversed(range(size.bit_length())) if size >> h & 1]
        # The full subtree of height h on the right edge is the last whole node of its level.
        return Frontier(size, tuple(self._node(h, (size >> h) - 1) for h in heights))

    def inclusion_proof(self, index: int, size: int | None = None) -> Proof:
        """RFC 6962 §2.1.1 PATH(index, D[size]): siblings from the leaf's up to the root's child."""
        size = self._known(size)
        if not self.first <= index < size:
            raise TreeBroken(Reason.INDEX_OUTSIDE_TREE, f"{index} of {size}")
        edges = self._edges(size)
        return self._climb(index, size - 1, 0, edges)

    def consistency_proof(self, old: int, new: int | None = None) -> Proof:
        """RFC 6962 §2.1.2 PROOF(old, D[new]); empty when `old` is 0 or equals `new`."""
        new = self._known(new)
        if not 0 <= old <= new:
            raise TreeBroken(Reason.SIZE_OUTSIDE_TREE, f"{old} before {new}")
        if old in (0, new):
            return ()
        if old <= self.first:
            raise TreeBroken(Reason.SIZE_OUTSIDE_TREE, f"{old} before {self.first}")
        edges, height = self._edges(new), 0
        node, last = old - 1, new - 1
        while node & 1:
            node, last, height = node >> 1, last >> 1, height + 1
        # An old size that is a power of two is one whole node: its root is already known.
        start = (self._node(height, node),) if node else ()
        return start + self._climb(node, last, height, edges)

    def _climb(self, node: int, last: int, height: int, edges: list[bytes]) -> Proof:
        """The siblings met from node `node` of level `height` up to the root."""
        path = []
        while last:
            sibling = node ^ 1
            if sibling <= last:
                path.append(edges[height] if sibling == last else self._node(height, sibling))
            node, last, height = node >> 1, last >> 1, height + 1
        return tuple(path)

    def _edges(self, size: int) -> list[bytes]:
        """The hash of the last, often unfinished, node of each level, leaves first, root last.

        size: more than `first`.
        """
        if self._last_edges[0] == size:
            return self._last_edges[1]  # every receipt of a batch asks for the same size
        last = size - 1
        edges = [self._node(0, last)]
        while last:
            height = len(edges) - 1
            edge = edges[-1]
            # A node without a right sibling rises unchanged (RFC 6962 splits at a power of two).
            edges.append(node_hash(self._node(height, last - 1), edge) if last & 1 else edge)
            last >>= 1
        self._last_edges = (size, edges)
        return edges

    def _node(self, height: int, index: int) -> bytes:
        return self._levels[height][index - self._gone[height]]

    def _known(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not self.first <= size <= self.size:
            raise TreeBroken(Reason.SIZE_OUTSIDE_TREE, f"{size} of {self.size}")
        return size


def _left_of(size: int, height: int) -> int:
    """Nodes of a level that no proof for leaves from `size` on asks for: whole pairs to its left,
    but for the one that may be a full subtree of the frontier."""
    return (size >> height) & ~1


def inclusion_proof(leaves: Sequence[bytes], index: int, size: int) -> Proof:
    """PATH(index, D[size]) over the first `size` of these leaf hashes."""
    return Tree(leaves[:size]).inclusion_proof(index, size)


def consistency_proof(leaves: Sequence[bytes], old: int, new: int) -> Proof:
    """PROOF(old, D[new]) over the first `new` of these leaf hashes."""
    return Tree(leaves[:new]).consistency_proof(old, new)


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Raise TreeBroken unless `proof` binds the leaf hash at `index` to `root`.

    The steps are those of RFC 9162 §2.1.3.2; the proof is RFC 6962's own.
    """
    if not 0 <= index < size <= MAX_INTEGER:
        raise TreeBroken(Reason.INDEX_OUTSIDE_TREE, f"{index} of {size}")
    _check_hashes((leaf, root, *proof))
    node, last, found = index, size - 1, leaf
    for sibling in proof:
        if not last:
            raise TreeBroken(Reason.WRONG_PROOF_LENGTH, "too long")
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            node, last = _past_left_edge(node, last)
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise TreeBroken(Reason.WRONG_PROOF_LENGTH, "too short")
    _same_root(found, root, Reason.WRONG_ROOT)


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Raise TreeBroken unless the old tree is a prefix of the new one (RFC 9162 §2.1.4.2)."""
    if not 0 <= old_size <= new_size <= MAX_INTEGER:
        raise TreeBroken(Reason.TREE_SHRANK, f"{old_size} to {new_size}")
    _check_hashes((old_root, new_root, *proof))
    if old_size in (0, new_size):
        _verify_trivial(old_size, old_root, new_size, new_root, proof)
        return
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    # For a power of two the old root itself is the first node, and the proof leaves it out.
    path = list(proof) if node else [old_root, *proof]
    if not path:
        raise TreeBroken(Reason.WRONG_PROOF_LENGTH, "too short")
    old_found, new_found = _fold_consistency(node, last, path)
    _same_root(old_found, old_root, Reason.WRONG_OLD_ROOT)
    _same_root(new_found, new_root, Reason.WRONG_ROOT)


def shown_old_root(
    old_size: int, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> bytes | None:
    """The root that `proof` shows for the old tree under `new_root`; None when it shows none.

    A log that signed another root of that size has forked, and the proof convicts it. For an
    old size that is a power of two the proof leaves the old root out and so shows nothing.
    """
    if not 0 < old_size < new_size <= MAX_INTEGER or not proof:
        return None
    _check_hashes((new_root, *proof))
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    if not node:
        return None
    try:
        old_found, new_found = _fold_consistency(node, last, list(proof))
    except TreeBroken:
        return None
    return old_found if new_found == new_root else None


def _verify_trivial(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """From nothing, or to itself: nothing to prove, and nothing may be offered (tlog-witness)."""
    if proof:
        raise TreeBroken(Reason.WRONG_PROOF_LENGTH, "too long")
    if old_size == 0:
        _same_root(old_root, EMPTY_ROOT, Reason.WRONG_OLD_ROOT)
    if old_size == new_size:
        _same_root(old_root, new_root, Reason.WRONG_ROOT)


def _fold_consistency(node: int, last: int, path: list[bytes]) -> tuple[bytes, bytes]:
    old_found = new_found = path[0]
    for sibling in path[1:]:
        if not last:
            raise TreeBroken(Reason.WRONG_PROOF_LENGTH, "too long")
        if node & 1 or node == last:
            old_found = node_hash(sibling, old_found)
            new_found = node_hash(sibling, new_found)
            node, last = _past_left_edge(node, last)
        else:
            new_found = node_hash(new_found, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise TreeBroken(Reason.WRONG_PROOF_LENGTH, "too short")
    return old_found, new_found


def _past_left_edge(node: int, last: int) -> tuple[int, int]:
    """Skip the levels on which a right-edge node has no sibling and rises unchanged."""
    while node and not node & 1:
        node, last = node >> 1, last >> 1
    return node, last


def _check_hashes(hashes: Iterable[bytes]) -> None:
    for each in hashes:
        if len(each) != HASH_BYTES:
            raise TreeBroken(Reason.WRONG_HASH_LENGTH, f"{len(each)} bytes")


def _same_root(found: bytes, expected: bytes, reason: Reason) -> None:
    if found != expected:
        raise TreeBroken(reason, f"expected {expected.hex()}, found {found.hex()}")
