"""Attacks with the log's key: the sale told again, by the real rules wherever they can be kept."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

from schemas import log as w
from service import wire
from service.audit import canonical, commitments, notes, proofs
from service.audit.commitments import Kind
from service.audit.notes import Checkpoint, sign_checkpoint
from service.audit.pack import HealthRow, PackContents, build
from service.audit.proofs import Receipt
from service.audit.signatures import Algorithm, bid_message
from service.audit.tree import Tree, leaf_hash
from service.rules import messages as m
from tests.audit import sales
from tests.audit.forgers import (
    Entry,
    Files,
    Spoken,
    change_house,
    change_receipt,
    retell,
    rewrite,
    rewritten,
    spoken,
    unpack,
)
from tests.tamper.attack import WITNESSES, Forge, Forged, Named, Outcome, attack
from tests.tamper.places import (
    ACCEPTED,
    BIDS,
    CLOSES,
    HAMMERS,
    REFUSED,
    RESERVES,
    ROLLS,
    SUSPENSIONS,
    Places,
    all_entries,
    anywhere,
    at_once,
    bid_at,
    entries_with,
    is_denied,
    said_otherwise,
    story,
    told,
    without,
    written_otherwise,
)
from tests.tamper.steady import SteadyKey, authority
from tests.tamper.with_bytes import SPELLINGS, Spelling, another, batch_of
from tests.tamper.world import RandomSale, World


def keyed(name: str, family: str, forge: Forge, outcome: Outcome) -> None:
    """For whoever has the log's key."""
    attack(name, family, key=(forge, outcome))


# ── bids ────────────────────────────────────────────────────────────────────────────────────


def _another_amount(bid: Any, chance: Random) -> dict[str, Any]:
    return {"amount_fen": bid.amount_fen + chance.randint(1, 9) * sales.STEP_FEN}


def given_away(world: World, seq: int, chance: Random) -> Forged:
    """The bid of one is told as another's, with that one's number, key and admission."""
    said = spoken(world.contents)
    bid = bid_at(said, seq)
    rows = [row for row in _roll(said) if row.bidder_no != bid.bidder_no]
    if not rows:
        return None
    row = chance.choice(rows)
    who: dict[str, Any] = {"bidder_no": row.bidder_no, "key_id": row.key_id}
    who["admission"] = row.admission
    said[seq] = replace(said[seq], command=replace(bid, **who))
    return told(world, said)


def dropped(places: Places, *, seen: bool) -> Forge:
    """A bid that another bidder has signed to have seen, or one that nobody has."""

    def change(said: list[Spoken], seq: int, chance: Random) -> list[Spoken] | None:
        kept = without(said, {seq})
        return kept if is_denied(kept) is seen else None

    return story(places, change)


def cut_and_closed(said: list[Spoken], seq: int, chance: Random) -> list[Spoken] | None:
    """The bids from there on were never made."""
    gone = {n for n, each in enumerate(said) if n >= seq and isinstance(each.command, m.PlaceBid)}
    kept = without(said, gone)
    return None if is_denied(kept) else kept


def dated_earlier(said: list[Spoken], seq: int, chance: Random) -> list[Spoken] | None:
    room = said[seq].at - said[seq - 1].at
    if room < 2:
        return None
    at = said[seq].at - chance.randint(1, room - 1)
    return [*said[:seq], at_once(said[seq], at), *said[seq + 1 :]]


def called_late(said: list[Spoken], seq: int, chance: Random) -> list[Spoken] | None:
    """A quote in time is told as one that came after the end, behind what followed it."""
    end = next((n for n, e in enumerate(said) if n > seq and _leaves_timed(e.command)), None)
    if end is None:
        return None
    late = replace(bid_at(said, seq), received_at=said[end].at)
    kept = [*said[:seq], *said[seq + 1 : end + 1], Spoken(said[end].at, late), *said[end + 1 :]]
    return None if is_denied(kept) else kept


def _leaves_timed(command: m.Command) -> bool:
    return isinstance(command, m.Advance) and command.leaving == "TIMED"


def swapped(*, seen: bool) -> Callable[[list[Spoken], int, Random], list[Spoken] | None]:
    def change(said: list[Spoken], seq: int, chance: Random) -> list[Spoken] | None:
        pair = said[seq : seq + 2]
        if len(pair) < 2 or not isinstance(pair[1].command, m.PlaceBid):
            return None
        one, two = pair
        turned = [*said[:seq], at_once(two, one.at), _at(one, two.at), *said[seq + 2 :]]
        return turned if is_denied(turned) is seen else None

    return change


def _at(said: Spoken, at: int) -> Spoken:
    return Spoken(at, said.command)


def made_up(world: World, seq: int, chance: Random) -> Forged:
    """A bid by a number and a key that nobody has admitted."""
    said = spoken(world.contents)
    key = SteadyKey.of(b"nobody %d" % chance.getrandbits(64), Algorithm.ES256)
    bid = _signed(world, replace(bid_at(said, seq), bidder_no="ZZ99"), key, chance)
    return told(world, _inserted(said, seq, bid))


def straw_man(world: World, seq: int, chance: Random) -> Forged:
    """The same, with an admission and a row on the roll that were never there."""
    said, sale = spoken(world.contents), world.contents
    key = SteadyKey.of(b"straw %d" % chance.getrandbits(64), Algorithm.ES256)
    house, salt = _house(sale), f"{chance.getrandbits(256):064x}"
    facts: dict[str, Any] = {"bidder_no": "ZZ99", "key_id": key.key_id}
    facts |= {"public_key": key.spki.hex(), "identity_commitment": salt}
    record = w.RecordAdmission(lot_id=_lot_id(sale), **facts)
    entry = w.HouseEntry(
        at=said[0].at, command=record, log=notes.house_origin(sales.SITE), seq=len(house)
    )
    bid = replace(bid_at(said, seq), bidder_no="ZZ99", admission=len(house))
    row = m.RollRow(admission=len(house), **facts)
    place = next(n for n, each in enumerate(said) if isinstance(each.command, m.OpenRoll))
    roll = said[place].command
    assert isinstance(roll, m.OpenRoll)
    said[place] = replace(said[place], command=replace(roll, roll=(*roll.roll, row)))
    false = told(world, _inserted(said, seq, _signed(world, bid, key, chance)))
    if false is None:
        return None
    house = [*_house(false), canonical.encode(wire.plain(entry))]
    return replace(false, **sales.house_part(house, _lot_id(sale)))


def _inserted(said: list[Spoken], seq: int, bid: m.PlaceBid) -> list[Spoken]:
    at = said[seq].at
    return [*said[: seq + 1], at_once(Spoken(at, bid), at), *said[seq + 1 :]]


def _signed(world: World, bid: m.PlaceBid, key: SteadyKey, chance: Random) -> m.PlaceBid:
    facts: dict[str, Any] = {
        "amount_fen": bid.amount_fen + sales.STEP_FEN,
        "bid_id": f"00000000-0000-4000-8000-{chance.getrandbits(48):012x}",
        "bidder_no": bid.bidder_no,
        "jump_confirmed": False,
        "seen_seq": min(bid.seen_seq, 1),
    }
    signature = key.sign(bid_message(log=world.contents.origin, **facts))
    return replace(bid, key_id=key.key_id, signature=signature, **facts)


def decided_twice(said: list[Spoken], seq: int, chance: Random) -> list[Spoken]:
    return [*said[: seq + 1], *said[seq:]]


def spliced(world: World, seq: int, chance: Random) -> Forged:
    """A bid that was made for another lot."""
    other = spoken(another(world, chance).contents)
    bids = [each.command for each in other if isinstance(each.command, m.PlaceBid)]
    said = spoken(world.contents)
    said[seq] = at_once(Spoken(said[seq].at, chance.choice(bids)), said[seq].at)
    ids = [each.command.bid_id for each in said if isinstance(each.command, m.PlaceBid)]
    return told(world, said) if len(set(ids)) == len(ids) else None


# ── time, stages, result ────────────────────────────────────────────────────────────────────


def unsuspended(said: list[Spoken], seq: int, chance: Random) -> list[Spoken] | None:
    """A suspension and its end, which others have seen."""
    places = (n for n, e in enumerate(said) if n > seq and isinstance(e.command, m.Resume))
    resumed = next(places, None)
    if resumed is None:
        return None
    kept = without(said, {seq, resumed})
    return kept if is_denied(kept) else None


def outage_claimed(world: World, seq: int, chance: Random) -> Forged:
    """The sale is stopped for an outage that its own proofs of health deny."""
    said, sale = spoken(world.contents), world.contents
    at, pause = said[seq].at, 5_100  # the demo rules announce a resumption for five seconds
    rooms = {row.process for row in sale.health}
    stop = m.Interrupt(cause=m.InterruptCause.OUTAGE, gap_from=at - 5_500, gap_to=at)
    stopped = [Spoken(at, stop), Spoken(at + 5_000, m.Resume(announced_at=at))]
    later = [_shifted(each, pause) for each in said[seq + 1 :]]
    false = told(world, [*said[: seq + 1], *stopped, *later])
    if false is None or not _proved(sale, at - 5_500, at):
        return None
    before = [row for row in sale.health if row.at <= at]
    between = [HealthRow(at + ms, room) for ms in range(500, pause, 500) for room in sorted(rooms)]
    after = [replace(row, at=row.at + pause) for row in sale.health if row.at > at]
    return replace(false, health=(*before, *between, *after))


def _proved(sale: PackContents, since: int, to: int) -> bool:
    ats = [since, *(row.at for row in sale.health if since < row.at < to), to]
    return all(later - earlier < 2_000 for earlier, later in pairwise(ats))


def _shifted(said: Spoken, ms: int) -> Spoken:
    changes = {
        name: getattr(said.command, name) + ms
        for name in ("received_at", "proved_to", "announced_at", "gap_from", "gap_to")
        if getattr(said.command, name, None) is not None
    }
    return Spoken(said.at + ms, replace(said.command, **changes))


def _deadline(entry: Entry, chance: Random) -> bool:
    entry["events"][0]["closes_at"] += chance.choice((-1, 1)) * chance.randint(1, 60_000)
    return True


def _backwards(entry: Entry, chance: Random) -> bool:
    entry["at"] = sales.BEGIN - chance.randint(1, 10_000)
    return True


def _rules_version(entry: Entry, chance: Random) -> bool:
    entry["command"]["rules_version"] = chance.randint(2, 999)
    return True


def _hammer_to_another(entry: Entry, chance: Random) -> bool:
    fell = next(event for event in entry["events"] if event["type"] == "hammer_fell")
    numbers = [number for number in ("7KQ2", "M4X9", "R8TC") if number != fell["bidder_no"]]
    fell["bidder_no"] = chance.choice(numbers)
    return True


def _standing(sale: PackContents) -> list[int]:
    """The hammer, unless the officials set its result aside."""
    return [] if b"WINNER_UNQUALIFIED" in b"".join(sale.entries) else HAMMERS(sale)


def _called_unsold(entry: Entry, chance: Random) -> bool:
    if not any(event["type"] == "lot_sold" for event in entry["events"]):
        return False
    entry["events"] = [
        {"from": "CLOSING", "to": "FAILED", "type": "stage_changed"},
        {"reason": chance.choice(("NO_QUOTE", "BELOW_RESERVE")), "type": "lot_failed"},
    ]
    return True


def _other_total(entry: Entry, chance: Random) -> bool:
    sold = next((event for event in entry["events"] if event["type"] == "lot_sold"), None)
    if sold is None:
        return False
    sold["total_fen"] -= chance.randint(1, 1000) * 100
    return True


def after_the_seal(world: World, seq: int, chance: Random) -> Forged:
    """A bid once more, behind the end."""
    entries = list(world.contents.entries)
    here = {"seq": len(entries), "at": sales.at(entries[-1])}
    again = rewrite(entries[seq], lambda entry: entry.update(here))
    return rewritten(world.contents, [*entries, again])


def another_sale(world: World, chance: Random) -> Forged:
    """Not a word of it is true: other bidders, other bids, all of them the operator's own."""
    sale = RandomSale(chance.randrange(1 << 30), lot_id=_lot_id(world.contents))
    sale.play()
    return sale.contents() if sale.is_sealed else None


def old_sale_again(world: World, chance: Random) -> Forged:
    """The entries of another sale as this lot's, its admissions with them."""
    old, sale = another(world, chance).contents, world.contents
    if old.origin == sale.origin:
        return None
    here = {"lot_id": _lot_id(sale)}
    house = [
        rewrite(entry, lambda e: e["command"].update(here)) if entry != b"{}" else entry
        for entry in _house(old)
    ]
    part = sales.house_part(house, _lot_id(sale))
    return retell(replace(sale, health=old.health, **part), spoken(old))


# ── reserve, roll, house ────────────────────────────────────────────────────────────────────


def _another_reserve(command: Any, chance: Random) -> dict[str, Any]:
    lower = command.amount_fen - chance.randint(1, 5) * sales.STEP_FEN
    more = command.amount_fen + chance.randint(1, 90) * sales.STEP_FEN
    amount = chance.choice([more, *([lower] if lower > 0 else [])])
    return {"amount_fen": amount, "has_reserve": True}


def another_reserve_sealed(world: World, chance: Random) -> Forged:
    """The announcement commits to the reserve that is opened in the end."""
    said, sale, salt = spoken(world.contents), world.contents, f"{chance.getrandbits(256):064x}"
    places = RESERVES(sale)
    if not places:
        return None
    value = _another_reserve(said[places[0]].command, chance)
    sealed = commitments.commit(Kind.RESERVE, sale.origin, salt, value)
    said[0] = replace(said[0], command=replace(_publication(said), reserve_commitment=sealed))
    for seq in places:
        opening = said[seq].command
        assert isinstance(opening, m.OpenReserve)
        said[seq] = replace(said[seq], command=replace(opening, salt=salt, **value))
    return told(world, said)


def _publication(said: list[Spoken]) -> Any:
    return said[0].command


def _roll(said: list[Spoken]) -> list[m.RollRow]:
    return next(list(e.command.roll) for e in said if isinstance(e.command, m.OpenRoll))


def _swapped_identities(command: Any, chance: Random) -> dict[str, Any]:
    roll = list(command.roll)
    if len(roll) < 2:
        return {}
    one, two = chance.sample(range(len(roll)), 2)
    a, b = roll[one].identity_commitment, roll[two].identity_commitment
    roll[one] = replace(roll[one], identity_commitment=b)
    roll[two] = replace(roll[two], identity_commitment=a)
    return {"roll": tuple(roll)}


def identities_swapped(*, in_house: bool) -> Forge:
    swap = said_otherwise(ROLLS, _swapped_identities)

    def forge(world: World, chance: Random) -> Forged:
        if len(_roll(spoken(world.contents))) < 2:
            return None
        false = swap(world, chance)
        if not in_house or not isinstance(false, PackContents):
            return false
        return change_house(false, lambda entry: _repeat(entry, _roll(spoken(false))))

    return forge


def _repeat(entry: Entry, roll: list[m.RollRow]) -> None:
    for row in roll:
        if entry["seq"] == row.admission:
            entry["command"]["identity_commitment"] = row.identity_commitment


def forgotten_bidder(*, in_house: bool) -> Forge:
    """One who never quoted, out of the roll; and out of the house log that is shown."""

    def forge(world: World, chance: Random) -> Forged:
        said, sale = spoken(world.contents), world.contents
        quoted = {e.command.bidder_no for e in said if isinstance(e.command, m.PlaceBid)}
        roll, (place, *_) = _roll(said), ROLLS(sale)
        silent = [row for row in roll if row.bidder_no not in quoted]
        # One who is alone forgotten would show in "any admitted"; an auction counts its heads.
        if not silent or len(roll) == 1 or b"head_count_commitment" in b"".join(sale.entries):
            return None
        gone = chance.choice(silent)
        kept = tuple(row for row in roll if row != gone)
        said[place] = replace(said[place], command=replace(_open_roll(said, place), roll=kept))
        false = told(world, said)
        if false is None or not in_house:
            return false
        return change_house(false, lambda _: None, keep=lambda e: not _about(e, gone.bidder_no))

    return forge


def _open_roll(said: list[Spoken], place: int) -> Any:
    return said[place].command


def _about(entry: Entry, bidder_no: str) -> bool:
    return bool(entry["command"].get("bidder_no") == bidder_no)


def _other_count(command: Any, chance: Random) -> dict[str, Any]:
    counts = command.head_counts
    return {"head_counts": tuple(replace(each, count=each.count + 1) for each in counts)}


def shut_out(world: World, seq: int, chance: Random) -> Forged:
    """An admitted bidder's quote is told as that of one who was not."""
    said = spoken(world.contents)
    bid, house = bid_at(said, seq), world.contents.house
    if bid.admission is None or any(b'"revoke_admission"' in record.entry for record in house):
        return None
    said[seq] = replace(said[seq], command=replace(bid, admission=None))
    return told(world, said)


def _other_admission(bid: Any, chance: Random) -> dict[str, Any]:
    return {"admission": 90 + chance.randrange(9)}


def _nobody(command: Any, chance: Random) -> dict[str, Any]:
    return {"any_admitted": not command.any_admitted}


def _before_arrival(bid: Any, chance: Random) -> dict[str, Any]:
    return {"received_at": bid.received_at + chance.randint(1_000, 5_000)}


def deposit_backdated(world: World, chance: Random) -> Forged:
    """In a house log that is signed anew."""
    places = [r.seq for r in world.contents.house if b'"record_deposit"' in r.entry]
    if not places:
        return None
    place, earlier = chance.choice(places), chance.randint(1, 86_400_000)

    def backdate(entry: Entry) -> None:
        if entry["seq"] == place:
            entry["at"] -= earlier

    return change_house(world.contents, backdate)


def _house(sale: PackContents) -> list[bytes]:
    house = [b"{}"] * sale.house_head.size
    for record in sale.house:
        house[record.seq] = record.entry
    return house


def _lot_id(sale: PackContents) -> str:
    return sale.origin.rpartition("/")[2]


# ── spellings, heads, receipts ──────────────────────────────────────────────────────────────


def respelled(spelling: Spelling) -> Forge:
    def forge(world: World, seq: int, chance: Random) -> Forged:
        entries = list(world.contents.entries)
        entries[seq] = spelling(entries[seq], chance)
        if entries[seq] == world.contents.entries[seq]:
            return None
        return rewritten(world.contents, entries)

    return anywhere(all_entries, forge)


def checkpoint(sale: PackContents, size: int, root: bytes) -> str:
    return sign_checkpoint(sales.KEY, Checkpoint(sale.origin, size, root))


def rival_head(world: World, chance: Random) -> Forged:
    """A second head of a size that has one already."""
    files, sale = world.files, world.contents
    size, rival = sale.heads[-1].size, chance.randbytes(32)
    raw = files["checkpoints.txt"] + b"\n" + checkpoint(sale, size, rival).encode()
    return {**files, "checkpoints.txt": raw}


def later_head(world: World, seq: int, chance: Random) -> Forged:
    """A receipt under a later head than that of its batch: true, and not what the bidder got."""
    sale = world.contents
    if batch_of(sale, seq) == len(sale.heads) - 1:
        return None
    tree, head = Tree(leaf_hash(entry) for entry in sale.entries), sale.heads[-1]
    proof, note = tree.inclusion_proof(seq, head.size), checkpoint(sale, head.size, head.root)
    return change_receipt(world.files, seq, lambda old: replace(old, proof=proof, checkpoint=note))


def rival_receipt(world: World, seq: int, chance: Random) -> Forged:
    """A receipt that proves another entry in another tree of the same size."""
    sale = world.contents
    entries = list(sale.entries[: sale.heads[batch_of(sale, seq)].size])
    entries[seq] = rewrite(entries[seq], lambda e: e["command"].update(seen_seq=0, amount_fen=1))
    tree = Tree(leaf_hash(entry) for entry in entries)
    note, proof = checkpoint(sale, tree.size, tree.root()), tree.inclusion_proof(seq)
    rival = Receipt(entries[seq], seq, proof, note)
    return change_receipt(world.files, seq, lambda _: rival)


def two_houses(world: World, chance: Random) -> Forged:
    """One house entry under a second house head, one entry longer."""
    sale, files = world.contents, unpack(build(world.contents, sales.KEY))
    if len(sale.house) < 2:
        return None
    record = sale.house[-1]
    leaves = [leaf_hash(b"{}")] * (sale.house_head.size + 1)
    leaves[record.seq] = leaf_hash(record.entry)
    tree, name = Tree(leaves), f"house/{record.seq}.tlog-proof"
    head = Checkpoint(notes.house_origin(sales.SITE), tree.size, tree.root())
    before = proofs.parse(files[name].decode())
    note, proof = sign_checkpoint(sales.KEY, head), tree.inclusion_proof(record.seq)
    after: Files = {name: replace(before, proof=proof, checkpoint=note).to_text().encode()}
    return {**files, **after}


# ── the clock ───────────────────────────────────────────────────────────────────────────────


def clock_ahead(world: World, chance: Random) -> Forged:
    """The whole sale was dated minutes ahead."""
    return unpack(build(seen_at(world, -chance.randint(121_000, 900_000)), sales.KEY))


def seen_at(world: World, ms: int) -> PackContents:
    """What others signed by clocks of their own, that much later than the log says."""
    sale = world.contents
    ats = {head.size: sales.at(sale.entries[head.size - 1]) + ms for head in sale.heads}
    lot = {head.size: sales.cosignatures(sale.origin, head, ats[head.size]) for head in sale.heads}
    stamps = {
        head.size: authority().stamp_head(sale.origin, head, ats[head.size])
        for head in sale.heads
        if head.size in sale.timestamps
    }
    house = max(sales.at(record.entry) for record in sale.house) + ms
    lines = sales.cosignatures(notes.house_origin(sales.SITE), sale.house_head, house)
    return replace(sale, cosignatures=lot, house_cosignatures=lines, timestamps=stamps)


# ── the classes ─────────────────────────────────────────────────────────────────────────────

AMOUNT, TIME, DELETE, REFUSAL = (
    "alter a bid's amount",
    "alter a bid's time",
    "delete a bid",
    "drop a refusal",
)
keyed("tell another amount", AMOUNT, said_otherwise(BIDS, _another_amount), Named(6))
keyed("date a bid earlier", TIME, story(BIDS, dated_earlier), WITNESSES)
keyed("call a bid in time late", TIME, story(ACCEPTED, called_late), WITNESSES)
keyed("decide a bid before it arrives", TIME, said_otherwise(BIDS, _before_arrival), Named(8))
time_back = written_otherwise(lambda sale: all_entries(sale)[1:], _backwards)
keyed("turn time back", TIME, time_back, Named(3))
keyed("give a bid to another", "alter a bid's bidder", anywhere(BIDS, given_away), Named(6))
keyed(
    "write another deadline", "alter a deadline", written_otherwise(ACCEPTED, _deadline), Named(8)
)
keyed("unsay a bid that others saw", DELETE, dropped(ACCEPTED, seen=True), Named(6))
keyed("unsay a bid that nobody saw", DELETE, dropped(ACCEPTED, seen=False), WITNESSES)
keyed("unsay a refusal that others saw", REFUSAL, dropped(REFUSED, seen=True), Named(6))
keyed("unsay a refusal that nobody saw", REFUSAL, dropped(REFUSED, seen=False), WITNESSES)
keyed(
    "unsay the last bids",
    "truncate the log, leave out heads",
    story(BIDS, cut_and_closed),
    WITNESSES,
)
TWICE = "insert a bid, or write one twice"
keyed("make up a bid", TWICE, anywhere(BIDS, made_up), Named(6))
STRAW = "insert a straw man's bid afterwards"
keyed(STRAW, STRAW, anywhere(ACCEPTED, straw_man), WITNESSES)
keyed("decide a bid twice", TWICE, story(BIDS, decided_twice), Named(8))
keyed("swap bids that saw each other", "swap two bids", story(BIDS, swapped(seen=True)), Named(6))
keyed("swap bids that did not", "swap two bids", story(BIDS, swapped(seen=False)), WITNESSES)
keyed("tell another lot's bid", "splice from another lot", anywhere(BIDS, spliced), Named(6))
OLD = "replay an old sale or a signature"
keyed("tell an old sale as this one", OLD, old_sale_again, Named(6))
ANEW = "rewrite and re-sign the whole sale"
keyed(ANEW, ANEW, another_sale, WITNESSES)
SUSPENSION = "remove a suspension"
keyed("never suspend", SUSPENSION, story(SUSPENSIONS, unsuspended), Named(6))
OUTAGE = "claim an outage that never was"
keyed(OUTAGE, OUTAGE, anywhere(ACCEPTED, outage_claimed), Named(13))
RESULT = "alter the result or the rules"
keyed(
    "let the hammer fall to another",
    RESULT,
    written_otherwise(HAMMERS, _hammer_to_another),
    Named(12),
)
keyed("call a sale unsold", RESULT, written_otherwise(_standing, _called_unsold), Named(12))
keyed("write another total", RESULT, written_otherwise(HAMMERS, _other_total), Named(12))
RESERVE, IDENTITY, BIDDER = "open another reserve", "swap identities", "forget a bidder"
keyed("open another reserve", RESERVE, said_otherwise(RESERVES, _another_reserve), Named(7))
keyed("seal another reserve afterwards", RESERVE, another_reserve_sealed, WITNESSES)
COUNTED = entries_with("open_roll")
keyed(
    "open another head count",
    "lie about who was admitted",
    said_otherwise(
        lambda sale: COUNTED(sale) if b'"salt"' in sale.entries[COUNTED(sale)[0]] else [],
        _other_count,
    ),
    Named(7),
)
keyed("swap identities on the roll", IDENTITY, identities_swapped(in_house=False), Named(9))
keyed("swap them in the house log too", IDENTITY, identities_swapped(in_house=True), WITNESSES)
keyed("forget a bidder on the roll", BIDDER, forgotten_bidder(in_house=False), Named(9))
keyed("forget him in the house log too", BIDDER, forgotten_bidder(in_house=True), WITNESSES)
SHUT = "lie about who was admitted"
keyed("hold him for not admitted", SHUT, anywhere(ACCEPTED, shut_out), Named(9))
keyed("name another admission", SHUT, said_otherwise(ACCEPTED, _other_admission), Named(9))
keyed("say that nobody was admitted", SHUT, said_otherwise(CLOSES, _nobody), Named(7))
RULES = "use rules that nobody knows"
keyed(RULES, RESULT, written_otherwise(lambda _: [0], _rules_version), Named(8))
SEAL = "write after the seal"
keyed(SEAL, RESULT, anywhere(BIDS, after_the_seal), Named(12))
keyed("backdate a deposit in the house", "backdate a deposit", deposit_backdated, WITNESSES)
for name, spelling in SPELLINGS.items():
    keyed(f"sign {name}", "spell an entry otherwise", respelled(spelling), Named(2))
keyed("sign two heads of one size", "two heads of one size", rival_head, Named(4))
PROOFS = "cut, pad or confuse a proof"
keyed("prove under a later head", PROOFS, anywhere(BIDS, later_head), Named(5))
keyed("prove under a rival head", PROOFS, anywhere(BIDS, rival_receipt), Named(5))
keyed("prove under two houses", PROOFS, two_houses, Named(10))
CLOCK = "run the clock ahead"
keyed(CLOCK, CLOCK, clock_ahead, WITNESSES)
