"""What every test may ask for: a real migrated PostgreSQL, and a browser."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.config import Config as AlembicConfig
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from service.store import migrate
from service.store.embedded import RunningPostgres, create_database, start_postgres

TEMPLATE = "luochui_template"
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class FreshDatabase:
    """One migrated, otherwise empty database; it is gone after the test."""

    name: str
    app_url: str
    owner_url: str
    server: RunningPostgres

    async def connect_as_owner(self) -> asyncpg.Connection:
        return await _connect(self.owner_url)

    async def connect_as_app(self) -> asyncpg.Connection:
        return await _connect(self.app_url)


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A temporary folder that other accounts may enter: pytest's own is closed to `nobody`."""
    folder = Path(tempfile.mkdtemp(prefix="luochui-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres(open_folder: Path) -> Iterator[RunningPostgres]:
    """One server, as durable as the real one, for each test process."""
    server = start_postgres(open_folder / "postgres", private_dir=open_folder / "private")
    yield server
    server.stop()


@pytest.fixture(scope="session")
async def template(postgres: RunningPostgres) -> str:
    """The name of a database migrated once, for tests to be copied from."""
    await create_database(postgres, TEMPLATE)
    await asyncio.to_thread(migrate.upgrade, postgres.owner_url(TEMPLATE))
    return TEMPLATE


@pytest.fixture
async def database(postgres: RunningPostgres, template: str) -> AsyncIterator[FreshDatabase]:
    """A fresh copy of the migrated template."""
    async for copied in _database(postgres, template):
        yield copied


@pytest.fixture
async def empty_database(postgres: RunningPostgres) -> AsyncIterator[FreshDatabase]:
    """A database without any table, for the migrations themselves."""
    async for made in _database(postgres, "template0"):
        yield made


@pytest.fixture
def alembic_config() -> AlembicConfig:
    return migrate.config()


@pytest.fixture
def alembic_engine(empty_database: FreshDatabase) -> AsyncEngine:
    """What pytest-alembic migrates: no pool, because alembic runs an event loop of its own."""
    return create_async_engine(empty_database.owner_url, poolclass=NullPool)


async def _database(server: RunningPostgres, template: str) -> AsyncIterator[FreshDatabase]:
    name = f"test_{next(_numbers)}"
    await create_database(server, name, template=template)
    yield FreshDatabase(name, server.app_url(name), server.owner_url(name), server)
    owner = await _connect(server.owner_url())
    await owner.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await owner.close()


async def _connect(url: str) -> asyncpg.Connection:
    place = make_url(url)
    return await asyncpg.connect(
        host=place.query["host"],
        port=int(str(place.query["port"])),
        user=place.username,
        database=place.database,
    )


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """How Playwright starts Chromium; a machine without one fails, it never skips."""
    quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update"]
    return {
        "executable_path": str(find_chromium()),
        "args": ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-sync", *quiet],
    }


def find_chromium() -> Path:
    """Looked for in this order: LUOCHUI_CHROMIUM, the system, Playwright's own downloads."""
    named = os.environ.get("LUOCHUI_CHROMIUM")
    system = shutil.which("chromium") or shutil.which("chromium-browser")
    downloads = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or "~/.cache/ms-playwright"
    own = sorted(Path(downloads).expanduser().glob("chromium-*/chrome-linux*/chrome"))
    for found in [named] if named else [system, *reversed(own)]:
        if found and Path(found).exists():
            return Path(found)
    pytest.fail(
        "The browser tests need Chromium: install it (`apt-get install chromium`) "
        "or name it in LUOCHUI_CHROMIUM.",
        pytrace=False,
    )
