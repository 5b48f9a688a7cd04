"""Who sees what: an observer no names, a bidder himself, and nobody a typo's price."""

import re

import pytest
from playwright.async_api import WebSocket, expect

from tests.browser.conftest import NewName, Visits
from tests.browser.hall import bid_in_two_steps, enter, row
from tests.browser.sales import announce, bid, wan
from tests.story.site import Site

pytestmark = pytest.mark.browser


async def test_an_observer_sees_numbers_and_prices_and_no_identity(
    site: Site, visits: Visits, new_name: NewName
) -> None:
    """Faults 32 and 47: a bidder's user id stood in the public feed, and a ring knew how many
    they were. Everything that the browser was sent is looked through, not only what it shows."""
    lot_id = new_name("watched")
    rules = await announce(site, lot_id, lasts_s=40)
    start, step = rules["starting_price_fen"], rules["increment_fen"]
    person, observer, rival = await visits(), await visits(), await site.bidder(new_name("rival"))
    told: list[str | bytes] = []

    def hear(frame: str | bytes) -> None:
        told.append(frame)

    def listen(line: WebSocket) -> None:
        line.on("framereceived", hear)

    observer.page.on("websocket", listen)
    await site.admit(rival, lot_id)
    own = await enter(site, person, new_name("bidding"), lot_id)
    await observer.open(f"/lots/{lot_id}/live")
    await observer.sees("您正在旁观，不能报价")
    await bid_in_two_steps(person, start)
    await bid(site, rival, lot_id, start + step)

    await expect(row(person, own.bidder_no, start, own=True)).to_be_visible()
    await expect(row(person, rival.bidder_no, start + step)).to_be_visible()
    await expect(row(observer, own.bidder_no, start)).to_be_visible()
    await expect(row(observer, rival.bidder_no, start + step)).to_be_visible()
    await observer.sees(f"{wan(start + step)} 万元")
    await observer.sees_not(re.compile(r"您当前领先|您已被超越|（您）"))
    await expect(observer.page.get_by_role("button", name=re.compile("出价"))).to_have_count(0)

    seen = await observer.page.content() + "".join(map(str, told))
    assert own.bidder_no in seen
    for secret in (own.company, rival.company, own.person.username, rival.person.username):
        assert secret not in seen
    for bidder in (own, rival):
        assert bidder.applications[lot_id] not in seen


async def test_a_big_jump_is_typed_twice_and_a_typo_goes_no_further(
    site: Site, visits: Visits, new_name: NewName
) -> None:
    """Fault 46: a typo multiplied a price by ten."""
    lot_id = new_name("typo")
    rules = await announce(site, lot_id, lasts_s=60)
    start, step = rules["starting_price_fen"], rules["increment_fen"]
    person = await visits()
    await enter(site, person, new_name("typing"), lot_id)
    meant, typo = start + 4 * step, start + 40 * step
    amount = person.page.get_by_role("textbox", name="自定金额（万元）")
    await amount.fill(wan(typo))
    await person.press_button(f"确认出价 {wan(typo)} 万元")
    await person.sees("加价幅度较大，请重新输入金额确认")
    await person.sees(re.compile(r"高于起始价 [\d,]+ 步"))
    again = person.page.get_by_role("textbox", name="重新输入金额（万元）")
    await expect(again).to_be_focused()
    await again.fill(wan(meant))
    await expect(person.page.get_by_role("button", name=re.compile("确认出价"))).to_be_disabled()
    await person.page.keyboard.press("Escape")
    await expect(again).to_have_count(0)

    await amount.fill(wan(meant))
    await person.press_button(f"确认出价 {wan(meant)} 万元")
    await person.press_button(f"再按一次，出价 {wan(meant)} 万元")
    await person.sees("您当前领先")
    assert (await site.state(lot_id))["price_fen"] == meant


async def test_a_big_jump_typed_twice_is_a_bid(
    site: Site, visits: Visits, new_name: NewName
) -> None:
    lot_id = new_name("jump")
    rules = await announce(site, lot_id, lasts_s=60)
    jump = rules["starting_price_fen"] + 40 * rules["increment_fen"]
    person = await visits()
    await enter(site, person, new_name("jumping"), lot_id)
    await person.page.get_by_role("textbox", name="自定金额（万元）").fill(wan(jump))
    await person.press_button(f"确认出价 {wan(jump)} 万元")
    await person.page.get_by_role("textbox", name="重新输入金额（万元）").fill(wan(jump))
    await person.press_button(f"确认出价 {wan(jump)} 万元")
    await person.sees("您当前领先")
    assert (await site.state(lot_id))["price_fen"] == jump
