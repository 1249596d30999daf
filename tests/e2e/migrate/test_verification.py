"""Verification: what two real servers hold is told apart to the last bit, row by row."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from psycopg import AsyncConnection, sql

from cyphr.embedded.databases import OWNERS, drop_database
from cyphr.foundation.errors import VerificationFailed
from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.database.catalogue import read_tables
from cyphr.migrate.database.verify import tables, view
from cyphr.migrate.database.verify.calibration import tables_to_compare_as_text
from cyphr.migrate.database.verify.tables import verify_tables
from cyphr.migrate.database.verify.view import View, prepare_to_verify, read_shapes
from tests.conftest import Server, TestSide

# Values of one type that its own equality, or its own hash, cannot tell apart, and that print differently.
CONFUSABLE = [
    ("numeric", "1.0", "1.00"),
    ("numeric", "NaN", None),
    ("numeric", "NaN", "Infinity"),
    ("numeric", "Infinity", "-Infinity"),
    ("numeric", "0", None),
    ("numeric(20,7)", "0", None),
    ("numeric(20,7)", "NaN", None),
    ("float8", "0", "-0"),
    ("float8", "0", None),
    ("float4", "0", "-0"),
    ("float8", "0.1", "0.10000000000000002"),
    ("int8", "-1", "4294967295"),
    ("int8", "4294967297", "0"),
    ("timestamptz", "1999-12-31 23:59:59.999999+00", "2000-01-01 01:11:34.967295+00"),
    ("timestamp", "infinity", "-infinity"),
    ("timetz", "12:00+00", "13:00+01"),
    ("interval", "1 month", "30 days"),
    ("interval", "1 day", "24:00:00"),
    ("jsonb", '{"a": 1.0}', '{"a": 1.00}'),
    ("json", '{"a": 1}', '{"a":1}'),
    ("text", "", None),
    ("text", "a", "a "),
    ("text", "\u00e9", "e\u0301"),
    ("bpchar", "a", "a "),
    ("bytea", r"\x00", r"\x0000"),
    ("bytea", r"\x", None),
    ("bit(3)", "101", "100"),
    ("varbit", "1", "10"),
    ("money", "1", "-1"),
    ("inet", "10.0.0.1", "10.0.0.1/31"),
    ("point", "(0,1)", "(-0,1)"),
    ("box", "((1,1),(0,0))", "((1,1),(0,0.5))"),
    ("tsvector", "a:1", "a:1A"),
    ("numeric[]", "{1.0}", "{1.00}"),
    ("int[]", "{1,2}", "[0:1]={1,2}"),
    ("int[]", "{{1,2}}", "{1,2}"),
    ("text[]", "{NULL}", '{"NULL"}'),
    ("text[]", "{}", None),
    ("numrange", "[1.0,2)", "[1.00,2)"),
    ("public.mood", "happy", "sad"),
    ("public.moods", "happy", "sad"),
    ("public.amount", "1.0", "1.00"),
    ("public.wrapped_amount", "1.0", "1.00"),
    ("public.pair", "(1.0,x)", "(1.00,x)"),
    ("public.pair", "(,)", None),
]

TYPES = """
create type mood as enum ('happy', 'sad');
create domain moods as mood;
create domain amount as numeric check (value < 1000);
create domain wrapped_amount as amount;
create type pair as (a numeric, b text);
"""


@asynccontextmanager
async def views(source: TestSide, target: TestSide) -> AsyncIterator[tuple[View, View]]:
    """Both sides as verification reads them, at rest."""
    async with await connect(source.owner) as ours, await connect(target.owner) as theirs:
        await prepare_to_verify(ours)
        await prepare_to_verify(theirs)
        our_shapes, their_shapes = await read_shapes(ours), await read_shapes(theirs)
        as_text = await tables_to_compare_as_text(ours, theirs, our_shapes)
        yield View([ours], our_shapes, as_text), View([theirs], their_shapes, as_text)


async def differing(source: TestSide, target: TestSide) -> dict[str, list[str]]:
    """Table → what differs, for tables that do."""
    async with await connect(source.owner) as connection:
        there = await read_tables(connection)
    async with views(source, target) as (ours, theirs):
        found = await verify_tables(ours, theirs, there)
    return {each.table.name: each.lines for each in found if each.lines}


async def fill(connection: AsyncConnection, values: Sequence[tuple[str, str | None]]) -> None:
    """One table per value, with a row before it and one after."""
    await connection.execute(TYPES)
    async with connection.transaction():
        for number, (kind, value) in enumerate(values):
            table, column = sql.Identifier(f"t{number}"), sql.SQL(kind)
            await connection.execute(sql.SQL("create table {} (id int primary key, v {})").format(table, column))
            await connection.execute(
                sql.SQL(
                    "insert into {} select n, case n when 2 then {}::text::{} end from generate_series(1, 3) n"
                ).format(table, sql.Literal(value), column)
            )


async def test_values_that_a_types_own_equality_confuses_are_told_apart(
    supabase_bare: TestSide, aws_bare: TestSide
) -> None:
    async with await connect(supabase_bare.owner) as source, await connect(aws_bare.owner) as target:
        await fill(source, [(kind, one) for kind, one, _ in CONFUSABLE])
        await fill(target, [(kind, other) for kind, _, other in CONFUSABLE])
    found = await differing(supabase_bare, aws_bare)
    missed = [pair for number, pair in enumerate(CONFUSABLE) if f"t{number}" not in found]
    assert missed == []
    assert all(
        len(lines) == 1 and lines[0].startswith(f"public.{name} (2): differs in v: ") for name, lines in found.items()
    )


async def test_equal_values_of_every_kind_are_found_equal_on_two_versions_whatever_their_settings(
    supabase_bare: TestSide, aws_bare: TestSide
) -> None:
    async with await connect(supabase_bare.owner) as source, await connect(aws_bare.owner) as target:
        # Enums and composites get other OIDs here than there, and nothing else may depend on a database's settings.
        await target.execute("create type earlier as enum ('x')")
        name = sql.Identifier(aws_bare.owner.dbname)
        for setting in (
            "datestyle = 'German'",
            "intervalstyle = 'sql_standard'",
            "timezone = 'Asia/Kolkata'",
            "extra_float_digits = 0",
            "bytea_output = 'escape'",
        ):
            await target.execute(sql.SQL("alter database {} set ").format(name) + sql.SQL(setting))
        values = [(kind, value) for kind, *both in CONFUSABLE for value in both]
        await fill(source, values)
        await fill(target, values)
    assert await differing(supabase_bare, aws_bare) == {}


async def test_servers_that_hash_a_type_unlike_are_compared_by_what_rows_print(
    supabase_bare: TestSide, aws_bare: TestSide
) -> None:
    async with await connect(supabase_bare.owner) as source, await connect(aws_bare.owner) as target:
        for connection in (source, target):
            await connection.execute("create table things (id uuid primary key, v text)")
            await connection.execute("create table others (id int primary key)")
            await connection.execute("insert into things select md5(n::text)::uuid, n from generate_series(1, 9) n")
        # A server whose uuids hash otherwise: its operator class calls another function for sixteen bytes.
        async with await connect(aws_bare.superuser) as superuser:
            await superuser.execute(
                "update pg_amproc set amproc = 'interval_hash_extended'::regproc"
                " where amproc = 'uuid_hash_extended'::regproc"
            )
    async with views(supabase_bare, aws_bare) as (ours, _):
        assert ours.as_text == {("public", "things")}
    assert await differing(supabase_bare, aws_bare) == {}
    async with await connect(aws_bare.owner) as target:
        await target.execute("update things set v = '5 ' where v = '5'")
    found = await differing(supabase_bare, aws_bare)
    assert found == {
        "things": [
            (
                'public.things (e4da3b7f-bbce-2345-d777-2b0674a318d5): differs in v: 5 on the sending side, "5 " on the'
                " receiving side"
            )
        ]
    }


async def test_servers_that_print_equal_values_unlike_are_not_compared_at_all(
    supabase_bare: TestSide, aws_bare: TestSide
) -> None:
    async with await connect(aws_bare.superuser) as superuser:
        await superuser.execute("update pg_type set typoutput = 'lseg_out'::regproc where typname = 'box'")
    with pytest.raises(VerificationFailed, match="print equal values differently"):
        await differing(supabase_bare, aws_bare)


async def test_databases_that_store_text_in_other_encodings_are_compared_by_what_rows_print(
    supabase_bare: TestSide, aws_server: Server
) -> None:
    name = "test_latin1"
    async with await connect(aws_server.cluster.settings("template1")) as superuser:
        await superuser.execute(
            f"create database {name} template template0 encoding 'LATIN1' locale 'C' owner {OWNERS[Side.AWS]}"
        )
        try:
            latin = aws_server.side_of(name)
            await _hold_alike(
                (supabase_bare, latin),
                "create table words (id int primary key, v text)",
                "insert into words values (1, 'caf\u00e9'), (2, null), (3, '')",
            )
            assert await differing(supabase_bare, latin) == {}
            await _spoil(latin, "update words set v = 'caf\u00e8' where id = 1")
            assert list(await differing(supabase_bare, latin)) == ["words"]
        finally:
            await drop_database(superuser, name)


async def _hold_alike(sides: Sequence[TestSide], *statements: str) -> None:
    for side in sides:
        async with await connect(side.owner) as connection:
            for statement in statements:
                await connection.execute(statement)


async def _spoil(side: TestSide, statement: str) -> None:
    async with await connect(side.owner) as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(statement)


@pytest.mark.parametrize("rows", [50_000, pytest.param(3_000_000, marks=pytest.mark.soak)])
async def test_one_bit_that_flipped_in_one_row_of_many_is_found_and_shown(
    rows: int, supabase_bare: TestSide, aws_bare: TestSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "_BLOCKS_WORTH_A_CHUNK", 64)  # so that the few are read in ranges, too
    await _hold_alike(
        (supabase_bare, aws_bare),
        "create table messages (id bigint primary key, chat uuid, content text, amount numeric, sent timestamptz)",
        "insert into messages select n, md5((n / 9)::text)::uuid, 'message ' || n || repeat(' and so on', n % 9),"
        f" n * 0.01, timestamptz '2025-01-01' + n * interval '1 second' from generate_series(1, {rows}) n",
    )
    # d and e differ in their lowest bit
    await _spoil(aws_bare, f"update messages set content = replace(content, 'and', 'ane') where id = {rows - 7}")
    found = await differing(supabase_bare, aws_bare)
    [line] = found["messages"]
    assert line.startswith(f"public.messages ({rows - 7}): differs in content: ")
    assert " and so on" in line
    assert " ane so on" in line


async def test_rows_that_are_missing_added_and_changed_are_told_apart_and_secrets_are_not_shown(
    supabase_bare: TestSide, aws_bare: TestSide
) -> None:
    await _hold_alike(
        (supabase_bare, aws_bare),
        "create table people (name text, room int, pin_hash text, shipping text, primary key (name, room))",
        "insert into people select 'p' || n, n % 3, 'secret' || n, 'way' || n from generate_series(1, 500) n",
        "create table tokens (token text primary key, note text)",
        "insert into tokens values ('hunter2', 'a')",
    )
    await _spoil(aws_bare, "delete from people where name = 'p7'")
    await _spoil(aws_bare, "insert into people values ('new', 0, 'x', 'y')")
    await _spoil(aws_bare, "update people set pin_hash = 'other', shipping = null where name = 'p8'")
    await _spoil(aws_bare, "update tokens set note = 'b'")
    found = await differing(supabase_bare, aws_bare)
    assert sorted(found["people"]) == [
        "public.people (new, 0): only on the receiving side",
        "public.people (p7, 1): missing on the receiving side",
        (
            "public.people (p8, 2): differs in pin_hash (not shown); "
            "shipping: way8 on the sending side, NULL on the receiving side"
        ),
    ]
    assert found["tokens"] == [
        "public.tokens (md5 2ab96390c7db): differs in note: a on the sending side, b on the receiving side"
    ]


async def test_rows_without_a_key_are_counted_one_by_one(supabase_bare: TestSide, aws_bare: TestSide) -> None:
    await _hold_alike(
        (supabase_bare, aws_bare),
        "create table events (kind text, password text)",
        "insert into events select 'click', 'x' from generate_series(1, 100)",
        "insert into events select 'view', 'x' from generate_series(1, 100)",
    )
    await _spoil(aws_bare, "delete from events where ctid in (select ctid from events where kind = 'view' limit 1)")
    await _spoil(aws_bare, "insert into events values ('other', 'x')")
    found = await differing(supabase_bare, aws_bare)
    assert sorted(found["events"]) == [
        "public.events (other): only on the receiving side",
        "public.events (view): missing on the receiving side (100 times on the sending side, 99 on the receiving)",
    ]


async def test_a_table_that_differs_everywhere_is_told_in_a_few_lines(
    supabase_bare: TestSide, aws_bare: TestSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_ROWS_OPENED", 1_000)
    await _hold_alike(
        (supabase_bare, aws_bare),
        "create table things (id int primary key, v text)",
        "insert into things select n, n from generate_series(1, 5000) n",
    )
    await _spoil(aws_bare, "update things set v = v || '!'")
    lines = (await differing(supabase_bare, aws_bare))["things"]
    assert len(lines) == 22
    assert re.fullmatch(r"public\.things: and \d+ more", lines[-2])
    assert re.fullmatch(r"public\.things: and more rows in \d+ parts not looked into", lines[-1])


async def test_what_makes_rows_impossible_to_compare_is_named(supabase_bare: TestSide, aws_bare: TestSide) -> None:
    await _hold_alike(
        (supabase_bare, aws_bare),
        "create table things (id int primary key, v text, w int)",
        "create table gone (id int primary key)",
    )
    await _hold_alike(
        (aws_bare,), "alter table things drop column v", "drop table gone", "alter table things add column further int"
    )
    assert await differing(supabase_bare, aws_bare) == {
        "gone": ["public.gone: missing on the receiving side"],
        "things": ["public.things: column v is missing on the receiving side"],
    }


async def test_generated_and_dropped_columns_unusual_names_and_children_are_compared_as_they_are(
    supabase_bare: TestSide, aws_bare: TestSide
) -> None:
    odd = sql.Identifier('Ünïcödé "100 %s').as_string(None)
    await _hold_alike(
        (supabase_bare, aws_bare),
        f'create table {odd} ("se lect" int primary key, "t" text,'
        ' double int generated always as ("se lect" * 2) stored)',
        f"insert into {odd} select n, 'x%' from generate_series(1, 10) n",
        "create table parent (id int primary key, v text)",
        "create table child (extra text) inherits (parent)",
        "insert into parent values (1, 'a')",
        "insert into child values (1, 'a', 'b')",
    )
    await _hold_alike((supabase_bare,), "alter table parent add column gone int", "alter table parent drop column gone")
    assert await differing(supabase_bare, aws_bare) == {}
    await _spoil(aws_bare, f"""update {odd} set "t" = 'y%' where "se lect" = 3""")
    await _spoil(aws_bare, "update only parent set v = 'c'")
    found = await differing(supabase_bare, aws_bare)
    assert found == {
        'Ünïcödé "100 %s': [
            'public.Ünïcödé "100 %s (3): differs in t: x% on the sending side, y% on the receiving side'
        ],
        "parent": ["public.parent (1): differs in v: a on the sending side, c on the receiving side"],
    }
