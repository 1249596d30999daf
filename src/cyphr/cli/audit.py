"""``cyphr audit``: the log of security events, and the proof that it is whole."""

import asyncio
import json
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.table import Table

from cyphr.cli.databases import (
    DEFAULT_FOLDER,
    DatabaseOption,
    FolderOption,
    JsonOption,
    PasswordFileOption,
    SideOption,
    open_named,
)
from cyphr.cli.terminal import console
from cyphr.foundation.errors import VerificationFailed
from cyphr.schema.audit_chain import Anchor, Event, Proof, list_events, prove

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_show_locals=False, help="The log of security events: read it, prove it."
)


@app.command()
def verify(
    database: DatabaseOption = None,
    password_file: PasswordFileOption = None,
    folder: FolderOption = DEFAULT_FOLDER,
    side: SideOption = None,
    since: Annotated[
        str | None, typer.Option(metavar="SEQ:HASH", help="Where the chain ended at an earlier proof.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Hash the whole chain again. Exit code 4, and the first row that is wrong, when it is not whole."""
    anchor = None if since is None else Anchor.parse(since)

    async def run() -> Proof:
        async with open_named(database, password_file, folder, side) as connection:
            return await prove(connection, anchor)

    proof = asyncio.run(run())
    if as_json:
        print(json.dumps(_as_json(proof), indent=2))
    if proof.flaw is not None:
        raise VerificationFailed(f"the audit log is not whole: {proof.flaw.what} (event {proof.flaw.event_id})")
    if not as_json:
        console.print(f"{proof.events} events, whole. Keep this elsewhere, for --since next time:\n{proof.end}")


@app.command("list")
def list_(
    database: DatabaseOption = None,
    password_file: PasswordFileOption = None,
    folder: FolderOption = DEFAULT_FOLDER,
    side: SideOption = None,
    person: Annotated[UUID | None, typer.Option(help="Only what this person did or what befell them.")] = None,
    event: Annotated[str | None, typer.Option(help="Only this kind, or session.% for all that begin so.")] = None,
    before: Annotated[int | None, typer.Option(help="Only what stands before this place.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Security events, newest first."""

    async def run() -> list[Event]:
        async with open_named(database, password_file, folder, side) as connection:
            return await list_events(connection, subject=person, event=event, before=before, limit=limit)

    events = asyncio.run(run())
    if as_json:
        print(json.dumps([asdict(one) for one in events], indent=2, default=str))
    else:
        _print(events)


def _as_json(proof: Proof) -> dict[str, Any]:
    flaw = proof.flaw
    return {
        "whole": flaw is None,
        "events": proof.events,
        "end": str(proof.end),
        "flaw": flaw and {"seq": flaw.seq, "event_id": flaw.event_id and str(flaw.event_id), "what": flaw.what},
    }


def _print(events: list[Event]) -> None:
    table = Table("place", "when", "event", "by", "about", "from", box=None)
    for one in events:
        by, about = (str(person) if person else "–" for person in (one.actor, one.subject))
        table.add_row(str(one.seq), f"{one.at:%Y-%m-%d %H:%M:%S}", one.event, by, about, one.address or "–")
    console.print(table)
