"""Frames of the live channel `/ws/lots/{lot_id}`, subprotocol `luochui.v1`.

Amounts are whole fen in the lot's price unit, instants UTC ms of the database clock. A client
ignores fields and types it does not know and trusts only state that carries a `seq`.
"""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import (
    AmountFen,
    BidderNo,
    BidId,
    KeyId,
    Millis,
    Seq,
    ShortText,
    Signature,
    Strict,
    Whole,
)
from schemas.log import Name
from schemas.problem import ProblemCode

SUBPROTOCOL = "luochui.v1"

Role = Literal["observer", "bidder"]


# ── client → server ─────────────────────────────────────────────────────────────────────────


class Ping(Strict):
    """t0: the client's own clock (ms), returned untouched."""

    type: Literal["ping"] = "ping"
    t0: Whole


class BidBody(Strict):
    """A bid as it is sent by socket or by POST. `seen_seq`: the last seq on the bidder's screen."""

    bid_id: BidId
    amount_fen: AmountFen
    seen_seq: Seq
    jump_confirmed: bool
    key_id: KeyId
    signature: Signature


class PlaceBid(BidBody):
    type: Literal["place_bid"] = "place_bid"


class BidStatus(Strict):
    type: Literal["bid_status"] = "bid_status"
    bid_id: BidId


class OptInBody(Strict):
    """The answer to the question of the opt-in window, by socket or by POST."""

    join: bool


class OptIn(OptInBody):
    type: Literal["opt_in"] = "opt_in"


class Resync(Strict):
    """Asks for what was decided after `after_seq`, or a snapshot when that is too far back."""

    type: Literal["resync"] = "resync"
    after_seq: Annotated[int, Field(strict=True, ge=-1, le=2**53 - 1)]


ClientFrame = Annotated[Ping | PlaceBid | BidStatus | OptIn | Resync, Field(discriminator="type")]


# ── server → client ─────────────────────────────────────────────────────────────────────────


class Limits(Strict):
    frame_bytes: Whole
    frames_per_s: Whole
    bids_per_s: Whole


class Welcome(Strict):
    type: Literal["welcome"] = "welcome"
    server_time_ms: Millis
    session: ShortText
    role: Role
    bidder_no: BidderNo | None = None
    heartbeat_ms: Whole
    limits: Limits


class RulesSummary(Strict):
    """What the bid box needs to know; the whole RuleSet stands on the lot's page."""

    method: Name
    price_unit: Name
    starting_price_fen: AmountFen
    grid: Name
    price_quantum_fen: AmountFen
    max_jump_steps: Whole | None = None
    confirm_jump_steps: Whole | None = None
    self_outbid: Name
    price_cap_fen: AmountFen | None = None
    countdown_s: Whole
    extension: Name
    entry_rule: Name
    reserve: Name | None = None
    drain_ms: Whole
    warnings_s: tuple[Whole, ...]
    area_centi_m2: Whole
    floor_area_centi_m2: Whole | None = None
    title: ShortText
    parcel_no: ShortText
    land_use: ShortText


class LotFields(Strict):
    """The lot as everyone may see it.

    opens_at: in ANNOUNCED, when bidding begins. resumes_at: while suspended, when the sale
    goes on by itself. result: only after the hammer.
    """

    stage: Name
    control: Name
    price_fen: AmountFen | None = None
    total_fen: AmountFen | None = None
    leader_no: BidderNo | None = None
    minimum_bid_fen: AmountFen
    increment_fen: AmountFen
    opens_at: Millis | None = None
    closes_at: Millis | None = None
    resumes_at: Millis | None = None
    suspend_cause: Name | None = None
    extensions: Whole
    accepted: Whole
    disputed: bool = False
    reserve_met: bool | None = None
    winner_no: BidderNo | None = None
    failed_reason: Name | None = None
    sealed: bool = False


class AcceptedQuote(Strict):
    seq: Seq
    at: Millis
    bidder_no: BidderNo
    amount_fen: AmountFen
    closes_at: Millis
    stage: Name


class DecidedBid(Strict):
    """One own decided bid, without its proof (ask `bid_status` for the receipt)."""

    bid_id: BidId
    seq: Seq
    at: Millis
    received_at: Millis
    amount_fen: AmountFen
    outcome: Literal["accepted", "refused"]
    reason: Name | None = None


class Snapshot(Strict):
    """Full state. `seq` is the last decided entry; `yours` is there for a bidder only."""

    type: Literal["snapshot"] = "snapshot"
    seq: Seq
    at: Millis
    lot_id: ShortText
    log: ShortText
    lot: LotFields
    rules: RulesSummary
    recent: tuple[AcceptedQuote, ...]
    yours: tuple[DecidedBid, ...] | None = None


class Update(Strict):
    """Conflated: at most 20 a second a lot, the last state wins. `gap`: `new` is not whole."""

    type: Literal["update"] = "update"
    seq: Seq
    at: Millis
    lot: LotFields
    new: tuple[AcceptedQuote, ...]
    gap: bool | None = None


class Receipt(Strict):
    """The answer to one bid, to its bidder alone. `proof` is a C2SP tlog-proof with the entry."""

    type: Literal["receipt"] = "receipt"
    bid_id: BidId
    outcome: Literal["accepted", "refused"]
    reason: Name | None = None
    amount_fen: AmountFen
    seq: Seq
    at: Millis
    received_at: Millis
    closes_at: Millis | None = None
    minimum_bid_fen: AmountFen
    proof: str


class Notice(Strict):
    """code: SUSPENDED, INTERRUPTED, RESUMED, TERMINATED, SUPPLEMENTED, WARNING, STAGE, BROADCAST.

    params: plain strings and integers that the client puts into its own sentence.
    """

    type: Literal["notice"] = "notice"
    code: Name
    at: Millis
    params: dict[str, str | int]


class Pong(Strict):
    """t0: the client's; t1, t2: server receive and send times (ms)."""

    type: Literal["pong"] = "pong"
    t0: Whole
    t1: Millis
    t2: Millis


class Heartbeat(Strict):
    type: Literal["heartbeat"] = "heartbeat"
    server_time_ms: Millis
    seq: Seq


class OptedIn(Strict):
    """The logged answer to `opt_in`."""

    type: Literal["opted_in"] = "opted_in"
    seq: Seq
    at: Millis
    join: bool


class Problem(Strict):
    type: Literal["problem"] = "problem"
    code: ProblemCode
    detail: str
    bid_id: BidId | None = None


ServerFrame = Annotated[
    Welcome | Snapshot | Update | Receipt | OptedIn | Notice | Pong | Heartbeat | Problem,
    Field(discriminator="type"),
]

CLOSE_CODES = {
    1012: "restart: reconnect with jitter",
    4001: "not allowed",
    4008: "too slow",
    4009: "too many frames",
    4010: "replaced by a newer session",
}
