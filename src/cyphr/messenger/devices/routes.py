"""What of /v1/sessions is about where one is signed in."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from cyphr.messenger.devices.models import OwnSession, SessionName
from cyphr.messenger.devices.service import Devices
from cyphr.messenger.sessions.routes import SignedIn

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])


def _devices(request: Request) -> Devices:
    devices: Devices = request.app.state.messenger.devices
    return devices


Service = Annotated[Devices, Depends(_devices)]


@router.get("")
async def list_sessions(identity: SignedIn, devices: Service) -> list[OwnSession]:
    """Where one is signed in, the last used first."""
    return await devices.list_sessions(identity)


@router.delete("", status_code=204)
async def end_other_sessions(identity: SignedIn, devices: Service) -> Response:
    """End every session but this one."""
    await devices.end_others(identity)
    return Response(status_code=204)


@router.put("/{session_id}/name", status_code=204)
async def rename_session(session_id: UUID, body: SessionName, identity: SignedIn, devices: Service) -> Response:
    """Call a session by a name of one's own."""
    await devices.rename(identity, session_id, body.name)
    return Response(status_code=204)


@router.delete("/{session_id}", status_code=204)
async def end_session(session_id: UUID, identity: SignedIn, devices: Service) -> Response:
    """End a session. Its device counts as new when it is signed in on again."""
    await devices.end(identity, session_id)
    return Response(status_code=204)
