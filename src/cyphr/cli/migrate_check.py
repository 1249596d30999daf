"""``cyphr migrate check`` and ``plan``: what stands in the way, and what will happen. Nothing is changed."""

import asyncio
import json
import os
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from cyphr.cli.migrate_options import DEFAULT_CONFIG, AcceptOption, ConfigOption, JsonOption, load_settings
from cyphr.cli.terminal import console, error_console
from cyphr.foundation.errors import InvalidInput
from cyphr.migrate.plan.document import Plan, as_markdown, cost_rows, expectations, make_plan, size
from cyphr.migrate.preflight.checks import Preflight, known_names, run_checks
from cyphr.migrate.preflight.finding import Level, Result
from cyphr.migrate.preflight.records import note_checked_schema

_FAILED = 3
_TABLES_SHOWN = 20
_COLOURS = {Level.OK: "green", Level.UNKNOWN: "dim", Level.WARNING: "yellow", Level.FAILURE: "bold red"}


def check(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False, accept: AcceptOption = None) -> None:
    """Look at everything that could stop the migration; change nothing.

    Ends with 0 when a start would not be stopped by a failure, else with 3. A warning stops a start too, until it is
    accepted by name.
    """
    accepted = accept or []
    known_names(accepted)
    settings = load_settings(config)
    preflight = asyncio.run(run_checks(settings, os.environ))
    if as_json:
        console.print_json(json.dumps({**preflight.as_dict(), "accepted": accepted}))
    else:
        console.print(_findings(preflight, accepted), soft_wrap=False)
        console.print(_conclusion(preflight, accepted))
    if preflight.objects:
        try:
            note_checked_schema(settings.records_folder, preflight.objects)
        except InvalidInput as error:  # the next check then cannot tell what changed, which is no reason to fail
            error_console.print(error.message, markup=False)
    if preflight.of(Level.FAILURE):
        raise typer.Exit(_FAILED)


def plan(
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the whole plan as Markdown.")] = False,
) -> None:
    """What will be moved, changed and left behind, how long it should take, and what it costs. Changes nothing."""
    made = asyncio.run(make_plan(load_settings(config), os.environ))
    if as_json:
        console.print_json(json.dumps(made.as_dict()))
    elif markdown:
        console.print(as_markdown(made), markup=False, end="")
    else:
        _print_plan(made)


def _findings(preflight: Preflight, accepted: list[str]) -> Table:
    table = Table("check", "", "what it saw, and what to do", box=None, padding=(0, 2, 0, 0))
    for result in preflight.results:
        level = result.finding.level
        word = "accepted" if level is Level.WARNING and result.check.name in accepted else level.value
        table.add_row(result.check.name, Text(word, _COLOURS[level]), _told(result))
    return table


def _told(result: Result) -> Text:
    told = Text(result.finding.saw)
    if result.mend:
        told.append(f"\n{result.check.why}\n", "dim")
        told.append(f"→ {result.mend}", "bold")
    return told


def _conclusion(preflight: Preflight, accepted: list[str]) -> Text:
    failures = len(preflight.of(Level.FAILURE))
    if failures:
        return Text(f"\n{failures} of {len(preflight.results)} checks failed; start would refuse", "bold red")
    waiting = [result.check.name for result in preflight.not_accepted(accepted)]
    if waiting:
        options = " ".join(f"--accept {name}" for name in waiting)
        return Text(f"\nno check failed; to accept what was warned of: cyphr migrate start {options}", "yellow")
    return Text("\nnothing is in the way", "green")


def _print_plan(made: Plan) -> None:
    inventory = made.inventory
    tables = Table("table", "rows, about", "bytes", "of indexes", box=None, padding=(0, 2, 0, 0))
    for table in inventory.tables[:_TABLES_SHOWN]:
        tables.add_row(Text(table.name), f"{table.rows:,}", size(table.bytes), size(table.index_bytes))
    console.print(tables)
    if len(inventory.tables) > _TABLES_SHOWN:
        console.print(f"and {len(inventory.tables) - _TABLES_SHOWN} more tables; --markdown names all")
    counts = ", ".join(f"{len(names)} {kind}" for kind, names in inventory.objects.items())
    _section("also moved", [counts] if counts else [])
    _section("changed", [f"{note.what}: {note.why}" for note in inventory.changed])
    _section("left behind", [f"{note.what}: {note.why}" for note in inventory.left_behind])
    _section("start creates", made.creations)
    _section("expected", expectations(made.estimate))
    _section("a month, US dollars", [f"{side}: {what} {price}" for side, what, price in cost_rows(made.costs)])
    console.print(Text(f"  {made.costs.source}; no quotation", "dim"))


def _section(title: str, lines: list[str]) -> None:
    console.print(Text(f"\n{title}", "bold"))
    for line in lines or ["nothing"]:
        console.print(Text(f"  {line}"))
