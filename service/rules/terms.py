"""The nouns of a sale: parcel, RuleSet, timetable, stages. Units are in the names: fen, ms, days.

Source of the words: Order 39 (招标拍卖挂牌出让国有建设用地使用权规定, 2007) and Spec 114
(国土资发〔2006〕114号). No rule constant lives in code: every number that differs from place to
place is a field of RuleSet and is frozen into log entry 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

RULES_VERSION = 1
SUITE = "luochui-p256-sha256-v1"
MAX_AMOUNT_FEN = 2**53 - 1
BEIJING_OFFSET_MS = 8 * 3_600_000


class Method(StrEnum):
    LISTING = "LISTING"
    AUCTION = "AUCTION"


class Stage(StrEnum):
    ANNOUNCED = "ANNOUNCED"
    LISTING = "LISTING"
    QUIET = "QUIET"
    READY = "READY"
    TIMED = "TIMED"
    CLOSING = "CLOSING"
    SOLD = "SOLD"
    FAILED = "FAILED"


class Control(StrEnum):
    NORMAL = "NORMAL"
    SUSPENDED = "SUSPENDED"
    TERMINATED = "TERMINATED"


class PriceUnit(StrEnum):
    TOTAL = "TOTAL"
    PER_MU = "PER_MU"
    PER_M2 = "PER_M2"
    PER_FLOOR_M2 = "PER_FLOOR_M2"


class Grid(StrEnum):
    MULTIPLE = "MULTIPLE"
    MIN_ONLY = "MIN_ONLY"


class SelfOutbid(StrEnum):
    REFUSE = "REFUSE"
    ALLOW = "ALLOW"


class ReserveKind(StrEnum):
    SEALED = "SEALED"
    NONE = "NONE"


class CapMode(StrEnum):
    NONE = "NONE"
    LOTTERY = "LOTTERY"
    ONE_SHOT_NEAREST_MEAN = "ONE_SHOT_NEAREST_MEAN"


class LiveTrigger(StrEnum):
    ALWAYS = "ALWAYS"
    TWO_BIDDERS = "TWO_BIDDERS"
    TWO_IN_LAST_HOUR = "TWO_IN_LAST_HOUR"


class EntryRule(StrEnum):
    ALL_QUALIFIED = "ALL_QUALIFIED"
    QUOTED_BEFORE = "QUOTED_BEFORE"
    OPT_IN = "OPT_IN"


class Extension(StrEnum):
    RESET = "RESET"
    APPEND = "APPEND"
    NONE = "NONE"


class Shortfall(StrEnum):
    TERMINATE = "TERMINATE"
    CONVERT_TO_LISTING = "CONVERT_TO_LISTING"


class Qualification(StrEnum):
    PRE = "PRE"
    POST = "POST"


class OutageResume(StrEnum):
    AUTO = "AUTO"
    MANUAL = "MANUAL"


class DayCount(StrEnum):
    INCLUSIVE = "INCLUSIVE"
    FULL_DAYS = "FULL_DAYS"


class Rounding(StrEnum):
    HALF_UP_TO_YUAN = "HALF_UP_TO_YUAN"


class LandUseClass(StrEnum):
    RESIDENTIAL = "RESIDENTIAL"
    INDUSTRIAL = "INDUSTRIAL"
    PUBLIC = "PUBLIC"
    COMMERCIAL = "COMMERCIAL"
    MIXED = "MIXED"


class FailedReason(StrEnum):
    NO_QUALIFIED_BIDDER = "NO_QUALIFIED_BIDDER"
    NO_QUOTE = "NO_QUOTE"
    BELOW_RESERVE = "BELOW_RESERVE"
    TOO_FEW_BIDDERS = "TOO_FEW_BIDDERS"
    WINNER_UNQUALIFIED = "WINNER_UNQUALIFIED"
    TERMINATED = "TERMINATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """The public facts of the land; `facts` are shown and hashed, never computed with."""

    parcel_no: str
    title: str
    land_use: str
    land_use_class: LandUseClass
    term_years: int
    area_centi_m2: int
    floor_area_centi_m2: int | None = None
    attempt_no: int = 1
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeNotice:
    """How long before resuming an official must announce it (T12).

    A fault mended within `at_once_within_s` may be resumed at once (Fujian: one hour).
    """

    notice_s: int = 0
    at_once_within_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Everything that is local about a sale. Prices are in fen per `price_unit`.

    `day_ms` and `minute_ms` say what this sale calls a day and a minute; they differ from
    86,400,000 and 60,000 only in practice and demonstration sales, which say so publicly.
    """

    template: str
    method: Method
    price_unit: PriceUnit
    starting_price_fen: int
    increment_fen: int
    increment_unit: PriceUnit
    deposit: Mapping[str, int]
    increment_live_fen: int | None = None
    grid: Grid = Grid.MULTIPLE
    price_quantum_fen: int = 100
    max_jump_steps: int | None = None
    confirm_jump_steps: int | None = 10
    self_outbid: SelfOutbid = SelfOutbid.REFUSE
    reserve: ReserveKind = ReserveKind.SEALED
    price_cap_fen: int | None = None
    cap_mode: CapMode = CapMode.NONE
    quiet_min: int = 0
    ready_min: int = 0
    live_trigger: LiveTrigger = LiveTrigger.ALWAYS
    entry_rule: EntryRule = EntryRule.ALL_QUALIFIED
    free_min: int = 0
    countdown_s: int = 300
    extension: Extension = Extension.RESET
    max_live_min: int | None = None
    warnings_s: tuple[int, ...] = (60, 30, 10)
    min_bidders: int = 1
    on_shortfall: Shortfall = Shortfall.TERMINATE
    qualification: Qualification = Qualification.PRE
    joint_allowed: bool = True
    natural_person_allowed: bool = True
    drain_ms: int = 500
    outage_gap_s: int = 5
    outage_resume: OutageResume = OutageResume.AUTO
    outage_notice_s: int = 600
    suspend_rule: ResumeNotice = ResumeNotice()
    reserve_window_min: int = 30
    guarantee_allowed: bool = False
    notice_days: int = 20
    listing_days: int = 10
    registration_gap_days: int = 2
    deposit_percent: int = 20
    day_count: DayCount = DayCount.INCLUSIVE
    refund_days: int = 5
    publicity_days: int = 10
    contract_days: int = 10
    rounding: Rounding = Rounding.HALF_UP_TO_YUAN
    day_ms: int = 86_400_000
    minute_ms: int = 60_000
    waivers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """The announced instants (UTC ms). A LISTING has listing_*, an AUCTION auction_from."""

    announced_at: int
    registration_from: int
    registration_to: int
    deposit_deadline: int
    listing_from: int | None = None
    listing_to: int | None = None
    auction_from: int | None = None

    @property
    def bidding_from(self) -> int:
        """When listing or auction starts; release guarantees that one of the two is set."""
        start = self.listing_from if self.listing_from is not None else self.auction_from
        assert start is not None, "release refuses a timetable without a start"
        return start


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    name: str
    sha256: str
