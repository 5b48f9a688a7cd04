"""The one shape of every refusal on the audit floor: a named reason and what was found."""

from enum import StrEnum


class Broken(ValueError):
    """Bytes or figures that do not keep the format: `reason` names it, `detail` shows it."""

    def __init__(self, reason: StrEnum, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail
