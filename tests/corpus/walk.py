"""One lot that is played with the real rules and written down, line by line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from service import wire
from service.audit import canonical
from service.rules import messages as m
from service.rules.decide import apply, decide
from service.rules.lot import Lot
from service.rules.refusals import Reason, Refusal
from service.rules.terms import RuleSet
from tests.rules import sale as given

LOG = "auction.example.cn/lot/hj-2017-07"
BIDDERS = ("A2K7", "B3M8", "C4N9", "D5P2")
NOON = given.T0 + 4 * given.HOUR
SAME = m.Officials(requester=given.BOTH.requester, approver=given.BOTH.requester)
RULES_SEEN = (
    "template",
    "method",
    "price_unit",
    "increment_unit",
    "entry_rule",
    "live_trigger",
    "extension",
    "max_live_min",
    "grid",
    "increment_live_fen",
    "max_jump_steps",
    "confirm_jump_steps",
    "self_outbid",
    "price_cap_fen",
    "on_shortfall",
    "outage_resume",
    "reserve",
    "day_count",
    "quiet_min",
    "ready_min",
    "free_min",
)
"""The choices of a RuleSet that a set of histories should show."""


@dataclass
class Walk:
    """One lot, its clock (ms), its lines, and what has been seen in them."""

    chance: Random
    at: int = NOON
    lot: Lot | None = None
    lines: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    entries: int = 0
    numbers: int = 0
    reserve_fen: int | None = None

    def give(self, command: m.Command) -> bool:
        """Decide and write down; whether the rules took it."""
        decision = decide(self.lot, command, self.at)
        if isinstance(decision, Refusal):
            self.refused(command, decision.reason)
            return False
        entry = wire.lot_entry(LOG, self.entries, self.at, command, decision)
        self.lines.append(canonical.encode(wire.plain(entry)).decode())
        self.note(command, decision)
        self.lot = apply(self.lot, command, decision, self.at)
        self.entries += 1
        return True

    def refused(self, command: m.Command, reason: Reason) -> None:
        if lacks_a_person(command):
            return  # such a command has no form in the log
        told = wire.command_to_wire(command)
        plain = told.model_dump(mode="json", by_alias=True, exclude_none=True)
        line = {"at": self.at, "command": plain, "refused": reason.value}
        self.lines.append(json.dumps(line, ensure_ascii=False, sort_keys=True))
        self.seen.add(f"refused {reason}")
        self.seen.add(f"refused {reason} {type(command).__name__} {self.where()}")

    def note(self, command: m.Command, events: tuple[m.Event, ...]) -> None:
        told = "+".join(type(event).__name__ for event in events)
        self.seen.add(f"command {type(command).__name__}")
        self.seen.add(f"entry {type(command).__name__} {self.where()} {told}")
        for event in events:
            self.seen.add(f"event {type(event).__name__}")
            match event:
                case m.BidRefused():
                    self.seen.add(f"bid {event.reason}")
                    self.seen.add(f"bid {event.reason} {self.where()}")
                case m.StageChanged():
                    self.seen.add(f"stage {event.to}")
                    self.seen.add(f"transition {event.origin} {event.to}")
                case m.LotFailed():
                    self.seen.add(f"failed {event.reason}")
                case _:
                    pass
        if isinstance(command, m.PublishLot):
            self.seen |= {f"rule {name} {value}" for name, value in chosen(command.rules)}

    def where(self) -> str:
        if self.lot is None:
            return "NOTHING"
        disputed = " disputed" if self.lot.disputed else ""
        return f"{self.lot.stage} {self.lot.control}{disputed}"

    def any(self, *options: Any) -> Any:
        return self.chance.choice(options)


def lacks_a_person(command: m.Command) -> bool:
    officials = getattr(command, "officials", None)
    needs_both = not isinstance(command, m.Suspend | m.Resume)
    return needs_both and officials is not None and officials.approver is None


def chosen(rules: RuleSet) -> Iterator[tuple[str, str]]:
    for name in RULES_SEEN:
        value = getattr(rules, name)
        few = not isinstance(value, int) or isinstance(value, bool)
        yield name, str(value) if few else str(value > 0)
