"""The evidence pack (bid-log.md §7): built from what is stored, opened without believing it.

A pack holds `log.jsonl`, `checkpoints.txt`, `house/`, `receipts/`, `health.jsonl`, `documents/`,
`timestamps/`, for people `report.pdf`, for regulators `sessions.jsonl` and `views.jsonl`, and last
`manifest.json`, which covers every other file. The same contents and key always give the same
bytes.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from json import loads
from typing import BinaryIO

from service.audit import archive, canonical, notes
from service.audit.archive import Archive, Member, PackUnreadable, Reason
from service.audit.cosignatures import add_lines
from service.audit.notes import Checkpoint, SigningKey
from service.audit.proofs import SUFFIX, Receipt
from service.audit.tree import Proof, Tree, leaf_hash

MANIFEST = "manifest.json"
LOG = "log.jsonl"
CHECKPOINTS = "checkpoints.txt"
HEALTH = "health.jsonl"
HOUSE = "house/"
RECEIPTS = "receipts/"
DOCUMENTS = "documents/"
TIMESTAMPS = "timestamps/"
STAMP_SUFFIX = ".tsr"
REPORT = "report.pdf"
SESSIONS = "sessions.jsonl"
VIEWS = "views.jsonl"

MAX_LINE_BYTES = canonical.MAX_BYTES
MAX_ENTRIES = 1_000_000  # of one lot; each costs memory even when it is an empty line
MAX_LINES = 10_000_000  # of any other file; ten days of health from several processes are fewer
MAX_MANIFEST_BYTES = 64 << 20  # a quarter of a million rows are 50 MB

_REQUIRED = (MANIFEST, LOG, CHECKPOINTS)
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# The last row names files of the specification that no check here opens; the manifest holds them.
_KNOWN = re.compile(
    r"manifest\.json|log\.jsonl|checkpoints\.txt|health\.jsonl"
    rf"|house/(?:0|[1-9][0-9]{{0,15}})\.tlog-proof|receipts/{_UUID}\.tlog-proof"
    r"|documents/[0-9a-f]{64}"
    r"|timestamps/[a-z0-9._-]+\.tsr|report\.pdf|sessions\.jsonl|views\.jsonl"
)
# The manifest is canonical JSON with one possible spelling, so it is read by that spelling: a
# hundred thousand receipts make it larger than any value the canonical reader takes.
_ROW = re.compile(
    rb'"([a-z0-9._/-]{1,200})":\{"sha256":"([0-9a-f]{64})","size":(0|[1-9][0-9]{0,15})\}'
)
_MANIFEST_HEAD = b'{"files":{'
_MANIFEST_TAIL = re.compile(rb'\},"log":"([a-z0-9][a-z0-9./-]{1,250})","v":1\}')


# ── building ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Head:
    """A tree head, unsigned: the size after a committed batch and its root (32 bytes)."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class HouseRecord:
    """A house entry that concerns the lot, and its path to the house head of the pack."""

    entry: bytes
    seq: int
    proof: Proof


@dataclass(frozen=True, slots=True)
class HealthRow:
    """One durable write that proves the bid path open. at: UTC ms."""

    at: int
    process: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackContents:
    """What is stored about one lot.

    entries: stored bytes, seq after seq. heads: one per committed batch, ascending. health: in
    order of `at`. documents: lowercase hex SHA-256 → bytes. cosignatures: tree size → witnesses'
    lines for the head of that size, verbatim; house_cosignatures: those of `house_head`.
    timestamps: tree size → the authority's answer. Of both, what is for a size without a head here
    is left out: it was read a moment later. sessions, views: JSON lines without their ends.
    """

    origin: str
    entries: Sequence[bytes]
    heads: Sequence[Head]
    house: Sequence[HouseRecord]
    house_head: Head
    health: Sequence[HealthRow] = ()
    documents: Mapping[str, bytes] = field(default_factory=dict)
    cosignatures: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    house_cosignatures: tuple[str, ...] = ()
    timestamps: Mapping[int, bytes] = field(default_factory=dict)
    report: bytes | None = None
    sessions: Iterable[bytes] = ()
    views: Iterable[bytes] = ()


def build(contents: PackContents, key: SigningKey) -> bytes:
    """The pack's bytes, checkpoints and receipts signed by `key`.

    Witnesses' lines stand in `checkpoints.txt` and under the house head, not in receipts, which
    are what the bidders got. Raises NoteBroken when the key's name is not the origin's site or a
    cosignature is no signature line, ValueError when a bid stands after the last head: entries and
    heads must be read in one look.
    """
    # What others wrote may deflate to almost nothing, which no reader would unpack (MAX_RATIO).
    files = with_manifest(contents.origin, _files(contents, key))
    return archive.write(files, as_it_is=DOCUMENTS)


def with_manifest(origin: str, files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """These files, which must come in order of name, and last their manifest."""
    rows = []
    for name, data in files:
        digest = sha256(data).hexdigest()
        rows.append(f'"{name}":{{"sha256":"{digest}","size":{len(data)}}}')
        yield name, data
    yield MANIFEST, f'{{"files":{{{",".join(rows)}}},"log":"{origin}","v":1}}'.encode()


def _files(contents: PackContents, key: SigningKey) -> Iterator[tuple[str, bytes]]:
    signed = {head.size: _sign(contents.origin, head, key) for head in contents.heads}
    yield CHECKPOINTS, "\n".join(_witnessed(signed, contents.cosignatures)).encode()
    for digest, document in sorted(contents.documents.items()):
        yield DOCUMENTS + digest, document
    yield HEALTH, b"".join(_health_line(row) for row in contents.health)
    yield from sorted(_house_files(contents, key))
    yield LOG, b"".join(entry + b"\n" for entry in contents.entries)
    yield from _receipt_files(contents.entries, signed)
    if contents.report is not None:
        yield REPORT, contents.report
    yield from _lines_file(SESSIONS, contents.sessions)
    yield from sorted(_stamp_files(contents.timestamps, signed))
    yield from _lines_file(VIEWS, contents.views)


def _witnessed(
    signed: Mapping[int, str], cosignatures: Mapping[int, tuple[str, ...]]
) -> Iterator[str]:
    for size, note in signed.items():
        yield add_lines(note, cosignatures.get(size, ()))


def _stamp_files(
    timestamps: Mapping[int, bytes], signed: Mapping[int, str]
) -> Iterator[tuple[str, bytes]]:
    for size, tsr in timestamps.items():
        if size in signed:
            yield f"{TIMESTAMPS}{size}{STAMP_SUFFIX}", tsr


def _lines_file(name: str, lines: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """A file of these lines; none at all when there are none."""
    data = b"".join(line + b"\n" for line in lines)
    if data:
        yield name, data


def _sign(origin: str, head: Head, key: SigningKey) -> str:
    return notes.sign_checkpoint(key, Checkpoint(origin, head.size, head.root))


def _health_line(row: HealthRow) -> bytes:
    return canonical.encode({"at": row.at, "process": row.process}) + b"\n"


def _house_files(contents: PackContents, key: SigningKey) -> Iterator[tuple[str, bytes]]:
    head = _sign(notes.house_origin(notes.site_of(contents.origin)), contents.house_head, key)
    head = add_lines(head, contents.house_cosignatures)
    for record in contents.house:
        receipt = Receipt(record.entry, record.seq, record.proof, head)
        yield f"{HOUSE}{record.seq}{SUFFIX}", receipt.to_text().encode()


def _receipt_files(
    entries: Sequence[bytes], signed: Mapping[int, str]
) -> Iterator[tuple[str, bytes]]:
    """A receipt for every decided bid, against the head of the batch it was committed in."""
    tree = Tree(leaf_hash(entry) for entry in entries)
    sizes = list(signed)
    for bid_id, seq in sorted(_bids(entries)):
        batch = bisect_right(sizes, seq)
        if batch == len(sizes):
            raise ValueError(f"no head covers the bid at seq {seq}")
        size = sizes[batch]
        proof = tree.inclusion_proof(seq, size)
        receipt = Receipt(entries[seq], seq, proof, signed[size])
        yield f"{RECEIPTS}{bid_id}{SUFFIX}", receipt.to_text().encode()


def _bids(entries: Sequence[bytes]) -> Iterator[tuple[str, int]]:
    for seq, entry in enumerate(entries):
        command = loads(entry)["command"]
        if command["type"] == "place_bid":
            yield command["bid_id"], seq


# ── opening ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Fault:
    """What a file is and what the manifest says of it, for people."""

    detail: str
    expected: str | None = None
    found: str | None = None


class Pack:
    """An opened pack. Each file is compared with the manifest while it is read for its check.

    fault: the first way in which manifest and files disagree, complete after `finish`.
    origin: of the lot's log as the manifest names it, None when there is no telling.
    """

    def __init__(self, source: BinaryIO) -> None:
        """Raises PackUnreadable when it is no plain ZIP or lacks a file it must have."""
        self._archive = Archive(source)
        for name in _REQUIRED:
            if self._archive.find(name) is None:
                raise PackUnreadable(Reason.MISSING_FILE, name)
        self.fault: Fault | None = None
        self.origin: str | None = None
        self.files = len(self._archive.members) - 1
        self._digests: dict[str, bytes] = {}
        self._compared: set[str] = set()
        self._read_manifest()

    def names(self, folder: str) -> list[str]:
        """The files of a folder, in order of name."""
        return [each.name for each in self._archive.members if each.name.startswith(folder)]

    def digest(self, name: str) -> str:
        """The SHA-256 (hex) of a file, which is never whole in memory."""
        digest = sha256()
        for chunk in self._hashed(self._member(name)):
            digest.update(chunk)
        return digest.hexdigest()

    def read(self, name: str, most: int) -> bytes:
        """A whole file of at most `most` bytes; raises ValueError for a larger one."""
        member = self._member(name)
        if member.size > most:
            raise ValueError(f"{Reason.TOO_LARGE}: {member.size} bytes, at most {most}")
        raw = self._archive.read(member)
        self._compare(member, sha256(raw).digest())
        return raw

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a file without their ends; nothing when there is no such file.

        Raises PackUnreadable for a line above MAX_LINE_BYTES, for too many lines, and for a last
        line without an end.
        """
        if self._archive.find(name) is None:
            return
        rest, left = b"", MAX_ENTRIES if name == LOG else MAX_LINES
        for chunk in self._hashed(self._member(name)):
            *lines, rest = (rest + chunk).split(b"\n")
            left -= len(lines)
            if left < 0:
                raise PackUnreadable(Reason.TOO_MANY_LINES, name)
            yield from lines
            if len(rest) > MAX_LINE_BYTES:
                raise PackUnreadable(Reason.LINE_TOO_LONG, name)
        if rest:
            raise PackUnreadable(Reason.LINE_NOT_ENDED, name)

    def finish(self) -> None:
        """Compare the files that no check has opened, so that the manifest is judged whole."""
        for member in self._archive.members:
            if member.name not in self._compared and member.name != MANIFEST:
                for _ in self._hashed(member):
                    pass

    def _member(self, name: str) -> Member:
        member = self._archive.find(name)
        assert member is not None, name
        return member

    def _hashed(self, member: Member) -> Iterator[bytes]:
        digest = sha256()
        for chunk in self._archive.chunks(member):
            digest.update(chunk)
            yield chunk
        self._compare(member, digest.digest())

    def _compare(self, member: Member, found: bytes) -> None:
        self._compared.add(member.name)
        expected = self._digests.get(member.name)
        if expected is not None and expected != found:
            self._blame(f"{member.name} is not the file of the manifest", expected, found)

    def _blame(self, detail: str, expected: bytes = b"", found: bytes = b"") -> None:
        if self.fault is None:
            self.fault = Fault(detail, expected.hex() or None, found.hex() or None)

    def _read_manifest(self) -> None:
        member = self._member(MANIFEST)
        if member.size > MAX_MANIFEST_BYTES:
            raise PackUnreadable(Reason.TOO_LARGE, f"{MANIFEST}: {member.size} bytes")
        raw = self._archive.read(member)
        rows = _ManifestRows(raw)
        for member in self._archive.members:
            if member.name == MANIFEST:
                continue
            if not _KNOWN.fullmatch(member.name):
                self._blame(f"{member.name} has no place in a pack")
            if rows.now is None or rows.now[0] != member.name:
                self._blame(f"files and manifest part at {member.name}")
                break
            _, digest, size = rows.now
            if size != member.size:
                self._blame(f"{member.name} has {member.size} bytes, the manifest says {size}")
            self._digests[member.name] = digest
            rows.step()
        self.origin = _origin(raw, self._blame)
        if rows.now is not None:
            self._blame(f"files and manifest part at {rows.now[0]}")
        elif self.fault is None and not _MANIFEST_TAIL.fullmatch(raw, rows.at):
            self._blame("manifest.json is not in canonical form")


class _ManifestRows:
    """Walks the rows of a manifest in place, so that it is never unfolded in memory."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self.at = len(_MANIFEST_HEAD)
        self.now: tuple[str, bytes, int] | None = None
        if raw.startswith(_MANIFEST_HEAD):
            self._take()

    def step(self) -> None:
        """To the next row, or to None where the rows end."""
        self.now = None
        if self._raw[self.at : self.at + 1] == b",":
            self.at += 1
            self._take()

    def _take(self) -> None:
        match = _ROW.match(self._raw, self.at)
        if match is not None:
            name, digest, size = match.groups()
            self.now = name.decode(), bytes.fromhex(digest.decode()), int(size)
            self.at = match.end()


def _origin(raw: bytes, blame: Callable[[str], None]) -> str | None:
    match = _MANIFEST_TAIL.search(raw, max(0, len(raw) - 300))
    if match is None or match.end() != len(raw):
        blame("manifest.json is not in canonical form")
        return None
    origin = match[1].decode()
    try:
        notes.site_of(origin)
    except notes.NoteBroken:
        blame("manifest.json names no log")
        return None
    return origin
