"""The commands a notary types: a key, a start, and one sentence when it cannot be."""

import asyncio
import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from service.audit.cosignatures import CosignerKey, CosigningKey
from service.audit.policy import read_policy
from service.witness.config import CannotStart, read_config
from service.witness.serve import running
from tests.witness.logs import (
    LOG_KEY,
    SITE,
    STRANGER,
    WITNESS_KEY,
    ask,
    client,
    config_in,
    grown,
    signed_at,
)
from tests.witness.processes import luochui, started, write_config

NAME = "witness.example.cn/w1"


def sentence(done: "subprocess.CompletedProcess[str]") -> str:
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    (line,) = done.stderr.strip().splitlines()
    assert line.endswith(".")
    return line


# ── the key ─────────────────────────────────────────────────────────────────────────────────


def test_a_key_is_made_once_private_and_printed_for_everyone(tmp_path: Path) -> None:
    path = tmp_path / "witness_key"
    done = luochui("witness-key", "--name", NAME, "--out", path)
    assert done.returncode == 0, done.stderr
    assert path.stat().st_mode & 0o777 == 0o600
    secret = path.read_text()
    key = CosigningKey.from_text(secret.strip())
    vkey, line = done.stdout.splitlines()
    assert CosignerKey.from_text(vkey) == key.verifying
    assert line == f"witness {NAME} {vkey}"
    policy = read_policy(f"{line}\nquorum {NAME}\n")
    assert policy.witnesses[0].key == key.verifying
    assert "KEY_EXISTS" in sentence(luochui("witness-key", "--name", NAME, "--out", path))
    assert path.read_text() == secret


@pytest.mark.parametrize("name", ["", "two words", "plus+sign"])
def test_a_name_that_no_note_can_bear_makes_no_key(name: str, tmp_path: Path) -> None:
    said = sentence(luochui("witness-key", "--name", name, "--out", tmp_path / "key"))
    assert said.startswith("No key was made: BAD_KEY_NAME")
    assert list(tmp_path.iterdir()) == []


def test_a_key_without_a_folder_for_it_is_one_sentence(tmp_path: Path) -> None:
    said = sentence(luochui("witness-key", "--name", NAME, "--out", tmp_path / "no" / "key"))
    assert "No such file or directory" in said


# ── the start ───────────────────────────────────────────────────────────────────────────────


async def test_a_started_witness_speaks_json_and_ends_at_sigterm(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "service.cli", "witness", "--config", write_config(tmp_path),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    born = json.loads(await process.stdout.readline())
    assert (born["event"], born["level"]) == ("store_is_new", "warning")
    serving = json.loads(await process.stdout.readline())
    assert (serving["event"], serving["name"]) == ("serving", WITNESS_KEY.name)
    async with client(serving["url"]) as http:
        log = grown(5)
        signed_at(log.note(5), await ask(http, log.body(0, 5)))
    process.terminate()
    out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["event"] for line in lines] == ["cosigned", "stopping"]
    assert (lines[0]["origin"], lines[0]["size"]) == (log.origin, 5)


async def test_what_was_cosigned_before_a_restart_is_held_after_it(tmp_path: Path) -> None:
    path, log = write_config(tmp_path), grown(9)
    async with started(path) as one, client(one.base_url) as http:
        signed_at(log.note(5), await ask(http, log.body(0, 5)))
    async with started(path) as two, client(two.base_url) as http:
        signed_at(log.note(9), await ask(http, log.body(5, 9)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"store": "7"}, "store: "),
        ({"max_logs": '"many"'}, "max_logs: "),
        ({"max_logs": '"12"'}, "max_logs: "),
        ({"max_logs": "0"}, "max_logs: "),
        ({"listen": '"8140"'}, "listen: "),
        ({"listen": '"127.0.0.1:99999"'}, "listen: "),
        ({"colour": '"red"'}, "colour: "),
        ({"key_file": "[]"}, "key_file: "),
        ({"name": '"another.example"'}, "they must be one"),
        ({"name": "unquoted"}, "is not TOML"),
        ({"key_file": '"nowhere"'}, "`luochui witness-key` makes one"),
        ({"store": '"nowhere/witness.sqlite"'}, "cannot be written (unable to open"),
        ({"store": '"."'}, "cannot be written (unable to open"),
        ({"store": '"witness_key"'}, "cannot be written (file is not a database"),
        ({"listen": '"192.0.2.1:8140"'}, "is not free"),
    ],
)
async def test_what_is_wrong_is_one_sentence_that_names_it(
    changes: dict[str, str], said: str, tmp_path: Path
) -> None:
    path = write_config(tmp_path, **changes)
    with pytest.raises(CannotStart) as refusal:
        async with running(read_config(path)):
            pass
    assert said in str(refusal.value)
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    ("vkeys", "said"),
    [
        ([], "log.0.vkeys: "),
        (["no key"], "BAD_KEY"),
        ([LOG_KEY.verifying.to_text().replace("+", "+0", 1)], "BAD_KEY"),
        ([WITNESS_KEY.verifying.to_text()], "UNKNOWN_KEY_TYPE"),
        (["example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"], "site's name"),
    ],
)
def test_a_logs_wrong_key_is_named(vkeys: list[str], said: str, tmp_path: Path) -> None:
    path = write_config(tmp_path)
    text = path.read_text()
    path.write_text(re.sub(r"vkeys = .*", f"vkeys = {json.dumps(vkeys)}", text))
    with pytest.raises(CannotStart, match=re.escape(said)):
        read_config(path)


def test_a_site_that_stands_there_twice_is_named(tmp_path: Path) -> None:
    again = f'[[log]]\nsite = "{SITE}"\nvkeys = ["{STRANGER.verifying.to_text()}"]'
    with pytest.raises(CannotStart, match=r"log: .*twice"):
        read_config(write_config(tmp_path, more=again))


def test_the_commands_errors_are_one_sentence_and_exit_2(tmp_path: Path) -> None:
    missing = sentence(luochui("witness", "--config", tmp_path / "no.toml"))
    assert "cannot be read: No such file" in missing
    path = write_config(tmp_path, key_file='"nowhere"')
    assert "holds no witness key (KEY_MISSING" in sentence(luochui("witness", "--config", path))


def test_a_taken_port_is_one_sentence_and_touches_no_store(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        path = write_config(tmp_path, listen=f'"{listen}"')
        assert f"{listen} is not free" in sentence(luochui("witness", "--config", path))
    assert not (tmp_path / "witness.sqlite").exists()


async def test_a_store_that_is_broken_is_one_sentence(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    config.store.write_bytes(b"SQLite format 3\0" + bytes(84))
    with pytest.raises(CannotStart, match="must be a witness's own"):
        async with running(config):
            pass


def test_a_witness_loads_nothing_of_the_auctions_database() -> None:
    """What import-linter says of our files, said of everything they bring along."""
    script = (
        "import sys, service.cli, service.witness.serve\n"
        "print([name for name in ('sqlalchemy', 'asyncpg', 'alembic', 'service.store',"
        " 'service.settings') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
