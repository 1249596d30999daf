"""/v1/sessions, and the dependency that every route of a signed-in person has."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from cyphr.foundation.errors import NotAuthenticated
from cyphr.messenger.sessions.models import Identity, Refresh, Session, SignIn
from cyphr.messenger.sessions.service import Sessions

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])

_bearer = HTTPBearer(auto_error=False, description="An access token.")


def _sessions(request: Request) -> Sessions:
    sessions: Sessions = request.app.state.messenger.sessions
    return sessions


Service = Annotated[Sessions, Depends(_sessions)]


async def _signed_in(
    sessions: Service, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Identity:
    if credentials is None:
        raise NotAuthenticated("this needs an access token: Authorization: Bearer …")
    return await sessions.identify(credentials.credentials)


SignedIn = Annotated[Identity, Depends(_signed_in)]
"""A route parameter: who the request is from."""


@router.post("", status_code=201)
async def sign_in(body: SignIn, sessions: Service) -> Session:
    """Sign in with e-mail address and PIN."""
    return await sessions.sign_in(body.email, body.pin, body.device)


@router.post("/refresh")
async def refresh(body: Refresh, sessions: Service) -> Session:
    """Exchange a refresh token, once, for a new session pair."""
    return await sessions.refresh(body.refresh_token)


@router.delete("/current", status_code=204)
async def sign_out(identity: SignedIn, sessions: Service) -> Response:
    """End this session."""
    await sessions.sign_out(identity)
    return Response(status_code=204)
