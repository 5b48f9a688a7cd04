"""Moments of a sale get timestamps from a real authority; without one they wait and say so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from service.audit import timestamps as rfc3161
from service.audit.notes import Checkpoint
from service.audit.verifier import verify_pack
from service.desk import evidence
from service.desk.anchors import Anchors
from service.desk.stamps import MINUTE_MS, Stamps
from service.store import timestamps
from service.store.ledger import read_heads
from service.store.log_tables import lot_log
from tests.desk.test_witnesses import QUICK, TERMINATE
from tests.desk.world import OfficeWorld, code
from tests.live.world import KEY, SITE
from tests.outsiders import Office3161
from tests.rules.sale import START

LOT = lot_log("lot-one")
SUSPEND = {"action": "SUSPEND", "cause": "OTHER", "text": "核查。", "emergency": True}


@dataclass
class Stamped:
    office: OfficeWorld
    authority: Office3161
    stamps: Stamps

    async def round(self, ms: int = 10) -> None:
        self.office.clock.now += ms
        await self.stamps.round()

    async def tokens(self) -> dict[int, bytes]:
        async with self.office.engine.connect() as connection:
            return dict(await timestamps.tokens_of(connection, LOT))

    async def moments(self) -> dict[int, list[str]]:
        """size → names, of stamps wanted so far, pending and not."""
        async with self.office.engine.connect() as connection:
            rows = await connection.exec_driver_sql("SELECT size, moment FROM timestamps")
            return {row.size: row.moment.split() for row in rows}

    async def waiting(self) -> list[timestamps.Wanted]:
        async with self.office.engine.connect() as connection:
            return await timestamps.pending(connection, [LOT])


@pytest.fixture
async def stamped(office: OfficeWorld, tmp_path: Path) -> AsyncIterator[Stamped]:
    async with AsyncExitStack() as stack:
        made = Office3161(tmp_path / "tsa", office.clock.now_ms)
        authority = await stack.enter_async_context(made.open())
        trusted = (authority.certificates.read_bytes(),)
        stamps = Stamps(office.engine, office.clock, QUICK, authority.url, trusted)
        stack.push_async_callback(stamps.close)
        office.anchor(Anchors(stamps=stamps))
        yield Stamped(office, authority, stamps)


async def open_listing(office: OfficeWorld) -> None:
    await office.publish_lot()
    await office.start()
    await office.wind(7_000)
    assert await office.stage() == "LISTING"


async def test_every_moment_of_a_sale_has_a_stamp_that_verifies(stamped: Stamped) -> None:
    office = stamped.office
    await open_listing(office)
    asked = await office["publisher"].post("/office/lots/lot-one/requests", SUSPEND)
    assert asked.status_code == 201
    await stamped.round()
    await office.ask_and_approve(TERMINATE)
    await office.settle_lot()
    await stamped.round()
    assert (await office.ask_and_approve({"action": "SEAL"})).status_code == 200
    await stamped.round()
    named = [name for names in (await stamped.moments()).values() for name in names]
    assert sorted(named) == ["close", "opening", "seal", "suspension"]

    async with office.engine.connect() as connection:
        roots = {head.size: head.root for head in await read_heads(connection, LOT)}
    trusted = (stamped.authority.certificates.read_bytes(),)
    tokens = await stamped.tokens()
    assert len(tokens) == 4
    for size, token in tokens.items():
        text = Checkpoint(f"{SITE}/{LOT}", size, roots[size]).to_text()
        rfc3161.verify_stamp(token, text, trusted)
    assert set(stamped.authority.asked) == {"application/timestamp-query"}


async def test_a_stamped_pack_verifies_with_the_authority(stamped: Stamped) -> None:
    office = stamped.office
    await open_listing(office)
    await office.ask_and_approve(TERMINATE)
    await office.settle_lot()
    assert (await office.ask_and_approve({"action": "SEAL"})).status_code == 200
    await stamped.round()
    pack = await evidence.build_pack(office.engine, SITE, "lot-one", office.signer)
    trusted = (stamped.authority.certificates.read_bytes(),)
    report = verify_pack(pack, KEY.verifying.to_text(), None, trusted)
    by_number = {check.number: check for check in report.checks}
    assert by_number[15].status == "HELD", report


async def test_a_pending_stamp_waits_says_why_and_arrives(stamped: Stamped) -> None:
    office = stamped.office
    stamped.authority.is_up = False
    await open_listing(office)
    await stamped.round()
    await stamped.round()
    [waiting] = await stamped.waiting()
    assert (waiting.moment, waiting.tries, waiting.said) == ("opening", 2, "HTTP 503")
    assert await stamped.tokens() == {}

    await office.ask_and_approve(TERMINATE)
    await office.settle_lot()
    refused = await office.ask_and_approve({"action": "SEAL"})
    assert code(refused) == "wrong_state"
    assert refused.json()["reason"] == "CLOSE_STAMP_PENDING"
    assert refused.json()["figures"]["waited_ms"] >= 0

    stamped.authority.is_up = True
    await stamped.round()
    assert await stamped.waiting() == []
    assert (await office.ask_and_approve({"action": "SEAL"})).json()["outcome"] == "SEALED"


async def test_waits_grow_to_their_bound(stamped: Stamped) -> None:
    """A down authority is asked at 0, 1, 3, 5 and 7 ms: the wait doubles, and 2 ms is the most."""
    stamped.authority.is_up = False
    await open_listing(stamped.office)
    at = stamped.office.clock.now
    for _ in range(8):
        await stamped.round(1)
    assert len(stamped.authority.asked) == 5, at


async def test_running_bidding_is_stamped_every_ten_minutes_while_it_moves(
    stamped: Stamped,
) -> None:
    office = stamped.office
    await office.publish_lot()
    person = await office.admitted("jiajia")
    await office.start()
    await office.wind(7_000)
    await stamped.round()
    assert (await office.bid(person, START))["outcome"] == "accepted"
    await stamped.round()
    assert len(await stamped.tokens()) == 1
    office.clock.now += 10 * MINUTE_MS
    await stamped.round()
    assert ["interval"] in (await stamped.moments()).values()
    office.clock.now += 10 * MINUTE_MS
    before = len(await stamped.moments())
    await stamped.round()
    assert len(await stamped.moments()) == before, "nothing new, nothing to stamp"


async def test_a_stranger_s_token_is_not_believed(stamped: Stamped, tmp_path: Path) -> None:
    async with Office3161(tmp_path / "other", stamped.office.clock.now_ms).open() as other:
        trusted = (stamped.authority.certificates.read_bytes(),)
        office = stamped.office
        stamps = Stamps(office.engine, office.clock, QUICK, other.url, trusted)
        await open_listing(office)
        await stamps.round()
        await stamps.close()
    [waiting] = await stamped.waiting()
    assert waiting.said
    assert await stamped.tokens() == {}


async def test_an_authority_whose_clock_is_behind_is_not_believed(
    office: OfficeWorld, tmp_path: Path
) -> None:
    """Its token, an hour older than the entries under it, would convict an honest log."""
    late = Office3161(tmp_path / "tsa", lambda: office.clock.now - 3_600_000)
    async with late.open() as authority:
        trusted = (authority.certificates.read_bytes(),)
        stamps = Stamps(office.engine, office.clock, QUICK, authority.url, trusted)
        made = Stamped(office, authority, stamps)
        await open_listing(office)
        await made.round()
        [waiting] = await made.waiting()
        assert "behind" in (waiting.said or "")
        await stamps.close()


async def test_two_processes_stamp_each_head_once(stamped: Stamped) -> None:
    office = stamped.office
    await open_listing(office)
    await stamped.stamps.look(LOT)
    trusted = (stamped.authority.certificates.read_bytes(),)
    other = Stamps(office.engine, office.clock, QUICK, stamped.authority.url, trusted)
    await asyncio.gather(stamped.round(), other.round())
    assert len(await stamped.tokens()) == 1
    assert len(stamped.authority.asked) == 1
    await other.close()


async def test_a_token_and_a_cosignature_stand(
    stamped: Stamped, owner: asyncpg.Connection, app_session: asyncpg.Connection
) -> None:
    await open_listing(stamped.office)
    await stamped.round()
    await app_session.execute(
        "INSERT INTO cosignatures (log, size, witness, line, at) VALUES ('x', 1, 'w', 'l', 1)"
    )
    for session in (owner, app_session):
        for change in (
            "UPDATE timestamps SET token = NULL, stamped_at = NULL",
            "DELETE FROM timestamps",
            "UPDATE cosignatures SET line = 'other'",
            "DELETE FROM cosignatures",
        ):
            with pytest.raises(
                (asyncpg.RestrictViolationError, asyncpg.InsufficientPrivilegeError)
            ):
                await session.execute(change)
