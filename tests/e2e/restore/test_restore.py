"""A good backup arrives whole, and once."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cyphr.foundation.errors import Conflict, InvalidInput
from cyphr.foundation.postgres import connect
from tests.conftest import TestSide
from tests.e2e.restore.folders import SAMPLE, fetch, restore, rewrite, rows_of


async def test_the_sample_backup_arrives_whole_and_a_second_time_changes_nothing(supabase: TestSide) -> None:
    first = await restore(supabase, SAMPLE)
    assert (first.loaded, first.present, first.warnings) == (20, 0, [])
    assert first.folder.name == "2025-09-14T06-20-41"
    counts = await fetch(
        supabase,
        "select (select count(*) from users), (select count(*) from chats), (select count(*) from waitlist),"
        " (select count(*) from device_registrations), (select total_signups from waitlist_stats)",
    )
    assert counts == [(4, 5, 9, 2, 9)]
    before = await fetch(supabase, "select xmin::text, id from users order by id")
    second = await restore(supabase, SAMPLE)
    assert (second.loaded, second.present) == (0, 20)
    assert await fetch(supabase, "select xmin::text, id from users order by id") == before


async def test_every_value_is_as_the_file_has_it(aws: TestSide) -> None:
    await restore(aws, SAMPLE)
    [(stored,)] = await fetch(aws, "select json_agg(u order by created_at) from users u")
    for row, expected in zip(stored, rows_of("users"), strict=True):
        for column, value in expected.items():
            if value is not None and column.endswith(("_at", "last_seen")):
                [(same,)] = await fetch(
                    aws,
                    "select %s::timestamptz = (%s || %s)::timestamptz",
                    row[column],
                    value,
                    "" if value.endswith("+00:00") else "+00",
                )
                assert same, column
            else:
                assert row[column] == value, column


async def test_bare_arrays_and_csv_files_are_taken_too(supabase: TestSide, backup: Path) -> None:
    database = backup / "database"
    (database / "chats.json").write_text(json.dumps(rows_of("chats")))
    (database / "waitlist.json").unlink()
    header = "id,email,created_at,referrer,user_agent,synced"
    lines = [
        f'{row["id"]},{row["email"]},{row["created_at"]},"","quoted ""twice"",\nand broken",f'
        for row in rows_of("waitlist")
    ]
    (database / "waitlist.csv").write_text("\r\n".join([header, *lines]) + "\r\n", newline="")
    restored = await restore(supabase, backup)
    assert restored.loaded == 20
    assert await fetch(supabase, "select distinct referrer, user_agent, source, language, synced from waitlist") == [
        ("", 'quoted "twice",\nand broken', "landing_page", None, False)
    ]


async def test_psqls_own_csv_comes_back_equal(supabase: TestSide, backup: Path) -> None:
    await restore(supabase, backup)
    export = "copy public.users to stdout (format csv, header)"
    async with (
        await connect(supabase.owner) as connection,
        connection.cursor() as cursor,
        cursor.copy(export) as copy,
    ):
        text = b"".join([bytes(block) async for block in copy])
    (backup / "database" / "users.json").unlink()
    (backup / "database" / "users.csv").write_bytes(text)
    restored = await restore(supabase, backup)
    assert (restored.loaded, restored.present) == (0, 20)


async def test_absent_columns_get_their_default_and_times_without_offset_are_utc(
    supabase: TestSide, backup: Path
) -> None:
    users = rows_of("users")
    users[0] = {"id": users[0]["id"], "full_name": "Only a name", "created_at": "2025-01-02T03:04:05.6"}
    rewrite(backup, "users", users)
    restored = await restore(supabase, backup)
    assert restored.loaded == 20
    assert await fetch(
        supabase,
        "select status, share_link_enabled, unique_id is not null, created_at = '2025-01-02 03:04:05.6+00'"
        " from users where full_name = 'Only a name'",
    ) == [("offline", True, True, True)]
    assert (await restore(supabase, backup)).present == 20


async def test_messages_may_answer_later_messages_and_files_may_come_in_any_order(
    supabase: TestSide, backup: Path
) -> None:
    chat, user = rows_of("chats")[0]["id"], rows_of("users")[0]["id"]
    ids = [f"00000000-0000-4000-8000-{number:012}" for number in range(50)]
    rows = [
        {"id": one, "chat_id": chat, "sender_id": user, "reply_to_id": ids[(n + 1) % 50], "file_size": 2**53 + 1}
        | ({"content": "even"} if n % 2 else {})
        for n, one in enumerate(ids)
    ]
    rewrite(backup, "messages", rows)
    assert (await restore(supabase, backup)).loaded == 70
    assert await fetch(supabase, "select count(*), max(file_size) from messages where reply_to_id is not null") == [
        (50, 2**53 + 1)
    ]
    assert (await restore(supabase, backup)).present == 70


async def test_tables_that_refer_to_each_other_are_loaded_together(supabase: TestSide, backup: Path) -> None:
    async with await connect(supabase.owner) as connection:
        await connection.execute(
            "create table public.left_hand (id int primary key, other int not null);"
            "create table public.right_hand (id int primary key, other int not null references public.left_hand);"
            "alter table public.left_hand add foreign key (other) references public.right_hand"
        )
    for table, rows in {"left_hand": [{"id": 1, "other": 7}], "right_hand": [{"id": 7, "other": 1}]}.items():
        (backup / "database" / f"{table}.json").write_text(json.dumps(rows))
    restored = await restore(supabase, backup)
    assert restored.loaded == 22
    assert any("left_hand" in warning for warning in restored.warnings)


async def test_a_row_with_the_same_key_and_other_content_is_a_conflict(supabase: TestSide, backup: Path) -> None:
    await restore(supabase, backup)
    chats = rows_of("chats")
    chats[2]["name"] = "Another name"
    rewrite(backup, "chats", chats)
    rewrite(backup, "users", rows_of("users"))
    with pytest.raises(Conflict, match=r"chats\.json, row 3: the database has a row with this key whose name differs"):
        await restore(supabase, backup)


async def test_other_rows_of_the_database_stay(supabase: TestSide, backup: Path) -> None:
    async with await connect(supabase.owner) as connection:
        await connection.execute("insert into public.users (full_name) values ('Somebody else')")
    assert (await restore(supabase, backup)).loaded == 20
    assert await fetch(supabase, "select count(*) from users") == [(5,)]


async def test_a_view_that_counts_otherwise_is_a_conflict_and_other_figures_are_a_warning(
    supabase: TestSide, backup: Path
) -> None:
    [stats] = rows_of("waitlist_stats")
    rewrite(backup, "waitlist_stats", [stats | {"days_active": 6}])
    restored = await restore(supabase, backup)
    assert restored.warnings == [
        "waitlist_stats.json, row 1, column days_active: the backup says 6, the loaded rows give 5"
    ]
    rewrite(backup, "waitlist_stats", [stats | {"total_signups": 10}])
    with pytest.raises(Conflict, match="column total_signups: the backup says 10, the loaded rows give 9"):
        await restore(supabase, backup)


async def test_two_backups_in_one_folder_must_be_told_apart(supabase: TestSide, backup: Path) -> None:
    shutil.copytree(backup, backup.parent / "2025-09-15T06-20-41")
    with pytest.raises(InvalidInput, match="holds 2 backups"):
        await restore(supabase, backup.parent)


async def test_a_database_without_the_tables_is_refused(supabase_bare: TestSide) -> None:
    with pytest.raises(InvalidInput, match="none of the backup's tables"):
        await restore(supabase_bare, SAMPLE)


async def test_twenty_thousand_rows_load_in_bulk(supabase: TestSide, backup: Path) -> None:
    rows = [{"id": f"00000000-0000-4000-8000-{n:012}", "email": f"person{n}@example.org"} for n in range(20_000)]
    rewrite(backup, "waitlist", rows)
    (backup / "database" / "waitlist_stats.json").unlink()
    summary = json.loads((backup / "BACKUP_SUMMARY.json").read_text())
    summary["table_results"] = [one for one in summary["table_results"] if one["table"] != "waitlist_stats"]
    (backup / "BACKUP_SUMMARY.json").write_text(json.dumps(summary | {"total_tables": 13}))
    (backup / "schema" / "schema_info.json").unlink()
    assert (await restore(supabase, backup)).loaded == 20_011


async def test_messages_are_numbered_in_the_order_people_saw_them(supabase: TestSide, backup: Path) -> None:
    chat, user = rows_of("chats")[0]["id"], rows_of("users")[0]["id"]
    rows: list[dict[str, Any]] = [
        {
            "id": f"00000000-0000-4000-8000-{minute:012}",
            "chat_id": chat,
            "sender_id": user,
            "created_at": f"2025-09-10T10:{minute:02}:00Z",
        }
        for minute in (5, 1, 4, 2, 3)
    ]
    rows[1]["content"] = "a row with one column more"
    rewrite(backup, "messages", rows)
    await restore(supabase, backup)
    assert await fetch(supabase, "select extract(minute from created_at)::int, seq from messages order by seq") == [
        (minute, minute) for minute in range(1, 6)
    ]
