"""The short way to a bid's bytes is the long one, byte for byte."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service import wire
from service.audit import canonical
from service.live.entry_bytes import entry_bytes
from service.rules import messages as m
from service.rules.refusals import Reason

LOG = "auction.example.cn/lot/hj-2017-07"
AMOUNTS = st.integers(0, 2**53 - 1)
NUMBERS = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", min_size=4, max_size=4)
BIDS = st.builds(
    m.PlaceBid,
    bid_id=st.uuids(version=4).map(str),
    bidder_no=NUMBERS,
    amount_fen=AMOUNTS,
    seen_seq=AMOUNTS,
    jump_confirmed=st.booleans(),
    received_at=AMOUNTS,
    key_id=st.text("0123456789abcdef", min_size=16, max_size=16),
    signature=st.just(
        "WlnQYwvuqJQzcQzzGH5tOXa75JbUO6Tqpi8BOBLzx+d/GIYBywkk8fwE9E5TydVVWHyB6DIpD9s0mOeQCaULxQ=="
    ),
    admission=st.none() | AMOUNTS,
)
VERDICTS = st.builds(
    m.BidAccepted,
    bidder_no=NUMBERS,
    amount_fen=AMOUNTS,
    minimum_next_fen=AMOUNTS,
    closes_at=AMOUNTS,
) | st.builds(
    m.BidRefused,
    bidder_no=NUMBERS,
    amount_fen=AMOUNTS,
    reason=st.sampled_from(Reason),
    minimum_fen=AMOUNTS,
    closes_at=st.none() | AMOUNTS,
)


def long_way(seq: int, at: int, bid: m.PlaceBid, events: tuple[Any, ...]) -> bytes:
    return canonical.encode(wire.plain(wire.lot_entry(LOG, seq, at, bid, events)))


@given(seq=AMOUNTS, at=AMOUNTS, bid=BIDS, verdict=VERDICTS)
def test_a_decided_bid(seq: int, at: int, bid: m.PlaceBid, verdict: m.Event) -> None:
    made = entry_bytes(LOG, seq, at, bid, (verdict,))
    assert made == long_way(seq, at, bid, (verdict,))
    canonical.decode(made)


@given(bid=BIDS)
def test_a_bid_with_a_second_event_goes_the_long_way(bid: m.PlaceBid) -> None:
    verdict = m.BidAccepted(bidder_no="AAAA", amount_fen=1, minimum_next_fen=2, closes_at=3)
    events = (verdict, m.CapReached(amount_fen=1, closes_at=3))
    assert entry_bytes(LOG, 1, 2, bid, events) == long_way(1, 2, bid, events)
