"""Cognito asks whether an answer is right: whether the PIN is, checked and counted as at /v1/sessions."""

from typing import Any

from cyphr.messenger.cognito.triggers import proves_pin
from cyphr.messenger.lambdas.container import Event, invocation, run
from cyphr.messenger.lambdas.graph import messenger


@invocation
def handler(event: Event, _: Any) -> Event:
    """Says whether the PIN is right. Of a user that is not there it is checked all the same, and is wrong."""
    request = event["request"]
    attributes = request.get("userAttributes") or {}
    email = attributes.get("email") or f"{event['userName']}@nobody.invalid"
    built = messenger()
    right = run(
        proves_pin(
            built.sessions,
            built.switchboard,
            email=email.lower(),
            pin=str(request.get("challengeAnswer") or ""),
            subject=attributes.get("sub", ""),
        )
    )
    event["response"] = {**(event.get("response") or {}), "answerCorrect": right and not request.get("userNotFound")}
    return event
