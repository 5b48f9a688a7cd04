"""What everyone may see of a lot, made from its state: for the projection and for live frames."""

from collections.abc import Iterable
from typing import Any

from schemas.live import LotFields, RulesSummary
from service import wire
from service.rules import messages as m
from service.rules.lot import Lot
from service.rules.terms import Document, Stage
from service.rules.timetable import next_wake_at
from service.store.ledger import Projection


def project(lot: Lot, listing: dict[str, Any] | None = None) -> Projection:
    """The row that pages and the waker read; `listing` as `listing_of` made it, when it changed."""
    return Projection(
        stage=lot.stage.value,
        control=lot.control.value,
        wake_at=next_wake_at(lot),
        state=lot_fields(lot).model_dump(mode="json", exclude_none=True),
        listing=listing,
    )


def lot_fields(lot: Lot) -> LotFields:
    """The moving part of a lot. Holds no identity and no head count (rules §11)."""
    return LotFields(
        stage=lot.stage.value,
        control=lot.control.value,
        price_fen=lot.price_fen,
        total_fen=lot.total_fen,
        leader_no=lot.leader_no,
        minimum_bid_fen=lot.minimum_fen,
        increment_fen=lot.increment_fen,
        opens_at=lot.timetable.bidding_from if lot.stage is Stage.ANNOUNCED else None,
        closes_at=lot.closes_at,
        resumes_at=lot.resumes_at,
        suspend_cause=None if lot.suspend_cause is None else lot.suspend_cause.value,
        extensions=lot.extensions,
        accepted=lot.accepted,
        disputed=lot.disputed,
        reserve_met=lot.reserve_met,
        winner_no=lot.winner_no,
        failed_reason=None if lot.failed_reason is None else lot.failed_reason.value,
        sealed=lot.sealed,
    )


def rules_summary(lot: Lot) -> RulesSummary:
    """What the bid box needs of rules and parcel."""
    rules, parcel = lot.rules, lot.parcel
    return RulesSummary(
        method=rules.method.value,
        price_unit=rules.price_unit.value,
        starting_price_fen=rules.starting_price_fen,
        grid=rules.grid.value,
        price_quantum_fen=rules.price_quantum_fen,
        max_jump_steps=rules.max_jump_steps,
        confirm_jump_steps=rules.confirm_jump_steps,
        self_outbid=rules.self_outbid.value,
        price_cap_fen=rules.price_cap_fen,
        countdown_s=rules.countdown_s,
        extension=rules.extension.value,
        entry_rule=rules.entry_rule.value,
        reserve=rules.reserve.value,
        drain_ms=rules.drain_ms,
        warnings_s=rules.warnings_s,
        area_centi_m2=parcel.area_centi_m2,
        floor_area_centi_m2=parcel.floor_area_centi_m2,
        title=parcel.title,
        parcel_no=parcel.parcel_no,
        land_use=parcel.land_use,
    )


def listing_of(
    log: str, lot_id: str, lot: Lot, documents: Iterable[Document], reserve_commitment: str
) -> dict[str, Any]:
    """A LotPage without `state`, as plain JSON. `log`: the origin. At birth and when it changes."""
    rules = wire.rules_to_wire(lot.rules)
    parts = {
        "parcel": wire.parcel_to_wire(lot.parcel),
        "timetable": wire.timetable_to_wire(lot.timetable),
        "rules": rules,
    }
    return {
        "lot_id": lot_id,
        "log": log,
        "method": rules.method,
        "price_unit": rules.price_unit,
        "starting_price_fen": rules.starting_price_fen,
        "increment_fen": rules.increment_fen,
        "deposit": rules.deposit,
        "documents": [{"name": d.name, "sha256": d.sha256} for d in documents],
        "reserve_commitment": reserve_commitment,
        "version": lot.version,
        **{name: part.model_dump(mode="json", exclude_none=True) for name, part in parts.items()},
    }


def changes_listing(command: m.Command, before: Lot, after: Lot) -> bool:
    """Whether an entry changed what stands on the lot's page beside its state."""
    if isinstance(command, m.SupplementLot):
        return True
    # Mostly it is the same object, and comparing twenty instants is dearer than asking that.
    return before.timetable is not after.timetable and before.timetable != after.timetable
