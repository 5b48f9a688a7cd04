"""Commands are orders, events are what the rules decided. Both are exactly what the log holds.

Facts that the rules need but do not own (is this bidder admitted? how far is the bid path proved?)
travel inside the command, so that a replay needs no database.
"""

from dataclasses import dataclass
from enum import StrEnum

from service.rules.refusals import Reason
from service.rules.terms import (
    Document,
    FailedReason,
    Parcel,
    RuleSet,
    Stage,
    Timetable,
)


class SuspendCause(StrEnum):
    PLATFORM_FAULT = "PLATFORM_FAULT"
    COURT_ORDER = "COURT_ORDER"
    TITLE_DISPUTE = "TITLE_DISPUTE"
    COLLUSION_SUSPECTED = "COLLUSION_SUSPECTED"
    POLICY_CHANGE = "POLICY_CHANGE"
    RESULT_DISPUTED = "RESULT_DISPUTED"
    OTHER = "OTHER"


class InterruptCause(StrEnum):
    OUTAGE = "OUTAGE"
    CLOCK_STEP = "CLOCK_STEP"
    CUT_OFF = "CUT_OFF"


class Confirmation(StrEnum):
    CONFIRMED = "CONFIRMED"
    UNQUALIFIED = "UNQUALIFIED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Officials:
    """Role-scoped pseudonyms; `approver` is absent only in an emergency suspension."""

    requester: str
    approver: str | None = None


# ── commands ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishLot:
    lot: Parcel
    rules: RuleSet
    rules_version: int
    suite: str
    timetable: Timetable
    reserve_commitment: str
    documents: tuple[Document, ...]
    officials: Officials


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplementLot:
    text: str
    price_relevant: bool
    timetable: Timetable
    rules: RuleSet
    documents: tuple[Document, ...]
    officials: Officials


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """Leave `leaving`, whose time is over.

    proved_to: ms, the instant up to which the bid path is proved without a gap.
    enough: whether the sealed head count reaches `min_bidders`; only an AUCTION's start asks.
    head_count_commitment: hex, commits to that head count; opened by the roll.
    """

    leaving: Stage
    proved_to: int
    enough: bool | None = None
    head_count_commitment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OptIn:
    bidder_no: str
    join: bool
    admission: int
    received_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceBid:
    """admission: house-log seq of the admission, absent when the bidder is not admitted now."""

    bid_id: str
    bidder_no: str
    amount_fen: int
    seen_seq: int
    jump_confirmed: bool
    received_at: int
    key_id: str
    signature: str
    admission: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspend:
    cause: SuspendCause
    text: str
    emergency: bool
    officials: Officials


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """announced_at: when the resumption was announced to all. Without officials it is automatic.

    timetable: the new listing times, stated whenever a listing period is resumed by officials.
    """

    announced_at: int
    officials: Officials | None = None
    timetable: Timetable | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupt:
    """The bid path was not proved between the two instants (ms)."""

    cause: InterruptCause
    gap_from: int
    gap_to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminate:
    cause: SuspendCause
    text: str
    officials: Officials


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenReserve:
    has_reserve: bool
    amount_fen: int
    salt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSale:
    """any_admitted: whether anyone was admitted at all; the roll proves it."""

    any_admitted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RollRow:
    bidder_no: str
    key_id: str
    public_key: str
    identity_commitment: str
    admission: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadCount:
    salt: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRoll:
    roll: tuple[RollRow, ...]
    head_counts: tuple[HeadCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmResult:
    """ruling: what the officials decided about a disputed result; absent when nothing was."""

    outcome: Confirmation
    officials: Officials
    ruling: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SealLog:
    officials: Officials


Command = (
    PublishLot
    | SupplementLot
    | Advance
    | OptIn
    | PlaceBid
    | Suspend
    | Resume
    | Interrupt
    | Terminate
    | OpenReserve
    | CloseSale
    | OpenRoll
    | ConfirmResult
    | SealLog
)


# ── events ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class LotPublished:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class LotSupplemented:
    version: int
    postponed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StageChanged:
    origin: Stage
    to: Stage
    closes_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BidderEntered:
    bidder_no: str
    join: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BidAccepted:
    bidder_no: str
    amount_fen: int
    minimum_next_fen: int
    closes_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BidRefused:
    """closes_at is the cut-off that was compared; absent while no window was ever announced."""

    bidder_no: str
    amount_fen: int
    reason: Reason
    minimum_fen: int
    closes_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapReached:
    amount_fen: int
    closes_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended:
    cause: SuspendCause


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """resumes_at: when the sale goes on by itself; absent when officials must decide."""

    gap_from: int
    gap_to: int
    resumes_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """closes_at: the end of the fresh window; absent before bidding has opened."""

    closes_at: int | None = None
    timetable: Timetable | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveOpened:
    amount_fen: int
    salt: str
    met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HammerFell:
    bidder_no: str
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LotSold:
    total_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LotFailed:
    reason: FailedReason


@dataclass(frozen=True, slots=True, kw_only=True)
class LotTerminated:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultDisputed:
    bid_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RollOpened:
    bidders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultConfirmed:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSealed:
    pass


Event = (
    LotPublished
    | LotSupplemented
    | StageChanged
    | BidderEntered
    | BidAccepted
    | BidRefused
    | CapReached
    | Suspended
    | Interrupted
    | Resumed
    | ReserveOpened
    | HammerFell
    | LotSold
    | LotFailed
    | LotTerminated
    | ResultDisputed
    | RollOpened
    | ResultConfirmed
    | LogSealed
)
