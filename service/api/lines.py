"""The way to one client's screen: prepared frames where the server offers them, else text."""

import asyncio
from contextlib import suppress

from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect

from service.api.uvicorn_protocol import EXTENSION, PreparedFrames
from service.live.audience import Line
from service.live.frames import Prepared


def line_to(websocket: WebSocket) -> Line:
    """Prepared frames where the server offers them, else plain `send_text`."""
    prepared = websocket.scope.get("extensions", {}).get(EXTENSION)
    return TextLine(websocket) if prepared is None else PreparedLine(prepared)


class PreparedLine:
    """Writes frames that were encoded once straight to the transport."""

    def __init__(self, frames: PreparedFrames) -> None:
        self._frames = frames

    def write_now(self, frame: Prepared) -> bool:
        return self._frames.write(frame.wire)

    async def write(self, frame: Prepared) -> None:
        while self._frames.open and not self._frames.write(frame.wire):
            await self._frames.writable()

    def close(self, code: int) -> None:
        self._frames.close(code)


class TextLine:
    """Any other ASGI server: one send a frame, by the socket's own outbox."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._closing: asyncio.Task[None] | None = None

    def write_now(self, frame: Prepared) -> bool:
        return False

    async def write(self, frame: Prepared) -> None:
        with suppress(WebSocketDisconnect, RuntimeError, OSError):
            await self._websocket.send_text(frame.text.decode())

    def close(self, code: int) -> None:
        self._closing = asyncio.create_task(self._close(code), name="close")

    async def _close(self, code: int) -> None:
        with suppress(WebSocketDisconnect, RuntimeError, OSError):
            await self._websocket.close(code)
