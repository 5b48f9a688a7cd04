"""The bidder's receipt: made from the log alone, so that asking again gives the same bytes."""

from functools import lru_cache

from schemas import live
from service.audit import notes, proofs
from service.audit.notes import Checkpoint, SigningKey
from service.audit.tree import Tree
from service.live.record import Entry
from service.rules import messages as m
from service.store.signer import Signer


def receipt_of(
    entry: Entry, *, log: str, tree: Tree, head_size: int, signer: Signer
) -> live.Receipt:
    """The answer to the bid in `entry`, proved against the head of the batch that committed it.

    Raises Halted when the log may not be signed.
    """
    bid, event = entry.command, entry.events[0]
    assert isinstance(bid, m.PlaceBid), "only bids have receipts"
    assert isinstance(event, m.BidAccepted | m.BidRefused), "a bid's first event is its verdict"
    accepted = isinstance(event, m.BidAccepted)
    checkpoint = _signed(signer.key_for(log), log, head_size, tree.root(head_size))
    proof = proofs.Receipt(
        entry.raw, entry.seq, tree.inclusion_proof(entry.seq, head_size), checkpoint
    )
    return live.Receipt(
        bid_id=bid.bid_id,
        outcome="accepted" if accepted else "refused",
        reason=event.reason.value if isinstance(event, m.BidRefused) else None,
        amount_fen=bid.amount_fen,
        seq=entry.seq,
        at=entry.at,
        received_at=bid.received_at,
        closes_at=event.closes_at,
        minimum_bid_fen=(
            event.minimum_next_fen if isinstance(event, m.BidAccepted) else event.minimum_fen
        ),
        proof=proof.to_text(),
    )


@lru_cache(maxsize=1024)
def _signed(key: SigningKey, log: str, size: int, root: bytes) -> str:
    """One signature for all receipts of a batch; Ed25519 gives the same note every time."""
    return notes.sign_checkpoint(key, Checkpoint(log, size, root))
