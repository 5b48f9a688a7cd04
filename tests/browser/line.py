"""A wire between browser and service that can be cut without a word, and mended."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

CHUNK = 65_536
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Line:
    """While `down` is cut the browser hears nothing, while `up` is cut nobody hears the browser.

    A cut line stays open and silent, as a dead Wi-Fi does: no FIN, no RST, only waiting.
    """

    base_url: str
    _down: asyncio.Event = field(default_factory=asyncio.Event)
    _up: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.mend()

    def cut(self) -> None:
        self._down.clear()
        self._up.clear()

    def deafen(self) -> None:
        """The browser is still heard, but hears nothing."""
        self._down.clear()

    def mend(self) -> None:
        self._down.set()
        self._up.set()

    async def carry(self, port: int, browser: Ends) -> None:
        service = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.TaskGroup() as ways:
            ways.create_task(_one_way(browser[0], service[1], self._up))
            ways.create_task(_one_way(service[0], browser[1], self._down))


async def _one_way(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, open_: asyncio.Event
) -> None:
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            await open_.wait()
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def line_to(port: int) -> AsyncIterator[Line]:
    """A line to the service on this port of this machine."""
    carrying: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        carrying.add(task)
        with suppress(OSError, asyncio.CancelledError):  # cancelled only when all is over
            await line.carry(port, (reader, writer))

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    line = Line(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        yield line
    finally:
        line.mend()
        server.close()
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)
