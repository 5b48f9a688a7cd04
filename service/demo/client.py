"""A person at the doors: signs in, asks and sends, as a browser would."""

import uuid
from typing import Any

import httpx2

TIMEOUT_S = 20.0


class Refused(Exception):
    """A door said no; `problem` is its problem+json."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.status = status
        self.problem = problem


class Person:
    """One signed-in account. Owns its HTTP connection; close it with `aclose`."""

    def __init__(self, base_url: str, username: str, password: str) -> None:
        self.base_url = base_url
        self.username = username
        self._password = password
        self._http = httpx2.AsyncClient(
            base_url=base_url, timeout=TIMEOUT_S, headers={"Origin": base_url}, trust_env=False
        )

    async def sign_in(self) -> None:
        await self.post("/api/session", self.credentials)

    async def get(self, path: str) -> Any:
        """The JSON behind a GET; raises Refused."""
        return _answer(await self._http.get(path))

    async def get_bytes(self, path: str) -> bytes:
        response = await self._http.get(path)
        _answer_or_raise(response)
        return response.content

    async def post(
        self, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> Any:
        """The JSON behind a POST with a fresh Idempotency-Key; raises Refused."""
        sent = {"Idempotency-Key": str(uuid.uuid4()), **(headers or {})}
        return _answer(await self._http.post(path, json=body, headers=sent))

    async def put(self, path: str, body: Any, *, headers: dict[str, str]) -> Any:
        """The JSON behind a PUT; raises Refused."""
        return _answer(await self._http.put(path, json=body, headers=headers))

    async def put_file(self, path: str, content: bytes, media_type: str) -> Any:
        """The JSON behind a PUT of these bytes; raises Refused."""
        sent = {"Content-Type": media_type}
        return _answer(await self._http.put(path, content=content, headers=sent))

    async def version_of(self, path: str) -> str:
        """The ETag of what stands at `path`."""
        response = await self._http.get(path)
        _answer_or_raise(response)
        return response.headers["ETag"]

    @property
    def credentials(self) -> dict[str, str]:
        """What he signs in with, for an act that a second official signs on the same screen."""
        return {"username": self.username, "password": self._password}

    @property
    def cookie(self) -> str:
        """The session as a Cookie header, for sockets."""
        return "; ".join(f"{name}={value}" for name, value in self._http.cookies.items())

    async def aclose(self) -> None:
        await self._http.aclose()


def _answer(response: httpx2.Response) -> Any:
    _answer_or_raise(response)
    return response.json() if response.content else None


def _answer_or_raise(response: httpx2.Response) -> None:
    if response.is_success:
        return
    try:
        problem = response.json()
    except ValueError:
        problem = {"code": "unreadable", "detail": response.text[:200]}
    raise Refused(response.status_code, problem)
