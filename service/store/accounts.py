"""Accounts, roles, sessions, keys. Sessions live by the database's own clock."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import LargeBinary, RowMapping, any_, delete, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.office_tables import (
    account_roles,
    accounts,
    application_keys,
    bidder_keys,
    sessions,
    sign_in_tries,
)


@dataclass(frozen=True, slots=True)
class Account:
    """Who holds a session. display_name: an official's; for a bidder it is his user name."""

    account_id: str
    username: str
    display_name: str
    roles: frozenset[str]

    def has(self, *roles: str) -> bool:
        return not self.roles.isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class StoredKey:
    key_id: str
    account_id: str
    public_key: str
    enrolled_at: int


_NOW_MS = text("(extract(epoch from clock_timestamp()) * 1000)::bigint")
_ROLES = (
    select(func.array_agg(account_roles.c.role))
    .where(account_roles.c.account_id == accounts.c.account_id)
    .scalar_subquery()
    .label("roles")
)
_ACCOUNT = select(accounts.c.account_id, accounts.c.username, accounts.c.display_name, _ROLES)


async def account_by_session(connection: AsyncConnection, token_hash: bytes) -> Account | None:
    """The account of a session that has not ended."""
    asked = _ACCOUNT.join(sessions, sessions.c.account_id == accounts.c.account_id).where(
        sessions.c.token_hash == token_hash, sessions.c.expires_at > _NOW_MS
    )
    row = (await connection.execute(asked)).mappings().one_or_none()
    return None if row is None else _account(row)


async def holders(connection: AsyncConnection, token_hashes: Iterable[bytes]) -> dict[bytes, str]:
    """token hash → account_id, of those sessions among these that have not ended."""
    among = any_(literal(list(token_hashes), ARRAY(LargeBinary)))
    asked = select(sessions.c.token_hash, sessions.c.account_id).where(
        sessions.c.token_hash == among, sessions.c.expires_at > _NOW_MS
    )
    return {row.token_hash: row.account_id for row in await connection.execute(asked)}


async def account_by_id(connection: AsyncConnection, account_id: str) -> Account | None:
    asked = _ACCOUNT.where(accounts.c.account_id == account_id)
    row = (await connection.execute(asked)).mappings().one_or_none()
    return None if row is None else _account(row)


async def find_password(connection: AsyncConnection, username: str) -> tuple[str, str] | None:
    """(account_id, password hash) of a user name."""
    asked = select(accounts.c.account_id, accounts.c.password_hash).where(
        accounts.c.username == username
    )
    row = (await connection.execute(asked)).one_or_none()
    return None if row is None else (row.account_id, row.password_hash)


async def add_account(
    connection: AsyncConnection,
    *,
    account_id: str,
    username: str,
    password_hash: str,
    display_name: str,
    roles: Iterable[str],
    at: int,
) -> bool:
    """False when the user name is taken."""
    adding = insert(accounts).values(
        account_id=account_id,
        username=username,
        password_hash=password_hash,
        display_name=display_name,
        created_at=at,
    )
    done = await connection.execute(
        adding.on_conflict_do_nothing(index_elements=["username"]).returning(accounts.c.account_id)
    )
    if done.one_or_none() is None:
        return False
    given = [{"account_id": account_id, "role": role} for role in sorted(set(roles))]
    await connection.execute(insert(account_roles), given)
    return True


async def open_session(
    connection: AsyncConnection, token_hash: bytes, account_id: str, lasts_ms: int
) -> None:
    """A new session; ended ones are swept away with it, so that the table stays bounded."""
    await connection.execute(delete(sessions).where(sessions.c.expires_at <= _NOW_MS))
    await connection.execute(
        text(
            "INSERT INTO sessions (token_hash, account_id, created_at, expires_at) "
            "SELECT :token_hash, :account_id, now_ms, now_ms + :lasts_ms "
            "FROM (SELECT (extract(epoch from clock_timestamp()) * 1000)::bigint AS now_ms) AS _"
        ),
        {"token_hash": token_hash, "account_id": account_id, "lasts_ms": lasts_ms},
    )


async def end_session(connection: AsyncConnection, token_hash: bytes) -> None:
    await connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


# ── sign-in tries ───────────────────────────────────────────────────────────────────────────


async def claim_try(
    connection: AsyncConnection, who: bytes, at: int, since: int
) -> tuple[int, int]:
    """Counts one try before it is made, so that many at once cannot slip through.

    Returns (tries of this series, when it began). Series that began at or before `since` are over.
    """
    await connection.execute(delete(sign_in_tries).where(sign_in_tries.c.first_at <= since))
    noting = insert(sign_in_tries).values(who=who, failures=1, first_at=at)
    done = await connection.execute(
        noting.on_conflict_do_update(
            index_elements=["who"], set_={"failures": sign_in_tries.c.failures + 1}
        ).returning(sign_in_tries.c.failures, sign_in_tries.c.first_at)
    )
    row = done.one()
    return row.failures, row.first_at


async def forget_tries(connection: AsyncConnection, who: bytes) -> None:
    await connection.execute(delete(sign_in_tries).where(sign_in_tries.c.who == who))


# ── keys ────────────────────────────────────────────────────────────────────────────────────


async def add_key(
    connection: AsyncConnection, *, key_id: str, account_id: str, public_key: str, at: int
) -> StoredKey:
    """Enrols a key; one that is enrolled already comes back as it is, whoever holds it."""
    adding = insert(bidder_keys).values(
        key_id=key_id, account_id=account_id, public_key=public_key, enrolled_at=at
    )
    await connection.execute(adding.on_conflict_do_nothing())
    stored = await find_key(connection, key_id)
    assert stored is not None, "it was just enrolled, now or before"
    return stored


async def find_key(connection: AsyncConnection, key_id: str) -> StoredKey | None:
    asked = select(bidder_keys).where(bidder_keys.c.key_id == key_id)
    row = (await connection.execute(asked)).mappings().one_or_none()
    return None if row is None else StoredKey(**row)


async def count_unused_keys(connection: AsyncConnection, account_id: str) -> int:
    """Keys of the account that serve no application."""
    used = select(application_keys.c.key_id).where(
        application_keys.c.key_id == bidder_keys.c.key_id
    )
    asked = select(func.count()).where(bidder_keys.c.account_id == account_id, ~used.exists())
    return (await connection.execute(asked)).scalar_one()


async def keys_of(connection: AsyncConnection, account_id: str) -> list[StoredKey]:
    asked = select(bidder_keys).where(bidder_keys.c.account_id == account_id)
    ordered = asked.order_by(bidder_keys.c.enrolled_at, bidder_keys.c.key_id)
    return [StoredKey(**row) for row in (await connection.execute(ordered)).mappings()]


def _account(row: RowMapping) -> Account:
    given = {name: row[name] for name in ("account_id", "username", "display_name")}
    return Account(**given, roles=frozenset(row["roles"] or ()))
