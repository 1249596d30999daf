"""Blocks and privacy on the wire."""

from typing import Literal

from pydantic import BaseModel


class ChatPrivacy(BaseModel):
    """Who may add this person to groups. ``contacts``: who shares a group with them, or was written to by them."""

    who_may_add: Literal["everyone", "contacts"] = "everyone"
