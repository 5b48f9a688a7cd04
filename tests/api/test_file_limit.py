"""The bound on connections needs files; a shell's usual limit has too few."""

import resource
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from service.connections import raise_file_limit


@pytest.fixture(autouse=True)
def limits() -> Iterator[tuple[int, int]]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_soft_limit_becomes_the_hard_one(limits: tuple[int, int]) -> None:
    _, hard = limits
    resource.setrlimit(resource.RLIMIT_NOFILE, (1_000, hard))
    with capture_logs() as said:
        assert raise_file_limit(1_001) == hard
    assert said == []


def test_too_few_files_are_said_and_no_reason_not_to_start(limits: tuple[int, int]) -> None:
    _, hard = limits
    with capture_logs() as said:
        assert raise_file_limit(hard + 1) == hard
    assert [each["event"] for each in said] == ["few_files"]
