"""The peer of bench/bids.py: the server that most would write. One transaction for each bid through
the ORM, `SELECT … FOR UPDATE`, then `send_json` to everyone, one socket after another.

It gives no receipt and keeps no log that anyone could verify; it checks signatures when it is told
to (`--check` with the one key of all its bidders).
"""

import argparse
import asyncio
import json
from contextlib import suppress
from typing import Any

import uvicorn
from fastapi import FastAPI, WebSocket
from sqlalchemy import BigInteger, ForeignKey, Identity, Text, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.websockets import WebSocketDisconnect

from service.audit.broken import Broken
from service.audit.signatures import PublicKey, bid_message, load_public_key, verify_bid

POOL = 10


class Base(DeclarativeBase):
    pass


class Lot(Base):
    __tablename__ = "naive_lots"
    lot_id: Mapped[str] = mapped_column(Text, primary_key=True)
    price_fen: Mapped[int] = mapped_column(BigInteger)
    step_fen: Mapped[int] = mapped_column(BigInteger)
    leader: Mapped[str | None] = mapped_column(Text)
    bids: Mapped[int] = mapped_column(BigInteger)


class Bid(Base):
    __tablename__ = "naive_bids"
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("naive_lots.lot_id"))
    bid_id: Mapped[str] = mapped_column(Text, unique=True)
    bidder: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    accepted: Mapped[bool]


class Naive:
    """The whole server. `watching`: everyone who looks, by lot."""

    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(url, pool_size=POOL, max_overflow=0)
        self._session = async_sessionmaker(self._engine, expire_on_commit=False)
        self.watching: dict[str, list[WebSocket]] = {}

    async def prepare(self, lots: list[str]) -> None:
        async with self._engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with self._session.begin() as session:
            for lot_id in lots:
                session.add(Lot(lot_id=lot_id, price_fen=0, step_fen=1, bids=0))

    async def close(self) -> None:
        await self._engine.dispose()

    async def place(self, lot_id: str, bidder: str, bid_id: str, amount_fen: int) -> bool:
        """Decides one bid in one transaction."""
        async with self._session.begin() as session:
            asked = select(Lot).where(Lot.lot_id == lot_id).with_for_update()
            lot = (await session.execute(asked)).scalar_one()
            accepted = amount_fen >= lot.price_fen + lot.step_fen and lot.leader != bidder
            session.add(
                Bid(
                    lot_id=lot_id,
                    bid_id=bid_id,
                    bidder=bidder,
                    amount_fen=amount_fen,
                    accepted=accepted,
                )
            )
            lot.bids += 1
            if accepted:
                lot.price_fen, lot.leader = amount_fen, bidder
        return accepted

    async def show(self, lot_id: str, amount_fen: int) -> None:
        for watcher in list(self.watching.get(lot_id, ())):
            with suppress(RuntimeError, WebSocketDisconnect):
                await watcher.send_json({"type": "update", "price_fen": amount_fen})


def signed(key: PublicKey, frame: dict[str, Any]) -> bool:
    """Whether the bid is signed, by the same check as the product's."""
    message = bid_message(
        log="",
        amount_fen=frame["amount_fen"],
        bid_id=frame["bid_id"],
        bidder_no="",
        jump_confirmed=frame["jump_confirmed"],
        seen_seq=frame["seen_seq"],
    )
    try:
        verify_bid(key, frame["signature"], message)
    except Broken:
        return False
    return True


def build(naive: Naive, key: PublicKey | None = None) -> FastAPI:
    app = FastAPI()

    @app.get("/health/ready")
    async def ready() -> dict[str, str]:
        return {"status": "ok"}

    @app.websocket("/ws/lots/{lot_id}")
    async def live(websocket: WebSocket, lot_id: str) -> None:
        await websocket.accept(subprotocol="luochui.v1")
        naive.watching.setdefault(lot_id, []).append(websocket)
        bidder = websocket.cookies.get("luochui_session", "")
        try:
            while True:
                frame = json.loads(await websocket.receive_text())
                amount = frame["amount_fen"]
                if key is not None and not signed(key, frame):
                    await websocket.close()
                    return
                accepted = await naive.place(lot_id, bidder, frame["bid_id"], amount)
                outcome = "accepted" if accepted else "refused"
                answer = {"type": "receipt", "bid_id": frame["bid_id"], "outcome": outcome}
                await websocket.send_text(json.dumps(answer, separators=(",", ":")))
                if accepted:
                    await naive.show(lot_id, amount)
        except WebSocketDisconnect:
            naive.watching[lot_id].remove(websocket)

    return app


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--url", required=True)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--lots", required=True)
    options.add_argument("--check", help="hex of the public key that signs every bid")
    asked = options.parse_args()
    key = None if asked.check is None else load_public_key(asked.check)
    asyncio.run(_serve(asked.url, asked.port, asked.lots.split(","), key))


async def _serve(url: str, port: int, lots: list[str], key: PublicKey | None) -> None:
    naive = Naive(url)
    await naive.prepare(lots)
    config = uvicorn.Config(build(naive, key), port=port, log_config=None, access_log=False)
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    main()
