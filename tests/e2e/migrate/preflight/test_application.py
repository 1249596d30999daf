"""The application is started once, and where it connects to is seen."""

import shlex
import sys
from pathlib import Path

from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.preflight.finding import Level
from cyphr.migrate.settings import ApplicationSettings, MigrationSettings
from cyphr.schema.apply import install_switchboard
from tests.e2e.migrate.preflight.conftest import Look, Pair, settings_of


def starting(settings: MigrationSettings, code: str, **others: object) -> MigrationSettings:
    command = shlex.join([sys.executable, "-c", code])
    application = ApplicationSettings.model_validate({"dry_run": command, **others})
    return settings.model_copy(update={"application": application})


def connecting(folder: Path, settings: MigrationSettings, *sides: Side) -> str:
    """A program that opens a client for each side, as an application does that was moved half-way."""
    lines = ["import psycopg"]
    for side in sides:
        database = settings.supabase_database if side is Side.SUPABASE else settings.aws_database
        lines.append(f"{side} = psycopg.connect(**{database.connection_arguments()!r})")
    lines += [f"{side}.execute('select pg_sleep(0.3)')" for side in sides]
    program = folder / "application.py"
    program.write_text("\n".join(lines) + "\n")
    return f"exec(open({str(program)!r}).read())"


async def test_a_module_that_is_not_installed_is_found_before_the_migration(pair: Pair, look: Look) -> None:
    found = await look("dependencies", starting(pair.settings, "import aws_sdk_that_is_missing"))
    assert found.level is Level.FAILURE
    assert "ended with 1" in found.saw
    assert "No module named 'aws_sdk_that_is_missing'" in found.saw
    assert (await look("dependencies", starting(pair.settings, "print('ready')"))).level is Level.OK


async def test_an_application_that_does_not_end_or_cannot_be_called_is_told(pair: Pair, look: Look) -> None:
    endless = starting(pair.settings, "import time; time.sleep(600)", dry_run_seconds=0.5)
    assert "was still running after 0.5 s" in (await look("dependencies", endless)).saw
    absent = pair.settings.model_copy(update={"application": ApplicationSettings(dry_run="/nowhere/start --now")})
    assert "No such file or directory" in (await look("dependencies", absent)).saw


async def test_an_application_with_a_client_for_each_side_is_found(pair: Pair, look: Look, tmp_path: Path) -> None:
    both = connecting(tmp_path, pair.settings, Side.SUPABASE, Side.AWS)
    found = await look("one-database", starting(pair.settings, both))
    assert (found.level, found.saw) == (
        Level.FAILURE, "the application, while it starts, connects to both databases",
    )  # fmt: skip
    on_purpose = await look("one-database", starting(pair.settings, both, follows_switchboard=True))
    assert on_purpose.level is Level.OK
    one = await look("one-database", starting(pair.settings, connecting(tmp_path, pair.settings, Side.AWS)))
    assert (one.level, one.saw) == (Level.OK, "two databases, one writer (the application connects to aws)")


async def test_one_database_named_twice_is_found_whatever_it_is_called(pair: Pair, look: Look) -> None:
    owner = pair.sides[Side.SUPABASE].owner
    same = settings_of(owner, owner.model_copy(update={"host": "localhost"}), pair.settings.records_folder)
    found = await look("one-database", same)
    assert (found.level, found.saw) == (Level.FAILURE, "source and target are one and the same database")


async def test_two_databases_that_both_say_they_are_the_writer_are_found(pair: Pair, look: Look) -> None:
    for side in Side:
        async with await connect(pair.sides[side].owner) as connection:
            await install_switchboard(connection)
            await connection.execute("insert into cyphr.switchboard (service, side) values ('database', %s)", [side])
    try:
        found = await look("one-database", pair.settings)
    finally:
        for side in Side:
            await pair.execute(side, "drop schema cyphr cascade")
    assert (found.level, "both databases' switchboards" in found.saw) == (Level.FAILURE, True), found.saw
