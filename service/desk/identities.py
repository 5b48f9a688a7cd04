"""Identities after the end: all of them to the supervisor, the winner's to everybody."""

from unicodedata import normalize

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.problem import ProblemCode
from schemas.rest import (
    IdentityCheck,
    IdentityFinding,
    LotIdentities,
    OpenedIdentity,
    WinnerOpening,
)
from service.audit import canonical
from service.audit.commitments import Kind
from service.audit.notes import lot_origin
from service.desk.admission import published
from service.desk.catalogue import is_over
from service.desk.house_log import tells_seq
from service.desk.officials import about_lot, in_log, record_action, record_look
from service.desk.ports import Desk
from service.desk.refused import Refused
from service.store import applications, results, vault
from service.store.accounts import Account
from service.store.house_reads import running_lots
from service.store.roll import load_roll


async def open_identities(
    desk: Desk, supervisor: Account, lot_id: str, reason: str
) -> LotIdentities:
    """Every admitted bidder of a lot whose roll is opened, with what opens his commitment.

    The look is committed before anything is read: no crash leaves a look without its record.
    """
    why = speakable(reason)
    async with desk.engine.begin() as connection:
        await _opened(connection, lot_id)
        by, subject = in_log(desk, supervisor, "supervisor"), about_lot(lot_id)
        await record_look(connection, desk, by, subject, "identities", why, every=True)
    async with desk.engine.begin() as connection:
        result = await _opened(connection, lot_id)
        roll = await load_roll(connection, lot_id)
        sealed = tuple(bidder.identity_commitment for bidder in roll)
        found = await vault.openings_for(connection, Kind.IDENTITY.value, sealed)
        check = await _check(connection, result)
    return LotIdentities(
        lot_id=lot_id,
        log=lot_origin(desk.settings.site, lot_id),
        items=tuple(
            _identity(bidder.bidder_no, bidder.identity_commitment, found) for bidder in roll
        ),
        check=check,
    )


async def record_check(
    connection: AsyncConnection,
    desk: Desk,
    supervisor: Account,
    lot_id: str,
    finding: IdentityFinding,
) -> IdentityCheck:
    """What the supervisor found; the same finding again changes nothing."""
    await _opened(connection, lot_id)
    result = await results.read_result(connection, lot_id, lock=True)
    assert result is not None, "the result of an opened roll is frozen"
    before = await _check(connection, result)
    if before is not None and before.outcome == finding.outcome:
        return before
    by, at = in_log(desk, supervisor, "supervisor"), desk.clock.now_ms()
    action = f"IDENTITIES_{finding.outcome}"
    seq = await record_action(connection, desk, action, about_lot(lot_id), by)
    await results.note_identity_check(connection, lot_id, finding.outcome, seq, at)
    recorded = await _check(connection, await _opened(connection, lot_id))
    assert recorded is not None, "it was just recorded"
    return recorded


async def winner_opening(connection: AsyncConnection, desk: Desk, lot_id: str) -> WinnerOpening:
    """The winner whose name is published, and what the public needs to check it.

    A natural person's number has few enough values to be tried one by one against the commitment
    as soon as the salt is known; so the salt of a person stays sealed with the number.
    """
    lot = await published(connection, lot_id)
    if not is_over(lot):
        raise Refused(ProblemCode.NOT_ENDED, "The sale of this lot has not ended.")
    result = await results.read_result(connection, lot_id)
    if result is None or result["winner_name"] is None:
        raise Refused(ProblemCode.NOT_FOUND, "No winner of this lot is published.")
    row = await applications.read_application(connection, result["winner_application"])
    assert row is not None, "a winner has an application"
    commitment = row["identity_commitment"]
    found = await vault.openings_for(connection, Kind.IDENTITY.value, (commitment,))
    assert commitment in found, "a winner's opening is never destroyed"
    value, is_company = found[commitment].value, found[commitment].value["kind"] == "COMPANY"
    return WinnerOpening(
        lot_id=lot_id,
        log=lot_origin(desk.settings.site, lot_id),
        bidder_no=row["bidder_no"],
        commitment=commitment,
        name=value["name"],
        kind=value["kind"],
        id_number=value["id_number"] if is_company else None,
        salt=found[commitment].salt if is_company else None,
        check=await _check(connection, result),
    )


def speakable(reason: str) -> str:
    """A person's reason as the log can hold it; refuses what it cannot."""
    said = normalize("NFC", reason.strip())
    try:
        canonical.encode({"reason": said})
    except canonical.NotCanonical as broken:
        raise _no_reason("the log cannot hold this text") from broken
    if len(said) < MIN_REASON or not said.isprintable():
        raise _no_reason(f"has at least {MIN_REASON} characters on one line")
    return said


MIN_REASON = 2


def _no_reason(sentence: str) -> Refused:
    wrong = [("reason", sentence)]
    return Refused(ProblemCode.MALFORMED, "Say why you look.", errors=wrong)


async def _opened(connection: AsyncConnection, lot_id: str) -> RowMapping:
    """The frozen result of a lot whose roll is opened; refuses every other lot."""
    lot = await published(connection, lot_id)
    result = await results.read_result(connection, lot_id)
    if not is_over(lot) or result is None:
        raise Refused(ProblemCode.NOT_ENDED, "The roll of this lot is not opened yet.")
    return result


def _identity(bidder_no: str, commitment: str, found: dict[str, vault.Opening]) -> OpenedIdentity:
    opening = found.get(commitment)
    if opening is None:
        return OpenedIdentity(bidder_no=bidder_no, commitment=commitment)
    return OpenedIdentity(
        bidder_no=bidder_no, commitment=commitment, salt=opening.salt, **opening.value
    )


async def _check(connection: AsyncConnection, result: RowMapping) -> IdentityCheck | None:
    """What was found; without its house-log number while that would count a running sale."""
    if result["identity_check"] is None:
        return None
    running, at = await running_lots(connection), result["identity_check_at"]
    return IdentityCheck(
        outcome=result["identity_check"],
        at=at,
        seq=result["identity_check_seq"] if tells_seq(at, running) else None,
    )
