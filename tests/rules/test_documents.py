"""docs/rules.md shows the table that the code obeys, and every name that it can answer."""

import re
from pathlib import Path

import pytest

from service.rules import release
from service.rules.refusals import Reason
from service.rules.table import ALLOWED, diagram
from service.rules.terms import FailedReason, Stage

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text()


def test_the_diagram_of_the_page_is_the_diagram_of_the_table() -> None:
    drawn = re.search(r"```mermaid\n(.*?)```", PAGE, re.DOTALL)
    assert drawn is not None
    assert drawn[1] == diagram(), "put what service.rules.table.diagram() returns into the page"


@pytest.mark.parametrize("stage", list(Stage))
def test_the_rows_of_the_page_are_the_rows_of_the_table(stage: Stage) -> None:
    row = re.search(rf"^\| {stage} \|.*\| (.*) \|$", PAGE, re.MULTILINE)
    assert row is not None
    kinds = {re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower() for kind in ALLOWED[stage]}
    assert set(re.findall(r"`(\w+)`", row[1])) == kinds


@pytest.mark.parametrize("name", [*Reason, *FailedReason])
def test_every_refusal_and_every_failure_is_explained(name: str) -> None:
    assert re.search(rf"\b{name}\b", PAGE)


def test_every_violation_is_explained() -> None:
    source = Path(release.__file__).read_text()
    names = set(re.findall(r'(?:Violation|_too_long)\(\s*"(\w+)"', source))
    assert len(names) > 20
    assert {name for name in names if f"`{name}`" not in PAGE} == set()
