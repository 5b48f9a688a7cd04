"""How a sale goes from stage to stage, in both methods, for every trigger and entry rule (§3)."""

import pytest

from service.rules import messages as m
from service.rules.refusals import Reason
from service.rules.terms import (
    Control,
    EntryRule,
    FailedReason,
    LiveTrigger,
    Shortfall,
    Stage,
)
from service.rules.timetable import leaves_at, next_wake_at
from tests.rules.sale import (
    CLOSE,
    COUNTDOWN,
    DAY,
    HOUR,
    MINUTE,
    START,
    STEP,
    T0,
    Sale,
    advance,
    auction,
    listing,
    open_reserve,
    suspend,
    timed,
)

L, Q, R, T, C = Stage.LISTING, Stage.QUIET, Stage.READY, Stage.TIMED, Stage.CLOSING


def path(sale: Sale) -> list[Stage]:
    """The stages that time leads through, until people must act."""
    stages = []
    while leaves_at(sale.lot) is not None:
        stages.append(sale.leave())
    return stages


# ── LISTING ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("quiet_min", "ready_min", "stages"),
    [
        (0, 0, [L, T, C]),
        (60, 0, [L, Q, T, C]),
        (0, 5, [L, R, T, C]),
        (60, 5, [L, Q, R, T, C]),
    ],
)
def test_a_listing_with_a_live_phase(quiet_min: int, ready_min: int, stages: list[Stage]) -> None:
    assert path(listing(quiet_min=quiet_min, ready_min=ready_min)) == stages


@pytest.mark.parametrize(("quiet_min", "stages"), [(0, [L, C]), (60, [L, Q, C])])
def test_a_listing_without_a_live_phase_is_decided_at_its_end(
    quiet_min: int, stages: list[Stage]
) -> None:
    sale = listing(quiet_min=quiet_min, ready_min=5, live_trigger=LiveTrigger.TWO_BIDDERS)
    assert path(sale) == stages


def test_a_listing_opens_at_its_announced_instant_however_late_the_tick() -> None:
    sale = listing()
    start = sale.lot.timetable.listing_from
    assert start is not None
    assert sale.refused(advance(sale.lot), start - 1) is Reason.TOO_EARLY
    sale.do(advance(sale.lot), start + 700)
    assert sale.lot.opened_at == start
    sale.accepted("A2K7", START, received_at=start)


def test_quotes_end_a_quiet_hour_before_the_listing() -> None:
    sale = listing(quiet_min=60).to(L)
    assert sale.closes_at == T0 + 30 * DAY - HOUR
    assert sale.leave() is Q
    assert sale.closes_at == T0 + 30 * DAY
    assert sale.no("A2K7", START) is Reason.NOT_OPEN
    assert sale.refused(advance(sale.lot), sale.closes_at - 1) is Reason.TOO_EARLY
    sale.do(advance(sale.lot), T0 + 30 * DAY)


@pytest.mark.parametrize("stage", [L, T])
def test_a_window_is_left_only_after_its_drain(stage: Stage) -> None:
    sale = listing(drain_ms=500).to(stage)
    end = sale.closes_at
    assert sale.refused(advance(sale.lot), end) is Reason.TOO_EARLY
    assert sale.refused(advance(sale.lot), end + 499) is Reason.TOO_EARLY
    sale.do(advance(sale.lot), end + 500)


@pytest.mark.parametrize("stage", [L, R, T])
def test_no_stage_is_left_past_an_unproved_bid_path(stage: Stage) -> None:
    """Fault 21: a frozen system showed its unfinished lots as sold."""
    sale = listing(ready_min=5).to(stage)
    end = sale.closes_at
    unproved = advance(sale.lot, proved_to=end - 1)
    assert sale.refused(unproved, end + 10_000) is Reason.PATH_NOT_PROVED
    sale.do(advance(sale.lot, proved_to=end))


def test_a_second_tick_finds_the_stage_gone() -> None:
    """Fault 18: what is done twice happens once."""
    sale = listing().to(L)
    tick = advance(sale.lot)
    sale.leave()
    assert sale.refused(tick) is Reason.STALE_ADVANCE


def test_the_timed_phase_takes_the_live_step() -> None:
    sale = timed(increment_live_fen=500)
    assert sale.lot.minimum_fen == START + 500


# ── live triggers ───────────────────────────────────────────────────────────────────────────


def test_always_goes_live_even_when_nobody_has_quoted() -> None:
    assert listing(live_trigger=LiveTrigger.ALWAYS).to(L).leave() is T


def test_two_bidders_go_live_and_one_does_not() -> None:
    sale = listing(live_trigger=LiveTrigger.TWO_BIDDERS).to(L)
    sale.accepted("A2K7", START)
    assert sale.leave() is C
    sale = listing(live_trigger=LiveTrigger.TWO_BIDDERS).to(L)
    sale.accepted("A2K7", START)
    assert sale.no("B3M8", START) is Reason.BELOW_MINIMUM
    sale.accepted("B3M8", START + STEP)
    assert sale.leave() is T


@pytest.mark.parametrize(("before_the_hour_ms", "stage"), [(1, C), (0, T)])
def test_two_in_the_last_hour_counts_arrivals(before_the_hour_ms: int, stage: Stage) -> None:
    sale = listing(live_trigger=LiveTrigger.TWO_IN_LAST_HOUR).to(L)
    hour = sale.closes_at - HOUR
    sale.at = hour + 3  # decided in the last hour: its legal time is still the arrival
    sale.accepted("A2K7", START, received_at=hour - before_the_hour_ms)
    sale.accepted("B3M8", START + STEP)
    assert sale.leave() is stage


def test_the_last_hour_is_the_last_hour_of_quotes_where_a_quiet_time_follows() -> None:
    sale = listing(live_trigger=LiveTrigger.TWO_IN_LAST_HOUR, quiet_min=30).to(L)
    sale.at = sale.closes_at - HOUR
    sale.accepted("A2K7", START)
    sale.accepted("B3M8", START + STEP)
    assert [sale.leave(), sale.leave()] == [Q, T]


def test_where_only_earlier_quotes_may_enter_nobody_enters_an_empty_phase() -> None:
    sale = listing(entry_rule=EntryRule.QUOTED_BEFORE).to(L)
    assert sale.leave() is C


# ── entry ───────────────────────────────────────────────────────────────────────────────────


def opt_in(sale: Sale, bidder_no: str, *, join: bool = True, at: int | None = None) -> m.OptIn:
    arrival = sale.at if at is None else at
    return m.OptIn(bidder_no=bidder_no, join=join, admission=7, received_at=arrival)


def ready() -> Sale:
    return listing(entry_rule=EntryRule.OPT_IN, ready_min=5).to(R)


def test_who_opted_in_may_bid_and_who_did_not_may_not() -> None:
    sale = ready()
    sale.do(opt_in(sale, "A2K7"))
    sale.to(T)
    assert sale.no("B3M8", START) is Reason.NOT_ENTERED
    sale.accepted("A2K7", START)


def test_an_opt_in_may_be_changed_until_the_window_ends() -> None:
    sale = ready()
    sale.do(opt_in(sale, "A2K7"))
    sale.do(opt_in(sale, "A2K7", join=False))
    assert sale.lot.entered == frozenset()
    sale.do(opt_in(sale, "A2K7"))
    assert sale.lot.entered == {"A2K7"}
    assert sale.events(m.BidderEntered)[1] == m.BidderEntered(bidder_no="A2K7", join=False)


def test_an_opt_in_that_arrived_in_time_is_decided_during_the_drain() -> None:
    sale = ready()
    end = sale.closes_at
    sale.at = end + 100
    assert sale.refused(advance(sale.lot)) is Reason.TOO_EARLY
    assert sale.refused(opt_in(sale, "B3M8", at=end)) is Reason.CLOSED
    sale.do(opt_in(sale, "A2K7", at=end - 1))
    assert sale.leave() is T


def test_a_preparation_without_opt_in_ends_on_time() -> None:
    sale = listing(ready_min=15).to(R)
    assert sale.refused(opt_in(sale, "A2K7")) is Reason.OPT_IN_NOT_ASKED
    assert sale.closes_at == sale.at + 15 * MINUTE
    sale.do(advance(sale.lot), sale.closes_at)
    assert sale.closes_at == sale.at + COUNTDOWN


# ── AUCTION ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("ready_min", "free_min", "stages"),
    [(0, 0, [T, C]), (5, 0, [R, T, C]), (0, 60, [L, T, C]), (5, 60, [R, L, T, C])],
)
def test_an_auction(ready_min: int, free_min: int, stages: list[Stage]) -> None:
    assert path(auction(ready_min=ready_min, free_min=free_min)) == stages


def test_the_free_phase_takes_quotes_without_a_countdown() -> None:
    sale = auction(free_min=60).to(L)
    end = sale.at + HOUR
    assert sale.closes_at == end
    sale.at += 1000
    assert sale.accepted("A2K7", START).closes_at == end
    assert sale.leave() is T
    assert sale.lot.runs_as_listing is False


def test_an_auction_for_those_who_quoted_in_the_free_phase() -> None:
    sale = auction(free_min=60, entry_rule=EntryRule.QUOTED_BEFORE).to(L)
    sale.accepted("A2K7", START)
    sale.to(T)
    assert sale.no("B3M8", START + STEP) is Reason.NOT_ENTERED


def test_a_quiet_time_has_no_place_in_a_free_phase() -> None:
    assert path(auction(free_min=60, quiet_min=60)) == [L, T, C]


def test_an_auction_starts_only_with_a_head_count() -> None:
    sale = auction()
    start = T0 + 20 * DAY
    naked = m.Advance(leaving=Stage.ANNOUNCED, proved_to=start)
    assert sale.refused(naked, start) is Reason.HEAD_COUNT_MISSING
    uncommitted = m.Advance(leaving=Stage.ANNOUNCED, proved_to=start, enough=True)
    assert sale.refused(uncommitted) is Reason.HEAD_COUNT_MISSING


def test_too_few_bidders_end_an_auction() -> None:
    sale = auction(on_shortfall=Shortfall.TERMINATE)
    assert sale.leave(enough=False) is Stage.FAILED
    assert sale.lot.failed_reason is FailedReason.TOO_FEW_BIDDERS
    assert sale.lot.control is Control.NORMAL


def test_too_few_bidders_turn_an_auction_into_a_listing_of_its_full_length() -> None:
    sale = auction(
        on_shortfall=Shortfall.CONVERT_TO_LISTING, quiet_min=60, ready_min=5, free_min=60
    )
    assert sale.leave(enough=False) is L
    assert sale.lot.runs_as_listing
    assert sale.closes_at == sale.at + 10 * DAY - HOUR
    assert sale.lot.timetable.listing_from == sale.at
    assert sale.lot.timetable.listing_to == sale.at + 10 * DAY
    sale.accepted("A2K7", START)
    assert path(sale) == [Q, R, T, C]


def test_heads_are_counted_at_an_auctions_start_alone() -> None:
    """A false log that says so later must not turn the free phase into a listing of ten days."""
    sale = auction(ready_min=5, free_min=60, on_shortfall=Shortfall.CONVERT_TO_LISTING)
    assert sale.leave(enough=True) is R
    assert sale.leave(enough=False) is L
    assert not sale.lot.converted
    assert not sale.lot.runs_as_listing


def test_a_converted_auction_obeys_the_live_trigger() -> None:
    sale = auction(on_shortfall=Shortfall.CONVERT_TO_LISTING, live_trigger=LiveTrigger.TWO_BIDDERS)
    sale.leave(enough=False)
    sale.accepted("A2K7", START)
    assert path(sale) == [C]


# ── the end of bidding ──────────────────────────────────────────────────────────────────────


def test_without_a_quote_in_the_timed_phase_the_listings_leader_wins() -> None:
    sale = timed().to(C)
    sale.do(open_reserve(START))
    sale.do(CLOSE)
    assert (sale.stage, sale.lot.winner_no) == (Stage.SOLD, "A2K7")


def test_one_bidder_is_the_normal_case_of_a_listing() -> None:
    sale = listing(live_trigger=LiveTrigger.TWO_BIDDERS).to(L)
    sale.accepted("A2K7", START)
    sale.to(C)
    sale.do(open_reserve())
    sale.do(CLOSE)
    assert sale.stage is Stage.SOLD


# ── when time asks ──────────────────────────────────────────────────────────────────────────


def test_time_asks_at_the_end_of_each_stage_and_never_of_people() -> None:
    sale = listing(quiet_min=60, ready_min=5)
    assert next_wake_at(sale.lot) == T0 + 20 * DAY
    sale.to(L)
    assert next_wake_at(sale.lot) == sale.closes_at + 500
    sale.to(Q)
    assert next_wake_at(sale.lot) == sale.closes_at
    sale.to(T)
    assert next_wake_at(sale.lot) == sale.closes_at + 500
    sale.to(C)
    assert next_wake_at(sale.lot) is None


def test_a_suspended_sale_waits_for_people() -> None:
    sale = timed()
    sale.do(suspend())
    assert next_wake_at(sale.lot) is None
