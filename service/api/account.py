"""Doors of one's own account: registering, signing in and out, keys."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from schemas.problem import ProblemCode
from schemas.rest import EnrolKey, EnrolledKey, Me, Page, Register, SignIn
from service.api.doors import answer, body, page, refusals, takes
from service.api.identity import COOKIE, needs, signed_in
from service.api.parts import Parts, parts_of
from service.desk import people
from service.desk.refused import Refused
from service.store import accounts, vault
from service.store.accounts import Account, StoredKey

router = APIRouter(prefix="/api", tags=["account"])

SignedIn = Annotated[Account, Depends(signed_in)]
Bidder = Annotated[Account, Depends(needs("bidder"))]

_REGISTER = {
    "username": "huanghe-dichan",
    "password": "correct horse battery",
    "display_name": "黄河置业有限公司",
    "kind": "COMPANY",
    "id_number": "91130983MA0EXAMPLE",
}
_SIGN_IN = {"username": "huanghe-dichan", "password": "correct horse battery"}
_KEY = {"public_key": "302a300506032b6570032100" + "11" * 32}


@router.post(
    "/accounts",
    operation_id="register",
    status_code=201,
    response_model=Me,
    responses=refusals(
        ProblemCode.USERNAME_TAKEN,
        ProblemCode.WEAK_PASSWORD,
        ProblemCode.BUSY,
        ProblemCode.UNSUPPORTED_MEDIA_TYPE,
    ),
    openapi_extra=takes(Register, _REGISTER),
)
async def register(
    request: Request, asked: Annotated[Register, Depends(body(Register))]
) -> Response:
    """A new bidder's account. Sign in afterwards."""
    parts = parts_of(request)
    account_id = await people.register(parts.desk, parts.passwords, asked)
    return answer(await _me(parts, account_id), 201)


@router.post(
    "/session",
    operation_id="sign_in",
    response_model=Me,
    responses=refusals(
        ProblemCode.WRONG_PASSWORD,
        ProblemCode.LOCKED_OUT,
        ProblemCode.BUSY,
        ProblemCode.UNSUPPORTED_MEDIA_TYPE,
    ),
    openapi_extra=takes(SignIn, _SIGN_IN),
)
async def sign_in(request: Request, asked: Annotated[SignIn, Depends(body(SignIn))]) -> Response:
    """Opens a session in a cookie. Unknown names and wrong passwords are answered alike."""
    parts = parts_of(request)
    address = request.client.host if request.client else ""
    session = await people.sign_in(
        parts.desk, parts.passwords, asked.username, asked.password, address
    )
    signed = answer(await _me(parts, session.account_id))
    signed.set_cookie(
        COOKIE,
        session.token,
        max_age=session.lasts_s,
        path="/",
        httponly=True,
        samesite="strict",
        secure=parts.settings.secure_cookies,
    )
    return signed


@router.delete("/session", operation_id="sign_out", status_code=204, responses=refusals())
async def sign_out(request: Request) -> Response:
    """Ends the session, here and in the database; without one there is nothing to do."""
    parts = parts_of(request)
    if token := request.cookies.get(COOKIE):
        await people.sign_out(parts.desk, token)
    gone = Response(status_code=204)
    gone.delete_cookie(
        COOKIE, path="/", httponly=True, samesite="strict", secure=parts.settings.secure_cookies
    )
    return gone


@router.get(
    "/me",
    operation_id="get_me",
    response_model=Me,
    responses=refusals(ProblemCode.NOT_SIGNED_IN),
)
async def get_me(request: Request, account: SignedIn) -> Response:
    """Who is signed in."""
    return answer(await _me(parts_of(request), account.account_id))


@router.get(
    "/me/keys",
    operation_id="list_keys",
    response_model=Page[EnrolledKey],
    response_model_exclude_none=True,
    responses=refusals(ProblemCode.NOT_SIGNED_IN, ProblemCode.NOT_ALLOWED),
)
async def list_keys(request: Request, account: Bidder) -> dict[str, Any]:
    """The bidder's enrolled public keys; there are few enough for one page."""
    async with parts_of(request).engine.connect() as connection:
        keys = await accounts.keys_of(connection, account.account_id)
    return page([_key(key) for key in keys], None)


@router.post(
    "/me/keys",
    operation_id="enrol_key",
    status_code=201,
    response_model=EnrolledKey,
    responses=refusals(
        ProblemCode.NOT_SIGNED_IN,
        ProblemCode.NOT_ALLOWED,
        ProblemCode.UNKNOWN_KEY,
        ProblemCode.WRONG_STATE,
        ProblemCode.UNSUPPORTED_MEDIA_TYPE,
    ),
    openapi_extra=takes(EnrolKey, _KEY),
)
async def enrol_key(
    request: Request, account: Bidder, asked: Annotated[EnrolKey, Depends(body(EnrolKey))]
) -> Response:
    """Enrols a public key; the key is its own name, so asking again creates nothing twice."""
    desk = parts_of(request).desk
    return answer(_key(await people.enrol_key(desk, account.account_id, asked.public_key)), 201)


def _key(key: StoredKey) -> EnrolledKey:
    return EnrolledKey(key_id=key.key_id, public_key=key.public_key, enrolled_at=key.enrolled_at)


async def _me(parts: Parts, account_id: str) -> Me:
    async with parts.engine.begin() as connection:
        account = await accounts.account_by_id(connection, account_id)
        who = await vault.read_identity(connection, account_id)
    if account is None:
        raise Refused(ProblemCode.NOT_SIGNED_IN, "Sign in first.")
    return Me.model_validate(
        {
            "account_id": account_id,
            "username": account.username,
            "display_name": account.display_name if who is None else who.display_name,
            "roles": tuple(sorted(account.roles)),
        }
    )
