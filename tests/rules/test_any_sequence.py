"""Whatever people and time do, in whatever order: the promises of the rules hold (§§5–8).

A hand winds an integer clock and gives random commands. Beside the rules runs a small book of its
own, kept from the events alone: what was promised to the bidders, and until when.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from schemas.log import LotEntry
from service import wire
from service.audit import canonical
from service.rules import messages as m
from service.rules.decide import apply, decide, fold
from service.rules.lot import Lot
from service.rules.refusals import Refusal
from service.rules.table import TRANSITIONS, refusal_by_table
from service.rules.terms import (
    Control,
    EntryRule,
    Extension,
    Grid,
    LiveTrigger,
    Method,
    OutageResume,
    RuleSet,
    SelfOutbid,
    Shortfall,
    Stage,
    Timetable,
)
from service.rules.timetable import leaves_at, next_wake_at
from tests.rules.sale import (
    BOTH,
    CLOSE,
    HOUR,
    PARCEL,
    ROLL,
    SEAL,
    START,
    STEP,
    T0,
    advance,
    bid,
    confirm,
    listing_rules,
    open_reserve,
    publish,
    resume,
    supplement,
    suspend,
    terminate,
)

LOG = "auction.example.cn/lot/hj-2017-07"
BIDDERS = ("A2K7", "B3M8", "C4N9")
NOON = T0 + 4 * HOUR
PRACTICE = Timetable(
    announced_at=NOON,
    registration_from=NOON,
    registration_to=NOON + 20_000,
    deposit_deadline=NOON + 20_000,
    listing_from=NOON + 10_000,
    listing_to=NOON + 110_000,
)
PRACTICE_AUCTION = replace(
    PRACTICE,
    registration_to=NOON + 9000,
    deposit_deadline=NOON + 9000,
    listing_from=None,
    listing_to=None,
    auction_from=NOON + 10_000,
)

CHOICES: dict[str, Sequence[Any]] = {
    "method": list(Method),
    "entry_rule": list(EntryRule),
    "quiet_min": [0, 15],
    "ready_min": [0, 5],
    "free_min": [0, 10],
    "live_trigger": list(LiveTrigger),
    "extension": list(Extension),
    "max_live_min": [None, None, 30],
    "grid": list(Grid),
    "increment_live_fen": [None, STEP // 2],
    "max_jump_steps": [None, 5],
    "confirm_jump_steps": [None, 2],
    "self_outbid": list(SelfOutbid),
    "price_cap_fen": [None, None, START, START + 2 * STEP, START + 9 * STEP],
    "on_shortfall": list(Shortfall),
    "outage_resume": list(OutageResume),
}


def rules_of(choices: dict[str, Any]) -> RuleSet:
    """Rules in seconds, every choice free, that may be released."""
    opt_in = choices["entry_rule"] is EntryRule.OPT_IN
    quoted_before = choices["entry_rule"] is EntryRule.QUOTED_BEFORE
    needed = {
        "ready_min": 5 if opt_in else choices["ready_min"],
        "free_min": 10 if quoted_before else choices["free_min"],
    }
    return listing_rules("demo", **{**choices, **needed})


Deed = Callable[..., None]
DEEDS: list[tuple[str, dict[str, Sequence[Any]]]] = []


def deed(weight: int = 1, **options: Sequence[Any]) -> Callable[[Deed], Deed]:
    """Something that may happen: a rule of the machine, and a step of a walk."""

    def entered(function: Deed) -> Deed:
        DEEDS.extend([(function.__name__, options)] * weight)
        drawn: dict[str, Any] = {k: st.sampled_from(values) for k, values in options.items()}
        ruled: Deed = rule(**drawn)(function)  # type: ignore[no-untyped-call]  # overloads
        return ruled

    return entered


def moved(table: Timetable, ms: int) -> Timetable:
    """The same timetable with bidding `ms` later."""
    names = ("listing_from", "listing_to", "auction_from")
    told = {name: getattr(table, name) for name in names}
    return replace(table, **{name: at + ms for name, at in told.items() if at is not None})


class AnySequence(RuleBasedStateMachine):
    """The lot, its log, the clock, and the book of promises.

    owed_until: the end of the last full window that was promised in the timed phase (ms).
    whole_ms: how long the listing was to take quotes when it opened; open_ms, how long it did
    before open_since, since when it does again.
    """

    lot: Lot
    at: int
    log: list[bytes]
    best: tuple[int, str] | None
    owed_until: int
    whole_ms: int
    open_ms: int
    open_since: int | None
    numbers: int
    reserve_fen: int | None

    @initialize(
        choices=st.fixed_dictionaries({k: st.sampled_from(v) for k, v in CHOICES.items()}),
        reserve=st.none() | st.integers(0, 3),
        stages=st.integers(0, 6),
    )
    def announce(self, choices: dict[str, Any], reserve: int | None, stages: int) -> None:
        """Publish, and let some stages pass in peace."""
        self.at, self.log, self.best, self.numbers = NOON, [], None, 0
        self.owed_until, self.whole_ms, self.open_ms, self.open_since = 0, 0, 0, None
        self.reserve_fen = None if reserve is None else START + reserve * STEP
        rules = rules_of(choices)
        table = PRACTICE if rules.method is Method.LISTING else PRACTICE_AUCTION
        command = publish(rules, timetable=table)
        events = decide(None, command, self.at)
        assert not isinstance(events, Refusal), events
        self.lot = apply(None, command, events, self.at)
        self.write(command, events)
        for _ in range(stages):
            for who in BIDDERS[:2]:
                self.opt_in(who, join=True)
                self.outbid(0, after_ms=0)
            self.move_on(0, enough=True)

    # ── what people and time do ─────────────────────────────────────────────────────────────

    @deed(ms=[0, 1, 250, 499, 500, 1000, 5001, 19_999, 20_000, 60_000, HOUR])
    def wind(self, ms: int) -> None:
        self.at += ms

    @deed(weight=3, late_ms=[-1, 0, 0, 0, 400, 6000], enough=[True, False])
    def move_on(self, late_ms: int, enough: bool) -> None:
        """Wind to the next instant at which time asks, and answer; set right what stands still."""
        wake = next_wake_at(self.lot)
        if wake is not None:
            self.at = max(self.at, wake + late_ms)
        if self.lot.resumes_at is not None:
            self.give(m.Resume(announced_at=self.at))
        elif self.lot.control is Control.SUSPENDED:
            self.give(resume(self.at, self.new_timetable(0)))
        else:
            self.give(advance(self.lot, proved_to=self.at, enough=enough))

    @deed(weight=3, nth=[0, 1], after_ms=[0, 1, 1000, 9000, 19_999])
    def outbid(self, nth: int, after_ms: int) -> None:
        """A quote that is right in every way, if its bidder has entered and time is left."""
        self.at += after_ms
        rivals = [who for who in BIDDERS if who != self.lot.leader_no]
        cap = self.lot.rules.price_cap_fen or 2**52
        self.place(rivals[nth], min(self.lot.minimum_fen, cap), self.at)

    def place(self, who: str, amount_fen: int, arrival: int, **how: Any) -> None:
        self.numbers += 1
        self.give(bid(who, amount_fen, max(0, arrival), number=self.numbers, **how))

    @deed(proved=[True, False], enough=[True, False])
    def tick(self, proved: bool, enough: bool) -> None:
        proved_to = self.at if proved else (self.lot.closes_at or 1) - 1
        self.give(advance(self.lot, proved_to=proved_to, enough=enough))

    @deed(
        weight=2,
        who=BIDDERS,
        steps=[-1, 0, 0, 0, 0, 1, 2, 3, 6],
        odd_fen=[0, 0, 0, 0, 1, 100],
        late_ms=[0, 0, 0, 1, 400, 21_000],
        admission=[7, 7, 7, 7, None],
        jump_confirmed=[True, False],
    )
    def place_bid(self, who: str, steps: int, odd_fen: int, late_ms: int, **how: Any) -> None:
        amount = max(0, self.lot.minimum_fen + steps * self.lot.increment_fen + odd_fen)
        self.place(who, amount, self.at - late_ms, **how)

    @deed(weight=2, nth=[0, 1], before_ms=[1, 1, 0], lag_ms=[0, 100, 499, 2000])
    def outbid_at_the_last_instant(self, nth: int, before_ms: int, lag_ms: int) -> None:
        """In time or exactly too late, and decided a little later."""
        cutoff = self.lot.last_cutoff if self.lot.stage is Stage.CLOSING else self.lot.closes_at
        if cutoff is None:
            return
        self.at = max(self.at, cutoff - before_ms + lag_ms)
        rivals = [who for who in BIDDERS if who != self.lot.leader_no]
        self.place(rivals[nth], self.lot.minimum_fen, cutoff - before_ms)

    @precondition(lambda self: self.lot.stage is Stage.READY)
    @deed(who=BIDDERS, join=[True, True, False])
    def opt_in(self, who: str, join: bool) -> None:
        self.give(m.OptIn(bidder_no=who, join=join, admission=7, received_at=self.at))

    @precondition(lambda self: self.lot.control is Control.SUSPENDED)
    @deed(more_ms=[-1, 0, 0, 5000], by_officials=[True, False])
    def resume(self, more_ms: int, by_officials: bool) -> None:
        if by_officials:
            self.give(resume(self.at, self.new_timetable(more_ms)))
        else:
            self.give(m.Resume(announced_at=self.at))

    @deed(gap_ms=[0, 5000, 5001, 30_000, HOUR, 3 * HOUR], cause=list(m.InterruptCause))
    def fail(self, gap_ms: int, cause: m.InterruptCause) -> None:
        """The platform goes dark now and comes back after the gap."""
        died = self.at
        self.at += gap_ms
        self.give(m.Interrupt(cause=cause, gap_from=died, gap_to=self.at))

    @precondition(lambda self: self.lot.stage is Stage.ANNOUNCED)
    @deed(days=[-1, 0, 1, 3], price_relevant=[True, False])
    def supplement(self, days: int, price_relevant: bool) -> None:
        later = moved(self.lot.timetable, days * 1000)
        self.give(supplement(self.lot, timetable=later, price_relevant=price_relevant))

    @deed(command=[suspend(), suspend(emergency=True), suspend(), terminate(), ROLL, SEAL])
    def intervene(self, command: m.Command) -> None:
        if isinstance(command, m.Terminate) and self.numbers < 8:
            return
        self.give(command)

    @precondition(lambda self: self.lot.stage is Stage.CLOSING)
    @deed(again=[True, False])
    def finish(self, again: bool) -> None:
        self.give(open_reserve(self.reserve_fen))
        self.give(CLOSE)
        if again:
            self.give(CLOSE)

    @precondition(lambda self: self.lot.stage in (Stage.CLOSING, Stage.SOLD, Stage.FAILED))
    @deed(
        command=[
            open_reserve(START),
            publish(listing_rules()),
            CLOSE,
            ROLL,
            confirm(),
            confirm(ruling="成交有效"),
            confirm(m.Confirmation.UNQUALIFIED, ruling="竞得人不具备资格"),
            m.SealLog(officials=m.Officials(requester=BOTH.requester)),
            SEAL,
        ]
    )
    def do_something_of_the_office(self, command: m.Command) -> None:
        if not isinstance(command, m.OpenReserve) or self.reserve_fen == START:
            self.give(command)

    def new_timetable(self, more_ms: int) -> Timetable:
        """What officials state: the earliest that can be right, or a little off it."""
        lot, table = self.lot, self.lot.timetable
        if lot.stage is Stage.ANNOUNCED:
            return moved(table, max(0, self.at - table.bidding_from) + more_ms)
        if table.listing_to is None or lot.suspended_at is None or lot.closes_at is None:
            return table
        left = max(lot.countdown_ms, lot.closes_at - lot.suspended_at)
        quiet = lot.quiet_ms if lot.stage is Stage.LISTING else 0
        return replace(table, listing_to=self.at + left + quiet + more_ms)

    # ── one command ─────────────────────────────────────────────────────────────────────────

    def give(self, command: m.Command) -> None:
        before = self.lot
        decision = decide(before, command, self.at)
        by_table = refusal_by_table(before.stage, before.control, type(command))
        if isinstance(decision, Refusal):
            assert before.sealed or by_table in (None, decision.reason)
            return
        assert by_table is None, "the table forbids what was decided"
        assert decision, "an entry has an event"
        self.write(command, decision)
        self.lot = apply(before, command, decision, self.at)
        for event in decision:
            self.check(before, command, event)
        self.check_bid(before, decision)

    def write(self, command: m.Command, events: tuple[m.Event, ...]) -> None:
        entry = wire.lot_entry(LOG, len(self.log), self.at, command, events)
        self.log.append(canonical.encode(wire.plain(entry)))

    def check(self, before: Lot, command: m.Command, event: m.Event) -> None:
        match event:
            case m.BidAccepted():
                self.check_accepted(before, event)
            case m.StageChanged():
                self.check_stage(before, command, event)
            case m.Suspended():
                self.stop(before, self.at)
            case m.Interrupted():
                self.stop(before, event.gap_from)
            case m.Resumed():
                self.check_resumed(event)
            case m.HammerFell():
                assert (event.amount_fen, event.bidder_no) == self.best
                assert event.amount_fen >= (self.reserve_fen or 0)
                assert not self.lot.disputed
            case _:
                pass

    def check_bid(self, before: Lot, decision: tuple[m.Event, ...]) -> None:
        """A refused bid changes nothing; nothing but an accepted bid moves the price."""
        kinds = {type(event) for event in decision}
        if kinds == {m.BidRefused}:
            assert self.lot == before
        if m.BidAccepted not in kinds:
            assert (self.lot.price_fen, self.lot.leader_no) == (before.price_fen, before.leader_no)
        moved = self.lot.closes_at != before.closes_at
        may_move = {m.BidAccepted, m.StageChanged, m.Resumed}
        assert not moved or kinds & may_move, "only these restart the countdown"

    def check_accepted(self, before: Lot, event: m.BidAccepted) -> None:
        if self.best is not None:
            assert event.amount_fen > self.best[0], "the price only climbs"
        assert event.amount_fen >= before.minimum_fen >= START
        assert before.control is Control.NORMAL
        assert before.stage in (Stage.LISTING, Stage.TIMED)
        self.best = (event.amount_fen, event.bidder_no)
        rules = before.rules
        extends = rules.extension is not Extension.NONE and rules.max_live_min is None
        if event.amount_fen == rules.price_cap_fen:
            self.owed_until = 0
        elif before.stage is Stage.TIMED and extends:
            self.owed_until = self.at + before.countdown_ms
            assert event.closes_at >= self.owed_until, "the full window is always given"

    def check_resumed(self, event: m.Resumed) -> None:
        if self.lot.stage is Stage.TIMED:
            self.owed_until = self.at + self.lot.countdown_ms
            assert event.closes_at is not None
            assert event.closes_at >= self.owed_until
        if self.lot.stage is Stage.LISTING:
            self.open_since = self.at

    def stop(self, before: Lot, since: int) -> None:
        if self.open_since is not None and before.closes_at is not None:
            self.open_ms += max(0, min(since, before.closes_at) - self.open_since)
        self.open_since = None

    def check_stage(self, before: Lot, command: m.Command, event: m.StageChanged) -> None:
        assert (event.origin, event.to) in TRANSITIONS
        if isinstance(command, m.Advance):
            assert before.control is Control.NORMAL
            self.check_window(before, command)
        if event.to is Stage.TIMED:
            self.owed_until = self.at + self.lot.countdown_ms
        if event.to is Stage.LISTING:
            assert self.lot.opened_at is not None
            assert event.closes_at is not None
            self.open_ms, self.open_since = 0, self.lot.opened_at
            self.whole_ms = event.closes_at - self.lot.opened_at

    def check_window(self, before: Lot, command: m.Advance) -> None:
        if before.stage in (Stage.LISTING, Stage.READY, Stage.TIMED):
            assert before.closes_at is not None
            assert command.proved_to >= before.closes_at, "nothing passes an unproved path"
        if before.stage in (Stage.LISTING, Stage.TIMED):
            assert before.closes_at is not None
            assert self.at >= before.closes_at + before.rules.drain_ms
        if before.stage is Stage.TIMED:
            assert self.at >= self.owed_until + before.rules.drain_ms * bool(self.owed_until)
        if before.stage is Stage.LISTING:
            self.check_listing_was_open(before)

    def check_listing_was_open(self, before: Lot) -> None:
        """Suspended time never counts against a window."""
        assert self.open_since is not None
        assert before.closes_at is not None
        assert self.open_ms + before.closes_at - self.open_since >= self.whole_ms

    # ── after every command ─────────────────────────────────────────────────────────────────

    @invariant()
    def every_question_has_an_answer(self) -> None:
        if not hasattr(self, "lot"):
            return
        next_wake_at(self.lot)
        leaves_at(self.lot)
        assert self.lot.minimum_fen >= START
        assert self.lot.total_fen == self.lot.price_fen
        suspended = self.lot.control is Control.SUSPENDED
        assert suspended == (self.lot.suspended_at is not None) or self.lot.stage is Stage.FAILED

    def teardown(self) -> None:
        """Folding the log gives the state, and every command decided again the same events."""
        if not hasattr(self, "lot"):
            return
        entries = []
        lot: Lot | None = None
        for raw in self.log:
            canonical.decode(raw)
            entry = LotEntry.model_validate_json(raw)
            command = wire.command_from_wire(entry.command)
            events = tuple(wire.event_from_wire(event) for event in entry.events)
            assert decide(lot, command, entry.at) == events
            lot = apply(lot, command, events, entry.at)
            entries.append((command, events, entry.at))
        assert fold(entries) == lot == self.lot
        assert self.lot.parcel == PARCEL


def test_any_sequence_of_commands_keeps_the_promises() -> None:
    run_state_machine_as_test(
        AnySequence,
        settings=settings(
            max_examples=100,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("seed", range(150))
def test_a_long_walk_keeps_the_promises(seed: int) -> None:
    """The same deeds, evenly chosen: the machine above prefers short stories."""
    chance = Random(seed)
    sale = AnySequence()
    choices = {name: chance.choice(values) for name, values in CHOICES.items()}
    sale.announce(choices, chance.choice([None, 0, 1, 2, 3]), chance.randrange(7))
    for _ in range(60):
        name, options = chance.choice(DEEDS)
        getattr(sale, name)(**{key: chance.choice(values) for key, values in options.items()})
        sale.every_question_has_an_answer()
    sale.teardown()
