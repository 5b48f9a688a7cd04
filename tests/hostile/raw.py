"""A client that keeps no promise: raw bytes on a socket, before and after the handshake."""

import asyncio
import json
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.hostile.site import LOT, Site

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GONE = (OSError, asyncio.IncompleteReadError)


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, masked: bool = True, bits: int = 0
) -> bytes:
    """One frame as RFC 6455 §5.2 has it, or as it must not be. bits: RSV1 is 4."""
    head = bytes([(0x80 if fin else 0) | bits << 4 | opcode])
    flag, size = 0x80 if masked else 0, len(payload)
    if size < 126:
        head += bytes([flag | size])
    elif size < 1 << 16:
        head += bytes([flag | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([flag | 127]) + size.to_bytes(8, "big")
    return head + (b"\0\0\0\0" if masked else b"") + payload


def said(kind: str, **fields: Any) -> bytes:
    """A whole text frame of the protocol."""
    return frame(TEXT, json.dumps({"type": kind, **fields}).encode())


def request(path: str, *more: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *more, "", ""]).encode()


HANDSHAKE = request(
    f"/ws/lots/{LOT}",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Protocol: luochui.v1",
)


@dataclass
class Raw:
    """One connection. `told`: JSON frames read so far. `code`, `reason`: how the server closed."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    told: list[dict[str, Any]] = field(default_factory=list)
    code: int | None = None
    reason: str = ""

    async def send(self, data: bytes) -> None:
        """As much as the server takes; one that hangs up is no fault of this client's."""
        with suppress(*GONE):
            self.writer.write(data)
            await self.writer.drain()

    async def read_frame(self) -> tuple[int, bytes] | None:
        """The next frame of the server's; None at the end of the connection."""
        try:
            first, second = await self.reader.readexactly(2)
            size = second & 0x7F
            if size == 126:
                size = int.from_bytes(await self.reader.readexactly(2), "big")
            elif size == 127:
                size = int.from_bytes(await self.reader.readexactly(8), "big")
            return first & 0x0F, await self.reader.readexactly(size)
        except GONE:
            return None

    async def until(self, kind: str) -> dict[str, Any] | None:
        """Reads on to the next frame of this type; None when the connection ends before it."""
        while (found := await self.read_frame()) is not None:
            self._keep(*found)
            if found[0] == TEXT and self.told[-1]["type"] == kind:
                return self.told[-1]
        return None

    async def until_closed(self) -> int | None:
        """Reads to the end; the code that the server gave, None when it just hung up."""
        while (found := await self.read_frame()) is not None:
            self._keep(*found)
        return self.code

    async def rest(self) -> bytes:
        """All bytes to the end: of an answer to a request."""
        with suppress(*GONE):
            return await self.reader.read()
        return b""

    def _keep(self, opcode: int, payload: bytes) -> None:
        if opcode == TEXT:
            self.told.append(json.loads(payload))
        elif opcode == CLOSE and len(payload) >= 2:
            self.code = int.from_bytes(payload[:2], "big")
            self.reason = payload[2:].decode()

    def cut(self) -> None:
        self.writer.transport.abort()


async def dial(site: Site, host: str = "127.0.0.1", *, small: bool = False) -> Raw:
    """A bare connection. small: with so little room that a reader who pauses is soon behind."""
    line = socket.socket()
    line.setblocking(False)
    if small:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    line.bind((host, 0))
    await asyncio.get_running_loop().sock_connect(line, ("127.0.0.1", site.port))
    reader, writer = await asyncio.open_connection(sock=line, limit=2_048 if small else 65_536)
    return Raw(reader, writer)


async def joined(
    site: Site, host: str = "127.0.0.1", *, cookie: str | None = None, small: bool = False
) -> Raw:
    """A connection past the handshake."""
    raw = await dial(site, host, small=small)
    own = b"" if cookie is None else f"Cookie: {cookie}\r\n".encode()
    raw.writer.write(HANDSHAKE[:-2] + own + b"\r\n")
    head = await raw.reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in head.split(b"\r\n")[0], head
    return raw
