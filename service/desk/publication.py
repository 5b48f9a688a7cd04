"""From a draft to entry 0: versions, the pre-flight, four eyes, and the release.

A wrong end time published once voided a real sale; hence the pre-flight and the second person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.log import Document, LotBorn, ParcelFacts, RuleSet, Timetable
from schemas.problem import ProblemCode
from schemas.rest import Draft, DraftIn, Finding, Preflight, ReserveSeal
from service import wire
from service.audit import canonical, commitments
from service.audit.commitments import Kind
from service.audit.notes import lot_origin
from service.audit.tree import Frontier, leaf_hash
from service.desk.documents import as_shown
from service.desk.officials import about_lot, in_log, pseudonym, record_action
from service.desk.ports import Desk
from service.desk.refused import Refused
from service.desk.workdays import REAL_DAY_MS, HolidaysUnknown, due_at
from service.rules import messages as m
from service.rules import release, terms
from service.rules.decide import apply, decide
from service.rules.refusals import Refusal
from service.store import documents, drafts, house, parcels, vault
from service.store.accounts import Account
from service.store.documents import Kept
from service.store.ledger import Append, Appended, NewEntry, append_on
from service.store.log_tables import lot_log
from service.store.projection import listing_of, project
from service.store.vault import KeptEnvelope, SealedReserve

Row = Mapping[str, Any] | RowMapping

REAL_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Announcement:
    """A draft in the nouns of the rules."""

    parcel: terms.Parcel
    rules: terms.RuleSet
    timetable: terms.Timetable
    documents: tuple[terms.Document, ...]


# ── drafting ────────────────────────────────────────────────────────────────────────────────


async def create_draft(
    connection: AsyncConnection, desk: Desk, account: Account, asked: DraftIn
) -> Draft:
    """A new draft; its lot id is taken from now on."""
    values = await _checked(connection, asked)
    added = await drafts.add_draft(
        connection,
        {
            **values,
            "lot_id": asked.lot_id,
            "state": "DRAFT",
            "version": 1,
            "drafted_by": account.account_id,
            "hands": [account.account_id],
            "updated_at": desk.clock.now_ms(),
        },
    )
    if not added:
        raise Refused(ProblemCode.LOT_ID_TAKEN, "There is a lot of this id already.")
    row = await drafts.read_draft(connection, asked.lot_id)
    assert row is not None, "the draft was just written"
    await _record(connection, desk, account, "CREATE_DRAFT", asked.lot_id)
    return await draft_of(connection, desk, row)


async def edit_draft(
    connection: AsyncConnection,
    desk: Desk,
    account: Account,
    lot_id: str,
    version: int,
    asked: DraftIn,
) -> Draft:
    """Writes the draft anew over `version`; a submitted one goes back to its drafters."""
    if asked.lot_id != lot_id:
        wrong = ("lot_id", "is not the lot of this address")
        raise Refused(ProblemCode.MALFORMED, "A draft keeps its lot id.", errors=[wrong])
    await locked_draft(connection, lot_id, version, "DRAFT", "SUBMITTED")
    values = await _checked(connection, asked)
    changes = {**values, "state": "DRAFT", "updated_at": desk.clock.now_ms()}
    row = await drafts.change_draft(connection, lot_id, changes, hand=account.account_id)
    await _record(connection, desk, account, "EDIT_DRAFT", lot_id)
    return await draft_of(connection, desk, row)


async def read_draft(connection: AsyncConnection, desk: Desk, lot_id: str) -> Draft:
    return await draft_of(connection, desk, _found(await drafts.read_draft(connection, lot_id)))


async def draft_of(connection: AsyncConnection, desk: Desk, row: RowMapping) -> Draft:
    [draft] = await drafts_of(connection, desk, (row,))
    return draft


async def drafts_of(
    connection: AsyncConnection, desk: Desk, rows: Sequence[RowMapping]
) -> tuple[Draft, ...]:
    """Drafts as officials see them: who sealed a reserve and when, never what."""
    sealed = await vault.read_envelopes(connection, tuple(row["lot_id"] for row in rows))
    named = (document["sha256"] for row in rows for document in row["documents"])
    kept = await documents.find_all(connection, named)
    return tuple(_draft(desk, row, sealed.get(row["lot_id"]), kept) for row in rows)


def _draft(
    desk: Desk, row: RowMapping, sealed: KeptEnvelope | None, kept: Mapping[str, Kept]
) -> Draft:
    named = dict.fromkeys(document["sha256"] for document in row["documents"])
    return Draft(
        lot_id=row["lot_id"],
        parcel_id=row["parcel_id"],
        parcel=ParcelFacts(**row["parcel"]),
        rules=_rules_in(row),
        timetable=Timetable(**row["timetable"]),
        documents=tuple(Document(**document) for document in row["documents"]),
        kept=tuple(as_shown(kept[sha256]) for sha256 in named if sha256 in kept),
        reserve=None if sealed is None else _seal_of(sealed),
        state=row["state"],
        version=row["version"],
        drafted_by=pseudonym(desk.settings.site, "publisher", row["drafted_by"]),
        updated_at=row["updated_at"],
    )


def _seal_of(sealed: KeptEnvelope) -> ReserveSeal:
    return ReserveSeal(
        commitment=sealed.envelope.commitment,
        sealed_at=sealed.sealed_at,
        holders=sealed.pseudonyms,
    )


# ── pre-flight ──────────────────────────────────────────────────────────────────────────────


async def preflight(connection: AsyncConnection, desk: Desk, lot_id: str) -> Preflight:
    """What forbids the release at this moment, and what should be looked at again."""
    row = _found(await drafts.read_draft(connection, lot_id))
    return await _preflight(connection, desk, row)


async def submit_draft(
    connection: AsyncConnection, desk: Desk, account: Account, lot_id: str, version: int | None
) -> Draft:
    """Hands the draft to the approver; needs a clean pre-flight."""
    row = await locked_draft(connection, lot_id, version, "DRAFT")
    _refuse_findings(await _preflight(connection, desk, row))
    changes = {"state": "SUBMITTED", "updated_at": desk.clock.now_ms()}
    submitted = await drafts.change_draft(connection, lot_id, changes)
    await _record(connection, desk, account, "SUBMIT_DRAFT", lot_id)
    return await draft_of(connection, desk, submitted)


# ── release ─────────────────────────────────────────────────────────────────────────────────


async def release_lot(
    connection: AsyncConnection, desk: Desk, approver: Account, lot_id: str, version: int
) -> Draft:
    """Publishes the lot: entry 0, its listing row and its birth in the house log, or nothing.

    The lot exists when the caller's transaction commits; no crash leaves a part of it.
    """
    row = await locked_draft(connection, lot_id, version, "SUBMITTED")
    if approver.account_id in row["hands"]:
        raise Refused(ProblemCode.FOUR_EYES, "Who wrote in a draft may not release it.")
    if not desk.clock.is_sure():
        raise Refused(ProblemCode.CLOCK_UNSURE, "The time is not sure at this moment: try again.")
    _refuse_findings(await _preflight(connection, desk, row))
    commitment = await _reserve_commitment(connection, desk, row)
    command = _publish_command(desk, row, commitment, approver)
    leaf = await _append_entry_zero(connection, desk, lot_id, command)
    changes = {"state": "RELEASED", "updated_at": desk.clock.now_ms()}
    released = await drafts.change_draft(connection, lot_id, changes)
    born = LotBorn(lot_id=lot_id, leaf_hash=leaf.hex())
    await house.record(connection, desk.clock, desk.settings.site, born)
    return await draft_of(connection, desk, released)


async def _reserve_commitment(connection: AsyncConnection, desk: Desk, row: RowMapping) -> str:
    """The envelope's; where the RuleSet says that there is no reserve, one to that, made here."""
    lot_id = row["lot_id"]
    if _announcement(row).rules.reserve is terms.ReserveKind.SEALED:
        sealed = await vault.read_envelope(connection, lot_id)
        assert sealed is not None, "the pre-flight refuses a draft whose reserve is not sealed"
        return sealed.envelope.commitment
    none = SealedReserve(False, 0, commitments.new_salt())
    await vault.keep_reserve(connection, lot_id, none)
    origin = lot_origin(desk.settings.site, lot_id)
    return commitments.commit(Kind.RESERVE, origin, none.salt, commitments.reserve_value(None))


def _publish_command(
    desk: Desk, row: RowMapping, reserve_commitment: str, approver: Account
) -> m.PublishLot:
    given = _announcement(row)
    return m.PublishLot(
        lot=given.parcel,
        rules=given.rules,
        rules_version=terms.RULES_VERSION,
        suite=terms.SUITE,
        timetable=given.timetable,
        reserve_commitment=reserve_commitment,
        documents=given.documents,
        officials=m.Officials(
            requester=pseudonym(desk.settings.site, "publisher", row["drafted_by"]),
            approver=in_log(desk, approver, "approver"),
        ),
    )


async def _append_entry_zero(
    connection: AsyncConnection, desk: Desk, lot_id: str, command: m.PublishLot
) -> bytes:
    """Decides the publication and appends it; returns the leaf hash of entry 0."""
    at, origin = desk.clock.now_ms(), lot_origin(desk.settings.site, lot_id)
    events = decide(None, command, at)
    if isinstance(events, Refusal):
        raise refused_by_rules(events)
    lot = apply(None, command, events, at)
    raw = canonical.encode(wire.plain(wire.lot_entry(origin, 0, at, command, events)))
    leaf = leaf_hash(raw)
    frontier = Frontier().append(leaf)
    listing = listing_of(origin, lot_id, lot, command.documents, command.reserve_commitment)
    appended = await append_on(
        connection,
        Append(
            log=lot_log(lot_id),
            expected_size=0,
            entries=(NewEntry(raw, leaf),),
            frontier=frontier.to_bytes(),
            root=frontier.root(),
            last_at=at,
            projection=project(lot, listing),
        ),
    )
    assert appended is Appended.DONE, "a released draft is locked, so its log is empty"
    return leaf


def refused_by_rules(refusal: Refusal) -> Refused:
    """The rules' own refusal as a problem: their name and figures, unchanged."""
    sentence = "The rules of the sale refuse this; `reason` names the rule."
    return Refused(
        ProblemCode.REFUSED_BY_RULES,
        sentence,
        reason=refusal.reason.value,
        figures=refusal.figures,
    )


# ── inside ──────────────────────────────────────────────────────────────────────────────────


async def _preflight(connection: AsyncConnection, desk: Desk, row: RowMapping) -> Preflight:
    given, now = _announcement(row), desk.clock.now_ms()
    found = [
        Finding(rule=v.rule, severity=v.severity.value, figures=dict(v.figures))
        for v in release.findings(given.parcel, given.rules, given.timetable, now)
    ]
    found += await _office_findings(connection, desk, row["lot_id"], given)
    return Preflight(findings=tuple(found), releasable=all(f.severity != "REFUSE" for f in found))


async def _office_findings(
    connection: AsyncConnection, desk: Desk, lot_id: str, given: Announcement
) -> list[Finding]:
    """What the rules cannot know: this site, the vault, the calendar."""
    found: list[Finding] = []
    real = (given.rules.day_ms, given.rules.minute_ms) == (REAL_DAY_MS, REAL_MINUTE_MS)
    if not real and not desk.settings.demo:
        found.append(Finding(rule="PRACTICE_RULES", severity="REFUSE", figures={}))
    wants_seal = given.rules.reserve is terms.ReserveKind.SEALED
    if wants_seal and await vault.read_envelope(connection, lot_id) is None:
        found.append(Finding(rule="RESERVE_NOT_SEALED", severity="REFUSE", figures={}))
    found += await _lost_documents(connection, given)
    ends = given.timetable.listing_to or given.timetable.auction_from
    try:
        if ends is not None:
            await due_at(connection, ends, given.rules.refund_days, given.rules.day_ms)
    except HolidaysUnknown as unknown:
        year = {"year": unknown.year}
        found.append(Finding(rule="HOLIDAYS_UNKNOWN", severity="WARN", figures=year))
    return found


async def _lost_documents(connection: AsyncConnection, given: Announcement) -> list[Finding]:
    """A name and a hash without its bytes is an announcement that nobody can read."""
    named = {document.sha256 for document in given.documents}
    lost = len(named) - len(await documents.find_all(connection, named))
    if not lost:
        return []
    figures = {"announced": len(named), "not_kept": lost}
    return [Finding(rule="DOCUMENT_NOT_KEPT", severity="WARN", figures=figures)]


def _refuse_findings(found: Preflight) -> None:
    if found.releasable:
        return
    broken = [finding for finding in found.findings if finding.severity == "REFUSE"]
    errors = [
        (finding.rule, ", ".join(f"{k}={v}" for k, v in finding.figures.items()) or "violated")
        for finding in broken
    ]
    sentence = "The pre-flight found what forbids the release."
    raise Refused(
        ProblemCode.PREFLIGHT_FAILED,
        sentence,
        reason=broken[0].rule,
        figures=broken[0].figures,
        errors=errors,
    )


async def _checked(connection: AsyncConnection, asked: DraftIn) -> dict[str, Any]:
    """The columns of a draft whose names the rules know and whose texts the log can hold."""
    if not await parcels.has_parcel(connection, asked.parcel_id):
        wrong = ("parcel_id", "is not in the land bank")
        raise Refused(ProblemCode.MALFORMED, "There is no such parcel.", errors=[wrong])
    plain = {
        "parcel": asked.parcel.model_dump(mode="json", exclude_none=True),
        "rules": asked.rules.model_dump(mode="json", exclude_none=True),
        "timetable": asked.timetable.model_dump(mode="json", exclude_none=True),
        "documents": [document.model_dump() for document in asked.documents],
    }
    try:
        canonical.encode(plain)
        _announcement(plain)
    except canonical.NotCanonical as broken:
        wrong = ("body", str(broken))
        sentence = "The log cannot hold this text."
        raise Refused(ProblemCode.MALFORMED, sentence, errors=[wrong]) from broken
    except ValidationError as broken:
        errors = [(".".join(map(str, e["loc"])), e["msg"]) for e in broken.errors()]
        sentence = "The rules do not know a name in it."
        raise Refused(ProblemCode.MALFORMED, sentence, errors=errors) from broken
    return {**plain, "parcel_id": asked.parcel_id}


async def _record(
    connection: AsyncConnection, desk: Desk, account: Account, action: str, lot_id: str
) -> None:
    """What was written in a draft is told by its release; who had a hand in it, here."""
    by = in_log(desk, account, "publisher")
    await record_action(connection, desk, action, about_lot(lot_id), by)


async def locked_draft(
    connection: AsyncConnection, lot_id: str, version: int | None, *states: str
) -> RowMapping:
    """The draft, locked, if nobody changed it since `version` and its state allows the step."""
    row = _found(await drafts.read_draft(connection, lot_id, lock=True))
    if version is not None and row["version"] != version:
        figures = {"version": row["version"], "yours": version}
        sentence = "Someone changed this draft meanwhile: look at it again."
        raise Refused(ProblemCode.VERSION_CHANGED, sentence, figures=figures)
    if row["state"] not in states:
        sentence = "The draft is not in a state that allows this."
        raise Refused(ProblemCode.WRONG_STATE, sentence, reason=row["state"])
    return row


def _found(row: RowMapping | None) -> RowMapping:
    if row is None:
        raise Refused(ProblemCode.NOT_FOUND, "There is no such draft.")
    return row


def _announcement(row: Row) -> Announcement:
    return Announcement(
        parcel=wire.parcel_from_wire(ParcelFacts(**row["parcel"])),
        rules=wire.rules_from_wire(_rules_in(row)),
        timetable=wire.timetable_from_wire(Timetable(**row["timetable"])),
        documents=tuple(
            terms.Document(name=d["name"], sha256=d["sha256"]) for d in row["documents"]
        ),
    )


def _rules_in(row: Row) -> RuleSet:
    """Stored JSON has arrays where the model has tuples."""
    return RuleSet(**{**row["rules"], "warnings_s": tuple(row["rules"]["warnings_s"])})
