"""/v1/me/methods."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from cyphr.messenger.identities.models import LinkedMethod, MethodName, NewPasswordOfOwn, NewPin
from cyphr.messenger.identities.service import Identities
from cyphr.messenger.sessions.routes import SignedIn, StepUp

router = APIRouter(prefix="/v1/me/methods", tags=["methods"])


def _identities(request: Request) -> Identities:
    identities: Identities = request.app.state.messenger.identities
    return identities


Service = Annotated[Identities, Depends(_identities)]


@router.get("")
async def list_methods(identity: SignedIn, identities: Service) -> list[LinkedMethod]:
    """How one may sign in to this account."""
    return await identities.list(identity)


@router.put("/password", status_code=204)
async def link_password(body: NewPasswordOfOwn, identity: StepUp, identities: Service) -> Response:
    """Give the account a password. Needs step-up; every other session ends."""
    await identities.link_password(identity, body.password)
    return Response(status_code=204)


@router.put("/pin", status_code=204)
async def link_pin(body: NewPin, identity: StepUp, identities: Service) -> Response:
    """Give the account a PIN. Needs step-up; every other session ends."""
    await identities.link_pin(identity, body.pin)
    return Response(status_code=204)


@router.delete("/{method}", status_code=204)
async def unlink(method: MethodName, identity: StepUp, identities: Service) -> Response:
    """Take a method away, but never the last. Needs step-up; every other session ends."""
    await identities.unlink(identity, method)
    return Response(status_code=204)
