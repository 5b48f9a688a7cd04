"""Two verifiers, written apart, in Python and in the browser: one verdict, one first difference."""

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import FilePayload, Page, Route, expect

from service.audit.pack import build
from tests.audit import sales
from tests.audit.authority import Authority
from tests.browser.conftest import NewName, Visits
from tests.browser.sales import sold
from tests.browser.test_accessibility import sound, sound_in_both_languages
from tests.browser.two_verifiers import Case, cases, first_difference
from tests.browser.visitors import Visitor
from tests.story.site import Site

pytestmark = pytest.mark.browser

LOADED = "核验程序已全部载入，此后可断网使用"
ZIP = "application/zip"
VKEY = re.compile(r"^[a-z0-9.-]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*$")


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    authority, stranger = (Authority(tmp_path_factory.mktemp("tsa")) for _ in range(2))
    return list(cases(authority, stranger))


def named(packs: list[Case], name: str) -> Case:
    return next(case for case in packs if case.name == name)


async def opened(visits: Visits, **kind: Any) -> Visitor:
    visitor = await visits(**kind)
    await visitor.open("/verify")
    await visitor.sees(LOADED)
    return visitor


async def give(page: Page, case: Case) -> None:
    """Fills the page as a person would: the key, what else is believed, and the pack last."""
    await page.get_by_test_id("key").fill(case.vkey)
    policy = [] if case.policy is None else [payload("witnesses.policy", octets(case.policy))]
    await page.get_by_test_id("policy").set_input_files(policy)
    await page.get_by_test_id("tsa").set_input_files(
        [payload(f"{number}.pem", each) for number, each in enumerate(case.tsa)]
    )
    await page.get_by_test_id("pack").set_input_files([payload("pack.zip", case.pack, ZIP)])


def octets(given: str | bytes) -> bytes:
    return given.encode() if isinstance(given, str) else given


def payload(name: str, content: bytes, kind: str = "text/plain") -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": content}


async def judge(page: Page, case: Case) -> tuple[int, int | None, int | None]:
    """What the page says of a pack, as `first_difference` says it of a report."""
    await give(page, case)
    await page.get_by_test_id("start").click()
    verdict = page.get_by_test_id("verdict")
    wrong_key = page.get_by_test_id("key").and_(page.locator("[aria-invalid]"))
    await expect(verdict.or_(wrong_key)).to_be_visible()
    if await wrong_key.count():  # not a key at all: said at its own field, before a file is read
        return 2, None, None
    code = int(await verdict.get_attribute("data-exit") or "-1")
    failed = verdict.locator("[data-status=FAILED]")
    if code != 1:
        assert await failed.count() == 0
        return code, None, None
    number = (await failed.first.get_attribute("data-testid") or "").removeprefix("check-")
    seq = await failed.first.get_attribute("data-first")
    return code, int(number), None if seq is None else int(seq)


PARTS = 8


@pytest.mark.parametrize("part", range(PARTS))
async def test_both_verifiers_agree_on_every_pack(
    visits: Visits, packs: list[Case], part: int
) -> None:
    """A page keeps nothing from one pack to the next, so each part goes through a single page."""
    visitor = await opened(visits)
    await visitor.page.locator("summary").click()
    differ = {}
    for case in packs[part::PARTS]:
        expected, found = first_difference(case.report()), await judge(visitor.page, case)
        if found != expected:
            differ[case.name] = {"python": expected, "browser": found}
    assert differ == {}


CORPUS = Path(__file__).parents[1] / "corpus" / "packs"


@pytest.mark.parametrize("part", range(PARTS))
async def test_the_browser_finds_in_the_shared_corpus_what_is_expected(
    visits: Visits, part: int
) -> None:
    visitor = await opened(visits)
    rows = json.loads((CORPUS / "expected.json").read_text(encoding="utf-8"))
    differ = {}
    for row in rows[part::PARTS]:
        expected = (row["expected"][name] for name in ("exit_code", "check", "first_seq"))
        found = await judge(visitor.page, kept(row))
        if found != tuple(expected):
            differ[row["name"]] = found
    assert differ == {}


def kept(row: dict[str, Any]) -> Case:
    """A row of the corpus with the files that it names."""
    policy = (CORPUS / row["policy"]).read_bytes() if row["policy"] else None
    tsa = tuple((CORPUS / name).read_bytes() for name in row["tsa"] or ())
    return Case(row["name"], (CORPUS / row["pack"]).read_bytes(), policy, tsa, row["key"])


async def test_it_works_without_a_network_once_it_is_loaded(
    visits: Visits, packs: list[Case]
) -> None:
    visitor = await opened(visits)
    await visitor.page.context.set_offline(True)
    assert await judge(visitor.page, named(packs, "seen and stamped")) == (0, None, None)
    await visitor.sees("全部检查成立")
    await visitor.page.context.set_offline(False)


async def test_nothing_is_sent_anywhere(visits: Visits, packs: list[Case]) -> None:
    visitor = await opened(visits)
    before = len(visitor.witness.requests)
    await judge(visitor.page, named(packs, "honest: sold_listing"))
    await judge(visitor.page, named(packs, "key: alter a deadline"))
    assert visitor.witness.requests[before:] == []


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
async def test_an_honest_sale_is_told_in_words_with_its_winner_and_root(
    visits: Visits, packs: list[Case], phone: bool
) -> None:
    visitor = await opened(visits, phone=phone)
    await sound(visitor)
    case = named(packs, "honest: sold_listing")
    await judge(visitor.page, case)
    sale = visitor.page.get_by_test_id("sale")
    for words in ("R8TC", "107 万元", str(case.report().root), "海兴县 HJ-2017-07 号宗地"):
        await expect(sale).to_contain_text(words)
    await expect(visitor.page.locator("[data-status]")).to_have_count(15)
    await sound_in_both_languages(visitor)


async def test_the_first_difference_is_explained(visits: Visits, packs: list[Case]) -> None:
    visitor = await opened(visits)
    await judge(visitor.page, named(packs, "key: alter the amount of a bid"))
    differs = visitor.page.get_by_test_id("differs")
    for words in ("第 6 项", "竞买人签名", "日志第 11 条", "这个报价不是该竞买人所签"):
        await expect(differs).to_contain_text(words)
    await expect(visitor.page.get_by_test_id("sale")).to_contain_text("不可采信")
    await sound_in_both_languages(visitor)


async def test_what_cannot_be_read_has_a_named_reason(visits: Visits, packs: list[Case]) -> None:
    visitor = await opened(visits)
    await judge(visitor.page, named(packs, "trailing bytes"))
    unreadable = visitor.page.get_by_test_id("unreadable")
    await expect(unreadable).to_contain_text("NOT_A_ZIP")
    await expect(unreadable).to_contain_text("这不是一个 ZIP 文件")
    await sound(visitor)


async def test_a_wrong_key_is_said_at_its_field(visits: Visits, packs: list[Case]) -> None:
    visitor = await opened(visits)
    await judge(visitor.page, named(packs, "key 'no key'"))
    await visitor.sees("这不是一个日志公钥")
    await expect(visitor.page.get_by_test_id("verdict")).to_have_count(0)


async def test_the_sites_own_key_comes_with_a_warning(visits: Visits) -> None:
    visitor = await opened(visits)
    await visitor.press_button("使用本站公布的公钥")
    await visitor.sees("请与纸质公告、报纸或监管机构处印出的公钥逐字核对")
    await expect(visitor.page.get_by_test_id("key")).to_have_value(VKEY)


async def test_the_sites_own_policy_and_authorities_come_with_a_warning(
    visits: Visits, packs: list[Case]
) -> None:
    """A policy from the operator alone is as good as the operator; the page says so."""
    visitor = await opened(visits)
    page, case = visitor.page, named(packs, "seen and stamped")
    for name, text in (("witness.policy", case.policy), ("timestamp-authorities.pem", case.tsa[0])):
        assert text is not None
        await page.route(f"**/api/{name}", answering(octets(text)))
    await page.locator("summary").click()
    await visitor.press_button("使用本站公布的策略")
    await visitor.sees("只从主办方拿到的名单，可信程度与主办方相同")
    await visitor.press_button("使用本站公布的证书")
    await visitor.sees("请与时间戳机构自己公布的证书核对")
    await sound(visitor)
    await page.get_by_test_id("key").fill(case.vkey)
    await page.get_by_test_id("pack").set_input_files([payload("pack.zip", case.pack, ZIP)])
    await page.get_by_test_id("start").click()
    for number in (14, 15):
        check = page.get_by_test_id(f"check-{number}")
        await expect(check).to_have_attribute("data-status", "HELD")
    await page.get_by_role("button", name="移除").first.click()
    await visitor.sees_not("只从主办方拿到的名单")


def answering(content: bytes) -> Callable[[Route], Awaitable[None]]:
    return lambda route: route.fulfill(body=content, content_type="text/plain")


async def test_a_site_without_witnesses_or_authority_says_so(visits: Visits) -> None:
    visitor = await opened(visits)
    await visitor.page.locator("summary").click()
    await visitor.press_button("使用本站公布的策略")
    await visitor.sees("本站没有见证方")
    await visitor.press_button("使用本站公布的证书")
    await visitor.sees("本站没有时间戳机构")
    assert all("404" in complaint for complaint in visitor.witness.complaints)
    visitor.witness.complaints.clear()


async def test_the_pack_of_a_sale_that_was_played_here_holds(
    site: Site, visits: Visits, new_name: NewName
) -> None:
    """A real pack holds acts and looks of the house log too, which no made one does."""
    lot_id = new_name("played")
    await sold(site, lot_id, await site.bidder(new_name("player")))
    pack = await site.office["supervisor"].get_bytes(f"/api/supervision/lots/{lot_id}/export")
    visitor = await opened(visits)
    case = Case("played", pack, vkey=site.key.verifying.to_text())
    assert await judge(visitor.page, case) == first_difference(case.report()) == (0, None, None)


async def test_a_verification_can_be_stopped_and_begun_again(visits: Visits) -> None:
    visitor = await opened(visits)
    page = visitor.page
    await give(page, Case("long", build(sales.long_listing(4_000, batch=50), sales.KEY)))
    await page.get_by_test_id("start").click()
    await page.get_by_test_id("cancel").click()
    await visitor.sees("已停止，没有得出结论")
    await page.get_by_test_id("start").click()
    await expect(page.get_by_test_id("verdict")).to_have_attribute("data-exit", "0")
