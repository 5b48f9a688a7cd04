"""What happens in a run, drawn before it begins: removing a step leaves the others as they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from service.rules.terms import Extension, LiveTrigger, OutageResume, RuleSet, Timetable
from tests.rules.sale import T0, listing_rules

EPOCH_MS = T0
"""Database time when the loop's is 0."""
HORIZON_MS = 45_000
"""Steps begin before this; then all faults end, and everything is left to come to its end."""
LIMIT_MS = 420_000
"""A sale that is not sealed by then never will be."""
WRITE_FATES = (
    "late",
    "slow",
    "cut before",
    "cut after",
    "refused",
    "ends",
    "crash on commit",
    "crash on answer",
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens. at_ms: since the beginning. who: a host, bidder or write's number."""

    at_ms: int
    kind: str
    who: int = 0
    for_ms: int = 0
    how: str = ""
    steps: int = 0
    lot: int = 0

    def told(self) -> str:
        parts = [f"{self.at_ms:>6} ms  {self.kind} {self.who}"]
        parts += [f"for {self.for_ms} ms"] if self.for_ms else []
        parts += [self.how] if self.how else []
        parts += [f"{self.steps:+d} steps"] if self.kind == "bid" else []
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Sale:
    """One lot of a run."""

    lot_id: str
    rules: RuleSet
    times: Timetable
    reserve_fen: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    hosts: int
    bidders: int
    watchers: int
    sales: tuple[Sale, ...]
    steps: tuple[Step, ...]


def draw(seed: int) -> Plan:
    """The plan of a seed."""
    chance = Random(f"plan {seed}")
    hosts, bidders = chance.randint(2, 3), chance.randint(2, 6)
    sales = tuple(_sale(chance, number) for number in range(1 if chance.random() < 0.8 else 2))
    steps = [*_bids(chance, bidders, len(sales)), *_faults(chance, hosts), *_office(chance, sales)]
    steps.sort(key=lambda step: step.at_ms)
    return Plan(seed, hosts, bidders, chance.randint(1, 3), sales, tuple(steps))


def _sale(chance: Random, number: int) -> Sale:
    opens = EPOCH_MS + 3_000
    ends = opens + chance.randint(4_000, 10_000)
    times = Timetable(
        announced_at=EPOCH_MS,
        registration_from=EPOCH_MS,
        registration_to=opens + 1_000,
        deposit_deadline=opens + 1_000,
        listing_from=opens,
        listing_to=ends,
    )
    return Sale(f"lot-{number}", _rules(chance), times, chance.choice((None, None, 1_050_000)))


def _rules(chance: Random) -> RuleSet:
    changes: dict[str, Any] = {
        "countdown_s": chance.randint(6, 10),
        "notice_days": 2,
        "listing_days": 3,
        "outage_gap_s": chance.randint(3, 5),
        "outage_notice_s": chance.choice((0, 2, 5)),
        "warnings_s": (5, 3, 1),
        "quiet_min": chance.choice((0, 0, 0, 1)),
        "ready_min": chance.choice((0, 0, 0, 2)),
    }
    if chance.random() < 0.15:
        changes["extension"] = chance.choice((Extension.APPEND, Extension.NONE))
    if chance.random() < 0.15:
        changes["live_trigger"] = LiveTrigger.TWO_BIDDERS
    if chance.random() < 0.15:
        changes["outage_resume"] = OutageResume.MANUAL
    if chance.random() < 0.1:
        changes["max_live_min"] = 25
    return listing_rules("demo", **changes)


def _bids(chance: Random, bidders: int, lots: int) -> Iterator[Step]:
    """Many come in the last second of a countdown, and some just after it."""
    hows = ["now"] * 5 + ["snipe"] * 4 + ["twice", "cut", "stale", "together", "together"]
    for _ in range(chance.randint(8, 40)):
        yield Step(
            at_ms=chance.randint(2_500, HORIZON_MS),
            kind="bid",
            who=chance.randrange(bidders),
            for_ms=chance.choice((-300, -50, -5, 0, 5, 30, 150, 400, 900, 2_000)),
            how=chance.choice(hows),
            steps=chance.choice((0, 0, 0, 0, 1, 2, 7, -1, -2)),
            lot=chance.randrange(lots),
        )


def _faults(chance: Random, hosts: int) -> Iterator[Step]:
    for _ in range(chance.choice((0, 2, 4, 8, 12))):
        yield _fault(chance, hosts)
    for _ in range(chance.choice((0, 1, 3, 6))):
        kind = chance.choice(WRITE_FATES)
        delay = chance.choice((3, 40, 300, 1_500, 5_000))
        yield Step(chance.randint(0, 40), "write", chance.randint(1, 40), delay, kind)


def _fault(chance: Random, hosts: int) -> Step:
    kinds = ["crash"] * 4 + ["halt"] * 4 + ["part"] * 3
    kinds += ["outage", "server crash", "server stall", "wall", "cut socket"]
    kinds += ["slow"] * 3
    kind = chance.choice(kinds)
    lasts = int(10 ** chance.uniform(1, 4.3))
    at = chance.randint(1_000, HORIZON_MS)
    return Step(at, kind, chance.randrange(hosts), lasts, steps=chance.randint(0, 400))


def _office(chance: Random, sales: tuple[Sale, ...]) -> Iterator[Step]:
    for _ in range(chance.choice((0, 0, 1, 2))):
        at = chance.randint(3_000, HORIZON_MS)
        how = chance.choice(("alone", "both"))
        lot = chance.randrange(len(sales))
        yield Step(at, "suspend", 0, chance.randint(200, 9_000), how, lot=lot)
    if chance.random() < 0.2:
        yield Step(chance.randint(3_000, HORIZON_MS), "revoke", 0)
