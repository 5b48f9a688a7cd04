"""The pack as a file: what it holds, and everything its reader refuses before believing it."""

import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.rest import VerifyReport
from service.audit import archive, canonical, pack, proofs
from service.audit.archive import Archive, PackUnreadable, Reason
from service.audit.verifier import verify_files, verify_pack
from tests.audit import sales
from tests.audit.forgers import repack, unpack

PACK = sales.sold_pack()
ENTRY = struct.Struct("<4s6H3L5H2L")


def zipped(*files: tuple[str, bytes], **facts: int) -> bytes:
    """A ZIP as anyone may make one; facts are set on every file's ZipInfo."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as opened:
        for name, data in files:
            info = zipfile.ZipInfo(name)
            info.compress_type = facts.get("method", zipfile.ZIP_DEFLATED)
            info.create_system = facts.get("system", 3)
            info.external_attr = facts.get("mode", 0o100644) << 16
            opened.writestr(info, data)
    return out.getvalue()


def patched(raw: bytes, at: int, new: bytes) -> bytes:
    return raw[:at] + new + raw[at + len(new) :]


def directory(raw: bytes) -> int:
    """Where the directory of a small ZIP begins."""
    return int(struct.unpack("<L", raw[-6:-2])[0])


def reason(raw: bytes) -> str:
    """By which name the verifier refuses to read these bytes."""
    report = verify_pack(raw, sales.VKEY)
    assert report.exit_code == 2, report
    assert not report.checks
    assert report.error is not None
    return report.error.partition(":")[0]


# ── building ────────────────────────────────────────────────────────────────────────────────


def test_the_same_contents_and_key_give_the_same_bytes() -> None:
    assert sales.sold_pack() == PACK


def test_a_pack_holds_the_files_of_the_specification_in_order_and_the_manifest_last() -> None:
    contents, names = sales.sold_listing(), list(unpack(PACK))
    assert names[:-1] == sorted(names[:-1])
    assert names[-1] == "manifest.json"
    assert {"checkpoints.txt", "health.jsonl", "log.jsonl"} < set(names)
    assert f"documents/{sha256(sales.NOTICE).hexdigest()}" in names
    assert [n for n in names if n.startswith("house/")] == [
        f"house/{seq}.tlog-proof" for seq in (1, 2, 3, 4, 5)
    ]
    bids = sum(b'"type":"place_bid"' in entry for entry in contents.entries)
    assert sum(name.startswith("receipts/") for name in names) == bids == 10


def test_the_log_is_the_stored_bytes_one_entry_a_line() -> None:
    stored = sales.sold_listing().entries
    assert unpack(PACK)["log.jsonl"] == b"".join(entry + b"\n" for entry in stored)


def test_checkpoints_stand_one_after_another_with_one_empty_line_between() -> None:
    text = unpack(PACK)["checkpoints.txt"].decode()
    blocks = text.removesuffix("\n").split("\n\n")
    sizes = [int(block.split("\n")[1]) for block in blocks[::2]]
    assert sizes == [head.size for head in sales.sold_listing().heads]
    assert all(block.startswith("— auction.example.cn ") for block in blocks[1::2])


def test_the_manifest_is_canonical_and_covers_every_other_file() -> None:
    files = unpack(PACK)
    raw = files.pop("manifest.json")
    listed = canonical.decode(raw)
    assert listed["log"] == "auction.example.cn/lot/hj-2017-07"
    assert listed["v"] == 1
    assert listed["files"] == {
        name: {"sha256": sha256(data).hexdigest(), "size": len(data)}
        for name, data in files.items()
    }


def test_a_receipt_is_against_the_head_of_the_batch_in_which_its_bid_was_committed() -> None:
    heads = [head.size for head in sales.sold_listing().heads]
    for name, data in unpack(PACK).items():
        if not name.startswith("receipts/"):
            continue
        proven = proofs.verify(
            data.decode(), sales.KEY.verifying, "auction.example.cn/lot/hj-2017-07"
        )
        assert proven.checkpoint.size == min(size for size in heads if size > proven.index)
        assert json.loads(proven.entry)["command"]["bid_id"] in name


def test_a_bid_after_the_last_head_is_not_packed() -> None:
    contents = sales.unfinished()
    with pytest.raises(ValueError, match="no head covers the bid at seq"):
        pack.build(replace(contents, heads=contents.heads[:2]), sales.KEY)


# ── reading: the shape of the ZIP ───────────────────────────────────────────────────────────


def test_what_is_no_zip_is_refused_by_name() -> None:
    assert reason(b"") == Reason.NOT_A_ZIP
    assert reason(b"PK\x05\x06" * 40) == Reason.NOT_A_ZIP
    assert reason(PACK[:-1]) == Reason.NOT_A_ZIP
    assert reason(PACK + b"trailing") == Reason.NOT_A_ZIP
    assert reason(b"leading" + PACK) == Reason.BAD_DIRECTORY


def test_bytes_before_the_first_file_are_refused_though_every_place_is_told_rightly() -> None:
    raw = zipped(*sorted(unpack(PACK).items()))
    shift, at = len(b"leading"), directory(raw)
    moved = b"leading" + raw
    while raw[at : at + 4] == b"PK\x01\x02":
        name, extra, comment = struct.unpack("<3H", raw[at + 28 : at + 34])
        (offset,) = struct.unpack("<L", raw[at + 42 : at + 46])
        moved = patched(moved, at + 42 + shift, struct.pack("<L", offset + shift))
        at += ENTRY.size + name + extra + comment
    end = struct.pack("<L", directory(raw) + shift)
    assert reason(patched(moved, len(moved) - 6, end)) == Reason.BAD_DIRECTORY


@pytest.mark.parametrize(
    "name",
    [
        *("../log.jsonl", "/etc/passwd", "a/b/c", "a\\b", "C:log", "receipts/", ".hidden"),
        *("a/../b", "日志.jsonl", "LOG.JSONL", "x" * 201, "a//b", "bell\x07"),
    ],
)
def test_a_name_that_a_file_system_could_misread_is_refused(name: str) -> None:
    assert reason(zipped(("log.jsonl", b""), (name, b""))) == Reason.BAD_NAME


def test_two_files_of_one_name_are_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        raw = zipped(("log.jsonl", b"one"), ("log.jsonl", b"two"))
    assert reason(raw) == Reason.DUPLICATE_NAME


def test_links_and_folders_are_refused() -> None:
    assert reason(zipped(("log.jsonl", b"/etc/passwd"), mode=0o120777)) == Reason.NOT_A_PLAIN_FILE
    assert reason(zipped(("log.jsonl", b""), mode=0o040755)) == Reason.NOT_A_PLAIN_FILE


def test_encrypted_files_and_other_methods_are_refused() -> None:
    raw = zipped(("log.jsonl", b"secret"))
    flags = directory(raw) + 8
    assert reason(patched(raw, flags, b"\x01\x00")) == Reason.ENCRYPTED
    assert reason(zipped(("log.jsonl", b"x"), method=zipfile.ZIP_BZIP2)) == Reason.UNKNOWN_METHOD


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    raw = zipped(("log.jsonl", bytes(3 << 20)))
    assert reason(raw) == Reason.RATIO_TOO_HIGH


def test_a_file_that_lies_about_its_size_is_cut_off() -> None:
    files = [("checkpoints.txt", b""), ("log.jsonl", bytes(1 << 22)), ("manifest.json", b"")]
    raw = zipped(*files)
    second = directory(raw) + ENTRY.size + len("checkpoints.txt")
    assert reason(patched(raw, second + 24, struct.pack("<L", 5_000))) == Reason.DAMAGED


def test_a_file_larger_than_the_bound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_FILE_BYTES", 10_000)
    assert reason(zipped(("log.jsonl", bytes(10_001)))) == Reason.TOO_LARGE


def test_files_larger_together_than_the_bound_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_TOTAL_BYTES", 10_000)
    assert reason(zipped(("log.jsonl", bytes(6_000)), ("b", bytes(6_000)))) == Reason.TOO_LARGE


def test_more_files_than_the_bound_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_FILES", 3)
    raw = zipped(*((f"receipts/{number}", b"") for number in range(4)))
    assert reason(raw) == Reason.TOO_MANY_FILES


def test_files_that_share_bytes_are_refused() -> None:
    raw = zipped(("a", b"one and the same"), ("b", b"one and the same"))
    second = directory(raw) + ENTRY.size + 1
    assert reason(patched(raw, second + ENTRY.size - 4, struct.pack("<L", 0))) == Reason.OVERLAPPING


def test_a_file_that_reaches_into_the_directory_is_refused() -> None:
    raw = zipped(("a", b"stored"), method=zipfile.ZIP_STORED)
    sizes = struct.pack("<2L", 7, 7)
    assert reason(patched(raw, directory(raw) + 20, sizes)) == Reason.OVERLAPPING


def test_bytes_hidden_behind_a_deflated_file_are_refused() -> None:
    raw = zipped(("log.jsonl", b"honest"))
    start, packed = directory(raw), struct.unpack("<L", raw[directory(raw) + 20 :][:4])[0]
    hidden = raw[:start] + b"hidden" + raw[start:]
    wider = patched(hidden, start + 6 + 20, struct.pack("<L", packed + 6))
    opened = Archive(BytesIO(patched(wider, len(wider) - 6, struct.pack("<L", start + 6))))
    with pytest.raises(PackUnreadable, match="bytes after its end"):
        opened.read(opened.members[0])


def test_no_more_is_unpacked_than_was_announced() -> None:
    raw = zipped(("log.jsonl", bytes(1 << 20)))
    opened = Archive(BytesIO(patched(raw, directory(raw) + 24, struct.pack("<L", 70_000))))
    pieces = opened.chunks(opened.members[0])
    assert len(next(pieces)) <= 70_000
    with pytest.raises(PackUnreadable, match="DAMAGED"):
        next(pieces)


def test_a_directory_that_disagrees_with_its_files_is_refused() -> None:
    files = unpack(PACK)
    raw = archive.write(files.items())
    name = raw.index(b"checkpoints.txt")
    assert reason(patched(raw, name, b"checkpoints.txu")) == Reason.BAD_DIRECTORY
    count = struct.pack("<2H", len(files) + 1, len(files) + 1)
    assert reason(patched(raw, len(raw) - 14, count)) == Reason.BAD_DIRECTORY
    fewer = struct.pack("<2H", len(files) - 1, len(files) - 1)
    assert reason(patched(raw, len(raw) - 14, fewer)) == Reason.BAD_DIRECTORY
    assert reason(patched(raw, len(raw) - 14, struct.pack("<2H", 2, 2))) == Reason.BAD_DIRECTORY


def test_damage_in_transit_is_named() -> None:
    receipt = next(name for name in unpack(PACK) if name.startswith("receipts/"))
    for name in ("log.jsonl", "manifest.json", "health.jsonl", receipt, "house/1.tlog-proof"):
        with zipfile.ZipFile(BytesIO(PACK)) as opened:
            info = opened.getinfo(name)
        middle = info.header_offset + 30 + len(name) + info.compress_size // 2
        assert reason(patched(PACK, middle, bytes([PACK[middle] ^ 0x55]))) == Reason.DAMAGED


def test_a_file_that_a_pack_must_have_is_missed_by_name() -> None:
    for name in ("manifest.json", "log.jsonl", "checkpoints.txt"):
        files = {each: data for each, data in unpack(PACK).items() if each != name}
        assert reason(repack(files, manifest=False)) == Reason.MISSING_FILE


def test_a_gigantic_line_and_an_unended_one_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    files = unpack(PACK)
    cut = {**files, "log.jsonl": files["log.jsonl"][:-1]}
    assert reason(repack(cut)) == Reason.LINE_NOT_ENDED
    monkeypatch.setattr(pack, "MAX_LINE_BYTES", 100_000)
    long = {**files, "health.jsonl": b"".join(b"%x" % n for n in range(100_000)) + b"\n"}
    assert reason(repack(long)) == Reason.LINE_TOO_LONG
    endless = {**files, "checkpoints.txt": b"".join(b"%x\n" % n for n in range(60_000))}
    assert reason(repack(endless)) == Reason.LINE_TOO_LONG


def test_more_files_than_a_plain_directory_can_count_are_read() -> None:
    raw = archive.write((f"receipts/{number}", b"") for number in range(70_000))
    opened = Archive(BytesIO(raw))
    assert len(opened.members) == 70_000
    end = raw.index(b"PK\x06\x06")
    with pytest.raises(PackUnreadable, match="BAD_DIRECTORY"):
        Archive(BytesIO(patched(raw, end + 16, b"\x01\x00\x00\x00")))
    with pytest.raises(PackUnreadable, match="NOT_A_ZIP"):
        Archive(BytesIO(patched(raw, end + 56, b"XX")))


def zip64(raw: bytes, *, place: int | None = None, **facts: int) -> bytes:
    """A small ZIP whose end speaks ZIP64, with any of its figures a lie."""
    count, size, start = struct.unpack("<H2L", raw[-12:-2])
    end = len(raw) - 22 if place is None else place
    told = {"count": count, "size": size, "start": start, "length": 44, **facts}
    record = struct.pack(
        "<4sQ2H2L4Q", b"PK\x06\x06", told["length"], 45, 45, 0, 0,
        told["count"], told["count"], told["size"], told["start"],
    )  # fmt: skip
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    return raw[:-22] + record + locator + raw[-22:-14] + b"\xff" * 12 + b"\0\0"


def test_figures_of_zip64_are_believed_no_more_than_others() -> None:
    files = sorted(unpack(PACK).items())
    assert verify_pack(zip64(zipped(*files)), sales.VKEY).exit_code == 0
    raw = zipped(("log.jsonl", b"x"))
    most = 2**64 - 1
    assert reason(zip64(raw, count=most)) == Reason.TOO_MANY_FILES
    assert reason(zip64(raw, count=2)) == Reason.BAD_DIRECTORY
    assert reason(zip64(raw, size=most)) == Reason.BAD_DIRECTORY
    assert reason(zip64(raw, start=most)) == Reason.BAD_DIRECTORY
    assert reason(zip64(raw, start=most - 10, size=most)) == Reason.BAD_DIRECTORY
    assert reason(zip64(raw, length=most)) == Reason.BAD_DIRECTORY
    assert reason(zip64(raw, place=most)) == Reason.NOT_A_ZIP
    assert reason(zip64(raw, place=0)) == Reason.NOT_A_ZIP


def test_a_size_that_only_zip64_could_tell_is_too_large() -> None:
    raw = zipped(("log.jsonl", b"x"))
    for field in (20, 24):  # packed, unpacked
        lie = patched(raw, directory(raw) + field, b"\xff" * 4)
        assert reason(lie) == Reason.TOO_LARGE
    assert reason(patched(raw, directory(raw) + 42, b"\xff" * 4)) == Reason.BAD_DIRECTORY


def test_a_manifest_that_claims_gigabytes_is_a_difference_not_a_burden() -> None:
    files = unpack(PACK)
    size = f'"size":{len(files["log.jsonl"])}'.encode()
    claimed = files["manifest.json"].replace(size, b'"size":1073741824000')
    report = verify_pack(repack({**files, "manifest.json": claimed}, manifest=False), sales.VKEY)
    assert (report.exit_code, report.checks[0].status) == (1, "FAILED")
    assert "the manifest says 1073741824000" in str(report.checks[0].detail)


def test_a_manifest_larger_than_any_pack_needs_is_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pack, "MAX_MANIFEST_BYTES", 1_000)
    assert reason(PACK) == Reason.TOO_LARGE


def test_more_lines_than_the_bound_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "MAX_ENTRIES", len(sales.sold_listing().entries))
    assert verify_pack(PACK, sales.VKEY).exit_code == 0
    monkeypatch.setattr(pack, "MAX_ENTRIES", len(sales.sold_listing().entries) - 1)
    assert reason(PACK) == Reason.TOO_MANY_LINES
    monkeypatch.undo()
    monkeypatch.setattr(pack, "MAX_LINES", len(sales.sold_listing().health) - 1)
    assert reason(PACK) == Reason.TOO_MANY_LINES


def test_a_gigantic_receipt_is_a_difference_and_is_not_read() -> None:
    files = unpack(PACK)
    gigantic = random.Random(7).randbytes(12 << 20)
    for folder, number in (("receipts/", 5), ("house/", 10)):
        name = next(name for name in files if name.startswith(folder))
        report = verify_pack(repack({**files, name: gigantic}), sales.VKEY)
        check = report.checks[number - 1]
        assert (report.exit_code, check.status) == (1, "FAILED")
        assert "TOO_LARGE" in f"{check.detail} {check.found}"


@pytest.mark.parametrize(
    "line",
    [
        *(b"[" * 100_000, b'{"a":' * 50_000, b"1" * 100_000, b"-" + b"9" * 5_000, b"1e999999"),
        *(b'{"at":1' + b"0" * 5_000 + b"}", b'"\\ud800"', b"\xff\xfe", b"\x00", b"NaN", b""),
    ],
)
def test_a_line_that_would_hurt_a_reader_is_one_difference(line: bytes) -> None:
    files = unpack(PACK)
    for name in ("log.jsonl", "health.jsonl"):
        changed = {**files, name: line + b"\n" + files[name]}
        report = verify_pack(repack(changed), sales.VKEY)
        assert report.exit_code == 1
        assert report.checks[1 if name == "log.jsonl" else 12].status == "FAILED"


def test_what_a_report_quotes_is_safe_to_print() -> None:
    files = unpack(PACK)
    first = sales.sold_listing().entries[0][:-1] + b',"\xc2\x9b[2J\xe2\x80\xae":1}'
    lines = files["log.jsonl"].split(b"\n")
    changed = {**files, "log.jsonl": b"\n".join([first, *lines[1:]])}
    said = verify_pack(repack(changed), sales.VKEY).model_dump_json()
    assert "\u202e" not in said
    assert "\x9b" not in said
    assert "[2J" in said
    unreadable = verify_pack(zipped(("log.jsonl", b""), ("\x1b[2J", b"")), "\x1b[2J")
    assert "\x1b" not in str(unreadable.error)


def test_a_pack_zipped_again_by_another_tool_still_verifies() -> None:
    files = sorted(unpack(PACK).items())
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        assert verify_pack(zipped(*files, method=method, system=0), sales.VKEY).exit_code == 0


# ── reading: key and path ───────────────────────────────────────────────────────────────────


def test_a_pack_or_key_that_is_not_there_is_a_report(tmp_path: Path) -> None:
    key, stored = tmp_path / "log.vkey", tmp_path / "hj-2017-07.zip"
    stored.write_bytes(PACK)
    assert verify_files(stored, key).exit_code == 2
    key.write_text("no key", encoding="utf-8")
    assert verify_files(stored, key).exit_code == 2
    key.write_text(sales.VKEY + "\n", encoding="utf-8")
    report = verify_files(stored, key)
    assert (report.exit_code, report.pack) == (0, "hj-2017-07.zip")
    assert "NO_FILE" in str(verify_files(tmp_path / "none.zip", key).error)
    assert "NO_FILE" in str(verify_files(tmp_path, key).error)


# ── no bytes bring the verifier down ────────────────────────────────────────────────────────


def is_whole(report: VerifyReport) -> bool:
    """A report with every check, or with the one error that let none be made."""
    if report.exit_code == 2:
        return not report.checks and bool(report.error)
    return len(report.checks) == 15 and report.error is None


@given(st.binary(max_size=400))
def test_random_bytes_are_refused_by_name(raw: bytes) -> None:
    assert verify_pack(raw, sales.VKEY).exit_code == 2


@given(st.text(max_size=80))
def test_random_keys_are_refused_by_name(vkey: str) -> None:
    assert verify_pack(b"", vkey).exit_code == 2


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(PACK) - 1), st.integers(1, 255)), min_size=1, max_size=4)
)
def test_flipped_bytes_of_the_zip_never_verify_and_never_raise(
    flips: list[tuple[int, int]],
) -> None:
    raw = bytearray(PACK)
    for at, bits in flips:
        raw[at] ^= bits
    report = verify_pack(bytes(raw), sales.VKEY)
    assert is_whole(report)
    if report.exit_code == 0:  # dates and the like carry no meaning
        assert unpack_meaning(bytes(raw)) == unpack_meaning(PACK)


def unpack_meaning(raw: bytes) -> dict[str, bytes]:
    opened = Archive(BytesIO(raw))
    return {member.name: opened.read(member) for member in opened.members}


MUTATIONS: list[Callable[[bytes, int, bytes], bytes]] = [
    lambda raw, at, new: raw[:at] + new + raw[at + len(new) :],
    lambda raw, at, new: raw[:at] + new + raw[at:],
    lambda raw, at, new: raw[:at] + raw[at + max(1, len(new)) :],
    lambda raw, at, new: raw[at:],
    lambda raw, at, new: raw[:at],
]


@settings(max_examples=300, deadline=None)
@given(
    st.data(),
    st.sampled_from(sorted(unpack(PACK))),
    st.sampled_from(MUTATIONS),
    st.sampled_from([b"", b"\n", b'"', b"}", b"9", b"\xff", b"null", b"0.5", b"\n\n", b" "]),
)
def test_files_changed_inside_a_mended_zip_never_verify_and_never_raise(
    data: st.DataObject, name: str, mutate: Callable[[bytes, int, bytes], bytes], new: bytes
) -> None:
    files = unpack(PACK)
    at = data.draw(st.integers(0, len(files[name])))
    changed = mutate(files[name], at, new)
    mend = name != "manifest.json"
    report = verify_pack(repack({**files, name: changed}, manifest=mend), sales.VKEY)
    assert is_whole(report)
    if changed != files[name] and name != "health.jsonl":  # a lost proof of many is no lie
        assert report.exit_code != 0


def test_a_swollen_stream_is_read_in_bounded_pieces() -> None:
    packed = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    raw = packed.compress(bytes(1 << 26)) + packed.flush()
    pieces = archive._inflated(zlib.decompressobj(-zlib.MAX_WBITS), raw, "x")
    assert max(map(len, pieces)) <= 1 << 16
