"""Accounts: registering, signing in and out, keys."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import normalize

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.log import RecordAction
from schemas.problem import ProblemCode
from schemas.rest import Register
from service.audit import signatures
from service.audit.signatures import SignatureBroken
from service.desk.ids import new_account_id
from service.desk.officials import OPERATOR, pseudonym
from service.desk.passwords import Passwords
from service.desk.ports import Desk
from service.desk.refused import Refused
from service.store import accounts, house, vault
from service.store.accounts import StoredKey
from service.store.vault import Identity

MIN_DIFFERENT_CHARACTERS = 5
MAX_UNUSED_KEYS = 200
"""Enrolled keys of an account that serve no lot yet. Those in use are bounded lot by lot, so that a
bidder of many years is never shut out."""
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Session:
    """token: 32 random bytes in URL-safe base64, known to the browser alone."""

    token: str
    account_id: str
    lasts_s: int


async def register(desk: Desk, passwords: Passwords, asked: Register) -> str:
    """A new bidder; returns the account id. His name and number go into the vault only."""
    _refuse_weak(asked.username, asked.password)
    stored = await passwords.hash(asked.password)
    account_id = new_account_id()
    who = Identity(
        account_id,
        normalize("NFC", asked.display_name.strip()),
        asked.kind,
        normalize("NFC", asked.id_number.strip()),
    )
    async with desk.engine.begin() as connection:
        added = await accounts.add_account(
            connection,
            account_id=account_id,
            username=asked.username,
            password_hash=stored,
            display_name=asked.username,
            roles=("bidder",),
            at=desk.clock.now_ms(),
        )
        if not added:
            raise Refused(ProblemCode.USERNAME_TAKEN, "This user name is taken.")
        if not await vault.add_identity(connection, who):
            sentence = "This person or company has an account already."
            raise Refused(ProblemCode.USERNAME_TAKEN, sentence, reason="ID_NUMBER_TAKEN")
    return account_id


async def make_official(
    desk: Desk,
    passwords: Passwords,
    *,
    username: str,
    password: str,
    display_name: str,
    roles: Iterable[str],
) -> str:
    """An account made by the operator; returns its id. Raises Refused when the name is taken."""
    _refuse_weak(username, password)
    stored, roles = await passwords.hash(password), tuple(roles)
    account_id = new_account_id()
    async with desk.engine.begin() as connection:
        added = await accounts.add_account(
            connection,
            account_id=account_id,
            username=username,
            password_hash=stored,
            display_name=display_name,
            roles=roles,
            at=desk.clock.now_ms(),
        )
        if not added:
            raise Refused(ProblemCode.USERNAME_TAKEN, "This user name is taken.")
        await _record_roles(connection, desk, account_id, roles)
    return account_id


async def _record_roles(
    connection: AsyncConnection, desk: Desk, account_id: str, roles: Iterable[str]
) -> None:
    """The house log names the new official as it will name his acts: once for each role."""
    site = desk.settings.site
    given = [
        RecordAction(
            action="GRANT_ROLE", subject=pseudonym(site, role, account_id), requester=OPERATOR
        )
        for role in sorted(set(roles))
    ]
    await house.record_all(connection, desk.clock, site, given)


async def sign_in(
    desk: Desk, passwords: Passwords, username: str, password: str, address: str
) -> Session:
    """A new session, or the refusal of `check_password`."""
    account_id = await check_password(desk, passwords, username, password, address)
    token, lasts_ms = secrets.token_urlsafe(32), desk.settings.session_hours * HOUR_MS
    async with desk.engine.begin() as connection:
        hashed = hashlib.sha256(token.encode()).digest()
        await accounts.open_session(connection, hashed, account_id, lasts_ms)
    return Session(token, account_id, lasts_ms // 1000)


async def check_password(
    desk: Desk, passwords: Passwords, username: str, password: str, address: str
) -> str:
    """The account's id, or a refusal that is the same for an unknown name and a wrong password.

    Tries are counted for each name and address, so that nobody elsewhere can lock a bidder out
    in the last minute of a sale.
    """
    who = hashlib.sha256(f"{username}\n{address}".encode()).digest()
    await _claim_try(desk, who)
    async with desk.engine.connect() as connection:
        found = await accounts.find_password(connection, username)
    account_id, stored = found or (None, None)
    if not await passwords.verify(stored, password) or account_id is None:
        raise Refused(ProblemCode.WRONG_PASSWORD, "User name or password is wrong.")
    async with desk.engine.begin() as connection:
        await accounts.forget_tries(connection, who)
    return account_id


async def sign_out(desk: Desk, token: str) -> None:
    async with desk.engine.begin() as connection:
        await accounts.end_session(connection, hashlib.sha256(token.encode()).digest())


async def enrol_key(desk: Desk, account_id: str, public_key: str) -> StoredKey:
    """Enrols a bidder's public key; the same key again is answered as the first time."""
    try:
        key = signatures.load_public_key(public_key)
    except SignatureBroken as broken:
        sentence = "This is not a P-256 or Ed25519 public key that we accept."
        reason = broken.reason.value
        raise Refused(ProblemCode.UNKNOWN_KEY, sentence, reason=reason) from broken
    async with desk.engine.begin() as connection:
        if await accounts.find_key(connection, key.key_id) is None:
            await _refuse_hoard(connection, account_id)
        stored = await accounts.add_key(
            connection,
            key_id=key.key_id,
            account_id=account_id,
            public_key=public_key,
            at=desk.clock.now_ms(),
        )
    if stored.account_id != account_id:
        raise Refused(ProblemCode.UNKNOWN_KEY, "This key is another bidder's.", reason="KEY_TAKEN")
    return stored


async def _refuse_hoard(connection: AsyncConnection, account_id: str) -> None:
    if await accounts.count_unused_keys(connection, account_id) >= MAX_UNUSED_KEYS:
        sentence, most = "Too many enrolled keys serve no lot.", {"most": MAX_UNUSED_KEYS}
        raise Refused(ProblemCode.WRONG_STATE, sentence, reason="TOO_MANY_KEYS", figures=most)


async def _claim_try(desk: Desk, who: bytes) -> None:
    """Committed before the password is looked at: many tries at once are counted one by one."""
    now, window_ms = desk.clock.now_ms(), desk.settings.sign_in_window_s * 1000
    async with desk.engine.begin() as connection:
        tries, since = await accounts.claim_try(connection, who, now, now - window_ms)
    if tries > desk.settings.sign_in_tries:
        left_ms = max(since + window_ms - now, 1)
        sentence = "Too many wrong passwords: wait, then try again."
        raise Refused(ProblemCode.LOCKED_OUT, sentence, figures={"left_ms": left_ms})


def _refuse_weak(username: str, password: str) -> None:
    if username in password.lower() or len(set(password)) < MIN_DIFFERENT_CHARACTERS:
        sentence = "Choose a password without your user name and with more different characters."
        raise Refused(ProblemCode.WEAK_PASSWORD, sentence)
