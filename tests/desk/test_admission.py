"""Applying, deciding, keys and numbers."""

import asyncio
from itertools import combinations
from uuid import uuid4

import asyncpg
import pytest

from service.desk import admission, ids, people
from tests.desk.world import REGISTRATION_TO, OfficeWorld, Person, code
from tests.rules.sale import START, STEP, T0

ELSEWHERE = ("unknown_key", "KEY_USED_ELSEWHERE")


@pytest.fixture
async def bidder(office: OfficeWorld) -> Person:
    await office.publish_lot()
    return await office.bidder("jiajia")


async def asked(person: Person, **headers: str) -> str:
    body = {"key_id": person.key.key_id, "declared": True}
    response = await person.post("/lots/lot-one/applications", body, **headers)
    return "filed" if response.status_code == 201 else code(response)


async def test_registration_is_open_up_to_and_with_its_last_instant(
    office: OfficeWorld, bidder: Person
) -> None:
    office.clock.now = T0 - 1
    assert await asked(bidder) == "registration_closed"
    office.clock.now = REGISTRATION_TO + 1
    assert await asked(bidder) == "registration_closed"
    office.clock.now = REGISTRATION_TO
    assert await asked(bidder) == "filed"


async def test_one_bidder_applies_once_for_a_lot(office: OfficeWorld, bidder: Person) -> None:
    answers = await asyncio.gather(*(asked(bidder) for _ in range(6)))
    assert sorted(answers) == ["already_applied"] * 5 + ["filed"]


async def test_asking_again_with_the_same_key_is_the_same_application(
    office: OfficeWorld, bidder: Person
) -> None:
    key = uuid4().hex
    body = {"key_id": bidder.key.key_id, "declared": True}
    path = "/lots/lot-one/applications"
    first = await bidder.post(path, body, idempotency_key=key)
    office.clock.now += 1_000
    second = await bidder.post(path, body, idempotency_key=key)
    assert (first.status_code, first.content) == (second.status_code, second.content)


async def test_an_application_needs_an_enrolled_key_of_ones_own(
    office: OfficeWorld, bidder: Person
) -> None:
    other = await office.bidder("yiyi")
    body = {"key_id": other.key.key_id, "declared": True}
    assert code(await bidder.post("/lots/lot-one/applications", body)) == "unknown_key"
    body = {"key_id": bidder.key.key_id, "declared": False}
    assert code(await bidder.post("/lots/lot-one/applications", body)) == "malformed"


async def test_a_lot_for_companies_takes_no_person(office: OfficeWorld) -> None:
    await office.publish_lot(rules={"natural_person_allowed": False})
    person = await office.bidder("jiajia", kind="PERSON")
    body = {"key_id": person.key.key_id, "declared": True}
    refused = await person.post("/lots/lot-one/applications", body)
    assert code(refused) == "not_allowed"
    assert refused.json()["reason"] == "NATURAL_PERSON_NOT_ALLOWED"


# ── the decision ────────────────────────────────────────────────────────────────────────────


async def test_a_refusal_has_a_reason_that_the_bidder_reads(
    office: OfficeWorld, bidder: Person
) -> None:
    filed = await office.apply(bidder)
    path = f"/office/applications/{filed['application_id']}/decision"
    assert code(await office["reviewer"].post(path, {"accept": False})) == "malformed"
    await office.accept(filed["application_id"], accept=False, reason="营业执照已过期")
    mine = await office.mine(bidder)
    assert (mine["state"], mine["reason"]) == ("REFUSED", "营业执照已过期")
    assert "deposit" not in mine
    assert code(await office["reviewer"].post(path, {"accept": True})) == "wrong_state"
    assert await asked(bidder) == "already_applied"


async def test_nobody_decides_on_his_own_application(office: OfficeWorld) -> None:
    await office.publish_lot()
    person = await office.bidder("jiajia")
    async with office.engine.begin() as connection:
        from sqlalchemy import text

        await connection.execute(
            text(
                "INSERT INTO account_roles SELECT account_id, 'reviewer' FROM accounts "
                "WHERE username = 'jiajia'"
            )
        )
    filed = await office.apply(person)
    path = f"/office/applications/{filed['application_id']}/decision"
    assert code(await person.post(path, {"accept": True})) == "four_eyes"


async def test_two_reviewers_at_once_decide_once(office: OfficeWorld, bidder: Person) -> None:
    filed = await office.apply(bidder)
    path = f"/office/applications/{filed['application_id']}/decision"
    answers = await asyncio.gather(
        *(office["reviewer"].post(path, {"accept": True}) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


# ── keys ────────────────────────────────────────────────────────────────────────────────────


async def second_key(person: Person) -> str:
    from service.audit.signatures import BidderKey

    key = BidderKey.generate()
    await person.post("/me/keys", {"public_key": key.spki.hex()})
    return key.key_id


async def test_another_device_has_its_own_record_in_the_house_log(office: OfficeWorld) -> None:
    await office.publish_lot()
    person = await office.admitted("jiajia")
    key_id = await second_key(person)
    office.heard.clear()
    used = await person.post("/lots/lot-one/keys", {"key_id": key_id})
    assert used.status_code == 200
    assert set(used.json()["key_ids"]) == {person.key.key_id, key_id}
    assert office.heard == ["lot-one"]
    await person.post("/lots/lot-one/keys", {"key_id": key_id})
    records = await office.house("record_admission")
    assert [record["key_id"] for record in records] == [person.key.key_id, key_id]
    assert len({record["bidder_no"] for record in records}) == 1
    [bidder] = await office.facts.roll("lot-one")
    assert set(bidder.keys) == {person.key.key_id, key_id}


async def test_a_key_of_another_lot_is_refused_by_name(office: OfficeWorld) -> None:
    """Rules §11: on two public rolls one key would link two numbers and name a loser."""
    await office.publish_lot()
    await office.publish_lot("lot-two")
    person = await office.admitted("jiajia")
    body = {"key_id": person.key.key_id, "declared": True}
    refused = await person.post("/lots/lot-two/applications", body)
    assert (code(refused), refused.json()["reason"]) == ELSEWHERE
    assert len((await person.get("/me/applications")).json()["items"]) == 1
    filed = await office.apply(person, "lot-two")
    assert filed["key_ids"] == [person.key_for("lot-two").key_id]
    refused = await person.post("/lots/lot-two/keys", {"key_id": person.key.key_id})
    assert (code(refused), refused.json()["reason"]) == ELSEWHERE
    after = await person.get(f"/me/applications/{filed['application_id']}")
    assert after.json()["key_ids"] == filed["key_ids"]


async def test_one_key_offered_to_two_lots_at_once_serves_one(office: OfficeWorld) -> None:
    lots = [f"lot-{n}" for n in range(4)]
    for lot_id in lots:
        await office.publish_lot(lot_id)
    person = await office.bidder("jiajia")
    body = {"key_id": person.key.key_id, "declared": True}
    answers = await asyncio.gather(
        *(person.post(f"/lots/{lot_id}/applications", body) for lot_id in lots)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422]


async def test_the_same_new_key_twice_at_once_is_one(office: OfficeWorld) -> None:
    await office.publish_lot()
    person = await office.admitted("jiajia")
    body = {"key_id": await second_key(person)}
    answers = await asyncio.gather(*(person.post("/lots/lot-one/keys", body) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len(await office.house("record_admission")) == 2


async def test_the_database_refuses_a_key_on_two_applications(
    office: OfficeWorld, owner: asyncpg.Connection
) -> None:
    await office.publish_lot()
    await office.publish_lot("lot-two")
    person = await office.bidder("jiajia")
    await office.apply(person)
    second = await office.apply(person, "lot-two")
    with pytest.raises(asyncpg.UniqueViolationError, match="uq_application_keys_key_id"):
        await owner.execute(
            "INSERT INTO application_keys (application_id, key_id) VALUES ($1, $2)",
            second["application_id"],
            person.key.key_id,
        )


async def test_only_keys_that_serve_no_lot_count_against_the_bound(
    office: OfficeWorld, bidder: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "MAX_UNUSED_KEYS", 1)
    body = {"public_key": bidder.key_for("lot-two").spki.hex()}
    refused = await bidder.post("/me/keys", body)
    assert (code(refused), refused.json()["reason"]) == ("wrong_state", "TOO_MANY_KEYS")
    await office.apply(bidder)
    assert (await bidder.post("/me/keys", body)).status_code == 201
    assert (await bidder.post("/me/keys", body)).status_code == 201, "the same is none more"


async def test_who_takes_no_part_and_a_lot_that_is_none_are_answered_alike(
    office: OfficeWorld, bidder: Person
) -> None:
    body = {"key_id": bidder.key.key_id}
    here = await bidder.post("/lots/lot-one/keys", body)
    nowhere = await bidder.post("/lots/no-such-lot/keys", body)
    assert code(here) == code(nowhere) == "not_admitted"
    assert len(here.content) == len(nowhere.content)


async def test_a_bidder_without_admission_bids_in_vain(office: OfficeWorld) -> None:
    """Fault 7: the deposit check was commented out in the accept path."""
    await office.publish_lot()
    person, _ = await office.applied("jiajia")
    await office.start()
    await office.wind(7_000)
    body = {
        "bid_id": str(uuid4()),
        "amount_fen": START,
        "seen_seq": 0,
        "jump_confirmed": False,
        "key_id": person.key.key_id,
        "signature": "A" * 86 + "==",
    }
    assert code(await person.post("/lots/lot-one/bids", body)) == "not_admitted"
    assert "place_bid" not in await office.commands()


# ── numbers ─────────────────────────────────────────────────────────────────────────────────


def test_any_two_numbers_of_a_lot_differ_in_two_places_at_least() -> None:
    given: set[str] = set()
    for _ in range(300):
        given.add(ids.new_bidder_number(given))
    for one, other in combinations(given, 2):
        assert sum(a != b for a, b in zip(one, other, strict=True)) >= 2


def test_numbers_have_no_look_alikes_and_are_random() -> None:
    assert not set(ids.BIDDER_ALPHABET) & set("0O1IL2Z5S8BGUQ")
    first = {ids.new_bidder_number(set())[0] for _ in range(400)}
    assert len(first) == len(ids.BIDDER_ALPHABET)


async def test_admissions_at_once_get_numbers_of_their_own(
    office: OfficeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if chance offers everyone the same number."""
    numbers_in_order = [ids.bidder_number(f"AA{symbol}") for symbol in ids.BIDDER_ALPHABET]
    monkeypatch.setattr(
        admission,
        "new_bidder_number",
        lambda taken: next(number for number in numbers_in_order if number not in taken),
    )
    await office.publish_lot()
    waiting = [await office.applied(f"bidder-{n}") for n in range(6)]
    await asyncio.gather(
        *(office.tell(account, payer_name=person.name) for person, account in waiting)
    )
    numbers = {(await office.mine(person))["bidder_no"] for person, _ in waiting}
    assert len(numbers) == 6


async def test_the_database_refuses_a_number_twice_on_a_lot(
    office: OfficeWorld, owner: asyncpg.Connection
) -> None:
    await office.publish_lot()
    for name in ("jiajia", "yiyi"):
        await office.admitted(name)
    with pytest.raises(asyncpg.UniqueViolationError):
        await owner.execute(
            "UPDATE applications SET bidder_no = (SELECT min(bidder_no) FROM applications)"
        )


async def test_a_deleted_winner_does_not_make_the_runner_up_win(
    office: OfficeWorld, owner: asyncpg.Connection
) -> None:
    """Fault 44: results are frozen records; the database does not even let the account go."""
    await office.publish_lot()
    winner, loser = await office.admitted("jiajia"), await office.admitted("yiyi")
    await office.start()
    await office.wind(7_000)
    await office.bid(loser, START)
    await office.bid(winner, START + STEP)
    await office.wind(60_000)
    await office.settle_lot()
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await owner.execute("DELETE FROM accounts WHERE username = 'jiajia'")
    done = await office.ask_and_approve({"action": "CONFIRM", "outcome": "CONFIRMED"})
    assert done.status_code == 200
    page = (await office.stranger().get("/lots/lot-one")).json()
    assert page["winner_name"] == winner.name
