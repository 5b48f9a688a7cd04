"""Honest sales, played through the real rules with signed bids and a hand-wound clock.

`Sale` is a small room without a database: it decides, writes canonical entries, keeps the house
log and the health series, and hands over what an export would gather.
"""

import json
import random
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from typing import Any

from schemas import log as w
from service import wire
from service.audit import canonical, commitments, notes, timestamps
from service.audit.commitments import Kind
from service.audit.cosignatures import CosigningKey, cosign
from service.audit.moments import Moment, Moments
from service.audit.notes import Checkpoint, SigningKey
from service.audit.pack import Head, HealthRow, HouseRecord, PackContents, build
from service.audit.signatures import Algorithm, BidderKey, bid_message
from service.audit.tree import Tree, leaf_hash
from service.rules import messages as m
from service.rules.decide import apply, decide
from service.rules.lot import Lot
from service.rules.refusals import Refusal
from service.rules.templates import from_template
from service.rules.terms import (
    RULES_VERSION,
    SUITE,
    Document,
    LandUseClass,
    Method,
    Parcel,
    RuleSet,
    Stage,
    Timetable,
)
from tests.audit.authority import Authority

SITE = "auction.example.cn"
KEY = SigningKey(SITE, sha256(b"the log key of the tests").digest())
VKEY = KEY.verifying.to_text()
STRANGER = SigningKey(SITE, sha256(b"another key under the same name").digest())

WITNESSES = {
    name: CosigningKey(f"{name}.example.cn/w1", sha256(f"the witness {name}".encode()).digest())
    for name in ("association", "notary", "supervisor")
}
POLICY = "".join(
    (
        f"log {VKEY}\n\n",
        *(f"witness {name} {key.verifying.to_text()}\n" for name, key in WITNESSES.items()),
        "group two-of-three 2 association notary supervisor\nquorum two-of-three\n",
    )
)
STAMP_DELAY_MS = 700

BEGIN = 1_793_354_400_000
START_FEN, STEP_FEN = 100_000_000, 1_000_000
OFFICIALS = m.Officials(requester="publisher-0a1b2c3d", approver="approver-4e5f6071")
NOTICE = "出让公告：挂牌出让国有建设用地使用权。".encode()
PARCEL = Parcel(
    parcel_no="HJ-2017-07",
    title="海兴县 HJ-2017-07 号宗地",
    land_use="工业用地",
    land_use_class=LandUseClass.INDUSTRIAL,
    term_years=50,
    area_centi_m2=545_074,
    facts={"位置": "经济开发区纬三路北侧"},
)


@dataclass(frozen=True, slots=True)
class Bidder:
    number: str
    key: BidderKey
    admission: int


class Sale:
    """One lot from publication on. `now` is the database clock, wound by `wind`."""

    def __init__(
        self,
        lot_id: str,
        rules: RuleSet,
        timetable: Timetable,
        *,
        reserve_fen: int | None = None,
        site: str = SITE,
        seed: int = 7,
    ) -> None:
        self.origin = notes.lot_origin(site, lot_id)
        self.lot_id, self.site, self.now = lot_id, site, BEGIN
        self.lot: Lot | None = None
        self.entries: list[bytes] = []
        self.heads: list[Head] = []
        self.house: list[bytes] = []
        self.health: list[HealthRow] = []
        self.roll: list[m.RollRow] = []
        self.head_counts: list[m.HeadCount] = []
        self._tree = Tree()
        self._batched = False
        self._random = random.Random(seed)
        self.reserve, self.salt = commitments.reserve_value(reserve_fen), self._hex(32)
        self._publish(rules, timetable)

    # ── time ────────────────────────────────────────────────────────────────────────────────

    def wind(self, to: int, *, dark: bool = False) -> None:
        """To the instant `to`, proving the bid path once a second unless it is dark."""
        while self.now < to:
            self.now = min(self.now + 1000, to)
            if not dark:
                self.prove()

    def wait(self, ms: int, *, dark: bool = False) -> None:
        self.wind(self.now + ms, dark=dark)

    def prove(self) -> None:
        self.health.append(HealthRow(self.now, "room-1"))

    # ── the log ─────────────────────────────────────────────────────────────────────────────

    def do(self, command: m.Command) -> tuple[m.Event, ...]:
        """Decides and writes one command; the rules may not refuse it."""
        decision = decide(self.lot, command, self.now)
        assert not isinstance(decision, Refusal), decision
        self.lot = apply(self.lot, command, decision, self.now)
        self.write(encode(self.origin, len(self.entries), self.now, command, decision))
        return decision

    def write(self, raw: bytes) -> None:
        self.entries.append(raw)
        self._tree.append(leaf_hash(raw))
        if not self._batched:
            self.commit()

    def commit(self) -> None:
        self.heads.append(Head(self._tree.size, self._tree.root()))

    @contextmanager
    def batch(self) -> Iterator[None]:
        """What is decided inside is committed together, under one head."""
        self._batched = True
        yield
        self._batched = False
        self.commit()

    def record(self, command: w.HouseCommand) -> int:
        """One entry of the house log."""
        seq, origin = len(self.house), notes.house_origin(self.site)
        entry = w.HouseEntry(at=self.now, command=command, log=origin, seq=seq)
        self.house.append(canonical.encode(wire.plain(entry)))
        return seq

    # ── people ──────────────────────────────────────────────────────────────────────────────

    def admit(self, number: str, algorithm: Algorithm = Algorithm.ES256) -> Bidder:
        key, commitment = BidderKey.generate(algorithm), self._hex(32)
        facts: dict[str, Any] = {"bidder_no": number, "key_id": key.key_id}
        facts["public_key"] = key.spki.hex()
        record = w.RecordAdmission(lot_id=self.lot_id, identity_commitment=commitment, **facts)
        admission = self.record(record)
        row = m.RollRow(identity_commitment=commitment, admission=admission, **facts)
        self.roll.append(row)
        return Bidder(number, key, admission)

    def bid(self, bidder: Bidder, amount_fen: int, **changes: Any) -> m.Event:
        """A signed quote; what the rules made of it."""
        return self.do(self.signed(bidder, amount_fen, **changes))[0]

    def raise_by(self, bidder: Bidder, steps: int = 1) -> m.Event:
        assert self.lot is not None
        return self.bid(bidder, self.lot.minimum_fen + (steps - 1) * STEP_FEN)

    def signed(self, bidder: Bidder, amount_fen: int, **changes: Any) -> m.PlaceBid:
        seen = changes.pop("seen_seq", self.heads[-1].size - 1)
        signed = {
            "amount_fen": amount_fen,
            "bid_id": str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
            "bidder_no": bidder.number,
            "jump_confirmed": False,
            "seen_seq": seen,
        }
        return m.PlaceBid(
            **signed,
            received_at=changes.pop("received_at", self.now),
            key_id=bidder.key.key_id,
            signature=bidder.key.sign(bid_message(log=self.origin, **signed)),
            admission=changes.pop("admission", bidder.admission),
        )

    # ── the course of the sale ──────────────────────────────────────────────────────────────

    def leave(self, stage: Stage, **facts: Any) -> None:
        """Waits for the end of the stage, proves the path, and leaves it."""
        assert self.lot is not None
        if stage is Stage.ANNOUNCED:
            end = self.lot.timetable.bidding_from
        else:
            assert self.lot.closes_at is not None
            end = self.lot.closes_at + self.lot.rules.drain_ms
        self.wind(end)
        self.do(m.Advance(leaving=stage, proved_to=self.health[-1].at, **facts))

    def start_auction(self, count: int) -> None:
        assert self.lot is not None
        head_count = m.HeadCount(salt=self._hex(32), count=count)
        self.head_counts.append(head_count)
        value = commitments.head_count_value(count)
        sealed = commitments.commit(Kind.HEAD_COUNT, self.origin, head_count.salt, value)
        enough = count >= self.lot.rules.min_bidders
        self.leave(Stage.ANNOUNCED, enough=enough, head_count_commitment=sealed)

    def close(self) -> None:
        """From CLOSING to the hammer, or to none."""
        self.do(m.OpenReserve(salt=self.salt, **self.reserve))
        self.do(m.CloseSale(any_admitted=bool(self.roll)))

    def finish(self) -> None:
        """Roll, confirmation, seal, and the final checkpoint in the house log."""
        self.do(m.OpenRoll(roll=tuple(self.roll), head_counts=tuple(self.head_counts)))
        assert self.lot is not None
        if self.lot.stage is Stage.SOLD:
            outcome = m.Confirmation.CONFIRMED
            self.do(m.ConfirmResult(outcome=outcome, officials=OFFICIALS))
        self.do(m.SealLog(officials=OFFICIALS))
        root = self._tree.root().hex()
        self.record(w.LotSealed(lot_id=self.lot_id, size=len(self.entries), root=root))

    def contents(self) -> PackContents:
        """What the export gathers."""
        return PackContents(
            origin=self.origin,
            entries=tuple(self.entries),
            heads=tuple(self.heads),
            **house_part(self.house, self.lot_id),
            health=tuple(self.health),
            documents={sha256(NOTICE).hexdigest(): NOTICE},
        )

    def _publish(self, rules: RuleSet, timetable: Timetable) -> None:
        self.record(w.RecordAction(action="KEY_ENROLLED", subject="x", requester="admin-00000000"))
        sealed = commitments.commit(Kind.RESERVE, self.origin, self.salt, self.reserve)
        publish = m.PublishLot(
            lot=PARCEL,
            rules=rules,
            rules_version=RULES_VERSION,
            suite=SUITE,
            timetable=timetable,
            reserve_commitment=sealed,
            documents=(Document(name="出让公告.txt", sha256=sha256(NOTICE).hexdigest()),),
            officials=OFFICIALS,
        )
        self.do(publish)
        leaf = self._tree.leaf(0).hex()
        self.record(w.LotBorn(lot_id=self.lot_id, leaf_hash=leaf))

    def _hex(self, size: int) -> str:
        return self._random.randbytes(size).hex()


def encode(
    origin: str, seq: int, at: int, command: m.Command, events: tuple[m.Event, ...]
) -> bytes:
    return canonical.encode(wire.plain(wire.lot_entry(origin, seq, at, command, events)))


def house_part(house: list[bytes], lot_id: str) -> dict[str, Any]:
    """The house entries about a lot, proven under the newest house head."""
    tree = Tree(leaf_hash(entry) for entry in house)
    about = [seq for seq, entry in enumerate(house) if f'"lot_id":"{lot_id}"'.encode() in entry]
    records = tuple(HouseRecord(house[seq], seq, tree.inclusion_proof(seq)) for seq in about)
    return {"house": records, "house_head": Head(tree.size, tree.root())}


def make_rules(**changes: Any) -> RuleSet:
    deposit = {"CNY": START_FEN // 5}
    values = {"starting_price_fen": START_FEN, "increment_fen": STEP_FEN, "deposit": deposit}
    return from_template("demo", **{**values, **changes})


def listing_times() -> Timetable:
    return Timetable(
        announced_at=BEGIN,
        registration_from=BEGIN,
        registration_to=BEGIN + 25_000,
        deposit_deadline=BEGIN + 25_000,
        listing_from=BEGIN + 6_000,
        listing_to=BEGIN + 30_000,
    )


def auction_times() -> Timetable:
    return Timetable(
        announced_at=BEGIN,
        registration_from=BEGIN,
        registration_to=BEGIN + 5_000,
        deposit_deadline=BEGIN + 5_000,
        auction_from=BEGIN + 10_000,
    )


def listing(lot_id: str, **facts: Any) -> tuple[Sale, Bidder, Bidder, Bidder]:
    """A listing at its opening, with three admitted bidders."""
    sale = Sale(lot_id, make_rules(), listing_times(), **facts)
    bidders = sale.admit("7KQ2"), sale.admit("M4X9", Algorithm.ED25519), sale.admit("R8TC")
    sale.leave(Stage.ANNOUNCED)
    return sale, *bidders


def _quote_freely(sale: Sale, one: Bidder, two: Bidder) -> None:
    sale.wait(2_000)
    sale.bid(one, START_FEN)
    sale.wait(700)
    with sale.batch():
        sale.bid(one, START_FEN + STEP_FEN)  # refused: already leading
        sale.bid(two, START_FEN)  # refused: below the minimum
        sale.bid(two, START_FEN + 2 * STEP_FEN)
    sale.leave(Stage.LISTING)


@cache
def sold_listing(lot_id: str = "hj-2017-07") -> PackContents:
    """Free quotes, refusals, a timed phase with extensions, sold above the reserve."""
    sale, one, two, three = listing(lot_id, reserve_fen=START_FEN + 3 * STEP_FEN)
    _quote_freely(sale, one, two)
    for bidder in (one, three, two, one, three):
        sale.wait(4_000)
        sale.raise_by(bidder)
    sale.bid(one, START_FEN)
    sale.leave(Stage.TIMED)
    sale.close()
    sale.finish()
    return sale.contents()


@cache
def sold_auction(lot_id: str = "hj-2017-08") -> PackContents:
    """An auction without a reserve: head count, free phase, timed phase, sold."""
    rules = make_rules(method=Method.AUCTION, free_min=8, min_bidders=2)
    sale = Sale(lot_id, rules, auction_times())
    one, two = sale.admit("7KQ2"), sale.admit("M4X9")
    sale.start_auction(2)
    sale.wait(1_000)
    sale.bid(two, START_FEN)
    sale.leave(Stage.LISTING)
    sale.wait(3_000)
    sale.raise_by(one, 3)
    sale.leave(Stage.TIMED)
    sale.close()
    sale.finish()
    return sale.contents()


@cache
def below_reserve(lot_id: str = "hj-2017-09") -> PackContents:
    """Quotes, but none that reaches the reserve."""
    sale, one, two, _ = listing(lot_id, reserve_fen=START_FEN + 90 * STEP_FEN)
    _quote_freely(sale, one, two)
    sale.leave(Stage.TIMED)
    sale.close()
    sale.finish()
    return sale.contents()


@cache
def suspended(lot_id: str = "hj-2017-10") -> PackContents:
    """Suspended in an emergency and resumed; a revoked bidder is refused meanwhile."""
    sale, one, two, three = listing(lot_id)
    _quote_freely(sale, one, two)
    sale.wait(2_000)
    sale.raise_by(one)
    sale.do(
        m.Suspend(
            cause=m.SuspendCause.COURT_ORDER,
            text="法院裁定中止",
            emergency=True,
            officials=m.Officials(requester=OFFICIALS.requester),
        )
    )
    sale.bid(two, START_FEN + 9 * STEP_FEN)  # refused: suspended
    sale.wait(9_000)
    announced = sale.now
    sale.do(m.Resume(announced_at=announced, officials=OFFICIALS))
    sale.record(w.RevokeAdmission(lot_id=lot_id, bidder_no=three.number, reason="DEFAULTED"))
    sale.bid(three, START_FEN + 9 * STEP_FEN, admission=None)
    sale.wait(1_500)
    sale.raise_by(two)
    sale.leave(Stage.TIMED)
    sale.close()
    sale.finish()
    return sale.contents()


@cache
def interrupted(lot_id: str = "hj-2017-11") -> PackContents:
    """The path is dark for seven seconds in the timed phase; resumed by itself, then sold."""
    sale, one, two, _ = listing(lot_id)
    _quote_freely(sale, one, two)
    sale.wait(2_000)
    sale.raise_by(one)
    lit = sale.health[-1].at
    sale.wait(7_000, dark=True)
    sale.do(m.Interrupt(cause=m.InterruptCause.OUTAGE, gap_from=lit, gap_to=sale.now))
    sale.wait(make_rules().outage_notice_s * 1000)
    sale.do(m.Resume(announced_at=sale.now))
    sale.wait(1_000)
    sale.raise_by(two)
    sale.leave(Stage.TIMED)
    sale.close()
    sale.finish()
    return sale.contents()


@cache
def disputed(lot_id: str = "hj-2017-14") -> PackContents:
    """A quote in time is decided after the close: two officials reopen the sale for everyone."""
    sale, one, two, _ = listing(lot_id, reserve_fen=START_FEN + 4 * STEP_FEN)
    _quote_freely(sale, one, two)
    sale.wait(1_000)
    sale.raise_by(one)
    assert sale.lot is not None
    assert sale.lot.closes_at is not None
    closes_at = sale.lot.closes_at
    sale.leave(Stage.TIMED)
    sale.do(m.OpenReserve(salt=sale.salt, **sale.reserve))
    late = sale.do(sale.signed(two, sale.lot.minimum_fen, received_at=closes_at - 1))
    assert m.ResultDisputed in map(type, late)
    sale.wait(3_000)
    sale.do(m.Resume(announced_at=sale.now, officials=OFFICIALS))
    sale.wait(2_000)
    sale.raise_by(two)
    sale.leave(Stage.TIMED)
    sale.close()
    sale.finish()
    return sale.contents()


@cache
def unfinished(lot_id: str = "hj-2017-12") -> PackContents:
    """A listing in its timed phase: no roll, so the admissions are not in the pack either."""
    sale, one, two, _ = listing(lot_id)
    _quote_freely(sale, one, two)
    contents = sale.contents()
    return replace(contents, house=tuple(r for r in contents.house if b"lot_born" in r.entry))


@cache
def unwanted(lot_id: str = "hj-2017-13") -> PackContents:
    """Nobody applied: not one bid, and an empty roll."""
    sale = Sale(lot_id, make_rules(), listing_times())
    sale.leave(Stage.ANNOUNCED)
    sale.leave(Stage.LISTING)
    sale.leave(Stage.TIMED)
    sale.close()
    sale.finish()
    return sale.contents()


HONEST = (sold_listing, sold_auction, below_reserve, suspended, interrupted, disputed, unwanted)


def long_listing(bids: int, *, batch: int, bidders: int = 20) -> PackContents:
    """A listing with as many signed quotes as asked, committed `batch` at a time."""
    rules = make_rules(increment_fen=1_000, price_quantum_fen=1_000)
    times = replace(listing_times(), listing_to=BEGIN + 30_000 + bids * 10)
    sale = Sale("long-listing", rules, times)
    people = [sale.admit(f"{place}{place}22") for place in "ABCDEFGHJKLMNPQRSTUV"[:bidders]]
    sale.leave(Stage.ANNOUNCED)
    for first in range(0, bids, batch):
        with sale.batch():
            for number in range(first, min(first + batch, bids)):
                sale.wait(10)
                assert sale.lot is not None
                sale.bid(people[number % len(people)], sale.lot.minimum_fen)
    sale.leave(Stage.LISTING)
    sale.leave(Stage.TIMED)
    sale.close()
    sale.finish()
    return sale.contents()


# ── what others say of a sale ───────────────────────────────────────────────────────────────


def witnessed(
    contents: PackContents,
    witnesses: Mapping[str, CosigningKey] = WITNESSES,
    *,
    heads: Collection[int] | None = None,
) -> PackContents:
    """Every head, or those of these sizes, and the house head cosigned within two seconds."""
    sizes = {head.size: head for head in contents.heads if heads is None or head.size in heads}
    lot = {
        size: cosignatures(contents.origin, head, at(contents.entries[size - 1]), witnesses)
        for size, head in sizes.items()
    }
    house = notes.house_origin(notes.site_of(contents.origin))
    last = max(at(record.entry) for record in contents.house)
    lines = cosignatures(house, contents.house_head, last, witnesses)
    return replace(contents, cosignatures=lot, house_cosignatures=lines)


def cosignatures(
    origin: str, head: Head, at_ms: int, witnesses: Mapping[str, CosigningKey] = WITNESSES
) -> tuple[str, ...]:
    """The witnesses' lines for a head whose last entry is of `at_ms`, in order of their names."""
    text = Checkpoint(origin, head.size, head.root).to_text()
    at_s = at_ms // 1000 + 2
    return tuple(cosign(text, witnesses[name], at_s).to_line() for name in sorted(witnesses))


def stamped(contents: PackContents, authority: Authority) -> PackContents:
    """A timestamp for every moment that wants one, shortly after its head was committed."""
    stamps = {}
    for moment in moments(contents):
        head = next(head for head in contents.heads if head.size > moment.seq)
        stamps[head.size] = stamp(contents, head, authority)
    return replace(contents, timestamps=stamps)


def stamp(contents: PackContents, head: Head, authority: Authority) -> bytes:
    """The authority's answer for one head."""
    asked = timestamps.request(Checkpoint(contents.origin, head.size, head.root).to_text())
    last = at(contents.entries[head.size - 1])
    return authority.stamp_at(asked, last + STAMP_DELAY_MS)


def moments(contents: PackContents) -> list[Moment]:
    """The moments of a sale that want a timestamp."""
    found = Moments()
    for seq, entry in enumerate(contents.entries):
        found.take(seq, w.LotEntry.model_validate_json(entry))
    return found.found


def at(entry: bytes) -> int:
    """When an entry was decided (ms)."""
    instant = json.loads(entry)["at"]
    assert isinstance(instant, int)
    return instant


def sold_pack() -> bytes:
    return build(sold_listing(), KEY)
