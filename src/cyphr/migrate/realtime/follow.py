"""Follow: the canaries talk, in turn from either side, and every message must arrive on both."""

from dataclasses import dataclass, field

from cyphr.foundation.postgres import Side
from cyphr.migrate.realtime.conversation import CanaryConversation


@dataclass
class RealtimeProgress:
    """What the canaries saw."""

    messages: int = 0
    delivered_supabase: int = 0
    delivered_aws: int = 0
    slowest_ms: float = 0.0
    """The longest that a message took to arrive on either side."""
    differences: list[str] = field(default_factory=list)
    """Of the last message."""


async def follow_once(conversation: CanaryConversation, progress: RealtimeProgress) -> None:
    """One message: odd ones from Supabase's side, even ones from AWS's. Raises Unavailable when it cannot be sent."""
    side = Side.SUPABASE if progress.messages % 2 == 0 else Side.AWS
    spoken = await conversation.say(progress.messages // 2 % 2, side)
    progress.messages += 1
    progress.delivered_supabase += Side.SUPABASE in spoken.milliseconds
    progress.delivered_aws += Side.AWS in spoken.milliseconds
    progress.slowest_ms = max(progress.slowest_ms, *spoken.milliseconds.values(), 0.0)
    progress.differences = spoken.differences
