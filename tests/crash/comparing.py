"""What every client was told, held against the log."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncEngine

from bench import ground
from service.audit import proofs
from service.audit.broken import Broken
from service.audit.notes import lot_origin
from service.desk.anchoring import Given
from service.desk.evidence import build_pack
from service.desk.refused import Refused
from service.main import verifying
from service.settings import Settings
from service.store.engine import open_engine
from service.store.ledger import StoredEntry, read_log
from service.store.log_tables import lot_log
from service.store.signer import Signer
from tests.crash.clients import Bid


@dataclass(slots=True)
class Findings:
    """lost: told, and not in the log. doubled: one bid_id in two entries, or two answers to one.
    denied: told that the bid does not exist, and it does. unproved: a receipt that does not verify.
    unknown_then_logged: told that nobody knows it, and then the sending from before came to stand.
    """

    bids: int = 0
    receipts: int = 0
    logged: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)
    unproved: list[str] = field(default_factory=list)
    unknown_then_logged: list[str] = field(default_factory=list)
    broken_logs: list[str] = field(default_factory=list)
    resolved_s: list[float] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        wrong = (self.lost, self.doubled, self.denied, self.unproved, self.broken_logs)
        return not any(wrong) and not self.unknown_then_logged

    def lines(self) -> list[str]:
        """For people."""
        late = max(self.resolved_s, default=0.0)
        return [
            f"bids sent {self.bids}, receipts {self.receipts}, entries of bids {self.logged}, "
            f"refused without an entry {dict(self.refusals)}",
            f"lost {len(self.lost)}, doubled {len(self.doubled)}, denied {len(self.denied)}, "
            f"unproved {len(self.unproved)}, broken logs {self.broken_logs or 0}",
            f"in doubt for a while {len(self.resolved_s)}, the longest resolved {late:.2f} s after "
            f"the service was back; unknown and then logged {len(self.unknown_then_logged)}",
        ]


async def compare(url: str, bids: Sequence[Bid], back: Sequence[tuple[float, float]]) -> Findings:
    """Reads the logs of all lots that were bid on. back: when the service was away (from, to)."""
    settings = Settings(site=ground.SITE)
    engine = open_engine(url, settings)
    found = Findings()
    try:
        for lot_id in sorted({bid.lot_id for bid in bids}):
            async with engine.connect() as connection:
                entries = await read_log(connection, lot_log(lot_id))
            _compare_lot(found, lot_id, entries, [b for b in bids if b.lot_id == lot_id])
            found.broken_logs += await _failures(engine, lot_id)
    finally:
        await engine.dispose()
    for bid in bids:
        if bid.open_at and bid.settled_at:
            found.resolved_s.append(bid.settled_at - max(bid.open_at, _back_at(bid, back)))
    return found


async def _failures(engine: AsyncEngine, lot_id: str) -> list[str]:
    """What the verifier has against the lot's evidence pack, or why there is none."""
    signer = Signer(ground.KEY)
    verify = verifying(signer, Given(None, b"", ()))
    try:
        report = verify(await build_pack(engine, ground.SITE, lot_id, signer, verify=verify))
    except Refused as refused:
        return [f"{lot_id}: {refused}"]
    failed = [check for check in report.checks if check.status == "FAILED"]
    said = [f"{lot_id}: {check.name}: {check.detail} at {check.first_seq}" for check in failed]
    return said if report.exit_code in (0, 1) else [*said, f"{lot_id}: {report.error}"]


def _compare_lot(
    found: Findings, lot_id: str, entries: Sequence[StoredEntry], bids: Iterable[Bid]
) -> None:
    places: dict[str, list[StoredEntry]] = {}
    for entry in entries:
        command = json.loads(entry.bytes)["command"]
        if command["type"] == "place_bid":
            places.setdefault(command["bid_id"], []).append(entry)
    found.logged += len(places)
    found.doubled += [bid_id for bid_id, rows in places.items() if len(rows) > 1]
    for bid in bids:
        found.bids += 1
        _compare_bid(found, lot_origin(ground.SITE, lot_id), bid, places.get(bid.bid_id, []))


def _compare_bid(found: Findings, origin: str, bid: Bid, rows: Sequence[StoredEntry]) -> None:
    if bid.refusal is not None:
        found.refusals[bid.refusal] += 1
        if rows:
            found.denied.append(f"{bid.bid_id} {bid.refusal}")
    for answer in bid.answers:
        found.receipts += 1
        if not rows or answer["seq"] != rows[0].seq:
            found.lost.append(f"{origin} {answer['seq']} {bid.bid_id}")
        elif not _holds(answer, origin, rows[0]):
            found.unproved.append(bid.bid_id)
    if len({json.dumps(answer, sort_keys=True) for answer in bid.answers}) > 1:
        found.doubled.append(bid.bid_id)
    if bid.unknown_wall_ms and rows:
        _compare_unknown(found, bid, rows[0])


def _compare_unknown(found: Findings, bid: Bid, row: StoredEntry) -> None:
    """Told "nobody knows it" although the log takes it in as the first sending."""
    received_ms = json.loads(row.bytes)["command"]["received_at"]
    if received_ms - bid.unknown_wall_ms < 0:
        found.unknown_then_logged.append(bid.bid_id)


def _holds(answer: dict[str, object], origin: str, row: StoredEntry) -> bool:
    try:
        proven = proofs.verify(str(answer["proof"]), ground.KEY.verifying, origin)
    except Broken:
        return False
    event = json.loads(row.bytes)["events"][0]["type"]
    outcome = {"bid_accepted": "accepted", "bid_refused": "refused"}[event]
    return proven.entry == row.bytes and answer["outcome"] == outcome


def _back_at(bid: Bid, away: Sequence[tuple[float, float]]) -> float:
    """The end of the last outage that touches the time in which the bid was open."""
    ends = [to for since, to in away if since <= bid.settled_at and to >= bid.open_at]
    return min(max(ends, default=0.0), bid.settled_at)
