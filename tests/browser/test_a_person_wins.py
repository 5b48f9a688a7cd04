"""One person's whole way through the pages, at a desk and with a phone."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from service.audit import proofs
from tests.browser.conftest import Visits
from tests.browser.hall import apply, bid_in_two_steps, row
from tests.browser.sales import announce, bid, wan
from tests.browser.visitors import Visitor
from tests.story.site import PASSWORD, SITE, Bidder, Site

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
async def test_a_person_registers_is_admitted_bids_is_outbid_and_wins(
    site: Site, visits: Visits, phone: bool, tmp_path: Path
) -> None:
    kind = "phone" if phone else "desktop"
    lot_id, name, company = f"wins-{kind}", f"zhang.{kind}", f"张家口{kind}置业有限公司"
    person = await visits(phone=phone, accept_downloads=True)
    rival = await site.bidder(f"rival-{kind}")
    await register_and_sign_in(person, name, company)

    rules = await announce(site, lot_id, lasts_s=20)
    start, step = rules["starting_price_fen"], rules["increment_fen"]
    await apply(person, lot_id)
    await person.follow("查看我的报名")
    await person.sees("待审核")
    number = await be_admitted(site, person, rival, lot_id, company)

    await person.press(person.page.get_by_role("link", name="进入竞价厅"))
    await person.sees(number)
    await bid_in_two_steps(person, start)
    await person.sees("您当前领先")
    await expect(row(person, number, start, own=True)).to_be_visible()
    await bid(site, rival, lot_id, start + step)
    await person.sees("您已被超越")
    await expect(person.page).to_have_title(re.compile("【您已被超越】"))
    await person.sees("限时竞价")
    await bid_in_two_steps(person, start + 2 * step)
    await person.sees("您当前领先")
    await take_the_receipt(site, person, lot_id, tmp_path)

    await person.sees("恭喜，您是竞得人")
    await person.sees(f"成交：{number} 以 {wan(start + 2 * step)} 万元 竞得")


# ── before the hall ─────────────────────────────────────────────────────────────────────────


async def register_and_sign_in(person: Visitor, name: str, company: str) -> None:
    await person.open("/")
    await person.follow("注册")
    await person.fill("名称", company)
    await person.fill("统一社会信用代码或身份证号", f"9113-{name}")
    await person.fill("用户名", name)
    await person.fill("密码", PASSWORD)
    await person.press_button("注册")
    await person.sees("您还没有报名")
    await person.press_button("退出")
    await person.sees("出让公告与竞价")
    await person.sign_in(name)
    await person.sees("您还没有报名")


async def be_admitted(site: Site, person: Visitor, rival: Bidder, lot_id: str, company: str) -> str:
    """Accepted by the office, paid as the page tells: then the page shows the number."""
    await rival.apply(lot_id)
    assert await site.office.accept_applications(lot_id) == 2
    await person.sees("待缴保证金")
    card = person.page.get_by_test_id("deposit")
    account = await value_of(card, "子账号")
    deposit = (await rival.application(lot_id))["deposit"]
    assert await value_of(card, "应缴金额") == f"{deposit['required_fen'] // 100:,} 元"
    for to, payer in ((account, company), (deposit["sub_account"], rival.company)):
        await site.bank.credit(
            account=to, amount_fen=deposit["required_fen"], currency="CNY", payer_name=payer
        )
    rival.bidder_no = (await rival.application(lot_id))["bidder_no"]
    await person.sees("已取得资格")
    number = await person.page.get_by_test_id("bidder-no").inner_text()
    assert number != rival.bidder_no
    return number


async def value_of(card: Any, label: str) -> str:
    """The strong value beside a label of a key table."""
    item = card.locator("div", has=card.page.get_by_text(label, exact=True))
    return str(await item.locator(".strong, strong").first.inner_text())


# ── in the hall ─────────────────────────────────────────────────────────────────────────────


async def take_the_receipt(site: Site, person: Visitor, lot_id: str, folder: Path) -> None:
    """What is saved is a proof that anyone can check against the log's key."""
    async with person.page.expect_download() as downloading:
        await person.press(person.page.get_by_test_id("save-receipt"))
    download = await downloading.value
    saved = folder / download.suggested_filename
    assert saved.suffix == ".tlog-proof"
    await download.save_as(saved)
    proof = saved.read_text(encoding="utf-8")
    proven = proofs.verify(proof, site.key.verifying, f"{SITE}/lot/{lot_id}")
    assert proven.index > 0
