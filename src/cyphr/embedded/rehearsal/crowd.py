"""The simulated people as a child process, and what they say of themselves while they chat."""

import asyncio
import json
import sys
from collections import deque
from pathlib import Path
from typing import Any

from cyphr.embedded.people.record import Record
from cyphr.embedded.process import last_lines
from cyphr.foundation.errors import Unavailable

_ARRIVAL_SECONDS = 120.0
_LEAVING_SECONDS = 120.0
_MOVING_SECONDS = 60.0
_LINE_BYTES = 1 << 20
_LINES_KEPT = 600


class CrowdProcess:
    """``cyphr people`` in its own process, so that what it measures is not disturbed by what we draw."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._record = folder / "people.json"
        self._log = folder / "people.log"
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self.line: dict[str, Any] = {}
        """The last line that they printed: see ``people.tally.Line``."""
        self.lines: deque[dict[str, Any]] = deque(maxlen=_LINES_KEPT)
        """The last minute's lines, oldest first."""

    async def start(self, url: str, *, users: int, rate: float) -> None:
        """Let them arrive; returns when all of them chat. Raises Unavailable with the end of their log."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "cyphr.cli", "people", "--url", url, "--users", str(users), "--rate", str(rate),
                "--seconds", "0", "--json", str(self._record),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log, limit=_LINE_BYTES,
            )  # fmt: skip
        self._reading = asyncio.create_task(self._read())
        try:
            async with asyncio.timeout(_ARRIVAL_SECONDS):
                while self.line.get("state") != "chatting":
                    if self._reading.done():
                        raise Unavailable(f"the people could not begin: {last_lines(self._log)}")
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise Unavailable(f"the people did not all arrive in {_ARRIVAL_SECONDS:.0f} s: {self.line}") from error

    async def set_pace(self, pace: float) -> None:
        """Have them do everything so many times as fast as they were told."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"pace {pace:g}\n".encode())
        await self._process.stdin.drain()

    async def until_away(self, people: int) -> None:
        """Wait until so many are at another endpoint than they began at. Raises Unavailable when that takes long."""
        try:
            async with asyncio.timeout(_MOVING_SECONDS):
                while self.line["away"] != people:
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise Unavailable(
                f"{self.line['away']} people are at the other endpoint, and {people} should be, "
                f"{_MOVING_SECONDS:.0f} s after realtime moved"
            ) from error

    async def stop(self) -> Record:
        """Let them finish what is in flight and go; what they remember."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        async with asyncio.timeout(_LEAVING_SECONDS):
            await self._process.wait()
        if not self._record.exists():
            raise Unavailable(f"the people left no record: {last_lines(self._log)}")
        return await asyncio.to_thread(Record.read, self._record)

    async def kill(self) -> None:
        """End them at once, whatever they are doing."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        if self._reading is not None:
            self._reading.cancel()

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.line = json.loads(line)
            self.lines.append(self.line)
