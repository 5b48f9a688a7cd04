"""The house holds: floors, thin aliases, files that name one another. Breaches are planted."""

import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

HOUSE = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


def run(*command: object, where: Path = HOUSE) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(word) for word in command], cwd=where, capture_output=True, text=True
    )


def project() -> dict[str, Any]:
    return tomllib.loads((HOUSE / "pyproject.toml").read_text())


def floors_of(house: Path) -> "subprocess.CompletedProcess[str]":
    return run(BIN / "lint-imports", "--no-cache", where=house)


@pytest.fixture(scope="module")
def copied_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    house = tmp_path_factory.mktemp("house")
    for package in ("service", "schemas"):
        ignored = shutil.ignore_patterns("*.pyc", "data", "fonts", "web_dist")
        shutil.copytree(HOUSE / package, house / package, ignore=ignored)
    shutil.copy(HOUSE / "pyproject.toml", house)
    return house


BREACHES = [
    ("service.rules", "time"),
    ("service.rules", "os"),
    ("service.rules", "pydantic"),
    ("service.rules", "schemas"),
    ("service.rules", "service.clock"),
    ("service.audit", "sqlalchemy"),
    ("service.audit", "asyncio"),
    ("service.audit", "service.store"),
    ("service.store", "service.live"),
    ("service.desk", "service.live"),
    ("service.live", "service.api"),
    ("service.api", "service.main"),
    ("schemas", "service.rules"),
]


@pytest.fixture(scope="module")
def findings(copied_house: Path) -> str:
    """What the floors' guard says of a house that held until every breach was planted at once."""
    before = floors_of(copied_house)
    assert before.returncode == 0, before.stdout
    for place, target in BREACHES:
        planted = copied_house.joinpath(*place.split("."), f"to_{target.replace('.', '_')}.py")
        planted.write_text(f"import {target}\n")
    (copied_house / "service" / "attic.py").touch()
    after = floors_of(copied_house)
    assert after.returncode == 1, after.stdout
    return after.stdout


@pytest.mark.parametrize(("place", "target"), BREACHES)
def test_a_planted_breach_is_caught(findings: str, place: str, target: str) -> None:
    assert f"{place}.to_{target.replace('.', '_')} -> {target} " in findings


def test_a_new_room_must_say_where_it_lives(findings: str) -> None:
    assert re.search(r"not listed as layers:\s+- service\.attic", findings)


def test_only_the_clock_asks_the_time() -> None:
    planted = "import time\n\nprint(time.time())\n"
    command = [BIN / "ruff", "check", "--select=TID251", "--stdin-filename"]
    for place, code in (("service/live/planted.py", 1), ("service/clock.py", 0)):
        checked = subprocess.run(
            [*command, place, "-"], input=planted, cwd=HOUSE, capture_output=True, text=True
        )
        assert checked.returncode == code, checked.stdout


def test_the_migrations_do_not_hide_the_alembic_library() -> None:
    assert list((HOUSE / "alembic").rglob("__init__.py")) == []
    where = run(sys.executable, "-c", "import alembic; print(alembic.__file__)")
    assert "site-packages" in where.stdout


def test_the_makefile_only_passes_on() -> None:
    text = (HOUSE / "Makefile").read_text()
    recipes = re.findall(r"^(\w+): \$\(UV\)\n((?:\t.*\n)+)", text, re.MULTILINE)
    assert recipes == [
        ("demo", "\t$(UV) run --locked luochui demo\n"),
        ("test", "\t$(UV) run --locked --group dev pytest\n"),
    ]


def test_ci_ends_with_the_test_command_of_the_readme() -> None:
    command = "uv run --locked --group dev pytest"
    assert command in (HOUSE / "README.md").read_text()
    steps = re.findall(r"^step .*$", (HOUSE / ".ci" / "run").read_text(), re.MULTILINE)
    assert steps[-1] == f'step "tests" {command}'


def test_the_compose_file_is_valid() -> None:
    checked = run(
        BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"
    )
    assert checked.returncode == 0, checked.stdout


def test_there_is_one_version() -> None:
    locked = tomllib.loads((HOUSE / "uv.lock").read_text())["package"]
    versions = {package["version"] for package in locked if package["name"] == "luochui"}
    assert versions == {project()["project"]["version"]} == {metadata.version("luochui")}


def test_the_extra_and_the_group_name_the_same_server() -> None:
    parts = project()
    extra = parts["project"]["optional-dependencies"]["embedded"]
    assert extra == parts["dependency-groups"]["embedded"]
    assert parts["tool"]["uv"]["default-groups"] == ["embedded"]
