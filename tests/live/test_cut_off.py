"""Many bidders cut off at once from our side: the sale is paused, and a ring gains nothing (§7)."""

from collections.abc import Sequence
from typing import Any

import pytest

from service.api.bidding import BidDoor, Caller
from service.live.audience import Seat
from service.live.cut_off import CutOff, judge
from service.live.room import Room
from service.rules import messages as m
from service.rules.terms import Control, Stage
from service.settings import Settings
from service.store import attendance
from service.store.attendance import Loss, Sitting
from tests.live.world import (
    COUNTDOWN_MS,
    DRAIN_MS,
    START,
    STEP,
    Process,
    World,
    in_timed,
    outcome,
    room_of,
    watch,
)

SETTINGS = Settings()
RETURN, WINDOW = SETTINGS.cut_off_return_ms, SETTINGS.cut_off_window_ms
RESTART_RETURN = SETTINGS.cut_off_restart_ms
PERIOD = SETTINGS.health_period_ms
NOTICE_MS = 5_000
BROKEN, NO_PONG, GOODBYE, GOING_AWAY, RESTART = 1005, 1011, 1000, 1001, 1012
RING = ("A2K7", "B3M8", "C4N9", "D5P2", "E6Q3", "F7R4")


def sitting(
    here: str = "",
    lost: dict[str, int] | None = None,
    parted: str = "",
    proved_at: int = 100_000,
    code: int = BROKEN,
) -> Sitting:
    return Sitting(
        log="lot/lot-one",
        process="one",
        here=frozenset(here),
        lost={who: Loss(at, code) for who, at in (lost or {}).items()},
        parted=frozenset(parted),
        proved_at=proved_at,
    )


def judged(*rows: Sitting, now: int = 100_000, since: int = 0) -> CutOff | None:
    return judge(rows, now, SETTINGS, newest=100_000, since=since)


def at(instant: int, who: str) -> dict[str, int]:
    return dict.fromkeys(who, instant)


# ── the judgement ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("here", "lost", "cut_off"),
    [
        ("", "abc", True),
        ("", "ab", False),
        ("defg", "a", False),
        ("def", "abc", True),
        ("defg", "abc", False),
    ],
)
def test_at_least_three_and_half_of_those_who_sat_there(
    here: str, lost: str, cut_off: bool
) -> None:
    assert (judged(sitting(here, at(95_000, lost))) is not None) is cut_off


@pytest.mark.parametrize(("apart", "cut_off"), [(WINDOW, True), (WINDOW + 1, False)])
def test_at_once_means_within_the_window(apart: int, cut_off: bool) -> None:
    lost = {"a": 95_000 - apart, "b": 95_000 - apart, "c": 95_000}
    assert (judged(sitting("", lost)) is not None) is cut_off


def test_who_is_back_through_any_process_is_not_cut_off() -> None:
    lost = at(95_000, "abcd")
    assert judged(sitting("", lost), sitting("ab")) is None
    assert judged(sitting("", lost), sitting("", parted="ab")) is None
    assert judged(sitting("", lost), sitting("a")) is not None


def test_they_have_their_time_to_come_back() -> None:
    lost = at(100_000 - RETURN + 1, "abc")
    assert judged(sitting("", lost)) == CutOff(92_001, 92_001, RETURN, ripe=False)
    assert judged(sitting("", lost), now=100_001) == CutOff(92_001, 92_001, RETURN, ripe=True)


def test_what_was_long_ago_or_before_the_last_pause_is_history() -> None:
    assert judged(sitting("", at(100_000 - RETURN - 20_001, "abc"))) is None
    assert judged(sitting("", at(95_000, "abc")), since=95_001) is None


def test_a_process_that_fell_silent_lost_everybody_who_sat_there() -> None:
    silent = 100_000 - SETTINGS.path_stale_ms - 1
    found = judged(sitting("abc", proved_at=silent), sitting("xyz"))
    assert found == CutOff(silent, silent, RETURN, ripe=False)
    assert judged(sitting("abc", proved_at=silent + 1), sitting("xyz")) is None
    assert judged(sitting("abc", proved_at=silent), sitting("ab")) is None


def test_who_is_sent_away_by_a_process_that_ends_has_longer_to_come_back() -> None:
    sent_away = sitting("", at(90_000, "abc"), code=RESTART)
    later = 90_000 + RESTART_RETURN
    assert judged(sent_away, now=later - 1) == CutOff(90_000, 90_000, RESTART_RETURN, ripe=False)
    assert judged(sent_away, now=later) == CutOff(90_000, 90_000, RESTART_RETURN, ripe=True)
    assert judged(sent_away, now=later + 20_000) is not None
    assert judged(sent_away, now=later + 20_001) is None


def test_who_was_lost_a_second_time_had_come_back_from_the_first() -> None:
    """An upgrade of two processes: the second's farewell is 10 s after the first's."""
    first = sitting("", at(89_000, "abcdef"), code=RESTART)
    second = sitting("", at(99_500, "abcdef"), code=RESTART)
    assert judged(first) == CutOff(89_000, 89_000, RESTART_RETURN, ripe=False)
    expected = CutOff(99_500, 99_500, RESTART_RETURN, ripe=False)
    assert judged(first, second) == judged(second, first) == expected
    assert judged(first, second, now=105_000) == expected
    assert judged(first, second, sitting("abcdef"), now=105_000) is None
    stayed_away = sitting("", at(99_500, "abc"), code=RESTART)
    assert judged(first, stayed_away, now=104_000) == CutOff(89_000, 89_000, 15_000, ripe=True)


def test_silence_of_all_processes_is_the_outage_rules_affair() -> None:
    rows = [sitting("abc", proved_at=90_000)]
    assert judge(rows, 100_000, SETTINGS, newest=90_000) is None


# ── in a running sale ───────────────────────────────────────────────────────────────────────


def seat_all(world: World, room: Room, who: Sequence[str] = RING) -> list[Seat]:
    return [watch(room, world, number)[0] for number in who]


def lose(room: Room, seats: Sequence[Seat], code: int = BROKEN) -> None:
    """As the channel does when a socket ends."""
    for seat in seats:
        seat.left_with = code
        room.audience.leave(seat)
        seat.leave()


async def running(world: World, **rules: Any) -> tuple[Room, list[Seat]]:
    (room,) = await in_timed(world, **rules)
    seats = seat_all(world, room)
    await world.wind(PERIOD)
    return room, seats


@pytest.mark.parametrize("code", [BROKEN, 1006, NO_PONG, RESTART, 4008])
async def test_many_bidders_cut_off_at_once_pause_the_sale(world: World, code: int) -> None:
    """The sale would have gone on without those who bid through the dead line."""
    room, seats = await running(world)
    cut_at = world.clock.now
    lose(room, seats[:3], code)
    await world.wind((RESTART_RETURN if code == RESTART else RETURN) - 1)
    assert room.lot.control is Control.NORMAL, "they may still come back"
    await world.wind(PERIOD + 1)
    assert room.lot.control is Control.SUSPENDED
    assert room.lot.suspend_cause is m.InterruptCause.CUT_OFF
    interrupt = (await world.entries())[-1].command
    assert interrupt.type == "interrupt"
    assert interrupt.gap_from == cut_at
    await world.verify()


async def test_after_the_notice_there_is_a_full_countdown_and_the_quotes_stand(
    world: World,
) -> None:
    """A ring that drops its lines because it is losing gains nothing by the pause."""
    bidders = world.bidders(*RING)
    room, seats = await running(world)
    await room.place_bid(bidders[5].bid(room.origin, START, world.clock.now))
    lose(room, seats[:5])
    await world.wind(RETURN + PERIOD)
    assert room.lot.resumes_at is not None
    await world.wind_to(room.lot.resumes_at)
    assert room.lot.control is Control.NORMAL
    assert room.lot.closes_at == world.clock.now + COUNTDOWN_MS
    assert (room.lot.price_fen, room.lot.leader_no) == (START, RING[5])
    await world.wind(COUNTDOWN_MS + DRAIN_MS + PERIOD)
    assert room.lot.winner_no == RING[5], "staying away does not stop it twice"
    await world.verify()


@pytest.mark.parametrize("how_many", [1, 2])
async def test_one_bidders_own_line_never_pauses_a_sale(world: World, how_many: int) -> None:
    (room,) = await in_timed(world)
    seats = seat_all(world, room, RING[:how_many])
    await world.wind(PERIOD)
    lose(room, seats)
    await world.wind(RETURN + 2 * PERIOD)
    assert room.lot.control is Control.NORMAL


@pytest.mark.parametrize("code", [GOODBYE, GOING_AWAY, 4001, 4009, 4010])
async def test_who_says_goodbye_or_is_sent_away_is_not_cut_off(world: World, code: int) -> None:
    room, seats = await running(world)
    lose(room, seats, code)
    await world.wind(RETURN + 2 * PERIOD)
    assert room.lot.control is Control.NORMAL


async def test_observers_do_not_count(world: World) -> None:
    (room,) = await in_timed(world)
    seats = [watch(room, world)[0] for _ in range(20)]
    await world.wind(PERIOD)
    lose(room, seats)
    await world.wind(RETURN + 2 * PERIOD)
    assert room.lot.control is Control.NORMAL


async def test_bidders_who_come_back_keep_the_sale_running(world: World) -> None:
    room, seats = await running(world)
    lose(room, seats)
    await world.wind(RETURN // 2)
    seat_all(world, room, RING[:4])
    await world.wind(RETURN + PERIOD)
    assert room.lot.control is Control.NORMAL


async def test_bidders_who_come_back_through_another_process_keep_it_running(
    world: World,
) -> None:
    first, second = await in_timed(world, processes=2)
    await world.processes[1].waker.start()
    seats = seat_all(world, first)
    await world.wind(PERIOD)
    lose(first, seats)
    await world.wind(RETURN // 2)
    seat_all(world, second)
    await world.wind(RETURN + PERIOD)
    assert first.lot.control is Control.NORMAL


async def test_a_process_that_dies_with_its_sockets_pauses_the_sale(world: World) -> None:
    """Its line is our line. The survivor knows who sat there and who did not come back."""
    first, second = await in_timed(world, processes=2, countdown_s=60)
    await world.processes[1].waker.start()
    seat_all(world, first, RING[:3])
    seat_all(world, second, RING[3:])
    await world.wind(PERIOD)
    await world.processes[0].waker.stop()
    died = world.clock.now
    await world.wind(RETURN + PERIOD)
    assert second.lot.suspend_cause is m.InterruptCause.CUT_OFF
    interrupt = (await world.entries())[-1].command
    assert interrupt.type == "interrupt"
    assert interrupt.gap_from <= died
    await world.verify()


async def test_a_process_that_dies_and_whose_bidders_return_pauses_nothing(world: World) -> None:
    first, second = await in_timed(world, processes=2, countdown_s=60)
    await world.processes[1].waker.start()
    seat_all(world, first)
    await world.wind(PERIOD)
    await world.processes[0].waker.stop()
    await world.wind(3 * PERIOD)
    seat_all(world, second)
    await world.wind(2 * RETURN)
    assert second.lot.control is Control.NORMAL


@pytest.mark.parametrize("before_end", [3_000, 1, 0, -DRAIN_MS + 1])
async def test_nothing_is_closed_over_bidders_who_may_have_been_cut_off(
    world: World, before_end: int
) -> None:
    """Fault 20: the last seconds are owed too. The end waits until it is known."""
    room, seats = await running(world)
    closes_at = room.lot.closes_at
    assert closes_at is not None
    await world.wind_to(closes_at - before_end)
    lose(room, seats)
    await world.wind(RETURN - 1)
    assert room.lot.stage is Stage.TIMED
    await world.wind(2 * PERIOD)
    assert room.lot.suspend_cause is m.InterruptCause.CUT_OFF
    await world.verify()


async def test_another_process_does_not_close_over_them_either(world: World) -> None:
    first, second = await in_timed(world, processes=2)
    await world.processes[1].waker.start()
    seats = seat_all(world, first)
    closes_at = first.lot.closes_at
    assert closes_at is not None
    await world.wind_to(closes_at - 1)
    lose(first, seats)
    await world.processes[0].waker.stop()
    await world.wind(DRAIN_MS + 2 * PERIOD)
    assert second.lot.stage is Stage.TIMED
    await world.wind(RETURN)
    assert second.lot.suspend_cause is m.InterruptCause.CUT_OFF


async def test_who_came_back_in_the_last_second_does_not_keep_the_end_waiting(
    world: World,
) -> None:
    room, seats = await running(world)
    closes_at = room.lot.closes_at
    assert closes_at is not None
    await world.wind_to(closes_at - 1_000)
    lose(room, seats)
    seat_all(world, room)
    await world.wind(1_000 + DRAIN_MS + PERIOD)
    assert room.lot.stage is Stage.SOLD or room.lot.stage is Stage.FAILED


async def test_lines_that_are_dropped_in_turn_do_not_hold_the_end_for_ever(world: World) -> None:
    """A ring may stop a sale, visibly and for the length of a notice, but not hang it."""
    room, seats = await running(world)
    closes_at = room.lot.closes_at
    assert closes_at is not None
    await world.wind_to(closes_at - 1)
    for _ in range(6):
        lose(room, seats[:3])
        seats = [*seats[3:], *seat_all(world, room, [seat.bidder_no or "" for seat in seats[:3]])]
        lose(room, seats[:3])
        await world.wind(WINDOW // 2)
    assert room.lot.suspend_cause is m.InterruptCause.CUT_OFF
    await world.verify()


async def test_a_lot_that_takes_no_bids_leaves_nothing_behind(world: World) -> None:
    room, _ = await running(world)
    rows, _ = await suspected(world)
    assert rows == [], "nobody is missing"
    await world.processes[0].rooms.submit(
        "lot-one",
        m.Suspend(
            cause=m.SuspendCause.COURT_ORDER,
            text="中止",
            emergency=True,
            officials=m.Officials(requester="publisher-00000001"),
        ),
    )
    await world.wind(2 * PERIOD)
    assert room.lot.control is Control.SUSPENDED
    async with world.engine.connect() as connection:
        left = (await connection.execute(attendance.attendance.select())).all()
    assert left == []


async def suspected(world: World) -> tuple[list[Sitting], int]:
    async with world.engine.connect() as connection:
        return await attendance.read_suspected(connection, world.clock.now, 5_000)


async def test_rows_of_the_long_dead_are_forgotten_by_who_starts(world: World) -> None:
    await running(world)
    await world.processes[0].waker.stop()
    world.jump(attendance.FORGOTTEN_MS + 1)
    other = world.process()
    await other.waker.start()
    await world.settle()
    async with world.engine.connect() as connection:
        rows = (await connection.execute(attendance.attendance.select())).all()
    assert rows == []


async def test_the_number_of_bidders_is_in_no_frame_and_in_no_entry(world: World) -> None:
    """Rules §11: before the end nobody sees how many bid; a pause says only that there is one."""
    (room,) = await in_timed(world)
    _, line = watch(room, world)
    seats = seat_all(world, room)
    await world.wind(PERIOD)
    lose(room, seats)
    await world.wind(RETURN + PERIOD)
    (notice,) = [told for told in line.told("notice") if told["code"] == "INTERRUPTED"]
    assert set(notice["params"]) == {"cause", "from", "to", "resumes_at"}
    entry = (await world.entries())[-1]
    assert set(entry.command.model_dump()) == {"type", "cause", "gap_from", "gap_to"}
    assert all(number.encode() not in frame for frame in line.frames for number in RING)


async def test_bids_go_on_while_it_is_not_known_yet(world: World) -> None:
    bidders = world.bidders(*RING)
    room, seats = await running(world)
    lose(room, seats[:3])
    await world.wind(2 * PERIOD)
    answer = await room.place_bid(bidders[4].bid(room.origin, START, world.clock.now))
    assert outcome(answer) == "accepted"
    inherited = await room_of(world.processes[0])
    assert inherited.lot.minimum_fen == START + STEP


# ── an upgrade ──────────────────────────────────────────────────────────────────────────────


async def farewell(world: World, process: Process) -> None:
    """As a process does that is told to stop: everybody is sent away, then it ends."""
    await process.rooms.close()
    await world.settle()
    await process.waker.stop()


async def two_with_everybody_at_the_first(world: World) -> tuple[Room, Room]:
    first, second = await in_timed(world, processes=2, countdown_s=60)
    await world.processes[1].waker.start()
    seat_all(world, first)
    await world.wind(PERIOD)
    return first, second


@pytest.mark.parametrize("between_ms", [PERIOD, RETURN, 10_000, RESTART_RETURN + 1_000, 25_000])
async def test_an_upgrade_of_one_process_after_the_other_pauses_nothing(
    world: World, between_ms: int
) -> None:
    """Everybody is sent away twice; from the second time too they have their time to come back."""
    _, second = await two_with_everybody_at_the_first(world)
    await farewell(world, world.processes[0])
    await world.wind(PERIOD)
    seat_all(world, second)
    await world.wind(between_ms)
    upgraded = world.process()
    await upgraded.waker.start()
    await farewell(world, world.processes[1])
    await world.wind(RESTART_RETURN - 2 * PERIOD)
    room = await room_of(upgraded)
    assert room.lot.control is Control.NORMAL
    seat_all(world, room)
    await world.wind(2 * PERIOD)
    assert room.lot.control is Control.NORMAL
    assert "interrupt" not in await world.commands()


async def test_whom_a_restart_sent_away_and_who_stays_away_pauses_the_sale(world: World) -> None:
    _, second = await two_with_everybody_at_the_first(world)
    sent_away_at = world.clock.now
    await farewell(world, world.processes[0])
    await world.wind(RESTART_RETURN - 1)
    assert second.lot.control is Control.NORMAL
    await world.wind(PERIOD + 1)
    assert second.lot.suspend_cause is m.InterruptCause.CUT_OFF
    interrupt = (await world.entries())[-1].command
    assert interrupt.type == "interrupt"
    assert interrupt.gap_from == sent_away_at
    await world.verify()


async def test_who_had_closed_the_page_before_is_not_missed_after_a_restart(world: World) -> None:
    first, second = await in_timed(world, processes=2, countdown_s=60)
    await world.processes[1].waker.start()
    seats = seat_all(world, first)
    lose(first, seats[:3], GOODBYE)
    await world.wind(PERIOD)
    await farewell(world, world.processes[0])
    seat_all(world, second, RING[3:5])
    await world.wind(RESTART_RETURN + 2 * PERIOD)
    assert second.lot.control is Control.NORMAL


async def test_the_end_waits_for_those_whom_a_restart_sent_away_but_not_for_ever(
    world: World,
) -> None:
    first, second = await two_with_everybody_at_the_first(world)
    closes_at = first.lot.closes_at
    assert closes_at is not None
    await world.wind_to(closes_at - 1)
    await farewell(world, world.processes[0])
    await world.wind(RESTART_RETURN - 1)
    assert (second.lot.stage, second.lot.control) == (Stage.TIMED, Control.NORMAL)
    for _ in range(3):
        lose(second, seat_all(world, second), RESTART)
        await world.wind(WINDOW // 2)
    assert second.lot.suspend_cause is m.InterruptCause.CUT_OFF
    assert world.clock.now <= closes_at + WINDOW + RESTART_RETURN + DRAIN_MS + 3 * PERIOD
    await world.verify()


async def test_who_comes_after_the_farewell_is_sent_away_too(world: World) -> None:
    """Its handshake had begun before; it would sit in a process that ends without a word."""
    first, _ = await two_with_everybody_at_the_first(world)
    await world.processes[0].rooms.close()
    _, late = watch(first, world, "Z9Y8")
    assert late.closed == [RESTART]
    assert len(first.audience) == 0


async def test_who_is_back_in_the_last_instant_is_known_everywhere_at_once(world: World) -> None:
    first, second = await two_with_everybody_at_the_first(world)
    lose(first, first.audience.bidders())
    await world.wind(RETURN - 1)
    seat_all(world, second)
    await world.settle()
    async with world.engine.connect() as connection:
        rows, _ = await attendance.read_suspected(connection, world.clock.now, 5_000)
    assert {who for row in rows for who in row.here} == set(RING)
    await world.wind(PERIOD)
    assert first.lot.control is Control.NORMAL


async def test_who_asks_by_http_without_a_line_is_not_cut_off(world: World) -> None:
    bidders = world.bidders(*RING)
    first, second = await two_with_everybody_at_the_first(world)
    lose(first, first.audience.bidders())
    await world.wind(RETURN // 2)
    door = BidDoor(world.processes[1].rooms)
    for place, bidder in enumerate(bidders[:4]):
        caller = Caller(bidder.account_id, bidder.account_id)
        bid = bidder.body(second.origin, START + place * STEP)
        assert outcome(await door.place(second, caller, bid, world.clock.now)) == "accepted"
    await world.wind(RETURN)
    assert first.lot.control is Control.NORMAL
    assert second.lot.control is Control.NORMAL


async def test_a_new_process_does_not_judge_what_a_pause_has_answered(world: World) -> None:
    room, seats = await running(world)
    lose(room, seats[:3])
    await world.wind(RETURN + PERIOD)
    assert room.lot.resumes_at is not None
    await world.wind_to(room.lot.resumes_at)
    assert room.lot.control is Control.NORMAL
    late = world.process()
    await late.waker.start()
    await world.wind(3 * PERIOD)
    assert (await world.commands()).count("interrupt") == 1
