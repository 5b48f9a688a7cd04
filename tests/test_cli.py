"""The command `luochui` as a person meets it: a process, its words, its exit code."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from service.audit import keys
from service.audit.pack import build
from service.store.embedded import start_postgres
from service.store.migrate import downgrade
from tests.audit import sales
from tests.audit.authority import Authority
from tests.audit.forgers import repack, unpack
from tests.conftest import FreshDatabase

LUOCHUI = Path(sys.executable).parent / "luochui"
GOLDEN = Path(__file__).parent / "golden"
SITE = "cli.luochui.example"
PACKS = ("failed-below-reserve", "sold-auction", "sold-listing", "suspended-and-resumed")
SLOW_S = 280
LOOKS = 600
"""How often a story asks for what a starting demo has no event for."""


def luochui(
    *words: object, env: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(LUOCHUI), *map(str, words)],
        env=environment(env),
        capture_output=True,
        text=True,
        timeout=SLOW_S,
    )


def environment(more: dict[str, str] | None = None) -> dict[str, str]:
    """Ours without any LUOCHUI_… that the person who runs the tests may have set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LUOCHUI_")}
    return {**kept, "COLUMNS": "200", **(more or {})}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def sentence(done: "subprocess.CompletedProcess[str]") -> str:
    """The one sentence with which a command did not start."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].endswith(".")
    return lines[0]


# ── what cannot start says why ──────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def log_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "log_key"
    keys.save(path, keys.generate(SITE))
    return path


@pytest.fixture
def serving_env(log_key: Path) -> dict[str, str]:
    """What `serve` asks of its environment, but for the database."""
    return {
        "LUOCHUI_SITE": SITE,
        "LUOCHUI_PORT": str(free_port()),
        "LUOCHUI_LOG_KEY_FILE": str(log_key),
    }


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


@pytest.mark.parametrize("command", ["demo", "serve"])
def test_a_taken_port_is_one_sentence(
    command: str, taken_port: int, serving_env: dict[str, str], tmp_path: Path
) -> None:
    where = ["--data-dir", tmp_path] if command == "demo" else []
    said = sentence(luochui(command, "--port", taken_port, *where, env=serving_env))
    assert f"Port {taken_port} on 127.0.0.1 is not free" in said
    assert "choose another with --port" in said
    assert list(tmp_path.iterdir()) == [], "nothing was begun"


def test_serve_without_a_database_is_one_sentence(serving_env: dict[str, str]) -> None:
    said = sentence(luochui("serve", env=serving_env))
    assert said == "Set LUOCHUI_DATABASE_URL to the database, or try `luochui demo`."


def test_serve_without_a_log_key_is_one_sentence(database: FreshDatabase) -> None:
    env = {"LUOCHUI_PORT": str(free_port()), "LUOCHUI_DATABASE_URL": database.app_url}
    assert "`luochui log-key` makes one" in sentence(luochui("serve", env=env))


def test_serve_on_a_server_without_fsync_is_one_sentence(
    serving_env: dict[str, str], open_folder: Path
) -> None:
    careless = start_postgres(
        open_folder / "careless-cli",
        options={"fsync": "off"},
        private_dir=open_folder / "private",
    )
    try:
        env = {**serving_env, "LUOCHUI_DATABASE_URL": careless.owner_url()}
        assert "set fsync = on in postgresql.conf" in sentence(luochui("serve", env=env))
    finally:
        careless.stop()


async def test_serve_without_synchronous_commit_is_one_sentence(
    serving_env: dict[str, str], database: FreshDatabase
) -> None:
    owner = await database.connect_as_owner()
    await owner.execute(
        f"ALTER ROLE luochui_app IN DATABASE {database.name} SET synchronous_commit = off"
    )
    await owner.close()
    env = {**serving_env, "LUOCHUI_DATABASE_URL": database.app_url}
    assert "set synchronous_commit = on" in sentence(await ran("serve", env=env))


async def test_serve_on_a_database_that_is_not_migrated_is_one_sentence(
    serving_env: dict[str, str], template: str, empty_database: FreshDatabase
) -> None:
    env = {**serving_env, "LUOCHUI_DATABASE_URL": empty_database.app_url}
    assert "run `luochui migrate`" in sentence(await ran("serve", env=env))


async def test_serve_on_a_database_that_went_down_again_is_one_sentence(
    serving_env: dict[str, str], database: FreshDatabase
) -> None:
    """The migrations' own table stays, but the service may no longer read it."""
    await asyncio.to_thread(downgrade, database.owner_url, "base")
    env = {**serving_env, "LUOCHUI_DATABASE_URL": database.app_url}
    assert "run `luochui migrate`" in sentence(await ran("serve", env=env))


async def test_serve_as_a_role_that_is_not_there_is_one_sentence(
    serving_env: dict[str, str], database: FreshDatabase
) -> None:
    url = database.app_url.replace("luochui_app", "nobody_here")
    said = sentence(await ran("serve", env={**serving_env, "LUOCHUI_DATABASE_URL": url}))
    assert 'role "nobody_here" does not exist' in said
    assert "luochui migrate" in said


def test_an_account_of_an_unknown_role_is_one_sentence(serving_env: dict[str, str]) -> None:
    said = sentence(luochui("account", "li.wei", "--role", "regent", env=serving_env))
    assert "no official role regent: choose from publisher" in said


async def test_serve_on_a_database_that_is_away_is_one_sentence(
    serving_env: dict[str, str], tmp_path: Path
) -> None:
    url = f"postgresql+asyncpg://luochui_app@/luochui?host={tmp_path}&port=5432"
    said = sentence(await ran("serve", env={**serving_env, "LUOCHUI_DATABASE_URL": url}))
    assert "LUOCHUI_DATABASE_URL" in said


def test_a_value_out_of_range_is_one_sentence_that_names_it(serving_env: dict[str, str]) -> None:
    said = sentence(luochui("serve", env={**serving_env, "LUOCHUI_POOL_SIZE": "many"}))
    assert said.startswith("LUOCHUI_POOL_SIZE: ")


def test_a_data_folder_of_another_version_is_one_sentence(tmp_path: Path) -> None:
    cluster = tmp_path / "postgres" / "cluster"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("11\n")
    for folder in (cluster, cluster.parent, tmp_path):
        folder.chmod(0o755)
    said = sentence(luochui("demo", "--data-dir", tmp_path, "--port", free_port()))
    assert "was made by PostgreSQL 11" in said
    assert "begin anew with --fresh" in said


def test_unattended_asks_where_to_write(tmp_path: Path) -> None:
    assert "--out DIR" in sentence(luochui("demo", "--unattended", "--data-dir", tmp_path))


# ── verify, keys, documents ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("content", [b"", b"not a pack", b"PK\x03\x04" + bytes(64)])
def test_verify_on_garbage_is_exit_2_and_a_report(
    content: bytes, log_key: Path, tmp_path: Path
) -> None:
    pack, vkey = tmp_path / "pack.zip", tmp_path / "log.vkey"
    pack.write_bytes(content)
    vkey.write_text(keys.load(log_key).verifying.to_text() + "\n")
    done = luochui("verify", pack, "--key", vkey, "--json")
    assert done.returncode == 2
    report = json.loads(done.stdout)
    assert (report["exit_code"], report["checks"]) == (2, [])
    assert report["error"]
    plain = luochui("verify", pack, "--key", vkey)
    assert plain.returncode == 2
    assert "cannot be read" in plain.stdout
    assert "Traceback" not in plain.stderr


def test_verify_without_a_pack_or_with_garbage_for_a_key_is_exit_2(tmp_path: Path) -> None:
    vkey = tmp_path / "log.vkey"
    vkey.write_text("no key\n")
    done = luochui("verify", tmp_path / "nowhere.zip", "--key", vkey, "--json")
    assert done.returncode == 2
    assert "key" in json.loads(done.stdout)["error"]


def test_verify_takes_a_policy_and_authorities_from_files(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    contents = sales.stamped(sales.witnessed(sales.sold_listing()), authority)
    files = {
        "pack.zip": build(contents, sales.KEY),
        "log.vkey": sales.VKEY.encode(),
        "policy": sales.POLICY.encode(),
        "none": b"quorum none",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    asked = ("verify", tmp_path / "pack.zip", "--key", tmp_path / "log.vkey")
    outside = ("--policy", tmp_path / "policy", "--tsa", tmp_path / "ca.pem")
    done = luochui(*asked, *outside, "--tsa", tmp_path / "tsa.pem", "--json")
    assert done.returncode == 0, done.stderr
    assert [check["status"] for check in json.loads(done.stdout)["checks"][13:]] == ["HELD"] * 2
    assert "the quorum covers 19 of 19 entries" in luochui(*asked, *outside).stdout
    for wrong in (("--policy", tmp_path / "pack.zip"), ("--tsa", tmp_path / "policy")):
        refused = luochui(*asked, *wrong)
        assert refused.returncode == 2
        assert "cannot be read" in refused.stdout
        assert "Traceback" not in refused.stderr


def test_what_a_pack_says_is_printed_as_text_not_as_markup(tmp_path: Path) -> None:
    files = unpack(build(sales.sold_listing(), sales.KEY))
    (tmp_path / "[b].zip").write_bytes(b"[/b]")
    (tmp_path / "log.vkey").write_text(sales.VKEY)
    done = luochui("verify", tmp_path / "[b].zip", "--key", tmp_path / "log.vkey")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert done.stdout.startswith("[b].zip cannot be read: NOT_A_ZIP")
    first = files["log.jsonl"].replace(b'"type":"publish_lot"', b'"type":"[/b]"', 1)
    (tmp_path / "[b].zip").write_bytes(repack({**files, "log.jsonl": first}))
    done = luochui("verify", tmp_path / "[b].zip", "--key", tmp_path / "log.vkey")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "[/b]" in done.stdout


def test_a_log_key_is_made_once_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "log_key"
    done = luochui("log-key", "--out", path, "--site", SITE)
    assert done.returncode == 0, done.stderr
    assert path.stat().st_mode & 0o777 == 0o600
    assert done.stdout.strip() == keys.load(path).verifying.to_text()
    before = path.read_text()
    again = luochui("log-key", "--out", path, "--site", SITE)
    assert again.returncode == 2
    assert "Traceback" not in again.stderr
    assert path.read_text() == before


def test_the_documents_name_every_operation_as_the_golden_list_does() -> None:
    """An operation's id is a promise to clients: it is added to the list, never changed."""
    done = luochui("openapi")
    assert done.returncode == 0, done.stderr
    found = sorted(
        f"{operation['operationId']} {method.upper()} {path}"
        for path, methods in json.loads(done.stdout)["paths"].items()
        for method, operation in methods.items()
        if "operationId" in operation
    )
    assert found == (GOLDEN / "operations.txt").read_text().splitlines()


def test_the_channels_document_is_asyncapi_3() -> None:
    done = luochui("openapi", "--channel")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["asyncapi"].startswith("3.")
    assert document["channels"]


# ── the demonstration ───────────────────────────────────────────────────────────────────────


class Demo:
    """A demo for a visitor that has printed its screen."""

    def __init__(self, process: asyncio.subprocess.Process, base_url: str, screen: str) -> None:
        self.process = process
        self.base_url = base_url
        self.screen = screen

    async def get(self, path: str) -> bytes:
        return await asyncio.to_thread(_read, self.base_url + path)

    async def lots(self) -> dict[str, int]:
        """When each lot on the public list was announced; waits for the first two."""
        for _ in range(LOOKS):
            cards = json.loads(await self.get("/api/lots"))["items"]
            if len(cards) >= 2:
                return {card["lot_id"]: card["timetable"]["announced_at"] for card in cards}
        raise AssertionError("no lots were published")

    async def interrupt(self) -> str:
        """Ctrl-C; what the demo still said. It must end with 0."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.stdout is not None
        rest = (await self.process.stdout.read()).decode()
        assert await self.process.wait() == 0, rest
        assert "Traceback" not in rest
        return rest


@asynccontextmanager
async def demo(data_dir: Path, *words: object) -> AsyncIterator[Demo]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        LUOCHUI, "demo", "--data-dir", data_dir, "--port", str(port), *map(str, words),
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        screen = (await process.stdout.readuntil(b"Ctrl-C ends")).decode()
        yield Demo(process, f"http://127.0.0.1:{port}", screen)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 -- our own http URL
        return bytes(answer.read())


async def ran(*words: object, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return await asyncio.to_thread(luochui, *words, env=env)


@pytest.mark.timeout(SLOW_S)
async def test_ctrl_c_ends_the_demo_and_the_next_start_goes_on_with_its_data(
    open_folder: Path,
) -> None:
    data_dir = open_folder / "demo"
    async with demo(data_dir) as first:
        assert first.base_url in first.screen
        assert re.search(r"Password of all\s+land-[0-9a-f]{8}", first.screen)
        lots, vkey = await first.lots(), await first.get("/api/log.vkey")
        assert "goes on with the same data" in await first.interrupt()
    async with demo(data_dir) as second:
        again = await second.lots()
        assert lots.items() <= again.items(), "the same lots, announced when they were"
        assert await second.get("/api/log.vkey") == vkey
        await second.interrupt()
    async with demo(data_dir, "--fresh") as third:
        assert (await third.get("/api/log.vkey")) != vkey
        anew = await third.lots()
        assert all(anew.get(lot_id) != at for lot_id, at in lots.items()), "it starts over"
        await third.interrupt()


@pytest.mark.timeout(SLOW_S)
def test_the_unattended_demo_plays_four_sales_and_every_pack_verifies(open_folder: Path) -> None:
    """The slow one: four whole sales in real time, each decided again from its pack."""
    out, play = open_folder / "packs", open_folder / "play"
    done = luochui(
        "demo", "--unattended", "--out", out, "--data-dir", play, "--port", free_port()
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    names = {path.name for path in out.iterdir()}
    given = {"log.vkey", "witness-policy.txt"}
    assert names == {*(f"{name}.zip" for name in PACKS), *given}
    reports = {name: verified(out, name) for name in PACKS}
    assert {report["checks"][13]["status"] for report in reports.values()} == {"HELD"}
    outcomes = {name: report["outcome"] for name, report in reports.items()}
    assert outcomes == dict.fromkeys(PACKS, "SOLD") | {
        "failed-below-reserve": "FAILED: BELOW_RESERVE"
    }


def verified(out: Path, name: str) -> dict[str, Any]:
    given = ("--key", out / "log.vkey", "--policy", out / "witness-policy.txt")
    done = luochui("verify", out / f"{name}.zip", *given, "--json")
    assert done.returncode == 0, done.stdout
    report: dict[str, Any] = json.loads(done.stdout)
    return report
