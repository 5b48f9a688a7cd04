"""Is this a valid quote? The tests stand in the order of rules §5; the first failure names it."""

from dataclasses import replace

from service.rules import messages as m
from service.rules import money
from service.rules.lot import Lot
from service.rules.refusals import Reason
from service.rules.table import BIDDING_STAGES, REFUSED_BID
from service.rules.terms import Control, EntryRule, Extension, Grid, SelfOutbid, Stage


def decide_bid(lot: Lot, bid: m.PlaceBid, at: int) -> tuple[m.Event, ...]:
    """Accept or refuse one quote, decided at `at` (ms); always at least one event."""
    if _late_for_the_window(lot, bid):
        return _refuse_late(lot, bid)
    reason = _window_refusal(lot, bid) or _quote_refusal(lot, bid)
    if reason is not None:
        return (_refused(lot, bid, reason, lot.closes_at),)
    return _accepted(lot, bid, at)


def _arrived_in_last_window(lot: Lot, bid: m.PlaceBid) -> bool:
    """In time by its arrival for the window that was left last."""
    if lot.last_opened is None or lot.last_cutoff is None:
        return False
    return lot.last_opened <= bid.received_at < lot.last_cutoff


def _late_for_the_window(lot: Lot, bid: m.PlaceBid) -> bool:
    """In time by its arrival, but its window has been closed already (rules §6)."""
    if lot.control is Control.TERMINATED or not _arrived_in_last_window(lot, bid):
        return False
    return lot.stage not in BIDDING_STAGES or _shut_out(lot, bid)


def _shut_out(lot: Lot, bid: m.PlaceBid) -> bool:
    """Who may not enter the timed phase only because his quote in the listing is still undecided:
    here it is too late for it to be a quote of the timed phase."""
    return (
        lot.rules.entry_rule is EntryRule.QUOTED_BEFORE
        and lot.stage is Stage.TIMED
        and lot.last_window is Stage.LISTING
        and not may_enter(lot, bid.bidder_no)
    )


def _refuse_late(lot: Lot, bid: m.PlaceBid) -> tuple[m.Event, ...]:
    """Never silently lost: a quote that would have counted makes the result disputed."""
    assert lot.last_window is not None, "a cut-off is the end of a window"
    then = replace(
        lot,
        stage=lot.last_window,
        price_fen=lot.last_price_fen,
        leader_no=lot.last_leader_no,
    )
    refused = _refused(then, bid, Reason.CLOSED, lot.last_cutoff)
    if _quote_refusal(then, bid) is not None:
        return (refused,)
    return (refused, m.ResultDisputed(bid_id=bid.bid_id))


def _window_refusal(lot: Lot, bid: m.PlaceBid) -> Reason | None:
    if lot.control is Control.SUSPENDED:
        return Reason.SUSPENDED
    if lot.stage not in BIDDING_STAGES:
        return REFUSED_BID[lot.stage]
    assert lot.opened_at is not None, "a bidding stage has a window"
    assert lot.closes_at is not None, "a bidding stage has a window"
    if bid.received_at >= lot.closes_at:
        return Reason.CLOSED
    if bid.received_at < lot.opened_at and not _arrived_in_last_window(lot, bid):
        return Reason.NOT_OPEN
    return None


def _quote_refusal(lot: Lot, bid: m.PlaceBid) -> Reason | None:
    """Everything that is wrong with the quote itself, the window apart."""
    if bid.admission is None:
        return Reason.NOT_ADMITTED
    if lot.stage is Stage.TIMED and not may_enter(lot, bid.bidder_no):
        return Reason.NOT_ENTERED
    if lot.rules.self_outbid is SelfOutbid.REFUSE and lot.leader_no == bid.bidder_no:
        return Reason.ALREADY_LEADING
    if bid.amount_fen < lot.minimum_fen:
        return Reason.BELOW_START if lot.price_fen is None else Reason.BELOW_MINIMUM
    if not _on_grid(lot, bid.amount_fen):
        return Reason.OFF_GRID
    return _jump_refusal(lot, bid) or _cap_refusal(lot, bid.amount_fen)


def may_enter(lot: Lot, bidder_no: str) -> bool:
    """Whether the entry rule lets this bidder into the timed phase."""
    match lot.rules.entry_rule:
        case EntryRule.ALL_QUALIFIED:
            return True
        case EntryRule.QUOTED_BEFORE:
            return bidder_no in lot.quoted
        case EntryRule.OPT_IN:
            return bidder_no in lot.entered


def _base_fen(lot: Lot) -> int:
    """What steps are counted from: the price, before the first quote the starting price."""
    return lot.rules.starting_price_fen if lot.price_fen is None else lot.price_fen


def _on_grid(lot: Lot, amount_fen: int) -> bool:
    if lot.rules.grid is Grid.MIN_ONLY:
        return amount_fen % lot.rules.price_quantum_fen == 0
    return (amount_fen - _base_fen(lot)) % lot.increment_fen == 0


def _jump_refusal(lot: Lot, bid: m.PlaceBid) -> Reason | None:
    jump_fen = bid.amount_fen - _base_fen(lot)
    most, confirm = lot.rules.max_jump_steps, lot.rules.confirm_jump_steps
    if most is not None and jump_fen > most * lot.increment_fen:
        return Reason.JUMP_TOO_LARGE
    if confirm is not None and jump_fen > confirm * lot.increment_fen and not bid.jump_confirmed:
        return Reason.JUMP_NOT_CONFIRMED
    return None


def _cap_refusal(lot: Lot, amount_fen: int) -> Reason | None:
    """The new price is tested, not the old one; the range of amounts is a cap for every sale."""
    cap = lot.rules.price_cap_fen
    if cap is not None and amount_fen > cap:
        return Reason.ABOVE_CAP
    next_fen = amount_fen + lot.largest_step_fen
    total = money.total_fen(next_fen, lot.rules.price_unit, lot.parcel)
    return None if money.is_amount(max(next_fen, total)) else Reason.ABOVE_CAP


def _refused(lot: Lot, bid: m.PlaceBid, reason: Reason, closes_at: int | None) -> m.BidRefused:
    return m.BidRefused(
        bidder_no=bid.bidder_no,
        amount_fen=bid.amount_fen,
        reason=reason,
        minimum_fen=lot.minimum_fen,
        closes_at=closes_at,
    )


def _accepted(lot: Lot, bid: m.PlaceBid, at: int) -> tuple[m.Event, ...]:
    at_cap = bid.amount_fen == lot.rules.price_cap_fen
    closes_at = _new_end(lot, at, at_cap=at_cap)
    accepted = m.BidAccepted(
        bidder_no=bid.bidder_no,
        amount_fen=bid.amount_fen,
        minimum_next_fen=bid.amount_fen + lot.increment_fen,
        closes_at=closes_at,
    )
    if not at_cap:
        return (accepted,)
    return accepted, m.CapReached(amount_fen=bid.amount_fen, closes_at=closes_at)


def _new_end(lot: Lot, at: int, *, at_cap: bool) -> int:
    """The end of the window after an accepted quote (ms)."""
    assert lot.closes_at is not None, "a bidding stage has a window"
    if lot.stage is not Stage.TIMED:
        return lot.closes_at
    if at_cap:
        return min(at, lot.closes_at)
    match lot.rules.extension:
        case Extension.RESET:
            end = at + lot.countdown_ms
        case Extension.APPEND:
            end = max(lot.closes_at, at) + lot.countdown_ms
        case Extension.NONE:
            end = lot.closes_at
    return end if lot.live_limit_at is None else min(end, max(lot.live_limit_at, lot.closes_at))
