"""Makes the attacks on random sales, verifies what they forge, and holds it to what must come."""

import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random

from schemas.rest import VerifyReport
from service.audit import notes
from service.audit.pack import LOG, Head, PackContents, build
from service.audit.verifier import verify_pack
from tests.audit import sales
from tests.audit.forgers import Files, repack, unpack
from tests.tamper import unshown, with_bytes, with_key
from tests.tamper.attack import ATTACKS, Attack, Attacker, Named, Unseen
from tests.tamper.steady import authority
from tests.tamper.world import KEPT, World, world

CATALOGUE = (with_bytes, with_key, unshown)  # each fills ATTACKS while it is imported
POOL = KEPT  # the sales that are attacked
CORRUPT = "association"  # the one witness
LATE_MS = 86_400_000  # when false heads are stamped: a public authority tells the true time
Given = tuple[str | None, tuple[bytes, ...]]


def all_given() -> Given:
    """What a verifier should have besides the key."""
    return sales.POLICY, (authority().ca,)


KEY_ONLY: Given = (None, ())
Place = tuple[str, Attacker]


@dataclass(slots=True)
class Cell:
    """What came of one class by one attacker, all given and by the key alone.

    named: the right check was among those that failed. checks: how often each of them failed.
    bare: seen by the key alone. convicted: what no check saw, and what others hold convicts.
    wrong: what came otherwise than it must.
    """

    tried: int = 0
    detected: int = 0
    named: int = 0
    checks: Counter[int] = field(default_factory=Counter)
    bare: int = 0
    convicted: int = 0
    wrong: list[str] = field(default_factory=list)


# ── one attack ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Made:
    """A forged pack, and the sale that it is made of."""

    world: World
    files: Files
    raw: bytes


def make(attack: Attack, attacker: Attacker, chance: Random, pool: int) -> Made:
    """On a sealed sale by chance that has a place for it, among the first `pool` if it can be."""
    first = chance.randrange(pool)
    seeds = (*((first + step) % pool for step in range(pool)), *range(pool, POOL))
    for of in filter(lambda each: each.sealed, map(world, seeds)):
        false = attack.forge[attacker](of, chance)
        if false is not None:
            files = false if isinstance(false, dict) else sign(false, of, attacker)
            return Made(of, files, repack(files))
    raise LookupError(f"no sale has a place for: {attack.name}, {attacker}")


def sign(false: PackContents, of: World, attacker: Attacker) -> Files:
    """What holds of the true pack is kept; for the rest he does what he can."""
    true = of.contents
    known = {(head.size, head.root) for head in true.heads}
    lines = {
        head.size: true.cosignatures.get(head.size, ())
        if (head.size, head.root) in known
        else _own(false.origin, head, sales.at(false.entries[head.size - 1]), attacker)
        for head in false.heads
    }
    house = true.house_cosignatures
    if false.house_head != true.house_head:
        at = max(sales.at(record.entry) for record in false.house)
        house = _own(notes.house_origin(sales.SITE), false.house_head, at, attacker)
    stamps = dict(_stamps(false, of))
    dressed = replace(false, cosignatures=lines, house_cosignatures=house, timestamps=stamps)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile's, of two receipts of one name
        return unpack(build(dressed, sales.KEY))


def _own(origin: str, head: Head, at: int, attacker: Attacker) -> tuple[str, ...]:
    """The corrupt witness signs what he is shown, at the time that suits."""
    if attacker is not Attacker.WITNESS:
        return ()
    return sales.cosignatures(origin, head, at, {CORRUPT: sales.WITNESSES[CORRUPT]})


def _stamps(false: PackContents, of: World) -> Iterator[tuple[int, bytes]]:
    """True heads keep their tokens. The others get one where a moment wants it, a day late."""
    true = {(head.size, head.root) for head in of.contents.heads}
    kept = [head for head in false.heads if (head.size, head.root) in true]
    tokens = of.contents.timestamps
    yield from ((head.size, tokens[head.size]) for head in kept if head.size in tokens)
    try:
        moments = sales.moments(false)
    except ValueError:
        moments = []  # entries that no schema takes: stamp the last head
    wanted = {next(h.size for h in false.heads if h.size > each.seq) for each in moments}
    for head in false.heads:
        if head.size in wanted | {false.heads[-1].size} and head not in kept:
            late = sales.at(of.contents.entries[-1]) + LATE_MS
            yield head.size, authority().stamp_head(false.origin, head, late)


# ── judging ─────────────────────────────────────────────────────────────────────────────────


def verify(raw: bytes, given: Given) -> VerifyReport:
    policy, tsa = given
    return verify_pack(raw, sales.VKEY, policy, tsa)


def failing(report: VerifyReport) -> set[int]:
    return {check.number for check in report.checks if check.status == "FAILED"}


def judge(attack: Attack, attacker: Attacker, made: Made, cell: Cell) -> None:
    """One forged pack: counted, and compared with what must come of it."""
    report, bare = verify(made.raw, all_given()), verify(made.raw, KEY_ONLY)
    found, by_key, outcome = failing(report), failing(bare), attack.outcome[attacker]
    cell.tried += 1
    cell.checks.update(found)
    cell.detected += bool(found)
    cell.bare += bool(by_key)
    if isinstance(outcome, Named):
        cell.named += outcome.check in found
        right = outcome.check in found
        right &= outcome.check in by_key if outcome.bare else not by_key
        convicted = not by_key and _is_convicted(made, report)
        cell.convicted += convicted
        right &= bool(by_key) or convicted or not _is_altered(made)
    else:
        convicted = _is_proven(outcome, made, report)
        cell.convicted += convicted
        right = convicted and not found and not by_key
    if {report.exit_code, bare.exit_code} & {2} or not right:
        failed = f"{sorted(found)}, by the key {sorted(by_key)} {report.error or ''}".strip()
        cell.wrong.append(f"sale {made.world.seed}: {failed}")


def _is_proven(outcome: Unseen, made: Made, report: VerifyReport) -> bool:
    return outcome.proof is None or outcome.proof(made.world, made.files, report)


def _is_altered(made: Made) -> bool:
    return made.files[LOG] != made.world.files[LOG]


def _is_convicted(made: Made, report: VerifyReport) -> bool:
    """By what others hold: what a verifier without policy or authority does not look at."""
    by = (unshown.by_receipt, unshown.by_witness)
    return any(proof(made.world, made.files, report) for proof in by)


def attempt(name: str, seed: int, tries: int, pool: int = POOL) -> dict[Place, Cell]:
    """One class by every attacker who makes it, `tries` times each."""
    attack, cells = ATTACKS[name], {}
    for attacker in attack.outcome:
        cell = cells[name, attacker] = Cell()
        for number in range(tries):
            chance = Random(f"{seed} {name} {attacker} {number}")
            judge(attack, attacker, make(attack, attacker, chance, pool), cell)
    return cells


def alarms(first: int, count: int) -> list[str]:
    """Honest packs in which a check fails; every second is verified by the key alone too."""
    found = []
    for seed in range(first, first + count):
        of = world(seed)
        for given in (all_given(), KEY_ONLY)[: 1 + seed % 2]:
            report = verify(of.pack, given)
            if report.exit_code:
                found.append(f"sale {seed}: {sorted(failing(report))} {report.error or ''}")
    return found
