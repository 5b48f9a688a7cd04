"""What people and time do to a lot, rightly and wrongly, in random order."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from service.rules import messages as m
from service.rules.lot import Lot
from service.rules.terms import Control, Grid, Method, ReserveKind, Stage, Timetable
from service.rules.timetable import next_wake_at
from tests.corpus.publications import LAST_INSTANT, ODD, announce, odd, release
from tests.corpus.walk import BIDDERS, SAME, Walk
from tests.rules import sale as given
from tests.rules.sale import DAY, HOUR, START, STEP

Deed = Callable[[Walk, Lot], None]
DEEDS: list[Deed] = []


def deed(weight: int) -> Callable[[Deed], Deed]:
    def entered(function: Deed) -> Deed:
        DEEDS.extend([function] * weight)
        return function

    return entered


@deed(3)
def wind(walk: Walk, lot: Lot) -> None:
    walk.at += walk.any(0, 1, 250, 499, 500, 1000, 5001, 19_999, 20_000, 60_000, HOUR)


@deed(6)
def move_on(walk: Walk, lot: Lot) -> None:
    """Wind to the next instant at which time asks, and answer; set right what stands still."""
    wake = next_wake_at(lot)
    if wake is not None:
        walk.at = max(walk.at, wake + walk.any(-1, 0, 0, 0, 400, 6000))
    if lot.resumes_at is not None:
        walk.give(m.Resume(announced_at=walk.at))
    elif lot.control is Control.SUSPENDED:
        walk.give(given.resume(walk.at, new_timetable(walk, lot, 0)))
    else:
        walk.give(given.advance(lot, proved_to=walk.at, enough=head_count(walk, lot)))


def head_count(walk: Walk, lot: Lot) -> bool | None:
    """Whether there are enough, asked only where an auction starts."""
    starts = lot.stage is Stage.ANNOUNCED and lot.rules.method is Method.AUCTION
    return walk.any(True, True, False) if starts else None


@deed(1)
def start_without_a_head_count(walk: Walk, lot: Lot) -> None:
    if lot.stage is Stage.ANNOUNCED and lot.rules.method is Method.AUCTION:
        walk.at = max(walk.at, lot.timetable.bidding_from)
        command = given.advance(lot, proved_to=walk.at)
        walk.give(replace(command, enough=walk.any(None, True), head_count_commitment=None))


@deed(2)
def tick(walk: Walk, lot: Lot) -> None:
    """An advance that is early, late, stale, unproved, or without its head count."""
    proved_to = walk.any(walk.at, walk.at, (lot.closes_at or 1) - 1)
    command = given.advance(lot, proved_to=proved_to, enough=head_count(walk, lot))
    if walk.chance.random() < 0.2:
        command = replace(command, leaving=walk.any(*Stage))
    walk.give(command)


def place(walk: Walk, who: str, amount_fen: int, arrival: int, **how: Any) -> None:
    walk.numbers += 1
    amount_fen = max(0, min(amount_fen, 2**53 - 1))
    walk.give(given.bid(who, amount_fen, max(0, arrival), number=walk.numbers, **how))


@deed(6)
def outbid(walk: Walk, lot: Lot) -> None:
    """A quote that is right in every way, if its bidder has entered and time is left."""
    walk.at += walk.any(0, 1, 1000, 9000, 19_999)
    rivals = [who for who in BIDDERS if who != lot.leader_no]
    amount = lot.minimum_fen
    if lot.rules.grid is Grid.MIN_ONLY:
        amount += -amount % lot.rules.price_quantum_fen
    place(walk, walk.any(*rivals), min(amount, lot.rules.price_cap_fen or 2**53 - 1), walk.at)


@deed(5)
def place_bid(walk: Walk, lot: Lot) -> None:
    steps, odd_fen = walk.any(-1, 0, 0, 0, 0, 1, 2, 3, 5, 6), walk.any(0, 0, 0, 0, 1, 100, 2500)
    amount = lot.minimum_fen + steps * lot.increment_fen + odd_fen
    if walk.chance.random() < 0.03:
        amount = walk.any(2**53 - 1, 2**53 - 1 - STEP, 0, lot.rules.starting_price_fen - 1)
    how = {"admission": walk.any(7, 7, 7, 7, None), "jump_confirmed": walk.any(True, False)}
    place(walk, walk.any(*BIDDERS), amount, walk.at - walk.any(0, 0, 0, 1, 400, 21_000), **how)


@deed(5)
def at_an_edge(walk: Walk, lot: Lot) -> None:
    """A quote that arrives around an end or a beginning, this window's or the last one's."""
    edges = [
        lot.closes_at,
        lot.last_cutoff,
        lot.opened_at,
        lot.suspended_at,
        lot.timetable.bidding_from,
        (lot.closes_at or walk.at) - 60 * lot.rules.minute_ms,
    ]
    arrival = walk.any(*(edge for edge in edges if edge is not None)) + walk.any(
        -1000, -1, -1, 0, 1
    )
    walk.at = max(walk.at, arrival + walk.any(0, 0, 100, 499, 2000))
    amount = walk.any(
        lot.minimum_fen, lot.minimum_fen, (lot.price_fen or START) + lot.increment_fen
    )
    who = walk.any(*(who for who in BIDDERS if who != lot.leader_no))
    place(walk, who, amount, arrival, admission=walk.any(7, 7, 7, None))


@deed(3)
def opt_in(walk: Walk, lot: Lot) -> None:
    if lot.stage is not Stage.READY and walk.chance.random() < 0.9:
        return
    edges = (
        walk.at,
        walk.at,
        lot.closes_at or walk.at,
        (lot.closes_at or walk.at) - 1,
        (lot.opened_at or 1) - 1,
    )
    arrival = walk.any(*edges)
    walk.at = max(walk.at, arrival)
    join = walk.any(True, True, False)
    walk.give(m.OptIn(bidder_no=walk.any(*BIDDERS), join=join, admission=7, received_at=arrival))


def new_timetable(walk: Walk, lot: Lot, more_ms: int) -> Timetable | None:
    """What officials state: the earliest that can be right, or a little off it."""
    table = lot.timetable
    if lot.stage is Stage.ANNOUNCED:
        return moved(table, max(0, walk.at - table.bidding_from) + more_ms)
    if table.listing_to is None or lot.suspended_at is None or lot.closes_at is None:
        return table
    left = lot.closes_at - lot.suspended_at
    if lot.stage is Stage.LISTING:
        left = max(lot.countdown_ms, left) + lot.quiet_ms
    return replace(table, listing_to=max(1, walk.at + left + more_ms))


def moved(table: Timetable, ms: int) -> Timetable:
    """The same timetable with bidding `ms` later."""
    names = ("listing_from", "listing_to", "auction_from")
    told = {name: getattr(table, name) for name in names}
    return replace(table, **{name: at + ms for name, at in told.items() if at is not None})


@deed(4)
def resume(walk: Walk, lot: Lot) -> None:
    if lot.control is not Control.SUSPENDED and walk.chance.random() < 0.95:
        return
    if walk.chance.random() < 0.25:
        walk.give(m.Resume(announced_at=walk.at))
        return
    table = new_timetable(walk, lot, walk.any(-1, 0, 0, 1, 5000))
    if walk.chance.random() < 0.3:
        table = walk.any(None, lot.timetable, meddled(walk, table or lot.timetable))
    elif table is not None and table.listing_to is not None and walk.chance.random() < 0.2:
        end = walk.any(table.listing_to, table.listing_to + 1)
        table = replace(table, **{walk.any("registration_to", "deposit_deadline"): end})
        table = replace(
            table, listing_to=walk.any(table.listing_to, LAST_INSTANT, LAST_INSTANT + 1)
        )
    announced = walk.at - walk.any(0, 0, 0, 0, 10_000, 20_000, 60_000, DAY, -1)
    officials = walk.any(given.BOTH, given.BOTH, given.BOTH, given.BOTH, SAME, given.ALONE)
    walk.give(m.Resume(announced_at=max(0, announced), officials=officials, timetable=table))


def meddled(walk: Walk, table: Timetable) -> Timetable:
    name = walk.any(
        "announced_at",
        "registration_from",
        "registration_to",
        "deposit_deadline",
        "listing_from",
        "listing_to",
        "auction_from",
    )
    old = getattr(table, name)
    if old is None:
        return replace(table, **{name: walk.at})
    options = [
        old - 1,
        old + 1,
        old + 30_000,
        None if name.startswith(("listing", "auction")) else old,
    ]
    return replace(table, **{name: walk.any(*options)})


@deed(2)
def fail(walk: Walk, lot: Lot) -> None:
    """The platform goes dark now and comes back after the gap."""
    gap = walk.any(0, 5000, 5001, 30_000, 30_001, HOUR, 2 * HOUR, 2 * HOUR + 1, 9 * HOUR)
    died = max(0, walk.at - walk.any(0, 0, 0, 30_000, 5 * DAY))
    walk.at += gap
    back = walk.any(walk.at, walk.at, walk.at, walk.at + 1, walk.at - 1, died + gap)
    walk.give(m.Interrupt(cause=walk.any(*m.InterruptCause), gap_from=died, gap_to=max(0, back)))


@deed(1)
def fail_around_midnight(walk: Walk, lot: Lot) -> None:
    """An outage that ends or begins at the change of the day in Beijing, or a little off it."""
    if lot.stage not in (Stage.LISTING, Stage.READY, Stage.TIMED):
        return
    midnight = (walk.at + 8 * HOUR) // DAY * DAY + walk.any(DAY, DAY, 0) - 8 * HOUR
    died = midnight + walk.any(-HOUR, -6000, -1, 0)
    back = midnight + walk.any(-1, -1, 0, 1, HOUR)
    walk.at = max(walk.at, back)
    cause = walk.any(m.InterruptCause.OUTAGE, m.InterruptCause.CLOCK_STEP)
    walk.give(m.Interrupt(cause=cause, gap_from=died, gap_to=back))


@deed(2)
def supplement(walk: Walk, lot: Lot) -> None:
    if lot.stage is not Stage.ANNOUNCED and walk.chance.random() < 0.95:
        return
    day, rules = lot.rules.day_ms, lot.rules
    table = moved(lot.timetable, walk.any(0, 0, -1, 1, 2, 3, 5, 20) * day)
    if walk.chance.random() < 0.2:
        table = meddled(walk, table)
    if walk.chance.random() < 0.5:
        values = {
            **ODD,
            "increment_live_fen": [None, STEP],
            "deposit": [{"CNY": 2**46}, {"CNY": 2**46, "USD": 1}],
        }
        rules = odd(walk.chance, rules, values, 1)
    if walk.chance.random() < 0.3:
        walk.at = max(
            walk.at,
            lot.timetable.bidding_from - walk.any(0, 1, day, 4 * day, 5 * day, 19 * day, 20 * day),
        )
    officials = walk.any(given.BOTH, given.BOTH, given.BOTH, SAME)
    walk.give(
        given.supplement(
            lot,
            timetable=table,
            rules=rules,
            price_relevant=walk.any(True, False),
            officials=officials,
        )
    )


@deed(2)
def suspend(walk: Walk, lot: Lot) -> None:
    if walk.chance.random() < 0.2:
        walk.at = max(walk.at, (lot.closes_at or 0) + walk.any(-1, 0, 100))
    officials = walk.any(given.BOTH, given.BOTH, SAME, given.ALONE)
    command = given.suspend(emergency=walk.any(True, False), officials=officials)
    walk.give(replace(command, cause=walk.any(*m.SuspendCause)))


@deed(1)
def intervene(walk: Walk, lot: Lot) -> None:
    """Rarely: the end by order, or something out of its place."""
    chance = walk.chance.random()
    if chance < 0.1 and walk.numbers > 5:
        walk.give(replace(given.terminate(), officials=walk.any(given.BOTH, SAME)))
    elif chance < 0.3:
        walk.give(
            walk.any(given.CLOSE, given.ROLL, given.SEAL, given.confirm(), given.open_reserve())
        )
    elif chance < 0.33:
        walk.give(given.publish(lot.rules))


@deed(3)
def finish(walk: Walk, lot: Lot) -> None:
    if lot.stage is not Stage.CLOSING:
        return
    if walk.chance.random() < 0.3:
        walk.give(given.CLOSE)
    if walk.chance.random() < 0.2:
        walk.give(
            m.OpenReserve(has_reserve=walk.any(True, False), amount_fen=START, salt=given.SALT)
        )
    has = walk.reserve_fen is not None and lot.rules.reserve is ReserveKind.SEALED
    walk.give(given.open_reserve(walk.reserve_fen if has else None))
    if walk.chance.random() < 0.7:
        walk.give(m.CloseSale(any_admitted=walk.any(True, True, lot.price_fen is not None)))


ROLLS = (
    given.ROLL,
    replace(given.ROLL, roll=given.ROLL.roll * 2),
    replace(given.ROLL, roll=(*given.ROLL.roll, replace(given.ROLL.roll[0], bidder_no="B3M8"))),
    replace(given.ROLL, roll=()),
)


@deed(3)
def afterwards(walk: Walk, lot: Lot) -> None:
    if lot.stage not in (Stage.SOLD, Stage.FAILED):
        return
    ruling = walk.any(None, None, "成交有效")
    outcome = walk.any(
        m.Confirmation.CONFIRMED, m.Confirmation.CONFIRMED, m.Confirmation.UNQUALIFIED
    )
    confirm = replace(
        given.confirm(outcome, ruling), officials=walk.any(given.BOTH, given.BOTH, SAME)
    )
    seal = replace(given.SEAL, officials=walk.any(given.BOTH, given.BOTH, SAME))
    walk.give(walk.any(walk.any(*ROLLS), confirm, seal))


def history(seed: int, steps: int = 60) -> Walk:
    """One random sale, hurried through some stages first."""
    walk = Walk(Random(seed))
    announce(walk)
    for _ in range(walk.chance.randrange(9)):
        assert walk.lot is not None
        for function in (opt_in, outbid, outbid, move_on):
            function(walk, walk.lot)
    for _ in range(steps):
        assert walk.lot is not None
        walk.chance.choice(DEEDS)(walk, walk.lot)
    return walk


def publication(seed: int) -> Walk:
    walk = Walk(Random(seed))
    release(walk)
    return walk
