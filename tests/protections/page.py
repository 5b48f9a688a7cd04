"""docs/faults.md, made from the list of faults and the table of protections."""

from tests.faults import FAULTS
from tests.protections.table import PROTECTIONS, Protection

_HEAD = """# Faults that this service is held to

Each happened to a real auction system, commercial, governmental or open source. The table says what
protects from it here, where that stands, and the test that fails when it is taken out. It is not a
promise alone: `uv run --group dev python -m tests.protections` takes each protection out of a copy
of the house and runs its tests, and says who did not notice. More tests name each fault, by
`Fault N:` in their first words; `pytest tests/test_faults.py` holds list, table and page together.

| | fault | protection | where | test |
|---|---|---|---|---|
"""


def page() -> str:
    """The whole page in Markdown."""
    return _HEAD + "".join(_row(each) for each in PROTECTIONS)


def _row(protection: Protection) -> str:
    tests = "<br>".join(f"`{_short(test)}`" for test in protection.tests)
    fault = FAULTS[protection.fault]
    where = f"`{protection.file}`"
    return f"| {protection.fault} | {fault} | {protection.what} | {where} | {tests} |\n"


def _short(test: str) -> str:
    """The file without its folders, and the name."""
    return test.rpartition("/")[2]
