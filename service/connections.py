"""What one connection, and one address, may take of a process before anybody reads its request.

uvicorn waits for ever for a head, a body or a reader, and reads heads of any length; a handful of
slow clients then holds every connection of a process (slowloris), and one endless header its
memory. Here each has a bound, and who is turned away is told why.
"""

import contextlib
import resource
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache, partial
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, cast
from uuid import uuid4

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from schemas.problem import ProblemCode, ProblemDetails
from service import gauges

_CHUNK_COST = 6
"""Bytes that one byte of body may cost on the wire: a chunk of one byte has six."""
_REFUSED_S = 2.0
"""How long a refused connection may take to ask for what it will not get."""
_LAST_WORDS_S = 5.0

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds and bytes. trusted: addresses and networks of proxies, behind whom many stand."""

    connections: int = 10_000
    per_address: int = 1_000
    head_bytes: int = 32_768
    head_s: float = 10.0
    body_s: float = 20.0
    body_bytes_per_s: int = 500
    """Of a body, over any `body_s`, at least."""
    unread_s: float = 30.0
    """How long an answer may wait for a client that reads none of it."""
    trusted: tuple[str, ...] = ()


def raise_file_limit(connections: int) -> int:
    """Lets this process open as many files as its hard limit says; returns how many those are.

    A shell's usual 1,024 would end far below the bound on connections, and then the database and
    the log's files are refused as well as visitors.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files != resource.RLIM_INFINITY and files < connections:
        _log.warning("few_files", files=files, connections=connections)
    return files


class Doorkeeper:
    """Owns the count of open connections by address."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._by_address: Counter[str] = Counter()
        self._open = 0

    def enter(self, address: str) -> HTTPStatus | None:
        """Counts one more; the status of the refusal when it is one too many."""
        key = counted_as(address)
        self._open += 1
        self._by_address[key] += 1
        if self._open > self.bounds.connections:
            return HTTPStatus.SERVICE_UNAVAILABLE
        if is_trusted(address, self.bounds.trusted):
            return None
        crowded = self._by_address[key] > self.bounds.per_address
        return HTTPStatus.TOO_MANY_REQUESTS if crowded else None

    def leave(self, address: str) -> None:
        key = counted_as(address)
        self._open -= 1
        self._by_address[key] -= 1
        if not self._by_address[key]:
            del self._by_address[key]


@lru_cache(maxsize=10_000)
def counted_as(address: str) -> str:
    """One household: an IPv4 address, or the /64 that one IPv6 line is given whole."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ip_network((found, 64), strict=False))
    return str(found)


@lru_cache(maxsize=10_000)
def is_trusted(address: str, trusted: tuple[str, ...]) -> bool:
    """Whether this is a proxy of ours: how many it brings says nothing of any one of them."""
    try:
        found = ip_address(address)
    except ValueError:
        return address in trusted
    return any(each == "*" or _is_in(found, each) for each in trusted)


def _is_in(address: Any, network: str) -> bool:
    try:
        return address in ip_network(network, strict=False)
    except ValueError:
        return False


class _Phase(Enum):
    """Where the request that is being read stands."""

    IDLE = "IDLE"
    HEAD = "HEAD"
    BODY = "BODY"


_REFUSALS = {
    HTTPStatus.TOO_MANY_REQUESTS: (
        ProblemCode.RATE_LIMITED, "Too many connections are open from this address.", "too_many",
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        ProblemCode.BUSY, "Too many connections are open here; try again.", "too_many",
    ),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        ProblemCode.TOO_LARGE, "The head of this request is longer than we read.", "too_large",
    ),
    HTTPStatus.REQUEST_TIMEOUT: (
        ProblemCode.MALFORMED, "The request did not come in time.", "too_slow",
    ),
}  # fmt: skip


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's HTTP protocol under the bounds of its `keeper`."""

    keeper: Doorkeeper

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._phase = _Phase.IDLE
        self._begun = self._ended = 0
        self._overhead = 0
        self._body = 0
        self._body_seen = 0
        self._deadline: Any = None
        self._unread: Any = None
        self._refusal: HTTPStatus | None = None
        self._upgraded = False
        self._answering: Any = None
        self._left: Callable[[], None] = lambda: None

    # ── the connection ──────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        self._refusal = self.keeper.enter(address)
        # Not through `self`: a socket calls it at its end, and would keep all of this till then.
        self._left = _once(partial(self.keeper.leave, address))
        self._arm(self.keeper.bounds.head_s if self._refusal is None else _REFUSED_S)

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self._read_again()
        self._left()
        if self._answering is not None:
            self._answering.disconnected = True
        self.pipeline.clear()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        # uvicorn tells the last request of a pipeline that the client is gone, and lets the one
        # that is being answered write to a transport that is no more.
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._refusal is not None:
            self._refuse(self._refusal)
            return
        before = self._begun, self._ended
        super().data_received(data)
        if self._upgraded or self.transport.is_closing() or self.parser is None:
            return
        if (self._begun, self._ended) == before:  # else part of it belongs to another request
            self._overhead += len(data)
        if self._overhead - self._body * _CHUNK_COST > self.keeper.bounds.head_bytes:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._phase is _Phase.IDLE and self._deadline is None and self._waits():
            self._arm(self.keeper.bounds.head_s)  # empty lines before a request are no request

    def handle_websocket_upgrade(self) -> None:
        """The connection goes on as a socket and is counted until that is lost."""
        self._upgraded = True
        self._disarm()
        super().handle_websocket_upgrade()
        del self.parser  # it knows us, and we it
        protocol = cast(Any, self.transport).get_protocol()
        if hasattr(protocol, "when_lost"):
            protocol.when_lost = self._left
        else:
            self._left()

    # ── the request ─────────────────────────────────────────────────────────────────────────

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._phase = _Phase.HEAD
        self._begun += 1
        self._overhead = self._body = self._body_seen = 0
        self._arm(self.keeper.bounds.head_s)

    def on_headers_complete(self) -> None:
        self._phase = _Phase.BODY
        self._arm(self.keeper.bounds.body_s)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._phase = _Phase.IDLE
        self._ended += 1
        self._overhead = self._body = 0
        self._disarm()
        super().on_message_complete()

    def _waits(self) -> bool:
        """Whether nothing of ours is under way on this connection and no timer of its parent."""
        answered = self.cycle is None or self.cycle.response_complete
        return answered and self.timeout_keep_alive_task is None

    def _is_answering(self) -> bool:
        cycle = self.cycle
        return cycle is not None and cycle.response_started and not cycle.response_complete

    # ── the answer ──────────────────────────────────────────────────────────────────────────

    def pause_writing(self) -> None:
        super().pause_writing()
        limit = self.keeper.bounds.unread_s
        self._unread = self.loop.call_later(limit, self._cut, "too_slow")

    def resume_writing(self) -> None:
        super().resume_writing()
        self._read_again()

    def _read_again(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    # ── deadlines ───────────────────────────────────────────────────────────────────────────

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._deadline = self.loop.call_later(seconds, self._ring)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _ring(self) -> None:
        bounds = self.keeper.bounds
        if self._phase is _Phase.BODY:
            came = self._body - self._body_seen
            if self.flow.read_paused or came >= bounds.body_s * bounds.body_bytes_per_s:
                self._body_seen = self._body
                self._arm(bounds.body_s)
                return
        self._refuse(self._refusal or HTTPStatus.REQUEST_TIMEOUT)

    def _refuse(self, status: HTTPStatus) -> None:
        """Says why, unless an answer has begun, and hangs up."""
        self._disarm()
        code, sentence, why = _REFUSALS[status]
        if self._is_answering():
            self._cut(why)
            return
        gauges.CONNECTIONS_REFUSED.labels(why).inc()
        self.transport.write(_answer(status, code, sentence))
        self.transport.close()
        self.loop.call_later(_LAST_WORDS_S, self.transport.abort)

    def _cut(self, why: str) -> None:
        gauges.CONNECTIONS_REFUSED.labels(why).inc()
        self.transport.abort()


def http_protocol(bounds: Bounds) -> type[BoundedHttp]:
    """What uvicorn is given as `http`: a protocol class with a doorkeeper of its own."""
    return type("BoundedHttp", (BoundedHttp,), {"keeper": Doorkeeper(bounds)})


def _once(leave: Callable[[], None]) -> Callable[[], None]:
    waiting = [leave]

    def call() -> None:
        if waiting:
            waiting.pop()()

    return call


def _answer(status: HTTPStatus, code: ProblemCode, sentence: str) -> bytes:
    body = ProblemDetails(
        type=f"urn:luochui:problem:{code.value}",
        title=status.phrase,
        status=status,
        code=code,
        detail=sentence,
        trace=uuid4().hex,
    ).model_dump_json(exclude_none=True)
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        f"content-type: application/problem+json\r\ncontent-length: {len(body.encode())}\r\n"
        "cache-control: no-store\r\nretry-after: 1\r\nconnection: close\r\n\r\n"
    )
    return (head + body).encode()
