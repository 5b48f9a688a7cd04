"""The real site with the real built client, and people in front of it."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from service.store.embedded import RunningPostgres, create_database
from tests.browser.visitors import ABROAD, DESK, PHONE, Visitor, Witness
from tests.conftest import FreshDatabase
from tests.story.site import Site, free_port, open_site

Visits = Callable[..., Awaitable[Visitor]]
NewName = Callable[[str], str]
PATIENCE_MS = 20_000
"""How long a screen may take to show what it must, on a machine that does other things too."""

expect.set_options(timeout=PATIENCE_MS)
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
async def site(
    postgres: RunningPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One site for all these tests: each has lots and people of its own."""
    built = files("service").joinpath("web_dist", "index.html")
    assert built.is_file(), "Build the web client: `cd web && npm ci && npm run build`."
    name = "test_browser"
    await create_database(postgres, name, template=template)
    database = FreshDatabase(name, postgres.app_url(name), postgres.owner_url(name), postgres)
    folder: Path = tmp_path_factory.mktemp("browser")
    async with (
        AsyncExitStack() as people,
        open_site(database, folder, free_port(), people) as opened,
    ):
        yield opened


@pytest.fixture
async def visits(browser: Browser, site: Site) -> AsyncIterator[Visits]:
    """`await visits()`: a new person with a browser of his own, at a desk or with a phone.

    After the test nobody's browser has asked another origin for anything, nor complained.
    """
    witnesses: list[Witness] = []
    contexts = []

    async def visit(*, phone: bool = False, base_url: str = "", **more: Any) -> Visitor:
        kind = PHONE if phone else DESK
        context = await browser.new_context(**{**ABROAD, **kind, **more})
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        witness = Witness(base_url or site.base_url)
        witness.watch(context)
        witnesses.append(witness)
        page = await context.new_page()
        return Visitor(page, witness.origin, witness, touch=phone)

    yield visit
    for context in contexts:
        await context.close()
    for witness in witnesses:
        assert witness.foreign() == [], "everything comes from our own origin"
        assert witness.complaints == [], "the browser had nothing to complain about"


@pytest.fixture
def new_name() -> NewName:
    """Names that no other test has taken: for lots and for people."""
    return lambda what: f"{what}-{next(_numbers)}"
