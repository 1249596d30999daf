"""What is asked in which round of Cognito's custom challenge: the PIN, then, of who has one, the second factor.

Cognito keeps the rounds and tells the triggers of them. What was asked in one is its metadata, which we give it and
no client can change.
"""

from collections.abc import Sequence
from typing import Any, Literal

Asked = Literal["PIN", "FACTOR"]

_MOST = 3
"""Rounds of one sign-in, right ones too: Cognito begins no fourth."""


def asked_next(rounds: Sequence[dict[str, Any]]) -> Asked:
    """What the next round asks for."""
    return "FACTOR" if "PIN" in _proven(rounds) else "PIN"


def is_over(rounds: Sequence[dict[str, Any]]) -> bool:
    """Whether nothing more can be proven: another kind of challenge was answered, or no round is left."""
    foreign = any(one.get("challengeName") != "CUSTOM_CHALLENGE" for one in rounds)
    return foreign or len(rounds) >= _MOST


def is_proven(rounds: Sequence[dict[str, Any]], *, factor_wanted: bool) -> bool:
    """Whether all that is asked was answered right, in rounds of ours alone, the last of them included."""
    if any(one.get("challengeName") != "CUSTOM_CHALLENGE" for one in rounds):
        return False
    wanted: set[Asked] = {"PIN", "FACTOR"} if factor_wanted else {"PIN"}
    return bool(rounds) and rounds[-1].get("challengeResult") is True and wanted <= _proven(rounds)


def _proven(rounds: Sequence[dict[str, Any]]) -> set[str]:
    return {str(one.get("challengeMetadata")) for one in rounds if one.get("challengeResult") is True}
