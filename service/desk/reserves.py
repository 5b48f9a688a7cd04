"""The reserve: sealed by two officials before the release, opened by the same two in CLOSING.

Until both halves are in, nobody can open it, the service and its database included. What comes
from a holder too early is refused and stored nowhere.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.problem import ProblemCode
from schemas.rest import Draft, ReserveWait, SealReserveIn
from service.audit import envelopes
from service.audit.envelopes import Envelope, EnvelopeBroken, Opened
from service.audit.notes import lot_origin
from service.desk.admission import published
from service.desk.officials import about_lot, in_log, record_action
from service.desk.ports import Desk
from service.desk.publication import draft_of, locked_draft
from service.desk.refused import Refused
from service.rules.terms import Control, ReserveKind, Stage
from service.store import drafts, vault
from service.store.accounts import Account
from service.store.lots import ListedLot
from service.store.vault import KeptEnvelope

SECONDS = ("approver", "supervisor")
"""Roles that may hold the second half, in the order in which the pseudonym is chosen."""


# ── sealing ─────────────────────────────────────────────────────────────────────────────────


async def seal_reserve(
    connection: AsyncConnection,
    desk: Desk,
    account: Account,
    second: Account,
    lot_id: str,
    version: int,
    asked: SealReserveIn,
) -> Draft:
    """Keeps the envelope, in place of an earlier one; a submitted draft goes back to its drafters.

    second: who signed in beside `account` for this act; he holds the second half.
    """
    _refuse_second(account, second)
    row = await locked_draft(connection, lot_id, version, "DRAFT", "SUBMITTED")
    if row["rules"]["reserve"] != ReserveKind.SEALED.value:
        sentence = "The rules of this sale say that there is no reserve."
        raise Refused(ProblemCode.WRONG_STATE, sentence, reason="RESERVE_NOT_ALLOWED")
    kept = KeptEnvelope(
        lot_id=lot_id,
        envelope=_envelope(asked),
        holders=(account.account_id, second.account_id),
        pseudonyms=(in_log(desk, account, "publisher"), in_log(desk, second, *SECONDS)),
        sealed_at=desk.clock.now_ms(),
    )
    await vault.keep_envelope(connection, kept)
    changes = {"state": "DRAFT", "updated_at": kept.sealed_at}
    changed = await drafts.change_draft(connection, lot_id, changes, hand=account.account_id)
    await record_action(connection, desk, "SEAL_RESERVE", about_lot(lot_id), *kept.pseudonyms)
    return await draft_of(connection, desk, changed)


def _refuse_second(account: Account, second: Account) -> None:
    if second.account_id == account.account_id:
        raise Refused(ProblemCode.FOUR_EYES, "Another official must hold the second half.")
    if not second.has(*SECONDS):
        sentence = "The second half is held by an approver or a supervisor."
        raise Refused(ProblemCode.NOT_ALLOWED, sentence, reason="SECOND_OFFICIAL")


def _envelope(asked: SealReserveIn) -> Envelope:
    first, second = asked.half_hashes
    envelope = Envelope(asked.commitment, asked.nonce, asked.ciphertext, (first, second))
    try:
        envelopes.check_envelope(envelope)
    except EnvelopeBroken as broken:
        wrong = [("half_hashes", broken.detail or broken.reason.value)]
        sentence = "This is no envelope of a reserve."
        raise Refused(ProblemCode.MALFORMED, sentence, errors=wrong) from broken
    return envelope


# ── opening ─────────────────────────────────────────────────────────────────────────────────


async def give_half(
    connection: AsyncConnection, desk: Desk, account: Account, lot_id: str, half: str
) -> ReserveWait:
    """One holder's half; the same half again changes nothing. It is in when the caller commits.

    Refused by name: from anyone but its holder, in any stage but CLOSING, and when it is not his.
    """
    lot = await published(connection, lot_id)
    kept = await vault.read_envelope(connection, lot_id, lock=True)
    if kept is None or account.account_id not in kept.holders:
        sentence = "You hold no half of this lot's reserve."
        raise Refused(ProblemCode.NOT_ALLOWED, sentence, reason="NOT_A_HOLDER")
    _refuse_stage(lot)
    index = kept.holders.index(account.account_id)
    _refuse_other_half(half, kept.envelope.half_hashes[index])
    is_new = await vault.add_half(connection, lot_id, index + 1, half, desk.clock.now_ms())
    wait = (await waits(connection, desk, account, [lot]))[lot_id]
    if is_new:
        await _record(connection, desk, lot_id, "OPEN_RESERVE_HALF", kept.pseudonyms[index])
        if wait.broken is not None:
            await _record(connection, desk, lot_id, wait.broken, kept.pseudonyms[index])
    return wait


def _refuse_stage(lot: ListedLot) -> None:
    state, reason = lot.state, None
    if state.get("reserve_met") is not None or state["stage"] in (Stage.SOLD, Stage.FAILED):
        reason = "RESERVE_ALREADY_OPENED"
    elif state["stage"] != Stage.CLOSING:
        reason = "NOT_CLOSING"
    elif state["control"] != Control.NORMAL:
        reason = "SUSPENDED"
    if reason is not None:
        sentence = "Halves are taken only when bidding is over and the result is to be confirmed."
        raise Refused(ProblemCode.WRONG_STATE, sentence, reason=reason)


def _refuse_other_half(half: str, expected: str) -> None:
    try:
        envelopes.check_half(bytes.fromhex(half), expected)
    except EnvelopeBroken as broken:
        wrong = [("half", "is not the half that you took away when the reserve was sealed")]
        sentence, reason = "This is not your half of this lot's key.", broken.reason.value
        raise Refused(ProblemCode.MALFORMED, sentence, reason=reason, errors=wrong) from broken


async def _record(
    connection: AsyncConnection, desk: Desk, lot_id: str, action: str, by: str
) -> None:
    await record_action(connection, desk, action, about_lot(lot_id), by)


async def open_reserve(connection: AsyncConnection, site: str, lot_id: str) -> Opened | None:
    """The reserve of a lot, None while a half is missing.

    Raises EnvelopeBroken when both are in and do not open what was committed.
    """
    kept = await vault.read_envelope(connection, lot_id)
    assert kept is not None, "a lot is released only with its reserve sealed"
    halves = (await vault.read_halves(connection, (lot_id,))).get(lot_id, {})
    return _open(kept, halves, site)


def _open(kept: KeptEnvelope, halves: dict[int, str], site: str) -> Opened | None:
    if len(halves) < len(kept.holders):
        return None
    both = bytes.fromhex(halves[1]), bytes.fromhex(halves[2])
    return envelopes.open_envelope(kept.envelope, both, lot_origin(site, kept.lot_id))


# ── what the console shows ──────────────────────────────────────────────────────────────────


async def waits(
    connection: AsyncConnection, desk: Desk, account: Account, lots: Sequence[ListedLot]
) -> dict[str, ReserveWait]:
    """lot_id → how it stands with the halves, of those lots that wait for them."""
    waiting = {lot.lot_id: lot for lot in lots if _is_waiting(lot)}
    if not waiting:
        return {}
    ids = tuple(waiting)
    kept = await vault.read_envelopes(connection, ids)
    halves = await vault.read_halves(connection, ids)
    return {
        lot_id: _wait(desk, account, waiting[lot_id], envelope, halves.get(lot_id, {}))
        for lot_id, envelope in kept.items()
    }


def _is_waiting(lot: ListedLot) -> bool:
    sealed = lot.listing["rules"]["reserve"] == ReserveKind.SEALED.value
    return sealed and lot.state["stage"] == Stage.CLOSING and lot.state.get("reserve_met") is None


def _wait(
    desk: Desk, account: Account, lot: ListedLot, kept: KeptEnvelope, halves: dict[int, str]
) -> ReserveWait:
    found: dict[str, Any] = {}
    if account.account_id in kept.holders:
        place = kept.holders.index(account.account_id) + 1
        found["yours"] = "GIVEN" if place in halves else "WAITED_FOR"
    try:
        _open(kept, halves, desk.settings.site)
    except EnvelopeBroken as broken:
        found["broken"] = f"RESERVE_{broken.reason.value}"
    due_at = _due_at(lot)
    late = desk.clock.now_ms() > due_at
    return ReserveWait(
        given=len(halves), holders=kept.pseudonyms, due_at=due_at, late=late, **found
    )


def _due_at(lot: ListedLot) -> int:
    """The end of bidding and the RuleSet's `reserve_window_min` after it (ms)."""
    rules = lot.listing["rules"]
    return int(lot.state["closes_at"]) + int(rules["reserve_window_min"] * rules["minute_ms"])
