"""Cognito asks for the challenge itself: the PIN, then the second factor. Nothing is made, and nothing is secret."""

from typing import Any

from cyphr.messenger.cognito.rounds import asked_next
from cyphr.messenger.lambdas.container import Event, invocation


@invocation
def handler(event: Event, _: Any) -> Event:
    """Tells the client what to ask its person for: ``pin``, or ``factor`` (an authenticator's or a recovery code)."""
    asked = asked_next(event["request"].get("session") or [])
    event["response"] = {
        **(event.get("response") or {}),
        "publicChallengeParameters": {"kind": asked.lower()},
        "privateChallengeParameters": {"kind": asked.lower()},
        "challengeMetadata": asked,
    }
    return event
