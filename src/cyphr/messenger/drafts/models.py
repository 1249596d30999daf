"""Drafts on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel

from cyphr.messenger.messages.models import fits_a_frame
from cyphr.messenger.people.models import PlainText


class NewDraft(BaseModel):
    """What is written so far; unlike a message it may be blank."""

    content: Annotated[PlainText, AfterValidator(fits_a_frame)]
    reply_to_id: UUID | None = None


class Draft(NewDraft):
    """What one has begun to write in a chat."""

    chat_id: UUID
    updated_at: datetime


class Drafts(BaseModel):
    """Part of one's drafts, newest first. ``next``: the cursor of the rest."""

    drafts: list[Draft]
    next: str | None
