"""Writes the corpus that both verifiers are held to: `python -m tests.corpus [FOLDER]`.

The packs go to `packs/` beside this file with `expected.json`, which says of each what the verifier
in Python finds. Nothing in it is by chance: made again, it is the same.
"""

import json
import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from schemas.rest import VerifyReport
from service.audit.verifier import verify_pack
from tests.corpus.known import Case, cases

FOLDER = Path(__file__).parent / "packs"
EXPECTED = "expected.json"
KINDS = ("zip", "policy", "pem")


def main() -> None:
    """Writes all of it anew."""
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER, cases())


def write(folder: Path, made: Iterable[Case]) -> None:
    """Packs, keys, policies and certificates under their hashes, and what is expected of each."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in (each for kind in KINDS for each in folder.glob(f"*.{kind}")):
        old.unlink()
    text = json.dumps([_row(folder, case) for case in made], ensure_ascii=False, indent=1)
    (folder / EXPECTED).write_text(text + "\n", encoding="utf-8")


def verify(case: Case) -> VerifyReport:
    """What the verifier in Python says of it."""
    return verify_pack(case.pack, case.key, case.policy, case.tsa)


def finding(report: VerifyReport) -> dict[str, Any]:
    """What both verifiers must say: exit code, the first difference, and all checks that fail."""
    failed = [check for check in report.checks if check.status == "FAILED"]
    return {
        "exit_code": report.exit_code,
        "check": failed[0].number if failed else None,
        "first_seq": failed[0].first_seq if failed else None,
        "failing": [check.number for check in failed],
        "root": report.root if report.exit_code == 0 else None,
        "outcome": report.outcome if report.exit_code == 0 else None,
    }


def load(folder: Path = FOLDER) -> list[tuple[Case, dict[str, Any]]]:
    """The written cases, and what is expected of each."""
    return [(_case(folder, row), row["expected"]) for row in rows(folder)]


def rows(folder: Path = FOLDER) -> list[dict[str, Any]]:
    """The cases as they are written, by the names of their files."""
    found: list[dict[str, Any]] = json.loads((folder / EXPECTED).read_text(encoding="utf-8"))
    return found


def _row(folder: Path, case: Case) -> dict[str, Any]:
    return {
        "name": case.name,
        "pack": _keep(folder, case.pack, "zip"),
        "key": case.key,
        "policy": None if case.policy is None else _keep(folder, case.policy, "policy"),
        "tsa": [_keep(folder, pem, "pem") for pem in case.tsa],
        "expected": finding(verify(case)),
    }


def _keep(folder: Path, data: bytes, kind: str) -> str:
    name = f"{sha256(data).hexdigest()[:12]}.{kind}"
    (folder / name).write_bytes(data)
    return name


def _case(folder: Path, row: dict[str, Any]) -> Case:
    policy = None if row["policy"] is None else (folder / row["policy"]).read_bytes()
    tsa = tuple((folder / name).read_bytes() for name in row["tsa"])
    return Case(row["name"], (folder / row["pack"]).read_bytes(), row["key"], policy, tsa)


if __name__ == "__main__":
    main()
