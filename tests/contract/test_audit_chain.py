"""The audit log: who may append, many at once keep one chain, each kind of tampering is found and named."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from click.testing import Result
from psycopg.conninfo import make_conninfo
from typer.testing import CliRunner

from cyphr.cli.main import app
from cyphr.foundation.postgres import connect
from cyphr.schema.audit_chain import Anchor, Proof, prove
from tests.conftest import Server, TestSide

NOTE = "select private.note_security_event(%s, null, null, null, '192.0.2.7', %s)"
WRITERS, EVENTS = 8, 12

CHANGE = "update audit_log set {} where event = 'pin.changed'"
REMOVE = (
    "with gone as (delete from audit_chain where seq = {} returning event_id), forgotten as"
    " (delete from audit_log using gone where id = gone.event_id) "
)
SET_BACK = "update audit_head set seq = 4, hash = (select hash from audit_chain where seq = 4)"
SWAP = """
    alter table audit_chain drop constraint audit_chain_event_id_key;
    update audit_chain c set event_id = o.event_id from audit_chain o where c.seq in (2, 3) and o.seq = 5 - c.seq
"""

# How it is tampered with, at which place that is found, and what is said of it. Triggers are off: an owner can do that.
TAMPERING: dict[str, tuple[str, int | None, str]] = {
    "an event is changed": (CHANGE.format("event = 'session.opened'"), 3, "changed"),
    "its time is changed": (CHANGE.format("at = at - interval '1 us'"), 3, "changed"),
    "its details are changed": (CHANGE.format("""details = '{"n": 9}'"""), 3, "changed"),
    "its subject is filled in": (CHANGE.format("subject = gen_random_uuid()"), 3, "changed"),
    "an event is removed": ("delete from audit_log where event = 'pin.changed'", 3, "was removed"),
    "an event and its place are removed": (REMOVE.format(3) + "select 1", 3, "place 3 is missing"),
    "two events change places": (SWAP, 2, "where another one stood"),
    "the end is cut off": (REMOVE.format(5) + "select 1", 5, "ends at place 4"),
    "the end is cut off and its head set back": (REMOVE.format(5) + SET_BACK, 5, "once reached 5"),
    "everything is removed": ("truncate audit_log, audit_chain, audit_head", 1, "once reached 5"),
    "an event is written past the chain": ("insert into audit_log (event) values ('forged')", None, "behind its back"),
    "the head is moved on": ("update audit_head set seq = 6", 6, "head stands at 6"),
    "a guard is removed": ("drop trigger audit_log_append_only on audit_log", None, "audit_log_append_only"),
    "a guard is turned off": ("alter table audit_log disable trigger audit_log_chain", None, "audit_log_chain"),
}


async def note(side: TestSide, *kinds: str) -> None:
    async with await connect(side.app) as connection:
        for number, kind in enumerate(kinds):
            await connection.execute(NOTE, [kind, json.dumps({"n": number, "word": "слово"})])


async def proof_of(side: TestSide, since: Anchor | None = None) -> Proof:
    async with await connect(side.owner) as connection:
        return await prove(connection, since)


@pytest_asyncio.fixture(scope="module")
async def noted(aws_server: Server) -> AsyncIterator[TestSide]:
    """A database with five events, in which nothing is changed."""
    async with aws_server.database(aws_server.full) as side:
        await note(side, "account.registered", "session.opened", "pin.changed", "session.revoked", "pin.locked")
        yield side


@pytest.mark.parametrize("how", TAMPERING)
async def test_tampering_is_found_at_the_first_place_that_is_wrong(
    aws_server: Server, noted: TestSide, how: str
) -> None:
    statement, place, said = TAMPERING[how]
    async with aws_server.database(noted.owner.dbname) as copy:
        before = await proof_of(copy)
        assert (before.flaw, before.events) == (None, 5)
        async with await connect(copy.owner) as connection:
            await connection.execute("set session_replication_role = replica")
            await connection.execute(statement)
        found = (await proof_of(copy, before.end)).flaw
    assert found is not None
    assert found.seq == place
    assert said in found.what


async def test_a_log_that_was_written_anew_is_found_by_an_earlier_proof_alone(aws: TestSide) -> None:
    await note(aws, "account.registered", "pin.locked")
    before = await proof_of(aws)
    async with await connect(aws.owner) as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute("truncate audit_log, audit_chain, audit_head")
    await note(aws, "account.registered", "session.opened", "session.opened")
    assert (await proof_of(aws)).flaw is None
    found = (await proof_of(aws, before.end)).flaw
    assert found is not None
    assert found.seq == 2


async def test_many_at_once_keep_one_chain_without_a_gap(side: TestSide) -> None:
    async def write(number: int) -> None:
        async with await connect(side.app) as connection:
            for event in range(EVENTS):
                async with connection.transaction(force_rollback=event % 4 == 3):
                    await connection.execute(NOTE, ["session.opened", "{}"])
                    await connection.execute(NOTE, [f"writer.{number}", "{}"])

    await asyncio.gather(*(write(number) for number in range(WRITERS)))
    proof = await proof_of(side)
    # Each second event of four was rolled back, and left no gap.
    assert (proof.flaw, proof.events) == (None, WRITERS * EVENTS * 2 * 3 // 4)


async def test_whoever_is_not_yet_done_keeps_nobody_from_appending(aws: TestSide) -> None:
    async with await connect(aws.app) as slow, slow.transaction():
        await slow.execute(NOTE, ["session.opened", "{}"])
        await asyncio.wait_for(note(aws, "pin.changed"), 60)
        assert (await proof_of(aws)).events == 1
    assert (await proof_of(aws)).events == 2


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_log set event = 'x'",
        "delete from audit_log",
        "truncate audit_log cascade",
        "update audit_chain set seq = 7",
        "delete from audit_chain",
        "delete from audit_head",
    ],
)
async def test_not_even_the_owner_changes_what_was_written(noted: TestSide, statement: str) -> None:
    async with await connect(noted.owner) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only ever appended to"):
            await connection.execute(statement)
    async with await connect(noted.app) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(statement)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("insert into audit_log (event) values ('forged')")


async def test_the_command_proves_lists_and_answers_with_an_exit_code(aws: TestSide, tmp_path: Path) -> None:
    await note(aws, "account.registered", "session.opened")
    given = aws.owner.connection_arguments()
    password = tmp_path / "password"
    password.write_text(given.pop("password"))
    where = ["--database", make_conninfo(**given), "--password-file", str(password)]

    async def call(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, ["audit", *arguments, *where])

    whole = await call("verify", "--json")
    told: dict[str, Any] = json.loads(whole.stdout)
    assert (whole.exit_code, told["whole"], told["events"]) == (0, True, 2)
    listed = json.loads((await call("list", "--json", "--event", "session.%")).stdout)
    assert [(one["seq"], one["event"], one["address"]) for one in listed] == [(2, "session.opened", "192.0.2.7")]
    assert (await call("verify", "--since", told["end"])).exit_code == 0
    wrong = await call("verify", "--since", f"2:{'0' * 64}")
    assert (wrong.exit_code, "place 2" in wrong.stderr) == (4, True)
    assert (await call("verify", "--since", "nonsense")).exit_code == 1
