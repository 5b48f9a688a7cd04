"""Whom we believe: a C2SP tlog-policy file, read to the letter.

Facts from c2sp.org/tlog-policy. A witness here is a key we were given from outside; the file says
which witnesses together are enough. It is octets, not text: names are compared byte by byte.
"""

import re
from collections.abc import Callable, Collection, Set
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from service.audit import cosignatures, notes
from service.audit.broken import Broken
from service.audit.cosignatures import CosignerKey
from service.audit.notes import NoteBroken, VerifyingKey

MAX_POLICY_BYTES = 256 * 1024
MAX_LOGS = MAX_WITNESSES = MAX_GROUPS = 32  # what the text asks every reader to support

_FORBIDDEN = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_ITEM = re.compile(rb"[^ \t]+")
_COUNT = re.compile(r"[1-9][0-9]{0,3}")
_NONE = "none"

Key = TypeVar("Key")


class Reason(StrEnum):
    """Why a policy is refused."""

    TOO_LARGE = "TOO_LARGE"
    FORBIDDEN_OCTET = "FORBIDDEN_OCTET"
    UNKNOWN_LINE = "UNKNOWN_LINE"
    WRONG_ITEM_COUNT = "WRONG_ITEM_COUNT"
    BAD_KEY = "BAD_KEY"
    DUPLICATE_KEY = "DUPLICATE_KEY"
    DUPLICATE_NAME = "DUPLICATE_NAME"
    RESERVED_NAME = "RESERVED_NAME"
    UNKNOWN_NAME = "UNKNOWN_NAME"
    MEMBER_TWICE = "MEMBER_TWICE"
    BAD_THRESHOLD = "BAD_THRESHOLD"
    SEVERAL_QUORUMS = "SEVERAL_QUORUMS"
    NO_QUORUM = "NO_QUORUM"
    TOO_MANY_LOGS = "TOO_MANY_LOGS"
    TOO_MANY_WITNESSES = "TOO_MANY_WITNESSES"
    TOO_MANY_GROUPS = "TOO_MANY_GROUPS"
    LOG_NOT_LISTED = "LOG_NOT_LISTED"


class PolicyBroken(Broken):
    """A policy file that the text does not allow; `detail` begins with the line's number."""


@dataclass(frozen=True, slots=True)
class Witness:
    """One witness; url is its submission prefix, when the file gives one."""

    name: str
    key: CosignerKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Witnessed when at least `least` of its members, witnesses or earlier groups, are."""

    name: str
    least: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """The file's meaning. Groups stand after all that they name; quorum None asks for nobody.

    Names are the file's octets, read as UTF-8 where they are and kept apart where they are not.
    """

    logs: tuple[VerifyingKey, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[Group, ...]
    quorum: str | None

    def satisfied(self, names: Set[str]) -> bool:
        """Whether cosignatures of the witnesses of these names are enough."""
        if self.quorum is None:
            return True
        reached = {each.name for each in self.witnesses if each.name in names}
        for group in self.groups:
            if sum(member in reached for member in group.members) >= group.least:
                reached.add(group.name)
        return self.quorum in reached

    def needs(self, names: Set[str]) -> bool:
        """Whether these witnesses are not yet enough."""
        return not self.satisfied(names)

    def accepts(self, key: VerifyingKey) -> bool:
        """Whether this log is one of those listed; a policy that lists none leaves it open."""
        return not self.logs or key in self.logs

    @property
    def quorum_name(self) -> str:
        """The quorum as the file names it."""
        return _NONE if self.quorum is None else self.quorum


def read_policy(text: bytes | str) -> Policy:
    """The policy that these octets are; raises PolicyBroken by reason."""
    raw = text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
    if len(raw) > MAX_POLICY_BYTES:
        raise PolicyBroken(Reason.TOO_LARGE, f"{len(raw)} bytes")
    if found := _FORBIDDEN.search(raw):
        line = raw.count(b"\n", 0, found.start()) + 1
        raise PolicyBroken(Reason.FORBIDDEN_OCTET, f"line {line}: 0x{found[0][0]:02x}")
    reading = _Reading()
    # The last line's newline is often missing from files that people wrote; nothing hangs on it.
    for number, octets in enumerate(raw.split(b"\n"), 1):
        reading.take(number, [_name(item) for item in _ITEM.findall(octets)])
    return reading.finish()


def cosigned(note: str, policy: Policy) -> dict[str, int]:
    """Which witnesses of the policy cosigned a checkpoint note: name → POSIX seconds.

    Lines by others are ignored; of several by one witness the earliest counts. The log's own
    signature is not looked at. Raises NoteBroken when a known witness's line is wrong.
    """
    return cosigners(notes.parse_note(note), policy)


def cosigners(note: notes.Note, policy: Policy) -> dict[str, int]:
    """The same of a note that is already taken apart."""
    known = {(each.key.name, each.key.key_id): each for each in policy.witnesses}
    times: dict[str, int] = {}
    for line in note.signatures:
        witness = known.get((line.name, line.key_id))
        if witness is not None:
            at_s = cosignatures.verify_cosignature(note.text, line, witness.key)
            times[witness.name] = min(at_s, times.get(witness.name, at_s))
    return times


@dataclass(slots=True)
class _Reading:
    """What the lines so far have said; `defined` holds witness and group names alike."""

    logs: list[VerifyingKey] = field(default_factory=list)
    witnesses: list[Witness] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    quorum: str | None = None
    defined: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)
    number: int = 0

    def take(self, number: int, items: list[str]) -> None:
        self.number = number
        if not items or items[0].startswith("#"):
            return
        kind, *rest = items
        match kind:
            case "log" if len(rest) in (1, 2):
                self._log(rest[0])
            case "witness" if len(rest) in (2, 3):
                self._witness(*rest)
            case "group" if len(rest) >= 3:
                self._group(rest[0], rest[1], rest[2:])
            case "quorum" if len(rest) == 1:
                self._quorum(rest[0])
            case "log" | "witness" | "group" | "quorum":
                raise self._broken(Reason.WRONG_ITEM_COUNT, f"{kind} with {len(rest)} items")
            case _:
                raise self._broken(Reason.UNKNOWN_LINE, kind)

    def finish(self) -> Policy:
        if self.quorum is None:
            raise PolicyBroken(Reason.NO_QUORUM)
        quorum = None if self.quorum == _NONE else self.quorum
        return Policy(tuple(self.logs), tuple(self.witnesses), tuple(self.groups), quorum)

    def _log(self, vkey: str) -> None:
        key = self._key(VerifyingKey.from_text, vkey)
        self._check_room(self.logs, MAX_LOGS, Reason.TOO_MANY_LOGS)
        if any(key.public == other.public for other in self.logs):
            raise self._broken(Reason.DUPLICATE_KEY, vkey)
        self.logs.append(key)

    def _witness(self, name: str, vkey: str, url: str | None = None) -> None:
        key = self._key(CosignerKey.from_text, vkey)
        self._check_room(self.witnesses, MAX_WITNESSES, Reason.TOO_MANY_WITNESSES)
        if any(key.public == other.key.public for other in self.witnesses):
            raise self._broken(Reason.DUPLICATE_KEY, vkey)
        self._define(name)
        self.witnesses.append(Witness(name, key, url))

    def _group(self, name: str, least: str, members: list[str]) -> None:
        self._check_room(self.groups, MAX_GROUPS, Reason.TOO_MANY_GROUPS)
        for member in members:
            self._refer(member)
            if member in self.members:
                raise self._broken(Reason.MEMBER_TWICE, member)
            self.members.add(member)
        self._define(name)
        self.groups.append(Group(name, self._threshold(least, len(members)), tuple(members)))

    def _quorum(self, name: str) -> None:
        if self.quorum is not None:
            raise self._broken(Reason.SEVERAL_QUORUMS, name)
        if name != _NONE:
            self._refer(name)
        self.quorum = name

    def _threshold(self, least: str, most: int) -> int:
        if least == "any":
            return 1
        if least == "all":
            return most
        if not _COUNT.fullmatch(least) or int(least) > most:
            raise self._broken(Reason.BAD_THRESHOLD, f"{least} of {most}")
        return int(least)

    def _define(self, name: str) -> None:
        if name == _NONE:
            raise self._broken(Reason.RESERVED_NAME, name)
        if name in self.defined:
            raise self._broken(Reason.DUPLICATE_NAME, name)
        self.defined.add(name)

    def _refer(self, name: str) -> None:
        if name == _NONE:
            raise self._broken(Reason.RESERVED_NAME, name)
        if name not in self.defined:
            raise self._broken(Reason.UNKNOWN_NAME, name)

    def _key(self, read: Callable[[str], Key], vkey: str) -> Key:
        try:
            return read(vkey)
        except NoteBroken as refusal:
            raise self._broken(Reason.BAD_KEY, str(refusal)) from refusal

    def _check_room(self, taken: Collection[object], most: int, reason: Reason) -> None:
        if len(taken) == most:
            raise self._broken(reason, f"more than {most}")

    def _broken(self, reason: Reason, detail: str) -> PolicyBroken:
        return PolicyBroken(reason, f"line {self.number}: {ascii(detail)[1:-1][:160]}")


def _name(item: bytes) -> str:
    return item.decode(errors="surrogateescape")
