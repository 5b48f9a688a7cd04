"""A sign of life on the bus for each open lot: a relay that hears it lacks nothing."""

import asyncio

from schemas import live
from service.bus.hints import Bus
from service.live.frames import prepare
from service.live.rooms import Rooms


async def beat(rooms: Rooms, bus: Bus) -> None:
    """Shows every open lot's seq once in `poll_ms`, until cancelled. Ends where the bus carries no
    frames. A process in doubt about the time says nothing."""
    clock = rooms.parts.clock
    while bus.frames_of("") is not None:
        await asyncio.sleep(rooms.parts.settings.poll_ms / 1000)
        for room in rooms.open_rooms() if clock.is_sure() else ():
            show = bus.frames_of(room.origin)
            assert show is not None, "a bus that carries frames carries every lot's"
            frame = live.Heartbeat(server_time_ms=clock.now_ms(), seq=room.size - 1)
            show(prepare(frame).text)
