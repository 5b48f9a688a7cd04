"""Which key signs this site's logs and which policy witnesses them, as the house log tells it.

A service that came up with another key would sign heads that nobody was told to believe; one with
another policy could seal without the witnesses that were promised. Either refuses to start until
somebody says in the log that the change is meant (`luochui change-key`).
"""

import json
from dataclasses import dataclass, field
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.log import HouseCommand, RecordKey, RecordPolicy
from service.audit.notes import VerifyingKey
from service.clock import Clock
from service.store import evidence, house
from service.store.ledger import lock_head
from service.store.log_tables import HOUSE

_MARKS = (b'"type":"record_key"', b'"type":"record_policy"')


class NotRecorded(Exception):
    """The key or the policy is not the recorded one; the text says what to do."""


@dataclass(slots=True)
class Recorded:
    """keys: every vkey that ever was introduced, in order. vkey, policy: what stands now."""

    keys: list[str] = field(default_factory=list)
    vkey: str | None = None
    policy: str | None = None


def policy_hash(raw: bytes) -> str:
    """Of the policy file's bytes; no policy at all is the empty file's hash."""
    return sha256(raw).hexdigest()


NO_POLICY = policy_hash(b"")


async def read_recorded(connection: AsyncConnection, size: int) -> Recorded:
    """What the first `size` entries of the house log say."""
    recorded = Recorded()
    for entry in await evidence.read_house_about(connection, _MARKS, size):
        command = json.loads(entry.bytes)["command"]
        if command["type"] == "record_policy":
            recorded.policy = command["sha256"]
        elif command["type"] == "record_key" and command["change"] == "INTRODUCED":
            recorded.vkey = command["vkey"]
            recorded.keys.append(command["vkey"])
    return recorded


def check_recorded(recorded: Recorded, key: VerifyingKey, policy: str) -> None:
    """Raises NotRecorded when key or policy (its hash) is another than the log tells."""
    vkey = key.to_text()
    if recorded.vkey not in (None, vkey):
        raise NotRecorded(
            f"The log key is {vkey} and the house log was last told {recorded.vkey}: start with "
            "that key, or run `luochui change-key --reason …`, which records the change."
        )
    if recorded.policy not in (None, policy):
        raise NotRecorded(
            "LUOCHUI_WITNESS_POLICY is not the policy that the house log was last told of "
            f"(sha256 {recorded.policy[:16]}…, now {policy[:16]}…): start with that file, or run "
            "`luochui change-key --reason …`, which records the change."
        )


async def record_first(
    engine: AsyncEngine, clock: Clock, site: str, key: VerifyingKey, policy: str
) -> None:
    """Tells the house log of key and policy where it was never told; checks them once more."""
    async with engine.begin() as connection:
        recorded = await _read_locked(connection)
        check_recorded(recorded, key, policy)
        new: list[HouseCommand] = []
        if recorded.vkey is None:
            new.append(RecordKey(vkey=key.to_text(), change="INTRODUCED"))
        if recorded.policy is None and policy != NO_POLICY:
            new.append(RecordPolicy(sha256=policy))
        for command in new:
            await house.record(connection, clock, site, command)


async def record_change(
    engine: AsyncEngine, clock: Clock, site: str, key: VerifyingKey, policy: str, reason: str
) -> list[str]:
    """Tells the house log that key and policy are now these; returns what it was told, as types."""
    async with engine.begin() as connection:
        recorded = await _read_locked(connection)
        new: list[HouseCommand] = []
        vkey = key.to_text()
        if recorded.vkey != vkey:
            if recorded.vkey is not None:
                new.append(RecordKey(vkey=recorded.vkey, change="RETIRED", reason=reason))
            new.append(RecordKey(vkey=vkey, change="INTRODUCED", reason=reason))
        if (recorded.policy or NO_POLICY) != policy:
            new.append(RecordPolicy(sha256=policy, reason=reason))
        for command in new:
            await house.record(connection, clock, site, command)
    return [command.type for command in new]


async def _read_locked(connection: AsyncConnection) -> Recorded:
    """Nobody writes the house log until the caller commits: two starts record once."""
    head = await lock_head(connection, HOUSE)
    return await read_recorded(connection, head.size)
