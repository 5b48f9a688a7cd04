"""The first signature of a process: not behind a witnessed head, not with another key or policy."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from schemas.log import RecordAction
from service.audit.notes import SigningKey
from service.clock import wall_ms
from service.desk.held_heads import CannotSign
from service.desk.key_record import NotRecorded
from service.main import Running, change_key, export_pack, opened
from service.settings import Settings
from service.store import cosignatures, house
from service.store.embedded import create_database
from service.store.engine import open_engine
from service.store.ledger import read_head, read_log
from service.store.log_tables import HOUSE
from tests.conftest import FreshDatabase
from tests.outsiders import Council

SITE = "start.luochui.example"
KEY = SigningKey(SITE, b"\x05" * 32)
OTHER = SigningKey(SITE, b"\x06" * 32)
PASSWORD = "long enough for a start"


class WallClock:
    def now_ms(self) -> int:
        return wall_ms()

    def monotonic_ms(self) -> int:
        return wall_ms()

    def is_sure(self) -> bool:
        return True


def settings(url: str, **changes: object) -> Settings:
    """Of a process whose witness loop never comes by itself: the tests call its rounds."""
    given = {
        "site": SITE,
        "database_url": SecretStr(url),
        "log_key": SecretStr(KEY.to_text()),
        "witness_period_ms": 3_600_000,
        "witness_start_ms": 0,
        **changes,
    }
    return Settings.model_validate(given)


@pytest.fixture
async def council(tmp_path: Path) -> AsyncIterator[Council]:
    made = Council(tmp_path, KEY.verifying)
    await made.come()
    yield made
    await made.go()


async def house_commands(url: str) -> list[dict[str, object]]:
    engine = open_engine(url, Settings())
    async with engine.connect() as connection:
        rows = await read_log(connection, HOUSE)
    await engine.dispose()
    return [json.loads(row.bytes)["command"] for row in rows]


async def witnessed(running: Running) -> None:
    """The house log's present head, cosigned by all."""
    witnesses = running.parts.anchors.witnesses
    assert witnesses is not None
    size, names = await witnesses.ask(HOUSE)
    assert size
    assert len(names) == 3


async def grow(url: str, count: int, action: str) -> None:
    """Someone writes into the house log while no service runs."""
    engine = open_engine(url, Settings())
    for number in range(count):
        command = RecordAction(
            action=action, subject=f"subject-{number}", requester="operator-00000000"
        )
        await house.record(engine, WallClock(), SITE, command)
    await engine.dispose()


async def copied(database: FreshDatabase, name: str) -> str:
    """A backup: the whole database as it is now. Returns the service's URL of the copy."""
    await create_database(database.server, name, template=database.name)
    return database.server.app_url(name)


# ── behind, beside ──────────────────────────────────────────────────────────────────────────


async def test_a_restored_older_backup_refuses_to_sign(
    database: FreshDatabase, council: Council, tmp_path: Path
) -> None:
    """Fault 50: a restored old backup forked the log."""
    with_policy = {"witness_policy": council.file}
    async with opened(settings(database.app_url, **with_policy)) as running:
        await witnessed(running)
    backup = await copied(database, f"{database.name}_backup")
    async with opened(settings(database.app_url, **with_policy)) as running:
        await running.make_official("li.wei", PASSWORD, roles=("publisher",))
        await grow(database.app_url, 3, "SOMETHING")
        await witnessed(running)

    with pytest.raises(CannotSign, match="older backup or another history") as refused:
        async with opened(settings(backup, **with_policy)):
            raise AssertionError("it opened")
    said = str(refused.value)
    assert said.startswith(f"{SITE}/house: the witness witness.example/w")
    assert "holds 6 entries and this database has 2" in said
    assert len(await house_commands(backup)) == 2, "it wrote nothing either"
    with pytest.raises(CannotSign, match="older backup or another history"):
        await export_pack(settings(backup, **with_policy), "hj-2017-07", tmp_path / "pack.zip")
    assert not (tmp_path / "pack.zip").exists(), "nor did it sign a pack"
    async with opened(settings(database.app_url, **with_policy)) as running:
        await witnessed(running)


async def test_another_history_of_the_same_size_refuses_to_sign(
    database: FreshDatabase, council: Council
) -> None:
    """Fault 50: the restored backup went on by itself until its log was as long."""
    with_policy = {"witness_policy": council.file}
    async with opened(settings(database.app_url, **with_policy)) as running:
        await witnessed(running)
    backup = await copied(database, f"{database.name}_fork")
    await grow(database.app_url, 2, "TRUE")
    async with opened(settings(database.app_url, **with_policy)) as running:
        await witnessed(running)
    for more in (2, 1, 5):
        await grow(backup, more, "FALSE")
        with pytest.raises(CannotSign, match="another history"):
            async with opened(settings(backup, **with_policy)):
                raise AssertionError("it opened")


async def test_silent_witnesses_hold_a_start_back_only_when_they_could_be_a_quorum(
    database: FreshDatabase, council: Council
) -> None:
    with_policy = {"witness_policy": council.file}
    async with opened(settings(database.app_url, **with_policy)) as running:
        await witnessed(running)
    await council.go("witness.example/w0")
    async with opened(settings(database.app_url, **with_policy)):
        pass
    await council.go("witness.example/w1")
    with pytest.raises(CannotSign, match="Too many witnesses are silent") as refused:
        async with opened(settings(database.app_url, **with_policy)):
            raise AssertionError("it opened")
    assert "witness.example/w0 (" in str(refused.value)
    assert "witness.example/w2" not in str(refused.value)
    assert "LUOCHUI_START_WITHOUT_WITNESSES" in str(refused.value)


async def test_the_way_out_is_recorded_and_leads_past_silence_only(
    database: FreshDatabase, council: Council
) -> None:
    with_policy = {"witness_policy": council.file, "start_without_witnesses": True}
    async with opened(settings(database.app_url, **with_policy)) as running:
        await witnessed(running)
    backup = await copied(database, f"{database.name}_out")
    await grow(database.app_url, 1, "TRUE")
    async with opened(settings(database.app_url, **with_policy)) as running:
        await witnessed(running)
    with pytest.raises(CannotSign, match="older backup"):
        async with opened(settings(backup, **with_policy)):
            raise AssertionError("it opened")
    await council.go()
    async with opened(settings(database.app_url, **with_policy)):
        pass
    last = (await house_commands(database.app_url))[-1]
    assert last["action"] == "START_WITHOUT_WITNESSES"
    assert "witness.example/w1" in str(last["subject"])


async def test_a_running_service_keeps_no_cosignature_of_a_stranger(
    database: FreshDatabase, council: Council
) -> None:
    async with opened(settings(database.app_url, witness_policy=council.file)) as running:
        await witnessed(running)
        async with running.parts.engine.connect() as connection:
            head = await read_head(connection, HOUSE)
            assert head is not None
            found = await cosignatures.cosigners(connection, HOUSE, head.size)
    assert found == set(council.names)


# ── key and policy ──────────────────────────────────────────────────────────────────────────


async def test_another_key_refuses_to_start_until_the_change_is_recorded(
    database: FreshDatabase,
) -> None:
    async with opened(settings(database.app_url)):
        pass
    async with opened(settings(database.app_url)):
        pass
    changed = settings(database.app_url, log_key=SecretStr(OTHER.to_text()))
    with pytest.raises(NotRecorded, match="change-key"):
        async with opened(changed):
            raise AssertionError("it opened")
    assert await change_key(changed, "old key retired") == ["record_key", "record_key"]
    assert await change_key(changed, "asked twice") == []
    async with opened(changed):
        pass
    with pytest.raises(NotRecorded):
        async with opened(settings(database.app_url)):
            raise AssertionError("the retired key opened")
    said = [(c["change"], c["vkey"]) for c in await house_commands(database.app_url)]
    first, second = KEY.verifying.to_text(), OTHER.verifying.to_text()
    assert said == [("INTRODUCED", first), ("RETIRED", first), ("INTRODUCED", second)]


async def test_another_policy_refuses_to_start_until_the_change_is_recorded(
    database: FreshDatabase, tmp_path: Path
) -> None:
    """Whoever could loosen the quorum unseen could seal without the promised witnesses."""
    strict, loose = tmp_path / "strict", tmp_path / "loose"
    strict.write_text("quorum none\n")
    loose.write_text("# looser\nquorum none\n")
    async with opened(settings(database.app_url)):
        pass
    async with opened(settings(database.app_url, witness_policy=strict)):
        pass
    for changes in ({"witness_policy": loose}, {}):
        changed = settings(database.app_url, **changes)
        with pytest.raises(NotRecorded, match="WITNESS_POLICY"):
            async with opened(changed):
                raise AssertionError("it opened")
        assert await change_key(changed, "meant") == ["record_policy"]
        async with opened(changed):
            pass
