"""A bidder's receipts: verified, kept, taken home, judged by anyone; and a fork is shouted."""

import io
import re
import zipfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Download, FilePayload, Locator, expect

from service.audit import proofs
from service.audit.notes import open_checkpoint
from service.store.embedded import RunningPostgres, create_database
from tests.browser.conftest import NewName, Visits
from tests.browser.hall import bid_in_two_steps, enter
from tests.browser.sales import announce, bid
from tests.browser.test_accessibility import sound, sound_in_both_languages
from tests.browser.visitors import Visitor
from tests.conftest import FreshDatabase
from tests.story.site import SITE, Site, free_port, open_site, watching

pytestmark = pytest.mark.browser

KINDS = pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])


# ── my receipts ─────────────────────────────────────────────────────────────────────────────


@KINDS
async def test_each_receipt_is_verified_kept_and_taken_home(
    site: Site, visits: Visits, new_name: NewName, tmp_path: Path, phone: bool
) -> None:
    lot_id = new_name("receipts")
    rules = await announce(site, lot_id, lasts_s=600)
    start, step = rules["starting_price_fen"], rules["increment_fen"]
    rival = await site.bidder(new_name("rival"))
    await site.admit(rival, lot_id)
    person = await visits(phone=phone, accept_downloads=True)
    await enter(site, person, new_name("keeps"), lot_id)
    await bid_in_two_steps(person, start)
    await bid(site, rival, lot_id, start + step)
    await person.sees("您已被超越")
    await bid_in_two_steps(person, start + 2 * step)

    await person.press(person.page.get_by_role("tab", name="我的回执"))
    await expect(person.page.get_by_test_id("checked")).to_have_count(2)
    for row in await person.page.get_by_test_id("checked").all():
        await expect(row).to_have_attribute("data-state", "VERIFIED")
    await person.follow("我的回执")
    rows = person.page.get_by_test_id("my-receipt")
    await expect(rows).to_have_count(2)
    await expect(person.page.get_by_test_id("summary")).to_contain_text("共 2 份，已核验 2 份")
    await person.sees("没有报警")
    await fits(person)
    await sound_in_both_languages(person)

    one = await taken(person, rows.first.get_by_role("button"), tmp_path)
    assert one.suffix == ".tlog-proof"
    proven = proofs.verify(one.read_text("utf-8"), site.key.verifying, f"{SITE}/lot/{lot_id}")
    every = await taken(person, person.page.get_by_test_id("save-all"), tmp_path)
    with zipfile.ZipFile(every) as archive:
        assert archive.read(f"{lot_id}/{one.name}") == one.read_bytes()
        assert len(archive.namelist()) == 2
    assert proven.index > 0


async def test_the_memory_of_the_log_outlives_the_page(
    site: Site, visits: Visits, new_name: NewName
) -> None:
    lot_id = new_name("remembers")
    rules = await announce(site, lot_id, lasts_s=600)
    person = await visits()
    await enter(site, person, new_name("remembers"), lot_id)
    await bid_in_two_steps(person, rules["starting_price_fen"])
    await person.open("/me")
    await person.follow("我的回执")
    await expect(person.page.get_by_test_id("my-receipt")).to_have_attribute(
        "data-state", "VERIFIED"
    )
    await person.sees("本浏览器见过的最大树头")
    await person.sees(f"{SITE}/lot/{lot_id}")


async def test_a_browser_without_receipts_says_where_they_come_from(visits: Visits) -> None:
    stranger = await visits()
    await stranger.open("/me/receipts")
    await stranger.sees("本浏览器还没有回执")
    await sound_in_both_languages(stranger)


# ── anybody's file ──────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def receipt(site: Site, new_name: NewName) -> tuple[str, dict[str, Any]]:
    """A receipt of an accepted bid, and the lot it is of."""
    lot_id = new_name("files")
    receipts = await play(site, new_name("files"), lot_id, 1)
    return lot_id, receipts[0]


@KINDS
async def test_anyone_learns_from_a_file_what_it_proves_and_sends_nothing(
    site: Site, visits: Visits, receipt: tuple[str, dict[str, Any]], phone: bool
) -> None:
    lot_id, said = receipt
    stranger = await visits(phone=phone)
    await stranger.open("/")
    await stranger.follow("核验回执")
    await stranger.sees("日志公钥")
    await expect(stranger.page.get_by_test_id("key")).to_have_value(site.key.verifying.to_text())
    await stranger.page.wait_for_load_state("networkidle")
    asked = len(stranger.witness.requests)
    await stranger.page.context.set_offline(True)

    await choose(stranger, {"good.tlog-proof": said["proof"]})
    result = stranger.page.get_by_test_id("result")
    await expect(result).to_contain_text("回执成立")
    await expect(result).to_contain_text(f"标的 {lot_id} 的竞买人")
    await expect(result).to_contain_text("系统已受理")
    await expect(result).to_contain_text("元整")
    await expect(result).to_contain_text(said["bid_id"])
    await expect(result).to_contain_text(f"（序号 {said['seq']}）")
    await fits(stranger)

    archive = zipped({f"{lot_id}/a.tlog-proof": said["proof"], "log.jsonl": "x"})
    await stranger.page.get_by_test_id("choose").set_input_files(
        {"name": "all.zip", "mimeType": "application/zip", "buffer": archive}
    )
    await expect(result).to_have_count(1)
    await expect(result).to_contain_text(f"{lot_id}/a.tlog-proof")
    assert stranger.witness.requests[asked:] == []
    await stranger.page.context.set_offline(False)
    await sound_in_both_languages(stranger)


async def test_a_file_that_was_touched_is_named_with_the_part_that_fails(
    visits: Visits, receipt: tuple[str, dict[str, Any]]
) -> None:
    _, said = receipt
    proof = said["proof"]
    stranger = await visits()
    await stranger.open("/verify-receipt")
    await expect(stranger.page.get_by_test_id("key")).not_to_have_value("")
    place = re.search(r"index (\d+)", proof)
    assert place is not None
    moved = proof.replace(place[0], f"index {int(place[1]) - 1}")
    await choose(
        stranger,
        {
            "good.tlog-proof": proof,
            "moved.tlog-proof": moved,
            "cut.tlog-proof": proof[:200],
            "unsigned.tlog-proof": proof.rsplit("\n\n", 1)[0] + "\n\n",
        },
    )
    for name, part in (
        ("moved", "place"),
        ("cut", "form"),
        ("unsigned", "head"),
    ):
        result = stranger.page.get_by_test_id("result").filter(has_text=f"{name}.tlog-proof")
        await expect(result).to_have_attribute("data-holds", "false")
        await expect(result.locator(f"[data-part={part}]")).to_have_attribute(
            "data-state", "FAILED"
        )
    good = stranger.page.get_by_test_id("result").filter(has_text="good.tlog-proof")
    await expect(good).to_have_attribute("data-holds", "true")
    await stranger.sees("4 份文件，1 份成立")
    await sound(stranger)


async def test_another_key_makes_nothing_hold_and_no_key_is_said_so(
    visits: Visits, receipt: tuple[str, dict[str, Any]]
) -> None:
    stranger = await visits()
    await stranger.open("/verify-receipt")
    key = stranger.page.get_by_test_id("key")
    await expect(key).not_to_have_value("")
    await choose(stranger, {"good.tlog-proof": receipt[1]["proof"]})
    await expect(stranger.page.get_by_test_id("result")).to_contain_text("回执成立")
    # The worked example of the note format: a sound key, but of nobody here.
    await key.fill("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    await expect(stranger.page.get_by_test_id("result")).to_contain_text("回执不成立")
    await key.fill("nonsense")
    await stranger.sees("这不是一行有效的公钥")
    await stranger.press_button("使用本网站的公钥")
    await expect(stranger.page.get_by_test_id("result")).to_contain_text("回执成立")


# ── two histories under one key ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("phone", "bids", "kind"),
    [(False, 1, "TWO_HEADS"), (True, 3, "NOT_CONSISTENT"), (False, 0, "SHRUNK")],
    ids=["same-size", "longer-on-a-phone", "shorter"],
)
async def test_a_second_history_is_shouted_and_survives_until_it_is_acknowledged(
    postgres: RunningPostgres,
    template: str,
    tmp_path: Path,
    visits: Visits,
    new_name: NewName,
    phone: bool,
    bids: int,
    kind: str,
) -> None:
    """The operator plays the same lot twice under one key: to this bidder, then to the world."""
    port, lot_id = free_port(), new_name("forked")
    person = await visits(phone=phone, base_url=f"http://127.0.0.1:{port}", accept_downloads=True)
    async with playing(postgres, template, new_name, tmp_path, port) as first:
        rules = await announce(first, lot_id, lasts_s=600)
        await enter(first, person, new_name("victim"), lot_id)
        await bid_in_two_steps(person, rules["starting_price_fen"])
        await person.open("/me/receipts")
        await person.sees("共 1 份，已核验 1 份")
        await person.page.goto("about:blank")
    async with playing(postgres, template, new_name, tmp_path, port) as second:
        await play(second, new_name("other"), lot_id, bids)
        await person.open("/me/receipts")
        alarm = person.page.get_by_role("alertdialog")
        await expect(alarm).to_be_visible()
        await expect(person.page.get_by_test_id("alarm")).to_have_attribute("data-kind", kind)
        await fits(person)
        await sound(person)

        await person.page.keyboard.press("Escape")
        await person.open("/")
        await expect(alarm).to_be_visible()
        acknowledge = person.page.get_by_test_id("acknowledge")
        await expect(acknowledge).to_be_disabled()
        held = await taken(person, person.page.get_by_test_id("save-held"), tmp_path)
        shown = await taken(person, person.page.get_by_test_id("save-shown"), tmp_path)
        convicts(first, held, shown, f"{SITE}/lot/{lot_id}")

        await person.press(person.page.get_by_role("checkbox"))
        await person.press(acknowledge)
        await expect(alarm).to_have_count(0)
        await person.open("/me/receipts")
        await expect(person.page.get_by_test_id("alarm-list")).to_contain_text("已于")
        await expect(alarm).to_have_count(0)
        await person.page.goto("about:blank")  # nobody asks a site that is gone


def convicts(site: Site, held: Path, shown: Path, origin: str) -> None:
    """Both notes are the log's own, and no log can have both."""
    key = site.key.verifying
    heads = [open_checkpoint(each.read_text("utf-8"), key, origin) for each in (held, shown)]
    assert heads[0].root != heads[1].root


@asynccontextmanager
async def playing(
    postgres: RunningPostgres, template: str, new_name: NewName, folder: Path, port: int
) -> AsyncIterator[Site]:
    """A site with an empty database of its own, under the one key of this folder."""
    name = new_name("test_history").replace("-", "_")
    await create_database(postgres, name, template=template)
    database = FreshDatabase(name, postgres.app_url(name), postgres.owner_url(name), postgres)
    async with AsyncExitStack() as people, open_site(database, folder, port, people) as site:
        yield site


async def play(site: Site, name: str, lot_id: str, bids: int) -> list[dict[str, Any]]:
    """The sale is announced, open, and has this many decided bids of one bidder: the first is
    accepted, the others refused because he leads. Their receipts."""
    rules = await announce(site, lot_id, lasts_s=600)
    bidder = await site.bidder(name)
    await site.admit(bidder, lot_id)
    async with watching(site.base_url, lot_id) as public:
        await public.until_lot(stage="LISTING")
    path, amount = f"/api/lots/{lot_id}/bids", rules["starting_price_fen"]
    return [
        await bidder.person.post(path, bidder.bid(lot_id, amount + number))
        for number in range(bids)
    ]


async def test_another_key_of_the_site_is_shouted_and_taken_only_when_acknowledged(
    postgres: RunningPostgres, template: str, tmp_path: Path, visits: Visits, new_name: NewName
) -> None:
    port, lot_id = free_port(), new_name("keys")
    person = await visits(base_url=f"http://127.0.0.1:{port}")
    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
    async with playing(postgres, template, new_name, tmp_path / "first", port) as first:
        rules = await announce(first, lot_id, lasts_s=600)
        await enter(first, person, new_name("pins"), lot_id)
        await bid_in_two_steps(person, rules["starting_price_fen"])
        await person.open("/me/receipts")
        await person.sees("共 1 份，已核验 1 份")
        await person.page.goto("about:blank")
    async with playing(postgres, template, new_name, tmp_path / "second", port) as second:
        await person.open("/verify-receipt")
        await person.sees("与本浏览器首次访问时记下的公钥不同")
        await play(second, new_name("other"), lot_id, 0)
        await person.open("/me/receipts")
        await person.sees("日志公钥与此前不同")
        alarm = person.page.get_by_test_id("alarm")
        await expect(alarm).to_contain_text(first.key.verifying.to_text())
        await expect(alarm).to_contain_text(second.key.verifying.to_text())
        await person.page.goto("about:blank")


# ── hands ───────────────────────────────────────────────────────────────────────────────────


async def choose(person: Visitor, files: dict[str, str]) -> None:
    payloads: list[FilePayload] = [
        {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
        for name, text in files.items()
    ]
    await person.page.get_by_test_id("choose").set_input_files(payloads)


async def taken(person: Visitor, button: Locator, folder: Path) -> Path:
    async with person.page.expect_download() as downloading:
        await person.press(button)
    download: Download = await downloading.value
    saved = folder / download.suggested_filename
    await download.save_as(saved)
    return saved


def zipped(files: dict[str, str]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return whole.getvalue()


async def fits(person: Visitor) -> None:
    """Nothing sticks out to the right."""
    wide = await person.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide <= 0
