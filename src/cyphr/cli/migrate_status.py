"""``cyphr migrate status``: where every service is, once or as a live screen."""

import asyncio
import contextlib
import json
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cyphr.cli.migrate_options import DEFAULT_CONFIG, ConfigOption, JsonOption, load_settings
from cyphr.cli.terminal import console
from cyphr.foundation.clock import now
from cyphr.foundation.errors import Unavailable
from cyphr.migrate.journal import Event, Journal, Phase, Picture
from cyphr.migrate.plan.document import duration, size
from cyphr.migrate.settings import MigrationSettings

_WATCH_SECONDS = 0.5
_BAR_WIDTH = 12
_COPIED = (("rows_copied", "rows_total"), ("objects_copied", "objects_total"), ("users_copied", "users_total"))
_CHANGES = ("changes_applied", "changes_followed")


def status(
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Keep showing it until Ctrl-C.")] = False,
) -> None:
    """Where every service is; with --watch a live screen.

    With --watch and --json, or where the output is no terminal, one line of JSON is printed for every look.
    """
    settings = load_settings(config)
    if watch:
        with contextlib.suppress(KeyboardInterrupt):  # that is how it is stopped
            asyncio.run(_watch_as_json(settings) if as_json or not console.is_terminal else _watch(settings))
        return
    picture = asyncio.run(_look_once(settings))
    if as_json:
        console.print_json(json.dumps([_as_json(phase) for phase in picture.phases], default=str))
    else:
        console.print(draw(picture, now()))


async def _look_once(settings: MigrationSettings) -> Picture:
    async with Journal.open(settings.aws_database, create=False) as journal:
        return await journal.picture()


async def _watch_as_json(settings: MigrationSettings) -> None:
    async with Journal.open(settings.aws_database, create=False) as journal:
        while True:
            picture = await journal.picture()
            line = {"running": picture.running, "services": [_as_json(phase) for phase in picture.phases]}
            console.print(json.dumps(line, default=str), markup=False)
            await asyncio.sleep(_WATCH_SECONDS)


async def _watch(settings: MigrationSettings) -> None:
    async with Journal.open(settings.aws_database, create=False) as journal:
        picture = await journal.picture()
        with Live(draw(picture, now()), console=console, auto_refresh=False) as live:
            while True:
                await asyncio.sleep(_WATCH_SECONDS)
                try:
                    picture = await journal.picture()
                    live.update(draw(picture, now()), refresh=True)
                except Unavailable as error:  # it is drawn again when the database is back
                    live.update(Group(draw(picture, now()), Text(error.message, "red")), refresh=True)


def draw(picture: Picture, moment: datetime) -> Group:
    """The screen: each service with its numbers, and what an operator must not overlook."""
    parts: list[Table | Text] = []
    for phase in picture.phases:
        parts += [_head(phase, moment), _numbers(phase, picture.verifications.get(phase.service))]
        if work := phase.progress.get("busy_with"):
            parts.append(Text(f"  {work}", "yellow"))
        if error := phase.progress.get("last_error"):
            parts.append(Text(f"  {error}", "red"))
    if not picture.phases:
        parts.append(Text("nothing has been started"))
    if not picture.running:
        parts.append(Text("no migrator is running; what is shown is what the last one wrote", "yellow"))
    return Group(*parts)


def _head(phase: Phase, moment: datetime) -> Table:
    done, total = _copied(phase.progress)
    left = time_left(phase, moment)
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_row(
        Text(f"{phase.service:<9}", "bold"),
        f"{phase.phase} since {phase.since.astimezone():%H:%M:%S}",
        ProgressBar(max(total, done, 1), done, width=_BAR_WIDTH),
        f"{left} left" if left else "",
    )
    return grid


def _numbers(phase: Phase, verified: Event | None) -> Text:
    numbers = phase.progress
    done, total = _copied(numbers)
    amount = f"copied {done:,}" + (f" of {total:,}" if total else "")
    if "bytes_copied" in numbers:
        whole = f" of {size(numbers['bytes_total'])}" if numbers.get("bytes_total") else ""
        amount += f", {size(numbers['bytes_copied'])}{whole}"
    parts = [amount, _behind(numbers), _changes(numbers)]
    return Text.assemble((f"  {'; '.join(part for part in parts if part)}; ", "dim"), _verified(verified))


def _copied(numbers: dict[str, Any]) -> tuple[int, int]:
    return next(((numbers[done], numbers.get(total, 0)) for done, total in _COPIED if done in numbers), (0, 0))


def time_left(phase: Phase, moment: datetime) -> str:
    """How long copying should still take: as the migrator reckons, else by the pace since it began.

    Empty when that cannot be told.
    """
    numbers = phase.progress
    if phase.phase == "copying" and numbers.get("eta_seconds"):
        return duration(numbers["eta_seconds"])
    names = ("bytes_copied", "bytes_total") if numbers.get("bytes_total") else ("rows_copied", "rows_total")
    done, total = (numbers.get(name, 0) for name in names)
    spent = (moment - phase.since).total_seconds()
    if phase.phase != "copying" or not done or done >= total or spent <= 0:
        return ""
    return duration((total - done) * spent / done)


def _behind(numbers: dict[str, Any]) -> str:
    parts = [size(numbers["lag_bytes"])] if "lag_bytes" in numbers else []
    if numbers.get("lag_seconds") is not None:
        parts.append(f"{numbers['lag_seconds']:.1f} s")
    return f"behind {', '.join(parts)}" if parts else ""


def _changes(numbers: dict[str, Any]) -> str:
    count = next((numbers[name] for name in _CHANGES if name in numbers), None)
    if count is None:
        return ""
    pace = numbers.get("changes_per_second")
    return f"{count:,} changes" + (f", {pace:,.0f} a second" if pace is not None else "")


def _verified(event: Event | None) -> Text:
    if event is None:
        return Text("not verified yet", "dim")
    differences = len(event.detail.get("differences", []))
    words = f"verified at {event.at.astimezone():%H:%M:%S}: {event.detail.get('checked', 0):,}, {differences} differ"
    return Text(words, "red" if differences else "green")


def _as_json(phase: Phase) -> dict[str, Any]:
    return {"service": phase.service, "phase": phase.phase, "since": phase.since, **phase.progress}
