"""The platform's rows that the project's refer to: ``auth.users`` and ``auth.identities``, from Supabase to AWS.

The project's role may not publish these tables, so triggers queue the keys of changed rows on the Supabase side. Rows
are read as they are now and written over those on AWS, then their keys leave the queue: doing it again changes nothing,
so it is exact whatever is killed. It goes on in this direction also after the database was handed over, for as long as
people sign up at Supabase.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from uuid import UUID

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import ApplyConflict, Unavailable
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.queries import load_queries, read_sql
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database.catalogue import PLATFORM_SCHEMAS
from cyphr.migrate.database.handover.locks import locked
from cyphr.migrate.database.schema import validate_references
from cyphr.migrate.database.verify.view import prepare_to_verify
from cyphr.migrate.service import Verification

_queries = load_queries("cyphr.migrate.database.sql", "platform_rows.sql")

_TABLES = ("users", "identities")  # what others refer to comes first
_FREE = {"users": _queries.free_users, "identities": _queries.free_identities}
_DELETE = {"users": _queries.delete_users, "identities": _queries.delete_identities}
_DELETE_ALL = {"users": _queries.delete_all_users, "identities": _queries.delete_all_identities}
_BATCH = 1_000
_QUIET_SECONDS = 1.0
_RECONNECT_SECONDS = 0.2
_COMPARE_SECONDS = 30.0  # in which keys must hold, and every row must once be the same on both sides
_MOMENT_SECONDS = 0.03

Key = tuple[str, str]
"""A table and the id of a row of it."""


class PlatformRows:
    """Keeps the users on AWS what they are on Supabase. One per migration."""

    def __init__(self, supabase: PostgresSettings, aws: PostgresSettings) -> None:
        self._supabase = supabase
        self._aws = aws
        self._one_at_a_time = asyncio.Lock()

    async def copy(self) -> None:
        """Bring every row over, if the project's schema refers to any; what is there already is left out."""
        async with await connect(self._supabase) as source:
            if not await self._is_installed(source):
                cursor = await source.execute(_queries.is_referred_to, {"platform": PLATFORM_SCHEMAS})
                if (await cursor.fetchone()) != (True,):
                    return
                # The triggers first: a row that changes while all are queued is queued once more.
                install = read_sql("cyphr.migrate.database.sql", "platform_queue.sql")
                await locked(source, [], partial(source.execute, install))
            await source.execute(_queries.queue_all)
        await self.drain()

    async def drain(self) -> None:
        """Bring over every change that has committed before this call."""
        async with await connect(self._supabase) as source, await connect(self._aws) as target:
            await self._drain(source, target)

    async def drain_between(self, source: AsyncConnection, target: AsyncConnection) -> None:
        """The same over connections that are prepared to verify: values travel as they print there."""
        async with self._one_at_a_time:
            if await self._is_installed(source):
                while await self._bring(source, target):
                    pass

    async def follow(self) -> None:
        """Bring changes over as they come, until cancelled. Connections that break are made again."""
        while True:
            try:
                async with await connect(self._supabase) as source, await connect(self._aws) as target:
                    await source.execute("listen cyphr_platform")
                    while True:
                        await self._drain(source, target)
                        async for _ in source.notifies(timeout=_QUIET_SECONDS, stop_after=1):
                            pass
            except (psycopg.OperationalError, Unavailable):
                await asyncio.sleep(_RECONNECT_SECONDS)

    async def compare(self) -> Verification:
        """Compare every row of both sides while they go on changing.

        One that differs is brought over and read again: on Supabase before, on AWS, and on Supabase after. It is equal
        if AWS has what either reading shows, and different if they show the same but AWS something else.
        """
        await self.drain()
        async with await connect(self._supabase) as source, await connect(self._aws) as target:
            if not await self._is_installed(source):
                return Verification(0)
            await prepare_to_verify(source)
            await prepare_to_verify(target)
            loose = await self._validate(source, target)
            columns = {table: await _common_columns(source, target, table) for table in _TABLES}
            ours, theirs = [await _read_hashes(side, columns) for side in (source, target)]
            checked = len(ours)
            different = set()
            suspects = {key for key, _ in ours.items() ^ theirs.items()}
            deadline = monotonic() + _COMPARE_SECONDS
            while suspects and monotonic() < deadline:
                await self.drain_between(source, target)
                theirs, now = [await _read_hashes(side, columns, suspects) for side in (target, source)]
                equal = {key for key in suspects if theirs.get(key) in (ours.get(key), now.get(key))}
                different |= {key for key in suspects - equal if ours.get(key) == now.get(key)}
                suspects -= equal | different
                ours = now
        lines = [f"auth.{table} {key}: differs" for table, key in sorted(different | suspects)]
        return Verification(checked, loose + lines)

    async def remove(self) -> None:
        """Drop the triggers and the queue from Supabase: who signs up there from now on is not known on AWS."""
        async with await connect(self._supabase) as source:
            await locked(source, [], partial(source.execute, _queries.remove))

    async def forget_secrets(self) -> None:
        """Take out of the users on AWS what nothing there signs in with: hashes and tokens of Supabase Auth."""
        async with await connect(self._aws) as target, target.transaction():
            await target.execute("set local session_replication_role = replica")
            await target.execute(_queries.forget_secrets)

    async def _is_installed(self, source: AsyncConnection) -> bool:
        return await (await source.execute(_queries.is_installed)).fetchone() == (True,)

    async def _drain(self, source: AsyncConnection, target: AsyncConnection) -> None:
        await prepare_to_verify(source)
        await prepare_to_verify(target)
        await self.drain_between(source, target)

    async def _bring(self, source: AsyncConnection, target: AsyncConnection, *, deletions: bool = True) -> bool:
        """Bring over one batch; whether there is more of what was queued by now.

        Without ``deletions`` what is gone stays there, and queued.
        """
        queued = await (await source.execute(_queries.queued, {"limit": _BATCH})).fetchall()
        if not queued:
            return False
        changed: defaultdict[str, set[UUID | None]] = defaultdict(set)
        for _, table, key in queued:
            changed[table].add(key)
        kept: set[tuple[str, UUID | None]] = set()
        async with target.transaction():
            await _act_as_receiver(target)
            for table in _TABLES:
                if None in changed[table] and deletions:
                    await target.execute(_DELETE_ALL[table])
                    await source.execute(_queries.queue_table, {"table": table})
                keys = {key for key in changed[table] if key is not None}
                try:
                    gone = await _write(source, target, table, keys, deletions=deletions)
                except psycopg.IntegrityError as error:
                    # Not its details, which may be the whole row with its secrets.
                    words = error.diag.message_primary
                    raise ApplyConflict(f"rows of auth.{table} do not fit the receiving database: {words}") from None
                if not deletions:
                    kept |= {(table, key) for key in (*gone, None)}
        done = [number for number, table, key in queued if (table, key) not in kept]
        await source.execute(_queries.forget, {"numbers": done})
        return len(queued) == _BATCH or any(None in keys for keys in changed.values())

    async def _validate(self, source: AsyncConnection, target: AsyncConnection) -> list[str]:
        """Validate the foreign keys to these rows; those that never hold.

        Meanwhile nobody who leaves is deleted: what refers to them is only deleted further down the stream, and where
        people leave all the time, some would be missing at any time.
        """
        deadline = monotonic() + _COMPARE_SECONDS
        async with self._one_at_a_time:
            while (loose := await validate_references(source, target)) and monotonic() < deadline:
                await self._bring(source, target, deletions=False)
                await asyncio.sleep(_MOMENT_SECONDS)
        return loose


async def _read_hashes(
    side: AsyncConnection, columns: Mapping[str, Sequence[str]], among: Collection[Key] | None = None
) -> dict[Key, int]:
    """What hashes the rows of each table have, of the given columns; ``among``: these rows only."""
    hashes: dict[Key, int] = {}
    for table, names in columns.items():
        query = sql.SQL(
            "select id::text, hashtextextended(row({})::text, 0) from {} where %(all)s or id = any (%(keys)s::uuid[])"
        ).format(sql.SQL(", ").join(map(sql.Identifier, names)), sql.Identifier("auth", table))
        keys = [key for name, key in among or () if name == table]
        cursor = await side.execute(query, {"all": among is None, "keys": keys})
        hashes |= {(table, key): value for key, value in await cursor.fetchall()}
    return hashes


async def _write(
    source: AsyncConnection, target: AsyncConnection, table: str, keys: set[UUID], *, deletions: bool
) -> set[UUID]:
    """Make the rows ``keys`` of the target what they are on the source now; those that are not there any more, which
    ``deletions`` deletes.
    """
    name, columns = sql.Identifier("auth", table), await _common_columns(source, target, table)
    as_text = sql.SQL(", ").join(sql.SQL("{0}::text as {0}").format(sql.Identifier(column)) for column in columns)
    async with source.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql.SQL("select {} from {} where id = any (%s)").format(as_text, name), [list(keys)])
        rows = await cursor.fetchall()
    present = {UUID(row["id"]) for row in rows}
    gone = keys - present
    if deletions:
        await target.execute(_DELETE[table], {"keys": list(gone)})
    if not rows:
        return gone
    await target.execute(_FREE[table], {"keys": list(present), "rows": [Jsonb(row) for row in rows]})
    names = [sql.Identifier(column) for column in columns]
    insert = sql.SQL("insert into {} ({}) values ({}) on conflict (id) do update set {}").format(
        name,
        sql.SQL(", ").join(names),
        sql.SQL(", ").join(sql.Placeholder(column) for column in columns),
        sql.SQL(", ").join(sql.SQL("{} = excluded.{}").format(column, column) for column in names),
    )
    async with target.cursor() as cursor_there:
        await cursor_there.executemany(insert, rows)
    return gone


async def _act_as_receiver(target: AsyncConnection) -> None:
    """Until AWS has the authority, what follows from a change there (a cascade) comes with the stream itself."""
    cursor = await target.execute("select side from cyphr.switchboard where service = 'database' for share")
    if (await cursor.fetchone()) != (Side.AWS,):
        await target.execute("set local session_replication_role = replica")


async def _common_columns(source: AsyncConnection, target: AsyncConnection, table: str) -> list[str]:
    ours, theirs = [
        {row[0] for row in await (await side.execute(_queries.columns, {"table": table})).fetchall()}
        for side in (source, target)
    ]
    return sorted(ours & theirs)
