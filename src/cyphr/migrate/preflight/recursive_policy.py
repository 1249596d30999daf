"""No policy asks its own table and so recurses for ever: every policy is evaluated, as every role that it names."""

import psycopg
from psycopg import AsyncConnection, sql

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, listed, ok

_RECURSION = {"42P17", "54001"}  # found by the rewriter; or by a function's stack running over


async def _look(context: Context) -> Finding:
    roles = set(await context.names(Side.SUPABASE, queries.roles))
    found: list[str] = []
    looked = 0
    async with context.trying(Side.SUPABASE) as connection:
        for schema, table, named in await context.fetch(Side.SUPABASE, queries.protected_tables):
            for role in sorted({"anon", "authenticated", *named} & roles):
                looked += 1
                code = await _evaluate(connection, sql.Identifier(schema, table), role)
                if code in _RECURSION:
                    found.append(f"{schema}.{table} as {role} ({code})")
    if found:
        return failure(f"policies that recurse for ever: {listed(found)}")
    return ok(f"{looked} pairs of table and role evaluated, none recurses")


async def _evaluate(connection: AsyncConnection, table: sql.Identifier, role: str) -> str:
    """Read a row as ``role``; the SQLSTATE of the refusal, empty when it gets through.

    Whatever a policy for writing asks, it asks by reading: to read each table is to evaluate all that can recurse. It
    is carried out, not only planned, since a function in a policy recurses only then.
    """
    try:
        async with connection.transaction(force_rollback=True):
            await connection.execute("set local statement_timeout = '500ms'")
            await connection.execute(queries.act_as, {"role": role})
            await connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
            await connection.execute(sql.SQL("select from {} limit 1").format(table))
    except psycopg.Error as error:
        return error.sqlstate or ""
    return ""


CHECK = Check(
    name="recursive-policy",
    worst=Level.FAILURE,
    why="A policy that queries its own table recurses for ever (42P17); somebody then switches row-level security off "
    "in production.",
    mend="Ask through a SECURITY DEFINER function that reads the table as its owner, instead of a subquery in the "
    "policy.",
    look=_look,
)
