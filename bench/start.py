"""How long a newcomer waits: a cold clone and a warm start, until the demo says where to look.

By then every account is signed in and the first page has answered.

Run: uv run --locked --group dev python bench/start.py [--repeats N]
Peer, in the same run: the embedded PostgreSQL alone (initdb and start), which the demo contains.
Everything runs in temporary folders with an empty HOME and an empty package cache.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT_S = 300
READY = b"Ctrl-C ends"
"""The last words of the demo's screen."""
PEER = """
import sys, time
from pathlib import Path
from service.store.embedded import start_postgres
began = time.monotonic()
server = start_postgres(Path(sys.argv[1]))
print(time.monotonic() - began)
server.stop()
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def seconds_to_demo(command: list[str], cwd: Path, env: dict[str, str], port: int) -> float:
    """Starts the demo, waits for its screen and its first page, ends it with Ctrl-C."""
    began = time.monotonic()
    log = cwd.parent / "demo.log"
    with log.open("wb") as said:
        demo = subprocess.Popen(
            [*command, "--port", str(port)], cwd=cwd, env=env, stdout=said, stderr=said,
            start_new_session=True,
        )  # fmt: skip
        try:
            while READY not in log.read_bytes() or not answers(port):
                if demo.poll() is not None or time.monotonic() - began > LIMIT_S:
                    raise SystemExit(f"the demo did not start:\n{log.read_text()}")
                time.sleep(0.05)
            return time.monotonic() - began
        finally:
            os.killpg(demo.pid, signal.SIGINT)
            demo.wait(60)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1) as page:
            return bool(page.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def measure(folder: Path) -> dict[str, float]:
    """One newcomer: clone, first start, second start, and the bare server twice."""
    clone, home = folder / "clone", folder / "home"
    home.mkdir()
    env = {k: v for k, v in os.environ.items() if not k.startswith(("UV_", "VIRTUAL_ENV"))}
    env |= {"HOME": str(home), "UV_CACHE_DIR": str(folder / "cache")}
    env.pop("SKIP_WEB", None)
    port = free_port()
    uv = shutil.which("uv") or sys.exit("uv is not on the PATH: pip install uv")
    began = time.monotonic()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    cloning = time.monotonic() - began
    demo = [uv, "run", "--locked", "luochui", "demo", "--data-dir", str(folder / "data")]
    cold = cloning + seconds_to_demo(demo, clone, env, port)
    warm = seconds_to_demo(demo, clone, env, port)
    peer = [str(clone / ".venv/bin/python"), "-c", PEER, str(folder / "bare")]
    bare = [
        float(subprocess.run(peer, cwd=clone, env=env, check=True, capture_output=True).stdout)
        for _ in range(2)
    ]
    return {
        "cold_clone_to_demo_s": cold,
        "warm_start_to_demo_s": warm,
        "peer_bare_postgres_first_s": bare[0],
        "peer_bare_postgres_again_s": bare[1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    rows = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory(prefix="luochui-bench-") as folder:
            rows.append(measure(Path(folder)))
    for name in rows[0]:
        ordered = sorted(row[name] for row in rows)
        median = ordered[len(ordered) // 2]
        print(f"{name:32} {median:8.2f}")
        print(json.dumps({"name": name, "median": round(median, 3), "all": ordered}))


if __name__ == "__main__":
    main()
