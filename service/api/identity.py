"""Who knocks: the account behind a session cookie, and what its roles open."""

import hashlib
from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.requests import HTTPConnection

from schemas.problem import ProblemCode
from service.api.doors import COOKIE
from service.api.parts import parts_of
from service.desk.refused import Refused
from service.store import accounts
from service.store.accounts import Account

MAX_TOKEN = 64

__all__ = ["COOKIE", "Account", "account_of", "maybe_account", "needs", "signed_in", "token_hash"]


def token_hash(token: str) -> bytes:
    """What the database holds of a session: a stolen table opens no door."""
    return hashlib.sha256(token.encode()).digest()


async def account_of(
    connection_or_engine: AsyncConnection | AsyncEngine, cookie_token: str | None
) -> Account | None:
    """The account of a session cookie's value, or None when it opens nothing."""
    if not cookie_token or len(cookie_token) > MAX_TOKEN:
        return None
    if isinstance(connection_or_engine, AsyncConnection):
        return await accounts.account_by_session(connection_or_engine, token_hash(cookie_token))
    async with connection_or_engine.connect() as connection:
        return await accounts.account_by_session(connection, token_hash(cookie_token))


async def maybe_account(http: HTTPConnection) -> Account | None:
    """The account behind this request or socket, if any."""
    return await account_of(parts_of(http).engine, http.cookies.get(COOKIE))


async def signed_in(http: HTTPConnection) -> Account:
    """The account behind this request; refuses strangers."""
    account = await maybe_account(http)
    if account is None:
        raise Refused(ProblemCode.NOT_SIGNED_IN, "Sign in first.")
    return account


def needs(*roles: str) -> Callable[[HTTPConnection], Awaitable[Account]]:
    """A dependency: the account behind the request, refused unless it has one of `roles`."""

    async def with_role(http: HTTPConnection) -> Account:
        account = await signed_in(http)
        if not account.has(*roles):
            raise Refused(ProblemCode.NOT_ALLOWED, "This door is for another role.")
        return account

    return with_role
