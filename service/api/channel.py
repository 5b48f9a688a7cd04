"""The live channel: /ws/lots/{lot_id}, subprotocol luochui.v1.

The life of a socket: origin, subprotocol and lot are checked before accept; then `welcome` and
`snapshot` go out in the same breath in which the seat joins the audience; then frames are read one
by one and never waited for: a bid goes straight to its room and its answer calls back, what has to
look into the database first runs in a task of its own, so that a slow decision delays neither the
next frame's `received_at` nor a ping. No database connection is held meanwhile.
"""

import asyncio
import re
import secrets
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from schemas import live
from schemas.base import Strict
from schemas.problem import ProblemCode
from service import clock, gauges
from service.api.bidding import BidAnswer, BidDoor, Caller, door_of
from service.api.client_frames import bid_id_in, read_frame
from service.api.guards import origin_allowed
from service.api.identity import COOKIE, account_of, token_hash
from service.api.lines import line_to
from service.api.parts import parts_of
from service.api.problems import problem_response
from service.api.signed_in import SignedIn
from service.desk.refused import Refused
from service.live.audience import UNSEEN, Seat
from service.live.frames import prepare, problem
from service.live.room import Room

router = APIRouter()

NOT_ALLOWED, TOO_MANY_FRAMES = 4001, 4009
STRIKES_MS = 10_000
MAX_AGENT = 300
CROWDED = "Too many visitors look on from this address; bidders always come in."
_LOT_ID = re.compile(r"[a-z0-9][a-z0-9-]{2,63}")
_log = structlog.get_logger()


async def live_channel(websocket: WebSocket) -> None:
    """One client on one lot, from handshake to close."""
    door, lot_id = door_of(websocket), websocket.path_params["lot_id"]
    await door.crowds.turn()
    refusal = await _refusal(websocket, lot_id)
    if refusal is not None:
        await _deny(websocket, refusal)
        return
    caller, bidder_no, known = await _identify(websocket, door, lot_id)
    with (
        suppress(WebSocketDisconnect),
        door.crowds.one_more(_address(websocket), bidder_no) as fits,
    ):
        if not fits:
            await _deny(websocket, Refused(ProblemCode.RATE_LIMITED, CROWDED))
            return
        await websocket.accept(subprotocol=live.SUBPROTOCOL)
        room = await door.rooms.enter(lot_id, bidder_no)
        assert room is not None, "a published lot stays published"
        await Session(websocket, door, room, caller, bidder_no, known).run()


# Starlette's own route: FastAPI's keeps 5 KiB of exit stacks and solved dependencies for each
# socket as long as it is open, and there are none here to solve.
router.add_websocket_route("/ws/lots/{lot_id}", live_channel)


async def _refusal(websocket: WebSocket, lot_id: str) -> Refused | None:
    """Why this handshake is refused. CORS middleware does not run on sockets: a wrong origin was
    accepted elsewhere behind an allow-list."""
    origins = parts_of(websocket).settings.origins
    if not origin_allowed(websocket.headers, websocket.url.scheme, origins):
        return Refused(ProblemCode.ORIGIN_REFUSED, "This page may not open sockets here.")
    if live.SUBPROTOCOL not in websocket.scope["subprotocols"]:
        return Refused(ProblemCode.MALFORMED, f"Offer the subprotocol {live.SUBPROTOCOL}.")
    known = _LOT_ID.fullmatch(lot_id) and await door_of(websocket).rooms.get(lot_id)
    return None if known else Refused(ProblemCode.NOT_FOUND, "No such lot is published.")


async def _deny(websocket: WebSocket, refusal: Refused) -> None:
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(problem_response(refusal))
    else:
        await websocket.close(NOT_ALLOWED)


async def _identify(
    websocket: WebSocket, door: BidDoor, lot_id: str
) -> tuple[Caller, str | None, SignedIn | None]:
    """Who it is, and under which number on this lot; everybody else is an observer."""
    seen_ms, cookie = door.clock.monotonic_ms(), websocket.cookies.get(COOKIE, "")
    account = await account_of(parts_of(websocket).engine, cookie)
    if account is None:
        return Caller(None, f"socket {secrets.token_hex(8)}"), None, None
    known = SignedIn(token_hash(cookie), account.account_id, seen_ms)
    door.rooms.rolls.forget(lot_id)  # who was admitted a moment ago may come in at once
    bidder = await door.rooms.rolls.find(lot_id, account.account_id)
    caller = Caller(account.account_id, f"{lot_id} {account.account_id}")
    return caller, None if bidder is None else bidder.bidder_no, known


class Session:
    """One accepted socket: reads its frames and answers them."""

    def __init__(
        self,
        websocket: WebSocket,
        door: BidDoor,
        room: Room,
        caller: Caller,
        bidder_no: str | None,
        known: SignedIn | None,
    ) -> None:
        self._websocket = websocket
        self._door = door
        self._room = room
        self._caller = caller
        self._bidder_no = bidder_no
        self._known = known
        parts = door.rooms.parts
        self._clock = parts.clock
        self._settings = parts.settings
        self.seat = Seat(
            line_to(websocket),
            parts.clock,
            parts.timers,
            parts.settings,
            session=secrets.token_hex(8),
            known=_known_of(websocket),
        )
        self._strikes: deque[int] = deque(maxlen=parts.settings.strikes_before_close)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until the client or the server hangs up. Bids under way are still decided."""
        # No await from here to the first read: snapshot and audience are of the same instant.
        self._room.audience.join(self.seat, self._bidder_no)
        if self._known is not None:
            self._door.keeper.enter(self._known)
        self.seat.send(prepare(self._welcome()))
        self.seat.send(prepare(self._room.snapshot(self._bidder_no)))
        left_with = 1006
        try:
            while (message := await self._websocket.receive())["type"] == "websocket.receive":
                self._hear(message.get("text"), self._clock.now_ms())
            left_with = message.get("code", left_with)
        finally:
            if self._known is not None:
                self._door.keeper.leave(self._known)
            self.seat.left_with = left_with
            gauges.count_closed(self.seat.closed or left_with)
            self._room.audience.leave(self.seat)
            self.seat.leave()

    def _welcome(self) -> live.Welcome:
        settings = self._settings
        return live.Welcome(
            server_time_ms=self._clock.now_ms(),
            session=self.seat.session,
            role="observer" if self._bidder_no is None else "bidder",
            bidder_no=self._bidder_no,
            heartbeat_ms=settings.heartbeat_ms,
            limits=live.Limits(
                frame_bytes=settings.frame_bytes,
                frames_per_s=settings.frames_per_s,
                bids_per_s=settings.bids_per_s,
            ),
        )

    # ── one frame ───────────────────────────────────────────────────────────────────────────

    def _hear(self, text: str | None, received_at: int) -> None:
        """Reads one frame, arrived at `received_at` (ms), and sees to its answer."""
        if not self._door.frames.allow(self._caller.rate_key):
            self._strike(problem(ProblemCode.RATE_LIMITED, bid_id_in(text)))
            return
        frame = read_frame(text, self._settings.frame_bytes)
        if isinstance(frame, live.Problem):
            self._strike(frame)
            return
        match frame:
            case live.Ping():
                pong = live.Pong(t0=frame.t0, t1=received_at, t2=self._clock.now_ms())
                self.seat.send(prepare(pong), UNSEEN)
            case live.Resync():
                self._send(self._room.resync(frame.after_seq, self._bidder_no))
            case live.PlaceBid():
                self._place(frame, received_at)
            case live.BidStatus():
                self._begin(self._status(frame), frame.bid_id)
            case live.OptIn():
                self._begin(self._opt_in(frame, received_at), None)

    def _place(self, bid: live.PlaceBid, received_at: int) -> None:
        """At once when everything that it needs is at hand, as it is for all but a few bids."""
        answered = partial(self._tell, bid.bid_id, clock.monotonic_us())
        try:
            at_once = self._signed_in_lately() and self._door.place_now(
                self._room, self._caller, bid, received_at, answered
            )
        except Exception as error:
            self._failed(bid.bid_id, error)
            return
        if not at_once:
            self._begin(self._place_later(bid, received_at, answered), bid.bid_id)

    async def _place_later(
        self, bid: live.PlaceBid, received_at: int, answered: Callable[[BidAnswer], None]
    ) -> None:
        if await self._admits(bid.bid_id):
            answered(await self._door.place(self._room, self._caller, bid, received_at))

    def _tell(self, bid_id: str, read_us: int, answer: BidAnswer) -> None:
        """The answer to a bid whose frame was read at `read_us` (monotonic)."""
        try:
            limited = isinstance(answer, live.Problem) and answer.code is ProblemCode.RATE_LIMITED
            self._strike(answer) if limited else self._send(answer)
        except Exception as error:
            self._failed(bid_id, error)
        if isinstance(answer, live.Problem):
            gauges.count_undecided(answer.code.value)
        gauges.ANSWER_SECONDS.observe((clock.monotonic_us() - read_us) / 1e6)

    async def _status(self, frame: live.BidStatus) -> None:
        self._send(await self._door.status(self._room, self._caller, frame.bid_id))

    async def _opt_in(self, frame: live.OptIn, received_at: int) -> None:
        if not await self._admits(None):
            return
        self._send(await self._door.opt_in(self._room, self._caller, frame.join, received_at))

    async def _admits(self, bid_id: str | None) -> bool:
        """Whether this socket may still write; if not, says so and closes it."""
        signed_in = await self._still_signed_in()
        if not signed_in:
            self._send(problem(ProblemCode.NOT_ADMITTED, bid_id))
            self.seat.close(NOT_ALLOWED)
        return signed_in

    def _signed_in_lately(self) -> bool:
        return self._known is None or self._door.keeper.saw_lately(self._known)

    async def _still_signed_in(self) -> bool:
        """A socket opened before a sign-out must not go on bidding after it."""
        return self._known is None or await self._door.keeper.still(self._known)

    # ── answers ─────────────────────────────────────────────────────────────────────────────

    def _send(self, frame: Strict) -> None:
        self.seat.send(prepare(frame))

    def _strike(self, answer: Strict) -> None:
        """A refused frame is answered; who sends too many of them within ten seconds is closed."""
        self._send(answer)
        now = self._clock.monotonic_ms()
        self._strikes.append(now)
        if len(self._strikes) == self._strikes.maxlen and now - self._strikes[0] <= STRIKES_MS:
            self.seat.close(TOO_MANY_FRAMES)

    def _begin(self, work: Coroutine[Any, Any, None], bid_id: str | None) -> None:
        task = asyncio.create_task(self._guarded(work, bid_id), name="frame")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None], bid_id: str | None) -> None:
        """Every frame has an answer, even when something of ours breaks."""
        try:
            await work
        except Exception as error:
            self._failed(bid_id, error)

    def _failed(self, bid_id: str | None, error: Exception) -> None:
        _log.error("frame_failed", exc_info=error)
        code = ProblemCode.INTERNAL if bid_id is None else ProblemCode.NOT_YET_CONFIRMED
        self._send(problem(code, bid_id))


def _known_of(websocket: WebSocket) -> dict[str, str]:
    """What the regulator may ask about a session; it stands in no log."""
    agent = websocket.headers.get("user-agent", "")[:MAX_AGENT]
    return {"address": _address(websocket), "agent": agent}


def _address(websocket: WebSocket) -> str:
    return websocket.client.host if websocket.client else ""
