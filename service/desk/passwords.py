"""Passwords by Argon2id, in a few threads of their own: a flood of sign-ins must not stop bids."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from schemas.problem import ProblemCode
from service.desk.refused import Refused

Done = TypeVar("Done")

WAITING_EACH = 32
"""Passwords that may wait for one worker (about three seconds of work); more are told to retry."""


class Passwords:
    """Owns the threads and the count of passwords waiting for them. Close it with `close`."""

    def __init__(self, workers: int, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="password")
        self._room = workers * WAITING_EACH
        # Verified when the user name is unknown, so that the answer takes as long.
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    async def hash(self, password: str) -> str:
        return await self._run(self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password fits; None, for an unknown name, takes as long and never does."""
        fits = await self._run(self._fits, stored or self._nobody, password)
        return fits and stored is not None

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _fits(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[..., Done], *given: str) -> Done:
        if self._room == 0:
            raise Refused(ProblemCode.BUSY, "Too many people sign in at this moment: try again.")
        self._room -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *given)
        finally:
            self._room += 1
