"""Kills servers under load and compares what clients were told with the log.

    uv run --group dev python -m tests.crash --kills 200 [--seed 1] [--no-sync --expect-loss]

Ends with 0 when nothing was lost and nothing doubled, and every bid in doubt was resolved within
5 s of the service's return; with --expect-loss, when something was lost.
"""

import argparse
import sys

from tests.crash.campaign import campaign, open_folder

RESOLVED_S = 5.0


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--no-sync", action="store_true", help="synchronous_commit = off")
    options.add_argument("--expect-loss", action="store_true", help="fail unless bids are lost")
    asked = options.parse_args()
    with open_folder() as folder:
        made = campaign(folder, asked.kills, asked.seed, lazy=asked.no_sync)
    sys.stdout.write(f"seed {asked.seed}\n" + "\n".join(made.lines()) + "\n")
    if asked.expect_loss:
        return 0 if made.findings.lost else 1
    late = max(made.findings.resolved_s, default=0.0) > RESOLVED_S
    return 0 if made.findings.is_clean and not late else 1


if __name__ == "__main__":
    sys.exit(main())
