"""Every way the rules say no, by name. The order of a bid's refusals is that of rules §5."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Reason(StrEnum):
    # a bid, in order of precedence
    SUSPENDED = "SUSPENDED"
    NOT_OPEN = "NOT_OPEN"
    CLOSED = "CLOSED"
    NOT_ADMITTED = "NOT_ADMITTED"
    NOT_ENTERED = "NOT_ENTERED"
    ALREADY_LEADING = "ALREADY_LEADING"
    BELOW_START = "BELOW_START"
    BELOW_MINIMUM = "BELOW_MINIMUM"
    OFF_GRID = "OFF_GRID"
    JUMP_TOO_LARGE = "JUMP_TOO_LARGE"
    JUMP_NOT_CONFIRMED = "JUMP_NOT_CONFIRMED"
    ABOVE_CAP = "ABOVE_CAP"
    # any other command
    NOT_PUBLISHED = "NOT_PUBLISHED"
    ALREADY_PUBLISHED = "ALREADY_PUBLISHED"
    BIDDING_HAS_OPENED = "BIDDING_HAS_OPENED"
    WRONG_STAGE = "WRONG_STAGE"
    NOT_SUSPENDED = "NOT_SUSPENDED"
    ALREADY_SUSPENDED = "ALREADY_SUSPENDED"
    TERMINATED = "TERMINATED"
    SEALED = "SEALED"
    TOO_EARLY = "TOO_EARLY"
    STALE_ADVANCE = "STALE_ADVANCE"
    PATH_NOT_PROVED = "PATH_NOT_PROVED"
    HEAD_COUNT_MISSING = "HEAD_COUNT_MISSING"
    NO_GAP = "NO_GAP"
    FOUR_EYES = "FOUR_EYES"
    RESUME_NOT_ANNOUNCED = "RESUME_NOT_ANNOUNCED"
    TIMETABLE_MISSING = "TIMETABLE_MISSING"
    TIMETABLE_INVALID = "TIMETABLE_INVALID"
    WINDOW_TOO_SHORT = "WINDOW_TOO_SHORT"
    START_NOT_POSTPONED = "START_NOT_POSTPONED"
    RULES_NOT_VALID = "RULES_NOT_VALID"
    OPT_IN_NOT_ASKED = "OPT_IN_NOT_ASKED"
    RESERVE_NOT_OPENED = "RESERVE_NOT_OPENED"
    RESERVE_ALREADY_OPENED = "RESERVE_ALREADY_OPENED"
    RESERVE_NOT_ALLOWED = "RESERVE_NOT_ALLOWED"
    ROLL_NOT_OPENED = "ROLL_NOT_OPENED"
    ROLL_ALREADY_OPENED = "ROLL_ALREADY_OPENED"
    DISPUTED = "DISPUTED"
    NOT_CONFIRMED = "NOT_CONFIRMED"
    ALREADY_CONFIRMED = "ALREADY_CONFIRMED"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A command other than a bid was refused; nothing is logged and nothing has changed.

    figures: the numbers that explain it, e.g. {"earliest_at": ms}.
    """

    reason: Reason
    figures: Mapping[str, int] = field(default_factory=dict)
