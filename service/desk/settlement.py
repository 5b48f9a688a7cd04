"""After the hammer: the roll is opened, the result frozen, every loser's money sent back.

Everything here may be done again at any time, by any process: what is done stays, what is missing
is made up.
"""

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.log import LotSealed, RecordDeposit
from service.audit import canonical
from service.audit.commitments import Kind
from service.desk import money
from service.desk.admission import published
from service.desk.anchors import has_quorum
from service.desk.catalogue import is_over
from service.desk.ports import Desk
from service.desk.workdays import HolidaysUnknown
from service.rules import messages as m
from service.rules.refusals import Reason, Refusal
from service.store import applications, deposits, house, results, vault
from service.store.ledger import read_head, read_log
from service.store.log_tables import lot_log
from service.store.lots import find_lot
from service.store.roll import load_roll

AT_ONCE = 100
"""Lots or notices that one round of `tidy` takes."""

_log = structlog.get_logger(__name__)


async def settle(desk: Desk, lot_id: str) -> bool:
    """Opens the roll and settles the money of a lot that has ended; False while it has not.

    Raises HolidaysUnknown when no due date can be computed; the roll is open all the same.
    """
    async with desk.engine.connect() as connection:
        lot = await find_lot(connection, lot_id)
        result = await results.read_result(connection, lot_id)
    if lot is None or not is_over(lot):
        return False
    if result is None:
        await _open_roll(desk, lot_id)
        async with desk.engine.begin() as connection:
            await _settle_money(connection, desk, lot_id)
    if lot.state["sealed"]:
        await record_seal(desk, lot_id)
    return True


async def record_seal(desk: Desk, lot_id: str) -> None:
    """Writes the final checkpoint of a sealed lot's log into the house log, once.

    Not before its witnesses have cosigned it: until then every round of `tidy` looks again.
    """
    async with desk.engine.begin() as connection:
        result = await results.read_result(connection, lot_id, lock=True)
        if result is None or result["sealed_seq"] is not None:
            return
        if not await has_quorum(connection, desk.anchors.policy, lot_log(lot_id)):
            return
        head = await read_head(connection, lot_log(lot_id))
        assert head is not None, "a sealed lot has a log"
        # Before the house log is locked, as everywhere: lots first.
        await results.note_settled(connection, lot_id)
        entry = LotSealed(lot_id=lot_id, size=head.size, root=head.root.hex())
        seq = await house.record(connection, desk.clock, desk.settings.site, entry)
        await results.note_sealed(connection, lot_id, seq)


async def tidy(desk: Desk) -> None:
    """One round over everything that is not settled yet; the composition root calls it again."""
    async with desk.engine.begin() as connection:
        # A lot that is stopped in CLOSING may take bids again: the database forgets its halves.
        await vault.forget_halves(connection)
    async with desk.engine.connect() as connection:
        waiting = await results.unsettled(connection, AT_ONCE)
    for lot_id in waiting:
        try:
            await settle(desk, lot_id)
        except HolidaysUnknown as unknown:
            _log.error("holidays_unknown", lot_id=lot_id, year=unknown.year)
    await _return_money(desk)


# ── the roll ────────────────────────────────────────────────────────────────────────────────


async def _open_roll(desk: Desk, lot_id: str) -> None:
    async with desk.engine.begin() as connection:
        rows = [
            m.RollRow(
                bidder_no=bidder.bidder_no,
                key_id=key_id,
                public_key=key.public_key_hex,
                identity_commitment=bidder.identity_commitment,
                admission=key.admission_seq,
            )
            for bidder in await load_roll(connection, lot_id)
            for key_id, key in bidder.keys.items()
        ]
        counts = await _head_counts(connection, lot_id)
    done = await desk.submit(lot_id, m.OpenRoll(roll=tuple(rows), head_counts=counts))
    if isinstance(done, Refusal) and done.reason is not Reason.ROLL_ALREADY_OPENED:
        # Sealed or reopened meanwhile: the next round looks again.
        _log.warning("roll_refused", lot_id=lot_id, reason=done.reason.value)


async def _head_counts(connection: AsyncConnection, lot_id: str) -> tuple[m.HeadCount, ...]:
    """Opens the head counts that entered the log, and none that a lost swap left behind."""
    kept = await vault.openings_of(connection, Kind.HEAD_COUNT.value, lot_id)
    by_commitment = {opening.commitment: opening for opening in kept}
    found = []
    for entry in await read_log(connection, lot_log(lot_id)):
        command = canonical.decode(entry.bytes)["command"]
        opening = by_commitment.get(command.get("head_count_commitment", ""))
        if opening is not None:
            found.append(m.HeadCount(salt=opening.salt, count=opening.value["count"]))
    return tuple(found)


# ── the money ───────────────────────────────────────────────────────────────────────────────


async def _settle_money(connection: AsyncConnection, desk: Desk, lot_id: str) -> None:
    """Freezes who won and moves every deposit, in one transaction: all of it or nothing."""
    lot = await published(connection, lot_id)
    rows = await applications.list_of_lot(connection, lot_id)
    winner_no = lot.state.get("winner_no")
    winner = next((r["application_id"] for r in rows if r["bidder_no"] == winner_no), None)
    winner = winner if winner_no is not None else None
    now = desk.clock.now_ms()
    if not await results.freeze_result(connection, lot_id, winner, now):
        return
    facts: list[RecordDeposit] = []
    for row in rows:
        for notice in await deposits.notices_of(connection, row["application_id"]):
            if notice["code"] not in deposits.CREDITED:
                continue
            if row["application_id"] == winner:
                facts.append(await money.keep_as_earnest(connection, desk, lot_id, notice))
            else:
                facts += await money.order_refund(connection, desk, notice, lot)
    await house.record_all(connection, desk.clock, desk.settings.site, facts)


async def _return_money(desk: Desk) -> None:
    """Orders the refunds that an unknown calendar held up."""
    async with desk.engine.connect() as connection:
        waiting = await deposits.unreturned(connection, AT_ONCE)
    for notice in waiting:
        try:
            async with desk.engine.begin() as connection:
                lot = await published(connection, notice["lot_id"])
                facts = await money.order_refund(connection, desk, notice, lot)
                await house.record_all(connection, desk.clock, desk.settings.site, facts)
        except HolidaysUnknown as unknown:
            _log.error("holidays_unknown", notice_id=notice["notice_id"], year=unknown.year)
            return
