"""The officials' road through their pages: published, stopped, resumed, confirmed, replayed."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import NewName, Visits
from tests.browser.sales import announce, bid, wan
from tests.browser.test_accessibility import sound
from tests.browser.visitors import Visitor
from tests.story.site import Bidder, Site, stranger_gets, watching

pytestmark = pytest.mark.browser

BEIJING = timedelta(hours=8)
OPENS_S = 25
"""From an empty form to the auction: drafted, submitted, released and everybody admitted."""
COUNTDOWN_S = 10
REASON = "机房断电，正在切换备用电源"


async def test_officials_publish_stop_resume_and_confirm_and_the_regulator_replays(
    site: Site, visits: Visits, new_name: NewName
) -> None:
    lot_id = new_name("office")
    publisher, approver, regulator = await visits(), await visits(), await visits()
    for official, name in ((publisher, "publisher"), (approver, "approver"), (regulator, "clerk")):
        await official.sign_in(name)
        await official.sees("业务办理")
    first, second = await site.bidder(new_name("first")), await site.bidder(new_name("second"))

    await draft_and_submit(site, publisher, lot_id)
    await release(approver, lot_id)
    for bidder in (first, second):
        await site.admit(bidder, lot_id)
    rules = (await stranger_gets(site, f"/api/lots/{lot_id}"))["rules"]
    start, step = rules["starting_price_fen"], rules["increment_fen"]

    await prepare_to_stop(publisher, lot_id)
    async with watching(site.base_url, lot_id) as public:
        await public.until_lot(stage="TIMED")
        await bid(site, first, lot_id, start)
        await stop(publisher, approver, lot_id)
        await public.until_lot(control="SUSPENDED")
        await resume(publisher, approver, lot_id)
        resumed = await public.until_lot(control="NORMAL")
        assert resumed["closes_at"] - site.now_ms() > (COUNTDOWN_S - 5) * 1000, "a whole window"
        await bid(site, second, lot_id, start + step)
        await public.until_lot(stage="SOLD")
    await confirm(publisher, approver, lot_id)
    await verify_and_replay(regulator, lot_id, first, second, start, step)


async def test_an_admission_is_revoked_by_two_and_the_bidder_reads_why(
    site: Site, visits: Visits, new_name: NewName
) -> None:
    lot_id, reviewer, approver = new_name("revoked"), await visits(), await visits(phone=True)
    await announce(site, lot_id, lasts_s=600)
    bidder = await site.bidder(new_name("forger"))
    await site.admit(bidder, lot_id)
    await reviewer.becomes(site.office["reviewer"].cookie)
    await reviewer.open("/office")
    await reviewer.press(reviewer.page.get_by_role("tab", name="报名受理"))
    await reviewer.press(reviewer.page.get_by_text("撤销竞买资格"))
    await reviewer.fill("申请编号", bidder.applications[lot_id])
    await reviewer.fill("告知竞买人的理由", "所交文件经核实系伪造")
    await sound(reviewer)
    await reviewer.press_button("提交撤销申请")
    await reviewer.sees("已提交，待审批人员批准")

    await approver.becomes(site.office["approver"].cookie)
    await approver.open("/office")
    await approver.press(approver.page.get_by_role("tab", name="竞价监控"))
    await approve(approver, lot_id, "撤销资格")

    person = await visits(phone=True)
    await person.becomes(bidder.person.cookie)
    await person.open("/me")
    await person.sees("资格已撤销")
    await person.sees("所交文件经核实系伪造")


# ── publication ─────────────────────────────────────────────────────────────────────────────


async def draft_and_submit(site: Site, publisher: Visitor, lot_id: str) -> None:
    page = publisher.page
    await publisher.press(page.get_by_role("tab", name="宗地与公告"))
    await publisher.follow("新建公告")
    await page.get_by_label("出让方式").select_option("拍卖")
    await page.get_by_label("规则模板").select_option("demo")
    await page.get_by_label("底价规则").select_option("公告不设底价")
    await publisher.fill("标的编号", lot_id)
    await publisher.fill("限时竞价倒计时（秒）", str(COUNTDOWN_S))
    opens = datetime.fromtimestamp(site.now_ms() // 1000 + OPENS_S, UTC) + BEIJING
    closes = opens - timedelta(seconds=1)
    await publisher.fill("报名截止", closes.strftime("%Y-%m-%dT%H:%M:%S"))
    await publisher.fill("保证金到账截止", closes.strftime("%Y-%m-%dT%H:%M:%S"))
    await publisher.fill("拍卖开始", opens.strftime("%Y-%m-%dT%H:%M:%S"))
    await publisher.press_button("保存草稿")
    await publisher.sees("已保存，第 1 版")
    await publisher.press_button("发布前预检")
    await publisher.sees("预检通过，没有发现问题")
    await publisher.press_button("提交审批")
    await publisher.sees("须由起草人以外的审批人员发布")
    await expect(page.get_by_role("button", name="审批发布")).to_have_count(0)


async def release(approver: Visitor, lot_id: str) -> None:
    await approver.press(approver.page.get_by_role("tab", name="宗地与公告"))
    waiting = item(approver, lot_id)
    await expect(waiting.get_by_text("待审批")).to_be_visible()
    await approver.press(waiting.get_by_role("link", name="打开"))
    await approver.press_button("审批发布")
    await approver.sees("已发布，日志第 0 条已写入")


# ── the console ─────────────────────────────────────────────────────────────────────────────


async def prepare_to_stop(publisher: Visitor, lot_id: str) -> None:
    await publisher.open("/office")
    await publisher.press(publisher.page.get_by_role("tab", name="竞价监控"))
    await publisher.press(item(publisher, lot_id).get_by_role("button", name="中止"))
    await publisher.page.get_by_label("原因").select_option("平台故障")
    await publisher.fill("公告内容（向全体发布）", REASON)
    await publisher.page.get_by_label(re.compile("紧急中止")).check()


async def stop(publisher: Visitor, approver: Visitor, lot_id: str) -> None:
    """One person's word stops at once; another confirms afterwards."""
    await publisher.press_button("提交：中止")
    await publisher.sees("已立即执行")
    await expect(item(publisher, lot_id).get_by_text("已中止").first).to_be_visible()
    await approver.open("/office")
    await approver.press(approver.page.get_by_role("tab", name="竞价监控"))


async def resume(publisher: Visitor, approver: Visitor, lot_id: str) -> None:
    await publisher.press(item(publisher, lot_id).get_by_role("button", name="恢复"))
    await publisher.press_button("提交：恢复")
    await publisher.sees("已提交，待另一人审批")
    await approve(approver, lot_id, "恢复")


async def confirm(publisher: Visitor, approver: Visitor, lot_id: str) -> None:
    await publisher.press(item(publisher, lot_id).get_by_role("button", name="确认结果"))
    await publisher.press_button("提交：确认结果")
    await publisher.sees("已提交，待另一人审批")
    await approve(approver, lot_id, "确认结果")
    await expect(item(approver, lot_id).get_by_text("成交")).to_be_visible()


async def approve(approver: Visitor, lot_id: str, action: str) -> None:
    asked = item(approver, f"{action} · {lot_id}")
    await approver.press(asked.get_by_role("button", name="审批并执行"))
    await expect(asked.get_by_role("button")).to_have_count(0)


def item(official: Visitor, words: str) -> Locator:
    return official.page.get_by_role("listitem").filter(has_text=words)


# ── the regulator ───────────────────────────────────────────────────────────────────────────


async def verify_and_replay(
    regulator: Visitor, lot_id: str, first: Bidder, second: Bidder, start: int, step: int
) -> None:
    page = regulator.page
    await regulator.open("/supervision")
    sale = page.get_by_role("article").filter(has_text=lot_id)
    await regulator.press(sale.get_by_role("button", name="核验"))
    await expect(sale.get_by_text("全部检查成立")).to_be_visible()
    await regulator.press(sale.get_by_role("link", name="回放"))

    scrubber = page.get_by_role("slider", name="位置")
    await scrubber.press("End")
    await regulator.sees(f"{second.bidder_no} 以 {wan(start + step)} 万元 竞得")
    await scrubber.press("Home")
    await regulator.sees_not(re.compile("竞得"))
    events = page.get_by_role("list", name="事件")
    await regulator.press(
        events.get_by_role("button", name=re.compile(f"{first.bidder_no} 报价 .*受理"))
    )
    await expect(page.get_by_role("region", name="当前最高价")).to_contain_text(first.bidder_no)
    await regulator.press(events.get_by_role("button", name=re.compile("中止：平台故障")))
    await regulator.sees("竞价暂停：平台故障")
    await regulator.press(page.get_by_role("button", name="下一事件"))
    await regulator.sees_not("竞价暂停：平台故障")
