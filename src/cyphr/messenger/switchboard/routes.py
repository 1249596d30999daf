"""GET /v1/switchboard."""

from fastapi import APIRouter, Request

from cyphr.messenger.switchboard.models import Standing
from cyphr.messenger.switchboard.service import read_standing

router = APIRouter(prefix="/v1/switchboard", tags=["operations"])


@router.get("")
async def switchboard(request: Request) -> Standing:
    """Which side each service stands on."""
    return await read_standing(request.app.state.messenger.switchboard)
