"""Before the first signature of a process: is any witness ahead of this database, or beside it?

A restored old backup knows nothing of what it lost; the witnesses do. See decision 12.
"""

import asyncio
from collections.abc import Collection, Sequence

import structlog

from service.audit.policy import Policy
from service.clock import Clock
from service.desk.outside import Silent, at_once
from service.desk.witnesses import Witnesses
from service.settings import Settings

_log = structlog.get_logger(__name__)

_Question = tuple[str, str]


class CannotSign(Exception):
    """The text is one sentence: which log, which witness, which sizes, what to do."""


async def check_held_heads(
    witnesses: Witnesses, logs: Sequence[str], clock: Clock, settings: Settings
) -> frozenset[str]:
    """Asks every witness about every one of these logs; raises CannotSign.

    Witnesses that stay silent are let pass when they could not be a quorum by themselves: a head
    that had its quorum is then known to one that answered. Returns the silent ones that were let
    pass although they could, because the operator says so.
    """
    left: Collection[_Question] = [(name, log) for name in witnesses.lines for log in logs]
    until = clock.monotonic_ms() + settings.witness_start_ms
    while True:
        silent = await _ask_all(witnesses, left, settings)
        names = frozenset(name for name, _ in silent)
        if not names or not may_hide_a_head(witnesses.policy, names):
            _say_silent(silent)
            return frozenset()
        if clock.monotonic_ms() >= until:
            _say_silent(silent)
            if settings.start_without_witnesses:
                return names
            raise CannotSign(_refusal(silent, names))
        left = list(silent)
        await asyncio.sleep(settings.outside_wait_ms / 1000)


def may_hide_a_head(policy: Policy, silent: Collection[str]) -> bool:
    """Whether these alone are a quorum; where no quorum is asked for, nobody's silence matters."""
    return policy.needs(set()) and policy.satisfied(set(silent))


async def _ask_all(
    witnesses: Witnesses, questions: Collection[_Question], settings: Settings
) -> dict[_Question, str]:
    """The questions without an answer and why; raises CannotSign for the first bad answer."""
    silent: dict[_Question, str] = {}
    down: dict[str, str] = {}

    async def one(question: _Question) -> None:
        name, log = question
        if name in down:
            silent[question] = down[name]
            return
        try:
            held = await witnesses.held_head(name, log)
        except Silent as why:
            silent[question] = down[name] = str(why)
            return
        why_not = None if held is None else await witnesses.compare(log, name, held)
        if why_not is not None:
            raise CannotSign(why_not)

    await at_once([one(question) for question in questions], settings.witness_at_once)
    return silent


def _say_silent(silent: dict[_Question, str]) -> None:
    for name, why in {name: why for (name, _), why in silent.items()}.items():
        _log.warning("witness_silent_at_start", witness=name, said=why)


def _refusal(silent: dict[_Question, str], names: Collection[str]) -> str:
    said = {name: why for (name, _), why in silent.items()}
    each = ", ".join(f"{name} ({said[name]})" for name in sorted(names))
    return (
        f"Too many witnesses are silent to know whether this database is the newest: {each}. "
        "Bring them back, or, if you know that nothing was restored, start once with "
        "LUOCHUI_START_WITHOUT_WITNESSES=true, which the house log records."
    )
