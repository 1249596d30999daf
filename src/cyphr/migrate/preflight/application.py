"""The application's own start-up, tried once: does it start, and which databases does it connect to."""

import asyncio
import contextlib
import os
import shlex
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from secrets import token_hex

from cyphr.foundation.postgres import Side

_LAST_LINES = 5
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class DryRun:
    """How the application's start ended. ``code`` None: it was still running when its time was over."""

    code: int | None
    last_lines: str
    connected_to: frozenset[Side]


async def run_application(
    command: str,
    environment: Mapping[str, str],
    seconds: float,
    sessions: Callable[[str], Awaitable[set[Side]]],
) -> DryRun:
    """Run ``command`` to its end, without a shell, and watch where it connects to.

    Its connections are known by PGAPPNAME, which libpq, node-postgres and most other clients pass on.
    """
    name = f"cyphr-dry-run-{token_hex(4)}"
    try:
        process = await asyncio.create_subprocess_exec(
            *shlex.split(command),
            env={**environment, "PGAPPNAME": name},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # so that what it starts in its turn can be ended with it
        )
    except (OSError, ValueError) as error:
        return DryRun(127, str(error), frozenset())
    seen: set[Side] = set()
    output = asyncio.create_task(_output_of(process))
    try:
        async with asyncio.timeout(seconds):
            while not output.done():
                seen |= await sessions(name)
                await asyncio.wait([output], timeout=_POLL_SECONDS)
        return DryRun(process.returncode, _end_of(await output), frozenset(seen))
    except TimeoutError:
        return DryRun(None, "", frozenset(seen))
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        await asyncio.gather(output, return_exceptions=True)


async def _output_of(process: asyncio.subprocess.Process) -> bytes:
    output, _ = await process.communicate()
    return output


def _end_of(output: bytes) -> str:
    lines = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()]
    return " | ".join(lines[-_LAST_LINES:])
