"""A damaged backup loads nothing, and the error says where the damage is."""

import json
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from cyphr.foundation.errors import CyphrError
from tests.conftest import Server, TestSide
from tests.e2e.restore.folders import change_summary, fetch, restore, rewrite, rows_of

Damage = Callable[[Path], None]


@pytest_asyncio.fixture(scope="module")
async def supabase(supabase_server: Server) -> AsyncIterator[TestSide]:
    """One database for all: nothing is ever loaded into it."""
    async with supabase_server.database(supabase_server.full) as side:
        yield side


def value(table: str, row: int, **values: Any) -> Damage:
    """Put other values into one row (1-based)."""

    def damage(backup: Path) -> None:
        rows = rows_of(table)
        rows[row - 1] |= values
        rewrite(backup, table, rows)

    return damage


def rows(table: str, *rows: Any) -> Damage:
    return lambda backup: rewrite(backup, table, list(rows))


def written(name: str, content: bytes) -> Damage:
    def damage(backup: Path) -> None:
        for other in (backup / name).parent.glob(f"{Path(name).stem}.*"):
            other.unlink()
        (backup / name).write_bytes(content)

    return damage


def truncated(backup: Path) -> None:
    path = backup / "database" / "users.json"
    path.write_bytes(path.read_bytes()[:2000])


def missing(backup: Path) -> None:
    (backup / "database" / "calls.json").unlink()


def twice(backup: Path) -> None:
    (backup / "database" / "calls.csv").write_text("id\n")


def row_count(backup: Path) -> None:
    path = backup / "database" / "chats.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"row_count": 6}))


def total_users(backup: Path) -> None:
    path = backup / "BACKUP_SUMMARY.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"total_users": 5}))


USER = rows_of("users")[0]
CHAT = rows_of("chats")[0]["id"]
NOBODY = "99999999-9999-4999-8999-999999999999"
ONE, TWO = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"

DAMAGES: dict[str, tuple[Damage, str]] = {
    "truncated JSON": (truncated, r"users\.json, line \d+, column \d+: this is not valid JSON"),
    "wrong type in row 3": (
        value("users", 3, is_online="maybe"),
        r"users\.json, row 3, column is_online: expected boolean, found a string of 5 characters",
    ),
    "boolean as a string": (
        value("users", 3, is_online="true"),
        r"users\.json, row 3, column is_online: expected boolean",
    ),
    "number as a name": (value("users", 3, full_name=5), r"row 3, column full_name: expected character varying\(255\)"),
    "object as a name": (value("users", 3, full_name={}), r"row 3, column full_name: .* found an object"),
    "malformed uuid": (
        value("users", 2, unique_id="secret"),
        r"row 2, column unique_id: expected uuid, found a string of 6",
    ),
    "null where none may be": (value("users", 4, full_name=None), r"row 4, column full_name: .* found null"),
    "text too long": (
        value("users", 1, nickname="x" * 101),
        r"row 1, column nickname: .* longer than the column allows",
    ),
    "time that is none": (value("users", 1, last_seen="yesterday"), r"row 1, column last_seen: expected a time like"),
    "time of 30 February": (value("users", 1, last_seen="2025-02-30T00:00:00Z"), r"row 1, column last_seen: .*range"),
    "NUL in a text": (value("users", 3, nickname="a\0b"), r"users\.json, row 3, column nickname: the text holds a NUL"),
    "half a surrogate pair": (value("users", 3, nickname="\ud83d"), r"row 3, column nickname: .*surrogate"),
    "unknown column": (value("users", 2, shoe_size=42), r"users\.json, row 2, column shoe_size: .* no such column"),
    "duplicate id": (
        rows("chats", {"id": ONE}, {"id": TWO}, {"id": ONE}),
        r"chats\.json, row 3, column id: the same value as in row 1",
    ),
    "duplicate unique value": (
        value("users", 4, cyphr_id=USER["cyphr_id"]),
        r"users\.json, row 4, column cyphr_id: the same value as in row 1",
    ),
    "row without its key": (rows("chats", {"name": "no id"}), r"chats\.json, row 1, column id: the row has no key"),
    "row without what it must have": (
        rows("users", {"id": ONE}),
        r"users\.json, row 1, column full_name: .* no default",
    ),
    "row that is no object": (rows("chats", {"id": ONE}, 7), r"chats\.json, row 2: expected an object"),
    "reference to nobody": (
        rows("chat_participants", {"id": ONE, "chat_id": CHAT, "user_id": NOBODY}),
        rf"chat_participants\.json, row 1, column user_id: it points at users {NOBODY}",
    ),
    "answer to no message": (
        rows("messages", {"id": ONE, "chat_id": CHAT, "sender_id": USER["id"], "reply_to_id": NOBODY}),
        rf"messages\.json, row 1, column reply_to_id: it points at messages {NOBODY}",
    ),
    "huge whole number": (
        rows("messages", {"id": ONE, "chat_id": CHAT, "sender_id": USER["id"], "file_size": 10**40}),
        r"messages\.json, row 1, column file_size: expected bigint, found a number of 41 characters: .*range",
    ),
    "fraction for a whole number": (
        rows("messages", {"id": ONE, "chat_id": CHAT, "sender_id": USER["id"], "file_size": 1.5}),
        r"messages\.json, row 1, column file_size: expected bigint",
    ),
    "amount too large": (
        rows("transactions", {"id": ONE, "amount": 10**14}),
        r"transactions\.json, row 1, column amount: .*range",
    ),
    "a number of ten thousand digits": (
        written("database/transactions.json", b'[{"id": "%s", "amount": %s}]' % (ONE.encode(), b"9" * 10_000)),
        r"BACKUP_SUMMARY\.json: table transactions says 0",
    ),
    "NaN": (written("database/calls.json", b'[{"duration_seconds": NaN}]'), r"calls\.json: .*NaN is not a JSON number"),
    "column twice": (written("database/calls.json", b'[{"id": 1, "id": 2}]'), r"calls\.json: .*names 'id' twice"),
    "nesting without end": (written("database/calls.json", b"[" * 100_000), r"calls\.json"),
    "neither array nor object": (written("database/calls.json", b"7"), r"calls\.json: expected an array of rows"),
    "another table's file": (
        written("database/calls.json", b'{"table_name": "users", "data": []}'),
        r"calls\.json: .*'users'",
    ),
    "invalid UTF-8": (
        written("database/calls.json", b'[\n{"id": "\xff"}]'),
        r"calls\.json, line 2: byte 11 is not valid",
    ),
    "NUL byte": (written("database/calls.json", b"[\n\0]"), r"calls\.json, line 2: the file holds a NUL byte"),
    "empty file": (written("database/calls.json", b""), r"calls\.json, line 1, column 1: .*truncated"),
    "CSV row with a field too many": (
        written("database/calls.csv", b"id,type\na,b\na,b,c\n"),
        r"calls\.csv, row 2: 3 fields, but the header names 2",
    ),
    "CSV with an open quote": (written("database/calls.csv", b'id,type\na,"b\n'), r"calls\.csv, line 2: a quote"),
    "CSV without a header": (written("database/calls.csv", b""), r"calls\.csv: the file is empty"),
    "table missing": (missing, r"BACKUP_SUMMARY\.json lists table calls, but the backup has no file"),
    "table twice": (twice, r"calls is there twice, as calls\.csv and calls\.json"),
    "unknown table": (written("database/shoes.json", b"[]"), r"shoes\.json: the database has no table shoes"),
    "row_count that disagrees": (row_count, r"chats\.json: row_count says 6, but data holds 5 rows"),
    "summary that disagrees": (
        lambda backup: change_summary(backup, "waitlist", rows=10),
        r"BACKUP_SUMMARY\.json: table waitlist says 10, but the file of waitlist holds 9 rows",
    ),
    "export that failed": (
        lambda backup: change_summary(backup, "waitlist", success=False),
        r"BACKUP_SUMMARY\.json: the export of waitlist failed",
    ),
    "total of users that disagrees": (total_users, r"BACKUP_SUMMARY\.json: total_users says 5"),
    "folder that is gone": (lambda backup: shutil.rmtree(backup), r"does not exist"),
    "folder without tables": (lambda backup: shutil.rmtree(backup / "database"), r"is no backup"),
}


@pytest.mark.parametrize("name", DAMAGES)
async def test_nothing_is_loaded_and_the_place_is_named(supabase: TestSide, backup: Path, name: str) -> None:
    damage, message = DAMAGES[name]
    damage(backup)
    with pytest.raises(CyphrError, match=message) as raised:
        await restore(supabase, backup)
    assert "othing was loaded" in raised.value.message or "folder" in name
    assert "secret" not in raised.value.message
    counts = "select (select count(*) from users) + (select count(*) from chats) + (select count(*) from waitlist)"
    assert await fetch(supabase, counts) == [(0,)]


async def test_a_folder_that_is_a_file_is_refused(supabase: TestSide, backup: Path) -> None:
    with pytest.raises(CyphrError, match="is a file, not a folder"):
        await restore(supabase, backup / "BACKUP_SUMMARY.json")
