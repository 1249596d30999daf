"""``cyphr rehearse``: the whole migration on this machine, from nothing, with people chatting all the time."""

import asyncio
import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cyphr.cli.terminal import console, print_step
from cyphr.cli.up import web_folder
from cyphr.embedded.rehearsal.outcome import Outcome
from cyphr.embedded.rehearsal.rehearsal import Options, Rehearsal
from cyphr.embedded.stack import stop_stack
from cyphr.foundation.errors import InvalidInput

DEFAULT_FOLDER = Path(".cyphr/rehearsal")
_BACKUP = Path("tests/backup")
_FRAMES_PER_SECOND = 4


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
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result as JSON to this file.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the messenger running on the AWS side.")] = False,
    folder: Annotated[Path, typer.Option(help="Where servers keep data and logs; wiped first.")] = DEFAULT_FOLDER,
) -> None:
    """Migrate a live Cyphr from Supabase to AWS, back, and there again, and prove that nothing was lost.

    The exit code is 1 when a promise was broken.
    """
    if not backup.exists():
        raise InvalidInput(f"there is no backup folder {backup}; name one with --backup")
    options = Options(
        folder=folder, backup=backup, seconds=seconds, rate=rate, users=users, rows=rows,
        kill=kill.value if kill else None, keep=keep, web_folder=web_folder(),
    )  # fmt: skip
    outcome = asyncio.run(_run(options))
    text = json.dumps(outcome.as_dict(), indent=2, ensure_ascii=False) + "\n"
    (folder / "report.json").write_text(text)
    if json_file is not None:
        json_file.write_text(text)
    _summarise(outcome)
    raise typer.Exit(1 if outcome.broken_promises() else 0)


async def _run(options: Options) -> Outcome:
    for name in await stop_stack(options.folder):
        print_step(f"stopped {name} of an earlier rehearsal")
    rehearsal = Rehearsal(options, print_step)
    if not console.is_terminal:
        return await rehearsal.run()
    with Live(console=console, refresh_per_second=_FRAMES_PER_SECOND, get_renderable=lambda: _picture(rehearsal)):
        return await rehearsal.run()


def _picture(rehearsal: Rehearsal) -> Group:
    table = Table("service", "phase", "copied", "behind", "applied", box=None, padding=(0, 2))
    for phase in rehearsal.phases:
        numbers = phase.progress
        table.add_row(
            phase.service,
            phase.phase,
            f"{numbers.get('rows_copied', 0):,} rows",
            f"{numbers.get('lag_bytes', 0):,} B",
            f"{numbers.get('changes_applied', 0):,}",
        )
    line = rehearsal.crowd.line
    people = Text("no people yet")
    if line:
        people = Text.assemble(
            f"{line['people']} people, {line['sent_per_second']:.0f} messages/s, ",
            f"{line['acknowledged']:,} acknowledged, ",
            f"p50 {line['p50_ms'] or 0:.0f} ms, p99 {line['p99_ms'] or 0:.0f} ms, ",
            f"longest wait now {line['longest_wait_ms']:.0f} ms, ",
            (f"{line['failures']} failures", "bold red" if line["failures"] else "green"),
        )
    return Group(Text(), table, people)


def _summarise(outcome: Outcome) -> None:
    promises = Table(box=None, show_header=False, padding=(0, 2))
    for name, count in (
        ("lost", len(outcome.lost)),
        ("doubled", len(outcome.doubled)),
        ("failed requests", len(outcome.failed_requests)),
    ):
        promises.add_row(name, Text(str(count), "bold red" if count else "bold green"))
    verified = Text("yes", "bold green") if outcome.verified else Text("no", "bold red")
    promises.add_row("both sides equal", verified)
    promises.add_row("longest wait of a write", f"{outcome.longest_write_wait_ms:.0f} ms")
    promises.add_row("messages acknowledged", f"{len(outcome.record.messages) if outcome.record else 0:,}")
    promises.add_row("rows copied", f"{outcome.rows_copied:,}")
    moves = Table("move", "writes held", "fence", "drain", "longest write", box=None, padding=(0, 2))
    for move in outcome.moves:
        moves.add_row(
            f"{move.direction} of {move.service}" + (" (killed under it)" if move.killed else ""),
            f"{move.blocked_ms:.1f} ms",
            f"{move.fence_ms:.1f} ms",
            f"{move.drain_ms:.1f} ms",
            f"{move.longest_write_wait_ms:.0f} ms",
        )
    console.print()
    console.print(promises)
    console.print(moves)
    broken = outcome.broken_promises()
    for line in broken:
        console.print(Text(f"BROKEN: {line}", "bold red"))
    for line in (*outcome.lost[:5], *outcome.doubled[:5], *outcome.failed_requests[:5]):
        console.print(Text(f"  {line}", "red"))
    if not broken:
        console.print(Text("Every promise was kept.", "bold green"))
