"""Waiting for an HTTP server of ours to answer."""

import asyncio
import http.client
import signal
import urllib.error
import urllib.request
from pathlib import Path

from cyphr.embedded.process import ProcessRecord, is_alive, last_lines, terminate
from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import Unavailable

_START_SECONDS = 60.0


async def wait_until_ready(url: str, process: ProcessRecord, log: Path, *, what: str) -> None:
    """Return once ``url`` answers 200. Raises Unavailable, with the end of ``log``, when it does not come to that."""
    deadline = monotonic() + _START_SECONDS
    while not await asyncio.to_thread(_answers, url):
        if not is_alive(process) or monotonic() > deadline:
            await terminate(process, signal.SIGTERM)
            raise Unavailable(f"{what} did not come up; the end of its log {log}:\n{last_lines(log)}")
        await asyncio.sleep(0.05)


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback never goes through a proxy
    try:
        with opener.open(url, timeout=5) as response:
            return bool(response.status == 200)
    except urllib.error.HTTPError as error:
        error.close()
        return False
    except (OSError, http.client.HTTPException):
        return False
