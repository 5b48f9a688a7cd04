"""The corpus that both verifiers are held to: still judged so, and still made so."""

import zipfile
from io import BytesIO

import pytest

from tests.corpus import __main__ as corpus
from tests.corpus.known import Case, cases

LOADED = corpus.load()
MOST_BYTES = 3_000_000
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_python_still_says_what_is_expected(part: int) -> None:
    differ = {}
    for case, expected in LOADED[part::PARTS]:
        found = corpus.finding(corpus.verify(case))
        if found != expected:
            differ[case.name] = {"expected": expected, "found": found}
    assert differ == {}


def test_made_again_it_is_the_same() -> None:
    """What the packs hold: how their bytes are deflated is the library's affair."""
    again, kept = list(cases()), [case for case, _ in LOADED]
    assert [each.name for each in again] == [each.name for each in kept]
    differ = [
        new.name for new, old in zip(again, kept, strict=True) if meaning(new) != meaning(old)
    ]
    assert differ == []


def meaning(case: Case) -> tuple[object, ...]:
    return files_of(case.pack), case.key, case.policy, case.tsa


def files_of(pack: bytes) -> object:
    """Names and bytes, or the pack itself where no reader could tell them."""
    try:
        with zipfile.ZipFile(BytesIO(pack)) as opened:
            return [(each.filename, opened.read(each)) for each in opened.infolist()]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError):
        return pack


def test_it_holds_every_kind_and_stays_small() -> None:
    kinds = {case.name.partition(":")[0] for case, _ in LOADED}
    assert kinds == {
        *("honest", "tampered", "no pack", "entry", "receipt", "house proof", "checkpoints"),
        *("manifest", "health", "key", "policy", "authority", "timestamp"),
    }
    assert len({case.name for case, _ in LOADED}) == len(LOADED) >= 60
    assert {expected["exit_code"] for _, expected in LOADED} == {0, 1, 2}
    named = {number for _, expected in LOADED for number in expected["failing"]}
    assert named == set(range(1, 16))
    assert sum(file.stat().st_size for file in corpus.FOLDER.iterdir()) <= MOST_BYTES


def test_it_holds_no_file_that_nothing_names() -> None:
    named = {corpus.EXPECTED}
    for row in corpus.rows():
        named |= {row["pack"], *row["tsa"], *([row["policy"]] if row["policy"] else [])}
    assert {file.name for file in corpus.FOLDER.iterdir()} == named
