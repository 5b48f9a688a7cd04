"""Packs that both verifiers are asked about: honest ones, every known cheat, and broken files.

`uv run --group dev python -m tests.browser.two_verifiers FOLDER` writes a few small ones with what
the verifier in Python says of them; `web/test/packs` was made so, for the client's own tests.
"""

import json
import struct
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from schemas.rest import VerifyReport
from service.audit.cosignatures import CosigningKey
from service.audit.pack import PackContents, build
from service.audit.verifier import verify_pack
from tests.audit import sales, test_tampering
from tests.audit.authority import Authority
from tests.audit.forgers import repack, signed, unpack
from tests.audit.test_pack import directory, patched, zipped

SALE = test_tampering.SALE
SOME = ("honest: sold_listing", "honest: unfinished", "seen and stamped", "bytes: alter a deadline")
"""Small and of all kinds: what `web/test/packs` holds."""


@dataclass(frozen=True)
class Case:
    """One pack and what the person who verifies it believes besides the key."""

    name: str
    pack: bytes
    policy: str | bytes | None = None
    tsa: tuple[bytes, ...] = ()
    vkey: str = sales.VKEY

    def report(self) -> VerifyReport:
        """What the verifier in Python says."""
        return verify_pack(self.pack, self.vkey, self.policy, self.tsa)


def first_difference(report: VerifyReport) -> tuple[int, int | None, int | None]:
    """Exit code, the lowest failing check and the entry it names: both verifiers give the same."""
    failed = [check for check in report.checks if check.status == "FAILED"]
    if not failed:
        return report.exit_code, None, None
    return report.exit_code, failed[0].number, failed[0].first_seq


def cases(authority: Authority, stranger: Authority) -> Iterator[Case]:
    yield from honest()
    yield from cheats()
    yield from broken()
    yield from policies()
    yield from witnessed()
    yield from stamped(authority, stranger)


# ── what the pack alone shows ───────────────────────────────────────────────────────────────


def honest() -> Iterator[Case]:
    for sale in (*sales.HONEST, sales.unfinished):
        yield Case(f"honest: {sale.__name__}", build(sale(), sales.KEY))
    asked = test_tampering.opted_in()
    yield Case("honest: opted_in", signed(asked))


def cheats() -> Iterator[Case]:
    """Every class of tests/audit/test_tampering.py."""
    for name, (files, _) in test_tampering.BY_BYTES.items():
        yield Case(f"bytes: {name}", repack(files()))
    for name, (contents, _) in test_tampering.BY_KEY.items():
        yield Case(f"key: {name}", signed(contents()))
    for name, (files, _) in test_tampering.BY_KEY_AND_FILE.items():
        yield Case(f"file: {name}", repack(files()))
    for name, unshown in test_tampering.UNSHOWN.items():
        yield Case(f"unshown: {name}", signed(unshown[0]()))
    yield Case("another key of the same name", signed(SALE, sales.STRANGER))
    with warnings.catch_warnings(action="ignore"):  # two receipts of one name, which is the point
        twice = signed(test_tampering.story(test_tampering.decided_twice))
    yield Case("a bid decided twice", twice)
    yield Case("a bid decided twice, under one name", repack(unpack(twice)))


# ── files that cannot be read ───────────────────────────────────────────────────────────────


def broken() -> Iterator[Case]:
    raw = build(SALE, sales.KEY)
    files = unpack(raw)
    yield Case("empty", b"")
    yield Case("no zip", b"PK\x05\x06" * 40)
    yield Case("cut", raw[:-1])
    yield Case("trailing bytes", raw + b"trailing")
    yield Case("leading bytes", b"leading" + raw)
    for name in ("../log.jsonl", "a/b/c", "a\\b", ".hidden", "LOG.JSONL", "日志.jsonl", "x" * 201):
        yield Case(f"name {ascii(name)[:20]}", zipped(("log.jsonl", b""), (name, b"")))
    yield Case("a link", zipped(("log.jsonl", b"/etc/passwd"), mode=0o120777))
    yield Case("a bomb", zipped(("log.jsonl", bytes(3 << 20))))
    middle = raw.index(b"log.jsonl") + 200
    yield Case("damaged", patched(raw, middle, bytes([raw[middle] ^ 0x55])))
    flags = directory(raw) + 8
    yield Case("encrypted", patched(raw, flags, b"\x01\x00"))
    yield Case("several disks", patched(raw, len(raw) - 18, b"\x01\x00"))
    yield Case("another directory", patched(raw, len(raw) - 6, struct.pack("<L", 7)))
    for missing in ("manifest.json", "log.jsonl", "checkpoints.txt", "health.jsonl"):
        rest = {name: data for name, data in files.items() if name != missing}
        yield Case(f"without {missing}", repack(rest, manifest=False))
    yield Case("a line not ended", repack({**files, "log.jsonl": files["log.jsonl"][:-1]}))
    yield Case("an empty log", repack({**files, "log.jsonl": b""}))
    nameless = {**files, "manifest.json": b"{}", "log.jsonl": b"{}\n"}
    yield Case("a log without a name", repack(nameless, manifest=False))
    for vkey in ("", "no key", sales.VKEY.replace("+A", "+B"), sales.WITNESSES["notary"].name):
        yield Case(f"key {vkey[:10]!r}", raw, vkey=vkey)


# ── what others say of it ───────────────────────────────────────────────────────────────────


def policies() -> Iterator[Case]:
    seen = build(sales.witnessed(SALE), sales.KEY)
    text, notary = sales.POLICY, sales.WITNESSES["notary"].verifying.to_text()
    changed = {
        "empty": "",
        "no quorum": text.replace("quorum two-of-three\n", ""),
        "two quorums": text + "quorum notary\n",
        "lists another log": text.replace(sales.VKEY, sales.STRANGER.verifying.to_text()),
        "a comment": "# who is believed\n \t\n" + text,
        "carriage returns": text.replace("\n", "\r\n"),
        "an unknown line": text + "hello world\n",
        "a group of the unknown": "group g all a\n" + text,
        "more than there are": text.replace("three 2", "three 4"),
        "none of them": text.replace("three 2", "three 0"),
        "a member twice": text.replace("association notary", "association association notary"),
        "one key twice": text.replace("witness notary", f"witness copy {notary}\nwitness notary"),
        "a log's key for a witness": text.replace(f"notary {notary}", f"notary {sales.VKEY}"),
        "quorum none": text.replace("quorum two-of-three", "quorum none"),
        "quorum of one": text.replace("quorum two-of-three", "quorum notary"),
    }
    for name, policy in changed.items():
        yield Case(f"policy: {name}", seen, policy)


def witnessed() -> Iterator[Case]:
    def given(name: str, contents: PackContents) -> Case:
        return Case(f"witnesses: {name}", build(contents, sales.KEY), sales.POLICY)

    full, one = sales.witnessed(SALE), {"notary": sales.WITNESSES["notary"]}
    liars = {name: CosigningKey(key.name, bytes(32)) for name, key in sales.WITNESSES.items()}
    head = SALE.heads[5]
    last = sales.at(SALE.entries[head.size - 1])
    early = sales.cosignatures(SALE.origin, head, last - 100_000)
    elsewhere = full.cosignatures[SALE.heads[4].size]
    yield given("all", full)
    yield given("none", SALE)
    yield given("one of three", sales.witnessed(SALE, one))
    yield given("strangers of the same names", sales.witnessed(SALE, liars))
    yield given("the last head alone", sales.witnessed(SALE, heads={len(SALE.entries)}))
    yield given("the first heads alone", sales.witnessed(SALE, heads={3, 8}))
    yield given("a sale that goes on", sales.unfinished())
    yield given("none for the house", replace(full, house_cosignatures=()))
    moved = {**full.cosignatures, head.size: early}
    yield given("seen before it was dated", replace(full, cosignatures=moved))
    moved = {**full.cosignatures, head.size: elsewhere}
    yield given("lines of another head", replace(full, cosignatures=moved))


def stamped(authority: Authority, stranger: Authority) -> Iterator[Case]:
    contents = sales.stamped(SALE, authority)
    tokens = dict(contents.timestamps)
    first, close, seal = sorted(tokens)

    def given(name: str, stamps: dict[int, bytes], *tsa: bytes) -> Case:
        raw = build(replace(contents, timestamps=stamps), sales.KEY)
        return Case(f"timestamps: {name}", raw, None, tsa)

    both = sales.stamped(sales.witnessed(SALE), authority)
    yield Case("seen and stamped", build(both, sales.KEY), sales.POLICY, (authority.ca,))
    yield given("unjudged", tokens)
    yield given("by the authority itself", tokens, authority.certificate)
    yield given("by a stranger", tokens, stranger.ca)
    yield given("two authorities", tokens, stranger.ca, authority.ca)
    yield given("none", {}, authority.ca)
    yield given("the seal alone", {seal: tokens[seal]}, authority.ca)
    yield given("no close", {first: tokens[first]}, authority.ca)
    swapped = {**tokens, first: tokens[close], close: tokens[first]}
    yield given("swapped", swapped)
    yield given("swapped, judged", swapped, authority.ca)
    yield given("no token", {**tokens, first: b"hello"})
    yield given("bytes behind it", {**tokens, first: tokens[first] + b"\0"})
    for at in (5, 40, 80, -1, -40, 200):
        bent = bytearray(tokens[close])
        bent[at] ^= 1
        yield given(f"byte {at} bent", {**tokens, close: bytes(bent)})
        yield given(f"byte {at} bent, judged", {**tokens, close: bytes(bent)}, authority.ca)
    yield given("no certificate", tokens, b"hello")


# ── a few of them, to keep ──────────────────────────────────────────────────────────────────


def keep(folder: Path, made: Callable[[], Iterator[Case]]) -> None:
    kept = {}
    for number, case in enumerate(each for each in made() if each.name in SOME):
        (folder / f"{number}.zip").write_bytes(case.pack)
        report = json.loads(case.report().model_dump_json(exclude_none=True))
        tsa = [each.decode() for each in case.tsa]
        kept[case.name] = {
            "file": f"{number}.zip",
            "report": report,
            "policy": case.policy,
            "tsa": tsa,
        }
    text = json.dumps({"vkey": sales.VKEY, "packs": kept}, ensure_ascii=False, indent=1)
    (folder / "packs.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        keep(Path(sys.argv[1]), lambda: cases(Authority(Path(one)), Authority(Path(other))))
