"""One sale, told whole: what an official, two bidders, a bank and a regulator live through."""

import zipfile
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.audit import proofs
from service.demo.client import Refused
from service.rules.terms import Method
from tests.story.site import PASSWORD, Bidder, Site, Watcher, stranger_gets, verify, watching

LOT = "story-listing"


async def test_one_sale_from_publication_to_a_verified_pack(site: Site, tmp_path: Path) -> None:
    ann, ben = await site.bidder("ann"), await site.bidder("ben")
    body = await site.drafted(LOT, Method.LISTING, reserve_steps=1)
    start, step = body["rules"]["starting_price_fen"], body["rules"]["increment_fen"]

    await publish_with_four_eyes(site, body)
    await admit_by_two_payments(site, ann)
    await site.admit(ben, LOT)
    assert ann.bidder_no != ben.bidder_no

    async with (
        watching(site.base_url, LOT) as public,
        watching(site.base_url, LOT, ann.person.cookie) as ann_sees,
        watching(site.base_url, LOT, ben.person.cookie) as ben_sees,
    ):
        await bid_in_the_listing(site, ann, ann_sees, start)
        await public.until_lot(stage="TIMED", leader_no=ann.bidder_no)
        before_ms = public.lot["closes_at"]
        await refuse_the_leader(site, ann, ann_sees, start + step)
        await outbid_over_http(site, ben, start + step)
        await ann_sees.until_lot(leader_no=ben.bidder_no, price_fen=start + step)
        assert ann_sees.lot["closes_at"] > before_ms, "the countdown began anew"
        last = await bid_by_socket(site, ann, ann_sees, start + 2 * step)
        await the_hammer_falls(site, public, ann, start + 2 * step, last["closes_at"])
        await ben_sees.until_lot(stage="SOLD")
        public_text = "".join(public.texts)

    for secret in (ann.company, ben.company, "ann", "ben", str(ann.applications[LOT])):
        assert secret not in public_text, "nobody is named in what everybody sees"
    await confirm_and_return_the_money(site, ann, ben)
    pack, vkey = await site.export(LOT, tmp_path)
    await the_regulator_decides_again(pack, vkey, ann, start + 2 * step)
    await one_changed_byte_is_found(pack, vkey)


# ── before the hammer ───────────────────────────────────────────────────────────────────────


async def publish_with_four_eyes(site: Site, body: dict[str, Any]) -> None:
    """A pre-flight and a second person stand before an announcement, and no version but the one
    he has read is released."""
    path = f"/api/office/drafts/{LOT}"
    approver = site.office["approver"]
    await site.running.make_official("both", PASSWORD, roles=("publisher", "approver"))
    both = await site.signed_in("both")
    await both.post("/api/office/lots", body)
    missing = await both.post(f"{path}/preflight")
    assert [finding["rule"] for finding in missing["findings"]] == ["RESERVE_NOT_SEALED"]
    await site.office.seal_reserve(LOT, site.reserves[LOT])
    checked = await both.post(f"{path}/preflight")
    assert checked["releasable"], checked
    await both.post(f"{path}/submit", headers={"If-Match": '"2"'})
    assert await refusal(both.post(f"{path}/release", headers={"If-Match": '"3"'})) == "four_eyes"
    assert await refusal(approver.post(f"{path}/release")) == "version_missing"
    stale = approver.post(f"{path}/release", headers={"If-Match": '"2"'})
    assert await refusal(stale) == "version_changed"
    await approver.post(f"{path}/release", headers={"If-Match": '"3"'})
    shown = await stranger_gets(site, f"/api/lots/{LOT}")
    assert shown["state"]["stage"] == "ANNOUNCED"
    assert shown["rules"] == {**shown["rules"], **body["rules"]}


async def admit_by_two_payments(site: Site, bidder: Bidder) -> None:
    """Short, then the rest: only then is there a number, and the notice told twice counts once."""
    await bidder.apply(LOT)
    assert (await bidder.application(LOT)).get("deposit") is None
    assert await site.office.accept_applications(LOT) == 1
    deposit = (await bidder.application(LOT))["deposit"]
    assert deposit["code"] == "PENDING"
    account, whole = deposit["sub_account"], deposit["required_fen"]
    assert (await site.pay(bidder, account, whole - 1))["code"] == "SHORT"
    short = await bidder.application(LOT)
    assert short["state"] == "ACCEPTED"
    assert short["deposit"]["paid_fen"] == whole - 1
    assert short["deposit"]["cure"]
    last_fen = {
        "account": account,
        "amount_fen": 1,
        "bank_serial": "B0000000000000001",
        "bank_time": site.now_ms(),
        "currency": "CNY",
        "payer_account": "6222020402001234567",
        "payer_name": bidder.company,
    }
    assert await site.bank.tell(last_fen) == {**_answer(last_fen), "duplicate": False}
    assert await site.bank.tell(last_fen) == {**_answer(last_fen), "duplicate": True}
    admitted = await bidder.application(LOT)
    assert admitted["state"] == "ADMITTED"
    assert admitted["deposit"]["paid_fen"] == whole
    bidder.bidder_no = admitted["bidder_no"]


def _answer(notice: dict[str, Any]) -> dict[str, Any]:
    return {"bank_serial": notice["bank_serial"], "code": "PAID"}


# ── bidding ─────────────────────────────────────────────────────────────────────────────────


async def bid_in_the_listing(site: Site, bidder: Bidder, sees: Watcher, start: int) -> None:
    """Below the start is refused with the figures that explain it; the start is accepted. The
    same bid sent again is answered byte for byte."""
    await sees.until_lot(stage="LISTING")
    low = bidder.bid(LOT, start - 1)
    await sees.say("place_bid", **low)
    refused = await sees.until("receipt")
    assert (refused["outcome"], refused["reason"]) == ("refused", "BELOW_START")
    assert refused["minimum_bid_fen"] == start
    fair = bidder.bid(LOT, start, refused["seq"])
    answers = []
    for _ in range(2):
        await sees.say("place_bid", **fair)
        assert (await sees.until("receipt"))["outcome"] == "accepted"
        answers.append(sees.texts[-1])
    await sees.say("bid_status", bid_id=fair["bid_id"])
    await sees.until("receipt")
    answers.append(sees.texts[-1])
    assert answers[0] == answers[1] == answers[2]
    other = {**bidder.bid(LOT, start + 1), "bid_id": fair["bid_id"]}
    await sees.say("place_bid", **other)
    # Signed for another bid_id, so it is no bid of his at all.
    assert (await sees.until("problem"))["code"] == "bad_signature"


async def refuse_the_leader(site: Site, leader: Bidder, sees: Watcher, amount_fen: int) -> None:
    await sees.until_lot(stage="TIMED")
    closes_at = sees.lot["closes_at"]
    await sees.say("place_bid", **leader.bid(LOT, amount_fen, sees.seq))
    refused = await sees.until("receipt")
    assert refused["reason"] == "ALREADY_LEADING"
    assert refused["closes_at"] == closes_at, "a refused bid moves no deadline"


async def outbid_over_http(site: Site, bidder: Bidder, amount_fen: int) -> None:
    """Whose socket is blocked bids by POST, and asks again by GET: the same bytes."""
    said = bidder.bid(LOT, amount_fen)
    path = f"/api/lots/{LOT}/bids"
    headers = {"Cookie": bidder.person.cookie, "Origin": site.base_url}
    async with httpx2.AsyncClient(base_url=site.base_url, headers=headers, trust_env=False) as http:
        first = await http.post(path, json=said)
        assert first.status_code == 200, first.text
        again = await http.post(path, json=said)
        asked = await http.get(f"{path}/{said['bid_id']}")
        assert first.content == again.content == asked.content
        lax = await http.post(path, json={**said, "amount_fen": str(amount_fen)})
        assert (lax.status_code, lax.json()["code"]) == (400, "malformed")
    receipt = first.json()
    assert receipt["outcome"] == "accepted"
    proven = proofs.verify(receipt["proof"], site.key.verifying, f"{_origin(site)}")
    assert proven.index == receipt["seq"]


async def bid_by_socket(
    site: Site, bidder: Bidder, sees: Watcher, amount_fen: int
) -> dict[str, Any]:
    await sees.say("place_bid", **bidder.bid(LOT, amount_fen, sees.seq))
    receipt = await sees.until("receipt")
    assert receipt["outcome"] == "accepted"
    assert (
        proofs.verify(receipt["proof"], site.key.verifying, _origin(site)).index == (receipt["seq"])
    )
    return receipt


async def the_hammer_falls(
    site: Site, public: Watcher, winner: Bidder, amount_fen: int, closes_at: int
) -> None:
    """Three warnings, then CLOSING, where nothing is called sold yet: two officials open the
    reserve. Then SOLD."""
    closing = await public.until(
        "notice", lambda n: n["code"] == "STAGE" and n["params"]["to"] == "CLOSING"
    )
    assert closing["at"] >= closes_at, "nobody's window was shortened"
    seconds = [warning["seconds"] for warning in public.told("WARNING")]
    assert seconds[-3:] == [3, 2, 1]
    await site.open_reserve(public)
    await public.until_lot(stage="SOLD", winner_no=winner.bidder_no, price_fen=amount_fen)
    assert public.lot["reserve_met"] is True
    sold = [f for f in public.frames if f.get("lot", {}).get("stage") == "SOLD"]
    assert min(frame["at"] for frame in sold) >= closing["at"]


# ── after the hammer ────────────────────────────────────────────────────────────────────────


async def confirm_and_return_the_money(site: Site, winner: Bidder, loser: Bidder) -> None:
    done = await site.office.ask_and_approve(LOT, {"action": "CONFIRM", "outcome": "CONFIRMED"})
    assert (done["state"], done["outcome"]) == ("DONE", "CONFIRMED")
    assert (await site.state(LOT))["sealed"]
    refund = (await loser.application(LOT))["refund"]
    assert refund["state"] == "ORDERED"
    assert (await winner.application(LOT)).get("refund") is None
    orders = (await site.office["finance"].get(f"/api/office/refunds?lot_id={LOT}"))["items"]
    assert [order["to_name"] for order in orders] == [loser.company]
    path = f"/api/office/refunds/{orders[0]['refund_id']}/result"
    await site.office["finance"].post(path, {"state": "PAID", "bank_reference": "R1"})
    assert (await loser.application(LOT))["refund"]["bank_reference"] == "R1"
    shown = await stranger_gets(site, f"/api/lots/{LOT}")
    assert shown["winner_name"] == winner.company
    assert loser.company not in str(shown)


async def the_regulator_decides_again(
    pack: Path, vkey: Path, winner: Bidder, amount_fen: int
) -> None:
    code, report = await verify(pack, vkey)
    assert code == 0, report
    assert (report["outcome"], report["winner_no"]) == ("SOLD", winner.bidder_no)
    assert report["amount_fen"] == amount_fen
    assert [check["number"] for check in report["checks"]] == list(range(1, 16))
    held = {check["name"] for check in report["checks"] if check["status"] == "HELD"}
    assert len(held) >= 12, report


async def one_changed_byte_is_found(pack: Path, vkey: Path) -> None:
    """In the log inside the pack: the numbered checks find it. In the file on the disk: the pack
    is not to be read, and says so."""
    code, report = await verify(with_another_amount(pack), vkey)
    assert code == 1
    failed = [check["number"] for check in report["checks"] if check["status"] == "FAILED"]
    assert 1 in failed, "the manifest names the file"
    assert 4 in failed, "and the tree has another root"
    code, report = await verify(with_a_torn_byte(pack), vkey)
    assert code in (1, 2)
    assert report.get("error") or any(c["status"] == "FAILED" for c in report["checks"])


def with_another_amount(pack: Path) -> Path:
    """The same pack, packed anew, with one bit of the first amount in its log turned over."""
    changed = pack.with_name("changed.zip")
    with zipfile.ZipFile(pack) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            data = bytearray(old.read(name))
            if name == "log.jsonl":
                data[data.index(b'"amount_fen":') + len(b'"amount_fen":')] ^= 0x01
            new.writestr(zipfile.ZipInfo(name), bytes(data))
    return changed


def with_a_torn_byte(pack: Path) -> Path:
    raw = bytearray(pack.read_bytes())
    raw[len(raw) // 2] ^= 0x01
    torn = pack.with_name("torn.zip")
    torn.write_bytes(raw)
    return torn


async def refusal(asked: Any) -> str:
    """The problem's code with which a door refuses."""
    with pytest.raises(Refused) as refused:
        await asked
    return str(refused.value.problem["code"])


def _origin(site: Site) -> str:
    return f"{site.running.settings.site}/lot/{LOT}"
