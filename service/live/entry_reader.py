"""A decided bid read from its canonical bytes at one look: what all but a few foreign entries are.

The pattern is the whole form: RFC 8785's order of keys, plain whole numbers, each text within the
bounds of its schema. What it takes, the strict reader takes too and reads alike, which a property
test holds; everything else goes there. The hash, the log's name and the place are the caller's.
"""

import re

from service.audit.encodings import MAX_INTEGER
from service.rules import messages as m
from service.rules.refusals import Reason

_WHOLE = "(0|[1-9][0-9]{0,15})"
_NUMBER = "([A-Z0-9]{4})"
_REASONS = {reason.value: reason for reason in Reason}
_BID_ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# `\A`, `\Z` and no `$`, which would let a line's end pass; the log's name is plain ASCII.
_BID = re.compile(
    rf'\A{{"at":{_WHOLE},"command":{{(?:"admission":{_WHOLE},)?"amount_fen":{_WHOLE},'
    rf'"bid_id":"({_BID_ID})","bidder_no":"{_NUMBER}","jump_confirmed":(true|false),'
    rf'"key_id":"([0-9a-f]{{16}})","received_at":{_WHOLE},"seen_seq":{_WHOLE},'
    r'"signature":"([A-Za-z0-9+/]{86}==)","type":"place_bid"},"events":\[\{'
    rf'"amount_fen":{_WHOLE},"bidder_no":"{_NUMBER}",'
    rf'(?:"closes_at":{_WHOLE},)?(?:"minimum_next_fen":{_WHOLE},"type":"bid_accepted"'
    rf'|"minimum_fen":{_WHOLE},"reason":"([A-Z_]{{1,80}})","type":"bid_refused")'
    rf'\}}\],"log":"([a-z0-9./:-]{{1,200}})","seq":{_WHOLE},"v":1}}\Z'
)

Read = tuple[str, int, int, m.PlaceBid, m.Event]


def read_bid(raw: bytes) -> Read | None:
    """log, seq, at (ms), the bid and the verdict; None where the strict reader must look."""
    try:
        found = _BID.match(raw.decode("ascii"))
    except UnicodeDecodeError:
        return None
    if found is None:
        return None
    (
        at, admission, amount, bid_id, bidder_no, jump, key_id, received_at, seen_seq, signature,
        told_amount, told_no, closes_at, next_fen, minimum_fen, reason, log, seq,
    ) = found.groups()  # fmt: skip
    event: m.Event | None = None
    if next_fen is None:
        event = _refused(told_no, told_amount, minimum_fen, reason, closes_at)
    elif closes_at is not None:
        event = m.BidAccepted(
            bidder_no=told_no,
            amount_fen=int(told_amount),
            minimum_next_fen=int(next_fen),
            closes_at=int(closes_at),
        )
    bid = m.PlaceBid(
        bid_id=bid_id,
        bidder_no=bidder_no,
        amount_fen=int(amount),
        seen_seq=int(seen_seq),
        jump_confirmed=jump == "true",
        received_at=int(received_at),
        key_id=key_id,
        signature=signature,
        admission=None if admission is None else int(admission),
    )
    numbers = (int(seq), int(at), bid.amount_fen, bid.seen_seq, bid.received_at)
    if event is None or not _all_exact(*numbers, bid.admission or 0, *_numbers_of(event)):
        return None
    return log, numbers[0], numbers[1], bid, event


def _refused(
    bidder_no: str, amount: str, minimum: str, reason: str, closes_at: str | None
) -> m.BidRefused | None:
    known = _REASONS.get(reason)
    if known is None:
        return None
    return m.BidRefused(
        bidder_no=bidder_no,
        amount_fen=int(amount),
        reason=known,
        minimum_fen=int(minimum),
        closes_at=None if closes_at is None else int(closes_at),
    )


def _numbers_of(event: m.Event) -> tuple[int, ...]:
    if isinstance(event, m.BidAccepted):
        return event.amount_fen, event.minimum_next_fen, event.closes_at
    assert isinstance(event, m.BidRefused), "the other verdict"
    return event.amount_fen, event.minimum_fen, event.closes_at or 0


def _all_exact(*numbers: int) -> bool:
    """Sixteen digits may lie above 2^53."""
    return max(numbers) <= MAX_INTEGER
