"""Whatever a valid backup holds arrives as it is, and a second restore finds all of it."""

import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from psycopg.rows import dict_row

from cyphr.foundation.postgres import connect
from cyphr.schema.restore import restore_backup
from tests.conftest import TestSide

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50)
UUIDS = st.uuids().map(str)


@st.composite
def times(draw: st.DrawFn) -> str:
    """With one to six fraction digits or none, with and without offset."""
    moment = draw(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
    text = moment.isoformat(sep=draw(st.sampled_from("T ")), timespec="seconds")
    if digits := draw(st.integers(0, 6)):
        text += f".{moment.microsecond:06}"[: digits + 1]
    return text + draw(st.sampled_from(["", "Z", "+00:00", "+00", "-07:30", "+0530"]))


def rows(required: dict[str, Any], optional: dict[str, Any]) -> Any:
    """Rows whose other columns are sometimes absent and sometimes null."""
    nullable = {name: st.none() | values for name, values in optional.items()}
    return st.lists(st.fixed_dictionaries(required, optional=nullable), max_size=6, unique_by=lambda row: row["id"])


@st.composite
def backups(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    users = draw(rows({"id": UUIDS, "full_name": TEXT}, {
        "nickname": TEXT, "avatar_url": TEXT, "is_online": st.booleans(), "last_seen": times(), "unique_id": UUIDS,
        "created_at": times(),
    }))  # fmt: skip
    chats = draw(rows({"id": UUIDS}, {"name": TEXT, "last_message_time": times(), "created_by": UUIDS}))
    tables = {"users": users, "chats": chats}
    if users and chats:
        messages = draw(rows(
            {
                "id": UUIDS,
                "chat_id": st.sampled_from([chat["id"] for chat in chats]),
                "sender_id": st.sampled_from([user["id"] for user in users]),
                "created_at": times(),
            },
            {"content": TEXT, "encrypted": st.booleans(), "file_size": st.integers(-(2**63), 2**63 - 1)},
        ))  # fmt: skip
        for message in messages:
            message["reply_to_id"] = draw(st.sampled_from([None, *(other["id"] for other in messages)]))
        tables["messages"] = messages
        wallet = {"id": UUIDS, "amount": st.decimals(-(10**12), 10**12, places=7).map(float)}
        tables["transactions"] = draw(rows(wallet, {"memo": TEXT, "completed_at": times()}))
    return tables


def write(folder: Path, tables: dict[str, list[dict[str, Any]]], bare: bool) -> None:
    (folder / "database").mkdir()
    for table, content in tables.items():
        document = content if bare else {"table_name": table, "row_count": len(content), "data": content}
        (folder / "database" / f"{table}.json").write_text(json.dumps(document, ensure_ascii=bare))
    results = [{"table": table, "rows": len(content), "success": True} for table, content in tables.items()]
    summary = {"total_tables": len(tables), "total_users": len(tables["users"]), "table_results": results}
    (folder / "BACKUP_SUMMARY.json").write_text(json.dumps(summary))


def same(written: Any, stored: Any) -> bool:
    if isinstance(stored, UUID):
        return str(stored) == written
    if isinstance(stored, datetime):
        moment = datetime.fromisoformat(written)
        return abs((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - stored) < timedelta(microseconds=1)
    return bool(written == (float(stored) if isinstance(written, float) else stored))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables=backups(), bare=st.booleans())
async def test_it_arrives_as_it_is(supabase: TestSide, tables: dict[str, list[dict[str, Any]]], bare: bool) -> None:
    async with await connect(supabase.owner) as connection:
        await connection.execute("truncate public.users, public.chats, public.transactions cascade")
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), tables, bare)
            total = sum(map(len, tables.values()))
            first = await restore_backup(connection, Path(folder))
            assert (first.loaded, first.present) == (total, 0)
            second = await restore_backup(connection, Path(folder))
            assert (second.loaded, second.present) == (0, total)
        for table, content in tables.items():
            async with connection.cursor(row_factory=dict_row) as cursor:
                await cursor.execute(sql.SQL("select * from {}").format(sql.Identifier("public", table)))
                stored = {str(row["id"]): row for row in await cursor.fetchall()}
            assert stored.keys() == {row["id"] for row in content}
            for row in content:
                for column, value in row.items():
                    found = stored[row["id"]][column]
                    assert found is None if value is None else same(value, found), (table, column, value, found)
