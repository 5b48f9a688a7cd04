"""What a receipt adds to the answer to a bid: `python -m bench.receipts`.

In a lot of 100,000 entries, for batches of 1, 10 and 100 bids. Beside it the same answer without a
receipt, and the bare price of a signed checkpoint.
"""

import time
from dataclasses import replace
from hashlib import sha256

from schemas import live
from service.audit.notes import Checkpoint
from service.audit.tree import Tree, leaf_hash
from service.live.frames import prepare
from service.live.receipts import receipt_of
from service.live.record import Entry, read_entry
from service.rules import messages as m
from service.store.ledger import StoredEntry
from service.store.signer import Signer
from tests.audit import sales

SITE_ORIGIN = "auction.example.cn/lot/long-listing"
LOT_ENTRIES = 100_000
BATCHES = (1, 10, 100)
ANSWERS = 50_000  # of each batch size


def main() -> None:
    """As the room makes them after the commit: one after another, each sent when it is made.

    Time of one core, so that what else runs on the machine does not count.
    """
    signer, bid = Signer(sales.KEY), _bid()
    print(f"\nreceipts in a lot of {LOT_ENTRIES:,} entries; ms from the commit to the frame")
    print("batch   one receipt p50, p95    answer p50, p95    without receipt p50, p95")
    for batch in BATCHES:
        tree = Tree(leaf_hash(b"%d" % seq) for seq in range(LOT_ENTRIES))
        alone, waited, bare = [], [], []
        for _ in range(ANSWERS // batch):
            entries = [replace(bid, seq=tree.size + place) for place in range(batch)]
            tree.extend(entry.leaf for entry in entries)
            ones, answers = _answers(entries, tree, signer)
            alone += ones
            waited += answers
            bare += _bare_answers(entries)
        columns = "    ".join(_quantiles(each) for each in (alone, waited, bare))
        print(f"{batch:5}   {columns}")
    _print_peer(signer)


def _bid() -> Entry:
    """A bid as a log holds it."""
    sale = sales.sold_listing()
    seq = next(n for n, raw in enumerate(sale.entries) if b'"bid_accepted"' in raw)
    raw = sale.entries[seq]
    return read_entry(sale.origin, seq, StoredEntry(seq, raw, leaf_hash(raw)))


def _answers(entries: list[Entry], tree: Tree, signer: Signer) -> tuple[list[float], list[float]]:
    """For each bid of a batch, ms: its receipt alone, and since the commit."""
    alone, waited = [], []
    begun = time.thread_time()
    for entry in entries:
        since = time.thread_time()
        receipt = receipt_of(entry, log=SITE_ORIGIN, tree=tree, head_size=tree.size, signer=signer)
        prepare(receipt)
        done = time.thread_time()
        alone.append((done - since) * 1e3)
        waited.append((done - begun) * 1e3)
    return alone, waited


def _bare_answers(entries: list[Entry]) -> list[float]:
    """The same frames without proof and signature, ms since the commit."""
    waited = []
    begun = time.thread_time()
    for entry in entries:
        command, event = entry.command, entry.events[0]
        assert isinstance(command, m.PlaceBid)
        assert isinstance(event, m.BidAccepted)
        prepare(
            live.Receipt(
                bid_id=command.bid_id,
                amount_fen=command.amount_fen,
                outcome="accepted",
                seq=entry.seq,
                at=entry.at,
                received_at=command.received_at,
                closes_at=event.closes_at,
                minimum_bid_fen=event.minimum_next_fen,
                proof="",
            )
        )
        waited.append((time.thread_time() - begun) * 1e3)
    return waited


def _print_peer(signer: Signer, rounds: int = 2_000) -> None:
    begun = time.thread_time()
    for size in range(1, rounds + 1):
        signer.sign(Checkpoint(SITE_ORIGIN, size, sha256(b"").digest()))
    print(f"peer: one checkpoint signed: {(time.thread_time() - begun) / rounds * 1e6:.0f} µs")


def _quantiles(values: list[float]) -> str:
    found = sorted(values)
    p50, p95 = (found[int(len(found) * share)] for share in (0.50, 0.95))
    return f"{p50:9.3f} {p95:9.3f}"


if __name__ == "__main__":
    main()
