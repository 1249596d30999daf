"""The operator's own command, run after a handover."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from tempfile import TemporaryFile
from typing import IO

from cyphr.foundation.errors import Unavailable

_OUTPUT_BYTES = 2000


async def run_command(command: Sequence[str], environment: Mapping[str, str], seconds: float) -> None:
    """Run ``command`` with ``environment`` beside our own. Raises Unavailable, with the end of what it printed.

    Its output goes to a file and not through a pipe: a command that starts something in the background would keep the
    pipe open, and us waiting.
    """
    with TemporaryFile() as output:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                env={**os.environ, **environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        except OSError as error:
            raise Unavailable(f"{command[0]} could not be run: {error.strerror}") from error
        try:
            async with asyncio.timeout(seconds):
                code = await process.wait()
        except TimeoutError as error:
            raise Unavailable(f"{command[0]} did not end in {seconds:g} s and was killed: {_end_of(output)}") from error
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if code != 0:
            raise Unavailable(f"{command[0]} ended with code {code}: {_end_of(output)}")


def _end_of(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _OUTPUT_BYTES))
    return output.read().decode(errors="replace").strip() or "it printed nothing"
