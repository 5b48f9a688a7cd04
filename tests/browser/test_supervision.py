"""The regulator's seat: the house log, looks, anchors, identities opened and checked."""

import re
from dataclasses import dataclass

import pytest
from playwright.async_api import Locator, expect

from service.rules.terms import Method
from tests.browser.conftest import Visits
from tests.browser.sales import announce, bid
from tests.browser.test_accessibility import sound, sound_in_both_languages
from tests.browser.visitors import Visitor
from tests.story.site import Bidder, Site, stranger_gets, watching

pytestmark = pytest.mark.browser

WHY = "年度抽查 2026-17"
TABS = ("总日志", "查阅记录", "外部锚定", "身份开启")


@dataclass(frozen=True)
class Town:
    """A sale that is confirmed, with its bidders, and one that still runs."""

    finished: str
    running: str
    bidders: tuple[Bidder, Bidder]


@pytest.fixture(scope="module")
async def town(site: Site) -> Town:
    first, second = await site.bidder("seat.first"), await site.bidder("seat.second")
    finished, running = "seat-finished", "seat-running"
    rules = await announce(site, finished, opens_s=5, method=Method.AUCTION, countdown_s=3)
    for bidder in (first, second):
        await site.admit(bidder, finished)
    async with watching(site.base_url, finished) as public:
        await public.until_lot(stage="TIMED")
        await bid(site, first, finished, rules["starting_price_fen"])
        await announce(site, running, lasts_s=3600)
        await first.apply(running)
        await site.office.accept_applications(running)
        await public.until_lot(stage="SOLD")
    await site.office.ask_and_approve(finished, {"action": "CONFIRM", "outcome": "CONFIRMED"})
    return Town(finished, running, (first, second))


async def seat(site: Site, visits: Visits, tab: str, *, phone: bool = False) -> Visitor:
    """The supervisor, on one of the tabs."""
    visitor = await visits(phone=phone)
    await visitor.becomes(site.office["supervisor"].cookie)
    await visitor.open("/supervision")
    await visitor.press(visitor.page.get_by_role("tab", name=tab))
    return visitor


def lines(visitor: Visitor) -> Locator:
    return visitor.page.get_by_test_id("house-line")


async def test_the_house_log_is_read_in_sentences_and_raw_on_demand(
    site: Site, town: Town, visits: Visits
) -> None:
    seer = await seat(site, visits, "总日志")
    await seer.page.get_by_test_id("lot").select_option(town.finished)
    await seer.sees(f"标的 {town.finished} 发布，日志诞生")
    await seer.sees(re.compile(f"标的 {town.finished} 的日志封存，共 \\d+ 条"))
    for bidder in town.bidders:
        await seer.sees(f"竞买号 {bidder.bidder_no} 取得资格并登记一把签名密钥")
    await seer.page.get_by_test_id("kind").select_option("record_deposit")
    await expect(lines(seer)).to_have_count(2 * len(town.bidders))
    await seer.sees("转作定金")
    newest = lines(seer).first
    await seer.press(newest.get_by_text("原始内容（JSON）"))
    await expect(newest.locator("pre")).to_contain_text('"deposit_commitment"')


async def test_of_a_running_sale_nothing_is_shown_that_counts_its_bidders(
    site: Site, town: Town, visits: Visits
) -> None:
    seer = await seat(site, visits, "总日志")
    await seer.sees("进行中的标的暂不显示")
    await seer.page.get_by_test_id("lot").select_option(town.running)
    await seer.sees(f"标的 {town.running} 发布，日志诞生")
    await expect(lines(seer)).to_have_count(3)  # drafted, submitted, born
    await seer.page.get_by_test_id("kind").select_option("record_look")
    await seer.sees("没有符合条件的记录")


async def test_identities_are_opened_for_a_reason_and_each_is_checked_here(
    site: Site, town: Town, visits: Visits
) -> None:
    seer = await seat(site, visits, "身份开启")
    await seer.page.get_by_test_id("identity-lot").select_option(town.finished)
    await seer.press(seer.page.get_by_test_id("open-identities"))
    dialog = seer.page.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="记录并继续")).to_be_disabled()
    await dialog.get_by_label("事由（记入总日志）").fill(WHY)
    await sound(seer)
    await seer.press(dialog.get_by_role("button", name="记录并继续"))
    await seer.sees("2 名竞买人的身份全部与公开名册上的承诺相符")
    for bidder in town.bidders:
        row = seer.page.get_by_test_id("identity").filter(has_text=bidder.bidder_no)
        await expect(row).to_contain_text(bidder.company)
        await expect(row).to_contain_text("✓ 与名册上的承诺相符")
    await seer.press(seer.page.get_by_test_id("record-check"))
    await seer.sees(re.compile("已登记：全部相符，"))
    winner = await stranger_gets(site, f"/api/lots/{town.finished}/winner")
    assert (winner["name"], winner["check"]["outcome"]) == (town.bidders[0].company, "FITS")

    await seer.press(seer.page.get_by_role("tab", name="查阅记录"))
    look = seer.page.get_by_test_id("look").filter(has_text=WHY)
    await expect(look.first).to_contain_text("全部竞买人身份")
    await expect(look.first).to_contain_text("监管")


async def test_an_identity_that_was_exchanged_on_the_way_is_marked(
    site: Site, town: Town, visits: Visits
) -> None:
    """What the service says is computed again; a name that does not fit is seen at once."""
    seer = await seat(site, visits, "身份开启")

    async def exchange(route: object) -> None:
        answer = await route.fetch()  # type: ignore[attr-defined]
        body = (await answer.text()).replace(town.bidders[1].company, "别人有限公司")
        await route.fulfill(response=answer, body=body)  # type: ignore[attr-defined]

    await seer.page.route("**/identities?*", exchange)
    await seer.page.get_by_test_id("identity-lot").select_option(town.finished)
    await seer.press(seer.page.get_by_test_id("open-identities"))
    await seer.page.get_by_label("事由（记入总日志）").fill(WHY)
    await seer.page.keyboard.press("Enter")
    await seer.sees("有 1 项不符")
    wrong = seer.page.get_by_test_id("identity").filter(has_text="别人有限公司")
    await expect(wrong).to_contain_text("✗ 与承诺不符")


async def test_the_pack_is_taken_with_a_reason(site: Site, town: Town, visits: Visits) -> None:
    seer = await visits()
    await seer.becomes(site.office["supervisor"].cookie)
    await seer.open("/supervision")
    sale = seer.page.get_by_role("article").filter(has_text=town.finished)
    await seer.press(sale.get_by_role("button", name="下载证据包"))
    await seer.page.keyboard.press("Escape")
    await expect(seer.page.get_by_role("dialog")).to_have_count(0)
    await seer.press(sale.get_by_role("button", name="下载证据包"))
    await seer.page.get_by_label("事由（记入总日志）").fill("法院调取")
    async with seer.page.expect_download() as taken:
        await seer.press_button("记录并继续")
    assert (await taken.value).suggested_filename == f"{town.finished}.zip"
    page = await site.office["supervisor"].get(f"/api/supervision/looks?lot_id={town.finished}")
    assert ("pack", "法院调取") in {(each["field"], each["reason"]) for each in page["items"]}


async def test_earlier_entries_come_when_asked_for_and_an_error_can_be_tried_again(
    site: Site, town: Town, visits: Visits
) -> None:
    seer = await seat(site, visits, "总日志")
    await expect(lines(seer).first).to_be_visible()
    await seer.page.route(
        "**/supervision/house?*", lambda route: route.continue_(url=_short(route.request.url))
    )
    await seer.press_button("刷新")
    await expect(lines(seer)).to_have_count(4)
    await seer.press(seer.page.get_by_test_id("more"))
    await expect(lines(seer)).to_have_count(8)
    await seer.page.unroute("**/supervision/house?*")
    await seer.page.route("**/supervision/house?*", lambda route: route.fulfill(status=503))
    await seer.press(seer.page.get_by_test_id("more"))
    await expect(seer.page.get_by_test_id("problem")).to_be_visible()
    await expect(lines(seer)).to_have_count(8)
    await seer.page.unroute("**/supervision/house?*")
    await seer.press(seer.page.get_by_test_id("more"))
    await expect(seer.page.get_by_test_id("problem")).to_have_count(0)
    assert all("503" in complaint for complaint in seer.witness.complaints)
    seer.witness.complaints.clear()


def _short(url: str) -> str:
    return re.sub("limit=[0-9]+", "limit=4", url)


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("tab", TABS)
async def test_axe_finds_nothing_serious_on_the_seat(
    site: Site, town: Town, visits: Visits, tab: str, phone: bool
) -> None:
    seer = await seat(site, visits, tab, phone=phone)
    await expect(seer.page.get_by_role("heading", name=tab)).to_be_visible()
    await expect(seer.page.locator("[aria-busy=true]")).to_have_count(0)
    width = await seer.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0, "nothing runs out of the screen"
    await sound_in_both_languages(seer)
