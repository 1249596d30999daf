"""``cyphr down``: stop what ``cyphr up`` or a rehearsal left running."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cyphr.cli.terminal import console, print_step
from cyphr.embedded.remains import stop_stack

KNOWN_FOLDERS = (Path(".cyphr/up"), Path(".cyphr/rehearsal"))


def down(
    folder: Annotated[
        Path | None, typer.Option(help="The stack's folder; otherwise both `cyphr up`'s and the rehearsal's.")
    ] = None,
) -> None:
    """Stop all servers of the stack, whoever started them. Data is kept."""
    stopped = asyncio.run(_stop(KNOWN_FOLDERS if folder is None else (folder,)))
    console.print("stopped" if stopped else "nothing was running")


async def _stop(folders: tuple[Path, ...]) -> bool:
    stopped = False
    for folder in folders:
        for name in await stop_stack(folder.absolute()):
            print_step(f"stopped {name} ({folder})")
            stopped = True
    return stopped
