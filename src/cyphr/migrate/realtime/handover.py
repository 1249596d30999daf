"""Handover: the switchboard names the other side for realtime, and clients connect there. Handing back is the same.

The messenger tells its clients within seconds, and each goes at a moment of its own: it connects to the other side,
resumes with what it holds, and only then leaves this one. Both sides deliver all the while, so nothing is missed.
"""

import psycopg
from psycopg import AsyncConnection

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import HandoverRefused
from cyphr.foundation.postgres import Side
from cyphr.foundation.queries import load_queries
from cyphr.migrate.authority import Authority, read_side, with_authority
from cyphr.migrate.service import HandoverTiming

_queries = load_queries(__package__)


async def hand_over_endpoint(authority: Authority, to: Side) -> HandoverTiming:
    """Move the authority over realtime to ``to``. Does nothing when it is there already.

    Raises HandoverRefused when the switchboard is held for two seconds; nothing is changed then.
    """
    if await read_side(authority, "realtime") is to:
        return HandoverTiming(0.0, 0.0)

    async def flip(connection: AsyncConnection) -> float:
        await connection.execute("set local lock_timeout = '2s'")
        began = monotonic()
        row = await (await connection.execute(_queries.lock_switchboard)).fetchone()
        if row is None or row[0] == to:
            raise HandoverRefused("realtime was handed over by somebody else meanwhile")
        await connection.execute(_queries.flip_switchboard, {"side": to})
        return (monotonic() - began) * 1000

    try:
        fence_ms = await with_authority(authority, flip)
    except psycopg.errors.LockNotAvailable as error:
        raise HandoverRefused("the switchboard has been held for two seconds; try again") from error
    return HandoverTiming(fence_ms=fence_ms, drain_ms=0.0, blocked_ms=fence_ms)
