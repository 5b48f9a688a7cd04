"""What a cheat can do to a pack: with its bytes alone, and with the log's own signing key."""

import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

from schemas import log as w
from service import wire
from service.audit import archive, canonical, proofs
from service.audit.notes import SigningKey
from service.audit.pack import (
    LOG,
    MANIFEST,
    Head,
    HouseRecord,
    PackContents,
    build,
    with_manifest,
)
from service.audit.proofs import Receipt
from service.audit.tree import Tree, leaf_hash
from service.rules import messages as m
from service.rules.decide import apply, decide
from service.rules.lot import Lot
from service.rules.refusals import Refusal
from tests.audit import sales

Files = dict[str, bytes]
Entry = dict[str, Any]


# ── with the bytes alone ────────────────────────────────────────────────────────────────────


def unpack(raw: bytes) -> Files:
    with zipfile.ZipFile(BytesIO(raw)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def repack(files: Files, *, manifest: bool = True) -> bytes:
    """A pack of these files. The manifest is signed by nobody, so any cheat can mend it."""
    if not manifest:
        return archive.write(sorted(files.items()))
    origin = json.loads(files[MANIFEST])["log"]
    rest = sorted((name, data) for name, data in files.items() if name != MANIFEST)
    return archive.write(with_manifest(origin, rest))


def lines(files: Files) -> list[bytes]:
    return files[LOG].splitlines()


def with_lines(files: Files, changed: Iterable[bytes]) -> Files:
    return {**files, LOG: b"".join(line + b"\n" for line in changed)}


def rewrite(line: bytes, change: Callable[[Entry], None]) -> bytes:
    """The entry after `change`, in canonical bytes."""
    entry = json.loads(line)
    change(entry)
    return canonical.encode(entry)


def find(entries: Sequence[bytes], kind: str, nth: int = 0) -> int:
    """The seq of the nth entry (from 0, or from the end) whose command or event is `kind`."""
    mark = f'"type":"{kind}"'.encode()
    return [seq for seq, entry in enumerate(entries) if mark in entry][nth]


def receipt_of(files: Files, seq: int) -> str:
    """The name of the receipt of the bid at `seq`."""
    bid_id = json.loads(lines(files)[seq])["command"]["bid_id"]
    return f"receipts/{bid_id}.tlog-proof"


def change_receipt(files: Files, seq: int, change: Callable[[Receipt], Receipt]) -> Files:
    name = receipt_of(files, seq)
    changed = change(proofs.parse(files[name].decode()))
    return {**files, name: changed.to_text().encode()}


# ── with the log's key ──────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Spoken:
    """One command and when it was decided."""

    at: int
    command: m.Command


def spoken(contents: PackContents) -> list[Spoken]:
    """The commands of a log, for telling the story again in another way."""
    entries = [w.LotEntry.model_validate_json(entry) for entry in contents.entries]
    return [Spoken(entry.at, wire.command_from_wire(entry.command)) for entry in entries]


def retell(contents: PackContents, story: Iterable[Spoken]) -> PackContents:
    """The best a cheat with the key can do: the rules decide his story, everything is signed."""
    lot: Lot | None = None
    entries = []
    for said in story:
        decision = decide(lot, said.command, said.at)
        assert not isinstance(decision, Refusal), decision
        lot = apply(lot, said.command, decision, said.at)
        entries.append(sales.encode(contents.origin, len(entries), said.at, said.command, decision))
    return rewritten(contents, entries)


def rewritten(contents: PackContents, entries: Sequence[bytes]) -> PackContents:
    """These entries as the lot's log: every head anew, and the house log made to agree."""
    tree, heads = Tree(), []
    for entry in entries:
        tree.append(leaf_hash(entry))
        heads.append(Head(tree.size, tree.root()))
    agreed = replace(contents, entries=tuple(entries), heads=tuple(heads))

    def agree(entry: Entry) -> None:
        command = entry["command"]
        if command["type"] == "lot_born":
            command["leaf_hash"] = tree.leaf(0).hex()
        if command["type"] == "lot_sealed":
            command["size"], command["root"] = tree.size, tree.root().hex()

    return change_house(agreed, agree)


def change_house(
    contents: PackContents,
    change: Callable[[Entry], None],
    *,
    keep: Callable[[Entry], bool] = lambda _: True,
) -> PackContents:
    """The house log with its entries about this lot changed; what is not kept is not shown."""
    house = [b"{}"] * contents.house_head.size
    for record in contents.house:
        house[record.seq] = rewrite(record.entry, change)
    tree = Tree(leaf_hash(entry) for entry in house)
    shown = tuple(
        HouseRecord(house[record.seq], record.seq, tree.inclusion_proof(record.seq))
        for record in contents.house
        if keep(json.loads(house[record.seq]))
    )
    return replace(contents, house=shown, house_head=Head(tree.size, tree.root()))


def signed(contents: PackContents, key: SigningKey = sales.KEY) -> bytes:
    return build(contents, key)
