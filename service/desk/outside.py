"""Asks somebody outside over HTTP, in bounded time and bytes."""

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass

import httpx2

from service.settings import Settings


class Silent(Exception):
    """Nobody answered, or nothing that can be read; the text says how, in a few words."""


@dataclass(frozen=True, slots=True)
class Said:
    status: int
    body: bytes

    def words(self) -> str:
        """The answer's first words, for people."""
        first = self.body[:120].decode(errors="replace").strip()
        return f"HTTP {self.status}: {first}" if first else f"HTTP {self.status}"


def open_http(settings: Settings) -> httpx2.AsyncClient:
    """Connections that are kept alive; no proxy of the environment, no redirect is followed."""
    return httpx2.AsyncClient(
        timeout=settings.witness_timeout_ms / 1000,
        trust_env=False,
        follow_redirects=False,
        headers={"Accept-Encoding": "identity", "User-Agent": "luochui"},
    )


async def ask(
    http: httpx2.AsyncClient,
    method: str,
    url: str,
    settings: Settings,
    *,
    content: bytes | None = None,
    media_type: str | None = None,
) -> Said:
    """One question and its whole answer; raises Silent."""
    headers = {} if media_type is None else {"Content-Type": media_type}
    try:
        async with (
            asyncio.timeout(settings.witness_timeout_ms / 1000),
            http.stream(method, url, content=content, headers=headers) as answer,
        ):
            return Said(answer.status_code, await _read(answer, settings.outside_answer_bytes))
    except TimeoutError as error:
        raise Silent(f"no answer within {settings.witness_timeout_ms} ms") from error
    except httpx2.TimeoutException as error:
        raise Silent(f"no answer within {settings.witness_timeout_ms} ms") from error
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        raise Silent(f"no answer: {str(error)[:120] or type(error).__name__}") from error


def patience_s(settings: Settings) -> float:
    """How long a person's request waits for somebody outside. It may hold a transaction, which
    ends after `statement_timeout_ms` of idleness: three such waits must fit."""
    return settings.statement_timeout_ms / 4000


async def at_once(work: Iterable[Awaitable[None]], most: int) -> None:
    """All of it, at most `most` at the same time; the first error is raised when all have ended."""
    gate = asyncio.Semaphore(most)

    async def behind_gate(one: Awaitable[None]) -> None:
        async with gate:
            await one

    ended = await asyncio.gather(*(behind_gate(one) for one in work), return_exceptions=True)
    for error in ended:
        if isinstance(error, BaseException):
            raise error


async def _read(answer: httpx2.Response, most_bytes: int) -> bytes:
    body = b""
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > most_bytes:
            raise Silent(f"an answer of more than {most_bytes} bytes")
    return body
