"""What checks remark is said in Chinese in the Chinese report."""

import re

import pytest

from service.report.remarks import in_chinese

LETTERS = re.compile("[A-Za-z]{3}")


@pytest.mark.parametrize(
    "remark",
    [
        "no policy was given: witnesses were not looked at",
        "no timestamp authority was given: 0 tokens were not judged",
        "1 of 1 announced documents are in the pack",
        "the quorum covers 18 of 18 entries",
        "no bid was decided",
        "5 of 7 moments are stamped, not 1 seal; the longest delay is 2.5 s, at the close",
        "0 of 3 moments are stamped, not 3 interval",
    ],
)
def test_a_remark_is_said_in_chinese(remark: str) -> None:
    said = in_chinese(remark)
    assert LETTERS.search(said) is None, said
    assert re.findall("[0-9.]+", remark)[:1] == [] or set(re.findall("[0-9.]+", remark)) <= set(
        re.findall("[0-9.]+", said)
    )


def test_what_is_not_known_is_left_as_it_is() -> None:
    assert in_chinese("something new") == "something new"
