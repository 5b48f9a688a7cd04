"""The pictures of what proves a sale: receipts, an alarm, the verifiers, the supervisor's seat."""

import re
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.async_api import FilePayload, Route, expect

from service.audit.notes import Checkpoint, open_checkpoint, sign_checkpoint
from service.demo.office import Plan, draft
from service.rules.terms import Method
from tests.audit.forgers import repack, unpack
from tests.browser.visitors import Visitor
from tests.story.site import PASSWORD, SITE

if TYPE_CHECKING:
    from tests.browser.screens import Studio

PICTURES = Path(__file__).parents[2] / "docs" / "screens"


async def picture(visitor: Visitor, name: str) -> None:
    await visitor.page.screenshot(
        path=PICTURES / f"{name}.png", animations="disabled", caret="hide", scale="css"
    )


async def receipts(here: "Studio", desk: Visitor, phone: Visitor, lot_id: str) -> None:
    """What two bidders keep, what anyone sees in it, and what a second history looks like."""
    for kind, bidder in (("desktop", desk), ("phone", phone)):
        await bidder.open("/me/receipts")
        await expect(bidder.page.get_by_test_id("summary")).to_contain_text("已核验")
        await bidder.sees_not("正在核验")
        await picture(bidder, f"my-receipts-{kind}")
        async with bidder.page.expect_download() as begun:
            row = bidder.page.get_by_test_id("my-receipt").first
            await bidder.press(row.get_by_role("button"))
        file = await (await begun.value).path()
        reader = await here.visit(phone=kind == "phone")
        await reader.open("/verify-receipt")
        await expect(reader.page.get_by_test_id("key")).not_to_have_value("")
        await reader.page.get_by_test_id("choose").set_input_files(
            {"name": "bid.tlog-proof", "mimeType": "text/plain", "buffer": file.read_bytes()}
        )
        await reader.sees("回执成立")
        await reader.page.get_by_test_id("results").scroll_into_view_if_needed()
        await picture(reader, f"verify-receipt-{kind}")
        await fork(here, bidder, lot_id)
        await picture(bidder, f"fork-alarm-{kind}")


async def fork(here: "Studio", bidder: Visitor, lot_id: str) -> None:
    """The operator signs another history of the lot, as long as the one that the bidder saw."""
    key, origin = here.site.key, f"{SITE}/lot/{lot_id}"

    async def another(route: Route) -> None:
        seen = open_checkpoint((await (await route.fetch()).body()).decode(), key.verifying, origin)
        forged = Checkpoint(origin, seen.size, sha256(seen.root).digest())
        await route.fulfill(body=sign_checkpoint(key, forged), content_type="text/plain")

    await bidder.page.route(f"**/lots/{lot_id}/checkpoint", another)
    await bidder.open("/me/receipts")
    await expect(bidder.page.get_by_role("alertdialog")).to_be_visible()


async def packs(here: "Studio", lot_id: str) -> None:
    """The second verifier on an honest pack and on a forged one."""
    supervisor = here.site.office["supervisor"]
    pack = await supervisor.get_bytes(f"/api/supervision/lots/{lot_id}/export")
    files = unpack(pack)
    price = re.findall(rb'"amount_fen":([0-9]+)', files["log.jsonl"])[-1]
    dearer = str(int(price) + 100_000_000).encode()
    forged = repack({**files, "log.jsonl": files["log.jsonl"].replace(price, dearer)})
    for kind, content, name, seen in (
        ("desktop", pack, "verify", "全部检查成立"),
        ("phone", pack, "verify", "全部检查成立"),
        ("desktop", forged, "verify-forged", "不要采信这个证据包的结果"),
    ):
        reader = await here.visit(phone=kind == "phone")
        await reader.open("/verify")
        await reader.press_button("使用本站公布的公钥")
        await reader.page.locator("summary").click()
        await reader.press_button("使用本站公布的策略")
        await expect(reader.page.get_by_text("witness.policy")).to_be_visible()
        given: FilePayload = {
            "name": f"{lot_id}.zip",
            "mimeType": "application/zip",
            "buffer": content,
        }
        await reader.page.get_by_test_id("pack").set_input_files(given)
        await reader.press_button("开始核验")
        await reader.sees(seen)
        await reader.page.evaluate(
            "document.querySelector('[data-testid=start]').scrollIntoView({block: 'start'})"
        )
        await picture(reader, f"{name}-{kind}")


async def result(here: "Studio", lot_id: str) -> None:
    """The page of the finished lot, its winner checked."""
    for kind in ("desktop", "phone"):
        stranger = await here.visit(phone=kind == "phone")
        await stranger.open(f"/lots/{lot_id}")
        await stranger.press(stranger.page.get_by_test_id("check-winner"))
        finding = stranger.page.get_by_test_id("winner-finding")
        await expect(finding).to_have_attribute("data-finding", "fits")
        await stranger.page.evaluate("scrollTo(0, 0)")
        if kind == "phone":
            await stranger.page.get_by_test_id("winner").scroll_into_view_if_needed()
        await picture(stranger, f"winner-{kind}")


async def seat(here: "Studio") -> None:
    """The house log and what witnesses say, as the supervisor reads them."""
    for kind in ("desktop", "phone"):
        regulator = await here.visit(phone=kind == "phone")
        await regulator.becomes(here.site.office["supervisor"].cookie)
        await regulator.open("/supervision")
        for tab, name in (("总日志", "house-log"), ("外部锚定", "anchors")):
            await regulator.press(regulator.page.get_by_role("tab", name=tab))
            await expect(regulator.page.get_by_role("heading", name=tab).first).to_be_visible()
            await expect(regulator.page.locator("[aria-busy=true]")).to_have_count(0)
            await picture(regulator, f"{name}-{kind}")
            if kind == "desktop" and name == "house-log":
                await regulator.press(regulator.page.get_by_role("button", name="English"))
                await regulator.sees("House log")
                await picture(regulator, f"{name}-{kind}-en")
                await regulator.press(regulator.page.get_by_role("button", name="中文"))


async def reserve(here: "Studio") -> None:
    """Two officials at one screen seal the reserve of a draft."""
    plan = Plan(
        lot_id="cangzhou-2026-09", parcel=here.parcels[5 % len(here.parcels)],
        method=Method.AUCTION, opens_s=3600, lasts_s=0, countdown_s=60, reserve_steps=4,
    )  # fmt: skip
    await here.site.office["publisher"].post("/api/office/lots", draft(plan, here.site.now_ms()))
    official = await here.official("publisher")
    await official.open(f"/office/drafts/{plan.lot_id}")
    panel = official.page.get_by_test_id("seal-reserve")
    await official.fill("底价（万元）", "3000")
    await official.press_button("生成两份密钥")
    await panel.get_by_label("用户名").fill("clerk")
    await panel.get_by_label("密码").fill(PASSWORD)
    async with official.page.expect_download():
        await official.press_button("保存第 1 份")
    await panel.scroll_into_view_if_needed()
    await picture(official, "seal-reserve-desktop")
