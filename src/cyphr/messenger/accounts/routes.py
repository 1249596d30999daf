"""/v1/accounts and /v1/me."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from cyphr.messenger.accounts.models import CodeRequest, Me, PinChange, Recovery, Registration
from cyphr.messenger.accounts.service import Accounts
from cyphr.messenger.sessions.models import Session
from cyphr.messenger.sessions.routes import SignedIn

router = APIRouter(prefix="/v1", tags=["accounts"])


def _accounts(request: Request) -> Accounts:
    accounts: Accounts = request.app.state.messenger.accounts
    return accounts


Service = Annotated[Accounts, Depends(_accounts)]


@router.post("/accounts/codes", status_code=202)
async def request_code(body: CodeRequest, accounts: Service) -> dict[str, str]:
    """Mail a six-digit code to an address, or word that it has an account already. The answer is always the same."""
    await accounts.send_code(body.email)
    return {}


@router.post("/accounts", status_code=201)
async def register(body: Registration, accounts: Service) -> Session:
    """Make an account with a mailed code, and sign in."""
    return await accounts.register(body)


@router.post("/accounts/recovery/codes", status_code=202)
async def request_recovery(body: CodeRequest, accounts: Service) -> dict[str, str]:
    """Mail who has forgotten their PIN a six-digit code for a new one. The answer is the same for every address."""
    await accounts.send_recovery(body.email)
    return {}


@router.post("/accounts/recovery", status_code=204)
async def recover(body: Recovery, accounts: Service) -> Response:
    """Set a new PIN with a mailed code. All sessions end; second factors stay. Sign in with the new PIN."""
    await accounts.recover(body)
    return Response(status_code=204)


@router.get("/me")
async def read_me(identity: SignedIn, accounts: Service) -> Me:
    """Oneself."""
    return await accounts.read_me(identity.user_id)


@router.put("/me/pin", status_code=204)
async def change_pin(body: PinChange, identity: SignedIn, accounts: Service) -> Response:
    """Change the PIN; every other session ends."""
    await accounts.change_pin(identity, body)
    return Response(status_code=204)
