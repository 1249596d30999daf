"""Cognito asks whether it may make a user. The app client is public: only what our API began is let through."""

from typing import Any
from uuid import UUID

from cyphr.messenger.cognito.triggers import is_begun
from cyphr.messenger.lambdas.container import Event, invocation, run
from cyphr.messenger.lambdas.graph import core


class Refused(Exception):
    """Cognito tells the client this error's text."""


@invocation
def handler(event: Event, _: Any) -> Event:
    """Returns the event as it came: the address is confirmed by a code. Raises Refused for other sign-ups."""
    if event["triggerSource"] == "PreSignUp_AdminCreateUser":
        return event  # the migration, or whoever administers the pool
    attributes = event["request"]["userAttributes"]
    username = _uuid(event["userName"])
    # An identity of Google's or another's comes by linking only, never as a user of its own.
    if event["triggerSource"] != "PreSignUp_SignUp" or username is None:
        raise Refused("register at the messenger")
    # The id says whose a user is; whoever could choose it would choose another's.
    if attributes.get("custom:user_id") != str(username):
        raise Refused("register at the messenger")
    if not run(is_begun(core().switchboard, username, attributes.get("email", ""))):
        raise Refused("register at the messenger")
    return event


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
