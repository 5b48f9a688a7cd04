"""`python -m tests.simulate`: seeds by number or by time, one seed told at length, planted bugs."""

import argparse
import os
import sys
import warnings

from service.clock import monotonic_ms
from tests.simulate.planted import PLANTED, Planted
from tests.simulate.runner import Outcome, run_seed, shorten, tell

SHORTEN_MS = 60_000
PLANTED_SEEDS = 120
"""Seeds that are tried for one planted bug."""


def main() -> int:
    """0: everything holds (or every planted bug was found). 1: something does not."""
    told = _arguments().parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of a set of strings is part of a seed's run.
        words = [sys.executable, "-m", "tests.simulate", *sys.argv[1:]]
        os.execve(sys.executable, words, {**os.environ, "PYTHONHASHSEED": "0"})  # noqa: S606
    # Callbacks of dead hosts are never run, and coroutines among them never begun.
    warnings.filterwarnings("ignore", message="coroutine .* was never awaited")
    if told.planted:
        return _planted(told.only)
    if told.seed is not None:
        return _one(told.seed)
    return _many(told.first, told.seeds, told.seconds, told.shorten_seconds)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=None, help="so many seeds")
    parser.add_argument("--seconds", type=int, default=None, help="as many as fit")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--seed", type=int, default=None, help="this one, twice, at length")
    parser.add_argument("--planted", action="store_true", help="find every planted bug")
    parser.add_argument("--only", default="", help="those planted bugs whose name holds this")
    parser.add_argument("--shorten-seconds", type=int, default=SHORTEN_MS // 1000)
    return parser


def _many(first: int, seeds: int | None, seconds: int | None, shorten_s: int) -> int:
    begun, seed, lived_ms = monotonic_ms(), first, 0
    most = (100 if seconds is None else 10**9) if seeds is None else seeds
    while seed < first + most:
        if seconds is not None and monotonic_ms() - begun > seconds * 1000:
            break
        outcome = run_seed(seed)
        lived_ms += outcome.ended_ms
        if outcome.findings:
            _say_failed(outcome, None, shorten_s * 1000)
            return 1
        seed += 1
    took = (monotonic_ms() - begun) / 1000
    _say(f"{seed - first} seeds, {lived_ms / 3.6e6:.1f} hours lived in {took:.0f} s: all held")
    return 0


def _one(seed: int) -> int:
    first, second = run_seed(seed), run_seed(seed)
    _say(tell(second))
    if first.root != second.root:
        _say(f"NOT THE SAME: {first.root}")
        return 1
    return 1 if second.findings else 0


def _planted(only: str) -> int:
    missed = 0
    _say(f"{'planted bug':<54} {'seed':>5}  found by")
    for planted in PLANTED:
        if only not in planted.name:
            continue
        found = find_planted(planted, PLANTED_SEEDS)
        missed += found is None
        if found is None:
            _say(f"{planted.name:<54} {'-':>5}  NOT FOUND in {PLANTED_SEEDS} seeds")
        else:
            said = sorted({finding.invariant for finding in found.findings})
            _say(f"{planted.name:<54} {found.plan.seed:>5}  {', '.join(said)}")
    return 1 if missed else 0


def find_planted(planted: Planted, seeds: int) -> Outcome | None:
    """The first run in which something breaks that this bug is known to break."""
    for seed in range(1, seeds + 1):
        outcome = run_seed(seed, planted)
        if planted.is_found(outcome.findings):
            return outcome
    return None


def _say_failed(outcome: Outcome, planted: Planted | None, limit_ms: int) -> None:
    seed, found = outcome.plan.seed, outcome.findings[0]
    _say(f"seed {seed} BROKEN {found.invariant}: {found.detail}")
    _say(f"looking for the shortest history for at most {limit_ms // 1000} s")
    _say(tell(shorten(outcome, planted, limit_ms=limit_ms)))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
