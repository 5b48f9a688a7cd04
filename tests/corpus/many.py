"""Random packs in the form of the corpus, to hold the browser's verifier to more than is kept.

`python -m tests.corpus.many FOLDER --each N --seed S`, then in `web/`:
`LUOCHUI_CORPUS=FOLDER npx vitest run test/verify/corpus.test.ts`.
"""

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

from tests.corpus.__main__ import write
from tests.corpus.known import Case, given
from tests.tamper.attack import ATTACKS
from tests.tamper.run import POOL, make
from tests.tamper.world import world

HONEST_FROM = 2_000_000


def main() -> None:
    """Each class by each attacker N times, as many honest sales, and the key alone for a third."""
    options = argparse.ArgumentParser("python -m tests.corpus.many", description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--each", type=int, default=1)
    options.add_argument("--seed", type=int, default=0)
    asked = options.parse_args()
    write(asked.folder, many(asked.seed, asked.each))


def many(seed: int, each: int) -> Iterator[Case]:
    """The same seed gives the same packs."""
    for name, attack in ATTACKS.items():
        for attacker in attack.outcome:
            for number in range(each):
                chance = random.Random(f"many {seed} {name} {attacker} {number}")
                made = make(attack, attacker, chance, POOL)
                told = f"{name}, {attacker}, sale {made.world.seed}, {number}"
                yield Case(told, made.raw) if chance.random() < 0.3 else given(told, made.raw)
    for number in range(each * len(ATTACKS)):
        honest = world(HONEST_FROM * (seed + 1) + number)
        yield given(f"honest {honest.seed}", honest.pack)


if __name__ == "__main__":
    main()
