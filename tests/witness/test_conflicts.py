"""What a log's own key signed and no one history holds: kept, told apart, bounded."""

import sqlite3
from pathlib import Path

import httpx2
import pytest

from service.audit.encodings import write_base64
from service.audit.notes import parse_note, sign_note
from service.audit.tree import TreeBroken, shown_old_root
from service.witness.config import Config
from service.witness.serve import running
from service.witness.submission import write_submission
from tests.witness.logs import LOG_KEY, LOT, ask, client, config_in, forked, grown, signed_at

LOG, FORK = grown(100), forked(100, at=4)


async def counts(http: httpx2.AsyncClient) -> tuple[int, int]:
    health = (await http.get("/health")).json()
    return health["conflicts_proven"], health["conflicts_unproven"]


async def listed(http: httpx2.AsyncClient) -> str:
    answer = await http.get("/conflicts")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return answer.text


async def test_two_roots_of_one_size_are_kept_as_proof(http: httpx2.AsyncClient) -> None:
    answer = await ask(http, LOG.body(0, 9))
    assert (await ask(http, FORK.body(9, 9))).status_code == 422
    text = await listed(http)
    assert "TWO_ROOTS" in text
    assert f"--- held\n{LOG.note(9)}{answer.text}--- offered\n{FORK.note(9)}--- proof" in text
    assert await counts(http) == (1, 0)


async def test_two_roots_are_proof_whatever_old_size_was_claimed(http: httpx2.AsyncClient) -> None:
    signed_at(LOG.note(9), await ask(http, LOG.body(0, 9)))
    assert (await ask(http, FORK.body(0, 9))).status_code == 409
    assert await counts(http) == (1, 0)


async def test_a_longer_head_of_another_past_is_kept_with_the_proof_that_convicts_it(
    http: httpx2.AsyncClient,
) -> None:
    signed_at(LOG.note(9), await ask(http, LOG.body(0, 9)))
    assert (await ask(http, FORK.body(9, 50))).status_code == 422
    text = await listed(http)
    assert "OTHER_PREFIX" in text
    lines = "".join(f"{write_base64(each)}\n" for each in FORK.proof(9, 50))
    assert text.endswith(f"--- offered\n{FORK.note(50)}--- proof from 9\n{lines}")
    shown = shown_old_root(9, 50, FORK.tree.root(50), FORK.proof(9, 50))
    assert shown == FORK.tree.root(9) != LOG.tree.root(9)
    assert await counts(http) == (1, 0)


@pytest.mark.parametrize("proof", [(), LOG.proof(8, 50), FORK.proof(8, 50)[:-1], LOG.proof(9, 49)])
async def test_an_honest_head_with_a_rotten_proof_convicts_nobody(
    http: httpx2.AsyncClient, proof: tuple[bytes, ...]
) -> None:
    """Checkpoints are public: a stranger can send one with any proof he likes."""
    signed_at(LOG.note(9), await ask(http, LOG.body(0, 9)))
    assert (await ask(http, write_submission(9, proof, LOG.note(50)))).status_code == 422
    assert await counts(http) == (0, 1)
    assert "UNPROVEN" in await listed(http)
    signed_at(LOG.note(50), await ask(http, LOG.body(9, 50)))
    assert await counts(http) == (0, 0), "what was cosigned is acquitted"


async def test_a_fork_behind_a_power_of_two_stays_unproven_until_a_proof_shows_it(
    http: httpx2.AsyncClient,
) -> None:
    """Such a proof leaves the old root out: the notes alone do not contradict each other."""
    signed_at(LOG.note(8), await ask(http, LOG.body(0, 8)))
    assert (await ask(http, FORK.body(8, 50))).status_code == 422
    assert await counts(http) == (0, 1)


async def test_a_root_that_no_empty_tree_has_is_kept(http: httpx2.AsyncClient) -> None:
    note = sign_note(f"{LOT}\n0\n{write_base64(bytes(32))}\n", LOG_KEY)
    assert (await ask(http, write_submission(0, (), note))).status_code == 422
    assert "NO_SUCH_TREE" in await listed(http)
    assert await counts(http) == (1, 0)


async def test_what_is_unsigned_sloppy_or_behind_is_no_conflict(http: httpx2.AsyncClient) -> None:
    signed_at(LOG.note(9), await ask(http, LOG.body(0, 9)))
    for body in (
        LOG.body(0, 9),
        LOG.body(5, 9),
        write_submission(9, LOG.proof(5, 9), LOG.note(9)),
        FORK.body(0, 5),
        FORK.body(9, 50).replace(LOT, f"{LOT}x"),
        write_submission(10, (), LOG.note(9)),
    ):
        assert (await ask(http, body)).status_code != 200
    assert await counts(http) == (0, 0)


async def test_a_conflict_is_kept_once_and_over_a_restart(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    async with running(config) as base_url, client(base_url) as http:
        signed_at(LOG.note(9), await ask(http, LOG.body(0, 9)))
        for _ in range(3):
            await ask(http, FORK.body(9, 9))
        before = await listed(http)
    async with running(config) as base_url, client(base_url) as http:
        assert await listed(http) == before
        assert await counts(http) == (1, 0)


async def test_conflicts_are_bounded_and_proof_is_never_pushed_out(tmp_path: Path) -> None:
    config = config_in(tmp_path, max_conflicts=2)
    async with running(config) as base_url, client(base_url) as http:
        signed_at(LOG.note(9), await ask(http, LOG.body(0, 9)))
        for size in (50, 51, 52):
            await ask(http, FORK.body(9, size))
        for size in range(60, 80):
            await ask(http, write_submission(9, (), LOG.note(size)))
        assert await counts(http) == (2, 2)
        text = await listed(http)
        assert [f"\n{size}\n" in text for size in (50, 51, 52, 77, 78, 79)] == [
            True, True, False, False, True, True,
        ]  # fmt: skip
    other = sqlite3.connect(config.store)
    with pytest.raises(sqlite3.IntegrityError, match="never thrown away"):
        other.execute("DELETE FROM conflicts WHERE proven")
    other.close()


async def test_the_log_line_of_a_proven_fork_holds_the_proof_itself(
    http: httpx2.AsyncClient, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    signed_at(LOG.note(9), await ask(http, LOG.body(0, 9)))
    await ask(http, FORK.body(9, 9))
    said = [line for line in capsys.readouterr().out.splitlines() if "conflict" in line]
    signature = parse_note(FORK.note(9)).signatures[0].to_line().split()[-1]
    assert len(said) == 1
    assert signature in said[0]


@pytest.mark.parametrize("old", range(1, 33))
def test_a_proof_shows_the_old_root_of_its_own_tree_and_of_no_other(old: int) -> None:
    for size in range(old, 40):
        proof, root = FORK.proof(old, size), FORK.tree.root(size)
        is_power_of_two = old & (old - 1) == 0
        expected = None if is_power_of_two or old == size else FORK.tree.root(old)
        assert shown_old_root(old, size, root, proof) == expected
        assert shown_old_root(old, size, LOG.tree.root(99), proof) is None
        assert shown_old_root(old, size, root, (*proof, root)) is None
    with pytest.raises(TreeBroken):
        shown_old_root(3, 9, FORK.tree.root(9), (b"short",))
