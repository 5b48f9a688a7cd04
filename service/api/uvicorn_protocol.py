"""uvicorn's sans-IO WebSocket protocol, plus prepared frames: encoded once, written to each socket.

Chosen by name (`NAME`). On any other server the channel falls back to `send_text`; only the cost
of a watcher differs.
"""

from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

EXTENSION = "luochui.prepared"
NAME = "service.api.uvicorn_protocol:PreparedFramesProtocol"

MEASURE = 4
"""Frames are read up to so many times the promised bound, so that the channel can name the problem
and stay; what is longer still ends the connection with 1009."""

_LAST_WORDS_S = 5.0
"""How long a slow reader may take to hear why it was closed."""


def socket_options(frame_bytes: int, protocol: str = NAME) -> dict[str, Any]:
    """What uvicorn is told of sockets; `frame_bytes` is the bound that clients are promised."""
    return {
        "ws": protocol,
        "ws_max_size": MEASURE * frame_bytes,
        "ws_per_message_deflate": False,
        "ws_ping_interval": 5,
        "ws_ping_timeout": 10,
    }


class PreparedFrames:
    """What the scope's extension offers to the application."""

    def __init__(self, protocol: "PreparedFramesProtocol") -> None:
        self._protocol = protocol

    @property
    def open(self) -> bool:
        """Whether a frame may still be sent."""
        protocol = self._protocol
        gone = protocol.disconnected or protocol.close_sent or protocol.transport.is_closing()
        return protocol.handshake_complete and not gone

    def write(self, wire: bytes) -> bool:
        """Writes one whole unmasked frame; False while the client is behind or gone."""
        if not self.open or not self._protocol.writable.is_set():
            return False
        # The sans-IO connection keeps no bytes between calls, so whole frames may go between.
        self._protocol.transport.write(wire)
        return True

    async def writable(self) -> None:
        """Returns when the client has caught up, or is gone."""
        await self._protocol.writable.wait()

    def close(self, code: int) -> None:
        """Says why and hangs up, without waiting for a client that does not read."""
        self._protocol.close_now(code)


class PreparedFramesProtocol(WebSocketsSansIOProtocol):
    """Adds the extension to the scope of every socket."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:  # a refused handshake has no scope
            extensions = cast(dict[str, Any], self.scope["extensions"])
            extensions[EXTENSION] = PreparedFrames(self)

    def close_now(self, code: int) -> None:
        """Sends the close frame behind what is buffered and ends the ASGI side at once."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.conn.send_close(code)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": ""})
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        # Closing politely would wait for the peer's buffer; a peer that never reads has none free.
        self.close_timer = self.loop.call_later(_LAST_WORDS_S, self.transport.abort)
