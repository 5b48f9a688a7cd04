"""`luochui relay`: opens the parts of one relay and closes them in order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from service.api.crowds import Crowds
from service.api.rates import Rates
from service.bus.nats_bus import NatsFrames
from service.live.timers import LoopTimers
from service.relay.clock import RelayClock
from service.relay.doors import RelayParts, build_app
from service.relay.lots import Lots
from service.relay.upstream import Upstream
from service.serving import CannotStart, doors, log_as_json
from service.settings import Settings

_log = structlog.get_logger()


async def relay(settings: Settings) -> None:
    """Until SIGTERM or Ctrl-C."""
    log_as_json()
    async with opened(settings) as parts:
        app = build_app(parts)
        async with doors(app, settings, parts.stopping, parts.lots.close):
            where = {"host": settings.host, "port": settings.port}
            _log.info("relaying", upstream=settings.relay_upstream, **where)
            await parts.stopping.wait()
            _log.info("stopping", drain_ms=settings.drain_ms)
            await asyncio.sleep(settings.drain_ms / 1000)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[RelayParts]:
    """Everything one relay is made of; raises an error of one sentence when it cannot be."""
    if settings.relay_upstream is None or not settings.relay_upstream.startswith("http"):
        raise CannotStart(
            "Set LUOCHUI_RELAY_UPSTREAM to the service's address, e.g. https://auction.example.cn."
        )
    if settings.nats_url is None:
        raise CannotStart("Set LUOCHUI_NATS_URL to the NATS server that the service speaks to.")
    frames = NatsFrames(settings.nats_url.get_secret_value())
    clock, timers = RelayClock(settings.clock_uncertainty_ms), LoopTimers()
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(Upstream(settings.relay_upstream, clock))
        lots = Lots(upstream, frames, clock, timers, settings)
        stack.push_async_callback(lots.close)
        working = [asyncio.create_task(each) for each in (frames.run(), lots.run())]
        stack.push_async_callback(asyncio.wait, working)
        for task in working:
            stack.callback(task.cancel)
        yield RelayParts(
            settings=settings,
            clock=clock,
            timers=timers,
            upstream=upstream,
            frames=frames,
            lots=lots,
            rates=Rates(settings.frames_per_s, settings.rate_keys, clock.monotonic_ms),
            crowds=Crowds(settings.observers_per_address, settings.trusted_proxies),
        )
