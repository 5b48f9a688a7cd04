"""Every answer of a witness, over real HTTP, in the order of c2sp.org/tlog-witness."""

import asyncio
import sqlite3
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest

from service.audit.cosignatures import cosign
from service.audit.encodings import write_base64
from service.audit.notes import NoteSignature, SigningKey, parse_note, sign_note
from service.witness import store as store_module
from service.witness.config import Config, LogSite
from service.witness.serve import running
from service.witness.submission import write_submission
from tests.witness.logs import (
    HOUSE,
    LOG_KEY,
    LOT,
    NEXT_KEY,
    SITE,
    STRANGER,
    WITNESS_KEY,
    ask,
    client,
    config_in,
    forked,
    grown,
    held_size,
    signed_at,
    stored,
)
from tests.witness.test_submissions import PUBLISHED

LOG = grown(20)
OTHER = forked(20, at=4)


def hashed(origin: str) -> str:
    return sha256(origin.encode()).hexdigest()


# ── 200 ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_first_head_and_a_longer_one_are_cosigned(http: httpx2.AsyncClient) -> None:
    first = signed_at(LOG.note(5), await ask(http, LOG.body(0, 5)))
    second = signed_at(LOG.note(20), await ask(http, LOG.body(5, 20)))
    assert 0 < first <= second


async def test_every_log_of_the_site_is_known_and_has_its_own_head(
    http: httpx2.AsyncClient,
) -> None:
    for origin in (HOUSE, LOT, f"{SITE}/lot/not-born-when-i-started"):
        log = grown(3, origin=origin)
        signed_at(log.note(3), await ask(http, log.body(0, 3)))
    assert (await http.get("/health")).json()["logs"] == 3


async def test_the_same_head_is_cosigned_again(http: httpx2.AsyncClient, config: Config) -> None:
    """A client that lost the answer asks again with the size that was stored."""
    signed_at(LOG.note(5), await ask(http, LOG.body(0, 5)))
    assert held_size(await ask(http, LOG.body(0, 5))) == 5
    signed_at(LOG.note(5), await ask(http, LOG.body(5, 5)))
    assert stored(config.store) == (5, LOG.tree.root(5))


async def test_the_empty_tree_is_cosigned_and_grows(http: httpx2.AsyncClient) -> None:
    signed_at(LOG.note(0), await ask(http, LOG.body(0, 0)))
    signed_at(LOG.note(0), await ask(http, LOG.body(0, 0)))
    signed_at(LOG.note(7), await ask(http, LOG.body(0, 7)))


async def test_both_keys_hold_while_a_key_changes(tmp_path: Path) -> None:
    vkeys = (LOG_KEY.verifying.to_text(), NEXT_KEY.verifying.to_text())
    config = config_in(tmp_path, log=(LogSite(site=SITE, vkeys=vkeys),))
    new = grown(20, key=NEXT_KEY)
    async with running(config) as base_url, client(base_url) as http:
        signed_at(LOG.note(5), await ask(http, LOG.body(0, 5)))
        signed_at(new.note(9), await ask(http, new.body(5, 9)))


async def test_a_repeat_within_one_second_is_the_same_line_and_no_write(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    async with running(config, lambda: 1_800_000_000_999) as base_url, client(base_url) as http:
        first = await ask(http, LOG.body(0, 5))
        before = config.store.read_bytes()
        again = await ask(http, LOG.body(5, 5))
    assert signed_at(LOG.note(5), again) == 1_800_000_000
    assert again.text == first.text
    assert config.store.read_bytes() == before


# ── 400 ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "body",
    ["", "old 0\n", LOG.note(5), LOG.body(0, 5)[:-1], LOG.body(0, 5).replace("old 0", "old 00")],
)
async def test_a_body_of_another_form_is_400(http: httpx2.AsyncClient, body: str) -> None:
    assert (await ask(http, body)).status_code == 400


async def test_an_old_size_above_the_checkpoints_is_400(http: httpx2.AsyncClient) -> None:
    body = write_submission(6, (), LOG.note(5))
    assert (await ask(http, body)).status_code == 400


# ── 404 and 403 ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "origin",
    ["elsewhere.example/lot/hj-2017-07", SITE, f"{SITE}/lot/UPPER", f"{SITE}/lot/a/b", f"x{LOT}"],
)
async def test_an_unknown_origin_is_404(http: httpx2.AsyncClient, origin: str) -> None:
    text = f"{origin}\n1\n{write_base64(LOG.tree.root(1))}\n"
    answer = await ask(http, f"old 0\n\n{sign_note(text, LOG_KEY)}")
    assert answer.status_code == 404


async def test_the_published_example_is_well_formed_and_unknown_here(
    http: httpx2.AsyncClient,
) -> None:
    assert (await ask(http, PUBLISHED)).status_code == 404


@pytest.mark.parametrize("key", [STRANGER, SigningKey("elsewhere.example", LOG_KEY.seed)])
async def test_a_key_that_is_not_trusted_is_403(http: httpx2.AsyncClient, key: SigningKey) -> None:
    note = sign_note(LOG.head(5).to_text(), key)
    assert (await ask(http, write_submission(0, (), note))).status_code == 403


async def test_a_trusted_keys_wrong_line_is_403_even_beside_a_right_one(
    http: httpx2.AsyncClient,
) -> None:
    wrong = NoteSignature(SITE, LOG_KEY.verifying.key_id, bytes(64)).to_line()
    for note in (LOG.note(5) + wrong, LOG.note(5).replace(f"{LOT}\n5\n", f"{LOT}\n6\n")):
        assert (await ask(http, write_submission(0, (), note))).status_code == 403
    assert held_size(await ask(http, LOG.body(1, 5))) == 0


async def test_lines_of_unknown_keys_are_ignored_and_not_served(http: httpx2.AsyncClient) -> None:
    beside = cosign(LOG.head(5).to_text(), WITNESS_KEY, 1).to_line()
    stray = NoteSignature("stranger.example", b"1234", bytes(64)).to_line()
    body = write_submission(0, (), LOG.note(5) + stray + beside)
    answer = await ask(http, body)
    signed_at(LOG.note(5), answer)
    served = (await http.get(f"/{hashed(LOT)}/checkpoint")).text
    assert served == LOG.note(5) + answer.text


# ── 409 and 422 ─────────────────────────────────────────────────────────────────────────────


async def test_another_old_size_is_409_and_tells_the_size(http: httpx2.AsyncClient) -> None:
    assert held_size(await ask(http, LOG.body(3, 5))) == 0
    signed_at(LOG.note(5), await ask(http, LOG.body(0, 5)))
    for old in (0, 4, 6, 20):
        assert held_size(await ask(http, LOG.body(old, 20))) == 5


async def test_a_smaller_head_is_never_cosigned_again(
    http: httpx2.AsyncClient, config: Config
) -> None:
    signed_at(LOG.note(9), await ask(http, LOG.body(0, 9)))
    assert held_size(await ask(http, LOG.body(0, 5))) == 9
    assert held_size(await ask(http, LOG.body(5, 5))) == 9
    assert (await ask(http, write_submission(9, (), LOG.note(5)))).status_code == 400
    assert stored(config.store) == (9, LOG.tree.root(9))


async def test_another_root_of_the_same_size_is_422(http: httpx2.AsyncClient) -> None:
    signed_at(LOG.note(9), await ask(http, LOG.body(0, 9)))
    assert (await ask(http, OTHER.body(9, 9))).status_code == 422


async def test_an_empty_tree_with_another_root_is_422(http: httpx2.AsyncClient) -> None:
    text = f"{LOT}\n0\n{write_base64(bytes(32))}\n"
    answer = await ask(http, f"old 0\n\n{sign_note(text, LOG_KEY)}")
    assert answer.status_code == 422


async def test_a_proof_from_nothing_is_422(http: httpx2.AsyncClient) -> None:
    body = write_submission(0, (LOG.tree.leaf(0),), LOG.note(5))
    assert (await ask(http, body)).status_code == 422


async def test_a_proof_that_is_cut_padded_turned_or_of_another_tree_is_422(
    http: httpx2.AsyncClient, config: Config
) -> None:
    signed_at(LOG.note(5), await ask(http, LOG.body(0, 5)))
    proof = LOG.proof(5, 20)
    rotten = (proof[:-1], proof[1:], (*proof, proof[0]), proof[::-1], (), OTHER.proof(5, 20))
    for each in rotten:
        assert (await ask(http, write_submission(5, each, LOG.note(20)))).status_code == 422
    assert (await ask(http, OTHER.body(5, 20))).status_code == 422
    superfluous = write_submission(5, proof, LOG.note(5))
    assert (await ask(http, superfluous)).status_code == 422
    assert stored(config.store) == (5, LOG.tree.root(5))
    signed_at(LOG.note(20), await ask(http, LOG.body(5, 20)))


# ── bounds and faults ───────────────────────────────────────────────────────────────────────


async def test_a_body_above_the_bound_is_413(tmp_path: Path) -> None:
    config = config_in(tmp_path, body_bytes=1_024)
    async with running(config) as base_url, client(base_url) as http:
        assert (await ask(http, b"x" * 1_025)).status_code == 413
        signed_at(LOG.note(5), await ask(http, LOG.body(0, 5)))


async def test_a_body_that_does_not_come_is_408(tmp_path: Path) -> None:
    async with running(config_in(tmp_path, body_ms=20)) as base_url:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(base_url))
        writer.write(request(LOG.body(0, 5))[:-1])
        assert (await reader.readline()).split()[1] == b"408"
        writer.close()


async def test_requests_above_the_bound_are_told_to_ask_again(tmp_path: Path) -> None:
    async with running(config_in(tmp_path, requests_at_once=1)) as base_url:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(base_url))
        whole = request(LOG.body(0, 5), expect=True)
        head, _, body = whole.partition(b"\r\n\r\n")
        writer.write(head + b"\r\n\r\n")
        # "100 Continue" comes once the request is inside and its body is awaited.
        assert (await reader.readline()).split()[1] == b"100"
        async with client(base_url) as http:
            refused = await http.get("/health")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            writer.write(body)
            await reader.readline()
            assert (await reader.readline()).split()[1] == b"200"
            assert (await http.get("/health")).status_code == 200
        writer.close()


async def test_a_new_origin_above_the_bound_is_503_and_known_ones_go_on(tmp_path: Path) -> None:
    async with running(config_in(tmp_path, max_logs=1)) as base_url, client(base_url) as http:
        signed_at(LOG.note(5), await ask(http, LOG.body(0, 5)))
        house = grown(2, origin=HOUSE)
        assert (await ask(http, house.body(0, 2))).status_code == 503
        signed_at(LOG.note(9), await ask(http, LOG.body(5, 9)))


async def test_a_store_that_cannot_be_written_gives_no_cosignature(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "BUSY_S", 0.02)
    config = config_in(tmp_path)
    async with running(config) as base_url, client(base_url) as http:
        signed_at(LOG.note(5), await ask(http, LOG.body(0, 5)))
        other = sqlite3.connect(config.store, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        answer = await ask(http, LOG.body(5, 9))
        assert (answer.status_code, "—" in answer.text) == (503, False)
        other.execute("ROLLBACK")
        other.close()
        assert stored(config.store) == (5, LOG.tree.root(5))
        signed_at(LOG.note(9), await ask(http, LOG.body(5, 9)))


async def test_the_store_itself_refuses_to_go_back(
    http: httpx2.AsyncClient, config: Config
) -> None:
    signed_at(LOG.note(9), await ask(http, LOG.body(0, 9)))
    other = sqlite3.connect(config.store, isolation_level=None)
    for statement in (
        "UPDATE heads SET size = 5",
        "UPDATE heads SET root = zeroblob(32)",
        "UPDATE heads SET at_s = at_s - 1",
        "DELETE FROM heads",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="never taken back"):
            other.execute(statement)
    other.close()


async def test_a_clock_set_back_a_little_repeats_the_last_time_and_a_lot_cosigns_nothing(
    tmp_path: Path,
) -> None:
    now_s = [1_800_000_000]
    config = config_in(tmp_path)
    async with running(config, lambda: now_s[0] * 1000) as base_url, client(base_url) as http:
        first = signed_at(LOG.note(5), await ask(http, LOG.body(0, 5)))
        now_s[0] -= store_module.MAX_BACK_S
        assert signed_at(LOG.note(9), await ask(http, LOG.body(5, 9))) == first
        now_s[0] -= 1
        assert (await ask(http, LOG.body(9, 20))).status_code == 503
        assert stored(config.store) == (9, LOG.tree.root(9))


# ── what is served ──────────────────────────────────────────────────────────────────────────


async def test_the_newest_cosigned_checkpoint_is_served_under_its_origins_hash(
    http: httpx2.AsyncClient,
) -> None:
    path = f"/{hashed(LOT)}/checkpoint"
    assert (await http.get(path)).status_code == 404
    for old, size in ((0, 5), (5, 20)):
        answer = await ask(http, LOG.body(old, size))
        served = await http.get(path)
        assert (served.status_code, served.text) == (200, LOG.note(size) + answer.text)
        assert len(parse_note(served.text).signatures) == 2
    for unknown in (hashed(HOUSE), hashed(LOT).upper(), LOT.replace("/", "%2F"), "x"):
        assert (await http.get(f"/{unknown}/checkpoint")).status_code == 404


async def test_other_methods_are_405(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/add-checkpoint")).status_code == 405
    assert (await http.post(f"/{hashed(LOT)}/checkpoint")).status_code == 405


async def test_health_tells_who_it_is_and_since_when(http: httpx2.AsyncClient) -> None:
    answer = (await http.get("/health")).json()
    assert answer["status"] == "ok"
    assert answer["vkey"] == WITNESS_KEY.verifying.to_text()
    assert answer["store_born"] > 0
    assert (answer["logs"], answer["conflicts_proven"]) == (0, 0)


def port_of(base_url: str) -> int:
    return int(base_url.rpartition(":")[2])


def request(body: str, *, expect: bool = False) -> bytes:
    raw = body.encode()
    more = "Expect: 100-continue\r\n" if expect else ""
    head = f"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: {len(raw)}\r\n{more}\r\n"
    return head.encode() + raw
