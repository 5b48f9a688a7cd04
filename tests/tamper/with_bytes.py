"""Attacks on the bytes of a pack: database write, and no key."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from hashlib import sha256
from random import Random
from unicodedata import normalize

from service.audit import proofs
from service.audit.commitments import reserve_value
from service.audit.cosignatures import CosigningKey
from service.audit.pack import PackContents, build
from service.audit.proofs import Receipt
from service.audit.tree import leaf_hash
from tests.audit import sales
from tests.audit.forgers import (
    Entry,
    Files,
    change_receipt,
    lines,
    receipt_of,
    rewrite,
    unpack,
    with_lines,
)
from tests.tamper.attack import WITNESSES, Forge, Forged, Named, attack
from tests.tamper.places import (
    ACCEPTED,
    BIDS,
    CLOSES,
    REFUSED,
    RESERVES,
    ROLLS,
    SUSPENSIONS,
    Places,
    all_entries,
    anywhere,
    entries_with,
)
from tests.tamper.steady import authority
from tests.tamper.world import World, world

STRANGERS = {
    name: CosigningKey(f"{name}.example.org/w1", sha256(name.encode()).digest())
    for name in ("first", "second", "third")
}
POSING = {
    name: CosigningKey(key.name, sha256(f"posing as {name}".encode()).digest())
    for name, key in sales.WITNESSES.items()
}

# ── entries ─────────────────────────────────────────────────────────────────────────────────


def altered(places: Places, change: Callable[[Entry, World, Random], None]) -> Forge:
    """One entry in other canonical bytes."""

    def forge(of: World, seq: int, chance: Random) -> Forged:
        entries = lines(of.files)
        changed = rewrite(entries[seq], lambda entry: change(entry, of, chance))
        if changed == entries[seq]:
            return None
        entries[seq] = changed
        return with_lines(of.files, entries)

    return anywhere(places, forge)


def _amount(entry: Entry, of: World, chance: Random) -> None:
    more = chance.randint(-20, 20) * sales.STEP_FEN
    for part in (entry["command"], entry["events"][0]):
        part["amount_fen"] = max(0, part["amount_fen"] + more)


def _time(entry: Entry, of: World, chance: Random) -> None:
    earlier = chance.randint(1, 2000)
    entry["at"] -= earlier
    entry["command"]["received_at"] -= earlier


def _bidder(entry: Entry, of: World, chance: Random) -> None:
    other = chance.choice(("7KQ2", "M4X9", "R8TC"))
    for part in (entry["command"], entry["events"][0]):
        part["bidder_no"] = other


def _deadline(entry: Entry, of: World, chance: Random) -> None:
    entry["events"][0]["closes_at"] += chance.choice((-1, 1)) * chance.randint(1, 60_000)


def _reserve(entry: Entry, of: World, chance: Random) -> None:
    value = reserve_value(sales.START_FEN + chance.randint(1, 80) * sales.STEP_FEN)
    entry["command"] |= value
    entry["events"][0]["amount_fen"] = value["amount_fen"]


def _identities(entry: Entry, of: World, chance: Random) -> None:
    roll = entry["command"]["roll"]
    if len(roll) > 1:
        one, two = chance.sample(roll, 2)
        name = "identity_commitment"
        one[name], two[name] = two[name], one[name]


def _row_gone(entry: Entry, of: World, chance: Random) -> None:
    roll = entry["command"]["roll"]
    if roll:
        roll.pop(chance.randrange(len(roll)))
        entry["events"][0]["bidders"] -= 1


def _hammer(entry: Entry, of: World, chance: Random) -> None:
    for event in entry["events"]:
        if event["type"] == "hammer_fell":
            event["bidder_no"] = chance.choice(("7KQ2", "M4X9", "R8TC"))


def reordered(places: Places, order: Callable[[list[bytes], int, World, Random], None]) -> Forge:
    """The entries in another order or number, and numbered anew."""

    def forge(of: World, seq: int, chance: Random) -> Forged:
        before = lines(of.files)
        entries = list(before)
        order(entries, seq, of, chance)
        if entries == before:
            return None
        return with_lines(of.files, (_numbered(n, entry) for n, entry in enumerate(entries)))

    return anywhere(places, forge)


def _numbered(seq: int, entry: bytes) -> bytes:
    return rewrite(entry, lambda value: value.update(seq=seq))


def _delete(entries: list[bytes], seq: int, of: World, chance: Random) -> None:
    entries.pop(seq)


def _delete_suspension(entries: list[bytes], seq: int, of: World, chance: Random) -> None:
    resumed = next(n for n in entries_with("resumed")(of.contents) if n > seq)
    del entries[resumed], entries[seq]


def _cut(entries: list[bytes], seq: int, of: World, chance: Random) -> None:
    del entries[max(1, seq) :]


def _insert(entries: list[bytes], seq: int, of: World, chance: Random) -> None:
    made_up = f"00000000-0000-4000-8000-{chance.getrandbits(48):012x}"
    bid = rewrite(entries[seq], lambda entry: entry["command"].update(bid_id=made_up))
    entries.insert(seq + 1, bid)


def _twice(entries: list[bytes], seq: int, of: World, chance: Random) -> None:
    entries.insert(seq, entries[seq])


def _swap(entries: list[bytes], seq: int, of: World, chance: Random) -> None:
    if seq + 1 < len(entries):
        entries[seq], entries[seq + 1] = entries[seq + 1], entries[seq]


def another(of: World, chance: Random, least_bids: int = 1) -> World:
    """Another sealed sale with bids."""
    seeds = (of.seed + 1 + chance.randrange(40) for _ in range(400))
    found = (world(seed) for seed in seeds)
    return next(w for w in found if w.sealed and len(BIDS(w.contents)) >= least_bids)


def _splice(entries: list[bytes], seq: int, of: World, chance: Random) -> None:
    other = another(of, chance).contents
    entries[seq] = other.entries[chance.choice(BIDS(other))]


for name, family, places, change in (
    ("alter the amount of a bid", "alter a bid's amount", BIDS, _amount),
    ("alter the time of a bid", "alter a bid's time", BIDS, _time),
    ("alter the bidder of a bid", "alter a bid's bidder", BIDS, _bidder),
    ("alter a deadline", "alter a deadline", ACCEPTED, _deadline),
    ("alter the opened reserve", "open another reserve", RESERVES, _reserve),
    ("alter the identities on the roll", "swap identities", ROLLS, _identities),
    ("alter the roll's length", "forget a bidder", ROLLS, _row_gone),
    ("alter the winner", "alter the result or the rules", CLOSES, _hammer),
):
    attack(name, family, database=(altered(places, change), Named(4)))

for name, family, places, order in (
    ("delete an accepted bid", "delete a bid", ACCEPTED, _delete),
    ("delete a refused bid", "drop a refusal", REFUSED, _delete),
    ("delete a suspension", "remove a suspension", SUSPENSIONS, _delete_suspension),
    ("truncate the log", "truncate the log, leave out heads", all_entries, _cut),
    ("insert a bid", "insert a bid, or write one twice", ACCEPTED, _insert),
    ("write a bid twice", "insert a bid, or write one twice", BIDS, _twice),
    ("swap two entries", "swap two bids", BIDS, _swap),
    ("splice in another lot's bid", "splice from another lot", BIDS, _splice),
):
    attack(name, family, database=(reordered(places, order), Named(4)))


# ── other spellings of the same meaning ─────────────────────────────────────────────────────

Spelling = Callable[[bytes, Random], bytes]


def _other_order(raw: bytes, chance: Random) -> bytes:
    value = dict(reversed(json.loads(raw).items()))
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _escaped(raw: bytes, chance: Random) -> bytes:
    letters = [letter for letter in raw.decode() if not letter.isascii()]
    letter = chance.choice(letters or ["t"])
    return raw.replace(letter.encode(), f"\\u{ord(letter):04x}".encode(), 1)


def _twice_named(raw: bytes, chance: Random) -> bytes:
    return raw.replace(b"{", b'{"v":1,', 1)


SPELLINGS: dict[str, Spelling] = {
    "spaces": lambda raw, chance: raw.replace(b",", b", ", chance.randint(1, 9)),
    "keys in another order": _other_order,
    "an exponent": lambda raw, _: raw.replace(b'"v":1}', b'"v":1e0}'),
    "a fraction": lambda raw, _: raw.replace(b'"v":1}', b'"v":1.0}'),
    "a key twice": _twice_named,
    "an escaped letter": _escaped,
    "another Unicode form": lambda raw, _: normalize("NFD", raw.decode()).encode(),
    "a byte order mark": lambda raw, _: b"\xef\xbb\xbf" + raw,
    "a line end of Windows": lambda raw, _: raw + b"\r",
}


def respelled(spelling: Spelling) -> Forge:
    def forge(of: World, seq: int, chance: Random) -> Forged:
        entries = lines(of.files)
        changed = spelling(entries[seq], chance)
        if changed == entries[seq]:
            return None
        log = [*entries[:seq], changed, *entries[seq + 1 :]]
        return {**of.files, "log.jsonl": b"".join(line + b"\n" for line in log)}

    return anywhere(all_entries, forge)


# ── heads and receipts ──────────────────────────────────────────────────────────────────────


def notes_of(files: Files) -> list[str]:
    """The checkpoints of a pack, one note each."""
    blocks = files["checkpoints.txt"].decode().removesuffix("\n").split("\n\n")
    return [f"{a}\n\n{b}\n" for a, b in zip(blocks[::2], blocks[1::2], strict=True)]


def with_notes(files: Files, notes: list[str]) -> Files:
    return {**files, "checkpoints.txt": "\n".join(notes).encode()}


def batch_of(sale: PackContents, seq: int) -> int:
    return next(place for place, head in enumerate(sale.heads) if head.size > seq)


def no_last_head(of: World, chance: Random) -> Forged:
    return with_notes(of.files, notes_of(of.files)[:-1])


def no_head_between(of: World, seq: int, chance: Random) -> Forged:
    """One under which a receipt stands."""
    notes, place = notes_of(of.files), batch_of(of.contents, seq)
    notes.pop(place)
    return with_notes(of.files, notes)


def a_head_twice(of: World, chance: Random) -> Forged:
    notes = notes_of(of.files)
    place = chance.randrange(len(notes))
    return with_notes(of.files, [*notes[: place + 1], *notes[place:]])


def signature_of_another_log(of: World, chance: Random) -> Forged:
    """A lot's head under the signature that the house head bears."""
    notes = notes_of(of.files)
    place = chance.randrange(len(notes))
    house = next(data for name, data in of.files.items() if name.startswith("house/")).decode()
    text, foreign = notes[place].partition("\n\n")[0], house.rpartition("\n\n")[2]
    notes[place] = f"{text}\n\n{foreign}"
    return with_notes(of.files, notes)


def signed_by_a_stranger(of: World, chance: Random) -> Forged:
    """The whole pack signed anew, by a key of the same name."""
    return unpack(build(of.contents, sales.STRANGER))


def renamed(of: World, chance: Random) -> Forged:
    """Everywhere another lot's name of the same length."""
    old, new = of.contents.origin, another(of, chance).contents.origin
    if old == new:
        return None
    return {name: data.replace(old.encode(), new.encode()) for name, data in of.files.items()}


def no_receipt(of: World, seq: int, chance: Random) -> Forged:
    gone = receipt_of(of.files, seq)
    return {name: data for name, data in of.files.items() if name != gone}


def swapped_receipts(of: World, seq: int, chance: Random) -> Forged:
    own = receipt_of(of.files, seq)
    others = [name for name in of.files if name.startswith("receipts/") and name != own]
    return {**of.files, own: of.files[chance.choice(others)]} if others else None


def receipt_changed(change: Callable[[Receipt, Random], Receipt | None]) -> Forge:
    def forge(of: World, seq: int, chance: Random) -> Forged:
        before = proofs.parse(of.files[receipt_of(of.files, seq)].decode())
        after = change(before, chance)
        if after is None or after == before:
            return None
        return change_receipt(of.files, seq, lambda _: after)

    return anywhere(BIDS, forge)


def _cut_proof(receipt: Receipt, chance: Random) -> Receipt | None:
    if not receipt.proof:
        return None
    place = chance.randrange(len(receipt.proof))
    return replace(receipt, proof=(*receipt.proof[:place], *receipt.proof[place + 1 :]))


def _padded_proof(receipt: Receipt, chance: Random) -> Receipt:
    more = chance.choice((*receipt.proof, bytes(32), leaf_hash(receipt.entry)))
    place = chance.randint(0, len(receipt.proof))
    return replace(receipt, proof=(*receipt.proof[:place], more, *receipt.proof[place:]))


def _posing_node(receipt: Receipt, chance: Random) -> Receipt | None:
    """An inner node offered as if it were an entry, one level up."""
    if not receipt.proof:
        return None
    leaf, beside = leaf_hash(receipt.entry), receipt.proof[0]
    entry = leaf + beside if receipt.index % 2 == 0 else beside + leaf
    return Receipt(entry, receipt.index // 2, receipt.proof[1:], receipt.checkpoint)


def _shifted(receipt: Receipt, chance: Random) -> Receipt:
    return replace(receipt, index=receipt.index + chance.choice((-1, 1, 1 << 40)))


# ── house, documents, health ────────────────────────────────────────────────────────────────


def house_changed(change: Callable[[Receipt, Random], Receipt | None]) -> Forge:
    def forge(of: World, chance: Random) -> Forged:
        names = sorted(name for name in of.files if name.startswith("house/"))
        name = chance.choice(names)
        after = change(proofs.parse(of.files[name].decode()), chance)
        return None if after is None else {**of.files, name: after.to_text().encode()}

    return forge


def house_without(kind: str) -> Forge:
    """One house entry of that kind is not in the pack."""
    mark = f'"type":"{kind}"'.encode()

    def forge(of: World, chance: Random) -> Forged:
        seqs = [record.seq for record in of.contents.house if mark in record.entry]
        if not seqs:
            return None
        gone = f"house/{chance.choice(seqs)}.tlog-proof"
        return {name: data for name, data in of.files.items() if name != gone}

    return forge


def deposit_backdated(of: World, chance: Random) -> Forged:
    """Its house entry says another instant, and stands where it stood."""
    found = [r for r in of.contents.house if b'"record_deposit"' in r.entry]
    if not found:
        return None
    record, earlier = chance.choice(found), chance.randint(1, 86_400_000)
    name = f"house/{record.seq}.tlog-proof"
    entry = rewrite(record.entry, lambda e: e.update(at=e["at"] - earlier))
    receipt = replace(proofs.parse(of.files[name].decode()), entry=entry)
    return {**of.files, name: receipt.to_text().encode()}


def document_altered(of: World, chance: Random) -> Forged:
    names = [name for name in of.files if name.startswith("documents/")]
    return {**of.files, chance.choice(names): b"other words"} if names else None


def document_added(of: World, chance: Random) -> Forged:
    words = f"never announced {chance.getrandbits(64)}".encode()
    return {**of.files, f"documents/{sha256(words).hexdigest()}": words}


def health_hole(of: World, chance: Random) -> tuple[int, int] | None:
    """More than six seconds before a window of ten was closed, in which nothing else happened."""
    entries = [json.loads(entry) for entry in of.contents.entries]
    closes = [entry["at"] for entry in entries if _leaves(entry, ("TIMED", "LISTING"))]
    opens = [entry["at"] for entry in entries if _opens(entry)]
    ends = [at for at in closes if all(not at - 9_000 <= begun <= at - 500 for begun in opens)]
    if not ends:
        return None
    end = chance.choice(ends)
    return end - 7_500, end - 1_000


def with_health(of: World, hole: tuple[int, int], filled: Iterable[int] = ()) -> Files:
    """The proofs of health with those between the two instants replaced."""
    rows = [json.loads(row) for row in of.files["health.jsonl"].splitlines()]
    kept = [row for row in rows if not hole[0] < row["at"] < hole[1]]
    kept += [{"at": at, "process": "room-1"} for at in filled]
    kept.sort(key=lambda row: row["at"])
    text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in kept)
    return {**of.files, "health.jsonl": text.encode()}


def health_lost(of: World, chance: Random) -> Forged:
    hole = health_hole(of, chance)
    return None if hole is None else with_health(of, hole)


def _leaves(entry: Entry, stages: tuple[str, ...]) -> bool:
    """Whether it closes the window of one of these stages."""
    return entry["command"]["type"] == "advance" and entry["command"]["leaving"] in stages


def _opens(entry: Entry) -> bool:
    return any(event["type"] in ("stage_changed", "resumed") for event in entry["events"])


def file_of_no_kind(of: World, chance: Random) -> Forged:
    return {**of.files, chance.choice(("notes.txt", "house/x.txt", "a/b.json")): b"hello"}


# ── cosignatures and timestamps ─────────────────────────────────────────────────────────────


def built(contents: PackContents) -> Files:
    """Nothing that the log signed has changed, so its own key signs it as it was."""
    return unpack(build(contents, sales.KEY))


def cosigned_by(witnesses: dict[str, CosigningKey]) -> Forge:
    """The last head with these witnesses' lines and no others."""

    def forge(of: World, chance: Random) -> Forged:
        sale, head = of.contents, of.contents.heads[-1]
        at = sales.at(sale.entries[-1])
        lines = sales.cosignatures(sale.origin, head, at, witnesses)
        return built(replace(sale, cosignatures={**sale.cosignatures, head.size: lines}))

    return forge


def without_quorum(of: World, chance: Random) -> Forged:
    """All but one line, at most, of the last head or of the house head left out."""
    sale, size = of.contents, of.contents.heads[-1].size
    if chance.random() < 0.5:
        return built(replace(sale, house_cosignatures=sale.house_cosignatures[:1]))
    kept = sale.cosignatures[size][: chance.randint(0, 1)]
    return built(replace(sale, cosignatures={**sale.cosignatures, size: kept}))


def old_cosignature(of: World, chance: Random) -> Forged:
    """The lines of one head under another."""
    sale = of.contents
    sizes = [size for size, lines in sale.cosignatures.items() if lines]
    if len(sizes) < 2:
        return None
    old, new = chance.sample(sizes, 2)
    return built(replace(sale, cosignatures={**sale.cosignatures, new: sale.cosignatures[old]}))


def house_cosignature_moved(of: World, chance: Random) -> Forged:
    """The witnesses' lines under the house head, as if they were of the lot's last head."""
    sale, size = of.contents, of.contents.heads[-1].size
    return built(replace(sale, cosignatures={**sale.cosignatures, size: sale.house_cosignatures}))


def swapped_tokens(of: World, chance: Random) -> Forged:
    stamps = dict(of.contents.timestamps)
    if len(stamps) < 2:
        return None
    one, two = chance.sample(sorted(stamps), 2)
    stamps[one], stamps[two] = stamps[two], stamps[one]
    return built(replace(of.contents, timestamps=stamps))


def token_of_another_sale(of: World, chance: Random) -> Forged:
    other = another(of, chance).contents.timestamps
    stamps = dict(of.contents.timestamps)
    if not stamps or not other:
        return None
    stamps[chance.choice(sorted(stamps))] = other[chance.choice(sorted(other))]
    return built(replace(of.contents, timestamps=stamps))


def token_by_a_stranger(of: World, chance: Random) -> Forged:
    """Over the right head, at the right time, by nobody's authority."""
    sale = of.contents
    if not sale.timestamps:
        return None
    size = chance.choice(sorted(sale.timestamps))
    head = next(head for head in sale.heads if head.size == size)
    at = sales.at(sale.entries[size - 1]) + 700
    token = authority("Stranger").stamp_head(sale.origin, head, at)
    return built(replace(sale, timestamps={**sale.timestamps, size: token}))


def token_damaged(of: World, chance: Random) -> Forged:
    sale = of.contents
    if not sale.timestamps:
        return None
    size = chance.choice(sorted(sale.timestamps))
    raw = bytearray(sale.timestamps[size])
    raw[-chance.randint(1, 60)] ^= 1 << chance.randrange(8)  # in the signature, its last 70 bytes
    return built(replace(sale, timestamps={**sale.timestamps, size: bytes(raw)}))


def close_unstamped(of: World, chance: Random) -> Forged:
    closes = CLOSES(of.contents)
    if not closes:
        return None
    kept = {size: tsr for size, tsr in of.contents.timestamps.items() if size <= closes[-1]}
    return built(replace(of.contents, timestamps=kept))


# ── the classes ─────────────────────────────────────────────────────────────────────────────

STAMPS = Named(15, bare=False)


def anyone(name: str, family: str, forge: Forge, outcome: Named) -> None:
    """A key makes it no better, or its owner has a better way in a class of its own."""
    attack(name, family, database=(forge, outcome), key=(forge, outcome))


def only(name: str, family: str, forge: Forge, outcome: Named) -> None:
    """Without the key. Who has it signs."""
    attack(name, family, database=(forge, outcome))


for name, spelling in SPELLINGS.items():
    only(f"spell an entry with {name}", "spell an entry otherwise", respelled(spelling), Named(2))

only("leave out the last head", "truncate the log, leave out heads", no_last_head, Named(4))
only(
    "leave out a receipt's head",
    "truncate the log, leave out heads",
    anywhere(BIDS, no_head_between),
    Named(5),
)
only("write a head twice", "two heads of one size", a_head_twice, Named(4))
only(
    "pass off the signature of another log's head",
    "replay an old sale or a signature",
    signature_of_another_log,
    Named(4),
)
only("sign with a key of the same name", "swap origin or key", signed_by_a_stranger, Named(4))
only("rename the log", "swap origin or key", renamed, Named(4))

PROOFS = "cut, pad or confuse a proof"
anyone("leave out a refusal's receipt", "drop a refusal", anywhere(REFUSED, no_receipt), Named(5))
anyone("swap two receipts", PROOFS, anywhere(BIDS, swapped_receipts), Named(5))
anyone("cut a proof", PROOFS, receipt_changed(_cut_proof), Named(5))
anyone("pad a proof", PROOFS, receipt_changed(_padded_proof), Named(5))
anyone("pose a node as a leaf", PROOFS, receipt_changed(_posing_node), Named(5))
anyone("prove at another place", PROOFS, receipt_changed(_shifted), Named(5))
anyone("cut a house proof", PROOFS, house_changed(_cut_proof), Named(10))
anyone("pad a house proof", PROOFS, house_changed(_padded_proof), Named(10))
anyone("prove a house entry at another place", PROOFS, house_changed(_shifted), Named(10))

HOUSE = "withhold an admission or the birth"
anyone("withhold an admission", HOUSE, house_without("record_admission"), Named(9))
anyone("withhold a revocation", HOUSE, house_without("revoke_admission"), Named(9))
anyone("withhold the birth", HOUSE, house_without("lot_born"), Named(10))
only("backdate a deposit", "backdate a deposit", deposit_backdated, Named(10))

OTHER = "alter, add or lose other files"
anyone("alter a document", OTHER, document_altered, Named(11))
anyone("add a document", OTHER, document_added, Named(11))
anyone("lose proofs of health", OTHER, health_lost, Named(13))
anyone("add a file of no kind", OTHER, file_of_no_kind, Named(1))

COSIGNED = "cosign by an unknown key, replay or leave out cosignatures"
anyone("let strangers cosign", COSIGNED, cosigned_by(STRANGERS), WITNESSES)
anyone("pose as the witnesses", COSIGNED, cosigned_by(POSING), WITNESSES)
anyone("leave out cosignatures", COSIGNED, without_quorum, WITNESSES)
anyone("replay a cosignature", COSIGNED, old_cosignature, WITNESSES)
anyone(
    "pass off the house's cosignatures",
    COSIGNED,
    house_cosignature_moved,
    WITNESSES,
)

TOKENS = "swap, damage or leave out a timestamp"
anyone("swap two timestamps", TOKENS, swapped_tokens, Named(15))
anyone("put another sale's timestamp", TOKENS, token_of_another_sale, Named(15))
anyone("put a stranger's timestamp", TOKENS, token_by_a_stranger, STAMPS)
anyone("damage a timestamp", TOKENS, token_damaged, STAMPS)
anyone("leave out the close's timestamp", TOKENS, close_unstamped, STAMPS)
