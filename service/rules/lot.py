"""The lot: its state, and how each event changes it. `evolve` folds the log into the state."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from service.rules import messages as m
from service.rules import money
from service.rules.table import BIDDING_STAGES, PROVED_STAGES
from service.rules.terms import (
    Control,
    FailedReason,
    Method,
    Parcel,
    RuleSet,
    Stage,
    Timetable,
)


@dataclass(frozen=True, kw_only=True)
class Lot:
    """One sale as its log tells it. All instants are UTC ms, all money fen in the price unit.

    Without slots, for the sake of `changed`.

    opened_at: since when the present window takes bids or entries. closes_at: its end, and the last
    one once bidding is over.
    last_window: the stage of the latest window for quotes that was left; last_opened and
    last_cutoff its beginning and end, last_price_fen and last_leader_no how it stood then.
    live_limit_at: the end that no extension may pass (`max_live_min`).
    quoted: bidder number → the latest arrival of a quote of his before the timed phase that counts.
    """

    parcel: Parcel
    rules: RuleSet
    timetable: Timetable
    version: int = 1
    stage: Stage = Stage.ANNOUNCED
    control: Control = Control.NORMAL
    price_fen: int | None = None
    leader_no: str | None = None
    opened_at: int | None = None
    closes_at: int | None = None
    last_cutoff: int | None = None
    last_window: Stage | None = None
    last_opened: int | None = None
    last_price_fen: int | None = None
    last_leader_no: str | None = None
    live_limit_at: int | None = None
    extensions: int = 0
    accepted: int = 0
    converted: bool = False
    cap_reached: bool = False
    entered: frozenset[str] = frozenset()
    quoted: Mapping[str, int] = field(default_factory=dict)
    suspended_at: int | None = None
    suspend_cause: m.SuspendCause | m.InterruptCause | None = None
    resumes_at: int | None = None
    reserve_met: bool | None = None
    disputed: bool = False
    winner_no: str | None = None
    failed_reason: FailedReason | None = None
    roll_opened: bool = False
    confirmed: bool = False
    sealed: bool = False

    @property
    def runs_as_listing(self) -> bool:
        """True for a LISTING and for an AUCTION that was converted for want of bidders."""
        return self.rules.method is Method.LISTING or self.converted

    @property
    def increment_fen(self) -> int:
        """The step in force."""
        live = self.stage not in (Stage.ANNOUNCED, Stage.LISTING, Stage.QUIET)
        return money.increment_fen(self.rules, self.parcel, live=live)

    @property
    def largest_step_fen(self) -> int:
        """The larger of the steps of the listing and of the timed phase."""
        both = (money.increment_fen(self.rules, self.parcel, live=live) for live in (False, True))
        return max(both)

    @property
    def minimum_fen(self) -> int:
        """The lowest next bid: the starting price, later the price plus one step."""
        if self.price_fen is None:
            return self.rules.starting_price_fen
        return self.price_fen + self.increment_fen

    @property
    def countdown_ms(self) -> int:
        return self.rules.countdown_s * 1000

    @property
    def quiet_ms(self) -> int:
        return self.rules.quiet_min * self.rules.minute_ms

    @property
    def total_fen(self) -> int | None:
        """The price for the whole parcel."""
        if self.price_fen is None:
            return None
        return money.total_fen(self.price_fen, self.rules.price_unit, self.parcel)


def changed(lot: Lot, **fields: Any) -> Lot:
    """`dataclasses.replace` in a fifth of its time, which was the dearest thing the rules did with
    a bid: it hands thirty fields to a constructor that looks at each of them."""
    assert fields.keys() <= vars(lot).keys(), "only what a lot has"
    new = object.__new__(Lot)
    vars(new).update(vars(lot), **fields)
    return new


def born(command: m.PublishLot) -> Lot:
    """The state after entry 0."""
    return Lot(parcel=command.lot, rules=command.rules, timetable=command.timetable)


def evolve(lot: Lot, event: m.Event, command: m.Command, at: int) -> Lot:
    """The lot after one event of the entry (command, at). Never refuses: events are facts."""
    match event:
        case m.StageChanged():
            return _change_stage(lot, event, command, at)
        case m.BidAccepted():
            return _accept(lot, event, command)
        case m.CapReached():
            return replace(lot, cap_reached=True, closes_at=event.closes_at)
        case m.BidderEntered():
            change = (
                lot.entered | {event.bidder_no} if event.join else lot.entered - {event.bidder_no}
            )
            return replace(lot, entered=change)
        case m.LotSupplemented():
            assert isinstance(command, m.SupplementLot)
            return replace(
                lot, version=event.version, timetable=command.timetable, rules=command.rules
            )
        case m.Suspended():
            return _suspend(lot, event.cause, at, resumes_at=None)
        case m.Interrupted():
            assert isinstance(command, m.Interrupt)
            return _suspend(lot, command.cause, event.gap_from, resumes_at=event.resumes_at)
        case m.Resumed():
            return _resume(lot, event, at)
        case m.ReserveOpened():
            return replace(lot, reserve_met=event.met)
        case m.HammerFell():
            return replace(lot, winner_no=event.bidder_no)
        case m.LotFailed():
            return replace(lot, failed_reason=event.reason, winner_no=None, disputed=False)
        case m.LotTerminated():
            return replace(lot, control=Control.TERMINATED, stage=Stage.FAILED, resumes_at=None)
        case m.ResultDisputed():
            return _dispute(lot, command, at)
        case m.RollOpened():
            return replace(lot, roll_opened=True)
        case m.ResultConfirmed():
            return replace(lot, confirmed=True, disputed=False)
        case m.LogSealed():
            return replace(lot, sealed=True)
        case m.BidRefused() | m.LotPublished() | m.LotSold():
            return lot


def _change_stage(lot: Lot, event: m.StageChanged, command: m.Command, at: int) -> Lot:
    changed = replace(
        _leave_window(lot) if event.origin in BIDDING_STAGES else lot,
        stage=event.to,
        closes_at=event.closes_at if event.closes_at is not None else lot.closes_at,
    )
    match event.to:
        case Stage.LISTING:
            # Heads are counted at the start alone: a log that does it later is false.
            starts = event.origin is Stage.ANNOUNCED
            converting = starts and isinstance(command, m.Advance) and command.enough is False
            return _open_listing(changed, at, converting=converting)
        case Stage.TIMED:
            limit = lot.rules.max_live_min
            limit_at = None if limit is None else at + limit * lot.rules.minute_ms
            # A reopened sale may reach its reserve yet: it is compared with the last price.
            return replace(changed, opened_at=at, live_limit_at=limit_at, reserve_met=None)
        case Stage.READY:
            return replace(changed, opened_at=at)
        case _:
            return changed


def _leave_window(lot: Lot) -> Lot:
    """Remembers how the window stood: what arrived in it and is late is judged by that."""
    return replace(
        lot,
        last_window=lot.stage,
        last_opened=lot.opened_at,
        last_cutoff=lot.closes_at,
        last_price_fen=lot.price_fen,
        last_leader_no=lot.leader_no,
    )


def _open_listing(lot: Lot, at: int, *, converting: bool) -> Lot:
    """The announced instant opens a listing; a converted auction is listed from now."""
    if lot.rules.method is Method.LISTING:
        return replace(lot, opened_at=lot.timetable.listing_from)
    if not converting:
        return replace(lot, opened_at=at)
    assert lot.closes_at is not None, "a conversion states its end"
    table = replace(lot.timetable, listing_from=at, listing_to=lot.closes_at + lot.quiet_ms)
    return replace(lot, opened_at=at, converted=True, timetable=table)


def _accept(lot: Lot, event: m.BidAccepted, command: m.Command) -> Lot:
    assert isinstance(command, m.PlaceBid), "only a bid is accepted"
    timed = lot.stage is Stage.TIMED
    extended = timed and lot.closes_at is not None and event.closes_at > lot.closes_at
    return changed(
        lot,
        price_fen=event.amount_fen,
        leader_no=event.bidder_no,
        closes_at=event.closes_at,
        accepted=lot.accepted + 1,
        extensions=lot.extensions + (1 if extended else 0),
        quoted=lot.quoted if timed else _quoted_at(lot, command),
    )


def _quoted_at(lot: Lot, bid: m.PlaceBid) -> Mapping[str, int]:
    """Quotes are not always decided in the order of their arrival: the latest arrival counts."""
    latest = max(lot.quoted.get(bid.bidder_no, 0), bid.received_at)
    return {**lot.quoted, bid.bidder_no: latest}


def _suspend(
    lot: Lot, cause: m.SuspendCause | m.InterruptCause, since: int, *, resumes_at: int | None
) -> Lot:
    """A suspension inside a suspension keeps the earlier beginning: that time is owed too."""
    begun = lot.suspended_at if lot.control is Control.SUSPENDED else since
    return replace(
        lot,
        control=Control.SUSPENDED,
        suspended_at=begun,
        suspend_cause=cause,
        resumes_at=resumes_at,
    )


def _dispute(lot: Lot, command: m.Command, at: int) -> Lot:
    """Before the hammer a dispute stops the sale; after it only the officials can settle it.

    The quote came too late for the price, but who quoted in the listing has quoted.
    """
    assert isinstance(command, m.PlaceBid), "only a late quote disputes a result"
    if lot.last_window is Stage.LISTING:
        lot = replace(lot, quoted=_quoted_at(lot, command))
    if lot.stage in (Stage.SOLD, Stage.FAILED):
        return replace(lot, disputed=True)
    stopped = _suspend(lot, m.SuspendCause.RESULT_DISPUTED, at, resumes_at=None)
    return replace(stopped, disputed=True)


def _resume(lot: Lot, event: m.Resumed, at: int) -> Lot:
    assert lot.suspended_at is not None
    limit = lot.live_limit_at
    if limit is not None and event.closes_at is not None:
        assert lot.opened_at is not None, "the limit counts from the opening"
        # An outage may have begun before the phase did, and took nothing from it till then.
        limit = max(limit + at - max(lot.suspended_at, lot.opened_at), event.closes_at)
    reopens = lot.stage in PROVED_STAGES
    return replace(
        lot,
        control=Control.NORMAL,
        timetable=event.timetable if event.timetable is not None else lot.timetable,
        opened_at=at if reopens else lot.opened_at,
        closes_at=event.closes_at if event.closes_at is not None else lot.closes_at,
        live_limit_at=limit,
        suspended_at=None,
        suspend_cause=None,
        resumes_at=None,
        disputed=False,
    )
