"""/v1/cognito and /v1/me/password."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from cyphr.foundation.errors import NotFound
from cyphr.messenger.cognito.models import (
    Address,
    Confirmation,
    PasswordChange,
    PasswordReset,
    PasswordSignIn,
    PoolRefresh,
    PoolTokens,
    SignUp,
    SignUpBegun,
    TokenRequest,
)
from cyphr.messenger.cognito.service import Cognito
from cyphr.messenger.sessions.models import Session
from cyphr.messenger.sessions.routes import CHALLENGED, SignedIn, StepUp, admitted
from cyphr.messenger.sessions.service import NewSession

router = APIRouter(prefix="/v1", tags=["cognito"])


def _cognito(request: Request) -> Cognito:
    cognito: Cognito | None = request.app.state.messenger.cognito
    if cognito is None:
        raise NotFound("nobody signs in with a password here; use a PIN")
    return cognito


Service = Annotated[Cognito, Depends(_cognito)]


@router.post("/cognito/sign-ups", status_code=202)
async def sign_up(body: SignUp, cognito: Service) -> SignUpBegun:
    """Begin to register with a password: a code is mailed. The answer is alike for every address."""
    return SignUpBegun(sign_up=await cognito.sign_up(body))


@router.post("/cognito/sign-ups/codes", status_code=202)
async def resend_code(body: SignUpBegun, cognito: Service) -> dict[str, str]:
    """Have the code mailed again. The answer is the same whether there is such a sign-up."""
    await cognito.resend(body.sign_up)
    return {}


@router.post("/cognito/sign-ups/confirm", status_code=204)
async def confirm(body: Confirmation, cognito: Service) -> Response:
    """Make the account with the mailed code. Then sign in."""
    await cognito.confirm(body)
    return Response(status_code=204)


@router.post("/cognito/sessions", status_code=201, response_model=Session, responses=CHALLENGED)
async def sign_in(body: PasswordSignIn, cognito: Service) -> Session | JSONResponse:
    """Sign in with e-mail address and password."""
    return admitted(await cognito.sign_in(body.email, body.password, NewSession(body.device, body.device_id)))


@router.post("/cognito/tokens")
async def tokens(body: TokenRequest, identity: StepUp, cognito: Service) -> PoolTokens:
    """Cognito's own tokens, for AWS's services: for a session that has proved all that is asked, and the password."""
    return await cognito.tokens(identity, body.password)


@router.post("/cognito/tokens/refresh")
async def refresh_tokens(body: PoolRefresh, identity: SignedIn, cognito: Service) -> PoolTokens:
    """New ones of Cognito, while one is signed in here."""
    return await cognito.refresh(identity, body.refresh_token)


@router.delete("/cognito/tokens", status_code=204)
async def sign_out_everywhere(identity: SignedIn, cognito: Service) -> Response:
    """Sign out everywhere: every session, this one too, and all of Cognito's tokens."""
    await cognito.sign_out_everywhere(identity)
    return Response(status_code=204)


@router.post("/cognito/password/forgot", status_code=202)
async def forgot_password(body: Address, cognito: Service) -> dict[str, str]:
    """Have a code mailed to set a new password with. The answer is the same for every address."""
    await cognito.forgot(body.email)
    return {}


@router.post("/cognito/password/reset", status_code=204)
async def reset_password(body: PasswordReset, cognito: Service) -> Response:
    """Set a new password with that code; every session ends."""
    await cognito.reset(body)
    return Response(status_code=204)


@router.put("/me/password", status_code=204)
async def change_password(body: PasswordChange, identity: SignedIn, cognito: Service) -> Response:
    """Change the password; every other session ends."""
    await cognito.change(identity, body)
    return Response(status_code=204)
