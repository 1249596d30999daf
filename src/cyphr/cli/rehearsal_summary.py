"""What a rehearsal prints at its end."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from cyphr.cli.terminal import console
from cyphr.embedded.rehearsal.outcome import Outcome, Promise
from cyphr.embedded.rehearsal.verdict import verdict

_FINDINGS = 5
_WIDTH = 80


def print_summary(outcome: Outcome, folder: Path, reports: Sequence[Path]) -> None:
    """The verdict, then what it rests on, then where to read more."""
    console.print()
    console.print(Text(verdict(outcome), "bold green" if outcome.kept else "bold red"), soft_wrap=False, width=_WIDTH)
    console.print()
    console.print(_promises(outcome))
    if outcome.moves:
        console.print()
        console.print(_moves(outcome))
    for promise in outcome.promises():
        if promise.kept is False:
            _print_broken(promise, folder)
    console.print()
    for path in reports:
        console.print(Text.assemble((f"{path.suffix[1:]:<10}", "dim"), str(path)))


def print_running(address: str, folder: Path, default: bool) -> None:
    """Where the messenger that stays up is, and how to stop it."""
    # As it was called itself: in a fresh clone the environment's folder is not on the PATH.
    program = os.path.relpath(sys.argv[0])
    down = f"{program} down" if default else f"{program} down --folder {folder}"
    console.print(Text.assemble(("messenger ", "dim"), (address, "bold"), "  (on the AWS side)"))
    console.print(Text.assemble(("mailbox   ", "dim"), f"{address}/mailbox  (codes for signing up)"))
    console.print(Text.assemble(("stop it   ", "dim"), down))


def _promises(outcome: Outcome) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 3, 0, 0))
    for promise in outcome.promises():
        sign, style = {True: ("✓", "green"), False: ("✕", "bold red"), None: ("–", "dim")}[promise.kept]
        table.add_row(Text(sign, style), promise.title, Text(promise.value, style))
    table.add_row("", "Messages acknowledged", f"{outcome.messages:,}")
    table.add_row("", "Rows copied", f"{outcome.rows_copied:,}")
    for name, found in outcome.verifications.items():
        table.add_row("", f"Compared, {name}", f"{found['checked']:,}")
    return table


def _moves(outcome: Outcome) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("move", no_wrap=True)
    for name in ("fence", "drain", "check", "open", "held", "longest write"):
        table.add_column(name, justify="right", no_wrap=True)
    for move in outcome.moves:
        timings = (move.fence_ms, move.drain_ms, move.check_ms, move.open_ms, move.blocked_ms)
        too_long = move.longest_write_wait_ms > outcome.wait_limit_ms and not move.killed
        table.add_row(
            f"{move.title}{', killed' if move.killed else ''}",
            *("–" if move.killed else f"{value:.1f}" for value in timings),
            Text(f"{move.longest_write_wait_ms:.0f} ms", "bold red" if too_long else ""),
        )
    return table


def _print_broken(promise: Promise, folder: Path) -> None:
    console.print()
    console.print(Text(f"Broken: {promise.broken}", "bold red"))
    for line in promise.findings[:_FINDINGS]:
        console.print(Text(f"  {line}", "red"))
    if len(promise.findings) > _FINDINGS:
        console.print(Text(f"  and {len(promise.findings) - _FINDINGS:,} more, in report.html", "red"))
    console.print(Text(f"  logs: {', '.join(str(folder / log) for log in promise.logs)}", "dim"))
