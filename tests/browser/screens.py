"""Makes the pictures of docs/screens: `uv run --group dev python -m tests.browser.screens`.

A real site is played from an empty database, so that every picture shows what the service does.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, async_playwright, expect

from service.audit import keys
from service.demo.council import Council
from service.rules.terms import Method
from service.store import migrate
from service.store.embedded import create_database, start_postgres
from tests.browser import proof_screens
from tests.browser.hall import bid_in_two_steps, enter
from tests.browser.line import line_to
from tests.browser.sales import announce, bid, wan
from tests.browser.visitors import ABROAD, DESK, PHONE, Visitor, Witness
from tests.conftest import FreshDatabase, find_chromium
from tests.story.site import SITE, Bidder, Site, free_port, open_site, watching

PICTURES = Path(__file__).parents[2] / "docs" / "screens"
HALL = "chengkai-2026-07"


@dataclass(frozen=True)
class Studio:
    site: Site
    browser: Browser
    parcels: list[dict[str, Any]]

    async def visit(self, *, phone: bool = False, base_url: str = "") -> Visitor:
        context = await self.browser.new_context(**{**ABROAD, **(PHONE if phone else DESK)})
        witness = Witness(base_url or self.site.base_url)
        return Visitor(await context.new_page(), witness.origin, witness, touch=phone)

    async def official(self, role: str) -> Visitor:
        visitor = await self.visit()
        await visitor.becomes(self.site.office[role].cookie)
        return visitor


async def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=30_000)
    async with studio() as here:
        await play(here)


@asynccontextmanager
async def studio() -> AsyncIterator[Studio]:
    folder = Path(tempfile.mkdtemp(prefix="luochui-screens-"))
    await asyncio.to_thread(folder.chmod, 0o755)  # PostgreSQL runs as another account
    server = start_postgres(folder / "postgres", private_dir=folder / "private")
    try:
        await create_database(server, "screens")
        await asyncio.to_thread(migrate.upgrade, server.owner_url("screens"))
        database = FreshDatabase(
            "screens", server.app_url("screens"), server.owner_url("screens"), server
        )
        council, key = (
            Council(folder / "witnesses"),
            keys.load_or_generate(folder / "log_key", SITE),
        )
        council.prepare(SITE)
        os.environ["LUOCHUI_WITNESS_POLICY"] = str(council.policy)
        async with (
            council.sitting(SITE, key.verifying.to_text()),
            AsyncExitStack() as people,
            open_site(database, folder, free_port(), people) as site,
            async_playwright() as playwright,
        ):
            flags = ["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb"]
            chromium = str(find_chromium())
            browser = await playwright.chromium.launch(executable_path=chromium, args=flags)
            page = await site.office["publisher"].get("/api/office/parcels")
            sums = ("starting_price_fen", "increment_fen", "deposit_fen")
            parcels = [each for each in page["items"] if all(each.get(name) for name in sums)]
            yield Studio(site, browser, parcels)
            await browser.close()
    finally:
        server.stop()
        shutil.rmtree(folder)


# ── the play ────────────────────────────────────────────────────────────────────────────────


async def play(here: Studio) -> None:
    site = here.site
    finished = await finish_one_sale(here)
    await announce(site, "cangzhou-2026-03", opens_s=3600, lasts_s=7200, parcel=here.parcels[2])
    await announce(
        site, "huanghua-2026-11", opens_s=5400, method=Method.AUCTION, parcel=here.parcels[3]
    )
    await announce(site, "bohai-2026-05", lasts_s=1800, parcel=here.parcels[4])
    async with line_to(site.running.settings.port) as line:
        desk = await here.visit(base_url=line.base_url)
        phone = await here.visit(phone=True)
        rivals = [await site.bidder(f"rival{number}") for number in range(3)]
        rules = await announce(site, HALL, lasts_s=30, countdown_s=60, parcel=here.parcels[0])
        start, step = rules["starting_price_fen"], rules["increment_fen"]
        for rival in rivals:
            await site.admit(rival, HALL)
        await enter(site, desk, "desk", HALL)
        await enter(site, phone, "phone", HALL)
        for number, rival in enumerate((*rivals, *rivals)):
            await bid(site, rival, HALL, start + number * step)
        await picture(phone, "listing-phone")
        async with watching(site.base_url, HALL) as public:
            await public.until_lot(stage="TIMED")
            await duel(here, desk, phone, rivals, start + 6 * step, step)
            line.cut()
            await desk.sees("未知")
            await picture(desk, "unknown-desktop")
            line.mend()
            await desk.sees("已恢复")
            await officials_and_public(here, desk, phone)
            await public.until_lot(stage="SOLD")
        await desk.sees("成交")
        await picture(desk, "sold-desktop")
        await phone.sees("成交")
        await picture(phone, "sold-phone")
        await desk.open("/me")
        await desk.sees("退款")
        await picture(desk, "applications-desktop")
        await phone.open("/me")
        await phone.sees("您竞得该地块")
        await picture(phone, "applications-phone")
        await proof_screens.receipts(here, desk, phone, HALL)
    await replay(here, finished)
    await proof_screens.packs(here, finished)
    await proof_screens.result(here, finished)
    await proof_screens.seat(here)
    await proof_screens.reserve(here)


async def duel(
    here: Studio, desk: Visitor, phone: Visitor, rivals: list[Bidder], price: int, step: int
) -> None:
    """The one at the desk and the one with the phone outbid each other."""
    await desk.sees("限时竞价")
    await desk.press_button(f"确认出价 {wan(price)} 万元")
    await desk.sees("撤回不可")
    await picture(desk, "confirm-desktop")
    await desk.press_button(f"再按一次，出价 {wan(price)} 万元")
    await desk.sees("您当前领先")
    await picture(desk, "live-desktop")
    await english(desk)
    await picture(desk, "live-desktop-en")
    await chinese(desk)
    await phone.press_button(f"确认出价 {wan(price + step)} 万元")
    await phone.sees("撤回不可")
    await picture(phone, "confirm-phone")
    await phone.press_button(f"再按一次，出价 {wan(price + step)} 万元")
    await phone.sees("您当前领先")
    await picture(phone, "live-phone")
    await desk.sees("您已被超越")
    await picture(desk, "outbid-desktop")
    await bid(here.site, rivals[0], HALL, price + 2 * step)
    await phone.sees("您已被超越")
    await picture(phone, "outbid-phone")
    jump = price + 42 * step
    await desk.page.get_by_role("textbox", name="自定金额（万元）").fill(wan(jump))
    await desk.press_button(f"确认出价 {wan(jump)} 万元")
    await desk.sees("请重新输入金额确认")
    await picture(desk, "retype-desktop")
    await desk.page.keyboard.press("Escape")
    await bid_in_two_steps(phone, price + 3 * step)


async def officials_and_public(here: Studio, desk: Visitor, phone: Visitor) -> None:
    watcher = await here.visit()
    await watcher.open(f"/lots/{HALL}/live")
    await watcher.sees("您正在旁观")
    await picture(watcher, "observer-desktop")
    console = await here.official("publisher")
    await console.open("/office")
    await console.press(console.page.get_by_role("tab", name="竞价监控"))
    lot = console.page.get_by_role("listitem").filter(has_text=HALL)
    await console.press(lot.get_by_role("button", name="中止"))
    await picture(console, "office-desktop")
    await console.open("/office/drafts/new")
    await console.sees("保存草稿")
    await picture(console, "draft-desktop")
    for kind, stranger in (("desktop", watcher), ("phone", await here.visit(phone=True))):
        await stranger.open("/")
        await stranger.sees("进入竞价厅")
        await picture(stranger, f"list-{kind}")
        await stranger.open("/lots/cangzhou-2026-03")
        await stranger.sees("宗地情况")
        await picture(stranger, f"lot-{kind}")
        if kind == "phone":
            await english(stranger)
            await picture(stranger, "lot-phone-en")


async def finish_one_sale(here: Studio) -> str:
    """An auction that is sold and confirmed before the others begin."""
    site, lot_id = here.site, "huanghua-2026-02"
    pair = [await site.bidder(f"pair{number}") for number in range(2)]
    rules = await announce(
        site, lot_id, opens_s=5, method=Method.AUCTION, countdown_s=6, parcel=here.parcels[1]
    )
    start, step = rules["starting_price_fen"], rules["increment_fen"]
    for bidder in pair:
        await site.admit(bidder, lot_id)
    async with watching(site.base_url, lot_id) as public:
        await public.until_lot(stage="TIMED")
        for number in range(7):
            await bid(site, pair[number % 2], lot_id, start + number * step)
        await site.office.ask_and_approve(
            lot_id, {"action": "SUSPEND", "cause": "PLATFORM_FAULT", "text": "机房断电"}
        )
        await site.office.ask_and_approve(lot_id, {"action": "RESUME"})
        for number in range(7, 10):
            await bid(site, pair[number % 2], lot_id, start + number * step)
        await public.until_lot(stage="SOLD")
    await site.office.ask_and_approve(lot_id, {"action": "CONFIRM", "outcome": "CONFIRMED"})
    return lot_id


async def replay(here: Studio, lot_id: str) -> None:
    regulator = await here.official("supervisor")
    await regulator.open("/supervision")
    sale = regulator.page.get_by_role("article").filter(has_text=lot_id)
    await regulator.press(sale.get_by_role("button", name="核验"))
    await regulator.sees("全部检查成立")
    await picture(regulator, "supervision-desktop")
    for kind, visitor in (("desktop", regulator), ("phone", await here.visit(phone=True))):
        await visitor.open(f"/lots/{lot_id}/replay")
        events = visitor.page.get_by_role("list", name="事件")
        await visitor.press(events.get_by_role("button").filter(has_text="报价").nth(5))
        await visitor.sees("报价记录")
        await picture(visitor, f"replay-{kind}")


# ── the camera ──────────────────────────────────────────────────────────────────────────────


async def picture(visitor: Visitor, name: str) -> None:
    await visitor.page.screenshot(
        path=PICTURES / f"{name}.png", animations="disabled", caret="hide", scale="css"
    )


async def english(visitor: Visitor) -> None:
    await visitor.press(visitor.page.get_by_role("button", name="EN"))
    await expect(visitor.page.locator("html")).to_have_attribute("lang", "en")


async def chinese(visitor: Visitor) -> None:
    await visitor.press(visitor.page.get_by_role("button", name="中"))
    await expect(visitor.page.locator("html")).to_have_attribute("lang", "zh-CN")


if __name__ == "__main__":
    asyncio.run(main())
