"""Cognito asks whether an answer is right: the PIN, or the second factor; checked and counted as by our API."""

from typing import Any

from cyphr.messenger.app import Messenger
from cyphr.messenger.cognito.triggers import account_of, proves_pin
from cyphr.messenger.lambdas.container import Event, invocation, run
from cyphr.messenger.lambdas.whole import messenger


@invocation
def handler(event: Event, _: Any) -> Event:
    """Says whether the answer is right. Of a user that is not there it is checked all the same, and is wrong."""
    request = event["request"]
    # What was asked is what our own trigger wrote there; the client sees it and cannot change it.
    kind = (request.get("privateChallengeParameters") or {}).get("kind")
    check = _proves_factor if kind == "factor" else _proves_pin
    right = run(check(messenger(), event, str(request.get("challengeAnswer") or "")))
    event["response"] = {**(event.get("response") or {}), "answerCorrect": right and not request.get("userNotFound")}
    return event


async def _proves_pin(built: Messenger, event: Event, answer: str) -> bool:
    attributes = event["request"].get("userAttributes") or {}
    email = attributes.get("email") or f"{event['userName']}@nobody.invalid"
    return await proves_pin(
        built.sessions.tries,
        built.switchboard,
        email=email.lower(),
        pin=answer,
        subject=attributes.get("sub", ""),
    )


async def _proves_factor(built: Messenger, event: Event, answer: str) -> bool:
    attributes = event["request"].get("userAttributes") or {}
    user_id = await account_of(built.switchboard, attributes.get("sub", ""))
    return user_id is not None and await built.proofs.proves_code(user_id, answer)
