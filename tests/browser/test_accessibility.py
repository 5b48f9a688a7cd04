"""axe finds nothing serious on any page, in either language."""

import re
from dataclasses import dataclass

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import expect

from service.rules.terms import Method
from tests.browser.conftest import Visits
from tests.browser.hall import enter
from tests.browser.sales import announce, bid
from tests.browser.visitors import Visitor
from tests.story.site import Bidder, Site, watching

pytestmark = pytest.mark.browser

SERIOUS = ("serious", "critical")
LANGUAGE = re.compile("^(EN|English)$")


@dataclass(frozen=True)
class Town:
    """Sales in every state for the pages to show, and a bidder in two of them."""

    live: str
    finished: str
    draft: str
    bidder: Bidder


@pytest.fixture(scope="module")
async def town(site: Site) -> Town:
    bidder = await site.bidder("axe.bidder")
    finished = "axe-finished"
    rules = await announce(site, finished, opens_s=4, method=Method.AUCTION, countdown_s=3)
    await site.admit(bidder, finished)
    async with watching(site.base_url, finished) as public:
        await public.until_lot(stage="TIMED")
        await bid(site, bidder, finished, rules["starting_price_fen"])
        live = "axe-live"
        await announce(site, live, lasts_s=600)
        await bidder.apply(live)
        body = await site.drafted("axe-draft", Method.AUCTION)
        await site.office["publisher"].post("/api/office/lots", body)
        await public.until_lot(stage="SOLD")
    return Town(live, finished, "axe-draft", bidder)


PUBLIC = {
    "list": ("/", "出让公告与竞价"),
    "lot": ("/lots/{live}", "宗地情况"),
    "result": ("/lots/{finished}", "成交"),
    "register": ("/register", "注册竞买人账户"),
    "sign-in": ("/sign-in", "登录"),
    "observer": ("/lots/{live}/live", "您正在旁观，不能报价"),
    "replay": ("/lots/{finished}/replay", "成交"),
    "nowhere": ("/nowhere", "没有这个页面"),
}
OFFICIAL = {
    "drafts": ("publisher", "/office", "宗地与公告"),
    "draft": ("publisher", "/office/drafts/{draft}", "保存草稿"),
    "new-draft": ("publisher", "/office/drafts/new", "保存草稿"),
    "applications": ("reviewer", "/office", "axe.bidder置业有限公司"),
    "supervision": ("supervisor", "/supervision", "axe-finished"),
}


@pytest.mark.parametrize("name", PUBLIC)
async def test_axe_finds_nothing_serious_on_public_pages(
    town: Town, visits: Visits, name: str
) -> None:
    path, words = PUBLIC[name]
    stranger = await visits()
    await stranger.open(path.format(live=town.live, finished=town.finished))
    await stranger.sees(words)
    await sound_in_both_languages(stranger)


@pytest.mark.parametrize("name", OFFICIAL)
async def test_axe_finds_nothing_serious_on_officials_pages(
    site: Site, town: Town, visits: Visits, name: str
) -> None:
    role, path, words = OFFICIAL[name]
    official = await visits()
    await official.becomes(site.office[role].cookie)
    await official.open(path.format(draft=town.draft))
    await official.sees(words)
    await sound_in_both_languages(official)


async def test_axe_finds_nothing_serious_on_the_console_of_a_running_sale(
    site: Site, town: Town, visits: Visits
) -> None:
    official = await visits()
    await official.becomes(site.office["publisher"].cookie)
    await official.open("/office")
    await official.press(official.page.get_by_role("tab", name="竞价监控"))
    lot = official.page.get_by_role("listitem").filter(has_text=town.live)
    await official.press(lot.get_by_role("button", name="中止"))
    await official.sees("公告内容（向全体发布）")
    await sound_in_both_languages(official)


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
async def test_axe_finds_nothing_serious_on_a_bidders_pages(
    site: Site, visits: Visits, phone: bool
) -> None:
    lot_id = f"axe-bidding-{'phone' if phone else 'desktop'}"
    await announce(site, lot_id, lasts_s=600)
    person = await visits(phone=phone)
    await enter(site, person, f"{lot_id}.bidder", lot_id)
    await expect(person.page.get_by_role("button", name=re.compile("确认出价"))).to_be_enabled()
    await sound_in_both_languages(person)
    await person.open(f"/lots/{lot_id}/apply")
    await expect(person.page.get_by_role("heading", level=1)).to_be_visible()
    await sound(person)
    await person.open("/me")
    await expect(person.page.get_by_role("article")).to_be_visible()
    await sound(person)


async def test_axe_finds_nothing_serious_in_the_dark(town: Town, visits: Visits) -> None:
    stranger = await visits(color_scheme="dark")
    for name in ("list", "lot", "observer", "replay"):
        path, words = PUBLIC[name]
        await stranger.open(path.format(live=town.live, finished=town.finished))
        await stranger.sees(words)
        await sound(stranger)


async def test_axe_finds_nothing_serious_on_the_documents_of_the_doors(visits: Visits) -> None:
    reader = await visits()
    await reader.open("/api/docs")
    await reader.sees("Place Bid")
    await sound(reader)


# ── axe ─────────────────────────────────────────────────────────────────────────────────────


async def sound_in_both_languages(visitor: Visitor) -> None:
    await sound(visitor)
    await visitor.press(visitor.page.get_by_role("button", name=LANGUAGE))
    await expect(visitor.page.locator("html")).to_have_attribute("lang", "en")
    await sound(visitor)


async def sound(visitor: Visitor) -> None:
    found = await Axe().run(visitor.page)
    serious = {
        each["id"]: [(node["target"], node["html"][:160]) for node in each["nodes"][:4]]
        for each in found.response["violations"]
        if each["impact"] in SERIOUS
    }
    assert serious == {}
