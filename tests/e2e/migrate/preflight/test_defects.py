"""Every defect that SQL can make in a database is found by the check that is named for it, and by it alone."""

from dataclasses import dataclass

import pytest

from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.finding import Level
from tests.e2e.migrate.preflight.conftest import Look, Pair, defect

_TABLE = "create table public.defect (id int primary key, owner uuid)"
_DROP = "drop table public.defect"
_ASKING_ITSELF = "exists (select from public.defect as mine where mine.owner = auth.uid())"


@dataclass(frozen=True)
class Defect:
    """``make`` it, expect ``level`` and ``words`` of ``check``, ``undo`` it."""

    check: str
    title: str
    level: Level
    words: str
    make: list[str]
    undo: list[str]
    side: Side = Side.SUPABASE
    as_superuser: bool = False


DEFECTS = [
    Defect(
        "replica-identity", "no key", Level.FAILURE, "defect",
        ["create table public.defect (id int)"], [_DROP],
    ),
    Defect(
        "replica-identity", "identity nothing", Level.FAILURE, "defect",
        [_TABLE, "alter table public.defect replica identity nothing"], [_DROP],
    ),
    Defect(
        "recursive-policy", "a policy that asks its own table", Level.FAILURE, "public.defect as anon (42P17)",
        [_TABLE, "alter table public.defect enable row level security",
         f"create policy members on public.defect for select using ({_ASKING_ITSELF})"], [_DROP],
    ),
    Defect(
        "recursive-policy", "only for one role", Level.FAILURE, "public.defect as watched (42P17)",
        [_TABLE, "alter table public.defect enable row level security",
         "create role watched nologin", "grant watched to postgres", "grant all on public.defect to watched",
         f"create policy members on public.defect to watched using ({_ASKING_ITSELF})"],
        [_DROP, "drop role watched"],
    ),
    Defect(
        "recursive-policy", "through a function", Level.FAILURE, "public.defect as anon (54001)",
        [_TABLE, "insert into public.defect values (1)", "alter table public.defect enable row level security",
         ("create function public.is_member() returns boolean language plpgsql stable as"
         " 'begin return exists (select from public.defect); end'"),
         "create policy members on public.defect for select using (public.is_member())"],
        [_DROP, "drop function public.is_member()"],
    ),
    Defect(
        "row-level-security", "a table that everybody reads", Level.WARNING, "defect",
        [_TABLE], [_DROP],
    ),
    Defect(
        "unlogged-tables", "an unlogged table", Level.WARNING, "defect",
        ["create unlogged table public.defect (id int primary key)"], [_DROP],
    ),
    Defect(
        "large-objects", "a large object", Level.WARNING, "1 large objects",
        ["select lo_create(4711)"], ["select lo_unlink(4711)"],
    ),
    Defect(
        "primary-keys", "a large table without a key", Level.WARNING, "defect (10,001 rows)",
        ["create table public.defect (id int)", "alter table public.defect replica identity full",
         "insert into public.defect select generate_series(1, 10001)", "analyze public.defect"], [_DROP],
    ),
    Defect(
        "sequences", "a sequence near its end", Level.WARNING, "public.ticket is at 90 of 100",
        ["create sequence public.ticket maxvalue 100", "select setval('public.ticket', 90)"],
        ["drop sequence public.ticket"],
    ),
    Defect(
        "sequences", "a bigint sequence that fills an int column", Level.WARNING, "2,000,000,000 of 2,147,483,647",
        ["create table public.defect (id int primary key)", "create sequence public.ticket owned by public.defect.id",
         "select setval('public.ticket', 2000000000)"], [_DROP],
    ),
    Defect(
        "needs", "a view of a table of the platform's", Level.FAILURE, "signed_in needs table auth.sessions",
        ["create view public.signed_in as select id from auth.sessions"], ["drop view public.signed_in"],
    ),
    Defect(
        "platform-objects", "a trigger on auth.users", Level.WARNING, "trigger make_profile on auth.users",
        ["create function public.profile() returns trigger language plpgsql as 'begin return new; end'",
         "create trigger make_profile after insert on auth.users for each row execute function public.profile()"],
        ["drop function public.profile() cascade"],
    ),
    Defect(
        "platform-objects", "a policy on storage.objects", Level.WARNING, "policy own_files on storage.objects",
        ["create policy own_files on storage.objects using (owner = auth.uid())"],
        ["drop policy own_files on storage.objects"], as_superuser=True,
    ),
    Defect(
        "event-triggers", "an event trigger of the project's", Level.WARNING, "watch_ddl",
        ["create role project_owner superuser",
         "create function public.seen() returns event_trigger language plpgsql as 'begin end'",
         "create event trigger watch_ddl on ddl_command_end execute function public.seen()",
         "alter event trigger watch_ddl owner to project_owner"],
        ["drop event trigger watch_ddl", "drop function public.seen()", "drop role project_owner"],
        as_superuser=True,
    ),
    Defect(
        "foreign-servers", "a foreign table", Level.FAILURE, "elsewhere",
        ["create foreign data wrapper far", "create server far foreign data wrapper far",
         "create foreign table public.elsewhere (id int) server far"],
        ["drop foreign data wrapper far cascade"], as_superuser=True,
    ),
    Defect(
        "foreign-servers", "a foreign server", Level.WARNING, "far",
        ["create foreign data wrapper far", "create server far foreign data wrapper far"],
        ["drop foreign data wrapper far cascade"], as_superuser=True,
    ),
    Defect(
        "target-empty", "a table on the target", Level.FAILURE, "defect",
        [_TABLE], [_DROP], side=Side.AWS,
    ),
    Defect(
        "target-empty", "a function on the target", Level.FAILURE, "defect()",
        ["create function public.defect() returns int language sql as 'select 1'"],
        ["drop function public.defect()"], side=Side.AWS,
    ),
    Defect(
        "privileges", "a table of somebody else's", Level.FAILURE, '"public"."defect"',
        [_TABLE, "revoke all on public.defect from postgres"], [_DROP], as_superuser=True,
    ),
    Defect(
        "privileges", "people that may not be watched", Level.FAILURE, "may not create a trigger on auth.users",
        ["create table public.defect (id int primary key, owner uuid references auth.users)",
         "alter table public.defect owner to postgres", "revoke trigger on auth.users from postgres"],
        [_DROP, "grant trigger on auth.users to postgres"], as_superuser=True,
    ),
    Defect(
        "privileges", "a slot that may not be kept", Level.FAILURE, "may not create a replication slot",
        ["revoke execute on function pg_copy_logical_replication_slot(name, name, boolean) from public"],
        ["grant execute on function pg_copy_logical_replication_slot(name, name, boolean) to public"],
        side=Side.AWS, as_superuser=True,
    ),
    Defect(
        "wal", "a single slot is free", Level.FAILURE, "replication slots are free, 2 are needed",
        [("select pg_create_physical_replication_slot('taken_' || n)"
         " from generate_series(1, current_setting('max_replication_slots')::int"
         " - (select count(*)::int from pg_replication_slots) - 1) as n")],
        ["select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name like 'taken%'"],
        side=Side.AWS, as_superuser=True,
    ),
]  # fmt: skip


@pytest.mark.parametrize("one", DEFECTS, ids=lambda one: f"{one.check}: {one.title}")
async def test_a_defect_is_found_by_the_check_that_is_named_for_it(one: Defect, pair: Pair, look: Look) -> None:
    before = await look(one.check, pair.settings)
    assert before.level is Level.OK, before.saw
    async with defect(pair, one.side, one.make, one.undo, as_superuser=one.as_superuser):
        found = await look(one.check, pair.settings)
    assert (found.level, one.words in found.saw) == (one.level, True), found.saw
    after = await look(one.check, pair.settings)
    assert after == before  # looking left nothing behind
