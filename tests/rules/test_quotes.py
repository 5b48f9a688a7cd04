"""A valid quote (rules §5): each refusal by its name, and the name that comes first."""

from collections.abc import Callable, Mapping
from itertools import combinations

import pytest

from service.rules import messages as m
from service.rules.refusals import Reason
from service.rules.terms import EntryRule, Extension, Grid, SelfOutbid, Stage
from tests.rules.sale import (
    COUNTDOWN,
    START,
    STEP,
    Sale,
    closing,
    failed,
    listing,
    sold,
    suspend,
    timed,
)

YUAN = 100


def opened(**changes: object) -> Sale:
    return listing(**changes).to(Stage.LISTING)


# ── 1. the window ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("reach", [Stage.ANNOUNCED, Stage.QUIET, Stage.READY])
def test_a_bid_outside_a_window_is_not_open(reach: Stage) -> None:
    """Fault 14: bids were allowed before opening."""
    sale = listing(quiet_min=60, ready_min=5).to(reach)
    assert sale.no("A2K7", START) is Reason.NOT_OPEN


@pytest.mark.parametrize("over", [closing, sold, failed])
def test_a_bid_after_the_end_is_closed(over: Callable[[], Sale]) -> None:
    """Fault 14: bids were allowed after close and on sold lots."""
    sale = over()
    answer = sale.bid("B3M8", START + STEP)
    assert isinstance(answer, m.BidRefused)
    assert (answer.reason, answer.closes_at) == (Reason.CLOSED, sale.lot.last_cutoff)
    assert not sale.lot.disputed


def test_a_bid_in_a_suspended_sale_is_suspended_even_after_its_end() -> None:
    sale = timed()
    sale.do(suspend())
    assert sale.no("B3M8", START + STEP) is Reason.SUSPENDED
    assert sale.no("B3M8", START + STEP, received_at=sale.closes_at) is Reason.SUSPENDED


@pytest.mark.parametrize("stage", [Stage.LISTING, Stage.TIMED])
def test_the_deadline_is_half_open(stage: Stage) -> None:
    """Fault 24: microseconds and time zones broke windows; a deadline is a whole millisecond."""
    sale = listing().to(stage)
    cutoff = sale.closes_at
    assert sale.no("A2K7", START, received_at=cutoff + 1) is Reason.CLOSED
    assert sale.no("A2K7", START, received_at=cutoff) is Reason.CLOSED
    sale.accepted("A2K7", START, received_at=cutoff - 1)


def test_the_opening_is_half_open_too() -> None:
    sale = opened()
    assert sale.lot.opened_at is not None
    assert sale.no("A2K7", START, received_at=sale.lot.opened_at - 1) is Reason.NOT_OPEN
    sale.accepted("A2K7", START, received_at=sale.lot.opened_at)


def test_a_late_bid_is_refused_however_many_came_before_it() -> None:
    """Fault 8: the deadline was tested only for the first bid."""
    sale = timed()
    for number in range(1, 4):
        cutoff = sale.closes_at
        sale.at = cutoff
        assert sale.no("B3M8", START + number * STEP) is Reason.CLOSED
        who = "B3M8" if number % 2 else "A2K7"
        sale.accepted(who, START + number * STEP, received_at=cutoff - 1)


def test_both_times_stand_in_the_refusal_of_a_late_bid() -> None:
    """Fault 17: another place used the original end, not the extended one: there is one end."""
    sale = timed()
    original = sale.closes_at
    sale.accepted("B3M8", START + STEP)
    sale.at += 1000
    extended = sale.accepted("A2K7", START + 2 * STEP).closes_at
    assert extended == sale.closes_at > original
    answer = sale.bid("B3M8", START + 3 * STEP, received_at=extended)
    assert isinstance(answer, m.BidRefused)
    assert (answer.reason, answer.closes_at) == (Reason.CLOSED, extended)
    sale.accepted("B3M8", START + 3 * STEP, received_at=extended - 1)


# ── 2. who ──────────────────────────────────────────────────────────────────────────────────


def test_who_is_not_admitted_is_refused() -> None:
    assert opened().no("A2K7", START, admission=None) is Reason.NOT_ADMITTED


def test_only_who_quoted_before_enters_the_timed_phase() -> None:
    sale = timed(entry_rule=EntryRule.QUOTED_BEFORE)
    assert sale.no("B3M8", START + STEP) is Reason.NOT_ENTERED
    assert sale.no("A2K7", START + STEP) is Reason.ALREADY_LEADING


def test_the_entry_rule_asks_nothing_of_a_quote_in_the_listing() -> None:
    opened(entry_rule=EntryRule.QUOTED_BEFORE).accepted("B3M8", START)


# ── 3.–4. whose price, and how low ──────────────────────────────────────────────────────────


def test_the_leader_cannot_outbid_himself() -> None:
    sale = opened()
    sale.accepted("A2K7", START)
    assert sale.no("A2K7", START + STEP) is Reason.ALREADY_LEADING
    sale.accepted("B3M8", START + STEP)
    sale.accepted("A2K7", START + 2 * STEP)


def test_where_the_rules_allow_it_the_leader_may_raise_his_own_price() -> None:
    sale = opened(self_outbid=SelfOutbid.ALLOW)
    sale.accepted("A2K7", START)
    sale.accepted("A2K7", START + STEP)


def test_below_the_start_and_below_the_minimum_are_two_names() -> None:
    sale = opened()
    assert sale.no("A2K7", START - STEP) is Reason.BELOW_START
    sale.accepted("A2K7", START)
    assert sale.no("B3M8", START + STEP - 1) is Reason.BELOW_MINIMUM


def test_an_equal_bid_is_refused() -> None:
    """Fault 11: two equal bids were both valid."""
    sale = opened()
    sale.accepted("A2K7", START)
    assert sale.no("B3M8", START) is Reason.BELOW_MINIMUM


def test_the_refusal_tells_the_lowest_bid_that_would_do() -> None:
    sale = opened()
    answer = sale.bid("A2K7", START - 1)
    assert isinstance(answer, m.BidRefused)
    assert answer.minimum_fen == START
    sale.accepted("A2K7", answer.minimum_fen)
    assert sale.lot.minimum_fen == START + STEP


# ── 5.–7. grid, jump, cap ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("grid", list(Grid))
def test_the_grid_of_a_real_notice(grid: Grid) -> None:
    """Start 89,889, step 200: 89,889 and 90,089 stand; 90,000 only where steps are a minimum."""
    start = 89_889 * YUAN
    how = {
        "starting_price_fen": start,
        "increment_fen": 200 * YUAN,
        "deposit": {"CNY": start},
        "grid": grid,
    }
    for price in (89_889, 90_089):
        opened(**how).accepted("A2K7", price * YUAN)
    even = opened(**how).bid("A2K7", 90_000 * YUAN)
    assert isinstance(even, m.BidAccepted) == (grid is Grid.MIN_ONLY)


def test_later_quotes_step_from_the_price_and_not_from_the_start() -> None:
    sale = timed(increment_live_fen=3000)
    sale.accepted("B3M8", START + 3000)
    assert sale.no("A2K7", START + STEP) is Reason.OFF_GRID
    sale.accepted("A2K7", START + 6000)


def test_the_live_grid_begins_at_the_price_of_the_listing() -> None:
    sale = opened(increment_live_fen=3000)
    sale.accepted("A2K7", START + STEP)
    sale.to(Stage.TIMED)
    assert sale.no("B3M8", START + 15_000) is Reason.OFF_GRID
    sale.accepted("B3M8", START + STEP + 3000)


def test_a_minimum_step_still_has_a_quantum() -> None:
    sale = opened(grid=Grid.MIN_ONLY, price_quantum_fen=1000)
    assert sale.no("A2K7", START + 500) is Reason.OFF_GRID
    sale.accepted("A2K7", START + 1000)
    assert sale.no("B3M8", START + STEP) is Reason.BELOW_MINIMUM
    sale.accepted("B3M8", START + 1000 + STEP)


def test_a_jump_beyond_the_largest_is_too_large() -> None:
    sale = opened(max_jump_steps=5)
    sale.accepted("A2K7", START)
    assert sale.no("B3M8", START + 6 * STEP) is Reason.JUMP_TOO_LARGE
    sale.accepted("B3M8", START + 5 * STEP)


def test_a_big_jump_has_to_be_confirmed() -> None:
    sale = opened(confirm_jump_steps=10)
    assert sale.no("A2K7", START + 11 * STEP) is Reason.JUMP_NOT_CONFIRMED
    sale.accepted("A2K7", START + 10 * STEP)
    assert sale.no("B3M8", START + 21 * STEP) is Reason.JUMP_NOT_CONFIRMED
    sale.accepted("B3M8", START + 21 * STEP, jump_confirmed=True)


def test_confirming_does_not_help_a_jump_that_is_too_large() -> None:
    sale = opened(max_jump_steps=5, confirm_jump_steps=2)
    reason = sale.no("A2K7", START + 6 * STEP, jump_confirmed=True)
    assert reason is Reason.JUMP_TOO_LARGE


def test_a_jump_over_the_cap_is_refused() -> None:
    """Fault 16: a jump passed the cap because only the old price was tested."""
    sale = opened(price_cap_fen=START + 5 * STEP)
    sale.accepted("A2K7", START)
    assert sale.no("B3M8", START + 6 * STEP) is Reason.ABOVE_CAP
    sale.accepted("B3M8", START + 5 * STEP)


def test_at_the_cap_no_further_quote_is_possible() -> None:
    sale = timed(price_cap_fen=START + STEP)
    sale.at += 1000
    sale.accepted("B3M8", START + STEP)
    before = sale.closes_at - 1
    assert sale.no("A2K7", START + STEP, received_at=before) is Reason.BELOW_MINIMUM
    assert sale.no("A2K7", START + 2 * STEP, received_at=before) is Reason.ABOVE_CAP


def test_the_range_of_amounts_is_a_cap_for_every_sale() -> None:
    top = 2**53 - 1
    sale = opened(grid=Grid.MIN_ONLY, price_quantum_fen=1, increment_live_fen=5 * STEP)
    assert sale.no("A2K7", top) is Reason.ABOVE_CAP
    assert sale.no("A2K7", top - 5 * STEP + 1) is Reason.ABOVE_CAP
    assert sale.accepted("A2K7", top - 5 * STEP).minimum_next_fen <= top
    assert sale.to(Stage.TIMED).lot.minimum_fen == top


# ── precedence ──────────────────────────────────────────────────────────────────────────────

Overrides = Mapping[str, object]
LEADER, OTHER = "A2K7", "B3M8"
PRICE = START
ORDER = list(Reason)[: list(Reason).index(Reason.ABOVE_CAP) + 1]


def a_sale_where_everything_can_go_wrong() -> Sale:
    return timed(
        max_jump_steps=20,
        confirm_jump_steps=10,
        price_cap_fen=START + 9 * STEP,
        entry_rule=EntryRule.QUOTED_BEFORE,
    )


def faulty_bid(sale: Sale, faults: frozenset[Reason]) -> dict[str, object] | None:
    """A bid with exactly these faults, or None where no bid can have them together."""
    if {Reason.JUMP_TOO_LARGE, Reason.JUMP_NOT_CONFIRMED} & faults:
        # A jump of more than ten steps is above the cap as well, and unconfirmed or too large.
        faults |= {Reason.ABOVE_CAP}
    low = Reason.BELOW_MINIMUM in faults
    high = faults & {Reason.JUMP_TOO_LARGE, Reason.JUMP_NOT_CONFIRMED, Reason.ABOVE_CAP}
    same_person = {Reason.NOT_ENTERED, Reason.ALREADY_LEADING} <= faults
    if (low and high) or same_person:
        return None
    steps = 0 if low else 1
    if high:
        steps = 21 if Reason.JUMP_TOO_LARGE in faults else 11
        steps = 10 if faults & high == {Reason.ABOVE_CAP} else steps
    off_grid = 1 if Reason.OFF_GRID in faults else 0
    return {
        "bidder_no": LEADER if Reason.ALREADY_LEADING in faults else OTHER,
        "amount_fen": PRICE + steps * STEP + off_grid,
        "admission": None if Reason.NOT_ADMITTED in faults else 7,
        "received_at": sale.closes_at if Reason.CLOSED in faults else sale.at,
        "jump_confirmed": Reason.JUMP_NOT_CONFIRMED not in faults,
    }


IN_TIMED = [reason for reason in ORDER if reason not in (Reason.NOT_OPEN, Reason.BELOW_START)]


@pytest.mark.parametrize(("first", "second"), list(combinations(IN_TIMED, 2)))
def test_of_two_faults_the_earlier_names_the_refusal(first: Reason, second: Reason) -> None:
    sale = a_sale_where_everything_can_go_wrong()
    if Reason.NOT_ENTERED not in (first, second):
        # OTHER quoted in the listing as well, so that only the faults asked for are there.
        sale = a_sale_where_both_have_quoted()
    how = faulty_bid(sale, frozenset({first, second}))
    if how is None:
        assert (first, second) in IMPOSSIBLE_TOGETHER
        return
    if first is Reason.SUSPENDED:
        sale.do(suspend())
    how["amount_fen"] = int(str(how["amount_fen"])) + (sale.lot.price_fen or 0) - PRICE
    assert sale.no(**how) is first  # type: ignore[arg-type]  # one dictionary of several types


def a_sale_where_both_have_quoted() -> Sale:
    sale = opened(
        max_jump_steps=20,
        confirm_jump_steps=10,
        price_cap_fen=START + 10 * STEP,
        entry_rule=EntryRule.QUOTED_BEFORE,
    )
    sale.accepted(OTHER, START)
    sale.accepted(LEADER, START + STEP)
    return sale.to(Stage.TIMED)


IMPOSSIBLE_TOGETHER = {
    (Reason.NOT_ENTERED, Reason.ALREADY_LEADING),
    *(
        (Reason.BELOW_MINIMUM, high)
        for high in (Reason.JUMP_TOO_LARGE, Reason.JUMP_NOT_CONFIRMED, Reason.ABOVE_CAP)
    ),
}
"""Who leads has entered, and nothing is too low and too high at once."""


def test_a_first_quote_below_the_start_and_off_the_grid_is_below_the_start() -> None:
    assert opened().no("A2K7", START - 1) is Reason.BELOW_START


def test_before_opening_even_a_stranger_hears_that_it_is_not_open() -> None:
    assert listing().no("A2K7", 1, admission=None) is Reason.NOT_OPEN


# ── what an accepted quote does ─────────────────────────────────────────────────────────────


def test_a_quote_in_the_listing_moves_no_deadline() -> None:
    sale = opened()
    end = sale.closes_at
    assert sale.accepted("A2K7", START).closes_at == end == sale.closes_at


def test_a_bid_at_the_last_instant_extends_the_countdown() -> None:
    """Fault 12: extension lived in one path only; here it is part of accepting."""
    sale = timed()
    sale.at = sale.closes_at - 1
    assert sale.accepted("B3M8", START + STEP).closes_at == sale.at + COUNTDOWN
    assert sale.lot.extensions == 1


def test_a_refused_bid_does_not_extend_the_countdown() -> None:
    """Fault 13: a refused low bid still extended the clock."""
    sale = timed()
    sale.at = sale.closes_at - 1
    before = sale.lot
    assert sale.no("B3M8", START) is Reason.BELOW_MINIMUM
    assert sale.lot == before


def test_an_in_time_quote_decided_during_the_drain_gives_the_full_window() -> None:
    """Fault 20: the clock stalled and bidders lost the last 19 seconds; the sale was void."""
    sale = timed()
    arrival = sale.closes_at - 1
    sale.at = sale.closes_at + 400
    answer = sale.accepted("B3M8", START + STEP, received_at=arrival)
    assert answer.closes_at == sale.at + COUNTDOWN


def test_append_adds_a_whole_countdown_to_what_is_left() -> None:
    sale = timed(extension=Extension.APPEND)
    end = sale.closes_at
    sale.at += 1000
    assert sale.accepted("B3M8", START + STEP).closes_at == end + COUNTDOWN


def test_append_during_the_drain_still_gives_a_whole_countdown() -> None:
    sale = timed(extension=Extension.APPEND)
    arrival = sale.closes_at - 1
    sale.at = sale.closes_at + 400
    answer = sale.accepted("B3M8", START + STEP, received_at=arrival)
    assert answer.closes_at == sale.at + COUNTDOWN


def test_without_extension_the_end_stands() -> None:
    sale = timed(extension=Extension.NONE)
    end = sale.closes_at
    sale.at = end - 1
    assert sale.accepted("B3M8", START + STEP).closes_at == end
    assert sale.lot.extensions == 0


def test_the_longest_live_phase_stops_the_extensions() -> None:
    sale = timed(max_live_min=7)
    begun = sale.at
    sale.at = begun + 4 * 60_000
    assert sale.accepted("B3M8", START + STEP).closes_at == begun + 7 * 60_000
    sale.at = begun + 6 * 60_000
    assert sale.accepted("A2K7", START + 2 * STEP).closes_at == begun + 7 * 60_000


def test_a_live_phase_shorter_than_its_countdown_still_gives_the_first_countdown() -> None:
    sale = timed(max_live_min=2)
    first = sale.at + COUNTDOWN
    assert sale.closes_at == first
    sale.at += 1000
    assert sale.accepted("B3M8", START + STEP).closes_at == first


def test_a_quote_at_the_cap_ends_the_timed_phase_at_once() -> None:
    sale = timed(price_cap_fen=START + STEP)
    events = len(sale.entries)
    answer = sale.accepted("B3M8", START + STEP)
    cap = sale.entries[events][1][1]
    assert cap == m.CapReached(amount_fen=START + STEP, closes_at=sale.at)
    assert answer.closes_at == sale.at
    assert sale.leave() is Stage.CLOSING
    assert sale.lot.leader_no == "B3M8"


def test_a_cap_reached_in_the_listing_leaves_nothing_to_bid_for() -> None:
    sale = opened(price_cap_fen=START + STEP)
    end = sale.closes_at
    sale.accepted("B3M8", START + STEP)
    assert sale.closes_at == end
    assert sale.leave() is Stage.CLOSING
