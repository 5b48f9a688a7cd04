"""After ten years nothing points from a loser's number to a person, and the log still verifies."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.audit.verifier import verify_pack
from service.desk import retention
from service.desk.evidence import build_pack
from service.desk.refused import Refused
from service.desk.retention import Kept
from service.rules.terms import Timetable
from service.store.retention import Destroyed
from service.store.signer import Signer
from tests.desk.world import OfficeWorld, Person, code
from tests.live.world import KEY, SITE, watch
from tests.rules.sale import START, STEP

YEAR_MS = 31_557_600_000
DAY_MS = 86_400_000
LOT = "lot-one"


def years_ago(years: float) -> int:
    """Database time is real time here: a sale is old when it was held long ago."""
    now = int(datetime.now(UTC).timestamp() * 1000)
    return (now - int(years * YEAR_MS)) // 1000 * 1000


@pytest.fixture
async def office(engine: AsyncEngine) -> AsyncIterator[OfficeWorld]:
    """An office that was opened long ago: no log goes back in time."""
    made = OfficeWorld(engine)
    made.clock.now = years_ago(13)
    await made.open()
    yield made
    await made.close()


async def sold(office: OfficeWorld, lot_id: str, at: int, *bidders: Person) -> None:
    """A sale at that time, sealed: the last of these bidders wins, all of them were admitted."""
    office.clock.now = at
    await office.publish_lot(lot_id, times=_times(at))
    for bidder in bidders:
        await admit(office, bidder, lot_id)
    await office.start()
    await office.wind(7_000)
    for number, bidder in enumerate(bidders):
        await office.bid(bidder, START + number * STEP, lot_id)
    await office.wind(60_000)
    assert await office.stage(lot_id) == "SOLD"
    await office.settle_lot(lot_id)
    done = await office.ask_and_approve({"action": "CONFIRM", "outcome": "CONFIRMED"}, lot_id)
    assert done.json()["outcome"] == "CONFIRMED", done.text


async def admit(office: OfficeWorld, bidder: Person, lot_id: str) -> None:
    await office.apply(bidder, lot_id)
    mine = await of_lot(bidder, lot_id)
    await office.accept(mine["application_id"])
    account = (await of_lot(bidder, lot_id))["deposit"]["sub_account"]
    other = await office.tell(account, payer_name=f"{bidder.name}的母公司", amount_fen=1)
    assert other.json()["code"] == "PAYER_MISMATCH"
    told = await office.tell(account, payer_name=bidder.name, payer_account=_bank_account(bidder))
    assert told.json()["code"] == "PAID"


async def of_lot(bidder: Person, lot_id: str) -> dict[str, Any]:
    items = (await bidder.get("/me/applications")).json()["items"]
    return next(dict(item) for item in items if item["lot"]["lot_id"] == lot_id)


def _bank_account(bidder: Person) -> str:
    return f"62-{bidder.username}"


async def run(
    office: OfficeWorld, years: int = 10, *, dry_run: bool = False
) -> list[Destroyed | Kept]:
    done = retention.destroy_losers(
        office.engine, office.clock, office.settings, years, dry_run=dry_run
    )
    return [each async for each in done]


async def dump(owner: asyncpg.Connection, *, without: tuple[str, ...] = ()) -> str:
    """Every row of every table of every schema, with the log's bytes as text."""
    tables = await owner.fetch(
        "SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables "
        "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
    )
    found = []
    for name in sorted(table["name"] for table in tables):
        if name in without:
            continue
        rows = await owner.fetch(f"SELECT t::text AS row FROM {name} AS t")  # noqa: S608
        found += [f"{name}: {row['row']}" for row in rows]
    return "\n".join(found)


async def facts_of(office: OfficeWorld, bidder: Person) -> dict[str, str]:
    me = (await bidder.get("/me")).json()
    return {
        "account": me["account_id"],
        "username": bidder.username,
        "name": bidder.name,
        "id_number": f"9113-{bidder.username}",
        "bank account": _bank_account(bidder),
    }


async def test_nothing_points_from_losers_numbers_to_persons_and_the_pack_verifies(
    office: OfficeWorld, owner: asyncpg.Connection
) -> None:
    loser, winner = await office.bidder("jiajia"), await office.bidder("yiyi")
    await sold(office, LOT, years_ago(11), loser, winner)
    secrets, kept = await facts_of(office, loser), await facts_of(office, winner)
    loser_key = loser.key_for(LOT).key_id
    salts = await owner.fetch(
        "SELECT o.salt FROM vault.openings o JOIN applications a ON a.application_id = o.subject "
        "WHERE a.account_id = $1",
        secrets["account"],
    )
    assert len(salts) >= 3, "an identity and the decisions about deposits"
    before = await dump(owner)
    assert all(secret in before for secret in secrets.values())

    [done] = await run(office)
    assert isinstance(done, Destroyed)
    assert (done.applications, done.openings, done.keys) == (1, len(salts), 1)
    assert (done.people, done.sessions) == (1, 0)
    assert (done.notices, done.refunds) == (2, 2)

    after = await dump(owner)
    gone = {*secrets.values(), *(row["salt"] for row in salts)}
    assert not {each for each in gone if each in after}
    beside_the_log = await dump(owner, without=("public.log_entries",))
    assert loser_key not in beside_the_log, "the roll names the key: nobody's it is"
    assert all(each in after for each in kept.values()), "the winner stays opened"
    opened = (await office.stranger().get(f"/lots/{LOT}/winner")).json()
    assert (opened["name"], opened["id_number"]) == (winner.name, kept["id_number"])
    assert opened["salt"]

    pack = await build_pack(office.engine, SITE, LOT, Signer(KEY))
    report = verify_pack(pack, KEY.verifying.to_text())
    assert report.exit_code == 0, report
    [record] = [r for r in await office.house("record_action") if r["action"] == "DESTROY_LOSERS"]
    assert record["subject"] == f"lot/{LOT}"


async def test_again_finds_nothing_and_says_nothing(office: OfficeWorld) -> None:
    loser, winner = await office.bidder("jiajia"), await office.bidder("yiyi")
    await sold(office, LOT, years_ago(11), loser, winner)
    assert len(await run(office)) == 1
    actions = await office.house("record_action")
    assert await run(office) == []
    assert await office.house("record_action") == actions


async def test_a_dry_run_says_what_would_go_and_takes_nothing(
    office: OfficeWorld, owner: asyncpg.Connection
) -> None:
    loser, winner = await office.bidder("jiajia"), await office.bidder("yiyi")
    await sold(office, LOT, years_ago(11), loser, winner)
    before = await dump(owner)
    said = await run(office, dry_run=True)
    assert await dump(owner) == before
    assert await run(office) == said


async def test_who_has_something_younger_or_won_something_keeps_account_and_identity(
    office: OfficeWorld, owner: asyncpg.Connection
) -> None:
    once, often, lucky = [await office.bidder(name) for name in ("jiajia", "yiyi", "bingbing")]
    await sold(office, LOT, years_ago(12), once, often, lucky)
    await sold(office, "lot-two", years_ago(11), lucky, often)
    await sold(office, "lot-three", years_ago(1), often)
    first, second = await run(office)
    assert isinstance(first, Destroyed)
    assert isinstance(second, Destroyed)
    assert (first.lot_id, first.applications, first.people) == (LOT, 2, 1)
    assert (second.lot_id, second.applications, second.people) == ("lot-two", 1, 0)
    assert code(await once.sign_in()) == "wrong_password"
    for bidder, lots in ((often, {"lot-two", "lot-three"}), (lucky, {LOT})):
        shown = (await bidder.get("/me/applications")).json()["items"]
        assert {item["lot"]["lot_id"] for item in shown} == lots, "no trace of the lots he lost"
    rows = await owner.fetch("SELECT account_id FROM applications WHERE account_id IS NOT NULL")
    assert len(rows) == 3
    beside_the_log = await dump(owner, without=("public.log_entries",))
    for bidder, lost, won in ((often, LOT, "lot-two"), (lucky, "lot-two", LOT)):
        assert bidder.key_for(lost).key_id not in beside_the_log, "the roll names it"
        assert bidder.key_for(won).key_id in beside_the_log


async def test_the_term_runs_from_the_seal_to_the_day(office: OfficeWorld) -> None:
    loser, winner = await office.bidder("jiajia"), await office.bidder("yiyi")
    await sold(office, LOT, years_ago(10) + 30 * DAY_MS, loser, winner)
    assert await run(office) == []
    assert len(await run(office, 9)) == 1, "a practice sale on a practice site"


async def test_less_than_ten_years_is_refused_on_a_real_site(office: OfficeWorld) -> None:
    real = office.settings.model_copy(update={"demo": False})
    for years in (9, 0, -1):
        with pytest.raises(Refused, match="10 years"):
            _ = [
                each
                async for each in retention.destroy_losers(office.engine, office.clock, real, years)
            ]


async def test_what_officials_list_after_it_still_lists(office: OfficeWorld) -> None:
    loser, winner = await office.bidder("jiajia"), await office.bidder("yiyi")
    await sold(office, LOT, years_ago(11), loser, winner)
    await run(office)
    shown = (await office["reviewer"].get("/office/applications")).json()["items"]
    assert [item["applicant"] for item in shown] == [winner.name]
    for who, path in (
        ("finance", "/office/deposits"),
        ("finance", "/office/refunds"),
        ("supervisor", "/supervision/lots"),
    ):
        listed = await office[who].get(path)
        assert listed.status_code == 200, listed.text
        assert loser.name not in listed.text


async def test_whom_a_screen_belonged_to_goes_with_the_rest(
    office: OfficeWorld, owner: asyncpg.Connection
) -> None:
    loser, winner = await office.bidder("jiajia"), await office.bidder("yiyi")
    await sold(office, LOT, years_ago(11), loser, winner)
    room = await office.parts.rooms.get(LOT)
    numbers = [row.bidder_no for row in await office.facts.roll(LOT)]
    # Without a number too: a bidder looks before he is admitted, or before he signs in.
    for number in (*numbers, None):
        watch(room, office, number)
    await office.views.write()
    [done] = await run(office)
    assert isinstance(done, Destroyed)
    assert done.sessions == 2
    rows = await owner.fetch("SELECT facts::text AS facts FROM views WHERE kind = 'opened'")
    facts = [json.loads(row["facts"]) for row in rows]
    assert sorted(fact.get("bidder_no", "") for fact in facts) == sorted((*numbers, ""))
    [left] = [fact for fact in facts if "192.0.2.7" in str(fact)]
    assert left["bidder_no"] == room.lot.winner_no


# ── the one narrow door ─────────────────────────────────────────────────────────────────────

DESTROY = "SELECT * FROM vault.destroy_losers($1, $2)"


async def as_vault(session: asyncpg.Connection, statement: str, *given: Any) -> Any:
    async with session.transaction():
        await session.execute("SET LOCAL ROLE luochui_vault")
        return await session.fetch(statement, *given)


async def test_the_database_itself_refuses_what_is_not_sealed_or_too_young(
    office: OfficeWorld, app_session: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    """Whoever has the service's own role cannot destroy the evidence of a young sale."""
    loser, winner = await office.bidder("jiajia"), await office.bidder("yiyi")
    office.clock.now = years_ago(1)
    await office.publish_lot("lot-open", times=_times(office.clock.now))
    with pytest.raises(asyncpg.RestrictViolationError, match="not sealed"):
        await as_vault(app_session, DESTROY, "lot-open", 10)
    await sold(office, LOT, years_ago(1), loser, winner)
    with pytest.raises(asyncpg.RestrictViolationError, match="not over"):
        await as_vault(app_session, DESTROY, LOT, 10)
    with pytest.raises(asyncpg.RestrictViolationError, match="ten years"):
        await as_vault(app_session, DESTROY, LOT, -1)
    await make_real(owner)
    with pytest.raises(asyncpg.RestrictViolationError, match="ten years"):
        await as_vault(app_session, DESTROY, LOT, 0)


async def make_real(owner: asyncpg.Connection) -> None:
    """The lot says in its entry 0 that its days are whole days."""
    await owner.execute("ALTER TABLE log_entries DISABLE TRIGGER append_only")
    await owner.execute(
        "UPDATE log_entries SET bytes = convert_to(jsonb_set(convert_from(bytes, 'UTF8')::jsonb, "
        "'{command,rules,day_ms}', '86400000')::text, 'UTF8') WHERE log = $1 AND seq = 0",
        f"lot/{LOT}",
    )
    await owner.execute("ALTER TABLE log_entries ENABLE ALWAYS TRIGGER append_only")


async def test_money_that_is_not_back_keeps_its_owner(
    office: OfficeWorld, owner: asyncpg.Connection
) -> None:
    loser, winner = await office.bidder("jiajia"), await office.bidder("yiyi")
    await sold(office, LOT, years_ago(11), loser, winner)
    await make_real(owner)
    [kept] = await run(office)
    assert kept == Kept(LOT, f"refunds of lot {LOT} are not paid")
    assert loser.name in await dump(owner)
    await owner.execute("UPDATE refunds SET state = 'PAID'")
    [done] = await run(office)
    assert isinstance(done, Destroyed)


@pytest.mark.parametrize("role", ["luochui_app", "luochui_vault"])
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM vault.openings",
        "DELETE FROM vault.identities",
        "UPDATE bank_notices SET payer_name = ''",
        "DELETE FROM application_keys",
        "DELETE FROM bidder_keys",
        "DELETE FROM accounts",
        "UPDATE views SET facts = NULL",
        "SET ROLE luochui_retention",
        "CREATE OR REPLACE FUNCTION vault.destroy_losers(the_lot text, term_years integer) "
        "RETURNS TABLE (x int) LANGUAGE sql AS 'SELECT 1'",
    ],
)
async def test_nobody_destroys_past_the_function(
    app_session: asyncpg.Connection, role: str, statement: str
) -> None:
    async with app_session.transaction():
        await app_session.execute(f"SET LOCAL ROLE {role}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with app_session.transaction():
                await app_session.execute(statement)


@pytest.mark.parametrize("table", ["bank_notices", "vault.openings", "views"])
async def test_even_the_owner_is_refused_by_the_triggers(
    owner: asyncpg.Connection, table: str
) -> None:
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):  # noqa: S608
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(statement)


async def test_the_services_own_role_does_not_even_call_it(
    app_session: asyncpg.Connection,
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app_session.fetch(DESTROY, LOT, 10)


def _times(at: int) -> Timetable:
    return Timetable(
        announced_at=at,
        registration_from=at,
        registration_to=at + 20_000,
        deposit_deadline=at + 20_000,
        listing_from=at + 6_000,
        listing_to=at + 27_000,
    )
