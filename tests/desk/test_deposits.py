"""Bank notices: every case of rules §10, each named, none dropped, each counted once."""

import asyncio
import json

import asyncpg
import httpx2
import pytest
from sqlalchemy import text

from service.desk import settlement
from tests.desk.world import DEADLINE, OfficeWorld, Person, code, signature
from tests.rules.sale import START, T0


@pytest.fixture
async def lot(office: OfficeWorld) -> str:
    await office.publish_lot()
    return "lot-one"


@pytest.fixture
async def paying(office: OfficeWorld, lot: str) -> tuple[Person, str]:
    """An accepted bidder and his sub-account."""
    return await office.applied("jiajia", lot)


async def deposit(office: OfficeWorld, person: Person) -> dict[str, object]:
    return dict((await office.mine(person))["deposit"])


async def count(office: OfficeWorld, table: str) -> int:
    async with office.engine.connect() as connection:
        found = await connection.execute(text(f"SELECT count(*) FROM {table}"))  # noqa: S608
        return int(found.scalar_one())


async def refunds(office: OfficeWorld) -> list[dict[str, object]]:
    return list((await office["finance"].get("/office/refunds")).json()["items"])


async def test_the_whole_deposit_admits_with_a_random_number(
    office: OfficeWorld, paying: tuple[Person, str]
) -> None:
    person, account = paying
    assert (await deposit(office, person))["code"] == "PENDING"
    told = await office.tell(account, payer_name=person.name)
    assert told.json()["code"] == "PAID"
    mine = await office.mine(person)
    assert mine["state"] == "ADMITTED"
    assert len(mine["bidder_no"]) == 4
    assert mine["deposit"]["code"] == "PAID"
    assert office.heard == ["lot-one"], "the rooms were told after the commit"
    [record] = await office.house("record_admission")
    assert record["bidder_no"] == mine["bidder_no"]
    assert record["key_id"] == person.key.key_id


async def test_instalments_add_up(office: OfficeWorld, paying: tuple[Person, str]) -> None:
    person, account = paying
    first = await office.tell(account, payer_name=person.name, amount_fen=START - 1)
    assert first.json()["code"] == "SHORT"
    shown = await deposit(office, person)
    assert (shown["code"], shown["paid_fen"]) == ("SHORT", START - 1)
    second = await office.tell(account, payer_name=person.name, amount_fen=1)
    assert second.json()["code"] == "PAID"
    assert (await office.mine(person))["state"] == "ADMITTED"


async def test_a_deposit_at_exactly_the_deadline_is_in_time(
    office: OfficeWorld, paying: tuple[Person, str]
) -> None:
    """Fault 42: refused elsewhere although the notice says "before or at"."""
    person, account = paying
    office.jump(DEADLINE - T0)
    told = await office.tell(account, payer_name=person.name, bank_time=DEADLINE)
    assert told.json()["code"] == "PAID"
    assert (await office.mine(person))["state"] == "ADMITTED"


async def test_a_deposit_one_millisecond_late_goes_back(
    office: OfficeWorld, paying: tuple[Person, str]
) -> None:
    person, account = paying
    office.jump(DEADLINE + 1 - T0)
    told = await office.tell(account, payer_name=person.name, bank_time=DEADLINE + 1)
    assert told.json()["code"] == "LATE"
    shown = await office.mine(person)
    assert shown["state"] == "ACCEPTED"
    assert shown["deposit"]["code"] == "LATE"
    assert shown["deposit"]["cause"]
    assert shown["deposit"]["cure"]
    [order] = await refunds(office)
    assert (order["amount_fen"], order["to_account"]) == (START, "6222020402001234567")


async def test_a_notice_after_the_deadline_with_a_bank_time_before_it_counts(
    office: OfficeWorld, paying: tuple[Person, str]
) -> None:
    person, account = paying
    office.jump(DEADLINE + 1_000 - T0)
    told = await office.tell(account, payer_name=person.name, bank_time=DEADLINE - 1)
    assert told.json()["code"] == "AFTER_DEADLINE_IN_TIME"
    assert (await office.mine(person))["state"] == "ADMITTED"


async def test_the_same_notice_is_acknowledged_again_and_credited_once(
    office: OfficeWorld, paying: tuple[Person, str]
) -> None:
    """Fault 41: deposit rows doubled where uniqueness lived only in the model."""
    person, account = paying
    told = {"payer_name": person.name, "bank_serial": "B-TWICE", "amount_fen": START - 1}
    first = await office.tell(account, **told)
    second = await office.tell(account, **told)
    assert first.json() == {"bank_serial": "B-TWICE", "code": "SHORT", "duplicate": False}
    assert second.json() == {"bank_serial": "B-TWICE", "code": "SHORT", "duplicate": True}
    assert (await deposit(office, person))["paid_fen"] == START - 1


async def test_twenty_equal_notices_at_once_are_one_credit(
    office: OfficeWorld, paying: tuple[Person, str]
) -> None:
    person, account = paying
    told = {"payer_name": person.name, "bank_serial": "B-STORM"}
    answers = await asyncio.gather(*(office.tell(account, **told) for _ in range(20)))
    assert [answer.status_code for answer in answers] == [200] * 20
    assert sorted(answer.json()["duplicate"] for answer in answers) == [False] + [True] * 19
    assert await count(office, "deposit_lines") == 1
    assert len(await office.house("record_admission")) == 1


async def test_another_payers_money_goes_back(
    office: OfficeWorld, paying: tuple[Person, str]
) -> None:
    person, account = paying
    told = await office.tell(account, payer_name="别人有限公司")
    assert told.json()["code"] == "PAYER_MISMATCH"
    assert (await deposit(office, person))["code"] == "PAYER_MISMATCH"
    assert [order["to_name"] for order in await refunds(office)] == ["别人有限公司"]
    assert (await office.tell(account, payer_name=person.name)).json()["code"] == "PAID"


async def test_a_name_in_full_width_is_the_same_name(
    office: OfficeWorld, paying: tuple[Person, str]
) -> None:
    person, account = paying
    wide = " " + person.name.replace("jiajia", "jiajia") + " "
    assert (await office.tell(account, payer_name=wide)).json()["code"] == "PAID"


async def test_another_currency_goes_back(office: OfficeWorld, paying: tuple[Person, str]) -> None:
    person, account = paying
    told = await office.tell(account, payer_name=person.name, currency="USD")
    assert told.json()["code"] == "WRONG_CURRENCY"
    assert [order["currency"] for order in await refunds(office)] == ["USD"]
    assert (await deposit(office, person))["paid_fen"] == 0


async def test_money_for_an_unknown_account_is_kept_as_unmatched(office: OfficeWorld) -> None:
    told = await office.tell("0000000000000000")
    assert told.json()["code"] == "UNKNOWN_ACCOUNT"
    [line] = (await office["finance"].get("/office/deposits")).json()["items"]
    assert (line["code"], line["account"]) == ("UNKNOWN_ACCOUNT", "0000000000000000")
    again = await office.tell("0000000000000000", bank_serial=line["bank_serial"])
    assert again.json()["duplicate"] is True


@pytest.mark.parametrize("amount_fen", [0, -START])
async def test_a_reversal_is_an_alarm_and_never_a_credit(
    office: OfficeWorld, paying: tuple[Person, str], amount_fen: int
) -> None:
    person, account = paying
    told = await office.tell(account, payer_name=person.name, amount_fen=amount_fen)
    assert told.json()["code"] == "REVERSAL"
    assert (await deposit(office, person))["paid_fen"] == 0
    assert await refunds(office) == []
    assert (await office.mine(person))["state"] == "ACCEPTED"


async def test_money_after_a_refusal_goes_back(office: OfficeWorld, lot: str) -> None:
    """The account of a refused application cannot be known, so one is opened and then refused."""
    person, account = await office.applied("yiyi", lot)
    async with office.engine.begin() as connection:
        await connection.execute(text("UPDATE applications SET state = 'REFUSED'"))
    told = await office.tell(account, payer_name=person.name)
    assert told.json()["code"] == "AFTER_REFUSAL"
    assert [order["amount_fen"] for order in await refunds(office)] == [START]


async def test_money_told_after_the_end_goes_back_and_admits_nobody(
    office: OfficeWorld, paying: tuple[Person, str]
) -> None:
    person, account = paying
    await office.start()
    await office.wind(80_000)
    assert await office.stage() == "FAILED"
    await office.settle_lot()
    told = await office.tell(account, payer_name=person.name, bank_time=DEADLINE)
    assert told.json()["code"] == "AFTER_END"
    assert (await office.mine(person))["state"] == "ACCEPTED"
    assert len(await refunds(office)) == 1
    state = (await office.stranger().get("/lots/lot-one")).json()["state"]
    assert state["failed_reason"] == "NO_QUALIFIED_BIDDER"


async def test_one_deposit_backs_one_lot(office: OfficeWorld, lot: str) -> None:
    """Fault 40: every application has an account of its own, never used again."""
    await office.publish_lot("lot-two")
    person, account = await office.applied("yiyi", lot)
    second = await office.apply(person, "lot-two")
    await office.accept(second["application_id"])
    await office.tell(account, payer_name=person.name)
    states = {a["lot"]["lot_id"]: a for a in (await person.get("/me/applications")).json()["items"]}
    assert states["lot-one"]["state"] == "ADMITTED"
    assert states["lot-two"]["state"] == "ACCEPTED"
    assert states["lot-two"]["deposit"]["paid_fen"] == 0
    assert states["lot-two"]["deposit"]["sub_account"] != account


# ── the signature ───────────────────────────────────────────────────────────────────────────


def notice(**changes: object) -> bytes:
    values = {
        "account": "1",
        "amount_fen": 1,
        "bank_serial": "B1",
        "bank_time": T0,
        "currency": "CNY",
        "payer_account": "6",
        "payer_name": "某",
        **changes,
    }
    return json.dumps(values).encode()


@pytest.mark.parametrize(
    "signed",
    [
        "",
        "v1=00",
        signature(notice(), T0, "another secret"),
        signature(notice(amount_fen=2), T0),
        signature(notice(), T0 - 300_001),
        signature(notice(), T0 + 300_001),
        signature(notice(), T0).replace(f"t={T0}", f"t={T0 + 1}"),
    ],
)
async def test_a_notice_that_the_bank_did_not_sign_now_is_refused(
    office: OfficeWorld, signed: str
) -> None:
    assert code(await office.send_notice(notice(), signed)) == "bad_bank_signature"
    assert await count(office, "bank_notices") == 0


async def test_a_notice_signed_at_the_edge_of_the_skew_is_taken(office: OfficeWorld) -> None:
    for at in (T0 - 300_000, T0 + 300_000):
        taken = await office.send_notice(notice(), signature(notice(), at))
        assert taken.status_code == 200


@pytest.mark.parametrize(
    "raw",
    [
        notice(amount_fen=1000.0),
        notice(amount_fen="1000"),
        notice(amount_fen=True),
        notice(amount_fen=2**53),
        notice(currency="cny"),
        notice(extra=1),
        b'{"account":"1","account":"2"}',
        notice(payer_name="\x00"),
        b"not json",
    ],
)
async def test_a_signed_notice_of_another_form_changes_nothing(
    office: OfficeWorld, raw: bytes
) -> None:
    """Fault 51: lax numbers were taken as amounts."""
    assert code(await office.send_notice(raw, signature(raw, T0))) == "malformed"
    assert await count(office, "bank_notices") == 0


# ── refunds ─────────────────────────────────────────────────────────────────────────────────


async def returned(office: OfficeWorld, refund_id: object, state: str) -> httpx2.Response:
    body = {"state": state, "bank_reference": f"R-{state}"}
    return await office["finance"].post(f"/office/refunds/{refund_id}/result", body)


async def test_a_failed_refund_returns_to_the_queue_and_a_paid_one_is_final(
    office: OfficeWorld, paying: tuple[Person, str]
) -> None:
    person, account = paying
    await office.tell(account, payer_name="别人")
    [order] = await refunds(office)
    for state in ("SENT", "FAILED", "SENT", "PAID"):
        assert (await returned(office, order["refund_id"], state)).status_code == 204
    assert code(await returned(office, order["refund_id"], "PAID")) == "wrong_state"
    shown = (await office.mine(person))["refund"]
    assert (shown["state"], shown["bank_reference"]) == ("PAID", "R-PAID")
    async with office.engine.connect() as connection:
        kinds = await connection.execute(text("SELECT kind FROM deposit_lines ORDER BY line_id"))
        assert list(kinds.scalars()) == ["REFUND_ORDERED", "REFUND_PAID"]


async def test_an_unknown_calendar_holds_the_order_up_and_loses_nothing(
    office: OfficeWorld, paying: tuple[Person, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The calendar is unknown for a year not published; once it is entered, the order is made."""
    _, account = paying
    async with office.engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE logs SET listing = "
                "jsonb_set(jsonb_set(listing, '{rules,day_ms}', '86400000'), '{deposit}', "
                "'{\"CNY\": 1000000}') WHERE log = 'lot/lot-one'"
            )
        )
    office.clock.now = 4_102_444_800_000  # 2100-01-01
    told = await office.tell(account, payer_name="别人")
    assert told.json()["code"] == "PAYER_MISMATCH"
    assert await refunds(office) == []
    async with office.engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO holidays SELECT day::date, true "
                "FROM generate_series('2100-01-01'::date, '2100-03-15', '1 day') AS day"
            )
        )
    await settlement.tidy(office.desk)
    [order] = await refunds(office)
    assert order["due_at"] == 4_102_444_800_000 + 6 * 86_400_000 - 8 * 3_600_000 - 1


# ── the database's own word ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("table", ["bank_notices", "deposit_lines", "looks"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_the_deposit_ledger_is_append_only_for_its_owner_too(
    owner: asyncpg.Connection, table: str, change: str
) -> None:
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute(change.format(table))


async def test_the_service_may_not_change_a_line(app_session: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app_session.execute("UPDATE deposit_lines SET amount_fen = 0")


async def test_doubled_rows_are_refused_by_the_database(
    office: OfficeWorld, paying: tuple[Person, str], owner: asyncpg.Connection
) -> None:
    person, account = paying
    await office.tell(account, payer_name=person.name)
    with pytest.raises(asyncpg.UniqueViolationError):
        await owner.execute(
            "INSERT INTO deposit_lines (application_id, notice_id, kind, currency, amount_fen, at)"
            " SELECT application_id, notice_id, kind, currency, amount_fen, at FROM deposit_lines"
        )
    with pytest.raises(asyncpg.UniqueViolationError):
        await owner.execute(
            "INSERT INTO bank_notices (account, bank_serial, bank_time, received_at, amount_fen,"
            " currency, payer_name, payer_account, code) SELECT account, bank_serial, bank_time,"
            " received_at, amount_fen, currency, payer_name, payer_account, code FROM bank_notices"
        )
