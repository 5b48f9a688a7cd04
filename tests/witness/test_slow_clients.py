"""A witness among clients that send by drops: places are given up after seconds, with a reason."""

import asyncio

import pytest

from service import connections
from service.witness import serve
from service.witness.config import Config
from tests.witness.logs import client


async def test_a_head_that_never_ends_holds_no_place(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "BOUNDS", connections.Bounds(head_s=0.2, per_address=20))
    async with serve.running(config) as base_url, client(base_url) as http:
        port = int(base_url.rpartition(":")[2])
        slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(15)]
        for _, writer in slow:
            writer.write(b"POST /add-checkpoint HTTP/1.1\r\nX: ")
        assert (await http.get("/health")).status_code == 200
        for reader, writer in slow:
            assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
            writer.close()


async def test_one_address_does_not_take_every_place(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "BOUNDS", connections.Bounds(per_address=3))
    async with serve.running(config) as base_url:
        port = int(base_url.rpartition(":")[2])
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 429 ")
        for _, each in (*held, (reader, writer)):
            each.close()
