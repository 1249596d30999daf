"""/v1/sessions, and the dependency that every route of a signed-in person has."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from cyphr.foundation.errors import NotAuthenticated
from cyphr.messenger.sessions.models import Challenge, Exchange, Identity, Refresh, Session, SignIn
from cyphr.messenger.sessions.service import NewSession, Sessions

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])

keys = APIRouter(tags=["sessions"])

# What is served to whom a second factor is demanded of: setting one up, and all about the session itself.
_TO_ENROL = ("/v1/me/factors", "/v1/me/recovery-codes", "/v1/sessions")

_bearer = HTTPBearer(auto_error=False, description="An access token.")


def _sessions(request: Request) -> Sessions:
    sessions: Sessions = request.app.state.messenger.sessions
    return sessions


Service = Annotated[Sessions, Depends(_sessions)]


async def _signed_in(
    request: Request,
    sessions: Service,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Identity:
    if credentials is None:
        raise NotAuthenticated("this needs an access token: Authorization: Bearer …")
    enrolling = request.url.path == "/v1/me" or request.url.path.startswith(_TO_ENROL)
    return await sessions.identify(credentials.credentials, enrolling=enrolling)


SignedIn = Annotated[Identity, Depends(_signed_in)]
"""A route parameter: who the request is from."""


async def _stepped_up(identity: SignedIn, sessions: Service) -> Identity:
    await sessions.require_proof(identity)
    return identity


StepUp = Annotated[Identity, Depends(_stepped_up)]
"""A route parameter: who the request is from, and they proved it within the last five minutes."""

CHALLENGED: dict[int | str, dict[str, Any]] = {
    202: {"model": Challenge, "description": "A second factor is wanted: POST /v1/sessions/challenges."}
}
"""``responses`` of a route that ends in ``Sessions.admit``."""


def admitted(outcome: Session | Challenge) -> Session | JSONResponse:
    """What such a route returns: 201 with a session, or 202 with a challenge."""
    if isinstance(outcome, Challenge):
        return JSONResponse(outcome.model_dump(mode="json"), 202)
    return outcome


@router.post("", status_code=201, response_model=Session, responses=CHALLENGED)
async def sign_in(body: SignIn, sessions: Service) -> Session | JSONResponse:
    """Sign in with e-mail address and PIN."""
    return admitted(await sessions.sign_in(body.email, body.pin, NewSession(body.device, body.device_id)))


@router.post("/refresh")
async def refresh(body: Refresh, sessions: Service) -> Session:
    """Exchange a refresh token, once, for a new session pair."""
    return await sessions.refresh(body.refresh_token)


@router.post("/exchange", status_code=201, response_model=Session, responses=CHALLENGED)
async def exchange(body: Exchange, sessions: Service) -> Session | JSONResponse:
    """Exchange an access token of Cognito or Supabase for a session here. Its own session then ends."""
    return admitted(await sessions.exchange(body.token, NewSession(body.device, body.device_id)))


@router.delete("/current", status_code=204)
async def sign_out(identity: SignedIn, sessions: Service) -> Response:
    """End this session."""
    await sessions.sign_out(identity)
    return Response(status_code=204)


@keys.get("/.well-known/jwks.json")
async def read_keys(sessions: Service) -> dict[str, list[dict[str, str]]]:
    """The public keys that our access tokens are checked with, as a JSON Web Key Set (RFC 7517). The first signs."""
    return {"keys": sessions.public_keys()}
