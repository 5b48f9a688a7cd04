"""How fast a pack is verified, on one core: `python -m bench.verify --bids 20000 --batch 10`.

Prints signed entries a second and the verifier's peak memory, measured in a process of its own.
Its peers are beside it: the bare price of one bidder's signature and of one checkpoint's.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

from service.audit.notes import Checkpoint, open_checkpoint, sign_checkpoint
from service.audit.pack import build
from service.audit.signatures import BidderKey, load_public_key, verify_bid
from service.audit.verifier import verify_pack

SITE_ORIGIN = "auction.example.cn/lot/long-listing"


def main() -> None:
    """Build a pack, then verify it in a fresh process."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--bids", type=int, default=20_000)
    options.add_argument("--batch", type=int, default=10, help="bids under one checkpoint")
    options.add_argument("--pack", type=Path, help="verify this pack of an earlier run")
    options.add_argument("--keep", type=Path, help="keep the pack here")
    options.add_argument("--witnessed", action="store_true", help="three cosignatures a checkpoint")
    asked = options.parse_args()
    if asked.pack is not None:
        _verify(asked.pack, witnessed=asked.witnessed)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = asked.keep or Path(folder) / "long-listing.zip"
        _build(path, asked.bids, asked.batch, witnessed=asked.witnessed)
        _print_peers()
        again = [sys.executable, "-m", "bench.verify", "--pack", str(path)]
        subprocess.run([*again, *(["--witnessed"] if asked.witnessed else [])], check=True)


def _build(path: Path, bids: int, batch: int, *, witnessed: bool) -> None:
    from tests.audit import sales

    begun = time.perf_counter()
    contents = sales.long_listing(bids, batch=batch)
    played = time.perf_counter()
    raw = build(sales.witnessed(contents) if witnessed else contents, sales.KEY)
    print(f"{bids:,} bids, {len(contents.heads):,} checkpoints")
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


def _price(name: str, rounds: int, work: object) -> None:
    assert callable(work)
    begun = time.process_time()
    for _ in range(rounds):
        work()
    print(f"{name}: {(time.process_time() - begun) / rounds * 1e6:.0f} µs")


def _peak_mib() -> float:
    """From /proc: getrusage would count what this process was before it became this program."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
