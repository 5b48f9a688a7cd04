"""The tally of one numbered check: how much was looked at, and the first thing that differs."""

from dataclasses import dataclass

from schemas.rest import CheckResult

MAX_SHOWN = 300  # characters of a value that a report quotes


@dataclass(slots=True)
class Check:
    """Filled in while the pack is read; `result` at the end.

    counted: how many things were compared. skipped: why the check does not apply, if so.
    """

    number: int
    name: str
    counted: int = 0
    skipped: str | None = None
    remark: str | None = None
    failed: bool = False
    seq: int | None = None
    expected: str | None = None
    found: str | None = None

    def fail(
        self, detail: str, seq: int | None = None, expected: object = None, found: object = None
    ) -> None:
        """Something differs. The earliest entry is the one reported; without one, the first."""
        if self.failed and not self._is_earlier(seq):
            return
        self.failed = True
        self.remark, self.seq = shown(detail), seq
        self.expected = None if expected is None else shown(expected)
        self.found = None if found is None else shown(found)

    def say(self, sentence: str) -> None:
        """Something worth telling of what holds; never in place of what differs."""
        if not self.failed:
            self.remark = sentence

    def skip(self, sentence: str) -> None:
        """The check does not apply to this pack, and why."""
        self.skipped = sentence

    def result(self) -> CheckResult:
        """The check as the report prints it; a failure outweighs everything."""
        status = "FAILED" if self.failed else "HELD" if self.skipped is None else "NOT_APPLICABLE"
        return CheckResult(
            number=self.number,
            name=self.name,
            status=status,  # type: ignore[arg-type]  # one of the three by construction
            counted=self.counted,
            detail=self.remark if self.failed or self.skipped is None else self.skipped,
            first_seq=self.seq,
            expected=self.expected,
            found=self.found,
        )

    def _is_earlier(self, seq: int | None) -> bool:
        return seq is not None and self.seq is not None and seq < self.seq


def shown(value: object) -> str:
    """A value for the report, cut to a bounded length and safe to print on any terminal.

    A pack may hold escape sequences, or letters that turn the line around, where a name belongs.
    """
    text = value.hex() if isinstance(value, bytes) else str(value)
    text = text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
    return text if text.isprintable() else "".join(map(_printable, text))


def _printable(letter: str) -> str:
    return letter if letter.isprintable() else ascii(letter)[1:-1]
