"""Simulated bidders: real sockets, own keys, every bid signed, a private limit each."""

import asyncio
import json
import secrets
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from service.audit.signatures import BidderKey, bid_message
from service.demo.client import Person

PAUSE_S = (1.5, 6.0)
"""How long a simulated bidder thinks before he outbids, seconds."""


@dataclass
class Mind:
    """What one simulated bidder wants of one lot. limit_steps: how far above the start he goes."""

    limit_steps: int
    pause_s: tuple[float, float] = PAUSE_S
    opening_steps: int | None = 0
    """Steps above the minimum of his free quote; None when he quotes only in the timed phase."""


@dataclass
class Bidder:
    """One account with its key, on the socket of one lot until the sale is over."""

    person: Person
    key: BidderKey
    mind: Mind
    lot_id: str
    log: Callable[[str], None]
    receipts: list[dict[str, Any]] = field(default_factory=list)
    bidder_no: str | None = None
    _state: dict[str, Any] = field(default_factory=dict)
    _rules: dict[str, Any] = field(default_factory=dict)
    _origin: str = ""
    _seq: int = -1
    _waiting: bool = False
    _quoted_free: bool = False

    async def play(self) -> None:
        """Bid until the sale is over; a lost connection is taken up again."""
        while self._state.get("stage") not in ("CLOSING", "SOLD", "FAILED"):
            with suppress(ConnectionClosed, OSError, InvalidStatus):
                await self._one_connection()
            await asyncio.sleep(_between(0.3, 1.0))

    async def _one_connection(self) -> None:
        url = self.person.base_url.replace("http", "ws", 1) + f"/ws/lots/{self.lot_id}"
        async with connect(
            url,
            origin=self.person.base_url,  # type: ignore[arg-type]  # a NewType over str
            subprotocols=["luochui.v1"],  # type: ignore[list-item]  # a NewType over str
            additional_headers={"Cookie": self.person.cookie},
            compression=None,
            proxy=None,
        ) as socket:
            self._waiting = False
            thinking: asyncio.Task[None] | None = None
            try:
                async for raw in socket:
                    self._hear(json.loads(raw))
                    if self._state.get("stage") in ("CLOSING", "SOLD", "FAILED"):
                        return
                    if self._wants_to_bid() and (thinking is None or thinking.done()):
                        thinking = asyncio.create_task(self._think_and_bid(socket))
            finally:
                if thinking is not None:
                    thinking.cancel()

    def _hear(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "welcome":
                self.bidder_no = frame.get("bidder_no")
            case "snapshot":
                self._rules, self._origin = frame["rules"], frame["log"]
                self._state, self._seq = frame["lot"], frame["seq"]
            case "update":
                self._state, self._seq = frame["lot"], frame["seq"]
            case "receipt":
                self._waiting = False
                self.receipts.append(frame)
            case "problem":
                self._waiting = False

    def _next_amount(self) -> int:
        minimum = int(self._state["minimum_bid_fen"])
        if self._state["stage"] == "LISTING" and self.mind.opening_steps:
            minimum += self.mind.opening_steps * int(self._state["increment_fen"])
        return minimum

    def _wants_to_bid(self) -> bool:
        state = self._state
        if self.bidder_no is None or self._waiting or state.get("control") != "NORMAL":
            return False
        if state["stage"] not in ("LISTING", "TIMED") or state.get("leader_no") == self.bidder_no:
            return False
        if state["stage"] == "LISTING" and (self.mind.opening_steps is None or self._quoted_free):
            return False
        start, step = int(self._rules["starting_price_fen"]), int(state["increment_fen"])
        return self._next_amount() <= start + self.mind.limit_steps * step

    async def _think_and_bid(self, socket: ClientConnection) -> None:
        await asyncio.sleep(_between(*self.mind.pause_s))
        if not self._wants_to_bid() or self.bidder_no is None:
            return
        self._waiting = True
        self._quoted_free = self._quoted_free or self._state["stage"] == "LISTING"
        await socket.send(json.dumps(self._signed_bid(self.bidder_no)))

    def _signed_bid(self, bidder_no: str) -> dict[str, Any]:
        bid_id, amount_fen, seen_seq = str(uuid.uuid4()), self._next_amount(), max(self._seq, 0)
        message = bid_message(
            log=self._origin,
            amount_fen=amount_fen,
            bid_id=bid_id,
            bidder_no=bidder_no,
            jump_confirmed=False,
            seen_seq=seen_seq,
        )
        return {
            "type": "place_bid",
            "bid_id": bid_id,
            "amount_fen": amount_fen,
            "seen_seq": seen_seq,
            "jump_confirmed": False,
            "key_id": self.key.key_id,
            "signature": self.key.sign(message),
        }


def _between(least_s: float, most_s: float) -> float:
    return least_s + secrets.randbelow(1000) / 1000 * (most_s - least_s)
