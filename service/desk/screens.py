"""What each screen was sent, and when, as lines of the regulator's evidence pack."""

from sqlalchemy.ext.asyncio import AsyncConnection

from service.audit import canonical
from service.store.views import View, read_views

_SESSIONS = frozenset({"opened", "closed"})


async def gather_screens(connection: AsyncConnection, log: str) -> tuple[list[bytes], list[bytes]]:
    """`sessions.jsonl` and `views.jsonl` of a log: canonical lines without their ends, in the order
    in which they were written; within one process that is the order in which things were sent."""
    sessions: list[bytes] = []
    shown: list[bytes] = []
    async for view in read_views(connection, log):
        (sessions if view.kind in _SESSIONS else shown).append(_line(view))
    return sessions, shown


def _line(view: View) -> bytes:
    """`frame` is the very text that was sent, as a string."""
    row = {"at": view.at, "kind": view.kind, "process": view.process, **(view.facts or {})}
    for name in ("session", "no", "frame"):
        value = getattr(view, name)
        if value is not None:
            row[name] = value
    return canonical.encode(row)
