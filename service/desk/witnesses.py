"""Brings every log's head to the witnesses and keeps what they sign.

Bidding waits for none of this: own connections, a bounded round, and a witness that is down is
said and asked again. A head that a witness holds and we do not is the end of signing: `_suspect`.
Several processes may do the same at once; the first cosignature of a head stands.
"""

import asyncio
import contextlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.audit.notes import Checkpoint, VerifyingKey
from service.audit.policy import Policy
from service.audit.tree import Tree
from service.clock import Clock
from service.desk import gauges
from service.desk.outside import Silent, at_once, open_http, patience_s
from service.desk.witness_line import Cosigned, Holds, Refuses, WitnessLine
from service.settings import Settings
from service.store import cosignatures
from service.store.cosignatures import Cosignature
from service.store.ledger import Head, read_head
from service.store.log_tables import HOUSE
from service.store.signer import Halted, Signer
from service.store.trees import Trees

_NO_REST = 2**62
ROUNDS_TO_SETTLED = 60
"""Every so many rounds the logs of settled sales are looked through too: they are all there ever
were, and their heads move no more."""
TURNS = 4
"""Questions to one witness about one head: its size may change between two of them."""
SLOW_CLOCK_MS = 60_000
"""A cosignature dated longer than this before the entries it covers convicts an honest log."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Job:
    """One head on its way. note: signed by the log."""

    log: str
    head: Head
    tree: Tree
    note: str


class Witnesses:
    """The witnesses of the policy that have a URL. Owns the connections to them and their rests.

    engine: beside the one that serves bids. keys: every key that ever signed this site's logs.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Clock,
        settings: Settings,
        signer: Signer,
        policy: Policy,
        trees: Trees,
        keys: Sequence[VerifyingKey],
    ) -> None:
        self.policy = policy
        self._engine = engine
        self._clock = clock
        self._settings = settings
        self._signer = signer
        self._trees = trees
        self._keys = keys
        self._http = open_http(settings)
        asked = [each for each in policy.witnesses if each.url is not None]
        self.lines = {each.name: WitnessLine(each, self._http, settings) for each in asked}
        self._rests = dict.fromkeys(self.lines, _Rest())
        self._rounds = 0

    async def run(self) -> None:
        """Rounds without end."""
        while True:
            try:
                await self.round()
            except Exception as error:
                _log.warning("witness_round_failed", error=repr(error))
            await asyncio.sleep(self._settings.witness_period_ms / 1000)

    async def close(self) -> None:
        await self._http.aclose()

    async def round(self) -> None:
        """Every log whose head a witness has yet to cosign, as many as one round takes."""
        now = self._clock.now_ms()
        awake = [name for name, rest in self._rests.items() if rest.until <= now]
        if not awake:
            return
        everything = self._rounds % ROUNDS_TO_SETTLED == 0
        self._rounds += 1
        async with self._engine.connect() as connection:
            most = self._settings.witness_logs
            waiting = await cosignatures.behind(connection, awake, now, most, settled=everything)
        await at_once([self._bring(log, awake) for log in waiting], self._settings.witness_at_once)

    async def ask(self, log: str) -> tuple[int, set[str]]:
        """Every witness is asked about the present head, resting or not: (size, its cosigners)."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s(self._settings)):
                await self._bring(log, list(self.lines), rested=False)
        async with self._engine.connect() as connection:
            head = await read_head(connection, log)
            size = 0 if head is None else head.size
            return size, await cosignatures.cosigners(connection, log, size)

    async def compare(self, log: str, name: str, held: Checkpoint) -> str | None:
        """Why this log may not be signed beside the head the witness holds; None when it may."""
        async with self._engine.connect() as connection:
            # Read after the witness spoke: nobody signs a head before it is committed, so a
            # witness cannot be ahead of a database that has lost nothing.
            head = await read_head(connection, log)
            ours = 0 if head is None else head.size
            if head is None or held.size > ours:
                return (
                    f"{held.origin}: the witness {name} holds {held.size} entries and this "
                    f"database has {ours}: it is an older backup or another history. {REMEDY}"
                )
            try:
                tree = await self._trees.tree(connection, log, head.size, head.root)
            except LookupError as broken:
                return f"{held.origin}: {broken}. {REMEDY}"
        if tree.root(held.size) == held.root:
            return None
        return (
            f"{held.origin}: at size {held.size} the witness {name} holds the root "
            f"{held.root.hex()[:16]}… and this database ({ours} entries) gives "
            f"{tree.root(held.size).hex()[:16]}…: it is another history. {REMEDY}"
        )

    def origin_of(self, log: str) -> str:
        return f"{self._settings.site}/{log}"

    async def held_head(self, name: str, log: str) -> Checkpoint | None:
        """What the witness holds of this log; raises Silent."""
        return await self.lines[name].held_head(self.origin_of(log), self._keys)

    # ── one log ─────────────────────────────────────────────────────────────────────────────

    async def _bring(self, log: str, names: Collection[str], *, rested: bool = True) -> None:
        """The log's head to those witnesses that lack it. rested: only whose wait is over."""
        origin = self.origin_of(log)
        if self._signer.halted(origin) is not None:
            return
        now = self._clock.now_ms() if rested else _NO_REST
        names = [name for name in names if self._rests[name].until <= now]
        async with self._engine.connect() as connection:
            head = await read_head(connection, log)
            if head is None or head.size == 0:
                return
            due = await cosignatures.due_for(connection, log, head.size, names, now)
            marks = await cosignatures.marks_of(connection, [log]) if due else []
            if not due:
                return
            try:
                tree = await self._trees.tree(connection, log, head.size, head.root)
            except LookupError as broken:
                self._halt(origin, f"{origin}: {broken}. {REMEDY}")
                return
        held = {mark.witness: mark.size for mark in marks}
        try:
            note = self._signer.sign(Checkpoint(origin, head.size, head.root))
        except Halted:
            return  # meanwhile, or the whole house was
        job = _Job(log, head, tree, note)
        await asyncio.gather(*(self._submit(name, job, held.get(name, 0)) for name in due))

    async def _submit(self, name: str, job: _Job, old: int) -> None:
        try:
            await self._exchange(name, job, min(old, job.head.size))
        except Silent as silent:
            now = self._clock.now_ms()
            self._rests[name] = self._rests[name].longer(now, self._settings)
            await self._say(name, job, str(silent), "silent")
        else:
            self._rests[name] = _Rest()

    async def _exchange(self, name: str, job: _Job, old: int) -> None:
        """Until the witness signs or says why not; it knows best which size it holds."""
        for _ in range(TURNS):
            proof = job.tree.consistency_proof(old, job.head.size)
            answer = await self.lines[name].add_checkpoint(job.note, old, proof)
            match answer:
                case Cosigned():
                    await self._keep(name, job, answer)
                    return
                case Holds(size) if size > job.head.size:
                    await self._suspect(name, job, f"it holds {size} entries")
                    return
                case Holds(size) if size == old:
                    await self._suspect(name, job, f"it does not go on from its own {size} entries")
                    return
                case Holds(size):
                    old = size
                case Refuses(said, inconsistent=True):
                    await self._suspect(name, job, said)
                    return
                case Refuses(said):
                    await self._say(name, job, said, "refused")
                    return
        await self._say(name, job, "it names another size each time", "refused")

    async def _keep(self, name: str, job: _Job, answer: Cosigned) -> None:
        behind_ms = job.head.last_at - answer.at_s * 1000
        if behind_ms > SLOW_CLOCK_MS:
            said = f"its clock is {behind_ms // 1000} s behind the entries it signed"
            await self._say(name, job, said, "refused")
            return
        found = Cosignature(job.head.size, name, answer.line, answer.at_s * 1000)
        async with self._engine.begin() as connection:
            await cosignatures.keep(connection, job.log, found)
        if job.log != HOUSE:
            # Anyone may read the counters, and the house log moves with each admission (rules §11).
            gauges.WITNESS_ANSWERS.labels(name, "cosigned").inc()

    async def _suspect(self, name: str, job: _Job, said: str) -> None:
        """The witness claims to know better. Only a head that we signed proves it: then we stop."""
        held = await self.held_head(name, job.log)
        if held is None:
            await self._say(name, job, f"{said}, and shows no head", "refused")
            return
        why = await self.compare(job.log, name, held)
        if why is not None:
            self._halt(held.origin, why)
            await self._say(name, job, why, "halted")
        elif held.size <= job.head.size:
            await self._say(name, job, said, "refused")
        # Else another process was quicker with a head that we have too: the next round goes on.

    def _halt(self, origin: str, why: str) -> None:
        self._signer.halt(origin, why)
        gauges.HALTED_LOGS.set(len(self._signer.all_halted()))
        _log.error("log_halted", origin=origin, why=why)

    async def _say(self, name: str, job: _Job, said: str, outcome: str) -> None:
        gauges.WITNESS_ANSWERS.labels(name, outcome).inc()
        _log.warning("not_cosigned", log=job.log, size=job.head.size, witness=name, said=said)
        settings = self._settings
        async with self._engine.begin() as connection:
            await cosignatures.note_refusal(
                connection,
                job.log,
                name,
                said[:500],
                now=self._clock.now_ms(),
                wait_ms=settings.outside_wait_ms,
                most_ms=settings.outside_wait_most_ms,
            )


@dataclass(frozen=True, slots=True)
class _Rest:
    """until: ms, when a silent witness is asked again. times: how often it was silent in a row."""

    until: int = 0
    times: int = 0

    def longer(self, now: int, settings: Settings) -> "_Rest":
        wait_ms = min(
            settings.outside_wait_ms << min(self.times, 20), settings.outside_wait_most_ms
        )
        return _Rest(now + wait_ms, self.times + 1)


REMEDY = (
    "Nothing is signed here: put the newest database back in service (to its last WAL record), "
    "keep this one as evidence, and see docs/operations.md."
)
