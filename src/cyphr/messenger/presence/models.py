"""What a person shows of themselves, and who is here, on the wire."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

Audience = Literal["everyone", "contacts", "nobody"]
"""``contacts``: those one shares a chat with."""


class Privacy(BaseModel):
    """``last_seen``: whether and when one is here; ``picture``: one's avatar; ``read_receipts``: what one has read.

    Who hides the first or the last from everybody is not shown it of others.
    """

    last_seen: Audience = "everyone"
    picture: Audience = "everyone"
    read_receipts: bool = True


class MemberPresence(BaseModel):
    """A member of a chat who shows it. ``last_seen``: when they were last here, if they are not."""

    user_id: UUID
    online: bool
    last_seen: datetime | None
