"""What the log costs: `python -m bench.log`, or `python -m bench.log verify --bids N --batch M`.

`verify`: how fast a pack is verified on one core, signed entries a second and the verifier's peak
memory, in a process of its own. `receipts`: what a receipt adds to the answer to a bid in a lot of
100,000 entries. Without a word: both, at the sizes of the bars. Peers stand beside: the bare price
of a bidder's signature, of a checkpoint's, and of an answer without a receipt.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from schemas import live
from service.audit.notes import Checkpoint, open_checkpoint, sign_checkpoint
from service.audit.pack import build
from service.audit.signatures import BidderKey, load_public_key, verify_bid
from service.audit.tree import Tree, leaf_hash
from service.audit.verifier import verify_pack
from service.live.frames import prepare
from service.live.receipts import receipt_of
from service.live.record import Entry, read_entry
from service.rules import messages as m
from service.store.ledger import StoredEntry
from service.store.signer import Signer

SITE_ORIGIN = "auction.example.cn/lot/long-listing"
LOT_ENTRIES = 100_000
BARS = ((20_000, 10), (100_000, 10), (100_000, 1))
BATCHES = (1, 10, 100)
ANSWERS = 50_000  # of each batch size


def main() -> None:
    """Prints what was asked for."""
    options = argparse.ArgumentParser("python -m bench.log", description=__doc__)
    options.add_argument("what", nargs="?", choices=("verify", "receipts"))
    options.add_argument("--bids", type=int, default=20_000)
    options.add_argument("--batch", type=int, default=10, help="bids under one checkpoint")
    options.add_argument("--pack", type=Path, help="verify this pack of an earlier run")
    options.add_argument("--keep", type=Path, help="keep the pack here")
    options.add_argument("--witnessed", action="store_true", help="three cosignatures a checkpoint")
    asked = options.parse_args()
    if asked.pack is not None:
        _verify(asked.pack, witnessed=asked.witnessed)
    elif asked.what == "verify":
        _build_and_verify(asked.bids, asked.batch, asked.keep, witnessed=asked.witnessed)
    elif asked.what == "receipts":
        _print_receipts()
    else:
        for bids, batch in BARS:
            _build_and_verify(bids, batch, None, witnessed=False)
        _print_receipts()


# ── verifying a pack ────────────────────────────────────────────────────────────────────────


def _build_and_verify(bids: int, batch: int, keep: Path | None, *, witnessed: bool) -> None:
    """Builds a pack, then verifies it in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        path = keep or Path(folder) / "long-listing.zip"
        _build(path, bids, batch, witnessed=witnessed)
        _print_peers()
        again = [sys.executable, "-m", "bench.log", "--pack", str(path)]
        subprocess.run([*again, *(["--witnessed"] if witnessed else [])], check=True)


def _build(path: Path, bids: int, batch: int, *, witnessed: bool) -> None:
    from tests.audit import sales

    begun = time.perf_counter()
    contents = sales.long_listing(bids, batch=batch)
    played = time.perf_counter()
    raw = build(sales.witnessed(contents) if witnessed else contents, sales.KEY)
    print(f"\n{bids:,} bids, {len(contents.heads):,} checkpoints")
    print(f"played and signed in {played - begun:.1f} s")
    print(f"built in {time.perf_counter() - played:.1f} s: {len(raw):,} bytes")
    path.write_bytes(raw)


def _verify(path: Path, *, witnessed: bool) -> None:
    from tests.audit import sales

    begun, at_rest = time.process_time(), _peak_mib()
    report = verify_pack(path, sales.VKEY, sales.POLICY if witnessed else None)
    spent = time.process_time() - begun
    assert report.exit_code == 0, report
    print(f"{report.entries:,} entries in {spent:.1f} s: {report.entries / spent:,.0f} entries/s")
    print(f"peak memory {_peak_mib():.0f} MiB, of which {at_rest:.0f} MiB before it began")


def _print_peers(rounds: int = 2_000) -> None:
    from tests.audit import sales

    key, message = BidderKey.generate(), b"a bid"
    public, signature = load_public_key(key.spki.hex()), key.sign(message)
    _price("one ES256 signature", rounds, lambda: verify_bid(public, signature, message))
    note = sign_checkpoint(sales.KEY, Checkpoint(SITE_ORIGIN, 1, sha256(b"").digest()))
    verifying = sales.KEY.verifying
    _price("one checkpoint", rounds, lambda: open_checkpoint(note, verifying, SITE_ORIGIN))


def _price(name: str, rounds: int, work: Callable[[], object]) -> None:
    begun = time.process_time()
    for _ in range(rounds):
        work()
    print(f"{name}: {(time.process_time() - begun) / rounds * 1e6:.0f} µs")


def _peak_mib() -> float:
    """From /proc: getrusage would count what this process was before it became this program."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


# ── what a receipt adds to an answer ────────────────────────────────────────────────────────


def _print_receipts() -> None:
    """As the room makes them after the commit: one after another, each sent when it is made.

    Time of one core, so that what else runs on the machine does not count.
    """
    from tests.audit import sales

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
    _price("peer: one checkpoint signed", 2_000, _sign_anew(signer))


def _bid() -> Entry:
    """A bid as a log holds it."""
    from tests.audit import sales

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


def _sign_anew(signer: Signer) -> Callable[[], object]:
    return lambda: signer.sign(Checkpoint(SITE_ORIGIN, 1, sha256(b"").digest()))


def _quantiles(values: list[float]) -> str:
    found = sorted(values)
    p50, p95 = (found[int(len(found) * share)] for share in (0.50, 0.95))
    return f"{p50:9.3f} {p95:9.3f}"


if __name__ == "__main__":
    main()
