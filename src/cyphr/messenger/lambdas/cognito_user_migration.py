"""Cognito asks about a user that it does not have: whoever the migration has not made yet, and has a password.

It is asked in sign-ins that send the password (USER_PASSWORD_AUTH), which our app client does not allow: there for a
client that an enterprise adds. What is checked, and counted, is what the API checks.
"""

from typing import Any

from cyphr.messenger.cognito.triggers import migrated_attributes
from cyphr.messenger.lambdas.container import Event, invocation, run
from cyphr.messenger.lambdas.graph import core


class Refused(Exception):
    """Cognito tells the client that the user or the password is wrong."""


@invocation
def handler(event: Event, _: Any) -> Event:
    """The attributes of the user to make. Raises Refused for a wrong password, and for a forgotten one: the code for
    that is asked for at our API, which makes the user first.
    """
    passwords = core().passwords
    if passwords is None or event["triggerSource"] != "UserMigration_Authentication":
        raise Refused("no such user")
    email, password = event["userName"].strip().lower(), event["request"].get("password") or ""
    attributes = run(migrated_attributes(passwords, core().switchboard, email, password))
    if attributes is None:
        raise Refused("no such user")
    event["response"] = {
        **(event.get("response") or {}),
        "userAttributes": attributes,
        "finalUserStatus": "CONFIRMED",
        "messageAction": "SUPPRESS",
    }
    return event
