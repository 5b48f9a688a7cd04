"""Failover drills with real processes, and what they cost.

    uv run --group dev python -m tests.failover [--drills 5] [--seed 1] [--asynchronous]

Ends with 0 when no answered bid was lost and writes were back within 10 s each time; with
--asynchronous, when the drills found what such a standby loses.
"""

import argparse
import asyncio
import signal
import sys

from tests.crash.campaign import open_folder
from tests.failover.drill import BACK_S, drill, opened

HOW = ((signal.SIGKILL, False), (signal.SIGSTOP, False), (signal.SIGKILL, True))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--drills", type=int, default=3)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--asynchronous", action="store_true")
    asked = options.parse_args()
    right = True
    for turn in range(asked.drills):
        how, lagging = HOW[2 if asked.asynchronous else turn % len(HOW)]
        with open_folder() as folder, opened(folder, synchronous=not asked.asynchronous) as site:
            made = asyncio.run(drill(site, how, asked.seed + turn, lagging=lagging))
        said = [
            f"{how.name}{', the standby lags' if lagging else ''}: promoted in "
            f"{made.promoted_s:.2f} s, writes back {made.writes_s:.2f} s after it began",
            *made.findings.lines(),
        ]
        sys.stdout.write("\n".join(said) + "\n")
        if asked.asynchronous:
            right = right and bool(made.findings.lost)
        else:
            right = right and made.findings.is_clean and made.writes_s <= BACK_S
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
