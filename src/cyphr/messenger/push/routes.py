"""/v1/push/endpoints and /v1/me/notifications."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from cyphr.messenger.push.models import NewEndpoint, Notifications
from cyphr.messenger.push.service import Push
from cyphr.messenger.sessions.routes import SignedIn

router = APIRouter(prefix="/v1", tags=["push"])


def _push(request: Request) -> Push:
    push: Push = request.app.state.messenger.push
    return push


Service = Annotated[Push, Depends(_push)]


@router.put("/push/endpoints/{device}", status_code=204)
async def register_endpoint(device: UUID, body: NewEndpoint, identity: SignedIn, push: Service) -> Response:
    """Have pushes sent to this device until its session ends. ``device``: an id that the installation keeps."""
    await push.register(identity, device, body)
    return Response(status_code=204)


@router.delete("/push/endpoints/{device}", status_code=204)
async def remove_endpoint(device: UUID, identity: SignedIn, push: Service) -> Response:
    """Send no more pushes to this device."""
    await push.remove(identity, device)
    return Response(status_code=204)


@router.get("/me/notifications")
async def read_notifications(identity: SignedIn, push: Service) -> Notifications:
    """What one wants of pushes."""
    return await push.read_notifications(identity.user_id)


@router.put("/me/notifications")
async def set_notifications(body: Notifications, identity: SignedIn, push: Service) -> Notifications:
    """Say what one wants of pushes, on all devices."""
    return await push.set_notifications(identity.user_id, body)
