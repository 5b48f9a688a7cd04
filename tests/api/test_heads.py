"""The public heads of a lot: signed, cosigned, and consistent with every head before them."""

import base64
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.api.parts import Trust
from service.audit.notes import open_checkpoint
from service.audit.policy import cosigned, read_policy
from service.audit.tree import verify_consistency
from service.desk.anchors import Anchors
from service.desk.witnesses import Witnesses
from service.store.engine import open_engine
from service.store.ledger import read_heads
from service.store.log_tables import lot_log
from service.store.trees import Trees
from tests.desk.world import SETTINGS, OfficeWorld, code
from tests.live.world import KEY, SITE, Bidder, room_of
from tests.outsiders import Council
from tests.rules.sale import START, STEP

ORIGIN = f"{SITE}/lot/lot-one"


@pytest.fixture
async def engine(database: SimpleNamespace) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(database.app_url, SETTINGS)
    yield opened
    await opened.dispose()


@pytest.fixture
async def office(engine: AsyncEngine) -> AsyncIterator[OfficeWorld]:
    made = OfficeWorld(engine)
    await made.open()
    yield made
    await made.close()


async def bidding(office: OfficeWorld, bids: int) -> None:
    """A listing with this many decided bids, each under a head of its own."""
    await office.publish_lot()
    await office.start()
    await office.wind(7_000)
    bidder = Bidder("A2K7", "account-A2K7")
    room = await room_of(office.processes[0])
    for number in range(bids):
        bid = bidder.bid(ORIGIN, START + number * STEP, office.clock.now)
        await room.place_bid(bid)


async def checkpoint(office: OfficeWorld) -> str:
    shown = await office.stranger().get("/lots/lot-one/checkpoint")
    assert shown.status_code == 200, shown.text
    return shown.text


async def test_any_two_heads_of_a_lot_are_proved_consistent(office: OfficeWorld) -> None:
    await bidding(office, 40)
    newest = open_checkpoint(await checkpoint(office), KEY.verifying, ORIGIN)
    async with office.engine.connect() as connection:
        heads = await read_heads(connection, lot_log("lot-one"))
    roots = {head.size: head.root for head in heads}
    assert newest.size == max(roots) > 40
    pairs = [(old, new) for old in roots for new in roots if old <= new]
    for old, new in random.Random(50).sample(pairs, 60):
        path = f"/lots/lot-one/consistency?from={old}&to={new}"
        shown = await office.stranger().get(path)
        assert shown.status_code == 200, shown.text
        said = shown.json()
        assert (said["log"], said["from"], said["to"]) == (ORIGIN, old, new)
        head = open_checkpoint(said["checkpoint"], KEY.verifying, ORIGIN)
        proof = tuple(base64.b64decode(each, validate=True) for each in said["proof"])
        verify_consistency(old, roots[old], new, head.root, proof)
        assert head.root == roots[new]


async def test_without_to_the_newest_head_is_meant(office: OfficeWorld) -> None:
    await office.publish_lot()
    said = (await office.stranger().get("/lots/lot-one/consistency?from=0")).json()
    assert (said["from"], said["to"], said["proof"]) == (0, 1, [])


@pytest.mark.parametrize(
    ("asked", "status", "reason"),
    [
        ("from=3&to=2", 400, "FROM_ABOVE_TO"),
        ("from=1&to=99", 400, "BEYOND_THE_HEAD"),
        ("from=99", 400, "FROM_ABOVE_TO"),
        ("from=-1", 400, None),
        ("from=1_0", 400, None),
        ("from=9007199254740992", 400, None),
        ("to=1", 400, None),
        ("from=0&to=0", 400, None),
    ],
)
async def test_impossible_sizes_are_refused_by_name(
    office: OfficeWorld, asked: str, status: int, reason: str | None
) -> None:
    await office.publish_lot()
    refused = await office.stranger().get(f"/lots/lot-one/consistency?{asked}")
    assert (refused.status_code, code(refused)) == (status, "malformed")
    assert refused.json().get("reason") == reason


async def test_what_is_not_there_is_not_found(office: OfficeWorld) -> None:
    for door in ("checkpoint", "consistency?from=0"):
        assert code(await office.stranger().get(f"/lots/lot-nine/{door}")) == "not_found"
        assert code(await office.stranger().get(f"/lots/house/{door}")) == "not_found"


async def test_a_halted_log_shows_no_signed_head_and_health_says_so(office: OfficeWorld) -> None:
    await office.publish_lot()
    office.signer.halt(ORIGIN, "the sentence that says why")
    for door in ("checkpoint", "consistency?from=0"):
        refused = await office.stranger().get(f"/lots/lot-one/{door}")
        assert (code(refused), refused.json()["reason"]) == ("unavailable", "LOG_HALTED")
    well = await office.stranger().http.get("/health/ready")
    assert (well.status_code, well.json()["code"]) == (503, "unavailable")
    assert "the sentence that says why" in well.json()["detail"]
    assert [error["where"] for error in well.json()["errors"]] == ["log_halted"]
    await office.publish_lot("lot-two")
    assert (await office.stranger().get("/lots/lot-two/checkpoint")).status_code == 200
    office.signer.halt(f"{SITE}/house", "everything")
    refused = await office.stranger().get("/lots/lot-two/checkpoint")
    assert code(refused) == "unavailable"


async def test_the_regulator_sees_witnesses_and_what_they_owe(
    office: OfficeWorld, tmp_path: Path
) -> None:
    council = Council(tmp_path, KEY.verifying, clock_ms=office.clock.now_ms)
    await council.come("witness.example/w0", "witness.example/w1")
    policy, clock = read_policy(council.policy), office.clock
    quick = SETTINGS.model_copy(update={"outside_wait_ms": 1})
    keys = [KEY.verifying]
    witnesses = Witnesses(office.engine, clock, quick, office.signer, policy, Trees(10), keys)
    office.anchor(Anchors(policy=policy, witnesses=witnesses))
    await office.publish_lot()
    await witnesses.round()
    assert set(cosigned(await checkpoint(office), policy)) == {*council.names[:2]}

    shown = await office["supervisor"].get("/supervision/anchors?limit=1")
    assert shown.status_code == 200, shown.text
    [house] = shown.json()["items"]
    assert (house["log"], house["quorum_newest"]) == ("house", True)
    assert not {"size", "quorum_size"} & set(house), "it would count who was admitted"
    assert all(not {"size", "at"} & set(mark) for mark in house["witnesses"])
    assert [mark["newest"] for mark in house["witnesses"]] == [True, True, False]
    cursor = shown.json()["next_cursor"]
    shown = await office["supervisor"].get(f"/supervision/anchors?limit=1&cursor={cursor}")
    [lot] = shown.json()["items"]
    assert (lot["log"], lot["size"], lot["quorum_size"]) == ("lot/lot-one", 1, 1)
    assert [mark["size"] for mark in lot["witnesses"]] == [1, 1, 0]
    assert "no answer" in lot["witnesses"][2]["said"]
    assert lot["stamps_pending"] == []
    assert "halted" not in lot
    assert "next_cursor" not in shown.json()
    await witnesses.close()
    await council.go()


async def test_the_policy_and_the_authorities_are_published_as_they_are(
    office: OfficeWorld,
) -> None:
    """Absent they are told to be absent; present they are the bytes of the operator's files."""
    for path in ("/witness.policy", "/timestamp-authorities.pem"):
        assert code(await office.stranger().get(path)) == "not_found"
    policy, pem = b"quorum none\n", b"-----BEGIN CERTIFICATE-----\n"
    office.app.state.parts = replace(office.parts, trust=Trust(policy, (pem,)))
    assert (await office.stranger().get("/witness.policy")).content == policy
    assert (await office.stranger().get("/timestamp-authorities.pem")).content == pem
