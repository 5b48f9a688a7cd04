"""The receipt that is written by hand is the model's own JSON, byte for byte."""

from hypothesis import given
from hypothesis import strategies as st

from schemas import live
from service.live.frames import prepare
from service.rules.refusals import Reason

NUMBERS = st.integers(0, 2**53 - 1)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)
RECEIPTS = st.builds(
    live.Receipt,
    bid_id=st.uuids().map(str),
    outcome=st.sampled_from(("accepted", "refused")),
    reason=st.none() | st.sampled_from(Reason).map(lambda reason: reason.value),
    amount_fen=NUMBERS,
    seq=NUMBERS,
    at=NUMBERS,
    received_at=NUMBERS,
    closes_at=st.none() | NUMBERS,
    minimum_bid_fen=NUMBERS,
    proof=TEXTS
    | st.just('c2sp.org/tlog-proof@v1\nextra eyJ9\n\n— a.example Zm9v\n\x00\x1f\x7f"\\\u2028'),
)


@given(receipt=RECEIPTS)
def test_a_receipt(receipt: live.Receipt) -> None:
    prepared = prepare(receipt)
    assert prepared.text == receipt.model_dump_json(by_alias=True, exclude_none=True).encode()
    assert prepared.wire.endswith(prepared.text)
    assert prepared.bid_id == receipt.bid_id
