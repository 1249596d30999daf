"""``cyphr migrate check``, ``plan``, ``start`` and ``status`` as an operator calls them: what is said, how it ends."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cyphr.cli.main import app
from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.journal import Journal
from cyphr.migrate.preflight.checks import CHECKS
from cyphr.migrate.preflight.fingerprint import read_objects
from cyphr.migrate.preflight.records import REHEARSALS, read_rehearsals
from tests.conftest import TestSide
from tests.e2e.migrate.preflight.conftest import Pair
from tests.e2e.migrate.test_crashes import is_following, process, write_config
from tests.e2e.migrate.traffic import until


@pytest.fixture
def config(pair: Pair, tmp_path: Path) -> Path:
    return write_config(tmp_path, pair.sides)


def called(*arguments: str | Path) -> Result:
    """A command in this process; it has an event loop of its own."""
    words = ["migrate", *(str(argument) for argument in arguments)]
    return CliRunner().invoke(app, words, env={"COLUMNS": "200"})


async def has_lines(file: Path, count: int) -> bool:
    return file.read_text().count("\n") >= count


def execute(pair: Pair, side: Side, *statements: str) -> None:
    asyncio.run(pair.execute(side, *statements))


async def everything_in(side: TestSide) -> tuple[Any, ...]:
    """What a command could have changed: objects of any schema, roles, slots, publications, triggers."""
    async with await connect(side.owner) as connection:
        cursor = await connection.execute(
            "select (select array_agg(nspname order by 1) from pg_namespace where nspname !~ '^pg_(toast_)?temp'),"
            " (select count(*) from pg_class where relpersistence <> 't'), (select count(*) from pg_proc),"
            " (select array_agg(rolname order by 1) from pg_roles), (select count(*) from pg_publication),"
            " (select count(*) from pg_replication_slots where database = current_database()),"
            " (select count(*) from pg_trigger)"
        )
        row = await cursor.fetchone()
        assert row is not None
        return row


def test_check_plan_status_and_a_refused_start_change_nothing_on_either_side(config: Path, pair: Pair) -> None:
    execute(pair, Side.SUPABASE, "create table public.keyless (id int)")
    try:
        before = [asyncio.run(everything_in(pair.sides[side])) for side in Side]
        codes = [(called(name, "-c", config)).exit_code for name in ("check", "plan", "status", "start", "report")]
        after = [asyncio.run(everything_in(pair.sides[side])) for side in Side]
    finally:
        execute(pair, Side.SUPABASE, "drop table public.keyless")
    assert codes == [3, 0, 5, 3, 5]
    assert after == before


def test_check_shows_every_check_and_what_to_do_about_each_warning(config: Path) -> None:
    result = called("check", "-c", config)
    assert result.exit_code == 0, result.output
    for check in CHECKS:
        assert check.name in result.stdout
    assert "cyphr migrate start --accept rehearsed" in result.stdout
    accepted = called("check", "-c", config, "--accept", "rehearsed")
    assert "nothing is in the way" in accepted.stdout


def test_check_as_json_has_a_level_a_reason_and_a_mend_for_each_check(config: Path) -> None:
    found = json.loads((called("check", "-c", config, "--json")).stdout)
    assert found["failed"] is False
    assert [one["name"] for one in found["checks"]] == [check.name for check in CHECKS]
    rehearsed = next(one for one in found["checks"] if one["name"] == "rehearsed")
    assert rehearsed["level"] == "warning"
    assert all(rehearsed[name] for name in ("saw", "why", "mend"))


def test_start_names_every_failing_check_with_its_mend(config: Path, pair: Pair) -> None:
    execute(pair, Side.SUPABASE, "create table public.keyless (id int)")
    try:
        result = called("start", "-c", config)
    finally:
        execute(pair, Side.SUPABASE, "drop table public.keyless")
    assert result.exit_code == 3
    assert "replica-identity: no replica identity: keyless. Give each a primary key" in result.stderr
    assert "--accept rehearsed" in result.stderr
    assert "Traceback" not in result.output


def test_accepting_what_no_check_is_named_is_an_error(config: Path) -> None:
    for command in ("check", "start"):
        result = called(command, "-c", config, "--accept", "rehersed")
        assert result.exit_code == 1
        assert "there is no check named rehersed; there are: reachable, " in result.stderr


@pytest.mark.parametrize(
    ("change", "words", "code"),
    [
        (("[aws_database]", "[aws_database"), "is not valid TOML", 1),
        (("user = ", "usr = "), "supabase_database.usr is no setting; did you mean user?", 1),
        (("aws_database.password", "nowhere.password"), "cannot read the secret in", 1),
    ],
)
def test_a_mistake_in_the_settings_is_one_sentence(
    change: tuple[str, str], words: str, code: int, config: Path
) -> None:
    config.write_text(config.read_text().replace(*change))
    for command in ("check", "plan", "start", "status"):
        result = called(command, "-c", config)
        assert result.exit_code == code
        assert words in result.stderr
        assert result.stderr.count("\n") == 1


def test_wrong_passwords_and_silent_servers_are_findings_of_check(config: Path) -> None:
    (config.parent / "supabase_database.password").write_text("wrong%20one\n")
    result = called("check", "-c", config, "--json")
    assert result.exit_code == 3
    levels = {one["name"]: one["level"] for one in json.loads(result.stdout)["checks"]}
    assert (levels["credentials"], levels["reachable"], levels["privileges"]) == ("failure", "ok", "not looked at")
    unreachable = called("plan", "-c", config)
    assert (unreachable.exit_code, "password authentication failed" in unreachable.stderr) == (5, True)


async def test_a_start_says_what_it_creates_and_remembers_what_was_accepted(
    tmp_path: Path, supabase_bare: TestSide, aws_bare: TestSide
) -> None:
    async with await connect(supabase_bare.owner) as connection:
        await connection.execute("create table public.kept (id int primary key)")
        await connection.execute("alter table public.kept enable row level security")
        wanted = await read_objects(connection)
    config = write_config(tmp_path, {Side.SUPABASE: supabase_bare, Side.AWS: aws_bare})
    log = tmp_path / "start.log"
    words = ("-m", "cyphr.cli", "migrate", "start", "-c", str(config), "--accept", "rehearsed")
    async with process(log, *words), Journal.open(aws_bare.owner) as journal:
        await until(lambda: is_following(journal), 60)
        events = {event.event: event for event in await journal.events()}
        watched = tmp_path / "watch.log"
        async with process(watched, "-m", "cyphr.cli", "migrate", "status", "--watch", "-c", str(config)):
            await until(lambda: has_lines(watched, 2), 60)
    looks = [json.loads(line) for line in watched.read_text().splitlines()[:2]]
    assert [(look["running"], look["services"][0]["service"]) for look in looks] == [(True, "database")] * 2
    assert "publication cyphr_migrate of 1 tables, replication slot cyphr_to_aws_1" in log.read_text()
    assert [one["name"] for one in events["checked"].detail["accepted"]] == ["rehearsed"]
    assert events["checked"].detail["objects"] == wanted


def test_plan_names_what_moves_what_stays_and_why(config: Path, pair: Pair) -> None:
    make = [
        "create table public.orders (id bigserial primary key, note text)",
        "insert into public.orders (note) select repeat('x', 100) from generate_series(1, 1000)",
        "analyze public.orders",
        "create unlogged table public.cache (id int primary key)",
        "create view public.recent as select * from public.orders",
        "alter table public.orders add owner uuid references auth.users",
        "select lo_create(4712)",
    ]
    undo = ["drop table public.orders cascade", "drop table public.cache", "select lo_unlink(4712)"]
    execute(pair, Side.SUPABASE, *make)
    try:
        found = json.loads((called("plan", "-c", config, "--json")).stdout)
        page = (called("plan", "-c", config, "--markdown")).stdout
    finally:
        execute(pair, Side.SUPABASE, *undo)
    inventory = found["inventory"]
    assert [(one["name"], one["rows"]) for one in inventory["tables"]] == [("orders", 1000)]
    assert inventory["objects"]["view"] == ["recent"]
    assert inventory["objects"]["sequence"] == ["orders_id_seq"]
    left = {one["what"]: one["why"] for one in inventory["left_behind"]}
    assert {
        "schema auth, but for users and identities",
        "schema storage",
        "publication supabase_realtime",
        "rows of cache",
        "1 large objects",
    } <= left.keys()
    assert all(left.values())
    assert "on AWS: the rows of auth.users and auth.identities" in page
    assert found["estimate"]["target_bytes"] > inventory["tables"][0]["bytes"] > 100_000
    assert "| orders | 1,000 |" in page
    assert "| rows of cache | unlogged" in page
    assert "expected_megabytes_per_second" in page
    assert found["costs"]["source"] in page


@pytest.mark.soak
def test_a_schema_is_rehearsed_there_and_back_and_put_on_record(config: Path, pair: Pair) -> None:
    make = [
        "create type public.mood as enum ('sad', 'happy')",
        "create table public.people (id uuid primary key default gen_random_uuid(), mood public.mood)",
        "alter table public.people enable row level security",
        "create policy own on public.people using (id = auth.uid())",
    ]
    execute(pair, Side.SUPABASE, *make)
    try:
        before = asyncio.run(everything_in(pair.sides[Side.SUPABASE]))
        result = called("rehearse", "-c", config)
        after = asyncio.run(everything_in(pair.sides[Side.SUPABASE]))
        checked = called("check", "-c", config)
    finally:
        execute(pair, Side.SUPABASE, "drop table public.people", "drop type public.mood")
    assert result.exit_code == 0, result.output
    assert len(read_rehearsals(config.parent)) == 1
    assert (config.parent / REHEARSALS).exists()
    assert after == before
    assert "nothing is in the way" in checked.stdout
