"""Entries of the lot log and the house log, exactly as stored (the bid-log specification, §4)."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import (
    AmountFen,
    BidderNo,
    BidId,
    Hex,
    Hex32,
    KeyId,
    LongText,
    LotId,
    Millis,
    Seq,
    ShortText,
    Signature,
    Strict,
    Whole,
)

Name = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,39}$")]
Official = Annotated[str, Field(pattern=r"^[a-z]+-[0-9a-f]{8}$", description="Pseudonym.")]

Version = Annotated[int, Field(strict=True, ge=1, le=1)]
"""Not a Literal: that would take `true` for 1."""

# ── nouns ───────────────────────────────────────────────────────────────────────────────────


class ParcelFacts(Strict):
    parcel_no: ShortText
    title: ShortText
    land_use: ShortText
    land_use_class: Name
    term_years: Whole
    area_centi_m2: Whole
    floor_area_centi_m2: Whole | None = None
    attempt_no: Whole
    facts: dict[str, str]


class ResumeNotice(Strict):
    notice_s: Whole
    at_once_within_s: Whole


class RuleSet(Strict):
    """Every rule of this sale (rules §4). Prices in fen per `price_unit`."""

    template: ShortText
    method: Name
    price_unit: Name
    starting_price_fen: AmountFen
    increment_fen: AmountFen
    increment_unit: Name
    increment_live_fen: AmountFen | None = None
    grid: Name
    price_quantum_fen: AmountFen
    max_jump_steps: Whole | None = None
    confirm_jump_steps: Whole | None = None
    self_outbid: Name
    reserve: Name
    price_cap_fen: AmountFen | None = None
    cap_mode: Name
    quiet_min: Whole
    ready_min: Whole
    live_trigger: Name
    entry_rule: Name
    free_min: Whole
    countdown_s: Whole
    extension: Name
    max_live_min: Whole | None = None
    warnings_s: tuple[Whole, ...]
    min_bidders: Whole
    on_shortfall: Name
    qualification: Name
    joint_allowed: bool
    natural_person_allowed: bool
    drain_ms: Whole
    outage_gap_s: Whole
    outage_resume: Name
    outage_notice_s: Whole
    suspend_rule: ResumeNotice
    reserve_window_min: Whole
    deposit: dict[str, AmountFen]
    guarantee_allowed: bool
    notice_days: Whole
    listing_days: Whole
    registration_gap_days: Whole
    deposit_percent: Whole
    day_count: Name
    refund_days: Whole
    publicity_days: Whole
    contract_days: Whole
    rounding: Name
    day_ms: Whole
    minute_ms: Whole
    waivers: dict[str, str]


class Timetable(Strict):
    announced_at: Millis
    registration_from: Millis
    registration_to: Millis
    deposit_deadline: Millis
    listing_from: Millis | None = None
    listing_to: Millis | None = None
    auction_from: Millis | None = None


class Document(Strict):
    name: ShortText
    sha256: Hex32


class RollRow(Strict):
    bidder_no: BidderNo
    key_id: KeyId
    public_key: Hex
    identity_commitment: Hex32
    admission: Seq


class HeadCount(Strict):
    salt: Hex32
    count: Whole


# ── commands ────────────────────────────────────────────────────────────────────────────────


class PublishLot(Strict):
    type: Literal["publish_lot"] = "publish_lot"
    lot: ParcelFacts
    rules: RuleSet
    rules_version: Whole
    suite: ShortText
    timetable: Timetable
    reserve_commitment: Hex32
    documents: tuple[Document, ...]
    requester: Official
    approver: Official


class SupplementLot(Strict):
    type: Literal["supplement_lot"] = "supplement_lot"
    text: LongText
    price_relevant: bool
    timetable: Timetable
    rules: RuleSet
    documents: tuple[Document, ...]
    requester: Official
    approver: Official


class Advance(Strict):
    type: Literal["advance"] = "advance"
    leaving: Name
    proved_to: Millis
    enough: bool | None = None
    head_count_commitment: Hex32 | None = None


class OptIn(Strict):
    type: Literal["opt_in"] = "opt_in"
    bidder_no: BidderNo
    join: bool
    admission: Seq
    received_at: Millis


class PlaceBid(Strict):
    type: Literal["place_bid"] = "place_bid"
    bid_id: BidId
    bidder_no: BidderNo
    amount_fen: AmountFen
    seen_seq: Seq
    jump_confirmed: bool
    received_at: Millis
    admission: Seq | None = None
    key_id: KeyId
    signature: Signature


class Suspend(Strict):
    type: Literal["suspend"] = "suspend"
    cause: Name
    text: LongText
    emergency: bool
    requester: Official
    approver: Official | None = None


class Resume(Strict):
    type: Literal["resume"] = "resume"
    announced_at: Millis
    timetable: Timetable | None = None
    requester: Official | None = None
    approver: Official | None = None


class Interrupt(Strict):
    type: Literal["interrupt"] = "interrupt"
    cause: Name
    gap_from: Millis = Field(alias="from")
    gap_to: Millis = Field(alias="to")


class Terminate(Strict):
    type: Literal["terminate"] = "terminate"
    cause: Name
    text: LongText
    requester: Official
    approver: Official


class OpenReserve(Strict):
    type: Literal["open_reserve"] = "open_reserve"
    has_reserve: bool
    amount_fen: AmountFen
    salt: Hex32


class CloseSale(Strict):
    type: Literal["close_sale"] = "close_sale"
    any_admitted: bool


class OpenRoll(Strict):
    type: Literal["open_roll"] = "open_roll"
    roll: tuple[RollRow, ...]
    head_counts: tuple[HeadCount, ...]


class ConfirmResult(Strict):
    type: Literal["confirm_result"] = "confirm_result"
    outcome: Name
    ruling: LongText | None = None
    requester: Official
    approver: Official


class SealLog(Strict):
    type: Literal["seal_log"] = "seal_log"
    requester: Official
    approver: Official


Command = Annotated[
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
    | SealLog,
    Field(discriminator="type"),
]


# ── events ──────────────────────────────────────────────────────────────────────────────────


class LotPublished(Strict):
    type: Literal["lot_published"] = "lot_published"


class LotSupplemented(Strict):
    type: Literal["lot_supplemented"] = "lot_supplemented"
    version: Whole
    postponed: bool


class StageChanged(Strict):
    type: Literal["stage_changed"] = "stage_changed"
    origin: Name = Field(alias="from")
    to: Name
    closes_at: Millis | None = None


class BidderEntered(Strict):
    type: Literal["bidder_entered"] = "bidder_entered"
    bidder_no: BidderNo
    join: bool


class BidAccepted(Strict):
    type: Literal["bid_accepted"] = "bid_accepted"
    bidder_no: BidderNo
    amount_fen: AmountFen
    minimum_next_fen: AmountFen
    closes_at: Millis


class BidRefused(Strict):
    type: Literal["bid_refused"] = "bid_refused"
    bidder_no: BidderNo
    amount_fen: AmountFen
    reason: Name
    minimum_fen: AmountFen
    closes_at: Millis | None = None


class CapReached(Strict):
    type: Literal["cap_reached"] = "cap_reached"
    amount_fen: AmountFen
    closes_at: Millis


class Suspended(Strict):
    type: Literal["suspended"] = "suspended"
    cause: Name


class Interrupted(Strict):
    type: Literal["interrupted"] = "interrupted"
    gap_from: Millis = Field(alias="from")
    gap_to: Millis = Field(alias="to")
    resumes_at: Millis | None = None


class Resumed(Strict):
    type: Literal["resumed"] = "resumed"
    closes_at: Millis | None = None
    timetable: Timetable | None = None


class ReserveOpened(Strict):
    type: Literal["reserve_opened"] = "reserve_opened"
    amount_fen: AmountFen
    salt: Hex32
    met: bool


class HammerFell(Strict):
    type: Literal["hammer_fell"] = "hammer_fell"
    bidder_no: BidderNo
    amount_fen: AmountFen


class LotSold(Strict):
    type: Literal["lot_sold"] = "lot_sold"
    total_fen: AmountFen


class LotFailed(Strict):
    type: Literal["lot_failed"] = "lot_failed"
    reason: Name


class LotTerminated(Strict):
    type: Literal["lot_terminated"] = "lot_terminated"


class ResultDisputed(Strict):
    type: Literal["result_disputed"] = "result_disputed"
    bid_id: BidId


class RollOpened(Strict):
    type: Literal["roll_opened"] = "roll_opened"
    bidders: Whole


class ResultConfirmed(Strict):
    type: Literal["result_confirmed"] = "result_confirmed"


class LogSealed(Strict):
    type: Literal["log_sealed"] = "log_sealed"


Event = Annotated[
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
    | LogSealed,
    Field(discriminator="type"),
]


class LotEntry(Strict):
    """One command and what the rules decided; `seq` is its index in the tree of `log`."""

    at: Millis
    command: Command
    events: tuple[Event, ...]
    log: ShortText
    seq: Seq
    v: Version = 1


# ── the house log: facts of the office; `events` is always empty ─────────────────────────────


class LotBorn(Strict):
    """leaf_hash: of entry 0 of the lot's log."""

    type: Literal["lot_born"] = "lot_born"
    lot_id: LotId
    leaf_hash: Hex32


class RecordAdmission(Strict):
    """A bidder was admitted, or an admitted bidder enrolled one more key."""

    type: Literal["record_admission"] = "record_admission"
    lot_id: LotId
    bidder_no: BidderNo
    key_id: KeyId
    public_key: Hex
    identity_commitment: Hex32


class RevokeAdmission(Strict):
    type: Literal["revoke_admission"] = "revoke_admission"
    lot_id: LotId
    bidder_no: BidderNo
    reason: Name


class RecordDeposit(Strict):
    """A deposit decision; who paid stays behind the commitment."""

    type: Literal["record_deposit"] = "record_deposit"
    lot_id: LotId
    decision: Name
    deposit_commitment: Hex32


class RecordAction(Strict):
    """An official's action outside a lot's log."""

    type: Literal["record_action"] = "record_action"
    action: Name
    subject: ShortText
    requester: Official
    approver: Official | None = None


class RecordLook(Strict):
    """Someone looked at sealed data: which field, of what, why."""

    type: Literal["record_look"] = "record_look"
    subject: ShortText
    field: ShortText
    reason: ShortText
    requester: Official


class RecordKey(Strict):
    """The log key (C2SP vkey) that signs this site's logs from now on, or no longer does."""

    type: Literal["record_key"] = "record_key"
    vkey: ShortText
    change: Literal["INTRODUCED", "RETIRED"]
    reason: ShortText | None = None


class RecordPolicy(Strict):
    """The witness policy that holds from now on: SHA-256 of its file, of nothing when there is
    none."""

    type: Literal["record_policy"] = "record_policy"
    sha256: Hex32
    reason: ShortText | None = None


class LotSealed(Strict):
    """The final checkpoint of a lot's log: its size and root."""

    type: Literal["lot_sealed"] = "lot_sealed"
    lot_id: LotId
    size: Whole
    root: Hex32


HouseCommand = Annotated[
    LotBorn
    | RecordAdmission
    | RevokeAdmission
    | RecordDeposit
    | RecordAction
    | RecordLook
    | RecordKey
    | RecordPolicy
    | LotSealed,
    Field(discriminator="type"),
]


class HouseEntry(Strict):
    at: Millis
    command: HouseCommand
    events: tuple[()] = ()
    log: ShortText
    seq: Seq
    v: Version = 1
