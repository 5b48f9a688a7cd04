"""Rooms of two processes over a real bus: one socket a bidder, nothing lost without the bus, and
nothing on it that tells who is here."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import live
from service.bus.hints import Bus
from service.bus.nats_bus import NatsBus, NatsFrames
from service.live.audience import REPLACED
from service.live.room import Room
from service.live.rooms import Rooms
from service.live.sessions import Sessions
from service.settings import Settings
from service.store.engine import open_engine
from tests.bus.servers import QUICK, WAIT_S, Ear, Ground, NatsServer, until
from tests.live.world import SITE, START, STEP, Bidder, World, in_timed, watch

EACH = 10
"""Bids that each bidder places once the bus is away."""
SECRET = b"what only the processes of the site have"


@pytest.fixture
async def engine(database: SimpleNamespace) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(database.app_url, QUICK)
    yield opened
    await opened.dispose()


@pytest.fixture
async def world(engine: AsyncEngine) -> AsyncIterator[World]:
    made = World(engine, Settings(site=SITE))
    yield made
    await made.close()


@dataclass
class Joined:
    """One process's rooms on the bus."""

    rooms: Rooms
    bus: Bus
    sessions: Sessions

    async def room(self) -> Room:
        room = await self.rooms.get("lot-one")
        assert room is not None
        return room


@asynccontextmanager
async def joined(world: World, buses: Sequence[Bus]) -> AsyncIterator[list[Joined]]:
    """A process for each bus, on the world's lot, whose timed phase runs."""
    await in_timed(world)
    tasks = [asyncio.create_task(bus.run()) for bus in buses]
    made = []
    for bus in buses:
        await bus.listening()
        rooms = Rooms(replace(world.process().rooms.parts, hints=bus), world.office)
        bus.subscribe(rooms.hear)
        made.append(Joined(rooms, bus, Sessions(rooms, bus, SECRET)))
    for each in made:
        await each.room()
    try:
        yield made
    finally:
        for each in made:
            await each.rooms.close()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def test_a_bidders_newer_socket_replaces_the_older_in_another_process(
    world: World, ground: Ground
) -> None:
    world.bidders("AAAA", "BBBB")
    async with joined(world, [ground.bus(), ground.bus()]) as (one, other):
        older, older_line = watch(await one.room(), world, "AAAA")
        neighbour, _ = watch(await one.room(), world, "BBBB")
        world.clock.now += 1
        newer, _ = watch(await other.room(), world, "AAAA")
        await until(lambda: older_line.closed == [REPLACED])
        assert (newer.closed, neighbour.closed) == (None, None)
        assert older.closed == REPLACED


async def test_two_sockets_of_one_instant_leave_exactly_one(world: World, ground: Ground) -> None:
    world.bidders("AAAA")
    async with joined(world, [ground.bus(), ground.bus()]) as (one, other):
        first, _ = watch(await one.room(), world, "AAAA")
        second, _ = watch(await other.room(), world, "AAAA")
        assert first.joined_at == second.joined_at
        await until(lambda: first.closed == REPLACED)
        assert second.closed is None


async def test_a_replacement_told_while_the_bus_was_away_is_told_again(
    world: World, nats: NatsServer
) -> None:
    world.bidders("AAAA")
    async with joined(world, [NatsBus(nats.url, SITE, QUICK) for _ in range(2)]) as (one, other):
        older, _ = watch(await one.room(), world, "AAAA")
        await asyncio.to_thread(nats.kill)
        world.clock.now += 1
        newer, _ = watch(await other.room(), world, "AAAA")
        await asyncio.to_thread(nats.start)
        await until(lambda: older.closed == REPLACED)
        assert newer.closed is None


async def test_without_the_bus_polling_finds_what_the_other_wrote(
    world: World, nats: NatsServer
) -> None:
    (bidder,) = world.bidders("AAAA")
    buses = [NatsBus(nats.url, SITE, QUICK) for _ in range(2)]
    async with joined(world, buses) as (one, other):
        writing, reading = await one.room(), await other.room()
        await asyncio.to_thread(nats.kill)
        bid = bidder.bid(writing.origin, START, world.clock.now)
        receipt = await writing.place_bid(bid)
        assert receipt.type == "receipt"
        await other.rooms.poll()
        await until(lambda: reading.size == writing.size)
        await asyncio.to_thread(nats.start)
        await asyncio.gather(*(bus.listening() for bus in buses))
        bid = bidder.bid(reading.origin, START + STEP, world.clock.now)
        await reading.place_bid(bid)
        # From here on nobody polls: only a hint can bring it.
        await until(lambda: writing.size == reading.size)
    await world.verify()


@pytest.mark.timeout(240)
async def test_a_bus_killed_under_bids_loses_nothing(world: World, nats: NatsServer) -> None:
    """Bids go on in both processes; who watches ends on the last state, the bus still away."""
    bidders = world.bidders("AAAA", "BBBB")
    answers: list[live.Receipt | live.Problem] = []
    steps, is_killed = itertools.count(), asyncio.Event()
    async with joined(world, [NatsBus(nats.url, SITE, QUICK) for _ in range(2)]) as both:
        rooms = [await each.room() for each in both]
        _, screen = watch(rooms[1], world)

        async def bids(room: Room, bidder: Bidder) -> None:
            rest = EACH
            while rest:
                rest -= is_killed.is_set()
                amount_fen = START + next(steps) * STEP
                answers.append(
                    await room.place_bid(bidder.bid(room.origin, amount_fen, world.clock.now))
                )

        async def kill() -> None:
            await until(lambda: len(answers) >= EACH)
            await asyncio.to_thread(nats.kill)
            is_killed.set()

        async with asyncio.timeout(WAIT_S):
            await asyncio.gather(kill(), *map(bids, rooms, bidders))
        async with asyncio.timeout(WAIT_S):
            while rooms[0].size != rooms[1].size:
                for each in both:
                    await each.rooms.poll()
                await asyncio.sleep(0.01)
        await world.wind(1_000)
        last = rooms[0].size - 1
        await until(lambda: any(told["seq"] == last for told in screen.told("update")))
    logged = [entry for entry in await world.entries() if entry.command.type == "place_bid"]
    assert sorted(answer.seq for answer in answers if answer.type == "receipt") == [
        entry.seq for entry in logged
    ]
    assert len(logged) == len(answers) >= 3 * EACH
    shown = screen.told("update")[-1]["lot"]
    assert shown["price_fen"] == (await world.verify()).price_fen


async def test_nothing_on_the_bus_tells_who_is_here(world: World, nats: NatsServer) -> None:
    """Frames are the public ones, byte for byte; a bidder who has not bid is not named at all."""
    silent, loud = world.bidders("AAAA", "BBBB")
    heard: list[str] = []
    frames = NatsFrames(nats.url)
    listening = asyncio.create_task(frames.run())
    async with joined(world, [NatsBus(nats.url, SITE, QUICK)]) as (one,):
        room, words = await one.room(), Ear()
        opened = asyncio.Event()
        frames.follow(room.origin, heard.append, opened.set)
        await opened.wait()
        one.bus.subscribe(words)
        watch(room, world, silent.bidder_no)
        _, public = watch(room, world)
        await room.place_bid(loud.bid(room.origin, START, world.clock.now))
        await world.wind(1_000)
        await until(lambda: any('"update"' in text for text in heard))
        await words.until(lambda told: len(told) >= 2)
        shown = [frame.decode() for frame in public.frames]
        assert set(heard) <= set(shown)
        told = json.dumps([repr(hint) for hint in words.heard]) + "".join(heard)
        for secret in (silent.bidder_no, silent.account_id, loud.account_id, "yours", "192.0.2"):
            assert secret not in told, secret
    listening.cancel()
    await asyncio.wait((listening,))
