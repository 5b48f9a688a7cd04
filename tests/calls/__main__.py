"""Fails each flush and write call of a short run, and compares what was told with the log.

uv run --group dev python -m tests.calls [--each 10] [--only writer]
"""

import argparse
import asyncio
import sys

from tests.calls.injecting import each_kind
from tests.calls.run import opened, play


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--each", type=int, default=5, help="calls of each kind, from the first")
    options.add_argument("--only", default="", help="kinds whose name holds this")
    asked = options.parse_args()
    faults = [fault for fault in each_kind(asked.each) if asked.only in str(fault)]
    with opened() as site:
        found = asyncio.run(play(site, faults, lambda line: print(line, flush=True)))  # noqa: T201
    sys.stdout.write(f"{len(faults)} calls failed\n" + "\n".join(found.lines()) + "\n")
    return 0 if found.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
