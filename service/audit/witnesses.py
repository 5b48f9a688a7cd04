"""Check 14: what the witnesses of a policy say of the heads of a pack."""

from array import array
from bisect import bisect_right
from hashlib import sha256

from service.audit import notes
from service.audit.checks import Check
from service.audit.notes import Note, NoteBroken
from service.audit.policy import Policy, cosigners
from service.audit.replay import Told
from service.audit.roll import House

SLACK_MS = 60_000  # how far the clocks of a log and a witness may lie apart

NO_POLICY = "no policy was given: witnesses were not looked at"


class Witnesses:
    """Takes every head that is proven to be the log's; without a policy it looks at none.

    A witness that cosigned a head at a time had seen its entries: none can be dated after it.
    """

    def __init__(self, policy: Policy | None, check: Check) -> None:
        self._policy, self._check = policy, check
        self._sizes, self._times = array("q"), array("q")
        self._covered = 0
        self._last: set[str] = set()
        self._house: set[str] = set()
        self._house_time: int | None = None
        self._seen: set[bytes] = set()

    def take(self, size: int, note: Note) -> None:
        """The head of the lot's log at `size`; heads come in ascending order."""
        if self._policy is None:
            return
        times = self._cosigners(note, f"the head of {size} entries", self._policy)
        self._last = set(times)
        if times:
            self._sizes.append(size)
            self._times.append(min(times.values()))
        if self._policy.satisfied(self._last):
            self._covered = size

    def take_house(self, text: str) -> None:
        """The house head as one proof of the pack carries it: the same head each time."""
        digest = sha256(text.encode()).digest()
        if self._policy is None or digest in self._seen:
            return
        self._seen.add(digest)
        times = self._cosigners(notes.parse_note(text), "the house head", self._policy)
        self._house |= set(times)
        if times:
            earliest = min(times.values())
            self._house_time = min(earliest, self._house_time or earliest)

    def finish(self, told: Told, house: House) -> None:
        """To be called once log and house are read."""
        if self._policy is None:
            self._check.skip(NO_POLICY)
            return
        self._check.say(f"the quorum covers {self._covered} of {told.entries} entries")
        for size, at_s in zip(self._sizes, self._times, strict=True):
            self._check_dates(size, at_s, told)
        self._check_house_dates(house)
        if told.sealed_seq is not None and self._policy.needs(self._last):
            self._blame_quorum("the log is sealed without its quorum", self._last)
        if house.sealed and self._policy.needs(self._house):
            self._blame_quorum("the house tells of the seal without its quorum", self._house)

    def _cosigners(self, note: Note, what: str, policy: Policy) -> dict[str, int]:
        """Names and times (s); a wrong line of a known witness fails the check."""
        try:
            times = cosigners(note, policy)
        except NoteBroken as refusal:
            self._check.fail(f"{what} bears a false cosignature", None, None, refusal)
            return {}
        self._check.counted += len(times)
        return times

    def _check_dates(self, size: int, at_s: int, told: Told) -> None:
        limit = at_s * 1000 + SLACK_MS
        if size > told.entries or told.ats[size - 1] <= limit:
            return
        seq = bisect_right(told.ats, limit)
        found = told.ats[seq]
        self._check.fail("a witness had seen an entry before its date", seq, limit, found)

    def _check_house_dates(self, house: House) -> None:
        if self._house_time is None:
            return
        limit = self._house_time * 1000 + SLACK_MS
        for seq, at in house.ats:
            if at > limit:
                detail = f"a witness had seen house entry {seq} before its date"
                self._check.fail(detail, None, limit, at)

    def _blame_quorum(self, detail: str, found: set[str]) -> None:
        assert self._policy is not None
        names = ", ".join(sorted(found)) or "no known witness"
        self._check.fail(detail, None, f"quorum {self._policy.quorum_name}", names)
