"""What no check can see, and what convicts him who does it: as plain as the rest."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from schemas.rest import VerifyReport
from service.audit import notes, proofs
from service.audit.encodings import read_base64
from service.audit.notes import Checkpoint
from service.audit.pack import Head, PackContents, build
from service.audit.policy import cosigners, read_policy
from service.audit.tree import Tree, leaf_hash
from tests.audit import sales
from tests.audit.forgers import Entry, Files, change_house, lines, spoken, unpack
from tests.tamper.attack import Convicts, Forge, Forged, Unseen, attack
from tests.tamper.places import entries_with, told
from tests.tamper.with_bytes import (
    another,
    batch_of,
    built,
    health_hole,
    house_without,
    notes_of,
    with_health,
)
from tests.tamper.with_key import deposit_backdated, dropped, seen_at
from tests.tamper.world import World

HOUR_MS = 3_600_000


# ── what convicts ───────────────────────────────────────────────────────────────────────────


def by_receipt(world: World, false: Files, report: VerifyReport) -> bool:
    """Some bidder holds the log's signature under an entry, or a head, that is not in the pack."""
    entries = lines(false)
    tree = Tree(leaf_hash(entry) for entry in entries)
    shown = set(_heads(false))
    return any(
        entries[receipt.index : receipt.index + 1] != [receipt.entry]
        or not _is_head(tree, receipt.checkpoint)
        or (receipt.checkpoint.size, receipt.checkpoint.root) not in shown
        for receipt in _held(world)
    )


def by_witness(world: World, false: Files, report: VerifyReport) -> bool:
    """The newest head that a witness holds is not one that this log grows from or to.

    A shorter log than the one a witness holds is one that the operator cannot prove consistent.
    """
    held = max(
        (head for head in world.contents.heads if world.contents.cosignatures.get(head.size)),
        key=lambda head: head.size,
    )
    tree = Tree(leaf_hash(entry) for entry in lines(false))
    return (
        tree.size != held.size or tree.root() != held.root or _house(false) != _house(world.files)
    )


def by_head(world: World, false: Files, report: VerifyReport) -> bool:
    """A witness holds, or a receipt shows, a head that the pack leaves out."""
    cosigned = {size for size, found in world.contents.cosignatures.items() if found}
    receipts = {receipt.checkpoint.size for receipt in _held(world)}
    return bool((cosigned | receipts) - {size for size, _ in _heads(false)})


def by_remark(number: int, *words: str) -> Callable[[World, Files, VerifyReport], bool]:
    """The report says so, though the check holds."""

    def said(world: World, false: Files, report: VerifyReport) -> bool:
        detail = report.checks[number - 1].detail or ""
        return any(word in detail for word in words)

    return said


def by_delay(world: World, false: Files, report: VerifyReport) -> bool:
    """The witnesses' clocks, whose times the checkpoints bear, against the log's."""
    return _latest(false) > sales.at(lines(false)[-1]) + HOUR_MS // 2


def by_name(world: World, false: Files, report: VerifyReport) -> bool:
    """The report names the log that it is of."""
    return report.log != world.contents.origin


def by_house_size(world: World, false: Files, report: VerifyReport) -> bool:
    """Whoever reads the house log finds the entry that is not shown."""
    names = {name for name in world.files if name.startswith("house/")}
    return bool(names - set(false))


def _held(world: World) -> Iterator[proofs.Proven]:
    key, origin = sales.KEY.verifying, world.contents.origin
    texts = (data for name, data in world.files.items() if name.startswith("receipts/"))
    return (proofs.verify(text.decode(), key, origin) for text in texts)


def _heads(files: Files) -> Iterator[tuple[int, bytes]]:
    blocks = files["checkpoints.txt"].decode().split("\n\n")[::2]
    for text in blocks:
        _, size, root = text.split("\n")
        yield int(size), read_base64(root) or b""


def _is_head(tree: Tree, head: Checkpoint) -> bool:
    return head.size <= tree.size and tree.root(head.size) == head.root


def _house(files: Files) -> set[str]:
    """The house head under which the house entries of a pack stand."""
    proven = (data.decode() for name, data in files.items() if name.startswith("house/"))
    return {proofs.parse(text).checkpoint.split("\n\n")[0] for text in proven}


def _latest(files: Files) -> int:
    """The latest instant (ms) at which a witness signed a checkpoint of the pack."""
    policy = read_policy(sales.POLICY)
    times = (cosigners(notes.parse_note(text), policy) for text in notes_of(files))
    return max(at_s * 1000 for found in times for at_s in found.values())


# ── what he does ────────────────────────────────────────────────────────────────────────────


def honest(world: World, chance: Random) -> Forged:
    """Nothing in the pack is other than what happened; what is wrong stands in no log."""
    return world.files


def old_head(world: World, chance: Random) -> Forged:
    """The log as it once stood, without what came after; the house shows only the birth."""
    sale = world.contents
    end = entries_with("open_roll")(sale)[0]
    heads = [head for head in sale.heads if head.size <= end]
    last = chance.choice(heads)
    birth = tuple(record for record in sale.house if b'"lot_born"' in record.entry)
    cut = replace(
        sale,
        entries=sale.entries[: last.size],
        heads=[head for head in heads if head.size <= last.size],
        house=birth,
    )
    return unpack(build(cut, sales.KEY))


def told_unsealed(world: World, chance: Random) -> Forged:
    """A bid that nobody saw is dropped; the log is left without its seal, which wants a quorum."""
    dropping = dropped(entries_with("place_bid"), seen=False)
    false = dropping(world, chance)
    if not isinstance(false, PackContents):
        return None
    open_ended = told(replace(world, contents=false), spoken(false)[:-1])
    if open_ended is None:
        return None
    return change_house(open_ended, lambda _: None, keep=_not_sealed)


def _not_sealed(entry: Entry) -> bool:
    return bool(entry["command"]["type"] != "lot_sealed")


def _dispensable(world: World) -> list[Head]:
    """Heads that others have seen, under which no timestamp stands."""
    sale = world.contents
    seen = {size for size, found in sale.cosignatures.items() if found} - set(sale.timestamps)
    return [head for head in sale.heads[:-1] if head.size in seen]


def head_without_receipts(world: World, chance: Random) -> Forged:
    """A head of a batch without a bid: its note is deleted."""
    sale = world.contents
    under = {batch_of(sale, seq) for seq in entries_with("place_bid")(sale)}
    bare = [head for head in _dispensable(world) if sale.heads.index(head) not in under]
    if not bare:
        return None
    gone = chance.choice(bare)
    return built(replace(sale, heads=[head for head in sale.heads if head != gone]))


def merged_heads(world: World, chance: Random) -> Forged:
    """Two batches are told as one: the receipts stand under the later head, signed anew."""
    heads = _dispensable(world)
    if not heads:
        return None
    gone = chance.choice(heads)
    kept = [head for head in world.contents.heads if head != gone]
    return replace(world.contents, heads=kept)


def token_left_out(world: World, chance: Random) -> Forged:
    """Any but those over the close."""
    sale, closes = world.contents, entries_with("close_sale")(world.contents)
    end = closes[-1] if closes else len(sale.entries)
    early = [size for size in sale.timestamps if size <= end]
    if not early:
        return None
    gone = chance.choice(early)
    stamps = {size: tsr for size, tsr in sale.timestamps.items() if size != gone}
    return built(replace(sale, timestamps=stamps)) if stamps else None


def deposit_dated_early(world: World, chance: Random) -> Forged:
    """The house log told so from the beginning: witnesses cosign what they are shown."""
    false = deposit_backdated(world, chance)
    if not isinstance(false, PackContents):
        return None
    at = max(sales.at(record.entry) for record in false.house)
    origin = notes.house_origin(sales.SITE)
    return built(
        replace(false, house_cosignatures=sales.cosignatures(origin, false.house_head, at))
    )


def health_invented(world: World, chance: Random) -> Forged:
    """The door was closed for six seconds; the series is filled up, every half second."""
    hole = health_hole(world, chance)
    return None if hole is None else with_health(world, hole, range(hole[0] + 1, hole[1], 500))


def document_left_out(world: World, chance: Random) -> Forged:
    if not world.contents.documents:
        return None
    return {name: data for name, data in world.files.items() if not name.startswith("documents/")}


def paper_rewritten(world: World, chance: Random) -> Forged:
    return {**world.files, "report.pdf": b"%PDF-1.7 the winner is whom we like"}


def screens_invented(world: World, chance: Random) -> Forged:
    return {**world.files, "sessions.jsonl": b'{"never":"seen"}\n'}


def another_pack(world: World, chance: Random) -> Forged:
    other = another(world, chance)
    return None if other.contents.origin == world.contents.origin else other.files


def clock_behind(world: World, chance: Random) -> Forged:
    """The whole sale was dated an hour or more before it was."""
    return built(seen_at(world, chance.randint(HOUR_MS, 5 * HOUR_MS)))


# ── the classes ─────────────────────────────────────────────────────────────────────────────


def unshown(
    name: str,
    family: str,
    database: Forge | None,
    key: Forge | None,
    by: str,
    proof: Convicts | None = None,
) -> None:
    outcome = Unseen(by, proof)
    attack(
        name,
        family,
        database=None if database is None else (database, outcome),
        key=None if key is None else (key, outcome),
    )


def _whole(name: str, forge: Forge, by: str, proof: Convicts | None = None) -> None:
    """For everyone, and a row of its own."""
    unshown(name, name, forge, forge, by, proof)


_whole("show an old head", old_head, "any later receipt or witnessed head", by_witness)
LEFT = "retell a sale and leave it unsealed"
unshown(LEFT, LEFT, None, told_unsealed, "the quorum's later head, any receipt", by_witness)
HEADS = "leave out a head between"
unshown(
    HEADS,
    HEADS,
    head_without_receipts,
    merged_heads,
    "any receipt or witness of those heads",
    by_head,
)
_whole(
    "leave out an earlier timestamp",
    token_left_out,
    "the delay that the report states",
    by_remark(15, "the longest delay"),
)
_whole(
    "withhold a deposit's record",
    house_without("record_deposit"),
    "the house log, which the supervisor reads whole",
    by_house_size,
)
DEPOSIT = "date a deposit early from the start"
unshown(
    DEPOSIT, DEPOSIT, None, deposit_dated_early, "the bank's notice, which its commitment opens"
)
_whole("invent proofs of health", health_invented, "the bidders' own sessions")
_whole("leave out a document", document_left_out, "the report counts them", by_remark(11, "0 of 1"))
UNREAD = "rewrite what no check reads"
PAPER, SCREENS = "rewrite the report on paper", "invent what screens showed"
unshown(PAPER, UNREAD, paper_rewritten, paper_rewritten, "the verifier's own report")
unshown(SCREENS, UNREAD, screens_invented, screens_invented, "the bidders' own screens")
_whole(
    "hand out another sale's pack", another_pack, "the report's first line names the log", by_name
)
CLOCK = "run the clock behind"
unshown(CLOCK, CLOCK, None, clock_behind, "the witnesses' and the authority's clocks", by_delay)
_whole("bid through a straw man", honest, "the identities, which the regulator opens")
_whole("never take a bid in", honest, "its sender, who holds no receipt and says so at once")
