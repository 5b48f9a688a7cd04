"""The land bank: real parcels shipped with the package, loaded as often as one likes."""

import json
from importlib.resources import files
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.rest import Parcel
from service.store import parcels

_PARCELS = TypeAdapter(tuple[Parcel, ...])


def shipped_parcels() -> tuple[Parcel, ...]:
    """The parcels of `service/data/parcels.json`."""
    return _PARCELS.validate_json(files("service").joinpath("data/parcels.json").read_bytes())


async def load_parcels(engine: AsyncEngine) -> int:
    """Writes the shipped parcels into the land bank; returns how many there are."""
    rows = [_row(parcel) for parcel in shipped_parcels()]
    async with engine.begin() as connection:
        await parcels.keep_parcels(connection, rows)
    return len(rows)


def parcel_of(row: RowMapping) -> Parcel:
    return Parcel.model_validate_json(json.dumps(dict(row)))


def _row(parcel: Parcel) -> dict[str, Any]:
    return {**parcel.model_dump(), "facts": parcel.facts.model_dump(exclude_none=True)}
