"""Cognito asks what is to be proven next. Whoever signs in at it with a PIN proves the PIN, and has three tries.

The tries are of one sign-in; those of all sign-ins together are counted where the PIN is checked.
"""

from typing import Any

from cyphr.messenger.lambdas.container import Event, invocation

_TRIES = 3


@invocation
def handler(event: Event, _: Any) -> Event:
    """A challenge until one was answered right. For a user that is not there the same, and it is never right."""
    answered = event["request"].get("session") or []
    ours = [one for one in answered if one.get("challengeName") == "CUSTOM_CHALLENGE"]
    right = bool(ours) and ours[-1].get("challengeResult") is True and not event["request"].get("userNotFound")
    foreign = len(ours) < len(answered)
    failed = not right and (foreign or len(ours) >= _TRIES)
    event["response"] = {
        **(event.get("response") or {}),
        "challengeName": None if right or failed else "CUSTOM_CHALLENGE",
        "issueTokens": right and not foreign,
        "failAuthentication": failed or (right and foreign),
    }
    return event
