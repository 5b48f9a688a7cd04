"""The doorkeeper: whoever was signed out bids no more, and nobody asks for himself alone."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from service.api.identity import token_hash
from service.api.signed_in import Doorkeeper, SignedIn
from service.store.accounts import end_session
from tests.api.live_site import Site, opened_site

CHECK_MS = 5_000


@pytest.fixture
async def site(database: SimpleNamespace) -> AsyncIterator[Site]:
    async with opened_site(database) as opened:
        yield opened


@contextmanager
def statements(engine: AsyncEngine) -> Iterator[list[str]]:
    """What is said to the database meanwhile."""
    said: list[str] = []

    def hear(*given: Any) -> None:
        said.append(given[2])

    event.listen(engine.sync_engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", hear)


def keeper_of(site: Site, check_ms: int = CHECK_MS) -> Doorkeeper:
    return Doorkeeper(site.engine, site.world.clock.monotonic_ms, check_ms)


async def inside(site: Site, keeper: Doorkeeper, *names: str) -> list[SignedIn]:
    """Their sockets, opened now."""
    made: list[SignedIn] = []
    for person in site.world.bidders(*names):
        cookie = await site.sign_in(person.account_id)
        token = token_hash(cookie.partition("=")[2])
        made.append(SignedIn(token, person.account_id, site.world.clock.monotonic_ms()))
        keeper.enter(made[-1])
    return made


async def sign_out(site: Site, known: SignedIn) -> None:
    async with site.engine.begin() as connection:
        await end_session(connection, known.token_hash)


async def settled(keeper: Doorkeeper) -> None:
    if keeper._looking is not None:
        await asyncio.wait((keeper._looking,))


async def test_all_that_are_due_are_looked_up_by_one_query(site: Site) -> None:
    keeper = keeper_of(site)
    three = await inside(site, keeper, "AAAA", "BBBB", "CCCC")
    site.world.clock.now += CHECK_MS
    await sign_out(site, three[1])
    with statements(site.engine) as said:
        assert not any(keeper.saw_lately(known) for known in three)
        answers = await asyncio.gather(*(keeper.still(known) for known in three))
    assert answers == [True, False, True]
    assert len(said) == 1


async def test_nobody_is_looked_up_within_half_the_time(site: Site) -> None:
    keeper = keeper_of(site)
    (ann,) = await inside(site, keeper, "AAAA")
    site.world.clock.now += CHECK_MS // 2 - 1
    with statements(site.engine) as said:
        assert keeper.saw_lately(ann)
        assert await keeper.still(ann)
        await settled(keeper)
    assert said == []


async def test_who_writes_steadily_never_waits_for_a_look(site: Site) -> None:
    keeper = keeper_of(site)
    (ann,) = await inside(site, keeper, "AAAA")
    for _ in range(6):
        site.world.clock.now += CHECK_MS // 2
        assert keeper.saw_lately(ann)
        await settled(keeper)
    await sign_out(site, ann)
    site.world.clock.now += CHECK_MS // 2
    assert keeper.saw_lately(ann), "the bound has not passed yet"
    await settled(keeper)
    assert not keeper.saw_lately(ann)


async def test_who_was_signed_out_stays_out(site: Site) -> None:
    """Frames that were read already, behind the one that was refused, are refused as well."""
    keeper = keeper_of(site)
    (ann,) = await inside(site, keeper, "AAAA")
    await sign_out(site, ann)
    site.world.clock.now += CHECK_MS
    assert not await keeper.still(ann)
    assert not keeper.saw_lately(ann)
    assert not await keeper.still(ann)


async def test_a_look_that_began_too_early_is_not_enough(site: Site) -> None:
    """With no time allowed, only what was read after the question answers it."""
    keeper = keeper_of(site, check_ms=0)
    (ann,) = await inside(site, keeper, "AAAA")
    site.world.clock.now += 1
    early = asyncio.create_task(keeper.still(ann))
    for _ in range(2):  # its time is noted, its answer on the way
        await asyncio.sleep(0)
    site.world.clock.now += 1
    with statements(site.engine) as said:
        assert await keeper.still(ann)
    assert await early
    assert len(said) == 2


async def test_the_cookie_of_somebody_else_is_no_session(site: Site) -> None:
    keeper = keeper_of(site)
    ann, bob = await inside(site, keeper, "AAAA", "BBBB")
    keeper.enter(stolen := SignedIn(bob.token_hash, ann.account_id, ann.seen_ms))
    site.world.clock.now += CHECK_MS
    assert not await keeper.still(stolen)
    assert await keeper.still(bob)


async def test_whoever_left_is_asked_about_no_more(site: Site) -> None:
    keeper = keeper_of(site)
    ann, bob = await inside(site, keeper, "AAAA", "BBBB")
    keeper.leave(bob)
    before = bob.seen_ms
    site.world.clock.now += CHECK_MS
    assert await keeper.still(ann)
    assert bob.seen_ms == before


async def test_who_hung_up_is_answered_for_what_he_said_before(site: Site) -> None:
    keeper = keeper_of(site)
    ann, bob = await inside(site, keeper, "AAAA", "BBBB")
    site.world.clock.now += CHECK_MS
    first = asyncio.create_task(keeper.still(bob))
    await asyncio.sleep(0)
    keeper.leave(ann)
    with statements(site.engine) as said:
        assert await keeper.still(ann)
        assert await first
    assert len(said) == 2


async def test_a_database_that_fails_is_told_to_who_waits_and_asked_again(site: Site) -> None:
    keeper = keeper_of(site)
    (ann,) = await inside(site, keeper, "AAAA")
    site.world.clock.now += CHECK_MS
    engine, keeper._engine = keeper._engine, None  # type: ignore[assignment]
    with pytest.raises(AttributeError):
        await keeper.still(ann)
    keeper._engine = engine
    assert await keeper.still(ann)
