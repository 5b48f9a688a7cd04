"""Tampers with random sales in every way we know, and says what is found and what is not.

`python -m tests.tamper --count N`: N honest sales, in which nothing may be found, and each class of
attack by each attacker on N/100 sales by chance, at least two. Exit code 1 when anything comes
otherwise than is written in the tables: also when something is found that cannot be.
"""

import argparse
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from tests.tamper import table
from tests.tamper.attack import ATTACKS
from tests.tamper.run import alarms, attempt

CHUNK = 25  # honest sales in one piece of work
HONEST_FROM = 1_000_000  # honest sales are others than those that are attacked


def main() -> int:
    """The program; its exit code."""
    asked = _options().parse_args()
    if asked.markdown:
        sys.stdout.write(table.markdown())
        return 0
    begun = time.perf_counter()
    each = asked.each or max(2, asked.count // 100)
    with ProcessPoolExecutor(asked.jobs) as workers:
        made = workers.map(partial(attempt, seed=asked.seed, tries=each), ATTACKS)
        honest = workers.map(alarms, *_pieces(asked.seed, asked.count))
        cells = {place: cell for part in made for place, cell in part.items()}
        found = [alarm for part in honest for alarm in part]
    wrong = [f"{name}, {attacker}: {w}" for (name, attacker), c in cells.items() for w in c.wrong]
    tried, seconds = sum(cell.tried for cell in cells.values()), time.perf_counter() - begun
    summary = (
        "",
        f"{len(ATTACKS)} classes, {tried} false packs: {len(wrong)} came otherwise than written",
        f"{asked.count} honest packs: {len(found)} false alarms",
        f"{seconds:.0f} s, seed {asked.seed}",
        *(f"!! {line}" for line in (*wrong, *found)),
    )
    sys.stdout.write("\n".join((*table.lines(cells), *summary)) + "\n")
    if asked.json:
        told = table.as_json(cells, asked.count, found)
        asked.json.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return 1 if wrong or found else 0


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser("python -m tests.tamper", description=__doc__)
    options.add_argument("--count", type=int, default=100, help="honest sales")
    options.add_argument("--each", type=int, help="false packs of each class by each attacker")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    options.add_argument("--json", type=Path, help="write the figures here")
    options.add_argument("--markdown", action="store_true", help="print the README's table")
    return options


def _pieces(seed: int, count: int) -> tuple[list[int], list[int]]:
    starts = range(0, count, CHUNK)
    first = HONEST_FROM * (seed + 1)
    return [first + start for start in starts], [min(CHUNK, count - start) for start in starts]


if __name__ == "__main__":
    sys.exit(main())
