"""How a push leaves us. The rules do not know by which service."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cyphr.messenger.push.models import Platform


@dataclass(frozen=True, slots=True)
class Notification:
    """What a device is told: one for all that waits in a chat. ``silent``: only the icon's number changes.

    A newer one of the same chat takes the place of an older one on the device.
    """

    chat_id: UUID
    title: str
    body: str
    badge: int
    waiting: int
    link: str
    silent: bool = False


class Channel(Protocol):
    """Reaches devices. What cannot be reached now is Unavailable or RateLimited; who is gone for good is NotFound."""

    @property
    def platforms(self) -> frozenset[Platform]:
        """Those that can be reached here."""
        ...

    async def make_endpoint(self, platform: Platform, token: str) -> str:
        """The name under which ``token`` is reached from now on; the same one for the same token.

        Raises NotFound when the platform knows no such token, RateLimited or Unavailable.
        """
        ...

    async def push(self, platform: Platform, endpoint: str, notification: Notification) -> None:
        """Hand over ``notification``.

        Raises NotFound when the device is gone, Conflict when the endpoint must be made anew, RateLimited or
        Unavailable, or InvalidInput when this notification will never be taken.
        """
        ...

    async def forget_endpoint(self, endpoint: str) -> None:
        """Let go of the name, as far as that is possible now."""
        ...
