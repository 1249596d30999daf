"""Both databases are reached directly: a pooler cannot replicate."""

import psycopg

from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import Side
from cyphr.migrate.database.follow.stream import ReplicationConnection
from cyphr.migrate.preflight.context import Context
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, not_looked_at, ok
from cyphr.migrate.settings import DatabaseSettings

_POOLER_PORTS = (6543, 6432)


async def _look(context: Context) -> Finding:
    for side in Side:
        if sign := _sign_of_a_pooler(context.database(side)):
            return failure(f"{side}: {sign}")
    for side in Side:
        if side not in context.connections:
            return not_looked_at(f"{side} cannot be reached")
        try:
            async with ReplicationConnection.open(context.database(side)):
                pass
        except (Unavailable, psycopg.Error) as error:
            return failure(f"{side} lets us in, but not to replicate: {' '.join(str(error).split())}")
    return ok("both sides take replication connections")


def _sign_of_a_pooler(database: DatabaseSettings) -> str | None:
    if "pooler.supabase.com" in database.host:
        return f"{database.host} is Supabase's pooler"
    if database.port in _POOLER_PORTS:
        return f"port {database.port} is a pooler's"
    return None


CHECK = Check(
    name="direct-connection",
    worst=Level.FAILURE,
    why="Following needs the replication protocol, which poolers (Supavisor, PgBouncer) do not speak.",
    mend="Use the direct address, db.PROJECT.supabase.co on port 5432; it speaks IPv6, or IPv4 with the add-on. "
    "The role needs REPLICATION (on RDS: rds_replication).",
    look=_look,
)
