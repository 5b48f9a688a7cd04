"""What stands before every door: size, form, origin, headers, and one shape of every refusal."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from schemas.problem import ProblemCode
from service.api import public
from service.api.problems import problem_response
from service.desk.refused import Refused
from service.store.engine import open_engine
from tests.desk.world import ORIGIN, PASSWORD, SETTINGS, OfficeWorld, code, draft

LIMIT = SETTINGS.body_bytes


async def raw(
    office: OfficeWorld,
    method: str,
    path: str,
    *headers: tuple[bytes, bytes],
    heard: Sequence[Any] = ({"type": "http.request", "body": b"{}", "more_body": False},),
) -> list[Any]:
    """What the app sends, before any server or client makes it good. heard: the last one again and
    again, as a server says it."""
    sent: list[Any] = []
    coming = list(heard)

    async def receive() -> Any:
        return coming.pop(0) if len(coming) > 1 else coming[0]

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": "http",
        "http_version": "1.1",
        "headers": [*headers, (b"host", b"auction.example.cn")],
    }
    await office.app(scope, receive, send)
    return sent


async def test_a_body_above_the_bound_is_refused_before_it_is_parsed(office: OfficeWorld) -> None:
    big = b"[" * (LIMIT + 1)
    headers = {"Content-Type": "application/json"}
    refused = await office.stranger().http.post("/api/session", content=big, headers=headers)
    assert code(refused) == "too_large"
    assert refused.json()["figures"] == {"limit_bytes": LIMIT}


async def test_a_chunked_body_above_the_bound_is_refused_too(office: OfficeWorld) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(1_000):
            read += 4_096
            yield b" " * 4_096

    headers = {"Content-Type": "application/json"}
    refused = await office.stranger().http.post("/api/session", content=endless(), headers=headers)
    assert code(refused) == "too_large"
    assert read <= LIMIT + 2 * 4_096, "the rest was never read"


@pytest.mark.parametrize("path", ["/api/session", "/api/me/keys"])
async def test_a_client_that_goes_in_the_middle_of_its_body_is_no_fault_of_ours(
    office: OfficeWorld, path: str
) -> None:
    """Every stopped browser would otherwise leave a traceback among the errors."""
    half = {"type": "http.request", "body": b'{"user', "more_body": True}
    json_body = (b"content-type", b"application/json")
    with capture_logs() as said:
        sent = await raw(office, "POST", path, json_body, heard=[half, {"type": "http.disconnect"}])
    assert (sent, said) == ([], [])


async def test_a_client_that_goes_in_the_middle_of_a_document_is_no_fault_of_ours(
    office: OfficeWorld,
) -> None:
    half = {"type": "http.request", "body": b"%PDF-", "more_body": True}
    cookie = "; ".join(f"{k}={v}" for k, v in office["publisher"].http.cookies.items())
    headers = ((b"content-type", b"application/pdf"), (b"cookie", cookie.encode()))
    with capture_logs() as said:
        sent = await raw(
            office,
            "PUT",
            f"/api/office/documents/{'ab' * 32}",
            *headers,
            heard=[half, {"type": "http.disconnect"}],
        )
    assert said == []
    assert all(message.get("status", 0) < 500 for message in sent)


async def test_a_body_of_exactly_the_bound_is_read(office: OfficeWorld) -> None:
    headers = {"Content-Type": "application/json"}
    full = await office.stranger().http.post("/api/session", content=b" " * LIMIT, headers=headers)
    assert code(full) == "malformed"


@pytest.mark.parametrize("said", ["-1", "1e3", "9" * 20, "0x10"])
async def test_a_content_length_that_is_no_number_is_refused(
    office: OfficeWorld, said: str
) -> None:
    sent = await raw(office, "POST", "/api/session", (b"content-length", said.encode()))
    assert sent[0]["status"] == 413


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"username":"a","username":"b","password":"c"}',
        b'{"username":1,"password":"c"}',
        b'{"username":"a","password":"c","more":1}',
        b'{"username":"a","password":NaN}',
        b'{"username":"a\\u0000","password":"c"}',
        b'{"username":"a\\ud800","password":"c"}',
        b'\xff{"username":"a","password":"c"}',
        b"[" * 100_000,
        b'{"username":"a","password":' + b"9" * 10_000 + b"}",
    ],
)
async def test_lax_json_is_malformed_and_says_where(office: OfficeWorld, raw: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    refused = await office.stranger().http.post("/api/session", content=raw, headers=headers)
    assert code(refused) == "malformed"
    assert refused.json()["errors"]


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_body_that_is_not_said_to_be_json_is_refused(
    office: OfficeWorld, media: str
) -> None:
    headers = {"Content-Type": media} if media else {}
    raw = json.dumps({"username": "publisher", "password": PASSWORD}).encode()
    refused = await office.stranger().http.post("/api/session", content=raw, headers=headers)
    assert code(refused) == "unsupported_media_type"


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/api/no-such-door", "not_found"),
        ("POST", "/api/no-such-door", "method_not_allowed"),
        ("GET", "/api/lots/no-such-lot", "not_found"),
        ("GET", "/api/lots/NO", "malformed"),
        ("GET", "/api/lots?limit=0", "malformed"),
        ("GET", "/api/lots?limit=1_0", "malformed"),
        ("GET", "/api/lots?stage=NEVER", "malformed"),
        ("GET", "/api/lots?cursor=AAAA", "malformed"),
        ("GET", "/api/lots?cursor=!!!", "malformed"),
        ("GET", "/api/lots?q=%00", "malformed"),
        ("GET", "/api/lots/lot-one/replay?after=-2", "malformed"),
        ("PATCH", "/api/lots", "method_not_allowed"),
        ("DELETE", "/api/accounts", "method_not_allowed"),
    ],
)
async def test_what_no_door_takes_is_a_problem_by_name(
    office: OfficeWorld, method: str, path: str, name: str
) -> None:
    assert code(await office.stranger().http.request(method, path)) == name


async def test_what_breaks_inside_is_a_trace_and_nothing_of_ours(
    office: OfficeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 38: a failure that only a console knew."""

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret of the inside")

    with monkeypatch.context() as patched:
        patched.setattr(public.lots, "list_lots", broken)
        failed = await office.stranger().get("/lots")
    assert code(failed) == "internal"
    assert "secret" not in failed.text
    assert "content-security-policy" in failed.headers


# ── headers ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/", "/api/site", "/api/nothing", "/api/docs", "/lots/x/live"])
async def test_every_answer_bears_the_policy(office: OfficeWorld, path: str) -> None:
    answer = await office.stranger().http.get(path)
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";")
    )
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["connect-src"] == "'self' ws://auction.example.cn"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_host_header_writes_nothing_into_the_policy(office: OfficeWorld) -> None:
    answer = await office.stranger().http.get(
        "/api/site", headers={"Host": "x; script-src 'unsafe-inline'"}
    )
    assert "unsafe" not in answer.headers["content-security-policy"]


async def test_private_answers_are_kept_by_nobody(office: OfficeWorld) -> None:
    for path in ("/me", "/office/drafts", "/lots"):
        answer = await office["publisher"].get(path)
        assert answer.headers["cache-control"] == "no-store"


async def test_a_named_origin_may_write_and_a_program_without_one_too(
    office: OfficeWorld,
) -> None:
    transport = httpx2.ASGITransport(office.app)
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as program:
        signed = await program.post(
            "/api/session", json={"username": "publisher", "password": PASSWORD}
        )
    assert signed.status_code == 200


# ── HEAD ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path",
    [
        "/api/site",
        "/api/log.vkey",
        "/api/lots",
        "/api/lots/no-such-lot",
        "/api/me",
        "/api/no-such-door",
        "/api/openapi.json",
        "/api/docs/swagger-ui.css",
        "/health/live",
        "/health/ready",
        "/",
        "/assets/none-00000000.js",
    ],
)
async def test_head_is_answered_like_get_without_the_content(
    office: OfficeWorld, path: str
) -> None:
    http = office.stranger().http
    whole, head = await http.get(path), await http.head(path)
    assert head.status_code == whole.status_code != 405
    assert b"".join(part.get("body", b"") for part in await raw(office, "HEAD", path)) == b""
    assert int(head.headers["content-length"]) == len(whole.content) > 0
    assert dict(head.headers) == dict(whole.headers)


async def test_head_opens_no_door_that_get_does_not(office: OfficeWorld) -> None:
    assert (await office.stranger().http.head("/api/office/drafts")).status_code == 401
    assert (await office["finance"].http.head("/api/office/drafts")).status_code == 403
    assert (await office["publisher"].http.head("/api/office/drafts")).status_code == 200


# ── when to ask again ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "left_ms", "seconds"),
    [
        (ProblemCode.RATE_LIMITED, None, "1"),
        (ProblemCode.BUSY, None, "1"),
        (ProblemCode.LOCKED_OUT, 60_001, "61"),
        (ProblemCode.LOCKED_OUT, 0, "1"),
        (ProblemCode.NOT_ALLOWED, None, None),
        (ProblemCode.WRONG_PASSWORD, None, None),
    ],
)
def test_a_refusal_that_time_mends_says_when(
    name: ProblemCode, left_ms: int | None, seconds: str | None
) -> None:
    figures = None if left_ms is None else {"left_ms": left_ms}
    answer = problem_response(Refused(name, "Later.", figures=figures))
    assert answer.headers.get("retry-after") == seconds


# ── pages of a list ─────────────────────────────────────────────────────────────────────────


async def test_a_list_is_walked_page_by_page_without_gap_or_double(office: OfficeWorld) -> None:
    for number in range(7):
        await office["publisher"].post("/office/lots", draft(f"lot-{number}"))
    found, cursor = list[str](), ""
    while True:
        page = (await office["publisher"].get(f"/office/drafts?limit=3{cursor}")).json()
        found += [item["lot_id"] for item in page["items"]]
        if "next_cursor" not in page:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == [f"lot-{number}" for number in range(7)]


# ── documents and the client ────────────────────────────────────────────────────────────────


async def test_the_docs_page_asks_no_other_origin_and_has_no_inline_script(
    office: OfficeWorld,
) -> None:
    page = await office.stranger().http.get("/api/docs")
    assert "://" not in page.text
    assert "<script>" not in page.text
    for path in ("start.js", "swagger-ui-bundle.js", "swagger-ui.css"):
        assert (await office.stranger().http.get(f"/api/docs/{path}")).status_code == 200
    assert (await office.stranger().http.get("/api/docs/../app.py")).status_code == 404
    for name in ("openapi", "asyncapi"):
        assert name in (await office.stranger().http.get(f"/api/{name}.json")).json()


async def unready(office: OfficeWorld) -> set[str]:
    """The names of the reasons why no visitor should be brought here."""
    answer = await office.stranger().http.get("/health/ready")
    if answer.status_code == 200:
        assert answer.json() == {"status": "ready"}
        return set()
    assert (answer.status_code, code(answer)) == (503, "unavailable")
    return {error["where"] for error in answer.json()["errors"]}


async def test_readiness_follows_the_clock_and_metrics_stay(office: OfficeWorld) -> None:
    assert await unready(office) == set()
    office.clock.sure = False
    assert await unready(office) == {"clock"}
    assert (await office.stranger().http.get("/metrics")).status_code == 200


async def test_a_process_told_to_stop_is_not_ready_but_lives(office: OfficeWorld) -> None:
    office.parts.stopping.set()
    assert await unready(office) == {"stopping"}
    assert (await office.stranger().http.get("/health/live")).json() == {"status": "live"}


async def test_readiness_follows_the_database(office: OfficeWorld) -> None:
    away = open_engine("postgresql+asyncpg://luochui_app@127.0.0.1:9/none", SETTINGS)
    office.app.state.parts = replace(office.parts, engine=away)
    assert await unready(office) == {"database"}
    assert (await office.stranger().http.get("/health/live")).status_code == 200
    await away.dispose()


async def test_readiness_follows_the_proof_of_the_bid_path(office: OfficeWorld) -> None:
    waker = office.processes[0].waker
    office.app.state.parts = replace(office.parts, path_is_proved=waker.path_is_proved)
    office.clock.now += SETTINGS.path_stale_ms + 1
    assert await unready(office) == {"path_unproved"}
    await waker.prove()
    assert await unready(office) == set()


async def test_readiness_follows_the_room_on_the_disk(office: OfficeWorld) -> None:
    """No lot may need the path now; whoever is sent here still could not bid."""
    office.app.state.parts = replace(office.parts, has_room=lambda: False)
    assert await unready(office) == {"database"}
