"""The audit finds whatever a database lost, doubled or changed, on either side."""

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, LiteralString, TypeAlias
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from psycopg import AsyncConnection, sql

from cyphr.embedded.people.audit import Audit, audit
from cyphr.embedded.people.record import Account, Avatar, ChatMade, MessageSent, PinChange, Record
from cyphr.foundation.postgres import connect
from tests.conftest import Server

ANNA, BORIS = str(UUID(int=1)), str(UUID(int=2))
CHAT = str(UUID(int=3))
_TABLES = ("messages", "chat_participants", "chats", "account_emails", "users")


@dataclass
class World:
    """A database and the record of what was acknowledged there."""

    connection: AsyncConnection[Any]
    record: Record

    async def do(self, statement: LiteralString, **parameters: Any) -> None:
        cursor = await self.connection.execute(statement, parameters)
        assert cursor.rowcount != 0, "the planted fault changed nothing"

    async def audit(self) -> Audit:
        return await audit(self.record, self.connection)


@pytest.fixture(scope="module", params=["supabase_server", "aws_server"])
def server(request: pytest.FixtureRequest) -> Server:
    named: Server = request.getfixturevalue(request.param)
    return named


@pytest_asyncio.fixture(scope="module")
async def database(server: Server) -> AsyncIterator[AsyncConnection[Any]]:
    async with server.database(server.full) as side, await connect(side.owner) as connection:
        yield connection


@pytest_asyncio.fixture
async def world(database: AsyncConnection[Any]) -> World:
    for table in _TABLES:  # of the test before
        await database.execute(sql.SQL("delete from {}").format(sql.Identifier("public", table)))
    return World(database, await _live_through(database))


@pytest_asyncio.fixture
async def world_without_rules(server: Server) -> AsyncIterator[World]:
    """In a database of its own, without the indexes that forbid a message twice: the audit must not believe in them."""
    async with server.database(server.full) as side, await connect(side.owner) as connection:
        await connection.execute("drop index public.messages_chat_seq, public.messages_sender_client")
        await connection.execute("alter table public.messages drop constraint messages_pkey cascade")
        yield World(connection, await _live_through(connection))


async def _live_through(connection: AsyncConnection[Any]) -> Record:
    """Two people, one chat, four messages, as the messenger would have stored them."""
    record = Record("http://127.0.0.1:1", started_at=0.0)
    pin_hash = _hash_pin("4321")
    for user_id, name in ((ANNA, "anna"), (BORIS, "boris")):
        record.accounts[user_id] = Account(user_id, f"{name}@example.test", f"@{name}", name.title(), "4321")
        await connection.execute(
            "insert into public.users (id, full_name, cyphr_id, pin_hash, avatar_url) values (%s, %s, %s, %s, %s)",
            [user_id, name.title(), f"@{name}", pin_hash, f"https://cdn.example.test/{name}/face.png"],
        )
        await connection.execute("insert into public.account_emails values (%s, %s)", [user_id, f"{name}@example.test"])
    record.avatars[ANNA] = Avatar(ANNA, "https://old.example.test/public/avatars/anna/face.png", "00")
    record.pin_changes.append(PinChange(ANNA, "4321", 1.0))
    record.chats[CHAT] = ChatMade(CHAT, "direct", None, [ANNA, BORIS])
    await connection.execute("insert into public.chats (id, type, last_seq) values (%s, 'direct', 4)", [CHAT])
    for user_id in (ANNA, BORIS):
        await connection.execute(
            "insert into public.chat_participants (chat_id, user_id, received_seq, read_seq) values (%s, %s, 4, 3)",
            [CHAT, user_id],
        )
        record.watermark(user_id, CHAT).received_seq = 4
        record.watermark(user_id, CHAT).read_seq = 3
    for seq, content in enumerate(["один", "two\n\"'", "🎉", "4"], start=1):
        await _say(connection, record, seq, content)
    return record


def _hash_pin(pin: str) -> str:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(pin)


async def _say(connection: AsyncConnection[Any], record: Record, seq: int, content: str) -> None:
    message_id, client_id = str(UUID(int=100 + seq)), str(UUID(int=200 + seq))
    await connection.execute(
        "insert into public.messages (id, chat_id, sender_id, client_id, seq, content) values (%s, %s, %s, %s, %s, %s)",
        [message_id, CHAT, ANNA, client_id, seq, content],
    )
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    record.messages[client_id] = MessageSent(
        client_id, message_id, CHAT, seq, ANNA, sha256, "2026", "socket", 0.0, 0.0, 0.0, 0.0
    )


async def test_what_is_there_as_it_was_acknowledged_is_clean(world: World) -> None:
    found = await world.audit()
    assert found == Audit(looked_up=4 + 1 + 2 + 2 + 1 + 1)
    assert found.clean


async def test_people_and_chats_outside_the_record_are_left_alone(world: World) -> None:
    stranger, chat = uuid4(), uuid4()
    await world.do("insert into public.users (id, full_name) values (%(id)s, 'x')", id=stranger)
    await world.do("insert into public.chats (id) values (%(id)s)", id=chat)
    await world.do(
        "insert into public.messages (chat_id, sender_id, content) values (%(chat)s, %(id)s, 'x')",
        chat=chat,
        id=stranger,
    )
    assert (await world.audit()).clean


Found: TypeAlias = Callable[[Audit], list[str]]


def lost(found: Audit) -> list[str]:
    return found.lost


def doubled(found: Audit) -> list[str]:
    return found.doubled


def wrong(found: Audit) -> list[str]:
    return found.wrong


FAULTS: list[tuple[str, LiteralString, Found]] = [
    ("a message is gone", "delete from public.messages where seq = 2", lost),
    ("the last message is gone", "delete from public.messages where seq = 4", lost),
    ("a content changed by one letter", "update public.messages set content = 'одиn' where seq = 1", wrong),
    ("a content is null", "update public.messages set content = null where seq = 1", wrong),
    ("a message has another id", "update public.messages set id = gen_random_uuid() where seq = 3", wrong),
    ("a seq was skipped", "update public.messages set seq = 5 where seq = 4", wrong),
    ("the chat forgot its last seq", "update public.chats set last_seq = 3", wrong),
    ("a message has no seq", "update public.messages set seq = null where seq = 4", wrong),
    ("a read watermark fell", "update public.chat_participants set read_seq = 2 where user_id = %(boris)s", wrong),
    ("a received watermark fell", "update public.chat_participants set received_seq = 0", wrong),
    ("a member is gone", "delete from public.chat_participants where user_id = %(boris)s", lost),
    ("a member has left", "update public.chat_participants set left_at = now() where user_id = %(boris)s", lost),
    ("the chat is gone", "delete from public.chats", lost),
    ("the chat has another type", "update public.chats set type = 'group'", wrong),
    ("an account is gone", "delete from public.users where id = %(boris)s", lost),
    ("an address changed", "update public.account_emails set email = 'x@y.z' where user_id = %(boris)s", wrong),
    ("an address is gone", "delete from public.account_emails where user_id = %(boris)s", wrong),
    ("a name changed", "update public.users set full_name = 'boris' where id = %(boris)s", wrong),
    (
        "an avatar is an older one",
        "update public.users set avatar_url = 'https://x/o.png' where id = %(anna)s",
        wrong,
    ),
    ("an avatar is gone", "update public.users set avatar_url = null where id = %(anna)s", wrong),
    ("the PIN is an older one", "update public.users set pin_hash = %(other_pin)s where id = %(anna)s", wrong),
]


@pytest.mark.parametrize(("fault", "where"), [(fault[1], fault[2]) for fault in FAULTS], ids=[f[0] for f in FAULTS])
async def test_a_planted_fault_is_found(world: World, fault: LiteralString, where: Found) -> None:
    await world.do(fault, anna=ANNA, boris=BORIS, other_pin=_hash_pin("1234"))
    found = await world.audit()
    assert where(found), found
    assert not found.clean


DOUBLES: list[tuple[str, LiteralString]] = [
    ("under the same client id and the same seq", "m.id, m.client_id, m.seq"),
    ("under the same client id at another seq", "gen_random_uuid(), m.client_id, m.seq + 10"),
    ("under another client id at the same seq", "gen_random_uuid(), gen_random_uuid(), m.seq"),
    ("at the end, where everything but the seq is new", "gen_random_uuid(), gen_random_uuid(), 5"),
]


@pytest.mark.parametrize("columns", [double[1] for double in DOUBLES], ids=[double[0] for double in DOUBLES])
async def test_a_doubled_message_is_found(world_without_rules: World, columns: LiteralString) -> None:
    world = world_without_rules
    await world.do(
        "insert into public.messages (id, client_id, seq, chat_id, sender_id, content)"
        " select " + columns + ", m.chat_id, m.sender_id, m.content from public.messages m where seq = 2"
    )
    await world.do("update public.chats set last_seq = (select max(seq) from public.messages)")
    assert (await world.audit()).doubled


async def test_a_message_without_acknowledgement_may_be_there_or_not(world: World) -> None:
    client_id = str(UUID(int=204))
    del world.record.messages[client_id]
    assert "nobody sent" in (await world.audit()).doubled[0]
    world.record.unacknowledged.append(client_id)
    assert (await world.audit()).clean
