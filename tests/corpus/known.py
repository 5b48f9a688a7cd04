"""The packs that both verifiers are asked about, the same bytes each time they are made.

Honest sales of every shape; one pack of each class of the tamper suite, by its strongest attacker;
and everything that is no pack, or comes with a key, a policy or a certificate that is none.
"""

import random
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO

from service.audit import canonical
from service.audit.encodings import write_base64
from service.audit.pack import CHECKPOINTS, LOG, MANIFEST, MAX_LINE_BYTES
from service.audit.policy import MAX_POLICY_BYTES
from tests.audit import sales
from tests.audit.forgers import Files, repack, unpack
from tests.tamper.attack import ATTACKS, Attacker
from tests.tamper.run import CATALOGUE, Made, sign
from tests.tamper.steady import authority
from tests.tamper.world import World, world

POOL = 160  # random sales to choose from
LINE_BYTES = MAX_LINE_BYTES + (1 << 18)


@dataclass(frozen=True)
class Case:
    """One pack, and what the person who verifies it believes. name: plain words, unique."""

    name: str
    pack: bytes
    key: str = sales.VKEY
    policy: bytes | None = None
    tsa: tuple[bytes, ...] = ()


def cases() -> Iterator[Case]:
    """All of them, in an order that stays."""
    yield from honest()
    yield from tampered()
    yield from no_packs()
    yield from strange_entries()
    yield from strange_proofs()
    yield from strange_gifts()


def given(name: str, pack: bytes) -> Case:
    """With all that a verifier should be given."""
    return Case(name, pack, policy=sales.POLICY.encode(), tsa=(authority().ca,))


# ── honest ──────────────────────────────────────────────────────────────────────────────────


def has(*words: bytes) -> Callable[[World], bool]:
    return lambda of: all(b'"' + word + b'"' in b"".join(of.contents.entries) for word in words)


def ended(*words: bytes) -> Callable[[World], bool]:
    """Sealed, with these words in its log."""
    return lambda of: of.sealed and has(*words)(of)


def stopped(*words: bytes) -> Callable[[World], bool]:
    """Not over."""
    return lambda of: not of.sealed and has(*words)(of)


SHAPES: dict[str, Callable[[World], bool]] = {
    "a listing that is sold": ended(b"LISTING", b"hammer_fell"),
    "an auction that is sold": ended(b"AUCTION", b"hammer_fell"),
    "below the reserve": ended(b"BELOW_RESERVE"),
    "too few bidders": ended(b"TOO_FEW_BIDDERS"),
    "nobody qualified": ended(b"NO_QUALIFIED_BIDDER"),
    "no quote": ended(b"NO_QUOTE"),
    "terminated": ended(b"lot_terminated"),
    "a winner who was not qualified": ended(b"WINNER_UNQUALIFIED"),
    "suspended and resumed": ended(b"suspended", b"resumed"),
    "a bid while suspended": ended(b"SUSPENDED"),
    "an outage": ended(b"interrupted", b"hammer_fell"),
    "a disputed result": ended(b"result_disputed"),
    "a revoked bidder": ended(b"NOT_ADMITTED"),
    "bids before and after the window": ended(b"NOT_OPEN", b"CLOSED"),
    "only who quoted may enter": ended(b"NOT_ENTERED"),
    "many kinds of refusals": ended(b"OFF_GRID", b"BELOW_MINIMUM", b"JUMP_NOT_CONFIRMED"),
    "a sale that is not over": stopped(b"stage_changed"),
    "a sale whose reserve is not opened yet": stopped(b"CLOSING"),
}


@cache
def sales_by_size() -> tuple[World, ...]:
    """The random sales, the smallest packs first: the corpus lives in the repository."""
    return tuple(sorted(map(world, range(POOL)), key=lambda of: (len(of.pack), of.seed)))


def honest() -> Iterator[Case]:
    for name, fits in SHAPES.items():
        found = next(of for of in sales_by_size() if fits(of))
        yield given(f"honest: {name}", found.pack)
    some = next(of for of in sales_by_size() if SHAPES["a listing that is sold"](of))
    yield Case("honest: by the key alone", some.pack)
    yield Case("honest: by the key and the policy", some.pack, policy=sales.POLICY.encode())
    yield Case("honest: by the key and the authority", some.pack, tsa=(authority().certificate,))


# ── tampered ────────────────────────────────────────────────────────────────────────────────


def tampered() -> Iterator[Case]:
    """Spellings are kept as one attacker's: who signs them anew makes the same lines."""
    assert CATALOGUE
    for name, attack in ATTACKS.items():
        if attack.family == "spell an entry otherwise" and Attacker.KEY in attack.outcome:
            continue
        yield given(f"tampered: {name}", _made(name, list(attack.outcome)[-1]).raw)


def _made(name: str, attacker: Attacker) -> Made:
    """On the smallest sale that has a place for it."""
    attack, chance = ATTACKS[name], random.Random(f"corpus {name}")
    for of in (each for each in sales_by_size() if each.sealed):
        false = attack.forge[attacker](of, chance)
        if false is not None:
            files = false if isinstance(false, dict) else sign(false, of, attacker)
            return Made(of, files, repack(files))
    raise LookupError(name)


# ── no packs at all ─────────────────────────────────────────────────────────────────────────


def stored(files: Files, **facts: int) -> bytes:
    """A ZIP without compression, whose bytes no library's version changes.

    facts: mode, method, flags and system of every file.
    """
    return zipped(list(files.items()), **{"method": zipfile.ZIP_STORED, **facts})


def zipped(files: list[tuple[str, bytes]], **facts: int) -> bytes:
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
    """Where the directory begins."""
    return int(struct.unpack("<L", raw[-6:-2])[0])


@cache
def _small() -> Files:
    """The files of the smallest sale with a bid."""
    return next(of for of in sales_by_size() if of.sealed and has(b"place_bid")(of)).files


@cache
def _bare() -> Files:
    """The three files that a pack must have, of the smallest sale of all."""
    whole = next(of for of in sales_by_size() if of.sealed).files
    return unpack(repack({name: whole[name] for name in (MANIFEST, LOG, CHECKPOINTS)}))


def _damaged(raw: bytes) -> bytes:
    middle = raw.index(b'"command"')
    return patched(raw, middle, b"!")


def _twice(files: Files) -> bytes:
    return stored({**files, "log.jsonk": b""}).replace(b"log.jsonk", b"log.jsonl")


def _gigantic(files: Files) -> bytes:
    """One line above the bound, from bytes that pack no better than a ratio that is allowed."""
    chance = random.Random("a gigantic line").randbytes(70_000).hex().encode()
    line = chance + b"0" * (LINE_BYTES - len(chance)) + b"\n"
    return zipped(list({**files, "log.jsonl": line}.items()))


def no_packs() -> Iterator[Case]:
    files = _bare()
    raw = stored(files)
    kinds = {
        "empty": b"",
        "no zip": b"PK\x05\x06" * 40,
        "text": b"log.jsonl\n",
        "truncated by a byte": raw[:-1],
        "truncated by half": raw[: len(raw) // 2],
        "bytes behind it": raw + b"trailing",
        "bytes before it": b"leading" + raw,
        "a link": stored({**files, "report.pdf": b"/etc/passwd"}, mode=0o120777),
        "a bomb": zipped([*files.items(), ("views.jsonl", bytes(3 << 20))]),
        "a gigantic line": _gigantic(files),
        "a line that does not end": stored({**files, "log.jsonl": files["log.jsonl"][:-1]}),
        "encrypted": patched(raw, directory(raw) + 8, b"\x01\x00"),
        "an unknown method": patched(raw, directory(raw) + 10, b"\x0e\x00"),
        "several disks": patched(raw, len(raw) - 18, b"\x01\x00"),
        "a directory elsewhere": patched(raw, len(raw) - 6, struct.pack("<L", 7)),
        "a size of four gigabytes": patched(raw, directory(raw) + 24, b"\xff\xff\xff\xff"),
        "another name in the file's own header": raw.replace(b"log.jsonl", b"log.jsonx", 1),
        "a damaged byte": _damaged(raw),
        "two files of one name": _twice(files),
        "a log without a name": stored({**files, "manifest.json": b"{}", "log.jsonl": b"{}\n"}),
    }
    for name, data in kinds.items():
        yield Case(f"no pack: {name}", data)
    for name in ("../log.jsonl", "/log.jsonl", "a/b/c", "a\\b", ".hidden", "LOG.JSONL", "日志"):
        yield Case(f"no pack: a file {name}", stored({**files, name: b""}))
    yield Case("no pack: a long name", stored({**files, "x" * 201: b""}))
    for missing in ("manifest.json", "log.jsonl", "checkpoints.txt"):
        rest = {name: data for name, data in files.items() if name != missing}
        yield Case(f"no pack: without {missing}", stored(rest))


# ── entries that no reader may stumble over ─────────────────────────────────────────────────

DEEP = b'{"at":' + b"[" * 5_000 + b"]" * 5_000 + b"}"

LINES: dict[str, bytes] = {
    "not UTF-8": b'{"at":"\xff\xfe"}',
    "half a letter": b'{"at":"\xe5\x8f"}',
    "a lone surrogate": b'{"at":"\\ud800"}',
    "UTF-16": '{"at":1}'.encode("utf-16-le").replace(b"\n", b""),
    "a number of a thousand digits": b'{"at":' + b"9" * 1_000 + b"}",
    "a number beyond the profile": b'{"at":9007199254740993}',
    "minus zero": b'{"at":-0}',
    "null": b'{"at":null}',
    "not a number": b'{"at":NaN}',
    "an array": b"[]",
    "nothing": b"",
    "a control character": b'{"at":"\x01"}',
    "no end": b'{"at":1',
    "a thousand brackets": DEEP,
}


def strange_entries() -> Iterator[Case]:
    """In the place of the second line of a log."""
    files = next(of for of in sales_by_size() if of.sealed).files
    for name, line in LINES.items():
        log = files["log.jsonl"].split(b"\n")
        log[1] = line
        yield Case(f"entry: {name}", repack({**files, "log.jsonl": b"\n".join(log)}))
    yield Case("entry: the log is empty", repack({**files, "log.jsonl": b""}))
    crlf = files["log.jsonl"].replace(b"\n", b"\r\n")
    yield Case("entry: line ends of Windows", repack({**files, "log.jsonl": crlf}))


# ── proofs, notes, manifest, health ─────────────────────────────────────────────────────────


def strange_proofs() -> Iterator[Case]:
    files = _small()
    name = next(name for name in files if name.startswith("receipts/"))
    house = next(name for name in files if name.startswith("house/"))
    hash32, hash31 = write_base64(bytes(32)) + "\n", write_base64(bytes(31)) + "\n"
    changed: dict[str, Callable[[str], str]] = {
        "of a thousand hashes": lambda text: text.replace("\n\n", "\n" + hash32 * 1_000 + "\n", 1),
        "of 64 hashes": lambda text: text.replace("\n\n", "\n" + hash32 * 64 + "\n", 1),
        "with a hash of 31 bytes": lambda text: text.replace("\n\n", "\n" + hash31 + "\n", 1),
        "with a hash in other letters": lambda text: text.replace("\n\n", "\n_-8=\n\n", 1),
        "at a place beyond all": lambda text: text.replace("index ", "index 9", 1),
        "at a place spelled otherwise": lambda text: text.replace("index ", "index 0", 1),
        "under another header": lambda text: text.replace("@v1", "@v2", 1),
        "without a checkpoint": lambda text: text.partition("\n\n")[0],
        "without an entry": lambda text: text.replace("extra ", "other ", 1),
        "empty": lambda _: "",
    }
    for what, change in changed.items():
        for kind, file in (("receipt", name), ("house proof", house)):
            data = change(files[file].decode()).encode()
            if data != files[file]:
                yield Case(f"{kind}: {what}", repack({**files, file: data}))
    yield Case("receipt: not UTF-8", repack({**files, name: b"\xff\xfe" + files[name]}))
    files = next(of for of in sales_by_size() if of.sealed).files
    notes = files["checkpoints.txt"]
    for what, data in (
        ("empty", b""),
        ("with line ends of Windows", notes.replace(b"\n", b"\r\n")),
        ("with an empty line behind them", notes + b"\n"),
        ("with another dash", notes.replace("—".encode(), b"-", 1)),
        ("not UTF-8", notes.replace("—".encode(), b"\xe2\x80", 1)),
        ("with a size of 0", notes.replace(b"\n1\n", b"\n0\n", 1)),
        ("with a size spelled otherwise", notes.replace(b"\n1\n", b"\n01\n", 1)),
    ):
        yield Case(f"checkpoints: {what}", repack({**files, "checkpoints.txt": data}))
    manifest = files["manifest.json"]
    for what, data in (
        ("with spaces", manifest.replace(b":", b": ", 1)),
        ("of another version", manifest.replace(b'"v":1', b'"v":2')),
        ("no JSON", b"hello"),
        ("empty", b""),
    ):
        pack = stored({**files, "manifest.json": data})
        yield Case(f"manifest: {what}", pack)
    rows = files["health.jsonl"]
    for what, data in (
        ("turned round", b"".join(reversed(rows.splitlines(keepends=True)))),
        ("with a fraction", rows.replace(b',"process"', b'.5,"process"', 1)),
        ("no JSON", b"hello\n"),
        ("empty", b""),
    ):
        yield Case(f"health: {what}", repack({**files, "health.jsonl": data}))


# ── what people give besides the pack ───────────────────────────────────────────────────────


def strange_gifts() -> Iterator[Case]:
    of = next(each for each in sales_by_size() if ended(b"hammer_fell")(each))
    pack, witness = of.pack, sales.WITNESSES["notary"].verifying.to_text()
    for what, key in (
        ("empty", ""),
        ("no key", "hello"),
        ("with a wrong number", sales.VKEY.replace("+A", "+B")),
        ("of a witness", witness),
        ("cut", sales.VKEY[:-4]),
        ("of a stranger of the same name", sales.STRANGER.verifying.to_text()),
    ):
        yield Case(f"key: {what}", pack, key=key)
    text = sales.POLICY
    for what, policy in (
        ("empty", b""),
        ("not text", b"\xff\x00\x01"),
        ("without a quorum", text.replace("quorum two-of-three\n", "").encode()),
        ("of another log", text.replace(sales.VKEY, sales.STRANGER.verifying.to_text()).encode()),
        ("with line ends of Windows", text.replace("\n", "\r\n").encode()),
        ("with an unknown line", (text + "hello world\n").encode()),
        ("with more than there are", text.replace("three 2", "three 4").encode()),
        ("that is too large", b"#" * (MAX_POLICY_BYTES + 1)),
        ("of three of three", text.replace("three 2", "three 3").encode()),
        ("that asks for nobody", text.replace("quorum two-of-three", "quorum none").encode()),
    ):
        yield Case(f"policy: {what}", pack, policy=policy)
    for what, pem in (
        ("no certificate", b"hello"),
        ("empty", b""),
        ("of a stranger", authority("Stranger").ca),
        ("cut", authority().ca[:200]),
    ):
        yield Case(f"authority: {what}", pack, tsa=(pem,))
    yield from _rotten(of)


def _rotten(of: World) -> Iterator[Case]:
    """The token over the last head, in other bytes; once believed and once not looked at."""
    size, token = max(of.contents.timestamps.items())
    name = f"timestamps/{size}.tsr"
    for what, data in (
        ("empty", b""),
        ("no token", b"hello"),
        ("cut", token[:-1]),
        ("with a byte behind it", token + b"\0"),
        ("not granted", token.replace(b"\x30\x03\x02\x01\x00", b"\x30\x03\x02\x01\x02", 1)),
        ("of a gigantic length", b"\x30\x84\x7f\xff\xff\xff" + token),
        ("of a thousand levels", b"\x30\x80" * 1_000),
    ):
        pack = repack({**of.files, name: data})
        yield Case(f"timestamp: {what}", pack)
        yield Case(f"timestamp: {what}, judged", pack, tsa=(authority().ca,))
    strange = repack({**of.files, "timestamps/01.tsr": token})
    yield Case("timestamp: under another name", strange, tsa=(authority().ca,))
    signed = canonical.encode({"not": "a token"})
    yield Case("timestamp: JSON", repack({**of.files, name: signed}), tsa=(authority().ca,))
