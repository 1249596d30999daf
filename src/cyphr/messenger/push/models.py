"""Devices that are pushed to, on the wire, and what a person wants of pushes."""

from datetime import time
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, StringConstraints, model_validator

from cyphr.messenger.people.models import PlainText


class Platform(StrEnum):
    """Which service reaches a device."""

    FCM = "fcm"
    APNS = "apns"
    WEBPUSH = "webpush"


class NewEndpoint(BaseModel):
    """Where this device is reached. ``token``: what the platform gave it; ``language``: of the words in its pushes."""

    platform: Platform
    token: Annotated[PlainText, StringConstraints(min_length=1, max_length=1024, pattern=r"^[\x21-\x7e]+$")]
    language: Literal["en", "ru"] = "en"


class QuietHours(BaseModel):
    """From when to when, by the clock of a place, pushes wait; ``badge``: the icon's number is still kept up.

    They may pass midnight.
    """

    start: time
    end: time
    time_zone: Annotated[str, StringConstraints(max_length=64)]
    mode: Literal["badge", "none"] = "none"

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if self.start == self.end:
            raise ValueError("quiet hours must not end when they begin")
        if self.start.tzinfo is not None or self.end.tzinfo is not None:
            raise ValueError("quiet hours are by the clock of time_zone; give the times without an offset")
        return self


class Notifications(BaseModel):
    """What a person wants of pushes.

    ``preview``: ``full`` shows the words, ``name`` only who or which group, ``none`` nothing but that there is
    something. ``mentions_break_mute``: being mentioned in a muted chat is pushed nevertheless.
    """

    preview: Literal["full", "name", "none"] = "full"
    mentions_break_mute: bool = False
    quiet_hours: QuietHours | None = None
