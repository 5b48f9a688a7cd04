"""The page of a finished lot: who won, checked here, and the ways to see for oneself."""

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import NewName, Visits
from tests.browser.sales import sold
from tests.browser.test_accessibility import sound, sound_in_both_languages
from tests.browser.visitors import Visitor
from tests.story.site import Bidder, Site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
async def sale(site: Site) -> tuple[str, Bidder]:
    """A lot that is sold and confirmed, and its winner."""
    winner = await site.bidder("result.winner")
    await sold(site, "result-sold", winner)
    return "result-sold", winner


async def checked(visitor: Visitor, lot_id: str) -> None:
    await visitor.open(f"/lots/{lot_id}")
    await visitor.press(visitor.page.get_by_test_id("check-winner"))


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
async def test_a_stranger_checks_the_winner_against_the_public_roll(
    sale: tuple[str, Bidder], visits: Visits, phone: bool
) -> None:
    lot_id, winner = sale
    stranger = await visits(phone=phone)
    await checked(stranger, lot_id)
    panel = stranger.page.get_by_test_id("winner")
    await expect(panel.get_by_test_id("winner-finding")).to_have_attribute("data-finding", "fits")
    await expect(panel.get_by_test_id("winner-name")).to_have_text(winner.company)
    await expect(panel).to_contain_text("监管机构尚未登记核对结果")
    wide = await stranger.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, "nothing runs out of the screen"
    await sound_in_both_languages(stranger)


async def test_a_winner_who_was_exchanged_afterwards_is_seen(
    sale: tuple[str, Bidder], visits: Visits
) -> None:
    lot_id, winner = sale
    stranger = await visits()

    async def exchange(route: Route) -> None:
        answer = await route.fetch()
        body = (await answer.text()).replace(winner.company, "别人有限公司")
        await route.fulfill(response=answer, body=body)

    await stranger.page.route("**/winner", exchange)
    await checked(stranger, lot_id)
    await stranger.sees("公布的竞得人不是报名时的那一位")
    await sound(stranger)


async def test_without_the_log_nothing_is_concluded(
    sale: tuple[str, Bidder], visits: Visits
) -> None:
    stranger = await visits()
    await stranger.page.route("**/replay?*", lambda route: route.fulfill(status=503))
    await checked(stranger, sale[0])
    await stranger.sees("公开日志暂时取不到，没有得出结论")
    assert all("503" in complaint for complaint in stranger.witness.complaints)
    stranger.witness.complaints.clear()


async def test_the_result_leads_to_the_replay_the_pack_and_the_receipt(
    sale: tuple[str, Bidder], visits: Visits
) -> None:
    stranger = await visits()
    for words, path in (
        ("逐秒回放", f"/lots/{sale[0]}/replay"),
        ("核验证据包", "/verify"),
        ("核验回执", "/verify-receipt"),
    ):
        await stranger.open(f"/lots/{sale[0]}")
        ways = stranger.page.get_by_test_id("ways")
        await stranger.press(ways.get_by_role("link", name=words))
        await expect(stranger.page).to_have_url(stranger.base_url + path)


async def test_until_the_result_is_confirmed_no_name_is_shown(
    site: Site, visits: Visits, new_name: NewName
) -> None:
    lot_id = new_name("unconfirmed")
    await sold(site, lot_id, await site.bidder(new_name("quiet")), confirm=False)
    stranger = await visits()
    await stranger.open(f"/lots/{lot_id}")
    await stranger.sees("结果确认公示后")
    await expect(stranger.page.get_by_test_id("winner-name")).to_have_count(0)
