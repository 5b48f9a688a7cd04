"""Signing in: one answer for unknown and wrong, bounded tries, opaque sessions."""

import asyncio
import hashlib
from typing import Any

import asyncpg
import httpx2
import pytest

from service.api.identity import COOKIE, account_of
from tests.desk.world import ORIGIN, PASSWORD, SETTINGS, OfficeWorld, code

TRIES = SETTINGS.sign_in_tries
WINDOW_MS = SETTINGS.sign_in_window_s * 1000


async def tried(office: OfficeWorld, username: str, password: str) -> httpx2.Response:
    body = {"username": username, "password": password}
    return await office.stranger().post("/session", body)


def told(response: httpx2.Response) -> dict[str, Any]:
    """A problem without its trace, which is another one each time."""
    return {name: value for name, value in response.json().items() if name != "trace"}


async def test_an_unknown_name_and_a_wrong_password_are_answered_alike(
    office: OfficeWorld,
) -> None:
    wrong = await tried(office, "publisher", "another password")
    unknown = await tried(office, "nobody-there", "another password")
    assert code(wrong) == code(unknown) == "wrong_password"
    assert told(wrong) == told(unknown)
    assert len(wrong.content) == len(unknown.content)
    assert dict(wrong.headers) == dict(unknown.headers)


async def test_an_unknown_name_costs_a_whole_password_check(
    office: OfficeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same work is done, so that the time tells nothing either."""
    checked: list[str] = []
    fits = office.passwords._fits

    def counted(stored: str, password: str) -> bool:
        checked.append(stored)
        return fits(stored, password)

    with monkeypatch.context() as patched:
        patched.setattr(office.passwords, "_fits", counted)
        await tried(office, "publisher", "x")
        await tried(office, "nobody-there", "x")
    parameters = [stored.rsplit("$", 2)[0] for stored in checked]
    assert len(parameters) == 2
    assert parameters[0] == parameters[1]


async def test_too_many_wrong_passwords_lock_out_for_the_rest_of_the_window(
    office: OfficeWorld,
) -> None:
    for _ in range(TRIES):
        assert code(await tried(office, "publisher", "wrong")) == "wrong_password"
    office.jump(1_000)
    locked = await tried(office, "publisher", PASSWORD)
    assert code(locked) == "locked_out"
    assert locked.json()["figures"] == {"left_ms": WINDOW_MS - 1_000}
    assert locked.headers["retry-after"] == str(WINDOW_MS // 1000 - 1)
    assert (await office["publisher"].get("/me")).status_code == 200, "an open session goes on"
    office.jump(WINDOW_MS - 1_001)
    assert code(await tried(office, "publisher", PASSWORD)) == "locked_out"
    office.jump(1)
    assert (await tried(office, "publisher", PASSWORD)).status_code == 200


async def test_many_tries_at_once_are_counted_one_by_one(office: OfficeWorld) -> None:
    answers = await asyncio.gather(*(tried(office, "publisher", "wrong") for _ in range(3 * TRIES)))
    codes = sorted(code(answer) for answer in answers)
    assert codes == ["locked_out"] * (2 * TRIES) + ["wrong_password"] * TRIES


async def test_an_unknown_name_is_locked_out_just_the_same(office: OfficeWorld) -> None:
    for _ in range(TRIES):
        await tried(office, "nobody-there", "wrong")
    assert code(await tried(office, "nobody-there", "wrong")) == "locked_out"


async def test_nobody_elsewhere_can_lock_a_bidder_out(office: OfficeWorld) -> None:
    """A rival who knows the name must not keep the bidder from the last minute of a sale."""
    for _ in range(TRIES + 1):
        await tried(office, "publisher", "wrong")
    elsewhere = httpx2.ASGITransport(office.app, client=("203.0.113.9", 1))
    async with httpx2.AsyncClient(transport=elsewhere, base_url=ORIGIN) as http:
        body = {"username": "publisher", "password": PASSWORD}
        assert (await http.post("/api/session", json=body)).status_code == 200


async def test_a_right_password_forgets_the_wrong_ones(office: OfficeWorld) -> None:
    for _ in range(3):
        for _ in range(TRIES - 1):
            await tried(office, "publisher", "wrong")
        assert (await tried(office, "publisher", PASSWORD)).status_code == 200


# ── sessions ────────────────────────────────────────────────────────────────────────────────


async def test_the_cookie_is_opaque_and_the_database_holds_only_its_hash(
    office: OfficeWorld, owner: asyncpg.Connection
) -> None:
    signed = await tried(office, "publisher", PASSWORD)
    said = signed.headers["set-cookie"]
    assert "HttpOnly" in said
    assert "SameSite=strict" in said
    assert f"Max-Age={SETTINGS.session_hours * 3600}" in said
    token = signed.cookies[COOKIE]
    assert len(token) == 43, "32 random bytes"
    hashes = {row["token_hash"] for row in await owner.fetch("SELECT token_hash FROM sessions")}
    assert hashlib.sha256(token.encode()).digest() in hashes
    assert token.encode() not in hashes
    assert await account_of(office.engine, hashlib.sha256(token.encode()).hexdigest()) is None


async def test_a_session_ends_with_its_time(office: OfficeWorld, owner: asyncpg.Connection) -> None:
    assert (await office["publisher"].get("/me")).status_code == 200
    await owner.execute("UPDATE sessions SET expires_at = extract(epoch FROM now()) * 1000")
    assert code(await office["publisher"].get("/me")) == "not_signed_in"
    await tried(office, "approver", PASSWORD)
    assert await owner.fetchval("SELECT count(*) FROM sessions") == 1, "ended ones are swept away"


async def test_signing_out_ends_the_session_in_the_database(office: OfficeWorld) -> None:
    person = office["publisher"]
    token = person.http.cookies[COOKIE]
    gone = await person.http.delete("/api/session")
    assert gone.status_code == 204
    person.http.cookies.set(COOKIE, token)
    assert code(await person.get("/me")) == "not_signed_in"


@pytest.mark.parametrize("token", ["", "x", "x" * 5_000, "\u00e9", "' OR 1=1"])
async def test_a_made_up_cookie_opens_nothing(office: OfficeWorld, token: str) -> None:
    assert await account_of(office.engine, token) is None


# ── registering ─────────────────────────────────────────────────────────────────────────────


REGISTER = {
    "username": "huanghe",
    "password": PASSWORD,
    "display_name": "黄河置业有限公司",
    "kind": "COMPANY",
    "id_number": "9113",
}


async def test_a_bidder_registers_and_sees_his_own_name(office: OfficeWorld) -> None:
    person = office.stranger()
    made = await person.post("/accounts", REGISTER)
    assert made.status_code == 201
    assert made.json()["roles"] == ["bidder"]
    assert made.json()["display_name"] == "黄河置业有限公司"
    person.username = "huanghe"
    assert (await person.sign_in()).json() == made.json()


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"username": "publisher"}, "username_taken"),
        ({"password": "aaaaaaaaaaaa"}, "weak_password"),
        ({"password": "my huanghe 2026"}, "weak_password"),
        ({"password": "short"}, "malformed"),
        ({"username": "Huanghe"}, "malformed"),
        ({"kind": "TRUST"}, "malformed"),
        ({"roles": ["admin"]}, "malformed"),
    ],
)
async def test_a_registration_is_refused_by_name(
    office: OfficeWorld, changes: dict[str, Any], name: str
) -> None:
    assert code(await office.stranger().post("/accounts", {**REGISTER, **changes})) == name


async def test_one_company_has_one_account(office: OfficeWorld) -> None:
    await office.stranger().post("/accounts", REGISTER)
    again = await office.stranger().post("/accounts", {**REGISTER, "username": "another"})
    assert code(again) == "username_taken"
    assert again.json()["reason"] == "ID_NUMBER_TAKEN"
    assert code(await tried(office, "another", PASSWORD)) == "wrong_password"


# ── keys ────────────────────────────────────────────────────────────────────────────────────


async def test_a_key_enrolled_again_is_the_same_key_and_anothers_is_refused(
    office: OfficeWorld,
) -> None:
    first, second = await office.bidder("jiajia"), await office.bidder("yiyi")
    body = {"public_key": first.key.spki.hex()}
    again = await first.post("/me/keys", body)
    assert (again.status_code, again.json()["key_id"]) == (201, first.key.key_id)
    assert len((await first.get("/me/keys")).json()["items"]) == 1
    taken = await second.post("/me/keys", body)
    assert (code(taken), taken.json()["reason"]) == ("unknown_key", "KEY_TAKEN")


@pytest.mark.parametrize("public_key", ["00", "30" * 91, "302a300506032b6570032100" + "00" * 32])
async def test_a_key_of_another_form_is_refused(office: OfficeWorld, public_key: str) -> None:
    person = await office.bidder("jiajia")
    refused = await person.post("/me/keys", {"public_key": public_key})
    assert code(refused) == "unknown_key"
    assert refused.json()["reason"]
