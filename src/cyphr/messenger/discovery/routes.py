"""GET /v1/people."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from cyphr.messenger.discovery.service import Discovery
from cyphr.messenger.people.models import Person, PlainText
from cyphr.messenger.sessions.routes import SignedIn

router = APIRouter(prefix="/v1/people", tags=["people"])


def _discovery(request: Request) -> Discovery:
    discovery: Discovery = request.app.state.messenger.discovery
    return discovery


@router.get("")
async def find_person(
    identity: SignedIn,
    cyphr_id: Annotated[PlainText, Query(min_length=1, max_length=100, description="Exact, like @anna.")],
    discovery: Annotated[Discovery, Depends(_discovery)],
) -> Person:
    """The person with exactly this public name."""
    return await discovery.find_person(identity.user_id, cyphr_id)
