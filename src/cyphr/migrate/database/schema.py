"""The schema: taken with pg_dump, sorted into steps, and run on the target in transactions that record themselves.

Steps, each all or nothing: ``tables`` (everything that rows need), ``indexes`` (everything that rows should not wait
for: indexes, unique constraints, policies, triggers) and ``references`` (foreign keys, which hold only when all tables
show the same point of the stream).
"""

import asyncio
import os
import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from psycopg import AsyncConnection, sql

from cyphr.foundation.errors import CyphrError, InvalidInput
from cyphr.foundation.postgres import connect
from cyphr.foundation.queries import read_sql
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database.catalogue import PLATFORM_SCHEMAS

STEPS = ("tables", "indexes", "references")

# Left behind, deliberately: publications and event triggers belong to the platform, default privileges to its roles;
# the target has its own public schema; the fence is this tool's.
_LEFT_BEHIND = re.compile(
    r"^\d+; \d+ \d+ (PUBLICATION|EVENT TRIGGER|SUBSCRIPTION|DEFAULT ACL|SCHEMA - public|COMMENT - SCHEMA public"
    r"|TRIGGER \S+ \S+ cyphr_fence)"
)
_REFERENCE = re.compile(r"^\d+; \d+ \d+ FK CONSTRAINT ")


@dataclass(frozen=True)
class SchemaScripts:
    """SQL text of each step."""

    tables: str
    indexes: str
    references: str


async def dump_schema(source: PostgresSettings, programs: Path) -> SchemaScripts:
    """Read the source's user schemas with ``programs``/pg_dump. Changes nothing. Raises InvalidInput."""
    async with await connect(source) as connection:
        cursor = await connection.execute(
            read_sql("cyphr.migrate.database.sql", "schemas.sql"), {"platform": PLATFORM_SCHEMAS}
        )
        schemas = [row[0] for row in await cursor.fetchall()]
    with TemporaryDirectory(prefix="cyphr-schema-") as folder:
        archive = Path(folder, "schema.dump")
        patterns = [f"--schema={sql.Identifier(schema).as_string(None)}" for schema in schemas]
        arguments = ["--format=custom", "--schema-only", "--no-owner", f"--file={archive}", *patterns]
        await _run(programs / "pg_dump", arguments, source)
        listing = (await _run(programs / "pg_restore", ["--list", str(archive)])).splitlines()
        kept = [line for line in listing if not line.startswith(";") and not _LEFT_BEHIND.match(line)]
        references = [line for line in kept if _REFERENCE.match(line)]
        others = [line for line in kept if not _REFERENCE.match(line)]
        return SchemaScripts(
            tables=await _script(programs, archive, "pre-data", others),
            indexes=await _script(programs, archive, "post-data", others),
            references=await _script(programs, archive, "post-data", references),
        )


async def ensure_roles(source: PostgresSettings, target: AsyncConnection) -> list[str]:
    """Create on the target, without login, every role that the source's grants and policies name; those created."""
    query = read_sql("cyphr.migrate.database.sql", "named_roles.sql")
    async with await connect(source) as connection:
        cursor = await connection.execute(query, {"platform": PLATFORM_SCHEMAS})
        wanted = [row[0] for row in await cursor.fetchall()]
    cursor = await target.execute("select rolname from pg_roles")
    present = {row[0] for row in await cursor.fetchall()}
    missing = [role for role in wanted if role not in present]
    for role in missing:
        await target.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
    return missing


async def finished_steps(target: AsyncConnection) -> set[str]:
    """The steps that this target has already."""
    cursor = await target.execute("select step from cyphr.schema_steps")
    return {row[0] for row in await cursor.fetchall()}


async def run_step(target: PostgresSettings, step: str, script: str) -> None:
    """Run one step and record it, in one transaction. On a connection of its own: pg_dump's scripts change settings."""
    async with await connect(target) as connection, connection.transaction():
        await connection.execute(_for_version(script, connection.info.server_version))
        await connection.execute("insert into cyphr.schema_steps (step) values (%s)", [step])


def _for_version(script: str, version: int) -> str:
    """Without what pg_dump sets for its own session and an older server does not know."""
    return script if version >= 170000 else script.replace("SET transaction_timeout = 0;\n", "")


async def _script(programs: Path, archive: Path, section: str, entries: list[str]) -> str:
    listing = archive.with_suffix(".list")
    listing.write_text("\n".join(entries) + "\n")
    text = await _run(
        programs / "pg_restore",
        ["--no-owner", f"--section={section}", f"--use-list={listing}", "--file=-", str(archive)],
    )
    # Lines that only psql understands; they guard psql against hostile dumps and mean nothing to the server.
    return "\n".join(line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))


async def _run(program: Path, arguments: list[str], database: PostgresSettings | None = None) -> str:
    environment = dict(os.environ)
    if database is not None:
        connection = database.connection_arguments()
        environment |= {
            "PGHOST": str(connection["host"]),
            "PGPORT": str(connection["port"]),
            "PGDATABASE": str(connection["dbname"]),
            "PGUSER": str(connection["user"]),
            "PGPASSWORD": str(connection["password"]),
            "PGSSLMODE": str(connection["sslmode"]),
        }
        if "sslrootcert" in connection:
            environment["PGSSLROOTCERT"] = str(connection["sslrootcert"])
    try:
        process = await asyncio.create_subprocess_exec(
            program, *arguments, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
    except OSError as error:
        raise InvalidInput(f"cannot run {program}: {error.strerror}. Set postgres_programs to its folder.") from error
    output, complaints = await process.communicate()
    if process.returncode:
        raise CyphrError(f"{program.name} failed: {complaints.decode(errors='replace').strip()[-2000:]}")
    return output.decode()
