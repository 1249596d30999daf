"""Taking the schema: pg_dump's archive, its table of contents edited, as SQL for each step of the restoration.

Steps, each all or nothing: ``tables`` (everything that rows need), ``indexes`` (everything that rows should not wait
for: indexes, unique constraints, policies, triggers) and ``references`` (foreign keys, which hold only when all tables
show the same point of the stream).
"""

import asyncio
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory

from psycopg import AsyncConnection, sql

from cyphr.foundation.cancellation import together
from cyphr.foundation.errors import CyphrError, InvalidInput
from cyphr.foundation.postgres import connect
from cyphr.foundation.queries import load_queries
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.database.catalogue import PLATFORM_SCHEMAS
from cyphr.migrate.database.schema.entries import split_by_table

_queries = load_queries(__package__)

STEPS = ("tables", "indexes", "references")

# Left behind, deliberately: what belongs to the platform or to another server, what only a superuser may make, and what
# is this tool's. Extensions are made beforehand, where the target has them.
_LEFT_BEHIND = re.compile(
    r"^\d+; \d+ \d+ (EVENT TRIGGER|SUBSCRIPTION|SECURITY LABEL|EXTENSION|FOREIGN |SERVER|USER MAPPING|ACCESS METHOD"
    r"|TRANSFORM|(COMMENT|ACL) - (EVENT TRIGGER|EXTENSION|SERVER|FOREIGN |SUBSCRIPTION)"
    r"|SCHEMA - (public|cyphr) |COMMENT - SCHEMA public |TRIGGER .* cyphr_fence )"
)
# Comments on constraints come with them: the listing does not tell on which kind.
_REFERENCE = re.compile(r"^\d+; \d+ \d+ (FK CONSTRAINT |COMMENT .* CONSTRAINT .* ON )")
# The rows of auth are no part of the stream, so at one point of it such a key may not hold: it is validated later. Only
# PostgreSQL 18 has that for partitioned tables, which are altered without ONLY.
_PLATFORM_REFERENCE = re.compile(
    r"(^ALTER TABLE ONLY .*\n    ADD CONSTRAINT .* REFERENCES auth\.(?:users|identities)\(.*)(?<! NOT VALID);$",
    re.MULTILINE,
)
_GRANT = re.compile(r"^\d+; \d+ \d+ ACL ")
_DEFAULT_GRANT = re.compile(r"^\d+; \d+ \d+ DEFAULT ACL ")


@dataclass(frozen=True)
class SchemaScripts:
    """SQL text of each step; ``indexes_of``: the part of ``indexes`` that needs the rows of one table only, by (schema,
    name).
    """

    tables: str
    indexes_of: Mapping[tuple[str, str], str]
    indexes: str
    references: str


async def dump_schema(source: PostgresSettings, programs: Path) -> SchemaScripts:
    """Read the source's user schemas with ``programs``/pg_dump. Changes nothing. Raises InvalidInput."""
    async with await connect(source) as connection:
        left_behind = await _left_behind(connection)
    with TemporaryDirectory(prefix="cyphr-schema-") as folder:
        archive = Path(folder, "schema.dump")
        patterns = [f"--exclude-schema={sql.Identifier(schema).as_string(None)}" for schema in PLATFORM_SCHEMAS]
        arguments = ["--format=custom", "--schema-only", "--no-owner", f"--file={archive}", *patterns]
        await _run(programs / "pg_dump", arguments, source)
        listing = (await _run(programs / "pg_restore", ["--list", str(archive)])).splitlines()
        kept = [line for line in listing if _is_moved(line, source.user, left_behind)]
        references = [line for line in kept if _REFERENCE.match(line)]
        grants = [line for line in kept if _GRANT.match(line)]
        default_grants = [line for line in kept if _DEFAULT_GRANT.match(line)]
        apart = {*references, *grants, *default_grants}
        others = [line for line in kept if line not in apart]
        before, after, granting, granting_later, referring = await together(
            (
                _script(programs, archive, others, "pre-data"),
                _script(programs, archive, others, "post-data"),
                _script(programs, archive, grants),
                _script(programs, archive, default_grants),
                _script(programs, archive, references),
            )
        )
    indexes_of, indexes = split_by_table(after)
    return SchemaScripts(
        tables=before + _granted_by_owner(granting, source.user),
        indexes_of=indexes_of,
        indexes=indexes + _granted_by_owner(granting_later, source.user),
        references=_PLATFORM_REFERENCE.sub(r"\1 NOT VALID;", referring),
    )


async def _left_behind(connection: AsyncConnection) -> set[str]:
    """What is left behind and the listing does not tell, as pg_restore lists it: foreign keys to tables of the platform
    that the target has not, and publications that are not the project's.
    """
    entries: set[str] = set()
    cursor = await connection.execute(_queries.platform_references, {"platform": PLATFORM_SCHEMAS})
    for schema, table, name in await cursor.fetchall():
        entries |= {f" FK CONSTRAINT {schema} {table} {name} ", f" {schema} CONSTRAINT {name} ON {table} "}
    cursor = await connection.execute(_queries.left_publications)
    for publication, schema, table in await cursor.fetchall():
        entries |= {f" PUBLICATION - {publication} ", f" PUBLICATION TABLE {schema} {publication} {table} "}
    return entries


def _is_moved(line: str, user: str, left_behind: set[str]) -> bool:
    if line.startswith(";") or _LEFT_BEHIND.match(line):
        return False
    if _DEFAULT_GRANT.match(line) and not line.endswith(f" {user}"):
        return False
    return not any(entry in line for entry in left_behind)


def _granted_by_owner(script: str, user: str) -> str:
    """``script`` of grants, with whoever owns everything on the target in the place of who did on the source."""
    name = f"(?:{re.escape(user)}|{re.escape(sql.Identifier(user).as_string(None))})"
    script = re.sub(rf"\b(TO|FROM|FOR ROLE) {name}(?=;| WITH GRANT OPTION;| )", r"\1 CURRENT_USER", script)
    # Only a superuser may grant in another's name.
    return re.sub(r"^(RE)?SET SESSION AUTHORIZATION.*$", "", script, flags=re.MULTILINE)


async def _script(programs: Path, archive: Path, entries: list[str], section: str | None = None) -> str:
    with NamedTemporaryFile("w", dir=archive.parent) as listing:
        listing.write("\n".join(entries) + "\n")
        listing.flush()
        arguments = ["--no-owner", f"--use-list={listing.name}", "--file=-", str(archive)]
        if section is not None:
            arguments.insert(0, f"--section={section}")
        text = await _run(programs / "pg_restore", arguments)
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
