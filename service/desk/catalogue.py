"""Lots as everyone may see them: nothing here knows an identity, an applicant or a head count."""

import json

from schemas.rest import LotCard, LotPage
from service.rules.terms import RuleSet
from service.store.lots import ListedLot
from service.wire import rules_from_wire

OVER = ("SOLD", "FAILED")


def lot_card(lot: ListedLot) -> LotCard:
    """A row of the public list."""
    fields = {name: lot.listing[name] for name in LotCard.model_fields if name in lot.listing}
    return LotCard.model_validate_json(json.dumps({**fields, "state": dict(lot.state)}))


def lot_page(lot: ListedLot, winner_name: str | None = None) -> LotPage:
    """The whole public page; `winner_name` once the result is confirmed."""
    page = {**lot.listing, "state": dict(lot.state), "winner_name": winner_name}
    return LotPage.model_validate_json(json.dumps(page))


def rules_of(lot: ListedLot) -> RuleSet:
    return rules_from_wire(lot_page(lot).rules)


def is_over(lot: ListedLot) -> bool:
    """Whether the hammer has fallen or the sale has failed."""
    return lot.state["stage"] in OVER
