"""Cognito is about to write tokens: whose they are is written into both, so that nobody needs to look it up.

Version 1 of the event has an ID token only, version 2 both. It needs no database: the attributes are set once, by us.
"""

from typing import Any
from uuid import UUID

from cyphr.messenger.lambdas.container import Event, invocation


class Refused(Exception):
    """Cognito gives no tokens."""


@invocation
def handler(event: Event, _: Any) -> Event:
    """Adds ``user_id``, ``tenant`` and ``groups``. Raises Refused for a user that is nobody's: it gets no tokens."""
    request = event["request"]
    attributes = request.get("userAttributes") or {}
    try:
        claims = {"user_id": str(UUID(attributes["custom:user_id"]))}
    except (KeyError, ValueError) as error:
        raise Refused("this user belongs to no account") from error
    if attributes.get("custom:tenant"):
        claims["tenant"] = attributes["custom:tenant"]
    groups = sorted((request.get("groupConfiguration") or {}).get("groupsToOverride") or [])
    if groups:
        claims["groups"] = ",".join(groups)
    added = {"claimsToAddOrOverride": claims}
    if str(event.get("version")) == "1":
        answer: dict[str, Any] = {"claimsOverrideDetails": added}
    else:
        answer = {"claimsAndScopeOverrideDetails": {"idTokenGeneration": added, "accessTokenGeneration": added}}
    event["response"] = {**(event.get("response") or {}), **answer}
    return event
