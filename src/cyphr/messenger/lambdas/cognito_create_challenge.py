"""Cognito asks for the challenge itself. It is always the PIN, so nothing is made, and nothing in it is secret."""

from typing import Any

from cyphr.messenger.lambdas.container import Event, invocation


@invocation
def handler(event: Event, _: Any) -> Event:
    """Tells the client what to ask its person for."""
    event["response"] = {
        **(event.get("response") or {}),
        "publicChallengeParameters": {"kind": "pin"},
        "privateChallengeParameters": {"kind": "pin"},
        "challengeMetadata": "PIN",
    }
    return event
