"""Files that people hand to the verifier: read up to a bound, or refused by name."""

from enum import StrEnum
from pathlib import Path

from service.audit.broken import Broken


class Reason(StrEnum):
    """Why a file is not read."""

    FILE_MISSING = "FILE_MISSING"
    FILE_UNREADABLE = "FILE_UNREADABLE"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"


class InputBroken(Broken):
    """A file that is absent, cannot be read, or is larger than anything it could be."""


def read_file(path: Path, most: int) -> bytes:
    """The whole file, at most `most` bytes; raises InputBroken."""
    try:
        with path.open("rb") as file:
            raw = file.read(most + 1)
    except FileNotFoundError as error:
        raise InputBroken(Reason.FILE_MISSING, str(path)) from error
    except OSError as error:
        raise InputBroken(Reason.FILE_UNREADABLE, f"{path}: {error.strerror}") from error
    if len(raw) > most:
        raise InputBroken(Reason.FILE_TOO_LARGE, f"{path}: more than {most} bytes")
    return raw
