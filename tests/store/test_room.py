"""A disk that was full is asked again while nobody writes."""

from types import SimpleNamespace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.settings import Settings
from service.store.engine import open_engine
from service.store.ledger import Ledger


async def test_room_is_found_again_without_leaving_a_row(database: SimpleNamespace) -> None:
    engine = open_engine(database.app_url, Settings())
    ledger = Ledger(engine, Settings())
    ledger.out_of_room = True
    assert await ledger.look_for_room()
    assert not ledger.out_of_room
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM lot_states"))).scalar() == 0
        size = await connection.execute(text("SELECT pg_total_relation_size('lot_states')"))
        assert size.scalar_one() >= 128 << 10, "it took pages, and did not ask for nothing"
    await engine.dispose()


async def test_without_an_answer_there_is_no_room(settings: Settings) -> None:
    engine = open_engine("postgresql+asyncpg://luochui_app@127.0.0.1:9/none", settings)
    ledger = Ledger(engine, settings)
    assert await ledger.look_for_room(), "nobody said that there was none"
    ledger.out_of_room = True
    assert not await ledger.look_for_room()
    with pytest.raises((DBAPIError, OSError)):
        async with engine.connect():
            pass
    await engine.dispose()
