"""``cyphr migrate``: move a live Supabase project to AWS, one service at a time, and back.

Exit codes: 0 done, 1 it failed or was refused (nothing changed), 2 called wrongly, 3 moved, but a hook failed.
"""

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.table import Table

from cyphr.cli.terminal import console, error_console
from cyphr.foundation.clock import now
from cyphr.foundation.errors import InvalidInput
from cyphr.migrate.app import run_migrator
from cyphr.migrate.conductor import ask
from cyphr.migrate.journal import Journal, Phase
from cyphr.migrate.report.document import as_page
from cyphr.migrate.report.history import read_history
from cyphr.migrate.report.markdown import as_markdown
from cyphr.migrate.settings import MigrationSettings

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Move a live Supabase project to AWS, one service at a time, and back.")

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="Where both sides are.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ServiceArgument = Annotated[str, typer.Argument(help="database, files or auth.")]
_DEFAULT_CONFIG = Path("migration.toml")


@app.command()
def start(config: ConfigOption = _DEFAULT_CONFIG) -> None:
    """Copy, then follow, and do what the other commands ask for, until Ctrl-C. Started again, it continues."""
    asyncio.run(_until_interrupted(run_migrator(MigrationSettings.load(config))))


@app.command()
def status(config: ConfigOption = _DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Where every service is."""
    phases = _with_journal(config, lambda journal: journal.phases())
    if as_json:
        console.print_json(json.dumps([_as_json(phase) for phase in phases], default=str))
    else:
        console.print(_table(phases))


@app.command()
def verify(
    service: ServiceArgument = "database", config: ConfigOption = _DEFAULT_CONFIG, as_json: JsonOption = False
) -> None:
    """Compare every row, object or user of both sides while they go on changing."""
    found = _with_journal(config, lambda journal: ask(journal, "verify", service))
    _print(found, as_json, f"{service}: {found['checked']} compared, {len(found['differences'])} differences")
    for line in found["differences"]:
        console.print(f"  {line}")
    if found["differences"]:
        raise typer.Exit(1)


@app.command()
def handover(service: ServiceArgument, config: ConfigOption = _DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Move the authority of one service to AWS."""
    _move("handover", service, config, as_json)


@app.command()
def handback(service: ServiceArgument, config: ConfigOption = _DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Move the authority of one service back to Supabase, with everything written since."""
    _move("handback", service, config, as_json)


@app.command()
def close(
    service: ServiceArgument,
    config: ConfigOption = _DEFAULT_CONFIG,
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


@app.command()
def report(
    config: ConfigOption = _DEFAULT_CONFIG,
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


def _move(action: str, service: str, config: Path, as_json: bool) -> None:
    timing = _with_journal(config, lambda journal: ask(journal, action, service))
    text = (
        "it was there already"
        if timing.get("already")
        else f"writes waited at most {timing['blocked_ms']:.1f} ms for it"
    )
    _print(timing, as_json, f"{action} of {service} done; {text}")
    if failures := timing.get("hooks_failed"):
        error_console.print(f"{action} is done, but what should follow failed:", style="red")
        for words in failures:
            error_console.print(f"  {words}", markup=False)
        error_console.print(f"put that right, then ask again: cyphr migrate {action} {service}", markup=False)
        raise typer.Exit(3)


def _with_journal(config: Path, work: Callable[[Journal], Awaitable[T]]) -> T:
    async def run() -> T:
        async with Journal.open(MigrationSettings.load(config).aws_database) as journal:
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


def _as_json(phase: Phase) -> dict[str, Any]:
    return {"service": phase.service, "phase": phase.phase, "since": phase.since, **phase.progress}


def _table(phases: list[Phase]) -> Table:
    table = Table("service", "phase", "since", "progress", box=None)
    for phase in phases:
        numbers = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in phase.progress.items() if value)
        table.add_row(phase.service, phase.phase, phase.since.strftime("%H:%M:%S"), numbers)
    return table
