"""A service with NATS, and relays before it, all on real sockets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect

from service.api import bidding, channel, guards, problems, public
from service.api.parts import Parts
from service.api.uvicorn_protocol import socket_options
from service.bus.nats_bus import NatsBus
from service.live.relayed import beat
from service.live.room import Room
from service.live.rooms import Rooms
from service.live.timers import LoopTimers
from service.relay import run as relay_run
from service.relay.doors import RelayParts, build_app
from service.settings import Settings
from service.store.dbclock import DatabaseClock, database_clock
from service.store.engine import open_engine
from tests.bus.servers import NatsServer, nats_server, until
from tests.live.world import LISTING_FROM, SITE, Bidder, World

ORIGIN = "https://auction.example.cn"


class _Server(uvicorn.Server):
    """Leaves the test run's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@asynccontextmanager
async def listening(app: FastAPI, port: int = 0) -> AsyncIterator[int]:
    config = uvicorn.Config(
        app,
        port=port,
        **socket_options(4_096),
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started or task.done())
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


class Upstream:
    """The service behind a port that a test may close and open again; `lot-one` takes quotes."""

    def __init__(self, world: World, clocked: DatabaseClock, buses: list[NatsBus]) -> None:
        self.world = world
        self.port = 0
        self._open = contextlib.AsyncExitStack()
        self.rooms: list[Rooms] = []
        for bus in buses:
            # Frames are conflated by the loop's timers; only database time is wound by hand.
            parts = replace(world.process().rooms.parts, hints=bus, timers=LoopTimers())
            self.rooms.append(Rooms(parts, world.office))
        self.buses = buses
        self._clock = clocked
        self.calls = 0

    async def room(self, number: int = 0) -> Room:
        room = await self.rooms[number].get("lot-one")
        assert room is not None
        return room

    async def open(self) -> None:
        self.port = await self._open.enter_async_context(listening(self._app(), self.port))

    async def close(self) -> None:
        await self._open.aclose()

    async def bid(self, bidder: Bidder, amount_fen: int, number: int = 0) -> int:
        """The seq of an accepted quote, decided in that process."""
        room = await self.room(number)
        room.look()
        await room.settled()
        answer = await room.place_bid(bidder.bid(room.origin, amount_fen, self.world.clock.now))
        assert answer.type == "receipt"
        assert answer.outcome == "accepted", answer
        return answer.seq

    def _app(self) -> FastAPI:
        app = FastAPI()
        process = self.world.processes[0]
        app.state.parts = Parts(
            engine=self.world.engine,
            clock=self._clock,
            settings=self.world.settings,
            signer=process.rooms.parts.signer,
            passwords=None,  # type: ignore[arg-type]  # nobody signs in here
            submit=bidding.submit_port(self.rooms[0]),
            roll_changed=lambda lot_id: None,
            export_pack=None,  # type: ignore[arg-type]  # no door here exports
            verify_pack=None,  # type: ignore[arg-type]  # no door here verifies
            rooms=self.rooms[0],
        )
        problems.install(app)
        app.include_router(public.router)
        app.include_router(channel.router)

        @app.get("/health/live")
        async def live() -> dict[str, str]:
            return {}

        @app.middleware("http")
        async def count(request: Any, follow: Any) -> Any:
            self.calls += request.url.path.endswith("/live") and "lots" in request.url.path
            return await follow(request)

        guards.install(app, self.world.settings)
        return app


@dataclass
class Relay:
    """One relay behind a port."""

    parts: RelayParts
    port: int

    @asynccontextmanager
    async def socket(
        self, lot_id: str = "lot-one", *, cookie: str | None = None, origin: str = ORIGIN
    ) -> AsyncIterator[ClientConnection]:
        async with connect(
            f"ws://127.0.0.1:{self.port}/ws/lots/{lot_id}",
            additional_headers={} if cookie is None else {"Cookie": cookie},
            proxy=None,
            compression=None,
            origin=origin,  # type: ignore[arg-type]  # its own NewType
            subprotocols=["luochui.v1"],  # type: ignore[list-item]  # its own NewType
        ) as opened:
            yield opened

    def http(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", trust_env=False)


@pytest.fixture
def nats() -> Iterator[NatsServer]:
    with nats_server() as server:
        yield server


@pytest.fixture
async def upstream(database: SimpleNamespace, nats: NatsServer) -> AsyncIterator[Upstream]:
    """Two processes' rooms on one database and the bus; the first has the port."""
    settings = Settings(site=SITE, origins=(ORIGIN,), poll_ms=200)
    engine = open_engine(database.app_url, settings)
    world = World(engine, settings)
    world.bidders("AAAA", "BBBB")
    await world.publish()
    helper = world.process()
    world.clock.now = LISTING_FROM - 1
    await helper.waker.start()
    await world.wind(1)
    await helper.waker.stop()
    buses = [NatsBus(nats.url, SITE, settings) for _ in range(2)]
    async with database_clock(engine, settings) as clocked:
        made = Upstream(world, clocked, buses)
        tasks = [asyncio.create_task(bus.run()) for bus in buses]
        tasks += [asyncio.create_task(beat(rooms, rooms.parts.hints)) for rooms in made.rooms]  # type: ignore[arg-type]  # both have one
        for bus, rooms in zip(buses, made.rooms, strict=True):
            bus.subscribe(rooms.hear)
            await bus.listening()
        await made.open()
        yield made
        await made.close()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        for rooms in made.rooms:
            await rooms.close()
        await world.close()
    await engine.dispose()


@asynccontextmanager
async def relay_of(upstream: Upstream, nats: NatsServer, **knobs: Any) -> AsyncIterator[Relay]:
    given = {
        "relay_upstream": f"http://127.0.0.1:{upstream.port}",
        "nats_url": SecretStr(nats.url),
        "origins": (ORIGIN,),
        "poll_ms": 200,
        "heartbeat_ms": 400,
        **knobs,
    }
    async with (
        relay_run.opened(Settings.model_validate(given)) as parts,
        listening(build_app(parts)) as port,
    ):
        yield Relay(parts, port)
        await parts.lots.close()


@pytest.fixture
async def relay(upstream: Upstream, nats: NatsServer) -> AsyncIterator[Relay]:
    async with relay_of(upstream, nats) as made:
        yield made
