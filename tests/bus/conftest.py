"""Both buses, each on its real server."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.bus.servers import Ground, NatsGround, NatsServer, PostgresGround, nats_server


@pytest.fixture
def nats() -> Iterator[NatsServer]:
    with nats_server() as server:
        yield server


@pytest.fixture(params=["postgres", "nats"])
async def ground(request: pytest.FixtureRequest, open_folder: Path) -> AsyncIterator[Ground]:
    made: Ground
    if request.param == "nats":
        server = NatsServer()
        server.start()
        made = NatsGround(server)
    else:
        made = PostgresGround(_entered(open_folder))
    yield made
    await made.close()


def _entered(open_folder: Path) -> Path:
    """A folder that the server's account may enter."""
    folder = Path(tempfile.mkdtemp(dir=open_folder))
    folder.chmod(0o755)
    return folder
