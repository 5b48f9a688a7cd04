"""What the desk stands on, handed in by the composition root."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncEngine

from service.clock import Clock
from service.desk.anchors import Anchors
from service.rules.messages import Command, Event
from service.rules.refusals import Refusal
from service.settings import Settings

Submit = Callable[[str, Command], Awaitable[tuple[int, tuple[Event, ...]] | Refusal]]
"""(lot_id, command) → (seq of its entry, its events), or the rules' refusal.

Every command after publication goes through this one port: the desk never writes into a live lot.
"""

RollChanged = Callable[[str], None]
"""Told of a lot_id after the commit of an admission or of a new key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The office's ground."""

    engine: AsyncEngine
    clock: Clock
    settings: Settings
    submit: Submit
    roll_changed: RollChanged
    anchors: Anchors = field(default_factory=Anchors)
