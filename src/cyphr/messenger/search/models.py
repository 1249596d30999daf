"""What a search finds, on the wire."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, StringConstraints

from cyphr.messenger.messages.models import Message, shows_something
from cyphr.messenger.people.models import PlainText

Words = Annotated[PlainText, StringConstraints(max_length=200), AfterValidator(shows_something)]


class Highlight(BaseModel):
    """A part of the snippet that was looked for, in UTF-16 units."""

    start: int
    length: int


class Hit(BaseModel):
    """A message that was found. ``snippet``: the part of its text where the words are."""

    message: Message
    snippet: str
    highlights: list[Highlight]


class Hits(BaseModel):
    """Part of what was found, newest first. ``next``: the cursor of the rest."""

    hits: list[Hit]
    next: str | None
