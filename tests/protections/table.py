"""Against every fault of an auction: what protects from it, where, and the tests that miss it.

`cut` is the text that protects and `scar` what stands there once somebody has taken it out.
`python -m tests.protections` takes each out of a copy of the house and runs the tests.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Protection:
    """tests: pytest's names, or `web/test/x.test.ts > name` of the client's. may_hang: without the
    protection the tests may wait for ever instead of failing."""

    fault: int
    what: str
    file: str
    cut: str
    scar: str
    tests: tuple[str, ...]
    may_hang: bool = False


ROOMS = "tests/live/test_rooms.py::"
DEADLINES = "tests/live/test_deadlines.py::"
AUDIENCE = "tests/live/test_audience.py::"
OUTAGES = "tests/live/test_outages.py::"
QUOTES = "tests/rules/test_quotes.py::"

PROTECTIONS = (
    Protection(
        1,
        "one statement that swaps the head or writes nothing; no copy is ever written back",
        "service/store/ledger.py",
        "WHERE logs.log = asked.log AND locked.size = asked.expected",
        "WHERE logs.log = asked.log",
        (ROOMS + "test_two_processes_write_one_log_without_a_lease",),
    ),
    Protection(
        2,
        "what is shown after the commit cannot reach the answer",
        "service/live/room.py",
        '_log.error("show_failed", lot_id=self.lot_id, exc_info=error)',
        "raise",
        (ROOMS + "test_nothing_after_the_commit_changes_the_answer",),
    ),
    Protection(
        3,
        "no lease: who loses the swap reads the log and decides again",
        "service/live/room.py",
        "            return Fate.LOST\n",
        "            return Fate.WRITTEN\n",
        (ROOMS + "test_two_processes_write_one_log_without_a_lease",),
    ),
    Protection(
        4,
        "an exception in a batch answers it and leaves nothing locked",
        "service/live/room.py",
        "            self._behind = self._torn = True\n            for waiting in batch:\n",
        "            raise\n            for waiting in batch:\n",
        (ROOMS + "test_an_exception_inside_a_batch_locks_nothing",),
    ),
    Protection(
        5,
        "bids that come while one is decided wait for the next batch",
        "service/live/room.py",
        "if len(self._inbox) < self._parts.settings.inbox_limit:",
        "if not self._inbox:",
        (ROOMS + "test_simultaneous_honest_bids_are_queued_and_all_decided",),
    ),
    Protection(
        6,
        "the close waits in the lot's own queue, behind the bids beside it",
        "service/live/room.py",
        "return sorted(batch, key=lambda waiting: isinstance(waiting.command, m.Advance))",
        "return batch",
        (DEADLINES + "test_a_bid_that_waits_beside_the_closing_tick_is_decided_first",),
    ),
    Protection(
        7,
        "the rules refuse a bid without a standing admission",
        "service/rules/bidding.py",
        "    if bid.admission is None:\n        return Reason.NOT_ADMITTED\n",
        "",
        (ROOMS + "test_a_bid_without_a_standing_admission_is_refused_by_the_rules",),
    ),
    Protection(
        8,
        "the deadline is compared for every bid, in the decision",
        "service/rules/bidding.py",
        "    if bid.received_at >= lot.closes_at:",
        "    if bid.received_at >= lot.closes_at and lot.accepted < 2:",
        (QUOTES + "test_a_late_bid_is_refused_however_many_came_before_it",),
    ),
    Protection(
        9,
        "arrival and decision are two fields, and only the decision gives the order",
        "service/live/batch.py",
        "events = decide(self._lot, command, self.at)",
        'events = decide(self._lot, command, getattr(command, "received_at", self.at))',
        (DEADLINES + "test_a_bid_that_arrived_in_time_is_decided_during_the_drain",),
    ),
    Protection(
        10,
        "money is whole fen, strictly",
        "schemas/base.py",
        '    int, Field(strict=True, ge=0, le=MAX_INT, description="Whole fen (0.01 yuan).")',
        '    float, Field(ge=0, le=MAX_INT, description="Whole fen (0.01 yuan).")',
        ("tests/rules/test_money.py::test_only_a_whole_number_of_fen_is_an_amount",),
    ),
    Protection(
        11,
        "a quote is higher than the last by a step at least",
        "service/rules/bidding.py",
        "if bid.amount_fen < lot.minimum_fen:",
        "if bid.amount_fen < (lot.price_fen or lot.minimum_fen):",
        (QUOTES + "test_an_equal_bid_is_refused",),
    ),
    Protection(
        12,
        "the countdown restarts where a quote is accepted, whatever brought it",
        "service/rules/bidding.py",
        "            end = at + lot.countdown_ms\n        case Extension.APPEND:",
        "            end = lot.closes_at\n        case Extension.APPEND:",
        (QUOTES + "test_a_bid_at_the_last_instant_extends_the_countdown",),
    ),
    Protection(
        13,
        "a refusal changes nothing of the lot",
        "service/rules/lot.py",
        "        case m.BidRefused() | m.LotPublished() | m.LotSold():\n",
        "        case m.BidRefused() if lot.stage is Stage.TIMED:\n"
        "            return replace(lot, closes_at=at + lot.countdown_ms)\n"
        "        case m.BidRefused() | m.LotPublished() | m.LotSold():\n",
        (
            QUOTES + "test_a_refused_bid_does_not_extend_the_countdown",
            DEADLINES + "test_only_an_accepted_bid_restarts_the_countdown",
        ),
    ),
    Protection(
        14,
        "one table says which command is allowed in which stage",
        "service/rules/bidding.py",
        "    if lot.stage not in BIDDING_STAGES:\n        return REFUSED_BID[lot.stage]\n",
        "    if lot.stage not in BIDDING_STAGES:\n        return None\n",
        (
            QUOTES + "test_a_bid_outside_a_window_is_not_open",
            DEADLINES + "test_a_bid_before_the_opening_and_on_a_sold_lot_is_refused_and_logged",
        ),
    ),
    Protection(
        15,
        "the reserve is met by a price equal to it",
        "service/rules/decide.py",
        "lot.price_fen >= command.amount_fen",
        "lot.price_fen > command.amount_fen",
        ("tests/rules/test_results.py::test_a_price_equal_to_the_reserve_sells",),
    ),
    Protection(
        16,
        "the new price is tested against the cap, not the old one",
        "service/rules/bidding.py",
        "if cap is not None and amount_fen > cap:",
        "if cap is not None and (lot.price_fen or 0) > cap:",
        (QUOTES + "test_a_jump_over_the_cap_is_refused",),
    ),
    Protection(
        17,
        "there is one `closes_at`, the extended one",
        "service/rules/bidding.py",
        "    return (_refused(lot, bid, reason, lot.closes_at),)",
        "    return (_refused(lot, bid, reason, lot.timetable.listing_to),)",
        (QUOTES + "test_both_times_stand_in_the_refusal_of_a_late_bid",),
    ),
    Protection(
        18,
        "what is closed stays closed: a second close is refused by the table",
        "service/rules/table.py",
        "    Stage.SOLD: frozenset({m.OpenRoll, m.ConfirmResult, m.SealLog}),",
        "    Stage.SOLD: frozenset({m.OpenRoll, m.ConfirmResult, m.SealLog, m.CloseSale}),",
        ("tests/rules/test_results.py::test_closing_twice_closes_once",),
    ),
    Protection(
        19,
        "the exact end stands in the row, and any process that finds it due closes",
        "service/rules/timetable.py",
        "            return lot.closes_at + lot.rules.drain_ms\n        case Stage.READY if",
        "            return None\n        case Stage.READY if",
        (DEADLINES + "test_the_end_stands_in_the_log_and_whoever_runs_next_closes_at_it",),
    ),
    Protection(
        20,
        "after an interruption everyone has one full countdown",
        "service/rules/outages.py",
        "            return (m.Resumed(closes_at=at + lot.countdown_ms),)",
        "            return (m.Resumed(closes_at=at + lot.closes_at - lot.suspended_at),)",
        (OUTAGES + "test_an_outage_in_the_last_second_closes_nothing_and_gives_a_full_window",),
    ),
    Protection(
        21,
        "nothing is called sold before the window is proved to its end",
        "service/rules/timetable.py",
        "        if command.proved_to < lot.closes_at:\n",
        "        if False:\n",
        (
            "tests/rules/test_stages.py::test_no_stage_is_left_past_an_unproved_bid_path",
            "tests/rules/test_outages.py::"
            "test_no_lot_closes_inside_a_gap_not_even_in_the_last_second",
        ),
    ),
    Protection(
        22,
        "an extension is the lot's own, and everybody who looks is shown it",
        "service/live/audience.py",
        "late = [seat for seat in tuple(self._seats) if not seat.show(state)]",
        "late = [s for s in tuple(self._seats) if s.bidder_no and not s.show(state)]",
        (DEADLINES + "test_an_extension_is_the_lots_own_and_everybody_hears_of_it",),
    ),
    Protection(
        23,
        "a sale may be suspended in every stage that is not final",
        "service/rules/table.py",
        "    Stage.TIMED: frozenset({m.PlaceBid, m.Advance, m.Suspend, m.Interrupt, m.Terminate}),",
        "    Stage.TIMED: frozenset({m.PlaceBid, m.Advance, m.Interrupt, m.Terminate}),",
        (
            "tests/rules/test_outages.py::test_one_official_may_suspend_in_an_emergency_at_any_moment",
        ),
    ),
    Protection(
        24,
        "instants are UTC milliseconds, and a civil day is Beijing's",
        "service/rules/timetable.py",
        "return (instant + BEIJING_OFFSET_MS) // day_ms",
        "return instant // day_ms",
        ("tests/rules/test_release.py::test_the_civil_day_is_beijings",),
    ),
    Protection(
        25,
        "who wrote in a draft may not release it",
        "service/desk/publication.py",
        'if approver.account_id in row["hands"]:',
        "if False:",
        ("tests/desk/test_publication.py::test_nobody_who_wrote_in_a_draft_releases_it",),
    ),
    Protection(
        26,
        "what was lost from sight is answered from the log",
        "service/live/room.py",
        "            if not found:\n"
        "                return Fate.UNKNOWN\n"
        "            return Fate.WRITTEN if await self._is_kept(first) else Fate.UNKEPT\n",
        "            return Fate.NOT_WRITTEN\n",
        (ROOMS + "test_in_doubt_nobody_is_told_that_nothing_happened",),
    ),
    Protection(
        27,
        "four seconds of silence make the screen say unknown",
        "web/src/live/channel.ts",
        "export const SILENCE_MS = 4_000",
        "export const SILENCE_MS = 400_000",
        ("web/test/channel.test.ts > is unknown after 4 s",),
    ),
    Protection(
        28,
        "the countdown runs on the server's time: own monotonic clock and a measured offset",
        "web/src/live/clock.ts",
        "    const raw = at + this.best.offset\n",
        "    const raw = Date.now()\n",
        ("web/test/clock.test.ts > takes the middle of a round trip",),
    ),
    Protection(
        29,
        "the same bid_id has the same answer, and a frame that was missed is asked for",
        "service/live/batch.py",
        "        if before is not None:\n",
        "        if False:\n",
        (ROOMS + "test_the_same_bid_gets_the_same_receipt_byte_for_byte_in_any_process",),
    ),
    Protection(
        30,
        "who does not take a frame in two seconds is closed; nobody waits for him",
        "service/live/audience.py",
        "self._settings.send_limit_ms, lambda: self.close(TOO_SLOW)",
        "self._settings.send_limit_ms, lambda: None",
        (AUDIENCE + "test_a_slow_reader_harms_only_itself",),
    ),
    Protection(
        31,
        "the origin of a socket is checked before accept",
        "service/api/channel.py",
        "    if not origin_allowed(websocket.headers, websocket.url.scheme, origins):\n",
        "    if False:\n",
        ("tests/api/test_channel.py::test_a_wrong_origin_is_refused_before_accept",),
    ),
    Protection(
        32,
        "the public knows a bidder by his number for this lot and by nothing else",
        "service/live/record.py",
        "        bidder_no=event.bidder_no,\n        amount_fen=event.amount_fen,\n",
        "        bidder_no=entry.command.key_id,\n        amount_fen=event.amount_fen,\n",
        (
            AUDIENCE
            + "test_for_two_sales_that_differ_only_in_identities_the_public_frames_are_equal",
        ),
    ),
    Protection(
        33,
        "own rows are in own frames alone",
        "service/live/room.py",
        "yours=None if bidder_no is None else record.own(bidder_no),",
        'yours=record.own(bidder_no or self.lot.leader_no or ""),',
        (AUDIENCE + "test_own_rows_are_in_own_frames_alone",),
    ),
    Protection(
        34,
        "two seconds without a frame bring a sign of life",
        "service/live/audience.py",
        "            if self._is_current() and self._silent():\n",
        "            if False:\n",
        (AUDIENCE + "test_a_heartbeat_comes_within_two_seconds_of_silence_and_only_then",),
    ),
    Protection(
        35,
        "an idle socket holds no database connection, and a stopping process waits for none",
        "service/api/channel.py",
        "        await websocket.accept(subprotocol=live.SUBPROTOCOL)\n",
        "        await websocket.accept(subprotocol=live.SUBPROTOCOL)\n"
        "        held = await parts_of(websocket).engine.connect()  # noqa: F841\n",
        ("tests/api/test_channel.py::test_idle_sockets_hold_no_database_connection",),
    ),
    Protection(
        36,
        "what is shown is asked of the clock each time; nothing is counted down",
        "web/src/live/room.ts",
        "    if (clock.known) now.value = clock.now()\n",
        "    if (clock.known) now.value = now.value ? now.value + TICK_MS : clock.now()\n",
        (
            "tests/browser/test_the_line.py::"
            "test_a_tab_that_slept_shows_the_right_countdown_when_it_wakes",
        ),
    ),
    Protection(
        37,
        "the pause is in the snapshot",
        "service/store/projection.py",
        "        control=lot.control.value,\n        price_fen=lot.price_fen,",
        '        control="NORMAL",\n        price_fen=lot.price_fen,',
        (OUTAGES + "test_a_late_joiner_is_told_of_the_pause_and_everybody_of_the_resumption",),
    ),
    Protection(
        38,
        "every frame is answered by a receipt or by a problem with a name, and the box shows it",
        "service/api/channel.py",
        "        if isinstance(frame, live.Problem):\n            self._strike(frame)\n",
        "        if isinstance(frame, live.Problem):\n            pass\n",
        (
            "tests/api/test_channel.py::"
            "test_a_frame_of_another_form_gets_a_named_problem_and_changes_nothing",
        ),
    ),
)
