"""What the supervisor sees: the whole house log, but for the seal of sales that still run."""

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from service.audit import commitments
from service.audit.commitments import Kind
from service.desk import evidence
from service.desk.refused import Refused
from service.store import house_reads
from tests.desk.test_secrecy import bidding, secrets_of
from tests.desk.world import TIMES, OfficeWorld, Person, code
from tests.live.world import SITE
from tests.rules.sale import START, STEP, T0

LOT = "/supervision/lots/lot-one"
WHY = "年度抽查"


async def listed(office: OfficeWorld, query: str = "", door: str = "house") -> list[dict[str, Any]]:
    """Every page of a supervisor's list."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = await office["supervisor"].get(f"/supervision/{door}?{query}{cursor}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if "next_cursor" not in page:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def sold(office: OfficeWorld) -> list[Person]:
    """Three admitted, two quoted, the second won; the roll is open."""
    bidders = await bidding(office)
    await office.bid(bidders[1], START + STEP)
    await office.wind(60_000)
    await office.settle_lot()
    return bidders


async def test_one_bidder_more_changes_nothing_in_the_list_of_a_running_sale(
    office: OfficeWorld,
) -> None:
    """Fault 47: nobody, the supervisor included, learns who or how many before the end."""
    bidders = await bidding(office)
    await office["finance"].get("/office/deposits")
    before = await office["supervisor"].get("/supervision/house")
    looks = await office["supervisor"].get("/supervision/looks")
    office.clock.now += 1
    await office.admitted("dingding")
    late = await office.bidder("wuwu")
    await office.apply(late)
    await office["reviewer"].get("/office/applications")
    after = await office["supervisor"].get("/supervision/house")
    assert after.text == before.text
    assert (await office["supervisor"].get("/supervision/looks")).text == looks.text
    assert after.json()["withheld"] is True
    hidden = await secrets_of(office, bidders)
    hidden |= {(await office.mine(bidder))["bidder_no"] for bidder in bidders}
    assert not {secret for secret in hidden if secret in after.text}
    kinds = {line["command"]["type"] for line in after.json()["items"]}
    assert kinds == {"lot_born", "record_action"}
    names = {line["command"].get("action") for line in after.json()["items"]}
    assert not {name for name in names if name and "APPLICATION" in name}


async def test_no_number_with_a_gap_is_written_while_a_sale_runs(office: OfficeWorld) -> None:
    await bidding(office)
    office.clock.now += 1
    await office.ask_and_approve({"action": "SUSPEND", "cause": "OTHER", "text": "核查"})
    lines = await listed(office)
    assert [line["command"].get("action") for line in lines[:2]] == [
        "APPROVE_SUSPEND",
        "REQUEST_SUSPEND",
    ]
    [birth] = [n for n, line in enumerate(lines) if line["command"]["type"] == "lot_born"]
    assert not [line for line in lines[: birth + 1] if "seq" in line]
    numbered = [line["seq"] for line in reversed(lines) if "seq" in line]
    assert numbered == list(range(len(numbered))), "before it nothing is missing"


async def test_after_the_end_all_of_it_is_there_in_its_order(office: OfficeWorld) -> None:
    await sold(office)
    page = (await office["supervisor"].get("/supervision/house?limit=100")).json()
    assert page["withheld"] is False
    lines = await listed(office)
    seqs = [line["seq"] for line in lines]
    assert seqs == list(range(len(seqs)))[::-1]
    kinds = [line["command"]["type"] for line in lines]
    assert kinds.count("record_admission") == 3
    assert kinds.count("record_deposit") == 3 + 3, "each credit, and what became of it"


async def test_a_sale_that_runs_hides_only_itself(office: OfficeWorld) -> None:
    await sold(office)
    whole = await listed(office)
    office.clock.now += 1
    await publish_later(office, "lot-two")
    lines = await listed(office, "limit=7")
    new = lines[: -len(whole)]
    assert lines[-len(whole) :] == whole
    assert [line["command"].get("action", "lot_born") for line in new] == [
        "lot_born",
        "SUBMIT_DRAFT",
        "CREATE_DRAFT",
    ]


async def publish_later(office: OfficeWorld, lot_id: str) -> None:
    """Published now, with the same times from now on as the first lot had from T0."""
    times = {
        name: at + office.clock.now - T0 for name, at in asdict(TIMES).items() if at is not None
    }
    await office.publish_lot(lot_id, times=replace(TIMES, **times))


async def test_pages_of_any_size_hold_each_entry_once(
    office: OfficeWorld, monkeypatch: Any
) -> None:
    monkeypatch.setattr(house_reads, "ENTRIES_A_READ", 3)
    await sold(office)
    whole = await listed(office)
    for limit in (1, 2, 3, 5, len(whole)):
        assert await listed(office, f"limit={limit}") == whole, limit


async def test_it_is_filtered_by_kind_and_by_lot(office: OfficeWorld) -> None:
    await sold(office)
    admissions = await listed(office, "kind=record_admission&limit=2")
    assert [line["command"]["type"] for line in admissions] == ["record_admission"] * 3
    assert await listed(office, "kind=no_such_kind") == []
    assert await listed(office, "lot_id=lot-on") == []
    about = await listed(office, "lot_id=lot-one")
    others = [line for line in await listed(office) if line not in about]
    assert {line["command"]["action"] for line in others} == {"GRANT_ROLE"}
    for query in ("kind=%25", "kind=A", "lot_id=%25", "cursor=WzFd", "limit=0"):
        refused = await office["supervisor"].get(f"/supervision/house?{query}")
        assert code(refused) == "malformed", query


async def test_looks_say_who_what_why_and_when(office: OfficeWorld) -> None:
    await sold(office)
    await office["supervisor"].get(f"{LOT}/export?reason={WHY}")
    newest = (await listed(office, door="looks"))[0]
    assert newest["official"].startswith("supervisor-")
    assert (newest["subject"], newest["field"], newest["reason"]) == ("lot/lot-one", "pack", WHY)
    assert newest["at"] == office.clock.now
    fields = {look["field"] for look in await listed(office, "lot_id=lot-one", "looks")}
    assert fields == {"pack", "applicants"}


# ── identities ──────────────────────────────────────────────────────────────────────────────


async def test_each_opened_identity_fits_its_commitment_on_the_roll(office: OfficeWorld) -> None:
    bidders = await sold(office)
    shown = (await office["supervisor"].get(f"{LOT}/identities?reason={WHY}")).json()
    [roll] = [e.command.roll for e in await office.entries() if e.command.type == "open_roll"]
    assert {row.bidder_no: row.identity_commitment for row in roll} == {
        item["bidder_no"]: item["commitment"] for item in shown["items"]
    }
    for item in shown["items"]:
        value = {name: item[name] for name in ("id_number", "kind", "name")}
        commitments.check_opening(
            item["commitment"], Kind.IDENTITY, shown["log"], item["salt"], value
        )
    assert {item["name"] for item in shown["items"]} == {bidder.name for bidder in bidders}
    assert shown["log"] == f"{SITE}/lot/lot-one"


async def test_identities_open_after_the_roll_only_and_with_a_reason(office: OfficeWorld) -> None:
    bidders = await bidding(office)
    for role in ("approver", "reviewer", "publisher", "finance"):
        refused = await office[role].get(f"{LOT}/identities?reason={WHY}")
        assert code(refused) == "not_allowed"
    door = f"{LOT}/identities?reason={WHY}"
    assert code(await office["supervisor"].get(door)) == "not_ended"
    await office.wind(60_000)
    assert await office.stage() == "SOLD"
    assert code(await office["supervisor"].get(door)) == "not_ended", "the roll is not open yet"
    assert not [look for look in await office.house("record_look") if look["field"] == "identities"]
    await office.settle_lot()
    for reason in ("", "x", "%20%20%20", "a%0Ab", "x" * 201):
        refused = await office["supervisor"].get(f"{LOT}/identities?reason={reason}")
        assert code(refused) == "malformed", reason
    assert code(await office["supervisor"].get(f"{LOT}/identities")) == "malformed"
    shown = await office["supervisor"].get(f"{LOT}/identities?reason=e%CC%81te")
    assert len(shown.json()["items"]) == len(bidders)
    [look] = [look for look in await office.house("record_look") if look["field"] == "identities"]
    assert (look["reason"], look["subject"]) == ("\u00e9te", "lot/lot-one")


async def test_a_look_that_cannot_be_written_shows_nothing(office: OfficeWorld, owner: Any) -> None:
    """The record comes first: without it there is no look."""
    bidders = await sold(office)
    await owner.execute("REVOKE INSERT ON log_entries FROM luochui_app")
    for door in ("identities", "export"):
        refused = await office["supervisor"].get(f"{LOT}/{door}?reason={WHY}")
        assert code(refused) == "internal"
        assert not [bidder for bidder in bidders if bidder.name in refused.text]
    assert office.packs == []
    await owner.execute("GRANT INSERT ON log_entries TO luochui_app")
    assert (await office["supervisor"].get(f"{LOT}/identities?reason={WHY}")).status_code == 200


async def test_a_destroyed_opening_is_shown_as_destroyed(office: OfficeWorld, owner: Any) -> None:
    await sold(office)
    await owner.execute("ALTER TABLE vault.openings DISABLE TRIGGER append_only")
    await owner.execute("DELETE FROM vault.openings WHERE kind = 'identity'")
    shown = (await office["supervisor"].get(f"{LOT}/identities?reason={WHY}")).json()
    assert [sorted(item) for item in shown["items"]] == [["bidder_no", "commitment"]] * 3


# ── the winner ──────────────────────────────────────────────────────────────────────────────


async def winner(office: OfficeWorld) -> Any:
    return await office.stranger().get("/lots/lot-one/winner")


async def test_the_winners_commitment_is_opened_to_everyone_with_the_confirmed_result(
    office: OfficeWorld,
) -> None:
    bidders = await bidding(office)
    assert code(await winner(office)) == "not_ended"
    await office.bid(bidders[1], START + STEP)
    await office.wind(60_000)
    await office.settle_lot()
    assert code(await winner(office)) == "not_found", "sold, and not confirmed yet"
    await office.ask_and_approve({"action": "CONFIRM", "outcome": "CONFIRMED"})
    shown = (await winner(office)).json()
    value = {"id_number": "9113-yiyi", "kind": "COMPANY", "name": bidders[1].name}
    assert {name: shown[name] for name in value} == value
    commitments.check_opening(
        shown["commitment"], Kind.IDENTITY, shown["log"], shown["salt"], value
    )
    assert not [b.name for b in (bidders[0], bidders[2]) if b.name in json.dumps(shown)]
    assert "check" not in shown


async def test_a_natural_persons_number_and_salt_stay_sealed(office: OfficeWorld) -> None:
    """With the salt the number could be found by trying: there are few enough of them."""
    await office.publish_lot()
    person = await office.bidder("zhangsan", kind="PERSON")
    filed = await office.apply(person)
    await office.accept(filed["application_id"])
    account = (await office.mine(person))["deposit"]["sub_account"]
    await office.tell(account, payer_name=person.name)
    await office.start()
    await office.wind(7_000)
    await office.bid(person, START + STEP)
    await office.wind(60_000)
    await office.settle_lot()
    await office.ask_and_approve({"action": "CONFIRM", "outcome": "CONFIRMED"})
    shown = await winner(office)
    assert "9113-zhangsan" not in shown.text
    assert set(shown.json()) == {"lot_id", "log", "bidder_no", "commitment", "name", "kind"}
    opened = (await office["supervisor"].get(f"{LOT}/identities?reason={WHY}")).json()
    assert opened["items"][0]["salt"] not in shown.text
    body = {"outcome": "FITS"}
    recorded = await office["supervisor"].post(f"{LOT}/identities/check", body)
    assert (await winner(office)).json()["check"] == recorded.json()
    [entry] = [
        each
        for each in await office.house("record_action")
        if each["action"].startswith("IDENTITIES")
    ]
    assert entry["action"] == "IDENTITIES_FITS"
    assert entry["requester"].startswith("supervisor-")


async def test_a_finding_is_recorded_once_and_a_changed_one_again(office: OfficeWorld) -> None:
    await sold(office)
    path = f"{LOT}/identities/check"
    first = (await office["supervisor"].post(path, {"outcome": "DIFFERS"})).json()
    office.clock.now += 5
    assert (await office["supervisor"].post(path, {"outcome": "DIFFERS"})).json() == first
    second = (await office["supervisor"].post(path, {"outcome": "FITS"})).json()
    assert (second["outcome"], second["seq"] > first["seq"]) == ("FITS", True)
    shown = await office["supervisor"].get(f"{LOT}/identities?reason={WHY}")
    assert shown.json()["check"] == second


async def test_a_findings_number_counts_no_running_sale(office: OfficeWorld) -> None:
    """The number of a new entry is the size of the house log, which a running sale makes grow."""
    await sold(office)
    office.clock.now += 1
    await publish_later(office, "lot-two")
    office.clock.now += 1
    found = (await office["supervisor"].post(f"{LOT}/identities/check", {"outcome": "FITS"})).json()
    assert found == {"outcome": "FITS", "at": office.clock.now}


async def test_each_pack_taken_is_a_look_of_its_own(office: OfficeWorld) -> None:
    await sold(office)
    for reason in (WHY, "法院调取", WHY):
        await office["supervisor"].get(f"{LOT}/export?reason={reason}")
    await office["supervisor"].get(f"{LOT}/verification")
    looks = await office.house("record_look")
    assert [(look["field"], look["reason"]) for look in looks[-4:]] == [
        *(("pack", reason) for reason in (WHY, "法院调取", WHY)),
        ("verification", "supervision"),
    ]


async def test_a_pack_taken_at_the_machine_is_a_look_too(office: OfficeWorld) -> None:
    """No door sees it, and before the end it holds what nobody may see."""
    await office.publish_lot()
    await evidence.record_taken(office.engine, office.clock, SITE, "lot-one")
    look = (await office.house("record_look"))[-1]
    assert (look["requester"], look["field"], look["subject"], look["reason"]) == (
        "operator-00000000",
        "pack",
        "lot/lot-one",
        "command line",
    )
    with pytest.raises(Refused, match="not_found"):
        await evidence.record_taken(office.engine, office.clock, SITE, "no-such-lot")
