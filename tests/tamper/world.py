"""Random honest sales, packed with all that a pack may hold; the same seed gives the same bytes.

Up to six bidders, listing or auction, batches of any size, refusals of many kinds, suspensions,
outages, revocations, disputes, reserves met, unmet or none, sales that fail, sales that are not
over: decided by the real rules, cosigned by two or three witnesses of three, and stamped.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from schemas import log as w
from service.audit import canonical, commitments, notes
from service.audit.commitments import Kind
from service.audit.moments import Kind as MomentKind
from service.audit.notes import Checkpoint
from service.audit.pack import Head, HealthRow, PackContents, build
from service.audit.signatures import Algorithm
from service.audit.witnesses import SLACK_MS
from service.rules import messages as m
from service.rules.terms import Control, EntryRule, Method, Stage
from tests.audit import sales
from tests.audit.forgers import Files, unpack
from tests.audit.sales import OFFICIALS, START_FEN, STEP_FEN, Bidder
from tests.tamper.steady import SteadyKey, authority

NUMBERS = ("7KQ2", "M4X9", "R8TC", "B3HN", "W6DA", "V5EJ")
ALONE = m.Officials(requester=OFFICIALS.requester)
ORDER = "法院裁定中止，申请人 Café Ångström 公司"  # two letters that Unicode can spell in two ways
KEPT = 256  # worlds in memory


@dataclass(frozen=True)
class World:
    """An honest sale as an export gathers it. sealed: over, with its last entry the seal."""

    seed: int
    contents: PackContents
    sealed: bool

    @cached_property
    def pack(self) -> bytes:
        return build(self.contents, sales.KEY)

    @cached_property
    def files(self) -> Files:
        return unpack(self.pack)


@lru_cache(maxsize=KEPT)
def world(seed: int) -> World:
    """The honest sale of this seed."""
    sale = RandomSale(seed)
    sale.play()
    contents = sale.contents()
    return World(seed, _seen(contents, random.Random(f"others {seed}")), sale.is_sealed)


class RandomSale(sales.Sale):
    """A sale that plays itself, by chance from a seed."""

    def __init__(self, seed: int, lot_id: str = "") -> None:
        self.chance = random.Random(f"sale {seed}")
        self._keys = f"bidders of {seed}"
        self._rooms = self.chance.choice((("room-1",), ("room-1", "room-2")))
        self._revoked: set[str] = set()
        self._people: list[Bidder] = []
        self._over = False
        self._auction = self.chance.random() < 0.3
        reserve = self.chance.choice((None, 0, 2, 5, 9, 90))
        super().__init__(
            lot_id or f"hj-{seed % 1_000_000:06d}",
            self._make_rules(),
            sales.auction_times() if self._auction else sales.listing_times(),
            reserve_fen=None if reserve is None else START_FEN + reserve * STEP_FEN,
            seed=seed,
        )

    @property
    def is_sealed(self) -> bool:
        return self.lot is not None and self.lot.sealed

    def contents(self) -> PackContents:
        """While the roll is sealed, an export shows no admissions either."""
        whole = super().contents()
        if self.chance.random() < 0.1:
            whole = replace(whole, documents={})
        if self.lot is not None and self.lot.roll_opened:
            return whole
        return replace(whole, house=tuple(r for r in whole.house if b'"lot_born"' in r.entry))

    def prove(self) -> None:
        for room in self._rooms:
            self.health.append(HealthRow(self.now, room))

    def admit(self, number: str, algorithm: Algorithm = Algorithm.ES256) -> Bidder:
        """An admission after its deposit, as the office records them."""
        self._deposit(number)
        key = SteadyKey.of(f"{self._keys} {number}".encode(), algorithm)
        facts: dict[str, Any] = {"bidder_no": number, "key_id": key.key_id}
        facts |= {"public_key": key.spki.hex(), "identity_commitment": self._hex(32)}
        admission = self.record(w.RecordAdmission(lot_id=self.lot_id, **facts))
        self.roll.append(m.RollRow(admission=admission, **facts))
        return Bidder(number, key, admission)

    def close(self) -> None:
        self.do(m.OpenReserve(salt=self.salt, **self.reserve))
        self._close_only()

    # ── the course ──────────────────────────────────────────────────────────────────────────

    def play(self) -> None:
        """From the announcement as far as chance lets it come."""
        last = self.chance.randrange(60)  # one sale in twelve is not over
        for number in NUMBERS[: self._how_many()]:
            self._people.append(self.admit(number, self.chance.choice(list(Algorithm))))
            self.wait(self.chance.randint(1, 300))
        if self._people and self._maybe(0.2):
            self.signed_too_early()
        self._open()
        for place, step in enumerate((self._listing, self._timed, self._decide, self._end)):
            if place == last:
                return
            if not self._over or step == self._end:
                step()

    def signed_too_early(self) -> None:
        """A quote before bidding opens is answered too: refused."""
        self.do(self.signed(self._any(), START_FEN))

    def _open(self) -> None:
        if not self._auction:
            self.leave(Stage.ANNOUNCED)
        else:
            self.start_auction(len(self._people))
        self._over = self._stage is Stage.FAILED

    def _listing(self) -> None:
        if self._stage is not Stage.LISTING:
            return
        for _ in range(self.chance.randint(0, 4)):
            self._quotes()
        if self._maybe(0.1):
            self._suspend()
        self.leave(Stage.LISTING)

    def _timed(self) -> None:
        if self._stage is not Stage.TIMED:
            return  # nobody quoted before, so nobody may enter
        deeds: tuple[tuple[float, Callable[[], None]], ...] = (
            (0.12, self._suspend),
            (0.10, self._fail),
            (0.08, self._revoke),
        )
        for _ in range(self.chance.randint(0, 7)):
            self._quotes()
            for likely, deed in deeds:
                if self._maybe(likely):
                    deed()
        if self._maybe(0.04):
            self._terminate()
            return
        if self._people and self._maybe(0.35):
            self._too_late()
        self.leave(Stage.TIMED)

    def _decide(self) -> None:
        self.do(m.OpenReserve(salt=self.salt, **self.reserve))
        if self._maybe(0.12) and self._dispute():
            self._quotes()
            self.leave(Stage.TIMED)
            self.do(m.OpenReserve(salt=self.salt, **self.reserve))
        self._close_only()

    def _close_only(self) -> None:
        standing = any(row.bidder_no not in self._revoked for row in self.roll)
        self.do(m.CloseSale(any_admitted=standing))

    def _end(self) -> None:
        if self._stage is Stage.SOLD and self._maybe(0.06):
            outcome = m.Confirmation.UNQUALIFIED
            self.do(m.ConfirmResult(outcome=outcome, officials=OFFICIALS))
        self.finish()

    # ── deeds ───────────────────────────────────────────────────────────────────────────────

    def _quotes(self) -> None:
        """One batch of quotes, some of them wrong."""
        assert self.lot is not None
        if not self._people:
            return
        left = (self.lot.closes_at or self.now) - self.now
        if left < 400:
            return
        self.wait(self.chance.randint(100, min(left - 200, 9_000)))
        with self.batch():
            for _ in range(self.chance.choice((1, 1, 1, 1, 2, 3, 5))):
                self._quote()

    def _quote(self) -> None:
        assert self.lot is not None
        least, lower = self.lot.minimum_fen, self.lot.minimum_fen - STEP_FEN
        leader = self.lot.leader_no
        others = [each for each in self._people if each.number != leader]
        bidder = self.chance.choice(others) if others and self._maybe(0.8) else self._any()
        steps = self.chance.choice((0, 0, 0, 0, 1, 2, 4))
        wrong = (max(lower, STEP_FEN), least + STEP_FEN // 2, least + 30 * STEP_FEN)
        right = self._maybe(0.75)
        amount = least + steps * STEP_FEN if right else self.chance.choice(wrong)
        self._place(bidder, amount)

    def _place(self, bidder: Bidder, amount: int, **facts: Any) -> tuple[m.Event, ...]:
        """Decided in its turn; what its signer had seen may be a little old."""
        seen = max(0, self.heads[-1].size - 1 - self.chance.choice((0, 0, 0, 0, 1, 2)))
        if bidder.number in self._revoked:
            facts["admission"] = None
        facts.setdefault("received_at", self.now - self.chance.randint(0, 40))
        return self.do(self.signed(bidder, amount, seen_seq=seen, **facts))

    def _suspend(self) -> None:
        """By one official in an emergency or by two; resumed by two."""
        assert self.lot is not None
        emergency = self._maybe(0.5)
        cause = self.chance.choice((m.SuspendCause.COURT_ORDER, m.SuspendCause.TITLE_DISPUTE))
        who = ALONE if emergency else OFFICIALS
        self.do(m.Suspend(cause=cause, text=ORDER, emergency=emergency, officials=who))
        if self._people and self._maybe(0.7):
            self._place(self._any(), self.lot.minimum_fen)
        self.wait(self.chance.randint(500, 8_000))
        self.do(m.Resume(announced_at=self.now, officials=OFFICIALS, timetable=self._later()))

    def _fail(self) -> None:
        """Dark for some seconds; the sale stops itself and goes on by itself."""
        assert self.lot is not None
        lit, self.now = self.health[-1].at, max(self.now, self.health[-1].at)
        self.wait(self.chance.randint(5_001, 12_000), dark=True)
        self.do(m.Interrupt(cause=m.InterruptCause.OUTAGE, gap_from=lit, gap_to=self.now))
        self.wait(self.lot.rules.outage_notice_s * 1000)
        self.do(m.Resume(announced_at=self.now))

    def _revoke(self) -> None:
        """One who does not lead loses his admission, and is refused from then on."""
        assert self.lot is not None
        others = [each for each in self._people if each.number != self.lot.leader_no]
        if len(others) < 2 or self._revoked:
            return
        gone = self.chance.choice(others)
        self._revoked.add(gone.number)
        facts: dict[str, Any] = {"bidder_no": gone.number, "reason": "DEFAULTED"}
        self.record(w.RevokeAdmission(lot_id=self.lot_id, **facts))
        self._place(gone, self.lot.minimum_fen)

    def _terminate(self) -> None:
        cause = m.SuspendCause.TITLE_DISPUTE
        self.do(m.Terminate(cause=cause, text="权属争议", officials=OFFICIALS))
        self._over = True

    def _too_late(self) -> None:
        """Quotes that arrive after the end, decided before the stage is left."""
        assert self.lot is not None
        assert self.lot.closes_at is not None
        self.wind(self.lot.closes_at + self.chance.randint(0, 400))
        with self.batch():
            for _ in range(self.chance.randint(1, 2)):
                self._place(self._any(), self.lot.minimum_fen, received_at=self.now)

    def _dispute(self) -> bool:
        """A quote in time is decided after the close: two officials reopen the sale."""
        assert self.lot is not None
        others = [
            each
            for each in self._people
            if each.number not in {self.lot.leader_no, *self._revoked}
            and (self.lot.rules.entry_rule is EntryRule.ALL_QUALIFIED)
        ]
        if not others or self.lot.last_cutoff is None:
            return False
        in_time = self.lot.last_cutoff - 1
        self._place(self.chance.choice(others), self.lot.minimum_fen, received_at=in_time)
        assert self.lot.control is Control.SUSPENDED
        self.wait(self.chance.randint(1_000, 4_000))
        self.do(m.Resume(announced_at=self.now, officials=OFFICIALS))
        return True

    # ── facts ───────────────────────────────────────────────────────────────────────────────

    def _make_rules(self) -> Any:
        joining = self.chance.choice((EntryRule.ALL_QUALIFIED, EntryRule.QUOTED_BEFORE))
        changes: dict[str, Any] = {"countdown_s": self.chance.choice((10, 20))}
        if self._auction:
            changes |= {"method": Method.AUCTION, "free_min": 8, "min_bidders": 2}
        elif self._maybe(0.2):
            changes["entry_rule"] = joining
        return sales.make_rules(**changes)

    def _deposit(self, number: str) -> None:
        value = {"amount_fen": START_FEN // 5, "bidder_no": number, "bank_time": self.now}
        sealed = commitments.commit(Kind.DEPOSIT, self.origin, self._hex(32), value)
        facts: dict[str, Any] = {"decision": "QUALIFIED", "deposit_commitment": sealed}
        self.record(w.RecordDeposit(lot_id=self.lot_id, **facts))

    def _later(self) -> Any:
        """The new listing times that resuming a listing must state; None in the timed phase."""
        assert self.lot is not None
        table, closes_at = self.lot.timetable, self.lot.closes_at
        if self._stage is not Stage.LISTING or table.listing_to is None or closes_at is None:
            return None
        return replace(table, listing_to=self.now + max(closes_at - sales.BEGIN, 20_000))

    def _how_many(self) -> int:
        return self.chance.choice((0, 1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 6))

    def _any(self) -> Bidder:
        return self.chance.choice(self._people)

    def _maybe(self, likely: float) -> bool:
        return self.chance.random() < likely

    @property
    def _stage(self) -> Stage:
        assert self.lot is not None
        return self.lot.stage


# ── what others say of it ───────────────────────────────────────────────────────────────────


def _seen(contents: PackContents, chance: random.Random) -> PackContents:
    """Cosigned by two or three of three, now and then by fewer on the way; stamped in time."""
    lot = {head.size: _lines(contents, head, chance) for head in contents.heads}
    last = contents.heads[-1].size
    lot[last] = _lines(contents, contents.heads[-1], chance, least=2)
    house = notes.house_origin(notes.site_of(contents.origin))
    at = max(sales.at(record.entry) for record in contents.house)
    names = _names(chance, least=2)
    lines = _cosigned(house, contents.house_head, at, names, chance)
    stamps = _stamps(contents, chance)
    return replace(contents, cosignatures=lot, house_cosignatures=lines, timestamps=stamps)


def _lines(
    contents: PackContents, head: Head, chance: random.Random, least: int = 0
) -> tuple[str, ...]:
    at = sales.at(contents.entries[head.size - 1])
    names = _names(chance, least)
    return _cosigned(contents.origin, head, at, names, chance)


def _names(chance: random.Random, least: int) -> list[str]:
    count = max(least, chance.choice((3, 3, 3, 3, 2, 2, 1, 0)))
    return sorted(chance.sample(sorted(sales.WITNESSES), count))


def _cosigned(
    origin: str, head: Head, at: int, names: list[str], chance: random.Random
) -> tuple[str, ...]:
    """Their clocks go a little before or after the log's."""
    when = at + chance.randint(-SLACK_MS // 3, SLACK_MS)
    witnesses = {name: sales.WITNESSES[name] for name in names}
    return sales.cosignatures(origin, head, when, witnesses)


def _stamps(contents: PackContents, chance: random.Random) -> Mapping[int, bytes]:
    """Each moment's token over the next head or, when the authority was away, a later one."""
    stamps = {}
    for moment in sales.moments(contents):
        if moment.kind not in (MomentKind.CLOSE, MomentKind.SEAL) and chance.random() < 0.1:
            continue
        covering = [head for head in contents.heads if head.size > moment.seq]
        head = covering[min(len(covering) - 1, chance.choice((0, 0, 0, 0, 1, 3)))]
        at = sales.at(contents.entries[head.size - 1]) + chance.randint(200, 30_000)
        stamps[head.size] = authority().stamp_head(contents.origin, head, at)
    return stamps


def note_of(contents: PackContents, head: Head) -> str:
    """The signed note of that head, as bidders and witnesses got it."""
    return notes.sign_checkpoint(sales.KEY, Checkpoint(contents.origin, head.size, head.root))


def read(entry: bytes) -> Any:
    """A stored entry as a dictionary."""
    return canonical.decode(entry)
