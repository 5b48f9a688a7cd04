"""What people do in and before the hall, as words on the screen."""

import re

from playwright.async_api import Locator

from tests.browser.sales import wan
from tests.browser.visitors import Visitor
from tests.story.site import Bidder, Site

ENTRY = re.compile(r"#\d+ · \d\d:\d\d:\d\d\.\d{3}")
"""Which entry of the log answers a bid, and when: the receipt in one line."""


async def apply(person: Visitor, lot_id: str) -> None:
    """From the announcement: a key that cannot leave the browser, a promise, and sent."""
    await person.open(f"/lots/{lot_id}")
    await person.follow("报名竞买")
    await person.press_button("生成并登记密钥")
    await person.sees("本设备密钥已登记")
    await person.page.get_by_label(re.compile("我已阅读出让公告")).check()
    await person.press_button("提交报名")
    await person.sees("报名已提交")


async def enter(site: Site, person: Visitor, name: str, lot_id: str) -> Bidder:
    """In the hall as an admitted bidder. The account is made at the doors, the key here."""
    bidder = await site.bidder(name)
    await person.becomes(bidder.person.cookie)
    await apply(person, lot_id)
    await site.office.accept_applications(lot_id)
    applied = (await bidder.person.get("/api/me/applications"))["items"][0]
    bidder.applications[lot_id] = applied["application_id"]
    deposit = (await bidder.application(lot_id))["deposit"]
    await site.pay(bidder, deposit["sub_account"], deposit["required_fen"])
    bidder.bidder_no = (await bidder.application(lot_id))["bidder_no"]
    await person.open(f"/lots/{lot_id}/live")
    await person.sees(bidder.bidder_no)
    return bidder


async def bid_in_two_steps(person: Visitor, amount_fen: int) -> None:
    """Pressed, seen what it means, pressed again; the answer names the entry and its instant."""
    amount = f"{wan(amount_fen)} 万元"
    await person.press_button(f"确认出价 {amount}")
    await person.sees("报价一经受理，撤回不可")
    await person.press_button(f"再按一次，出价 {amount}")
    await person.sees(f"出价 {amount} 已受理")
    await person.sees(ENTRY)


def row(person: Visitor, bidder_no: str, amount_fen: int, *, own: bool = False) -> Locator:
    """The history's row of a quote; fault 45: somebody took another's number for his own, so
    one's own rows say 您 and no other does."""
    you = "您" if own else ""
    words = re.compile(rf"{bidder_no} ?{you} +{wan(amount_fen)} ")
    return person.page.get_by_role("row", name=words)
