"""A served site for channel tests: real uvicorn on loopback, real sockets, a hand-wound clock."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from websockets.asyncio.client import ClientConnection, connect

from service.api import bidding, channel, guards, problems
from service.api.identity import token_hash
from service.api.parts import Parts
from service.api.uvicorn_protocol import NAME, socket_options
from service.live.room import Room
from service.settings import Settings
from service.store.accounts import add_account, open_session
from service.store.engine import open_engine
from tests.live.world import LISTING_FROM, SITE, Bidder, Process, World, room_of

ORIGIN = "https://auction.example.cn"
HOUR_MS = 3_600_000


class _Server(uvicorn.Server):
    """Leaves the test run's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@dataclass
class Site:
    """One process behind a port. `lot-one` is in its free listing."""

    world: World
    process: Process
    port: int
    server: uvicorn.Server
    serving: asyncio.Task[None]

    @property
    def engine(self) -> AsyncEngine:
        return self.world.engine

    async def room(self) -> Room:
        return await room_of(self.process)

    async def sign_in(self, account_id: str) -> str:
        """A session cookie of a new account."""
        async with self.engine.begin() as connection:
            await add_account(
                connection,
                account_id=account_id,
                username=account_id.lower(),
                password_hash="-",
                display_name=account_id,
                roles=["bidder"],
                at=self.world.clock.now,
            )
            await open_session(connection, token_hash(f"token-{account_id}"), account_id, HOUR_MS)
        return f"luochui_session=token-{account_id}"

    @asynccontextmanager
    async def socket(
        self, cookie: str | None = None, *, lot_id: str = "lot-one", **options: Any
    ) -> AsyncIterator[ClientConnection]:
        headers = {} if cookie is None else {"Cookie": cookie}
        given = {"origin": ORIGIN, "subprotocols": ["luochui.v1"], "compression": None, **options}
        url = f"ws://127.0.0.1:{self.port}/ws/lots/{lot_id}"
        async with connect(url, additional_headers=headers, proxy=None, **given) as opened:
            yield opened

    @asynccontextmanager
    async def bidder(self, bidder: Bidder) -> AsyncIterator[ClientConnection]:
        """A bidder's socket, welcome and snapshot read."""
        cookie = await self.sign_in(bidder.account_id)
        async with self.socket(cookie) as opened:
            assert (await hear(opened, "welcome"))["bidder_no"] == bidder.bidder_no
            await hear(opened, "snapshot")
            yield opened

    def http(self, cookie: str | None = None) -> httpx2.AsyncClient:
        headers = {"Origin": ORIGIN} | ({} if cookie is None else {"Cookie": cookie})
        base = f"http://127.0.0.1:{self.port}"
        return httpx2.AsyncClient(base_url=base, headers=headers, trust_env=False)

    async def stop(self) -> None:
        self.server.should_exit = True
        await self.serving


async def hear(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next frame of this type."""
    async for raw in socket:
        frame: dict[str, Any] = json.loads(raw)
        if frame["type"] == kind:
            return frame
    raise AssertionError(f"the socket closed before a {kind}")


async def say(socket: ClientConnection, kind: str, **fields: Any) -> None:
    await socket.send(json.dumps({"type": kind, **fields}))


def as_frame(body: Any) -> dict[str, Any]:
    """A signed bid as the fields of a `place_bid` frame."""
    fields: dict[str, Any] = body.model_dump(mode="json")
    return fields


@asynccontextmanager
async def opened_site(
    database: SimpleNamespace, *, ws: str = NAME, ledger: Any = None, **knobs: Any
) -> AsyncIterator[Site]:
    """A site whose bounds are `knobs` of the settings. `ledger`: makes a faulty one."""
    settings = Settings(site=SITE, origins=(ORIGIN,), **knobs)
    engine = open_engine(database.app_url, settings)
    world = World(engine, settings)
    await world.publish()
    helper = world.process()
    world.clock.now = LISTING_FROM - 1
    await helper.waker.start()
    await world.wind(1)
    await helper.waker.stop()
    process = world.process(None if ledger is None else ledger(engine, settings))
    server = _Server(_config(_app(world, process), settings, ws))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 — uvicorn offers no event
        await asyncio.sleep(0)
    port = server.servers[0].sockets[0].getsockname()[1]
    site = Site(world, process, port, server, serving)
    try:
        yield site
    finally:
        await world.close()
        await site.stop()
        await engine.dispose()


def _config(app: FastAPI, settings: Settings, ws: str) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        port=0,
        **socket_options(settings.frame_bytes, ws),
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=5,
    )


def _app(world: World, process: Process) -> FastAPI:
    app = FastAPI()
    app.state.parts = Parts(
        engine=world.engine,
        clock=world.clock,
        settings=world.settings,
        signer=process.rooms.parts.signer,
        passwords=None,  # type: ignore[arg-type]  # nobody signs in here
        submit=bidding.submit_port(process.rooms),
        roll_changed=lambda lot_id: None,
        export_pack=None,  # type: ignore[arg-type]  # no door here exports
        verify_pack=None,  # type: ignore[arg-type]  # no door here verifies
        rooms=process.rooms,
    )
    problems.install(app)
    app.include_router(bidding.router)
    app.include_router(channel.router)
    guards.install(app, world.settings)
    return app
