"""Draws the report as a PDF/A-2b: the same facts always give the same bytes."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
import typst
from fontTools.ttLib import TTFont

from schemas.rest import CheckResult, VerifyReport
from service.audit import notes
from service.report import facts
from service.report.amounts import in_capitals, instant, span, utc, yuan
from service.report.curve import draw
from service.report.facts import Bid, Sale
from service.report.remarks import in_chinese
from service.report.telling import tell
from service.report.words import (
    CAUSES,
    CHECKS,
    LABELS,
    METHODS,
    REASONS,
    STAGES,
    STATUSES,
    UNITS,
    Pair,
)

ZH, EN = 0, 1
_COSIGNATURE_BYTES = 72  # an eight-byte time and an Ed25519 signature
_PERCENT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What the report is drawn from.

    health: instants of the proofs (ms). lot_note, house_note: signed checkpoints with their
    cosignatures. stamps: head size → when the authority stamped it (ms).
    """

    origin: str
    entries: Sequence[bytes]
    health: Sequence[int]
    lot_note: str
    house_note: str
    stamps: Mapping[int, int]
    report: VerifyReport


def draw_report(paper: Paper) -> bytes:
    """The PDF. Characters that its font lacks are shown by their code point, never left out."""
    sale = facts.read_sale(paper.origin, paper.entries)
    data = _shown({**_common(paper, sale), "parts": [_part(paper, sale, at) for at in (ZH, EN)]})
    folder = resources.files("service.report")
    with resources.as_file(folder) as room:
        pdf: bytes = typst.compile(
            str(room / "sale.typ"),
            font_paths=[str(room / "fonts")],
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            pdf_standards="a-2b",
            timestamp=utc(sale.last_at),
        )
    return pdf


# ── what both languages share ───────────────────────────────────────────────────────────────


def _common(paper: Paper, sale: Sale) -> dict[str, Any]:
    bids, whole = sale.on_paper()
    steps = sale.steps()
    return {
        "title": " · ".join((*LABELS["title"], sale.lot_id)),
        "site": notes.site_of(paper.origin),
        "origin": paper.origin,
        "root": (paper.report.root or "")[:16],
        "ok": paper.report.exit_code == 0,
        "escaped": " · ".join(LABELS["escaped"]),
        "curve": draw(steps, sale.dark, sale.last_at) if steps else None,
        "command": f"luochui verify {sale.lot_id}.zip --key log.vkey",
        "bids_title": _both("every_bid"),
        "bids_cut": "" if whole else " · ".join(LABELS["cut"]),
        "bids_head": [
            "seq",
            *map(_both, ("time", "arrived", "bidder", "amount", "outcome_bid", "closes")),
        ],
        "bids": [_bid(bid) for bid in bids],
    }


def _both(label: str) -> str:
    return " ".join(LABELS[label])


def _bid(bid: Bid) -> dict[str, str]:
    outcome = " ".join(LABELS["accepted"])
    if bid.reason is not None:
        outcome = " ".join(REASONS.get(bid.reason, (bid.reason, "")))
    return {
        "seq": str(bid.seq),
        "at": instant(bid.at),
        "arrived": instant(bid.received_at),
        "who": bid.bidder_no,
        "amount": yuan(bid.amount_fen),
        "outcome": outcome,
        "closes": "" if bid.closes_at is None else instant(bid.closes_at)[11:],
    }


# ── one language ────────────────────────────────────────────────────────────────────────────


def _part(paper: Paper, sale: Sale, tongue: int) -> dict[str, Any]:
    words = {name: pair[tongue] for name, pair in LABELS.items()}
    unit = _unit(sale)
    return {
        "title": words["title"],
        "lot": f"{sale.lot_id} · {sale.published['lot']['title']}",
        "verdict": words["held" if paper.report.exit_code == 0 else "broken"],
        "outcome": _outcome(sale, tongue),
        "words": words,
        "facts": _facts(sale, tongue),
        "checks": [_check(check, tongue) for check in paper.report.checks],
        "timeline": [
            {"seq": each.seq, "at": instant(each.at), "text": tell(each, unit)[tongue]}
            for each in sale.happenings
        ],
        "windows": [_window(window, tongue) for window in sale.windows],
        "health": _health(paper, sale, words),
        "heads": [
            _head(words["lot_head"], paper.lot_note, words),
            _head(words["house_head"], paper.house_note, words),
        ],
        "stamps": _stamps(paper.stamps) or words["none"],
    }


def _unit(sale: Sale) -> Pair:
    return UNITS[sale.published["rules"]["price_unit"]]


def _outcome(sale: Sale, tongue: int) -> str:
    words = {name: pair[tongue] for name, pair in LABELS.items()}
    if sale.stage not in ("SOLD", "FAILED"):
        return f"{words['unfinished']}: {STAGES[sale.stage][tongue]}"
    last = next(
        (each for each in reversed(sale.happenings) if each.event["type"] == "lot_failed"), None
    )
    if sale.stage == "FAILED" and last is not None:
        return tell(last, _unit(sale))[tongue]
    if sale.hammer is None:
        return STAGES[sale.stage][tongue]
    price = f"{yuan(sale.hammer['amount_fen'])} {_unit(sale)[tongue]}"
    return f"{STAGES['SOLD'][tongue]} · {sale.hammer['bidder_no']} · {price}"


def _facts(sale: Sale, tongue: int) -> list[tuple[str, str]]:
    words = {name: pair[tongue] for name, pair in LABELS.items()}
    lot, rules, unit = sale.published["lot"], sale.published["rules"], _unit(sale)[tongue]
    step_unit = UNITS[rules["increment_unit"]][tongue]
    rows = [
        (words["log"], sale.origin),
        (words["parcel"], lot["parcel_no"]),
        (words["use"], f"{lot['land_use']} · {lot['term_years']} {words['years']}"),
        (words["area"], f"{lot['area_centi_m2'] / 100:,.2f} m²"),
        *((name, value) for name, value in sorted(lot["facts"].items())),
        (words["method"], METHODS[rules["method"]][tongue]),
        (words["start"], f"{yuan(rules['starting_price_fen'])} {unit}"),
        (words["step"], f"{yuan(rules['increment_fen'])} {step_unit}"),
        (words["reserve"], _reserve(sale, words, unit)),
        (words["bids"], _counted(sale, words)),
        (words["entries"], str(sale.entries)),
    ]
    return rows + _result(sale, words, unit)


def _reserve(sale: Sale, words: Mapping[str, str], unit: str) -> str:
    if sale.reserve is None:
        return words["still_sealed"]
    if not sale.reserve["has_reserve"]:
        return words["no_reserve"]
    return f"{yuan(sale.reserve['amount_fen'])} {unit}"


def _counted(sale: Sale, words: Mapping[str, str]) -> str:
    accepted = len(sale.accepted)
    refused = len(sale.bids) - accepted
    return f"{len(sale.bids)} ({words['accepted']} {accepted}, {words['refused']} {refused})"


def _result(sale: Sale, words: Mapping[str, str], unit: str) -> list[tuple[str, str]]:
    if sale.hammer is None or sale.stage != "SOLD":
        return []
    amount = sale.hammer["amount_fen"]
    start = sale.published["rules"]["starting_price_fen"]
    rows = [
        (words["winner"], sale.hammer["bidder_no"]),
        (words["price"], f"{yuan(amount)} {unit}"),
    ]
    if sale.total_fen is not None:
        total = f"{yuan(sale.total_fen)} {UNITS['TOTAL'][0]}（{in_capitals(sale.total_fen)}）"
        rows.append((words["total"], total))
    if start:
        share = (amount - start) * _PERCENT // start
        rows.append((words["premium"], f"{share // 100}.{share % 100:02d} %"))
    return rows


def _check(check: CheckResult, tongue: int) -> dict[str, Any]:
    name = CHECKS.get(check.name, check.name) if tongue == ZH else check.name
    detail = check.detail or ""
    if tongue == ZH:
        detail = in_chinese(detail)
    if check.status == "FAILED" and check.first_seq is not None:
        detail = f"seq {check.first_seq}: {detail}"
    return {
        "number": check.number,
        "name": name,
        "status": STATUSES[check.status][tongue],
        "failed": check.status == "FAILED",
        "counted": check.counted,
        "detail": detail,
    }


def _window(window: facts.Window, tongue: int) -> dict[str, Any]:
    return {
        "stage": STAGES[window.stage][tongue],
        "opened": instant(window.opened),
        "closes": instant(window.closes),
        "length": span(window.closes - window.opened),
        "because": CAUSES[window.because][tongue],
        "extensions": window.extensions,
    }


def _health(paper: Paper, sale: Sale, words: Mapping[str, str]) -> list[tuple[str, str]]:
    return [
        (words["proofs"], f"{len(paper.health):,}"),
        (words["silence"], span(facts.longest_silence(paper.health))),
        (words["gap_limit"], span(sale.published["rules"]["outage_gap_s"] * 1000)),
    ]


# ── heads ───────────────────────────────────────────────────────────────────────────────────


def _head(name: str, note: str, words: Mapping[str, str]) -> dict[str, str]:
    return {
        "name": name,
        "note": note,
        "witnesses": "; ".join(_cosigners(note)) or words["none"],
        "qr": _qr(note),
    }


def _cosigners(note: str) -> list[str]:
    """Who cosigned and when, as the lines say; check 14 has judged them."""
    lines = notes.parse_note(note).signatures
    return [
        f"{line.name} {instant(int.from_bytes(line.signature[:8]) * 1000)[:19]}"
        for line in lines
        if len(line.signature) == _COSIGNATURE_BYTES
    ]


def _qr(note: str) -> str:
    """The head and the log's own signature, small enough for any telephone to read."""
    parsed = notes.parse_note(note)
    own = notes.Note(parsed.text, parsed.signatures[:1]).to_text()
    picture = BytesIO()
    segno.make(own, error="m", micro=False).save(picture, kind="svg", border=2, xmldecl=False)
    return picture.getvalue().decode()


def _stamps(stamps: Mapping[int, int]) -> str:
    return "; ".join(f"{size} · {instant(at)}" for size, at in sorted(stamps.items()))


# ── the font ────────────────────────────────────────────────────────────────────────────────


@cache
def _lacking() -> "re.Pattern[str]":
    """Matches every character that has no glyph in the report's font."""
    font = Path(str(resources.files("service.report"))) / "fonts" / "NotoSansSC-subset.otf"
    with TTFont(font, lazy=True) as opened:
        known = "".join(re.escape(chr(code)) for code in sorted(opened.getBestCmap()))
    return re.compile(f"[^{known}\n]")


def _shown(value: Any) -> Any:
    """The same data with every character visible."""
    if isinstance(value, str):
        return _lacking().sub(lambda found: f"[U+{ord(found[0]):04X}]", value)
    if isinstance(value, Mapping):
        return {key: _shown(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(each) for each in value]
    return value
