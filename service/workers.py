"""`luochui serve --workers N`: several processes on one port, and the one that watches over them.

The life of a worker: the parent starts it; it opens its own parts and listens on the shared port
(SO_REUSEPORT). When it dies it is started again, later each time it dies young. SIGTERM to the
parent goes to all. A parent that was killed leaves nobody behind: each worker holds the other end
of a pipe from it and ends when that closes. The parent itself does nothing that could fail.
"""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from pathlib import Path

import structlog

from service.serving import SHUTDOWN_S, CannotStart, log_as_json, shared_socket
from service.settings import Settings

CANNOT_START = 2
"""A worker's exit code when its settings are wrong, or the database is away. At the first start the
whole command ends with it; later the others go on, and it is tried again."""
FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 10.0
YOUNG_S = 30.0
"""A worker that lived longer is started again at once."""
_METRICS = "PROMETHEUS_MULTIPROC_DIR"
_log = structlog.get_logger()


async def run_workers(settings: Settings, workers: int) -> int:
    """Runs so many until SIGTERM or Ctrl-C; the exit code for the shell."""
    log_as_json()
    try:
        kept = shared_socket(settings.host, settings.port, listening=False)
    except OSError as error:
        raise CannotStart(
            f"Port {settings.port} on {settings.host} is not free ({error.strerror}): "
            "stop what uses it, or choose another with --port."
        ) from error
    port = int(kept.getsockname()[1])
    metrics = Path(tempfile.mkdtemp(prefix="luochui-metrics-"))
    try:
        crew = Crew(settings, port, metrics)
        return await crew.run(workers)
    finally:
        kept.close()
        shutil.rmtree(metrics, ignore_errors=True)


class Crew:
    """The workers of one parent. Owns their processes."""

    def __init__(self, settings: Settings, port: int, metrics: Path) -> None:
        self._settings = settings
        self._port = port
        self._metrics = metrics
        self._stopping = asyncio.Event()
        self._children: dict[int, Process] = {}
        self._code = 0

    async def run(self, workers: int) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        await asyncio.gather(*(self._keep(place) for place in range(workers)))
        _log.info("workers_ended", code=self._code)
        return self._code

    def _stop(self) -> None:
        if not self._stopping.is_set():
            _log.info("workers_stopping", workers=len(self._children))
            self._stopping.set()

    async def _keep(self, place: int) -> None:
        """One place among the workers, until all stop."""
        loop, wait_s, lives = asyncio.get_running_loop(), FIRST_WAIT_S, 0
        while not self._stopping.is_set():
            begun, lives = loop.time(), lives + 1
            code = await self._live_once(place)
            if code == CANNOT_START and lives == 1:
                self._code = CANNOT_START
                self._stop()
            if self._stopping.is_set():
                return
            wait_s = FIRST_WAIT_S if loop.time() - begun > YOUNG_S else wait_s
            _log.warning("worker_ended", worker=place, code=code, again_in_s=wait_s)
            await self._pause(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def _live_once(self, place: int) -> int:
        """From a worker's start to its end; its exit code."""
        child = await asyncio.create_subprocess_exec(
            *_command(place, self._settings.host, self._port),
            stdin=PIPE,  # closes with us, however we end
            env=_environment(self._metrics),
        )
        self._children[place] = child
        _log.info("worker_started", worker=place, pid=child.pid, port=self._port)
        ended = asyncio.create_task(child.wait())
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait((ended, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not ended.done():
            await self._end(child, ended)
        _forget_gauges(self._metrics, child.pid)
        del self._children[place]
        return ended.result()

    async def _end(self, child: Process, ended: "asyncio.Task[int]") -> None:
        """SIGTERM, and SIGKILL to who has not drained in time."""
        child.terminate()
        grace_s = 3 * SHUTDOWN_S + self._settings.drain_ms / 1000
        await asyncio.wait((ended,), timeout=grace_s)
        if not ended.done():
            _log.error("worker_killed", pid=child.pid)
            child.kill()
            await ended


def stop_with_parent(stopping: asyncio.Event) -> None:
    """Of a worker: sets `stopping` when the parent's end of our standard input closes."""
    loop, ours = asyncio.get_running_loop(), sys.stdin.fileno()

    def look() -> None:
        if not os.read(ours, 64):
            loop.remove_reader(ours)
            stopping.set()

    loop.add_reader(ours, look)


def _command(place: int, host: str, port: int) -> tuple[str, ...]:
    where = ("--host", host, "--port", str(port))
    return (sys.executable, "-m", "service.cli", "serve", *where, "--worker", str(place))


def _environment(metrics: Path) -> Mapping[str, str]:
    """prometheus_client decides at its import where it counts, so the folder is named before."""
    return {**os.environ, _METRICS: str(metrics)}


def _forget_gauges(metrics: Path, pid: int) -> None:
    """A dead worker's counters stay counted; what it measured just now is true no more."""
    for file in metrics.glob(f"gauge_live*_{pid}.db"):
        file.unlink()
