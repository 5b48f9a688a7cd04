"""What the doors stand on: handed in once by the composition root, nothing else is global."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import HTTPConnection

from schemas.rest import VerifyReport
from service.clock import Clock
from service.desk.anchors import Anchors
from service.desk.passwords import Passwords
from service.desk.ports import Desk, RollChanged, Submit
from service.settings import Settings
from service.store.signer import Signer


@dataclass(frozen=True, slots=True)
class Trust:
    """What this site publishes for verifiers beside its key. policy: a C2SP tlog-policy, empty
    without witnesses. authorities: PEM certificates of the time-stamp authorities."""

    policy: bytes = b""
    authorities: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """rooms: the process's live rooms, for the channel and the bid doors.

    submit: their port for every command after publication. reserve_given: told of a lot_id after
    the commit of a half of its reserve's key. export_pack: lot_id, and whether
    it is for the regulator → the evidence pack (ZIP bytes).
    verify_pack: pack → the verifier's report; called in a thread.
    path_is_proved: whether the bid path was proved lately, or no lot needs it. has_room: whether
    the last write found room on the database's disk. stopping: set once someone asked the process
    to end.
    """

    engine: AsyncEngine
    clock: Clock
    settings: Settings
    signer: Signer
    passwords: Passwords
    submit: Submit
    roll_changed: RollChanged
    export_pack: Callable[[str, bool], Awaitable[bytes]]
    verify_pack: Callable[[bytes], VerifyReport]
    rooms: Any
    anchors: Anchors = field(default_factory=Anchors)
    trust: Trust = Trust()
    reserve_given: Callable[[str], None] = lambda _: None
    path_is_proved: Callable[[], bool] = lambda: True
    has_room: Callable[[], bool] = lambda: True
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def desk(self) -> Desk:
        """The ground of the office's functions."""
        return Desk(
            engine=self.engine,
            clock=self.clock,
            settings=self.settings,
            submit=self.submit,
            roll_changed=self.roll_changed,
            anchors=self.anchors,
        )


def parts_of(http: HTTPConnection) -> Parts:
    """The parts behind this request or socket."""
    parts = http.app.state.parts
    assert isinstance(parts, Parts)
    return parts
