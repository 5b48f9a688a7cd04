"""What an attack is: who makes it, what it forges, and what must come of it.

Three attackers. DATABASE writes to the database and so into packs; it mends the manifest, which is
signed by nobody, and has no key. KEY has the log's signing key and the server besides: it tells
the sale again by the real rules, signs everything anew, and has a public authority stamp its false
heads, late. WITNESS is KEY with one witness of three, who cosigns its false heads at any time it
likes. Whoever can make an honest service sign for him counts as KEY.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from schemas.rest import VerifyReport
from service.audit.pack import PackContents
from tests.audit.forgers import Files
from tests.tamper.world import World


class Attacker(StrEnum):
    DATABASE = "database"
    KEY = "+ log key"
    WITNESS = "+ one witness"


BOTH = (Attacker.KEY, Attacker.WITNESS)

Forged = PackContents | Files | None
"""Files are a finished pack; contents are signed, cosigned and stamped as the attacker can; None:
this sale has no place for the attack."""

Forge = Callable[[World, Random], Forged]
Convicts = Callable[[World, Files, VerifyReport], bool]


@dataclass(frozen=True, slots=True)
class Named:
    """Some check fails, and this one is among those that do.

    bare: the verifier needs neither policy nor authority to see it.
    """

    check: int
    bare: bool = True


@dataclass(frozen=True, slots=True)
class Unseen:
    """Every check holds. by: what convicts him; proof: shows that it does, where a pack can."""

    by: str
    proof: Convicts | None = None


Outcome = Named | Unseen


@dataclass(frozen=True, slots=True)
class Attack:
    """One class. family: its row in the README."""

    name: str
    family: str
    forge: Mapping[Attacker, Forge]
    outcome: Mapping[Attacker, Outcome]


ATTACKS: dict[str, Attack] = {}


def attack(
    name: str,
    family: str,
    *,
    database: tuple[Forge, Outcome] | None = None,
    key: tuple[Forge, Outcome] | None = None,
) -> None:
    """One more class. Who has the key can do what the database alone can, unless he does better."""
    assert name not in ATTACKS, name
    ways = {Attacker.DATABASE: database, Attacker.KEY: key, Attacker.WITNESS: key}
    taken = {attacker: way for attacker, way in ways.items() if way is not None}
    forge = {attacker: way[0] for attacker, way in taken.items()}
    outcome = {attacker: way[1] for attacker, way in taken.items()}
    ATTACKS[name] = Attack(name, family, forge, outcome)


WITNESSES = Named(14, bare=False)
"""Nothing but the witnesses names it: whom they did not see has no quorum."""
