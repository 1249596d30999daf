"""``cyphr up``: the whole of Cyphr on this machine, until Ctrl-C."""

import asyncio
import os
import signal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cyphr.cli.databases import DEFAULT_FOLDER
from cyphr.cli.terminal import console, print_step
from cyphr.embedded.stack import Stack
from cyphr.foundation.postgres import Side

_BUILT_WEB_CLIENT = Path("web/dist")


class Runtime(StrEnum):
    """How the messenger runs."""

    PROCESS = "process"
    AWS = "aws"


def up(
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew: wipe what earlier runs kept.")] = False,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port of the messenger; otherwise a free one, then kept.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where servers keep data, logs and secrets.")] = DEFAULT_FOLDER,
    runtime: Annotated[
        Runtime, typer.Option(help="The messenger as one process, or as functions behind the AWS stand-in's gateway.")
    ] = Runtime.PROCESS,
) -> None:
    """Start both databases, the AWS stand-in and the messenger; Ctrl-C stops all of it."""
    asyncio.run(_run(folder, fresh=fresh, port=port, runtime=runtime))


def web_folder() -> Path | None:
    """The built web client: where CYPHR_WEB_FOLDER says, else the project's own if it was built."""
    named = os.environ.get("CYPHR_WEB_FOLDER")
    if named:
        return Path(named).absolute()
    return _BUILT_WEB_CLIENT.absolute() if (_BUILT_WEB_CLIENT / "index.html").is_file() else None


async def _run(folder: Path, *, fresh: bool, port: int | None, runtime: Runtime) -> None:
    functions = runtime is Runtime.AWS
    stack = Stack(folder, fresh=fresh, port=port, web_folder=web_folder(), functions=functions, say=print_step)
    interrupted = asyncio.Event()
    work = asyncio.create_task(_serve(stack))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, _interrupt, interrupted, work)
    try:
        await work
    except asyncio.CancelledError:
        if not interrupted.is_set():
            raise
        console.print("stopped")


def _interrupt(interrupted: asyncio.Event, work: "asyncio.Task[None]") -> None:
    if not interrupted.is_set():  # an impatient second Ctrl-C must not cut the stopping short
        interrupted.set()
        console.print("stopping")
        work.cancel()


async def _serve(stack: Stack) -> None:
    async with stack:
        await stack.start_messenger()
        _print_addresses(stack)
        await stack.until_a_server_ends()


def _print_addresses(stack: Stack) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_row("messenger", stack.address)
    table.add_row("mailbox", f"{stack.address}/mailbox")
    for side in Side:
        owner = stack.owner(side)
        table.add_row(
            f"PostgreSQL, {side}",
            f"host={owner.host} port={owner.port} dbname={owner.dbname} user={owner.user}",
        )
    table.add_row("AWS stand-in", stack.aws_stand_in.endpoint_url)
    table.add_row("secrets", str(stack.secrets.folder))
    console.print(table)
    console.print("Ctrl-C stops all of it.")
