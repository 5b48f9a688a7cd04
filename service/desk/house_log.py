"""What the supervisor sees of the house log: all but what would break a running sale's seal.

Before a lot's roll is opened nobody, officials included, may learn who takes part or how many
(rules §11), and the house log holds one entry for each admission, deposit and look at applicants.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.log import HouseCommand, RecordLook
from schemas.rest import HouseLine, HousePage, LookLine, LookPage
from service.desk.officials import house_marks
from service.store.house_reads import Place, Running, newest_first, running_lots

OPEN_KINDS = frozenset({"lot_born", "lot_sealed"})
OPEN_ACTIONS = frozenset(
    {
        *("CREATE_DRAFT", "EDIT_DRAFT", "SUBMIT_DRAFT"),
        *("SEAL_RESERVE", "OPEN_RESERVE_HALF", "CONFIRM_EMERGENCY"),
        *(
            f"{step}_{action}"
            for step in ("REQUEST", "APPROVE", "WITHDRAW")
            for action in ("SUSPEND", "RESUME", "TERMINATE", "CONFIRM", "SEAL")
        ),
    }
)
"""Actions about a running lot that are shown at once: they would be taken without a bidder too.
Every other one is withheld until the roll is opened, also those that nobody thought of here."""

_COMMAND: TypeAdapter[HouseCommand] = TypeAdapter(HouseCommand)


@dataclass(frozen=True, slots=True)
class Shown:
    """A page as it was found. more: the place to go on from, when there is more."""

    lines: tuple[HouseLine, ...]
    more: Place | None
    withheld: bool


async def list_house(
    connection: AsyncConnection,
    *,
    before: Place | None,
    limit: int,
    kind: str | None = None,
    lot_id: str | None = None,
) -> Shown:
    """House-log entries, the newest first."""
    running = await running_lots(connection)
    marks: list[tuple[str, ...]] = []
    if kind is not None:
        marks.append((f'"type":"{kind}"',))
    if lot_id is not None:
        marks.append(house_marks(lot_id))
    lines: list[HouseLine] = []
    place = before
    skipped = 0
    async for entry in newest_first(connection, before, marks):
        if is_withheld(entry["command"], running):
            continue
        if before is not None and entry["at"] == before.at and skipped < before.shown:
            skipped += 1
            continue
        if len(lines) == limit:
            return Shown(tuple(lines), place, bool(running.lots))
        lines.append(_line(entry, running))
        again = place.shown if place is not None and place.at == entry["at"] else 0
        place = Place(entry["at"], again + 1)
    return Shown(tuple(lines), None, bool(running.lots))


def is_withheld(command: Mapping[str, Any], running: Running) -> bool:
    """Whether an entry's command would tell of the bidders of a lot whose roll is sealed."""
    lot_id = command.get("lot_id")
    if lot_id is None and str(command.get("subject", "")).startswith("lot/"):
        lot_id = command["subject"].split("/")[1]
    if lot_id not in running.lots:
        return False
    return command["type"] not in OPEN_KINDS and command.get("action") not in OPEN_ACTIONS


def tells_seq(at: int, running: Running) -> bool:
    """Whether an entry of this instant is shown with its number: from the first running lot on a
    gap between two numbers would tell how much is withheld."""
    return running.since is None or at < running.since


def house_page(shown: Shown, next_cursor: str | None) -> HousePage:
    return HousePage(items=shown.lines, withheld=shown.withheld, next_cursor=next_cursor)


def look_page(shown: Shown, next_cursor: str | None) -> LookPage:
    """The same lines as a table of looks; they are all `record_look`."""
    looks = tuple(_look(line) for line in shown.lines)
    return LookPage(items=looks, withheld=shown.withheld, next_cursor=next_cursor)


def _line(entry: Mapping[str, Any], running: Running) -> HouseLine:
    return HouseLine(
        seq=entry["seq"] if tells_seq(entry["at"], running) else None,
        at=entry["at"],
        command=_COMMAND.validate_json(json.dumps(entry["command"])),
    )


def _look(line: HouseLine) -> LookLine:
    look = line.command
    assert isinstance(look, RecordLook), "asked for by its kind"
    return LookLine(
        seq=line.seq,
        at=line.at,
        official=look.requester,
        subject=look.subject,
        field=look.field,
        reason=look.reason,
    )
