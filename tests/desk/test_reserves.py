"""The reserve: sealed by two officials, opened by the same two in CLOSING, and by nobody before."""

import json
import logging
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from service.audit import envelopes
from service.desk import settlement
from service.rules import messages as m
from service.rules.terms import ReserveKind
from tests.desk.world import PASSWORD, OfficeWorld, code, draft, sealed_draft
from tests.live.world import SITE
from tests.rules.sale import START, STEP

ORIGIN = f"{SITE}/lot/lot-one"
PATH = "/office/drafts/lot-one"
SECRET_FEN = 73_519_280_461
"""A reserve whose digits stand nowhere else."""


async def until_closing(office: OfficeWorld, amount_fen: int | None = START) -> None:
    """A sale with one quote, whose bidding is over."""
    await office.publish_sealed(amount_fen)
    bidder = await office.admitted("jiajia")
    await office.start()
    await office.wind(7_000)
    await office.bid(bidder, START)
    await office.wind(60_000)
    assert await office.stage() == "CLOSING"


async def wait(office: OfficeWorld, who: str, path: str = "/office/lots") -> dict[str, Any]:
    [row] = (await office[who].get(path)).json()["items"]
    return dict(row.get("reserve_wait", {}))


async def halves_kept(owner: asyncpg.Connection) -> list[int]:
    rows = await owner.fetch("SELECT place FROM vault.reserve_halves ORDER BY place")
    return [row["place"] for row in rows]


async def actions(office: OfficeWorld) -> list[tuple[str, str, str | None]]:
    """(action, who, second person) of the house log's records about reserves."""
    found = await office.house("record_action")
    return [
        (each["action"], _role(each["requester"]), _role(each.get("approver")))
        for each in found
        if "RESERVE" in each["action"]
    ]


def _role(pseudonym: str | None) -> Any:
    return pseudonym and pseudonym.partition("-")[0]


# ── opening ─────────────────────────────────────────────────────────────────────────────────


async def test_two_halves_open_the_reserve_and_the_hammer_falls(office: OfficeWorld) -> None:
    await until_closing(office)
    before = await wait(office, "publisher")
    assert (before["given"], before["yours"]) == (0, "WAITED_FOR")
    assert [_role(holder) for holder in before["holders"]] == ["publisher", "supervisor"]

    first = await office.give_half("publisher", 1)
    assert (first.json()["given"], first.json()["yours"]) == (1, "GIVEN")
    await office.wind(30_000)
    assert await office.stage() == "CLOSING", "one half opens nothing"
    assert (await wait(office, "supervisor"))["yours"] == "WAITED_FOR"

    assert (await office.give_half("supervisor", 2)).json()["given"] == 2
    await office.settle()
    assert await office.stage() == "SOLD", "the waker was nudged: no poll was waited for"
    opened = next(e for e in await office.entries() if e.command.type == "open_reserve")
    assert (opened.command.has_reserve, opened.command.amount_fen) == (True, START)
    assert await wait(office, "publisher") == {}
    await office.verify()
    assert await actions(office) == [
        ("SEAL_RESERVE", "publisher", "supervisor"),
        ("OPEN_RESERVE_HALF", "publisher", None),
        ("OPEN_RESERVE_HALF", "supervisor", None),
    ]


async def test_that_there_is_no_reserve_stays_sealed_until_the_halves_are_in(
    office: OfficeWorld,
) -> None:
    await until_closing(office, None)
    assert (await wait(office, "publisher"))["given"] == 0
    for who, place in (("supervisor", 2), ("publisher", 1)):
        assert (await office.give_half(who, place)).status_code == 200
    await office.settle()
    assert await office.stage() == "SOLD"


async def test_nobody_waits_for_halves_where_the_rules_have_no_reserve(
    office: OfficeWorld,
) -> None:
    await office.publish_lot()
    bidder = await office.admitted("jiajia")
    await office.start()
    await office.wind(7_000)
    await office.bid(bidder, START)
    await office.wind(60_000)
    assert await office.stage() == "SOLD"


async def test_a_half_before_the_end_of_bidding_is_refused_and_stored_nowhere(
    office: OfficeWorld, owner: asyncpg.Connection
) -> None:
    await office.publish_sealed(START)
    await office.admitted("jiajia")
    await office.start()
    for stage, ms in (("ANNOUNCED", 0), ("LISTING", 7_000), ("TIMED", 21_000)):
        await office.wind(ms)
        assert await office.stage() == stage
        for who, place in (("publisher", 1), ("supervisor", 2)):
            refused = await office.give_half(who, place)
            assert (code(refused), refused.json()["reason"]) == ("wrong_state", "NOT_CLOSING")
    assert await halves_kept(owner) == []
    assert [action for action, *_ in await actions(office)] == ["SEAL_RESERVE"]


async def test_only_a_holder_gives_a_half_and_only_his_own(
    office: OfficeWorld, owner: asyncpg.Connection
) -> None:
    await until_closing(office)
    stranger = await office.give_half("approver", 1)
    assert (code(stranger), stranger.json()["reason"]) == ("not_allowed", "NOT_A_HOLDER")
    for who, place in (("publisher", 2), ("supervisor", 1)):
        other = await office.give_half(who, place)
        assert (code(other), other.json()["reason"]) == ("malformed", "WRONG_HALF")
        assert office.halves["lot-one"][place - 1].hex() not in other.text
    assert await halves_kept(owner) == []


async def test_the_same_half_again_is_answered_alike_and_told_once(office: OfficeWorld) -> None:
    await until_closing(office)
    answers = [(await office.give_half("publisher", 1)).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(await actions(office)) == 2
    await office.give_half("supervisor", 2)
    await office.settle()
    late = await office.give_half("supervisor", 2)
    assert (code(late), late.json()["reason"]) == ("wrong_state", "RESERVE_ALREADY_OPENED")


async def test_no_half_is_taken_while_the_sale_is_suspended(
    office: OfficeWorld, owner: asyncpg.Connection
) -> None:
    """Resumed from CLOSING it takes bids again: then the database must not hold the reserve."""
    await until_closing(office)
    stop = {"action": "SUSPEND", "cause": "COURT_ORDER", "text": "法院来函", "emergency": True}
    await office["publisher"].post("/office/lots/lot-one/requests", stop)
    refused = await office.give_half("publisher", 1)
    assert (code(refused), refused.json()["reason"]) == ("wrong_state", "SUSPENDED")
    assert await halves_kept(owner) == []


async def test_a_half_given_before_a_suspension_is_forgotten(
    office: OfficeWorld, owner: asyncpg.Connection
) -> None:
    """Resumed, the lot takes bids again: one half and the database would be the reserve."""
    await until_closing(office)
    await office.give_half("publisher", 1)
    await settlement.tidy(office.desk)
    assert len(await halves_kept(owner)) == 1, "in CLOSING it waits for the other"
    stop = {"action": "SUSPEND", "cause": "COURT_ORDER", "text": "法院来函", "emergency": True}
    await office["publisher"].post("/office/lots/lot-one/requests", stop)
    await settlement.tidy(office.desk)
    assert await halves_kept(owner) == []


async def test_the_waker_waits_for_the_halves_quietly(
    office: OfficeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await until_closing(office)
    asked = []
    real = type(office.facts).reserve

    async def counted(facts: Any, lot_id: str) -> m.OpenReserve | None:
        asked.append(lot_id)
        return await real(facts, lot_id)

    monkeypatch.setattr(type(office.facts), "reserve", counted)
    polls = 20
    with capture_logs() as said:
        await office.wind(polls * office.settings.poll_ms)
    assert 1 <= len(asked) <= polls + 1, "asked once a poll"
    assert said == []


async def test_after_the_window_the_console_warns_and_nothing_fails(office: OfficeWorld) -> None:
    await until_closing(office)
    rules = (await office.stranger().get("/lots/lot-one")).json()["rules"]
    window_ms = rules["reserve_window_min"] * rules["minute_ms"]
    closes_at = (await office.stranger().get("/lots/lot-one")).json()["state"]["closes_at"]
    shown = await wait(office, "finance")
    assert shown["due_at"] == closes_at + window_ms
    assert "yours" not in shown
    assert shown["late"] is (office.clock.now > shown["due_at"])
    await office.wind(window_ms + 1)
    assert (await wait(office, "finance"))["late"] is True
    assert await office.stage() == "CLOSING"


async def test_an_envelope_that_does_not_open_is_named_to_all_and_the_sale_can_be_ended(
    office: OfficeWorld,
) -> None:
    """The commitment in entry 0 is of another amount than the envelope holds."""
    await office["publisher"].post("/office/lots", sealed_draft())
    body = office.envelope(START)
    other, _ = envelopes.seal(ORIGIN, START + STEP)
    assert (await office.seal({**body, "commitment": other.commitment})).status_code == 200
    await office.release()
    await office.start()
    await office.wind(120_000)
    assert await office.stage() == "CLOSING"
    await office.give_half("publisher", 1)
    told = await office.give_half("supervisor", 2)
    assert told.json()["broken"] == "RESERVE_WRONG_OPENING"
    with capture_logs() as said:
        await office.wind(5_000)
    assert said == []
    assert await office.stage() == "CLOSING", "nothing is sold on a reserve that nobody sealed"
    for who, path in (
        ("publisher", "/office/lots"),
        ("supervisor", "/office/lots"),
        ("supervisor", "/supervision/lots"),
    ):
        assert (await wait(office, who, path))["broken"] == "RESERVE_WRONG_OPENING"
    assert ("RESERVE_WRONG_OPENING", "supervisor", None) in await actions(office)
    end = {"action": "TERMINATE", "cause": "OTHER", "text": "底价无法开启"}
    assert (await office.ask_and_approve(end)).json()["outcome"] == "DONE"
    assert await office.stage() == "FAILED"


async def test_a_lot_released_with_a_plain_reserve_still_closes(
    office: OfficeWorld, owner: asyncpg.Connection
) -> None:
    await until_closing(office)
    row = await owner.fetchrow("SELECT * FROM vault.sealed_reserves")
    opened = envelopes.open_envelope(_envelope(row), office.halves["lot-one"], ORIGIN)
    await owner.execute("DELETE FROM vault.sealed_reserves")
    await owner.execute(
        "INSERT INTO vault.reserves VALUES ('lot-one', true, $1, $2)", START, opened.salt
    )
    await office.wind(2_000)
    assert await office.stage() == "SOLD"


# ── sealing ─────────────────────────────────────────────────────────────────────────────────


async def drafted(office: OfficeWorld, **changes: Any) -> None:
    created = await office["publisher"].post("/office/lots", sealed_draft(**changes))
    assert created.status_code == 201, created.text


async def test_sealing_again_replaces_what_was_sealed(
    office: OfficeWorld, owner: asyncpg.Connection
) -> None:
    await drafted(office)
    first = (await office.seal(office.envelope(START))).json()
    assert first["version"] == 2
    stale = await office.seal(office.envelope(START), version=1)
    assert code(stale) == "version_changed"
    await office["publisher"].post(f"{PATH}/submit")
    second = await office.seal(office.envelope(START + STEP), version=3)
    assert second.json()["state"] == "DRAFT", "who reads it for release reads it anew"
    assert second.json()["reserve"]["commitment"] != first["reserve"]["commitment"]
    assert len(await owner.fetch("SELECT 1 FROM vault.sealed_reserves")) == 1
    await office.release()
    released = await office.seal(office.envelope(START), version=6)
    assert (code(released), released.json()["reason"]) == ("wrong_state", "RELEASED")
    [entry] = await office.entries()
    assert entry.command.reserve_commitment == second.json()["reserve"]["commitment"]


async def test_an_edit_of_the_draft_keeps_its_seal(office: OfficeWorld) -> None:
    await drafted(office)
    sealed = (await office.seal(office.envelope(START))).json()["reserve"]
    edited = await office["publisher"].put(PATH, sealed_draft(), if_match='"2"')
    assert edited.json()["reserve"] == sealed
    [listed] = (await office["approver"].get("/office/drafts")).json()["items"]
    assert listed["reserve"] == sealed


async def test_who_sealed_does_not_release(office: OfficeWorld) -> None:
    both = await office.official("both", "publisher", "approver")
    await drafted(office)
    sealed = await both.put(f"{PATH}/reserve", office.envelope(START), if_match='"1"')
    assert sealed.status_code == 200, sealed.text
    await office["publisher"].post(f"{PATH}/submit", if_match='"2"')
    assert code(await both.post(f"{PATH}/release", if_match='"3"')) == "four_eyes"


async def test_the_second_official_is_another_person_of_the_right_role(
    office: OfficeWorld,
) -> None:
    await drafted(office)
    own = await office.seal(office.envelope(START, second="publisher"))
    assert code(own) == "four_eyes"
    reviewer = await office.seal(office.envelope(START, second="reviewer"))
    assert (code(reviewer), reviewer.json()["reason"]) == ("not_allowed", "SECOND_OFFICIAL")
    approver = await office.seal(office.envelope(START, second="approver"))
    holders = approver.json()["reserve"]["holders"]
    assert [_role(holder) for holder in holders] == ["publisher", "approver"]


async def test_the_second_official_gets_no_session(
    office: OfficeWorld, owner: asyncpg.Connection
) -> None:
    await drafted(office)
    before = await owner.fetchval("SELECT count(*) FROM sessions")
    sealed = await office.seal(office.envelope(START))
    assert "set-cookie" not in sealed.headers
    assert await owner.fetchval("SELECT count(*) FROM sessions") == before


async def test_the_second_officials_password_cannot_be_tried_for_long(
    office: OfficeWorld,
) -> None:
    await drafted(office)
    body = office.envelope(START)
    wrong = {**body, "second": {"username": "supervisor", "password": "not this one"}}
    for _ in range(office.settings.sign_in_tries):
        assert code(await office.seal(wrong)) == "wrong_password"
    assert code(await office.seal(wrong)) == "locked_out"
    assert code(await office.seal(body)) == "locked_out", "the right one too, for a while"
    who = {"username": "supervisor", "password": PASSWORD}
    signing_in = await office.stranger().post("/session", who)
    assert code(signing_in) == "locked_out", "one count for both doors"


async def test_no_reserve_is_sealed_where_the_rules_have_none(office: OfficeWorld) -> None:
    await office["publisher"].post("/office/lots", draft())
    refused = await office.seal(office.envelope(START))
    assert (code(refused), refused.json()["reason"]) == ("wrong_state", "RESERVE_NOT_ALLOWED")


async def test_a_seal_does_not_outlive_rules_that_have_no_reserve(office: OfficeWorld) -> None:
    """Edited to NONE after the sealing: the release commits to no reserve, and needs no halves."""
    await drafted(office)
    await office.seal(office.envelope(START))
    none = sealed_draft(rules={"reserve": ReserveKind.NONE})
    assert (await office["publisher"].put(PATH, none, if_match='"2"')).status_code == 200
    await office.release()
    opened = await office.facts.reserve("lot-one")
    assert opened is not None
    assert (opened.has_reserve, opened.amount_fen) == (False, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"half_hashes": ["ab" * 32]},
        {"half_hashes": ["ab" * 32, "ab" * 32]},
        {"ciphertext": "ab" * 143},
        {"nonce": "AB" * 12},
        {"amount_fen": 1},
        {"halves": ["ab" * 32, "cd" * 32]},
    ],
)
async def test_an_envelope_of_another_form_is_refused(
    office: OfficeWorld, changes: dict[str, Any]
) -> None:
    await drafted(office)
    refused = await office.seal({**office.envelope(START), **changes})
    assert code(refused) == "malformed"


# ── nobody has it ───────────────────────────────────────────────────────────────────────────


async def dump(owner: asyncpg.Connection) -> str:
    """Every row of every table of every schema, as text; bytes as hex."""
    tables = await owner.fetch(
        "SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables "
        "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
    )
    assert len(tables) > 20
    found = []
    for table in tables:
        rows = await owner.fetch(f"SELECT t::text AS row FROM {table['name']} AS t")  # noqa: S608
        found += [row["row"] for row in rows]
    return "\n".join(found)


def spelled(secret: str) -> set[str]:
    """A secret as it stands in text and in bytes."""
    return {secret, secret.encode().hex()}


async def test_before_closing_nobody_has_the_reserve_the_database_included(
    office: OfficeWorld, owner: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """Fault 49: the reserve could be had before the end by whoever had the database."""
    caplog.set_level(logging.DEBUG)
    with capture_logs() as said:
        await office.publish_sealed(SECRET_FEN)
        bidder = await office.admitted("jiajia")
        await office.start()
        await office.wind(7_000)
        await office.bid(bidder, START)
        for who, place in (("publisher", 1), ("supervisor", 2)):
            assert code(await office.give_half(who, place)) == "wrong_state"
        await office.wind(60_000)
        shown = [
            (await office[who].get(path)).text
            for who in ("publisher", "approver", "supervisor")
            for path in ("/office/lots", "/lots/lot-one", PATH)
        ]
    assert await office.stage() == "CLOSING"
    row = await owner.fetchrow("SELECT * FROM vault.sealed_reserves")
    halves = office.halves["lot-one"]
    opened = envelopes.open_envelope(_envelope(row), halves, ORIGIN)
    assert opened.amount_fen == SECRET_FEN
    keys = [half.hex() for half in halves]
    secrets = set().union(*map(spelled, (str(SECRET_FEN), opened.salt, *keys)))
    stored = await dump(owner)
    everything = "\n".join((stored, json.dumps(said, default=str), caplog.text, *shown))
    assert not {secret for secret in secrets if secret in everything}
    assert all(each in stored for each in spelled(row["commitment"])), "in the vault, in entry 0"

    await office.give_half("publisher", 1)
    stored = await dump(owner)
    assert keys[0] in stored, "the search finds what is there"
    assert not {s for s in secrets - spelled(keys[0]) if s in stored}, "one half is nothing"
    await office.give_half("supervisor", 2)
    await office.settle()
    assert await office.stage() == "FAILED"
    assert str(SECRET_FEN).encode().hex() in await dump(owner), "opened by the log itself"


def _envelope(row: Any) -> envelopes.Envelope:
    first, second = row["half_hashes"]
    return envelopes.Envelope(row["commitment"], row["nonce"], row["ciphertext"], (first, second))
