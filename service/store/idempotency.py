"""Answers kept by Idempotency-Key, in the same transaction as what was created."""

from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.office_tables import idempotency


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """request_hash: SHA-256 of method, path and body. answer: the JSON text as it was sent."""

    request_hash: bytes
    status: int
    answer: str


async def claim_key(
    connection: AsyncConnection, account_id: str, key: str, request_hash: bytes, at: int, since: int
) -> KeptAnswer | None:
    """None when the key is new and now ours; else what it was answered.

    A second request with the same key waits here until the first has committed or failed. Keys
    from before `since` are forgotten.
    """
    await connection.execute(delete(idempotency).where(idempotency.c.at < since))
    values = {"account_id": account_id, "key": key, "request_hash": request_hash}
    claiming = insert(idempotency).values(**values, status=0, answer="", at=at)
    done = claiming.on_conflict_do_nothing().returning(idempotency.c.key)
    if (await connection.execute(done)).one_or_none() is not None:
        return None
    asked = select(idempotency.c.request_hash, idempotency.c.status, idempotency.c.answer).where(
        idempotency.c.account_id == account_id, idempotency.c.key == key
    )
    return KeptAnswer(**(await connection.execute(asked)).mappings().one())


async def keep_answer(
    connection: AsyncConnection, account_id: str, key: str, status: int, answer: str
) -> None:
    keeping = update(idempotency).where(
        idempotency.c.account_id == account_id, idempotency.c.key == key
    )
    await connection.execute(keeping.values(status=status, answer=answer))
