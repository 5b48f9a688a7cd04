"""Before the end nobody sees who is bidding or how many (rules §11; faults 32, 33, 47)."""

import json
from typing import Any

import pytest

from service.desk import admission
from service.desk.ids import new_bidder_number
from service.store.log_tables import lot_log
from tests.desk.world import OfficeWorld, Person
from tests.rules.sale import START, STEP

PUBLIC = (
    "/site",
    "/lots",
    "/lots/lot-one",
    "/lots/lot-one/quotes",
    "/lots/lot-one/replay",
    "/log.vkey",
    "/asyncapi.json",
)
OFFICE = {
    "publisher": ("/office/lots", "/office/requests", "/office/drafts/lot-one"),
    "approver": ("/office/lots", "/office/requests"),
    "reviewer": ("/office/lots", "/office/applications"),
    "finance": ("/office/lots", "/office/deposits", "/office/refunds"),
    "supervisor": ("/supervision/lots", "/supervision/lots/lot-one/entries"),
}


async def payloads(office: OfficeWorld, paths: tuple[str, ...], person: Person) -> dict[str, str]:
    return {path: (await person.get(path)).text for path in paths}


async def secrets_of(office: OfficeWorld, bidders: list[Person]) -> set[str]:
    """Everything that tells who someone is: names, numbers, accounts, keys, sub-accounts."""
    found: set[str] = set()
    for bidder in bidders:
        me, mine = (await bidder.get("/me")).json(), await office.mine(bidder)
        found |= {me["account_id"], me["username"], me["display_name"], bidder.key.key_id}
        found |= {mine["application_id"], mine["deposit"]["sub_account"]}
        found |= {f"9113-{bidder.username}", bidder.key.spki.hex()}
    return found


async def bidding(office: OfficeWorld) -> list[Person]:
    """A sale in its free listing: one bidder has quoted, two others are admitted and silent."""
    await office.publish_lot()
    bidders = [await office.admitted(name) for name in ("jiajia", "yiyi", "bingbing")]
    await office.start()
    await office.wind(7_000)
    await office.bid(bidders[0], START)
    return bidders


async def test_no_public_payload_tells_an_identity_or_a_silent_bidder(
    office: OfficeWorld,
) -> None:
    bidders = await bidding(office)
    silent = [(await office.mine(bidder))["bidder_no"] for bidder in bidders[1:]]
    hidden = await secrets_of(office, bidders) | set(silent)
    for path, text in (await payloads(office, PUBLIC, office.stranger())).items():
        assert not {secret for secret in hidden if secret in text}, path


async def test_officials_see_no_bidder_and_no_count_before_the_end(office: OfficeWorld) -> None:
    """Admitted applications and deposits that counted are shown to nobody while the sale runs."""
    bidders = await bidding(office)
    hidden = await secrets_of(office, bidders)
    for role, paths in OFFICE.items():
        for path, text in (await payloads(office, paths, office[role])).items():
            assert not {secret for secret in hidden if secret in text}, (role, path)
    assert (await office["reviewer"].get("/office/applications")).json()["items"] == []
    assert (await office["finance"].get("/office/deposits")).json()["items"] == []


async def test_one_bidder_sees_nothing_of_another(office: OfficeWorld) -> None:
    bidders = await bidding(office)
    hidden = await secrets_of(office, bidders[1:])
    hidden |= {(await office.mine(bidder))["bidder_no"] for bidder in bidders[1:]}
    first = bidders[0]
    paths = ("/me", "/me/keys", "/me/applications", "/lots", "/lots/lot-one")
    for path, text in (await payloads(office, paths, first)).items():
        assert not {secret for secret in hidden if secret in text}, path
    other = await office.mine(bidders[1])
    found = await first.get(f"/me/applications/{other['application_id']}")
    none = await first.get("/me/applications/0123456789abcdef")
    assert _told(found.json()) == _told(none.json())
    assert found.status_code == none.status_code == 404


async def test_a_new_admission_changes_nothing_that_others_see(office: OfficeWorld) -> None:
    bidders = await bidding(office)
    stranger = office.stranger()
    before = await payloads(office, PUBLIC[1:4], stranger)
    contact = (await office.mine(bidders[0]))["deposit"]["last_bank_contact_at"]
    office.clock.now += 1
    await office.admitted("dingding")
    assert await payloads(office, PUBLIC[1:4], stranger) == before
    assert (await office.mine(bidders[0]))["deposit"]["last_bank_contact_at"] == contact


async def test_the_lot_log_tells_neither_names_nor_numbers_of_bidders(
    office: OfficeWorld,
) -> None:
    bidders = await bidding(office)
    hidden = await secrets_of(office, bidders) - {bidders[0].key.key_id}
    text = " ".join(entry.model_dump_json() for entry in await office.entries())
    assert not {secret for secret in hidden if secret in text}


async def test_the_house_log_holds_identities_as_commitments_alone(office: OfficeWorld) -> None:
    bidders = await bidding(office)
    records = json.dumps(
        [await office.house(kind) for kind in ("record_admission", "record_deposit")]
    )
    for bidder in bidders:
        assert bidder.name not in records
        assert f"9113-{bidder.username}" not in records
    for record in await office.house("record_admission"):
        assert len(record["identity_commitment"]) == 64


async def test_equal_identities_have_unequal_commitments(office: OfficeWorld) -> None:
    """A salt for each admission: the same company on two lots cannot be linked."""
    await office.publish_lot()
    await office.publish_lot("lot-two")
    person, account = await office.applied("jiajia")
    second = await office.apply(person, "lot-two")
    await office.accept(second["application_id"])
    shown = (await person.get("/me/applications")).json()["items"]
    for application in shown:
        account = application["deposit"]["sub_account"]
        await office.tell(account, payer_name=person.name)
    records = await office.house("record_admission")
    assert len({record["identity_commitment"] for record in records}) == 2
    assert len({record["bidder_no"] for record in records}) == 2


async def test_the_public_rolls_of_two_sales_share_nothing_of_their_common_bidder(
    office: OfficeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A winner is named: what his row had in common with another roll would name him there too."""
    drawn: list[set[str]] = []

    def draw(taken: set[str]) -> str:
        drawn.append(set(taken))
        return new_bidder_number(taken)

    monkeypatch.setattr(admission, "new_bidder_number", draw)
    lots = ("lot-one", "lot-two")
    for lot_id in lots:
        await office.publish_lot(lot_id)
    person = await office.bidder("jiajia")
    for lot_id in lots:
        await admit_to(office, person, lot_id)
    await office.start()
    await office.wind(60_000)
    rows = [await public_roll(office, lot_id) for lot_id in lots]
    first, second = ({*row.values()} - {row["bidder_no"]} for [row] in rows)
    assert len(first) == 4, "admission, key, public key, commitment"
    assert not first & second
    assert drawn == [set(), set()], "a number is drawn with no regard to other lots"


async def admit_to(office: OfficeWorld, person: Person, lot_id: str) -> None:
    path = f"/me/applications/{(await office.apply(person, lot_id))['application_id']}"
    await office.accept(path.rpartition("/")[2])
    account = (await person.get(path)).json()["deposit"]["sub_account"]
    await office.tell(account, payer_name=person.name)


async def public_roll(office: OfficeWorld, lot_id: str) -> list[dict[str, Any]]:
    """The roll as anybody reads it after the end."""
    await office.settle_lot(lot_id)
    page = (await office.stranger().get(f"/lots/{lot_id}/replay")).json()
    commands = [entry["command"] for entry in page["items"]]
    [opened] = [command for command in commands if command["type"] == "open_roll"]
    return list(opened["roll"])


async def test_the_head_count_is_sealed_until_the_roll_opens_it(office: OfficeWorld) -> None:
    await office.publish_lot()
    for name in ("jiajia", "yiyi"):
        await office.admitted(name)
    enough, first = await office.facts.head_count("lot-one", 2)
    more, second = await office.facts.head_count("lot-one", 3)
    assert (enough, more) == (True, False)
    assert first != second, "the same count is sealed in another salt"
    assert await office.facts.any_admitted("lot-one")


async def test_a_look_at_applicants_is_recorded_once_an_hour(office: OfficeWorld) -> None:
    await office.publish_lot()
    person = await office.bidder("jiajia")
    await office.apply(person)
    for _ in range(3):
        [shown] = (await office["reviewer"].get("/office/applications")).json()["items"]
    assert shown["applicant"] == person.name
    [look] = await office.house("record_look")
    assert look["subject"] == lot_log("lot-one")
    assert look["field"] == "applicants"
    assert look["requester"].startswith("reviewer-")


async def test_the_winner_alone_is_named_and_only_with_the_confirmed_result(
    office: OfficeWorld,
) -> None:
    bidders = await bidding(office)
    await office.bid(bidders[1], START + STEP)
    await office.wind(60_000)
    assert await office.stage() == "SOLD"
    await office.settle_lot()
    stranger = office.stranger()
    for text in (await payloads(office, PUBLIC, stranger)).values():
        assert not [b.name for b in bidders if b.name in text]
    await office.ask_and_approve({"action": "CONFIRM", "outcome": "CONFIRMED"})
    shown = await payloads(office, PUBLIC, stranger)
    named = {b.name for b in bidders for text in shown.values() if b.name in text}
    assert named == {bidders[1].name}


def _told(problem: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in problem.items() if name != "trace"}
