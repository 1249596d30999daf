"""Every table × who asks × what they try, on both sides: nothing is visible or writable that is not listed here."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from psycopg import AsyncConnection, sql

from cyphr.foundation.postgres import connect
from tests.conftest import Server, TestSide

ANNA = "a0000000-0000-4000-8000-000000000000"
BORIS = "b0000000-0000-4000-8000-000000000000"
CLARA = "c0000000-0000-4000-8000-000000000000"
CHAT = "d0000000-0000-4000-8000-000000000000"
MESSAGE = "e0000000-0000-4000-8000-000000000000"

# table: what Anna, who is in the chat, and Clara, who is not, get of: select insert update delete.
# A number is how many rows it reaches, "-" is refused. Who is not signed in is refused everything.
MATRIX = {
    "account_emails": ("1 - - -", "0 - - -"),
    "audit_chain": ("- - - -", "- - - -"),
    "audit_head": ("- - - -", "- - - -"),
    "audit_log": ("- - - -", "- - - -"),
    "calls": ("1 - - -", "0 - - -"),
    "chat_bans": ("0 - - -", "0 - - -"),
    "chat_invites": ("0 - - -", "0 - - -"),
    "chat_participants": ("2 - - -", "0 - - -"),
    "chat_privacy": ("1 - - -", "0 - - -"),
    "chats": ("1 - - -", "0 - - -"),
    "cognito_accounts": ("1 - - -", "0 - - -"),
    "cognito_sign_ups": ("- - - -", "- - - -"),
    "device_registrations": ("1 - - -", "0 - - -"),
    "direct_chats": ("- - - -", "- - - -"),
    "discovery_tokens": ("1 - - 1", "0 - - 0"),
    "email_codes": ("- - - -", "- - - -"),
    "hidden_messages": ("1 - - -", "0 - - -"),
    "imported_passwords": ("- - - -", "- - - -"),
    "known_devices": ("- - - -", "- - - -"),
    "message_drafts": ("1 - - 1", "0 - - 0"),
    "message_edits": ("1 - - -", "0 - - -"),
    "message_reactions": ("1 - - -", "0 - - -"),
    "message_status": ("1 1 0 -", "0 - 0 -"),
    "mfa_factors": ("- - - -", "- - - -"),
    "mfa_attempts": ("- - - -", "- - - -"),
    "messages": ("1 1 - -", "0 - - -"),
    "nearby_discovery": ("1 - - 1", "0 - - 0"),
    "notification_settings": ("1 - - -", "0 - - -"),
    "phone_hashes": ("- - - -", "- - - -"),
    "privacy_settings": ("1 - - -", "0 - - -"),
    "push_checks": ("- - - -", "- - - -"),
    "push_endpoints": ("- - - -", "- - - -"),
    "push_state": ("- - - -", "- - - -"),
    "recovery_codes": ("- - - -", "- - - -"),
    "refresh_tokens": ("- - - -", "- - - -"),
    "returning_passwords": ("- - - -", "- - - -"),
    "sessions": ("- - - -", "- - - -"),
    "sign_in_addresses": ("- - - -", "- - - -"),
    "sign_in_attempts": ("- - - -", "- - - -"),
    "sign_in_methods": ("1 - - -", "0 - - -"),
    "sign_in_challenges": ("- - - -", "- - - -"),
    "tenant_group_members": ("- - - -", "- - - -"),
    "tenant_groups": ("- - - -", "- - - -"),
    "tenant_invitations": ("- - - -", "- - - -"),
    "tenant_members": ("- - - -", "- - - -"),
    "tenant_policies": ("- - - -", "- - - -"),
    "tenants": ("- - - -", "- - - -"),
    "transactions": ("1 - - -", "0 - - -"),
    "user_blocks": ("1 - - -", "0 - - -"),
    "user_wallets": ("1 - - -", "0 - - -"),
    "users": ("2 - 1 -", "1 - 1 -"),
    "waitlist": ("- - - -", "- - - -"),
    "ways_back": ("- - - -", "- - - -"),
    "waitlist_stats": ("- - - -", "- - - -"),
}

SECRETS = [
    ("users", "pin_hash"),
    ("users", "password_hash"),
    ("users", "email_hash"),
    ("users", "phone"),
    ("users", "phone_hash"),
    ("users", "encrypted_private_key"),
    ("users", "is_online"),
    ("users", "last_seen"),
    ("user_wallets", "encrypted_secret_key"),
]

# What a signed-in person may call in the schema private: policies do.
ASKED_BY_POLICIES = {"is_member", "can_read", "shares_chat_with", "is_admin", "may_write"}


@asynccontextmanager
async def one_row_in_every_table(server: Server) -> AsyncIterator[tuple[Server, TestSide]]:
    async with server.database(server.full) as side:
        async with await connect(side.superuser) as connection:
            await connection.execute(Path(__file__).with_name("row_level_security.sql").read_text())
        yield server, side


@pytest_asyncio.fixture(scope="module")
async def on_supabase(supabase_server: Server) -> AsyncIterator[tuple[Server, TestSide]]:
    async with one_row_in_every_table(supabase_server) as made:
        yield made


@pytest_asyncio.fixture(scope="module")
async def on_aws(aws_server: Server) -> AsyncIterator[tuple[Server, TestSide]]:
    async with one_row_in_every_table(aws_server) as made:
        yield made


@pytest.fixture(scope="module", params=["on_supabase", "on_aws"])
def standing(request: pytest.FixtureRequest) -> tuple[Server, TestSide]:
    """Each side in turn."""
    made: tuple[Server, TestSide] = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def peopled(standing: tuple[Server, TestSide]) -> TestSide:
    """A database with one row in every table, in which nothing is changed."""
    return standing[1]


@pytest_asyncio.fixture
async def own(standing: tuple[Server, TestSide]) -> AsyncIterator[TestSide]:
    """A copy of it, for one test to change."""
    server, side = standing
    async with server.database(side.owner.dbname) as copy:
        yield copy


@asynccontextmanager
async def acting(side: TestSide, user_id: str | None) -> AsyncIterator[AsyncConnection]:
    """The runtime role on behalf of somebody; without ``user_id`` the role of who is not signed in."""
    claims = {"role": "authenticated", "sub": user_id} if user_id else {"role": "anon"}
    async with await connect(side.app if user_id else side.superuser) as connection:
        if user_id is None:
            await connection.execute("set role anon")
        await connection.execute("select set_config('request.jwt.claims', %s, false)", [json.dumps(claims)])
        yield connection


async def attempt(connection: AsyncConnection, statement: Any, parameters: Any = ()) -> str:
    """How many rows it reaches, or "-"; nothing stays."""
    try:
        async with connection.transaction(force_rollback=True):
            cursor = await connection.execute(statement, parameters)
            return str(cursor.rowcount)
    except psycopg.errors.InsufficientPrivilege:
        return "-"
    except psycopg.errors.ObjectNotInPrerequisiteState:
        return "-"  # a view that takes no writes


async def attempt_all(connection: AsyncConnection, table: str, user_id: str | None) -> str:
    name = sql.Identifier("public", table)
    column = {"users": "full_name", "message_status": "status"}.get(table) or await first_column(connection, table)
    insert: Any = sql.SQL("insert into {} default values").format(name)
    parameters: Any = ()
    if table == "messages":
        insert, parameters = "insert into messages (chat_id, sender_id, content) values (%s, %s, 'x')", [CHAT, user_id]
    if table == "message_status":
        insert, parameters = "insert into message_status (message_id, user_id) values (%s, %s)", [MESSAGE, user_id]
    return " ".join(
        [
            await attempt(connection, sql.SQL("select from {}").format(name)),
            await attempt(connection, insert, parameters),
            await attempt(connection, sql.SQL("update {} set {c} = {c}").format(name, c=sql.Identifier(column))),
            await attempt(connection, sql.SQL("delete from {}").format(name)),
        ]
    )


async def first_column(connection: AsyncConnection, table: str) -> str:
    cursor = await connection.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum = 1", [f"public.{table}"]
    )
    row = await cursor.fetchone()
    assert row is not None
    return str(row[0])


async def test_every_table_gives_each_person_exactly_what_is_listed(peopled: TestSide) -> None:
    seen = {}
    async with (
        acting(peopled, ANNA) as anna,
        acting(peopled, CLARA) as clara,
        acting(peopled, None) as nobody,
    ):
        for table in MATRIX:
            seen[table] = (await attempt_all(anna, table, ANNA), await attempt_all(clara, table, CLARA))
            assert await attempt_all(nobody, table, None) == "- - - -", f"{table} is open to who is not signed in"
    assert seen == MATRIX


async def test_the_list_names_every_table_and_each_has_row_level_security(peopled: TestSide) -> None:
    async with await connect(peopled.superuser) as connection:
        cursor = await connection.execute(
            "select relname, relkind = 'v' or relrowsecurity from pg_class"
            " where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')"
        )
        tables = dict(await cursor.fetchall())
    assert set(tables) == set(MATRIX)
    assert all(tables.values()), f"without row-level security: {[name for name, on in tables.items() if not on]}"


async def test_nobody_who_signs_in_reads_a_secret_column_even_of_their_own_row(peopled: TestSide) -> None:
    async with acting(peopled, ANNA) as anna:
        for table, column in SECRETS:
            statement = sql.SQL("select {} from {}").format(sql.Identifier(column), sql.Identifier(table))
            assert await attempt(anna, statement) == "-", f"{table}.{column}"


async def test_a_member_cannot_write_in_anothers_name_nor_choose_a_place(peopled: TestSide) -> None:
    async with acting(peopled, ANNA) as anna:
        forged = "insert into messages (chat_id, sender_id, content) values (%s, %s, 'x')"
        assert await attempt(anna, forged, [CHAT, BORIS]) == "-"
        placed = "insert into messages (chat_id, sender_id, seq) values (%s, %s, 99)"
        assert await attempt(anna, placed, [CHAT, ANNA]) == "-"
        stolen = "update users set full_name = 'x' where id = %s"
        assert await attempt(anna, stolen, [BORIS]) == "0"


async def test_a_member_who_left_reads_nothing(own: TestSide) -> None:
    async with await connect(own.superuser) as connection:
        await connection.execute("update chat_participants set left_at = now() where user_id = %s", [ANNA])
    async with acting(own, ANNA) as anna:
        for table in ("chats", "chat_participants", "messages", "message_status", "calls"):
            assert await attempt(anna, sql.SQL("select from {}").format(sql.Identifier(table))) == "0", table


async def test_a_member_whose_history_begins_later_does_not_read_what_was_before(own: TestSide) -> None:
    async with await connect(own.superuser) as connection:
        await connection.execute("update chat_participants set visible_from_seq = 1 where user_id = %s", [ANNA])
        await connection.execute(
            "insert into messages (chat_id, sender_id, content) values (%s, %s, 'second')", [CHAT, BORIS]
        )
    async with acting(own, ANNA) as anna:
        cursor = await anna.execute("select content from messages")
        assert await cursor.fetchall() == [("second",)]


async def test_a_message_that_has_expired_is_read_by_nobody_before_it_is_swept(own: TestSide) -> None:
    async with await connect(own.superuser) as connection:
        await connection.execute("update messages set expires_at = now() - interval '1 second'")
    async with acting(own, ANNA) as anna:
        for table in ("messages", "message_edits", "message_reactions", "message_status"):
            assert await attempt(anna, sql.SQL("select from {}").format(sql.Identifier(table))) == "0", table
        cursor = await anna.execute("select content, deleted_at is not null from private.shown_messages")
        assert await cursor.fetchall() == [(None, True)]


async def test_the_view_of_messages_shows_only_what_its_reader_may_know_of(peopled: TestSide) -> None:
    for reader, seen in ((ANNA, "1"), (BORIS, "1"), (CLARA, "0")):
        async with acting(peopled, reader) as connection:
            assert await attempt(connection, "select from private.shown_messages") == seen
            assert await attempt(connection, "update private.shown_messages set content = 'x'") == "-"
    async with acting(peopled, None) as nobody:
        assert await attempt(nobody, "select from private.shown_messages") == "-"


async def test_bans_and_links_of_a_group_are_seen_by_those_who_administer_it_alone(own: TestSide) -> None:
    async with await connect(own.superuser) as connection:
        await connection.execute("update chats set type = 'group' where id = %s", [CHAT])
        await connection.execute("update chat_participants set role = 'owner' where user_id = %s", [BORIS])
    for user_id, seen in ((BORIS, "1"), (ANNA, "0"), (CLARA, "0")):
        async with acting(own, user_id) as person:
            assert await attempt(person, "select from chat_bans") == seen
            assert await attempt(person, "select from chat_invites") == seen


async def test_nobody_sees_who_blocks_them(peopled: TestSide) -> None:
    async with acting(peopled, CLARA) as clara:
        assert await attempt(clara, "select from user_blocks") == "0"


async def test_a_member_cannot_post_a_notice_nor_write_to_who_is_blocked(own: TestSide) -> None:
    async with acting(own, ANNA) as anna:
        forged = "insert into messages (chat_id, sender_id, content, message_type) values (%s, %s, '{}', 'notice')"
        assert await attempt(anna, forged, [CHAT, ANNA]) == "-"
        plain = "insert into messages (chat_id, sender_id, content) values (%s, %s, 'x')"
        assert await attempt(anna, plain, [CHAT, ANNA]) == "1"
        async with await connect(own.superuser) as connection:
            await connection.execute("insert into user_blocks values (%s, %s)", [BORIS, ANNA])
        assert await attempt(anna, plain, [CHAT, ANNA]) == "-"


async def test_only_what_policies_ask_may_be_called_in_the_schema_private(peopled: TestSide) -> None:
    async with await connect(peopled.superuser) as connection:
        cursor = await connection.execute(
            "select proname, has_function_privilege('authenticated', oid, 'execute'),"
            " has_function_privilege('anon', oid, 'execute'), coalesce(array_to_string(proconfig, ','), '')"
            " from pg_proc where pronamespace = 'private'::regnamespace"
        )
        functions = await cursor.fetchall()
    assert {name for name, signed_in, _, _ in functions if signed_in} == ASKED_BY_POLICIES
    assert not [name for name, _, anybody, _ in functions if anybody]
    assert not [name for name, _, _, settings in functions if 'search_path=""' not in settings]


async def test_the_runtime_role_owns_nothing_and_cannot_bypass_row_level_security(peopled: TestSide) -> None:
    async with await connect(peopled.app) as connection:
        cursor = await connection.execute(
            "select rolbypassrls or rolsuper or rolcreaterole or rolcreatedb or rolreplication,"
            " (select count(*) from pg_class where relowner = pg_roles.oid),"
            " pg_has_role(oid, 'service_role', 'usage')"
            " from pg_roles where rolname = current_user"
        )
        assert await cursor.fetchone() == (False, 0, False)
