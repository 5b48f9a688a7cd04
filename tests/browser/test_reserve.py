"""The reserve at the screens: two officials seal it, the hall waits for them, they open it."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from service.demo.office import Plan, draft
from service.rules.terms import Method
from tests.browser.conftest import NewName, Visits
from tests.browser.sales import bid, wan
from tests.browser.test_accessibility import sound_in_both_languages
from tests.browser.visitors import Visitor
from tests.story.site import PASSWORD, Bidder, Site, watching

pytestmark = pytest.mark.browser

OPENS_S = 40
WAITING = "待确认：等待两位官员开启底价"


async def drafted(site: Site, lot_id: str) -> tuple[int, int]:
    """An auction whose rules want a sealed reserve, drafted at the doors; its start and step."""
    plan = Plan(
        lot_id=lot_id,
        parcel=await site.parcel(),
        method=Method.AUCTION,
        opens_s=OPENS_S,
        lasts_s=0,
        countdown_s=5,
        reserve_steps=1,
    )
    body = draft(plan, site.now_ms())
    body["rules"].update(notice_days=1, registration_gap_days=0, warnings_s=[3, 2, 1])
    begins = body["timetable"]["auction_from"]
    body["timetable"].update(registration_to=begins, deposit_deadline=begins)
    await site.office["publisher"].post("/api/office/lots", body)
    return body["rules"]["starting_price_fen"], body["rules"]["increment_fen"]


async def seal(publisher: Visitor, folder: Path, amount_fen: int) -> list[str]:
    """At one screen: amount, two halves that must both be saved, the second official's password."""
    page = publisher.page
    await publisher.fill("底价（万元）", wan(amount_fen).replace(",", ""))
    await publisher.press_button("生成两份密钥")
    await expect(page.get_by_label("底价（万元）")).to_have_count(0)
    sealing = page.get_by_role("button", name="封存底价")
    panel = page.get_by_test_id("seal-reserve")
    await panel.get_by_label("用户名").fill("clerk")
    await panel.get_by_label("密码").fill(PASSWORD)
    texts = []
    for place in (1, 2):
        await expect(sealing).to_be_disabled()
        async with page.expect_download() as begun:
            await publisher.press_button(f"保存第 {place} 份")
        file = folder / (await begun.value).suggested_filename
        await (await begun.value).save_as(file)
        texts.append(await asyncio.to_thread(file.read_text))
    await sound_here(publisher)
    await publisher.press(sealing)
    await publisher.sees(re.compile("已封存：publisher-.* 持第一份，supervisor-.* 持第二份"))
    return texts


async def test_two_officials_seal_and_open_a_reserve_at_their_screens(
    site: Site, visits: Visits, new_name: NewName, tmp_path: Path
) -> None:
    lot_id = new_name("reserve")
    bidder = await site.bidder(new_name("buyer"))
    publisher, supervisor, watcher = await visits(), await visits(phone=True), await visits()
    await publisher.becomes(site.office["publisher"].cookie)
    await supervisor.becomes(site.office["supervisor"].cookie)
    start, _ = await drafted(site, lot_id)
    await publisher.open(f"/office/drafts/{lot_id}")
    await publisher.sees("底价尚未封存")
    await sound_here(publisher)
    texts = await seal(publisher, tmp_path, start)
    await publisher.sees("预检通过，没有发现问题")
    await publisher.press_button("提交审批")
    await publisher.sees("须由起草人以外的审批人员发布")
    await publish_and_admit(site, bidder, lot_id)
    async with watching(site.base_url, lot_id) as public:
        await public.until_lot(stage="TIMED")
        await bid(site, bidder, lot_id, start)
        await watcher.open(f"/lots/{lot_id}/live")
        await public.until_lot(stage="CLOSING")
        await watcher.sees(WAITING)
        await give_by_file(publisher, lot_id, texts[0])
        await watcher.sees(WAITING)
        await give_by_paste(supervisor, lot_id, texts[1])
        await public.until_lot(stage="SOLD")
    await watcher.sees(f"成交：{bidder.bidder_no}")


async def publish_and_admit(site: Site, bidder: Bidder, lot_id: str) -> None:
    path = f"/api/office/drafts/{lot_id}"
    approver = site.office["approver"]
    version = await approver.version_of(path)
    await approver.post(f"{path}/release", headers={"If-Match": version})
    await site.admit(bidder, lot_id)


async def give_by_file(official: Visitor, lot_id: str, text: str) -> None:
    row = await row_of(official, lot_id)
    await expect(row.get_by_text("已交 0 份，共 2 份")).to_be_visible()
    await row.get_by_label("选择密钥文件").set_input_files(
        {"name": "half.txt", "mimeType": "text/plain", "buffer": text.encode()}
    )
    await sound_here(official)
    await official.press(row.get_by_role("button", name="交出密钥，开启底价"))
    await expect(row.get_by_text("您的一份已收到，等待另一位官员")).to_be_visible()
    await expect(row.get_by_text("已交 1 份，共 2 份")).to_be_visible()


async def give_by_paste(official: Visitor, lot_id: str, half: str) -> None:
    row = await row_of(official, lot_id)
    text = row.get_by_label("或粘贴文件内容")
    await text.fill("不是密钥")
    give = row.get_by_role("button", name="交出密钥，开启底价")
    await official.press(give)
    await expect(row.get_by_text("这不是密钥文件")).to_be_visible()
    await sound_here(official)
    await text.fill(half)
    await official.press(give)
    await expect(row.get_by_text(WAITING)).to_have_count(0)


async def sound_here(visitor: Visitor) -> None:
    """axe in both languages, and back to Chinese."""
    await sound_in_both_languages(visitor)
    await visitor.press(visitor.page.get_by_role("button", name="中"))
    await expect(visitor.page.locator("html")).to_have_attribute("lang", "zh-CN")


async def row_of(official: Visitor, lot_id: str) -> Locator:
    await official.open("/office")
    await official.press(official.page.get_by_role("tab", name="竞价监控"))
    return official.page.get_by_role("listitem").filter(has_text=lot_id)
