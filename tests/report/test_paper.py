"""The report on paper: every figure from the log, the same bytes every time, no glyph left out."""

import re
from dataclasses import replace

import pytest

from service.audit import notes
from service.audit.pack import PackContents, build
from service.audit.verifier import verify_pack
from service.report import facts, paper
from service.report.amounts import in_capitals, instant, span, yuan
from service.report.facts import read_sale
from service.report.paper import Paper, draw_report
from service.report.words import CHECKS, REASONS
from service.rules.refusals import Reason
from service.rules.terms import FailedReason
from tests.audit import sales


def _paper(contents: PackContents) -> Paper:
    def note(origin: str, size: int, root: bytes) -> str:
        return notes.sign_checkpoint(sales.KEY, notes.Checkpoint(origin, size, root))

    last, house = contents.heads[-1], contents.house_head
    return Paper(
        origin=contents.origin,
        entries=contents.entries,
        health=[row.at for row in contents.health],
        lot_note=note(contents.origin, last.size, last.root),
        house_note=note(notes.house_origin(sales.SITE), house.size, house.root),
        stamps={2: sales.BEGIN},
        report=verify_pack(build(contents, sales.KEY), sales.VKEY),
    )


SOLD = _paper(sales.sold_listing())


def _data(drawn: Paper) -> dict[str, object]:
    sale = read_sale(drawn.origin, drawn.entries)
    parts = [paper._part(drawn, sale, tongue) for tongue in (paper.ZH, paper.EN)]
    return {**paper._common(drawn, sale), "parts": parts}


def test_the_same_facts_give_the_same_pdf() -> None:
    once, again = draw_report(SOLD), draw_report(SOLD)
    assert once.startswith(b"%PDF-")
    assert b"pdfaid:part" in once, "PDF/A says what it is"
    assert once == again


def test_every_bid_of_the_log_stands_on_paper_with_its_decision() -> None:
    rows = _data(SOLD)["bids"]
    assert isinstance(rows, list)
    sale = read_sale(SOLD.origin, SOLD.entries)
    assert [row["seq"] for row in rows] == [str(bid.seq) for bid in sale.bids]
    assert sum("受理 accepted" in row["outcome"] for row in rows) == len(sale.accepted)
    assert any("低于最低价" in row["outcome"] for row in rows)


def test_both_languages_name_winner_price_and_every_check() -> None:
    for part in _data(SOLD)["parts"]:  # type: ignore[attr-defined]
        assert "R8TC" in part["outcome"]
        assert "1,070,000" in part["outcome"]
        assert [check["number"] for check in part["checks"]] == [
            check.number for check in SOLD.report.checks
        ]


def test_a_window_ends_where_its_last_extension_put_it() -> None:
    sale = read_sale(SOLD.origin, SOLD.entries)
    timed = sale.windows[-1]
    assert timed.stage == "TIMED"
    assert timed.closes == sale.accepted[-1].closes_at
    assert timed.extensions == 5


def test_a_failed_check_is_on_the_first_page() -> None:
    broken = SOLD.report.model_copy(update={"exit_code": 1})
    part = _data(replace(SOLD, report=broken))["parts"][1]  # type: ignore[index]
    assert part["verdict"] == "A check fails"


def test_too_many_bids_are_cut_and_the_report_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "MAX_BIDS", 3)
    data = _data(SOLD)
    assert len(data["bids"]) == 3  # type: ignore[arg-type]
    assert "log.jsonl" in str(data["bids_cut"])


def test_a_character_without_a_glyph_is_shown_by_its_code() -> None:
    assert paper._shown("𬭳塘乡A") == "[U+2CB73]塘乡A"
    assert draw_report(SOLD)


def test_a_sale_that_is_not_over_says_so() -> None:
    contents = sales.sold_listing()
    short = replace(contents, entries=contents.entries[:3], heads=contents.heads[:3])
    part = _data(_paper(short))["parts"][1]  # type: ignore[index]
    assert part["outcome"].startswith("not over")


def test_every_name_of_the_log_has_words() -> None:
    of_bids = [reason.value for reason in list(Reason)[: list(Reason).index(Reason.ABOVE_CAP) + 1]]
    assert set(of_bids) | {reason.value for reason in FailedReason} <= set(REASONS)
    assert {check.name for check in SOLD.report.checks} <= set(CHECKS)


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (0, "零元整"),
        (1, "壹分"),
        (10, "壹角整"),
        (105, "壹元零伍分"),
        (107_000_000, "壹佰零柒万元整"),
        (100_000_100, "壹佰万零壹元整"),
        (1_010_001_00, "壹佰零壹万零壹元整"),
        (1_000_000_000_000, "壹佰亿元整"),
        (1_680_325, "壹万陆仟捌佰零叁元贰角伍分"),
        (10_000_000_05, "壹仟万元零伍分"),
    ],
)
def test_capitals_are_those_of_contracts(fen: int, words: str) -> None:
    assert in_capitals(fen) == words


def test_figures_and_instants() -> None:
    assert (yuan(107_000_000), yuan(105)) == ("1,070,000", "1.05")
    assert instant(1_793_354_400_007) == "2026-10-30 18:00:00.007"
    assert (span(20_500), span(3_723_000), span(864_000_000)) == (
        "20.500 s",
        "1:02:03",
        "10 d 0:00:00",
    )


def test_the_template_holds_no_text_of_a_sale_as_markup() -> None:
    title = "#panic() *strong* $x$ [link]"
    assert paper._shown({"title": title}) == {"title": title}
    source = (paper.Path(paper.__file__).parent / "sale.typ").read_text()
    assert not re.search(r"eval\(", source)
