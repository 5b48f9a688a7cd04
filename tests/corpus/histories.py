"""Many honest histories, played with the real rules, for a second implementation to replay.

`python -m tests.corpus.histories OUT` writes the committed set: few histories that together show
every command, event, refusal, stage, transition and choice of the rules. `--many N` writes N random
ones, to be replayed by hand. A line is an entry as it stands in the log, or, where the rules
refused and the log has nothing, {"at", "command", "refused"}. `seq` 0 begins a history; a refused
publication stands before any.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from service.rules import messages as m
from service.rules.refusals import Reason
from service.rules.table import TRANSITIONS
from service.rules.templates import TEMPLATES
from service.rules.terms import FailedReason, PriceUnit, Stage
from tests.corpus import packs
from tests.corpus.deeds import history, publication
from tests.corpus.walk import Walk

MAX_BYTES = 1_500_000


def needed() -> set[str]:
    """What the committed set must show."""
    commands = {f"command {kind.__name__}" for kind in m.Command.__args__}
    events = {f"event {kind.__name__}" for kind in m.Event.__args__}
    bids = {f"bid {reason}" for reason in BID_REASONS}
    asked = set(Reason) - BID_REASONS - {Reason.NOT_PUBLISHED} | {Reason.CLOSED, Reason.NOT_OPEN}
    others = {f"refused {reason}" for reason in asked}
    stages = {f"stage {stage}" for stage in set(Stage) - {Stage.ANNOUNCED}}
    moves = {f"transition {origin} {to}" for origin, to in TRANSITIONS}
    failures = {f"failed {reason}" for reason in FailedReason}
    late = {"entry PlaceBid TIMED NORMAL BidRefused+ResultDisputed"}
    templates = {f"rule template {name}" for name in TEMPLATES}
    units = {
        f"rule {name} {unit}" for name in ("price_unit", "increment_unit") for unit in PriceUnit
    }
    seen = commands | events | bids | others | stages | moves | failures | late
    return seen | templates | units


BID_REASONS = frozenset(list(Reason)[: list(Reason).index(Reason.ABOVE_CAP) + 1])
"""The refusals of a quote, which are logged; the others leave no entry."""


def cover(
    walks: Iterable[Walk], needed: set[str], budget: int, first: Iterable[Walk]
) -> list[Walk]:
    """`first`, walks that show all that is needed, then those that show most for their bytes."""
    rest, taken = list(walks), list(first)
    seen = {what for walk in taken for what in walk.seen}
    missing = needed - seen
    while rest and sum(map(size_of, taken)) < budget:
        wanted = missing or {what for walk in rest for what in walk.seen} - seen
        best = max(rest, key=lambda walk: len(walk.seen & wanted) / size_of(walk))
        if not best.seen & wanted:
            break
        taken.append(best)
        rest.remove(best)
        seen |= best.seen
        missing -= best.seen
    assert not missing, sorted(missing)
    return taken


def size_of(walk: Walk) -> int:
    return sum(len(line.encode()) + 1 for line in walk.lines)


TELLING_SALES = (663, 28, 354, 1164, 188, 5, 457, 912, 1121, 801, 816, 416, 1166, 3335)
TELLING_LONG_SALES = (50764,)
TELLING_PUBLICATIONS = (
    *(4768, 705, 3006, 1618, 801, 4449, 819, 930, 2783, 1242, 4626, 4224),
    *(960, 2050, 3748, 843, 2411, 4550, 3461, 4305, 2725, 4706, 1572, 1769),
)
"""Seeds of histories that convicted a deliberate mistake which the others let pass."""


def committed() -> dict[str, list[Walk]]:
    told = [history(seed, 30) for seed in TELLING_SALES]
    told += [history(seed, 80) for seed in TELLING_LONG_SALES]
    sales = cover((history(seed, 30) for seed in range(1200)), needed(), 950_000, told)
    half = len(sales) // 2
    told = [publication(seed) for seed in TELLING_PUBLICATIONS]
    papers = cover((publication(seed) for seed in range(5000)), VIOLATIONS, 350_000, told)
    return {"sales-1": sales[:half], "sales-2": sales[half:], "publications": papers}


VIOLATIONS = {"refused NOT_PUBLISHED", "refused RULES_NOT_VALID", "refused FOUR_EYES"} | {
    f"broken {name}"
    for name in (
        *("T1", "T2", "T4", "T6", "T7", "T9", "T10", "T15", "CAP_MODE_NOT_SUPPORTED"),
        *("STARTING_PRICE_INVALID", "PRICE_OUT_OF_RANGE", "PARCEL_INVALID", "FLOOR_AREA_MISSING"),
        *("INCREMENT_INVALID", "QUANTUM_INVALID", "STARTING_PRICE_OFF_QUANTUM", "CAP_OFF_GRID"),
        *("MAX_JUMP_INVALID", "CAP_BELOW_START", "DURATION_INVALID", "OPT_IN_WITHOUT_WINDOW"),
        *("QUOTED_BEFORE_WITHOUT_FREE_PHASE", "WARNINGS_INVALID", "MIN_BIDDERS_INVALID"),
        "TIMETABLE_INVALID",
    )
}
"""Each alone makes a publication impossible."""


def write(out: Path, sets: dict[str, list[Walk]]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, walks in sets.items():
        lines = [line for walk in walks for line in walk.lines]
        (out / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        sys.stdout.write(f"{name}: {len(walks)} histories, {len(lines)} lines\n")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("out", type=Path)
    options.add_argument("--many", type=int, default=0, help="so many random histories instead")
    options.add_argument("--from-seed", type=int, default=0)
    asked = options.parse_args()
    if asked.many:
        seeds = range(asked.from_seed, asked.from_seed + asked.many)
        sets = {"sales": [history(seed, 80) for seed in seeds]}
        sets["publications"] = [publication(seed) for seed in seeds]
    else:
        sets = committed()
        assert sum(size_of(walk) for walks in sets.values() for walk in walks) <= MAX_BYTES
    write(asked.out, sets)
    if not asked.many:
        packs.write(asked.out / "packs.json")


if __name__ == "__main__":
    main()
