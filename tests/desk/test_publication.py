"""Publication: versions, the pre-flight, four eyes, and entry 0 with its birth, or nothing."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from service.audit import commitments
from service.audit.commitments import Kind
from service.audit.notes import house_origin
from service.desk import publication
from service.rules.terms import CapMode, ReserveKind, Timetable
from service.store import accounts
from service.store.ledger import read_log
from service.store.log_tables import lot_log
from tests.desk.world import OfficeWorld, code, draft
from tests.live.world import SITE
from tests.rules.sale import START, STEP, T0

PATH = "/office/drafts/lot-one"


async def drafted(office: OfficeWorld, **changes: Any) -> None:
    body = draft(**{"documents": [], **changes})
    created = await office["publisher"].post("/office/lots", body)
    assert created.status_code == 201, created.text


async def rule_names(office: OfficeWorld) -> dict[str, str]:
    found = (await office["publisher"].post(f"{PATH}/preflight")).json()
    assert found["releasable"] is all(f["severity"] != "REFUSE" for f in found["findings"])
    return {finding["rule"]: finding["severity"] for finding in found["findings"]}


async def test_entry_zero_is_the_whole_announcement_and_the_house_knows_its_birth(
    office: OfficeWorld,
) -> None:
    await office.publish_lot()
    [entry] = await office.entries()
    assert (entry.seq, entry.command.type) == (0, "publish_lot")
    assert entry.command.requester.startswith("publisher-")
    assert entry.command.approver.startswith("approver-")
    async with office.engine.connect() as connection:
        [stored] = await read_log(connection, lot_log("lot-one"))
    [born] = await office.house("lot_born")
    assert born["leaf_hash"] == stored.leaf.hex()
    page = (await office.stranger().get("/lots/lot-one")).json()
    assert page["reserve_commitment"] == entry.command.reserve_commitment
    await office.verify()


async def test_no_reserve_is_committed_in_the_same_form(office: OfficeWorld) -> None:
    await office.publish_lot()
    opened = await office.facts.reserve("lot-one")
    assert opened is not None
    [entry] = await office.entries()
    commitments.check_opening(
        entry.command.reserve_commitment,
        Kind.RESERVE,
        f"{SITE}/lot/lot-one",
        opened.salt,
        {"amount_fen": 0, "has_reserve": False},
    )


# ── four eyes ───────────────────────────────────────────────────────────────────────────────


async def test_nobody_who_wrote_in_a_draft_releases_it(office: OfficeWorld) -> None:
    """Fault 25: a wrong end time was published and the sale voided."""
    both = await office.official("both", "publisher", "approver")
    await drafted(office)
    assert (await both.put(PATH, draft(), if_match='"1"')).status_code == 200
    assert (await office["publisher"].put(PATH, draft(), if_match='"2"')).status_code == 200
    await office["publisher"].post(f"{PATH}/submit", if_match='"3"')
    assert code(await both.post(f"{PATH}/release", if_match='"4"')) == "four_eyes"
    released = await office["approver"].post(f"{PATH}/release", if_match='"4"')
    assert released.status_code == 200


async def test_only_a_submitted_draft_is_released(office: OfficeWorld) -> None:
    await drafted(office)
    assert code(await office["approver"].post(f"{PATH}/release", if_match='"1"')) == "wrong_state"
    assert (await office.stranger().get("/lots/lot-one")).status_code == 404


async def test_an_edit_takes_a_submitted_draft_back(office: OfficeWorld) -> None:
    await drafted(office)
    await office["publisher"].post(f"{PATH}/submit")
    edited = await office["publisher"].put(PATH, draft(), if_match='"2"')
    assert edited.json()["state"] == "DRAFT"
    assert code(await office["approver"].post(f"{PATH}/release", if_match='"3"')) == "wrong_state"


async def test_a_released_lot_cannot_be_edited_or_released_again(office: OfficeWorld) -> None:
    await office.publish_lot()
    assert code(await office["publisher"].put(PATH, draft(), if_match='"3"')) == "wrong_state"
    assert code(await office["approver"].post(f"{PATH}/release", if_match='"3"')) == "wrong_state"
    assert len(await office.house("lot_born")) == 1


# ── versions ────────────────────────────────────────────────────────────────────────────────


async def test_two_clerks_do_not_overwrite_each_other(office: OfficeWorld) -> None:
    """Fault 52."""
    await drafted(office)
    first = await office["publisher"].put(PATH, draft(rules={"countdown_s": 30}), if_match='"1"')
    assert first.headers["etag"] == '"2"'
    late = await office["publisher"].put(PATH, draft(rules={"countdown_s": 99}), if_match='"1"')
    assert code(late) == "version_changed"
    assert late.json()["figures"] == {"version": 2, "yours": 1}
    shown = await office["publisher"].get(PATH)
    assert shown.json()["rules"]["countdown_s"] == 30
    assert shown.headers["etag"] == '"2"'


async def test_edits_at_once_let_one_through(office: OfficeWorld) -> None:
    await drafted(office)
    answers = await asyncio.gather(
        *(office["publisher"].put(PATH, draft(), if_match='"1"') for _ in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


@pytest.mark.parametrize(
    ("said", "name"),
    [(None, "version_missing"), ("*", "version_changed"), ('W/"1"', "version_changed")],
)
async def test_an_edit_must_name_the_version_it_saw(
    office: OfficeWorld, said: str | None, name: str
) -> None:
    await drafted(office)
    headers = {} if said is None else {"if_match": said}
    assert code(await office["publisher"].put(PATH, draft(), **headers)) == name
    assert code(await office["approver"].post(f"{PATH}/release", **headers)) == name


# ── creation ────────────────────────────────────────────────────────────────────────────────


async def test_the_same_creation_asked_twice_creates_once(office: OfficeWorld) -> None:
    key = uuid4().hex
    answers = await asyncio.gather(
        *(office["publisher"].post("/office/lots", draft(), idempotency_key=key) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    other = await office["publisher"].post("/office/lots", draft("lot-two"), idempotency_key=key)
    assert code(other) == "idempotency_key_reused"


async def test_a_refused_creation_does_not_use_up_its_key(office: OfficeWorld) -> None:
    key = uuid4().hex
    wrong = await office["publisher"].post(
        "/office/lots", draft(parcel_id="no-such"), idempotency_key=key
    )
    assert code(wrong) == "malformed"
    right = await office["publisher"].post("/office/lots", draft(), idempotency_key=key)
    assert right.status_code == 201


async def test_a_creation_names_itself(office: OfficeWorld) -> None:
    sent = await office["publisher"].http.post("/api/office/lots", json=draft())
    assert code(sent) == "idempotency_key_missing"


async def test_a_lot_id_is_given_once(office: OfficeWorld) -> None:
    await drafted(office)
    again = await office["publisher"].post("/office/lots", draft())
    assert code(again) == "lot_id_taken"


@pytest.mark.parametrize(
    "changes",
    [
        {"lot_id": "../etc"},
        {"lot_id": "LOT"},
        {"rules": {"countdown_s": 1.5}},
        {"reserve": {"has_reserve": True, "amount_fen": 1}},
        {"documents": [{"name": "x", "sha256": "zz"}]},
        {"unknown": 1},
    ],
)
async def test_a_draft_of_another_form_is_refused(
    office: OfficeWorld, changes: dict[str, Any]
) -> None:
    body = draft()
    for name, value in changes.items():
        body[name] = {**body[name], **value} if name == "rules" else value
    assert code(await office["publisher"].post("/office/lots", body)) == "malformed"


@pytest.mark.parametrize(
    ("where", "value"),
    [("method", "RAFFLE"), ("grid", "FREE"), ("cap_mode", "SOMETHING")],
)
async def test_a_name_the_rules_do_not_know_is_refused(
    office: OfficeWorld, where: str, value: str
) -> None:
    body = draft()
    body["rules"][where] = value
    refused = await office["publisher"].post("/office/lots", body)
    assert code(refused) == "malformed"
    assert refused.json()["errors"]


async def test_a_text_the_log_cannot_hold_is_refused_when_it_is_drafted(
    office: OfficeWorld,
) -> None:
    body = draft()
    body["parcel"]["title"] = "e\u0301"
    assert code(await office["publisher"].post("/office/lots", body)) == "malformed"


# ── pre-flight ──────────────────────────────────────────────────────────────────────────────


async def test_the_preflight_names_each_violation(office: OfficeWorld) -> None:
    await drafted(office, rules={"notice_days": 60, "deposit": {"CNY": 1}, "contract_days": 11})
    assert await rule_names(office) == {"T1": "REFUSE", "T6": "REFUSE", "T7": "REFUSE"}
    refused = await office["publisher"].post(f"{PATH}/submit")
    assert code(refused) == "preflight_failed"
    assert {error["where"] for error in refused.json()["errors"]} == {"T1", "T6", "T7"}


async def test_a_cap_procedure_is_refused_by_name(office: OfficeWorld) -> None:
    await drafted(office, rules={"cap_mode": CapMode.LOTTERY, "price_cap_fen": START + 5 * STEP})
    assert await rule_names(office) == {"CAP_MODE_NOT_SUPPORTED": "REFUSE"}


async def test_the_release_looks_again_at_its_own_moment(office: OfficeWorld) -> None:
    """Clean when it was submitted, too late when it is released: nobody has read it in time."""
    await drafted(office)
    await office["publisher"].post(f"{PATH}/submit")
    office.jump(5_500)
    refused = await office["approver"].post(f"{PATH}/release", if_match='"2"')
    assert code(refused) == "preflight_failed"
    assert refused.json()["reason"] == "T1"
    assert (await office.stranger().get("/lots/lot-one")).status_code == 404


async def test_a_reserve_that_nobody_sealed_forbids_the_release(office: OfficeWorld) -> None:
    await drafted(office, rules={"reserve": ReserveKind.SEALED})
    assert await rule_names(office) == {"RESERVE_NOT_SEALED": "REFUSE"}
    assert code(await office["publisher"].post(f"{PATH}/submit")) == "preflight_failed"


async def test_a_year_without_published_holidays_is_a_warning(office: OfficeWorld) -> None:
    day = 86_400_000
    office.clock.now = T0 + 20 * 365 * day
    at = office.clock.now
    times = Timetable(
        announced_at=at,
        registration_from=at,
        registration_to=at + 27 * day,
        deposit_deadline=at + 27 * day,
        listing_from=at + 20 * day,
        listing_to=at + 31 * day,
    )
    real = {
        "day_ms": day,
        "minute_ms": 60_000,
        "notice_days": 20,
        "listing_days": 10,
        "registration_gap_days": 2,
    }
    await drafted(office, rules=real, times=times)
    assert await rule_names(office) == {"HOLIDAYS_UNKNOWN": "WARN"}


async def test_practice_rules_are_for_practice_sites(office: OfficeWorld) -> None:
    await drafted(office)
    real = office.settings.model_copy(update={"demo": False})
    desk = publication.Desk(
        engine=office.engine,
        clock=office.clock,
        settings=real,
        submit=office.desk.submit,
        roll_changed=lambda _: None,
    )
    async with office.engine.begin() as connection:
        found = await publication.preflight(connection, desk, "lot-one")
    assert [finding.rule for finding in found.findings] == ["PRACTICE_RULES"]
    assert not found.releasable


async def test_nothing_is_released_while_the_time_is_unsure(office: OfficeWorld) -> None:
    await drafted(office)
    await office["publisher"].post(f"{PATH}/submit")
    office.clock.sure = False
    refused = await office["approver"].post(f"{PATH}/release", if_match='"2"')
    assert code(refused) == "clock_unsure"


async def test_a_release_that_breaks_off_leaves_nothing(
    office: OfficeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The house log cannot be written: then no entry 0, no page, and the draft waits as before."""
    await drafted(office)
    await office["publisher"].post(f"{PATH}/submit")

    async def broken(*_: object) -> int:
        raise RuntimeError("the house log is away")

    with monkeypatch.context() as patched:
        patched.setattr(publication.house, "record", broken)
        failed = await office["approver"].post(f"{PATH}/release", if_match='"2"')
    assert code(failed) == "internal"
    async with office.engine.connect() as connection:
        assert await read_log(connection, lot_log("lot-one")) == []
    assert (await office["approver"].get(PATH)).json()["state"] == "SUBMITTED"
    released = await office["approver"].post(f"{PATH}/release", if_match='"2"')
    assert released.status_code == 200


async def test_two_releases_at_once_publish_once(office: OfficeWorld) -> None:
    await drafted(office)
    await office["publisher"].post(f"{PATH}/submit")
    path = f"{PATH}/release"
    answers = await asyncio.gather(
        *(office["approver"].post(path, if_match='"2"') for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    assert len(await office.entries()) == 1


async def test_pseudonyms_are_scoped_by_role_and_tell_no_account(office: OfficeWorld) -> None:
    both = await office.official("both", "publisher", "approver")
    account_id = (await both.get("/me")).json()["account_id"]
    async with office.engine.connect() as connection:
        account = await accounts.account_by_id(connection, account_id)
    assert account is not None
    names = {
        publication.pseudonym(SITE, role, account_id)
        for role in ("publisher", "approver", "reviewer")
    }
    assert len({name.partition("-")[2] for name in names}) == 3
    assert not any(account_id[:8] in name for name in names)


async def test_the_vault_is_closed_to_a_plain_session(office: OfficeWorld) -> None:
    for table in ("identities", "reserves", "sealed_reserves", "reserve_halves", "openings"):
        with pytest.raises(Exception, match="permission denied"):
            async with office.engine.connect() as connection:
                await connection.execute(text(f"SELECT * FROM vault.{table}"))  # noqa: S608


async def test_nothing_is_published_while_the_house_log_may_not_be_signed(
    office: OfficeWorld,
) -> None:
    """A restored old backup would give birth to lots that no witness could follow."""
    await drafted(office)
    await office["publisher"].post(f"{PATH}/submit", if_match='"1"')
    office.signer.halt(house_origin(SITE), "a witness holds more")
    refused = await office["approver"].post(f"{PATH}/release", if_match='"2"')
    assert refused.status_code == 503
    assert refused.json()["reason"] == "LOG_HALTED"
    assert (await office["publisher"].get(PATH)).json()["state"] == "SUBMITTED"
    assert (await office.stranger().get("/lots/lot-one")).status_code == 404
