"""What the log costs: `python -m bench.log`, or `python -m bench.log verify --bids N --batch M`.

`verify`: how fast a pack is verified on one core, signed entries a second and the verifier's peak
memory, in a process of its own, beside the bare price of a bidder's signature and a checkpoint's.
`receipts`: what a receipt adds to the answer to a bid (`bench.receipts`). Without a word: both, at
the sizes of the bars.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from service.audit.notes import Checkpoint, open_checkpoint, sign_checkpoint
from service.audit.pack import build
from service.audit.signatures import BidderKey, load_public_key, verify_bid
from service.audit.verifier import verify_pack

SITE_ORIGIN = "auction.example.cn/lot/long-listing"
BARS = ((20_000, 10), (100_000, 10), (100_000, 1))


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
        _run("bench.receipts")
    else:
        for bids, batch in BARS:
            _build_and_verify(bids, batch, None, witnessed=False)
        _run("bench.receipts")


# ── verifying a pack ────────────────────────────────────────────────────────────────────────


def _build_and_verify(bids: int, batch: int, keep: Path | None, *, witnessed: bool) -> None:
    """Builds a pack, then verifies it in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        path = keep or Path(folder) / "long-listing.zip"
        _build(path, bids, batch, witnessed=witnessed)
        _print_peers()
        _run("bench.log", "--pack", str(path), *(["--witnessed"] if witnessed else []))


def _run(*module: str) -> None:
    sys.stdout.flush()
    subprocess.run([sys.executable, "-m", *module], check=True)


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


if __name__ == "__main__":
    main()
