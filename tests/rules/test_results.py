"""After the last quote: reserve, hammer, dispute, roll, confirmation, seal (rules §§3, 5, 6)."""

from collections.abc import Callable

import pytest

from service.rules import messages as m
from service.rules.refusals import Reason
from service.rules.terms import Control, EntryRule, FailedReason, LiveTrigger, ReserveKind, Stage
from tests.rules.sale import (
    CLOSE,
    CLOSE_WITH_NOBODY_ADMITTED,
    COUNTDOWN,
    DAY,
    ROLL,
    SALT,
    SEAL,
    START,
    STEP,
    Sale,
    advance,
    closing,
    confirm,
    failed,
    listing,
    open_reserve,
    resume,
    sold,
    suspend,
    terminate,
    timed,
)

# ── the reserve ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("reserve_fen", "met"), [(START - 1, True), (START, True), (START + 1, False), (None, True)]
)
def test_a_price_equal_to_the_reserve_sells(reserve_fen: int | None, met: bool) -> None:
    """Fault 15: the reserve was compared with > and a sale that had met it failed."""
    sale = closing()
    opened = sale.do(open_reserve(reserve_fen))
    assert opened == (m.ReserveOpened(amount_fen=reserve_fen or 0, salt=SALT, met=met),)
    sale.do(CLOSE)
    assert sale.stage is (Stage.SOLD if met else Stage.FAILED)
    assert sale.lot.failed_reason is (None if met else FailedReason.BELOW_RESERVE)


def test_nothing_is_sold_before_the_reserve_is_opened() -> None:
    """Fault 21: lots showed 成交 that were not proved; until then the screen says 待确认."""
    sale = closing()
    assert sale.refused(CLOSE) is Reason.RESERVE_NOT_OPENED
    assert sale.lot.winner_no is None


def test_the_reserve_is_opened_once() -> None:
    sale = closing()
    sale.do(open_reserve(START))
    assert sale.refused(open_reserve(START + STEP)) is Reason.RESERVE_ALREADY_OPENED


def test_a_sale_without_reserve_has_none_to_open() -> None:
    sale = closing(reserve=ReserveKind.NONE)
    assert sale.refused(open_reserve(START)) is Reason.RESERVE_NOT_ALLOWED
    sale.do(open_reserve(None))


def test_no_reserve_carries_no_amount() -> None:
    sale = closing()
    odd = m.OpenReserve(has_reserve=False, amount_fen=START, salt=SALT)
    assert sale.refused(odd) is Reason.RESERVE_NOT_ALLOWED


def test_the_reserve_stays_sealed_while_bids_are_taken() -> None:
    assert timed().refused(open_reserve(START)) is Reason.WRONG_STAGE


# ── the hammer ──────────────────────────────────────────────────────────────────────────────


def test_the_hammer_falls_for_the_leader_at_the_last_price() -> None:
    sale = timed()
    sale.accepted("B3M8", START + 3 * STEP)
    sale.to(Stage.CLOSING)
    sale.do(open_reserve())
    assert sale.do(CLOSE) == (
        m.StageChanged(origin=Stage.CLOSING, to=Stage.SOLD),
        m.HammerFell(bidder_no="B3M8", amount_fen=START + 3 * STEP),
        m.LotSold(total_fen=START + 3 * STEP),
    )
    assert sale.lot.winner_no == "B3M8"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (CLOSE, FailedReason.NO_QUOTE),
        (CLOSE_WITH_NOBODY_ADMITTED, FailedReason.NO_QUALIFIED_BIDDER),
    ],
)
def test_without_a_quote_the_sale_fails_by_name(command: m.CloseSale, reason: FailedReason) -> None:
    sale = listing().to(Stage.CLOSING)
    sale.do(open_reserve(START))
    sale.do(command)
    assert (sale.stage, sale.lot.failed_reason) == (Stage.FAILED, reason)


@pytest.mark.parametrize("over", [sold, failed])
def test_closing_twice_closes_once(over: Callable[[], Sale]) -> None:
    """Fault 18: closing was called twice, and sold and billed twice."""
    sale = over()
    assert sale.refused(CLOSE) is Reason.WRONG_STAGE
    assert sale.refused(open_reserve()) is Reason.WRONG_STAGE
    assert sale.refused(advance(sale.lot)) is Reason.WRONG_STAGE
    assert len(sale.events(m.LotSold)) + len(sale.events(m.LotFailed)) == 1


def test_every_way_to_fail_has_been_told() -> None:
    told = {
        FailedReason.NO_QUALIFIED_BIDDER,
        FailedReason.NO_QUOTE,
        FailedReason.BELOW_RESERVE,
        FailedReason.TOO_FEW_BIDDERS,
        FailedReason.WINNER_UNQUALIFIED,
        FailedReason.TERMINATED,
    }
    assert told == set(FailedReason)


# ── disputes ────────────────────────────────────────────────────────────────────────────────


def late(sale: Sale, bidder_no: str = "B3M8", amount_fen: int = START + STEP) -> bool:
    """A quote that arrived at the last instant is decided only now; whether it disputes."""
    assert sale.lot.last_cutoff is not None
    before = len(sale.entries)
    arrival = sale.lot.last_cutoff - 1
    answer = sale.bid(bidder_no, amount_fen, received_at=arrival)
    assert isinstance(answer, m.BidRefused)
    assert (answer.reason, answer.closes_at) == (Reason.CLOSED, sale.lot.last_cutoff)
    return any(isinstance(event, m.ResultDisputed) for event in sale.entries[before][1])


def test_an_in_time_quote_decided_after_the_close_is_never_silently_lost() -> None:
    sale = closing()
    assert late(sale)
    assert (sale.lot.disputed, sale.lot.control) == (True, Control.SUSPENDED)
    assert sale.refused(open_reserve()) is Reason.SUSPENDED
    assert sale.lot.price_fen == START


def test_a_quote_at_the_cutoff_disputes_nothing() -> None:
    sale = closing()
    assert sale.lot.last_cutoff is not None
    assert sale.no("B3M8", START + STEP, received_at=sale.lot.last_cutoff) is Reason.CLOSED
    assert not sale.lot.disputed


@pytest.mark.parametrize(
    ("bidder_no", "amount_fen"), [("B3M8", START), ("A2K7", START + STEP), ("B3M8", START + 1)]
)
def test_a_late_quote_that_would_have_been_refused_disputes_nothing(
    bidder_no: str, amount_fen: int
) -> None:
    assert not late(closing(), bidder_no, amount_fen)


def test_a_late_quote_of_one_who_had_not_entered_disputes_nothing() -> None:
    assert not late(closing(entry_rule=EntryRule.QUOTED_BEFORE))


def test_a_late_quote_is_judged_by_the_step_of_its_own_window() -> None:
    sale = listing(live_trigger=LiveTrigger.TWO_BIDDERS, increment_live_fen=3 * STEP).to(
        Stage.LISTING
    )
    sale.accepted("A2K7", START)
    sale.to(Stage.CLOSING)
    assert late(sale, "B3M8", START + STEP)


def test_two_officials_reopen_a_disputed_sale_with_a_full_window() -> None:
    sale = closing()
    late(sale)
    sale.at += DAY
    sale.do(resume(sale.at))
    assert (sale.stage, sale.lot.control) == (Stage.TIMED, Control.NORMAL)
    assert sale.closes_at == sale.at + COUNTDOWN
    assert not sale.lot.disputed
    sale.accepted("B3M8", START + STEP)


def test_a_reopened_sale_compares_its_reserve_with_its_last_price() -> None:
    sale = closing()
    sale.do(open_reserve(START + STEP))
    assert sale.lot.reserve_met is False
    late(sale)
    sale.do(resume(sale.at))
    sale.accepted("B3M8", START + STEP)
    sale.to(Stage.CLOSING)
    assert sale.refused(CLOSE) is Reason.RESERVE_NOT_OPENED
    sale.do(open_reserve(START + STEP))
    sale.do(CLOSE)
    assert (sale.stage, sale.lot.winner_no) == (Stage.SOLD, "B3M8")


@pytest.mark.parametrize("stage", [Stage.QUIET, Stage.READY])
def test_a_late_quote_of_the_listing_stops_the_sale_and_counts_as_having_quoted(
    stage: Stage,
) -> None:
    sale = listing(
        quiet_min=60 if stage is Stage.QUIET else 0,
        ready_min=5,
        entry_rule=EntryRule.QUOTED_BEFORE,
    ).to(Stage.LISTING)
    sale.accepted("A2K7", START)
    sale.to(stage)
    assert late(sale)
    assert sale.lot.control is Control.SUSPENDED
    sale.do(resume(sale.at, sale.lot.timetable))
    sale.to(Stage.TIMED)
    sale.accepted("B3M8", START + STEP)


def test_a_quote_of_the_listing_decided_in_the_timed_phase_still_counts() -> None:
    sale = timed()
    assert sale.lot.last_cutoff is not None
    sale.accepted("B3M8", START + STEP, received_at=sale.lot.last_cutoff - 1)


def test_after_the_hammer_a_dispute_needs_a_written_ruling() -> None:
    sale = sold()
    assert late(sale)
    assert (sale.lot.disputed, sale.lot.control) == (True, Control.NORMAL)
    sale.do(ROLL)
    assert sale.refused(confirm()) is Reason.DISPUTED
    assert sale.refused(SEAL) is Reason.DISPUTED
    sale.do(confirm(ruling="成交有效"))
    sale.do(SEAL)


def test_a_dispute_after_the_confirmation_needs_a_ruling_too() -> None:
    sale = sold()
    sale.do(ROLL)
    sale.do(confirm())
    assert late(sale)
    assert sale.refused(SEAL) is Reason.DISPUTED
    assert sale.refused(confirm()) is Reason.DISPUTED
    sale.do(confirm(ruling="成交有效"))
    assert sale.refused(confirm()) is Reason.ALREADY_CONFIRMED
    sale.do(SEAL)


def test_a_disputed_failure_needs_a_ruling_too() -> None:
    sale = failed()
    assert late(sale)
    sale.do(ROLL)
    assert sale.refused(SEAL) is Reason.DISPUTED
    sale.do(confirm(ruling="流拍有效"))
    sale.do(SEAL)


def test_a_ruling_may_find_the_winner_unqualified() -> None:
    sale = sold()
    late(sale)
    assert sale.refused(confirm(m.Confirmation.UNQUALIFIED)) is Reason.DISPUTED
    sale.do(confirm(m.Confirmation.UNQUALIFIED, ruling="竞得人不具备资格"))
    assert (sale.stage, sale.lot.disputed) == (Stage.FAILED, False)
    sale.do(ROLL)
    sale.do(SEAL)


def test_terminating_settles_a_dispute() -> None:
    sale = closing()
    late(sale)
    sale.do(terminate())
    sale.do(ROLL)
    sale.do(SEAL)


# ── roll, confirmation, seal ────────────────────────────────────────────────────────────────


def test_a_sale_is_rolled_confirmed_and_sealed_in_this_order() -> None:
    sale = sold()
    assert sale.refused(SEAL) is Reason.ROLL_NOT_OPENED
    assert sale.do(ROLL) == (m.RollOpened(bidders=1),)
    assert sale.refused(ROLL) is Reason.ROLL_ALREADY_OPENED
    assert sale.refused(SEAL) is Reason.NOT_CONFIRMED
    assert sale.do(confirm()) == (m.ResultConfirmed(),)
    assert sale.refused(confirm()) is Reason.ALREADY_CONFIRMED
    assert sale.do(SEAL) == (m.LogSealed(),)
    assert sale.refused(SEAL) is Reason.SEALED


def test_a_bidder_with_two_keys_is_one_bidder_on_the_roll() -> None:
    sale = sold()
    twice = m.OpenRoll(roll=ROLL.roll * 2, head_counts=ROLL.head_counts)
    assert sale.do(twice) == (m.RollOpened(bidders=1),)


def test_a_failed_sale_is_sealed_without_confirmation() -> None:
    sale = failed()
    sale.do(ROLL)
    sale.do(SEAL)
    assert sale.lot.sealed


def test_an_unqualified_winner_fails_the_sale_and_nobody_moves_up() -> None:
    """Fault 44: deleting the winner's account made the runner-up win."""
    sale = timed()
    sale.accepted("B3M8", START + STEP)
    sale.to(Stage.CLOSING)
    sale.do(open_reserve())
    sale.do(CLOSE)
    sale.do(confirm(m.Confirmation.UNQUALIFIED))
    assert (sale.stage, sale.lot.winner_no) == (Stage.FAILED, None)
    assert sale.lot.failed_reason is FailedReason.WINNER_UNQUALIFIED
    assert sale.refused(confirm(m.Confirmation.UNQUALIFIED)) is Reason.WRONG_STAGE


@pytest.mark.parametrize("command", [ROLL, confirm(), SEAL])
def test_nothing_of_this_happens_before_the_end(command: m.Command) -> None:
    assert closing().refused(command) is Reason.WRONG_STAGE
    stopped = closing()
    stopped.do(suspend())
    assert stopped.refused(command) is Reason.SUSPENDED
