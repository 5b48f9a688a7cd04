"""Bidders who remember every word that they were told, and ask until each of their bids is settled.

Each bids again as soon as his last bid is answered, by socket or by POST, at whichever server
answers. When the line breaks, or the answer is "not yet confirmed", he asks what became of the bid,
as the live protocol says a client does.
"""

import asyncio
import json
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx2

from bench import ground
from bench.ground import Person
from bench.line import Line, dial
from service.audit.signatures import bid_message
from tests.crash.serving import now_s

ANSWER_S = 8.0
"""A client's own patience: the service promises an answer after 5 s."""
AGAIN_S = 0.02
"""Between two tries to reach somebody."""
RECEIPT, PROBLEM = "receipt", "problem"
OPEN_ENDED = {"not_yet_confirmed", "internal"}
"""Problems that do not say what became of the bid."""
_LOST = (ConnectionError, OSError, TimeoutError, httpx2.HTTPError)


@dataclass(slots=True, kw_only=True)
class Bid:
    """What one bidder knows of one of his bids; instants in monotonic seconds.

    answers: every receipt he was given, as parsed JSON. refusal: the problem that said that the bid
    does not exist. open_at: since when he does not know; 0.0 when the first answer settled it.
    unknown_wall_ms: by the machine's clock, when he asked and was told that nobody knows it, last.
    """

    lot_id: str
    bid_id: str
    body: dict[str, object]
    sent_at: float
    answers: list[dict[str, object]] = field(default_factory=list)
    refusal: str | None = None
    open_at: float = 0.0
    settled_at: float = 0.0
    unknown_wall_ms: int = 0
    answered_by: int = 0

    @property
    def is_settled(self) -> bool:
        return bool(self.answers) or self.refusal is not None


@dataclass(slots=True)
class Market:
    """What the bidders of one lot know together: the least amount that would be taken."""

    minimum_fen: int = ground.START_FEN
    heard: int = 0


class Bidder:
    """One person at one of several servers. `bids`: everything he ever sent."""

    def __init__(
        self, person: Person, ports: Sequence[int], market: Market, seed: int, *, by_post: bool
    ) -> None:
        self._person = person
        self._ports = tuple(ports)
        self._market = market
        self._chance = random.Random(seed)
        self._by_post = by_post
        self._line: Line | None = None
        self._heard: asyncio.Queue[dict[str, object]] = asyncio.Queue()
        self._port = self._chance.choice(self._ports)
        self._http = httpx2.AsyncClient(
            headers={"cookie": person.cookie}, timeout=ANSWER_S, trust_env=False
        )
        self.bids: list[Bid] = []

    async def bid_until(self, stop: asyncio.Event) -> None:
        """Bids until `stop`, then settles what is open. Never raises for what servers do."""
        try:
            while not stop.is_set():
                bid = self._signed()
                self.bids.append(bid)
                await self._send(bid)
                while not bid.is_settled:
                    await self._settle(bid)
        finally:
            self._hang_up()
            await self._http.aclose()

    # ── one bid ─────────────────────────────────────────────────────────────────────────────

    def _signed(self) -> Bid:
        """Mostly a little above the least, now and then below it."""
        steps = self._chance.choice((-1, 0, 0, 0, 1, 2))
        amount = max(ground.START_FEN, self._market.minimum_fen + steps * ground.STEP_FEN)
        bid_id = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        person = self._person
        message = bid_message(
            log=person.origin,
            bidder_no=person.bidder_no,
            bid_id=bid_id,
            amount_fen=amount,
            seen_seq=0,
            jump_confirmed=False,
        )
        body: dict[str, object] = {
            "bid_id": bid_id,
            "amount_fen": amount,
            "seen_seq": 0,
            "jump_confirmed": False,
            "key_id": person.key.key_id,
            "signature": person.key.sign(message),
        }
        return Bid(lot_id=person.lot_id, bid_id=bid_id, body=body, sent_at=now_s())

    async def _send(self, bid: Bid) -> None:
        try:
            self._take(bid, await self._ask(bid, placing=True))
        except _LOST:
            self._in_doubt(bid)

    async def _settle(self, bid: Bid) -> None:
        """One try. Somebody whom nobody knows sends again, under the same id: that is safe."""
        try:
            asked_wall_ms = ground.Wall().now_ms()
            answer = await self._ask(bid, placing=False)
            if answer.get("code") == "unknown_bid":
                bid.unknown_wall_ms = asked_wall_ms
                answer = await self._ask(bid, placing=True)
            self._take(bid, answer)
        except _LOST:
            self._in_doubt(bid)
        if not bid.is_settled:
            await asyncio.sleep(AGAIN_S)

    def _take(self, bid: Bid, answer: dict[str, object]) -> None:
        code = answer.get("code")
        if answer.get("type") == RECEIPT:
            bid.answers.append(answer)
            self._market.heard += 1
            least = answer["minimum_bid_fen"]
            assert isinstance(least, int)
            self._market.minimum_fen = max(self._market.minimum_fen, least)
        elif code in OPEN_ENDED or bid.open_at:
            # After a doubt no later refusal says what became of the first sending.
            self._in_doubt(bid)
            return
        else:
            bid.refusal = str(code)
        bid.settled_at, bid.answered_by = now_s(), self._port

    def _in_doubt(self, bid: Bid) -> None:
        self._hang_up()
        self._port = self._chance.choice(self._ports)
        bid.open_at = bid.open_at or now_s()

    # ── the two ways in ─────────────────────────────────────────────────────────────────────

    async def _ask(self, bid: Bid, *, placing: bool) -> dict[str, object]:
        if self._by_post:
            return await self._post(bid, placing)
        if self._line is None or self._line.transport is None or self._line.transport.is_closing():
            path = f"/ws/lots/{self._person.lot_id}"
            async with asyncio.timeout(ANSWER_S):
                self._line = await dial(self._port, path, self._person.cookie, self._hear)
        said = (
            {"type": "place_bid", **bid.body}
            if placing
            else {"type": "bid_status", "bid_id": bid.bid_id}
        )
        self._line.send(json.dumps(said, separators=(",", ":")).encode())
        return await self._answer(self._line, bid.bid_id)

    async def _answer(self, line: Line, bid_id: str) -> dict[str, object]:
        """The next frame about this bid; raises when the line is cut or nobody says anything."""
        begun = now_s()
        while True:
            try:
                async with asyncio.timeout(0.2):
                    frame = await self._heard.get()
            except TimeoutError:
                if line.transport is None or line.transport.is_closing():
                    raise ConnectionError("cut") from None
                if now_s() - begun > ANSWER_S:
                    raise
                continue
            if frame.get("bid_id") == bid_id:
                return frame

    def _hear(self, payload: bytes) -> None:
        if b'"type":"receipt"' in payload[:40] or b'"type":"problem"' in payload[:40]:
            self._heard.put_nowait(json.loads(payload))

    async def _post(self, bid: Bid, placing: bool) -> dict[str, object]:
        place = f"http://127.0.0.1:{self._port}/api/lots/{self._person.lot_id}/bids"
        if placing:
            answer = await self._http.post(place, json=bid.body)
        else:
            answer = await self._http.get(f"{place}/{bid.bid_id}")
        found: dict[str, object] = answer.json()
        return found

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None


def crowd(people: Sequence[Person], ports: Sequence[int], seed: int) -> list[Bidder]:
    """A bidder for each person; every fourth bids by POST."""
    markets: dict[str, Market] = {}
    return [
        Bidder(
            person,
            ports,
            markets.setdefault(person.lot_id, Market()),
            seed * 10_007 + place,
            by_post=place % 4 == 3,
        )
        for place, person in enumerate(people)
    ]
