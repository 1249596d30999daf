"""A rehearsal and a check are remembered by the schema that they saw; what this tool adds is not part of it."""

from pathlib import Path

from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.database.catalogue import read_tables
from cyphr.migrate.database.handover.fence import install_fence
from cyphr.migrate.database.streams import install_streams, publish
from cyphr.migrate.preflight.finding import Level
from cyphr.migrate.preflight.fingerprint import changes, read_objects
from cyphr.migrate.preflight.records import REHEARSALS, add_rehearsal, note_checked_schema
from cyphr.schema.apply import install_switchboard
from tests.conftest import TestSide
from tests.e2e.migrate.preflight.conftest import Look, Pair, defect

_MAKE = ["create table public.kept (id int primary key, name text default 'x')"]
_UNDO = ["drop table public.kept"]


async def objects_of(side: TestSide) -> dict[str, str]:
    async with await connect(side.owner) as connection:
        return await read_objects(connection)


async def test_a_rehearsal_counts_for_the_schema_that_it_was_of(pair: Pair, look: Look, tmp_path: Path) -> None:
    async with defect(pair, Side.SUPABASE, _MAKE, _UNDO):
        assert "no rehearsal on record" in (await look("rehearsed", pair.settings)).saw
        add_rehearsal(tmp_path / REHEARSALS, await objects_of(pair.sides[Side.SUPABASE]), "cyphr rehearse")
        found = await look("rehearsed", pair.settings)
        assert (found.level, "with cyphr rehearse" in found.saw) == (Level.OK, True), found.saw
        await pair.execute(Side.SUPABASE, "alter table public.kept add column later int")
        found = await look("rehearsed", pair.settings)
        assert (found.level, "none of this schema" in found.saw) == (Level.WARNING, True), found.saw


async def test_what_changed_since_the_last_check_is_named(pair: Pair, look: Look, tmp_path: Path) -> None:
    async with defect(pair, Side.SUPABASE, _MAKE, _UNDO):
        note_checked_schema(tmp_path, await objects_of(pair.sides[Side.SUPABASE]))
        assert (await look("ddl-since", pair.settings)).level is Level.OK
        await pair.execute(
            Side.SUPABASE,
            "alter table public.kept alter name set default 'y'",
            "create view public.seen as select 1 as one",
        )
        found = await look("ddl-since", pair.settings)
        await pair.execute(Side.SUPABASE, "drop view public.seen")
    assert found.level is Level.WARNING
    assert found.saw.startswith("since the last check: column public.kept.name changed, column public.seen.one is new")


async def test_every_kind_of_change_to_a_schema_shows(pair: Pair) -> None:
    source = pair.sides[Side.SUPABASE]
    async with defect(pair, Side.SUPABASE, _MAKE, _UNDO):
        for change, undo in (
            ("create index by_name on public.kept (name)", "drop index public.by_name"),
            ("alter table public.kept enable row level security", "alter table public.kept disable row level security"),
            ("create policy p on public.kept using (true)", "drop policy p on public.kept"),
            ("alter table public.kept add check (id > 0)", "alter table public.kept drop constraint kept_id_check"),
            ("grant select on public.kept to pg_monitor", "revoke select on public.kept from pg_monitor"),
            ("create type public.mood as enum ('sad')", "drop type public.mood"),
            ("create domain public.short as text check (length(value) < 9)", "drop domain public.short"),
            ("create sequence public.ticket", "drop sequence public.ticket"),
            ("create function public.f() returns int language sql as 'select 1'", "drop function public.f()"),
            ("alter table public.kept replica identity full", "alter table public.kept replica identity default"),
        ):
            before = await objects_of(source)
            await pair.execute(Side.SUPABASE, change)
            assert changes(before, await objects_of(source)) != [], change
            await pair.execute(Side.SUPABASE, undo)
            assert changes(before, await objects_of(source)) == [], undo


async def test_what_this_tool_adds_and_what_rows_do_is_no_change(pair: Pair) -> None:
    source = pair.sides[Side.SUPABASE]
    async with defect(pair, Side.SUPABASE, [*_MAKE, "create sequence public.ticket"], [*_UNDO, "drop sequence ticket"]):
        before = await objects_of(source)
        async with await connect(source.owner) as connection:
            await install_switchboard(connection)
            await install_streams(connection)
            tables = await read_tables(connection)
            await publish(connection, tables)
            await install_fence(connection, closed=False)
            await connection.execute("insert into public.kept values (1, 'a')")
            await connection.execute("select nextval('public.ticket')")
            await connection.execute("analyze public.kept")
            assert changes(before, await read_objects(connection)) == []
            await connection.execute("drop publication cyphr_migrate")
            await connection.execute("drop schema cyphr cascade")
