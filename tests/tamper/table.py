"""What came of it: on a screen, for the README, and for machines."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.tamper.attack import ATTACKS, Attack, Attacker, Named, Outcome, Unseen
from tests.tamper.run import Cell, Place

Cells = Mapping[Place, Cell]
NOT_HIS = "·"


# ── a screen ────────────────────────────────────────────────────────────────────────────────


def lines(cells: Cells) -> Iterator[str]:
    """Three tables: what is detected, what is not, and what needs policy or authority."""
    yield "Detected by a verifier with the key, the witnesses' policy and the authority."
    yield "named by the check it must be named by; in brackets all other checks that failed;"
    yield f"{NOT_HIS} this attacker has a better way, or none."
    yield from _table(cells, [each for each in ATTACKS.values() if _is_named(each)], _seen)
    yield ""
    yield "Not detected in the pack: every check holds. What convicts him stands outside it."
    unseen = [each for each in ATTACKS.values() if not _is_named(each)]
    yield from _table(cells, unseen, _not_seen)
    yield ""
    yield "Undetected when the verifier is given the key alone. Where the sale was altered, a"
    yield "bidder's receipt or a witness's head convicts; how often that was shown:"
    yield from _table(cells, [each for each in ATTACKS.values() if _needs_others(each)], _by_key)


def _table(cells: Cells, attacks: list[Attack], tell: Any) -> Iterator[str]:
    yield f"{'class':46} " + " ".join(f"{attacker.value:25}" for attacker in Attacker).rstrip()
    for attack in attacks:
        texts = [tell(cells.get((attack.name, a)), attack.outcome.get(a)) for a in Attacker]
        yield f"{attack.name:46} " + " ".join(f"{text:25}" for text in texts).rstrip()
        by = {each.by for each in attack.outcome.values() if isinstance(each, Unseen)}
        yield from (f"{'':6}convicted by: {each}" for each in sorted(by))


def _seen(cell: Cell | None, outcome: Outcome | None) -> str:
    if cell is None or not isinstance(outcome, Named):
        return NOT_HIS
    others = " ".join(str(number) for number in sorted(cell.checks) if number != outcome.check)
    told = f"{cell.named}/{cell.tried} by {outcome.check}"
    return f"{told} ({others})" if others else told


def _not_seen(cell: Cell | None, outcome: Outcome | None) -> str:
    if cell is None or not isinstance(outcome, Unseen):
        return NOT_HIS
    shown = f", shown {cell.convicted}/{cell.tried}" if outcome.proof else ""
    return f"{cell.detected}/{cell.tried}{shown}"


def _by_key(cell: Cell | None, outcome: Outcome | None) -> str:
    if cell is None or not isinstance(outcome, Named) or outcome.bare:
        return NOT_HIS
    shown = f"shown {cell.convicted}/{cell.tried}" if cell.convicted else "log unaltered"
    return f"{cell.bare}/{cell.tried}, {shown}"


def _is_named(attack: Attack) -> bool:
    return any(isinstance(each, Named) for each in attack.outcome.values())


def _needs_others(attack: Attack) -> bool:
    return any(isinstance(e, Named) and not e.bare for e in attack.outcome.values())


# ── the README ──────────────────────────────────────────────────────────────────────────────


def markdown() -> str:
    """One row a family: the checks by which each attacker is named, or what convicts him."""
    families: dict[str, list[Attack]] = {}
    for attack in ATTACKS.values():
        families.setdefault(attack.family, []).append(attack)
    head = ["what is done", *(attacker.value for attacker in Attacker), "convicted by"]
    rows = [[family, *_cells(attacks), _convicts(attacks)] for family, attacks in families.items()]
    rows.sort(key=lambda row: "✗" in row)
    table = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in table) + "\n"


def _cells(attacks: list[Attack]) -> Iterator[str]:
    for attacker in Attacker:
        outcomes = [each.outcome[attacker] for each in attacks if attacker in each.outcome]
        checks = sorted({each.check for each in outcomes if isinstance(each, Named)})
        if checks:
            yield f"✓ {', '.join(map(str, checks))}"
        else:
            yield "✗" if outcomes else NOT_HIS


def _convicts(attacks: list[Attack]) -> str:
    outcomes = [each for attack in attacks for each in attack.outcome.values()]
    return "; ".join(dict.fromkeys(each.by for each in outcomes if isinstance(each, Unseen)))


# ── machines ────────────────────────────────────────────────────────────────────────────────


def as_json(cells: Cells, honest: int, alarms: list[str]) -> dict[str, Any]:
    """Every cell with what was expected of it, and the honest packs."""
    rows = [
        {
            "class": name,
            "attacker": attacker.name.lower(),
            "expected": _expected(ATTACKS[name].outcome[attacker]),
            "tried": cell.tried,
            "detected": cell.detected,
            "named": cell.named,
            "checks": {str(number): count for number, count in sorted(cell.checks.items())},
            "detected_by_key_alone": cell.bare,
            "convicted_by_others": cell.convicted,
            "wrong": cell.wrong,
        }
        for (name, attacker), cell in cells.items()
    ]
    return {"classes": rows, "honest": {"packs": honest, "alarms": alarms}}


def _expected(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, Named):
        return {"check": outcome.check, "needs_policy_or_authority": not outcome.bare}
    return {"undetected": True, "convicted_by": outcome.by}
