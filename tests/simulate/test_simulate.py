"""A few seeds, the same seed twice, and the net with a hole cut into the product."""

from dataclasses import replace
from hashlib import sha256

import pytest

from service.store import ledger
from tests.simulate.__main__ import find_planted
from tests.simulate.database import WRITE
from tests.simulate.history import Finding
from tests.simulate.invariants import INVARIANTS
from tests.simulate.plan import draw
from tests.simulate.planted import PLANTED, Planted
from tests.simulate.runner import ddmin, run, run_seed, shorten, tell

pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")


@pytest.mark.parametrize("seed", range(1, 6))
def test_everything_holds(seed: int) -> None:
    outcome = run_seed(seed)
    assert not outcome.findings, tell(outcome)


def test_the_same_seed_has_the_same_root() -> None:
    first, second = run_seed(3), run_seed(3)
    assert first.root == second.root
    assert run_seed(4).root != first.root


@pytest.mark.parametrize(
    "name",
    [
        "the swap is not compared: the last writer wins",
        "answered before the commit",
        "resuming gives what was left",
    ],
)
def test_a_planted_bug_is_found_and_its_history_made_short(name: str) -> None:
    planted = _planted(name)
    found = find_planted(planted, 20)
    assert found is not None
    short = shorten(found, planted, limit_ms=10**9, most_runs=6)
    assert len(short.plan.steps) < len(found.plan.steps)
    assert planted.is_found(short.findings)
    assert short.findings[0].detail in tell(short)


def test_every_planted_bug_names_what_it_breaks() -> None:
    for planted in PLANTED:
        assert planted.breaks, planted.name
        assert planted.breaks <= INVARIANTS.keys(), planted.name


def test_a_run_that_only_falls_over_finds_no_planted_bug() -> None:
    fell = [Finding("nothing breaks inside", "KeyError"), Finding("every sale ends", "after 9 ms")]
    assert not any(planted.is_found(fell) for planted in PLANTED)


def test_nothing_of_a_planted_bug_stays() -> None:
    run_seed(2, _planted("resuming gives what was left"))
    assert not run_seed(2).findings


def test_a_run_without_any_step_ends_in_a_sealed_log() -> None:
    outcome = run(replace(draw(1), steps=()))
    assert not outcome.findings, tell(outcome)
    assert "LogSealed" in tell(outcome)


def test_the_shortest_is_found() -> None:
    assert list(ddmin(range(40), lambda kept: {3, 31} <= set(kept))) == [3, 31]  # type: ignore[arg-type,comparison-overlap]


def test_the_statement_is_the_one_that_the_model_knows() -> None:
    """Whoever changes it changes Store.append too, and then this sum."""
    assert ledger._WRITE is WRITE
    assert sha256(WRITE.encode()).hexdigest()[:16] == "cfa2ee1606a1be69"


def _planted(name: str) -> Planted:
    return next(planted for planted in PLANTED if planted.name == name)
