"""Takes each protection out and sees its tests fail:

    uv run --group dev python -m tests.protections [--fault N ...]

Works on a copy of the house in a folder of its own. Exit 1 when a test still passes without the
protection, or when the text that protects is not where the table says.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.protections.page import page
from tests.protections.table import PROTECTIONS, Protection

HOUSE = Path(__file__).parents[2]
LIMIT_S = 300


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
    if not all(passes(copy, test) for test in protection.tests):
        _say(f"fault {protection.fault}: a test of it fails with the protection in its place")
        return False
    try:
        _put(copy, protection, whole.replace(protection.cut, protection.scar))
        return not any(passes(copy, test) for test in protection.tests)
    finally:
        _put(copy, protection, whole)


def _put(copy: Path, protection: Protection, source: str) -> None:
    """Into the house, and into the built client where a browser will look for it."""
    (copy / protection.file).write_text(source, encoding="utf-8")
    in_browser = any("tests/browser" in test for test in protection.tests)
    if protection.file.startswith("web/") and in_browser:
        assert _run(["npx", "vite", "build"], copy / "web"), "the client does not build"


def passes(copy: Path, test: str) -> bool:
    file, _, name = test.partition(" > ")
    if name:
        command = ["npx", "vitest", "run", file.removeprefix("web/"), "-t", name]
        return _run(command, copy / "web")
    return _run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", test], copy
    )


def _run(command: list[str], folder: Path) -> bool:
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, timeout=LIMIT_S, check=False
    )
    return ended.returncode == 0


if __name__ == "__main__":
    raise SystemExit(main())
