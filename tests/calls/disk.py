"""A disk that is really full: a small file system that a test may fill and empty again."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SIZE_MB = 256
_BLOCK = bytes(64 << 10)


class NoSmallDisk(Exception):
    """This account may not mount a file system."""


@dataclass(frozen=True, slots=True)
class Disk:
    """`folder` is the whole file system."""

    folder: Path

    def fill(self) -> None:
        """Takes the last free block."""
        with (self.folder / "ballast").open("ab", buffering=0) as ballast:
            while True:
                try:
                    ballast.write(_BLOCK)
                except OSError:
                    break

    def empty(self) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Mounted in `folder`, gone afterwards. Raises NoSmallDisk."""
    folder.mkdir()
    form = ["-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=755", "luochui-test", str(folder)]
    done = subprocess.run(["mount", *form], capture_output=True, text=True, timeout=30)
    if done.returncode != 0:
        raise NoSmallDisk(done.stderr.strip())
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True, capture_output=True, timeout=30)
