"""Cursors of lists that are ordered by time: opaque to clients, a moment and an id to us."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from cyphr.foundation.errors import InvalidInput


class Place(NamedTuple):
    """A place in a list, newest first."""

    moment: datetime | str
    id: UUID

    def __str__(self) -> str:
        return urlsafe_b64encode(f"{self.moment} {self.id}".encode()).decode()


BEGINNING = Place("infinity", UUID(int=2**128 - 1))


def read_cursor(text: str | None) -> Place:
    """The place that a cursor names; without one the beginning. Raises InvalidInput."""
    if text is None:
        return BEGINNING
    try:
        moment, _, row_id = urlsafe_b64decode(text).decode().rpartition(" ")
        # In UTC, where a time at the ends of the calendar may not exist: PostgreSQL would be asked for it.
        return Place(datetime.fromisoformat(moment).astimezone(UTC), UUID(row_id))
    except (ValueError, OverflowError) as error:
        raise InvalidInput("this is no cursor of this list; begin without one") from error
