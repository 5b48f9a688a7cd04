"""One witness process: the key, the store and the doors opened once, and closed in order."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from secrets import token_bytes
from typing import Any

import structlog
import uvicorn

from service.audit.broken import Broken
from service.audit.cosignatures import CosignerKey, CosigningKey
from service.audit.keys import read_text, save_text
from service.clock import wall_ms
from service.connections import Bounds, http_protocol, raise_file_limit
from service.witness.config import CannotStart, Config, read_config
from service.witness.doors import Witness, build_doors
from service.witness.store import Store, StoreFailed

SHUTDOWN_S = 5
MAX_CONNECTIONS = 1_024
BACKLOG = 128
IDLE_S = 75
"""How long an idle connection is kept for the next request."""
BOUNDS = Bounds(connections=MAX_CONNECTIONS, per_address=MAX_CONNECTIONS // 4)
"""A log has one connection, or a few. Who sends a head by drops holds its place for seconds."""

_log = structlog.get_logger("witness")


def run(config: Path) -> None:
    """`luochui witness`: until SIGTERM or Ctrl-C. Raises CannotStart with one sentence."""
    raise_file_limit(MAX_CONNECTIONS)
    asyncio.run(_until_told(read_config(config)))


@asynccontextmanager
async def running(config: Config, clock_ms: Callable[[], int] = wall_ms) -> AsyncIterator[str]:
    """A witness in this process; yields its base URL. Raises CannotStart with one sentence."""
    with _listening(config) as door, _opened(config, clock_ms) as witness:
        server = _Server(
            uvicorn.Config(
                build_doors(witness),
                http=http_protocol(BOUNDS),
                limit_concurrency=MAX_CONNECTIONS,
                timeout_keep_alive=IDLE_S,
                timeout_graceful_shutdown=SHUTDOWN_S,
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
            )
        )
        task = asyncio.create_task(server.serve(sockets=[door]), name="witness")
        try:
            while not server.started:
                if task.done():
                    raise CannotStart(f"The doors on {config.listen} did not open.")
                await asyncio.sleep(0.01)
            yield _base_url(config, door)
        finally:
            server.should_exit = True
            await task


def new_key(name: str, path: Path) -> CosignerKey:
    """`luochui witness-key`: make the secret file (0600); CannotStart when it cannot be."""
    try:
        key = CosigningKey(name, token_bytes(32))
        save_text(path, key.to_text())
    except Broken as broken:
        raise CannotStart(f"No key was made: {broken}.") from broken
    except OSError as error:
        raise CannotStart(f"No key was made: {path}: {error.strerror}.") from error
    return key.verifying


def policy_line(key: CosignerKey) -> str:
    """The line of a C2SP tlog-policy that names this witness."""
    return f"witness {key.name} {key.to_text()}"


class _Server(uvicorn.Server):
    """Leaves the signals to whoever runs it: a demo or a test has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


async def _until_told(config: Config) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    )
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    async with running(config) as base_url:
        _log.info("serving", url=base_url, name=config.name, store=str(config.store))
        await stopping.wait()
        _log.info("stopping")


@contextmanager
def _listening(config: Config) -> Iterator[socket.socket]:
    """The bound socket, before anything else is touched: a second start changes nothing."""
    host, port = config.address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, port))
            door.listen(BACKLOG)
        except OSError as error:
            raise CannotStart(
                f"{config.listen} is not free ({error.strerror}): "
                "stop what uses it, or change listen."
            ) from error
        yield door


@contextmanager
def _opened(config: Config, clock_ms: Callable[[], int]) -> Iterator[Witness]:
    key = _load_key(config)
    is_new = not config.store.exists()
    try:
        store = Store(
            config.store,
            max_logs=config.max_logs,
            max_conflicts=config.max_conflicts,
            seconds=lambda: clock_ms() // 1000,
        )
    except StoreFailed as error:
        raise CannotStart(
            f"The store {config.store} cannot be written ({error}): "
            "its folder must exist and let us write, and the file must be a witness's own."
        ) from error
    if is_new:
        # A key that has already cosigned must never come here: its promises would be forgotten.
        _log.warning("store_is_new", store=str(config.store), vkey=key.verifying.to_text())
    with (
        contextlib.closing(store),
        ThreadPoolExecutor(1, thread_name_prefix="witness-store") as lane,
    ):
        yield Witness(config, key, store, lane)


def _load_key(config: Config) -> CosigningKey:
    try:
        key = CosigningKey.from_text(read_text(config.key_file))
    except Broken as broken:
        raise CannotStart(
            f"key_file {config.key_file} holds no witness key ({broken}); "
            "`luochui witness-key` makes one."
        ) from broken
    if key.name != config.name:
        raise CannotStart(
            f"The key is named {key.name} and the witness {config.name}: they must be one."
        )
    return key


def _base_url(config: Config, door: socket.socket) -> str:
    host, _ = config.address
    port = door.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
