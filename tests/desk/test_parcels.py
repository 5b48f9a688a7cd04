"""The land bank: real facts, whole numbers, loaded as often as one likes."""

import re

from sqlalchemy import text

from service import wire
from service.desk.parcels import load_parcels, shipped_parcels
from tests.desk.world import OfficeWorld


def test_the_shipped_parcels_are_facts_in_whole_numbers() -> None:
    parcels = shipped_parcels()
    assert len({parcel.parcel_id for parcel in parcels}) == len(parcels) > 50
    for parcel in parcels:
        wire.parcel_from_wire(parcel.facts)
        assert parcel.source
        assert parcel.facts.area_centi_m2 > 0
    huanghua = parcels[0]
    assert huanghua.facts.area_centi_m2 == 6_051_061, "60,510.61 m²"
    assert huanghua.starting_price_fen == 28_250_000_000, "28,250 万元"


def test_no_winner_is_named() -> None:
    text_of_all = " ".join(parcel.model_dump_json() for parcel in shipped_parcels())
    assert not re.search("竞得人|受让|winner", text_of_all)


async def test_loading_again_changes_nothing(office: OfficeWorld) -> None:
    async with office.engine.begin() as connection:
        await connection.execute(text("UPDATE parcels SET source = 'other'"))
    assert await load_parcels(office.engine) == await load_parcels(office.engine)
    async with office.engine.connect() as connection:
        rows = await connection.execute(text("SELECT source FROM parcels"))
        sources = list(rows.scalars())
    assert len(sources) == len(shipped_parcels())
    assert "other" not in sources
