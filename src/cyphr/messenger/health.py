"""/healthz: this process runs. /readyz: and what it needs answers."""

import asyncio

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from cyphr.foundation.errors import CyphrError
from cyphr.messenger.switchboard.service import read_standing

_PATIENCE_SECONDS = 3.0

router = APIRouter(tags=["operations"])


class Health(BaseModel):
    status: str = "ok"


class Readiness(BaseModel):
    """Each dependency: ``ok``, or why not. Without the database nothing is served; without the others messages are
    stored and answered, but reach people only by their next resume.
    """

    checks: dict[str, str]


@router.get("/healthz")
async def healthz() -> Health:
    """Whether the process runs."""
    return Health()


@router.get("/readyz", responses={503: {"model": Readiness}})
async def readyz(request: Request, response: Response) -> Readiness:
    """Whether requests can be served now, and if not, what fails."""
    reason = "ok"
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await read_standing(request.app.state.messenger.switchboard)
    except TimeoutError:
        reason = f"no answer within {_PATIENCE_SECONDS:g} s"
    except CyphrError as error:
        reason = error.message
    if reason != "ok":
        response.status_code = 503
    shared = request.app.state.messenger.shared
    others: dict[str, str] = {} if shared is None else await shared.check()
    return Readiness(checks={"database": reason, **others})
