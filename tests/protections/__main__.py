"""Takes each protection out and sees its tests fail:

    uv run --group dev python -m tests.protections [--fault N ...]

Works on a copy of the house in a folder of its own. Exit 1 when a test still passes without the
protection, when it ends in another way than by failing (nothing to run, a house that does not even
import, a hang that the table does not announce), or when the text that protects is not where the
table says.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from enum import Enum
from pathlib import Path

from tests.protections.page import page
from tests.protections.table import PROTECTIONS, Protection

HOUSE = Path(__file__).parents[2]
LIMIT_S = 300


class End(Enum):
    """How one test ended. Whoever hangs has noticed something only if the table says so."""

    HOLDS = "passes"
    FAILED = "fails"
    HUNG = f"has not ended after {LIMIT_S} s"
    OTHER = "could not be run"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--fault", type=int, action="append", help="only this one; again for more")
    options.add_argument("--page", action="store_true", help="print docs/faults.md and end")
    asked = options.parse_args()
    if asked.page:
        sys.stdout.write(page())
        return 0
    chosen = [each for each in PROTECTIONS if not asked.fault or each.fault in asked.fault]
    copy = Path(tempfile.mkdtemp(prefix="luochui-protections-"))
    copy.chmod(0o755)
    try:
        copy_house(copy)
        unseen = [each.fault for each in chosen if not _told(each, is_missed(copy, each))]
    finally:
        shutil.rmtree(copy, ignore_errors=True)
    _say(f"{len(chosen) - len(unseen)} of {len(chosen)} protections are missed by their tests")
    return 1 if unseen else 0


def _told(protection: Protection, missed: bool) -> bool:
    verdict = "its tests fail" if missed else "NOBODY NOTICES"
    _say(f"fault {protection.fault:2}: without it {verdict} ({protection.what})")
    return missed


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def copy_house(copy: Path) -> None:
    """What git keeps, as it stands now, and the built client; the client's packages by a link."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=HOUSE, capture_output=True, check=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (HOUSE / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HOUSE / name, copy / name)
    packages = HOUSE / "web" / "node_modules"
    if packages.exists():
        (copy / "web" / "node_modules").symlink_to(packages)
    built = HOUSE / "service" / "web_dist"
    if built.exists():
        shutil.copytree(built, copy / "service" / "web_dist", dirs_exist_ok=True)


def is_missed(copy: Path, protection: Protection) -> bool:
    """Whether every test of the row fails once the protection is gone, and holds with it."""
    whole = (copy / protection.file).read_text(encoding="utf-8")
    if whole.count(protection.cut) != 1:
        _say(f"fault {protection.fault}: {protection.file} has not exactly one {protection.cut!r}")
        return False
    before = [end_of(copy, test) for test in protection.tests]
    if set(before) != {End.HOLDS}:
        _say(f"fault {protection.fault}: with the protection in its place {_ends(before)}")
        return False
    try:
        _put(copy, protection, whole.replace(protection.cut, protection.scar))
        after = [end_of(copy, test) for test in protection.tests]
    finally:
        _put(copy, protection, whole)
    noticed = {End.FAILED, End.HUNG} if protection.may_hang else {End.FAILED}
    if not set(after) <= noticed:
        _say(f"fault {protection.fault}: without the protection {_ends(after)}")
    return set(after) <= noticed


def _ends(ends: list[End]) -> str:
    return ", ".join(f"a test {end.value}" for end in ends)


def _put(copy: Path, protection: Protection, source: str) -> None:
    """Into the house, and into the built client where a browser will look for it."""
    (copy / protection.file).write_text(source, encoding="utf-8")
    in_browser = any("tests/browser" in test for test in protection.tests)
    if protection.file.startswith("web/") and in_browser:
        code, said = _run(["npx", "vite", "build"], copy / "web")
        assert code == 0, f"the client does not build: {said}"


def end_of(copy: Path, test: str) -> End:
    """How the test ends in this house."""
    file, _, name = test.partition(" > ")
    try:
        return (
            _of_vitest(copy / "web", file.removeprefix("web/"), name)
            if name
            else _of_pytest(copy, test)
        )
    except subprocess.TimeoutExpired:
        return End.HUNG


def _of_pytest(folder: Path, test: str) -> End:
    """1 is its code for failed tests, 0 for passed ones; others are for what it could not run."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", test]
    code, said = _run(command, folder)
    if code == 1 and re.search(r"\b[1-9]\d* failed\b", said):
        return End.FAILED
    return End.HOLDS if code == 0 else End.OTHER


def _of_vitest(folder: Path, file: str, name: str) -> End:
    """Its code is 0 when no test has the name, and 1 when the file does not even load: the counts
    of tests that ran decide."""
    report = folder / "protections.json"
    report.unlink(missing_ok=True)
    wanted = ["--reporter=json", f"--outputFile={report}"]
    code, _ = _run(["npx", "vitest", "run", file, "-t", name, *wanted], folder)
    counts = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
    if code == 1 and counts.get("numFailedTests"):
        return End.FAILED
    return End.HOLDS if code == 0 and counts.get("numPassedTests") else End.OTHER


def _run(command: list[str], folder: Path) -> tuple[int, str]:
    """The code at the end and what was said. Raises TimeoutExpired."""
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        command,
        cwd=folder,
        env=env,
        capture_output=True,
        timeout=LIMIT_S,
        check=False,
        text=True,
        errors="replace",
    )
    return ended.returncode, ended.stdout


if __name__ == "__main__":
    raise SystemExit(main())
