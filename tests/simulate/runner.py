"""Runs plans, and makes a failing one short: delta debugging over its steps."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

from service.clock import monotonic_ms
from tests.simulate.history import Finding, read_history, root_of
from tests.simulate.invariants import judge
from tests.simulate.plan import EPOCH_MS, Plan, Step, draw
from tests.simulate.planted import Planted
from tests.simulate.world import World


@dataclass(frozen=True, slots=True)
class Outcome:
    """root: of everything written and told. ended_ms: how long the run lasted in its own time."""

    plan: Plan
    findings: tuple[Finding, ...]
    root: str
    ended_ms: int
    world: World


def run(plan: Plan, planted: Planted | None = None) -> Outcome:
    """One run from its beginning to its end, and the judgement."""
    world = World(plan)
    with nullcontext() if planted is None else planted.in_place():
        world.run()
    found = tuple(judge(world))
    return Outcome(plan, found, root_of(world), world.loop.now_us // 1000, world)


def run_seed(seed: int, planted: Planted | None = None) -> Outcome:
    return run(draw(seed), planted)


def shorten(
    failed: Outcome, planted: Planted | None, *, limit_ms: int, most_runs: int = 10_000
) -> Outcome:
    """The shortest plan found so soon that still breaks the same invariant."""
    wanted = _wanted(failed, planted)
    best, until, runs = failed, monotonic_ms() + limit_ms, 0

    def breaks(steps: Sequence[Step]) -> bool:
        nonlocal best, runs
        runs += 1
        if runs > most_runs or monotonic_ms() > until:
            return False
        tried = run(replace(failed.plan, steps=tuple(steps)), planted)
        if all(finding.invariant != wanted for finding in tried.findings):
            return False
        best = tried
        return True

    ddmin(failed.plan.steps, breaks)
    return run(best.plan, planted)


def _wanted(failed: Outcome, planted: Planted | None) -> str:
    """The gravest finding; of a planted bug the gravest that it is known for."""
    known = [f for f in failed.findings if planted is None or planted.is_found((f,))]
    return known[0].invariant


def ddmin(steps: Sequence[Step], breaks: Callable[[Sequence[Step]], bool]) -> Sequence[Step]:
    """Zeller's: leaves out ever smaller pieces while it still breaks."""
    pieces = 2
    while len(steps) >= 1:
        size = max(len(steps) // pieces, 1)
        for begin in range(0, len(steps), size):
            rest = [*steps[:begin], *steps[begin + size :]]
            if breaks(rest):
                steps, pieces = rest, max(pieces - 1, 2)
                break
        else:
            if size == 1:
                return steps
            pieces = min(pieces * 2, len(steps))
    return steps


def tell(outcome: Outcome) -> str:
    """A run for people: its steps, its logs, and what does not hold."""
    plan = outcome.plan
    lines = [f"seed {plan.seed}: {plan.hosts} hosts, {plan.bidders} bidders, root {outcome.root}"]
    lines += [f"  {step.told()}" for step in plan.steps]
    for sale in plan.sales:
        lines.append(f"the log of {sale.lot_id}, countdown {sale.rules.countdown_s} s:")
        lines += _log_lines(outcome)[sale.lot_id]
    lines += [f"BROKEN {f.invariant}: {f.detail}" for f in outcome.findings[:10]]
    return "\n".join(lines)


def _log_lines(outcome: Outcome) -> dict[str, list[str]]:
    """Only the run made last can be told: all runs share one database."""
    told: dict[str, list[str]] = {}
    for sale in outcome.plan.sales:
        try:
            history = read_history(outcome.world, sale)
        except Exception as error:
            told[sale.lot_id] = [f"  cannot be read: {error!r}"]
            continue
        told[sale.lot_id] = [
            f"  {entry.seq:>3} at {entry.at - EPOCH_MS:>6} ms,"
            f" committed {committed // 1000:>6} ms: {type(entry.command).__name__}"
            f" {getattr(entry.command, 'bidder_no', '')}"
            f" {', '.join(map(_event, entry.events))}"
            for entry, committed in zip(history.entries, history.committed_us, strict=False)
        ]
    return told


def _event(event: object) -> str:
    facts = ("amount_fen", "reason", "to", "closes_at")
    said = {name: getattr(event, name) for name in facts if hasattr(event, name)}
    if isinstance(said.get("closes_at"), int):
        said["closes_at"] -= EPOCH_MS
    words = " ".join(str(value) for value in said.values())
    return f"{type(event).__name__} {words}".strip()
