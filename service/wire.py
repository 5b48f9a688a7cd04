"""Introduces schemas and rules to each other: exhaustive matches, which mypy proves complete.

The rules and the schemas have the same nouns and do not know each other. A command or an event kind
that is added on one side and forgotten here is a type error.
"""

from typing import assert_never

from pydantic import TypeAdapter

from schemas import log as w
from service.rules import messages as m
from service.rules import terms as t
from service.rules.refusals import Reason

_PARCEL = TypeAdapter(t.Parcel)
_RULES = TypeAdapter(t.RuleSet)
_TIMETABLE = TypeAdapter(t.Timetable)


# ── nouns ───────────────────────────────────────────────────────────────────────────────────


def parcel_to_wire(parcel: t.Parcel) -> w.ParcelFacts:
    return w.ParcelFacts.model_validate_json(_PARCEL.dump_json(parcel, exclude_none=True))


def parcel_from_wire(parcel: w.ParcelFacts) -> t.Parcel:
    return _PARCEL.validate_python(parcel.model_dump(exclude_none=True))


def rules_to_wire(rules: t.RuleSet) -> w.RuleSet:
    return w.RuleSet.model_validate_json(_RULES.dump_json(rules, exclude_none=True))


def rules_from_wire(rules: w.RuleSet) -> t.RuleSet:
    """The rules' RuleSet; raises ValueError for a name the rules do not know."""
    # Absent on the wire means "none"; a RuleSet's default for a missing limit may be another.
    return _RULES.validate_python(rules.model_dump())


def timetable_to_wire(timetable: t.Timetable) -> w.Timetable:
    return w.Timetable.model_validate_json(_TIMETABLE.dump_json(timetable, exclude_none=True))


def timetable_from_wire(timetable: w.Timetable) -> t.Timetable:
    return _TIMETABLE.validate_python(timetable.model_dump(exclude_none=True))


def _documents_to_wire(documents: tuple[t.Document, ...]) -> tuple[w.Document, ...]:
    return tuple(w.Document(name=d.name, sha256=d.sha256) for d in documents)


def _documents_from_wire(documents: tuple[w.Document, ...]) -> tuple[t.Document, ...]:
    return tuple(t.Document(name=d.name, sha256=d.sha256) for d in documents)


def _both(officials: m.Officials) -> tuple[str, str]:
    assert officials.approver is not None, "the rules let no official command pass with one person"
    return officials.requester, officials.approver


# ── commands ────────────────────────────────────────────────────────────────────────────────


def command_to_wire(command: m.Command) -> w.Command:
    """A command of the rules as it stands in the log."""
    match command:
        case m.PlaceBid():
            return w.PlaceBid(
                bid_id=command.bid_id,
                bidder_no=command.bidder_no,
                amount_fen=command.amount_fen,
                seen_seq=command.seen_seq,
                jump_confirmed=command.jump_confirmed,
                received_at=command.received_at,
                admission=command.admission,
                key_id=command.key_id,
                signature=command.signature,
            )
        case m.Advance():
            return w.Advance(
                leaving=command.leaving.value,
                proved_to=command.proved_to,
                enough=command.enough,
                head_count_commitment=command.head_count_commitment,
            )
        case m.OptIn():
            return w.OptIn(
                bidder_no=command.bidder_no,
                join=command.join,
                admission=command.admission,
                received_at=command.received_at,
            )
        case m.Interrupt():
            return w.Interrupt(
                cause=command.cause.value, gap_from=command.gap_from, gap_to=command.gap_to
            )
        case m.OpenReserve():
            return w.OpenReserve(
                has_reserve=command.has_reserve, amount_fen=command.amount_fen, salt=command.salt
            )
        case m.CloseSale():
            return w.CloseSale(any_admitted=command.any_admitted)
        case m.OpenRoll():
            return _roll_to_wire(command)
        case m.PublishLot():
            return _publish_to_wire(command)
        case m.SupplementLot():
            return _supplement_to_wire(command)
        case m.Suspend() | m.Resume() | m.Terminate() | m.ConfirmResult() | m.SealLog():
            return _official_to_wire(command)
        case _:
            assert_never(command)


def _official_to_wire(
    command: m.Suspend | m.Resume | m.Terminate | m.ConfirmResult | m.SealLog,
) -> w.Suspend | w.Resume | w.Terminate | w.ConfirmResult | w.SealLog:
    match command:
        case m.Suspend():
            return w.Suspend(
                cause=command.cause.value,
                text=command.text,
                emergency=command.emergency,
                requester=command.officials.requester,
                approver=command.officials.approver,
            )
        case m.Resume():
            officials, table = command.officials, command.timetable
            return w.Resume(
                announced_at=command.announced_at,
                timetable=None if table is None else timetable_to_wire(table),
                requester=None if officials is None else officials.requester,
                approver=None if officials is None else officials.approver,
            )
        case m.Terminate():
            requester, approver = _both(command.officials)
            return w.Terminate(
                cause=command.cause.value,
                text=command.text,
                requester=requester,
                approver=approver,
            )
        case m.ConfirmResult():
            requester, approver = _both(command.officials)
            return w.ConfirmResult(
                outcome=command.outcome.value,
                ruling=command.ruling,
                requester=requester,
                approver=approver,
            )
        case m.SealLog():
            requester, approver = _both(command.officials)
            return w.SealLog(requester=requester, approver=approver)
        case _:
            assert_never(command)


def _publish_to_wire(command: m.PublishLot) -> w.PublishLot:
    requester, approver = _both(command.officials)
    return w.PublishLot(
        lot=parcel_to_wire(command.lot),
        rules=rules_to_wire(command.rules),
        rules_version=command.rules_version,
        suite=command.suite,
        timetable=timetable_to_wire(command.timetable),
        reserve_commitment=command.reserve_commitment,
        documents=_documents_to_wire(command.documents),
        requester=requester,
        approver=approver,
    )


def _supplement_to_wire(command: m.SupplementLot) -> w.SupplementLot:
    requester, approver = _both(command.officials)
    return w.SupplementLot(
        text=command.text,
        price_relevant=command.price_relevant,
        timetable=timetable_to_wire(command.timetable),
        rules=rules_to_wire(command.rules),
        documents=_documents_to_wire(command.documents),
        requester=requester,
        approver=approver,
    )


def _roll_to_wire(command: m.OpenRoll) -> w.OpenRoll:
    return w.OpenRoll(
        roll=tuple(
            w.RollRow(
                bidder_no=row.bidder_no,
                key_id=row.key_id,
                public_key=row.public_key,
                identity_commitment=row.identity_commitment,
                admission=row.admission,
            )
            for row in command.roll
        ),
        head_counts=tuple(w.HeadCount(salt=h.salt, count=h.count) for h in command.head_counts),
    )


def command_from_wire(command: w.Command) -> m.Command:
    """A logged command for the rules; raises ValueError for a name the rules do not know."""
    match command:
        case w.PlaceBid():
            return m.PlaceBid(
                bid_id=command.bid_id,
                bidder_no=command.bidder_no,
                amount_fen=command.amount_fen,
                seen_seq=command.seen_seq,
                jump_confirmed=command.jump_confirmed,
                received_at=command.received_at,
                admission=command.admission,
                key_id=command.key_id,
                signature=command.signature,
            )
        case w.Advance():
            return m.Advance(
                leaving=t.Stage(command.leaving),
                proved_to=command.proved_to,
                enough=command.enough,
                head_count_commitment=command.head_count_commitment,
            )
        case w.OptIn():
            return m.OptIn(
                bidder_no=command.bidder_no,
                join=command.join,
                admission=command.admission,
                received_at=command.received_at,
            )
        case w.Interrupt():
            return m.Interrupt(
                cause=m.InterruptCause(command.cause),
                gap_from=command.gap_from,
                gap_to=command.gap_to,
            )
        case w.OpenReserve():
            return m.OpenReserve(
                has_reserve=command.has_reserve, amount_fen=command.amount_fen, salt=command.salt
            )
        case w.CloseSale():
            return m.CloseSale(any_admitted=command.any_admitted)
        case w.OpenRoll():
            return _roll_from_wire(command)
        case w.PublishLot():
            return _publish_from_wire(command)
        case w.SupplementLot():
            return _supplement_from_wire(command)
        case w.Suspend() | w.Resume() | w.Terminate() | w.ConfirmResult() | w.SealLog():
            return _official_from_wire(command)
        case _:
            assert_never(command)


def _official_from_wire(
    command: w.Suspend | w.Resume | w.Terminate | w.ConfirmResult | w.SealLog,
) -> m.Command:
    match command:
        case w.Suspend():
            return m.Suspend(
                cause=m.SuspendCause(command.cause),
                text=command.text,
                emergency=command.emergency,
                officials=m.Officials(requester=command.requester, approver=command.approver),
            )
        case w.Resume():
            by, table = command.requester, command.timetable
            if by is None and command.approver is not None:
                raise ValueError("an automatic resumption has no approver")
            officials = None if by is None else m.Officials(requester=by, approver=command.approver)
            return m.Resume(
                announced_at=command.announced_at,
                timetable=None if table is None else timetable_from_wire(table),
                officials=officials,
            )
        case w.Terminate():
            return m.Terminate(
                cause=m.SuspendCause(command.cause),
                text=command.text,
                officials=m.Officials(requester=command.requester, approver=command.approver),
            )
        case w.ConfirmResult():
            return m.ConfirmResult(
                outcome=m.Confirmation(command.outcome),
                ruling=command.ruling,
                officials=m.Officials(requester=command.requester, approver=command.approver),
            )
        case w.SealLog():
            return m.SealLog(
                officials=m.Officials(requester=command.requester, approver=command.approver)
            )
        case _:
            assert_never(command)


def _publish_from_wire(command: w.PublishLot) -> m.PublishLot:
    return m.PublishLot(
        lot=parcel_from_wire(command.lot),
        rules=rules_from_wire(command.rules),
        rules_version=command.rules_version,
        suite=command.suite,
        timetable=timetable_from_wire(command.timetable),
        reserve_commitment=command.reserve_commitment,
        documents=_documents_from_wire(command.documents),
        officials=m.Officials(requester=command.requester, approver=command.approver),
    )


def _supplement_from_wire(command: w.SupplementLot) -> m.SupplementLot:
    return m.SupplementLot(
        text=command.text,
        price_relevant=command.price_relevant,
        timetable=timetable_from_wire(command.timetable),
        rules=rules_from_wire(command.rules),
        documents=_documents_from_wire(command.documents),
        officials=m.Officials(requester=command.requester, approver=command.approver),
    )


def _roll_from_wire(command: w.OpenRoll) -> m.OpenRoll:
    return m.OpenRoll(
        roll=tuple(
            m.RollRow(
                bidder_no=row.bidder_no,
                key_id=row.key_id,
                public_key=row.public_key,
                identity_commitment=row.identity_commitment,
                admission=row.admission,
            )
            for row in command.roll
        ),
        head_counts=tuple(m.HeadCount(salt=h.salt, count=h.count) for h in command.head_counts),
    )


# ── events ──────────────────────────────────────────────────────────────────────────────────


def event_to_wire(event: m.Event) -> w.Event:
    """An event of the rules as it stands in the log."""
    match event:
        case m.BidAccepted():
            return w.BidAccepted(
                bidder_no=event.bidder_no,
                amount_fen=event.amount_fen,
                minimum_next_fen=event.minimum_next_fen,
                closes_at=event.closes_at,
            )
        case m.BidRefused():
            return w.BidRefused(
                bidder_no=event.bidder_no,
                amount_fen=event.amount_fen,
                reason=event.reason.value,
                minimum_fen=event.minimum_fen,
                closes_at=event.closes_at,
            )
        case m.StageChanged():
            return w.StageChanged(
                origin=event.origin.value, to=event.to.value, closes_at=event.closes_at
            )
        case m.BidderEntered():
            return w.BidderEntered(bidder_no=event.bidder_no, join=event.join)
        case m.CapReached():
            return w.CapReached(amount_fen=event.amount_fen, closes_at=event.closes_at)
        case m.LotPublished():
            return w.LotPublished()
        case m.LotSupplemented():
            return w.LotSupplemented(version=event.version, postponed=event.postponed)
        case m.Suspended():
            return w.Suspended(cause=event.cause.value)
        case m.Interrupted():
            return w.Interrupted(
                gap_from=event.gap_from, gap_to=event.gap_to, resumes_at=event.resumes_at
            )
        case m.Resumed():
            table = event.timetable
            return w.Resumed(
                closes_at=event.closes_at,
                timetable=None if table is None else timetable_to_wire(table),
            )
        case m.ReserveOpened():
            return w.ReserveOpened(amount_fen=event.amount_fen, salt=event.salt, met=event.met)
        case m.HammerFell():
            return w.HammerFell(bidder_no=event.bidder_no, amount_fen=event.amount_fen)
        case m.LotSold():
            return w.LotSold(total_fen=event.total_fen)
        case m.LotFailed():
            return w.LotFailed(reason=event.reason.value)
        case m.LotTerminated():
            return w.LotTerminated()
        case m.ResultDisputed():
            return w.ResultDisputed(bid_id=event.bid_id)
        case m.RollOpened():
            return w.RollOpened(bidders=event.bidders)
        case m.ResultConfirmed():
            return w.ResultConfirmed()
        case m.LogSealed():
            return w.LogSealed()
        case _:
            assert_never(event)


def event_from_wire(event: w.Event) -> m.Event:
    """A logged event for the rules; raises ValueError for a name the rules do not know."""
    match event:
        case w.BidAccepted():
            return m.BidAccepted(
                bidder_no=event.bidder_no,
                amount_fen=event.amount_fen,
                minimum_next_fen=event.minimum_next_fen,
                closes_at=event.closes_at,
            )
        case w.BidRefused():
            return m.BidRefused(
                bidder_no=event.bidder_no,
                amount_fen=event.amount_fen,
                reason=Reason(event.reason),
                minimum_fen=event.minimum_fen,
                closes_at=event.closes_at,
            )
        case w.StageChanged():
            return m.StageChanged(
                origin=t.Stage(event.origin), to=t.Stage(event.to), closes_at=event.closes_at
            )
        case w.BidderEntered():
            return m.BidderEntered(bidder_no=event.bidder_no, join=event.join)
        case w.CapReached():
            return m.CapReached(amount_fen=event.amount_fen, closes_at=event.closes_at)
        case w.LotPublished():
            return m.LotPublished()
        case w.LotSupplemented():
            return m.LotSupplemented(version=event.version, postponed=event.postponed)
        case w.Suspended():
            return m.Suspended(cause=m.SuspendCause(event.cause))
        case w.Interrupted():
            return m.Interrupted(
                gap_from=event.gap_from, gap_to=event.gap_to, resumes_at=event.resumes_at
            )
        case w.Resumed():
            table = event.timetable
            return m.Resumed(
                closes_at=event.closes_at,
                timetable=None if table is None else timetable_from_wire(table),
            )
        case w.ReserveOpened():
            return m.ReserveOpened(amount_fen=event.amount_fen, salt=event.salt, met=event.met)
        case w.HammerFell():
            return m.HammerFell(bidder_no=event.bidder_no, amount_fen=event.amount_fen)
        case w.LotSold():
            return m.LotSold(total_fen=event.total_fen)
        case w.LotFailed():
            return m.LotFailed(reason=t.FailedReason(event.reason))
        case w.LotTerminated():
            return m.LotTerminated()
        case w.ResultDisputed():
            return m.ResultDisputed(bid_id=event.bid_id)
        case w.RollOpened():
            return m.RollOpened(bidders=event.bidders)
        case w.ResultConfirmed():
            return m.ResultConfirmed()
        case w.LogSealed():
            return m.LogSealed()
        case _:
            assert_never(event)


# ── entries ─────────────────────────────────────────────────────────────────────────────────


def lot_entry(
    log: str, seq: int, at: int, command: m.Command, events: tuple[m.Event, ...]
) -> w.LotEntry:
    """One entry of a lot's log, ready for canonical encoding."""
    return w.LotEntry(
        at=at,
        command=command_to_wire(command),
        events=tuple(event_to_wire(event) for event in events),
        log=log,
        seq=seq,
    )


def plain(model: w.LotEntry | w.HouseEntry) -> dict[str, object]:
    """An entry as plain JSON values without nulls: what the canonical encoder takes."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)
