"""The ZIP around a pack: bounded before anything is unpacked, and read in one way only.

A ZIP can be told to mean different things to different readers: two files of one name, bytes
between the files, a directory that disagrees with what it lists. Everything but the plain form of
PKWARE's APPNOTE §4.3, stored or deflated, is refused by name.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from io import SEEK_END, BytesIO
from itertools import pairwise
from typing import Any, BinaryIO

from service.audit.broken import Broken

MAX_FILES = 250_000  # a receipt is a file, so this bounds the bids of one pack
MAX_FILE_BYTES = 1 << 30  # of one file, unpacked
MAX_TOTAL_BYTES = 4 << 30  # of all files, unpacked
MAX_RATIO = 200  # unpacked to packed; honest logs stay below 30
RATIO_FROM_BYTES = 1 << 20  # small files may well be one sentence over and over
MAX_NAME_BYTES = 200

_CHUNK = 1 << 16
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*(?:/[a-z0-9][a-z0-9._-]*)?")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x0001 | 0x0040
_REGULAR = {0, 0o10}  # file type bits of a Unix mode: none given, or a plain file
_UNIX = 3

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")


class Reason(StrEnum):
    """Why a pack cannot be read at all."""

    NO_FILE = "NO_FILE"
    NOT_A_ZIP = "NOT_A_ZIP"
    BAD_DIRECTORY = "BAD_DIRECTORY"
    TOO_MANY_FILES = "TOO_MANY_FILES"
    TOO_LARGE = "TOO_LARGE"
    RATIO_TOO_HIGH = "RATIO_TOO_HIGH"
    BAD_NAME = "BAD_NAME"
    DUPLICATE_NAME = "DUPLICATE_NAME"
    ENCRYPTED = "ENCRYPTED"
    UNKNOWN_METHOD = "UNKNOWN_METHOD"
    NOT_A_PLAIN_FILE = "NOT_A_PLAIN_FILE"
    OVERLAPPING = "OVERLAPPING"
    DAMAGED = "DAMAGED"
    MISSING_FILE = "MISSING_FILE"
    LINE_TOO_LONG = "LINE_TOO_LONG"
    TOO_MANY_LINES = "TOO_MANY_LINES"
    LINE_NOT_ENDED = "LINE_NOT_ENDED"


class PackUnreadable(Broken):
    """The pack is not a plain, bounded ZIP of the files that a pack must have."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file as the directory lists it; sizes in bytes, `offset` of its local header."""

    name: str
    offset: int
    packed: int
    size: int
    crc: int
    deflated: bool


class Archive:
    """An opened ZIP; `members` in order of name. Owns nothing: the caller closes the source."""

    def __init__(self, source: BinaryIO) -> None:
        """Reads the directory only; raises PackUnreadable by reason."""
        self._source = source
        count, start, size = _find_directory(source)
        members = list(_read_directory(_slice(source, start, size), count))
        _check_places(members, start)
        members.sort(key=lambda member: member.name)
        self.members = tuple(members)
        self._by_name = {member.name: member for member in members}
        if len(self._by_name) != len(members):
            raise PackUnreadable(Reason.DUPLICATE_NAME, _first_twice(members))

    def find(self, name: str) -> Member | None:
        """The file of that name, if there is one."""
        return self._by_name.get(name)

    def chunks(self, member: Member) -> Iterator[bytes]:
        """The unpacked file piece by piece; PackUnreadable when it is not what was announced."""
        crc, size = 0, 0
        for chunk in self._unpacked(member):
            size += len(chunk)
            crc = zlib.crc32(chunk, crc)
            if size > member.size:
                break
            yield chunk
        if size != member.size or crc != member.crc:
            raise PackUnreadable(Reason.DAMAGED, member.name)

    def read(self, member: Member) -> bytes:
        """The whole unpacked file."""
        return b"".join(self.chunks(member))

    def _unpacked(self, member: Member) -> Iterator[bytes]:
        left, start = member.packed, self._data_start(member)
        self._source.seek(start)
        inflate = zlib.decompressobj(-zlib.MAX_WBITS) if member.deflated else None
        while left:
            raw = self._source.read(min(left, _CHUNK))
            if not raw:
                raise PackUnreadable(Reason.DAMAGED, member.name)
            left -= len(raw)
            place = self._source.tell()
            yield from (raw,) if inflate is None else _inflated(inflate, raw, member.name)
            self._source.seek(place)  # the reader may have looked elsewhere meanwhile
        if inflate is not None and not inflate.eof:
            raise PackUnreadable(Reason.DAMAGED, member.name)

    def _data_start(self, member: Member) -> int:
        """Past the local header, which must name the same file as the directory."""
        head = _slice(self._source, member.offset, _LOCAL.size + len(member.name))
        mark, _, flags, _, _, _, _, _, _, name_bytes, extra_bytes = _LOCAL.unpack_from(head)
        name = head[_LOCAL.size :]
        if mark != b"PK\x03\x04" or flags & _ENCRYPTED or name_bytes != len(name):
            raise PackUnreadable(Reason.BAD_DIRECTORY, member.name)
        if name != member.name.encode():
            raise PackUnreadable(Reason.BAD_DIRECTORY, member.name)
        return member.offset + len(head) + int(extra_bytes)


def write(files: Iterable[tuple[str, bytes]], *, as_it_is: str | None = None) -> bytes:
    """A ZIP of these files in this order; the same files always give the same bytes.

    as_it_is: the beginning of the names of files that are not deflated.
    """
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            plain = as_it_is is not None and name.startswith(as_it_is)
            info.compress_type = zipfile.ZIP_STORED if plain else zipfile.ZIP_DEFLATED
            info.create_system = _UNIX
            info.external_attr = 0o100644 << 16
            archive.writestr(info, data)
    return out.getvalue()


def _inflated(inflate: "zlib._Decompress", raw: bytes, name: str) -> Iterator[bytes]:
    """At most one bounded piece in memory, however much the packed bytes would swell."""
    try:
        piece = inflate.decompress(raw, _CHUNK)
        while piece:
            yield piece
            piece = inflate.decompress(inflate.unconsumed_tail, _CHUNK)
    except zlib.error as error:
        raise PackUnreadable(Reason.DAMAGED, f"{name}: {error}") from error
    if inflate.unused_data:
        raise PackUnreadable(Reason.DAMAGED, f"{name}: bytes after its end")


def _find_directory(source: BinaryIO) -> tuple[int, int, int]:
    """Files, first byte and length of the directory, which ends where the end record begins."""
    length = source.seek(0, SEEK_END)
    if length < _END.size:
        raise PackUnreadable(Reason.NOT_A_ZIP, f"{length} bytes")
    end = length - _END.size
    mark, disk, first_disk, here, count, size, start, comment = _END.unpack(
        _slice(source, end, _END.size)
    )
    if mark != b"PK\x05\x06" or comment:
        raise PackUnreadable(Reason.NOT_A_ZIP, "no end record")
    if count == 0xFFFF or 0xFFFFFFFF in (size, start):
        count, start, size, end = _find_directory64(source, end)
    elif disk or first_disk or here != count:
        raise PackUnreadable(Reason.BAD_DIRECTORY, "several disks")
    if count > MAX_FILES:
        raise PackUnreadable(Reason.TOO_MANY_FILES, f"{count} files")
    if start + size != end or size > count * (_ENTRY.size + MAX_NAME_BYTES + 64):
        raise PackUnreadable(Reason.BAD_DIRECTORY, "not before the end record")
    return count, start, size


def _find_directory64(source: BinaryIO, end: int) -> tuple[int, int, int, int]:
    """The same figures from the ZIP64 records, which more than 65,534 files need."""
    if end < _LOCATOR64.size + _END64.size:
        raise PackUnreadable(Reason.NOT_A_ZIP, "no ZIP64 end record")
    locator = _LOCATOR64.unpack(_slice(source, end - _LOCATOR64.size, _LOCATOR64.size))
    place = end - _LOCATOR64.size - _END64.size
    record = _END64.unpack(_slice(source, place, _END64.size))
    if locator != (b"PK\x06\x07", 0, place, 1):
        raise PackUnreadable(Reason.NOT_A_ZIP, "no ZIP64 locator")
    mark, length, _, _, disk, first_disk, here, count, size, start = record
    if mark != b"PK\x06\x06" or length != _END64.size - 12 or disk or first_disk or here != count:
        raise PackUnreadable(Reason.BAD_DIRECTORY, "ZIP64 end record")
    return count, start, size, place


def _read_directory(raw: bytes, count: int) -> Iterator[Member]:
    at, total = 0, 0
    for _ in range(count):
        if at + _ENTRY.size > len(raw):
            raise PackUnreadable(Reason.BAD_DIRECTORY, "shorter than its count")
        fields = _ENTRY.unpack_from(raw, at)
        name_bytes, extra_bytes, comment_bytes = fields[10:13]
        name = raw[at + _ENTRY.size : at + _ENTRY.size + name_bytes]
        at += _ENTRY.size + name_bytes + extra_bytes + comment_bytes
        member = _member(fields, _read_name(name))
        total += member.size
        if total > MAX_TOTAL_BYTES:
            raise PackUnreadable(Reason.TOO_LARGE, f"more than {MAX_TOTAL_BYTES} bytes unpacked")
        yield member
    if at != len(raw):
        raise PackUnreadable(Reason.BAD_DIRECTORY, "longer than its count")


def _member(fields: tuple[Any, ...], name: str) -> Member:
    mark, made_by, _, flags, method, _, _, crc, packed, size, _, _, _, disk, _, mode, start = fields
    if mark != b"PK\x01\x02" or disk:
        raise PackUnreadable(Reason.BAD_DIRECTORY, name)
    if flags & _ENCRYPTED:
        raise PackUnreadable(Reason.ENCRYPTED, name)
    if method not in (_STORED, _DEFLATED):
        raise PackUnreadable(Reason.UNKNOWN_METHOD, f"{name}: {method}")
    if made_by >> 8 == _UNIX and mode >> 28 not in _REGULAR:
        raise PackUnreadable(Reason.NOT_A_PLAIN_FILE, name)
    if size > MAX_FILE_BYTES or packed > MAX_FILE_BYTES:
        raise PackUnreadable(Reason.TOO_LARGE, f"{name}: {size} bytes")
    if size > RATIO_FROM_BYTES and size > packed * MAX_RATIO:
        raise PackUnreadable(Reason.RATIO_TOO_HIGH, f"{name}: {packed} bytes to {size}")
    return Member(name, start, packed, size, crc, method == _DEFLATED)


def _read_name(raw: bytes) -> str:
    """One folder deep at most, lowercase ASCII: nothing that any file system could misread."""
    name = raw.decode("ascii", "replace")
    if len(raw) > MAX_NAME_BYTES or not _NAME.fullmatch(name):
        raise PackUnreadable(Reason.BAD_NAME, ascii(name)[:80])
    return name


def _check_places(members: list[Member], directory: int) -> None:
    """No file may share bytes with another (CVE-2019-13232: 46 MB that unpack to 4.5 PB)."""
    end = 0
    if members and min(member.offset for member in members) > 0:
        # What stands before the first file is in no manifest (docs/verify.md: no bytes before it).
        raise PackUnreadable(Reason.BAD_DIRECTORY, "bytes before the first file")
    for member in sorted(members, key=lambda member: member.offset):
        if member.offset < end:
            raise PackUnreadable(Reason.OVERLAPPING, member.name)
        end = member.offset + _LOCAL.size + len(member.name) + member.packed
    if end > directory:
        raise PackUnreadable(Reason.OVERLAPPING, "the directory")


def _first_twice(members: list[Member]) -> str:
    return next(one.name for one, other in pairwise(members) if one.name == other.name)


def _slice(source: BinaryIO, start: int, size: int) -> bytes:
    if start < 0:
        raise PackUnreadable(Reason.BAD_DIRECTORY, f"place {start}")
    source.seek(start)
    raw = source.read(size)
    if len(raw) != size:
        raise PackUnreadable(Reason.BAD_DIRECTORY, "past the end of the file")
    return raw
