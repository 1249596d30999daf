"""``cyphr rehearse``: the whole migration on this machine, from nothing, with people chatting all the time."""

import asyncio
import json
import shlex
import signal
import sys
import traceback
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cyphr.cli.rehearsal_screen import Screen
from cyphr.cli.rehearsal_summary import print_running, print_summary
from cyphr.cli.terminal import console, error_console, print_step
from cyphr.cli.up import web_folder
from cyphr.embedded.rehearsal.outcome import Failure, Outcome
from cyphr.embedded.rehearsal.rehearsal import Options, Rehearsal
from cyphr.embedded.rehearsal.report import as_page
from cyphr.embedded.remains import stop_stack
from cyphr.foundation.clock import now
from cyphr.foundation.errors import CyphrError, InvalidInput
from cyphr.migrate.preflight.records import add_rehearsal

DEFAULT_FOLDER = Path(".cyphr/rehearsal")
_BACKUP = Path("tests/backup")
_RECORD = Path("rehearsals.json")
_FRAMES_PER_SECOND = 8
_INTERRUPTED = 130


class KillPhase(StrEnum):
    """Where the migrator can be killed."""

    COPY = "copy"
    FOLLOW = "follow"
    HANDOVER = "handover"
    HANDBACK = "handback"


def rehearse(
    seconds: Annotated[float, typer.Option(min=4, help="How long people chat between the moves, all together.")] = 24.0,
    rate: Annotated[float, typer.Option(min=0.1, help="Messages per second of all people together.")] = 40.0,
    users: Annotated[int, typer.Option(min=2, help="How many people.")] = 20,
    rows: Annotated[int, typer.Option(min=0, help="How many old messages there are to copy.")] = 20_000,
    backup: Annotated[Path, typer.Option(help="The backup folder that the Supabase side begins with.")] = _BACKUP,
    kill: Annotated[KillPhase | None, typer.Option(help="Kill the migrator (SIGKILL) in this phase.")] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the result to this file too, and the page beside it.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the messenger running on the AWS side.")] = False,
    folder: Annotated[Path, typer.Option(help="Where servers keep data and logs; wiped first.")] = DEFAULT_FOLDER,
    record: Annotated[
        Path, typer.Option(help="Where a rehearsal that kept every promise is put on record, for `migrate check`.")
    ] = _RECORD,
    wait_limit_ms: Annotated[
        float, typer.Option(min=1, help="The longest that a write may wait around a move.")
    ] = 250.0,
) -> None:
    """Migrate a live Cyphr from Supabase to AWS, back, and there again, and prove that nothing was lost.

    report.html and report.json are written into the folder. The exit code is 1 when a promise was broken or the
    rehearsal did not come to its end.
    """
    if not backup.exists():
        raise InvalidInput(f"there is no backup folder {backup}; name one with --backup")
    options = Options(
        folder=folder, backup=backup, seconds=seconds, rate=rate, users=users, rows=rows, wait_limit_ms=wait_limit_ms,
        kill=kill.value if kill else None, keep=keep, web_folder=web_folder(),
    )  # fmt: skip
    rehearsal = Rehearsal(options, _print_moment)
    rehearsal.outcome.command = shlex.join(["cyphr", *sys.argv[1:]])
    interrupted = asyncio.run(_run(rehearsal))
    outcome = rehearsal.outcome
    reports = _write_reports(outcome, folder, json_file)
    print_summary(outcome, folder, reports)
    if outcome.kept:
        add_rehearsal(record, rehearsal.schema, outcome.command)
    if keep and outcome.failure is None:
        print_running(rehearsal.stack.address, folder, default=folder == DEFAULT_FOLDER)
    raise typer.Exit(_INTERRUPTED if interrupted else outcome.exit_code)


async def _run(rehearsal: Rehearsal) -> bool:
    """Rehearse; why it ended half-way is noted in the outcome. Returns whether it was interrupted."""
    for name in await stop_stack(rehearsal.options.folder.absolute()):
        print_step(f"stopped {name} of an earlier rehearsal")
    interrupted = asyncio.Event()
    work = asyncio.create_task(_rehearse(rehearsal))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, _interrupt, interrupted, work)
    outcome = rehearsal.outcome
    try:
        await work
    except asyncio.CancelledError:
        if not interrupted.is_set():
            raise
        outcome.failure = _failure(outcome, "interrupted", "it was interrupted.")
    except CyphrError as error:
        outcome.failure = _failure(outcome, error.code, error.message)
    except Exception as error:  # this is the edge: whatever it is, everything has been stopped and a report is due
        traceback.print_exc()
        outcome.failure = _failure(outcome, "error", f"{type(error).__name__}: {error}".removesuffix(": "))
    return interrupted.is_set()


async def _rehearse(rehearsal: Rehearsal) -> None:
    if not console.is_terminal:
        await rehearsal.run()
        return
    screen = Screen(rehearsal)
    with Live(console=console, refresh_per_second=_FRAMES_PER_SECOND, get_renderable=screen.draw, transient=True):
        await rehearsal.run()


def _interrupt(interrupted: asyncio.Event, work: "asyncio.Task[None]") -> None:
    if not interrupted.is_set():  # an impatient second Ctrl-C must not cut the stopping short
        interrupted.set()
        _print_moment("stopping")
        work.cancel()


def _failure(outcome: Outcome, code: str, message: str) -> Failure:
    return Failure(code, message, outcome.steps[-1].text if outcome.steps else "the command was called")


def _print_moment(text: str) -> None:
    moment = Text(now().astimezone().strftime("%H:%M:%S"), "dim")
    if console.is_terminal:  # there, a long line goes on under itself
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_row(moment, Text(text, overflow="fold"))
        console.print(grid, soft_wrap=False)
    else:
        console.print(Text.assemble(moment, "  ", text))


def _write_reports(outcome: Outcome, folder: Path, json_file: Path | None) -> list[Path]:
    """Write both reports into the folder, and both beside each other where a machine wants them; the paths."""
    text = json.dumps(outcome.as_dict(), indent=2, ensure_ascii=False) + "\n"
    page = as_page(outcome)
    # A folder that was refused (not ours, not writable, in use by another) is left as it is.
    wanted = [folder / "report.html"] if outcome.machine else []
    if json_file is not None:
        wanted.append(json_file.with_suffix(".html"))
    written: list[Path] = []
    for path in wanted:
        as_json = json_file if json_file is not None and path == json_file.with_suffix(".html") else None
        for target, content in ((path, page), (as_json or path.with_suffix(".json"), text)):
            try:
                target.write_text(content, encoding="utf-8")
            except OSError as error:
                error_console.print(Text(f"cannot write {target}: {error.strerror}", "red"))
            else:
                written.append(target)
    return written
