"""Every fault of the list has a test that says so: `Fault N:` in its docstring, or, in the web
client's tests, in the comment before it."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import FAULTS
from tests.protections.page import page
from tests.protections.table import PROTECTIONS, Protection

HOUSE = Path(__file__).parents[1]
NAMED = re.compile(r"\bFault (\d+)(?: too)?:\s+\S")
"""The number, a colon and the words: a bare number shows nothing."""
WEB_TEST = re.compile(r"^\s*(?:it|test)\(", re.MULTILINE)

Named = tuple[int, str]


def python_tests(source: str) -> Iterator[Named]:
    """(fault, test) for every test function whose docstring names a fault."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith(
            "test_"
        ):
            for number in NAMED.findall(ast.get_docstring(node) or ""):
                yield int(number), node.name


def web_tests(source: str) -> Iterator[Named]:
    """(fault, line) for every comment that names a fault and is followed by a test."""
    for found in NAMED.finditer(source):
        line = source.count("\n", 0, found.start())
        comment = source.splitlines()[line].lstrip()
        if comment.startswith(("//", "*", "/*")) and WEB_TEST.search(source, found.end()):
            yield int(found[1]), f"line {line + 1}"


def named_tests() -> dict[int, list[str]]:
    """Which tests name which fault, over the whole house."""
    found = defaultdict(list)
    for pattern, read in (("tests/**/test_*.py", python_tests), ("web/test/*.test.ts", web_tests)):
        for path in sorted(HOUSE.glob(pattern)):
            for number, name in read(path.read_text()):
                found[number].append(f"{path.relative_to(HOUSE)}: {name}")
    return found


TESTS = named_tests()


@pytest.mark.parametrize("number", FAULTS)
def test_every_fault_has_a_named_test(number: int) -> None:
    assert TESTS[number], f"no test says `Fault {number}:` ({FAULTS[number]})"


def test_the_list_has_no_holes() -> None:
    assert list(FAULTS) == [*range(1, 39), 49, 50]


def test_every_fault_of_an_auction_has_its_protection() -> None:
    assert [each.fault for each in PROTECTIONS] == list(range(1, 39))


@pytest.mark.parametrize("protection", PROTECTIONS, ids=lambda each: f"fault {each.fault}")
def test_a_protection_stands_where_the_table_says_and_its_tests_name_the_fault(
    protection: Protection,
) -> None:
    source = (HOUSE / protection.file).read_text()
    assert source.count(protection.cut) == 1
    named = {each.replace(": ", "::") for each in TESTS[protection.fault]}
    for test in protection.tests:
        file, _, name = test.partition(" > ")
        if name:
            assert f"it('{name}'" in (HOUSE / file).read_text()
        else:
            assert test in named, f"{test} does not say `Fault {protection.fault}:`"


def test_the_page_of_faults_is_the_table() -> None:
    """`python -m tests.protections --page > docs/faults.md` writes it."""
    assert (HOUSE / "docs" / "faults.md").read_text() == page()


def test_only_words_in_a_tests_own_docstring_count() -> None:
    planted = '''
def test_one():
    """It holds.

    Fault 4 too: the words.
    """

async def test_two():
    """Fault 5:"""

class Case:
    def test_three(self):
        """Fault 6: the words. Fault 7: more words."""

def helper():
    """Fault 8: the words."""

def test_four():
    note = "Fault 9: the words."  # Fault 9: the words
'''
    assert set(python_tests(planted)) == {(4, "test_one"), (6, "test_three"), (7, "test_three")}


def test_a_comment_of_the_web_tests_counts_before_a_test_only() -> None:
    planted = '// Fault 27: the words\nit("holds", () => {})\n// Fault 28: nothing follows\n'
    assert list(web_tests(planted)) == [(27, "line 1")]
