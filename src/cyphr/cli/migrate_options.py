"""What every command of ``cyphr migrate`` is given, and how its settings are read."""

import os
from pathlib import Path
from typing import Annotated

import typer

from cyphr.migrate.preflight.checks import CHECKS
from cyphr.migrate.settings import MigrationSettings

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="Where both sides are.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AcceptOption = Annotated[
    list[str] | None,
    typer.Option(
        "--accept",
        metavar="NAME",
        help="Accept this check's warning; may be repeated.",
        autocompletion=lambda: [check.name for check in CHECKS],
    ),
]
ServiceArgument = Annotated[
    str,
    typer.Argument(
        help="database, files, auth or realtime.", autocompletion=lambda: ["database", "files", "auth", "realtime"]
    ),
]
PatienceOption = Annotated[
    float, typer.Option("--patience", min=0, metavar="SECONDS", help="Try again for so long while a server is away.")
]
DEFAULT_CONFIG = Path("migration.toml")


def load_settings(config: Path) -> MigrationSettings:
    """Read ``config`` with this process's environment. Raises InvalidInput."""
    return MigrationSettings.load(config, os.environ)
