"""uvicorn's sans-IO WebSocket protocol with prepared frames, encoded once and written to each
socket, and with a bound on what a client may make us read, answer and keep.

Chosen by name (`NAME`). On any other server the channel falls back to `send_text`; only the cost
of a watcher differs.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request

EXTENSION = "luochui.prepared"
NAME = "service.api.uvicorn_protocol:PreparedFramesProtocol"

MEASURE = 4
"""Frames are read up to so many times the promised bound, so that the channel can name the problem
and stay; what is longer still ends the connection with 1009."""

_LAST_WORDS_S = 5.0
"""How long a slow reader may take to hear why it was closed."""
_KERNEL_BYTES = 65_536
"""That the system may hold for one client. By itself it lets a reader who never reads keep
megabytes, and the outbox would not know for minutes that he is behind."""
_LAST_BYTES = 16_384
"""Read after our close, to find the client's own; a flooder goes unheard."""
_SLICE = 1_024
"""Bytes parsed before others get their turn, when somebody sends many frames at once."""
_EXTRAS_PER_S = 64
"""Frames a second that no application sees: pings, pongs, fragments."""
_FRAGMENTS = 32
"""Pieces of one message. Empty ones weigh nothing and would be kept without end."""

REASONS = {
    1007: "text frames are UTF-8",
    1009: "too large",
    1011: "no answer to pings",
    1012: "restart",
    4001: "not allowed",
    4008: "too slow",
    4009: "too many frames",
    4010: "replaced by a newer session",
}
"""Said with the close code, for a person who reads a console."""


def socket_options(
    frame_bytes: int, protocol: str = NAME, *, ping_ms: int = 5_000, pong_ms: int = 10_000
) -> dict[str, Any]:
    """What uvicorn is told of sockets; `frame_bytes` is the bound that clients are promised.

    A client that is gone without a word is found after `ping_ms` and `pong_ms`.
    """
    return {
        "ws": protocol,
        "ws_max_size": MEASURE * frame_bytes,
        "ws_per_message_deflate": False,
        "ws_ping_interval": ping_ms / 1000,
        "ws_ping_timeout": pong_ms / 1000,
    }


class PreparedFrames:
    """What the scope's extension offers to the application."""

    __slots__ = ("_protocol", "_transport")

    def __init__(self, protocol: "PreparedFramesProtocol") -> None:
        self._protocol = protocol
        self._transport = protocol.transport

    @property
    def open(self) -> bool:
        """Whether a frame may still be sent."""
        protocol = self._protocol
        gone = protocol.disconnected or protocol.close_sent or self._transport.is_closing()
        return protocol.handshake_complete and not gone

    def write(self, wire: bytes) -> bool:
        """Writes one whole unmasked frame; False while the client is behind or gone."""
        if self._protocol.is_behind or not self.open:
            return False
        # The sans-IO connection keeps no bytes between calls, so whole frames may go between.
        self._transport.write(wire)
        return True

    async def writable(self) -> None:
        """Returns when the client has caught up, or is gone."""
        await self._protocol.writable.wait()

    def close(self, code: int) -> None:
        """Says why and hangs up, without waiting for a client that does not read."""
        self._protocol.close_now(code)


def _nobody_counts() -> None:
    """Of a connection that no doorkeeper let in."""


class PreparedFramesProtocol(WebSocketsSansIOProtocol):
    """Adds the extension to the scope of every socket, and the bounds.

    when_lost: called once the connection is no more, by whoever counts connections.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.when_lost: Callable[[], None] = _nobody_counts
        self.is_behind = False
        """More waits for this client than the system takes; `writable` says when no more."""
        self._unread = b""
        self._last_bytes = 0
        self._extras = 0
        self._extras_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        line = transport.get_extra_info("socket")
        if line is not None and line.family != socket.AF_UNIX:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BYTES)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:  # a refused handshake has no scope
            extensions = cast(dict[str, Any], self.scope["extensions"])
            extensions[EXTENSION] = PreparedFrames(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._unread = b""
        self.when_lost()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        self.is_behind = True
        super().pause_writing()

    def resume_writing(self) -> None:
        self.is_behind = False
        super().resume_writing()

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.accept":
            # Nobody asks for the handshake again; the scope has its own copy of the headers.
            del self.request, self.response

    # ── reading ─────────────────────────────────────────────────────────────────────────────

    def data_received(self, data: bytes) -> None:
        if self.close_sent or self.transport.is_closing():
            self._read_last(data)
        elif self._unread:
            self._unread += data
        elif len(data) <= _SLICE:
            super().data_received(data)
        else:
            self._read(data)

    def _read(self, data: bytes) -> None:
        """One slice after another, until the application has something to do."""
        for at in range(0, len(data), _SLICE):
            super().data_received(data[at : at + _SLICE])
            if self.close_sent or self.transport.is_closing():
                return
            if not self.queue.empty():
                self._unread = data[at + _SLICE :]
                return

    def _read_last(self, data: bytes) -> None:
        """The client's answer to our close is waited for; nothing else is."""
        self._last_bytes += len(data)
        if self.disconnected or self._last_bytes > _LAST_BYTES:
            if not self.transport.is_closing():
                self.transport.pause_reading()
        elif self.conn.parser_exc is None:
            super().data_received(data)

    async def receive(self) -> Any:
        """The next message. Others get their turn between the slices of a flood."""
        while self.queue.empty() and self._unread:
            await asyncio.sleep(0)
            unread, self._unread = self._unread, b""
            if not (self.close_sent or self.transport.is_closing()):
                self._read(unread)
        message = await self.queue.get()
        if self.read_paused and self.queue.empty() and not self._unread:
            self.read_paused = False
            self.transport.resume_reading()
        return message

    def send_receive_event_to_app(self) -> None:
        """As uvicorn does it, without its traceback when a client sends what is not UTF-8."""
        data = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        if self.close_sent:
            return
        if self.curr_msg_data_type == "bytes":
            self.queue.put_nowait({"type": "websocket.receive", "bytes": data})
        else:
            try:
                self.queue.put_nowait({"type": "websocket.receive", "text": data.decode()})
            except UnicodeDecodeError:
                self.close_now(1007)
                return
        if not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

    # ── frames that no application sees ─────────────────────────────────────────────────────

    def handle_ping(self) -> None:
        # RFC 6455 §5.5.3 lets us leave pings unanswered; pongs for a client that does not read
        # would be kept for it without end.
        pongs = b"".join(self.conn.data_to_send())
        if self._take_extra() and self.writable.is_set():
            self.transport.write(pongs)

    def handle_pong(self, event: Frame) -> None:
        if self._take_extra():
            super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) >= _FRAGMENTS:
            self.close_now(1009)
        elif self._take_extra():
            super().handle_cont(event)

    def _take_extra(self) -> bool:
        """Counts one more of this second; who sends too many is closed with 4009."""
        now = self.loop.time()
        if now - self._extras_since > 1.0:
            self._extras_since, self._extras = now, 0
        self._extras += 1
        if self._extras > _EXTRAS_PER_S:
            self.close_now(4009)
        return not self.close_sent

    # ── the end ─────────────────────────────────────────────────────────────────────────────

    def keepalive_timeout(self) -> None:
        """Nobody answers: the seat is given up at once, and the line cut if it stays silent."""
        self.pong_timer = None
        self.pending_ping_payload = None
        self.close_now(1011)

    def close_now(self, code: int) -> None:
        """Sends the close frame behind what is buffered and ends the ASGI side at once."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.conn.send_close(code, REASONS.get(code, ""))
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        self._unread = b""
        self.queue.put_nowait(
            {"type": "websocket.disconnect", "code": code, "reason": REASONS.get(code, "")}
        )
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        # Closing politely would wait for the peer's buffer; a peer that never reads has none free.
        self.close_timer = self.loop.call_later(_LAST_WORDS_S, self.transport.abort)

    async def run_asgi(self) -> None:
        """Whatever ended the application, a client that reads nothing is cut all the same."""
        await super().run_asgi()
        if self.close_timer is None and not self.disconnected:
            self.close_timer = self.loop.call_later(_LAST_WORDS_S, self.transport.abort)
