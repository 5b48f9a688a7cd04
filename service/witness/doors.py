"""The witness's four doors: add-checkpoint, a log's newest cosigned head, conflicts, health."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from service.audit.cosignatures import CosigningKey, cosign
from service.audit.notes import NoteBroken
from service.witness.config import Config, trusted_keys
from service.witness.judge import Fork, Head, Refused, Why
from service.witness.store import Conflict, Counts, Store, StoreFailed
from service.witness.submission import Malformed, Submission, read_submission

SIZE_TYPE = "text/x.tlog.size"
MAX_LISTED = 500  # conflicts on one page; the store may hold more

_T = TypeVar("_T")
_log = structlog.get_logger("witness")
_SHOWN = {
    Fork.TWO_ROOTS: "The log signed two roots for one size: these two notes convict it.",
    Fork.OTHER_PREFIX: "The proof leads to the log's later head from another head of the old size "
    "than the log signed before: the two notes and the proof convict it.",
    Fork.NO_SUCH_TREE: "The log signed a root that an empty tree cannot have.",
    Fork.UNPROVEN: "The log signed this head and nobody has shown that it follows the one held. "
    "Anyone may have sent it with a rotten proof: ask the log for a true one.",
}


@dataclass(frozen=True, slots=True)
class Witness:
    """What the doors need: who signs, whom it believes, its store and the thread that uses it."""

    config: Config
    key: CosigningKey
    store: Store
    lane: Executor
    """One thread: the store's connection has one user at a time."""

    async def in_lane(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self.lane, work)


def build_doors(witness: Witness) -> ASGIApp:
    """The ASGI application, at most `requests_at_once` requests inside."""
    keys_by_site = witness.config.keys_by_site()

    async def add_checkpoint(request: Request) -> Response:
        body = await _read_body(request, witness.config)
        if isinstance(body, Refused):
            return _answer(body)
        try:
            asked = read_submission(body)
        except Malformed as broken:
            return _answer(Refused(Why.MALFORMED, str(broken)))
        keys = trusted_keys(keys_by_site, asked.origin)
        if not keys:
            return _answer(Refused(Why.UNKNOWN_LOG))
        try:
            signed = asked.signed_by(keys)
        except NoteBroken as broken:
            return _answer(Refused(Why.NOT_SIGNED, str(broken)))
        outcome = await _cosign(witness, asked, signed)
        _tell(asked, signed, outcome)
        return _answer(outcome)

    async def checkpoint(request: Request) -> Response:
        origin_hash = request.path_params["origin_hash"]
        head = await witness.in_lane(lambda: witness.store.find(origin_hash))
        if head is None:
            return PlainTextResponse("No checkpoint of that log was cosigned here.\n", 404)
        return PlainTextResponse(head.to_note())

    async def conflicts(request: Request) -> Response:
        def read() -> tuple[Counts, tuple[Conflict, ...]]:
            return witness.store.counts(), witness.store.conflicts(MAX_LISTED)

        counts, kept = await witness.in_lane(read)
        title = (
            f"{witness.config.name}: {counts.proven} proven and {counts.unproven} unproven "
            f"conflicts, {len(kept)} listed\n"
        )
        return PlainTextResponse("\n".join([title, *map(_as_text, kept)]))

    async def health(request: Request) -> Response:
        counts = await witness.in_lane(witness.store.counts)
        return JSONResponse(
            {
                "status": "ok",
                "vkey": witness.key.verifying.to_text(),
                "logs": counts.logs,
                "max_logs": witness.config.max_logs,
                "conflicts_proven": counts.proven,
                "conflicts_unproven": counts.unproven,
                "store_born": counts.born_s,
            }
        )

    async def store_failed(request: Request, error: Exception) -> Response:
        _log.error("store_failed", error=str(error))
        return _answer(Refused(Why.STORE_FAILED))

    app = Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/conflicts", conflicts, methods=["GET"]),
            Route("/health", health, methods=["GET"]),
            Route("/{origin_hash}/checkpoint", checkpoint, methods=["GET"]),
        ],
        exception_handlers={StoreFailed: store_failed},
    )
    return AtOnce(app, witness.config.requests_at_once)


class AtOnce:
    """Lets so many requests in and answers the rest at once that they should ask again."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._free = limit  # owned by the event loop's thread

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if self._free == 0:
            await _answer(Refused(Why.BUSY))(scope, receive, send)
            return
        self._free -= 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._free += 1


async def _read_body(request: Request, config: Config) -> bytes | Refused:
    body = bytearray()
    try:
        async with asyncio.timeout(config.body_ms / 1000):
            async for chunk in request.stream():
                body += chunk
                if len(body) > config.body_bytes:
                    return Refused(Why.TOO_LARGE, f"at most {config.body_bytes} bytes")
    except TimeoutError:
        return Refused(Why.TOO_SLOW, f"{config.body_ms} ms")
    except ClientDisconnect:
        return Refused(Why.MALFORMED, "the client went away")
    return bytes(body)


async def _cosign(witness: Witness, asked: Submission, signed: str) -> Head | Refused:
    def sign(at_s: int) -> str:
        return cosign(asked.note.text, witness.key, at_s).to_line()

    return await witness.in_lane(lambda: witness.store.cosign(asked, signed, sign))


def _answer(outcome: Head | Refused) -> Response:
    if isinstance(outcome, Head):
        return PlainTextResponse(outcome.cosignature)
    why = outcome.why
    if why is Why.OLD_SIZE_DIFFERS:
        # Not by media_type: Starlette would add a charset, and clients compare the whole value.
        exact = {"Content-Type": SIZE_TYPE}
        return Response(f"{outcome.held_size}\n", why.status, headers=exact)
    detail = f" ({outcome.detail})" if outcome.detail else ""
    wait = {"Retry-After": "1"} if why.status == 503 else None
    return PlainTextResponse(f"{why.sentence}{detail}\n", why.status, headers=wait)


def _tell(asked: Submission, signed: str, outcome: Head | Refused) -> None:
    """One line for what a log's own key signed; strangers' requests leave none to fill a disk."""
    facts = {"origin": asked.origin, "size": asked.size, "old_size": asked.old_size}
    if isinstance(outcome, Head):
        _log.info("cosigned", **facts, at_s=outcome.at_s)
    elif outcome.kept and outcome.fork:
        level = _log.critical if outcome.fork.is_proven else _log.error
        level("conflict", **facts, fork=outcome.fork, signed=signed, proof=asked.proof_lines())
    else:
        level = _log.error if outcome.why.status == 503 else _log.info
        level("refused", **facts, why=outcome.why.name, fork=outcome.fork)


def _as_text(conflict: Conflict) -> str:
    at = datetime.fromtimestamp(conflict.at_s, UTC).isoformat()
    return (
        f"=== conflict {conflict.id} {conflict.fork} {at} {conflict.origin}\n"
        f"{_SHOWN[conflict.fork]}\n"
        f"--- held\n{conflict.held}"
        f"--- offered\n{conflict.signed}"
        f"--- proof from {conflict.old_size}\n{conflict.proof}"
    )
