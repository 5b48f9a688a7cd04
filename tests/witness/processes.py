"""A witness as its own process, started by the command that a notary types."""

import asyncio
import json
import os
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.witness.logs import LOG_KEY, SITE, WITNESS_KEY

LUOCHUI = Path(sys.executable).parent / "luochui"


def luochui(*words: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(LUOCHUI), *map(str, words)],
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
    )


def write_config(folder: Path, more: str = "", **changes: str) -> Path:
    """A config file beside a key file, as docs/witness.md shows it; values are TOML text."""
    key_file = folder / "witness_key"
    if not key_file.exists():
        key_file.write_text(WITNESS_KEY.to_text() + "\n")
    fields = {
        "name": f'"{WITNESS_KEY.name}"',
        "key_file": '"witness_key"',
        "store": '"witness.sqlite"',
        "listen": '"127.0.0.1:0"',
    }
    lines = [f"{name} = {value}" for name, value in {**fields, **changes}.items()]
    log = f'[[log]]\nsite = "{SITE}"\nvkeys = ["{LOG_KEY.verifying.to_text()}"]\n'
    path = folder / "witness.toml"
    path.write_text("\n".join([*lines, more, log]))
    return path


@dataclass(frozen=True)
class Running:
    process: Process
    base_url: str

    async def kill(self) -> None:
        """SIGKILL: nothing in the process gets to finish anything."""
        self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def started(config: Path) -> AsyncIterator[Running]:
    process = await asyncio.create_subprocess_exec(
        LUOCHUI, "witness", "--config", config, stdout=PIPE, stderr=PIPE
    )
    assert process.stdout is not None
    reading = None
    try:
        base_url = None
        while base_url is None:
            line = await process.stdout.readline()
            assert line, await process.stderr.read() if process.stderr else b""
            base_url = json.loads(line).get("url")
        reading = asyncio.create_task(process.stdout.read())  # a full pipe would stop it
        yield Running(process, base_url)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
        if reading:
            await reading
