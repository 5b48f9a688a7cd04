"""What is late, what is early, and what is beyond every calendar: the edges of windows (§§5–7)."""

from dataclasses import replace

import pytest

from service.rules import messages as m
from service.rules.refusals import Reason
from service.rules.terms import Control, EntryRule, LiveTrigger, SelfOutbid, Stage
from service.rules.timetable import LATEST_MS
from tests.rules.sale import (
    DAY,
    HOUR,
    MINUTE,
    START,
    STEP,
    Sale,
    bid,
    listing,
    outage,
    resume,
    suspend,
    timed,
)

QUOTED_BEFORE = {"entry_rule": EntryRule.QUOTED_BEFORE}


def events_of(sale: Sale, command: m.Command) -> list[str]:
    return [type(event).__name__ for event in sale.do(command)]


# ── an undecided quote of the listing, found in the timed phase ─────────────────────────────


@pytest.mark.parametrize("ready_min", [0, 5])
def test_who_quoted_in_time_is_not_shut_out_because_we_decided_late(ready_min: int) -> None:
    """Decision 6: never silently lost. He would be told that he had never quoted."""
    sale = timed(ready_min=ready_min, **QUOTED_BEFORE)
    arrival = sale.lot.last_cutoff
    assert arrival is not None
    late = bid("B3M8", START + STEP, arrival - 1)
    assert events_of(sale, late) == ["BidRefused", "ResultDisputed"]
    assert sale.lot.control is Control.SUSPENDED
    assert sale.lot.suspend_cause is m.SuspendCause.RESULT_DISPUTED
    sale.do(resume(sale.at))
    assert sale.closes_at == sale.at + sale.lot.countdown_ms, "a full window for everyone"
    sale.accepted("B3M8", START + STEP)


def test_such_a_quote_is_judged_by_the_price_at_the_end_of_the_listing() -> None:
    """The price that rose meanwhile is no fault of his."""
    sale = timed(**QUOTED_BEFORE)
    arrival = sale.lot.last_cutoff
    assert arrival is not None
    sale.do(suspend())
    sale.do(resume(sale.at))
    quoted = replace(sale.lot, price_fen=START + 9 * STEP)
    sale._lot = quoted
    refused = sale.do(bid("B3M8", START + STEP, arrival - 1))
    assert isinstance(refused[0], m.BidRefused)
    assert (refused[0].reason, refused[0].closes_at) == (Reason.CLOSED, arrival)
    assert refused[0].minimum_fen == START + STEP
    assert isinstance(refused[1], m.ResultDisputed)


def test_one_that_was_no_good_in_the_listing_disputes_nothing() -> None:
    sale = timed(**QUOTED_BEFORE)
    arrival = sale.lot.last_cutoff
    assert arrival is not None
    assert events_of(sale, bid("B3M8", START, arrival - 1)) == ["BidRefused"]
    assert events_of(sale, bid("B3M8", START + STEP, arrival - 1, admission=None)) == ["BidRefused"]
    assert sale.no("B3M8", START + STEP, received_at=arrival) is Reason.NOT_OPEN
    assert sale.no("B3M8", START + STEP) is Reason.NOT_ENTERED
    assert sale.lot.control is Control.NORMAL


def test_while_the_sale_stands_still_such_a_quote_is_found_too() -> None:
    sale = timed(**QUOTED_BEFORE)
    arrival = sale.lot.last_cutoff
    assert arrival is not None
    sale.do(suspend())
    late = bid("B3M8", START + STEP, arrival - 1)
    assert events_of(sale, late) == ["BidRefused", "ResultDisputed"]
    sale.do(resume(sale.at))
    sale.accepted("B3M8", START + STEP)


def test_an_undecided_quote_of_who_has_entered_is_a_quote_of_the_timed_phase() -> None:
    sale = listing(**QUOTED_BEFORE).to(Stage.LISTING)
    sale.accepted("A2K7", START)
    sale.accepted("B3M8", START + STEP)
    sale.to(Stage.TIMED)
    arrival = sale.lot.last_cutoff
    assert arrival is not None
    sale.accepted("A2K7", START + 2 * STEP, received_at=arrival - 1)


# ── a window has a beginning too ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("before_ms", "disputes"), [(0, True), (1, False)])
def test_what_arrived_before_a_window_began_is_not_late_for_it(
    before_ms: int, disputes: bool
) -> None:
    sale = timed()
    sale.do(suspend())
    sale.at += HOUR
    sale.do(resume(sale.at))
    begun = sale.at
    sale.to(Stage.CLOSING)
    answer = sale.bid("B3M8", START + STEP, received_at=begun - before_ms)
    assert isinstance(answer, m.BidRefused)
    assert answer.reason is Reason.CLOSED
    assert sale.lot.disputed is disputes


def test_what_arrived_before_the_listing_began_is_no_quote_of_the_preparation() -> None:
    sale = listing(ready_min=5).to(Stage.READY)
    opened = sale.lot.last_opened
    assert opened is not None
    assert sale.no("B3M8", START, received_at=opened - 1) is Reason.NOT_OPEN
    assert not sale.lot.disputed
    assert sale.no("B3M8", START, received_at=opened) is Reason.CLOSED
    assert sale.lot.disputed


def test_what_arrived_before_the_listing_began_is_no_quote_of_the_timed_phase() -> None:
    sale = listing().to(Stage.TIMED)
    opened = sale.lot.last_opened
    assert opened is not None
    assert sale.no("B3M8", START, received_at=opened - 1) is Reason.NOT_OPEN
    sale.accepted("B3M8", START, received_at=opened)


# ── the latest arrival ──────────────────────────────────────────────────────────────────────


def test_the_last_hour_counts_the_latest_arrival_and_not_the_quote_decided_last() -> None:
    sale = listing(live_trigger=LiveTrigger.TWO_IN_LAST_HOUR, self_outbid=SelfOutbid.ALLOW)
    sale.to(Stage.LISTING)
    end = sale.closes_at
    sale.at = end - 10 * MINUTE
    sale.accepted("A2K7", START, received_at=end - 30 * MINUTE)
    sale.accepted("B3M8", START + STEP, received_at=end - 20 * MINUTE)
    sale.accepted("A2K7", START + 2 * STEP, received_at=end - 2 * HOUR)
    assert sale.lot.quoted["A2K7"] == end - 30 * MINUTE
    sale.leave()
    assert sale.stage is Stage.TIMED


# ── the longest live phase ──────────────────────────────────────────────────────────────────


def test_an_outage_from_before_the_timed_phase_lengthens_it_by_no_more_than_it_took() -> None:
    sale = timed(max_live_min=7)
    begun = sale.at
    sale.at += MINUTE
    sale.do(outage(begun - HOUR, sale.at))
    sale.at += 10 * MINUTE
    sale.do(resume(sale.at))
    sale.at += 4 * MINUTE
    limit = begun + 7 * MINUTE + 11 * MINUTE
    assert sale.accepted("B3M8", START + STEP).closes_at == limit


# ── entering, and going on for ever ─────────────────────────────────────────────────────────


def opt_in(received_at: int) -> m.OptIn:
    return m.OptIn(bidder_no="A2K7", join=True, admission=7, received_at=received_at)


def test_an_opt_in_from_before_its_window_is_none() -> None:
    sale = listing(ready_min=5, entry_rule=EntryRule.OPT_IN).to(Stage.READY)
    begun = sale.at
    sale.at += 1000
    assert sale.refused(opt_in(begun - 1)) is Reason.NOT_OPEN
    sale.do(opt_in(begun))
    sale.do(suspend())
    sale.at += DAY
    sale.do(resume(sale.at))
    assert sale.refused(opt_in(sale.at - 1)) is Reason.NOT_OPEN
    sale.do(opt_in(sale.at))


@pytest.mark.parametrize("stage", [Stage.LISTING, Stage.QUIET])
def test_a_resumed_listing_ends_while_there_are_calendars(stage: Stage) -> None:
    sale = listing(quiet_min=60).to(stage)
    sale.do(suspend())
    beyond = replace(sale.lot.timetable, listing_to=LATEST_MS + 1)
    assert sale.refused(resume(sale.at, beyond)) is Reason.TIMETABLE_INVALID
    sale.do(resume(sale.at, replace(beyond, listing_to=LATEST_MS)))
