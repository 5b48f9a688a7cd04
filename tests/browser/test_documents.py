"""Announced documents at the screens: chosen and uploaded in the draft, read and checked by all."""

import asyncio
import hashlib
import re
from pathlib import Path

import pytest
from playwright.async_api import Locator, Route, expect

from service.demo.office import Plan, draft
from service.rules.terms import Method
from tests.browser.conftest import NewName, Visits
from tests.browser.test_accessibility import sound_in_both_languages
from tests.browser.visitors import Visitor
from tests.story.site import Site

pytestmark = pytest.mark.browser

NOTICE = "国有建设用地使用权出让公告\n容积率 1.0–2.0\n".encode()
PLAN = b"\x89PNG\r\n\x1a\n" + bytes(300_000)
LOST = "5c" * 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in {
        "出让公告.txt": NOTICE,
        "宗地图.png": PLAN,
        "安装.exe": b"MZ",
        "空白.txt": b"",
        "其实是文本.pdf": NOTICE + b"2",
    }.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def files(folder: Path, *names: str) -> list[Path]:
    return [folder / name for name in names]


async def drafted(site: Site, lot_id: str, *documents: dict[str, str]) -> None:
    """A draft that may still be released when a slow screen has been through with it."""
    plan = Plan(
        lot_id=lot_id,
        parcel=await site.parcel(),
        method=Method.LISTING,
        opens_s=600,
        lasts_s=600,
        countdown_s=8,
        reserve_steps=None,
    )
    body = {**draft(plan, site.now_ms()), "documents": list(documents)}
    await site.office["publisher"].post("/api/office/lots", body)


async def at_draft(site: Site, official: Visitor, role: str, lot_id: str) -> Locator:
    """The official before the draft; returns its documents."""
    await official.becomes(site.office[role].cookie)
    await official.open(f"/office/drafts/{lot_id}")
    card = official.page.get_by_test_id("draft-documents")
    await expect(card).to_be_visible()
    return card


def row(card: Locator, name: str) -> Locator:
    return card.get_by_role("listitem").filter(has_text=name)


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
async def test_documents_go_from_the_draft_to_everyone_who_checks_them(
    site: Site, visits: Visits, new_name: NewName, folder: Path, phone: bool
) -> None:
    lot_id, publisher, reader = (
        new_name("papers"),
        await visits(phone=phone),
        await visits(phone=phone),
    )
    await drafted(site, lot_id)
    card = await at_draft(site, publisher, "publisher", lot_id)
    choose = publisher.page.get_by_test_id("choose-documents")
    await choose.set_input_files(files(folder, "出让公告.txt", "宗地图.png"))
    await expect(row(card, "宗地图.png").get_by_text("已保存")).to_be_visible()
    await expect(row(card, "宗地图.png")).to_contain_text("PNG · 293.0 KB")
    await expect(row(card, "出让公告.txt")).to_contain_text(hashlib.sha256(NOTICE).hexdigest())
    await publisher.sees("文件清单已改动，保存草稿后生效")
    await publisher.press_button("保存草稿")
    await publisher.sees("已保存，第 2 版")
    await publisher.sees_not("文件清单已改动，保存草稿后生效")
    await publisher.open(f"/office/drafts/{lot_id}")  # opened again, they are still there
    await publisher.sees("预检通过，没有发现问题")
    await expect(card.get_by_test_id("draft-document")).to_have_count(2)
    await sound_in_both_languages(publisher)
    await publish(site, lot_id)

    await reader.open(f"/lots/{lot_id}")
    shown = reader.page.get_by_test_id("lot-documents")
    async with reader.page.expect_download() as started:
        await reader.press(shown.get_by_role("link", name="下载 出让公告.txt"))
    saved = await started.value
    assert saved.suggested_filename == "出让公告.txt"
    assert await asyncio.to_thread((await saved.path()).read_bytes) == NOTICE
    await reader.press(shown.get_by_role("button", name="核对 出让公告.txt"))
    await reader.sees("一致：本机重新计算的 SHA-256 与公告完全相同")
    await sound_in_both_languages(reader)


async def publish(site: Site, lot_id: str) -> None:
    path = f"/api/office/drafts/{lot_id}"
    for role, step in (("publisher", "submit"), ("approver", "release")):
        version = await site.office[role].version_of(path)
        await site.office[role].post(f"{path}/{step}", headers={"If-Match": version})


async def test_what_is_no_document_says_why_and_is_not_announced(
    site: Site, visits: Visits, new_name: NewName, folder: Path
) -> None:
    lot_id, publisher = new_name("wrong"), await visits()
    await drafted(site, lot_id)
    card = await at_draft(site, publisher, "publisher", lot_id)
    choose = publisher.page.get_by_test_id("choose-documents")
    await choose.set_input_files(files(folder, "安装.exe", "空白.txt", "出让公告.txt"))
    await expect(row(card, "安装.exe")).to_contain_text("不支持的文件类型")
    await expect(row(card, "空白.txt")).to_contain_text("文件是空的")
    await expect(row(card, "出让公告.txt").get_by_text("已保存")).to_be_visible()
    await choose.set_input_files(files(folder, "出让公告.txt"))
    await publisher.sees("与“出让公告.txt”内容相同，未重复添加")
    await choose.set_input_files(files(folder, "其实是文本.pdf"))
    await expect(row(card, "其实是文本.pdf")).to_contain_text("文件内容与扩展名不符")
    [complaint] = publisher.witness.complaints
    assert "415" in complaint
    publisher.witness.complaints.clear()
    await sound_in_both_languages(publisher)
    for name in ("安装.exe", "其实是文本.pdf", "空白.txt"):
        await publisher.press(row(card, name).get_by_role("button", name=re.compile("Remove")))
    await expect(card.get_by_role("listitem")).to_have_count(1)
    await publisher.press_button("Save draft")
    await publisher.sees("Saved, version 2")
    stored = await site.office["publisher"].get(f"/api/office/drafts/{lot_id}")
    assert [each["name"] for each in stored["documents"]] == ["出让公告.txt"]


async def test_the_approver_reads_what_he_releases_and_changes_nothing(
    site: Site, visits: Visits, new_name: NewName, folder: Path
) -> None:
    lot_id, publisher, approver = new_name("read"), await visits(), await visits()
    await drafted(site, lot_id)
    card = await at_draft(site, publisher, "publisher", lot_id)
    await publisher.page.get_by_test_id("choose-documents").set_input_files(
        files(folder, "宗地图.png")
    )
    await expect(row(card, "宗地图.png").get_by_text("已保存")).to_be_visible()
    await publisher.press_button("保存草稿")
    await publisher.sees("已保存，第 2 版")
    card = await at_draft(site, approver, "approver", lot_id)
    await expect(card.get_by_role("button", name="移除")).to_have_count(0)
    await expect(approver.page.get_by_test_id("choose-documents")).to_have_count(0)
    async with approver.page.expect_download() as started:
        await approver.press(card.get_by_role("button", name="下载 宗地图.png"))
    saved = await started.value
    assert saved.suggested_filename == "宗地图.png"
    assert await asyncio.to_thread((await saved.path()).read_bytes) == PLAN


async def test_other_bytes_and_lost_ones_are_told_apart(
    site: Site, visits: Visits, new_name: NewName
) -> None:
    lot_id, reader = new_name("swapped"), await visits(phone=True)
    named = hashlib.sha256(NOTICE).hexdigest()
    await site.office["publisher"].put_file(f"/api/office/documents/{named}", NOTICE, "text/plain")
    await drafted(
        site,
        lot_id,
        {"name": "出让公告.txt", "sha256": named},
        {"name": "勘测报告.pdf", "sha256": LOST},
    )
    await publish(site, lot_id)

    async def swap(route: Route) -> None:
        await route.fulfill(body=NOTICE.replace(b"2.0", b"9.0"))

    await reader.page.route(f"**/documents/{named}", swap)
    await reader.open(f"/lots/{lot_id}")
    shown = reader.page.get_by_test_id("lot-documents")
    lost = shown.get_by_role("listitem").filter(has_text="勘测报告.pdf")
    await expect(lost).to_contain_text("未保存内容")
    await expect(lost).to_contain_text("请向主办方索取")
    await expect(lost.get_by_role("link")).to_have_count(0)
    await reader.press(shown.get_by_role("button", name="核对 出让公告.txt"))
    await reader.sees(re.compile("^不一致：收到的内容不是公告的那份文件"))
    await sound_in_both_languages(reader)
