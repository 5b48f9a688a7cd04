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


@pytest.fixture
def copied_house(tmp_path: Path) -> Path:
    for package in ("service", "schemas"):
        ignored = shutil.ignore_patterns("web_dist", "__pycache__")
        shutil.copytree(HOUSE / package, tmp_path / package, ignore=ignored)
    shutil.copy(HOUSE / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_floors_hold(copied_house: Path) -> None:
    linted = run(BIN / "lint-imports", "--no-cache", where=copied_house)
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize(
    ("place", "breach", "contract"),
    [
        ("service/rules/planted.py", "import time", "Rules are arithmetic"),
        ("service/rules/planted.py", "import os.path", "Rules are arithmetic"),
        ("service/rules/planted.py", "import pydantic", "Rules are arithmetic"),
        ("service/rules/planted.py", "import service.clock", "Floors"),
        ("service/rules/planted.py", "import schemas", "Rules are arithmetic"),
        ("service/audit/planted.py", "import sqlalchemy", "Audit needs no database"),
        ("service/audit/planted.py", "import service.store", "Floors"),
        ("service/store/planted.py", "import service.live", "Floors"),
        ("service/desk/planted.py", "import service.live", "Floors"),
        ("service/live/planted.py", "import service.api", "Floors"),
        ("schemas/planted.py", "import service.rules", "Schemas know nobody"),
        ("service/attic.py", "", "Floors"),
    ],
)
def test_a_planted_breach_is_caught(
    copied_house: Path, place: str, breach: str, contract: str
) -> None:
    (copied_house / place).write_text(f"{breach}\n")
    linted = run(BIN / "lint-imports", "--no-cache", where=copied_house)
    assert linted.returncode == 1, linted.stdout
    assert re.search(rf"{contract}.*BROKEN", linted.stdout)


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
