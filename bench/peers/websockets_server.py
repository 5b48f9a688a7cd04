"""Peer of bench/fanout.py: `websockets.broadcast`, on the loop that our server runs on."""

import asyncio
import sys

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.typing import Subprotocol

PORT, SIZE = int(sys.argv[1]), int(sys.argv[2])
PAYLOAD = "x" * SIZE
everyone: set[ServerConnection] = set()


async def live(socket: ServerConnection) -> None:
    everyone.add(socket)
    try:
        async for _ in socket:
            broadcast(everyone, PAYLOAD)
    finally:
        everyone.discard(socket)


async def main() -> None:
    protocols = [Subprotocol("luochui.v1")]
    async with serve(live, "127.0.0.1", PORT, compression=None, subprotocols=protocols):
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
