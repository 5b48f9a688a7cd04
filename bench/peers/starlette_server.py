"""Peer of bench/fanout.py: Starlette's `send_text` to one socket after another, on uvicorn."""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

PORT, SIZE = int(sys.argv[1]), int(sys.argv[2])
PAYLOAD = "x" * SIZE
everyone: set[WebSocket] = set()


async def live(websocket: WebSocket) -> None:
    await websocket.accept(subprotocol="luochui.v1")
    everyone.add(websocket)
    try:
        while True:
            await websocket.receive_text()
            for each in tuple(everyone):
                await each.send_text(PAYLOAD)
    except WebSocketDisconnect:
        everyone.discard(websocket)


if __name__ == "__main__":
    uvicorn.run(
        Starlette(routes=[WebSocketRoute("/", live)]),
        port=PORT,
        log_config=None,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
    )
