"""/metrics moves when the thing happens: each figure that the operator's alarms stand on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, contextmanager, suppress
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import REGISTRY, generate_latest
from websockets.exceptions import ConnectionClosed

from service import gauges
from service.live.facts import BidPath
from service.rules import messages as m
from service.store.dbclock import DatabaseClock
from service.store.hints import Hints
from tests.api.live_site import Site, as_frame, hear, opened_site, say
from tests.live.world import START, STEP, watch


@pytest.fixture
async def site(database: SimpleNamespace) -> AsyncIterator[Site]:
    async with opened_site(database) as opened:
        yield opened


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@contextmanager
def moves(name: str, by: float = 1.0, **labels: str) -> Any:
    before = value(name, **labels)
    yield
    assert value(name, **labels) - before == by, (name, labels)


async def until(true: Callable[[], bool]) -> None:
    """Yields to the loop until it is so; the test's time-out ends what never is."""
    while not true():  # noqa: ASYNC110 — what is waited for has no event of its own
        await asyncio.sleep(0)


def bids(outcome: str, by: float = 1.0) -> AbstractContextManager[None]:
    return moves("luochui_bids_total", by, outcome=outcome)


async def test_bids_are_counted_by_what_became_of_them_and_timed(site: Site) -> None:
    ann, bob = site.world.bidders("AAAA", "BBBB")
    room = await site.room()
    async with site.bidder(ann) as socket, site.bidder(bob) as other:
        good = as_frame(ann.body(room.origin, START))
        with (
            bids("accepted"),
            moves("luochui_answer_seconds_count"),
            moves("luochui_ledger_write_seconds_count"),
        ):
            await say(socket, "place_bid", **good)
            await hear(socket, "receipt")
        with bids("accepted", by=0):
            await say(socket, "place_bid", **good)
            await hear(socket, "receipt")
        with bids("refused"):
            await say(other, "place_bid", **as_frame(bob.body(room.origin, START)))
            assert (await hear(other, "receipt"))["outcome"] == "refused"
        forged = as_frame(bob.body(room.origin, START + STEP)) | {"signature": good["signature"]}
        with bids("bad_signature"):
            await say(other, "place_bid", **forged)
            await hear(other, "problem")


async def test_a_bid_by_post_is_counted_too(site: Site) -> None:
    (ann,) = site.world.bidders("AAAA")
    room = await site.room()
    good = as_frame(ann.body(room.origin, START))
    cookie = await site.sign_in(ann.account_id)
    async with site.http(cookie) as http:
        with bids("accepted"):
            await http.post("/api/lots/lot-one/bids", json=good)
        with bids("unknown_key"):
            await http.post("/api/lots/lot-one/bids", json=good | {"key_id": "0" * 16})


async def test_watchers_are_counted_by_role_while_they_look(site: Site) -> None:
    (ann,) = site.world.bidders("AAAA")
    before = value("luochui_watchers", role="observer"), value("luochui_watchers", role="bidder")
    async with site.bidder(ann), site.socket() as observer:
        await hear(observer, "snapshot")
        during = (
            value("luochui_watchers", role="observer"),
            value("luochui_watchers", role="bidder"),
        )
        assert during == (before[0] + 1, before[1] + 1)
    room = await site.room()
    await until(lambda: len(room.audience) == 0)
    after = value("luochui_watchers", role="observer"), value("luochui_watchers", role="bidder")
    assert after == before


async def test_the_end_of_a_channel_is_counted_by_its_code(site: Site) -> None:
    room = await site.room()
    with moves("luochui_sockets_closed_total", code="4009"):
        async with site.socket() as socket:
            for _ in range(40):
                await socket.send("{")
            with suppress(ConnectionClosed):
                async for _ in socket:
                    pass
        await until(lambda: len(room.audience) == 0)
    for said, counted in ((1000, "1000"), (3123, "other")):
        with moves("luochui_sockets_closed_total", code=counted):
            async with site.socket() as socket:
                await hear(socket, "snapshot")
                await socket.close(said)
            await until(lambda: len(room.audience) == 0)


async def test_replaced_states_and_clients_too_slow_are_counted(site: Site) -> None:
    room = await site.room()
    seat, line = watch(room, site.world)
    line.reads = False
    seat.show(_state(room, seat))
    seat.show(_state(room, seat))
    with moves("luochui_outbox_drops_total", kind="conflated"):
        seat.show(_state(room, seat))
    with moves("luochui_outbox_drops_total", kind="too_slow"):
        seat.close(4008)
        seat.close(4008)
    room.audience.leave(seat)


def _state(room: Any, seat: Any) -> Any:
    from service.live.audience import PublicState, Sent
    from service.live.frames import prepare

    sent = Sent(prepare(room.update((), False)), 1)
    return PublicState(sent, lambda: sent, 0)


async def test_a_lost_swap_and_the_age_of_what_others_wrote_are_counted(site: Site) -> None:
    ann, bob = site.world.bidders("AAAA", "BBBB")
    room = await site.room()
    other = await site.world.process().rooms.get("lot-one")
    assert other is not None
    watch(other, site.world)  # a room that nobody watches lags by design
    await room.place_bid(ann.bid(room.origin, START, site.world.clock.now))
    site.world.clock.now += 40
    lag = value("luochui_room_lag_seconds_sum")
    with moves("luochui_lost_swaps_total"), moves("luochui_room_lag_seconds_count"):
        await other.place_bid(bob.bid(room.origin, START + STEP, site.world.clock.now))
    assert value("luochui_room_lag_seconds_sum") - lag == pytest.approx(0.04)


async def test_interruptions_are_counted_by_cause(site: Site) -> None:
    room, now = await site.room(), site.world.clock.now
    cause = m.InterruptCause.CLOCK_STEP
    with moves("luochui_interruptions_total", cause="CLOCK_STEP"):
        await room.submit(m.Interrupt(cause=cause, gap_from=now, gap_to=now))
        await room.submit(m.Interrupt(cause=cause, gap_from=now, gap_to=now))


async def test_a_proof_of_the_bid_path_is_counted(site: Site) -> None:
    path = BidPath(site.engine, site.world.clock, "counted")
    with moves("luochui_path_proofs_total"):
        await path.prove()


async def test_the_doubt_about_the_time_is_shown_while_it_grows() -> None:
    async def ask() -> int:
        return 7_000_000

    now = [0]
    clock = DatabaseClock(
        ask, SimpleNamespace(clock_step_ms=500),  # type: ignore[arg-type]  # all it is asked for
        wall_ms=lambda: 4_000, monotonic_us=lambda: now[0],
    )  # fmt: skip
    await clock.measure()
    now[0] = 2_000_000_000
    sampling = asyncio.create_task(gauges.sample(clock))
    await until(lambda: value("luochui_clock_uncertainty_seconds") == pytest.approx(2.0))
    assert value("luochui_clock_offset_seconds") == pytest.approx(7.0 + 2_000 - 4.0)
    gauges.LOOP_LAG_SECONDS.set(-1)
    await until(lambda: value("luochui_loop_lag_seconds") >= 0)
    sampling.cancel()


async def test_the_bus_is_up_while_hints_are_heard(site: Site) -> None:
    gauges.BUS_UP.set(0)
    hints = Hints(site.engine, site.world.settings)
    running = asyncio.create_task(hints.run())
    await hints.listening()
    assert value("luochui_bus_up") == 1
    running.cancel()
    await asyncio.wait((running,))


def test_every_promised_name_stands_in_the_text() -> None:
    told = generate_latest().decode()
    for name in (
        "bids_total", "answer_seconds", "watchers", "room_lag_seconds", "clock_offset_seconds",
        "clock_uncertainty_seconds", "outbox_drops_total", "sockets_closed_total",
        "loop_lag_seconds", "ledger_write_seconds", "lost_swaps_total", "interruptions_total",
        "path_proofs_total", "bus_up",
    ):  # fmt: skip
        assert f"\n# TYPE luochui_{name} " in told, name
