"""Tables that were made on AWS after a handover, copied to Supabase, so that they are followed on the way back."""

from collections.abc import Mapping
from secrets import token_hex

from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database import streams
from cyphr.migrate.database.catalogue import Table, read_tables
from cyphr.migrate.database.copy.copier import CopyOptions, demand_identities
from cyphr.migrate.database.copy.piece import CopyPlace
from cyphr.migrate.database.copy.points import queries, read_copied
from cyphr.migrate.database.copy.tables import CopyJob, copy_tables
from cyphr.migrate.database.follow.stream import ReplicationConnection
from cyphr.migrate.database.handover import fence, triggers
from cyphr.migrate.database.handover.seats import Seat
from cyphr.migrate.database.wire import SESSION_OPTIONS


async def copy_back(databases: Mapping[Side, PostgresSettings], seat: Seat, options: CopyOptions) -> None:
    """Copy every table of AWS that is on both sides and not followed yet. Whoever follows must look at both anew.

    The operator has made them on Supabase; what they hold there is replaced. Cut short, it is begun again. Raises
    PreflightFailed when rows of such a table could not be found again; psycopg.Error.
    """
    aws, supabase = databases[Side.AWS], databases[Side.SUPABASE]
    async with (
        await connect(aws, options=SESSION_OPTIONS) as reader,
        await connect(supabase, options=SESSION_OPTIONS) as writer,
    ):
        there = {table.title for table in await read_tables(writer)}
        both = [table for table in await read_tables(reader) if table.title in there]
        wanted = set(await fence.read_unmoved(reader)) | {
            f"{schema}.{name}" for (schema, name), points in (await read_copied(writer)).items() if points.is_planned
        }
        new = [table for table in both if table.title in wanted]
        demand_identities(new)
        await fence.install_fence(writer, closed=True)
        async with writer.transaction():
            await triggers.quieten_triggers(writer)
        async with ReplicationConnection.open(aws) as replication:
            stream = await streams.current_stream(reader, seat)
            # Planned before they are published: whoever comes after a crash finds them neither followed nor forgotten.
            for table in new:
                await writer.execute(queries.plan_table, {"schema": table.schema, "table": table.name})
            # A change that commits before this point is in the copy, one that commits later is in the stream: for that
            # the tables must be published before the point, and only then.
            await streams.publish(reader, both)
            await streams.publish(writer, both)  # for the day after the handback
            point = await replication.create_temporary_slot(f"{stream.name}_copy_{token_hex(4)}")
            place = CopyPlace(aws, supabase, point, has_references=True)
            await copy_tables(CopyJob(place, options.workers, options.bytes_per_second, _nothing_left, whole=new))


async def _nothing_left(_: Table, __: int) -> None:
    """The operator made the indexes with the table."""
