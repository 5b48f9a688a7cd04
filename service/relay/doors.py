"""A relay's doors: the live channel for observers, its health and its figures.

The channel is the service's own in every byte an observer sees, except that what needs a name is
refused with the address where it is done. While a lot here is not proved current nothing is sent on
it but refusals, so that a client's own rule (four seconds of silence) tells him the truth.
"""

import asyncio
import re
import secrets
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from fastapi import APIRouter, FastAPI, Request, WebSocket
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocketDisconnect

from schemas import live
from schemas.base import Strict
from schemas.problem import ProblemCode
from service import gauges
from service.api import guards, problems
from service.api.client_frames import bid_id_in, read_frame
from service.api.crowds import Crowds
from service.api.doors import COOKIE
from service.api.lines import line_to
from service.api.problems import problem_response
from service.api.rates import Rates
from service.bus.nats_bus import NatsFrames
from service.clock import Clock
from service.desk.refused import Refused
from service.live.audience import UNSEEN, Seat
from service.live.frames import prepare, problem
from service.live.timers import Timers
from service.relay.lot import RelayLot
from service.relay.lots import Full, Lots
from service.relay.upstream import Upstream, UpstreamGone
from service.settings import Settings

router = APIRouter()

NOT_ALLOWED, TOO_MANY_FRAMES = 4001, 4009
STRIKES_MS = 10_000
READY_MS = 5_000
"""How old the service's last answer may be while this relay calls itself ready."""
_LOT_ID = re.compile(r"[a-z0-9][a-z0-9-]{2,63}")


@dataclass(frozen=True, kw_only=True)
class RelayParts:
    """What the doors of one relay stand on."""

    settings: Settings
    clock: Clock
    timers: Timers
    upstream: Upstream
    frames: NatsFrames
    lots: Lots
    rates: Rates
    crowds: Crowds
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


def build_app(parts: RelayParts) -> FastAPI:
    """The ASGI application of one relay."""
    app = FastAPI(title="Luochui relay", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(router)
    app.state.relay = parts
    problems.install(app)
    guards.install(app, parts.settings)
    return app


def _parts_of(http: HTTPConnection) -> RelayParts:
    parts = http.app.state.relay
    assert isinstance(parts, RelayParts)
    return parts


# ── the channel ─────────────────────────────────────────────────────────────────────────────


@router.websocket("/ws/lots/{lot_id}")
async def relayed_channel(websocket: WebSocket, lot_id: str) -> None:
    """One observer of one lot, from handshake to close."""
    parts = _parts_of(websocket)
    address = websocket.client.host if websocket.client else ""
    with suppress(WebSocketDisconnect), parts.crowds.one_more(address, None) as fits:
        try:
            lot = await _lot_for(websocket, parts, lot_id, fits)
        except Refused as refusal:
            await _deny(websocket, refusal)
            return
        await websocket.accept(subprotocol=live.SUBPROTOCOL)
        await Watcher(websocket, parts, lot).run()


async def _lot_for(websocket: WebSocket, parts: RelayParts, lot_id: str, fits: bool) -> RelayLot:
    """The lot this handshake asks for; raises Refused."""
    settings = parts.settings
    if not guards.origin_allowed(websocket.headers, websocket.url.scheme, settings.origins):
        raise Refused(ProblemCode.ORIGIN_REFUSED, "This page may not open sockets here.")
    if live.SUBPROTOCOL not in websocket.scope["subprotocols"]:
        raise Refused(ProblemCode.MALFORMED, f"Offer the subprotocol {live.SUBPROTOCOL}.")
    if COOKIE in websocket.cookies:
        raise Refused(ProblemCode.NOT_ALLOWED, _elsewhere(settings))
    if not fits or parts.lots.watchers() >= settings.relay_watchers:
        raise Refused(ProblemCode.BUSY, "This relay is full; try another.")
    if not _LOT_ID.fullmatch(lot_id):
        raise Refused(ProblemCode.NOT_FOUND, "No such lot is published.")
    try:
        lot = await parts.lots.get(lot_id)
    except Full as error:
        raise Refused(ProblemCode.BUSY, "This relay is full; try another.") from error
    except UpstreamGone as error:
        raise Refused(ProblemCode.UNAVAILABLE, _SILENT) from error
    if lot is None:
        raise Refused(ProblemCode.NOT_FOUND, "No such lot is published.")
    if not lot.is_current():
        raise Refused(ProblemCode.UNAVAILABLE, _SILENT)
    return lot


_SILENT = "The service does not answer this relay: it does not know how the sale stands."


def _elsewhere(settings: Settings) -> str:
    return f"This is a relay for observers: sign in and bid at {settings.relay_upstream}."


async def _deny(websocket: WebSocket, refusal: Refused) -> None:
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(problem_response(refusal))
    else:
        await websocket.close(NOT_ALLOWED)


class Watcher:
    """One accepted socket: reads its frames and answers them."""

    def __init__(self, websocket: WebSocket, parts: RelayParts, lot: RelayLot) -> None:
        self._websocket = websocket
        self._parts = parts
        self._lot = lot
        self._clock, self._settings = parts.clock, parts.settings
        self._session = secrets.token_hex(8)
        self._seat = Seat(
            line_to(websocket), parts.clock, parts.timers, parts.settings, session=self._session
        )
        self._strikes: deque[int] = deque(maxlen=parts.settings.strikes_before_close)

    async def run(self) -> None:
        """Until the client or the relay hangs up."""
        # No await from here to the first read: snapshot and audience are of the same instant.
        self._lot.audience.join(self._seat, None)
        self._send(self._welcome())
        self._send(self._lot.snapshot())
        left_with = 1006
        try:
            while (message := await self._websocket.receive())["type"] == "websocket.receive":
                self._hear(message.get("text"), self._clock.now_ms())
            left_with = message.get("code", left_with)
        finally:
            gauges.count_closed(self._seat.closed or left_with)
            self._lot.audience.leave(self._seat)
            self._seat.leave()

    def _welcome(self) -> live.Welcome:
        settings = self._settings
        return live.Welcome(
            server_time_ms=self._clock.now_ms(),
            session=self._session,
            role="observer",
            heartbeat_ms=settings.heartbeat_ms,
            limits=live.Limits(
                frame_bytes=settings.frame_bytes, frames_per_s=settings.frames_per_s, bids_per_s=0
            ),
        )

    def _hear(self, text: str | None, received_at: int) -> None:
        if not self._parts.rates.allow(self._session):
            self._strike(problem(ProblemCode.RATE_LIMITED, bid_id_in(text)))
            return
        frame = read_frame(text, self._settings.frame_bytes)
        match frame:
            case live.Problem():
                self._strike(frame)
            case live.PlaceBid() | live.BidStatus() | live.OptIn():
                bid_id = None if isinstance(frame, live.OptIn) else frame.bid_id
                told = problem(ProblemCode.NOT_ALLOWED, bid_id, _elsewhere(self._settings))
                self._strike(told)
            case live.Ping() if self._lot.is_current():
                pong = live.Pong(t0=frame.t0, t1=received_at, t2=self._clock.now_ms())
                self._seat.send(prepare(pong), UNSEEN)
            case live.Resync() if self._lot.is_current():
                self._send(self._lot.resync(frame.after_seq))

    def _send(self, frame: Strict) -> None:
        self._seat.send(prepare(frame))

    def _strike(self, answer: Strict) -> None:
        """A refused frame is answered; who sends too many of them within ten seconds is closed."""
        self._send(answer)
        now = self._clock.monotonic_ms()
        self._strikes.append(now)
        if len(self._strikes) == self._strikes.maxlen and now - self._strikes[0] <= STRIKES_MS:
            self._seat.close(TOO_MANY_FRAMES)


# ── watchmen ────────────────────────────────────────────────────────────────────────────────


@router.get("/health/live")
async def alive() -> JSONResponse:
    """200 while this process runs its loop, whatever else is wrong."""
    return JSONResponse({"status": "live"})


@router.get("/health/ready")
async def ready(request: Request) -> JSONResponse:
    """200 while watchers may be brought here; else 503 with each reason in `errors`."""
    reasons = list(_reasons(_parts_of(request)))
    if reasons:
        said = " ".join(sentence for _, sentence in reasons)
        raise Refused(ProblemCode.UNAVAILABLE, said, reason=reasons[0][0], errors=reasons)
    return JSONResponse({"status": "ready"})


def _reasons(parts: RelayParts) -> Iterator[tuple[str, str]]:
    """The bus is none of them: without it the service is asked every second."""
    silent_ms = parts.upstream.silent_ms()
    if parts.stopping.is_set():
        yield "stopping", "This relay was told to stop."
    if silent_ms is None or silent_ms > max(READY_MS, 2 * parts.settings.poll_ms):
        yield "upstream", "The service does not answer this relay."
    if parts.lots.watchers() >= parts.settings.relay_watchers:
        yield "full", "This relay has as many watchers as it may."


@router.get("/metrics")
async def metrics() -> Response:
    """Prometheus text."""
    return Response(gauges.exposition(), headers={"Content-Type": CONTENT_TYPE_LATEST})
