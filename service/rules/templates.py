"""The RuleSet templates that ship: real places' rules, and `demo` in seconds."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from service.rules.terms import (
    EntryRule,
    Grid,
    LiveTrigger,
    Method,
    PriceUnit,
    ResumeNotice,
    RuleSet,
)

HOUR_S = 3600
DAY_S = 86_400

TEMPLATES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        # Hebei: 300 s, reset, everyone qualified may enter, no quiet hour.
        "hebei-default": {"countdown_s": 300},
        # Suzhou 2017: 240 s, last hour without quotes, only those who quoted, at most 5 steps.
        "suzhou-2017": {
            "countdown_s": 240,
            "quiet_min": 60,
            "live_trigger": LiveTrigger.TWO_BIDDERS,
            "entry_rule": EntryRule.QUOTED_BEFORE,
            "max_jump_steps": 5,
            "confirm_jump_steps": None,
            "suspend_rule": ResumeNotice(notice_s=5 * DAY_S),
        },
        # Fujian 2012: 15 min of preparation, two bidders in the last hour, quantum 0.1 万元.
        "fujian-2012": {
            "countdown_s": 300,
            "ready_min": 15,
            "live_trigger": LiveTrigger.TWO_IN_LAST_HOUR,
            "grid": Grid.MIN_ONLY,
            "price_quantum_fen": 100_000,
            "suspend_rule": ResumeNotice(notice_s=DAY_S, at_once_within_s=HOUR_S),
        },
        # Qinzhou 2021: auction with 60 free minutes.
        "qinzhou-2021": {"method": Method.AUCTION, "free_min": 60, "countdown_s": 300},
        # For practice and demonstration: a "day" is one second, a "minute" is one second.
        "demo": {
            "countdown_s": 20,
            "notice_days": 5,
            "listing_days": 20,
            "registration_gap_days": 2,
            "warnings_s": (15, 10, 5),
            "outage_notice_s": 5,
            "day_ms": 1000,
            "minute_ms": 1000,
            "reserve_window_min": 1,
        },
    }
)


def from_template(
    name: str,
    *,
    starting_price_fen: int,
    increment_fen: int,
    deposit: Mapping[str, int],
    **changes: Any,
) -> RuleSet:
    """A RuleSet from a template's name. Raises KeyError for a name that does not exist."""
    values: dict[str, Any] = {
        "method": Method.LISTING,
        "price_unit": PriceUnit.TOTAL,
        "increment_unit": PriceUnit.TOTAL,
        **TEMPLATES[name],
        **changes,
    }
    return RuleSet(
        template=name,
        starting_price_fen=starting_price_fen,
        increment_fen=increment_fen,
        deposit=deposit,
        **values,
    )
