"""One live socket a bidder, over all processes: the newest stays, the others get 4010.

A process tells of each bidder's socket that opens. Whoever hears of a newer one closes his own; who
hears of an older one tells of his own again. So two sockets opened at the same instant in two
processes leave exactly one, and after a break of the bus everybody tells of everybody once more.
"""

import hmac
from hashlib import sha256

from service.bus.hints import Bus, Hint, SessionReplaced
from service.live.audience import REPLACED, Seat
from service.live.room import Room
from service.live.rooms import Rooms

_PURPOSE = b"luochui bidder's session v1"


class Sessions:
    """Follows the audiences of this process's rooms. `secret`: what only the site's processes
    have; a bidder's presence stays hidden from everyone else on the bus."""

    def __init__(self, rooms: Rooms, bus: Bus, secret: bytes) -> None:
        self._rooms = rooms
        self._bus = bus
        self._key = hmac.digest(secret, _PURPOSE, sha256)
        rooms.on_change(self._follow)
        bus.subscribe(self.hear)
        bus.on_return(self.tell_all)

    def hear(self, hint: Hint) -> None:
        """Some process, this one too, has a bidder's socket."""
        if not isinstance(hint, SessionReplaced):
            return
        for room in self._rooms.open_rooms():
            if room.lot_id == hint.lot_id:
                self._compare(room, hint)

    def tell_all(self) -> None:
        """What was told while the bus was away was told to nobody."""
        for room in self._rooms.open_rooms():
            for seat in room.audience.bidders():
                self._tell(room, seat)

    def _follow(self, room: Room) -> None:
        if room.audience.on_bidder is None:
            room.audience.on_bidder = lambda seat: self._tell(room, seat)

    def _compare(self, room: Room, hint: SessionReplaced) -> None:
        for seat in room.audience.bidders():
            if seat.session == hint.session or self._who(room, seat) != hint.who:
                continue
            if (seat.joined_at, seat.session) < (hint.at, hint.session):
                seat.close(REPLACED)
                room.audience.leave(seat)
            else:
                self._tell(room, seat)

    def _tell(self, room: Room, seat: Seat) -> None:
        who = self._who(room, seat)
        self._bus.tell(SessionReplaced(room.lot_id, who, seat.joined_at, seat.session))

    def _who(self, room: Room, seat: Seat) -> str:
        assert seat.bidder_no is not None, "observers have no name"
        named = f"{room.origin} {seat.bidder_no}".encode()
        return hmac.digest(self._key, named, sha256)[:16].hex()
