"""The target offers the source's extensions."""

import psycopg
from psycopg import sql

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, listed, ok, warning


async def _look(context: Context) -> Finding:
    wanted = await context.fetch(Side.SUPABASE, queries.extensions)
    offered = set(await context.names(Side.AWS, queries.available_extensions))
    missing = {name: used for name, used in wanted if name not in offered}
    refused = await _refused(context, [name for name, _ in wanted if name in offered])
    needed = [name for name, used in missing.items() if used] + refused
    if needed:
        return failure(f"tables are made of extensions that the target lacks or refuses: {listed(needed)}")
    if missing:
        return warning(f"the target lacks {listed(list(missing))}; no table is made of them")
    return ok(f"the target offers all {len(wanted)}")


async def _refused(context: Context, names: list[str]) -> list[str]:
    problems: list[str] = []
    async with context.trying(Side.AWS) as connection:
        for name in names:
            try:
                async with connection.transaction(force_rollback=True):
                    await connection.execute(
                        sql.SQL("create extension if not exists {} cascade").format(sql.Identifier(name))
                    )
            except psycopg.Error as error:
                problems.append(f"{name}: {str(error).splitlines()[0]}")
    return problems


CHECK = Check(
    name="extensions",
    worst=Level.FAILURE,
    why="RDS lacks some of Supabase's extensions (pg_graphql, pgsodium, supabase_vault, pg_net); functions that call "
    "them fail there, and tables with their types cannot be created.",
    mend="Replace what depends on them, or choose a target that offers them. One that is refused must be created on "
    "the target beforehand, by a role that may.",
    look=_look,
)
