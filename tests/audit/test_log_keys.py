"""The log key on disk: born once, private, never overwritten."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from service.audit.keys import (
    MAX_KEY_FILE_BYTES,
    KeyFileBroken,
    Reason,
    generate,
    load,
    load_or_generate,
    load_verifying,
    save,
)
from service.audit.notes import NoteBroken

SITE = "auction.example.cn"


def refused(reason: Reason) -> Any:
    return pytest.raises(KeyFileBroken, check=lambda refusal: refusal.reason is reason)


def test_a_saved_key_is_loaded_again_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    before = os.umask(0)  # the mode must not depend on a careful umask
    try:
        key, path = generate(SITE), tmp_path / "log.key"
        save(path, key)
    finally:
        os.umask(before)
    assert load(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path, first = tmp_path / "log.key", generate(SITE)
    save(path, first)
    with refused(Reason.KEY_EXISTS):
        save(path, generate(SITE))
    assert load(path) == first
    assert list(tmp_path.iterdir()) == [path]


def test_many_first_starts_at_once_end_with_one_key(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: load_or_generate(path, SITE), range(32)))
    assert set(keys) == {load(path)}


def test_no_two_keys_are_born_alike() -> None:
    assert generate(SITE) != generate(SITE)


def test_the_published_key_is_read_from_a_file(tmp_path: Path) -> None:
    key, path = generate(SITE), tmp_path / "log.vkey"
    path.write_text(key.verifying.to_text() + "\n", encoding="utf-8")
    assert load_verifying(path) == key.verifying


def test_a_site_that_no_origin_can_bear_gets_no_key() -> None:
    with pytest.raises(NoteBroken):
        generate("auction.example.cn/house")


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"x" * (MAX_KEY_FILE_BYTES + 1)], ids=["not-text", "too-long"]
)
def test_what_is_no_key_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.key"
    path.write_bytes(content)
    with refused(Reason.KEY_UNREADABLE):
        load(path)
    with refused(Reason.KEY_UNREADABLE):
        load(tmp_path)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with refused(Reason.KEY_MISSING):
        load(tmp_path / "log.key")


def test_a_half_written_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    path.write_text(generate(SITE).to_text()[:-3], encoding="utf-8")
    with pytest.raises(NoteBroken):
        load(path)
