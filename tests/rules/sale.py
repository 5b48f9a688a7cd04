"""One sale for tests: a parcel, RuleSets and commands, and a hand that winds an integer clock."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from service.rules import messages as m
from service.rules.decide import apply, decide
from service.rules.lot import Lot
from service.rules.refusals import Reason, Refusal
from service.rules.templates import from_template
from service.rules.terms import (
    RULES_VERSION,
    SUITE,
    Control,
    LandUseClass,
    Method,
    Parcel,
    RuleSet,
    Stage,
    Timetable,
)
from service.rules.timetable import leaves_at

DAY = 86_400_000
HOUR = 3_600_000
MINUTE = 60_000
T0 = 1_767_225_600_000  # 2026-01-01 08:00 in Beijing
START, STEP = 1_000_000, 10_000
COUNTDOWN = 300_000
BOTH = m.Officials(requester="publisher-00000001", approver="approver-00000002")
ALONE = m.Officials(requester="publisher-00000001")
SALT = "5a" * 32

PARCEL = Parcel(
    parcel_no="2026-01",
    title="新海路南、建华大街东",
    land_use="二类城镇住宅用地",
    land_use_class=LandUseClass.RESIDENTIAL,
    term_years=70,
    area_centi_m2=6_051_061,
)


def listing_rules(template: str = "hebei-default", **changes: Any) -> RuleSet:
    values: dict[str, Any] = {
        "starting_price_fen": START,
        "increment_fen": STEP,
        "deposit": {"CNY": START},
        "confirm_jump_steps": None,
        **changes,
    }
    return from_template(template, **values)


def auction_rules(**changes: Any) -> RuleSet:
    return listing_rules(method=Method.AUCTION, **changes)


def listing_times(**changes: Any) -> Timetable:
    values: dict[str, Any] = {
        "announced_at": T0,
        "registration_from": T0,
        "registration_to": T0 + 28 * DAY,
        "deposit_deadline": T0 + 28 * DAY,
        "listing_from": T0 + 20 * DAY,
        "listing_to": T0 + 30 * DAY,
        **changes,
    }
    return Timetable(**values)


def auction_times(**changes: Any) -> Timetable:
    values: dict[str, Any] = {
        "announced_at": T0,
        "registration_from": T0,
        "registration_to": T0 + 18 * DAY,
        "deposit_deadline": T0 + 18 * DAY,
        "auction_from": T0 + 20 * DAY,
        **changes,
    }
    return Timetable(**values)


def times_of(rules: RuleSet) -> Timetable:
    return listing_times() if rules.method is Method.LISTING else auction_times()


def publish(
    rules: RuleSet, *, parcel: Parcel = PARCEL, timetable: Timetable | None = None
) -> m.PublishLot:
    return m.PublishLot(
        lot=parcel,
        rules=rules,
        rules_version=RULES_VERSION,
        suite=SUITE,
        timetable=times_of(rules) if timetable is None else timetable,
        reserve_commitment="ab" * 32,
        documents=(),
        officials=BOTH,
    )


def bid(
    bidder_no: str,
    amount_fen: int,
    received_at: int,
    *,
    number: int = 0,
    admission: int | None = 7,
    jump_confirmed: bool = False,
) -> m.PlaceBid:
    return m.PlaceBid(
        bid_id=str(UUID(int=number)),
        bidder_no=bidder_no,
        amount_fen=amount_fen,
        seen_seq=0,
        jump_confirmed=jump_confirmed,
        received_at=received_at,
        key_id="0" * 16,
        signature="A" * 86 + "==",
        admission=admission,
    )


def supplement(lot: Lot, **changes: Any) -> m.SupplementLot:
    values: dict[str, Any] = {
        "text": "补充公告",
        "price_relevant": False,
        "timetable": lot.timetable,
        "rules": lot.rules,
        "documents": (),
        "officials": BOTH,
        **changes,
    }
    return m.SupplementLot(**values)


def suspend(*, emergency: bool = False, officials: m.Officials = BOTH) -> m.Suspend:
    cause = m.SuspendCause.TITLE_DISPUTE
    return m.Suspend(cause=cause, text="中止", emergency=emergency, officials=officials)


def resume(announced_at: int, timetable: Timetable | None = None) -> m.Resume:
    return m.Resume(announced_at=announced_at, officials=BOTH, timetable=timetable)


def terminate() -> m.Terminate:
    return m.Terminate(cause=m.SuspendCause.COURT_ORDER, text="终止", officials=BOTH)


def outage(gap_from: int, gap_to: int) -> m.Interrupt:
    return m.Interrupt(cause=m.InterruptCause.OUTAGE, gap_from=gap_from, gap_to=gap_to)


def advance(lot: Lot, *, proved_to: int = 2**52, enough: bool | None = None) -> m.Advance:
    starts_auction = lot.stage is Stage.ANNOUNCED and lot.rules.method is Method.AUCTION
    if starts_auction and enough is None:
        enough = True
    return m.Advance(
        leaving=lot.stage,
        proved_to=proved_to,
        enough=enough,
        head_count_commitment="cd" * 32 if starts_auction else None,
    )


ROLL = m.OpenRoll(
    roll=(
        m.RollRow(
            bidder_no="A2K7",
            key_id="0" * 16,
            public_key="3059",
            identity_commitment="ef" * 32,
            admission=7,
        ),
    ),
    head_counts=(m.HeadCount(salt=SALT, count=1),),
)


def open_reserve(amount_fen: int | None = None) -> m.OpenReserve:
    return m.OpenReserve(has_reserve=amount_fen is not None, amount_fen=amount_fen or 0, salt=SALT)


def confirm(
    outcome: m.Confirmation = m.Confirmation.CONFIRMED, ruling: str | None = None
) -> m.ConfirmResult:
    return m.ConfirmResult(outcome=outcome, officials=BOTH, ruling=ruling)


SEAL = m.SealLog(officials=BOTH)
CLOSE = m.CloseSale(any_admitted=True)
CLOSE_WITH_NOBODY_ADMITTED = m.CloseSale(any_admitted=False)


@dataclass
class Sale:
    """A lot with its log and its clock (ms). Commands that the rules refuse leave no entry."""

    rules: RuleSet
    parcel: Parcel = PARCEL
    timetable: Timetable | None = None
    at: int = T0
    entries: list[tuple[m.Command, tuple[m.Event, ...], int]] = field(default_factory=list)
    numbers: int = 0

    def __post_init__(self) -> None:
        self._lot: Lot | None = None
        command = publish(self.rules, parcel=self.parcel, timetable=self.timetable)
        self.do(command)

    @property
    def lot(self) -> Lot:
        assert self._lot is not None
        return self._lot

    @property
    def stage(self) -> Stage:
        return self.lot.stage

    @property
    def closes_at(self) -> int:
        assert self.lot.closes_at is not None
        return self.lot.closes_at

    def ask(self, command: m.Command) -> tuple[m.Event, ...] | Refusal:
        """Decide, and log the events if there are any."""
        decision = decide(self._lot, command, self.at)
        if not isinstance(decision, Refusal):
            self.entries.append((command, decision, self.at))
            self._lot = apply(self._lot, command, decision, self.at)
        return decision

    def do(self, command: m.Command, at: int | None = None) -> tuple[m.Event, ...]:
        """Do what must be allowed."""
        self.at = self.at if at is None else at
        decision = self.ask(command)
        assert not isinstance(decision, Refusal), decision
        return decision

    def refused(self, command: m.Command, at: int | None = None) -> Reason:
        """Ask for what must be refused; the reason. The state must be the same afterwards."""
        self.at = self.at if at is None else at
        before = self._lot
        decision = self.ask(command)
        assert isinstance(decision, Refusal), decision
        assert self._lot == before
        return decision.reason

    def bid(
        self, bidder_no: str, amount_fen: int, *, received_at: int | None = None, **how: Any
    ) -> m.BidAccepted | m.BidRefused:
        """Place a bid that arrives now, or arrived at `received_at`; its answer."""
        self.numbers += 1
        arrival = self.at if received_at is None else received_at
        events = self.do(bid(bidder_no, amount_fen, arrival, number=self.numbers, **how))
        answer = events[0]
        assert isinstance(answer, m.BidAccepted | m.BidRefused)
        return answer

    def accepted(self, bidder_no: str, amount_fen: int, **how: Any) -> m.BidAccepted:
        answer = self.bid(bidder_no, amount_fen, **how)
        assert isinstance(answer, m.BidAccepted), answer
        return answer

    def no(self, bidder_no: str, amount_fen: int, **how: Any) -> Reason:
        """Place a bid that must be refused; the reason."""
        answer = self.bid(bidder_no, amount_fen, **how)
        assert isinstance(answer, m.BidRefused), answer
        return answer.reason

    def leave(self, *, enough: bool | None = None) -> Stage:
        """Wind the clock to the end of the stage and leave it; the stage that follows."""
        earliest = leaves_at(self.lot)
        assert earliest is not None
        self.do(advance(self.lot, enough=enough), max(self.at, earliest))
        return self.stage

    def to(self, stage: Stage, *, enough: bool | None = None) -> "Sale":
        """Leave stages until `stage` is reached."""
        while self.stage is not stage:
            self.leave(enough=enough)
        return self

    def events(self, kind: type) -> list[Any]:
        return [event for _, events, _ in self.entries for event in events if type(event) is kind]


def listing(**changes: Any) -> Sale:
    """A published LISTING."""
    return Sale(listing_rules(**changes))


def auction(**changes: Any) -> Sale:
    """A published AUCTION."""
    return Sale(auction_rules(**changes))


def timed(**changes: Any) -> Sale:
    """A LISTING in its timed phase with one accepted quote of A2K7 at the starting price."""
    sale = listing(**changes).to(Stage.LISTING)
    sale.accepted("A2K7", START)
    return sale.to(Stage.TIMED)


def closing(**changes: Any) -> Sale:
    """A LISTING whose bidding is over; A2K7 leads at the starting price."""
    return timed(**changes).to(Stage.CLOSING)


def sold(**changes: Any) -> Sale:
    sale = closing(**changes)
    sale.do(open_reserve())
    sale.do(CLOSE)
    return sale


def failed(**changes: Any) -> Sale:
    """A LISTING that failed below its reserve."""
    sale = closing(**changes)
    sale.do(open_reserve(START + STEP))
    sale.do(CLOSE)
    return sale


def in_every_stage() -> Iterable[Sale]:
    """One sale in each stage, in the order of the stages."""
    yield listing()
    yield listing().to(Stage.LISTING)
    yield listing(quiet_min=60).to(Stage.QUIET)
    yield listing(ready_min=5).to(Stage.READY)
    yield timed()
    yield closing()
    yield sold()
    yield failed()


def with_control(sale: Sale, control: Control) -> Lot:
    """The same lot under another control, however it came to it."""
    since = sale.at if control is Control.SUSPENDED else None
    return replace(sale.lot, control=control, suspended_at=since)
