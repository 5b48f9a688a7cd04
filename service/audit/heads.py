"""The signed heads of a pack, in order of size, and the batches of entries they closed."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from hashlib import sha256

from service.audit import notes
from service.audit.archive import PackUnreadable, Reason
from service.audit.broken import Broken
from service.audit.checks import Check
from service.audit.notes import MAX_NOTE_BYTES, Note, VerifyingKey
from service.audit.pack import CHECKPOINTS, Pack
from service.audit.tree import Tree


class Heads:
    """Reads and proves every checkpoint, then meets the tree as it grows past each of them.

    proven: is told of each head's size and note, once the log's own signature holds.
    """

    def __init__(
        self,
        pack: Pack,
        key: VerifyingKey,
        origin: str,
        check: Check,
        proven: Callable[[int, Note], None],
    ) -> None:
        self.sizes: list[int] = []
        self.roots: list[bytes] = []
        self._notes: list[bytes] = []
        self._check, self._proven = check, proven
        self._met = 0
        for text in _notes_of(pack, check):
            self._take(text, key, origin)

    def compare(self, tree: Tree) -> None:
        """To be called after every entry."""
        if self._met == len(self.sizes) or self.sizes[self._met] != tree.size:
            return
        expected, found = self.roots[self._met], tree.root()
        if expected != found:
            self._check.fail("a signed root is not that of the entries", None, expected, found)
        self._met += 1

    def finish(self, entries: int) -> None:
        """To be called after the last entry: heads and entries end together."""
        last = self.sizes[-1] if self.sizes else 0
        if last > entries:
            self._check.fail("a signed head covers entries that are gone", entries, last, entries)
        elif last < entries or not entries:
            self._check.fail("no signed head covers the last entries", last, entries, last)

    def of_batch(self, seq: int) -> int | None:
        """Which head was the first to cover the entry at `seq`."""
        place = bisect_right(self.sizes, seq)
        return place if place < len(self.sizes) else None

    def of_size(self, size: int) -> int | None:
        """Which head has exactly this size."""
        place = bisect_left(self.sizes, size)
        return place if self.sizes[place : place + 1] == [size] else None

    def is_note(self, place: int, text: str) -> bool:
        """Whether `text` is, byte for byte, the note of that head before any witness saw it."""
        return self._notes[place] == _digest(text)

    def _take(self, text: str, key: VerifyingKey, origin: str) -> None:
        check, last = self._check, self.sizes[-1] if self.sizes else 0
        check.counted += 1
        try:
            head, note = notes.open_head(text, key, origin)
        except Broken as refusal:
            check.fail(f"checkpoint {check.counted}", None, f"signed by {key.to_text()}", refusal)
            return
        if head.size <= last:
            check.fail("checkpoints do not ascend", None, f"more than {last}", head.size)
            return
        self.sizes.append(head.size)
        self.roots.append(head.root)
        alone = len(note.signatures) == 1
        self._notes.append(_digest(text if alone else notes.signed_only_by(note, key).to_text()))
        self._proven(head.size, note)


def _notes_of(pack: Pack, check: Check) -> Iterator[str]:
    """The notes one by one: three lines, an empty one, signatures, and one empty line between."""
    raw, gaps, between = b"", 0, False
    for line in pack.lines(CHECKPOINTS):
        between = False
        gaps += not line
        if gaps < 2:
            raw += line + b"\n"
            if len(raw) > MAX_NOTE_BYTES:
                raise PackUnreadable(Reason.LINE_TOO_LONG, f"a note of {CHECKPOINTS}")
            continue
        yield raw.decode(errors="replace")
        raw, gaps, between = b"", 0, True
    if raw:
        yield raw.decode(errors="replace")
    if between:
        check.fail(f"{CHECKPOINTS} ends in an empty line")


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()
