"""Cognito asks what is to be proven next. Whoever signs in at it with a PIN proves the PIN, then their second factor.

The rounds are of one sign-in; wrong answers of all sign-ins together are counted where they are checked.
"""

from typing import Any

from cyphr.messenger.cognito.rounds import is_over, is_proven
from cyphr.messenger.cognito.triggers import wants_factor
from cyphr.messenger.lambdas.container import Event, invocation, run
from cyphr.messenger.lambdas.graph import core


@invocation
def handler(event: Event, _: Any) -> Event:
    """A challenge until all was answered right. For a user that is not there the same, and it is never right."""
    request = event["request"]
    rounds = request.get("session") or []
    right = is_proven(rounds, factor_wanted=False) and not request.get("userNotFound") and _is_enough(request, rounds)
    failed = not right and is_over(rounds)
    event["response"] = {
        **(event.get("response") or {}),
        "challengeName": None if right or failed else "CUSTOM_CHALLENGE",
        "issueTokens": right,
        "failAuthentication": failed,
    }
    return event


def _is_enough(request: Event, rounds: list[Event]) -> bool:
    subject = (request.get("userAttributes") or {}).get("sub", "")
    wanted = run(wants_factor(core().switchboard, subject))
    return wanted is not None and is_proven(rounds, factor_wanted=wanted)
