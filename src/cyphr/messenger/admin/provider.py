"""What our SCIM 2.0 can, and how it describes people and groups (RFC 7644 §4, RFC 7643 §5 to 7): all is read only.

The attributes are those of ``scim.User`` and ``scim.Group``; a test compares them.
"""

from typing import Any

from cyphr.messenger.admin.scim import GROUP, LIST, USER

_CORE = "urn:ietf:params:scim:schemas:core:2.0"
MOST_AT_ONCE = 500
"""Rows that one page of a list has at most."""

_Json = dict[str, Any]


def provider_config(base: str) -> _Json:
    """What is supported; ``base``: the URL above it."""
    no = {"supported": False}
    return {
        "schemas": [f"{_CORE}:ServiceProviderConfig"],
        "patch": no,
        "bulk": {**no, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MOST_AT_ONCE},
        "changePassword": no,
        "sort": no,
        "etag": no,
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "OAuth Bearer Token",
                "description": "An access token of an administrator: Authorization: Bearer …",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
    }


def resource_types(base: str) -> list[_Json]:
    """Which kinds of things there are, and where."""
    return [
        {
            "schemas": [f"{_CORE}:ResourceType"],
            "id": kind,
            "name": kind,
            "endpoint": f"/{kind}s",
            "description": description,
            "schema": schema,
            "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{kind}"},
        }
        for kind, schema, description in (
            ("User", USER, "A person of the tenant."),
            ("Group", GROUP, "A group of people of the tenant; no chat."),
        )
    ]


def schemas(base: str) -> list[_Json]:
    """How they look."""
    return [
        {
            "schemas": [f"{_CORE}:Schema"],
            "id": schema,
            "name": kind,
            "description": f"The attributes of a {kind.lower()} that are given.",
            "attributes": attributes,
            "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{schema}"},
        }
        for kind, schema, attributes in (("User", USER, _user()), ("Group", GROUP, _group()))
    ]


def as_list(found: list[_Json]) -> _Json:
    """All of them, as SCIM lists what it has."""
    return {
        "schemas": [LIST],
        "totalResults": len(found),
        "startIndex": 1,
        "itemsPerPage": len(found),
        "Resources": found,
    }


def _user() -> list[_Json]:
    address, group, role = "An address of mail.", "A group that the person is in.", "What the person may administer."
    return [
        _attribute("userName", "The address of mail, or the @cyphr_id of who has none, or the id.", unique=True),
        _attribute("name", "The person's name.", parts=[_attribute("formatted", "All of it.")]),
        _attribute("displayName", "The same."),
        _attribute("active", "False while the account is suspended.", kind="boolean"),
        _attribute(
            "emails",
            "Addresses of mail.",
            many=True,
            parts=[_attribute("value", address), _attribute("primary", "Always true.", kind="boolean")],
        ),
        _attribute(
            "groups",
            "Groups that the person is in.",
            many=True,
            parts=[_attribute("value", group), _attribute("display", "Its name.")],
        ),
        _attribute("roles", "member, admin or owner.", many=True, parts=[_attribute("value", role)]),
    ]


def _group() -> list[_Json]:
    member = _attribute("value", "The id of a person.")
    return [
        _attribute("displayName", "The group's name; no other of the tenant has it."),
        _attribute("members", "The people in it.", many=True, parts=[member]),
    ]


def _attribute(
    name: str,
    description: str,
    *,
    kind: str = "string",
    many: bool = False,
    unique: bool = False,
    parts: list[_Json] | None = None,
) -> _Json:
    described: _Json = {
        "name": name,
        "type": "complex" if parts else kind,
        "multiValued": many,
        "description": description,
        "required": unique,
        "mutability": "readOnly",
        "returned": "default",
    }
    if parts:
        return {**described, "subAttributes": parts}
    if kind == "string":
        described |= {"caseExact": False, "uniqueness": "server" if unique else "none"}
    return described
