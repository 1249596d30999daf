"""Who we are measured beside, and how they come onto this machine."""

import asyncio
import subprocess
from collections.abc import Sequence
from pathlib import Path

_SYSTEM_PACKAGES = Path(__file__).parents[1] / "scripts" / "system-packages"


def install(*packages: str) -> None:
    """Install Debian packages that are missing; without root or Debian it says so, and their rows will."""
    subprocess.run([_SYSTEM_PACKAGES, *packages], check=False)


async def command(arguments: Sequence[str | Path], environment: dict[str, str] | None = None) -> None:
    """Run a program to its end. Raises RuntimeError with what it complained of."""
    process = await asyncio.create_subprocess_exec(
        *arguments, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, complaints = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{arguments[0]} failed: {complaints.decode(errors='replace')[-2000:]}")
