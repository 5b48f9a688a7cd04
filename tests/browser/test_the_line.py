"""What the screen says while the line, the clock or the tab is not as it should be."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import NewName, Visits
from tests.browser.hall import ENTRY, bid_in_two_steps, enter, row
from tests.browser.line import Line, line_to
from tests.browser.sales import announce, bid, wan
from tests.story.site import Site

pytestmark = pytest.mark.browser

LEADING = "您当前领先"
UNKNOWN = "未知"
CLOCK = re.compile(r"^\d\d:\d\d$")
QUICKER = """
  const real = Date, ahead = %d
  window.Date = class extends real {
    constructor(...given) { given.length ? super(...given) : super(real.now() + ahead) }
    static now() { return real.now() + ahead }
  }
"""
"""A PC whose wall clock is `ahead` ms before the world's."""


@pytest.fixture
async def line(site: Site) -> AsyncIterator[Line]:
    async with line_to(site.running.settings.port) as line:
        yield line


async def test_the_screen_says_unknown_after_four_seconds_of_silence(
    site: Site, visits: Visits, new_name: NewName, line: Line
) -> None:
    """Fault 27: a page kept 您当前领先 for five minutes while it was cut off."""
    lot_id = new_name("silence")
    rules = await announce(site, lot_id, lasts_s=60)
    start, step = rules["starting_price_fen"], rules["increment_fen"]
    person, rival = await visits(base_url=line.base_url), await site.bidder(new_name("rival"))
    await site.admit(rival, lot_id)
    await enter(site, person, new_name("cut.off"), lot_id)
    await bid_in_two_steps(person, start)
    await person.sees(LEADING)

    line.cut()
    await bid(site, rival, lot_id, start + step)
    await person.sees(UNKNOWN)
    await person.sees_not(LEADING)
    await person.sees("连接中断，价格可能已变化")
    await expect(person.page.get_by_role("button", name=re.compile("出价"))).to_have_count(0)

    line.mend()
    await person.sees(re.compile(r"已恢复，断开 [\d.]+ s，其间 1 次报价"))
    await person.sees("您已被超越")
    await person.sees_not(UNKNOWN)
    await expect(row(person, rival.bidder_no, start + step)).to_have_count(1)
    await bid_in_two_steps(person, start + 2 * step)
    await person.sees(LEADING)


async def test_a_bid_whose_answer_is_lost_says_so_and_ends_in_its_receipt(
    site: Site, visits: Visits, new_name: NewName, line: Line
) -> None:
    """Faults 26 and 38: the bid is never sent blindly twice, and never left without a word."""
    lot_id = new_name("answer")
    start = (await announce(site, lot_id, lasts_s=60))["starting_price_fen"]
    person = await visits(base_url=line.base_url)
    await enter(site, person, new_name("unheard"), lot_id)
    await person.press_button(f"确认出价 {wan(start)} 万元")
    line.deafen()
    await person.press_button(f"再按一次，出价 {wan(start)} 万元")
    await person.sees("尚未确认，正在查询，请勿重复出价")
    await expect(person.page.get_by_role("button", name=re.compile("确认出价"))).to_have_count(0)
    line.mend()
    await person.sees(f"出价 {wan(start)} 万元 已受理")
    await person.sees(ENTRY)
    await person.sees(LEADING)
    assert (await site.state(lot_id))["price_fen"] == start


async def test_a_refused_bid_is_told_with_its_reason_and_the_lowest_price(
    site: Site, visits: Visits, new_name: NewName, line: Line
) -> None:
    """Fault 38: a bid failed and only the browser's console knew. Here a rival is faster by the
    time that a frame is under way, so the screen could not know better."""
    lot_id = new_name("refused")
    rules = await announce(site, lot_id, lasts_s=60)
    start, step = rules["starting_price_fen"], rules["increment_fen"]
    person, rival = await visits(base_url=line.base_url), await site.bidder(new_name("rival"))
    await site.admit(rival, lot_id)
    await enter(site, person, new_name("slower"), lot_id)
    await person.press_button(f"确认出价 {wan(start)} 万元")
    line.deafen()
    await bid(site, rival, lot_id, start)
    await person.press_button(f"再按一次，出价 {wan(start)} 万元")
    line.mend()
    await person.sees(f"出价 {wan(start)} 万元 未受理")
    await person.sees(re.compile(f"低于最低价.*当前最低 {wan(start + step)} 万元"))
    await bid_in_two_steps(person, start + step)
    await person.sees(LEADING)


async def test_the_countdown_is_the_services_whatever_the_pc_believes(
    site: Site, visits: Visits, new_name: NewName
) -> None:
    """Fault 28: people were refused "with ten seconds left" because their PC was slow."""
    lot_id = new_name("skew")
    await announce(site, lot_id, lasts_s=50)
    right, fast, slow = await visits(), await visits(), await visits()
    await fast.page.add_init_script(QUICKER % 10_000)
    await slow.page.add_init_script(QUICKER % -10_000)
    for person in (right, fast, slow):
        await person.open(f"/lots/{lot_id}/live")
        await person.sees("自由报价")
    await right.sees("本机时钟一致")
    await fast.sees(re.compile(r"本机时钟快 (9\.9|10\.\d) s（不影响）"))
    await slow.sees(re.compile(r"本机时钟慢 (9\.9|10\.\d) s（不影响）"))
    # Late enough that no first figure heard from the service could stand in for a clock.
    await expect(timer(right.page)).to_have_text(re.compile(rf"00:({_no_more_than(42)})"))
    for person in (fast, slow):
        before = await seconds_left(right.page)
        shown = await seconds_left(person.page)
        after = await seconds_left(right.page)
        assert after - 1 <= shown <= before + 1


async def test_a_tab_that_slept_shows_the_right_countdown_when_it_wakes(
    site: Site, visits: Visits, new_name: NewName
) -> None:
    """Fault 36: the timers of a background tab stand still; the countdown must not.

    The page is stopped as a debugger stops it: `frozen` leaves the timers of a headless page going.
    """
    lot_id = new_name("asleep")
    await announce(site, lot_id, lasts_s=40)
    awake, asleep = await visits(), await visits()
    for person in (awake, asleep):
        await person.open(f"/lots/{lot_id}/live")
        await expect(timer(person.page)).to_have_text(CLOCK)
    wire = await asleep.page.context.new_cdp_session(asleep.page)
    await wire.send("Debugger.enable")
    await wire.send("Debugger.pause")
    goal = await seconds_left(awake.page) - 6
    await expect(timer(awake.page)).to_have_text(f"00:{goal:02d}")
    await wire.send("Debugger.disable")
    await expect(timer(asleep.page)).to_have_text(re.compile(rf"00:({_no_more_than(goal)})"))
    before = await seconds_left(awake.page)
    shown = await seconds_left(asleep.page)
    after = await seconds_left(awake.page)
    assert after - 1 <= shown <= before + 1


# ── at the screen ───────────────────────────────────────────────────────────────────────────


def timer(page: Page) -> Locator:
    return page.get_by_role("timer")


async def seconds_left(page: Page) -> int:
    await expect(timer(page)).to_have_text(CLOCK)
    minutes, seconds = (await timer(page).inner_text()).split(":")
    return int(minutes) * 60 + int(seconds)


def _no_more_than(seconds: int) -> str:
    return "|".join(f"{each:02d}" for each in range(seconds + 1))
