"""When the platform fails, and when officials stop a sale: nobody loses time by it (§§7–8)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from service.rules import messages as m
from service.rules.refusals import Reason, Refusal
from service.rules.terms import (
    Control,
    EntryRule,
    FailedReason,
    OutageResume,
    ResumeNotice,
    Stage,
)
from service.rules.timetable import next_wake_at
from tests.rules.sale import (
    ALONE,
    BOTH,
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
    auction_times,
    closing,
    listing,
    listing_rules,
    listing_times,
    outage,
    resume,
    suspend,
    terminate,
    timed,
)

NOTICE = 600_000
AUTOMATIC = m.Resume(announced_at=0)


def interrupted(sale: Sale, gap_ms: int = 60_000) -> m.Interrupted:
    """An outage that ends now; the event."""
    event = sale.do(outage(sale.at - gap_ms, sale.at))[0]
    assert isinstance(event, m.Interrupted)
    return event


def at_noon(stage: Stage) -> Sale:
    """A sale whose listing or timed phase is running at noon in Beijing, far from midnight."""
    sale = Sale(listing_rules(), timetable=listing_times(listing_to=T0 + 30 * DAY + 4 * HOUR))
    sale.to(Stage.LISTING)
    if stage is Stage.LISTING:
        sale.at += DAY + 4 * HOUR
        return sale
    sale.accepted("A2K7", START)
    return sale.to(stage)


# ── an outage ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("stage", [Stage.LISTING, Stage.TIMED])
def test_an_outage_stops_the_sale_and_leaves_its_quotes(stage: Stage) -> None:
    sale = at_noon(stage)
    sale.accepted("B3M8", START + STEP)
    sale.at += 60_000
    assert interrupted(sale).resumes_at == sale.at + NOTICE
    assert sale.lot.control is Control.SUSPENDED
    assert (sale.lot.price_fen, sale.lot.leader_no) == (START + STEP, "B3M8")
    assert sale.lot.suspended_at == sale.at - 60_000
    assert sale.no("A2K7", START + 2 * STEP) is Reason.SUSPENDED


@pytest.mark.parametrize(("gap_ms", "stops"), [(5000, False), (5001, True)])
def test_a_short_gap_is_none(gap_ms: int, stops: bool) -> None:
    sale = at_noon(Stage.TIMED)
    decision = sale.ask(outage(sale.at - gap_ms, sale.at))
    assert isinstance(decision, Refusal) is not stops
    assert sale.lot.control is (Control.SUSPENDED if stops else Control.NORMAL)


@pytest.mark.parametrize("cause", [m.InterruptCause.CLOCK_STEP, m.InterruptCause.CUT_OFF])
def test_a_stepping_clock_stops_the_sale_whatever_its_length(cause: m.InterruptCause) -> None:
    sale = timed()
    sale.do(m.Interrupt(cause=cause, gap_from=sale.at, gap_to=sale.at))
    assert sale.lot.suspend_cause is cause


def test_a_gap_cannot_end_in_the_future_or_before_its_beginning() -> None:
    sale = timed()
    assert sale.refused(outage(sale.at, sale.at + 6000)) is Reason.NO_GAP
    backwards = m.Interrupt(cause=m.InterruptCause.CLOCK_STEP, gap_from=sale.at, gap_to=sale.at - 1)
    assert sale.refused(backwards) is Reason.NO_GAP


@pytest.mark.parametrize("stage", [Stage.ANNOUNCED, Stage.QUIET, Stage.CLOSING])
def test_only_a_stage_that_someone_waits_for_is_interrupted(stage: Stage) -> None:
    sale = listing(quiet_min=60).to(stage)
    assert sale.refused(outage(sale.at - HOUR, sale.at)) is Reason.WRONG_STAGE


@pytest.mark.parametrize(("gap_ms", "automatic"), [(2 * HOUR, True), (2 * HOUR + 1, False)])
def test_two_hours_are_the_longest_outage_that_ends_by_itself(gap_ms: int, automatic: bool) -> None:
    sale = at_noon(Stage.LISTING)
    assert (interrupted(sale, gap_ms).resumes_at is not None) is automatic


@pytest.mark.parametrize(("after_midnight_ms", "automatic"), [(-1, True), (0, False)])
def test_an_outage_over_midnight_in_beijing_does_not_end_by_itself(
    after_midnight_ms: int, automatic: bool
) -> None:
    sale = listing().to(Stage.LISTING)
    midnight = T0 + 22 * DAY - 8 * HOUR
    sale.at = midnight + after_midnight_ms
    assert (interrupted(sale, HOUR).resumes_at is not None) is automatic


def test_where_the_rules_say_manual_nothing_resumes_by_itself() -> None:
    sale = timed(outage_resume=OutageResume.MANUAL)
    sale.at += 60_000
    assert interrupted(sale).resumes_at is None
    assert next_wake_at(sale.lot) is None
    assert sale.refused(AUTOMATIC) is Reason.FOUR_EYES


def test_the_automatic_resumption_comes_after_the_notice_with_a_full_countdown() -> None:
    """Fault 20: bidders lost the last 19 seconds; each is owed one complete window."""
    sale = at_noon(Stage.TIMED)
    sale.at = sale.closes_at - 1 + 60_000
    resumes_at = interrupted(sale).resumes_at
    assert resumes_at == sale.at + NOTICE == next_wake_at(sale.lot)
    assert sale.refused(AUTOMATIC, resumes_at - 1) is Reason.TOO_EARLY
    sale.do(AUTOMATIC, resumes_at)
    assert sale.lot.control is Control.NORMAL
    assert sale.closes_at == sale.at + COUNTDOWN
    assert next_wake_at(sale.lot) == sale.closes_at + sale.rules.drain_ms


def test_a_service_that_sleeps_through_the_resumption_still_gives_the_full_window() -> None:
    sale = at_noon(Stage.TIMED)
    sale.at += 60_000
    interrupted(sale)
    sale.do(AUTOMATIC, sale.at + 9 * DAY)
    assert sale.closes_at == sale.at + COUNTDOWN


def test_no_lot_closes_inside_a_gap_not_even_in_the_last_second() -> None:
    """Fault 21: the system froze in the extension phase and 72 unfinished lots showed 成交."""
    sale = at_noon(Stage.TIMED)
    died = sale.closes_at - 300
    back = sale.closes_at + HOUR
    assert sale.refused(advance(sale.lot, proved_to=died), back) is Reason.PATH_NOT_PROVED
    sale.do(outage(died, back))
    assert sale.refused(advance(sale.lot)) is Reason.SUSPENDED
    sale.do(AUTOMATIC, back + NOTICE)
    assert sale.stage is Stage.TIMED
    assert sale.closes_at == back + NOTICE + COUNTDOWN


def test_an_outage_of_the_listing_gives_back_what_was_left_of_it() -> None:
    sale = at_noon(Stage.LISTING)
    left = sale.closes_at - sale.at
    sale.at += HOUR
    interrupted(sale, HOUR)
    sale.do(AUTOMATIC, sale.at + NOTICE)
    assert sale.closes_at == sale.at + left
    assert sale.lot.timetable.listing_to == sale.closes_at


def test_an_outage_that_hides_the_end_of_the_listing_gives_a_countdown_at_the_least() -> None:
    sale = at_noon(Stage.LISTING)
    died = sale.closes_at - 1000
    sale.at = sale.closes_at + MINUTE
    sale.do(outage(died, sale.at))
    short = until(sale, sale.at + COUNTDOWN - 1)
    assert sale.refused(resume(sale.at, short)) is Reason.WINDOW_TOO_SHORT
    sale.do(resume(sale.at, until(sale, sale.at + COUNTDOWN)))
    assert sale.closes_at == sale.at + COUNTDOWN


def test_an_outage_older_than_the_listing_is_owed_no_more_than_the_listing() -> None:
    sale = listing().to(Stage.LISTING)
    assert sale.lot.opened_at is not None
    whole = sale.closes_at - sale.lot.opened_at
    sale.at += HOUR
    sale.do(outage(sale.lot.opened_at - DAY, sale.at))
    sale.do(resume(sale.at, until(sale, sale.at + whole)))
    assert sale.closes_at == sale.at + whole


def test_an_outage_of_the_free_phase_needs_no_timetable() -> None:
    sale = auction(free_min=60).to(Stage.LISTING)
    sale.at += 10 * MINUTE
    interrupted(sale)
    sale.at += NOTICE
    sale.do(AUTOMATIC)
    assert sale.closes_at == sale.at + 51 * MINUTE


def test_the_preparation_starts_again_and_keeps_who_has_entered() -> None:
    sale = listing(ready_min=5, entry_rule=EntryRule.OPT_IN).to(Stage.READY)
    sale.do(m.OptIn(bidder_no="A2K7", join=True, admission=7, received_at=sale.at))
    sale.at += MINUTE
    interrupted(sale)
    sale.do(AUTOMATIC, sale.at + NOTICE)
    assert sale.closes_at == sale.at + 5 * MINUTE
    assert sale.lot.entered == {"A2K7"}


def test_officials_can_take_an_interrupted_sale_out_of_its_automatic_resumption() -> None:
    sale = at_noon(Stage.TIMED)
    sale.at += MINUTE
    resumes_at = interrupted(sale).resumes_at
    begun = sale.lot.suspended_at
    sale.do(suspend())
    assert sale.lot.suspended_at == begun
    assert next_wake_at(sale.lot) is None
    assert sale.refused(AUTOMATIC, resumes_at) is Reason.FOUR_EYES
    assert sale.refused(suspend()) is Reason.ALREADY_SUSPENDED
    sale.do(resume(sale.at))
    assert sale.closes_at == sale.at + COUNTDOWN


def test_stopped_time_does_not_count_against_the_longest_live_phase() -> None:
    sale = timed(max_live_min=7)
    begun = sale.at
    sale.at += MINUTE
    sale.do(suspend())
    sale.at += HOUR
    sale.do(resume(sale.at))
    sale.at += 4 * MINUTE
    limit = begun + 7 * MINUTE + HOUR
    assert sale.accepted("B3M8", START + STEP).closes_at == limit


# ── suspending ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("stage", [s for s in Stage if s not in (Stage.SOLD, Stage.FAILED)])
def test_one_official_may_suspend_in_an_emergency_at_any_moment(stage: Stage) -> None:
    """Fault 23: freezing was refused in the last hour."""
    sale = listing(quiet_min=60, ready_min=5).to(stage)
    sale.at = max(sale.at, (sale.lot.closes_at or 0) - 1)
    assert sale.refused(suspend(officials=ALONE)) is Reason.FOUR_EYES
    sale.do(suspend(emergency=True, officials=ALONE))
    assert sale.lot.control is Control.SUSPENDED
    assert sale.refused(suspend()) is Reason.ALREADY_SUSPENDED


def test_a_suspension_during_the_drain_reopens_the_sale_with_a_full_countdown() -> None:
    sale = timed()
    sale.at = sale.closes_at + 100
    sale.do(suspend())
    assert sale.no("B3M8", START + STEP, received_at=sale.at - 200) is Reason.SUSPENDED
    sale.at += HOUR
    sale.do(resume(sale.at))
    sale.at += COUNTDOWN - 1
    sale.accepted("B3M8", START + STEP)


def test_what_arrived_while_the_sale_stood_still_does_not_count_afterwards() -> None:
    sale = timed()
    sale.do(suspend())
    sale.at += HOUR
    sale.do(resume(sale.at))
    late = sale.bid("B3M8", START + STEP, received_at=sale.at - 1)
    assert isinstance(late, m.BidRefused)
    assert late.reason is Reason.NOT_OPEN


@pytest.mark.parametrize("fraction", [0, 1, 299_999])
def test_pausing_in_the_timed_phase_can_help_nobody(fraction: int) -> None:
    sale = timed()
    sale.at += fraction
    sale.do(suspend())
    sale.at += DAY
    sale.do(resume(sale.at))
    assert sale.closes_at == sale.at + COUNTDOWN


# ── resuming ────────────────────────────────────────────────────────────────────────────────


def until(sale: Sale, listing_to: int) -> Any:
    return replace(sale.lot.timetable, listing_to=listing_to)


@pytest.mark.parametrize("quiet_min", [0, 60])
def test_officials_resume_a_listing_with_a_timetable_that_shortens_no_window(
    quiet_min: int,
) -> None:
    sale = listing(quiet_min=quiet_min).to(Stage.LISTING)
    sale.at += 3 * DAY
    sale.do(suspend())
    sale.at += 5 * DAY
    earliest = T0 + 35 * DAY
    assert sale.refused(resume(sale.at)) is Reason.TIMETABLE_MISSING
    assert sale.refused(resume(sale.at, until(sale, earliest - 1))) is Reason.WINDOW_TOO_SHORT
    sale.do(resume(sale.at, until(sale, earliest)))
    assert sale.closes_at == earliest - quiet_min * MINUTE
    assert sale.lot.timetable.listing_to == earliest


def test_a_quiet_hour_goes_on_where_it_stopped() -> None:
    sale = listing(quiet_min=60).to(Stage.QUIET)
    left = sale.closes_at - sale.at
    sale.do(suspend())
    sale.at += DAY
    end = sale.at + left
    assert sale.refused(resume(sale.at, until(sale, end - 1))) is Reason.WINDOW_TOO_SHORT
    sale.do(resume(sale.at, until(sale, end)))
    assert sale.closes_at == end


@pytest.mark.parametrize(
    "changes",
    [
        {"announced_at": T0 - 1},
        {"listing_from": T0 + 21 * DAY},
        {"auction_from": T0 + 50 * DAY},
        {"registration_from": T0 + 1},
        {"registration_to": T0 + 27 * DAY},
        {"registration_to": T0 + 41 * DAY},
        {"deposit_deadline": T0 + 27 * DAY},
        {"deposit_deadline": T0 + 41 * DAY},
    ],
)
def test_a_new_timetable_cannot_rewrite_what_has_happened(changes: dict[str, int]) -> None:
    sale = listing().to(Stage.LISTING)
    sale.do(suspend())
    rewritten = replace(until(sale, T0 + 40 * DAY), **changes)
    assert sale.refused(resume(sale.at, rewritten)) is Reason.TIMETABLE_INVALID


def test_registration_may_be_given_a_later_end_together_with_the_listing() -> None:
    sale = listing().to(Stage.LISTING)
    sale.do(suspend())
    later = replace(until(sale, T0 + 40 * DAY), registration_to=T0 + 38 * DAY)
    sale.do(resume(sale.at, later))
    assert sale.lot.timetable == later


def test_t12_a_resumption_is_announced_first() -> None:
    sale = timed(suspend_rule=ResumeNotice(notice_s=5 * 86_400))
    sale.do(suspend())
    announced = sale.at + HOUR
    sale.at = announced
    assert sale.refused(resume(announced), announced) is Reason.RESUME_NOT_ANNOUNCED
    early = announced + 5 * DAY - 1
    assert sale.refused(resume(announced), early) is Reason.RESUME_NOT_ANNOUNCED
    sale.do(resume(announced), announced + 5 * DAY)


def test_t12_what_is_mended_within_the_hour_may_be_resumed_at_once() -> None:
    fujian = ResumeNotice(notice_s=86_400, at_once_within_s=3600)
    sale = timed(suspend_rule=fujian)
    sale.do(suspend())
    sale.at += HOUR
    sale.do(resume(sale.at))
    sale.do(suspend())
    sale.at += HOUR + 1
    assert sale.refused(resume(sale.at)) is Reason.RESUME_NOT_ANNOUNCED
    announced = sale.at
    sale.do(resume(announced), announced + DAY)


def test_t12_nobody_announces_the_end_of_a_suspension_before_its_beginning() -> None:
    sale = timed(suspend_rule=ResumeNotice(notice_s=3600))
    sale.do(suspend())
    begun = sale.at
    assert sale.refused(resume(begun - DAY), begun + HOUR - 1) is Reason.RESUME_NOT_ANNOUNCED
    sale.do(resume(begun - DAY), begun + HOUR)


def test_an_announcement_in_the_future_is_none() -> None:
    sale = timed()
    sale.do(suspend())
    assert sale.refused(resume(sale.at + 1)) is Reason.RESUME_NOT_ANNOUNCED


def test_resuming_takes_two_people() -> None:
    sale = timed()
    sale.do(suspend())
    for officials in (ALONE, m.Officials(requester="a-00000001", approver="a-00000001")):
        command = m.Resume(announced_at=sale.at, officials=officials)
        assert sale.refused(command) is Reason.FOUR_EYES
    sale.do(m.Resume(announced_at=sale.at, officials=BOTH))
    assert sale.refused(resume(sale.at)) is Reason.NOT_SUSPENDED


def test_an_announced_sale_goes_on_with_its_timetable_while_that_can_be_kept() -> None:
    sale = listing()
    sale.do(suspend())
    sale.do(resume(sale.at + DAY), sale.at + DAY)
    assert sale.lot.timetable == listing_times()
    sale.do(suspend())
    sale.at = T0 + 21 * DAY
    assert sale.refused(resume(sale.at)) is Reason.TIMETABLE_INVALID
    later = listing_times(listing_from=T0 + 25 * DAY, listing_to=T0 + 35 * DAY)
    sale.do(resume(sale.at, later))
    assert sale.to(Stage.LISTING).lot.opened_at == T0 + 25 * DAY


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"listing_from": T0 + 20 * DAY - 1}, Reason.WINDOW_TOO_SHORT),
        ({"listing_to": T0 + 20 * DAY + 1}, Reason.TIMETABLE_INVALID),
        ({"announced_at": T0 - DAY}, Reason.TIMETABLE_INVALID),
        ({"listing_from": None}, Reason.TIMETABLE_INVALID),
        ({"registration_to": T0 + 30 * DAY}, Reason.TIMETABLE_INVALID),
    ],
)
def test_resuming_an_announced_sale_is_no_way_around_the_statutory_frame(
    changes: dict[str, Any], reason: Reason
) -> None:
    sale = listing()
    sale.do(suspend())
    assert sale.refused(resume(sale.at, listing_times(**changes))) is reason


def test_an_announced_auction_is_postponed() -> None:
    sale = auction()
    sale.do(suspend())
    sale.at = T0 + 20 * DAY + 1
    assert sale.refused(resume(sale.at)) is Reason.TIMETABLE_INVALID
    sale.do(resume(sale.at, auction_times(auction_from=T0 + 30 * DAY)))
    assert next_wake_at(sale.lot) == T0 + 30 * DAY


def test_a_closing_sale_goes_on_closing() -> None:
    sale = closing()
    end = sale.closes_at
    sale.do(suspend())
    sale.do(resume(sale.at))
    assert (sale.stage, sale.closes_at) == (Stage.CLOSING, end)


# ── terminating ─────────────────────────────────────────────────────────────────────────────


def normal(sale: Sale) -> None:
    """Nothing happens before."""


def stopped(sale: Sale) -> None:
    sale.do(suspend())


@pytest.mark.parametrize("before", [normal, stopped])
@pytest.mark.parametrize("stage", [s for s in Stage if s not in (Stage.SOLD, Stage.FAILED)])
def test_a_sale_can_be_terminated_before_its_end(
    stage: Stage, before: Callable[[Sale], None]
) -> None:
    sale = listing(quiet_min=60, ready_min=5).to(stage)
    before(sale)
    sale.do(terminate())
    assert (sale.stage, sale.lot.control) == (Stage.FAILED, Control.TERMINATED)
    assert sale.lot.failed_reason is FailedReason.TERMINATED
    assert next_wake_at(sale.lot) is None
    assert sale.no("A2K7", START) is Reason.CLOSED
    assert sale.refused(resume(sale.at)) is Reason.TERMINATED


def test_a_bid_that_was_in_time_for_a_terminated_sale_disputes_nothing() -> None:
    sale = closing()
    arrival = sale.closes_at - 1
    sale.do(terminate())
    assert sale.no("B3M8", START + STEP, received_at=arrival) is Reason.CLOSED
    assert not sale.lot.disputed
