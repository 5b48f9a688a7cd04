"""Where in a sale an attack can take hold, and how its story is told again."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from service.audit import canonical
from service.audit.pack import PackContents
from service.rules import messages as m
from tests.audit.forgers import Entry, Spoken, retell, rewrite, rewritten, spoken
from tests.tamper.attack import Forge, Forged
from tests.tamper.world import World

Places = Callable[[PackContents], list[int]]
Change = Callable[[Entry, Random], None]
Story = Callable[[list[Spoken], int, Random], "list[Spoken] | None"]


# ── places ──────────────────────────────────────────────────────────────────────────────────


def entries_with(kind: str) -> Places:
    """The seqs of the entries with a command or an event of that kind."""
    mark = f'"type":"{kind}"'.encode()
    return lambda sale: [seq for seq, entry in enumerate(sale.entries) if mark in entry]


BIDS = entries_with("place_bid")
ACCEPTED = entries_with("bid_accepted")
REFUSED = entries_with("bid_refused")
CLOSES = entries_with("close_sale")
RESERVES = entries_with("open_reserve")
ROLLS = entries_with("open_roll")
HAMMERS = entries_with("hammer_fell")
SUSPENSIONS = entries_with("suspended")


def all_entries(sale: PackContents) -> list[int]:
    return list(range(len(sale.entries)))


def anywhere(places: Places, forge: Callable[[World, int, Random], Forged]) -> Forge:
    """At a place by chance, the first of them at which it can be done."""

    def forged(world: World, chance: Random) -> Forged:
        found = places(world.contents)
        chance.shuffle(found)
        made = (forge(world, seq, chance) for seq in found)
        return next((each for each in made if each is not None), None)

    return forged


# ── retelling ───────────────────────────────────────────────────────────────────────────────


def told(world: World, said: Sequence[Spoken] | None) -> PackContents | None:
    """The sale as the rules decide it with these commands; None when they refuse one of them."""
    if said is None:
        return None
    try:
        return retell(world.contents, said)
    except AssertionError:
        return None


def story(places: Places, change: Story) -> Forge:
    """The sale told again with its commands changed around one place."""

    def forge(world: World, seq: int, chance: Random) -> Forged:
        return told(world, change(spoken(world.contents), seq, chance))

    return anywhere(places, forge)


def said_otherwise(places: Places, facts: Callable[[Any, Random], dict[str, Any]]) -> Forge:
    """One command with other fields, and everything after it decided anew."""

    def change(said: list[Spoken], seq: int, chance: Random) -> list[Spoken]:
        command = said[seq].command
        said[seq] = replace(said[seq], command=replace(command, **facts(command, chance)))
        return said

    return story(places, change)


def written_otherwise(places: Places, change: Callable[[Entry, Random], bool]) -> Forge:
    """One entry changed against the rules, everything signed anew; `change` may decline."""

    def forge(world: World, seq: int, chance: Random) -> Forged:
        entries = list(world.contents.entries)
        entry = canonical.decode(entries[seq])
        if not change(entry, chance):
            return None
        entries[seq] = rewrite(entries[seq], lambda old: old.update(entry))
        return rewritten(world.contents, entries)

    return anywhere(places, forge)


def without(said: list[Spoken], gone: set[int]) -> list[Spoken]:
    return [each for seq, each in enumerate(said) if seq not in gone]


def is_denied(said: Sequence[Spoken]) -> bool:
    """Whether a bidder has signed to have seen an entry that does not stand before his bid."""
    bids = ((seq, each.command) for seq, each in enumerate(said))
    return any(isinstance(bid, m.PlaceBid) and bid.seen_seq >= seq for seq, bid in bids)


def at_once(said: Spoken, at: int) -> Spoken:
    """The same command at another instant, arrived no later."""
    command = said.command
    if isinstance(command, m.PlaceBid):
        command = replace(command, received_at=min(command.received_at, at))
    return Spoken(at, command)


def bid_at(said: Sequence[Spoken], seq: int) -> m.PlaceBid:
    command = said[seq].command
    assert isinstance(command, m.PlaceBid)
    return command
