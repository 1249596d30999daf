"""Copy: nothing. A message is a row, which the database brings along; what a client holds, it holds."""

from cyphr.migrate.realtime.conversation import CanaryConversation
from cyphr.migrate.realtime.places import RealtimePlaces


async def reach_both(places: RealtimePlaces) -> None:
    """See that the canaries can sign in and connect to both sides. Raises Unavailable or InvalidInput."""
    async with CanaryConversation(places):
        pass
