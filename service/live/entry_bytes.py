"""The canonical bytes of an entry; for a decided bid, the one entry made by the thousand, at once.

A property test holds the short way to the long one, byte for byte.
"""

from service import wire
from service.audit import canonical
from service.audit.encodings import is_plain
from service.rules import messages as m


def entry_bytes(
    log: str, seq: int, at: int, command: m.Command, events: tuple[m.Event, ...]
) -> bytes:
    """What is stored and hashed of a decision (the bid log, §§3–4). `log`: the origin. at: ms."""
    if isinstance(command, m.PlaceBid) and len(events) == 1:
        short = _bid(log, seq, at, command, events[0])
        if short is not None:
            return short
    return canonical.encode(wire.plain(wire.lot_entry(log, seq, at, command, events)))


def _bid(log: str, seq: int, at: int, bid: m.PlaceBid, event: m.Event) -> bytes | None:
    """RFC 8785 by hand: keys in order, plain whole numbers, texts that need no escape.

    None where a text is of another kind, or the event is: those go the long way.
    """
    said = _verdict(event)
    texts = f"{log}{bid.bid_id}{bid.bidder_no}{bid.key_id}{bid.signature}"
    if said is None or not is_plain(texts):
        return None
    admission = "" if bid.admission is None else f'"admission":{bid.admission:d},'
    jump = "true" if bid.jump_confirmed else "false"
    return (
        f'{{"at":{at:d},"command":{{{admission}"amount_fen":{bid.amount_fen:d},'
        f'"bid_id":"{bid.bid_id}","bidder_no":"{bid.bidder_no}","jump_confirmed":{jump},'
        f'"key_id":"{bid.key_id}","received_at":{bid.received_at:d},"seen_seq":{bid.seen_seq:d},'
        f'"signature":"{bid.signature}","type":"place_bid"}},"events":[{said}],'
        f'"log":"{log}","seq":{seq:d},"v":1}}'
    ).encode()


def _verdict(event: m.Event) -> str | None:
    match event:
        case m.BidAccepted():
            return (
                f'{{"amount_fen":{event.amount_fen:d},"bidder_no":"{event.bidder_no}",'
                f'"closes_at":{event.closes_at:d},"minimum_next_fen":{event.minimum_next_fen:d},'
                f'"type":"bid_accepted"}}'
            )
        case m.BidRefused():
            closes = "" if event.closes_at is None else f'"closes_at":{event.closes_at:d},'
            return (
                f'{{"amount_fen":{event.amount_fen:d},"bidder_no":"{event.bidder_no}",{closes}'
                f'"minimum_fen":{event.minimum_fen:d},"reason":"{event.reason.value}",'
                f'"type":"bid_refused"}}'
            )
        case _:
            return None
