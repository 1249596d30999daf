"""Handover: the switchboard names the other side for auth from one transaction on. Handing back is the same.

People are written down in the database on either side, so nothing can be missed: whoever registers in the very moment
gets their counterpart with the next round of following. The last round before it need not look at everyone, therefore.
Sessions stay valid.
"""

import psycopg
from psycopg import AsyncConnection

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import HandoverRefused
from cyphr.foundation.postgres import Side
from cyphr.migrate.auth.accounts import queries
from cyphr.migrate.auth.synchronisation import Synchronisation
from cyphr.migrate.authority import Authority, with_authority
from cyphr.migrate.service import HandoverTiming


async def hand_over_users(authority: Authority, synchronisation: Synchronisation, to: Side) -> HandoverTiming:
    """Move the authority over auth to ``to``. Does nothing when it is there already.

    Raises HandoverRefused when the switchboard is held for two seconds; nothing is changed then.
    """
    begun = monotonic()
    standing = await synchronisation.standing()
    if standing.side is to:
        return HandoverTiming(0.0, 0.0)
    await synchronisation.run_changed(standing)
    drain_ms = (monotonic() - begun) * 1000

    async def flip(connection: AsyncConnection) -> float:
        await connection.execute("set local lock_timeout = '2s'")
        locked = monotonic()
        row = await (await connection.execute(queries.lock_switchboard)).fetchone()
        if row is None or row[0] == to:
            raise HandoverRefused("auth was handed over by somebody else meanwhile")
        await connection.execute(queries.flip_switchboard, {"side": to})
        await connection.execute(queries.note_move, {"owed": to is Side.SUPABASE})
        return (monotonic() - locked) * 1000

    try:
        fence_ms = await with_authority(authority, flip)
    except psycopg.errors.LockNotAvailable as error:
        raise HandoverRefused("the switchboard has been held for two seconds; try again") from error
    return HandoverTiming(fence_ms=fence_ms, drain_ms=drain_ms, blocked_ms=fence_ms)
