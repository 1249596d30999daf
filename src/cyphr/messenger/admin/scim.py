"""People and groups as SCIM 2.0 shows them (RFC 7643, 7644), read only: for programs that keep directories in step."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from cyphr.foundation.errors import InvalidInput
from cyphr.messenger.admin.models import AdministeredGroup, AdministeredPerson

MEDIA_TYPE = "application/scim+json"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_FILTER = re.compile(r'\s*(userName|emails(?:\.value)?)\s+(eq|co)\s+"([^"\\]{1,254})"\s*', re.IGNORECASE)


class _Scim(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Meta(_Scim):
    resource_type: Literal["User", "Group"]
    created: datetime
    last_modified: datetime
    location: str


class Name(_Scim):
    formatted: str


class Value(_Scim):
    """One of several: an address, a group, a role."""

    value: str
    display: str | None = None
    primary: bool | None = None


class User(_Scim):
    """A person. ``user_name``: the address of mail, or the @cyphr_id of who has none, or the id."""

    schemas: list[str] = [USER]
    id: UUID
    user_name: str
    name: Name
    display_name: str
    active: bool
    emails: list[Value]
    groups: list[Value]
    roles: list[Value]
    meta: Meta


class Group(_Scim):
    schemas: list[str] = [GROUP]
    id: UUID
    display_name: str
    members: list[Value]
    meta: Meta


class ListResponse(_Scim):
    """Part of a list. ``start_index`` counts from one."""

    schemas: list[str] = [LIST]
    total_results: int
    start_index: int
    items_per_page: int
    # The name of RFC 7644, which alone begins with a capital.
    resources: Annotated[list[User] | list[Group], Field(alias="Resources")]


def read_filter(text: str | None) -> str | None:
    """What people are looked for by. Raises InvalidInput for a filter that is not supported."""
    if text is None:
        return None
    found = _FILTER.fullmatch(text)
    if found is None:
        raise InvalidInput('this filter is not supported; use userName eq "…" or userName co "…"')
    return found[3]


def is_exact(text: str | None) -> bool:
    """Whether the filter wants equality."""
    found = None if text is None else _FILTER.fullmatch(text)
    return found is not None and found[2].lower() == "eq"


def as_user(person: AdministeredPerson, base: str) -> User:
    """A person; ``base``: the URL above ``/Users``."""
    return User(
        id=person.id,
        user_name=person.email or person.cyphr_id or str(person.id),
        name=Name(formatted=person.full_name),
        display_name=person.full_name,
        active=person.suspended_at is None,
        emails=[Value(value=person.email, primary=True)] if person.email else [],
        groups=[
            Value(value=str(group), display=name)
            for group, name in zip(person.group_ids, person.group_names, strict=True)
        ],
        roles=[Value(value=person.role)],
        meta=Meta(
            resource_type="User",
            created=person.created_at,
            last_modified=person.updated_at,
            location=f"{base}/Users/{person.id}",
        ),
    )


def as_group(group: AdministeredGroup, base: str) -> Group:
    """A group; ``base``: the URL above ``/Groups``."""
    return Group(
        id=group.id,
        display_name=group.name,
        members=[Value(value=str(member)) for member in group.member_ids],
        meta=Meta(
            resource_type="Group",
            created=group.created_at,
            last_modified=group.created_at,
            location=f"{base}/Groups/{group.id}",
        ),
    )


def dump(shown: BaseModel) -> Any:
    """The JSON, with SCIM's names and without what is not there."""
    return shown.model_dump(mode="json", by_alias=True, exclude_none=True)
