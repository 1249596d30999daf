"""The live picture of a rehearsal in a terminal: services above, people below, 80 columns wide."""

import math
from collections import deque
from typing import Any

from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cyphr.embedded.rehearsal.rehearsal import Moving, Rehearsal
from cyphr.foundation.clock import monotonic
from cyphr.migrate.journal import Phase

_WIDTH = 78
_SPARKS = "▁▂▃▄▅▆▇█"
_SPARK_SECONDS = 0.5
_SPARK_LONGEST_MS = 1000.0
_BAR_WIDTH = 8
# What each service calls what it copies, and the changes that it brings over afterwards.
_COPIED = (("rows_copied", "rows_total"), ("objects_copied", "objects_total"), ("users_copied", "users_total"))
_CHANGES = ("changes_applied", "changes_followed")


class Screen:
    """Draws a rehearsal as it stands. ``draw`` is called for every frame."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._rehearsal = rehearsal
        self._began = monotonic()
        self._waits: deque[float] = deque([0.0], maxlen=48)
        self._bucket = 0
        self._seen = 0.0
        self._moving: Moving | None = None
        self._longest_ms = 0.0

    def draw(self) -> Group:
        """The frame."""
        self._take_lines()
        parts: list[Table | Text] = [Text(), self._title(), Text()]
        if self._rehearsal.phases:
            parts += [self._services(), Text()]
        return Group(*parts, self._people(), Text())

    def _take_lines(self) -> None:
        """Look at every line since the last frame, so that no wait is missed between two frames."""
        moving = self._rehearsal.moving
        if moving is not None and (self._moving is None or moving.since != self._moving.since):
            self._longest_ms = 0.0
        self._moving = moving
        for line in list(self._rehearsal.crowd.lines):
            if line["at"] <= self._seen or line["state"] not in ("chatting", "leaving"):
                continue
            self._seen = line["at"]
            wait = line["longest_wait_ms"]
            if moving is None or line["at"] >= moving.since:
                self._longest_ms = max(self._longest_ms, wait)
            bucket = int(line["at"] / _SPARK_SECONDS)
            if bucket != self._bucket:
                self._bucket = bucket
                self._waits.append(0.0)
            self._waits[-1] = max(self._waits[-1], wait)

    def _title(self) -> Table:
        minutes, seconds = divmod(int(monotonic() - self._began), 60)
        now = "building both sides"
        if (moving := self._moving) is not None and not moving.over:
            now = f"{moving.direction} of {moving.service}"
        elif self._rehearsal.phases:
            now = "copying" if any(p.phase == "copying" for p in self._rehearsal.phases) else "following"
        elif self._rehearsal.crowd.line:
            now = "people arrive"
        grid = Table.grid(expand=False)
        grid.width = _WIDTH
        grid.add_column()
        grid.add_column(justify="right")
        grid.add_row(Text.assemble(("Cyphr rehearsal", "bold"), f"  {now}"), Text(f"{minutes}:{seconds:02}", "dim"))
        return grid

    def _services(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", width=_WIDTH)
        for name, width in (("service", 8), ("side", 8), ("phase", 12)):
            table.add_column(name, width=width, no_wrap=True)
        table.add_column("copied", width=_BAR_WIDTH)
        for name, width in (("", 13), ("behind", 7), ("changes", 8)):
            table.add_column(name, width=width, justify="right", no_wrap=True)
        for phase in self._rehearsal.phases:
            table.add_row(*self._service(phase))
        return table

    def _service(self, phase: Phase) -> tuple[Any, ...]:
        numbers = phase.progress
        done, total = next(
            ((numbers[done], numbers.get(total, 0)) for done, total in _COPIED if done in numbers), (0, 0)
        )
        moving = self._moving
        name = phase.phase
        if moving is not None and not moving.over and moving.service == phase.service:
            name = "handing over" if moving.direction == "handover" else "handing back"
        side = "aws" if phase.phase == "handed over" else "supabase"
        return (
            Text(phase.service, "bold"),
            Text(side, "cyan" if side == "aws" else "green"),
            name,
            ProgressBar(max(total, done, 1), done, width=_BAR_WIDTH, complete_style="blue", finished_style="blue"),
            _number(done) if done >= total else f"{done / total:.0%} of {_number(total)}",
            _bytes(numbers["lag_bytes"]) if "lag_bytes" in numbers else "–",
            f"{sum(numbers.get(name, 0) for name in _CHANGES):,}",
        )

    def _people(self) -> Group:
        line = self._rehearsal.crowd.line
        if not line:
            return Group(Text("no people yet", "dim"))
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.width = _WIDTH
        grid.add_column(width=9, style="dim", no_wrap=True)
        for width in (18, 19, 25):
            grid.add_column(width=width, no_wrap=True)
        failures = line["failures"]
        grid.add_row(
            "people",
            f"{line['people']} online",
            f"{line['sent_per_second']:.0f} messages/s",
            f"{line['acknowledged']:,} acknowledged",
        )
        grid.add_row("waits", f"p50 {_ms(line['p50_ms'])}", f"p99 {_ms(line['p99_ms'])}", self._longest())
        grid.add_row(
            "failures",
            Text(f"{failures} ✕" if failures else "0 ✓", "bold red" if failures else "green"),
            f"{line['resumes']} resumed",
            f"{line['received']:,} delivered",
        )
        spark = Text.assemble(
            ("longest  ", "dim"), "  ", (_sparkline(self._waits), "magenta"), ("  1 ms to 1 s", "dim")
        )
        return Group(grid, Text(), spark)

    def _longest(self) -> str:
        return f"longest {self._longest_ms:.0f} ms{' in move' if self._moving is not None else ''}"


def _sparkline(waits: deque[float]) -> str:
    """One sign per half second; its height is the logarithm of the longest wait in it."""
    top = len(_SPARKS) - 1
    heights = (math.log10(max(wait, 1.0)) / math.log10(_SPARK_LONGEST_MS) * top for wait in waits)
    return "".join(_SPARKS[min(round(height), top)] for height in heights).rjust(waits.maxlen or 0)


def _number(count: int) -> str:
    return f"{count:,}" if count < 1_000_000 else f"{count / 1_000_000:.1f}M"


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} ms"
