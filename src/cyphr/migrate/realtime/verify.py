"""Verify: a conversation from both sides in turn, whose every message both sides must deliver, in order, unchanged."""

from statistics import median

from cyphr.foundation.clock import monotonic
from cyphr.foundation.postgres import Side
from cyphr.migrate.realtime.conversation import CanaryConversation
from cyphr.migrate.realtime.places import RealtimePlaces
from cyphr.migrate.service import Verification

_MESSAGES = 20


async def verify_deliveries(places: RealtimePlaces) -> Verification:
    """Compare what both sides deliver. Raises Unavailable when one of them cannot be reached."""
    began = monotonic()
    rounds = []
    async with CanaryConversation(places) as conversation:
        for number in range(_MESSAGES):
            side = Side.SUPABASE if number % 2 == 0 else Side.AWS
            rounds.append(await conversation.say(number // 2 % 2, side))
    took = {side: [each.milliseconds[side] for each in rounds if side in each.milliseconds] for side in Side}
    notes = [f"{side}: delivered after {median(times):.0f} ms in the median" for side, times in took.items() if times]
    differences = [difference for each in rounds for difference in each.differences]
    return Verification(len(rounds), differences, notes, seconds=monotonic() - began)
