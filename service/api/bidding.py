"""The one code path behind every bid, by socket or by POST, and its HTTP doors."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Request
from starlette.requests import HTTPConnection

from schemas import live
from schemas.base import BidId
from schemas.problem import ProblemCode
from service import gauges
from service.api.crowds import Crowds
from service.api.doors import TheLot, body, refusals, takes
from service.api.identity import COOKIE, account_of
from service.api.parts import parts_of
from service.api.rates import Rates
from service.api.signed_in import Doorkeeper
from service.audit.broken import Broken
from service.audit.signatures import PublicKey, bid_message, load_public_key, verify_bid
from service.desk.ports import Submit
from service.desk.refused import Refused
from service.live.batch import Answer as Decision
from service.live.batch import Decided
from service.live.frames import problem
from service.live.room import Room
from service.live.rooms import Rooms, Unanswered
from service.live.timers import Deadline, within
from service.rules import messages as m
from service.rules.refusals import Refusal
from service.settings import Settings
from service.store.roll import AdmittedBidder

router = APIRouter(tags=["bidding"])
Answer = TypeVar("Answer", live.Receipt, live.OptedIn)
BidAnswer = live.Receipt | live.Problem


@dataclass(frozen=True, slots=True)
class Caller:
    """Who bids. account_id: None for a stranger. rate_key: whose rates are counted."""

    account_id: str | None
    rate_key: str


class BidDoor:
    """Checks a bid before the room sees it: rate, admission, key, signature. One a process."""

    def __init__(self, rooms: Rooms) -> None:
        parts = rooms.parts
        settings: Settings = parts.settings
        self.rooms = rooms
        self.clock = parts.clock
        self.settings = settings
        clock, most = parts.clock.monotonic_ms, settings.rate_keys
        self.bids = Rates(settings.bids_per_s, most, clock)
        self.frames = Rates(settings.frames_per_s, most, clock)
        self.crowds = Crowds(settings.observers_per_address, settings.trusted_proxies)
        self.keeper = Doorkeeper(parts.engine, clock, settings.session_check_ms)
        self._timers = parts.timers
        self._deadline = Deadline(parts.timers, clock, settings.bid_answer_ms)
        self._reading: set[asyncio.Task[BidAnswer]] = set()

    async def place(
        self, room: Room, caller: Caller, bid: live.BidBody, received_at: int
    ) -> BidAnswer:
        """Exactly one answer. `received_at`: ms, stamped once when the bid was read."""
        bidder = await self._asking(room, caller)
        told: asyncio.Future[BidAnswer] = asyncio.get_running_loop().create_future()

        def answered(answer: BidAnswer) -> None:
            if not told.done():  # whoever asked may have gone away
                told.set_result(answer)

        self._begin(room, caller, bidder, bid, received_at, answered)
        return await told

    def place_now(
        self,
        room: Room,
        caller: Caller,
        bid: live.BidBody,
        received_at: int,
        answered: Callable[[BidAnswer], None],
    ) -> bool:
        """The same without waiting: `answered` is called once, perhaps at once. False, and nothing
        is done, while the roll has to be read first."""
        roll = self.rooms.rolls.at_hand(room.lot_id)
        if roll is None:
            return False
        bidder = roll.get(caller.account_id or "")
        self._begin(room, caller, bidder, bid, received_at, answered)
        return True

    def _begin(
        self,
        room: Room,
        caller: Caller,
        bidder: AdmittedBidder | None,
        bid: live.BidBody,
        received_at: int,
        answered: Callable[[BidAnswer], None],
    ) -> None:
        """From here to the room's inbox nothing waits: bids keep the order of their arrival."""
        if not self.bids.allow(caller.rate_key):
            answered(problem(ProblemCode.RATE_LIMITED, bid.bid_id))
            return
        command = _command(room, bidder, bid, received_at)
        if isinstance(command, ProblemCode):
            answered(problem(command, bid.bid_id))
            return
        asked = room.ask(command)
        self._deadline.watch(asked, partial(_late, bid.bid_id, answered))
        asked.add_done_callback(partial(self._decided, room, command, answered))

    def _decided(
        self,
        room: Room,
        bid: m.PlaceBid,
        answered: Callable[[BidAnswer], None],
        asked: "asyncio.Future[Decision]",
    ) -> None:
        if not self._deadline.met(asked):
            return
        answer = room.answer_at_hand(bid, asked.result())
        if answer is not None:
            answered(answer)
            return
        reading = asyncio.create_task(room.answer_to(bid, asked.result()), name="receipt")
        self._reading.add(reading)
        reading.add_done_callback(self._reading.discard)
        reading.add_done_callback(lambda done: answered(done.result()))

    async def status(self, room: Room, caller: Caller, bid_id: str) -> BidAnswer:
        """The receipt of an own bid. One answer for unknown, others' and not admitted."""
        bidder = await self._asking(room, caller)
        number = "" if bidder is None else bidder.bidder_no
        asked = room.find_receipt(bid_id, number)
        answer = await within(self._timers, self.settings.bid_answer_ms, asked)
        return answer or problem(ProblemCode.NOT_YET_CONFIRMED, bid_id)

    async def opt_in(
        self, room: Room, caller: Caller, join: bool, received_at: int
    ) -> live.OptedIn | live.Problem:
        if not self.bids.allow(caller.rate_key):
            return problem(ProblemCode.RATE_LIMITED)
        bidder = await self.bidder(room, caller)
        if bidder is None or not bidder.active:
            return problem(ProblemCode.NOT_ADMITTED)
        admission = min(key.admission_seq for key in bidder.keys.values())
        answer = await room.submit(
            m.OptIn(
                bidder_no=bidder.bidder_no,
                join=join,
                admission=admission,
                received_at=received_at,
            )
        )
        if isinstance(answer, Refusal):
            return problem(ProblemCode.REFUSED_BY_RULES, detail=answer.reason.value)
        if isinstance(answer, Decided):
            assert answer.entry is not None
            return live.OptedIn(seq=answer.seq, at=answer.entry.at, join=join)
        return answer

    async def bidder(self, room: Room, caller: Caller) -> AdmittedBidder | None:
        """The caller on this lot's roll. Strangers take the same road as everybody (rules §11)."""
        return await self.rooms.rolls.find(room.lot_id, caller.account_id)

    async def _asking(self, room: Room, caller: Caller) -> AdmittedBidder | None:
        """The same; whoever reaches us by HTTP alone is here too."""
        bidder = await self.bidder(room, caller)
        if bidder is not None:
            room.audience.attendance.asked(bidder.bidder_no)
        return bidder


def _command(
    room: Room, bidder: AdmittedBidder | None, bid: live.BidBody, received_at: int
) -> m.PlaceBid | ProblemCode:
    """The bid for the rules. A revoked bidder's goes there too, without admission: the rules
    refuse it and the log says so."""
    if bidder is None:
        return ProblemCode.NOT_ADMITTED
    key = bidder.keys.get(bid.key_id)
    if key is None:
        return ProblemCode.UNKNOWN_KEY
    if not _signed(room.origin, bidder.bidder_no, key.public_key_hex, bid):
        return ProblemCode.BAD_SIGNATURE
    return m.PlaceBid(
        bid_id=bid.bid_id,
        bidder_no=bidder.bidder_no,
        amount_fen=bid.amount_fen,
        seen_seq=bid.seen_seq,
        jump_confirmed=bid.jump_confirmed,
        received_at=received_at,
        key_id=bid.key_id,
        signature=bid.signature,
        admission=key.admission_seq if bidder.active else None,
    )


def _late(bid_id: str, answered: Callable[[BidAnswer], None]) -> None:
    answered(problem(ProblemCode.NOT_YET_CONFIRMED, bid_id))


def _signed(origin: str, bidder_no: str, public_key_hex: str, bid: live.BidBody) -> bool:
    message = bid_message(
        log=origin,
        amount_fen=bid.amount_fen,
        bid_id=bid.bid_id,
        bidder_no=bidder_no,
        jump_confirmed=bid.jump_confirmed,
        seen_seq=bid.seen_seq,
    )
    try:
        verify_bid(_loaded(public_key_hex), bid.signature, message)
    except Broken:
        return False
    return True


@lru_cache(maxsize=10_000)
def _loaded(public_key_hex: str) -> PublicKey:
    """A bidder sends many bids under one key."""
    return load_public_key(public_key_hex)


def door_of(http: HTTPConnection) -> BidDoor:
    """The process's door, made with the first bid."""
    state = http.app.state
    if not hasattr(state, "bid_door"):
        state.bid_door = BidDoor(parts_of(http).rooms)
    door = state.bid_door
    assert isinstance(door, BidDoor)
    return door


def submit_port(rooms: Rooms) -> Submit:
    """What the desk is given: a room that cannot decide now refuses by name."""

    async def submit(lot_id: str, command: m.Command) -> tuple[int, tuple[m.Event, ...]] | Refusal:
        try:
            return await rooms.submit(lot_id, command)
        except Unanswered as error:
            raise Refused(error.problem.code, error.problem.detail) from error

    return submit


# ── HTTP ────────────────────────────────────────────────────────────────────────────────────


_ANY = (
    ProblemCode.NOT_FOUND,
    ProblemCode.RATE_LIMITED,
    ProblemCode.BUSY,
    ProblemCode.CLOCK_UNSURE,
    ProblemCode.UNAVAILABLE,
    ProblemCode.NOT_YET_CONFIRMED,
)
_WRITING = (
    *_ANY,
    ProblemCode.ORIGIN_REFUSED,
    ProblemCode.NOT_ADMITTED,
    ProblemCode.REFUSED_BY_RULES,
    ProblemCode.UNSUPPORTED_MEDIA_TYPE,
    ProblemCode.TOO_LARGE,
)
_BID = {
    "bid_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "amount_fen": 28_270_000_000,
    "seen_seq": 17,
    "jump_confirmed": False,
    "key_id": "2a97516c354b6848",
    "signature": "A" * 86 + "==",
}


@router.post(
    "/api/lots/{lot_id}/bids",
    operation_id="place_bid",
    response_model=live.Receipt,
    response_model_exclude_none=True,
    responses=refusals(
        *_WRITING,
        ProblemCode.UNKNOWN_KEY,
        ProblemCode.BAD_SIGNATURE,
        ProblemCode.BID_ID_REUSED,
    ),
    openapi_extra=takes(live.BidBody, _BID),
)
async def place_bid(
    http: Request, lot_id: TheLot, bid: Annotated[live.BidBody, Depends(body(live.BidBody))]
) -> live.Receipt:
    """The same bid as by socket, for a bidder whose socket is blocked.

    A refusal by the rules is a receipt too: it stands in the log.
    """
    received_at = door_of(http).clock.now_ms()
    room, caller = await _who(http, lot_id)
    answer = await door_of(http).place(room, caller, bid, received_at)
    if isinstance(answer, live.Problem):
        gauges.count_undecided(answer.code.value)
    return _or_refuse(answer)


@router.get(
    "/api/lots/{lot_id}/bids/{bid_id}",
    operation_id="get_bid",
    response_model=live.Receipt,
    response_model_exclude_none=True,
    responses=refusals(*_ANY, ProblemCode.UNKNOWN_BID),
)
async def get_bid(http: Request, lot_id: TheLot, bid_id: BidId) -> live.Receipt:
    """The receipt of an own bid, byte for byte the first answer."""
    room, caller = await _who(http, lot_id)
    if not door_of(http).frames.allow(caller.rate_key):  # as `bid_status` on the socket
        return _or_refuse(problem(ProblemCode.RATE_LIMITED, bid_id))
    return _or_refuse(await door_of(http).status(room, caller, bid_id))


@router.post(
    "/api/lots/{lot_id}/opt-in",
    operation_id="opt_in",
    response_model=live.OptedIn,
    responses=refusals(*_WRITING),
    openapi_extra=takes(live.OptInBody, {"join": True}),
)
async def opt_in(
    http: Request, lot_id: TheLot, asked: Annotated[live.OptInBody, Depends(body(live.OptInBody))]
) -> live.OptedIn:
    """Enters the timed phase, or takes that back, while READY lasts."""
    received_at = door_of(http).clock.now_ms()
    room, caller = await _who(http, lot_id)
    return _or_refuse(await door_of(http).opt_in(room, caller, asked.join, received_at))


async def _who(http: Request, lot_id: str) -> tuple[Room, Caller]:
    """Room and caller; a stranger and somebody not admitted get the same answer later on."""
    account = await account_of(parts_of(http).engine, http.cookies.get(COOKIE))
    room = await door_of(http).rooms.get(lot_id)
    if room is None:
        raise Refused(ProblemCode.NOT_FOUND, "No such lot is published.")
    if account is None:
        host = http.client.host if http.client else ""
        return room, Caller(None, f"stranger {host}")
    return room, Caller(account.account_id, f"{lot_id} {account.account_id}")


def _or_refuse(answer: Answer | live.Problem) -> Answer:
    if isinstance(answer, live.Problem):
        reason = answer.detail if answer.code is ProblemCode.REFUSED_BY_RULES else None
        raise Refused(answer.code, answer.detail, reason=reason)
    return answer
