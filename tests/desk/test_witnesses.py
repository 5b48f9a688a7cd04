"""Heads go to real witnesses; a seal waits for them, bidding does not; a fork stops the signing."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from schemas.problem import ProblemCode
from service.audit import notes
from service.audit.notes import Checkpoint
from service.audit.policy import Policy, Witness, cosigned, read_policy
from service.audit.tree import Tree
from service.audit.verifier import verify_pack
from service.desk import evidence, settlement
from service.desk.anchors import Anchors
from service.desk.refused import Refused
from service.desk.witnesses import Witnesses
from service.store import cosignatures
from service.store.ledger import read_head, read_log
from service.store.log_tables import HOUSE, lot_log
from service.store.signer import Signer
from service.store.trees import Trees
from tests.desk.world import SETTINGS, OfficeWorld, code
from tests.live.world import KEY, SITE
from tests.outsiders import Council, served
from tests.rules.sale import START

LOT = lot_log("lot-one")
ORIGIN = f"{SITE}/{LOT}"
TERMINATE = {"action": "TERMINATE", "cause": "COURT_ORDER", "text": "法院裁定。"}
QUICK = SETTINGS.model_copy(update={"outside_wait_ms": 1, "outside_wait_most_ms": 2})


@dataclass
class Watched:
    """An office whose logs are witnessed."""

    office: OfficeWorld
    council: Council
    witnesses: Witnesses

    async def line_count(self, log: str = LOT) -> int:
        """How many cosignatures the log's present head has."""
        async with self.office.engine.connect() as connection:
            head = await read_head(connection, log)
            assert head is not None
            return len(await cosignatures.cosigners(connection, log, head.size))

    async def round(self) -> None:
        self.office.clock.now += 10
        await self.witnesses.round()

    async def ended(self) -> None:
        """A lot that was terminated before anybody bid; its roll is open."""
        await self.office.publish_lot()
        done = await self.office.ask_and_approve(TERMINATE)
        assert done.status_code == 200, done.text
        await self.office.settle_lot()

    def another(self, engine: AsyncEngine, signer: Signer | None = None) -> Witnesses:
        """The witnesses as another process, or another database, would ask them."""
        policy = read_policy(self.council.policy)
        signer = signer or Signer(KEY)
        keys = [KEY.verifying]
        clock = self.office.clock
        return Witnesses(engine, clock, QUICK, signer, policy, Trees(1000), keys)


@pytest.fixture
async def watched(office: OfficeWorld, tmp_path: Path) -> AsyncIterator[Watched]:
    council = Council(tmp_path, KEY.verifying, clock_ms=office.clock.now_ms)
    await council.come()
    made = Watched(office, council, None)  # type: ignore[arg-type]  # one line further
    made.witnesses = made.another(office.engine, office.signer)
    policy = made.witnesses.policy
    office.anchor(Anchors(policy=policy, witnesses=made.witnesses))
    yield made
    await made.witnesses.close()
    await council.go()


# ── bringing heads ──────────────────────────────────────────────────────────────────────────


async def test_a_round_brings_every_log_to_every_witness(watched: Watched) -> None:
    await watched.office.publish_lot()
    await watched.round()
    assert [await watched.line_count(log) for log in (LOT, HOUSE)] == [3, 3]
    async with watched.office.engine.connect() as connection:
        head = await read_head(connection, LOT)
        assert head is not None
        lines = (await cosignatures.lines_of(connection, LOT))[head.size]
    note = notes.sign_checkpoint(KEY, Checkpoint(ORIGIN, head.size, head.root))
    assert set(cosigned(note + "".join(lines), watched.witnesses.policy)) == {
        *watched.council.names
    }


async def test_the_open_counters_do_not_move_with_the_house_log(watched: Watched) -> None:
    """/metrics has no password, and the house log has an entry for each admission and deposit."""
    name = watched.council.names[0]

    async def counted() -> float:
        shown = (await watched.office.stranger().http.get("/metrics")).text
        lines = [line for line in shown.splitlines() if "answers_total{" in line and name in line]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    await watched.office.publish_lot()
    await watched.round()
    before = await counted()
    await watched.office.admitted("jiajia")
    await watched.round()
    assert await watched.line_count(HOUSE) == 3
    assert await counted() == before


async def test_a_log_grows_between_rounds_and_the_proof_holds(watched: Watched) -> None:
    """Suspensions and resumptions are entries: each round proves from what the witness holds."""
    await watched.office.publish_lot()
    for _ in range(4):
        await watched.round()
        suspend = {"action": "SUSPEND", "cause": "OTHER", "text": "核查。"}
        assert (await watched.office.ask_and_approve(suspend)).status_code == 200
        await watched.round()
        assert await watched.line_count() == 3
        assert (await watched.office.ask_and_approve({"action": "RESUME"})).status_code in (
            200,
            409,
        )


async def test_nothing_is_asked_twice_for_the_same_head(watched: Watched) -> None:
    await watched.office.publish_lot()
    await watched.round()
    await watched.council.go()
    await watched.round()
    async with watched.office.engine.connect() as connection:
        marks = await cosignatures.marks_of(connection, [LOT])
    assert [mark.said for mark in marks] == [None, None, None]


async def test_a_witness_whose_size_we_do_not_know_tells_it(watched: Watched) -> None:
    """Our note of what it holds is lost, as after a move of the database: 409 names the size."""
    await watched.office.publish_lot()
    await watched.round()
    another = watched.another(watched.office.engine)
    async with watched.office.engine.begin() as connection:
        await connection.execute(text("UPDATE witness_marks SET size = 0"))
    suspend = {"action": "SUSPEND", "cause": "OTHER", "text": "核查。"}
    assert (await watched.office.ask_and_approve(suspend)).status_code == 200
    await another.round()
    assert await watched.line_count() == 3
    await another.close()


async def test_two_processes_bring_heads_at_once_and_nothing_breaks(watched: Watched) -> None:
    other = watched.another(watched.office.engine)
    await watched.office.publish_lot()
    for number in range(5):
        draft = f"lot-more-{number}"
        await watched.office.publish_lot(draft)
        await asyncio.gather(watched.witnesses.round(), other.round())
    watched.office.clock.now += 100
    await asyncio.gather(watched.witnesses.round(), other.round())
    for log in (HOUSE, LOT, *(lot_log(f"lot-more-{number}") for number in range(5))):
        assert await watched.line_count(log) == 3, log
    assert watched.office.signer.all_halted() == {}
    await other.close()


async def test_a_witness_behind_in_time_is_not_kept(office: OfficeWorld, tmp_path: Path) -> None:
    """Its cosignature, an hour older than the entry under it, would convict an honest log."""
    council = Council(tmp_path, KEY.verifying, 1, 1, lambda: office.clock.now - 3_600_000)
    await council.come()
    made = Watched(office, council, None)  # type: ignore[arg-type]  # one line further
    made.witnesses = made.another(office.engine, office.signer)
    await office.publish_lot()
    await made.round()
    assert await made.line_count() == 0
    async with office.engine.connect() as connection:
        [mark] = await cosignatures.marks_of(connection, [LOT])
    assert mark.said is not None
    assert "behind" in mark.said
    await made.witnesses.close()
    await council.go()


# ── without witnesses ───────────────────────────────────────────────────────────────────────


async def test_bidding_goes_on_while_every_witness_is_down(watched: Watched) -> None:
    office = watched.office
    await watched.council.go()
    await office.publish_lot()
    person = await office.admitted("jiajia")
    await office.start()
    await office.wind(7_000)
    await watched.round()
    receipt = await office.bid(person, START)
    assert receipt["outcome"] == "accepted"
    async with office.engine.connect() as connection:
        marks = await cosignatures.marks_of(connection, [HOUSE])
    assert len(marks) == 3
    assert all(mark.said for mark in marks)


async def test_a_seal_waits_for_the_quorum_and_says_so(watched: Watched) -> None:
    await watched.ended()
    await watched.council.go("witness.example/w0", "witness.example/w1")
    refused = await watched.office.ask_and_approve({"action": "SEAL"})
    assert code(refused) == "wrong_state"
    said = refused.json()
    assert said["reason"] == "WITNESS_QUORUM_MISSING"
    assert said["figures"] == {"size": 3, "cosigned": 1, "witnesses": 3}
    assert "witness.example/w0" in said["detail"]
    assert not (await watched.office.verify()).sealed

    await watched.council.come("witness.example/w0")
    [waiting] = (await watched.office["approver"].get("/office/requests?state=PENDING")).json()[
        "items"
    ]
    path = f"/office/requests/{waiting['request_id']}/approve"
    done = await watched.office["approver"].post(path)
    assert done.json()["outcome"] == "SEALED", done.text
    assert (await watched.office.verify()).sealed
    assert len(await watched.office.house("lot_sealed")) == 1


async def test_the_final_head_is_recorded_only_with_its_quorum(watched: Watched) -> None:
    """The witnesses go away between the seal and its last head: the house log waits for them."""
    await watched.ended()
    await watched.round()
    office, gone = watched.office, asyncio.Event()
    submit = office.desk.submit

    async def seal_then_lose_witnesses(lot_id: str, command: object) -> object:
        done = await submit(lot_id, command)  # type: ignore[arg-type]  # handed through
        await watched.council.go()
        gone.set()
        return done

    office.parts = replace(office.parts, submit=seal_then_lose_witnesses)  # type: ignore[arg-type]
    office.anchor(office.parts.anchors)
    sealed = await office.ask_and_approve({"action": "SEAL"})
    assert sealed.json()["outcome"] == "SEALED", sealed.text
    assert gone.is_set()
    await settlement.tidy(office.desk)
    assert await office.house("lot_sealed") == []

    await watched.council.come()
    await watched.round()
    await settlement.tidy(office.desk)
    assert len(await office.house("lot_sealed")) == 1


# ── a fork ──────────────────────────────────────────────────────────────────────────────────


async def grown(watched: Watched, count: int, entry: bytes = b"what was lost") -> None:
    """The witnesses see the lot grow by entries that this database does not have."""
    async with watched.office.engine.connect() as connection:
        rows = await read_log(connection, LOT)
    tree = Tree(row.leaf for row in rows)
    old = tree.size
    for number in range(count):
        tree.append(sha256(entry + bytes([number])).digest())
    note = notes.sign_checkpoint(KEY, Checkpoint(ORIGIN, tree.size, tree.root()))
    for line in watched.witnesses.lines.values():
        answer = await line.add_checkpoint(note, old, tree.consistency_proof(old))
        assert not hasattr(answer, "said"), answer


async def test_a_service_behind_a_witnessed_head_signs_no_more(watched: Watched) -> None:
    """Fault 50: a restored backup, found out while it runs, decides and signs nothing."""
    office = watched.office
    await office.publish_lot()
    person = await office.admitted("jiajia")
    await office.start()
    await office.wind(7_000)
    assert (await office.bid(person, START))["outcome"] == "accepted"
    await watched.round()
    await grown(watched, 2)
    before = len(await office.entries())
    suspend = {"action": "SUSPEND", "cause": "OTHER", "text": "核查。", "emergency": True}
    office.clock.now += 20
    # Something of the lot must move, or there would be nothing to bring to a witness.
    assert (await office.bid(person, 2 * START))["outcome"] in ("accepted", "refused")
    await watched.round()
    why = office.signer.halted(ORIGIN)
    assert why is not None
    assert "older backup or another history" in why

    asked = await office["publisher"].get("/site")
    assert asked.status_code == 200
    problem = await _bid_problem(office, person, 3 * START)
    assert (problem["code"], problem["detail"]) == ("unavailable", why)
    assert len(await office.entries()) == before + 1
    with pytest.raises(Refused, match=r"older backup") as refused:
        await evidence.build_pack(office.engine, SITE, "lot-one", office.signer)
    assert refused.value.code is ProblemCode.UNAVAILABLE
    asked = await office["publisher"].post("/office/lots/lot-one/requests", suspend)
    assert asked.status_code == 201, asked.text
    assert (await office.stranger().get("/lots/lot-one")).json()["state"]["control"] == "SUSPENDED"


async def _bid_problem(office: OfficeWorld, person: object, amount: int) -> dict[str, str]:
    """What a bid is answered with that is not decided."""
    with pytest.raises(AssertionError) as failed:
        await office.bid(person, amount)  # type: ignore[arg-type]  # the helper expects 200
    said = str(failed.value)
    return dict(json.JSONDecoder().raw_decode(said[said.index("{") :])[0])


async def test_another_history_of_the_same_size_halts_too(watched: Watched) -> None:
    """The witnesses hold another entry at a place that our database has too."""
    office = watched.office
    await office.publish_lot()
    await watched.round()
    await grown(watched, 1)
    suspend = {"action": "SUSPEND", "cause": "OTHER", "text": "核查。"}
    assert (await office.ask_and_approve(suspend)).status_code == 200
    await watched.round()
    why = office.signer.halted(ORIGIN)
    assert why is not None
    assert "another history" in why


@pytest.mark.parametrize("body", ["{size}\n", "Another root is held.\n"])
async def test_a_fork_is_found_also_where_a_witness_calls_it_409(
    watched: Watched, body: str
) -> None:
    """Witnesses by the earlier text of tlog-witness answer another root of one size with 409."""
    office = watched.office
    await office.publish_lot()
    await watched.round()
    await grown(watched, 1)
    suspend = {"action": "SUSPEND", "cause": "OTHER", "text": "核查。"}
    assert (await office.ask_and_approve(suspend)).status_code == 200
    true = read_policy(watched.council.policy).witnesses[0]

    async def older(request: Request) -> PlainTextResponse:
        async with httpx2.AsyncClient(base_url=str(true.url), trust_env=False) as http:
            content = await request.body()
            said = await http.request(request.method, request.url.path, content=content)
        if said.status_code != 422:
            return PlainTextResponse(said.text, said.status_code)
        size = content.decode().partition("\n")[0].removeprefix("old ")
        return PlainTextResponse(body.format(size=size), status_code=409)

    app = Starlette(routes=[Route("/{rest:path}", older, methods=["GET", "POST"])])
    async with served(app) as url:
        policy = Policy((), (replace(true, url=url),), (), true.name)
        keys = [KEY.verifying]
        witnesses = Witnesses(
            office.engine, office.clock, QUICK, office.signer, policy, Trees(1000), keys
        )
        office.clock.now += 10
        await witnesses.round()
        await witnesses.close()
    why = office.signer.halted(ORIGIN)
    assert why is not None
    assert "another history" in why


async def test_a_witness_that_only_claims_a_size_halts_nobody(
    office: OfficeWorld, tmp_path: Path
) -> None:
    """A number proves nothing: only a head that we signed does."""

    async def claims(request: Request) -> PlainTextResponse:
        if request.method == "POST":
            return PlainTextResponse("4711\n", status_code=409, media_type="text/x.tlog.size")
        return PlainTextResponse("", status_code=404)

    council = Council(tmp_path, KEY.verifying, 1, 1)
    [honest] = read_policy(council.policy).witnesses
    app = Starlette(routes=[Route("/{rest:path}", claims, methods=["GET", "POST"])])
    async with served(app) as url:
        liar = Policy((), (Witness("liar", honest.key, url),), (), "liar")
        keys = [KEY.verifying]
        witnesses = Witnesses(
            office.engine, office.clock, QUICK, office.signer, liar, Trees(1000), keys
        )
        await office.publish_lot()
        await witnesses.round()
        await witnesses.close()
    assert office.signer.all_halted() == {}
    async with office.engine.connect() as connection:
        [mark, _] = await cosignatures.marks_of(connection, [LOT, HOUSE])
    assert "4711" in (mark.said or "")


# ── packs ───────────────────────────────────────────────────────────────────────────────────


async def test_a_witnessed_pack_verifies_with_its_policy(watched: Watched) -> None:
    await watched.ended()
    await watched.round()
    assert (await watched.office.ask_and_approve({"action": "SEAL"})).status_code == 200
    await watched.round()
    policy = watched.witnesses.policy
    engine, signer = watched.office.engine, watched.office.signer
    pack = await evidence.build_pack(engine, SITE, "lot-one", signer, policy)
    report = verify_pack(pack, KEY.verifying.to_text(), watched.council.policy)
    by_number = {check.number: check for check in report.checks}
    assert by_number[14].status == "HELD", report
    contents = await evidence.gather(engine, SITE, "lot-one", policy)
    assert any(b"lot_sealed" in record.entry for record in contents.house)


async def test_what_the_quorum_has_not_seen_is_left_for_a_later_pack(watched: Watched) -> None:
    await watched.ended()
    await watched.round()
    assert (await watched.office.ask_and_approve({"action": "SEAL"})).status_code == 200
    policy = watched.witnesses.policy
    contents = await evidence.gather(watched.office.engine, SITE, "lot-one", policy)
    assert not any(b"lot_sealed" in record.entry for record in contents.house)
    assert len(contents.house_cosignatures) == 3
    await watched.round()
    contents = await evidence.gather(watched.office.engine, SITE, "lot-one", policy)
    assert any(b"lot_sealed" in record.entry for record in contents.house)
