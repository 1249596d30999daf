"""Handover: uploads go to the other side from one transaction on, and the URLs in rows with them.

Uploads hold the switchboard's row for share until they commit. This transaction takes it for update: then no upload is
under way and none begins, so what is left to bring over is final. Handing back is the same with the sides swapped.
"""

import psycopg
from psycopg import AsyncConnection

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import HandoverRefused
from cyphr.foundation.postgres import Side
from cyphr.migrate.authority import read_side, with_authority
from cyphr.migrate.files.places import FilesPlaces
from cyphr.migrate.files.synchronisation import Synchronisation, queries
from cyphr.migrate.service import HandoverTiming

_ROUNDS = 5


async def hand_over_objects(places: FilesPlaces, synchronisation: Synchronisation, to: Side) -> HandoverTiming:
    """Move the authority over files to ``to``. Does nothing when it is there already.

    Raises HandoverRefused when uploads do not pause for two seconds; nothing is changed then.
    """
    if await read_side(places.authority, "files") is to:  # also after a crash before the end of this
        await synchronisation.bring_stragglers(to.other)
        return HandoverTiming(0.0, 0.0)
    for _ in range(_ROUNDS):  # so that little is left once uploads wait
        if not await synchronisation.run(to.other):
            break
    try:
        timing = await with_authority(places.authority, lambda c: _move(c, places, synchronisation, to))
    except psycopg.errors.LockNotAvailable as error:
        raise HandoverRefused("an upload has held the switchboard for two seconds; try again") from error
    await synchronisation.bring_stragglers(to.other)
    return timing


async def _move(
    connection: AsyncConnection, places: FilesPlaces, synchronisation: Synchronisation, to: Side
) -> HandoverTiming:
    await connection.execute("set local lock_timeout = '2s'")
    begun = monotonic()
    row = await (await connection.execute(queries.lock_switchboard)).fetchone()
    if row is not None and row[0] == to:
        raise HandoverRefused("files were handed over by somebody else meanwhile")
    locked = monotonic()
    await synchronisation.run(to.other)
    drained = monotonic()
    await _rewrite_urls(connection, places, synchronisation.journal, to)
    await connection.execute(queries.flip_switchboard, {"side": to})
    fence_ms = (monotonic() - begun) * 1000
    return HandoverTiming(fence_ms=fence_ms, drain_ms=(drained - locked) * 1000, blocked_ms=fence_ms)


async def _rewrite_urls(connection: AsyncConnection, places: FilesPlaces, journal: AsyncConnection, to: Side) -> None:
    bases = {"supabase_base": _base(places.supabase_url), "aws_base": _base(places.aws_url)}
    await journal.execute(queries.remember_bases, bases)
    row = await (await journal.execute(queries.read_bases)).fetchone()
    assert row is not None
    base = {Side.SUPABASE: row[0], Side.AWS: row[1]}
    if to is Side.AWS:
        urls = await (await connection.execute(queries.find_urls, {"base": base[Side.AWS]})).fetchall()
        await journal.execute(queries.keep_urls, {"urls": [url for (url,) in urls]})
    kept_row = await (await journal.execute(queries.read_kept_urls)).fetchone()
    change = {"old": base[to.other], "new": base[to], "kept": kept_row[0] if kept_row else []}
    for query in (queries.rewrite_user_urls, queries.rewrite_chat_urls, queries.rewrite_message_urls):
        await connection.execute(query, change)


def _base(url: str) -> str:
    # With the slash, so that …/public does not match …/publicity.
    return url.rstrip("/") + "/"
