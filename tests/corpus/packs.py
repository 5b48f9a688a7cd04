"""The logs and health series of the honest packs, without keys and signatures, which are random."""

import json
from pathlib import Path
from typing import Any

from service.audit.pack import PackContents
from tests.audit.sales import HONEST, unfinished

NO_KEY, NO_SIGNATURE = "0" * 16, "A" * 86 + "=="


def without_keys(value: Any) -> Any:
    """The same JSON with one key and one signature for all."""
    if isinstance(value, list):
        return [without_keys(member) for member in value]
    if not isinstance(value, dict):
        return value
    told = {name: without_keys(member) for name, member in value.items()}
    fixed = {"key_id": NO_KEY, "public_key": "3059", "signature": NO_SIGNATURE}
    return told | {name: fixed[name] for name in told.keys() & fixed.keys()}


def told(contents: PackContents) -> dict[str, Any]:
    """log: the entries. health: when the bid path was proved (ms)."""
    entries = [without_keys(json.loads(entry)) for entry in contents.entries]
    return {"log": entries, "health": [row.at for row in contents.health]}


def write(out: Path) -> None:
    packs = {make.__name__: told(make()) for make in (*HONEST, unfinished)}
    text = json.dumps(packs, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    out.write_text(text + "\n", encoding="utf-8")
