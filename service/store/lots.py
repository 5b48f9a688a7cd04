"""The public list of lots, read from the rows that the ledger keeps beside each head."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.log_tables import logs, lot_id_of, lot_log


@dataclass(frozen=True, slots=True)
class ListedLot:
    """A published lot. state: LotFields, listing: LotPage without `state`, both plain JSON."""

    lot_id: str
    size: int
    announced_at: int
    state: Mapping[str, Any]
    listing: Mapping[str, Any]

    @property
    def cursor(self) -> tuple[int, str]:
        """Its place in the list: hand it in as `after` to go on behind it."""
        return self.announced_at, self.lot_id


async def list_lots(
    connection: AsyncConnection,
    *,
    stage: str | None = None,
    method: str | None = None,
    q: str | None = None,
    after: tuple[int, str] | None = None,
    limit: int,
) -> list[ListedLot]:
    """At most `limit` lots, the newest announcement first and then in order of id.

    q: words that stand in the title, the parcel's number or the lot's id, whatever their case.
    """
    asked = _LISTED.order_by(logs.c.announced_at.desc(), logs.c.log).limit(limit)
    if stage is not None:
        asked = asked.where(logs.c.stage == stage)
    if method is not None:
        asked = asked.where(logs.c.listing["method"].as_string() == method)
    if q is not None:
        asked = asked.where(func.strpos(_WORDS, q.lower()) > 0)
    if after is not None:
        at, log = after[0], lot_log(after[1])
        # Said twice so that the index can begin at the cursor's instant.
        asked = asked.where(logs.c.announced_at <= at)
        asked = asked.where(or_(logs.c.announced_at < at, logs.c.log > log))
    return [_listed(row) for row in (await connection.execute(asked)).mappings()]


async def find_lot(connection: AsyncConnection, lot_id: str) -> ListedLot | None:
    found = await connection.execute(_LISTED.where(logs.c.log == lot_log(lot_id)))
    row = found.mappings().one_or_none()
    return None if row is None else _listed(row)


def _listed(row: RowMapping) -> ListedLot:
    return ListedLot(
        lot_id_of(row["log"]), row["size"], row["announced_at"], row["state"], row["listing"]
    )


_LISTED: Select[Any] = select(
    logs.c.log, logs.c.size, logs.c.announced_at, logs.c.state, logs.c.listing
).where(logs.c.announced_at.is_not(None))

_WORDS = func.lower(
    func.concat_ws(
        "\n",
        logs.c.listing[("parcel", "title")].as_string(),
        logs.c.listing[("parcel", "parcel_no")].as_string(),
        func.substr(logs.c.log, 5),
    )
)
