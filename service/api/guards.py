"""Guards before every door: size of the body, origin of a write, headers of every answer."""

from collections.abc import Iterable, MutableMapping
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.problem import ProblemCode
from service.api.problems import broken, problem_response
from service.desk.refused import Refused
from service.settings import Settings

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
DOCUMENTS = "/api/office/documents/"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self' data: blob:; connect-src {connect}; manifest-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def install(app: FastAPI, settings: Settings) -> None:
    """Puts the guards around the app, the last one outermost."""
    app.add_middleware(LastGuard)
    app.add_middleware(OriginGuard, origins=settings.origins)
    app.add_middleware(BodyGuard, limit=settings.body_bytes, document_limit=settings.document_bytes)
    app.add_middleware(AnswerHeaders)
    app.add_middleware(HeadAsGet)


def origin_allowed(headers: Headers, scheme: str, origins: Iterable[str]) -> bool:
    """Whether a request may write or open a socket: its origin is ours or named in the settings.

    No Origin header at all is a program, not a page of someone else's: browsers always send it
    with writes and sockets. Cookies are SameSite=Strict besides.
    """
    origin = headers.get("origin")
    if origin is None:
        return True
    secure = scheme in ("https", "wss")
    own = f"{'https' if secure else 'http'}://{headers.get('host', '')}"
    return origin == own or origin in tuple(origins)


class OriginGuard:
    """Refuses writes that a page of another origin sends. Sockets ask `origin_allowed` too."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE:
            headers = Headers(scope=scope)
            if not origin_allowed(headers, scope["scheme"], self._origins):
                refusal = Refused(ProblemCode.ORIGIN_REFUSED, "This page may not write here.")
                await problem_response(refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class BodyGuard:
    """Reads a body of at most `limit` bytes before anyone parses it, chunked ones too.

    A document may have `document_limit`. So much is not read for a stranger: the door reads it when
    it knows who knocks, and here it is only counted.
    """

    def __init__(self, app: ASGIApp, limit: int, document_limit: int) -> None:
        self._app = app
        self._limit = limit
        self._document_limit = document_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE:
            await self._app(scope, receive, send)
            return
        document = scope["method"] == "PUT" and scope["path"].startswith(DOCUMENTS)
        limit = self._document_limit if document else self._limit
        if not _says_at_most(scope, limit):
            await problem_response(_too_large(limit))(scope, receive, send)
        elif document:
            await self._app(scope, _counted(receive, limit), send)
        elif (whole := await self._read(receive)) is None:
            await problem_response(_too_large(limit))(scope, receive, send)
        elif whole["type"] == "http.request":
            await self._app(scope, _once(whole, receive), send)
        # Else the client went away before its body was whole: nobody waits for an answer.

    async def _read(self, receive: Receive) -> Message | None:
        """The whole body as one message, or that the client is gone; None when it is too large."""
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return message
            body += message.get("body", b"")
            if len(body) > self._limit:
                return None
            if not message.get("more_body", False):
                return {"type": "http.request", "body": bytes(body), "more_body": False}


def _says_at_most(scope: Scope, limit: int) -> bool:
    said = Headers(scope=scope).get("content-length", "0")
    return said.isascii() and said.isdigit() and len(said) < 16 and int(said) <= limit


def _too_large(limit: int) -> Refused:
    sentence = "The body is larger than this door takes."
    return Refused(ProblemCode.TOO_LARGE, sentence, figures={"limit_bytes": limit})


def _counted(receive: Receive, limit: int) -> Receive:
    """The same body; the door that reads beyond the limit is refused."""
    read = 0

    async def next_message() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > limit:
            raise _too_large(limit)
        return message

    return next_message


class HeadAsGet:
    """Answers HEAD with the status and headers of GET and no content (RFC 9110 §9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_content(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, without_content)


def _once(first: Message, receive: Receive) -> Receive:
    waiting = [first]

    async def next_message() -> Message:
        return waiting.pop() if waiting else await receive()

    return next_message


class LastGuard:
    """Turns whatever breaks inside into `internal` with a trace; nothing of ours leaks out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            return  # in the middle of a document: nothing was kept, and nobody waits
        except Exception as error:
            if begun:  # half an answer is out: only cutting the line tells the truth
                raise
            await broken(scope["path"], error)(scope, receive, send)


class AnswerHeaders:
    """Security headers on every answer, a refusal or a page alike."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        fixed = _fixed_headers(scope)

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in fixed.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)


def _fixed_headers(scope: Scope) -> dict[str, str]:
    """`'self'` covers sockets of the same host only in newer browsers, so they are named."""
    host = Headers(scope=scope).get("host", "")
    plain = host.replace(".", "").replace(":", "").replace("-", "").replace("[", "")
    connect = "'self'"
    if host and plain.replace("]", "").isalnum() and host.isascii():
        connect += f" {'wss' if scope['scheme'] == 'https' else 'ws'}://{host}"
    return {
        "Content-Security-Policy": POLICY.format(connect=connect),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }
