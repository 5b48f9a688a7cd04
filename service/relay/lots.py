"""The lots of one relay: opened when somebody watches, kept proved, let go when nobody does."""

import asyncio
from contextlib import suppress

import structlog
from prometheus_client import Gauge

from schemas import live
from service.bus.nats_bus import NatsFrames
from service.clock import Clock
from service.live.audience import RESTART
from service.live.timers import Timers
from service.relay.lot import RelayLot
from service.relay.upstream import Upstream, UpstreamGone
from service.settings import Settings

IDLE_MS = 30_000
"""How long a lot without watchers stays open: people reload pages."""
CALL_EVERY_MS = 10_000
"""However well the bus speaks, the service is asked as often: for the time, and to be sure."""
FIRST_QUESTIONS = 5
OPEN = Gauge("luochui_relay_lots", "Lots that this relay has open.")
_log = structlog.get_logger()


class Full(Exception):
    """This relay serves as much as it may."""


class Lots:
    """Owns the open lots and every call about them."""

    def __init__(
        self,
        upstream: Upstream,
        frames: NatsFrames,
        clock: Clock,
        timers: Timers,
        settings: Settings,
    ) -> None:
        self._upstream = upstream
        self._frames = frames
        self._clock = clock
        self._timers = timers
        self._settings = settings
        self._lots: dict[str, asyncio.Task[RelayLot | None]] = {}
        self._calls: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()

    async def get(self, lot_id: str) -> RelayLot | None:
        """The lot, opened by one call; None when there is none. Raises UpstreamGone, Full."""
        opening = self._lots.get(lot_id)
        if opening is None or (opening.done() and not _stands(opening)):
            if len(self._lots) >= self._settings.relay_lots:
                raise Full
            opening = asyncio.create_task(self._open(lot_id), name=f"open {lot_id}")
            self._lots[lot_id] = opening
        try:
            return await asyncio.shield(opening)
        finally:
            if opening.done() and not _stands(opening) and self._lots.get(lot_id) is opening:
                del self._lots[lot_id]
            OPEN.set(len(self._lots))

    def watchers(self) -> int:
        return sum(len(lot.audience) for lot in self.open_lots())

    def open_lots(self) -> list[RelayLot]:
        return [lot for each in self._lots.values() if _stands(each) and (lot := each.result())]

    def ask(self, lot: RelayLot) -> None:
        """Calls the service about this lot soon; of several wishes during a call one is kept."""
        if lot.lot_id in self._calls:
            self._again.add(lot.lot_id)
            return
        lot.asked_ms = self._clock.monotonic_ms()
        task = asyncio.create_task(self._call(lot), name=f"call {lot.lot_id}")
        self._calls[lot.lot_id] = task
        task.add_done_callback(lambda _: self._called(lot))

    async def run(self) -> None:
        """Looks after every lot until cancelled."""
        while True:
            await asyncio.sleep(self._settings.poll_ms / 2000)
            for lot in self.open_lots():
                self._look_after(lot)
            if not self.open_lots():
                with suppress(UpstreamGone):
                    await self._upstream.knock()

    async def close(self) -> None:
        """Sends every audience away with 1012."""
        for lot in self.open_lots():
            lot.audience.close(RESTART)
        tasks = [*self._calls.values(), *self._lots.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _look_after(self, lot: RelayLot) -> None:
        now = self._clock.monotonic_ms()
        if len(lot.audience):
            lot.left_ms = now
        elif now - lot.left_ms > IDLE_MS:
            self._frames.leave(lot.log)
            del self._lots[lot.lot_id]
            OPEN.set(len(self._lots))
            return
        unproved_ms, unasked_ms = now - lot.proved_ms, now - lot.asked_ms
        # A second behind the bus, whose signs of life come once in `poll_ms`.
        if unproved_ms > self._settings.poll_ms * 5 // 4 or unasked_ms > CALL_EVERY_MS:
            self.ask(lot)

    async def _open(self, lot_id: str) -> RelayLot | None:
        first = await self._first(lot_id)
        if first is None:
            return None
        if not isinstance(first, live.Snapshot) or first.lot_id != lot_id:
            raise UpstreamGone("the service's answer is about something else")
        lot = RelayLot(first, self._clock, self._timers, self._settings, self.ask)
        # What was shown between the answer and the subscription is asked for once this stands.
        self._frames.follow(lot.log, lot.hear, lambda: self.ask(lot))
        return lot

    async def _first(self, lot_id: str) -> live.Snapshot | live.Update | None:
        """The first answer may have waited for a connection and for the room to open: until one
        comes quickly, the time is not known."""
        for _ in range(FIRST_QUESTIONS):
            answer = await self._upstream.ask(lot_id, None)
            if answer is None or self._clock.is_sure():
                break
        return answer

    async def _call(self, lot: RelayLot) -> None:
        try:
            answer = await self._upstream.ask(lot.lot_id, lot.seq)
            if answer is not None and not lot.take(answer):
                answer = await self._upstream.ask(lot.lot_id, None)
                if answer is not None:
                    lot.take(answer)
        except UpstreamGone as error:
            self._again.discard(lot.lot_id)  # the next look asks again, not this one at once
            _log.info("upstream_gone", lot_id=lot.lot_id, error=str(error))

    def _called(self, lot: RelayLot) -> None:
        del self._calls[lot.lot_id]
        if lot.lot_id in self._again:
            self._again.discard(lot.lot_id)
            self.ask(lot)


def _stands(opening: "asyncio.Task[RelayLot | None]") -> bool:
    done = opening.done() and not opening.cancelled() and opening.exception() is None
    return done and opening.result() is not None
