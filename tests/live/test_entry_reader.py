"""The quick reader of decided bids takes nothing that the strict one refuses, and reads alike."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.audit.tree import leaf_hash
from service.live.entry_bytes import entry_bytes
from service.live.entry_reader import read_bid
from service.live.record import Entry, LogBroken, read_entry, read_strictly
from service.rules import messages as m
from service.store.ledger import StoredEntry
from tests.live.test_entry_bytes import AMOUNTS, BIDS, LOG, VERDICTS


def stored(raw: bytes, seq: int = 1) -> StoredEntry:
    return StoredEntry(seq, raw, leaf_hash(raw))


def both(raw: bytes) -> bool:
    """Whether the quick reader takes these bytes; if so, the strict one does, with the same."""
    quick = read_bid(raw)
    if quick is None:
        return False
    log, seq, at, bid, event = quick
    row = stored(raw)
    assert read_strictly(row) == (log, seq, Entry(seq, at, bid, (event,), raw, row.leaf))
    return True


@given(seq=AMOUNTS, at=AMOUNTS, bid=BIDS, verdict=VERDICTS)
def test_every_decided_bid_is_read_quickly_and_alike(
    seq: int, at: int, bid: m.PlaceBid, verdict: m.Event
) -> None:
    assert both(entry_bytes(LOG, seq, at, bid, (verdict,)))


PIECES = (
    b"0", b"00", b"-1", b"1.0", b"1e3", b"9007199254740992", b"9999999999999999", b" ", b"\n",
    b"\x00", b"\\u0041", b"null", b"true", b"\xc3\xa9", b'"', b",", b"{", b"}", b'"x":1,',
    b"A", b"a", b"BID_REFUSED", b'"admission":0,', b'"closes_at":1,', b"=", b"_", b"/",
)  # fmt: skip


@settings(max_examples=1_000)
@given(st.data(), BIDS, VERDICTS)
def test_what_the_strict_reader_refuses_the_quick_one_refuses(
    data: st.DataObject, bid: m.PlaceBid, verdict: m.Event
) -> None:
    """Bytes cut, doubled, put in and exchanged anywhere."""
    raw = entry_bytes(LOG, 7, 1_700_000_000_000, bid, (verdict,))
    for _ in range(data.draw(st.integers(1, 3))):
        begin = data.draw(st.integers(0, len(raw)))
        end = data.draw(st.integers(begin, min(begin + 20, len(raw))))
        raw = raw[:begin] + data.draw(st.sampled_from(PIECES) | st.just(b"")) + raw[end:]
    both(raw)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"at":5', b'"at":9007199254740992'),
        (b'"seq":7', b'"seq":07'),
        (b'"v":1}', b'"v":1}\n'),
        (b'"v":1}', b'"v":2}'),
        (b'"reason":"BELOW_MINIMUM"', b'"reason":"NO_SUCH_REASON"'),
        (b'"type":"bid_refused"', b'"type":"bid_accepted"'),
        (b'"bidder_no":"A7K2"', b'"bidder_no":"a7k2"'),
        (b'"seen_seq":3', b'"seen_seq":9999999999999999'),
        (b"WlnQ", b"Wl-Q"),
    ],
)
def test_forms_that_are_no_decided_bid(old: bytes, new: bytes) -> None:
    raw = (
        b'{"at":5,"command":{"amount_fen":1,"bid_id":"0fb2a9ad-1f2b-4c3d-8e4f-5a6b7c8d9e0f",'
        b'"bidder_no":"A7K2","jump_confirmed":false,"key_id":"0000000000000000","received_at":4,'
        b'"seen_seq":3,"signature":"WlnQYwvuqJQzcQzzGH5tOXa75JbUO6Tqpi8BOBLzx+d/GIYBywkk8fwE9E5TydVV'
        b'WHyB6DIpD9s0mOeQCaULxQ==","type":"place_bid"},"events":[{"amount_fen":1,"bidder_no":"A7K2",'
        b'"minimum_fen":2,"reason":"BELOW_MINIMUM","type":"bid_refused"}],'
        b'"log":"auction.example.cn/lot/hj-2017-07","seq":7,"v":1}'
    )
    assert both(raw)
    assert old in raw
    assert read_bid(raw.replace(old, new)) is None


@given(bid=BIDS, verdict=VERDICTS)
def test_another_log_place_or_hash_is_broken(bid: m.PlaceBid, verdict: m.Event) -> None:
    row = stored(entry_bytes(LOG, 1, 2, bid, (verdict,)))
    read_entry(LOG, 1, row)
    for log, seq, changed in (
        (LOG + "8", 1, row),
        (LOG, 2, StoredEntry(2, row.bytes, row.leaf)),
        (LOG, 1, StoredEntry(1, row.bytes, leaf_hash(b""))),
    ):
        with pytest.raises(LogBroken):
            read_entry(log, seq, changed)
