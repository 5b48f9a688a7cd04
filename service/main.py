"""The composition root: opens every part of one process once, and closes it in order."""

import asyncio
import contextlib
import gc
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.rest import VerifyReport
from service import gauges
from service.api.app import build_app
from service.api.bidding import submit_port
from service.api.parts import Parts, Trust
from service.audit.keys import KeyFileBroken
from service.audit.notes import NoteBroken, SigningKey
from service.audit.verifier import verify_pack
from service.bus.hints import Bus, RollChanged
from service.bus.nats_bus import BusMissing, NatsBus
from service.desk import parcels, people, retention, settlement
from service.desk.anchoring import BadFile, Given, anchored, check_before_export, read_given
from service.desk.evidence import build_pack, record_taken
from service.desk.facts import DeskFacts
from service.desk.held_heads import CannotSign
from service.desk.key_record import NotRecorded, policy_hash, record_change
from service.desk.passwords import Passwords
from service.desk.ports import Desk
from service.desk.refused import Refused
from service.desk.retention import Kept
from service.live.cut_off import CutOffs
from service.live.facts import BidPath
from service.live.relayed import beat
from service.live.room import Parts as RoomParts
from service.live.rooms import Rooms
from service.live.sessions import Sessions
from service.live.timers import LoopTimers
from service.live.views import Views
from service.live.waker import Waker
from service.serving import CannotStart, doors, log_as_json
from service.settings import Settings
from service.store.dbclock import DatabaseClock, database_clock
from service.store.engine import open_engine, watch_primary
from service.store.hints import Hints
from service.store.ledger import Ledger
from service.store.programs import EmbeddedPostgresError
from service.store.promises import DatabaseCannotKeepItsPromises, check_promises
from service.store.retention import Destroyed
from service.store.signer import Signer
from service.store.trees import Trees
from service.workers import stop_with_parent

_LIFE = secrets.token_hex(3)
OUTSIDE_CONNECTIONS = 3
"""To the database, for what witnesses and the authority say."""

_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Running:
    """One process's parts, open."""

    parts: Parts
    clock: DatabaseClock
    app: FastAPI

    @property
    def stopping(self) -> asyncio.Event:
        """Set once someone asked the process to end."""
        return self.parts.stopping

    @property
    def settings(self) -> Settings:
        return self.parts.settings

    async def make_official(
        self, username: str, password: str, *, roles: Sequence[str], name: str = ""
    ) -> None:
        """An account of these roles; raises Refused when the name is taken."""
        await people.make_official(
            self.parts.desk,
            self.parts.passwords,
            username=username,
            password=password,
            display_name=name or username,
            roles=roles,
        )


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Running]:
    """Everything one process is made of; raises an error of one sentence when it cannot be."""
    signer = Signer(log_key(settings))
    async with contextlib.AsyncExitStack() as stack:
        engine = open_engine(database_url(settings), settings)
        stack.push_async_callback(engine.dispose)
        await _check_database(engine)
        await stack.enter_async_context(_kept_going(watch_primary(engine, settings), "primary"))
        clock = await stack.enter_async_context(database_clock(engine, settings))
        await stack.enter_async_context(_kept_going(gauges.sample(clock), "gauges"))
        bus = open_bus(engine, settings)
        await stack.enter_async_context(_kept_going(bus.run(), "bus"))
        ledger = Ledger(engine, settings)
        stack.push_async_callback(ledger.close)
        given = read_given(settings, signer.verifying)
        # Of their own: no bid waits for a connection because a witness is slow.
        outside = open_engine(
            database_url(settings),
            settings.model_copy(update={"pool_size": OUTSIDE_CONNECTIONS}),
            beside=engine,
        )
        stack.push_async_callback(outside.dispose)
        anchors = await stack.enter_async_context(anchored(outside, clock, settings, signer, given))
        facts = DeskFacts(engine, clock, settings.site)
        views = Views(engine, clock, settings, process_name())
        await stack.enter_async_context(_kept_going(views.run(), "views"))
        stack.push_async_callback(_written_at_last, views)
        room_parts = _room_parts(engine, ledger, clock, settings, signer, bus, views, anchors.trees)
        rooms = Rooms(room_parts, facts)
        stack.push_async_callback(rooms.close)
        bus.subscribe(rooms.hear)
        Sessions(rooms, bus, secret_of(settings))
        await stack.enter_async_context(_kept_going(beat(rooms, bus), "beats"))
        waker = Waker(rooms, CutOffs(rooms))
        clock.on_step(waker.clock_stepped)
        passwords = Passwords(settings.password_workers)
        stack.callback(passwords.close)
        parts = Parts(
            engine=engine,
            clock=clock,
            settings=settings,
            signer=signer,
            passwords=passwords,
            submit=submit_port(rooms),
            roll_changed=lambda lot_id: bus.tell(RollChanged(lot_id)),
            export_pack=lambda lot_id, regulator: build_pack(
                engine,
                settings.site,
                lot_id,
                signer,
                given.policy,
                verify=verifying(signer, given),
                regulator=regulator,
                documents_bytes=settings.pack_documents_bytes,
            ),
            verify_pack=verifying(signer, given),
            rooms=rooms,
            anchors=anchors,
            trust=Trust(given.raw, given.authorities),
            reserve_given=waker.nudge,
            path_is_proved=waker.path_is_proved,
            has_room=lambda: not ledger.out_of_room,
        )
        await parcels.load_parcels(engine)
        await waker.start()
        stack.push_async_callback(waker.stop)
        tidying = _tidy_always(parts.desk, settings.poll_ms)
        await stack.enter_async_context(_kept_going(tidying, "settlement"))
        yield Running(parts=parts, clock=clock, app=build_app(parts))


def verifying(signer: Signer, given: Given) -> Callable[[bytes], VerifyReport]:
    """The verifier with this site's key, witness policy and time-stamp authorities."""
    vkey = signer.verifying.to_text()
    return lambda pack: verify_pack(pack, vkey, given.raw or None, given.authorities)


@asynccontextmanager
async def serving(running: Running, *, shared: bool = False) -> AsyncIterator[None]:
    """The doors open on the settings' host and port; Ctrl-C or SIGTERM sets `stopping`."""
    farewell = running.parts.rooms.close
    async with doors(running.app, running.settings, running.stopping, farewell, shared=shared):
        yield


async def serve(settings: Settings, worker: int | None = None) -> None:
    """`luochui serve`: until SIGTERM or Ctrl-C. worker: its place among several on one port."""
    log_as_json()
    shared = worker is not None
    async with opened(settings) as running, serving(running, shared=shared):
        if shared:
            stop_with_parent(running.stopping)
        where = {"host": settings.host, "port": settings.port, "worker": worker}
        _log.info("serving", site=settings.site, **where)
        spare_the_living()
        await running.stopping.wait()
        _log.info("stopping", drain_ms=settings.drain_ms)
        # /health/ready says no from now on; whoever is brought here meanwhile is still served.
        await asyncio.sleep(settings.drain_ms / 1000)


YOUNG_TO_OLD = (10_000, 10, 100)
"""New objects before the young are looked at; such looks before the middle-aged are; and before the
old are (`gc.set_threshold`)."""


def spare_the_living() -> None:
    """Python looks for dead cycles among all living objects, ever again: under load it stopped
    every bidder of the process for 150 ms at a time. What the start has made stays as it is and is
    looked at no more; of the rest the young, where a request's cycles die, are looked at often, the
    old seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*YOUNG_TO_OLD)


# ── the commands that need no doors ─────────────────────────────────────────────────────────


async def export_pack(settings: Settings, lot_id: str, out: Path) -> int:
    """Writes a lot's evidence pack; returns its size in bytes."""
    signer = Signer(log_key(settings))
    given = read_given(settings, signer.verifying)
    engine = open_engine(database_url(settings), settings)
    try:
        async with database_clock(engine, settings) as clock:
            await check_before_export(engine, clock, settings, signer, given, lot_id)
            await record_taken(engine, clock, settings.site, lot_id)
        pack = await build_pack(
            engine,
            settings.site,
            lot_id,
            signer,
            given.policy,
            verify=verifying(signer, given),
            regulator=True,
            documents_bytes=settings.pack_documents_bytes,
        )
    finally:
        await engine.dispose()
    await asyncio.to_thread(out.write_bytes, pack)
    return len(pack)


async def destroy_losers(
    settings: Settings, years: int, *, dry_run: bool
) -> list[Destroyed | Kept]:
    """Ends the term of sales sealed so many years ago; what it did, lot by lot."""
    retention.check_term(settings, years)
    engine = open_engine(database_url(settings), settings)
    try:
        await _check_database(engine)
        async with database_clock(engine, settings) as clock:
            done = retention.destroy_losers(engine, clock, settings, years, dry_run=dry_run)
            return [each async for each in done]
    finally:
        await engine.dispose()


async def change_key(settings: Settings, reason: str) -> list[str]:
    """Records in the house log that this key and this witness policy are meant; what it wrote."""
    key = log_key(settings).verifying
    policy = policy_hash(read_given(settings, key).raw)
    engine = open_engine(database_url(settings), settings)
    try:
        await _check_database(engine)
        async with database_clock(engine, settings) as clock:
            return await record_change(engine, clock, settings.site, key, policy, reason)
    finally:
        await engine.dispose()


async def make_account(
    settings: Settings, username: str, password: str, roles: tuple[str, ...], name: str
) -> None:
    """An official's account in the configured database; raises Refused when the name is taken."""
    async with opened(settings) as running:
        await running.make_official(username, password, roles=roles, name=name)


def database_url(settings: Settings) -> str:
    if settings.database_url is None:
        raise CannotStart("Set LUOCHUI_DATABASE_URL to the database, or try `luochui demo`.")
    return settings.database_url.get_secret_value()


def open_bus(engine: AsyncEngine, settings: Settings) -> Bus:
    """The bus that the settings name; raises an error of one sentence when it cannot be."""
    if settings.bus == "postgres":
        return Hints(engine, settings)
    if settings.nats_url is None:
        raise CannotStart("Set LUOCHUI_NATS_URL to the NATS server, or LUOCHUI_BUS=postgres.")
    return NatsBus(settings.nats_url.get_secret_value(), settings.site, settings)


def secret_of(settings: Settings) -> bytes:
    """What only the processes of one site have."""
    assert settings.log_key is not None, "no process opens without its key"
    return settings.log_key.get_secret_value().encode()


def log_key(settings: Settings) -> SigningKey:
    if settings.log_key is None:
        raise CannotStart("Set LUOCHUI_LOG_KEY_FILE to the log key; `luochui log-key` makes one.")
    key = SigningKey.from_text(settings.log_key.get_secret_value())
    if key.name != settings.site:
        raise CannotStart(
            f"The log key is named {key.name} and the site is {settings.site}: they must be one."
        )
    return key


def known_errors() -> tuple[type[Exception], ...]:
    """Errors whose text is already the sentence that a person needs."""
    return (
        BadFile,
        BusMissing,
        CannotSign,
        CannotStart,
        DatabaseCannotKeepItsPromises,
        EmbeddedPostgresError,
        KeyFileBroken,
        NotRecorded,
        NoteBroken,
        Refused,
        FileNotFoundError,
    )


# ── inside ──────────────────────────────────────────────────────────────────────────────────


async def _check_database(engine: AsyncEngine) -> None:
    """Raises an error of one sentence when the database is away or cannot keep our promises."""
    try:
        async with engine.connect() as connection:
            await check_promises(connection)
    except (OSError, asyncpg.PostgresError, DBAPIError) as error:
        said = str(getattr(error, "orig", error)).rpartition(">: ")[2]
        raise CannotStart(
            f"The database of LUOCHUI_DATABASE_URL does not let us in ({said}): "
            "start it, mend the URL, or run `luochui migrate`, which makes the role luochui_app."
        ) from error


def _room_parts(
    engine: AsyncEngine,
    ledger: Ledger,
    clock: DatabaseClock,
    settings: Settings,
    signer: Signer,
    bus: Bus,
    views: Views,
    trees: Trees,
) -> RoomParts:
    return RoomParts(
        engine=engine,
        ledger=ledger,
        clock=clock,
        timers=LoopTimers(),
        settings=settings,
        signer=signer,
        path=BidPath(engine, clock, process_name(), ledger),
        hints=bus,
        views=views,
        trees=trees,
    )


def process_name() -> str:
    """Tells this process from all others in the health series, its own earlier lives too."""
    return f"{socket.gethostname()}:{os.getpid()}:{_LIFE}"


async def _written_at_last(views: Views) -> None:
    """A stopped process leaves no row behind, unless the database is gone before it."""
    try:
        await views.write()
    except Exception as error:
        _log.warning("views_not_written", error=repr(error))


async def _tidy_always(desk: Desk, period_ms: int) -> None:
    """Opens rolls, orders refunds, records seals: whatever a finished sale still lacks."""
    while True:
        try:
            await settlement.tidy(desk)
        except Exception as error:
            _log.warning("tidy_failed", error=repr(error))
        await asyncio.sleep(period_ms / 1000)


@asynccontextmanager
async def _kept_going(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    """Runs `work` beside the body and ends it after it."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait((task,))
