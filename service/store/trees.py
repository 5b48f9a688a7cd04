"""Merkle trees of stored logs, kept while they are asked for.

Consistency proofs come from them, and receipts of bids that a room no longer has in memory.
"""

import asyncio
from collections import OrderedDict

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.audit.tree import Tree
from service.store.log_tables import log_entries

LEAVES_A_READ = 4_000


class Trees:
    """Owns the trees of one process. At most `most_leaves` leaves, the longest unused tree first
    to go; the one just asked for is kept whatever its size."""

    def __init__(self, most_leaves: int) -> None:
        self._most_leaves = most_leaves
        self._trees: OrderedDict[str, Tree] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}

    async def tree(self, connection: AsyncConnection, log: str, size: int, root: bytes) -> Tree:
        """The log's tree with at least `size` leaves; `root` is the stored one of that head.

        Raises LookupError when the stored leaves do not give that root.
        """
        async with self._locks.setdefault(log, asyncio.Lock()):
            tree = self._trees.pop(log, None) or Tree()
            if tree.size >= size and tree.root(size) != root:
                tree = Tree()  # another database stands behind the same engine
            await _extend(connection, log, tree, size)
            if tree.size < size or tree.root(size) != root:
                raise LookupError(f"{log}: the stored leaves do not give the head of {size}")
            self._trees[log] = tree
        self._forget()
        return tree

    def _forget(self) -> None:
        while len(self._trees) > 1 and sum(t.size for t in self._trees.values()) > (
            self._most_leaves
        ):
            log, _ = self._trees.popitem(last=False)
            if not self._locks[log].locked():
                del self._locks[log]


async def _extend(connection: AsyncConnection, log: str, tree: Tree, size: int) -> None:
    """Reads the missing leaves in pieces that leave room for bids between them."""
    entries = log_entries.c
    asked = select(entries.leaf).where(entries.log == log).order_by(entries.seq)
    while tree.size < size:
        piece = asked.where(entries.seq >= tree.size, entries.seq < size).limit(LEAVES_A_READ)
        rows = (await connection.execute(piece)).scalars().all()
        if not rows:
            return
        await asyncio.to_thread(tree.extend, rows)
