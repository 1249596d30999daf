"""``cyphr migrate``: move a live Supabase project to AWS, one service at a time, and back.

Exit codes: 0 done, 1 it failed or was refused (nothing changed), 2 called wrongly, 3 a check found a failure, 4 the two
sides differ, 5 a server is out of reach or no migrator is running, 6 moved, but a hook failed.
"""

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
import uvloop

from cyphr.cli.migrate_check import check, plan
from cyphr.cli.migrate_options import (
    DEFAULT_CONFIG,
    AcceptOption,
    ConfigOption,
    JsonOption,
    PatienceOption,
    ServiceArgument,
    load_settings,
)
from cyphr.cli.migrate_rehearse import rehearse
from cyphr.cli.migrate_status import status
from cyphr.cli.terminal import console, error_console, print_step
from cyphr.foundation.clock import now
from cyphr.foundation.errors import InvalidInput
from cyphr.migrate.app import start_migrator
from cyphr.migrate.conductor import ask
from cyphr.migrate.journal import PATIENCE_SECONDS, Journal
from cyphr.migrate.report.document import as_page
from cyphr.migrate.report.history import read_history
from cyphr.migrate.report.markdown import as_markdown

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Move a live Supabase project to AWS, one service at a time, and back.")

_DIFFERENT = 4
_SHOWN_NOTES = 20
_HOOK_FAILED = 6

app.command()(check)
app.command()(plan)
app.command()(rehearse)


@app.command()
def start(config: ConfigOption = DEFAULT_CONFIG, accept: AcceptOption = None) -> None:
    """Check everything, copy, then follow, and do what the other commands ask for, until Ctrl-C.

    Before anything is changed it says what it will create. Started again, it continues, without checks.
    """
    uvloop.run(_until_interrupted(start_migrator(load_settings(config), os.environ, accept or [], print_step)))


app.command()(status)


@app.command()
def verify(
    service: ServiceArgument = "database",
    repair: Annotated[
        bool, typer.Option("--repair", help="Make differing rows what they are on the side that people write to.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="Repair nothing when more rows differ.")] = 10_000,
    patience: PatienceOption = PATIENCE_SECONDS,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Compare every row, object or user of both sides while they go on changing."""
    options = {"repair": limit} if repair else {}
    found = _with_journal(config, lambda journal: ask(journal, "verify", service, patience_seconds=patience, **options))
    if not as_json:
        for line in found["repaired"]:
            console.print(f"repaired {line}", markup=False)
    _print(found, as_json, f"{service}: {found['checked']} compared, {len(found['differences'])} differences")
    for line in found["differences"]:
        console.print(f"  {line}", markup=False)
    if found["differences"]:
        raise typer.Exit(_DIFFERENT)


@app.command()
def handover(
    service: ServiceArgument,
    patience: PatienceOption = PATIENCE_SECONDS,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Move the authority of one service to AWS."""
    _move("handover", service, patience, config, as_json)


@app.command()
def handback(
    service: ServiceArgument,
    patience: PatienceOption = PATIENCE_SECONDS,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Move the authority of one service back to Supabase, with everything written since."""
    _move("handback", service, patience, config, as_json)


@app.command()
def close(
    service: ServiceArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; there is no way back from this.")] = False,
    give_up: Annotated[
        bool, typer.Option("--give-up", help="Give up instead: stay on Supabase, and leave nothing there.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """End the way back of a service that stands on AWS, and take away what was made for it on Supabase."""
    action = "give up" if give_up else "close"
    if (
        not yes
        and typer.prompt(f"There is no way back from this. To {action}, type the service's name", err=True) != service
    ):
        raise InvalidInput(f"that is not {service!r}; nothing was changed")
    found = _with_journal(config, lambda journal: ask(journal, action, service))
    state = "given up" if give_up else "closed"
    _print(found, as_json, f"{service} {'was' if found.get('already') else 'is'} {state}")
    if (notes := found.get("notes")) and not as_json:
        error_console.print(f"to be known of {service}, and kept in the report:", markup=False)
        for words in notes[:_SHOWN_NOTES]:
            error_console.print(f"  {words}", markup=False)
        if len(notes) > _SHOWN_NOTES:
            error_console.print(f"  and {len(notes) - _SHOWN_NOTES:,} more: cyphr migrate report", markup=False)


@app.command()
def report(
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
    html_file: Annotated[Path | None, typer.Option("--html", help="Write a page for the browser to this file.")] = None,
) -> None:
    """What happened so far: phases, handovers, verifications and errors. Markdown, unless told otherwise."""
    history = read_history(_with_journal(config, lambda journal: journal.events()))
    if html_file is not None:
        html_file.write_text(as_page(history, now()), encoding="utf-8")
        error_console.print(f"wrote {html_file}", markup=False)
    if as_json:
        console.print_json(json.dumps(history.as_dict()))
    elif html_file is None:
        console.print(as_markdown(history), markup=False, end="")


def _move(action: str, service: str, patience: float, config: Path, as_json: bool) -> None:
    timing = _with_journal(config, lambda journal: ask(journal, action, service, patience_seconds=patience))
    text = (
        "it was there already"
        if timing.get("already")
        else f"writes waited at most {timing['blocked_ms']:.1f} ms for it"
    )
    _print(timing, as_json, f"{action} of {service} done; {text}")
    if left_out := timing.get("left_out"):
        words = f"the last changes of {', '.join(left_out)} are there but were not compared under the fence"
        error_console.print(f"{words}; compare them now: cyphr migrate verify {service}", markup=False)
    if failures := timing.get("hooks_failed"):
        error_console.print(f"{action} is done, but what should follow failed:", style="red")
        for words in failures:
            error_console.print(f"  {words}", markup=False)
        error_console.print(f"put that right, then ask again: cyphr migrate {action} {service}", markup=False)
        raise typer.Exit(_HOOK_FAILED)


def _with_journal(config: Path, work: Callable[[Journal], Awaitable[T]]) -> T:
    async def run() -> T:
        async with Journal.open(load_settings(config).aws_database, create=False) as journal:
            return await work(journal)

    return asyncio.run(run())


async def _until_interrupted(work: Awaitable[None]) -> None:
    task = asyncio.ensure_future(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        console.print("stopped; start it again to continue")


def _print(found: dict[str, Any], as_json: bool, text: str) -> None:
    if as_json:
        console.print_json(json.dumps(found, default=str))
    else:
        console.print(text)
