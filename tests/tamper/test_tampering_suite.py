"""The tamper suite comes as it is written, in small; the README prints it; its tools are sound."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from service.audit import timestamps
from service.audit.notes import Checkpoint
from tests.tamper import run, table
from tests.tamper.attack import ATTACKS, Attacker, Named, Unseen
from tests.tamper.run import alarms, all_given, attempt, verify
from tests.tamper.steady import authority
from tests.tamper.world import RandomSale, world

POOL = 64  # sales to attack: enough that each class finds a place
PARTS = 6


@pytest.mark.parametrize("part", range(PARTS))
def test_every_class_comes_as_it_is_written(part: int) -> None:
    for name in list(ATTACKS)[part::PARTS]:
        for (_, attacker), cell in attempt(name, seed=7, tries=1, pool=POOL).items():
            assert not cell.wrong, (name, attacker, cell)
            assert cell.tried == 1


def test_honest_packs_raise_no_alarm() -> None:
    assert alarms(0, 40) == []


def test_honest_sales_are_of_every_kind() -> None:
    outcomes = {str(verify(world(seed).pack, all_given()).outcome) for seed in range(POOL)}
    assert {"SOLD", "FAILED: BELOW_RESERVE", "FAILED: TERMINATED"} < outcomes
    assert any(outcome.startswith("UNFINISHED") for outcome in outcomes)
    whole = b"".join(b"".join(world(seed).contents.entries) for seed in range(POOL))
    shown = (
        *(b"suspended", b"interrupted", b"result_disputed", b"hammer_fell"),
        *(b"CLOSED", b"SUSPENDED", b"NOT_OPEN", b"NOT_ADMITTED", b"OFF_GRID", b"BELOW_MINIMUM"),
    )
    assert [word for word in shown if b'"' + word + b'"' not in whole] == []


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert world.__wrapped__(3).pack == world(3).pack
    assert RandomSale(4).salt != RandomSale(5).salt


def test_a_row_that_is_written_wrongly_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways: found by another check or by none, and found though it cannot be."""
    name, database = "alter the amount of a bid", Attacker.DATABASE
    for false in (Named(13), Unseen("nothing")):
        row = replace(ATTACKS[name], outcome={database: false})
        monkeypatch.setitem(ATTACKS, name, row)
        assert attempt(name, seed=7, tries=1, pool=POOL)[name, database].wrong
    name = "invent proofs of health"
    monkeypatch.setitem(ATTACKS, name, replace(ATTACKS[name], outcome={database: Named(13)}))
    assert attempt(name, seed=7, tries=1, pool=POOL)[name, database].wrong


def test_a_class_that_only_others_show_must_be_one_that_the_key_alone_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, key = "tell another amount", Attacker.KEY
    monkeypatch.setitem(ATTACKS, name, replace(ATTACKS[name], outcome={key: Named(14, bare=False)}))
    assert attempt(name, seed=7, tries=1, pool=POOL)[name, key].wrong


def test_the_readme_prints_this_table() -> None:
    page = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert table.markdown() in page
    assert table.markdown().count("\n") <= 45


def test_what_each_attacker_cannot_do_has_a_check_and_what_he_can_has_a_reason() -> None:
    assert len(ATTACKS) >= 24
    for attack in ATTACKS.values():
        assert attack.outcome, attack.name
        for outcome in attack.outcome.values():
            if isinstance(outcome, Named):
                assert 1 <= outcome.check <= 15
            else:
                assert outcome.by


def test_openssl_takes_our_tokens_for_tokens(tmp_path: Path) -> None:
    head = world(1).contents.heads[-1]
    text = Checkpoint("auction.example.cn/lot/abc", head.size, head.root).to_text()
    token = authority().stamp_head("auction.example.cn/lot/abc", head, 1_793_354_400_123)
    assert timestamps.verify_stamp(token, text, (authority().ca,)).at_ms == 1_793_354_400_123
    for name, data in (("data", text.encode()), ("token", token), ("ca", authority().ca)):
        (tmp_path / name).write_bytes(data)
    command = ["openssl", "ts", "-verify", "-data", "data", "-in", "token", "-CAfile", "ca"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verification: OK" in done.stdout, done.stderr


def test_the_catalogue_is_whole() -> None:
    assert len(run.CATALOGUE) == 3
    assert {attacker for each in ATTACKS.values() for attacker in each.outcome} == set(Attacker)
