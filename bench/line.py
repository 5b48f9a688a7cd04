"""Lean WebSocket clients: a bench must measure the server, not its own client library.

Frames are read as RFC 6455 sends them from a server (unmasked); ours are masked with a zero key,
which leaves the payload as it is.
"""

import asyncio
import time
from collections.abc import Callable

_HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: luochui.v1\r\n"
    "Origin: http://127.0.0.1:{port}\r\n{cookie}\r\n"
)
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


def masked(payload: bytes, opcode: int = _TEXT) -> bytes:
    """A client's frame under the zero key."""
    head, size = bytes([0x80 | opcode]), len(payload)
    if size < 126:
        return head + bytes([0x80 | size]) + b"\0\0\0\0" + payload
    return head + bytes([0xFE]) + size.to_bytes(2, "big") + b"\0\0\0\0" + payload


class Line(asyncio.Protocol):
    """One socket. `heard` is called with each text payload; None counts bytes alone. Pings are
    answered either way: the server gives up who does not."""

    def __init__(
        self, path: str, port: int, cookie: str | None, heard: Callable[[bytes], None] | None
    ) -> None:
        self._heard = heard
        own = f"Cookie: {cookie}\r\n" if cookie else ""
        self._hello = _HANDSHAKE.format(path=path, port=port, cookie=own).encode()
        self._buffer = b""
        self._up = False
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.bytes_read = 0
        self.last_at = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._hello)

    def data_received(self, data: bytes) -> None:
        if not self._up:
            data = self._shake(data)
            if not self._up:
                return
        self.bytes_read += len(data)
        self.last_at = time.perf_counter()
        self._read(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("closed before the handshake"))

    def send(self, payload: bytes) -> None:
        assert self.transport is not None
        self.transport.write(masked(payload))

    def close(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def _shake(self, data: bytes) -> bytes:
        self._buffer += data
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return b""
        if b" 101 " not in head.split(b"\r\n")[0]:
            self.opened.set_exception(ConnectionError(head.decode(errors="replace")[:200]))
            self.close()
            return b""
        self._up, self._buffer = True, b""
        self.opened.set_result(None)
        return rest

    def _read(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        at, end = 0, len(buffer)
        while end - at >= 2:
            size, head = buffer[at + 1] & 0x7F, 2
            if size == 126:
                if end - at < 4:
                    break
                size, head = int.from_bytes(buffer[at + 2 : at + 4], "big"), 4
            elif size == 127:
                if end - at < 10:
                    break
                size, head = int.from_bytes(buffer[at + 2 : at + 10], "big"), 10
            if end - at < head + size:
                break
            opcode = buffer[at] & 0x0F
            if self._heard is not None or opcode == _PING:
                self._take(opcode, buffer[at + head : at + head + size])
            at += head + size
        self._buffer = buffer[at:]

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == _TEXT and self._heard is not None:
            self._heard(payload)
        elif opcode == _PING and self.transport is not None:
            self.transport.write(masked(payload, _PONG))


async def dial(
    port: int,
    path: str,
    cookie: str | None = None,
    heard: Callable[[bytes], None] | None = None,
) -> Line:
    """An open socket; raises ConnectionError when the server says no."""
    loop = asyncio.get_running_loop()
    _, line = await loop.create_connection(
        lambda: Line(path, port, cookie, heard), "127.0.0.1", port
    )
    await line.opened
    return line


async def dial_many(port: int, path: str, count: int, at_once: int = 50) -> list[Line]:
    """Watchers that only count bytes."""
    lines: list[Line] = []
    while len(lines) < count:
        more = min(at_once, count - len(lines))
        lines += await asyncio.gather(*(dial(port, path) for _ in range(more)))
    return lines


class Bidder:
    """Places one bid after another, each once the answer to the last is there.

    make: the next bid_id and frame. took: seconds from send to answer. answers: by outcome.
    """

    def __init__(self, make: Callable[[], tuple[str, bytes]], done: Callable[[], None]) -> None:
        self._make = make
        self._bid_id = b""
        self._sent_at = 0.0
        self._done = done
        self.line: Line | None = None
        self.took: list[float] = []
        self.answers: dict[str, int] = {}
        self.stopped = False

    def go(self) -> None:
        if self.stopped:
            self._done()
            return
        assert self.line is not None
        bid_id, frame = self._make()
        self._bid_id = bid_id.encode()
        self._sent_at = time.perf_counter()
        self.line.send(frame)

    def heard(self, payload: bytes) -> None:
        """Own answers alone move on; public frames are read and left."""
        if b'"type":"receipt"' in payload[:40] or b'"type":"problem"' in payload[:40]:
            if self._bid_id not in payload:
                return
            self.took.append(time.perf_counter() - self._sent_at)
            outcome = _outcome(payload)
            self.answers[outcome] = self.answers.get(outcome, 0) + 1
            self.go()


def _outcome(payload: bytes) -> str:
    """accepted, refused with its reason, or the problem's code."""
    if b'"outcome":"accepted"' in payload:
        return "accepted"
    if b'"outcome":"refused"' in payload:
        return f"refused {_field(payload, b'reason')}".rstrip()
    return _field(payload, b"code") or "other"


def _field(payload: bytes, name: bytes) -> str:
    return payload.partition(b'"' + name + b'":"')[2].partition(b'"')[0].decode()
