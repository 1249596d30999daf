"""/v1/admin. Whoever changes something has proved who they are within the last five minutes."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from cyphr.foundation.errors import NotAllowed, NotFound
from cyphr.messenger.admin import provider, scim
from cyphr.messenger.admin.models import (
    AdministeredGroup,
    Invitation,
    NewGroup,
    NewPerson,
    NotedEvent,
    PeoplePage,
    PersonDetails,
    Policy,
    RoleChange,
    Words,
)
from cyphr.messenger.admin.service import Administration
from cyphr.messenger.sessions.routes import SignedIn, StepUp

router = APIRouter(prefix="/v1/admin", tags=["administration"])

_DONE = 204


def _administration(request: Request) -> Administration:
    administration: Administration = request.app.state.messenger.administration
    return administration


Service = Annotated[Administration, Depends(_administration)]


@router.get("/people")
async def find_people(
    identity: SignedIn,
    administration: Service,
    words: Annotated[Words | None, Query(description="Part of a name, an e-mail address or a @cyphr_id.")] = None,
    suspended: Annotated[bool | None, Query(description="Only those who are suspended, or are not.")] = None,
    cursor: Annotated[str | None, Query(max_length=200, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> PeoplePage:
    """People of one's tenant, newest first."""
    return await administration.find(identity.user_id, words, suspended=suspended, cursor=cursor, limit=limit)


@router.post("/people", status_code=201)
async def create_person(body: NewPerson, identity: StepUp, administration: Service) -> PersonDetails:
    """Make an account. Its owner is mailed a code to choose a PIN with."""
    return await administration.create(identity.user_id, body)


@router.get("/people/{user_id}")
async def read_person(user_id: UUID, identity: SignedIn, administration: Service) -> PersonDetails:
    """One person, and where they are signed in."""
    return await administration.read(identity.user_id, user_id)


@router.put("/people/{user_id}/suspension", status_code=_DONE)
async def suspend(user_id: UUID, identity: StepUp, administration: Service) -> Response:
    """Sign somebody out and keep them out. They are told by mail."""
    await administration.act(identity.user_id, "suspended", user_id)
    return Response(status_code=_DONE)


@router.delete("/people/{user_id}/suspension", status_code=_DONE)
async def reinstate(user_id: UUID, identity: StepUp, administration: Service) -> Response:
    """Let somebody sign in again."""
    await administration.act(identity.user_id, "reinstated", user_id)
    return Response(status_code=_DONE)


@router.delete("/people/{user_id}/sessions", status_code=_DONE)
async def sign_out(user_id: UUID, identity: StepUp, administration: Service) -> Response:
    """End every session of somebody."""
    await administration.act(identity.user_id, "signed_out", user_id)
    return Response(status_code=_DONE)


@router.delete("/people/{user_id}/sessions/{session_id}", status_code=_DONE)
async def revoke_device(user_id: UUID, session_id: UUID, identity: StepUp, administration: Service) -> Response:
    """End one session, and forget its device: the next sign-in from there is that of a new one."""
    await administration.act(identity.user_id, "device_revoked", user_id, str(session_id))
    return Response(status_code=_DONE)


@router.delete("/people/{user_id}/factors", status_code=_DONE)
async def reset_factors(user_id: UUID, identity: StepUp, administration: Service) -> Response:
    """Remove every second factor and recovery code of somebody who has lost them."""
    await administration.act(identity.user_id, "factors_reset", user_id)
    return Response(status_code=_DONE)


@router.delete("/people/{user_id}/pin", status_code=_DONE)
async def reset_pin(user_id: UUID, identity: StepUp, administration: Service) -> Response:
    """Make the PIN of somebody useless, end their sessions, and mail them a code to choose a new one with."""
    await administration.act(identity.user_id, "pin_reset", user_id)
    return Response(status_code=_DONE)


@router.delete("/people/{user_id}/password", status_code=_DONE)
async def reset_password(user_id: UUID, identity: StepUp, administration: Service) -> Response:
    """Make the password of somebody useless and end their sessions. They are told by mail to ask for a new one."""
    await administration.act(identity.user_id, "password_reset", user_id)
    return Response(status_code=_DONE)


@router.put("/people/{user_id}/role", status_code=_DONE)
async def set_role(user_id: UUID, body: RoleChange, identity: StepUp, administration: Service) -> Response:
    """Make somebody a member, an admin or an owner; owners may."""
    await administration.act(identity.user_id, "role_set", user_id, body.role)
    return Response(status_code=_DONE)


@router.post("/invitations", status_code=202)
async def invite(body: Invitation, identity: StepUp, administration: Service) -> dict[str, str]:
    """Invite an address by mail. The answer is the same for every address."""
    await administration.invite(identity.user_id, body)
    return {}


@router.get("/policy")
async def read_policy(identity: SignedIn, administration: Service) -> Policy:
    """What the tenant demands of its people."""
    return await administration.read_policy(identity.user_id)


@router.put("/policy", status_code=_DONE)
async def set_policy(body: Policy, identity: StepUp, administration: Service) -> Response:
    """Demand something else of new PINs, of sessions from their next refresh on, and of everybody within half a minute;
    owners may.
    """
    await administration.set_policy(identity.user_id, body)
    return Response(status_code=_DONE)


@router.get("/groups")
async def list_groups(identity: SignedIn, administration: Service) -> list[AdministeredGroup]:
    """Groups of the tenant."""
    return await administration.list_groups(identity.user_id)


@router.post("/groups", status_code=201)
async def make_group(body: NewGroup, identity: StepUp, administration: Service) -> AdministeredGroup:
    """Make a group."""
    return await administration.make_group(identity.user_id, body.name)


@router.delete("/groups/{group_id}", status_code=_DONE)
async def remove_group(group_id: UUID, identity: StepUp, administration: Service) -> Response:
    """Remove a group; its people stay."""
    await administration.remove_group(identity.user_id, group_id)
    return Response(status_code=_DONE)


@router.put("/groups/{group_id}/members/{user_id}", status_code=_DONE)
async def join_group(group_id: UUID, user_id: UUID, identity: StepUp, administration: Service) -> Response:
    """Put somebody into a group."""
    await administration.set_group(identity.user_id, group_id, user_id, joins=True)
    return Response(status_code=_DONE)


@router.delete("/groups/{group_id}/members/{user_id}", status_code=_DONE)
async def leave_group(group_id: UUID, user_id: UUID, identity: StepUp, administration: Service) -> Response:
    """Take somebody out of a group."""
    await administration.set_group(identity.user_id, group_id, user_id, joins=False)
    return Response(status_code=_DONE)


@router.get("/audit")
async def list_events(
    identity: SignedIn,
    administration: Service,
    person: Annotated[UUID | None, Query(description="Only what they did, or what befell them.")] = None,
    before: Annotated[int | None, Query(ge=1, description="Only what stands before this place.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[NotedEvent]:
    """Security events of the tenant, newest first."""
    return await administration.list_events(identity.user_id, user_id=person, before=before, limit=limit)


@router.get("/scim/v2/Users", response_model=scim.ListResponse)
async def export_users(
    request: Request,
    identity: SignedIn,
    administration: Service,
    start: Annotated[int, Query(alias="startIndex", ge=1, le=1_000_000)] = 1,
    count: Annotated[int, Query(ge=0, le=provider.MOST_AT_ONCE)] = 100,
    wanted: Annotated[str | None, Query(alias="filter", max_length=300)] = None,
) -> JSONResponse:
    """People as SCIM 2.0 (RFC 7644) lists them. `filter`: `userName eq "…"` or `co`."""
    words = scim.read_filter(wanted)
    total, people = await administration.export(identity.user_id, words, start - 1, count)
    users = [scim.as_user(person, _base(request)) for person in people]
    if scim.is_exact(wanted):
        users = [user for user in users if user.user_name.lower() == (words or "").lower()]
        total = len(users)
    shown = scim.ListResponse(total_results=total, start_index=start, items_per_page=len(users), resources=users)
    return JSONResponse(scim.dump(shown), media_type=scim.MEDIA_TYPE)


@router.get("/scim/v2/Users/{user_id}", response_model=scim.User)
async def export_user(user_id: UUID, request: Request, identity: SignedIn, administration: Service) -> JSONResponse:
    """One person as SCIM 2.0 shows them."""
    person = await administration.read(identity.user_id, user_id)
    return JSONResponse(scim.dump(scim.as_user(person, _base(request))), media_type=scim.MEDIA_TYPE)


@router.get("/scim/v2/Groups", response_model=scim.ListResponse)
async def export_groups(request: Request, identity: SignedIn, administration: Service) -> JSONResponse:
    """The tenant's groups as SCIM 2.0 lists them."""
    groups = [scim.as_group(group, _base(request)) for group in await administration.list_groups(identity.user_id)]
    shown = scim.ListResponse(total_results=len(groups), start_index=1, items_per_page=len(groups), resources=groups)
    return JSONResponse(scim.dump(shown), media_type=scim.MEDIA_TYPE)


async def _directory(
    identity: SignedIn,
    administration: Service,
    wanted: Annotated[str | None, Query(alias="filter", max_length=300)] = None,
) -> None:
    await administration.check(identity.user_id)
    if wanted is not None:
        raise NotAllowed("what the provider can is not filtered; ask for all of it")  # RFC 7644, section 4


Directory = Depends(_directory)
"""A route for administrators that describes what SCIM can here."""


@router.get("/scim/v2/ServiceProviderConfig", dependencies=[Directory])
async def read_provider_config(request: Request) -> JSONResponse:
    """What of SCIM 2.0 is supported: reading."""
    return JSONResponse(provider.provider_config(_base(request)), media_type=scim.MEDIA_TYPE)


@router.get("/scim/v2/ResourceTypes", dependencies=[Directory])
async def list_resource_types(request: Request) -> JSONResponse:
    """Which kinds of things SCIM shows here: people and groups."""
    return JSONResponse(provider.as_list(provider.resource_types(_base(request))), media_type=scim.MEDIA_TYPE)


@router.get("/scim/v2/ResourceTypes/{kind}", dependencies=[Directory])
async def read_resource_type(kind: str, request: Request) -> JSONResponse:
    """One kind."""
    return _one(provider.resource_types(_base(request)), kind)


@router.get("/scim/v2/Schemas", dependencies=[Directory])
async def list_schemas(request: Request) -> JSONResponse:
    """Which attributes people and groups have."""
    return JSONResponse(provider.as_list(provider.schemas(_base(request))), media_type=scim.MEDIA_TYPE)


@router.get("/scim/v2/Schemas/{urn}", dependencies=[Directory])
async def read_schema(urn: str, request: Request) -> JSONResponse:
    """The attributes of one kind."""
    return _one(provider.schemas(_base(request)), urn)


def _one(known: list[dict[str, Any]], name: str) -> JSONResponse:
    found = [one for one in known if one["id"] == name]
    if not found:
        raise NotFound("SCIM shows nothing of this name here; it shows users and groups")
    return JSONResponse(found[0], media_type=scim.MEDIA_TYPE)


def _base(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}/v1/admin/scim/v2"
