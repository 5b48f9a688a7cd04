"""Opens a process's witnesses and timestamps: the checks before the first signature, then the
loops that go on beside the sales."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.log import RecordAction
from service.audit.broken import Broken
from service.audit.notes import VerifyingKey
from service.audit.policy import Policy, read_policy
from service.audit.timestamps import read_authority
from service.clock import Clock
from service.desk import key_record
from service.desk.anchors import Anchors
from service.desk.held_heads import check_held_heads
from service.desk.officials import OPERATOR
from service.desk.stamps import Stamps
from service.desk.witnesses import Witnesses
from service.settings import Settings
from service.store import house
from service.store.ledger import open_lots, read_head
from service.store.log_tables import HOUSE, lot_log
from service.store.signer import Signer
from service.store.trees import Trees


class BadFile(Exception):
    """A policy or certificate file that cannot be believed; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the settings' files say. raw: the policy's bytes, empty without one."""

    policy: Policy | None
    raw: bytes
    authorities: tuple[bytes, ...]


def read_given(settings: Settings, key: VerifyingKey) -> Given:
    """The policy and the authorities' certificates; raises BadFile."""
    policy, raw = None, b""
    if settings.witness_policy is not None:
        raw = _read(settings.witness_policy)
        policy = _policy(settings.witness_policy, raw, key)
    authorities = tuple(_authority(path) for path in settings.tsa_certificates)
    if settings.tsa_url is not None and not authorities:
        raise BadFile(
            "LUOCHUI_TSA_URL is set and LUOCHUI_TSA_CERTIFICATES names no PEM file: a token that "
            "nobody can verify is worth nothing."
        )
    return Given(policy, raw, authorities)


@asynccontextmanager
async def anchored(
    engine: AsyncEngine, clock: Clock, settings: Settings, signer: Signer, given: Given
) -> AsyncIterator[Anchors]:
    """Refuses to go on behind or beside a head that a witness holds; then runs beside the body.

    engine: of its own, so that no bid waits for it. Raises NotRecorded or CannotSign.
    """
    policy_hash = key_record.policy_hash(given.raw)
    recorded = await _read_recorded(engine)
    key_record.check_recorded(recorded, signer.verifying, policy_hash)
    keys = [signer.verifying, *_older(recorded.keys, signer.verifying)]
    trees = Trees(settings.tree_leaves)
    witnesses = stamps = None
    async with AsyncExitStack() as stack:
        if given.policy is not None:
            witnesses = Witnesses(engine, clock, settings, signer, given.policy, trees, keys)
            stack.push_async_callback(witnesses.close)
            passed = await check_held_heads(
                witnesses, await _logs_at_stake(engine), clock, settings
            )
            if passed:
                await _record_way_out(engine, clock, settings, passed)
        if settings.tsa_url is not None:
            stamps = Stamps(engine, clock, settings, settings.tsa_url, given.authorities)
            stack.push_async_callback(stamps.close)
        await key_record.record_first(engine, clock, settings.site, signer.verifying, policy_hash)
        for name, work in (("witnesses", witnesses), ("stamps", stamps)):
            if work is not None:
                await stack.enter_async_context(_beside(work.run(), name))
        yield Anchors(policy=given.policy, witnesses=witnesses, stamps=stamps, trees=trees)


async def check_before_export(
    engine: AsyncEngine,
    clock: Clock,
    settings: Settings,
    signer: Signer,
    given: Given,
    lot_id: str,
) -> None:
    """A pack signs every head of its log: an older backup must not do that either (decision 12).

    Raises CannotSign.
    """
    if given.policy is None:
        return
    recorded = await _read_recorded(engine)
    keys = [signer.verifying, *_older(recorded.keys, signer.verifying)]
    trees = Trees(settings.tree_leaves)
    witnesses = Witnesses(engine, clock, settings, signer, given.policy, trees, keys)
    try:
        await check_held_heads(witnesses, [HOUSE, lot_log(lot_id)], clock, settings)
    finally:
        await witnesses.close()


# ── inside ──────────────────────────────────────────────────────────────────────────────────


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from error


def _policy(path: Path, raw: bytes, key: VerifyingKey) -> Policy:
    try:
        policy = read_policy(raw)
        for witness in policy.witnesses:
            witness.name.encode()  # the database holds UTF-8 only
    except ValueError as broken:
        raise BadFile(f"{path} is no witness policy of ours: {broken}.") from broken
    if not policy.accepts(key):
        raise BadFile(f"{path} lists logs, and the log key {key.to_text()} is not among them.")
    return policy


def _authority(path: Path) -> bytes:
    raw = _read(path)
    try:
        read_authority(raw)
    except Broken as broken:
        raise BadFile(f"{path} holds no certificates: {broken}.") from broken
    return raw


async def _read_recorded(engine: AsyncEngine) -> key_record.Recorded:
    async with engine.connect() as connection:
        head = await read_head(connection, HOUSE)
        return await key_record.read_recorded(connection, 0 if head is None else head.size)


def _older(vkeys: Sequence[str], now: VerifyingKey) -> list[VerifyingKey]:
    """Keys that signed before: a witness may hold a head of theirs."""
    return [VerifyingKey.from_text(vkey) for vkey in dict.fromkeys(vkeys) if vkey != now.to_text()]


async def _logs_at_stake(engine: AsyncEngine) -> list[str]:
    """The logs that this process might sign: the house, and every lot that is not sealed."""
    async with engine.connect() as connection:
        return [HOUSE, *(lot.log for lot in await open_lots(connection))]


async def _record_way_out(
    engine: AsyncEngine, clock: Clock, settings: Settings, silent: frozenset[str]
) -> None:
    """The operator started on his own word: the house log says so, and without whom."""
    subject = f"witnesses/{','.join(sorted(silent))}"[:200]
    action = RecordAction(action="START_WITHOUT_WITNESSES", subject=subject, requester=OPERATOR)
    await house.record(engine, clock, settings.site, action)


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait((task,))
